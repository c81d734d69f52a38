//! The judge: what is due and what came, in; all deviations, out. Pure.

use serde_json::Value;

use super::Verdict;
use super::deviation::{Deviation, Kind};
use super::expected::Expected;
use crate::exchange::{Body, Observation};
use crate::spec::{Contract, Mismatch, Signature, ValueMatch};

/// One step: what was due, and what came.
#[derive(Clone, Copy, Debug)]
pub struct Judged<'a> {
    /// What is due.
    pub expected: &'a Expected,
    /// What came.
    pub observed: &'a Observation,
}

/// Judges the steps of a case.
///
/// # Errors
///
/// When a schema cannot be compiled: then nothing is known about the panel.
pub fn judge(steps: &[Judged<'_>], contract: &Contract) -> Result<Verdict, String> {
    let mut deviations = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        let found = deviations_of(number, step, steps, contract)?;
        if found.is_empty() {
            continue;
        }
        if let Some(signature) = foreign(step, &contract.signatures) {
            if deviations.is_empty() {
                return Ok(Verdict::Inconclusive(format!("this is {}", signature.is)));
            }
            break;
        }
        deviations.extend(found);
    }
    if deviations.is_empty() {
        Ok(Verdict::Conforms)
    } else {
        Ok(Verdict::Deviates(deviations))
    }
}

/// The sign that an answer is not the panel's own, unless its status was due.
fn foreign<'c>(step: &Judged<'_>, signatures: &'c [Signature]) -> Option<&'c Signature> {
    let observed = step.observed;
    if step.expected.status.contains(&observed.status) {
        return None;
    }
    signatures
        .iter()
        .find(|signature| shows(signature, observed))
}

/// Whether an answer has the sign of something else than the panel.
#[must_use]
pub fn shows(signature: &Signature, observed: &Observation) -> bool {
    let has = |(name, wanted): (&String, &ValueMatch)| {
        wanted.holds(observed.header(name).map(text).as_ref())
    };
    signature.status.0.contains(&observed.status)
        && signature.headers.iter().all(has)
        && signature
            .code
            .as_deref()
            .is_none_or(|code| error_code(observed) == Some(code))
}

fn deviations_of(
    number: usize,
    step: &Judged<'_>,
    all: &[Judged<'_>],
    contract: &Contract,
) -> Result<Vec<Deviation>, String> {
    let mut judging = Judging {
        number,
        step: *step,
        found: Vec::new(),
    };
    judging.status();
    judging.headers();
    judging.data_where_refused();
    judging.content(contract)?;
    judging.members();
    judging.echo();
    if let Some(other) = step.expected.same_as.and_then(|other| all.get(other)) {
        judging.same_as(other.observed);
    }
    Ok(judging.found)
}

struct Judging<'a> {
    number: usize,
    step: Judged<'a>,
    found: Vec<Deviation>,
}

impl Judging<'_> {
    fn add(
        &mut self,
        kind: Kind,
        what: impl Into<String>,
        expected: impl Into<String>,
        observed: impl Into<String>,
    ) {
        self.found.push(Deviation {
            step: self.number,
            kind,
            what: what.into(),
            expected: expected.into(),
            observed: observed.into(),
        });
    }

    fn status(&mut self) {
        let (expected, observed) = (self.step.expected, self.step.observed);
        if expected.status.is_empty() || expected.status.contains(&observed.status) {
            return;
        }
        let wanted: Vec<_> = expected.status.iter().map(ToString::to_string).collect();
        let kind = self.kind_of_status();
        self.add(
            kind,
            "status",
            wanted.join(" or "),
            observed.status.to_string(),
        );
    }

    fn kind_of_status(&self) -> Kind {
        let (expected, observed) = (self.step.expected, self.step.observed);
        let is_success = (200..300).contains(&observed.status);
        let is_behind = expected.behind.iter().any(|(status, code)| {
            *status == observed.status
                && (code.is_none() || code.as_deref() == error_code(observed))
        });
        if expected.refuses() && (is_success || is_behind) {
            Kind::Opened
        } else if expected.grants() && !is_success {
            Kind::Closed
        } else {
            Kind::Reshaped
        }
    }

    fn headers(&mut self) {
        for (name, wanted) in &self.step.expected.headers {
            let value = self.step.observed.header(name);
            if !wanted.holds(value.map(text).as_ref()) {
                let what = format!("header {name}");
                self.add(
                    Kind::Reshaped,
                    what,
                    wanted.to_string(),
                    value.unwrap_or("absent"),
                );
            }
        }
    }

    /// A refusal's status over a success's content still gives the content away.
    fn data_where_refused(&mut self) {
        let refusing = self.step.expected.refuses() && self.step.observed.status >= 300;
        let Body::Json(Value::Object(members)) = &self.step.observed.body else {
            return;
        };
        let data = ["data", "attributes"]
            .into_iter()
            .find(|name| members.contains_key(*name));
        if let Some(name) = data.filter(|_| refusing && !members.contains_key("errors")) {
            self.add(Kind::Opened, format!("/{name}"), "absent", "present");
        }
    }

    fn content(&mut self, contract: &Contract) -> Result<(), String> {
        let Some(wanted) = self.step.expected.content_schema() else {
            return Ok(());
        };
        let Body::Json(document) = &self.step.observed.body else {
            let seen = describe(&self.step.observed.body);
            self.add(Kind::Reshaped, "content", "JSON", seen);
            return Ok(());
        };
        let expected = self.step.expected;
        let schema = match (expected.schemas.as_slice(), &expected.error) {
            ([name], None) => contract.schemas.get(name)?.clone(),
            _ => contract.schemas.compile(&wanted)?,
        };
        let mut seen: Vec<(String, String)> = Vec::new();
        for mismatch in schema.mismatches(document) {
            let key = (mismatch.pointer.clone(), mismatch.wanted.clone());
            if !seen.contains(&key) {
                seen.push(key);
                self.mismatch(&mismatch, document);
            }
        }
        Ok(())
    }

    fn mismatch(&mut self, mismatch: &Mismatch, document: &Value) {
        let what = if mismatch.pointer.is_empty() {
            "content"
        } else {
            &mismatch.pointer
        };
        let kind = if mismatch.pointer == "/errors/0/detail" && is_text(document, &mismatch.pointer)
        {
            Kind::Reworded
        } else {
            Kind::Reshaped
        };
        let observed = document
            .pointer(&mismatch.pointer)
            .map_or("absent".to_owned(), brief);
        self.add(kind, what, mismatch.wanted.clone(), observed);
    }

    fn members(&mut self) {
        let expected = self.step.expected;
        if expected.without_content {
            return;
        }
        let nothing = Value::Null;
        let document = match &self.step.observed.body {
            Body::Json(document) => document,
            _ => &nothing,
        };
        for (pointer, wanted) in &expected.body {
            let value = document.pointer(pointer);
            if !wanted.holds(value) {
                let observed = value.map_or("absent".to_owned(), brief);
                self.add(Kind::Reshaped, pointer, wanted.to_string(), observed);
            }
        }
        for pointer in expected
            .absent
            .iter()
            .filter(|pointer| document.pointer(pointer).is_some())
        {
            self.add(Kind::Reshaped, pointer, "absent", "present");
        }
    }

    /// A refusal never gives the key back: the redactor has marked where it stood.
    fn echo(&mut self) {
        let observed = self.step.observed;
        if observed.status < 400 {
            return;
        }
        for (name, value) in &observed.headers {
            if value.contains(MARK) {
                self.add(
                    Kind::Reshaped,
                    format!("header {name}"),
                    "no key in it",
                    "a key, or part of it",
                );
            }
        }
        let in_body = match &observed.body {
            Body::Json(document) => document.to_string().contains(MARK),
            Body::Text(text) => text.contains(MARK),
            Body::Empty | Body::Unreadable(_) => false,
        };
        if in_body {
            self.add(
                Kind::Reshaped,
                "content",
                "no key in it",
                "a key, or part of it",
            );
        }
    }

    fn same_as(&mut self, other: &Observation) {
        let observed = self.step.observed;
        if observed.status != other.status {
            let (wanted, seen) = (other.status.to_string(), observed.status.to_string());
            self.add(Kind::Reshaped, "status", wanted, seen);
        }
        let type_of = |o: &Observation| o.header("content-type").unwrap_or("absent").to_owned();
        if type_of(observed) != type_of(other) {
            self.add(
                Kind::Reshaped,
                "header content-type",
                type_of(other),
                type_of(observed),
            );
        }
        for (member, kind) in [("code", Kind::Reshaped), ("detail", Kind::Reworded)] {
            let pointer = format!("/errors/0/{member}");
            let (wanted, seen) = (member_of(other, &pointer), member_of(observed, &pointer));
            if wanted != seen {
                self.add(kind, pointer, wanted, seen);
            }
        }
    }
}

/// What the redactor leaves where a key stood.
const MARK: &str = "[redacted";

fn text(value: &str) -> Value {
    Value::String(value.to_owned())
}

fn is_text(document: &Value, pointer: &str) -> bool {
    document.pointer(pointer).is_some_and(Value::is_string)
}

fn member_of(observed: &Observation, pointer: &str) -> String {
    match &observed.body {
        Body::Json(document) => document.pointer(pointer).map_or("absent".to_owned(), brief),
        _ => "absent".to_owned(),
    }
}

fn error_code(observed: &Observation) -> Option<&str> {
    match &observed.body {
        Body::Json(document) => document.pointer("/errors/0/code").and_then(Value::as_str),
        _ => None,
    }
}

/// A value in few words; structures by their kind only.
fn brief(value: &Value) -> String {
    match value {
        Value::Object(_) => "an object".to_owned(),
        Value::Array(entries) => format!("a list of {}", entries.len()),
        simple => simple.to_string(),
    }
}

fn describe(body: &Body) -> String {
    match body {
        Body::Empty => "nothing".to_owned(),
        Body::Json(value) => brief(value),
        Body::Text(_) => "text that is not JSON".to_owned(),
        Body::Unreadable(why) => format!("something unreadable: {why}"),
    }
}
