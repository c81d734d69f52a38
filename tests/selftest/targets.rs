//! Target files, states and ids: what an operator says of a target, taken at its word or refused.

use std::path::PathBuf;

use libtest_mimic::Trial;
use ptero_conformance::reference::{Faults, World};

use super::hosted::Hosted;
use super::program::{Said, conformance, program, run};
use super::trials::named;

/// Exit codes.
const OK: i32 = 0;
const USAGE: i32 = 2;
const UNDECIDED: i32 = 3;

pub fn trials() -> Vec<Trial> {
    let tests: [(&str, fn()); 13] = [
        ("a-file-names-all", a_file_names_all),
        ("flags-go-before-the-file", flags_go_before_the_file),
        ("two-targets", two_targets),
        ("one-key-twice", one_key_twice),
        ("at-another-address", at_another_address),
        ("wrong-files", wrong_files),
        ("agreed-limits", agreed_limits),
        ("other-limits", other_limits),
        ("given-ids", given_ids),
        ("states", states),
        ("one-administrator-twice", one_administrator_twice),
        ("a-made-role", a_made_role),
        ("nothing-tested-is-no-pass", nothing_tested_is_no_pass),
    ];
    named("targets", tests)
}

/// A panel with another limit than its profile's.
fn panel() -> Hosted {
    let mut world = World::embedded();
    world.settings.enforce_limits = false;
    world.settings.client_rate = Some(1200);
    Hosted::new(world, Faults::default(), |router| router)
}

/// A target file for a panel, with more lines.
fn file(panel: &Hosted, lines: &str) -> PathBuf {
    let path = panel.keys_yaml().with_file_name("target.yaml");
    let keys = "keys: keys.yaml\nprofile: pterodactyl-1.11\n";
    std::fs::write(&path, format!("url: {}\n{keys}{lines}", panel.url())).unwrap();
    path
}

fn run_with(file: &std::path::Path, arguments: &[&str]) -> Said {
    run(program()
        .arg("run")
        .arg("--target")
        .arg(file)
        .args(arguments))
}

#[track_caller]
fn has(said: &Said, text: &str) {
    assert!(said.all().contains(text), "no `{text}` in\n{}", said.all());
}

fn a_file_names_all() {
    let panel = panel();
    let file = file(&panel, "");
    let said = run_with(&file, &["key-types"]);
    said.must_exit(OK);
    has(
        &said,
        &format!("target {} · profile pterodactyl-1.11", panel.url()),
    );
    let said = run(conformance().env("PTERO_TARGET", &file).arg("key-types"));
    said.must_exit(OK);
    has(&said, "profile pterodactyl-1.11");
    for command in [&["keys", "check"][..], &["doctor"], &["cleanup"]] {
        let said = run(program().args(command).arg("--target").arg(&file));
        said.must_exit(OK);
    }
}

fn flags_go_before_the_file() {
    let panel = panel();
    let file = file(&panel, "");
    let said = run_with(&file, &["--profile", "documented", "key-types"]);
    has(&said, "profile documented");
}

fn two_targets() {
    let panel = panel();
    let file = file(&panel, "");
    let said = run_with(&file, &["--target-url", "https://other.invalid"]);
    said.must_exit(USAGE);
    has(&said, "two targets are named");
    let said = run_with("https://other.invalid".as_ref(), &[]);
    said.must_exit(USAGE);
    has(&said, "an address is given by --target-url");
}

/// A variable and a file may give one key, but not two of one role.
fn one_key_twice() {
    let panel = panel();
    let file = file(&panel, "");
    let with = |key: &str| {
        let mut command = program();
        command.args(["run", "key-types", "--target"]).arg(&file);
        run(command.env("PTERO_KEY_CLIENT", key))
    };
    with(&panel.keys()["client"]).must_exit(OK);
    let said = with(&panel.keys()["client-other"]);
    said.must_exit(USAGE);
    has(&said, "PTERO_KEY_CLIENT and ");
    has(&said, "give different keys for `client`; drop one of them");
}

/// Where a host is reached does not make it this machine: a pace is kept, and told.
fn at_another_address() {
    let panel = panel();
    let port = panel.url().rsplit(':').next().unwrap();
    let url = format!("http://panel.invalid:{port}");
    let id = "authentication/envelopes/head/no-key-application";
    let mut command = program();
    command.args(["run", &url, id, "--profile", "pterodactyl-1.11"]);
    command.args(["--allow-plaintext", "--resolve", "panel.invalid:127.0.0.1"]);
    let said = run(&mut command);
    said.must_exit(OK);
    has(&said, " 1 passed ");
    for line in ["shortest time: ", "nothing is created or changed"] {
        assert!(said.stderr.contains(line), "{line}: {}", said.stderr);
    }
    assert!(!said.stderr.contains("sent again"), "{}", said.stderr);
}

fn wrong_files() {
    let panel = panel();
    let rows = [
        ("limit: 5\n", "unknown field `limit`"),
        ("has: [maintenence]\n", "did you mean `maintenance`?"),
        ("ids: { client: { servr: x } }\n", "did you mean `server`?"),
        ("ids: { client: { server: 'a/b' } }\n", "it has `/` in it"),
        ("resolve: nowhere\n", "is not HOST:ADDRESS"),
        ("allow_writes: true\n", "unknown field `allow_writes`"),
    ];
    for (lines, wanted) in rows {
        let said = run_with(&file(&panel, lines), &["--dry-run"]);
        said.must_exit(USAGE);
        has(&said, wanted);
        assert_eq!(said.stderr.matches("error: ").count(), 1, "{}", said.stderr);
    }
    let said = run_with("/nonexistent/target.yaml".as_ref(), &[]);
    said.must_exit(USAGE);
    has(&said, "/nonexistent/target.yaml");
}

fn agreed_limits() {
    let panel = panel();
    let said = run_with(&file(&panel, "limits: { client: 1200 }\n"), &["key-types"]);
    said.must_exit(OK);
    assert!(
        !said.all().contains("configured otherwise"),
        "{}",
        said.all()
    );
}

fn other_limits() {
    let panel = panel();
    let said = run_with(&file(&panel, ""), &["key-types"]);
    said.must_exit(OK);
    has(
        &said,
        "configured otherwise: client 1200, profile says 720 (APP_API_CLIENT_RATELIMIT)",
    );
}

fn given_ids() {
    let panel = panel();
    let file = file(&panel, "");
    // Servers of `client`'s user and of another one, in the embedded world.
    let said = run_with(&file, &["--server", "a1a1a1a1", "ownership"]);
    said.must_exit(OK);
    let said = run_with(&file, &["--server", "b2b2b2b2", "ownership"]);
    said.must_exit(USAGE);
    has(&said, "none that `client` reaches");
    let said = run_with(&file, &["--server", "../users", "ownership"]);
    said.must_exit(USAGE);
}

fn states() {
    let said = run(program().args([
        "run",
        "--embedded",
        "--has",
        "two-factor-required",
        "two-factor",
        "--profile",
        "pterodactyl-1.11",
    ]));
    said.must_exit(OK);
    has(&said, "no key is verified");
    let said = run(program().args(["run", "--embedded", "--has", "cors-orgins"]));
    said.must_exit(USAGE);
    has(&said, "did you mean `cors-origins`?");
    run(program().args(["list", "--states"])).must_exit(OK);
}

fn one_administrator_twice() {
    let panel = panel();
    let key = &panel.keys()["client-admin"];
    let said = run(program()
        .args(["run", panel.url(), "ownership"])
        .env("PTERO_KEY_CLIENT", key)
        .env("PTERO_KEY_CLIENT_OTHER", key));
    said.must_exit(USAGE);
    has(&said, "belong to one user; they must be of two");
    assert!(!said.all().contains(key), "a key is shown");
}

/// The locked key is made by the run itself, used, and gone afterwards.
fn a_made_role() {
    let panel = panel();
    let before = panel.list();
    let arguments = [
        "run",
        panel.url(),
        "ip-locks/reading",
        "--profile",
        "pterodactyl-1.11",
    ];
    let with = |more: &[&str]| {
        run(program()
            .args(arguments)
            .args(more)
            .env("PTERO_KEY_CLIENT", &panel.keys()["client"])
            .arg("--state-dir")
            .arg(panel.state()))
    };
    let without = with(&[]);
    without.must_exit(UNDECIDED);
    has(&without, "PARTIAL: no key for client-ip-locked");
    let said = with(&["--allow-create-keys"]);
    said.must_exit(OK);
    assert!(!said.all().contains(" 0 passed"), "{}", said.all());
    assert_eq!(panel.list(), before, "the key is still there");
}

fn nothing_tested_is_no_pass() {
    let said = run(program().args(["run", "--embedded", "authentication/two-factor"]));
    said.must_exit(UNDECIDED);
    has(&said, "NOTHING TESTED");
}
