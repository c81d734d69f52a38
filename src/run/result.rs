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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::run::Session;
    use crate::run::tests::{profile, results, session, setup};
    use crate::verdict::{About, Waiver, shown_by};

    const ADMIN: &str = "authentication/admin-client-key/reading/get-api-application-users";

    /// What a case says that opens, as its panel is newer than its contract.
    async fn opened() -> CaseResult {
        let session = Session::new(setup("pterodactyl-1.14", &profile("pterodactyl-1.7")));
        results(&session, &[ADMIN]).await.remove(0)
    }

    #[tokio::test]
    async fn of_answers_that_conform_the_status_alone_is_kept() {
        let session = session(&profile("pterodactyl-1.14"));
        let good = results(&session, &[ADMIN]).await.remove(0).in_brief();
        assert_eq!(good.verdict, Ok(Verdict::Conforms));
        let seen = &good.steps[0].observed;
        assert_eq!(
            (seen.status, &seen.headers, &seen.body),
            (200, &Vec::new(), &Body::Empty)
        );
        let bad = opened().await;
        let whole = bad.steps[0].observed.clone();
        assert!(!whole.headers.is_empty());
        assert_eq!(bad.in_brief().steps[0].observed, whole);
    }

    #[tokio::test]
    async fn what_was_accepted_is_waived_and_nothing_else() {
        let opened = opened().await;
        assert_eq!(opened.kind(), Some(Kind::Opened));
        assert_eq!(opened.standing(&Policy::default()), Standing::Failed);
        let Ok(Verdict::Deviates(found)) = &opened.verdict else {
            panic!("{:?}", opened.verdict);
        };
        let waiver = |cases: &str| Waiver {
            place: "waivers.yaml:1".to_owned(),
            about: About::Cases(cases.to_owned()),
            shows: shown_by(found),
            count: 1,
        };
        let waived_by = |waivers| {
            opened.standing(&Policy {
                waivers,
                ..Policy::default()
            })
        };
        assert_eq!(
            waived_by(vec![waiver("a/b"), waiver(ADMIN)]),
            Standing::Waived
        );
        assert_eq!(waived_by(vec![waiver("a/b")]), Standing::Failed);
        let broken = CaseResult {
            verdict: Err("no such schema".to_owned()),
            case: Arc::clone(&opened.case),
            ..opened
        };
        assert_eq!(broken.standing(&Policy::default()), Standing::Broken);
    }
}
