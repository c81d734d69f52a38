//! What one answer must be, complete: the profile and the scenario have had their say.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::spec::{Origin, Relation, SchemaName, Schemas, ValueMatch};

/// What the answer to one request must be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expected {
    /// The status codes that are right; empty: any.
    pub status: Vec<u16>,
    /// `errors[0]`, where it is stated.
    pub error: Option<ErrorWords>,
    /// The schemas of the content; all hold.
    pub schemas: Vec<SchemaName>,
    /// Header fields, names in lower case.
    pub headers: BTreeMap<String, ValueMatch>,
    /// Members of the content, by JSON Pointer.
    pub body: BTreeMap<String, ValueMatch>,
    /// JSON Pointers that must lead nowhere.
    pub absent: Vec<String>,
    /// The number of the earlier step that the answer must equal in status, content type and error.
    pub same_as: Option<usize>,
    /// Values beside those of earlier steps, each with the number of the step.
    pub relations: Vec<(usize, Relation)>,
    /// Answers that are given only behind the refusal that is due: status and `errors[0].code`.
    pub behind: Vec<(u16, Option<String>)>,
    /// Whether a limit has been spent on purpose, so that 429 is the panel's word on the request.
    pub limit_is_spent: bool,
    /// Whether an answer to this request has content at all (RFC 9110, sections 9.3.2 and 15.3.5).
    pub without_content: bool,
    /// How well this is known.
    pub origin: Option<Origin>,
}

/// What the first entry of `errors` must be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorWords {
    /// Its `code`.
    pub code: Option<String>,
    /// Its `detail`.
    pub detail: Option<Wording>,
}

/// A text, of which parts may vary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wording {
    /// The text as it is shown, `${…}` where it varies.
    pub shown: String,
    /// The regular expression that it must fit, if parts vary.
    pub pattern: Option<String>,
}

impl Wording {
    /// Reads a text in which `${name}` stands for what `known` says, or else for anything.
    #[must_use]
    pub fn new(text: &str, known: &BTreeMap<&str, String>) -> Self {
        let (mut shown, mut pattern, mut varies) = (String::new(), String::from("^"), false);
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let Some((name, behind)) = after.split_once('}') else {
                break;
            };
            shown += before;
            pattern += &regex::escape(before);
            if let Some(value) = known.get(name) {
                shown += value;
                pattern += &regex::escape(value);
            } else {
                varies = true;
                shown += &format!("${{{name}}}");
                pattern += ".+";
            }
            rest = behind;
        }
        shown += rest;
        pattern += &regex::escape(rest);
        pattern.push('$');
        Self {
            shown,
            pattern: varies.then_some(pattern),
        }
    }

    fn schema(&self) -> Value {
        match &self.pattern {
            None => json!({ "const": self.shown }),
            Some(pattern) => json!({ "type": "string", "pattern": pattern }),
        }
    }
}

impl Expected {
    /// Whether a refusal is due.
    #[must_use]
    pub fn refuses(&self) -> bool {
        !self.status.is_empty() && self.status.iter().all(|status| *status >= 300)
    }

    /// Whether a success is due.
    #[must_use]
    pub fn grants(&self) -> bool {
        !self.status.is_empty() && self.status.iter().all(|status| (200..300).contains(status))
    }

    /// What the content must fit, as one schema; nothing where nothing is stated about it.
    #[must_use]
    pub fn content_schema(&self) -> Option<Value> {
        if self.without_content {
            return None;
        }
        let schemas = self.schemas.iter().map(Schemas::reference);
        let error = self.error.as_ref().map(|error| self.error_schema(error));
        let parts: Vec<Value> = schemas.chain(error).collect();
        (!parts.is_empty()).then(|| json!({ "allOf": parts }))
    }

    /// `errors[0]` of the envelope: its `status` is the status code as a string.
    fn error_schema(&self, error: &ErrorWords) -> Value {
        let mut members = serde_json::Map::new();
        if let Some(code) = &error.code {
            members.insert("code".into(), json!({ "const": code }));
        }
        if let [status] = self.status.as_slice() {
            members.insert("status".into(), json!({ "const": status.to_string() }));
        }
        if let Some(detail) = &error.detail {
            members.insert("detail".into(), detail.schema());
        }
        let required: Vec<_> = members.keys().cloned().collect();
        let entry = json!({ "type": "object", "required": required, "properties": members });
        json!({
            "type": "object",
            "required": ["errors"],
            "properties": { "errors": { "type": "array", "minItems": 1, "prefixItems": [entry] } },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_and_a_success_are_told_by_every_status_that_is_due() {
        let of = |status: &[u16]| {
            let expected = Expected {
                status: status.to_vec(),
                ..Expected::default()
            };
            (expected.refuses(), expected.grants())
        };
        assert_eq!(of(&[401, 302]), (true, false));
        assert_eq!(of(&[300]), (true, false));
        assert_eq!(of(&[200, 299]), (false, true));
        for neither in [&[][..], &[200, 404], &[199]] {
            assert_eq!(of(neither), (false, false), "{neither:?}");
        }
    }

    #[test]
    fn wordings_know_what_varies() {
        let known = BTreeMap::from([("path", "api/client/nope".to_owned())]);
        let exact = Wording::new("The route ${path} could not be found.", &known);
        assert_eq!(exact.shown, "The route api/client/nope could not be found.");
        assert_eq!(exact.pattern, None);
        let varying = Wording::new("This IP address (${address}) does not.", &known);
        assert_eq!(varying.shown, "This IP address (${address}) does not.");
        assert_eq!(
            varying.pattern.as_deref(),
            Some(r"^This IP address \(.+\) does not\.$")
        );
    }
}
