//! One exchange, many verdicts: what a server is asked, and what is told of it.

use std::path::Path;
use std::process::Command;

use libtest_mimic::Trial;

use super::program::{conformance, program, run};
use super::server::{Habit, Server};
use super::trials::named;

pub(crate) fn trials() -> Vec<Trial> {
    let all: [(&str, fn()); 2] = [
        ("run-asks-once", || {
            let summary = "5 cases: 4 passed · 1 failed";
            asks_once(program().arg("run"), summary);
        }),
        ("tests-ask-once", || {
            asks_once(conformance().arg("--target-url"), "4 passed; 1 failed");
        }),
    ];
    named("sharing", all)
}

/// Runs the suite at a server, whose address comes next, and looks how often that was asked.
fn asks_once(command: &mut Command, summary: &str) {
    let folder = suite();
    let server = Server::new(Habit::Says("application/json", b"{}"));
    let command = command.arg(server.url()).arg("--specs");
    let said = run(command.arg(folder.path()));
    said.must_exit(1);
    // One more asks whether a panel is there at all.
    assert_eq!(server.connections(), 4);
    let told = "4 requests for 5 cases, 0.80 a case";
    assert!(said.stderr.contains(told), "{}", said.stderr);
    assert!(said.stdout.contains(summary), "{}", said.stdout);
}

/// Three cases that read the same, of which one expects something else, and two that write the same.
fn suite() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let reading = |id: &str, status: u16| scenario(id, "GET", status);
    let writing = |id: &str| scenario(id, "POST", 200);
    let text = [
        "title: What is asked once\nscenarios:\n".to_owned(),
        reading("there", 200),
        writing("written"),
        reading("gone", 404),
        reading("there-too", 200),
        writing("written-again"),
    ];
    write(&folder.path().join("suite.yaml"), &text.concat());
    folder
}

fn scenario(id: &str, method: &str, status: u16) -> String {
    format!(
        "  - id: {id}\n    title: It answers\n    request: {{ method: {method}, path: /x, key: none }}\n    expect: {{ status: {status} }}\n"
    )
}

fn write(file: &Path, text: &str) {
    std::fs::write(file, text).expect("a file that can be written");
}
