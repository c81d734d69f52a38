//! `prove`: faults are noticed by their witnesses, and a case that cannot fail is named.

use std::fs;
use std::time::Duration;

use libtest_mimic::Trial;

use super::program::{program, run_within};
use super::trials::named;

const PROFILE: &str = "pterodactyl-1.11";

/// How long a proof may take that needs few cases.
const BOUND: Duration = Duration::from_secs(120);

/// Faults of every kind: before the panel, a check left out, in another order, and behind it.
const NOTICED: [&str; 6] = [
    "key-from-cookie",
    "skip-auth@GET:/api/client/account",
    "skip-permission@POST:/api/application/users",
    "lock-before-two-factor",
    "deleted-key-cached",
    "account-secrets",
];

/// A suite of three cases: one that conforms whatever is wrong with a panel, and two that do not.
const SUITE: &str = "\
title: Cases of somebody else
scenarios:
  - id: blind
    title: A path outside of the API answers
    requires: [PANEL-ENVELOPE]
    request: { method: GET, path: /, key: none }
    expect: { status: 200 }

  - id: seeing
    title: A path inside of it wants a key
    requires: [AUTH-BEARER]
    request: { endpoint: GET /api/client, key: none }
    expect: { status: 401 }

  - id: reading
    title: A user reads the own keys
    requires: [CLIENT-SCOPE]
    request: { endpoint: GET /api/client/account/api-keys, key: client }
    expect: granted
";

pub(crate) fn trials() -> Vec<Trial> {
    let all: [(&str, fn()); 6] = [
        ("witnesses-notice", witnesses_notice),
        ("a-blind-case-is-named", a_blind_case_is_named),
        (
            "a-fault-without-witness-is-named",
            a_fault_without_witness_is_named,
        ),
        (
            "a-witness-that-sleeps-is-named",
            a_witness_that_sleeps_is_named,
        ),
        (
            "a-case-that-is-about-something-else-is-named",
            a_case_that_is_about_something_else_is_named,
        ),
        ("bad-input", bad_input),
    ];
    named("prove", all)
}

fn witnesses_notice() {
    let mut command = program();
    command
        .args(["prove", "--verbose", "--profile", PROFILE])
        .args(NOTICED);
    let said = run_within(BOUND, &mut command);
    said.must_exit(0);
    assert!(said.stdout.ends_with("\nPROVEN\n"), "{}", said.stdout);
    for fault in NOTICED {
        let none = format!("{fault}: 0 cases");
        assert!(
            said.stdout.contains(&format!("{fault}: ")),
            "{}",
            said.stdout
        );
        assert!(!said.stdout.contains(&none), "{}", said.stdout);
    }
}

fn a_blind_case_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("own")).expect("a folder");
    fs::write(folder.path().join("own/suite.yaml"), SUITE).expect("a file");
    let mut command = program();
    command
        .args(["prove", "--profile", PROFILE, "--specs"])
        .arg(folder.path());
    let said = run_within(BOUND, &mut command);
    said.must_exit(1);
    let is_told = |id: &str| {
        let sentence = format!("own/suite/{id}: no fault makes it deviate");
        said.stdout.contains(&sentence)
    };
    assert!(is_told("blind"), "{}", said.stdout);
    assert!(!is_told("seeing") && !is_told("reading"), "{}", said.stdout);
    assert!(
        said.stdout.contains("NOT PROVEN: 1 cases, and 0 claims"),
        "{}",
        said.stdout
    );
}

/// What `prove` says of a fault when another table than the built-in one is held to be true.
fn told_by(table: &str, fault: &str) -> String {
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(file.path(), table).expect("a file");
    let mut command = program();
    command
        .args(["prove", "--profile", PROFILE, fault, "--table"])
        .arg(file.path());
    let said = run_within(BOUND, &mut command);
    said.must_exit(1);
    said.stdout
}

fn a_fault_without_witness_is_named() {
    let table =
        "families: {}\nhardenings: {}\nfaults:\n  key-from-cookie: { violates: [HDR-AUTH] }\n";
    let said = told_by(table, "key-from-cookie");
    assert!(
        said.contains("key-from-cookie: no case is its witness"),
        "{said}"
    );
    let said = told_by(table, "key-from-form");
    assert!(
        said.contains("key-from-form: the table says nothing of it"),
        "{said}"
    );
}

fn a_case_that_is_about_something_else_is_named() {
    const WITNESS: &str = "authentication/key-elsewhere/header/get-api-client/cookie";
    let table = |touches: &str| {
        format!(
            "families: {{}}\nhardenings: {{}}\nfaults:\n  key-from-cookie: {{ violates: [KEY-TYPES], touches: [{touches}], witnesses: [{WITNESS}] }}\n"
        )
    };
    let stray = format!("key-from-cookie: its witness `{WITNESS}` cites no requirement");
    let uncited = format!("key-from-cookie: `{WITNESS}` notices it and cites ");
    let said = told_by(&table(""), "key-from-cookie");
    assert!(said.contains(&stray) && said.contains(&uncited), "{said}");
    let said = told_by(&table("HDR-AUTH"), "key-from-cookie");
    assert!(said.contains(&stray) && !said.contains(&uncited), "{said}");
}

fn a_witness_that_sleeps_is_named() {
    const SLEEPER: &str = "authentication/examples/servers";
    let table = format!(
        "families: {{}}\nhardenings: {{}}\nfaults:\n  key-from-cookie: {{ violates: [HDR-AUTH], witnesses: [{SLEEPER}] }}\n"
    );
    let said = told_by(&table, "key-from-cookie");
    let told = format!("key-from-cookie: its witness `{SLEEPER}` does not notice it");
    assert!(said.contains(&told), "{said}");
}

fn bad_input() {
    for (words, told) in [
        (
            &["prove", "key-from-cooky"][..],
            "did you mean `key-from-cookie`?",
        ),
        (
            &["prove", "--profile", "pterodactyl-2"],
            "no observed profile",
        ),
    ] {
        let said = run_within(BOUND, program().args(words));
        said.must_exit(2);
        assert!(said.stderr.contains(told), "{}", said.stderr);
    }
}
