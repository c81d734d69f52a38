//! What is due for a request follows from its reasons, and nothing else does.

use super::*;
use crate::spec::{Source, Specs};

const PROFILE: &str = "pterodactyl-1.11";

/// What is due for the steps of the one scenario of a suite, given as its steps.
fn of_steps(steps: &str) -> Result<Vec<Due>, Skip> {
    let suite = format!(
        "title: Steps\nscenarios:\n  - id: one\n    title: One\n    steps:\n{}",
        steps
            .lines()
            .map(|step| format!("      - {{ {step} }}\n"))
            .collect::<String>()
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("steps.yaml"), suite).unwrap();
    let specs = Specs::load(&Source::Folder(folder.path().to_owned())).unwrap();
    let troubles = specs.troubles();
    assert!(troubles.is_empty(), "{troubles:?}");
    let profile = specs.contract.profile(PROFILE).unwrap();
    let case = specs.cases().next().unwrap();
    due(&specs.contract, case, profile, None)
}

fn expected(step: &str) -> Expected {
    let due = of_steps(step).unwrap();
    Expected::clone(&due[0].expected)
}

#[test]
fn what_answers_head_and_204_has_no_content() {
    let without = |step: &str| expected(step).without_content;
    let get = "request: { endpoint: GET /api/client, key: none }, expect: ";
    assert!(!without(&format!("{get} no-key")));
    assert!(!without(&format!("{get} {{ status: [200, 204] }}")));
    assert!(without(&format!("{get} {{ status: 204 }}")));
    let head = "request: { endpoint: HEAD /api/client, key: none }, expect: no-key";
    assert!(without(head));
}

#[test]
fn behind_a_refusal_are_the_answers_of_those_who_were_let_in() {
    let specs = Specs::load(&Source::Embedded).unwrap();
    let profile = specs.contract.profile(PROFILE).unwrap();
    let answer = |endpoint: &str, condition: &str| {
        let endpoint = endpoint.to_owned().try_into().unwrap();
        let ruling = profile.ruling(Api::Client, &endpoint, &condition.parse().unwrap());
        let Some(Ruling::Refused(answer)) = ruling else {
            panic!("{condition} is no refusal");
        };
        (answer.status, answer.code.clone())
    };
    let account = "GET /api/client/account";
    let files = "GET /api/client/servers/{server}/files/list";
    let behind = |endpoint: &str, reasons: &str| {
        expected(&format!(
            "request: {{ endpoint: \"{endpoint}\", ids: missing, key: none }}, expect: {reasons}"
        ))
        .behind
    };
    // Whoever is told what a request lacks was not stopped.
    let invalid = answer(account, "invalid-body");
    let found = behind(account, "no-key");
    assert_eq!(found, std::slice::from_ref(&invalid));
    // The machine of the server is asked for those only who may.
    let daemon = answer(files, "daemon-unreachable");
    let reasons = "{ because: [no-key, \"missing:server\"] }";
    let found = behind(files, reasons);
    assert_eq!(found, [invalid, daemon]);
    // What others are told before they are known says nothing.
    let missing = answer(files, "missing:server");
    assert!(!found.contains(&missing), "{found:?}");
    // A refusal that is given behind the door itself has nothing behind it.
    let fields = "request: { endpoint: POST /api/client/account/api-keys, key: none, body: {} }, \
                  expect: { because: [invalid-body] }";
    assert_eq!(expected(fields).behind, []);
}

#[test]
fn what_a_refused_step_would_save_is_not_there_for_others() {
    let first = "name: first, request: { endpoint: GET /api/client, key: none }, expect: no-key";
    let second =
        "request: { endpoint: \"GET /api/client/${id}\", key: none }, expect: { status: 404 }";
    let saving = format!("{first}, save: {{ id: /errors/0/code }}");
    let Err(Skip::NotApplicable(why)) = of_steps(&format!("{saving}\n{second}")) else {
        panic!("there is something to go on with");
    };
    assert!(why.contains("is refused by pterodactyl-1.11"), "{why}");
}

#[test]
fn relations_are_with_the_step_of_their_name() {
    let ask =
        |name: &str| format!("name: {name}, request: {{ endpoint: GET /api/client, key: none }}");
    let steps = [
        format!("{}, expect: no-key", ask("one")),
        format!("{}, expect: no-key", ask("two")),
        format!(
            "{}, expect: {{ because: [no-key], same_as: two }}",
            ask("three")
        ),
    ];
    let due = of_steps(&steps.join("\n")).unwrap();
    let same: Vec<_> = due.iter().map(|due| due.expected.same_as).collect();
    assert_eq!(same, [None, None, Some(1)]);
}

#[test]
fn what_is_granted_off_the_routes_is_known_as_well_as_the_profile() {
    let granted =
        expected("request: { method: GET, path: /api/client/x, key: none }, expect: granted");
    let specs = Specs::load(&Source::Embedded).unwrap();
    let profile = specs.contract.profile(PROFILE).unwrap();
    assert_eq!(
        (granted.status, granted.origin),
        (vec![200], Some(profile.origin))
    );
}

#[test]
fn a_case_is_known_as_well_as_its_least_known_step() {
    let of = |origins: &[Option<Origin>]| {
        let due = origins.iter().map(|origin| Due {
            expected: Arc::new(Expected {
                origin: *origin,
                ..Expected::default()
            }),
            resolution: None,
            times: 1,
        });
        origin(&due.collect::<Vec<_>>())
    };
    let (seen, read, told) = (Origin::Observed, Origin::Source, Origin::Documented);
    assert_eq!(of(&[None]), seen);
    assert_eq!(of(&[Some(seen), None]), seen);
    assert_eq!(of(&[Some(read), Some(told)]), read);
    assert_eq!(of(&[Some(seen), Some(read)]), read);
    assert_eq!(of(&[Some(seen), Some(told)]), told);
}
