//! What was asked and what came, each in one line.

use serde_json::Value;

use super::{Answered, Outcome};
use crate::exchange::{Body, Observation, printable};
use crate::spec::{AnswerMatch, Probe, ValueMatch};
use crate::verdict::{member, redirect};

/// The longest text of a stranger that is shown, in characters.
const MAX_TEXT: usize = 160;

/// A probe as a person would say it: `GET /api/client with a made-up key`.
pub(super) fn asked(probe: &Probe) -> String {
    match &probe.with {
        None => probe.request.to_string(),
        Some(with) => format!("{} with {with}", probe.request),
    }
}

/// What became of a probe: `401 HttpException “Unauthenticated.”`.
pub(super) fn came(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Answered(answered) => {
            format!("{} {}", answered.observation.status, told(answered))
        }
        Outcome::Failed(error) => error.to_string(),
        Outcome::NotSent(why) => why.clone(),
    }
}

/// The same, with the fields and members that a match speaks of.
pub(super) fn came_with(outcome: &Outcome, wanted: &AnswerMatch) -> String {
    let mut text = came(outcome);
    if let Outcome::Answered(answered) = outcome {
        for part in parts(&answered.observation, wanted) {
            text += &format!("; {part}");
        }
    }
    text
}

fn told(answered: &Answered) -> String {
    let observed = &answered.observation;
    if let Some(place) = redirect(observed, &answered.base) {
        return format!("to {}", short(place.as_str()));
    }
    match &observed.body {
        Body::Empty => "without content".to_owned(),
        Body::Unreadable(why) => format!("with content that cannot be read: {why}"),
        Body::Json(_) => error(observed).unwrap_or_else(|| "in JSON".to_owned()),
        Body::Text(text) => page(observed, text),
    }
}

/// `errors[0]`, where there is one.
fn error(observed: &Observation) -> Option<String> {
    let text = |pointer| member(observed, pointer)?.as_str();
    let code = text("/errors/0/code")?;
    let detail = text("/errors/0/detail").unwrap_or_default();
    Some(format!("{} “{}”", short(code), short(detail)))
}

fn page(observed: &Observation, text: &str) -> String {
    let kind = observed.header("content-type").unwrap_or("text of no type");
    let kind = kind.split(';').next().unwrap_or(kind);
    match title(text) {
        Some(title) => format!("{}, page “{}”", short(kind), short(&title)),
        None => short(kind),
    }
}

/// The title of a page.
fn title(page: &str) -> Option<String> {
    let start = page.to_ascii_lowercase().find("<title>")? + "<title>".len();
    let rest = page.get(start..)?;
    let title = rest
        .split('<')
        .next()?
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    (!title.is_empty()).then_some(title)
}

/// Fields and members that a match names, and that are not told already.
fn parts(observed: &Observation, wanted: &AnswerMatch) -> Vec<String> {
    let named = |value: &ValueMatch| *value != ValueMatch::Absent;
    let is_told = |pointer: &str| {
        ["/code", "/status", "/detail"]
            .iter()
            .any(|end| pointer.ends_with(end))
    };
    let headers = wanted
        .headers
        .iter()
        .filter(|(name, value)| named(value) && *name != "location");
    let headers =
        headers.filter_map(|(name, _)| Some(format!("{name}: {}", short(observed.header(name)?))));
    let members = wanted
        .body
        .iter()
        .filter(|(pointer, value)| named(value) && !is_told(pointer));
    let members = members.filter_map(|(pointer, _)| {
        Some(format!("{pointer}: {}", shown(member(observed, pointer)?)))
    });
    headers.chain(members).collect()
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => short(text),
        Value::Array(entries) if entries.len() == 1 => "1 entry".to_owned(),
        Value::Array(entries) => format!("{} entries", entries.len()),
        Value::Object(_) => "there".to_owned(),
        other => short(&other.to_string()),
    }
}

/// The beginning of a stranger's text, harmless to a terminal, in one line.
pub(super) fn short(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let safe = printable(&line);
    if safe.chars().count() <= MAX_TEXT {
        return safe;
    }
    safe.chars().take(MAX_TEXT).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_found_whatever_its_case() {
        assert_eq!(
            title("<html><TITLE> Just a\n moment…</TITLE>"),
            Some("Just a moment…".into())
        );
        assert_eq!(title("<title></title>"), None);
        assert_eq!(title("no page"), None);
    }

    #[test]
    fn a_strangers_text_is_one_short_harmless_line() {
        assert_eq!(short("a\n\n b\x1b[2J"), r"a b\u{1b}[2J");
        assert_eq!(short(&"x".repeat(200)).chars().count(), MAX_TEXT + 1);
    }
}
