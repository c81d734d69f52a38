//! Ids: unique, the same in every list, and enough to find a case without reading everything.

use std::collections::BTreeSet;

use libtest_mimic::Trial;
use ptero_conformance::spec::{Source, Specs};

use super::program::{conformance, program, root, run};
use super::server::{Habit, Server};
use super::trials::named;

pub(crate) fn trials() -> Vec<Trial> {
    let all: [(&str, fn()); 4] = [
        ("unique", unique),
        ("listed-alike", listed_alike),
        ("filtered-alike", filtered_alike),
        ("one-suite-for-one-id", one_suite_for_one_id),
    ];
    named("ids", all)
}

/// What `list --ids` says of the checkout's specification, which is what the tests read.
fn listed(filters: &[&str]) -> Vec<String> {
    let mut command = program();
    command
        .args(["list", "--ids", "--specs", "specs"])
        .args(filters);
    let said = run(command.current_dir(root()));
    said.must_exit(0);
    said.stdout.lines().map(str::to_owned).collect()
}

/// What the tests list, though a target is named: it is not asked.
fn listed_as_tests(filters: &[&str]) -> Vec<String> {
    let server = Server::new(Habit::Closes);
    let mut command = conformance();
    command
        .args(["--list", "--format", "terse", "--target-url", server.url()])
        .args(filters);
    let said = run(&mut command);
    said.must_exit(0);
    assert_eq!((said.stderr.as_str(), server.connections()), ("", 0));
    let name = |line: &str| line.strip_suffix(": test").expect("a test").to_owned();
    said.stdout.lines().map(name).collect()
}

fn unique() {
    let ids = listed(&[]);
    let different: BTreeSet<_> = ids.iter().collect();
    assert!(!ids.is_empty());
    assert_eq!(ids.len(), different.len());
}

fn listed_alike() {
    let ids = listed(&[]);
    assert!(!ids.is_empty());
    assert_eq!(ids, listed_as_tests(&[]));
}

fn filtered_alike() {
    let filter = ["no-key/every-route/"];
    let ids = listed(&filter);
    assert!(!ids.is_empty() && ids.len() < listed(&[]).len());
    assert_eq!(ids, listed_as_tests(&filter));
}

fn one_suite_for_one_id() {
    let source = Source::Folder(root().join("specs"));
    let specs = Specs::load(&source).expect("the specification");
    assert!(specs.suites.len() > 1);
    for suite in &specs.suites {
        let id = suite.cases.first().expect("a case").id.to_string();
        let found = Specs::load_for(&source, std::slice::from_ref(&id)).expect("the specification");
        assert_eq!(found.suites.len(), 1, "{id}");
        assert!(found.cases().any(|case| case.id.as_str() == id), "{id}");
    }
}
