//! What kind of panel it is: the versions and forks whose signs it shows.

use super::{Seen, clue};
use crate::spec::{Checkup, PanelKind, Sign};

/// The kinds that agree best with what was seen.
pub(super) struct Identity<'c> {
    /// The best kinds, in the order of the file: several where no sign tells them apart.
    pub(super) kinds: Vec<&'c PanelKind>,
    /// How many signs agree with them.
    pub(super) agreeing: usize,
    /// The signs that read otherwise with one of them; then it is none of them.
    pub(super) against: Vec<&'c Sign>,
}

/// A sign and what it was read as.
struct Reading<'c> {
    sign: &'c Sign,
    name: &'c str,
}

/// What kind of panel was seen; none if nothing proves that it is a panel.
pub(super) fn identify<'c>(checkup: &'c Checkup, seen: &Seen) -> Option<Identity<'c>> {
    if !checkup.panel.iter().any(|proof| clue::holds(proof, seen)) {
        return None;
    }
    let readings = read(checkup, seen);
    let scored = || {
        checkup
            .kinds
            .iter()
            .map(|kind| (score(kind, &readings), kind))
    };
    let best = scored().map(|(score, _)| score).max()?;
    let kinds: Vec<_> = scored()
        .filter(|(score, _)| *score == best)
        .map(|(_, k)| k)
        .collect();
    let against = readings
        .iter()
        .filter(|reading| kinds.iter().any(|kind| shows(kind, reading) == Some(false)))
        .map(|reading| reading.sign)
        .collect();
    Some(Identity {
        kinds,
        agreeing: best.agreeing,
        against,
    })
}

/// What every sign reads; signs that read nothing are left out.
fn read<'c>(checkup: &'c Checkup, seen: &Seen) -> Vec<Reading<'c>> {
    let reading = |sign: &'c Sign| {
        let outcome = seen.outcome(&sign.probe.value)?;
        let fitting = sign
            .readings
            .0
            .iter()
            .find(|(_, wanted)| clue::fits(wanted, outcome));
        fitting.map(|(name, _)| Reading {
            sign,
            name: &name.value,
        })
    };
    checkup.signs.iter().filter_map(reading).collect()
}

/// How well a kind agrees: few signs against it come before many for it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Score {
    disagreeing: std::cmp::Reverse<usize>,
    agreeing: usize,
}

fn score(kind: &PanelKind, readings: &[Reading<'_>]) -> Score {
    let count = |wanted| {
        readings
            .iter()
            .filter(|r| shows(kind, r) == Some(wanted))
            .count()
    };
    Score {
        disagreeing: std::cmp::Reverse(count(false)),
        agreeing: count(true),
    }
}

/// Whether a kind shows what a sign reads; nothing if it says nothing of that sign.
fn shows(kind: &PanelKind, reading: &Reading<'_>) -> Option<bool> {
    let shown = kind
        .shows
        .0
        .iter()
        .find(|(sign, _)| sign.value == reading.sign.id.value);
    shown.map(|(_, name)| name.value == reading.name)
}

impl Identity<'_> {
    /// The products, each once, with their versions: `Pterodactyl 1.11.8 to 1.12.0`.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        let mut rest = self.kinds.as_slice();
        while let [first, ..] = rest {
            let length = rest
                .iter()
                .take_while(|kind| kind.product == first.product)
                .count();
            let (same, others) = rest.split_at(length);
            names.push(range(first, same.last().unwrap_or(first)));
            rest = others;
        }
        names
    }

    /// The profiles that are the contract of these kinds, each once, with the versions that it
    /// is the contract of.
    pub(super) fn profiles(&self) -> Vec<(&str, String)> {
        let mut profiles = Vec::new();
        let mut rest = self.kinds.as_slice();
        while let [first, ..] = rest {
            let is_same = |kind: &&&PanelKind| profile(kind) == profile(first);
            let (same, others) = rest.split_at(rest.iter().take_while(is_same).count());
            if let Some(name) = profile(first) {
                profiles.push((name, range(first, same.last().unwrap_or(first))));
            }
            rest = others;
        }
        profiles
    }
}

fn profile(kind: &PanelKind) -> Option<&str> {
    kind.profile.as_ref().map(|profile| profile.value.as_str())
}

fn range(oldest: &PanelKind, newest: &PanelKind) -> String {
    match (&oldest.from, &newest.to) {
        (None, _) => oldest.product.clone(),
        (Some(from), None) => format!("{} {from} or later", oldest.product),
        (Some(from), Some(to)) if from == to => format!("{} {from}", oldest.product),
        (Some(from), Some(to)) => format!("{} {from} to {to}", oldest.product),
    }
}
