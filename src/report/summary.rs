//! The summary of a run: kinds, standings, requirements, what was not tested and why.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Arc;

use super::case::Heading;
use crate::plan::due;
use crate::run::CaseResult;
use crate::spec::{
    Api, Contract, Endpoint, KeyUse, Presence, Profile, RequirementId, Route, VerifiedBy,
    names_what_exists, reached,
};
use crate::verdict::{Judged, Kind, Policy, Skip, Standing, Verdict, judge};

/// The exit code of a run that somebody ended.
const INTERRUPTED: u8 = 130;

/// A check that missing ids hide: what it is called, the reason that a refusal shows, and which
/// routes have it.
type HiddenCheck = (&'static str, &'static str, fn(&Route) -> bool);

const REACHED: [HiddenCheck; 3] = [
    ("key type", "wrong-key-type", |_| true),
    ("permission", "no-permission", |route| {
        route.permission.is_some()
    }),
    ("ownership", "hidden", |route| {
        route.api() == Api::Client && route.endpoint.parameters().any(|name| name == "server")
    }),
];

/// What a run came to.
pub struct Summary<'r> {
    /// What the cases refer to.
    pub contract: Arc<Contract>,
    /// The profile whose contract held.
    pub profile: Arc<Profile>,
    /// The target.
    pub heading: Heading,
    /// What counts as a failure.
    pub policy: Policy,
    /// Whether missing roles are agreed to.
    pub partial: bool,
    /// The results, in the order of the plan.
    pub results: Vec<&'r CaseResult>,
    /// How many cases there were to be, if the run was interrupted.
    pub cut_short_of: Option<usize>,
}

/// The exit code of a run: 2 before 1 before 3 before 0.
#[must_use]
pub fn exit_code(standings: &BTreeMap<Standing, usize>, partial: bool) -> u8 {
    let has = |standing: Standing| standings.get(&standing).is_some_and(|count| *count > 0);
    if has(Standing::Broken) {
        2
    } else if has(Standing::Failed) {
        1
    } else if has(Standing::Unjudged) || (has(Standing::Missing) && !partial) {
        3
    } else if has(Standing::Passed) || has(Standing::Advice) {
        0
    } else {
        // What was never asked is no pass.
        3
    }
}

impl Summary<'_> {
    /// How many cases have each standing.
    #[must_use]
    pub fn standings(&self) -> BTreeMap<Standing, usize> {
        let mut counts = BTreeMap::new();
        for result in &self.results {
            *counts.entry(result.standing(&self.policy)).or_default() += 1;
        }
        counts
    }

    /// The exit code; 130 if the run was interrupted.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if self.cut_short_of.is_some() {
            return INTERRUPTED;
        }
        exit_code(&self.standings(), self.partial)
    }

    /// The whole summary as text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("{}\n{}\n{}\n", self.title(), self.kinds(), self.counts());
        text += &self.requirements();
        text += &self.not_tested();
        text += &self.reach();
        text += &self.reached_checks();
        text += &self.hint();
        let _ = writeln!(text, "\n{}", self.verdict());
        let _ = writeln!(text, "{}", self.title());
        text
    }

    fn title(&self) -> String {
        format!(
            "target {} · profile {}",
            self.heading.target, self.profile.name.value
        )
    }

    /// Cases by their gravest kind: `0 opened · 1 closed · 6 reshaped · 111 reworded`.
    #[must_use]
    pub fn kinds(&self) -> String {
        let count = |kind: Kind| {
            self.results
                .iter()
                .filter(|r| r.kind() == Some(kind))
                .count()
        };
        Kind::ALL
            .map(|kind| format!("{} {kind}", count(kind)))
            .join(" · ")
    }

    fn counts(&self) -> String {
        let standings = self.standings();
        let count = |s: Standing| format!("{} {s}", standings.get(&s).copied().unwrap_or_default());
        format!(
            "{} cases: {}",
            self.results.len(),
            Standing::ALL.map(count).join(" · ")
        )
    }

    fn requirements(&self) -> String {
        let mut by_id: BTreeMap<&RequirementId, BTreeMap<Standing, usize>> = BTreeMap::new();
        for result in &self.results {
            for id in &result.case.scenario.requires {
                let counts = by_id.entry(id).or_default();
                *counts.entry(result.standing(&self.policy)).or_default() += 1;
            }
        }
        let mut text = String::from("\nby requirement\n");
        for requirement in &self.contract.requirements {
            let id = &requirement.id.value;
            let counts = by_id.get(id);
            if let VerifiedBy::Manual(_) = requirement.verified_by {
                continue;
            }
            let Some(counts) = counts else { continue };
            let (word, detail) = requirement_verdict(counts);
            let level = requirement.level.to_string();
            let _ = writeln!(text, "  {:<13} {level:<6} {word:<10} {detail}", id.as_str());
        }
        text
    }

    fn not_tested(&self) -> String {
        let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
        for result in &self.results {
            if let Ok(Verdict::Skipped(skip)) = &result.verdict {
                *reasons.entry(self.in_few_words(skip)).or_default() += 1;
            }
        }
        let manual: Vec<_> = self
            .contract
            .requirements
            .iter()
            .filter(|r| matches!(r.verified_by, VerifiedBy::Manual(_)))
            .map(|r| r.id.value.to_string())
            .collect();
        let mut text = String::from("\nNOT TESTED\n");
        for (reason, count) in &reasons {
            let _ = writeln!(text, "  {count:>4} {}: {reason}", cases(*count));
        }
        let _ = writeln!(
            text,
            "       by a person: {} (`list --requirements` says how)",
            manual.join(", ")
        );
        text
    }

    /// A reason for many cases; what a profile is silent about is said case by case by `explain`.
    fn in_few_words(&self, skip: &Skip) -> String {
        let silent = format!("profile {} says nothing", self.profile.name.value);
        match skip {
            Skip::NotApplicable(why) if why.starts_with(&silent) => {
                format!("{silent} about it; `explain CASE` says what is missing")
            }
            other => other.to_string(),
        }
    }

    /// How much of the panel conforming cases have touched.
    fn reach(&self) -> String {
        let conforming = self
            .results
            .iter()
            .filter(|r| r.verdict == Ok(Verdict::Conforms));
        let touched: BTreeSet<(Api, String, String)> = conforming
            .flat_map(|result| &result.case.steps)
            .map(|step| {
                let role = match &step.request.key {
                    KeyUse::Role(role) => role.to_string(),
                    KeyUse::Saved(_) => "created".to_owned(),
                };
                (step.request.api, step.request.endpoint.to_string(), role)
            })
            .collect();
        let of = |api: Api| touched.iter().filter(|(a, _, _)| *a == api).count();
        format!(
            "\nconforming, as distinct (method, route, role): {} (Client API {}, Application API {})\n",
            touched.len(),
            of(Api::Client),
            of(Api::Application)
        )
    }

    /// On how many routes a check was reached: judged at ids that exist, in an answer that a good
    /// key does not get. Refused for a missing id, a key has proved nothing about its rights.
    fn reached_checks(&self) -> String {
        let reached = self.reached();
        let each = REACHED.map(|(check, because, has)| {
            let inventory = self.contract.inventory.routes.iter();
            let routes = inventory.filter(|route| {
                self.profile.presence(route, None) != Presence::Never && has(route)
            });
            let routes: Vec<_> = routes.map(|route| &*route.endpoint).collect();
            let hit = |route: &&&Endpoint| reached.contains(&(**route, because.to_owned()));
            let count = routes.iter().filter(hit).count();
            format!("{check} on {count} of {} routes", routes.len())
        });
        format!("checks reached at ids that exist: {}\n", each.join(", "))
    }

    /// The routes on which a refusal was judged that tells, with the reason.
    fn reached(&self) -> BTreeSet<(&Endpoint, String)> {
        let judged = self.results.iter().filter(|result| {
            matches!(result.verdict, Ok(Verdict::Conforms | Verdict::Deviates(_)))
        });
        let sent = judged.flat_map(|result| result.case.steps.iter().take(result.steps.len()));
        sent.filter(|step| names_what_exists(&self.contract.inventory, &step.request))
            .filter_map(|step| {
                let route = step.request.route.as_ref()?;
                let because = reached(&self.profile, step)?;
                Some((&route.endpoint.value, because.name().to_owned()))
            })
            .collect()
    }

    /// Where a panel breaks this contract, it may well keep another: the same answers are judged
    /// again under that one.
    fn hint(&self) -> String {
        let Some(rather) = &self.profile.rather else {
            return String::new();
        };
        let Some(other) = self.contract.profile(rather.value.as_str()) else {
            return String::new();
        };
        let failed = |result: &&&CaseResult| result.standing(&self.policy) == Standing::Failed;
        let failing: Vec<_> = self.results.iter().filter(failed).collect();
        let kept = failing
            .iter()
            .filter(|result| self.keeps(result, other))
            .count();
        if kept == 0 {
            return String::new();
        }
        let how_many = if kept == failing.len() {
            "all of them are".to_owned()
        } else {
            format!("{kept} of the {} that failed are", failing.len())
        };
        format!(
            "\n{how_many} the contract of `{0}`: --profile {0}\n",
            rather.value
        )
    }

    /// Whether the answers of a case conform to another profile.
    fn keeps(&self, result: &CaseResult, profile: &Profile) -> bool {
        let Ok(dues) = due(&self.contract, &result.case, profile, None) else {
            return false;
        };
        let steps = dues.iter().zip(&result.steps);
        let judged: Vec<_> = steps
            .map(|(due, sent)| Judged {
                expected: &due.expected,
                observed: &sent.observed,
            })
            .collect();
        judged.len() == dues.len() && judge(&judged, &self.contract) == Ok(Verdict::Conforms)
    }

    fn verdict(&self) -> String {
        let standings = self.standings();
        if let Some(planned) = self.cut_short_of {
            let failed = standings.get(&Standing::Failed).unwrap_or(&0);
            return format!(
                "INCOMPLETE: interrupted after {} of {planned} cases, of which {failed} failed",
                self.results.len()
            );
        }
        match self.exit_code() {
            2 => "BROKEN: the harness could not judge every case".to_owned(),
            1 => {
                let failed = standings
                    .get(&Standing::Failed)
                    .copied()
                    .unwrap_or_default();
                format!("FAILED: {failed} {}", cases(failed))
            }
            3 => self.undecided(&standings),
            _ => "PASSED".to_owned(),
        }
    }

    fn undecided(&self, standings: &BTreeMap<Standing, usize>) -> String {
        let unjudged = standings
            .get(&Standing::Unjudged)
            .copied()
            .unwrap_or_default();
        if unjudged > 0 {
            return format!(
                "UNDECIDED: {unjudged} {} got answers that decide nothing",
                cases(unjudged)
            );
        }
        if self.partial || !standings.contains_key(&Standing::Missing) {
            return "NOTHING TESTED: every case was skipped, see above".to_owned();
        }
        format!(
            "PARTIAL: {}; --partial agrees to that",
            self.missing_roles()
        )
    }

    /// The roles without keys, each with the number of cases that need it.
    #[must_use]
    pub fn missing_roles(&self) -> String {
        let mut roles: BTreeMap<&str, usize> = BTreeMap::new();
        for result in &self.results {
            if let Ok(Verdict::Skipped(Skip::RoleMissing { role, .. })) = &result.verdict {
                *roles.entry(role.as_str()).or_default() += 1;
            }
        }
        let each = roles
            .iter()
            .map(|(role, count)| format!("{role} ({count} {})", cases(*count)));
        format!("no key for {}", each.collect::<Vec<_>>().join(", "))
    }
}

fn cases(count: usize) -> &'static str {
    if count == 1 { "case" } else { "cases" }
}

/// The verdict on a requirement, and what it rests on. What was skipped is no pass.
fn requirement_verdict(counts: &BTreeMap<Standing, usize>) -> (&'static str, String) {
    let has = |standing: Standing| counts.contains_key(&standing);
    let word = if has(Standing::Broken) {
        "broken"
    } else if has(Standing::Failed) {
        "failed"
    } else if has(Standing::Unjudged) {
        "undecided"
    } else if !has(Standing::Passed) && !has(Standing::Advice) {
        "not tested"
    } else if has(Standing::Missing) || has(Standing::NotAgreed) {
        "partial"
    } else if has(Standing::Advice) {
        "advice"
    } else {
        "passed"
    };
    let detail = Standing::ALL
        .iter()
        .filter_map(|standing| Some(format!("{} {standing}", counts.get(standing)?)))
        .collect::<Vec<_>>()
        .join(" · ");
    (word, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_by_precedence() {
        use Standing::{
            Advice, Broken, Failed, Missing, NotAgreed, NotApplicable, Passed, Unjudged,
        };
        let of = |standings: &[Standing], partial| {
            exit_code(&standings.iter().map(|s| (*s, 1)).collect(), partial)
        };
        assert_eq!(of(&[Passed, Advice, NotAgreed, NotApplicable], false), 0);
        assert_eq!(of(&[Passed, Missing], false), 3);
        assert_eq!(of(&[Passed, Missing], true), 0);
        assert_eq!(of(&[NotAgreed, NotApplicable], false), 3);
        assert_eq!(of(&[Missing], true), 3);
        assert_eq!(of(&[Unjudged], true), 3);
        assert_eq!(of(&[Failed, Unjudged, Missing], false), 1);
        assert_eq!(of(&[Broken, Failed], false), 2);
    }

    #[test]
    fn a_skipped_requirement_is_no_pass() {
        let word = |standings: &[Standing]| {
            requirement_verdict(&standings.iter().map(|s| (*s, 1)).collect()).0
        };
        assert_eq!(word(&[Standing::Missing]), "not tested");
        assert_eq!(word(&[Standing::Passed, Standing::Missing]), "partial");
        assert_eq!(word(&[Standing::Passed, Standing::NotApplicable]), "passed");
        assert_eq!(word(&[Standing::Passed, Standing::Failed]), "failed");
    }
}
