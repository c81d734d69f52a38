//! Where faults of header fields show, and where they do not.

use super::super::{AddedRoutes, Family, Fault, Faults, Wording};
use super::{ALICE, Visit};

/// Requests by what is made of them.
const REQUESTS: [(&str, &str, &str, &str); 6] = [
    ("granted", "client", "GET", "/api/client"),
    ("head", "client", "HEAD", "/api/client"),
    ("401", "-", "GET", "/api/client"),
    ("403", "application", "GET", ALICE),
    ("405", "client", "DELETE", "/api/client"),
    ("elsewhere", "-", "GET", "/"),
];

/// A field of each answer.
fn fields(fault: Option<&str>, field: &str) -> Vec<Option<String>> {
    let named = fault.map(|name| Fault::named(name, &AddedRoutes::default()).expect("a fault"));
    let faults: Faults = named.into_iter().collect();
    let visit = Visit::build(Family::V1_11, |_| {}, Wording::default(), faults);
    let each = REQUESTS.iter().map(|(_, role, method, path)| {
        let answer = visit.ask(role, method, path, "");
        // The value of a cookie is another one each time.
        let value = answer.header(field)?;
        Some(value.split('=').next().unwrap_or_default().to_owned())
    });
    each.collect()
}

/// The requests whose answers have another value of the field by the fault.
fn changed(fault: &str, field: &str) -> Vec<&'static str> {
    let pairs = fields(None, field)
        .into_iter()
        .zip(fields(Some(fault), field));
    let names = REQUESTS.iter().map(|(name, ..)| *name).zip(pairs);
    names
        .filter(|(_, (sound, faulty))| sound != faulty)
        .map(|(name, _)| name)
        .collect()
}

#[test]
fn a_fault_of_a_field_shows_in_the_answers_that_it_is_about() {
    let api = ["granted", "head", "401", "403", "405"];
    let refused = ["401", "403", "405"];
    for (fault, field, wanted) in [
        ("plain-type", "content-type", &refused[..]),
        ("no-allow", "allow", &["405"]),
        ("basic-challenge", "www-authenticate", &["401"]),
        ("session-minted", "set-cookie", &["granted", "head"]),
        ("session-for-refused", "set-cookie", &refused),
        ("cache-public", "cache-control", &api),
        ("head-without-type", "content-type", &["head"]),
        ("limit-untold", "x-ratelimit-limit", &["granted", "head"]),
        ("limit-other", "x-ratelimit-limit", &["granted", "head"]),
        (
            "limit-constant",
            "x-ratelimit-remaining",
            &["granted", "head"],
        ),
        ("limit-on-401", "x-ratelimit-limit", &["401"]),
        ("limit-without-route", "x-ratelimit-limit", &["405"]),
    ] {
        assert_eq!(changed(fault, field), wanted, "{fault}: {field}");
    }
}
