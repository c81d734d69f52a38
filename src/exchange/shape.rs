//! Reduces a document to its shape: what customers keep on a panel is nobody's business here.

use serde_json::{Map, Number, Value};

/// Entries of a list that are kept: above the 100 that a page of the panel can have, so that a
/// page that is too long is seen.
const MAX_ENTRIES: usize = 200;

/// The length up to which an `object` member is taken for the name of a type.
const MAX_TYPE_NAME: usize = 64;

/// Members that tell nothing about a customer, as JSON Pointers.
const PUBLIC: [&str; 2] = ["/errors", "/meta/pagination"];

/// A place below which no JSON Pointer points: they begin with a slash.
const NOWHERE: &str = "-";

/// Words in the name of a member whose value is never kept.
const SECRET: [&str; 3] = ["password", "secret", "token"];

/// The document with member names, types and lengths only.
///
/// A string becomes `‹string: 12 characters›`, a number 0 of its kind (`0` or `0.0`); booleans
/// and null stay. Lists keep their first 200 entries. These keep their value: an `object` member
/// that names a type, `/errors`, `/meta/pagination`, and what the JSON Pointers (RFC 6901) in
/// `keep` point at; but no member whose name speaks of a password, a secret or a token.
#[must_use]
pub fn shape(value: &Value, keep: &[String]) -> Value {
    reduce(value, "", keep)
}

fn reduce(value: &Value, pointer: &str, keep: &[String]) -> Value {
    if PUBLIC.contains(&pointer) || keep.iter().any(|kept| kept == pointer) {
        return without_secrets(value);
    }
    match value {
        Value::Null | Value::Bool(_) => value.clone(),
        Value::Number(number) => Value::Number(zero(number)),
        Value::String(text) => Value::String(placeholder(text)),
        Value::Array(entries) => reduce_entries(entries, pointer, keep),
        Value::Object(members) => reduce_members(members, pointer, keep),
    }
}

fn reduce_entries(entries: &[Value], pointer: &str, keep: &[String]) -> Value {
    let entries = entries.iter().take(MAX_ENTRIES).enumerate();
    entries
        .map(|(index, entry)| reduce(entry, &format!("{pointer}/{index}"), keep))
        .collect()
}

fn reduce_members(members: &Map<String, Value>, pointer: &str, keep: &[String]) -> Value {
    let reduced = members.iter().map(|(name, value)| {
        let value = if is_secret(name) {
            reduce_wholly(value)
        } else if name == "object" && names_a_type(value) {
            value.clone()
        } else {
            reduce(value, &format!("{pointer}/{}", escape(name)), keep)
        };
        (name.clone(), value)
    });
    Value::Object(reduced.collect())
}

fn without_secrets(value: &Value) -> Value {
    match value {
        Value::Array(entries) => entries.iter().map(without_secrets).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| {
                let value = if is_secret(name) {
                    reduce_wholly(value)
                } else {
                    without_secrets(value)
                };
                (name.clone(), value)
            })
            .collect(),
        _ => value.clone(),
    }
}

/// Reduces a value without the exceptions that hold for certain places of a document.
fn reduce_wholly(value: &Value) -> Value {
    reduce(value, NOWHERE, &[])
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET.iter().any(|word| name.contains(word))
}

fn names_a_type(value: &Value) -> bool {
    value.as_str().is_some_and(|text| {
        text.len() <= MAX_TYPE_NAME
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    })
}

fn zero(number: &Number) -> Number {
    if number.is_f64() {
        Number::from_f64(0.0).unwrap_or_else(|| Number::from(0))
    } else {
        Number::from(0)
    }
}

fn placeholder(text: &str) -> String {
    format!("‹string: {} characters›", text.chars().count())
}

/// A member name as part of a JSON Pointer.
fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_types_and_lengths_stay() {
        let document = json!({
            "object": "server",
            "attributes": { "name": "Müller", "id": 42, "load": 1.5, "on": true, "x": null },
        });
        assert_eq!(
            shape(&document, &[]),
            json!({
                "object": "server",
                "attributes": {
                    "name": "‹string: 6 characters›",
                    "id": 0,
                    "load": 0.0,
                    "on": true,
                    "x": null,
                },
            })
        );
    }

    #[test]
    fn pagination_and_errors_stay() {
        let document = json!({
            "data": [], "meta": { "pagination": { "total": 50 }, "secret_token": "abc" },
            "errors": [{ "code": "X" }],
        });
        let shape = shape(&document, &[]);
        assert_eq!(shape["meta"]["pagination"], document["meta"]["pagination"]);
        assert_eq!(shape["errors"], document["errors"]);
        assert_eq!(shape["meta"]["secret_token"], "‹string: 3 characters›");
    }

    #[test]
    fn what_a_pointer_names_stays() {
        let document = json!({ "data": [{ "a/b": "kept", "c": "gone" }], "d": { "e": "kept" } });
        let keep = ["/data/0/a~1b".to_owned(), "/d".to_owned()];
        let shape = shape(&document, &keep);
        assert_eq!(shape["data"][0]["a/b"], "kept");
        assert_eq!(shape["data"][0]["c"], "‹string: 4 characters›");
        assert_eq!(shape["d"]["e"], "kept");
    }

    #[test]
    fn a_secret_stays_by_no_pointer() {
        let document =
            json!({ "meta": { "secret_token": "abc", "x": [{ "password": 12, "y": 7 }] } });
        let reduced = json!({
            "meta": {
                "secret_token": "‹string: 3 characters›",
                "x": [{ "password": 0, "y": 7 }],
            }
        });
        for keep in ["", "/meta"] {
            let keep = [keep.to_owned(), "/meta/secret_token".to_owned()];
            assert_eq!(shape(&document, &keep), reduced);
        }
    }

    #[test]
    fn an_object_member_that_is_no_type_is_reduced() {
        let document = json!({ "object": "Anna Maria", "x": { "object": { "name": "Anna" } } });
        let shape = shape(&document, &[]);
        assert_eq!(shape["object"], "‹string: 10 characters›");
        assert_eq!(shape["x"]["object"]["name"], "‹string: 4 characters›");
    }

    #[test]
    fn a_list_keeps_its_length_up_to_a_bound() {
        let length = |entries: usize| {
            shape(&json!(vec!["x"; entries]), &[])
                .as_array()
                .map(Vec::len)
        };
        assert_eq!(length(101), Some(101));
        assert_eq!(length(1000), Some(200));
    }
}
