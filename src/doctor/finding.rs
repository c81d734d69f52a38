//! What is wrong, what is in order, and what could not be decided.

use super::{Seen, clue};
use crate::spec::{Checkup, Clue, Concern};

/// What was seen of one concern.
#[derive(Clone, Copy, Debug)]
pub(super) enum State<'c> {
    /// It is so, as this clue shows.
    Found(&'c Clue),
    /// It is not so.
    Cleared,
    /// The answers decide nothing.
    Undecided,
}

/// A concern and what was seen of it.
pub(super) struct Finding<'c> {
    pub(super) concern: &'c Concern,
    pub(super) state: State<'c>,
}

/// What was seen of each concern that the target can have, the gravest first.
pub(super) fn examine<'c>(checkup: &'c Checkup, seen: &Seen) -> Vec<Finding<'c>> {
    let can_have = |concern: &&Concern| {
        let only = concern.only;
        only.is_none_or(|only| clue::is_such(only, &seen.target))
    };
    let mut findings: Vec<_> = checkup
        .findings
        .iter()
        .filter(can_have)
        .map(|concern| Finding {
            state: state(concern, seen),
            concern,
        })
        .collect();
    findings.sort_by_key(|finding| finding.concern.gravity);
    findings
}

fn state<'c>(concern: &'c Concern, seen: &Seen) -> State<'c> {
    let first = |clues: &'c [Clue]| clues.iter().find(|clue| clue::holds(clue, seen));
    match (first(&concern.found), first(&concern.cleared)) {
        (Some(clue), _) => State::Found(clue),
        (None, Some(_)) => State::Cleared,
        (None, None) => State::Undecided,
    }
}
