//! The content of a request: whether it is malformed, and the fields in it (panel-facts §4, §6).

use serde::Deserialize;
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::{incoming::Incoming, negotiation::is_json};

/// The deepest nesting that is read.
const DEPTH_LIMIT: usize = 512;

/// Why JSON content cannot be read, as the panel's parser says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    pub number: u8,
    pub reason: &'static str,
}

const TOO_DEEP: Malformed = malformation(1, "Maximum stack depth exceeded");
const CONTROL_CHARACTER: Malformed =
    malformation(3, "Control character error, possibly incorrectly encoded");
const SYNTAX: Malformed = malformation(4, "Syntax error");
const NOT_UTF_8: Malformed = malformation(
    5,
    "Malformed UTF-8 characters, possibly incorrectly encoded",
);

const fn malformation(number: u8, reason: &'static str) -> Malformed {
    Malformed { number, reason }
}

/// Why JSON content cannot be read. Content that does not claim to be JSON, and no content at
/// all, is never malformed.
pub(super) fn malformed(incoming: &Incoming) -> Option<Malformed> {
    if incoming.body.is_empty() || !claims_json(incoming) {
        return None;
    }
    let Ok(text) = std::str::from_utf8(&incoming.body) else {
        return Some(NOT_UTF_8);
    };
    let traits = Traits::of(text);
    if traits.depth > DEPTH_LIMIT {
        return Some(TOO_DEEP);
    }
    match parse(text) {
        Ok(_) => None,
        Err(_) if traits.control_in_string => Some(CONTROL_CHARACTER),
        Err(_) => Some(SYNTAX),
    }
}

/// The fields of the content and the query. White space around texts is removed, empty texts
/// become null. Content that is not an object has no fields.
pub(super) fn fields(incoming: &Incoming) -> Map<String, Value> {
    let mut fields = if claims_json(incoming) {
        json_fields(incoming)
    } else {
        form_fields(incoming)
    };
    for (name, value) in &incoming.query {
        if !fields.contains_key(name) {
            insert(&mut fields, name, value);
        }
    }
    fields.values_mut().for_each(tidy);
    fields
}

/// The value at a dotted name: `limits.memory`.
pub(super) fn at<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let (first, rest) = name.split_once('.').unwrap_or((name, ""));
    let value = fields.get(first)?;
    if rest.is_empty() {
        return Some(value);
    }
    at(value.as_object()?, rest)
}

/// Whether the content type says JSON.
pub(super) fn claims_json(incoming: &Incoming) -> bool {
    incoming
        .text("content-type")
        .is_some_and(|content_type| is_json(&content_type))
}

fn parse(text: &str) -> serde_json::Result<Value> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    deserializer.disable_recursion_limit();
    let value = Value::deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

fn json_fields(incoming: &Incoming) -> Map<String, Value> {
    if malformed(incoming).is_some() {
        return Map::new();
    }
    let text = String::from_utf8_lossy(&incoming.body);
    match parse(&text) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

fn form_fields(incoming: &Incoming) -> Map<String, Value> {
    let mut fields = Map::new();
    let content_type = incoming.text("content-type").unwrap_or_default();
    if content_type.starts_with("application/x-www-form-urlencoded") {
        for (name, value) in form_urlencoded::parse(&incoming.body) {
            insert(&mut fields, &name, &value);
        }
    }
    fields
}

/// Sets `name`, `name[]` or `name[key]`.
fn insert(fields: &mut Map<String, Value>, name: &str, value: &str) {
    let value = Value::from(value);
    let Some((name, key)) = name.split_once('[') else {
        fields.insert(name.to_owned(), value);
        return;
    };
    let key = key.trim_end_matches(']');
    let entry = fields.entry(name).or_insert(Value::Null);
    if key.is_empty() || key.parse::<usize>().is_ok() {
        match entry {
            Value::Array(items) => items.push(value),
            other => *other = Value::Array(vec![value]),
        }
    } else {
        match entry {
            Value::Object(members) => {
                members.insert(key.to_owned(), value);
            }
            other => *other = Value::Object(Map::from_iter([(key.to_owned(), value)])),
        }
    }
}

fn tidy(value: &mut Value) {
    match value {
        Value::String(text) if text.trim().is_empty() => *value = Value::Null,
        Value::String(text) => *text = text.trim().to_owned(),
        Value::Array(items) => items.iter_mut().for_each(tidy),
        Value::Object(members) => members.values_mut().for_each(tidy),
        _ => {}
    }
}

/// What one look over a text tells without parsing it.
#[derive(Default)]
struct Traits {
    depth: usize,
    control_in_string: bool,
}

impl Traits {
    fn of(text: &str) -> Self {
        let mut traits = Self::default();
        let (mut open, mut in_string, mut escaped) = (0_usize, false, false);
        for byte in text.bytes() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if in_string => escaped = true,
                b'"' => in_string = !in_string,
                0..=0x1f if in_string => traits.control_in_string = true,
                b'[' | b'{' if !in_string => open += 1,
                b']' | b'}' if !in_string => open = open.saturating_sub(1),
                _ => {}
            }
            traits.depth = traits.depth.max(open);
        }
        traits
    }
}

#[cfg(test)]
mod tests {
    use super::{Incoming, Traits, at, fields, malformed};

    #[test]
    fn a_text_is_looked_over_with_its_strings_in_mind() {
        let depth = |text: &str| Traits::of(text).depth;
        assert_eq!(depth("[[]]"), 2);
        assert_eq!(depth("[][]{}"), 1);
        assert_eq!(depth(r#"["[[", "]]", [1]]"#), 2, "brackets in strings");
        assert_eq!(depth(r#"["\"[["]"#), 1, "behind an escaped quote");
        assert_eq!(depth(r"\[["), 2, "a backslash outside of a string");
        let has_control = |text: &str| Traits::of(text).control_in_string;
        assert!(has_control("{\"a\":\"\t\"}"));
        assert!(!has_control("{\n\t\"a\":1}"));
    }

    fn post(content_type: &str, body: &str) -> Incoming {
        Incoming::for_tests("POST", "/?x=1", &[("content-type", content_type)], body)
    }

    #[test]
    fn malformed_json_has_the_words_of_the_parser() {
        let deep = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        for (body, reason) in [
            ("{}", None),
            ("null", None),
            ("", None),
            (&*deep(100), None),
            (&*deep(500), None),
            (&*format!("[{}0]", "[0],".repeat(600)), None),
            (&*format!(r#"["{}"]"#, "[".repeat(600)), None),
            (&*format!(r#"["\"{}"]"#, "[".repeat(600)), None),
            (
                &*format!(r#"["\\",{}]"#, deep(600)),
                Some("Maximum stack depth exceeded"),
            ),
            (&*format!(r#"[{}, "]"]"#, deep(511)), None),
            ("{\n\t}", None),
            ("{bad", Some("Syntax error")),
            ("{\"a\":1,}", Some("Syntax error")),
            ("\u{feff}{}", Some("Syntax error")),
            (&*deep(512), None),
            (&*deep(513), Some("Maximum stack depth exceeded")),
            (&*deep(600), Some("Maximum stack depth exceeded")),
            (
                "{\"a\":\"\0\"}",
                Some("Control character error, possibly incorrectly encoded"),
            ),
        ] {
            let incoming = post("application/vnd.x+json; charset=utf-8", body);
            let found = malformed(&incoming).map(|one| one.reason);
            assert_eq!(found, reason, "{body:.20}");
        }
        assert_eq!(malformed(&post("text/plain", "{bad")), None);
    }

    #[test]
    fn fields_come_from_json_forms_and_the_query() {
        let json = fields(&post("application/json", r#"{"a":{"b":" c "},"d":""}"#));
        assert_eq!(at(&json, "a.b"), Some(&"c".into()));
        assert_eq!(at(&json, "d"), Some(&serde_json::Value::Null));
        assert_eq!(at(&json, "x"), Some(&"1".into()));
        let form = "application/x-www-form-urlencoded";
        let form = fields(&post(form, "a[]=1&a[]=+2+&b[c]=3&d[]="));
        assert_eq!(at(&form, "d"), Some(&serde_json::json!([null])));
        assert_eq!(at(&form, "a"), Some(&serde_json::json!(["1", "2"])));
        assert_eq!(at(&form, "b.c"), Some(&"3".into()));
        assert!(at(&fields(&post("text/plain", "a=1")), "a").is_none());
    }
}
