//! What a case looks like under libtest, and under nextest, which starts a process for each test,
//! knows no reasons, and takes what is ignored from the list.

use std::process::Command;

use libtest_mimic::Trial;
use ptero_conformance::reference::{Faults, World};

use super::hosted::{Hosted, PROFILE};
use super::program::{Said, conformance, run, selftest};
use super::trials::named;

pub(crate) fn trials() -> Vec<Trial> {
    let all: [(&str, fn()); 7] = [
        ("libtest", libtest),
        ("nextest", nextest),
        ("nextest-lists-what-is-skipped", lists_what_is_skipped),
        ("nextest-writes-no-report", writes_no_report),
        ("a-broken-suite-is-a-test", a_broken_suite_is_a_test),
        ("a-broken-contract-is-a-test", a_broken_contract_is_a_test),
        (
            "a-target-is-all-that-is-tested",
            a_target_is_all_that_is_tested,
        ),
    ];
    named("presented", all)
}

/// A case of each kind, on a panel to which no key is known.
const SUITE: &str = "\
title: A case of each kind
scenarios:
  - id: passed
    title: No key is no entry
    requires: [AUTH-BEARER]
    request: { endpoint: GET /api/client, key: none }
    expect: { status: 401 }
  - id: failed
    title: No panel is a teapot
    requires: [AUTH-BEARER]
    request: { endpoint: GET /api/client/account, key: none }
    expect: { status: 418 }
  - id: missing
    title: A user is let in
    requires: [AUTH-BEARER]
    request: { endpoint: GET /api/client, key: client }
    expect: granted
  - id: elsewhere
    title: Another panel's route
    requires: [AUTH-BEARER]
    request: { endpoint: GET /api/application/mounts, key: none }
    expect: { status: 401 }
";

/// Why the last of them is skipped.
const ELSEWHERE: &str = "(a route of pelican alone)";

/// Why the third is.
const MISSING: &str = "no key for `client`; to make it: ";

/// A panel, and suites to test it with.
struct Stage {
    panel: Hosted,
    folder: tempfile::TempDir,
}

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let stage = Self {
            panel: Hosted::new(World::embedded(), Faults::default(), |router| router),
            folder,
        };
        stage.write("suite.yaml", SUITE);
        stage
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).expect("a file");
    }

    fn tests(&self, words: &[&str]) -> Command {
        let mut command = conformance();
        command
            .args(["--target-url", self.panel.url(), "--profile", PROFILE])
            .arg("--specs")
            .arg(self.folder.path())
            .args(words);
        command
    }

    /// What the process of one test says.
    fn alone(&self, id: &str, words: &[&str]) -> Said {
        let mut command = self.tests(&["--exact", id, "--nocapture"]);
        run(command.env("NEXTEST", "1").args(words))
    }

    /// The tests that nextest is told of, or those of them that it leaves out.
    fn listed(&self, words: &[&str]) -> Vec<String> {
        let mut command = self.tests(&["--list", "--format", "terse"]);
        let said = run(command.env("NEXTEST", "1").args(words));
        said.must_exit(0);
        let name = |line: &str| line.strip_suffix(": test").map(str::to_owned);
        let names = said.stdout.lines().map(|line| name(line).expect("a test"));
        names.collect()
    }
}

fn has(text: &str, part: &str) {
    assert!(text.contains(part), "no `{part}` in\n{text}");
}

fn libtest() {
    let said = run(&mut Stage::new().tests(&["--partial"]));
    said.must_exit(1);
    has(&said.stdout, "test suite/passed    ... ok\n");
    has(&said.stdout, "test suite/failed    ... FAILED\n");
    has(
        &said.stdout,
        &format!("test suite/missing   ... ignored ({MISSING}"),
    );
    has(
        &said.stdout,
        &format!("test suite/elsewhere ... ignored {ELSEWHERE}\n"),
    );
    has(
        &said.stdout,
        "test result: FAILED. 1 passed; 1 failed; 2 ignored",
    );
    has(&said.stderr, "\n4 cases: 1 passed · 1 failed");
    has(&said.stderr, " requests for 4 cases");
}

/// A process for each case: what is no failure ends with 0, since it knows no other word for that
/// than PASS.
fn nextest() {
    let stage = Stage::new();
    for (id, words, code, shown) in [
        ("passed", &[][..], 0, "... ok\n"),
        ("failed", &[], 1, "expected 418"),
        ("missing", &[], 3, MISSING),
        ("missing", &["--partial", "--ignored"], 0, MISSING),
        ("elsewhere", &["--ignored"], 0, ELSEWHERE),
    ] {
        let said = stage.alone(&format!("suite/{id}"), words);
        said.must_exit(code);
        has(&said.stdout, shown);
        let has_failed = said.stdout.contains("test result: FAILED");
        assert_eq!(has_failed, code != 0, "{id}: {}", said.stdout);
        assert!(!said.stderr.contains("1 passed"), "{}", said.stderr);
        assert!(!said.stderr.contains("by requirement"), "{}", said.stderr);
    }
}

fn lists_what_is_skipped() {
    let stage = Stage::new();
    let all = ["passed", "failed", "missing", "elsewhere"].map(|id| format!("suite/{id}"));
    assert_eq!(stage.listed(&[]), all);
    assert_eq!(stage.listed(&["--ignored"]), all[3..]);
    assert_eq!(stage.listed(&["--ignored", "--partial"]), all[2..]);
    let mut command = stage.tests(&["--list", "--format", "terse", "--ignored"]);
    let said = run(&mut command);
    assert_eq!(said.stdout, "", "libtest is told when it comes to that");
}

fn writes_no_report() {
    let stage = Stage::new();
    let file = stage.folder.path().join("results.json");
    let variable = format!("json={}", file.display());
    let command = || {
        let mut command = stage.tests(&["--exact", "suite/passed"]);
        command.env("PTERO_REPORT", &variable);
        command
    };
    run(command().env("NEXTEST", "1")).must_exit(0);
    assert!(!file.exists());
    run(&mut command()).must_exit(0);
    assert!(file.exists());
    let said = run(stage.tests(&[]).env("PTERO_REPORT", "json=-"));
    said.must_exit(2);
    has(
        &said.stderr,
        "standard output is libtest's here; give the report a file",
    );
}

/// It fails, and no other fails with it.
fn a_broken_suite_is_a_test() {
    let stage = Stage::new();
    stage.write("broken.yaml", "title: [\n");
    let all = stage.listed(&[]);
    let broken = all.last().expect("a test");
    assert!(broken.ends_with("broken.yaml"), "{all:?}");
    assert_eq!(all.len(), 5);
    let said = stage.alone(broken, &[]);
    said.must_exit(2);
    has(&said.stdout, "1 failed");
    stage.alone("suite/passed", &[]).must_exit(0);
    let said = run(&mut stage.tests(&["passed"]));
    said.must_exit(0);
    has(&said.stdout, "1 passed; 0 failed");
}

fn a_broken_contract_is_a_test() {
    let stage = Stage::new();
    stage.write("requirements.yaml", "title: [\n");
    let said = run(&mut stage.tests(&[]));
    said.must_exit(2);
    has(&said.stdout, "requirements.yaml ... FAILED\n");
    has(&said.stdout, "0 passed; 1 failed");
    run(&mut stage.tests(&["--list"])).must_exit(0);
}

/// Whoever tests a panel with all tests of this package wants none of the harness itself.
fn a_target_is_all_that_is_tested() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let file = file.path().display().to_string();
    for words in [["--target-url", "http://localhost"], ["--target", &file]] {
        let said = run(selftest().args(words).arg("--list"));
        said.must_exit(0);
        assert_eq!(said.stdout, "");
        has(&said.stderr, "not run: a target was named");
    }
    let said = run(selftest().arg("--list"));
    has(&said.stdout, "presented/libtest: test\n");
    assert_eq!(said.stderr, "");
}
