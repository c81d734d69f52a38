//! What is wrong with faults, their table, and cases that nothing kills.

use std::fmt;
use std::sync::Arc;

use super::Options;
use super::baseline::{Course, Miss};
use super::matrix::{FaultResult, Matrix};
use super::table::{Claim, Table, is_within};
use crate::spec::{Case, CaseId, RequirementId, Specs};

/// Something that is not proven.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// The table names a fault that does not exist.
    UnknownFault(String),
    /// The table says nothing of a fault.
    Unlisted(String),
    /// A fault violates a requirement that does not exist.
    UnknownRequirement(String, RequirementId),
    /// A witness of a fault is no case.
    UnknownWitness(String, String),
    /// A fault has no witness.
    NoWitness(String),
    /// A witness conforms on none of the panels on which its fault is tried.
    IdleWitness(String, CaseId),
    /// A witness conforms although the fault is there.
    Survives(String, CaseId),
    /// A witness cites no requirement that the fault violates.
    StrayWitness(String, CaseId),
    /// A case that a fault kills cites neither what it violates nor what it touches.
    Uncited(String, CaseId, Vec<RequirementId>),
    /// A fault that nothing is said to notice is noticed.
    Seen(String),
    /// Somebody asked for a fault, and no case notices it.
    Unnoticed(String),
    /// A case conforms whatever is wrong.
    Unproven(CaseId),
    /// A case conforms on no sound panel, for this reason, and nobody says so.
    Nowhere(CaseId, String),
    /// A case conforms on a sound panel, and is listed as conforming on none.
    Somewhere(CaseId),
    /// What is listed as conforming nowhere is no case.
    UnknownNowhere(String),
}

impl Failure {
    /// Whether it is about a case, and not about a claim of the table.
    pub(super) fn is_of_case(&self) -> bool {
        matches!(self, Self::Unproven(_) | Self::Nowhere(..))
    }

    /// Whether it can be said: of witnesses nothing, unless all panels are tried, and of somebody's
    /// own cases not that they do not cite the built-in requirements.
    fn is_said(&self, result: &FaultResult, options: &Options) -> bool {
        match self {
            Self::Uncited(..) | Self::StrayWitness(..) => {
                let claim = result.claim.as_ref();
                claim.is_some_and(|claim| claim.is_by_citation(options))
            }
            Self::IdleWitness(..) | Self::Survives(..) => options.has_all_panels(),
            Self::NoWitness(_) if options.has_all_panels() => true,
            Self::NoWitness(_) => result.claim.as_ref().is_some_and(|claim| !claim.by_rule),
            _ => true,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownFault(name) => write!(f, "the table names `{name}`, which is no fault"),
            Self::Unlisted(fault) => write!(f, "{fault}: the table says nothing of it"),
            Self::UnknownRequirement(fault, id) => {
                write!(f, "{fault}: there is no requirement `{id}`")
            }
            Self::UnknownWitness(fault, id) => {
                write!(f, "{fault}: its witness `{id}` is no case")
            }
            Self::NoWitness(fault) => write!(f, "{fault}: no case is its witness"),
            Self::IdleWitness(fault, id) => {
                write!(
                    f,
                    "{fault}: its witness `{id}` conforms on no panel that was tried"
                )
            }
            Self::Survives(fault, id) => {
                write!(f, "{fault}: its witness `{id}` does not notice it")
            }
            Self::StrayWitness(fault, id) => {
                write!(
                    f,
                    "{fault}: its witness `{id}` cites no requirement that it violates"
                )
            }
            Self::Uncited(fault, id, requirements) => {
                let cited: Vec<_> = requirements.iter().map(ToString::to_string).collect();
                write!(
                    f,
                    "{fault}: `{id}` notices it and cites {}, which it is not said to violate or touch",
                    cited.join(", ")
                )
            }
            Self::Seen(fault) => write!(f, "{fault}: is noticed, though it is listed as unseen"),
            Self::Unnoticed(fault) => write!(f, "{fault}: no case notices it"),
            Self::Unproven(id) => write!(f, "{id}: no fault makes it deviate"),
            Self::Nowhere(id, why) => write!(f, "{id}: {why}"),
            Self::Somewhere(id) => {
                write!(f, "{id}: conforms, though it is listed under `nowhere`")
            }
            Self::UnknownNowhere(id) => {
                write!(f, "`{id}`: is listed under `nowhere`, and is no case")
            }
        }
    }
}

/// Everything that is not proven, faults first.
pub(super) fn failures(
    matrix: &Matrix,
    table: &Table,
    specs: &Specs,
    options: &Options,
) -> Vec<Failure> {
    let mut failures = Vec::new();
    if options.has_table() {
        let strangers = table.strangers(options.additions.all()).map(str::to_owned);
        failures.extend(strangers.map(Failure::UnknownFault));
        for result in matrix.faults.iter().filter(|one| options.judges(one)) {
            let found = of_fault(result, specs).into_iter();
            failures.extend(found.filter(|one| one.is_said(result, options)));
        }
    } else if !options.faults.is_empty() {
        let unnoticed = matrix.faults.iter().filter(|one| one.killed.is_empty());
        failures.extend(unnoticed.map(|one| Failure::Unnoticed(one.name.clone())));
    }
    if options.faults.is_empty() {
        let cases: Vec<_> = specs.cases().collect();
        let unproven = matrix.conforming.difference(&matrix.proven);
        failures.extend(unproven.map(|number| Failure::Unproven(cases[*number].id.clone())));
        failures.extend(nowhere(matrix, table, &cases, options));
    }
    failures
}

/// Cases that conform on no sound panel without a reason, and reasons that do not hold.
fn nowhere(
    matrix: &Matrix,
    table: &Table,
    cases: &[&Arc<Case>],
    options: &Options,
) -> Vec<Failure> {
    let mut failures = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        let why = table.why_nowhere(&case.id).filter(|_| options.has_table());
        match (matrix.misses.get(&number), why) {
            (None, Some(_)) => failures.push(Failure::Somewhere(case.id.clone())),
            (Some(miss), None) if options.is_failure(miss) => {
                failures.push(Failure::Nowhere(case.id.clone(), miss.why.clone()));
            }
            _ => {}
        }
    }
    for id in table.nowhere().filter(|_| options.has_table()) {
        if !cases.iter().any(|case| is_within(&case.id, id)) {
            failures.push(Failure::UnknownNowhere(id.to_owned()));
        }
    }
    failures
}

impl Options {
    /// Whether there is a table that speaks of the suites.
    pub(super) fn has_table(&self) -> bool {
        !self.foreign || self.table.is_some()
    }

    /// Whether the sound panels of all profiles are tried.
    pub(super) const fn has_all_panels(&self) -> bool {
        self.profiles.is_empty()
    }

    /// Whether the table has to say something of a fault: the built-in one speaks of all, another
    /// of those that it lists, and of those that somebody asks for.
    fn judges(&self, result: &FaultResult) -> bool {
        let mut asked = self.faults.iter();
        let is_asked = asked.any(|fault| fault.to_string() == result.name);
        // A rule for every route says nothing of routes that somebody's suites do not ask.
        let says_something = |claim: &Claim| !(claim.by_rule && claim.witnesses.is_empty());
        let is_listed = || result.claim.as_ref().is_some_and(says_something);
        self.table.is_none() || is_asked || is_listed()
    }

    /// Whether it is wrong that a case conforms on none of the panels. The built-in cases are each
    /// for some of them; somebody's own that was answered otherwise is for another one, or wrong.
    pub(super) fn is_failure(&self, miss: &Miss) -> bool {
        self.has_all_panels() || (self.foreign && miss.course == Course::Answered)
    }
}

fn of_fault(result: &FaultResult, specs: &Specs) -> Vec<Failure> {
    let name = || result.name.clone();
    let Some(claim) = &result.claim else {
        return vec![Failure::Unlisted(name())];
    };
    let mut failures = Vec::new();
    for id in claim.violates.iter().chain(&claim.touches) {
        if specs.contract.requirement(id).is_none() {
            failures.push(Failure::UnknownRequirement(name(), id.clone()));
        }
    }
    for id in &claim.unknown {
        failures.push(Failure::UnknownWitness(name(), id.clone()));
    }
    let cases: Vec<_> = specs.cases().collect();
    if claim.unseen.is_some() {
        if !result.killed.is_empty() {
            failures.push(Failure::Seen(name()));
        }
        return failures;
    }
    let is_asked = |number: &&usize| result.asked.contains(number);
    let has_none = if claim.by_rule {
        !claim.witnesses.iter().any(|number| is_asked(&number))
    } else {
        claim.witnesses.is_empty() && claim.unknown.is_empty()
    };
    if has_none {
        failures.push(Failure::NoWitness(name()));
    }
    for number in &claim.witnesses {
        let id = || cases[*number].id.clone();
        if !claim.by_rule && !claim.violates_one_of(&cases[*number].scenario.requires) {
            failures.push(Failure::StrayWitness(name(), id()));
        }
        if !is_asked(&number) {
            if !claim.by_rule {
                failures.push(Failure::IdleWitness(name(), id()));
            }
        } else if !result.killed.contains(number) {
            failures.push(Failure::Survives(name(), id()));
        }
    }
    for case in result.sharply.iter().map(|number| cases[*number]) {
        let requires = &case.scenario.requires;
        if !claim.expects_one_of(requires) {
            let requires = requires.clone();
            failures.push(Failure::Uncited(name(), case.id.clone(), requires));
        }
    }
    failures
}

#[cfg(test)]
mod tests {
    use super::super::table::Claim;
    use super::super::tests::{faults, table};
    use super::{Failure, FaultResult, Options, Specs, of_fault};
    use crate::spec::Source;

    fn claimed(change: impl FnOnce(&mut Claim)) -> FaultResult {
        let mut claim = Claim::default();
        change(&mut claim);
        FaultResult::new("html-errors".to_owned(), Some(claim))
    }

    #[test]
    fn of_witnesses_nothing_is_said_unless_all_panels_are_tried() {
        let all = Options::default();
        let one = Options {
            profiles: vec!["x".to_owned()],
            ..Options::default()
        };
        let id = || "a/b".parse().expect("an id");
        let by_hand = claimed(|_| ());
        for failure in [
            Failure::IdleWitness("x".into(), id()),
            Failure::Survives("x".into(), id()),
        ] {
            assert!(failure.is_said(&by_hand, &all));
            assert!(!failure.is_said(&by_hand, &one));
        }
        // A rule may have witnesses for other panels; an entry that names none has none anywhere.
        let by_rule = claimed(|claim| claim.by_rule = true);
        let none = Failure::NoWitness("x".into());
        assert!(none.is_said(&by_rule, &all) && none.is_said(&by_hand, &all));
        assert!(!none.is_said(&by_rule, &one));
        assert!(none.is_said(&by_hand, &one));
        assert!(Failure::Unlisted("x".into()).is_said(&by_hand, &one));
    }

    #[test]
    fn of_somebodys_own_cases_it_is_not_said_that_they_cite_no_built_in_requirement() {
        let own = Options {
            foreign: true,
            ..Options::default()
        };
        let id = || "a/b".parse().expect("an id");
        let citing = claimed(|claim| claim.violates.push("X-1".parse().expect("an id")));
        for failure in [
            Failure::StrayWitness("x".into(), id()),
            Failure::Uncited("x".into(), id(), Vec::new()),
        ] {
            assert!(failure.is_said(&claimed(|_| ()), &Options::default()));
            assert!(!failure.is_said(&claimed(|_| ()), &own));
            assert!(failure.is_said(&citing, &own));
        }
    }

    #[test]
    fn another_table_than_the_built_in_one_speaks_of_what_it_lists() {
        let built_in = Options::default();
        let other = Options {
            table: Some(table("")),
            ..Options::default()
        };
        let asked = Options {
            faults: faults(&["debug-mode", "html-errors"]),
            ..other.clone()
        };
        let unlisted = FaultResult::new("html-errors".to_owned(), None);
        let by_hand = claimed(|_| ());
        let empty_rule = claimed(|claim| claim.by_rule = true);
        let rule = claimed(|claim| {
            claim.by_rule = true;
            claim.witnesses.push(0);
        });
        for (options, judged) in [
            (built_in, [true, true, true, true]),
            (other, [false, true, false, true]),
            (asked, [true, true, true, true]),
        ] {
            let results = [&unlisted, &by_hand, &empty_rule, &rule];
            assert_eq!(results.map(|one| options.judges(one)), judged);
        }
    }

    /// What is said of a fault with a claim, which was tried on all its witnesses.
    fn told(change: impl FnOnce(&mut Claim, &mut FaultResult)) -> Vec<&'static str> {
        let specs = Specs::load(&Source::Embedded).expect("the built-in specification");
        let cited = specs
            .cases()
            .next()
            .expect("a case")
            .scenario
            .requires
            .clone();
        let mut claim = Claim {
            violates: cited,
            witnesses: vec![0],
            ..Claim::default()
        };
        let mut result = FaultResult::new("fault".to_owned(), None);
        result.asked.insert(0);
        result.killed.insert(0);
        result.sharply.insert(0);
        change(&mut claim, &mut result);
        result.claim = Some(claim);
        let kinds = of_fault(&result, &specs)
            .into_iter()
            .map(|failure| match failure {
                Failure::UnknownRequirement(..) => "requirement",
                Failure::UnknownWitness(..) => "case",
                Failure::NoWitness(_) => "none",
                Failure::IdleWitness(..) => "idle",
                Failure::Survives(..) => "survives",
                Failure::StrayWitness(..) => "stray",
                Failure::Uncited(..) => "uncited",
                Failure::Seen(_) => "seen",
                _ => "other",
            });
        kinds.collect()
    }

    #[test]
    fn a_claim_that_holds_is_no_failure() {
        assert_eq!(told(|_, _| ()), [""; 0]);
    }

    #[test]
    fn each_claim_can_fail() {
        assert_eq!(told(|_, result| result.killed = [1].into()), ["survives"]);
        assert_eq!(told(|_, result| result.asked.clear()), ["idle"]);
        let by_rule = |claim: &mut Claim, result: &mut FaultResult| {
            claim.by_rule = true;
            result.asked.clear();
        };
        assert_eq!(told(by_rule), ["none"]);
        assert_eq!(told(|claim, _| claim.witnesses.clear()), ["none"]);
        assert_eq!(told(|claim, _| claim.unknown.push("x".into())), ["case"]);
        assert_eq!(told(|claim, _| claim.unseen = Some("so".into())), ["seen"]);
        let stranger = |claim: &mut Claim, _: &mut FaultResult| {
            claim.violates.push("NO-SUCH".parse().expect("an id"));
        };
        assert_eq!(told(stranger), ["requirement"]);
        let touched = |claim: &mut Claim, _: &mut FaultResult| {
            claim.touches.push("NO-SUCH".parse().expect("an id"));
        };
        assert_eq!(told(touched), ["requirement"]);
    }

    #[test]
    fn a_case_that_notices_a_fault_is_about_something_that_it_violates_or_touches() {
        let violates_nothing = |claim: &mut Claim| std::mem::take(&mut claim.violates);
        let cited = told(|claim, _| {
            violates_nothing(claim);
        });
        assert_eq!(cited, ["stray", "uncited"]);
        let touched = told(|claim, _| claim.touches = violates_nothing(claim));
        assert_eq!(touched, ["stray"]);
        let by_rule = told(|claim, _| {
            claim.touches = violates_nothing(claim);
            claim.by_rule = true;
        });
        assert_eq!(by_rule, [""; 0]);
        let blunt = told(|claim, result| {
            violates_nothing(claim);
            claim.by_rule = true;
            result.sharply.clear();
        });
        assert_eq!(blunt, [""; 0]);
    }
}
