//! The second look: what opened or closed is observed once more before anybody is alarmed.

use std::time::Duration;

use super::result::CaseResult;
use super::session::Session;
use crate::plan::Planned;
use crate::verdict::{Deviation, Kind, Policy, Standing, Verdict};

/// How long after the run a case is looked at again: long enough for a deployment or a restart
/// to be over.
pub(super) const LATER: Duration = Duration::from_secs(30);

/// Whether nobody is to be alarmed by a result before it was seen twice.
///
/// A case that makes or writes something is not sent again.
pub(super) fn wants_a_second_look(result: &CaseResult, policy: &Policy) -> bool {
    matches!(result.kind(), Some(Kind::Opened | Kind::Closed))
        && result.standing(policy) == Standing::Failed
        && result.case.scenario.consent.is_none()
}

/// Looks once more at cases, each with its number in the plan; two different answers decide nothing.
pub(super) async fn look_again<'p>(
    session: &Session,
    planned: &impl Fn(usize) -> Option<&'p Planned>,
    policy: &Policy,
    results: &mut [(usize, CaseResult)],
) {
    if session.stopped().is_some() {
        return;
    }
    tokio::time::sleep(LATER).await;
    for (number, result) in results {
        if !wants_a_second_look(result, policy) {
            continue;
        }
        let Some(planned) = planned(*number) else {
            continue;
        };
        let again = session.run_case(planned).await;
        if told(&again) != told(result) {
            result.verdict = Ok(Verdict::Inconclusive(unstable(result, &again)));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::tests::case;
    use crate::spec::Origin;

    #[test]
    fn what_alarms_and_can_be_asked_again_is_looked_at_twice() {
        let wants = |id: &str, kinds: &[Kind]| {
            let deviation = |kind: &Kind| Deviation {
                step: 0,
                kind: *kind,
                what: "status".to_owned(),
                expected: "403".to_owned(),
                observed: "200".to_owned(),
            };
            let result = CaseResult {
                case: case(id),
                verdict: Ok(Verdict::Deviates(kinds.iter().map(deviation).collect())),
                origin: Origin::Observed,
                steps: Vec::new(),
            };
            wants_a_second_look(&result, &Policy::default())
        };
        let reads = "authentication/admin-client-key/reading/get-api-application-users";
        assert!(wants(reads, &[Kind::Opened]) && wants(reads, &[Kind::Closed]));
        assert!(wants(reads, &[Kind::Reworded, Kind::Opened]));
        assert!(!wants(reads, &[Kind::Reshaped]), "nobody is alarmed");
        let should = "authentication/admin-client-key/refused/get-api-application-users";
        assert!(!wants(should, &[Kind::Opened]), "it fails no run");
        let writes = "authentication/key-types/writing/post-api-client-account-ssh-keys";
        assert!(!wants(writes, &[Kind::Opened]), "it is not sent again");
    }
}
