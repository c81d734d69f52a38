//! `doctor`: asks a panel a dozen harmless questions, and says what is wrong and how to mend it.
//!
//! What is asked and what the answers mean are facts of `specs/doctor.yaml`; here is only the
//! way from one to the other: probes, clues, the kind of panel, findings, the report.

mod clue;
mod evidence;
mod finding;
mod identity;
mod probe;
mod report;
#[cfg(test)]
mod tests;

pub(crate) use probe::Prober;
pub(crate) use report::{Commands, Diagnosis, Report};

use std::collections::BTreeMap;

use url::Url;

use crate::exchange::{Observation, TransportError};
use crate::target::Target;

/// What became of a probe.
#[derive(Clone, Debug)]
enum Outcome {
    /// It was answered.
    Answered(Answered),
    /// No whole answer came.
    Failed(TransportError),
    /// It was not sent, for this reason.
    NotSent(String),
}

/// The answer to a probe.
#[derive(Clone, Debug)]
struct Answered {
    /// The address that was asked, without the probe's own path.
    base: Url,
    observation: Observation,
}

/// All that was seen of a target.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    target: Target,
    /// Whole days until its certificate ends.
    certificate_days: Option<u64>,
    /// What became of each probe, by its name.
    outcomes: BTreeMap<String, Outcome>,
}

impl Seen {
    fn outcome(&self, probe: &str) -> Option<&Outcome> {
        self.outcomes.get(probe)
    }

    /// How many requests were sent.
    fn sent(&self) -> usize {
        let is_sent = |outcome: &&Outcome| !matches!(outcome, Outcome::NotSent(_));
        self.outcomes.values().filter(is_sent).count()
    }
}
