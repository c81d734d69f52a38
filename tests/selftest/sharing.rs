//! One exchange, many verdicts: what a server is asked, and what is told of it.

use std::path::Path;

use libtest_mimic::Trial;

use crate::selftest::program::{conformance, program, run};
use crate::selftest::server::{Habit, Server};

pub fn trials() -> Vec<Trial> {
    vec![
        Trial::test("sharing/run-asks-once", || {
            let folder = suite();
            let server = server();
            let mut command = program();
            command
                .args(["run", server.url(), "--specs"])
                .arg(folder.path());
            let said = run(&mut command);
            said.must_exit(1);
            must_tell(&said.stderr, &server);
            let all = &said.stdout;
            assert!(all.contains("5 cases: 4 passed · 1 failed"), "{all}");
            Ok(())
        }),
        Trial::test("sharing/tests-ask-once", || {
            let folder = suite();
            let server = server();
            let mut command = conformance();
            command
                .args(["--target-url", server.url(), "--specs"])
                .arg(folder.path());
            let said = run(&mut command);
            said.must_exit(1);
            must_tell(&said.stderr, &server);
            let all = &said.stdout;
            assert!(all.contains("4 passed; 1 failed"), "{all}");
            Ok(())
        }),
    ]
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

/// A server with a connection for each request.
fn server() -> Server {
    Server::new(Habit::Says("application/json", b"{}"))
}

fn must_tell(stderr: &str, server: &Server) {
    // One more asks whether a panel is there at all.
    assert_eq!(server.connections(), 4);
    let told = "4 requests for 5 cases, 0.80 a case";
    assert!(stderr.contains(told), "{stderr}");
}
