//! Waivers: deviations that somebody has accepted, bound to what was observed.

use std::collections::BTreeSet;

use super::{Deviation, Verdict};
use crate::exchange::{moves_on, same_field, same_words};
use crate::spec::{Beside, Case, has_form};

/// A deviation that somebody has accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// Where it stands: the file and the line.
    pub place: String,
    /// The cases that may deviate.
    pub about: About,
    /// What they show, in the words of [`shown_by`]; all of it.
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
    /// Whether it accepts what a case shows: all that it names, and nothing else. An entry that took
    /// cases which show less would hold on by the cases of others.
    #[must_use]
    pub fn waives(&self, case: &Case, deviations: &[Deviation]) -> bool {
        self.about.speaks_of(case) && self.shows == shown_by(deviations)
    }
}

/// What a case shows, as waivers name it: `status 401 → 200`. Where the content repeats the status,
/// that is none of its own.
#[must_use]
pub fn shown_by(deviations: &[Deviation]) -> BTreeSet<String> {
    let repeats = |content: &Deviation| {
        content.what == "/errors/0/status"
            && deviations.iter().any(|other| {
                other.what == "status"
                    && other.step == content.step
                    && content.observed == format!("\"{}\"", other.observed)
            })
    };
    let own = deviations.iter().filter(|deviation| !repeats(deviation));
    own.map(in_words).collect()
}

/// A deviation as every run has it: counts and moments are other ones an hour later.
fn in_words(deviation: &Deviation) -> String {
    let Deviation {
        what,
        expected,
        observed,
        ..
    } = deviation;
    let (expected, observed) = match what.strip_prefix("header ") {
        Some(name) if moves_on(name) => (any_other(expected), any(observed)),
        Some(name) => (
            same_field(name, bare(expected)),
            same_field(name, bare(observed)),
        ),
        None => (same_words(bare(expected)), same_words(bare(observed))),
    };
    format!("{what} {expected} → {observed}")
}

fn bare(text: &str) -> &str {
    text.trim_matches('"')
}

/// What came in a header field whose value moves on: that it came.
fn any(observed: &str) -> String {
    let is_absent = observed == "absent";
    if is_absent { "absent" } else { "present" }.to_owned()
}

/// What is due in such a field; of a value of another step, that there is one.
fn any_other(expected: &str) -> String {
    [Beside::LessThan, Beside::DiffersFrom]
        .into_iter()
        .find_map(|relation| {
            let there = expected.strip_prefix(&format!("{relation} "))?;
            Some(format!("{relation} one that is {}", any(there)))
        })
        .unwrap_or_else(|| bare(expected).to_owned())
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

    fn differs(what: &str, expected: &str, observed: &str) -> Deviation {
        Deviation {
            kind: Kind::Reshaped,
            what: what.into(),
            expected: expected.into(),
            ..status(observed)
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
    fn a_requirement_is_about_the_cases_that_check_it() {
        let specs = Specs::load(&Source::Embedded).unwrap();
        let about = About::Requirement("ERR-401".into());
        let checks_it = |case: &Case| {
            case.scenario
                .requires
                .iter()
                .any(|r| r.as_str() == "ERR-401")
        };
        let (those, others): (Vec<_>, Vec<_>) = specs.cases().partition(|case| checks_it(case));
        assert!(!those.is_empty() && !others.is_empty());
        assert!(those.iter().all(|case| about.speaks_of(case)));
        assert!(!others.iter().any(|case| about.speaks_of(case)));
        assert_eq!(about.to_string(), "ERR-401");
        assert_eq!(About::Cases("a/*".into()).to_string(), "`a/*`");
    }

    #[test]
    fn a_case_that_shows_less_is_not_waived() {
        let specs = Specs::load(&Source::Embedded).unwrap();
        let case = specs.cases().next().unwrap();
        let mut both = waiver("*", 1);
        both.shows.insert("/data absent → present".to_owned());
        let data = differs("/data", "absent", "present");
        assert!(both.waives(case, &[status("200"), data]));
        assert!(!both.waives(case, &[status("200")]));
    }

    #[test]
    fn what_moves_on_is_named_by_its_being_there() {
        let shown = |deviation| Vec::from_iter(shown_by(&[deviation])).concat();
        let left = "header x-ratelimit-remaining";
        let rows = [
            (left, "absent", "672", "absent → present"),
            (left, "whole", "absent", "whole → absent"),
            (
                left,
                "less than \"719\"",
                "\"719\"",
                "less than one that is present → present",
            ),
            (
                left,
                "less than absent",
                "absent",
                "less than one that is absent → absent",
            ),
            ("header x-ratelimit-limit", "absent", "720", "absent → 720"),
            (
                "header date",
                "absent",
                "Mon, 02 Feb 2026 10:00:00 GMT",
                "absent → present",
            ),
            ("header x-request-id", "absent", "1f", "absent → present"),
            (
                "/at",
                "null",
                "\"2026-02-02T10:00:00Z\"",
                "null → 1970-01-01T00:00:00+00:00",
            ),
        ];
        for (what, expected, observed, wanted) in rows {
            let shown = shown(differs(what, expected, observed));
            assert_eq!(shown, format!("{what} {wanted}"));
        }
    }

    #[test]
    fn a_status_in_content_is_shown_unless_it_repeats_the_answers() {
        let content = |observed| differs("/errors/0/status", "\"401\"", observed);
        let shown = shown_by(&[status("200"), content("\"200\"")]);
        assert_eq!(shown, ["status 401 → 200".to_owned()].into());
        assert_eq!(shown_by(&[status("200"), content("\"500\"")]).len(), 2);
        assert_eq!(shown_by(&[status("200"), content("200")]).len(), 2);
        assert_eq!(shown_by(&[content("401")]).len(), 1);
        let later = Deviation {
            step: 1,
            ..content("\"200\"")
        };
        assert_eq!(shown_by(&[status("200"), later]).len(), 2);
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
