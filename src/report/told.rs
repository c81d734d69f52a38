//! Requests and answers as reports tell them: keys by name, texts of strangers made harmless.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::curl::allowed_origin;
use super::results::{Answer, AnswerContent, Field, RequestTold};
use crate::exchange::{Body, Observation, printable};
use crate::spec::{Holder, KeyUse, Part, Profile, RequestPlan, RoleName, Roles, Template};

/// The largest content of an answer that is kept, in bytes of JSON.
const MAX_CONTENT: usize = 16 * 1024;

/// The longest value of a header field that is kept, in characters.
const MAX_VALUE: usize = 1024;

/// The most header fields of an answer that are kept.
const MAX_FIELDS: usize = 64;

/// What a request needs to be told, besides itself.
#[derive(Clone, Copy)]
pub(super) struct Teller<'a> {
    pub(super) roles: &'a Roles,
    pub(super) profile: &'a Profile,
    pub(super) origin: &'a str,
}

impl Teller<'_> {
    /// A request with its ids, but with names in the place of keys.
    pub(super) fn request(
        &self,
        plan: &RequestPlan,
        ids: &BTreeMap<String, String>,
    ) -> RequestTold {
        let text = |template: &Template| printable(&self.text(plan, ids, template));
        let field = |name: &str, value: &Template| Field {
            name: name.to_owned(),
            value: text(value),
        };
        let authorization = plan.authorization.iter().map(|v| field("Authorization", v));
        let others = plan.headers.iter().map(|(name, value)| field(name, value));
        RequestTold {
            method: plan.endpoint.method.clone(),
            target: text(&plan.target),
            headers: authorization.chain(others).collect(),
            content: plan.content.as_ref().map(|content| text(content.text())),
        }
    }

    fn text(
        &self,
        plan: &RequestPlan,
        ids: &BTreeMap<String, String>,
        template: &Template,
    ) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Key(None) => match &plan.key {
                KeyUse::Role(role) => self.key(plan, role),
                KeyUse::Saved(name) => format!("‹saved: {name}›"),
            },
            Part::Key(Some(role)) => self.key(plan, role),
            Part::Prefix(of) => self.profile.prefix(of.unwrap_or(plan.api)).to_owned(),
            Part::Limit => self.profile.limits.of(plan.api).to_string(),
            Part::Run => "‹name of the run›".to_owned(),
            Part::Origin => self.origin.to_owned(),
            Part::AllowedOrigin => allowed_origin(self.profile).to_owned(),
            Part::Id(name) => ids.get(name).cloned().unwrap_or(format!("{{{name}}}")),
            Part::Saved(name) => format!("‹saved: {name}›"),
        };
        template.0.iter().map(part).collect()
    }

    fn key(&self, plan: &RequestPlan, name: &RoleName) -> String {
        match self.roles.holder(name, plan.api) {
            Some(Holder::MadeUp(made_up)) => {
                let text = made_up.value.as_deref().unwrap_or_default();
                text.replace("${prefix}", self.profile.prefix(plan.api))
            }
            Some(Holder::Derived(_, role)) => {
                format!("‹{name}: made from the key of {}›", role.name.value)
            }
            Some(Holder::Real(role)) => format!("‹key of {}›", role.name.value),
            None => format!("‹key of {name}›"),
        }
    }
}

/// An answer, bounded, and harmless to a terminal.
pub(super) fn answer(observed: &Observation) -> Answer {
    let kept = observed.headers.iter().take(MAX_FIELDS);
    let headers = kept.map(|(name, value)| Field {
        name: printable(name),
        value: printable(&beginning(value, MAX_VALUE)),
    });
    Answer {
        status: observed.status,
        headers: headers.collect(),
        content: content(&observed.body),
    }
}

fn content(body: &Body) -> AnswerContent {
    match body {
        Body::Empty => AnswerContent::Empty,
        Body::Text(text) => AnswerContent::Text {
            text: printable(text),
        },
        Body::Unreadable(why) => AnswerContent::LeftOut { why: why.clone() },
        Body::Json(value) => {
            let length = value.to_string().len();
            if length > MAX_CONTENT {
                let why = format!("{length} bytes of JSON, more than {MAX_CONTENT}");
                return AnswerContent::LeftOut { why };
            }
            AnswerContent::Json {
                value: harmless(value),
            }
        }
    }
}

/// The same document; every text in it is harmless to a terminal.
pub(super) fn harmless(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(printable(text)),
        Value::Array(entries) => entries.iter().map(harmless).collect(),
        Value::Object(members) => {
            let members = members.iter().map(|(n, v)| (printable(n), harmless(v)));
            Value::Object(members.collect::<Map<_, _>>())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// The beginning of a text; where something is left out, it says so.
pub(super) fn beginning(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::report::sample;

    fn observed(body: Body) -> Observation {
        Observation {
            status: 500,
            headers: vec![("x".to_owned(), "\u{1b}[2J".to_owned() + &"y".repeat(5000))],
            body,
        }
    }

    #[test]
    fn an_answer_disturbs_nothing_and_has_a_bound() {
        let told = answer(&observed(Body::Json(json!({ "\u{202e}a": ["\u{7}"] }))));
        assert_eq!(told.headers[0].value.chars().next(), Some('\\'));
        assert!(told.headers[0].value.chars().count() < 1100);
        let AnswerContent::Json { value } = told.content else {
            panic!("not JSON")
        };
        assert_eq!(value, json!({ r"\u{202e}a": [r"\u{7}"] }));
        // With its quotes it is as large as may be.
        let fits = answer(&observed(Body::Json(json!("x".repeat(MAX_CONTENT - 2)))));
        assert!(matches!(fits.content, AnswerContent::Json { .. }));
        let large = answer(&observed(Body::Json(json!("x".repeat(MAX_CONTENT)))));
        assert!(matches!(large.content, AnswerContent::LeftOut { .. }));
    }

    /// The header fields of a request as they are told.
    fn fields(request: &str) -> Vec<String> {
        let specs = sample::specs(&format!(
            "  - id: one\n    title: One\n    request: {request}\n    expect: {{ status: 200 }}\n"
        ));
        let case = specs.cases().next().unwrap();
        let teller = Teller {
            roles: &specs.contract.roles,
            profile: specs.contract.profile("pterodactyl-1.11").unwrap(),
            origin: "https://panel.example.com",
        };
        let ids = BTreeMap::from([("server".to_owned(), "1a2b3c4d".to_owned())]);
        let told = teller.request(&case.steps[0].request, &ids);
        let fields = told
            .headers
            .iter()
            .map(|f| format!("{}: {}", f.name, f.value));
        let first = format!("{} {}", told.method, told.target);
        let fields = fields.filter(|field| !field.starts_with("Accept"));
        [first]
            .into_iter()
            .chain(fields)
            .chain(told.content)
            .collect()
    }

    #[test]
    fn keys_are_told_by_name_and_all_else_as_it_is_sent() {
        let with = |key: &str| {
            let fields = fields(&format!("{{ endpoint: GET /api/client, key: {key} }}"));
            assert_eq!(fields[0], "GET /api/client");
            fields[1..].concat()
        };
        for (key, wanted) in [
            ("client", "Bearer ‹key of client›"),
            ("ip-locked", "Bearer ‹key of client-ip-locked›"),
            (
                "truncated",
                "Bearer ‹truncated: made from the key of client›",
            ),
            ("short", "Bearer abc"),
            (
                "unknown",
                "Bearer ptlc_Unknown0001xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            ),
        ] {
            assert_eq!(with(key), format!("Authorization: {wanted}"));
        }
        assert_eq!(with("none"), "");
        let request = "{ endpoint: \"GET /api/client/servers/{server}\", key: none, headers: { \
                       X-A: \"${origin}\", X-B: \"${limit}\", X-C: \"${run}\", \
                       X-D: \"${key:client-other}\", X-E: \"${prefix:application}\" } }";
        let wanted = [
            "GET /api/client/servers/1a2b3c4d",
            "X-A: https://panel.example.com",
            "X-B: 720",
            "X-C: ‹name of the run›",
            "X-D: ‹key of client-other›",
            "X-E: ptla_",
        ];
        assert_eq!(fields(request), wanted);
    }
}
