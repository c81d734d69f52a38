//! Proofs of a small suite, as a whole.

use std::sync::Mutex;

use super::{Options, Proof, prove};
use crate::reference::Fault;
use crate::spec::{SourceFile, Specs};

/// A case for each thing that can be said of one. On the first panel: proven, answered otherwise,
/// of another panel, seen by no fault, and seen by faults of form alone.
pub(super) const SUITE: &str = "\
title: Small
scenarios:
  - id: seeing
    title: No key is no entry
    requires: [AUTH-BEARER]
    request: { endpoint: GET /api/client, key: none }
    expect: { status: 401 }
  - id: teapot
    title: No panel is a teapot
    requires: [AUTH-BEARER]
    request: { endpoint: GET /api/client, key: none }
    expect: { status: 418 }
  - id: elsewhere
    title: Another panel's route
    requires: [AUTH-BEARER]
    request: { endpoint: GET /api/application/mounts, key: none }
    expect: { status: 401 }
  - id: blind
    title: A path outside of the API answers
    requires: [PANEL-ENVELOPE]
    request: { method: GET, path: /, key: none }
    expect: { status: 200 }
  - id: formal
    title: A server that does not exist
    requires: [AUTH-BEARER]
    request: { endpoint: GET /api/client/servers/deadbeef, key: client }
    expect: { status: 404 }
";

const PROFILE: &str = "pterodactyl-1.11";

pub(super) fn specs() -> Specs {
    Specs::of_suite(SUITE)
}

pub(super) fn faults(names: &[&str]) -> Vec<Fault> {
    let fault = |name: &&str| name.parse().expect("a fault");
    names.iter().map(fault).collect()
}

/// Of somebody's own suite: on one panel, with these faults.
pub(super) fn options(names: &[&str]) -> Options {
    Options {
        faults: faults(names),
        profiles: vec![PROFILE.to_owned()],
        foreign: true,
        jobs: 1,
        ..Options::default()
    }
}

/// A table, as somebody has written it.
pub(super) fn table(text: &str) -> SourceFile {
    SourceFile::new("table.yaml", "table.yaml", text)
}

fn proof(options: &Options) -> Proof {
    prove(&specs(), options, &|_, _| ()).expect("a proof")
}

#[test]
fn what_each_fault_changes_is_told() {
    let names = [
        "skip-auth@GET:/api/client",
        "html-errors",
        "skip-permission",
    ];
    let told = "\
skip-auth@GET:/api/client: 1 case
    a/seeing
html-errors: 0 cases
skip-permission: 0 cases

not proven of faults
  html-errors: no case notices it
  skip-permission: no case notices it

     3 cases conform on pterodactyl-1.11
     2 cases conform on none of them
     3 faults, 0 of them blunt
     1 case is proven
     0 cases are not

NOT PROVEN: 0 cases, and 2 claims about faults
";
    assert_eq!(proof(&options(&names)).text(true), told);
}

#[test]
fn a_table_says_what_conforms_nowhere() {
    let text = "\
faults: { html-errors: { witnesses: [a/seeing] } }
nowhere: { it is tea: [a/teapot] }
";
    let options = Options {
        table: Some(table(text)),
        ..options(&["html-errors"])
    };
    let told = "\
html-errors: 0 cases

cases that conform on no panel: it is tea
  a/teapot

note: what the table claims of witnesses is judged only where all panels are tried, so without --profile

     3 cases conform on pterodactyl-1.11
     2 cases conform on none of them, 1 of these for a reason that the table gives
     1 fault, 0 of them blunt, 0 unseen by design
     0 cases are proven
     0 cases are not

NOTHING PROVEN: no case notices any of the faults on the panels that were tried
";
    assert_eq!(proof(&options).text(true), told);
}

#[test]
fn without_a_choice_every_fault_is_tried_on_every_panel_and_every_case_spoken_of() {
    let all = Options {
        profiles: Vec::new(),
        ..options(&[])
    };
    let text = proof(&all).text(false);
    let told = "
cases that conform on no sound panel: mend them, or say why under `nowhere` in the table
  a/teapot: on pterodactyl-1.11: status: expected 418, observed 401

cases that no fault makes deviate
  a/blind: no fault makes it deviate

note: 1 case notices no check left out, only form: what answers look like, that a key arrives, which check comes first
  a/formal

     3 cases conform on pterodactyl-1.11
     3 cases conform on jexactyl
     4 cases conform on pelican
";
    assert!(text.starts_with(told), "{text}");
    assert!(
        text.contains("     3 cases conform on hardened\n     1 case conforms on none of them\n"),
        "{text}"
    );
    let told = "     3 cases are proven\n     2 cases are not\n\nNOT PROVEN: 2 cases, and 0 claims about faults\n";
    assert!(text.ends_with(told), "{text}");
}

#[test]
fn on_one_panel_it_is_told_which_cases_are_for_another() {
    let text = proof(&options(&[])).text(false);
    let told = "
note: 1 case is not asked on the panels that were tried
  a/elsewhere: not asked on pterodactyl-1.11: a route of pelican alone
";
    assert!(text.contains(told), "{text}");
    assert!(
        text.contains("NOT PROVEN: 2 cases, and 0 claims about faults\n"),
        "{text}"
    );
}

/// Each fault is tried with what is still open, and then with what is left.
#[test]
fn it_is_told_how_far_it_is() {
    let told = Mutex::new(Vec::new());
    let progress = |done, of| told.lock().expect("a list").push((done, of));
    let options = options(&["html-errors", "skip-auth", "debug-mode"]);
    prove(&specs(), &options, &progress).expect("a proof");
    let told = told.into_inner().expect("a list");
    assert_eq!(told, [(1, 3), (2, 3), (3, 3), (4, 6), (5, 6), (6, 6)]);
}

#[test]
fn only_a_panel_that_is_played_can_be_chosen() {
    let with = |name: &str| Options {
        profiles: vec![name.to_owned()],
        ..options(&["skip-auth"])
    };
    // Nobody has seen it: it is tried when somebody asks for it.
    let text = proof(&with("reviactyl")).text(false);
    assert!(text.contains(" cases conform on reviactyl\n"), "{text}");
    let error = prove(&specs(), &with("pterodactyl-2"), &|_, _| ());
    let error = error.err().expect("an error").to_string();
    let told = "`pterodactyl-2` is no profile that the reference panel plays; there are: pterodactyl-1.11, ";
    assert!(error.starts_with(told), "{error}");
}
