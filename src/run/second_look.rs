//! The second look: what opened or closed is observed once more before anybody is alarmed.

use std::time::Duration;

use super::result::CaseResult;
use super::session::Session;
use crate::plan::Plan;
use crate::verdict::{Deviation, Kind, Policy, Standing, Verdict};

/// How long after the run a case is looked at again: long enough for a deployment or a restart
/// to be over.
const LATER: Duration = Duration::from_secs(30);

/// Looks at what opened or closed `times` times more; two different answers decide nothing.
///
/// A case that makes or writes something is not sent again.
pub async fn look_again(
    session: &Session,
    plan: &Plan,
    policy: &Policy,
    times: u8,
    results: &mut [CaseResult],
) {
    let alarming = |result: &CaseResult| {
        matches!(result.kind(), Some(Kind::Opened | Kind::Closed))
            && result.standing(policy) == Standing::Failed
            && result.case.scenario.consent.is_none()
    };
    for _ in 0..times {
        if session.stopped().is_some() || !results.iter().any(alarming) {
            return;
        }
        tokio::time::sleep(LATER).await;
        for (planned, result) in plan.cases.iter().zip(results.iter_mut()) {
            if alarming(result) {
                let again = session.run_case(planned).await;
                if told(&again) != told(result) {
                    result.verdict = Ok(Verdict::Inconclusive(unstable(result, &again)));
                }
            }
        }
    }
}

/// What a result says of the panel, as one text.
fn told(result: &CaseResult) -> String {
    match &result.verdict {
        Ok(Verdict::Deviates(deviations)) => in_words(deviations),
        Ok(Verdict::Conforms) => "it conforms".to_owned(),
        Ok(Verdict::Skipped(skip)) => skip.to_string(),
        Ok(Verdict::Inconclusive(why)) | Err(why) => why.clone(),
    }
}

fn in_words(deviations: &[Deviation]) -> String {
    deviations
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("; ")
}

fn unstable(first: &CaseResult, second: &CaseResult) -> String {
    format!(
        "unstable: first {}; {} s later {}",
        told(first),
        LATER.as_secs(),
        told(second)
    )
}
