//! The rules by which what varies from run to run is made the same in a recording.
//!
//! Each leaves a value of the same kind, so that the recording is judged as the answer was: a date
//! stays a date, a count a count, and what one step has fewer or other than another it still has.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::exchange::{Body, Observation, same_field, same_words};
use crate::plan::Bucket;
use crate::spec::{Beside, Case, Contract, KeyUse, Place, Step};

/// The header field that follows from the content, of which only the shape is kept.
const LENGTH: &str = "content-length";

/// The header field that counts what is left of a limit.
const REMAINING: &str = "x-ratelimit-remaining";

/// The header field that names the limit.
const LIMIT: &str = "x-ratelimit-limit";

/// The observations of a case without what varies from run to run.
#[must_use]
pub(crate) fn normal(case: &Case, contract: &Contract, seen: &[&Observation]) -> Vec<Observation> {
    let mut steps: Vec<Observation> = seen.iter().map(|observed| of_one(observed)).collect();
    rank_what_is_left(case, contract, &mut steps);
    stand_in_for_compared(case, &mut steps);
    steps
}

/// One observation without what varies, as if its request were the first of its minute.
#[must_use]
pub(crate) fn alone(observed: &Observation) -> Observation {
    let mut step = of_one(observed);
    if number_in(&step, REMAINING).is_some_and(|left| left > 0)
        && let Some(limit) = number_in(&step, LIMIT)
    {
        set(
            &mut step,
            REMAINING,
            &limit.saturating_sub(1).max(1).to_string(),
        );
    }
    step
}

fn of_one(observed: &Observation) -> Observation {
    let headers = observed.headers.iter();
    Observation {
        status: observed.status,
        headers: headers
            .filter(|(name, _)| name != LENGTH)
            .map(|(name, value)| (name.clone(), same_field(name, value)))
            .collect(),
        body: match &observed.body {
            Body::Json(document) => Body::Json(content(document)),
            Body::Text(text) => Body::Text(same_words(text)),
            Body::Empty | Body::Unreadable(_) => observed.body.clone(),
        },
    }
}

fn content(document: &Value) -> Value {
    match document {
        Value::String(text) => Value::String(same_words(text)),
        Value::Array(entries) => entries.iter().map(content).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), content(value)))
            .collect(),
        other => other.clone(),
    }
}

/// Counts of what is left keep their order among the answers to one user, and nothing else: others
/// spend the same limit meanwhile. None left stays none.
fn rank_what_is_left(case: &Case, contract: &Contract, steps: &mut [Observation]) {
    let buckets = case.steps.iter().map(|step| bucket(case, step, contract));
    let mut counted: BTreeMap<Option<Bucket>, Vec<(usize, u64)>> = BTreeMap::new();
    for ((number, step), bucket) in steps.iter().enumerate().zip(buckets) {
        if let Some(left) = number_in(step, REMAINING).filter(|left| *left > 0) {
            counted.entry(bucket).or_default().push((number, left));
        }
    }
    for answers in counted.values() {
        let counts: BTreeSet<u64> = answers.iter().map(|(_, left)| *left).collect();
        for (number, left) in answers {
            let spent = counts.iter().rev().position(|count| count == left);
            let spent = spent.and_then(|place| u64::try_from(place + 1).ok());
            let Some(step) = steps.get_mut(*number) else {
                continue;
            };
            let limit = number_in(step, LIMIT).unwrap_or(*left);
            let left = limit.saturating_sub(spent.unwrap_or(1)).max(1);
            set(step, REMAINING, &left.to_string());
        }
    }
}

/// Whose requests a step counts towards; a key that the case has made is its maker's.
fn bucket(case: &Case, step: &Step, contract: &Contract) -> Option<Bucket> {
    match &step.request.key {
        KeyUse::Role(_) => Bucket::of(&step.request, contract),
        KeyUse::Saved(name) => {
            let is_maker = |other: &&Step| other.save.iter().any(|save| save.name == *name);
            let maker = case.steps.iter().find(is_maker)?;
            Bucket::of(&maker.request, contract)
        }
    }
}

fn number_in(step: &Observation, name: &str) -> Option<u64> {
    step.header(name)?.parse().ok()
}

fn set(step: &mut Observation, name: &str, value: &str) {
    for (field, old) in &mut step.headers {
        if field == name {
            value.clone_into(old);
        }
    }
}

/// Values that must differ from one another are somebody's: they stay different, and are nobody's.
fn stand_in_for_compared(case: &Case, steps: &mut [Observation]) {
    let relations = case.steps.iter().flat_map(|step| &step.expect.relations);
    let differing = relations.filter(|relation| relation.to == Beside::DiffersFrom);
    let pointers: BTreeSet<&str> = differing
        .filter_map(|relation| match &relation.place {
            Place::Member(pointer) => Some(pointer.as_str()),
            Place::Header(_) => None,
        })
        .collect();
    for pointer in pointers {
        let mut known: Vec<Value> = Vec::new();
        for step in &mut *steps {
            let Body::Json(document) = &mut step.body else {
                continue;
            };
            if let Some(value) = document.pointer_mut(pointer) {
                *value = stand_in(value, &mut known);
            }
        }
    }
}

fn stand_in(value: &Value, known: &mut Vec<Value>) -> Value {
    let place = known.iter().position(|other| other == value);
    let number = place.unwrap_or_else(|| {
        known.push(value.clone());
        known.len() - 1
    });
    match value {
        Value::String(_) => json!(format!("‹value {}›", number + 1)),
        Value::Number(_) => json!(number + 1),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{Source, Specs};

    fn answer(headers: &[(&str, &str)], body: Value) -> Observation {
        let headers = headers.iter();
        Observation {
            status: 200,
            headers: headers
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: Body::Json(body),
        }
    }

    #[test]
    fn what_varies_is_the_same_afterwards() {
        let seen = answer(
            &[
                ("date", "Mon, 02 Feb 2026 10:00:00 GMT"),
                ("retry-after", "37"),
                (
                    "set-cookie",
                    "a=[cut]; expires=Mon, 02 Feb 2026 12:00:00 GMT; path=/",
                ),
                ("content-length", "37"),
                ("x-request-id", "1f"),
                ("x-ratelimit-limit", "720"),
            ],
            json!({ "at": "2026-02-02T10:00:00+01:00", "name": "ptero-conformance-1770000000-0123456789abcdef!" }),
        );
        let wanted = answer(
            &[
                ("date", "Thu, 01 Jan 1970 00:00:00 GMT"),
                ("retry-after", "60"),
                (
                    "set-cookie",
                    "a=[cut]; expires=Thu, 01 Jan 1970 00:00:00 GMT; path=/",
                ),
                ("x-request-id", "‹varies›"),
                ("x-ratelimit-limit", "720"),
            ],
            json!({ "at": "1970-01-01T00:00:00+00:00", "name": "ptero-conformance-RUN!" }),
        );
        assert_eq!(of_one(&seen), wanted);
        assert_eq!(of_one(&wanted), wanted, "twice is once");
    }

    #[test]
    fn a_key_that_a_case_has_made_spends_the_limit_of_its_maker() {
        let specs = Specs::load(&Source::Embedded).unwrap();
        let mut found = 0;
        for case in specs.cases() {
            let is_saved = |step: &&Step| matches!(step.request.key, KeyUse::Saved(_));
            let Some(step) = case.steps.iter().find(is_saved) else {
                continue;
            };
            let maker = bucket(case, &case.steps[0], &specs.contract);
            if case.steps[0].save.is_empty() || maker.is_none() {
                continue;
            }
            assert_eq!(bucket(case, step, &specs.contract), maker, "{}", case.id);
            found += 1;
        }
        assert!(found > 5, "{found} cases");
    }

    /// A case of the built-in specification.
    fn case(specs: &Specs, wanted: fn(&Case) -> bool) -> &Case {
        specs.cases().find(|case| wanted(case)).unwrap()
    }

    #[test]
    fn what_stands_alone_is_the_first_of_its_minute_unless_nothing_is_left() {
        let left = |fields: &[(&str, &str)]| {
            let step = alone(&answer(fields, Value::Null));
            step.header(REMAINING).map(str::to_owned)
        };
        let some = |left: &str| Some(left.to_owned());
        assert_eq!(left(&[(LIMIT, "720"), (REMAINING, "612")]), some("719"));
        assert_eq!(left(&[(LIMIT, "720"), (REMAINING, "1")]), some("719"));
        assert_eq!(left(&[(LIMIT, "720"), (REMAINING, "0")]), some("0"));
        assert_eq!(left(&[(LIMIT, "1"), (REMAINING, "1")]), some("1"));
        assert_eq!(left(&[(REMAINING, "612")]), some("612"));
        assert_eq!(left(&[(LIMIT, "720")]), None);
    }

    #[test]
    fn what_is_left_keeps_its_order() {
        let specs = Specs::load(&Source::Embedded).unwrap();
        let case = case(&specs, |case| {
            case.compares_counts() && case.steps.len() == 2
        });
        let left = |counts: [&str; 2]| {
            let steps =
                counts.map(|left| answer(&[(LIMIT, "720"), (REMAINING, left)], Value::Null));
            let steps: Vec<_> = steps.iter().collect();
            let normal = normal(case, &specs.contract, &steps);
            let left: Vec<_> = normal
                .iter()
                .map(|s| s.header(REMAINING).unwrap().to_owned())
                .collect();
            left
        };
        assert_eq!(left(["700", "612"]), ["719", "718"]);
        assert_eq!(left(["612", "612"]), ["719", "719"]);
        assert_eq!(left(["1", "0"]), ["719", "0"]);
    }

    #[test]
    fn compared_values_stay_different_and_are_nobodys() {
        let specs = Specs::load(&Source::Embedded).unwrap();
        let case = case(&specs, |case| {
            let mut relations = case.steps.iter().flat_map(|step| &step.expect.relations);
            relations.any(|r| r.place == Place::Member("/attributes/username".to_owned()))
        });
        let of = |name: &str| answer(&[], json!({ "attributes": { "username": name } }));
        let names = |one: &str, two: &str| {
            let normal = normal(case, &specs.contract, &[&of(one), &of(two)]);
            normal
                .iter()
                .map(|step| format!("{:?}", step.body))
                .collect::<Vec<_>>()
        };
        let other = names("anna", "ben");
        assert!(!other.concat().contains("anna"));
        assert_ne!(other[0], other[1]);
        let same = names("anna", "anna");
        assert_eq!(same[0], same[1]);
    }
}
