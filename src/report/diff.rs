//! The diff of the nearest conforming answer against the one that came.

use std::time::Duration;

use similar::{ChangeTag, TextDiff};

use crate::exchange::{Body, Observation, printable};

/// The header fields that are shown even where they do not differ.
const SHOWN: [&str; 1] = ["content-type"];

/// The most lines of a diff that are shown; the rest is counted.
const MAX_LINES: usize = 60;

/// How many lines of an answer are compared; a hostile one can have very many.
const MOST_COMPARED: usize = 2000;

/// How long a diff may take; what it finds later is less than the shortest one.
const PATIENCE: Duration = Duration::from_millis(200);

/// How many lines around a difference are shown.
const CONTEXT: usize = 3;

/// A unified diff: `-` is due, `+` came.
#[must_use]
pub(super) fn diff(due: &Observation, came: &Observation) -> String {
    let differing: Vec<&str> = due
        .headers
        .iter()
        .chain(&came.headers)
        .map(|(name, _)| name.as_str())
        .filter(|name| SHOWN.contains(name) || due.header(name) != came.header(name))
        .collect();
    let (old, new) = (document(due, &differing), document(came, &differing));
    let compared = TextDiff::configure()
        .timeout(PATIENCE)
        .diff_lines(&old, &new);
    let mut lines = Vec::new();
    for (number, group) in compared.grouped_ops(CONTEXT).iter().enumerate() {
        if number > 0 {
            lines.push("  …".to_owned());
        }
        for change in group.iter().flat_map(|op| compared.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            lines.push(format!("{sign} {}", change.value().trim_end_matches('\n')));
        }
    }
    shorten(lines)
}

fn shorten(mut lines: Vec<String>) -> String {
    let left_out = lines.len().saturating_sub(MAX_LINES);
    if left_out > 0 {
        lines.truncate(MAX_LINES);
        lines.push(format!("  … {left_out} more lines"));
    }
    lines.join("\n")
}

/// An answer as text: status, the header fields that matter, an empty line, the content.
fn document(answer: &Observation, headers: &[&str]) -> String {
    let mut text = format!("HTTP {}\n", answer.status);
    for (name, value) in &answer.headers {
        if headers.contains(&name.as_str()) {
            text += &format!("{name}: {}\n", printable(value));
        }
    }
    text.push('\n');
    text += &match &answer.body {
        Body::Empty => String::new(),
        Body::Json(value) => pretty(value),
        Body::Text(text) => text.clone(),
        Body::Unreadable(why) => format!("‹content: {why}›"),
    };
    text.push('\n');
    text
}

fn pretty(value: &serde_json::Value) -> String {
    let text = serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string());
    text.lines()
        .take(MOST_COMPARED)
        .map(printable)
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(status: u16, body: serde_json::Value) -> Observation {
        Observation {
            status,
            headers: vec![
                ("content-type".into(), "application/json".into()),
                ("date".into(), "today".into()),
            ],
            body: Body::Json(body),
        }
    }

    #[test]
    fn only_what_differs_is_marked() {
        let due = answer(401, json!({ "errors": [{ "code": "A", "status": "401" }] }));
        let came = answer(403, json!({ "errors": [{ "code": "B", "status": "401" }] }));
        let shown = diff(&due, &came);
        let marked: Vec<_> = shown
            .lines()
            .filter(|line| !line.starts_with(' '))
            .collect();
        assert_eq!(
            marked,
            [
                "- HTTP 401",
                "+ HTTP 403",
                "-       \"code\": \"A\",",
                "+       \"code\": \"B\","
            ]
        );
        assert!(!shown.contains("date"));
    }

    #[test]
    fn a_terminal_is_not_disturbed() {
        let came = answer(401, json!({ "\u{1b}[31m": "\u{202e}x" }));
        let shown = diff(&answer(200, json!({})), &came);
        assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown}");
    }

    #[test]
    fn what_lies_between_differences_is_left_out() {
        let lines = |first: usize, last: usize| {
            let mut numbers: Vec<usize> = (0..40).collect();
            (numbers[2], numbers[37]) = (first, last);
            answer(200, json!(numbers))
        };
        let shown = diff(&lines(100, 200), &lines(101, 201));
        assert_eq!(shown.matches("\n  …\n").count(), 1, "{shown}");
        assert!(!shown.starts_with("  …"), "{shown}");
        assert!(shown.contains("-   100,\n+   101,"), "{shown}");
        let once = diff(&lines(100, 37), &lines(101, 37));
        assert!(!once.contains('…'), "{once}");
    }

    #[test]
    fn a_diff_has_a_bound() {
        let lines = |number: usize| vec!["x".to_owned(); number];
        let shown = shorten(lines(MAX_LINES));
        assert_eq!(shown, lines(MAX_LINES).join("\n"));
        let cut = shorten(lines(MAX_LINES + 5));
        assert_eq!(cut, format!("{shown}\n  … 5 more lines"));
    }
}
