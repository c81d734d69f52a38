//! Waivers: deviations that somebody has accepted, bound to what was observed.

use std::collections::BTreeSet;

use super::{Deviation, Verdict};
use crate::spec::{Case, has_form};

/// A deviation that somebody has accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// Where it stands: the file and the line.
    pub place: String,
    /// The cases that may deviate.
    pub about: About,
    /// What they show, in the words of [`in_words`].
    pub shows: BTreeSet<String>,
    /// How many cases there are.
    pub count: usize,
}

/// Which cases a waiver is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// Those whose ids have this form; `*` stands for anything.
    Cases(String),
    /// Those that check this requirement.
    Requirement(String),
}

impl About {
    /// Whether it is about a case.
    #[must_use]
    pub fn speaks_of(&self, case: &Case) -> bool {
        match self {
            Self::Cases(pattern) => has_form(case.id.as_str(), pattern),
            Self::Requirement(id) => case.scenario.requires.iter().any(|r| r.as_str() == id),
        }
    }
}

impl std::fmt::Display for About {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Cases(pattern) => write!(f, "`{pattern}`"),
            Self::Requirement(id) => f.write_str(id),
        }
    }
}

impl Waiver {
    /// Whether it accepts what a case shows: a deviation, and none that it does not name.
    #[must_use]
    pub fn waives(&self, case: &Case, deviations: &[Deviation]) -> bool {
        let words: Vec<_> = deviations.iter().filter_map(in_words).collect();
        self.about.speaks_of(case)
            && !words.is_empty()
            && words.iter().all(|words| self.shows.contains(words))
    }
}

/// A deviation as waivers name it: `status 401 → 200`. That content repeats the status is none of
/// its own.
#[must_use]
pub fn in_words(deviation: &Deviation) -> Option<String> {
    let bare = |text: &str| text.trim_matches('"').to_owned();
    (deviation.what != "/errors/0/status").then(|| {
        format!(
            "{} {} → {}",
            deviation.what,
            bare(&deviation.expected),
            bare(&deviation.observed)
        )
    })
}

/// What is wrong with waivers after a run: those that accept more cases than was agreed, and those
/// whose cases do not deviate so any longer.
#[must_use]
pub fn waivers_that_do_not_hold<'r>(
    waivers: &[Waiver],
    judged: &[(&'r Case, &'r Verdict)],
) -> Vec<String> {
    let mut wrong = Vec::new();
    for waiver in waivers {
        let about = judged
            .iter()
            .filter(|(case, _)| waiver.about.speaks_of(case));
        let decided: Vec<_> = about
            .filter(|(_, verdict)| matches!(verdict, Verdict::Conforms | Verdict::Deviates(_)))
            .collect();
        let waived = decided.iter().filter(|(case, verdict)| match verdict {
            Verdict::Deviates(found) => waiver.waives(case, found),
            _ => false,
        });
        let (count, agreed) = (waived.count(), waiver.count);
        if count > agreed {
            wrong.push(format!(
                "{}: {count} cases deviate so, and {agreed} were agreed to",
                waiver.place
            ));
        } else if count == 0 && !decided.is_empty() {
            wrong.push(format!(
                "{}: no case of {} deviates so any longer; take the waiver out",
                waiver.place, waiver.about
            ));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{Source, Specs};
    use crate::verdict::Kind;

    fn status(observed: &str) -> Deviation {
        Deviation {
            step: 0,
            kind: Kind::Opened,
            what: "status".into(),
            expected: "401".into(),
            observed: observed.into(),
        }
    }

    fn waiver(pattern: &str, count: usize) -> Waiver {
        Waiver {
            place: "w.yaml:1".into(),
            about: About::Cases(pattern.into()),
            shows: ["status 401 → 200".to_owned()].into(),
            count,
        }
    }

    #[test]
    fn only_what_was_agreed_to_is_waived() {
        let specs = Specs::load(&Source::Embedded).unwrap();
        let case = specs.cases().next().unwrap();
        let all = waiver("*", 1);
        assert!(all.waives(case, &[status("200")]));
        assert!(!all.waives(case, &[status("500")]));
        assert!(!all.waives(case, &[status("200"), status("500")]));
        assert!(!all.waives(case, &[]));
        assert!(!waiver("none/*", 1).waives(case, &[status("200")]));
    }

    #[test]
    fn more_and_none_do_not_hold() {
        let specs = Specs::load(&Source::Embedded).unwrap();
        let cases: Vec<_> = specs.cases().take(2).collect();
        let (opened, good) = (Verdict::Deviates(vec![status("200")]), Verdict::Conforms);
        let wrong = |verdicts: [&Verdict; 2], count| {
            let judged: Vec<_> = cases.iter().map(|case| &***case).zip(verdicts).collect();
            waivers_that_do_not_hold(&[waiver("*", count)], &judged)
        };
        assert!(wrong([&opened, &opened], 2).is_empty());
        assert!(
            wrong([&opened, &opened], 1)[0].contains("2 cases deviate so, and 1 were agreed to")
        );
        assert!(wrong([&good, &good], 2)[0].contains("any longer"));
        let undecided = Verdict::Inconclusive(String::new());
        assert!(wrong([&undecided, &undecided], 2).is_empty());
    }

    #[test]
    fn a_star_stands_for_anything() {
        assert!(has_form("a/b/x/c", "a/*/c") && has_form("a/b", "a/b") && has_form("a", "*"));
        assert!(!has_form("a/c", "a/*/c") && !has_form("a/b", "a"));
    }
}
