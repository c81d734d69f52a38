//! Whether results add up: all that they say of many cases follows from the cases themselves.

use std::collections::{BTreeMap, BTreeSet};

use super::counted::counted;
use super::exit;
use super::results::{Case, CaseVerdict, Counts, Options, Results};
use super::summary::exit_code;
use crate::verdict::{Kind, Policy, Standing, fails};

/// What in results does not follow from their cases, in a sentence; somebody has changed them then.
#[must_use]
pub fn disagreement(results: &Results) -> Option<String> {
    let policy = policy(&results.options);
    twice(&results.cases)
        .or_else(|| number(results))
        .or_else(|| {
            results
                .cases
                .iter()
                .find_map(|case| standing(case, &policy))
        })
        .or_else(|| sums(results))
        .or_else(|| requirements(results))
        .or_else(|| groups(results))
        .or_else(|| code(results))
}

/// How many cases stand how, and of which kind they are.
pub(super) fn counts(cases: &[Case]) -> Counts {
    let mut counts = Counts {
        standings: BTreeMap::new(),
        kinds: BTreeMap::new(),
    };
    for case in cases {
        *counts.standings.entry(case.standing).or_default() += 1;
        if let Some(kind) = case.kind {
            *counts.kinds.entry(kind).or_default() += 1;
        }
    }
    counts
}

/// How the cases of a requirement stand.
pub(super) fn of_requirement(cases: &[Case], id: &str) -> BTreeMap<Standing, usize> {
    let is_of = |case: &&Case| case.requirements.iter().any(|other| other == id);
    let mut standings = BTreeMap::new();
    for case in cases.iter().filter(is_of) {
        *standings.entry(case.standing).or_default() += 1;
    }
    standings
}

fn twice(cases: &[Case]) -> Option<String> {
    let mut ids = BTreeSet::new();
    let twice = cases.iter().find(|case| !ids.insert(&case.id))?;
    Some(format!("the case `{}` stands in them twice", twice.id))
}

fn number(results: &Results) -> Option<String> {
    let (planned, there) = (results.planned, results.cases.len());
    let is_right = if results.complete {
        planned == there
    } else {
        planned >= there
    };
    let whole = if results.complete {
        ", all decided"
    } else {
        ""
    };
    (!is_right).then(|| {
        format!(
            "they speak of {}{whole}, and have {there}",
            counted(planned, "case")
        )
    })
}

/// Why the standing of a case is not what its verdict comes to.
fn standing(case: &Case, policy: &Policy) -> Option<String> {
    let kinds = || kinds(case);
    let (verdict, may_be): (&str, &[Standing]) = match &case.verdict {
        CaseVerdict::Conforms => ("every answer conforms", &[Standing::Passed]),
        CaseVerdict::Deviates { .. } if fails(kinds(), case.level, case.origin, policy) => (
            "an answer deviates from what is due",
            &[Standing::Failed, Standing::Waived],
        ),
        CaseVerdict::Deviates { .. } => (
            "an answer deviates in what is advice",
            &[Standing::Advice, Standing::Waived],
        ),
        CaseVerdict::Inconclusive { .. } => ("the answers decide nothing", &[Standing::Unjudged]),
        CaseVerdict::Skipped { .. } => (
            "nothing was asked",
            &[
                Standing::Missing,
                Standing::NotAgreed,
                Standing::NotApplicable,
            ],
        ),
        CaseVerdict::Broken { .. } => ("it could not be judged", &[Standing::Broken]),
    };
    if !may_be.contains(&case.standing) {
        return Some(format!(
            "the case `{}` stands as {}, though {verdict}",
            case.id, case.standing
        ));
    }
    (case.kind != kinds().min()).then(|| {
        format!(
            "the case `{}` is not of the kind of its deviations",
            case.id
        )
    })
}

fn kinds(case: &Case) -> impl Iterator<Item = Kind> {
    let deviations = match &case.verdict {
        CaseVerdict::Deviates { deviations } => &deviations[..],
        _ => &[],
    };
    deviations.iter().map(|deviation| deviation.kind)
}

fn sums(results: &Results) -> Option<String> {
    let counted = counts(&results.cases);
    let standings = difference(&results.counts.standings, &counted.standings);
    let kinds = || difference(&results.counts.kinds, &counted.kinds);
    let (what, says, are) = standings.or_else(kinds)?;
    Some(format!(
        "they count {says} {what}, and {are} of their cases are"
    ))
}

fn requirements(results: &Results) -> Option<String> {
    for told in &results.requirements {
        let counted = of_requirement(&results.cases, &told.id);
        if let Some((what, says, are)) = difference(&told.standings, &counted) {
            let id = &told.id;
            return Some(format!(
                "of {id} they count {says} {what}, and {are} of its cases are"
            ));
        }
    }
    let mut needed = results.cases.iter().flat_map(|case| &case.requirements);
    let lacking = needed.find(|id| !results.requirements.iter().any(|told| told.id == **id))?;
    Some(format!(
        "they say nothing of {lacking}, and have cases of it"
    ))
}

fn groups(results: &Results) -> Option<String> {
    for group in &results.groups {
        let is_of = |id: &&String| {
            let case = results.case(id);
            case.is_some_and(|case| case.standing == group.standing)
        };
        if let Some(strange) = group.cases.iter().find(|id| !is_of(id)) {
            let standing = group.standing;
            return Some(format!("they call `{strange}` {standing}, and it is not"));
        }
    }
    let grouped: BTreeSet<_> = results
        .groups
        .iter()
        .flat_map(|group| &group.cases)
        .collect();
    let mut failed = results.cases.iter();
    let hidden =
        failed.find(|case| case.standing == Standing::Failed && !grouped.contains(&case.id))?;
    Some(format!("the failed case `{}` is in no group", hidden.id))
}

/// Why the exit code is not what the cases come to. A run that was cut short has one of its own.
fn code(results: &Results) -> Option<String> {
    let says = results.exit_code;
    let has_broken_suite = results
        .suites
        .iter()
        .any(|suite| !suite.troubles.is_empty());
    let comes_to = if has_broken_suite || !results.waivers.is_empty() {
        exit::USAGE
    } else {
        exit_code(&results.counts.standings, results.options.partial, true)
    };
    let is_right = if results.complete {
        says == comes_to
    } else {
        says != exit::OK
    };
    (!is_right).then(|| format!("they say exit code {says}, and come to another"))
}

/// The first in which two counts differ: what, and how often either has it.
fn difference<K: Copy + Ord + std::fmt::Display>(
    says: &BTreeMap<K, usize>,
    are: &BTreeMap<K, usize>,
) -> Option<(String, usize, usize)> {
    let of = |counts: &BTreeMap<K, usize>, key| counts.get(&key).copied().unwrap_or_default();
    let mut keys = says.keys().chain(are.keys());
    keys.find_map(|key| {
        let (says, are) = (of(says, *key), of(are, *key));
        (says != are).then(|| (key.to_string(), says, are))
    })
}

fn policy(options: &Options) -> Policy {
    Policy {
        fail_on: options.fail_on.iter().copied().collect(),
        level: options.level,
        trust_source: options.trust_source,
        waivers: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::results::{Group, SuiteNamed};
    use crate::report::sample::{self, CLAUSE, case, group};
    use crate::spec::Level;

    /// A case of each standing.
    fn results() -> Results {
        let cases = Standing::ALL.map(|standing| case(&format!("a/b/{standing}"), standing));
        sample::results(cases.into())
    }

    /// A run of one case that passed.
    fn passed() -> Results {
        sample::results(vec![case("a/b/one", Standing::Passed)])
    }

    fn place(results: &Results, standing: Standing) -> usize {
        let mut cases = results.cases.iter();
        cases.position(|case| case.standing == standing).unwrap()
    }

    #[test]
    fn results_that_follow_from_their_cases_agree() {
        assert_eq!(disagreement(&results()), None);
        assert_eq!(disagreement(&passed()), None);
        assert_eq!(disagreement(&sample::results(Vec::new())), None);
        let cut_short = |exit_code| {
            let mut results = passed();
            (results.complete, results.planned) = (false, 3);
            results.exit_code = exit_code;
            disagreement(&results)
        };
        assert_eq!(cut_short(exit::INTERRUPTED), None);
        let told = cut_short(exit::OK);
        assert_eq!(
            told.as_deref(),
            Some("they say exit code 0, and come to another")
        );
    }

    /// What is wrong with a whole run after a change.
    fn wrong(change: impl FnOnce(&mut Results)) -> String {
        let mut results = results();
        change(&mut results);
        disagreement(&results).expect("a disagreement")
    }

    #[test]
    fn a_case_stands_once_and_as_its_verdict_says() {
        assert_eq!(
            wrong(|results| results.cases[1].id = results.cases[0].id.clone()),
            "the case `a/b/passed` stands in them twice"
        );
        let as_if = |standing, said| {
            wrong(|results| {
                let at = place(results, standing);
                results.cases[at].standing = said;
            })
        };
        for (standing, said, why) in [
            (Standing::Passed, Standing::Failed, "every answer conforms"),
            (
                Standing::Failed,
                Standing::Advice,
                "an answer deviates from what is due",
            ),
            (
                Standing::Advice,
                Standing::Failed,
                "an answer deviates in what is advice",
            ),
            (
                Standing::Unjudged,
                Standing::Passed,
                "the answers decide nothing",
            ),
            (Standing::Missing, Standing::Passed, "nothing was asked"),
            (Standing::Broken, Standing::Passed, "it could not be judged"),
        ] {
            let wanted = format!("the case `a/b/{standing}` stands as {said}, though {why}");
            assert_eq!(as_if(standing, said), wanted);
        }
        assert_eq!(
            wrong(|results| {
                let at = place(results, Standing::Failed);
                results.cases[at].kind = Some(Kind::Opened);
            }),
            "the case `a/b/failed` is not of the kind of its deviations"
        );
    }

    #[test]
    fn a_case_is_judged_by_what_was_agreed_to() {
        let though = |told: String| told.split_once("though ").unwrap().1.to_owned();
        let is_advice = "an answer deviates in what is advice";
        assert_eq!(
            though(wrong(|results| results.options.fail_on = vec![Kind::Opened])),
            is_advice
        );
        assert_eq!(
            though(wrong(|results| {
                let at = place(results, Standing::Failed);
                results.cases[at].level = Level::Should;
            })),
            is_advice
        );
        let mut lenient = results();
        let at = place(&lenient, Standing::Failed);
        lenient.cases[at].level = Level::Should;
        lenient.options.level = Level::Should;
        assert_eq!(disagreement(&lenient), None);
        lenient.cases[at].origin = crate::spec::Origin::Source;
        assert!(disagreement(&lenient).is_some());
        lenient.options.trust_source = true;
        assert_eq!(disagreement(&lenient), None);
    }

    #[test]
    fn counts_are_those_of_the_cases() {
        for (planned, wanted) in [
            (8, "they speak of 8 cases, all decided, and have 9"),
            (10, "they speak of 10 cases, all decided, and have 9"),
        ] {
            assert_eq!(wrong(|results| results.planned = planned), wanted);
        }
        assert_eq!(
            wrong(|results| (results.complete, results.planned) = (false, 8)),
            "they speak of 8 cases, and have 9"
        );
        assert_eq!(
            wrong(|results| _ = results.counts.standings.insert(Standing::Passed, 7)),
            "they count 7 passed, and 1 of their cases are"
        );
        assert_eq!(
            wrong(|results| _ = results.counts.standings.remove(&Standing::Failed)),
            "they count 0 failed, and 1 of their cases are"
        );
        assert_eq!(
            wrong(|results| _ = results.counts.kinds.insert(Kind::Opened, 1)),
            "they count 1 opened, and 0 of their cases are"
        );
        assert_eq!(
            wrong(|results| {
                let standings = &mut results.requirements[0].standings;
                standings.insert(Standing::Failed, 0);
            }),
            "of R-1 they count 0 failed, and 1 of its cases are"
        );
        assert_eq!(
            wrong(|results| results.requirements.clear()),
            format!("they say nothing of {CLAUSE}, and have cases of it")
        );
    }

    #[test]
    fn a_group_is_of_its_cases_and_hides_none_that_failed() {
        assert_eq!(
            wrong(|results| {
                let failed = place(results, Standing::Failed);
                results.groups.push(Group {
                    standing: Standing::Advice,
                    ..group("x", &[&results.cases[failed]])
                });
            }),
            "they call `a/b/failed` advice, and it is not"
        );
        assert_eq!(
            wrong(|results| results.groups[0].cases = vec!["a/b/none".to_owned()]),
            "they call `a/b/none` failed, and it is not"
        );
        assert_eq!(
            wrong(|results| results.groups.clear()),
            "the failed case `a/b/failed` is in no group"
        );
    }

    #[test]
    fn an_exit_code_is_what_the_cases_come_to() {
        let code = |change: fn(&mut Results), exit_code| {
            let mut results = passed();
            change(&mut results);
            results.exit_code = exit_code;
            disagreement(&results)
        };
        let untrue = |code| Some(format!("they say exit code {code}, and come to another"));
        assert_eq!(code(|_| (), exit::FAILED), untrue(exit::FAILED));
        let waived: fn(&mut Results) = |results| results.waivers = vec!["x".to_owned()];
        assert_eq!(code(waived, exit::OK), untrue(exit::OK));
        assert_eq!(code(waived, exit::USAGE), None);
        let broken: fn(&mut Results) = |results| {
            results.suites = vec![SuiteNamed {
                file: "a.yaml".to_owned(),
                title: None,
                sha256: String::new(),
                troubles: vec!["no YAML".to_owned()],
            }];
        };
        assert_eq!(code(broken, exit::OK), untrue(exit::OK));
        assert_eq!(code(broken, exit::USAGE), None);
    }
}
