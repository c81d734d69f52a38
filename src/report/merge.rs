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
    use crate::verdict::{Kind, Standing};

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
