//! Joins the results of parts of one run: of several machines, or of several choices of cases. Runs
//! against several panels are not joined, but told side by side.

use std::collections::{BTreeMap, BTreeSet};

use super::collect::sort_skipped;
use super::exit;
use super::reached::checks_reached;
use super::results::{
    CaseVerdict, CheckReached, Group, Options, RequirementResult, Results, SkippedCases,
};
use super::summary::{exit_code, outcome, requirement_outcome};
use super::sums::{counts, of_requirement};
use crate::spec::Specs;

/// Why results cannot be joined.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum NotMerged {
    /// They are not of one run.
    #[error("{one} and {other} are not of one run: they differ in the {what}")]
    Mismatch {
        /// A file.
        one: String,
        /// Another.
        other: String,
        /// In what they differ.
        what: String,
    },
    /// A case is in two of them.
    #[error("{one} and {other} both have the case `{case}`; give each case to one part")]
    Overlap {
        /// A file.
        one: String,
        /// Another.
        other: String,
        /// The case.
        case: String,
    },
    /// A case is none of the specification.
    #[error(
        "{file} has the case `{case}`, which this specification does not know; name the one that it was made with by --specs"
    )]
    Unknown {
        /// The file.
        file: String,
        /// The case.
        case: String,
    },
    /// There is nothing to join.
    #[error("name the results of at least two parts")]
    TooFew,
}

/// Joins results, each with the name of its file.
///
/// # Errors
///
/// When they are not parts of one run, or have a case twice: never are such joined silently.
pub fn merge(specs: &Specs, parts: Parts) -> Result<Results, NotMerged> {
    check(specs, &parts)?;
    let mut parts = parts.into_iter().map(|(_, results)| results);
    let (Some(mut whole), Some(second)) = (parts.next(), parts.next()) else {
        return Err(NotMerged::TooFew);
    };
    let mut is_interrupted = whole.exit_code == exit::INTERRUPTED;
    for part in std::iter::once(second).chain(parts) {
        is_interrupted |= part.exit_code == exit::INTERRUPTED;
        join(&mut whole, part);
    }
    finish(specs, &mut whole, is_interrupted);
    Ok(whole)
}

/// Results with the names of their files.
type Parts = Vec<(String, Results)>;

/// Tells apart the parts of runs against several panels, in the order in which they are named.
///
/// # Errors
///
/// When they were not made by one program with one specification, so that what they came to cannot
/// be compared.
pub fn by_panel(parts: Parts) -> Result<Vec<Parts>, NotMerged> {
    let mut panels: Vec<Parts> = Vec::new();
    for (file, results) in parts {
        if let Some((first, of_first)) = panels.first().and_then(|panel| panel.first())
            && let Some(what) = difference_of_makers(of_first, &results)
        {
            return Err(NotMerged::Mismatch {
                one: first.clone(),
                other: file,
                what,
            });
        }
        let is_of = |panel: &&mut Parts| {
            let mut of_panel = panel.iter();
            of_panel.any(|(_, other)| other.target == results.target)
        };
        match panels.iter_mut().find(is_of) {
            Some(panel) => panel.push((file, results)),
            None => panels.push(vec![(file, results)]),
        }
    }
    Ok(panels)
}

fn check(specs: &Specs, parts: &[(String, Results)]) -> Result<(), NotMerged> {
    let known: BTreeSet<&str> = specs.cases().map(|case| case.id.as_str()).collect();
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    let Some((first, of_first)) = parts.first() else {
        return Err(NotMerged::TooFew);
    };
    for (file, results) in parts {
        if let Some(what) = difference(of_first, results) {
            return Err(NotMerged::Mismatch {
                one: first.clone(),
                other: file.clone(),
                what,
            });
        }
        for case in &results.cases {
            if !known.contains(case.id.as_str()) {
                return Err(NotMerged::Unknown {
                    file: file.clone(),
                    case: case.id.clone(),
                });
            }
            if let Some(other) = owners.insert(&case.id, file) {
                return Err(NotMerged::Overlap {
                    one: other.to_owned(),
                    other: file.clone(),
                    case: case.id.clone(),
                });
            }
        }
    }
    Ok(())
}

/// In what two results show that they are not of one run.
fn difference(one: &Results, other: &Results) -> Option<String> {
    let differ = [
        (one.target != other.target, "target"),
        (one.profile != other.profile, "profile"),
    ];
    difference_of_makers(one, other)
        .or_else(|| first(&differ))
        .or_else(|| difference_of_options(one, other))
}

/// In what two results show that they were not made with the same program and specification.
fn difference_of_makers(one: &Results, other: &Results) -> Option<String> {
    first(&[
        (one.tool != other.tool, "version of the program"),
        (one.contract_sha256 != other.contract_sha256, "contract"),
        (one.suites != other.suites, "suites"),
    ])
}

/// The options that were not the same, by the names that they have in results.
fn difference_of_options(one: &Results, other: &Results) -> Option<String> {
    let [one, other] = [one, other].map(|results| {
        let options = serde_json::to_value(results.options.of_all_parts());
        options.expect("options are text and lists")
    });
    let members = one.as_object()?.iter();
    let differ = members.filter(|(name, value)| other.get(name) != Some(value));
    let names: Vec<_> = differ.map(|(name, _)| format!("`{name}`")).collect();
    (!names.is_empty()).then(|| format!("options: {}", names.join(", ")))
}

fn first(differ: &[(bool, &str)]) -> Option<String> {
    let mut differ = differ.iter();
    differ.find_map(|(differs, what)| differs.then(|| (*what).to_owned()))
}

fn join(whole: &mut Results, part: Results) {
    whole.started = std::cmp::min(std::mem::take(&mut whole.started), part.started);
    whole.specified = whole.specified.and(part.specified);
    whole.planned += part.planned;
    whole.complete &= part.complete;
    join_filters(&mut whole.options, part.options);
    whole.not_begun = whole.not_begun.take().or(part.not_begun);
    whole.stopped = whole.stopped.take().or(part.stopped);
    whole.waivers.extend(part.waivers);
    for group in part.groups {
        join_group(&mut whole.groups, group);
    }
    for requirement in part.requirements {
        join_requirement(&mut whole.requirements, requirement);
    }
    for skipped in part.not_tested.skipped {
        join_skipped(&mut whole.not_tested.skipped, skipped);
    }
    let not_chosen = &part.not_tested.not_chosen;
    whole
        .not_tested
        .not_chosen
        .retain(|id| not_chosen.contains(id));
    let roles: BTreeSet<_> = whole.roles.drain(..).chain(part.roles).collect();
    whole.roles = roles.into_iter().collect();
    whole.rather = match (whole.rather.take(), part.rather) {
        (Some(mut rather), Some(other)) => {
            rather.kept += other.kept;
            rather.of += other.of;
            Some(rather)
        }
        (one, other) => one.or(other),
    };
    whole.cases.extend(part.cases);
}

fn join_filters(whole: &mut Options, part: Options) {
    if whole.filters.is_empty() || part.filters.is_empty() {
        *whole = whole.of_all_cases();
    } else {
        whole.filters.extend(part.filters);
        whole.exact &= part.exact;
    }
}

fn join_group(groups: &mut Vec<Group>, group: Group) {
    let is_alike = |other: &&mut Group| {
        other.title == group.title && other.standing == group.standing && other.kind == group.kind
    };
    match groups.iter_mut().find(is_alike) {
        Some(other) => other.cases.extend(group.cases),
        None => groups.push(group),
    }
}

fn join_requirement(all: &mut Vec<RequirementResult>, one: RequirementResult) {
    match all.iter_mut().find(|other| other.id == one.id) {
        Some(other) => other.specified = other.specified.and(one.specified),
        None => all.push(one),
    }
}

fn join_skipped(all: &mut Vec<SkippedCases>, one: SkippedCases) {
    match all.iter_mut().find(|other| other.reason == one.reason) {
        Some(other) => other.count += one.count,
        None => all.push(one),
    }
}

/// What follows from all cases: their order, how far they reached, and what it came to.
fn finish(specs: &Specs, whole: &mut Results, is_interrupted: bool) {
    let places: BTreeMap<&str, usize> = specs
        .cases()
        .enumerate()
        .map(|(place, case)| (case.id.as_str(), place))
        .collect();
    whole
        .cases
        .sort_by_key(|case| places.get(case.id.as_str()).copied());
    let order = &specs.contract.requirements;
    whole.requirements.sort_by_key(|requirement| {
        order
            .iter()
            .position(|other| other.id.value.as_str() == requirement.id)
    });
    for requirement in &mut whole.requirements {
        requirement.standings = of_requirement(&whole.cases, &requirement.id);
        requirement_outcome(&requirement.standings).clone_into(&mut requirement.outcome);
    }
    whole.counts = counts(&whole.cases);
    sort_skipped(&mut whole.not_tested.skipped);
    let conforming: BTreeSet<&str> = whole
        .cases
        .iter()
        .filter(|case| case.verdict == CaseVerdict::Conforms)
        .map(|case| case.id.as_str())
        .collect();
    let conforming = specs
        .cases()
        .filter(|case| conforming.contains(case.id.as_str()));
    whole.checks_reached = reached_by(specs, whole);
    whole.reach = super::collect::reach(conforming.map(AsRef::as_ref));
    let has_broken_suite = whole.suites.iter().any(|suite| !suite.troubles.is_empty());
    whole.exit_code = if is_interrupted {
        exit::INTERRUPTED
    } else if has_broken_suite || !whole.waivers.is_empty() {
        exit::USAGE
    } else {
        exit_code(
            &whole.counts.standings,
            whole.options.partial,
            whole.complete,
        )
    };
    whole.outcome = outcome(whole, &missing_roles(whole));
}

/// On how many routes the checks that missing ids hide were reached by all parts together.
fn reached_by(specs: &Specs, whole: &Results) -> Vec<CheckReached> {
    let Some(profile) = specs.contract.profile(&whole.profile.name) else {
        return whole.checks_reached.clone();
    };
    let sent: BTreeMap<&str, usize> = whole
        .cases
        .iter()
        .filter(|case| {
            matches!(
                case.verdict,
                CaseVerdict::Conforms | CaseVerdict::Deviates { .. }
            )
        })
        .map(|case| (case.id.as_str(), case.steps.len()))
        .collect();
    let judged: Vec<_> = specs
        .cases()
        .filter_map(|case| Some((&**case, *sent.get(case.id.as_str())?)))
        .collect();
    checks_reached(&specs.contract, profile, &judged)
}

/// The roles without keys, each with the number of cases that need it.
fn missing_roles(results: &Results) -> BTreeMap<String, usize> {
    let skipped = results.not_tested.skipped.iter().filter_map(|skipped| {
        let role = skipped.reason.strip_prefix("no key for `")?;
        Some((role.strip_suffix('`')?.to_owned(), skipped.count))
    });
    skipped.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Planned;
    use crate::report::made_up::{as_planned, run};
    use crate::report::results::Rather;
    use crate::spec::Source;
    use crate::verdict::{Deviation, Kind, Standing, Verdict};

    const PROFILE: &str = "pterodactyl-1.11";

    const PARTS: [&str; 2] = ["authentication/key-types/", "authentication/ownership/"];

    fn specs() -> Specs {
        let ids = PARTS.map(|part| format!("{part}x"));
        Specs::load_for(&Source::Embedded, &ids).unwrap()
    }

    /// A run of the cases that begin so, with the key of one role.
    fn of(specs: &Specs, begins: &[&str], verdict: fn(&Planned) -> Verdict) -> Results {
        let is_chosen = |id: &str| begins.iter().any(|begin| id.starts_with(begin));
        let cases = specs.cases().filter(|case| is_chosen(case.id.as_str()));
        run(specs, PROFILE, &["client"], (cases, verdict), |_| ())
    }

    /// Some deviate, of others nobody can say.
    fn mixed(planned: &Planned) -> Verdict {
        match (as_planned(planned), planned.case.id.as_str().len() % 4) {
            (Verdict::Conforms, 0) => Verdict::Inconclusive("nobody knows".to_owned()),
            (Verdict::Conforms, 1) => Verdict::Deviates(vec![Deviation {
                step: 0,
                kind: Kind::Reshaped,
                what: "status".to_owned(),
                expected: "200".to_owned(),
                observed: "418".to_owned(),
            }]),
            (as_planned, _) => as_planned,
        }
    }

    /// Both parts, the second first, each changed.
    fn merged(specs: &Specs, change: impl Fn(&mut [Results; 2])) -> Results {
        let [first, second] = PARTS.map(|part| of(specs, &[part], as_planned));
        let mut parts = [second, first];
        change(&mut parts);
        let named = ["second", "first"].map(str::to_owned).into_iter();
        merge(specs, named.zip(parts).collect()).unwrap()
    }

    #[test]
    fn parts_come_to_the_same_as_a_run_of_all() {
        let specs = specs();
        for verdict in [as_planned, mixed] {
            let mut whole = of(&specs, &PARTS, verdict);
            let [mut first, mut second] = PARTS.map(|part| of(&specs, &[part], verdict));
            assert!(first.cases.len() > 2 && second.cases.len() > 2);
            first.started = "2".to_owned();
            second.started = "1".to_owned();
            whole.started = "1".to_owned();
            let parts = vec![("second".to_owned(), second), ("first".to_owned(), first)];
            let mut merged = merge(&specs, parts).unwrap();
            // The groups of a whole are in their own order, and so are their cases.
            for results in [&mut whole, &mut merged] {
                results
                    .groups
                    .sort_by(|one, other| one.title.cmp(&other.title));
                for group in &mut results.groups {
                    group.cases.sort();
                }
            }
            assert!(
                whole
                    .checks_reached
                    .iter()
                    .any(|reached| reached.routes > 0)
            );
            assert_eq!(merged, whole);
        }
    }

    #[test]
    fn a_whole_is_no_better_than_its_parts() {
        let specs = specs();
        let code = |change: fn(&mut [Results; 2])| merged(&specs, change).exit_code;
        let of_sound = code(|_| ());
        assert_eq!(of_sound, exit::UNDECIDED, "keys are missing");
        for change in [
            (|parts| parts[0].exit_code = exit::INTERRUPTED) as fn(&mut [Results; 2]),
            |parts| parts[1].exit_code = exit::INTERRUPTED,
        ] {
            assert_eq!(code(change), exit::INTERRUPTED);
        }
        for change in [
            (|parts| parts[1].waivers.push("a waiver".to_owned())) as fn(&mut [Results; 2]),
            |parts| {
                for part in parts {
                    part.suites[0].troubles.push("a trouble".to_owned());
                }
            },
        ] {
            assert_eq!(code(change), exit::USAGE);
        }
    }

    #[test]
    fn what_keeps_another_contract_is_counted_over_all_parts() {
        let specs = specs();
        let rather = |kept, of| {
            let profile = "another".to_owned();
            Some(Rather { profile, kept, of })
        };
        let whole = merged(&specs, |parts| {
            parts[0].rather = rather(2, 3);
            parts[1].rather = rather(3, 5);
        });
        assert_eq!(whole.rather, rather(5, 8));
        let whole = merged(&specs, |parts| parts[1].rather = rather(3, 5));
        assert_eq!(whole.rather, rather(3, 5));
    }

    #[test]
    fn all_cases_and_some_are_all() {
        let options = of(&specs(), &PARTS[..1], as_planned).options;
        let joined = |one: (&[&str], bool), other: (&[&str], bool)| {
            let [mut whole, part] = [one, other].map(|(filters, exact)| Options {
                filters: filters.iter().map(ToString::to_string).collect(),
                exact,
                ..options.clone()
            });
            join_filters(&mut whole, part);
            (whole.filters, whole.exact)
        };
        let both = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(joined((&["a"], true), (&["b"], true)), (both.clone(), true));
        assert_eq!(joined((&["a"], true), (&["b"], false)), (both, false));
        assert_eq!(joined((&["a"], true), (&[], false)), (vec![], false));
        assert_eq!(joined((&[], false), (&["b"], true)), (vec![], false));
    }

    #[test]
    fn what_is_not_of_one_run_is_said() {
        let specs = specs();
        let refused = |change: fn(&mut Results)| {
            let [first, mut second] = PARTS.map(|part| of(&specs, &[part], as_planned));
            change(&mut second);
            let parts = vec![("one".to_owned(), first), ("two".to_owned(), second)];
            merge(&specs, parts).unwrap_err().to_string()
        };
        for (change, what) in [
            (
                (|part| part.target.name += "x") as fn(&mut Results),
                "target",
            ),
            (|part| part.profile.name += "x", "profile"),
            (|part| part.tool.version += "x", "version of the program"),
            (|part| part.contract_sha256 += "x", "contract"),
            (|part| part.suites.clear(), "suites"),
            (
                |part| {
                    part.options.partial = true;
                    part.options.trust_source = true;
                },
                "options: `trust_source`, `partial`",
            ),
        ] {
            let told = format!("one and two are not of one run: they differ in the {what}");
            assert_eq!(refused(change), told);
        }
    }

    fn group(title: &str, standing: Standing, kind: Option<Kind>, case: &str) -> Group {
        Group {
            title: title.to_owned(),
            standing,
            kind,
            reasons: Vec::new(),
            cause: None,
            cases: vec![case.to_owned()],
        }
    }

    #[test]
    fn only_groups_that_are_alike_in_everything_are_joined() {
        let (failed, advice) = (Standing::Failed, Standing::Advice);
        let (opened, closed) = (Some(Kind::Opened), Some(Kind::Closed));
        let mut groups = vec![group("a", failed, opened, "first")];
        for other in [
            group("b", failed, opened, "title"),
            group("a", advice, opened, "standing"),
            group("a", failed, closed, "kind"),
        ] {
            join_group(&mut groups, other);
        }
        assert_eq!(groups.len(), 4, "{groups:?}");
        join_group(&mut groups, group("a", failed, opened, "second"));
        assert_eq!(groups.len(), 4, "{groups:?}");
        assert_eq!(groups[0].cases, ["first", "second"]);
    }
}
