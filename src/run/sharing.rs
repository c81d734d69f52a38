//! One exchange, many verdicts: cases that send the same are judged by one answer.

use super::result::{CaseResult, StepResult};
use super::session::Session;
use crate::plan::Planned;

/// Runs cases that share an exchange. Where the first of them gets no answer, each of the others
/// tries for itself.
pub(super) async fn run_group(session: &Session, group: &[Planned]) -> Vec<CaseResult> {
    let Some((first, others)) = group.split_first() else {
        return Vec::new();
    };
    let mut results = vec![session.run_case(first).await];
    for other in others {
        let result = match judged_by(session, &results[0], other) {
            Some(result) => result,
            None => session.run_case(other).await,
        };
        results.push(result);
    }
    results
}

/// What the answer to another case says of this one.
fn judged_by(session: &Session, other: &CaseResult, planned: &Planned) -> Option<CaseResult> {
    let [answered] = other.steps.as_slice() else {
        return None;
    };
    let Ok([due]) = planned.due.as_deref() else {
        return None;
    };
    let step = StepResult {
        due: due.clone(),
        ..answered.clone()
    };
    session.note_due(due, &step.observed);
    let steps = vec![step];
    Some(CaseResult::of(planned, session.judge(&steps), steps))
}
