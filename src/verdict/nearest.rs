//! The nearest conforming answer: what came, changed only where it is wrong.

use serde_json::{Value, json};

use super::expected::Expected;
use crate::exchange::{Body, Observation};
use crate::spec::{Contract, Mismatch, Problem};

/// The answer that conforms and differs least from the one that came.
///
/// Where the status is of another class, the content is that of the expected answer, not a mended
/// one: nothing of a success belongs into a refusal.
#[must_use]
pub fn nearest(expected: &Expected, observed: &Observation, contract: &Contract) -> Observation {
    let status = match expected.status.as_slice() {
        [first, ..] if !expected.status.contains(&observed.status) => *first,
        _ => observed.status,
    };
    Observation {
        status,
        headers: headers(expected, observed),
        body: body(expected, observed, status, contract),
    }
}

/// The answer that came, made like another in what must be the same: status, content type, error.
#[must_use]
pub fn like(other: &Observation, observed: &Observation) -> Observation {
    let mut made = observed.clone();
    made.status = other.status;
    made.body = other.body.clone();
    for (name, value) in &mut made.headers {
        if name == "content-type" {
            other.header(name).unwrap_or_default().clone_into(value);
        }
    }
    made
}

fn headers(expected: &Expected, observed: &Observation) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for (name, value) in &observed.headers {
        match expected.headers.get(name) {
            Some(wanted) if !wanted.holds(Some(&Value::String(value.clone()))) => {
                fields.extend(
                    wanted
                        .example()
                        .map(|example| (name.clone(), plain(&example))),
                );
            }
            _ => fields.push((name.clone(), value.clone())),
        }
    }
    for (name, wanted) in &expected.headers {
        if observed.header(name).is_none() {
            fields.extend(
                wanted
                    .example()
                    .map(|example| (name.clone(), plain(&example))),
            );
        }
    }
    fields
}

fn body(expected: &Expected, observed: &Observation, status: u16, contract: &Contract) -> Body {
    let Some(schema) = expected.content_schema() else {
        return mend_members(expected, observed.body.clone());
    };
    let same_class = status / 100 == observed.status / 100;
    let start = match &observed.body {
        Body::Json(document) if same_class => document.clone(),
        _ => json!({}),
    };
    let Ok(compiled) = contract.schemas.compile(&schema) else {
        return observed.body.clone();
    };
    // A member that was missing can have members of its own, so mending is repeated: once for
    // each level that a schema can nest.
    let mut document = start;
    for _ in 0..MAX_DEPTH {
        let mismatches = compiled.mismatches(&document);
        if mismatches.is_empty() {
            break;
        }
        for mismatch in &mismatches {
            mend(&mut document, mismatch, expected);
        }
    }
    mend_members(expected, Body::Json(document))
}

/// How often a document is mended; the response schemas nest less deeply.
const MAX_DEPTH: usize = 8;

fn mend(document: &mut Value, mismatch: &Mismatch, expected: &Expected) {
    let Some(place) = document.pointer_mut(&mismatch.pointer) else {
        return;
    };
    match &mismatch.problem {
        Problem::Constant(value) => *place = value.clone(),
        Problem::Missing(name) => {
            if let Value::Object(members) = place {
                members
                    .entry(name.clone())
                    .or_insert_with(|| placeholder(name));
            }
        }
        Problem::Type(types) => *place = of_type(types.first().map_or("string", String::as_str)),
        Problem::Pattern(_) => *place = Value::String(shown(mismatch, expected)),
        Problem::TooShort(wanted) => {
            if let Value::Array(entries) = place {
                entries.resize_with(entries.len().max(*wanted), || json!({}));
            }
        }
        Problem::Other => *place = Value::String(format!("<{}>", mismatch.wanted)),
    }
}

/// A stand-in for a member that is missing; its type is mended in the next round.
fn placeholder(name: &str) -> Value {
    Value::String(format!("<{name}>"))
}

fn of_type(name: &str) -> Value {
    match name {
        "object" => json!({}),
        "array" => json!([]),
        "integer" | "number" => json!(0),
        "boolean" => json!(true),
        "null" => Value::Null,
        _ => Value::String("<string>".to_owned()),
    }
}

fn shown(mismatch: &Mismatch, expected: &Expected) -> String {
    let detail = expected
        .error
        .as_ref()
        .and_then(|error| error.detail.as_ref());
    match detail.filter(|_| mismatch.pointer == "/errors/0/detail") {
        Some(wording) => wording.shown.clone(),
        None if mismatch.pointer.ends_with("/status") => expected
            .status
            .first()
            .map_or_else(|| "<string>".to_owned(), ToString::to_string),
        None => "<string>".to_owned(),
    }
}

fn mend_members(expected: &Expected, body: Body) -> Body {
    let Body::Json(mut document) = body else {
        return body;
    };
    for (pointer, wanted) in &expected.body {
        if wanted.holds(document.pointer(pointer)) {
            continue;
        }
        match (wanted.example(), document.pointer_mut(pointer)) {
            (Some(example), Some(place)) => *place = example,
            (Some(example), None) => insert(&mut document, pointer, example),
            (None, _) => remove(&mut document, pointer),
        }
    }
    for pointer in &expected.absent {
        remove(&mut document, pointer);
    }
    Body::Json(document)
}

fn insert(document: &mut Value, pointer: &str, value: Value) {
    let Some((parent, name)) = pointer.rsplit_once('/') else {
        return;
    };
    if let Some(Value::Object(members)) = document.pointer_mut(parent) {
        members.insert(unescape(name), value);
    }
}

fn remove(document: &mut Value, pointer: &str) {
    let Some((parent, name)) = pointer.rsplit_once('/') else {
        return;
    };
    if let Some(Value::Object(members)) = document.pointer_mut(parent) {
        members.shift_remove(&unescape(name));
    }
}

/// A part of a JSON Pointer as the name it stands for (RFC 6901, section 4).
fn unescape(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests;
