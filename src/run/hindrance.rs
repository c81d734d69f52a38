//! What keeps a run from beginning, and its cause where the specification knows one.

use std::fmt;

use url::Url;

use super::session::Session;
use crate::exchange::{Interest, Observation, Request};
use crate::spec::{CauseInfo, Clue, KeepsOut, Probe, RoleName, Way};
use crate::verdict::is_answer;

/// What keeps a run from beginning.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// A key, or an id, is not what it was given as.
    #[error("{0}")]
    Key(Hindrance),
    /// The target does not answer, or not as a panel.
    #[error("{0}")]
    Target(Hindrance),
}

impl Trouble {
    /// What it is.
    #[must_use]
    pub fn hindrance(&self) -> &Hindrance {
        let (Self::Key(hindrance) | Self::Target(hindrance)) = self;
        hindrance
    }
}

/// Why a run cannot begin, and how that is mended.
#[derive(Debug)]
pub struct Hindrance {
    /// What was seen.
    pub what: String,
    /// What it can be, and what to do.
    pub mend: Option<String>,
    /// Its cause, where one was found, with the role whose key showed it.
    pub cause: Option<(Box<CauseInfo>, Option<RoleName>)>,
}

impl From<String> for Hindrance {
    fn from(what: String) -> Self {
        Self {
            what,
            mend: None,
            cause: None,
        }
    }
}

impl Hindrance {
    /// What was seen, with the headline of its cause where one was found.
    #[must_use]
    pub fn headline(&self) -> String {
        let cause = self.cause.as_ref();
        let title = cause.map(|(cause, role)| cause.about(&cause.title, role.as_ref()));
        self.what.clone() + &title.map_or(String::new(), |title| format!(": {title}"))
    }

    /// What it can be, and what to do, where no cause was found that says it better.
    #[must_use]
    pub fn mend(&self) -> Option<&str> {
        self.mend.as_deref().filter(|_| self.cause.is_none())
    }
}

/// In one line: what was seen, then its cause or what it can be.
impl fmt::Display for Hindrance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.headline())?;
        self.mend().map_or(Ok(()), |mend| write!(f, "; {mend}"))
    }
}

/// The first cause of the specification that keeps keys out and that the answer to a good key shows.
pub(super) async fn cause_of(session: &Session, observed: &Observation) -> Option<Box<CauseInfo>> {
    let base = Url::parse(session.origin()).ok()?;
    let causes = session.contract().causes.iter();
    for cause in causes {
        let Some(known_by) = &cause.keeps_out else {
            continue;
        };
        let mut clues = if cause.proof.is_empty() {
            cause.when.iter()
        } else {
            cause.proof.iter()
        };
        let is_shown = clues.any(|clue| {
            // The request of a control asks for JSON, with a real key.
            clue.asks_json != Some(false)
                && clue.real_key != Some(false)
                && is_answer(&clue.answer, observed, &base)
        });
        if is_shown && is_known(session, known_by, &base).await {
            return Some(Box::new(cause.clone()));
        }
    }
    None
}

/// Whether a cause that is shown is known to be one: `doctor` finds it as well, if it has to.
async fn is_known(session: &Session, known_by: &KeepsOut, base: &Url) -> bool {
    let KeepsOut::Finding(name) = known_by else {
        return true;
    };
    let mut findings = session.contract().checkup.findings.iter();
    let Some(finding) = findings.find(|finding| finding.id.value == name.value) else {
        return false;
    };
    for clue in &finding.found {
        if is_seen(session, clue, base).await {
            return true;
        }
    }
    false
}

/// Asks what a clue speaks of; whether it holds.
async fn is_seen(session: &Session, clue: &Clue, base: &Url) -> bool {
    for (name, wanted) in &clue.answers.0 {
        let probe = session.contract().checkup.probe(&name.value);
        let Some(request) = probe.and_then(request_of) else {
            return false;
        };
        let performed = session.send(None, &request, &Interest::default()).await;
        if !performed.is_ok_and(|performed| is_answer(wanted, &performed.observation, base)) {
            return false;
        }
    }
    true
}

/// The request of a probe that needs neither a key nor another way to the target.
fn request_of(probe: &Probe) -> Option<Request> {
    if probe.key.is_some() || probe.over != Way::Target {
        return None;
    }
    Some(Request {
        method: probe.request.method.clone(),
        target: probe.request.target.clone(),
        headers: probe.fields(),
        body: None,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::run::Setup;
    use crate::run::tests::{profile, setup, specs};
    use crate::spec::{AnswerMatch, Contract};

    const PROFILE: &str = "pterodactyl-1.14";

    fn cause() -> CauseInfo {
        let mut causes = specs().contract.causes.iter();
        let cause = causes.find(|cause| cause.keeps_out.is_some());
        CauseInfo {
            title: "${role} is locked".to_owned(),
            ..cause.expect("a cause that keeps keys out").clone()
        }
    }

    #[test]
    fn a_cause_says_it_better_than_a_guess() {
        let guessed = Hindrance {
            mend: Some("check the URL".to_owned()),
            ..Hindrance::from("it is down".to_owned())
        };
        assert_eq!(guessed.mend(), Some("check the URL"));
        assert_eq!(guessed.to_string(), "it is down; check the URL");
        let role = "client".parse().ok();
        let known = Hindrance {
            cause: Some((Box::new(cause()), role)),
            ..guessed
        };
        assert_eq!(known.mend(), None);
        assert_eq!(known.to_string(), "it is down: client is locked");
        let plain = Hindrance::from("it is down".to_owned());
        assert_eq!(plain.to_string(), "it is down");
    }

    #[test]
    fn a_probe_with_a_key_or_another_way_is_not_asked() {
        let probes = &specs().contract.checkup.probes;
        let is_plain = |probe: &&Probe| probe.key.is_none() && probe.over == Way::Target;
        let plain = probes.iter().find(is_plain).expect("a plain probe");
        let request = request_of(plain).expect("a request");
        assert_eq!(request.method, plain.request.method);
        assert_eq!(request.target, plain.request.target);
        assert_eq!(request.headers, plain.fields());
        let elsewhere = Probe {
            over: Way::PlainHttp,
            ..plain.clone()
        };
        assert!(request_of(&elsewhere).is_none());
        let with_key = probes.iter().find(|probe| probe.key.is_some());
        assert!(request_of(with_key.expect("a probe with a key")).is_none());
    }

    /// Whether a refusal shows a cause whose only clue, any answer, is of such requests.
    async fn is_shown(asks_json: Option<bool>, real_key: Option<bool>) -> bool {
        let mut contract = Contract::embedded().expect("the built-in contract");
        let mut cause = cause();
        cause.keeps_out = Some(KeepsOut::Shown);
        let mut clue = cause.when[0].clone();
        clue.answer = AnswerMatch::default();
        (clue.asks_json, clue.real_key) = (asks_json, real_key);
        cause.when = vec![clue];
        cause.proof = Vec::new();
        contract.causes = vec![cause];
        let session = Session::new(Setup {
            contract: Arc::new(contract),
            ..setup(PROFILE, &profile(PROFILE))
        });
        let refused = Observation {
            status: 403,
            headers: Vec::new(),
            body: crate::exchange::Body::Empty,
        };
        cause_of(&session, &refused).await.is_some()
    }

    #[tokio::test]
    async fn a_clue_of_other_requests_shows_nothing_of_a_key() {
        assert!(is_shown(None, None).await);
        assert!(is_shown(Some(true), Some(true)).await);
        assert!(!is_shown(Some(false), None).await);
        assert!(!is_shown(None, Some(false)).await);
    }
}
