//! What became of a case: its verdict, and all that a report tells of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::exchange::{Body, Observation};
use crate::plan::{Due, Planned};
use crate::spec::{Case, Origin};
use crate::verdict::{Kind, Policy, Standing, Verdict, standing};

/// What became of a case.
#[derive(Clone, Debug)]
pub struct CaseResult {
    /// The case.
    pub case: Arc<Case>,
    /// What it says about the panel; an error when the harness could not judge.
    pub verdict: Result<Verdict, String>,
    /// How well its expectations are known.
    pub origin: Origin,
    /// The steps that were sent, in order.
    pub steps: Vec<StepResult>,
}

/// One step that was sent.
#[derive(Clone, Debug)]
pub struct StepResult {
    /// What was due.
    pub due: Due,
    /// What came; of a case that conforms the status alone, where nothing more is to be told.
    pub observed: Observation,
    /// The ids that stood in its path.
    pub ids: BTreeMap<String, String>,
}

impl CaseResult {
    /// What became of a planned case.
    #[must_use]
    pub fn of(planned: &Planned, verdict: Result<Verdict, String>, steps: Vec<StepResult>) -> Self {
        Self {
            case: Arc::clone(&planned.case),
            verdict,
            origin: planned.origin(),
            steps,
        }
    }

    /// The same without the content and the header fields of answers that conform: in a long run
    /// they are most of what there is to keep.
    #[must_use]
    pub fn in_brief(mut self) -> Self {
        if self.verdict == Ok(Verdict::Conforms) {
            for step in &mut self.steps {
                step.observed.headers = Vec::new();
                step.observed.body = Body::Empty;
            }
        }
        self
    }

    /// What it means for the run.
    #[must_use]
    pub fn standing(&self, policy: &Policy) -> Standing {
        match &self.verdict {
            Ok(Verdict::Deviates(found))
                if policy.waivers.iter().any(|w| w.waives(&self.case, found)) =>
            {
                Standing::Waived
            }
            Ok(verdict) => standing(verdict, self.case.scenario.level, self.origin, policy),
            Err(_) => Standing::Broken,
        }
    }

    /// The gravest kind of its deviations.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        self.verdict.as_ref().ok().and_then(Verdict::kind)
    }
}
