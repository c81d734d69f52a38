//! The rules by which a value that varies from run to run is the same in all of them.
//!
//! Each leaves a value of the same kind: a date stays a date, a count of seconds such a count.

use std::sync::LazyLock;

use regex::Regex;

/// A date of a header field (RFC 9110, section 5.6.7).
const DATE: &str = "Thu, 01 Jan 1970 00:00:00 GMT";

/// A date in content (RFC 3339).
const TIMESTAMP: &str = "1970-01-01T00:00:00+00:00";

/// What is left of a value that says nothing but which request this was.
const VARIES: &str = "‹varies›";

/// What is left of the name of a run.
const RUN: &str = "ptero-conformance-RUN";

/// Seconds that are waited.
const SECONDS: &str = "60";

/// Header fields that name this one request, or how long it took.
const OF_ONE_REQUEST: [&str; 9] = [
    "age",
    "cf-ray",
    "server-timing",
    "x-amzn-trace-id",
    "x-correlation-id",
    "x-envoy-upstream-service-time",
    "x-request-id",
    "x-runtime",
    "x-trace-id",
];

/// Header fields whose values are others with the content, the hour, or what was asked before.
const MOVING: [&str; 7] = [
    "content-length",
    "date",
    "expires",
    "last-modified",
    "retry-after",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
];

/// The date that a cookie ends at.
static COOKIE_DATE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)(expires=)[^;]*").ok());

/// The name of a run.
static RUN_NAME: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"ptero-conformance-\d+-[0-9a-f]{16}").ok());

/// A moment as content writes it.
static MOMENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:?\d{2})?").ok()
});

/// Whether a header field has another value with every answer, so that it tells only by being there.
#[must_use]
pub(crate) fn moves_on(name: &str) -> bool {
    MOVING.contains(&name) || OF_ONE_REQUEST.contains(&name)
}

/// A header field's value as every run has it.
#[must_use]
pub(crate) fn same_field(name: &str, value: &str) -> String {
    let is_number = value.bytes().all(|byte| byte.is_ascii_digit()) && !value.is_empty();
    match name {
        "date" | "expires" | "last-modified" => DATE.to_owned(),
        "retry-after" if !is_number => DATE.to_owned(),
        "retry-after" | "x-ratelimit-reset" if is_number => SECONDS.to_owned(),
        "set-cookie" => replaced(&COOKIE_DATE, value, &format!("${{1}}{DATE}")),
        _ if OF_ONE_REQUEST.contains(&name) => VARIES.to_owned(),
        _ => same_words(value),
    }
}

/// A text in which every run has the same name.
#[must_use]
pub(crate) fn same_run(text: &str) -> String {
    replaced(&RUN_NAME, text, RUN)
}

/// A text in which every run has the same name, and every moment is the same.
#[must_use]
pub(crate) fn same_words(text: &str) -> String {
    replaced(&MOMENT, &same_run(text), TIMESTAMP)
}

fn replaced(pattern: &LazyLock<Option<Regex>>, text: &str, by: &str) -> String {
    match &**pattern {
        Some(pattern) => pattern.replace_all(text, by).into_owned(),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_the_same_in_every_run_and_of_its_own_kind() {
        for (name, value, wanted) in [
            ("date", "Sat, 28 Nov 2026 01:02:03 GMT", DATE),
            ("retry-after", "7", SECONDS),
            ("retry-after", "Sat, 28 Nov 2026 01:02:03 GMT", DATE),
            ("retry-after", "", DATE),
            ("x-ratelimit-reset", "1764291723", SECONDS),
            ("x-ratelimit-reset", "soon", "soon"),
            ("x-ratelimit-reset", "", ""),
            ("x-request-id", "8f1", VARIES),
            ("server", "nginx", "nginx"),
        ] {
            assert_eq!(same_field(name, value), wanted, "{name}: {value}");
        }
        let cookie = same_field(
            "set-cookie",
            "a=b; expires=Sat, 28 Nov 2026 01:02:03 GMT; path=/",
        );
        assert_eq!(cookie, format!("a=b; expires={DATE}; path=/"));
    }

    #[test]
    fn some_fields_tell_only_by_being_there() {
        assert!(moves_on("content-length") && moves_on("cf-ray"));
        assert!(!moves_on("retry") && !moves_on("x-ratelimit-limit"));
    }

    #[test]
    fn runs_and_moments_in_a_text_are_the_same() {
        let run = "ptero-conformance-1764291723-0123456789abcdef";
        let text = format!("{run} at 2026-11-28T01:02:03.4+01:00, 2026-11-28 01:02:03Z");
        assert_eq!(same_run(run), RUN);
        assert_eq!(
            same_words(&text),
            format!("{RUN} at {TIMESTAMP}, {TIMESTAMP}")
        );
    }
}
