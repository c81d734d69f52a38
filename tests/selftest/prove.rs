//! `prove`: faults are noticed by their witnesses, and a case that cannot fail is named.

use std::fs;
use std::time::Duration;

use libtest_mimic::Trial;

use super::program::{program, run_within};

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

/// A suite of two cases: one that conforms whatever is wrong with a panel, and one that does not.
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
";

pub(crate) fn trials() -> Vec<Trial> {
    let all: [(&str, fn()); 3] = [
        ("witnesses-notice", witnesses_notice),
        ("a-blind-case-is-named", a_blind_case_is_named),
        ("bad-input", bad_input),
    ];
    let trial = |(name, test): (&str, fn())| {
        Trial::test(format!("prove/{name}"), move || {
            test();
            Ok(())
        })
    };
    all.map(trial).into()
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
        .args(["prove", "--verbose", "--profile", PROFILE, "--specs"])
        .arg(folder.path());
    let said = run_within(BOUND, &mut command);
    said.must_exit(1);
    let is_told = |id: &str| {
        let sentence = format!("own/suite/{id}: no fault makes it deviate");
        said.stdout.contains(&sentence)
    };
    assert!(is_told("blind") && !is_told("seeing"), "{}", said.stdout);
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
