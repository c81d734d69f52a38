//! From a run to its results: everything that reports tell is gathered here, once.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use url::Url;

use super::case::Heading;
use super::cause::{Grouping, keeps};
use super::curl::{Shell, curl, needs};
use super::diff::diff;
use super::exit;
use super::reached::checks_reached;
use super::results::{
    ByAPerson, Case, CaseVerdict, Counts, DeviationTold, Group, NotBegun, NotTested, Options,
    ProfileNamed, Rather, Reach, RequirementResult, Results, SkippedCases, Step, SuiteNamed,
    TargetNamed, Tool, VERSION,
};
use super::summary::{exit_code, outcome, requirement_outcome};
use super::told::{Teller, answer};
use crate::digest::sha256;
use crate::exchange::{Redactor, printable};
use crate::keys::variable;
use crate::plan::{Agreement, Selection};
use crate::run::{CaseResult, Hindrance, StepResult};
use crate::spec::{
    Api, Case as SpecCase, Consent, Contract, Holder, KeyUse, Level, Presence, Profile,
    RequirementId, ResolutionStep, RoleName, SourceFile, Specs, VerifiedBy,
};
use crate::verdict::{
    Deviation, Policy, Skip, Standing, Verdict, like, nearest, waivers_that_do_not_hold,
};

/// A run that is over.
pub struct Finished<'r> {
    /// The specification that it was taken from.
    pub specs: &'r Specs,
    /// The profile whose contract held.
    pub profile: Arc<Profile>,
    /// The target.
    pub heading: Heading,
    /// What counts as a failure.
    pub policy: Policy,
    /// Whether missing roles are agreed to.
    pub partial: bool,
    /// What the operator agreed to and told.
    pub agreement: Agreement,
    /// Which cases were chosen.
    pub selection: Selection,
    /// Further flags that speak of the panel; their values are not told.
    pub given: Vec<&'static str>,
    /// The roles whose keys were in use.
    pub roles: BTreeSet<RoleName>,
    /// When it began (RFC 3339).
    pub started: String,
    /// How many cases were chosen; nothing where nobody knows: only the recording of a run that was
    /// cut short is left.
    pub planned: Option<usize>,
    /// Whether somebody ended it before its end.
    pub interrupted: bool,
    /// Why it has ended early.
    pub stopped: Option<String>,
    /// Why it could not begin, and the exit code for that.
    pub not_begun: Option<(NotBegun, u8)>,
    /// Whether a suite that was chosen cannot be read.
    pub has_broken_suite: bool,
    /// The results, in the order of the plan.
    pub results: Vec<&'r CaseResult>,
    /// Which cases are told.
    pub told: Told,
}

/// Of which cases somebody is told more than how many they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// All: a report or a recording is written.
    All,
    /// Those that do not conform: what is shown on a terminal names no others.
    Differences,
}

impl Told {
    /// As much of a result as is told later.
    #[must_use]
    pub fn keep(self, result: CaseResult) -> CaseResult {
        match self {
            Self::All => result,
            Self::Differences => result.in_brief(),
        }
    }
}

/// Tells cases of one run.
pub(super) struct CaseTeller<'a> {
    pub(super) contract: &'a Contract,
    pub(super) profile: &'a Profile,
    pub(super) heading: &'a Heading,
    pub(super) policy: &'a Policy,
}

impl Finished<'_> {
    /// A run that could not begin, and what its exit code is for that.
    #[must_use]
    pub fn kept_from(self, hindrance: &Hindrance, code: u8) -> Self {
        Self {
            not_begun: Some((NotBegun::of(hindrance), code)),
            ..self
        }
    }

    /// All that reports tell.
    #[must_use]
    pub fn results(&self) -> Results {
        let contract = &*self.specs.contract;
        let teller = CaseTeller {
            contract,
            profile: &self.profile,
            heading: &self.heading,
            policy: &self.policy,
        };
        let grouping = Grouping {
            contract,
            profile: &self.profile,
            policy: &self.policy,
            base: Url::parse(&self.heading.base).ok(),
        };
        let counts = self.counts();
        let mut results = Results {
            version: VERSION,
            tool: Tool {
                name: env!("CARGO_PKG_NAME").to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
            },
            started: self.started.clone(),
            target: TargetNamed {
                name: self.heading.target.clone(),
                base: self.heading.base.clone(),
            },
            profile: self.profile_named(),
            contract_sha256: hash_of_all(&contract.files),
            suites: self.suites(),
            options: self.options(),
            roles: self.roles.iter().map(ToString::to_string).collect(),
            specified: self.specified().map(Iterator::count),
            planned: self.planned.unwrap_or(self.results.len()),
            complete: !self.interrupted && self.planned == Some(self.results.len()),
            not_begun: self.not_begun.as_ref().map(|(told, _)| told.clone()),
            stopped: self.stopped.as_deref().map(printable),
            waivers: self.waivers(),
            exit_code: self.exit_code(&counts.standings),
            outcome: String::new(),
            counts,
            groups: grouping.groups(&self.results),
            requirements: self.requirements(),
            not_tested: self.not_tested(),
            reach: reach(self.conforming()),
            checks_reached: checks_reached(contract, &self.profile, &self.judged()),
            rather: self.rather(),
            cases: self
                .cases_told()
                .map(|result| teller.case(result))
                .collect(),
        };
        results.outcome = outcome(&results, &self.missing_roles());
        explain(&mut results);
        results
    }

    /// The cases that are told.
    fn cases_told(&self) -> impl Iterator<Item = &&CaseResult> {
        let is_told = |result: &&&CaseResult| {
            self.told == Told::All || result.verdict != Ok(Verdict::Conforms)
        };
        self.results.iter().filter(is_told)
    }

    fn counts(&self) -> Counts {
        let mut counts = Counts {
            standings: BTreeMap::new(),
            kinds: BTreeMap::new(),
        };
        for result in &self.results {
            *counts
                .standings
                .entry(result.standing(&self.policy))
                .or_default() += 1;
            if let Some(kind) = result.kind() {
                *counts.kinds.entry(kind).or_default() += 1;
            }
        }
        counts
    }

    /// The waivers that do not hold.
    fn waivers(&self) -> Vec<String> {
        let judged = self.results.iter().filter_map(|result| {
            let verdict = result.verdict.as_ref().ok()?;
            Some((&*result.case, verdict))
        });
        waivers_that_do_not_hold(&self.policy.waivers, &judged.collect::<Vec<_>>())
    }

    fn exit_code(&self, standings: &BTreeMap<Standing, usize>) -> u8 {
        if self.interrupted {
            exit::INTERRUPTED
        } else if let Some((_, code)) = self.not_begun {
            code
        } else if self.has_broken_suite || self.has_lost_cases() || !self.waivers().is_empty() {
            exit::USAGE
        } else {
            exit_code(standings, self.partial, self.planned.is_some())
        }
    }

    /// Whether there are fewer results than cases, though nobody ended the run.
    fn has_lost_cases(&self) -> bool {
        let of_another_number = |planned| planned != self.results.len();
        !self.interrupted && self.planned.is_some_and(of_another_number)
    }

    fn profile_named(&self) -> ProfileNamed {
        let name = self.profile.name.value.as_str();
        let path = format!("profiles/{name}.yaml");
        let mut files = self.specs.contract.files.iter();
        let file = files.find(|file| *file.path == *path);
        ProfileNamed {
            name: name.to_owned(),
            title: self.profile.title.clone(),
            sha256: file.map_or(String::new(), |file| hash(&file.text)),
        }
    }

    fn suites(&self) -> Vec<SuiteNamed> {
        let read = self.specs.suites.iter().map(|suite| SuiteNamed {
            file: suite.file.shown.to_string(),
            title: Some(suite.title.clone()),
            sha256: hash(&suite.file.text),
            troubles: Vec::new(),
        });
        let broken = self.specs.broken.iter().map(|broken| SuiteNamed {
            file: broken.file.shown.to_string(),
            title: None,
            sha256: hash(&broken.file.text),
            troubles: broken
                .diagnostics
                .iter()
                .map(|trouble| printable(&trouble.to_string()))
                .collect(),
        });
        read.chain(broken).collect()
    }

    fn options(&self) -> Options {
        let consents = self.agreement.consents.iter();
        Options {
            fail_on: self.policy.fail_on.iter().copied().collect(),
            level: self.policy.level,
            trust_source: self.policy.trust_source,
            partial: self.partial,
            consents: consents.map(|consent| consent.flag().to_owned()).collect(),
            panel_version: self.agreement.version.as_ref().map(ToString::to_string),
            filters: self.filters(),
            exact: self.selection.exact,
            has: self.agreement.has.iter().cloned().collect(),
            given: self.given.iter().map(ToString::to_string).collect(),
        }
    }

    /// The texts by which cases were chosen; somebody may have typed a key there.
    fn filters(&self) -> Vec<String> {
        let filters = self.selection.filters.iter();
        let harmless = |filter: &String| printable(&Redactor::default().text(filter));
        filters.map(harmless).collect()
    }

    fn requirements(&self) -> Vec<RequirementResult> {
        let specified = self.specified_by_requirement();
        let mut by_id: BTreeMap<&RequirementId, BTreeMap<Standing, usize>> = BTreeMap::new();
        for result in &self.results {
            for id in &result.case.scenario.requires {
                let counts = by_id.entry(id).or_default();
                *counts.entry(result.standing(&self.policy)).or_default() += 1;
            }
        }
        let requirements = self.specs.contract.requirements.iter();
        requirements
            .filter(|requirement| requirement.verified_by == VerifiedBy::Cases)
            .filter_map(|requirement| {
                let standings = by_id.remove(&requirement.id.value)?;
                Some(RequirementResult {
                    id: requirement.id.value.to_string(),
                    level: requirement.level,
                    text: requirement.text.clone(),
                    source: requirement.source.clone(),
                    outcome: requirement_outcome(&standings).to_owned(),
                    specified: specified.as_ref().map(|all| {
                        let of_it = all.get(&requirement.id.value);
                        of_it.copied().unwrap_or_default()
                    }),
                    standings,
                })
            })
            .collect()
    }

    /// All cases of the specification, chosen or not, if they are known.
    fn specified(&self) -> Option<impl Iterator<Item = &Arc<SpecCase>>> {
        let is_known = self.specs.is_whole && self.specs.broken.is_empty();
        is_known.then(|| self.specs.cases())
    }

    /// How many cases the specification has of each requirement.
    fn specified_by_requirement(&self) -> Option<BTreeMap<&RequirementId, usize>> {
        let mut counts = BTreeMap::new();
        for id in self.specified()?.flat_map(|case| &case.scenario.requires) {
            *counts.entry(id).or_default() += 1;
        }
        Some(counts)
    }

    fn not_tested(&self) -> NotTested {
        let mut skipped: BTreeMap<String, SkippedCases> = BTreeMap::new();
        for result in &self.results {
            if let Ok(Verdict::Skipped(skip)) = &result.verdict {
                let (reason, to_test) = self.in_few_words(&result.case, skip);
                let entry = skipped.entry(reason.clone());
                let entry = entry.or_insert(SkippedCases {
                    reason,
                    count: 0,
                    to_test,
                });
                entry.count += 1;
            }
        }
        let mut skipped: Vec<_> = skipped.into_values().collect();
        sort_skipped(&mut skipped);
        let requirements = self.specs.contract.requirements.iter();
        let by_a_person = requirements.filter_map(|requirement| match &requirement.verified_by {
            VerifiedBy::Manual(reason) => Some(ByAPerson {
                id: requirement.id.value.to_string(),
                reason: reason.clone(),
            }),
            VerifiedBy::Cases => None,
        });
        NotTested {
            skipped,
            not_chosen: self.not_chosen(),
            by_a_person: by_a_person.collect(),
        }
    }

    /// The MUST requirements of which no case was chosen.
    fn not_chosen(&self) -> Vec<String> {
        let results = self.results.iter();
        let chosen: BTreeSet<_> = results.flat_map(|r| &r.case.scenario.requires).collect();
        let requirements = self.specs.contract.requirements.iter();
        requirements
            .filter(|r| r.level == Level::Must && r.verified_by == VerifiedBy::Cases)
            .filter(|r| !chosen.contains(&r.id.value))
            .map(|r| r.id.value.to_string())
            .collect()
    }

    /// A reason for many cases, and what would make them tested.
    fn in_few_words(&self, case: &SpecCase, skip: &Skip) -> (String, Option<String>) {
        let silent = format!("profile {} says nothing", self.profile.name.value);
        match skip {
            _ if self.is_elsewhere(case) => (ELSEWHERE.to_owned(), None),
            Skip::RoleMissing { role, make } => (
                format!("no key for `{role}`"),
                Some(self.way_to_key(role, make)),
            ),
            Skip::NotAgreed(consent) => (skip.to_string(), Some(consent.flag().to_owned())),
            Skip::Untold { why, how } => (printable(why), Some(printable(how))),
            Skip::NotStated(why) if why.starts_with(&silent) => (
                format!("{silent} about it"),
                Some("a profile that does; `explain CASE` says what is missing".to_owned()),
            ),
            Skip::NotStated(why) | Skip::NoRoute(why) | Skip::NotApplicable(why) => {
                (printable(why), None)
            }
        }
    }

    /// How the key of a role is given, or made by the run itself.
    fn way_to_key(&self, role: &RoleName, make: &str) -> String {
        let known = self.specs.contract.roles.real(role);
        let by_run = match known.and_then(|role| role.made_by.as_ref()) {
            Some(_) => format!("; or {}: the run makes one", Consent::CreateKeys.flag()),
            None => String::new(),
        };
        format!("{}; to make it: {make}{by_run}", variable(role))
    }

    /// Whether a case asks a route that no panel of this profile has to have.
    fn is_elsewhere(&self, case: &SpecCase) -> bool {
        let version = self.agreement.version.as_ref();
        let mut routes = case.requests().filter_map(|r| r.route.as_deref());
        routes.any(|route| match self.profile.presence(route, version) {
            Presence::Always => false,
            Presence::Sometimes => route.only.is_some(),
            Presence::Never => true,
        })
    }

    /// The cases whose answers say something of the panel, with the number of steps that were sent.
    fn judged(&self) -> Vec<(&SpecCase, usize)> {
        let decided = self.results.iter().filter(|result| {
            matches!(result.verdict, Ok(Verdict::Conforms | Verdict::Deviates(_)))
        });
        decided
            .map(|result| (&*result.case, result.steps.len()))
            .collect()
    }

    fn conforming(&self) -> impl Iterator<Item = &SpecCase> {
        let results = self.results.iter();
        results
            .filter(|result| result.verdict == Ok(Verdict::Conforms))
            .map(|result| &*result.case)
    }

    /// Where a panel breaks this contract, it may well keep another: the same answers are judged
    /// again under that one.
    fn rather(&self) -> Option<Rather> {
        let rather = self.profile.rather.as_ref()?;
        let other = self.specs.contract.profile(rather.value.as_str())?;
        let failed = |result: &&&CaseResult| result.standing(&self.policy) == Standing::Failed;
        let failing: Vec<_> = self.results.iter().filter(failed).collect();
        let kept = failing.iter();
        let kept = kept.filter(|result| keeps(result, &self.specs.contract, other));
        let kept = kept.count();
        (kept > 0).then(|| Rather {
            profile: rather.value.to_string(),
            kept,
            of: failing.len(),
        })
    }

    /// The roles without keys, each with the number of cases that need it.
    fn missing_roles(&self) -> BTreeMap<String, usize> {
        let mut roles = BTreeMap::new();
        for result in &self.results {
            if let Ok(Verdict::Skipped(Skip::RoleMissing { role, .. })) = &result.verdict {
                *roles.entry(role.to_string()).or_default() += 1;
            }
        }
        roles
    }
}

/// Why nothing can be done about cases: no panel of the profile has their routes.
const ELSEWHERE: &str = "routes that only other products or versions have";

/// Sorts reasons: the most cases first, and at the end those about which nothing can be done.
pub(super) fn sort_skipped(skipped: &mut [SkippedCases]) {
    skipped.sort_by_key(|skipped| (skipped.reason == ELSEWHERE, Reverse(skipped.count)));
}

/// How much of the panel conforming cases have touched.
pub(super) fn reach<'c>(conforming: impl Iterator<Item = &'c SpecCase>) -> Reach {
    let touched: BTreeSet<(Api, String, String)> = conforming
        .flat_map(|case| &case.steps)
        .map(|step| {
            let role = match &step.request.key {
                KeyUse::Role(role) => role.to_string(),
                KeyUse::Saved(_) => "created".to_owned(),
            };
            (step.request.api, step.request.endpoint.to_string(), role)
        })
        .collect();
    let of = |api: Api| touched.iter().filter(|(a, _, _)| *a == api).count();
    Reach {
        client: of(Api::Client),
        application: of(Api::Application),
    }
}

/// Says of each group without a cause why its first case had to be answered otherwise.
fn explain(results: &mut Results) {
    let reasons = |group: &Group| {
        if group.cause.is_some() {
            return None;
        }
        let case = results.case(group.cases.first()?)?;
        let (_, step) = case.deviating_steps().next()?;
        Some(step.reasons.clone())
    };
    let all: Vec<_> = results.groups.iter().map(reasons).collect();
    for (group, reasons) in results.groups.iter_mut().zip(all) {
        group.reasons = reasons.unwrap_or_default();
    }
}

impl CaseTeller<'_> {
    /// All that reports tell of a case.
    pub(super) fn case(&self, result: &CaseResult) -> Case {
        let scenario = &result.case.scenario;
        Case {
            id: result.case.id.to_string(),
            title: scenario.title.clone(),
            file: scenario.file.shown.to_string(),
            line: scenario.line,
            requirements: scenario.requires.iter().map(ToString::to_string).collect(),
            level: scenario.level,
            origin: result.origin,
            standing: result.standing(self.policy),
            kind: result.kind(),
            verdict: verdict(&result.verdict),
            roles: self.roles(result),
            steps: self.steps(result),
        }
    }

    /// The roles whose keys a case uses, also for keys that are made from them.
    fn roles(&self, result: &CaseResult) -> Vec<String> {
        let holders = result.case.requests().flat_map(|request| {
            let names = request.roles();
            names.filter_map(|name| self.contract.roles.holder(name, request.api))
        });
        let names = holders.filter_map(|holder| match holder {
            Holder::Real(role) | Holder::Derived(_, role) => Some(role.name.value.to_string()),
            Holder::MadeUp(_) => None,
        });
        names.collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn steps(&self, result: &CaseResult) -> Vec<Step> {
        let deviations: &[Deviation] = match &result.verdict {
            Ok(Verdict::Deviates(deviations)) => deviations,
            _ => &[],
        };
        let sent = result.steps.iter().enumerate();
        sent.map(|(number, sent)| {
            let differs = deviations.iter().any(|d| d.step == number);
            self.step(result, number, sent, differs)
        })
        .collect()
    }

    fn step(&self, result: &CaseResult, number: usize, sent: &StepResult, differs: bool) -> Step {
        let plan = &result.case.steps[number].request;
        let shell = Shell {
            roles: &self.contract.roles,
            profile: self.profile,
            base: &self.heading.base,
            origin: &self.heading.origin,
            access: &self.heading.access,
        };
        let teller = Teller {
            roles: &self.contract.roles,
            profile: self.profile,
            origin: &self.heading.origin,
        };
        Step {
            reasons: self.reasons(sent),
            request: teller.request(plan, &sent.ids),
            answer: answer(&sent.observed),
            diff: differs.then(|| self.diff(result, sent)),
            curl: curl(plan, &sent.ids, &shell),
            curl_needs: needs(plan, &result.case.steps[..number]),
        }
    }

    fn diff(&self, result: &CaseResult, sent: &StepResult) -> String {
        let expected = &sent.due.expected;
        let due = match expected.same_as.and_then(|number| result.steps.get(number)) {
            Some(other) => like(&other.observed, &sent.observed),
            None => nearest(expected, &sent.observed, self.contract),
        };
        diff(&due, &sent.observed)
    }

    /// Why the expectation is what it is.
    fn reasons(&self, sent: &StepResult) -> Vec<String> {
        let steps = sent.due.resolution.iter().flat_map(|r| &r.steps);
        let reason = |step: &ResolutionStep| match step {
            ResolutionStep::Wins(condition, place) => {
                let info = self.contract.condition(condition.name());
                let means = info.map_or("", |info| info.means.as_str());
                let place = place.map_or(String::new(), |p| format!(", place {p} of the order"));
                Some(format!("because of {condition}: {means}{place}"))
            }
            ResolutionStep::NothingLeft => Some("because nothing stands in the way".to_owned()),
            ResolutionStep::Exempt(condition) | ResolutionStep::Granted(condition) => {
                Some(format!("although {condition}, which is no trouble here"))
            }
            ResolutionStep::Later(_) | ResolutionStep::WithoutJson => None,
        };
        steps.filter_map(reason).collect()
    }
}

fn verdict(verdict: &Result<Verdict, String>) -> CaseVerdict {
    match verdict {
        Ok(Verdict::Conforms) => CaseVerdict::Conforms,
        Ok(Verdict::Deviates(deviations)) => CaseVerdict::Deviates {
            deviations: deviations.iter().map(told).collect(),
        },
        Ok(Verdict::Inconclusive(why)) => CaseVerdict::Inconclusive {
            why: printable(why),
        },
        Ok(Verdict::Skipped(skip)) => CaseVerdict::Skipped {
            why: printable(&skip.to_string()),
        },
        Err(why) => CaseVerdict::Broken {
            why: printable(why),
        },
    }
}

/// The longest text of a deviation, in characters.
const MAX_DEVIATION: usize = 500;

fn told(deviation: &Deviation) -> DeviationTold {
    let text = |text: &str| printable(&super::told::beginning(text, MAX_DEVIATION));
    DeviationTold {
        step: deviation.step + 1,
        kind: deviation.kind,
        what: text(&deviation.what),
        expected: text(&deviation.expected),
        observed: text(&deviation.observed),
    }
}

fn hash(text: &str) -> String {
    sha256([text])
}

/// SHA-256 of files: path, line end, text, one after another.
fn hash_of_all(files: &[SourceFile]) -> String {
    sha256(
        files
            .iter()
            .flat_map(|file| [&*file.path, "\n", &*file.text]),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Observation;
    use crate::plan::{Plan, Planned};
    use crate::report::made_up::{as_planned, gathered};
    use crate::report::sample;
    use crate::spec::Source;
    use crate::verdict::{About, Waiver};

    /// A run of two cases that conform, of which so many have a result.
    fn of_two(results: usize, change: impl FnOnce(&mut Finished<'_>)) -> Results {
        of_run("documented", (2, |_| Verdict::Conforms), |finished| {
            finished.results.truncate(results);
            change(finished);
        })
    }

    /// A run without a key of the first cases, with what each comes to.
    fn of_run(
        profile: &str,
        (cases, verdict): (usize, fn(&Planned) -> Verdict),
        change: impl FnOnce(&mut Finished<'_>),
    ) -> Results {
        let specs = Specs::load(&Source::Embedded).unwrap();
        let profile = specs.contract.profile(profile).unwrap();
        let (agreement, roles) = (Agreement::default(), BTreeSet::new());
        let cases = specs.cases().take(cases);
        let plan = Plan::new(&specs.contract, cases, profile, &agreement, &roles);
        let of = |planned| CaseResult::of(planned, Ok(verdict(planned)), Vec::new());
        let kept: Vec<_> = plan.cases.iter().map(of).collect();
        gathered(&specs, &plan, &kept, change)
    }

    #[test]
    fn a_run_that_lost_a_case_is_broken() {
        let whole = of_two(2, |_| ());
        assert_eq!((whole.exit_code, whole.complete), (0, true));
        let lost = of_two(1, |_| ());
        assert_eq!((lost.exit_code, lost.complete), (exit::USAGE, false));
        assert!(lost.outcome.starts_with("INCOMPLETE: cases were lost"));
        let ended = of_two(1, |finished| finished.interrupted = true);
        assert_eq!(
            (ended.exit_code, ended.complete),
            (exit::INTERRUPTED, false)
        );
        assert!(ended.outcome.starts_with("INCOMPLETE: interrupted"));
        let refused = of_two(0, |finished| {
            let why = NotBegun::of(&Hindrance::from("nobody answers".to_owned()));
            finished.not_begun = Some((why, exit::UNDECIDED));
        });
        assert_eq!((refused.exit_code, refused.complete), (3, false));
        assert_eq!(refused.outcome, "NOT BEGUN: nobody answers");
    }

    #[test]
    fn what_is_not_tested_stands_with_what_would_make_it_so() {
        let results = of_run("pterodactyl-1.11", (usize::MAX, as_planned), |_| ());
        let skipped = results.not_tested.skipped;
        for (reason, begins, ends) in [
            (
                "the target was not said to have: maintenance",
                "--has maintenance in a run of its own; ",
                "how, on a staging panel: php artisan down",
            ),
            (
                "the target was not said to have: public-edge",
                "--has public-edge; ",
                "outside of the panel's networks",
            ),
            (
                "nobody said which foreign origins the target lets in",
                "`cors_origins: [ORIGIN]` in a target file",
                "",
            ),
            (
                "no key for `client-ip-locked`",
                "PTERO_KEY_CLIENT_IP_LOCKED; to make it: log in ",
                "; or --allow-create-keys: the run makes one",
            ),
            (
                "no key for `client-expired`, which takes more than the panel's pages",
                "a key that is made so: set `expires_at` ",
                "",
            ),
        ] {
            let told = skipped.iter().find(|told| told.reason == reason);
            let told = told.expect(reason).to_test.as_deref().expect(reason);
            assert!(told.starts_with(begins) && told.ends_with(ends), "{told}");
        }
        // What nobody can do anything about is one line, and the last.
        let (last, others) = skipped.split_last().expect("reasons");
        assert_eq!((last.reason.as_str(), &last.to_test), (ELSEWHERE, &None));
        let of_routes = others.iter().filter(|told| told.reason.contains(" route"));
        assert_eq!(of_routes.count(), 0, "{others:?}");
    }

    /// What is gathered of a run of these scenarios by the documented profile, with all keys; of each
    /// case, what comes of it.
    fn of_suite(
        scenarios: &str,
        result: impl Fn(&Specs, &Planned) -> CaseResult,
        change: impl FnOnce(&mut Finished<'_>),
    ) -> Results {
        let specs = sample::specs(scenarios);
        let profile = specs.contract.profile("documented").unwrap();
        let plan = sample::plan(&specs, profile);
        let kept: Vec<_> = plan
            .cases
            .iter()
            .map(|planned| result(&specs, planned))
            .collect();
        gathered(&specs, &plan, &kept, change)
    }

    /// Two requests without a key that are to be refused.
    const REFUSED: &str = "  - id: one
    title: One
    requires: [AUTH-BEARER]
    request: { endpoint: GET /api/client, key: none }
    expect: no-key
  - id: two
    title: Two
    requires: [AUTH-BEARER]
    request: { endpoint: GET /api/application/users, key: none }
    expect: no-key
";

    fn conforms(_: &Specs, planned: &Planned) -> CaseResult {
        CaseResult::of(planned, Ok(Verdict::Conforms), Vec::new())
    }

    fn refused_otherwise(specs: &Specs, planned: &Planned) -> CaseResult {
        sample::answered(planned, &sample::observed(403), &specs.contract)
    }

    #[test]
    fn what_was_read_is_named_by_its_hash() {
        let specs = sample::specs(REFUSED);
        let plan = sample::plan(&specs, specs.contract.profile("documented").unwrap());
        let results = gathered(&specs, &plan, &[], |_| ());
        let files = &specs.contract.files;
        let all: String = files
            .iter()
            .map(|f| format!("{}\n{}", f.path, f.text))
            .collect();
        assert_eq!(results.contract_sha256, sha256([&*all]));
        let file = files
            .iter()
            .find(|f| &*f.path == "profiles/documented.yaml");
        let profile = ProfileNamed {
            name: "documented".to_owned(),
            title: "the published Authentication page".to_owned(),
            sha256: sha256([&*file.unwrap().text]),
        };
        assert_eq!(results.profile, profile);
        let suite = SuiteNamed {
            file: specs.suites[0].file.shown.to_string(),
            title: Some("A suite".to_owned()),
            sha256: sha256([format!("title: A suite\nscenarios:\n{REFUSED}").as_str()]),
            troubles: Vec::new(),
        };
        assert_eq!(results.suites, [suite]);
    }

    #[test]
    fn how_many_cases_there_are_is_known_where_all_suites_were_read() {
        let specs = Specs {
            is_whole: false,
            ..sample::specs(REFUSED)
        };
        let plan = sample::plan(&specs, specs.contract.profile("documented").unwrap());
        let kept = [conforms(&specs, &plan.cases[0])];
        let part = gathered(&specs, &plan, &kept, |_| ());
        assert_eq!(
            (part.specified, part.requirements[0].specified),
            (None, None)
        );
        let whole = of_suite(REFUSED, conforms, |finished| finished.results.truncate(1));
        assert_eq!(whole.specified, Some(2));
        let [clause] = &whole.requirements[..] else {
            panic!("{:?}", whole.requirements);
        };
        assert_eq!((&*clause.id, clause.specified), ("AUTH-BEARER", Some(2)));
        assert_eq!(clause.standings, [(Standing::Passed, 1)].into());
    }

    #[test]
    fn a_must_that_cases_can_show_and_none_was_chosen_of_is_named() {
        let not_chosen = |results| {
            let results = of_suite(REFUSED, conforms, |finished| {
                finished.results.truncate(results);
            });
            results.not_tested.not_chosen
        };
        let specs = sample::specs(REFUSED);
        let mut all = not_chosen(0);
        for requirement in &specs.contract.requirements {
            let is_named = all.iter().any(|id| *id == requirement.id.value.as_str());
            let is_shown = requirement.verified_by == VerifiedBy::Cases;
            let wanted = is_shown && requirement.level == Level::Must;
            assert_eq!(is_named, wanted, "{}", requirement.id.value);
        }
        all.retain(|id| id != "AUTH-BEARER");
        assert_eq!(not_chosen(1), all);
    }

    #[test]
    fn a_waiver_that_nothing_needs_breaks_a_run() {
        let results = of_suite(REFUSED, conforms, |finished| {
            finished.policy.waivers = vec![Waiver {
                place: "waivers.yaml:3".to_owned(),
                about: About::Cases("a/*".to_owned()),
                shows: ["status 401 → 403".to_owned()].into(),
                count: 2,
            }];
        });
        let wrong = "waivers.yaml:3: no case of `a/*` deviates so any longer; take the waiver out";
        assert_eq!(results.waivers, [wrong]);
        assert_eq!(results.exit_code, exit::USAGE);
        let outcome = format!("BROKEN: a waiver does not hold: {wrong}");
        assert_eq!(results.outcome, outcome);
    }

    #[test]
    fn silences_of_a_profile_are_one_reason() {
        let results = of_suite(
            REFUSED,
            |_, planned| {
                let why = match planned.case.id.as_str() {
                    "a/one" => "profile documented says nothing about `x`",
                    _ => "the keys of both types begin alike",
                };
                let skip = Skip::NotStated(why.to_owned());
                CaseResult::of(planned, Ok(Verdict::Skipped(skip)), Vec::new())
            },
            |_| (),
        );
        let skipped = |reason: &str, to_test: Option<&str>| SkippedCases {
            reason: reason.to_owned(),
            count: 1,
            to_test: to_test.map(ToOwned::to_owned),
        };
        let a_profile = "a profile that does; `explain CASE` says what is missing";
        let wanted = [
            skipped("profile documented says nothing about it", Some(a_profile)),
            skipped("the keys of both types begin alike", None),
        ];
        assert_eq!(results.not_tested.skipped, wanted);
    }

    #[test]
    fn the_roles_that_lack_a_key_are_counted() {
        let lacking = |_: &Specs, planned: &Planned| {
            let role = match planned.case.id.as_str() {
                "a/one" => "client",
                _ => "application",
            };
            let skip = Skip::RoleMissing {
                role: role.parse().unwrap(),
                make: "log in".to_owned(),
            };
            CaseResult::of(planned, Ok(Verdict::Skipped(skip)), Vec::new())
        };
        let mut scenarios = REFUSED.to_owned();
        scenarios += &REFUSED
            .replace("id: one", "id: three")
            .replace("id: two", "id: four");
        let results = of_suite(&scenarios, lacking, |_| ());
        assert_eq!(
            results.outcome,
            "PARTIAL: no key for application (3 cases), client (1 case); --partial agrees to that"
        );
    }

    #[test]
    fn another_profile_is_named_where_its_contract_is_kept() {
        let rather = |answer: fn(&Specs, &Planned) -> Observation| {
            let result = |specs: &Specs, planned: &Planned| {
                sample::answered(planned, &answer(specs, planned), &specs.contract)
            };
            of_suite(REFUSED, result, |_| ()).rather
        };
        assert_eq!(rather(|_, _| sample::observed(403)), None);
        let kept = rather(|specs, planned| {
            let other = specs.contract.profile("pterodactyl-1.11").unwrap();
            if planned.case.id.as_str() == "a/two" {
                return sample::observed(403);
            }
            let dues = crate::plan::due(&specs.contract, &planned.case, other, None).unwrap();
            nearest(&dues[0].expected, &sample::observed(401), &specs.contract)
        });
        let wanted = Rather {
            profile: "pterodactyl-1.11".to_owned(),
            kept: 1,
            of: 2,
        };
        assert_eq!(kept, Some(wanted));
    }

    #[test]
    fn a_group_without_a_cause_says_why_it_had_to_be_answered_otherwise() {
        let results = of_suite(REFUSED, refused_otherwise, |_| ());
        assert_eq!(results.exit_code, exit::FAILED);
        let [group] = &results.groups[..] else {
            panic!("{:?}", results.groups);
        };
        assert_eq!(group.cause, None);
        let why = &group.reasons;
        assert!(why[0].starts_with("because of no-key: "), "{why:?}");
        let case = results.case(&group.cases[0]).unwrap();
        assert_eq!(case.steps[0].reasons, *why);
    }

    #[test]
    fn a_case_names_the_roles_whose_keys_it_uses() {
        let scenarios = "  - id: one
    title: One
    steps:
      - { request: { endpoint: GET /api/client, key: truncated }, expect: malformed-key }
      - { request: { endpoint: GET /api/client, key: application }, expect: wrong-key-type }
      - { request: { endpoint: GET /api/client, key: client }, expect: granted }
      - { request: { endpoint: GET /api/client, key: none }, expect: no-key }
";
        let results = of_suite(scenarios, conforms, |_| ());
        assert_eq!(results.cases[0].roles, ["application", "client"]);
        let results = of_suite(REFUSED, conforms, |_| ());
        assert_eq!(results.cases[0].roles, Vec::<String>::new());
    }
}
