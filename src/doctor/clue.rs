//! Whether what was seen is what a clue speaks of.

use super::{Outcome, Seen};
use crate::spec::{AnswerMatch, Clue, TargetMatch};
use crate::target::Target;
use crate::verdict::{is_answer, is_scheme};

/// Whether everything in a clue holds.
pub(super) fn holds(clue: &Clue, seen: &Seen) -> bool {
    let answered = |probe: &str, wanted| seen.outcome(probe).is_some_and(|o| fits(wanted, o));
    let days = seen.certificate_days;
    clue.answers
        .0
        .iter()
        .all(|(probe, wanted)| answered(&probe.value, wanted))
        && clue
            .target
            .is_none_or(|wanted| is_such(wanted, &seen.target))
        && clue
            .certificate_days_below
            .is_none_or(|bound| days.is_some_and(|left| left < bound))
        && clue
            .certificate_days_from
            .is_none_or(|bound| days.is_some_and(|left| left >= bound))
}

/// Whether the address of a target is what it must be.
pub(super) fn is_such(wanted: TargetMatch, target: &Target) -> bool {
    wanted
        .scheme
        .is_none_or(|scheme| is_scheme(&target.base, scheme))
        && wanted
            .loopback
            .is_none_or(|loopback| target.is_loopback() == loopback)
}

/// Whether the outcome of a probe is what it must be.
pub(super) fn fits(wanted: &AnswerMatch, outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Answered(answered) => {
            !wanted.no_answer && is_answer(wanted, &answered.observation, &answered.base)
        }
        Outcome::Failed(_) => wanted.no_answer,
        Outcome::NotSent(_) => false,
    }
}
