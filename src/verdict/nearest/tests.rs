//! The nearest answer differs where something was wrong, and nowhere else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::spec::{SchemaName, ValueMatch};
use crate::verdict::{ErrorWords, Wording};

static CONTRACT: LazyLock<Contract> = LazyLock::new(|| Contract::embedded().unwrap());

/// Names that response schemas speak of, and some that none does.
const NAMES: [&str; 16] = [
    "object",
    "attributes",
    "data",
    "meta",
    "errors",
    "code",
    "status",
    "detail",
    "pagination",
    "total",
    "id",
    "identifier",
    "a/b",
    "~",
    "",
    "other",
];

fn schemas() -> Vec<SchemaName> {
    CONTRACT.schemas.names().cloned().collect()
}

fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        prop::sample::select(&["list", "user", "server", "401", "403", "", "x"][..])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        let member = (
            prop::sample::select(&NAMES[..]).prop_map(str::to_owned),
            inner.clone(),
        );
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::Array),
            prop::collection::vec(member, 0..6).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

fn answer(document: Value) -> Observation {
    Observation {
        status: 403,
        headers: vec![("content-type".into(), "application/json".into())],
        body: Body::Json(document),
    }
}

fn expected(schema: &SchemaName) -> Expected {
    Expected {
        status: vec![403],
        schemas: vec![schema.clone()],
        ..Expected::default()
    }
}

fn mended(expected: &Expected, document: &Value) -> Value {
    match nearest(expected, &answer(document.clone()), &CONTRACT).body {
        Body::Json(document) => document,
        other => panic!("{other:?}"),
    }
}

fn mismatches(expected: &Expected, document: &Value) -> Vec<Mismatch> {
    let schema = expected.content_schema().unwrap();
    CONTRACT
        .schemas
        .compile(&schema)
        .unwrap()
        .mismatches(document)
}

/// A document that conforms, but for some members that have other values.
fn almost(schema: &SchemaName, changes: &[(usize, Value)]) -> Value {
    let mut document = mended(&expected(schema), &json!({}));
    for (place, value) in changes {
        let mut places = Vec::new();
        all_places(&document, "", &mut places);
        let place = &places[place % places.len()];
        *document.pointer_mut(place).unwrap() = value.clone();
    }
    document
}

fn all_places(document: &Value, at: &str, places: &mut Vec<String>) {
    places.push(at.to_owned());
    for (name, value) in children(document) {
        all_places(value, &format!("{at}/{name}"), places);
    }
}

/// Members and entries by the part of a JSON Pointer that names them.
fn children(document: &Value) -> Vec<(String, &Value)> {
    match document {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.replace('~', "~0").replace('/', "~1"), value))
            .collect(),
        Value::Array(entries) => entries
            .iter()
            .enumerate()
            .map(|(number, value)| (number.to_string(), value))
            .collect(),
        _ => Vec::new(),
    }
}

/// Where two documents differ: the deepest places that hold all differences.
fn differences(one: &Value, two: &Value, at: &str, found: &mut BTreeSet<String>) {
    let is_like = matches!(
        (one, two),
        (Value::Object(_), Value::Object(_)) | (Value::Array(_), Value::Array(_))
    );
    if !is_like {
        if one != two {
            found.insert(at.to_owned());
        }
        return;
    }
    let (one, two) = (children(one), children(two));
    let names: BTreeSet<_> = one
        .iter()
        .chain(&two)
        .map(|(name, _)| name.clone())
        .collect();
    for name in names {
        let of = |all: &[(String, &Value)]| {
            let mut all = all.iter();
            all.find(|(other, _)| *other == name)
                .map(|(_, value)| (*value).clone())
        };
        match (of(&one), of(&two)) {
            (Some(one), Some(two)) => differences(&one, &two, &format!("{at}/{name}"), found),
            _ => {
                found.insert(format!("{at}/{name}"));
            }
        }
    }
}

/// Where a mismatch lets something be changed.
fn place(mismatch: &Mismatch) -> String {
    match &mismatch.problem {
        Problem::Missing(name) => {
            let name = name.replace('~', "~0").replace('/', "~1");
            format!("{}/{name}", mismatch.pointer)
        }
        _ => mismatch.pointer.clone(),
    }
}

fn is_below(place: &str, other: &str) -> bool {
    place
        .strip_prefix(other)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn is_placeholder(value: &Value) -> bool {
    value
        .as_str()
        .is_some_and(|text| text.starts_with('<') && text.ends_with('>'))
}

fn check(expected: &Expected, document: &Value) -> Result<(), TestCaseError> {
    let wrong = mismatches(expected, document);
    let mended = mended(expected, document);
    let mut changed = BTreeSet::new();
    differences(document, &mended, "", &mut changed);
    let places: Vec<_> = wrong.iter().map(place).collect();
    for at in &changed {
        let has_error = places.iter().any(|place| is_below(at, place));
        prop_assert!(has_error, "{at} was changed; wrong are {places:?}");
    }
    prop_assert!(changed.is_empty() == wrong.is_empty());
    for left in mismatches(expected, &mended) {
        let value = mended.pointer(&left.pointer);
        prop_assert!(value.is_some_and(is_placeholder), "{left:?} in {mended}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn only_what_was_wrong_is_mended(
        schema in prop::sample::select(schemas()),
        changes in prop::collection::vec((any::<usize>(), document()), 0..4),
    ) {
        let expected = expected(&schema);
        check(&expected, &almost(&schema, &changes))?;
    }

    #[test]
    fn any_document_can_be_mended(
        schema in prop::sample::select(schemas()),
        document in document(),
    ) {
        check(&expected(&schema), &document)?;
    }

    #[test]
    fn an_error_gets_its_words(document in document(), code in "[A-Z][a-z]{1,8}") {
        let schema = "error-envelope".parse().unwrap();
        let error = Some(ErrorWords { code: Some(code), detail: None });
        let expected = Expected { error, ..expected(&schema) };
        check(&expected, &document)?;
    }
}

#[test]
fn a_status_that_is_due_stays_and_another_becomes_the_first() {
    let expected = Expected {
        status: vec![401, 403],
        ..Expected::default()
    };
    let of = |status| {
        let observed = Observation {
            status,
            ..answer(json!({}))
        };
        nearest(&expected, &observed, &CONTRACT).status
    };
    assert_eq!((of(401), of(403), of(404)), (401, 403, 401));
    let any = Expected::default();
    assert_eq!(nearest(&any, &answer(json!({})), &CONTRACT).status, 403);
}

#[test]
fn header_fields_that_hold_stay_and_others_are_made() {
    let starts = |text: &str| ValueMatch::StartsWith(text.into());
    let expected = Expected {
        headers: [
            ("content-type".to_owned(), starts("application/json")),
            ("vary".to_owned(), starts("Origin")),
            ("allow".to_owned(), starts("GET")),
        ]
        .into(),
        ..Expected::default()
    };
    let mut observed = answer(json!({}));
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    observed.headers[0].1 = "application/json; charset=utf-8".to_owned();
    observed.headers.push(field("vary", "Accept"));
    observed.headers.push(field("date", "today"));
    let made = nearest(&expected, &observed, &CONTRACT).headers;
    let value = |name: &str| {
        made.iter()
            .find(|(other, _)| other == name)
            .map(|(_, v)| &**v)
    };
    assert_eq!(
        value("content-type"),
        Some("application/json; charset=utf-8")
    );
    assert_eq!(value("date"), Some("today"));
    assert!(
        value("vary").is_some_and(|value| value.starts_with("Origin")),
        "{made:?}"
    );
    assert!(
        value("allow").is_some_and(|value| value.starts_with("GET")),
        "{made:?}"
    );
    assert_eq!(made.len(), 4);
}

#[test]
fn what_must_be_like_another_is_made_like_it() {
    let mut other = answer(json!({ "errors": [] }));
    other.status = 404;
    other.headers[0].1 = "application/problem+json".to_owned();
    let mut observed = answer(json!({}));
    observed
        .headers
        .push(("date".to_owned(), "today".to_owned()));
    let made = like(&other, &observed);
    assert_eq!((made.status, &made.body), (404, &other.body));
    assert_eq!(
        made.header("content-type"),
        Some("application/problem+json")
    );
    assert_eq!(made.header("date"), Some("today"));
}

#[test]
fn what_is_missing_is_named() {
    let expected = expected(&"error-envelope".parse().unwrap());
    let document = json!({ "errors": [{ "code": "A", "status": "403" }] });
    let made = mended(&expected, &document);
    assert_eq!(made["errors"][0]["detail"], "<detail>");
    assert_eq!(made["errors"][0]["code"], "A");
}

#[test]
fn every_type_has_a_stand_in_of_its_type() {
    let of = [
        "object", "array", "integer", "number", "boolean", "null", "string",
    ]
    .map(of_type);
    let wanted = [
        json!({}),
        json!([]),
        json!(0),
        json!(0),
        json!(true),
        json!(null),
        json!("<string>"),
    ];
    assert_eq!(of, wanted);
}

#[test]
fn a_text_that_must_fit_a_pattern_is_shown_by_its_place() {
    let mut expected = expected(&"error-envelope".parse().unwrap());
    let detail = Some(Wording::new("No, ${why}.", &BTreeMap::new()));
    let shown_at = |pointer: &str, expected: &Expected| {
        let mismatch = Mismatch {
            pointer: pointer.to_owned(),
            problem: Problem::Pattern("x".to_owned()),
            wanted: String::new(),
        };
        shown(&mismatch, expected)
    };
    assert_eq!(shown_at("/errors/0/status", &expected), "403");
    assert_eq!(shown_at("/errors/0/code", &expected), "<string>");
    assert_eq!(shown_at("/errors/0/detail", &expected), "<string>");
    expected.error = Some(ErrorWords { code: None, detail });
    assert_eq!(shown_at("/errors/0/detail", &expected), "No, ${why}.");
    assert_eq!(shown_at("/errors/0/code", &expected), "<string>");
}

#[test]
fn members_that_are_due_are_put_in_and_others_taken_out() {
    let equals = |value: Value| ValueMatch::Equals(value);
    let expected = Expected {
        body: [
            ("/a~1b".to_owned(), equals(json!(1))),
            ("/in/c~0d".to_owned(), equals(json!("x"))),
            ("/right".to_owned(), equals(json!(2))),
            ("/wrong".to_owned(), equals(json!(3))),
            ("/surplus".to_owned(), ValueMatch::Absent),
        ]
        .into(),
        absent: vec!["/in/e~1f".to_owned(), "/nowhere/at/all".to_owned()],
        ..Expected::default()
    };
    let document = json!({ "in": { "e/f": 1, "g": 1 }, "right": 2, "wrong": 4, "surplus": 5 });
    let made = json!({ "in": { "c~d": "x", "g": 1 }, "right": 2, "wrong": 3, "a/b": 1 });
    assert_eq!(mended(&expected, &document), made);
}
