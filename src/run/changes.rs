//! What has changed between two recordings, held against the step from one contract to the other.
//! Pure.
//!
//! Both answers to a case are measured by the contract that is to hold afterwards. What only the
//! second deviates in is not expected; what only the first deviates in is the step, or a
//! deviation that is gone; what both deviate in, though the first kept the contract that held
//! before, did not happen.
//!
//! Where only one of the two contracts speaks of a case, only one of the recordings has an answer
//! to it, as a rule. What the second contract newly states is held against the second recording:
//! it is expected where that keeps it, and not expected where it does not. What is stated no
//! longer is told, and judged by nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::rejudge::Rejudge;
use super::result::CaseResult;
use crate::exchange::Observation;
use crate::plan::{Due, Plan, Planned, first_unstated};
use crate::spec::{Case, Endpoint, KeyUse, Level, Profile};
use crate::verdict::{Deviation, Judged, Kind, Skip, Verdict, judge};

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
    /// The contract says nothing of it any longer.
    NoLongerStated,
}

/// Why a contract has no say in a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// It does not speak of the reason.
    NothingSaid,
    /// Its panels do not have the route.
    NoRoute,
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
    /// Why one of the contracts has no say in it, if one has none.
    pub silence: Option<Silence>,
    /// What was due there before; none where nothing was stated.
    pub was_due: Option<Due>,
    /// What is due there now; none where nothing is stated any longer.
    pub due: Option<Due>,
    /// What was answered there; none where it was not asked.
    pub before: Option<Observation>,
    /// What is answered there; none where it was not asked.
    pub after: Option<Observation>,
    /// In what they differ there: what, before, after.
    pub differences: Vec<(String, String, String)>,
}

/// What two recordings have in common and not.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// What has changed or should have, in the order of the specification.
    pub changes: Vec<Change>,
    /// How many cases were compared, or held to what is newly stated.
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
                sides: [before, after],
                was: planned,
                is: other,
                // Under the contract of afterwards, whatever was due before.
                before: &before.rejudge.result(other),
                after: &after.rejudge.result(other),
            };
            match pair.compare()? {
                Ok(changes) => found.add(changes),
                Err(why) => found.leave_out(&why),
            }
        }
        found.excuse(&before.profile, &after.profile);
        Ok(found)
    }

    fn add(&mut self, changes: Vec<Change>) {
        let is_held_to = |change: &Change| change.course != Course::NoLongerStated;
        self.compared += usize::from(changes.iter().all(is_held_to));
        self.changes.extend(changes);
    }

    /// What good practice alone did not expect, the contract may: then the same request of another
    /// case has changed alike, or panels of the second contract are known not to keep that clause.
    fn excuse(&mut self, before: &Profile, after: &Profile) {
        let expected: Vec<_> = self
            .of(Course::Expected, false)
            .filter_map(Change::trace)
            .collect();
        for change in &mut self.changes {
            let scenario = &change.case.scenario;
            let mut clauses = scenario.requires.iter();
            let is_known = change.kind != Kind::Opened
                && clauses.any(|clause| !before.is_unkept(clause) && after.is_unkept(clause));
            let has_changed_alike = change
                .trace()
                .is_some_and(|trace| expected.contains(&trace));
            if change.course == Course::NotExpected
                && scenario.level == Level::Should
                && (is_known || has_changed_alike)
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
        let (before, after) = (self.before.as_ref()?, self.after.as_ref()?);
        Some((endpoint, key, before.status, after.status))
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
    sides: [&'p Side<'p>; 2],
    was: &'p Planned,
    is: &'p Planned,
    before: &'p CaseResult,
    after: &'p CaseResult,
}

impl Pair<'_> {
    /// What has changed; inside, why it cannot be said.
    fn compare(&self) -> Result<Result<Vec<Change>, String>, String> {
        if let Some(silence) = silence(self.is) {
            return Ok(self.no_longer_stated(silence));
        }
        if let Some(silence) = silence(self.was)
            && !self.has_answers(0)
        {
            return self.newly_stated(silence);
        }
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

    /// What only the contract of afterwards speaks of: whether it is kept.
    fn newly_stated(&self, silence: Silence) -> Result<Result<Vec<Change>, String>, String> {
        let after = match deviations(self.after)? {
            Ok(after) => after,
            Err(why) => return Ok(Err(format!("after: {why}"))),
        };
        let mut changes = self.change(Course::NotExpected, after);
        if after.is_empty() {
            let step = self.unstated_step(0, self.was);
            changes.extend(self.change_at(Course::Expected, Kind::Reshaped, step));
        }
        for change in &mut changes {
            change.silence = Some(silence);
            change.before = None;
        }
        Ok(Ok(changes))
    }

    /// What only the contract of before speaks of: what was answered then, and is, if it was asked.
    fn no_longer_stated(&self, silence: Silence) -> Result<Vec<Change>, String> {
        let why = || match &self.is.due {
            Err(skip) => skip.to_string(),
            Ok(_) => String::new(),
        };
        let step = self.unstated_step(1, self.is);
        let change = self.change_at(Course::NoLongerStated, Kind::Reshaped, step);
        let mut change = change
            .filter(|change| change.was_due.is_some() && change.before.is_some())
            .ok_or_else(why)?;
        change.silence = Some(silence);
        let said = |observed: &Observation| (observed.status, observed.code().map(str::to_owned));
        if change.before.as_ref().map(said) == change.after.as_ref().map(said) {
            return Err(why());
        }
        Ok(vec![change])
    }

    /// The step of which the contract of a side says nothing.
    fn unstated_step(&self, side: usize, planned: &Planned) -> usize {
        let side = self.sides[side];
        let version = side.rejudge.agreement().version.as_ref();
        let contract = side.rejudge.contract();
        let found = first_unstated(contract, &planned.case, &side.profile, version);
        found.unwrap_or_else(|| planned.case.steps.len().saturating_sub(1))
    }

    fn has_answers(&self, side: usize) -> bool {
        self.sides[side]
            .rejudge
            .has_answers(self.is.case.id.as_str())
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
        let contract = self.sides[0].rejudge.contract();
        Ok(match judge(&judged, contract)? {
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
        let here = differences.iter().filter(|d| d.step == step);
        let difference = |d: &Deviation| match course {
            Course::Expected => (d.what.clone(), d.observed.clone(), d.expected.clone()),
            _ => (d.what.clone(), d.expected.clone(), d.observed.clone()),
        };
        let change = self.change_at(course, kind, step).map(|change| Change {
            differences: here.map(difference).collect(),
            ..change
        });
        change.into_iter().collect()
    }

    /// A change at a step, if anything was answered there.
    fn change_at(&self, course: Course, kind: Kind, step: usize) -> Option<Change> {
        let due = |planned: &Planned| planned.due.as_ref().ok()?.get(step).cloned();
        let id = self.is.case.id.as_str();
        let [before, after] = self.sides.map(|side| {
            let observed = side.rejudge.observed(id);
            observed.into_iter().nth(step)
        });
        if before.is_none() && after.is_none() {
            return None;
        }
        Some(Change {
            case: Arc::clone(&self.is.case),
            course,
            kind,
            step,
            silence: None,
            was_due: due(self.was),
            due: due(self.is),
            before,
            after,
            differences: Vec::new(),
        })
    }
}

/// Why the contract of a plan has no say in a case, if it has none.
fn silence(planned: &Planned) -> Option<Silence> {
    match &planned.due {
        Err(Skip::NotStated(_)) => Some(Silence::NothingSaid),
        Err(Skip::NoRoute(_)) => Some(Silence::NoRoute),
        _ => None,
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

#[cfg(test)]
mod tests;
