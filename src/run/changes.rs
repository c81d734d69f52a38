//! What has changed between two recordings, held against the step from one contract to the other.
//! Pure.
//!
//! Both answers to a case are measured by the contract that is to hold afterwards. What only the
//! second deviates in is not expected; what only the first deviates in is the step, or a
//! deviation that is gone; what both deviate in, though the first kept the contract that held
//! before, did not happen.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::rejudge::Rejudge;
use super::result::CaseResult;
use crate::exchange::Observation;
use crate::plan::{Due, Plan, Planned};
use crate::spec::{Case, Contract, Endpoint, KeyUse, Level, Profile};
use crate::verdict::{Deviation, Judged, Kind, Verdict, judge};

/// How a change stands to the step from one contract to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Course {
    /// The contract does not say so.
    NotExpected,
    /// The contract says that it changes, and it has not.
    DidNotHappen,
    /// The answer is now what the contract says.
    Expected,
    /// The contract says so, although good practice is another.
    AgainstGoodPractice,
}

/// Something that has changed, or should have.
#[derive(Clone, Debug)]
pub struct Change {
    /// The case that shows it.
    pub case: Arc<Case>,
    /// How it stands to the contracts.
    pub course: Course,
    /// The gravest kind of the differences.
    pub kind: Kind,
    /// The first step that shows it, from 0.
    pub step: usize,
    /// What was due there before; none where nothing was stated.
    pub was_due: Option<Due>,
    /// What is due there now.
    pub due: Due,
    /// What was answered there.
    pub before: Observation,
    /// What is answered there.
    pub after: Observation,
    /// In what they differ there: what, before, after.
    pub differences: Vec<(String, String, String)>,
}

/// What two recordings have in common and not.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// What has changed or should have, in the order of the specification.
    pub changes: Vec<Change>,
    /// How many cases were compared.
    pub compared: usize,
    /// How many could not be, by the reason.
    pub not_compared: BTreeMap<String, usize>,
    /// How many were asked in neither recording.
    pub in_neither: usize,
}

/// A recording, and the profile whose contract it is held to.
pub struct Side<'r> {
    /// The recording.
    pub rejudge: Rejudge<'r>,
    /// The profile.
    pub profile: Arc<Profile>,
}

impl Changes {
    /// Compares two recordings of the same suites.
    ///
    /// # Errors
    ///
    /// When an answer cannot be judged: then the specification is wrong.
    pub fn between(before: &Side<'_>, after: &Side<'_>) -> Result<Self, String> {
        let plans = [before, after].map(|side| side.rejudge.plan(&side.profile));
        let [was, is] = plans.each_ref().map(by_id);
        let mut found = Self::default();
        for id in in_order(&plans) {
            let (planned, other) = match (was.get(id), is.get(id)) {
                (Some(was), Some(is)) => (*was, *is),
                (Some(_), None) => {
                    found.leave_out("only the first recording has the case");
                    continue;
                }
                (None, _) => {
                    found.leave_out("only the second recording has the case");
                    continue;
                }
            };
            if !before.rejudge.has_answers(id) && !after.rejudge.has_answers(id) {
                found.in_neither += 1;
                continue;
            }
            let pair = Pair {
                contract: before.rejudge.contract(),
                was: planned,
                is: other,
                // Under the contract of afterwards, whatever was due before.
                before: &before.rejudge.result(other),
                after: &after.rejudge.result(other),
            };
            match pair.compare()? {
                Ok(changes) => {
                    found.compared += 1;
                    found.changes.extend(changes);
                }
                Err(why) => found.leave_out(&why),
            }
        }
        found.excuse();
        Ok(found)
    }

    /// What good practice alone did not expect, the contract may: then the same request of another
    /// case has changed alike.
    fn excuse(&mut self) {
        let expected: Vec<_> = self
            .of(Course::Expected, false)
            .map(Change::trace)
            .collect();
        for change in &mut self.changes {
            let is_practice = change.case.scenario.level == Level::Should;
            if is_practice
                && change.course == Course::NotExpected
                && expected.contains(&change.trace())
            {
                change.course = Course::AgainstGoodPractice;
            }
        }
    }

    fn leave_out(&mut self, why: &str) {
        *self.not_compared.entry(why.to_owned()).or_default() += 1;
    }

    /// The changes of a course, other words left out or alone.
    pub fn of(&self, course: Course, reworded: bool) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(move |change| {
            change.course == course && (change.kind == Kind::Reworded) == reworded
        })
    }
}

impl Change {
    /// What was asked with whose key, and which statuses it had.
    fn trace(&self) -> Option<(Endpoint, KeyUse, u16, u16)> {
        let request = &self.case.steps.get(self.step)?.request;
        let (endpoint, key) = (request.endpoint.clone(), request.key.clone());
        Some((endpoint, key, self.before.status, self.after.status))
    }
}

fn by_id(plan: &Plan) -> BTreeMap<&str, &Planned> {
    let cases = plan.cases.iter();
    cases
        .map(|planned| (planned.case.id.as_str(), planned))
        .collect()
}

/// The ids of both, in the order of the first, then those of the second alone.
fn in_order(plans: &[Plan; 2]) -> Vec<&str> {
    let [first, second] = plans;
    let known = by_id(first);
    let others = second.cases.iter().map(|planned| planned.case.id.as_str());
    let others = others.filter(|id| !known.contains_key(id));
    let of_first = first.cases.iter().map(|planned| planned.case.id.as_str());
    of_first.chain(others).collect()
}

/// A case of which there are two recordings.
struct Pair<'p> {
    contract: &'p Contract,
    was: &'p Planned,
    is: &'p Planned,
    before: &'p CaseResult,
    after: &'p CaseResult,
}

impl Pair<'_> {
    /// What has changed; inside, why it cannot be said.
    fn compare(&self) -> Result<Result<Vec<Change>, String>, String> {
        let (before, after) = match (deviations(self.before)?, deviations(self.after)?) {
            (Ok(before), Ok(after)) => (before, after),
            (Err(one), Err(two)) if one == two => return Ok(Err(one)),
            (Err(why), _) => return Ok(Err(format!("before: {why}"))),
            (_, Err(why)) => return Ok(Err(format!("after: {why}"))),
        };
        if [self.before, self.after]
            .into_iter()
            .any(is_spent_by_others)
        {
            return Ok(Err(
                "others have spent the limit whose counts it compares".to_owned()
            ));
        }
        let come = without(after, before);
        if !come.is_empty() {
            return Ok(Ok(self.change(Course::NotExpected, &come)));
        }
        let mut changes = self.change(Course::Expected, &without(before, after));
        let stayed: Vec<_> = after.iter().filter(|d| has(before, d)).cloned().collect();
        changes.extend(self.change(Course::DidNotHappen, &self.new_demands(stayed)?));
        Ok(Ok(changes))
    }

    /// Those deviations that the contract of before did not see in the same answers.
    fn new_demands(&self, stayed: Vec<Deviation>) -> Result<Vec<Deviation>, String> {
        let Ok(due) = &self.was.due else {
            return Ok(Vec::new());
        };
        if stayed.is_empty() {
            return Ok(stayed);
        }
        let steps = due.iter().zip(&self.before.steps);
        let judged: Vec<_> = steps
            .map(|(due, step)| Judged {
                expected: &due.expected,
                observed: &step.observed,
            })
            .collect();
        Ok(match judge(&judged, self.contract)? {
            Verdict::Deviates(old) => {
                let is_new =
                    |d: &Deviation| !old.iter().any(|o| o.step == d.step && o.what == d.what);
                stayed.into_iter().filter(is_new).collect()
            }
            _ => stayed,
        })
    }

    /// The change that differences make, if there are any.
    fn change(&self, course: Course, differences: &[Deviation]) -> Vec<Change> {
        let first = differences.iter().map(|d| d.step).min();
        let kind = differences.iter().map(|d| d.kind).min();
        let (Some(step), Some(kind)) = (first, kind) else {
            return Vec::new();
        };
        let due = self.is.due.as_ref().ok().and_then(|due| due.get(step));
        let seen = |result: &CaseResult| result.steps.get(step).map(|s| s.observed.clone());
        let (Some(due), Some(before), Some(after)) = (due, seen(self.before), seen(self.after))
        else {
            return Vec::new();
        };
        let was_due = self.was.due.as_ref().ok().and_then(|due| due.get(step));
        let here = differences.iter().filter(|d| d.step == step);
        let difference = |d: &Deviation| match course {
            Course::Expected => (d.what.clone(), d.observed.clone(), d.expected.clone()),
            _ => (d.what.clone(), d.expected.clone(), d.observed.clone()),
        };
        vec![Change {
            case: Arc::clone(&self.is.case),
            course,
            kind,
            step,
            was_due: was_due.cloned(),
            due: due.clone(),
            differences: here.map(difference).collect(),
            before,
            after,
        }]
    }
}

/// Whether all that is wrong is a count that is not less than another: where nothing is left, it
/// cannot be.
#[must_use]
pub fn is_spent_by_others(result: &CaseResult) -> bool {
    let is_count =
        |d: &Deviation| d.what == "header x-ratelimit-remaining" && d.observed == "\"0\"";
    match &result.verdict {
        Ok(Verdict::Deviates(found)) => result.case.compares_counts() && found.iter().all(is_count),
        _ => false,
    }
}

/// The deviations of a result; inside, why it has none to compare.
fn deviations(result: &CaseResult) -> Result<Result<&[Deviation], String>, String> {
    match &result.verdict {
        Ok(Verdict::Conforms) => Ok(Ok(&[])),
        Ok(Verdict::Deviates(deviations)) => Ok(Ok(deviations)),
        Ok(Verdict::Skipped(skip)) => Ok(Err(skip.to_string())),
        Ok(Verdict::Inconclusive(why)) => Ok(Err(why.clone())),
        Err(why) => Err(format!("{}: {why}", result.case.id)),
    }
}

/// Whether a deviation is among others; of headers and shapes it counts that they deviate, not how.
fn has(all: &[Deviation], one: &Deviation) -> bool {
    let counts = matches!(one.what.as_str(), "status" | "/errors/0/code");
    all.iter().any(|other| {
        other.step == one.step
            && other.what == one.what
            && (!counts || other.observed == one.observed)
    })
}

fn without(all: &[Deviation], others: &[Deviation]) -> Vec<Deviation> {
    all.iter().filter(|d| !has(others, d)).cloned().collect()
}
