//! The breaker: a panel that is in trouble is left alone.

use std::sync::{Mutex, PoisonError};

use crate::exchange::{Body, Observation, TransportError};
use crate::spec::Signature;
use crate::verdict::shows;

/// How many challenge pages or maintenance answers in a row end a run.
const SIGNS: usize = 3;

/// How many time-outs or server errors in a row end a run.
const ERRORS: usize = 5;

/// Counts answers that say that a panel is in trouble, and ends the run after some in a row.
#[derive(Debug, Default)]
pub(crate) struct Breaker(Mutex<Trouble>);

#[derive(Debug, Default)]
struct Trouble {
    signs: usize,
    errors: usize,
    sent: usize,
    stopped: Option<String>,
}

impl Breaker {
    /// Why the run has ended, if it has.
    pub(crate) fn stopped(&self) -> Option<String> {
        self.lock().stopped.clone()
    }

    /// Notes an answer.
    pub(crate) fn note(&self, answer: &Observation, signatures: &[Signature]) {
        let sign = signatures.iter().find(|signature| shows(signature, answer));
        // A spent limit is for pacing; it ends nothing.
        let sign = sign.filter(|_| answer.status != 429 || answer.header("retry-after").is_none());
        // A panel that says that its daemon is away is not in trouble itself.
        let speaks =
            matches!(&answer.body, Body::Json(document) if document.get("errors").is_some());
        let of_daemon = speaks && matches!(answer.status, 502 | 504);
        let is_error = (500..600).contains(&answer.status) && !of_daemon;
        self.count(
            sign.map(|sign| sign.is.as_str()),
            is_error.then(|| format!("status {}", answer.status)),
        );
    }

    /// Notes that the last answer was what is due: a panel that keeps its contract is well.
    pub(crate) fn was_due(&self) {
        let mut trouble = self.lock();
        trouble.signs = 0;
        trouble.errors = 0;
    }

    /// Notes that no answer came.
    pub(crate) fn note_error(&self, error: &TransportError) {
        let is_timeout = matches!(error, TransportError::Timeout { .. });
        self.count(None, is_timeout.then(|| "no answer in time".to_owned()));
    }

    fn count(&self, sign: Option<&str>, error: Option<String>) {
        let mut trouble = self.lock();
        trouble.sent += 1;
        trouble.signs = if sign.is_some() { trouble.signs + 1 } else { 0 };
        trouble.errors = if error.is_some() {
            trouble.errors + 1
        } else {
            0
        };
        if trouble.stopped.is_some() {
            return;
        }
        let what = match (sign, error) {
            (Some(sign), _) if trouble.signs >= SIGNS => sign.to_owned(),
            (_, Some(error)) if trouble.errors >= ERRORS => error,
            _ => return,
        };
        let times = trouble.signs.max(trouble.errors);
        trouble.stopped = Some(format!(
            "{what}, {times} times in a row: stopped after {} requests, so that a panel in trouble is left alone",
            trouble.sent
        ));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Trouble> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Contract;

    fn answer(status: u16, headers: &[(&str, &str)]) -> Observation {
        Observation {
            status,
            headers: headers
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect(),
            body: Body::Empty,
        }
    }

    fn after(answers: &[Observation]) -> Option<String> {
        let contract = Contract::embedded().unwrap();
        let breaker = Breaker::default();
        for answer in answers {
            breaker.note(answer, &contract.signatures);
        }
        breaker.stopped()
    }

    #[test]
    fn three_challenges_end_a_run() {
        let challenge = answer(403, &[("cf-mitigated", "challenge")]);
        assert_eq!(after(&[challenge.clone(), challenge.clone()]), None);
        let told = after(&[challenge.clone(), challenge.clone(), challenge]).unwrap();
        assert!(
            told.contains("Cloudflare") && told.contains("after 3 requests"),
            "{told}"
        );
    }

    #[test]
    fn five_errors_in_a_row_end_a_run_and_four_do_not() {
        let error = answer(500, &[]);
        let good = answer(401, &[]);
        assert_eq!(after(&vec![error.clone(); 4]), None);
        assert!(
            after(&vec![error.clone(); 5])
                .unwrap()
                .contains("status 500")
        );
        let mut mixed = vec![error; 4];
        mixed.insert(2, good);
        assert_eq!(after(&mixed), None);
    }

    #[test]
    fn a_spent_limit_ends_nothing() {
        let spent = answer(429, &[("retry-after", "60")]);
        assert_eq!(after(&vec![spent; 9]), None);
    }

    #[test]
    fn a_challenge_that_says_when_to_come_back_is_one_all_the_same() {
        let challenge = answer(403, &[("cf-mitigated", "challenge"), ("retry-after", "60")]);
        assert!(after(&vec![challenge; 3]).is_some());
    }

    #[test]
    fn a_daemon_that_is_away_ends_nothing_and_a_gateway_without_a_panel_does() {
        let of = |status, body: &serde_json::Value| Observation {
            body: Body::Json(body.clone()),
            ..answer(status, &[])
        };
        let (errors, other) = (serde_json::json!({ "errors": [] }), serde_json::json!({}));
        for status in [502, 504] {
            assert_eq!(after(&vec![of(status, &errors); 9]), None, "{status}");
            assert!(after(&vec![of(status, &other); 5]).is_some(), "{status}");
        }
        assert!(after(&vec![of(500, &errors); 5]).is_some());
    }

    #[test]
    fn what_is_due_begins_the_count_anew() {
        let contract = Contract::embedded().unwrap();
        let breaker = Breaker::default();
        for _ in 0..3 {
            for _ in 0..4 {
                breaker.note(&answer(500, &[]), &contract.signatures);
            }
            breaker.was_due();
        }
        assert_eq!(breaker.stopped(), None);
    }

    #[test]
    fn five_times_without_an_answer_in_time_end_a_run_and_no_other_failure_does() {
        let late = TransportError::Timeout {
            target: "panel.example:443".to_owned(),
            after: std::time::Duration::from_secs(10),
            phase: crate::exchange::Phase::Waiting,
        };
        let away = TransportError::Connect {
            target: "panel.example:443".to_owned(),
            reason: "refused".to_owned(),
        };
        let after = |error: &TransportError| {
            let breaker = Breaker::default();
            (0..5).for_each(|_| breaker.note_error(error));
            breaker.stopped()
        };
        let told = after(&late).unwrap();
        assert!(
            told.starts_with("no answer in time, 5 times in a row"),
            "{told}"
        );
        assert_eq!(after(&away), None);
    }
}
