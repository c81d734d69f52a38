//! Sends the probes, one after another, and stops where asking on would tell nothing.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use secrecy::ExposeSecret;
use url::Url;

use super::{Answered, Outcome, Seen, clue, evidence};
use crate::exchange::{Interest, Redactor, Request, Transport, perform};
use crate::keys::Keyring;
use crate::spec::{Checkup, Probe, Way};
use crate::target::Target;

/// How many requests in a row may fail.
const PATIENCE: usize = 2;

/// Sends probes to one target.
pub(crate) struct Prober<'a> {
    pub(crate) checkup: &'a Checkup,
    pub(crate) target: &'a Target,
    /// The way to the target.
    pub(crate) transport: &'a Transport,
    /// The way to port 80 of the same host, where the target has TLS on port 443.
    pub(crate) plain: Option<&'a (Transport, Url)>,
    pub(crate) redactor: &'a Redactor,
    /// The time between two requests.
    pub(crate) pause: Duration,
    /// The keys, if they may be sent.
    pub(crate) keys: Option<&'a Keyring>,
}

impl Prober<'_> {
    /// Sends the probes; `progress` is told the number of each before it is sent, and how many
    /// there are.
    pub(crate) async fn ask(&self, mut progress: impl FnMut(usize, usize)) -> Seen {
        let mut seen = self.nothing_yet();
        let mut failures = 0;
        for (number, probe) in self.checkup.probes.iter().enumerate() {
            progress(number + 1, self.checkup.probes.len());
            let outcome = self.outcome(probe).await;
            if probe.over == Way::Target {
                failures = count(failures, &outcome);
            }
            seen.outcomes.insert(probe.id.value.clone(), outcome);
            if let Some(why) = self.stop(probe, failures, &seen) {
                self.leave_out(&why, &mut seen);
                break;
            }
        }
        let certificate = self.transport.certificate();
        seen.certificate_days = certificate.map(|c| c.days_left(SystemTime::now()));
        seen
    }

    fn nothing_yet(&self) -> Seen {
        Seen {
            target: self.target.clone(),
            certificate_days: None,
            outcomes: BTreeMap::new(),
        }
    }

    async fn outcome(&self, probe: &Probe) -> Outcome {
        match self
            .way(probe.over)
            .and_then(|way| Ok((way, self.request(probe)?)))
        {
            Ok(((transport, base), request)) => self.send(transport, base, &request).await,
            Err(why) => Outcome::NotSent(why),
        }
    }

    fn way(&self, over: Way) -> Result<(&Transport, &Url), String> {
        match (over, self.plain) {
            (Way::Target, _) => Ok((self.transport, &self.target.base)),
            (Way::PlainHttp, Some((transport, base))) => Ok((transport, base)),
            (Way::PlainHttp, None) => Err("the target is not on port 443".to_owned()),
        }
    }

    fn request(&self, probe: &Probe) -> Result<Request, String> {
        let mut headers = probe.fields();
        if let Some(role) = &probe.key {
            let key = self.keys.and_then(|keys| keys.key(&role.value));
            let key = key.ok_or_else(|| format!("no key of `{}` is given", role.value))?;
            let bearer = format!("Bearer {}", key.expose_secret());
            headers.push(("Authorization".to_owned(), bearer.into_bytes()));
        }
        headers.push(("User-Agent".to_owned(), agent().into_bytes()));
        Ok(Request {
            method: probe.request.method.clone(),
            target: probe.request.target.clone(),
            headers,
            body: None,
        })
    }

    async fn send(&self, transport: &Transport, base: &Url, request: &Request) -> Outcome {
        tokio::time::sleep(self.pause).await;
        match perform(transport, request, self.redactor, &Interest::default()).await {
            Ok(performed) => Outcome::Answered(Answered {
                base: base.clone(),
                observation: performed.observation,
            }),
            Err(error) => Outcome::Failed(error),
        }
    }

    /// Why nothing more is asked: nobody answers, or everything would be answered alike.
    fn stop(&self, probe: &Probe, failures: usize, seen: &Seen) -> Option<String> {
        let answers = || {
            seen.outcomes
                .values()
                .any(|o| matches!(o, Outcome::Answered(_)))
        };
        let is_over = failures >= PATIENCE || (failures > 0 && !answers());
        if !is_over
            && !self
                .checkup
                .stops
                .iter()
                .any(|stop| clue::holds(stop, seen))
        {
            return None;
        }
        let outcome = seen.outcome(&probe.id.value)?;
        Some(format!(
            "not asked any more after: {}",
            evidence::came(outcome)
        ))
    }

    fn leave_out(&self, why: &str, seen: &mut Seen) {
        for probe in &self.checkup.probes {
            let outcome = seen.outcomes.entry(probe.id.value.clone());
            outcome.or_insert_with(|| Outcome::NotSent(why.to_owned()));
        }
    }
}

fn count(failures: usize, outcome: &Outcome) -> usize {
    match outcome {
        Outcome::Answered(_) => 0,
        Outcome::Failed(_) => failures + 1,
        Outcome::NotSent(_) => failures,
    }
}

/// How the requests name who sends them, so that an administrator finds them in the log.
fn agent() -> String {
    format!("ptero-conformance/{} (doctor)", env!("CARGO_PKG_VERSION"))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use axum::Router;
    use axum::extract::Request as Received;
    use axum::http::StatusCode;

    use super::*;
    use crate::exchange::{Body, InProcess, Observation, TransportError};
    use crate::spec::Contract;

    fn checkup() -> Checkup {
        Contract::embedded().unwrap().checkup
    }

    /// Does something with a prober whose requests all have this answer; the fields of each.
    fn probing<T>(
        checkup: &Checkup,
        status: StatusCode,
        of: impl AsyncFnOnce(&Prober<'_>) -> T,
    ) -> (T, Vec<String>) {
        let agents = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&agents);
        let answer = move |received: Received| {
            let agent = received.headers()["user-agent"]
                .to_str()
                .unwrap()
                .to_owned();
            kept.lock().unwrap().push(agent);
            async move { status }
        };
        let transport = InProcess::new(Router::new().fallback(answer)).into();
        let prober = Prober {
            checkup,
            target: &Target::parse("https://panel.example.com", true).unwrap(),
            transport: &transport,
            plain: None,
            redactor: &Redactor::default(),
            pause: Duration::ZERO,
            keys: None,
        };
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let result = runtime.block_on(of(&prober));
        let agents = agents.lock().unwrap().clone();
        (result, agents)
    }

    #[test]
    fn every_probe_is_told_and_its_request_says_who_sends_it() {
        let checkup = checkup();
        let mut told = Vec::new();
        let (seen, agents) = probing(&checkup, StatusCode::UNAUTHORIZED, async |prober| {
            prober.ask(|number, of| told.push((number, of))).await
        });
        let all = checkup.probes.len();
        let counted: Vec<_> = (1..=all).map(|number| (number, all)).collect();
        assert_eq!(told, counted);
        assert_eq!(seen.outcomes.len(), all);
        assert_eq!(agents.len(), seen.sent());
        let agent = format!("ptero-conformance/{} (doctor)", env!("CARGO_PKG_VERSION"));
        assert!(agents.iter().all(|one| *one == agent), "{agents:?}");
        // Nobody has given a key, and nothing was said of port 80.
        let is_sent = |probe: &&Probe| probe.key.is_none() && probe.over == Way::Target;
        assert_eq!(agents.len(), checkup.probes.iter().filter(is_sent).count());
    }

    #[test]
    fn where_nobody_answers_nothing_more_is_asked() {
        let checkup = checkup();
        let probe = &checkup.probes[0];
        let answered = Outcome::Answered(Answered {
            base: Url::parse("https://panel.example.com").unwrap(),
            observation: Observation {
                status: 401,
                headers: Vec::new(),
                body: Body::Empty,
            },
        });
        let failed = Outcome::Failed(TransportError::NotRecorded);
        let unsent = Outcome::NotSent("so".to_owned());
        probing(&checkup, StatusCode::OK, async |prober| {
            let stops = |failures, other: &Outcome| {
                let mut seen = prober.nothing_yet();
                seen.outcomes.insert(probe.id.value.clone(), failed.clone());
                seen.outcomes.insert("another".to_owned(), other.clone());
                prober.stop(probe, failures, &seen)
            };
            let why = stops(2, &answered).unwrap();
            let told = "not asked any more after: the recording holds no answer to this request";
            assert_eq!(why, told);
            assert_eq!(stops(1, &answered), None);
            assert!(stops(1, &unsent).is_some(), "the first of all");
            assert_eq!(stops(0, &unsent), None);
            let mut seen = prober.nothing_yet();
            seen.outcomes.insert(probe.id.value.clone(), failed.clone());
            prober.leave_out("so", &mut seen);
            assert_eq!(seen.outcomes.len(), checkup.probes.len());
            assert_eq!(seen.sent(), 1);
        });
        assert_eq!(count(3, &answered), 0);
        assert_eq!(count(3, &failed), 4);
        assert_eq!(count(3, &unsent), 3);
    }
}
