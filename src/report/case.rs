//! A failing case in full: what it checks, what was due and why, what came, how to see it again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::curl::{Shell, curl};
use super::diff::diff;
use crate::run::{CaseResult, StepResult};
use crate::spec::{Contract, Outcome, Profile, ResolutionStep, Step};
use crate::verdict::{Deviation, Verdict, like, nearest};

/// What every report names: the target and the profile.
#[derive(Clone, Debug)]
pub struct Heading {
    /// The target as a person knows it.
    pub target: String,
    /// The target's address, without a slash at its end.
    pub base: String,
    /// Scheme, host and port of the target.
    pub origin: String,
}

/// Writes cases; of those that deviate alike, the first in full.
pub struct CaseReporter {
    contract: Arc<Contract>,
    profile: Arc<Profile>,
    heading: Heading,
    /// By reason and deviations: the case that shows them in full.
    shown: Mutex<BTreeMap<String, String>>,
}

impl CaseReporter {
    /// A reporter for one run.
    #[must_use]
    pub fn new(contract: Arc<Contract>, profile: Arc<Profile>, heading: Heading) -> Self {
        Self {
            contract,
            profile,
            heading,
            shown: Mutex::default(),
        }
    }

    /// The report of one case, without its id; lines end with `\n`.
    #[must_use]
    pub fn report(&self, result: &CaseResult) -> String {
        let mut text = self.head(result);
        match &result.verdict {
            Err(why) => text += &format!("broken: {why}\n"),
            Ok(Verdict::Conforms) => text += "conforms\n",
            Ok(Verdict::Inconclusive(why)) => text += &format!("inconclusive: {why}\n"),
            Ok(Verdict::Skipped(skip)) => text += &format!("skipped: {skip}\n"),
            Ok(Verdict::Deviates(deviations)) => text += &self.deviations(result, deviations),
        }
        text
    }

    fn head(&self, result: &CaseResult) -> String {
        let scenario = &result.case.scenario;
        let mut text = format!("{}\n", scenario.title);
        for id in &scenario.requires {
            if let Some(requirement) = self.contract.requirement(id) {
                text += &format!("{id} ({}): {}\n", requirement.level, requirement.text);
            }
        }
        text + &format!(
            "{}:{} · target {} · profile {}\n",
            scenario.file.shown,
            scenario.line(),
            self.heading.target,
            self.profile.name.value
        )
    }

    fn deviations(&self, result: &CaseResult, deviations: &[Deviation]) -> String {
        let mut text: String = deviations.iter().map(|d| in_one_line(result, d)).collect();
        text += &reasons(result, deviations, &self.contract);
        match self.shown_before(result, deviations) {
            Some(other) => text += &format!("the same difference is shown in full for {other}\n"),
            None => text += &self.steps_in_full(result, deviations),
        }
        text + &self.curls(result, deviations)
    }

    /// The case that showed the same before; notes this one if none did.
    fn shown_before(&self, result: &CaseResult, deviations: &[Deviation]) -> Option<String> {
        let reason = deviations
            .first()
            .and_then(|d| winner(result.steps.get(d.step)?));
        let seen: Vec<_> = deviations.iter().map(ToString::to_string).collect();
        let key = format!("{reason:?} {seen:?}");
        let mut shown = self.shown.lock().ok()?;
        match shown.get(&key) {
            Some(other) => Some(other.clone()),
            None => {
                shown.insert(key, result.case.id.to_string());
                None
            }
        }
    }

    fn steps_in_full(&self, result: &CaseResult, deviations: &[Deviation]) -> String {
        let mut text = String::new();
        for (step, sent, _) in deviating(result, deviations) {
            let request = &step.request;
            text += &format!("\n{} {}\n", request.endpoint.method, request.target);
            text += "- due, + observed\n";
            let expected = &sent.due.expected;
            let due = match expected.same_as.and_then(|number| result.steps.get(number)) {
                Some(other) => like(&other.observed, &sent.observed),
                None => nearest(expected, &sent.observed, &self.contract),
            };
            text += &indent(&diff(&due, &sent.observed));
        }
        text
    }

    fn curls(&self, result: &CaseResult, deviations: &[Deviation]) -> String {
        let shell = Shell {
            roles: &self.contract.roles,
            profile: &self.profile,
            base: &self.heading.base,
            origin: &self.heading.origin,
        };
        deviating(result, deviations)
            .map(|(step, sent, _)| format!("\n    {}\n", curl(&step.request, &sent.ids, &shell)))
            .collect()
    }
}

fn in_one_line(result: &CaseResult, deviation: &Deviation) -> String {
    if result.steps.len() > 1 {
        format!("{deviation} (step {})\n", deviation.step + 1)
    } else {
        format!("{deviation}\n")
    }
}

/// The steps that deviate, with what was sent.
fn deviating<'r>(
    result: &'r CaseResult,
    deviations: &'r [Deviation],
) -> impl Iterator<Item = (&'r Step, &'r StepResult, usize)> {
    let steps = result.case.steps.iter().zip(&result.steps).enumerate();
    steps
        .filter(|(number, _)| deviations.iter().any(|d| d.step == *number))
        .map(|(number, (step, sent))| (step, sent, number))
}

fn winner(step: &StepResult) -> Option<String> {
    match &step.due.resolution.as_ref()?.outcome {
        Outcome::Refused(refusal) => Some(refusal.condition.to_string()),
        Outcome::Granted => Some("granted".to_owned()),
        Outcome::Unspecified(_) => None,
    }
}

/// Why the expectation is what it is, for the steps that deviate.
fn reasons(result: &CaseResult, deviations: &[Deviation], contract: &Contract) -> String {
    let mut text = String::new();
    for (_, sent, _) in deviating(result, deviations) {
        let Some(resolution) = &sent.due.resolution else {
            continue;
        };
        for step in &resolution.steps {
            text += &match step {
                ResolutionStep::Wins(condition, place) => {
                    let means = contract
                        .condition(condition.name())
                        .map_or("", |c| c.means.as_str());
                    let place =
                        place.map_or(String::new(), |p| format!(", place {p} of the order"));
                    format!("because of {condition}: {means}{place}\n")
                }
                ResolutionStep::NothingLeft => "because nothing stands in the way\n".to_owned(),
                ResolutionStep::Exempt(condition) | ResolutionStep::Granted(condition) => {
                    format!("although {condition}, which is no trouble here\n")
                }
                ResolutionStep::Later(_) | ResolutionStep::WithoutJson => String::new(),
            };
        }
    }
    text
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}
