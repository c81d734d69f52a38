//! One change as a sentence, in the words of the contract, and many alike as one.

use std::collections::BTreeSet;

use super::comparison::{api_in_words, capitalised, reason_in_words};
use super::counted::counted;
use crate::exchange::Observation;
use crate::plan::Due;
use crate::run::{Change, Course, Silence};
use crate::spec::{Api, Condition, Contract, Outcome, ResolutionStep};
use crate::verdict::Kind;

/// How many differences of one answer are told.
const MOST_DIFFERENCES: usize = 3;

/// How many routes are named that come or go together.
const MOST_ROUTES: usize = 8;

/// How many changes of wording are told.
const MOST_WORDINGS: usize = 8;

/// Tells changes from one contract to another.
pub(super) struct Teller<'c> {
    pub(super) contract: &'c Contract,
    /// The name of the contract as it was.
    pub(super) from: &'c str,
    /// The name of the contract as it is.
    pub(super) to: &'c str,
}

/// An answer in few words, or what is due of one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Said {
    /// Which statuses it may have; any, where there are none.
    status: Vec<u16>,
    code: Option<String>,
}

/// Changes that are told in one sentence.
struct Sentence {
    course: Course,
    /// The gravest kind of its changes.
    kind: Kind,
    silence: Option<Silence>,
    /// Whether none of them asks for JSON.
    without_json: bool,
    /// What was answered, once or in several ways; nothing where it was not asked.
    before: Vec<Said>,
    after: Vec<Said>,
    /// What is due, where it is not what is answered.
    due: Vec<Said>,
    /// What was due before, where nothing else says it.
    was_due: Vec<Said>,
    /// In what answers of one status and code differ: what, before, after.
    differences: Vec<(String, String, String)>,
    apis: BTreeSet<Api>,
    endpoints: BTreeSet<String>,
    reasons: Vec<String>,
    cases: BTreeSet<String>,
}

impl Teller<'_> {
    /// One sentence for all changes that are told alike, the gravest first: of those that let
    /// somebody in, those that granted it all, and of equals those of most cases.
    pub(super) fn sentences<'c>(&self, changes: impl Iterator<Item = &'c Change>) -> Vec<String> {
        let each = changes.map(|change| self.sentence(change));
        let told = joined(each, |one, other| {
            one.is_like(other) && one.reasons == other.reasons
        });
        let told = joined(told.into_iter(), |one, other| {
            let has_no_place = one.is_surprise() || one.is_of_routes();
            one.is_like(other) && (has_no_place || one.place() == other.place())
        });
        let mut told = joined(told.into_iter(), Sentence::is_of_one_cause_with);
        told.sort_by_key(|one| {
            let is_refused = !one.after.iter().any(Said::grants);
            (one.kind, is_refused, std::cmp::Reverse(one.cases.len()))
        });
        told.iter().map(|one| self.text(one)).collect()
    }

    /// Which words have become others, those of most cases first.
    pub(super) fn wordings<'c>(&self, changes: impl Iterator<Item = &'c Change>) -> Vec<String> {
        let mut told: Vec<(String, Vec<&Change>)> = Vec::new();
        for change in changes {
            let reason = self.reason(change);
            let text = match words(change) {
                Some((before, after)) => format!("{reason}: “{before}” → “{after}”"),
                None => reason,
            };
            match told.iter_mut().find(|(other, _)| *other == text) {
                Some((_, changes)) => changes.push(change),
                None => told.push((text, vec![change])),
            }
        }
        told.sort_by_key(|(_, changes)| std::cmp::Reverse(changes.len()));
        let surplus = told.len().saturating_sub(MOST_WORDINGS);
        let line = |(text, changes): (String, Vec<&Change>)| {
            let cases = counted(changes.len(), "case");
            let example = changes.first().filter(|change| is_surprise(change.course));
            let example =
                example.map_or(String::new(), |change| format!(", see {}", change.case.id));
            capitalised(&format!("{text} ({cases}{example})"))
        };
        let mut lines: Vec<_> = told.into_iter().take(MOST_WORDINGS).map(line).collect();
        if surplus > 0 {
            lines.push(format!("and {surplus} others"));
        }
        lines
    }

    fn sentence(&self, change: &Change) -> Sentence {
        let request = change.case.steps.get(change.step).map(|step| &step.request);
        let [before, after] = [&change.before, &change.after]
            .map(|seen| seen.iter().map(Said::of).collect::<Vec<_>>());
        let due: Vec<_> = change.due.iter().map(Said::due).collect();
        let is_surprise = is_surprise(change.course);
        let has_stayed = change.course == Course::DidNotHappen && self.from != self.to;
        let was_due = change.was_due.iter().filter(|_| has_stayed);
        // Where another status is due, all else follows from it.
        let mut pairs = due.iter().zip(&after);
        let is_told = pairs.all(|(due, after)| due.holds(after));
        let differences = if is_told && (before == after || before.is_empty()) {
            differences(change)
        } else {
            Vec::new()
        };
        // Two answers that have what is due, and differ in something else, say it themselves.
        let is_told_by_due = is_surprise && differences.is_empty();
        Sentence {
            course: change.course,
            kind: change.kind,
            silence: change.silence,
            without_json: is_without_json(change),
            before,
            after,
            due: due.into_iter().filter(|_| is_told_by_due).collect(),
            was_due: was_due.map(Said::due).collect(),
            differences,
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
        let dues = [change.was_due.as_ref(), change.due.as_ref()];
        let resolutions = dues.map(|due| due.and_then(|due| due.resolution.as_ref()));
        let mut reasons: Vec<Condition> = Vec::new();
        for resolution in resolutions.into_iter().flatten() {
            let condition = match &resolution.outcome {
                Outcome::Refused(refusal) => Some(&refusal.condition),
                // Of two contracts the other one says what was let pass.
                _ if change.silence.is_none() => None,
                _ => resolution.steps.iter().find_map(|step| match step {
                    ResolutionStep::Granted(condition) => Some(condition),
                    _ => None,
                }),
            };
            // Which id it is does not matter to who reads of hundreds.
            let general = condition.map(Condition::general);
            reasons.extend(general.filter(|condition| !reasons.contains(condition)));
        }
        let told: Vec<_> = reasons
            .iter()
            .map(|condition| reason_in_words(self.contract, condition))
            .collect();
        let is_reasoned = resolutions.iter().any(Option::is_some) && change.silence.is_none();
        match (told.is_empty(), is_reasoned) {
            (false, _) => format!("if {}", told.join(", and ")),
            (true, true) => "if nothing stands in the way".to_owned(),
            (true, false) => format!("“{}”", change.case.scenario.title),
        }
    }

    fn text(&self, told: &Sentence) -> String {
        let cases = counted(told.cases.len(), "case");
        let to = self.to;
        match (told.course, told.silence) {
            (Course::NoLongerStated, _) if told.is_of_routes() => {
                format!("Gone in {to}: {} ({cases})", told.routes())
            }
            _ if told.is_of_routes() => format!(
                "New in {to}, and answered as it says: {} ({cases})",
                told.routes()
            ),
            (Course::NoLongerStated, _) => capitalised(&format!(
                "{}; {to} says nothing of it{} ({cases})",
                told.beginning(),
                if told.after.is_empty() {
                    ", and it was not asked"
                } else {
                    ""
                },
            )),
            (_, Some(Silence::NothingSaid)) if !told.is_surprise() => capitalised(&format!(
                "{}, as {to} newly says; it was not asked before ({cases})",
                told.beginning()
            )),
            (_, silence) => self.with_due(told, silence),
        }
    }

    /// The sentence, with what the contracts say where that is not what happened.
    fn with_due(&self, told: &Sentence, silence: Option<Silence>) -> String {
        let mut text = told.beginning();
        for (name, said) in [(self.to, &told.due), (self.from, &told.was_due)] {
            if !said.is_empty() {
                let verb = if name == self.to { "says" } else { "said" };
                text += &format!("; {name} {verb}: {}", in_words(said));
            }
        }
        text += &match silence {
            None => String::new(),
            Some(Silence::NothingSaid) => format!("; {} says nothing of it", self.from),
            Some(Silence::NoRoute) => format!("; {} has no such route", self.from),
        };
        let mut counts = counted(told.cases.len(), "case");
        if told.is_surprise() && told.endpoints.len() > 1 {
            counts += &format!(" on {}", counted(told.endpoints.len(), "route"));
        }
        let example = told.cases.first().filter(|_| told.is_surprise());
        let example = example.map_or(String::new(), |id| format!("\n      see {id}"));
        capitalised(&format!("{text} ({counts})")) + &example
    }
}

/// Joins what is alike, in the order of the first of each.
fn joined(
    all: impl Iterator<Item = Sentence>,
    is_alike: impl Fn(&Sentence, &Sentence) -> bool,
) -> Vec<Sentence> {
    let mut told: Vec<Sentence> = Vec::new();
    for sentence in all {
        match told.iter_mut().find(|other| is_alike(other, &sentence)) {
            Some(other) => other.join(sentence),
            None => told.push(sentence),
        }
    }
    told
}

impl Sentence {
    fn is_surprise(&self) -> bool {
        is_surprise(self.course)
    }

    /// Whether it is about routes that come or go, which it names.
    fn is_of_routes(&self) -> bool {
        self.silence == Some(Silence::NoRoute)
            && !self.is_surprise()
            && (self.before.is_empty() || self.after.is_empty())
    }

    fn is_like(&self, other: &Self) -> bool {
        let is_kind = self.course == other.course && self.silence == other.silence;
        if is_kind && self.is_of_routes() && other.is_of_routes() {
            return true;
        }
        let differ = |one: &Self| -> Vec<String> {
            one.differences
                .iter()
                .map(|(what, ..)| what.clone())
                .collect()
        };
        is_kind
            && self.kind == other.kind
            && (self.is_surprise() || self.without_json == other.without_json)
            && may_be(&self.before, &other.before)
            && may_be(&self.after, &other.after)
            && may_be(&self.due, &other.due)
            && may_be(&self.was_due, &other.was_due)
            && differ(self) == differ(other)
    }

    /// Whether both are about the same reasons, though answers have several forms: JSON or not, or
    /// what comes behind a refusal that does not happen. Answers that differ in the same headers
    /// alone are about those, whatever the reasons.
    fn is_of_one_cause_with(&self, other: &Self) -> bool {
        let holds = |one: &Self, other: &Self| {
            let mut reasons = one.reasons.iter();
            reasons.all(|reason| other.reasons.contains(reason))
        };
        self.is_surprise()
            && self.course == other.course
            && self.silence == other.silence
            && self.kind == other.kind
            && self.was_due == other.was_due
            && if self.differences.is_empty() {
                other.differences.is_empty() && (holds(self, other) || holds(other, self))
            } else {
                self.differences == other.differences
            }
    }

    fn join(&mut self, other: Self) {
        for reason in other.reasons {
            if !self.reasons.contains(&reason) {
                self.reasons.push(reason);
            }
        }
        add(&mut self.before, other.before);
        add(&mut self.after, other.after);
        add(&mut self.due, other.due);
        add(&mut self.was_due, other.was_due);
        self.without_json &= other.without_json;
        self.apis.extend(other.apis);
        self.endpoints.extend(other.endpoints);
        self.cases.extend(other.cases);
    }

    /// Where it holds: what was not expected on one route alone is that route's.
    fn place(&self) -> String {
        let place = match (self.endpoints.first(), self.apis.first()) {
            (Some(endpoint), _) if self.is_surprise() && self.endpoints.len() == 1 => {
                format!("{endpoint}, ")
            }
            (_, Some(api)) if self.apis.len() == 1 => format!("{}, ", api_in_words(*api)),
            _ => String::new(),
        };
        let form = if self.without_json {
            "where JSON is not asked for, "
        } else {
            ""
        };
        place + form
    }

    fn routes(&self) -> String {
        let named = self.endpoints.iter().take(MOST_ROUTES);
        let named: Vec<_> = named.map(|endpoint| format!("`{endpoint}`")).collect();
        match self.endpoints.len().saturating_sub(MOST_ROUTES) {
            0 => named.join(", "),
            more => format!("{} and {more} more", named.join(", ")),
        }
    }

    /// Whether the answer has the same status, and no code any longer.
    fn has_lost_code(&self) -> bool {
        match (&self.before[..], &self.after[..]) {
            ([before], [after]) => before.status == after.status && after.code.is_none(),
            _ => false,
        }
    }

    /// Where and why, what was answered and is, and in what else it differs.
    fn beginning(&self) -> String {
        let (before, after) = (in_words(&self.before), in_words(&self.after));
        let what = if self.course == Course::DidNotHappen {
            format!("still {after}")
        } else if before == after || before.is_empty() {
            after
        } else if after.is_empty() {
            before
        } else if self.has_lost_code() {
            format!("{before} → {after} without a code")
        } else {
            format!("{before} → {after}")
        };
        let differences = self.differences.iter();
        let differences = differences.map(|(what, before, after)| match self.course {
            Course::DidNotHappen => format!("; {what}: {after}, not {before}"),
            _ => format!("; {what}: {before} → {after}"),
        });
        let differences: String = differences.collect();
        let reasons = self.reasons.join(", or ");
        format!("{}{reasons}: {what}{differences}", self.place())
    }
}

impl Said {
    fn of(observed: &Observation) -> Self {
        Self {
            status: vec![observed.status],
            code: observed.code().map(str::to_owned),
        }
    }

    fn due(due: &Due) -> Self {
        let error = due.expected.error.as_ref();
        Self {
            status: due.expected.status.clone(),
            code: error.and_then(|error| error.code.clone()),
        }
    }

    fn grants(&self) -> bool {
        matches!(self.status[..], [200..300, ..])
    }

    /// Whether an answer has a status that is due.
    fn holds(&self, answer: &Self) -> bool {
        self.status.is_empty()
            || answer
                .status
                .iter()
                .all(|status| self.status.contains(status))
    }

    /// Whether nobody can tell one from the other: an answer without content names no code.
    fn may_be(&self, other: &Self) -> bool {
        let is_alike = self.code.is_none() || other.code.is_none() || self.code == other.code;
        is_alike && (self.status == other.status || (self.grants() && other.grants()))
    }
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let status: Vec<_> = self.status.iter().map(ToString::to_string).collect();
        let status = status.join(" or ");
        match &self.code {
            _ if self.grants() => f.write_str("granted"),
            _ if status.is_empty() => f.write_str("any status"),
            Some(code) => write!(f, "refused with {status} {code}"),
            None => write!(f, "refused with {status}"),
        }
    }
}

fn may_be(one: &[Said], other: &[Said]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.may_be(other))
}

/// Adds what is not said yet.
fn add(said: &mut Vec<Said>, others: Vec<Said>) {
    for other in others {
        match said.iter_mut().find(|one| one.may_be(&other)) {
            Some(one) => one.code = one.code.take().or(other.code),
            None => said.push(other),
        }
    }
}

/// What was granted first, and `refused` said once.
fn in_words(said: &[Said]) -> String {
    let (granted, refused): (Vec<_>, Vec<_>) = said.iter().partition(|said| said.grants());
    let refused = refused.iter().enumerate().map(|(number, said)| {
        let text = said.to_string();
        match text.strip_prefix("refused with ") {
            Some(rest) if number > 0 => rest.to_owned(),
            _ => text,
        }
    });
    let granted = granted.iter().map(ToString::to_string);
    granted.chain(refused).collect::<Vec<_>>().join(" or ")
}

fn is_surprise(course: Course) -> bool {
    matches!(course, Course::NotExpected | Course::DidNotHappen)
}

/// Whether a refusal has the form for clients that do not ask for JSON.
fn is_without_json(change: &Change) -> bool {
    let dues = [change.was_due.as_ref(), change.due.as_ref()];
    let mut resolutions = dues
        .into_iter()
        .flatten()
        .filter_map(|due| due.resolution.as_ref());
    resolutions.any(|resolution| resolution.steps.contains(&ResolutionStep::WithoutJson))
}

/// In what two answers of one status and code differ.
fn differences(change: &Change) -> Vec<(String, String, String)> {
    let of_words = ["/errors/0/detail", "/errors/0/status"];
    let shape = change.differences.iter();
    let told = shape.filter(|(what, ..)| !of_words.contains(&what.as_str()));
    told.take(MOST_DIFFERENCES).cloned().collect()
}

/// What was said and is: by the contracts, where both say it, and else by the answers.
fn words(change: &Change) -> Option<(String, String)> {
    let by_contract = |due: &Due| match &due.resolution.as_ref()?.outcome {
        Outcome::Refused(refusal) => refusal.answer.detail.clone(),
        _ => None,
    };
    let stated = change.was_due.as_ref().and_then(by_contract);
    let stated = stated.zip(change.due.as_ref().and_then(by_contract));
    if let Some((before, after)) = stated
        && change.course == Course::Expected
        && before != after
    {
        return Some((before, after));
    }
    let of = |observed: Option<&Observation>| Some(observed?.detail()?.to_owned());
    let seen = of(change.before.as_ref()).zip(of(change.after.as_ref()));
    seen.filter(|(before, after)| before != after)
}

#[cfg(test)]
mod tests;
