//! The judge: what is due and what came, in; all deviations, out. Pure.

use std::collections::HashSet;

use serde_json::Value;

use super::Verdict;
use super::deviation::{Deviation, Kind};
use super::expected::Expected;
use crate::exchange::{Body, Observation};
use crate::spec::{Beside, Contract, Mismatch, Place, Relation, Signature, ValueMatch};

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
/// When a schema cannot be compiled, or an answer is due to be like that of a step which was not
/// sent: then nothing is known about the panel.
pub fn judge(steps: &[Judged<'_>], contract: &Contract) -> Result<Verdict, String> {
    let mut deviations = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        let found = deviations_of(number, step, steps, contract)?;
        if found.is_empty() {
            continue;
        }
        if let Some(signature) = foreign(step, steps, &contract.signatures) {
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

/// The sign that an answer is not the panel's own. Where its status is due, be it to another step,
/// only one that no panel sends: what a case itself brings about, such as a spent limit, is nobody
/// else's doing.
fn foreign<'c>(
    step: &Judged<'_>,
    steps: &[Judged<'_>],
    signatures: &'c [Signature],
) -> Option<&'c Signature> {
    let observed = step.observed;
    let is_meant = step.expected.limit_is_spent && observed.status == 429;
    let is_due = |step: &Judged<'_>| step.expected.status.contains(&observed.status);
    let is_due = is_meant || steps.iter().any(is_due);
    signatures
        .iter()
        .filter(|signature| !is_due || signature.never_the_panels)
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
    if let Some(other) = step.expected.same_as {
        judging.same_as(step_of(all, other)?);
    }
    for (other, relation) in &step.expected.relations {
        judging.beside(relation, step_of(all, *other)?);
    }
    Ok(judging.found)
}

/// What came in another step.
fn step_of<'a>(all: &[Judged<'a>], number: usize) -> Result<&'a Observation, String> {
    let step = all.get(number).map(|step| step.observed);
    step.ok_or_else(|| format!("step {} has no answer to compare with", number + 1))
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
        let mut seen = HashSet::new();
        for mismatch in schema.mismatches(document) {
            if seen.insert((mismatch.pointer.clone(), mismatch.wanted.clone())) {
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

    /// No header field gives a key back, and no refusal's content does: the redactor has marked
    /// where one stood. A success's content may well list keys: its own members are judged.
    fn echo(&mut self) {
        let observed = self.step.observed;
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
        if in_body && observed.status >= 300 {
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

    /// Data that had to be somebody else's are as grave as a refusal that did not happen.
    fn beside(&mut self, relation: &Relation, other: &Observation) {
        let (here, there) = (
            value_at(&relation.place, self.step.observed),
            value_at(&relation.place, other),
        );
        let (holds, kind) = match relation.to {
            Beside::LessThan => (is_less(here.as_ref(), there.as_ref()), Kind::Reshaped),
            Beside::DiffersFrom => (here != there, Kind::Opened),
        };
        if !holds {
            let shown = |value: Option<&Value>| value.map_or("absent".to_owned(), brief);
            let expected = format!("{} {}", relation.to, shown(there.as_ref()));
            let observed = shown(here.as_ref());
            self.add(kind, relation.place.to_string(), expected, observed);
        }
    }
}

fn value_at(place: &Place, observed: &Observation) -> Option<Value> {
    match (place, &observed.body) {
        (Place::Header(name), _) => observed.header(name).map(text),
        (Place::Member(pointer), Body::Json(document)) => document.pointer(pointer).cloned(),
        (Place::Member(_), _) => None,
    }
}

/// Whether both are whole numbers, in a header field as text, and the first is less.
fn is_less(one: Option<&Value>, two: Option<&Value>) -> bool {
    let number = |value: &Value| match value {
        Value::String(text) => text.parse::<u64>().ok(),
        other => other.as_u64(),
    };
    match (one.and_then(number), two.and_then(number)) {
        (Some(one), Some(two)) => one < two,
        _ => false,
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

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use serde_json::json;

    use super::*;
    use crate::verdict::{ErrorWords, Wording, nearest};

    static CONTRACT: LazyLock<Contract> = LazyLock::new(|| Contract::embedded().unwrap());

    fn contract() -> &'static Contract {
        &CONTRACT
    }

    fn refusal() -> Expected {
        Expected {
            status: vec![403],
            error: Some(ErrorWords {
                code: Some("AccessDeniedHttpException".into()),
                detail: Some(Wording::new(
                    "No, ${why}.",
                    &std::collections::BTreeMap::new(),
                )),
            }),
            schemas: vec!["error-envelope".parse().unwrap()],
            headers: [(
                "content-type".into(),
                ValueMatch::StartsWith("application/json".into()),
            )]
            .into(),
            behind: vec![(422, Some("ValidationException".into()))],
            ..Expected::default()
        }
    }

    fn answer(status: u16, body: Value) -> Observation {
        Observation {
            status,
            headers: vec![("content-type".into(), "application/json".into())],
            body: Body::Json(body),
        }
    }

    fn envelope(status: &str, code: &str, detail: &str) -> Value {
        json!({ "errors": [{ "code": code, "status": status, "detail": detail }] })
    }

    fn good() -> Observation {
        answer(
            403,
            envelope("403", "AccessDeniedHttpException", "No, never."),
        )
    }

    fn verdict(expected: &Expected, observed: &Observation) -> Verdict {
        judge(&[Judged { expected, observed }], contract()).unwrap()
    }

    /// What differs, each with its kind.
    fn differences(expected: &Expected, observed: &Observation) -> Vec<(Kind, String)> {
        match verdict(expected, observed) {
            Verdict::Deviates(found) => found.into_iter().map(|d| (d.kind, d.what)).collect(),
            Verdict::Conforms => Vec::new(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_good_answer_conforms() {
        assert_eq!(verdict(&refusal(), &good()), Verdict::Conforms);
    }

    #[test]
    fn a_success_where_a_refusal_is_due_is_opened() {
        let found = differences(
            &refusal(),
            &answer(200, json!({ "object": "list", "data": [] })),
        );
        assert_eq!(found[0], (Kind::Opened, "status".into()));
    }

    #[test]
    fn an_answer_from_behind_the_refusal_is_opened() {
        let found = differences(
            &refusal(),
            &answer(422, envelope("422", "ValidationException", "x")),
        );
        assert_eq!(found[0], (Kind::Opened, "status".into()));
        let other = differences(&refusal(), &answer(422, envelope("422", "Other", "x")));
        assert_eq!(other[0], (Kind::Reshaped, "status".into()));
    }

    #[test]
    fn data_under_a_refusals_status_is_opened() {
        let found = differences(&refusal(), &answer(403, json!({ "data": [1] })));
        assert!(found.contains(&(Kind::Opened, "/data".into())), "{found:?}");
    }

    #[test]
    fn a_refusal_where_a_success_is_due_is_closed() {
        let granted = Expected {
            status: vec![200],
            ..Expected::default()
        };
        assert_eq!(
            differences(&granted, &good()),
            [(Kind::Closed, "status".into())]
        );
    }

    #[test]
    fn every_difference_is_found_and_has_its_kind() {
        let mut observed = answer(401, envelope("401", "Other", "Yes."));
        observed.headers.clear();
        let found = differences(&refusal(), &observed);
        let wanted = [
            (Kind::Reshaped, "status"),
            (Kind::Reshaped, "header content-type"),
            (Kind::Reshaped, "/errors/0/code"),
            (Kind::Reshaped, "/errors/0/status"),
            (Kind::Reworded, "/errors/0/detail"),
        ];
        let wanted: Vec<_> = wanted.map(|(kind, what)| (kind, what.to_owned())).into();
        assert_eq!(found, wanted);
    }

    #[test]
    fn other_words_alone_are_reworded() {
        let observed = answer(403, envelope("403", "AccessDeniedHttpException", "Yes."));
        assert_eq!(
            differences(&refusal(), &observed),
            [(Kind::Reworded, "/errors/0/detail".into())]
        );
    }

    #[test]
    fn a_status_that_is_a_number_is_reshaped() {
        let body = json!({ "errors": [{ "code": "AccessDeniedHttpException", "status": 403, "detail": "No, x." }] });
        let found = differences(&refusal(), &answer(403, body));
        assert!(
            found
                .iter()
                .all(|f| *f == (Kind::Reshaped, "/errors/0/status".into())),
            "{found:?}"
        );
        assert!(!found.is_empty());
    }

    #[test]
    fn content_that_is_not_json_is_reshaped() {
        for body in [
            Body::Empty,
            Body::Text("<html>".into()),
            Body::Unreadable("not UTF-8".into()),
        ] {
            let observed = Observation { body, ..good() };
            assert_eq!(
                differences(&refusal(), &observed),
                [(Kind::Reshaped, "content".into())]
            );
        }
    }

    #[test]
    fn an_answer_without_content_is_not_asked_for_any() {
        let expected = Expected {
            without_content: true,
            ..refusal()
        };
        let observed = Observation {
            body: Body::Empty,
            ..good()
        };
        assert_eq!(verdict(&expected, &observed), Verdict::Conforms);
    }

    #[test]
    fn members_and_what_must_be_absent() {
        let expected = Expected {
            status: vec![200],
            body: [("/attributes/admin".into(), ValueMatch::Equals(json!(false)))].into(),
            absent: vec!["/meta".into()],
            ..Expected::default()
        };
        assert_eq!(
            verdict(
                &expected,
                &answer(200, json!({ "attributes": { "admin": false } }))
            ),
            Verdict::Conforms
        );
        let found = differences(
            &expected,
            &answer(200, json!({ "attributes": {}, "meta": 1 })),
        );
        let wanted = [
            (Kind::Reshaped, "/attributes/admin".to_owned()),
            (Kind::Reshaped, "/meta".to_owned()),
        ];
        assert_eq!(found, wanted);
    }

    #[test]
    fn an_echoed_key_is_found_by_its_mark() {
        let mut observed = answer(
            403,
            envelope("403", "AccessDeniedHttpException", "No, [redacted]."),
        );
        assert_eq!(
            differences(&refusal(), &observed),
            [(Kind::Reshaped, "content".into())]
        );
        observed = good();
        observed.headers.push((
            "location".into(),
            "/?k=[redacted: $PTERO_KEY_CLIENT]".into(),
        ));
        assert_eq!(
            differences(&refusal(), &observed),
            [(Kind::Reshaped, "header location".into())]
        );
    }

    #[test]
    fn a_spent_limit_decides_where_it_was_spent_on_purpose() {
        let spent = answer(
            429,
            envelope("429", "ThrottleRequestsException", "Too Many Attempts."),
        );
        let mut expected = refusal();
        let found = verdict(&expected, &spent);
        assert!(matches!(found, Verdict::Inconclusive(_)), "{found:?}");
        expected.limit_is_spent = true;
        assert_eq!(verdict(&expected, &spent).kind(), Some(Kind::Reshaped));
    }

    /// What comes of comparing the value at a place in the second answer with that in the first.
    fn beside(to: Beside, place: Place, one: &Observation, two: &Observation) -> Option<Kind> {
        let relation = Relation {
            place,
            to,
            step: "one".into(),
        };
        let compared = Expected {
            relations: vec![(0, relation)],
            ..Expected::default()
        };
        let any = Expected::default();
        let steps = [
            Judged {
                expected: &any,
                observed: one,
            },
            Judged {
                expected: &compared,
                observed: two,
            },
        ];
        judge(&steps, contract()).unwrap().kind()
    }

    #[test]
    fn a_count_is_less_than_the_one_before() {
        let with = |left: Option<&str>| {
            let mut answer = answer(200, json!({}));
            let field = left.map(|left| ("x-ratelimit-remaining".to_owned(), left.to_owned()));
            answer.headers.extend(field);
            answer
        };
        let compare = |one: Option<&str>, two: Option<&str>| {
            let place = Place::Header("x-ratelimit-remaining".into());
            beside(Beside::LessThan, place, &with(one), &with(two))
        };
        assert_eq!(compare(Some("10"), Some("9")), None);
        for (one, two) in [
            (Some("9"), Some("9")),
            (Some("9"), Some("10")),
            (Some("9"), None),
            (None, Some("9")),
            (Some("9"), Some("-1")),
            (Some("nine"), Some("8")),
        ] {
            assert_eq!(compare(one, two), Some(Kind::Reshaped), "{one:?} {two:?}");
        }
    }

    #[test]
    fn what_had_to_be_another_users_opens() {
        let of = |name: &str| answer(200, json!({ "attributes": { "username": name } }));
        let compare = |one: &Observation, two: &Observation| {
            let place = Place::Member("/attributes/username".into());
            beside(Beside::DiffersFrom, place, one, two)
        };
        assert_eq!(compare(&of("alice"), &of("bob")), None);
        assert_eq!(compare(&of("alice"), &answer(200, json!({}))), None);
        assert_eq!(compare(&of("alice"), &of("alice")), Some(Kind::Opened));
        let nothing = answer(200, json!({}));
        assert_eq!(compare(&nothing, &nothing), Some(Kind::Opened));
    }

    #[test]
    fn an_answer_like_another_has_its_status_type_and_error() {
        let expected = Expected {
            same_as: Some(0),
            ..Expected::default()
        };
        let first = Expected {
            status: vec![403],
            ..Expected::default()
        };
        let of = |second: &Observation| {
            let one = good();
            let steps = [
                Judged {
                    expected: &first,
                    observed: &one,
                },
                Judged {
                    expected: &expected,
                    observed: second,
                },
            ];
            judge(&steps, contract()).unwrap()
        };
        assert_eq!(of(&good()), Verdict::Conforms);
        let others = [
            answer(
                404,
                envelope("403", "AccessDeniedHttpException", "No, never."),
            ),
            answer(403, envelope("403", "Other", "No, never.")),
            answer(
                403,
                envelope("403", "AccessDeniedHttpException", "No, today."),
            ),
        ];
        for other in others {
            assert!(matches!(of(&other), Verdict::Deviates(found) if found[0].step == 1));
        }
    }

    #[test]
    fn data_are_given_away_by_a_refusal_alone() {
        let success = Expected {
            status: vec![200],
            ..Expected::default()
        };
        let data = json!({ "object": "list", "data": [] });
        assert_eq!(differences(&success, &answer(200, data.clone())), []);
        let refusal = Expected {
            status: vec![403],
            ..Expected::default()
        };
        let opened = (Kind::Opened, "/data".to_owned());
        assert_eq!(differences(&refusal, &answer(403, data.clone())), [opened]);
        // Under a success's status that status alone says it.
        let status = (Kind::Opened, "status".to_owned());
        assert_eq!(differences(&refusal, &answer(200, data)), [status]);
        // Errors that have members of their own give nothing away.
        let mut errors = envelope("403", "A", "No.");
        errors["data"] = json!([]);
        assert_eq!(differences(&refusal, &answer(403, errors)), []);
    }

    #[test]
    fn words_are_reworded_only_by_words() {
        let mut other = envelope("403", "AccessDeniedHttpException", "Yes.");
        let detail = "/errors/0/detail".to_owned();
        let kinds = |body: &Value| differences(&refusal(), &answer(403, body.clone()));
        assert_eq!(kinds(&other), [(Kind::Reworded, detail.clone())]);
        other["errors"][0]["detail"] = json!(7);
        let found = kinds(&other);
        assert!(!found.is_empty());
        assert!(
            found
                .iter()
                .all(|found| *found == (Kind::Reshaped, detail.clone()))
        );
    }

    #[test]
    fn content_that_is_no_json_is_described() {
        for (body, wanted) in [
            (Body::Empty, "nothing"),
            (Body::Text("<p>".into()), "text that is not JSON"),
            (
                Body::Unreadable("not UTF-8".into()),
                "something unreadable: not UTF-8",
            ),
        ] {
            let observed = Observation { body, ..good() };
            let Verdict::Deviates(found) = verdict(&refusal(), &observed) else {
                panic!("{observed:?}");
            };
            assert_eq!((&*found[0].what, &*found[0].observed), ("content", wanted));
        }
    }

    #[test]
    fn an_answer_that_is_not_there_is_like_no_other() {
        let like = |relations: Vec<(usize, Relation)>, same_as| Expected {
            same_as,
            relations,
            ..Expected::default()
        };
        let date = Relation {
            place: Place::Header("date".into()),
            to: Beside::DiffersFrom,
            step: String::new(),
        };
        for expected in [like(Vec::new(), Some(1)), like(vec![(1, date)], None)] {
            let step = Judged {
                expected: &expected,
                observed: &good(),
            };
            let why = judge(&[step], contract()).unwrap_err();
            assert_eq!(why, "step 2 has no answer to compare with");
        }
    }

    #[test]
    fn a_schema_that_does_not_exist_decides_nothing_and_is_named() {
        let expected = Expected {
            schemas: vec!["nowhere".parse().unwrap()],
            ..Expected::default()
        };
        let step = Judged {
            expected: &expected,
            observed: &good(),
        };
        let why = judge(&[step], contract()).unwrap_err();
        assert_eq!(why, "there is no schema `nowhere`");
    }

    #[test]
    fn a_gateway_decides_nothing_and_a_plain_error_does() {
        let gateway = Observation {
            status: 502,
            headers: vec![("content-type".into(), "text/html".into())],
            body: Body::Text("<html>".into()),
        };
        assert!(matches!(
            verdict(&refusal(), &gateway),
            Verdict::Inconclusive(_)
        ));
        let plain = Observation {
            status: 500,
            ..gateway
        };
        assert!(matches!(verdict(&refusal(), &plain), Verdict::Deviates(_)));
        let html = Observation {
            status: 403,
            ..plain
        };
        assert!(matches!(verdict(&refusal(), &html), Verdict::Deviates(_)));
    }

    #[test]
    fn a_challenge_decides_nothing_even_where_its_status_is_due() {
        let challenge = Observation {
            status: 401,
            headers: vec![("cf-mitigated".into(), "challenge".into())],
            body: Body::Text("<html>".into()),
        };
        // Nobody sends it with the status of this refusal; with one that is due it comes as 403.
        assert!(matches!(
            verdict(&refusal(), &challenge),
            Verdict::Deviates(_)
        ));
        let challenge = Observation {
            status: 403,
            ..challenge
        };
        let due = Expected {
            status: vec![403],
            ..refusal()
        };
        assert!(matches!(
            verdict(&due, &challenge),
            Verdict::Inconclusive(_)
        ));
    }

    #[test]
    fn a_gateways_answer_that_another_step_waits_for_is_judged() {
        let gateway = Observation {
            status: 502,
            headers: vec![("content-type".into(), "text/html".into())],
            body: Body::Text("<html>".into()),
        };
        let (first, mut second) = (refusal(), refusal());
        let of = |second: &Expected| {
            let steps = [&first, second].map(|expected| Judged {
                expected,
                observed: &gateway,
            });
            judge(&steps, contract()).unwrap()
        };
        assert!(matches!(of(&second), Verdict::Inconclusive(_)));
        second.status = vec![502];
        assert!(matches!(of(&second), Verdict::Deviates(found) if found[0].step == 0));
    }

    #[test]
    fn a_deviation_before_a_gateways_answer_counts() {
        let gateway = Observation {
            status: 502,
            headers: vec![("content-type".into(), "text/html".into())],
            body: Body::Empty,
        };
        let expected = refusal();
        let opened = answer(200, json!({}));
        let steps = [
            Judged {
                expected: &expected,
                observed: &opened,
            },
            Judged {
                expected: &expected,
                observed: &gateway,
            },
        ];
        assert!(matches!(
            judge(&steps, contract()),
            Ok(Verdict::Deviates(_))
        ));
    }

    #[test]
    fn the_nearest_answer_conforms_and_keeps_what_was_right() {
        let observed = answer(403, envelope("403", "Other", "Yes."));
        let mended = nearest(&refusal(), &observed, contract());
        assert_eq!(
            mended.body,
            Body::Json(envelope("403", "AccessDeniedHttpException", "No, ${why}."))
        );
        assert_eq!(verdict(&refusal(), &mended), Verdict::Conforms);
        let opened = answer(200, json!({ "object": "list", "data": [{ "secret": 1 }] }));
        let made = nearest(&refusal(), &opened, contract());
        assert_eq!(verdict(&refusal(), &made), Verdict::Conforms);
        assert!(!format!("{made:?}").contains("secret"));
    }
}
