//! What has changed between two recordings, in sentences, what nobody expected first.

use std::collections::BTreeSet;

use super::comparison::{api_in_words, capitalised, reason_in_words, section};
use super::summary::counted;
use crate::exchange::{Body, Observation};
use crate::plan::Due;
use crate::run::{CaseResult, Change, Changes, Course, is_spent_by_others};
use crate::spec::{Api, Condition, Contract, Outcome};
use crate::verdict::{Kind, Policy, Standing};

/// How many differences of one answer are told.
const MOST_DIFFERENCES: usize = 3;

/// How many reasons for not comparing are told.
const MOST_REASONS: usize = 12;

/// The headings, in order.
const COURSES: [(Course, &str); 4] = [
    (Course::NotExpected, "not expected"),
    (Course::DidNotHappen, "expected, but did not happen"),
    (Course::Expected, "expected"),
    (
        Course::AgainstGoodPractice,
        "expected by the contract, though good practice is another",
    ),
];

/// Tells changes; `from` and `to` are the profiles.
#[must_use]
pub fn tell_changes(contract: &Contract, changes: &Changes, from: &str, to: &str) -> String {
    let teller = Teller { contract, from, to };
    let mut text = String::new();
    for (course, heading) in COURSES {
        text += &section(heading, &teller.sentences(changes.of(course, false)));
    }
    text += &reworded(changes);
    text += &not_compared(changes);
    text + &format!("\n{}\n", outcome(changes))
}

/// Tells what an edge makes of a panel's answers, and what the panel deviates in by itself.
#[must_use]
pub fn edge_and_panel(
    contract: &Contract,
    changes: &Changes,
    of_panel: &[CaseResult],
    policy: &Policy,
) -> String {
    let teller = Teller {
        contract,
        from: "the panel",
        to: "the contract",
    };
    let of = |course| changes.of(course, false);
    let mut text = section(
        "made by the edge",
        &teller.sentences(of(Course::NotExpected)),
    );
    text += &section(
        "mended by the edge",
        &teller.sentences(of(Course::Expected)),
    );
    text += &reworded(changes);
    text += &not_compared(changes);
    let failed = |result: &&CaseResult| {
        result.standing(policy) == Standing::Failed && !is_spent_by_others(result)
    };
    text + &format!(
        "\nmade by the edge: {} · made by the panel: {}\n",
        of(Course::NotExpected).count(),
        of_panel.iter().filter(failed).count()
    )
}

/// What it came to, in one line.
fn outcome(changes: &Changes) -> String {
    let of = |course| changes.of(course, false).count();
    let expected = of(Course::Expected) + of(Course::AgainstGoodPractice);
    let reworded = COURSES.map(|(course, _)| changes.of(course, true).count());
    let words = [
        (of(Course::NotExpected), "not expected"),
        (of(Course::DidNotHappen), "expected, but not there"),
        (expected, "expected"),
        (reworded.iter().sum(), "in other words"),
    ];
    let told: Vec<_> = words
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{number} {what}"))
        .collect();
    let compared = counted(changes.compared, "case");
    if told.is_empty() {
        format!("NOTHING CHANGED in {compared}")
    } else if of(Course::NotExpected) > 0 {
        format!("CHANGED: of {compared}, {}", told.join(", "))
    } else if of(Course::DidNotHappen) > 0 {
        format!("NOT ALL AS EXPECTED: of {compared}, {}", told.join(", "))
    } else {
        format!("AS EXPECTED: of {compared}, {}", told.join(", "))
    }
}

fn reworded(changes: &Changes) -> String {
    let of = |course| changes.of(course, true).count();
    let all = COURSES.map(|(course, heading)| (of(course), heading));
    let told: Vec<_> = all
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, heading)| format!("{} in other words: {heading}", counted(*number, "case")))
        .collect();
    section("reworded", &told)
}

fn not_compared(changes: &Changes) -> String {
    let mut reasons: Vec<_> = changes.not_compared.iter().collect();
    reasons.sort_by_key(|(_, number)| std::cmp::Reverse(**number));
    let mut told: Vec<_> = reasons
        .iter()
        .take(MOST_REASONS)
        .map(|(why, number)| format!("{}: {why}", counted(**number, "case")))
        .collect();
    let others: usize = reasons.iter().skip(MOST_REASONS).map(|(_, n)| **n).sum();
    if others > 0 {
        told.push(format!("{} for other reasons", counted(others, "case")));
    }
    if changes.in_neither > 0 {
        let cases = counted(changes.in_neither, "case");
        told.push(format!("{cases}: asked in neither"));
    }
    section("not compared", &told)
}

struct Teller<'c> {
    contract: &'c Contract,
    from: &'c str,
    to: &'c str,
}

/// An answer in few words.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Said {
    status: u16,
    code: Option<String>,
}

/// Changes that are told in one sentence.
struct Sentence {
    course: Course,
    /// The gravest kind of its changes.
    kind: Kind,
    before: Said,
    after: Said,
    /// What is to be said besides.
    more: String,
    apis: BTreeSet<Api>,
    endpoints: BTreeSet<String>,
    reasons: Vec<String>,
    cases: BTreeSet<String>,
}

impl Teller<'_> {
    fn sentences<'c>(&self, changes: impl Iterator<Item = &'c Change>) -> Vec<String> {
        let mut told: Vec<Sentence> = Vec::new();
        for change in changes {
            let sentence = self.sentence(change);
            match told
                .iter_mut()
                .find(|other| other.has_reasons_of(&sentence))
            {
                Some(other) => other.join(sentence),
                None => told.push(sentence),
            }
        }
        let mut all: Vec<Sentence> = Vec::new();
        for sentence in told {
            match all.iter_mut().find(|other| other.has_place_of(&sentence)) {
                Some(other) => other.join(sentence),
                None => all.push(sentence),
            }
        }
        all.sort_by_key(|told| (told.kind, std::cmp::Reverse(told.cases.len())));
        all.iter().map(Sentence::text).collect()
    }

    fn sentence(&self, change: &Change) -> Sentence {
        let request = change.case.steps.get(change.step).map(|step| &step.request);
        let (before, after) = (Said::of(&change.before), Said::of(&change.after));
        let mut more = String::new();
        // Where another status is due, all else follows from it.
        let status = &change.due.expected.status;
        let is_due = status.is_empty() || status.contains(&change.after.status);
        if before == after && is_due {
            more += &differences(change);
        }
        if matches!(change.course, Course::NotExpected | Course::DidNotHappen) {
            more += &format!("; {} says: {}", self.to, due_in_words(&change.due));
        }
        if let Some(was) = &change.was_due
            && change.course == Course::DidNotHappen
            && self.from != self.to
        {
            more += &format!("; {} said: {}", self.from, due_in_words(was));
        }
        Sentence {
            course: change.course,
            kind: change.kind,
            before,
            after,
            more,
            apis: request.map(|request| request.api).into_iter().collect(),
            endpoints: request
                .map(|request| request.endpoint.to_string())
                .into_iter()
                .collect(),
            reasons: vec![self.reason(change)],
            cases: [change.case.id.to_string()].into(),
        }
    }

    /// Why the answers are what they are, by both contracts.
    fn reason(&self, change: &Change) -> String {
        let of = |due: Option<&Due>| match &due?.resolution.as_ref()?.outcome {
            Outcome::Refused(refusal) => Some(refusal.condition.clone()),
            _ => None,
        };
        let mut reasons: Vec<Condition> = Vec::new();
        for condition in [of(change.was_due.as_ref()), of(Some(&change.due))] {
            // Which id it is does not matter to who reads of hundreds.
            let general = condition.map(|condition| condition.general());
            reasons.extend(general.filter(|condition| !reasons.contains(condition)));
        }
        let told: Vec<_> = reasons
            .iter()
            .map(|condition| reason_in_words(self.contract, condition))
            .collect();
        match (told.is_empty(), &change.due.resolution) {
            (false, _) => format!("if {}", told.join(", and ")),
            (true, Some(_)) => "if nothing stands in the way".to_owned(),
            (true, None) => format!("“{}”", change.case.scenario.title),
        }
    }
}

impl Sentence {
    fn is_like(&self, other: &Self) -> bool {
        self.course == other.course
            && self.kind == other.kind
            && self.before.may_be(&other.before)
            && self.after.may_be(&other.after)
            && self.more == other.more
    }

    fn has_reasons_of(&self, other: &Self) -> bool {
        self.is_like(other) && self.reasons == other.reasons
    }

    fn has_place_of(&self, other: &Self) -> bool {
        self.is_like(other) && self.place() == other.place()
    }

    fn join(&mut self, other: Self) {
        for reason in other.reasons {
            if !self.reasons.contains(&reason) {
                self.reasons.push(reason);
            }
        }
        self.before.code = self.before.code.take().or(other.before.code);
        self.after.code = self.after.code.take().or(other.after.code);
        self.apis.extend(other.apis);
        self.endpoints.extend(other.endpoints);
        self.cases.extend(other.cases);
    }

    /// Where it holds: what was not expected on one route alone is that route's.
    fn place(&self) -> String {
        let is_surprise = matches!(self.course, Course::NotExpected | Course::DidNotHappen);
        match (self.endpoints.first(), self.apis.first()) {
            (Some(endpoint), _) if is_surprise && self.endpoints.len() == 1 => {
                format!("{endpoint}, ")
            }
            (_, Some(api)) if self.apis.len() == 1 => format!("{}, ", api_in_words(*api)),
            _ => String::new(),
        }
    }

    fn what(&self) -> String {
        if self.course == Course::DidNotHappen {
            format!("still {}", self.after)
        } else if self.before == self.after {
            self.before.to_string()
        } else {
            format!("{} → {}", self.before, self.after)
        }
    }

    fn text(&self) -> String {
        let sentence = format!(
            "{}{}: {}{} ({})",
            self.place(),
            self.reasons.join(", or "),
            self.what(),
            self.more,
            counted(self.cases.len(), "case")
        );
        let is_surprise = matches!(self.course, Course::NotExpected | Course::DidNotHappen);
        let example = self.cases.first().filter(|_| is_surprise);
        let example = example.map_or(String::new(), |id| format!("\n      see {id}"));
        capitalised(&sentence) + &example
    }
}

impl Said {
    fn of(observed: &Observation) -> Self {
        Self {
            status: observed.status,
            code: code(observed).map(str::to_owned),
        }
    }

    /// Whether nobody can tell one from the other: an answer without content names no code.
    fn may_be(&self, other: &Self) -> bool {
        let is_alike = self.code.is_none() || other.code.is_none() || self.code == other.code;
        let is_success = |said: &Self| (200..300).contains(&said.status);
        is_alike && (self.status == other.status || (is_success(self) && is_success(other)))
    }
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.status, &self.code) {
            (200..300, _) => f.write_str("granted"),
            (status, Some(code)) => write!(f, "refused with {status} {code}"),
            (status, None) => write!(f, "refused with {status}"),
        }
    }
}

fn code(observed: &Observation) -> Option<&str> {
    match &observed.body {
        Body::Json(document) => document.pointer("/errors/0/code")?.as_str(),
        _ => None,
    }
}

/// What is due, in few words.
fn due_in_words(due: &Due) -> String {
    let expected = &due.expected;
    let status: Vec<_> = expected.status.iter().map(ToString::to_string).collect();
    let code = expected
        .error
        .as_ref()
        .and_then(|error| error.code.as_ref());
    match (expected.grants(), status.is_empty(), code) {
        (true, ..) => "granted".to_owned(),
        (_, true, _) => "any status".to_owned(),
        (_, _, Some(code)) => format!("refused with {} {code}", status.join(" or ")),
        (_, _, None) => format!("refused with {}", status.join(" or ")),
    }
}

/// In what two answers of one status and code differ.
fn differences(change: &Change) -> String {
    let of_words = ["/errors/0/detail", "/errors/0/status"];
    let shape = change.differences.iter();
    let told = shape
        .filter(|(what, _, _)| !of_words.contains(&what.as_str()))
        .take(MOST_DIFFERENCES);
    let told = told.map(|(what, before, after)| match change.course {
        Course::DidNotHappen => format!("; {what}: {after}, not {before}"),
        _ => format!("; {what}: {before} → {after}"),
    });
    told.collect()
}
