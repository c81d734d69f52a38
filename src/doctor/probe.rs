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
