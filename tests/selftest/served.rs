//! The main job, end to end: a served panel, tested by the program and by the tests.

use std::path::Path;
use std::process::Command;

use libtest_mimic::Trial;

use super::canary::CANARY;
use super::panel::Panel;
use super::program::{Said, conformance, program, run};
use super::trials::named;

const PROFILE: &str = "pterodactyl-1.11";

/// The profile that is known from the source alone.
const UNOBSERVED: &str = "reviactyl";

/// The most cases in which a healthy panel may deviate from the published page.
const MOST_DEVIATING: usize = 60;

pub(crate) fn trials() -> Vec<Trial> {
    let all: [(&str, fn()); 11] = [
        ("its-own-profile", its_own_profile),
        ("as-tests", as_tests),
        ("keys-from-the-environment", keys_from_the_environment),
        ("documented", documented),
        ("no-keys", no_keys),
        ("wrong-key", wrong_key),
        ("key-files", key_files),
        ("no-folder", no_folder),
        ("check-keys", check_keys),
        ("key-from-standard-input", key_from_standard_input),
        ("open-panel", open_panel),
    ];
    named("served", all)
}

/// The folder for the keys is made by whoever wants it there.
fn no_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let none = folder.path().join("none");
    let file = folder.path().join("file");
    std::fs::write(&file, "").expect("a file");
    for path in [&none, &file] {
        let said = run(program().args(["serve", "--keys-out"]).arg(path));
        said.must_exit(2);
        let wanted = format!(
            "{} is no folder; make it, or leave --keys-out away",
            path.display()
        );
        assert!(said.stderr.contains(&wanted), "{}", said.stderr);
    }
    assert!(!none.exists());
    // Another panel's keys are not written over.
    let taken = folder.path().join("keys.yaml");
    std::fs::write(&taken, "another").expect("a file");
    let said = run(program()
        .args(["serve", "--port", "0", "--keys-out"])
        .arg(folder.path()));
    said.must_exit(2);
    let wanted = format!("{} exists, perhaps of another panel", taken.display());
    assert!(said.stderr.contains(&wanted), "{}", said.stderr);
    assert_eq!(std::fs::read_to_string(&taken).expect("a file"), "another");
}

/// Every flag that somebody gives who holds all keys and agrees to everything.
fn with_everything<'c>(command: &'c mut Command, panel: &Panel) -> &'c mut Command {
    command
        .arg("--keys")
        .arg(panel.keys_yaml())
        .args(["--allow-writes", "--allow-create-keys"])
}

/// No profile excuses a panel that asks nobody for a key, or says so where nobody has seen better.
fn open_panel() {
    let listed = run(program().args(["list", "--profiles"]));
    listed.must_exit(0);
    let heads = listed.stdout.lines().filter(|line| !line.starts_with(' '));
    for name in heads.filter_map(|line| line.split_whitespace().next()) {
        let panel = Panel::serve_with(name, &["--fault", "skip-auth"]);
        let mut command = program();
        let command = command.args([
            "run",
            panel.url(),
            "no-key/every-route/get",
            "--profile",
            name,
        ]);
        let said = run(command);
        if name == UNOBSERVED {
            said.must_exit(0);
            assert!(said.stdout.contains("\nPASSED, but "), "{}", said.stdout);
            said.stdout
                .find("--trust-source")
                .expect("what makes them count");
            run(command.arg("--trust-source")).must_exit(1);
        } else {
            said.must_exit(1);
        }
    }
}

fn its_own_profile() {
    let panel = Panel::serve(PROFILE);
    let mut command = program();
    command.args(["run", panel.url(), "--profile", PROFILE]);
    let said = run(with_everything(&mut command, &panel));
    said.must_exit(0);
    assert!(said.stdout.contains("\nPASSED\n"), "{}", said.stdout);
    assert!(said.stdout.contains(" 0 missing "), "{}", said.stdout);
    assert!(reached(&said) >= 150, "{}", said.stdout);
}

/// How many distinct combinations of method, route and role conformed.
fn reached(said: &Said) -> usize {
    let (_, rest) = said
        .stdout
        .split_once("distinct (method, route, role): ")
        .expect("how far it reached");
    let number = rest.split(' ').next().expect("a word");
    number.parse().expect("a number")
}

fn as_tests() {
    let panel = Panel::serve(PROFILE);
    let mut command = conformance();
    command.args(["--target-url", panel.url(), "--profile", PROFILE]);
    run(with_everything(&mut command, &panel)).must_exit(0);
    let mut filtered = conformance();
    filtered.args(["no-key/", "--target-url", panel.url(), "--profile", PROFILE]);
    let said = run(with_everything(&mut filtered, &panel));
    said.must_exit(0);
    assert!(!said.stdout.contains("unknown-key/"), "{}", said.stdout);
}

fn keys_from_the_environment() {
    let panel = Panel::serve(PROFILE);
    let text = std::fs::read_to_string(panel.keys_env()).expect("the file to source");
    let variables = text.lines().map(|line| {
        let assignment = line.strip_prefix("export ").expect("an export");
        assignment.split_once('=').expect("a value")
    });
    let mut command = program();
    command
        .args(["run", "no-key/"])
        .env("PTERO_TARGET_URL", panel.url())
        .env("PTERO_PROFILE", PROFILE)
        .envs(variables);
    run(&mut command).must_exit(0);
}

fn documented() {
    let panel = Panel::serve(PROFILE);
    let mut command = program();
    command.args(["run", panel.url(), "--profile", "documented", "--verbose"]);
    let said = run(with_everything(&mut command, &panel));
    said.must_exit(1);
    let hint = format!("--profile {PROFILE}");
    assert!(said.stdout.contains(&hint), "{}", said.stdout);
    let (cases, summary) = said
        .stdout
        .split_once("\ntarget ")
        .expect("a summary behind the cases");
    assert!(summary.contains("FAILED: "), "{summary}");
    let cases: Vec<_> = cases.split("\n── failed: ").skip(1).collect();
    assert!(
        (1..=MOST_DEVIATING).contains(&cases.len()),
        "{} deviating cases",
        cases.len()
    );
    println!("documented: {} deviating cases", cases.len());
    cases.into_iter().for_each(tells_everything);
}

/// A case that deviates shows its clause, its diff (or the case that has the same one), and how
/// to see it again.
fn tells_everything(case: &str) {
    let has = |text: &str| case.contains(text);
    assert!(has("(MUST): "), "no clause in\n{case}");
    assert!(
        has("\n- due, + observed\n") || has("the same difference is shown in full for "),
        "no diff in\n{case}"
    );
    assert!(has("curl "), "no command in\n{case}");
}

fn no_keys() {
    let panel = Panel::serve(PROFILE);
    let mut command = program();
    let command = command.args(["run", panel.url(), "--profile", PROFILE]);
    let said = run(command);
    said.must_exit(3);
    let partial = said
        .stdout
        .lines()
        .find(|line| line.starts_with("PARTIAL: "));
    let partial = partial.expect("a line that says PARTIAL");
    for role in ["client", "client-other", "application", "application-read"] {
        assert!(partial.contains(&format!(" {role} (")), "{partial}");
    }
    run(command.arg("--partial")).must_exit(0);
}

fn wrong_key() {
    let panel = Panel::serve(PROFILE);
    let mut command = program();
    command
        .args(["run", panel.url()])
        .env("PTERO_KEY_CLIENT", CANARY);
    let said = run(&mut command);
    said.must_exit(2);
    assert_eq!(said.stdout, "");
    assert_eq!(said.stderr.lines().count(), 1, "{}", said.stderr);
}

#[cfg(unix)]
fn key_files() {
    use std::os::unix::fs::PermissionsExt;
    let mut panel = Panel::serve(PROFILE);
    let files = [panel.keys_yaml(), panel.keys_env()];
    let mode = |path: &Path| {
        std::fs::metadata(path)
            .expect("a file")
            .permissions()
            .mode()
    };
    for path in &files {
        assert_eq!(mode(path) & 0o777, 0o600, "{}", path.display());
    }
    panel.end_politely();
    for path in &files {
        assert!(!path.exists(), "{} is still there", path.display());
    }
}

#[cfg(not(unix))]
fn key_files() {}

fn check_keys() {
    let panel = Panel::serve(PROFILE);
    let mut command = program();
    command.args(["keys", "check", panel.url()]);
    let said = run(with_everything(&mut command, &panel));
    said.must_exit(0);
    assert!(said.stdout.contains("client: proved"), "{}", said.stdout);
    assert!(!said.stdout.contains("not proved"), "{}", said.stdout);
}

fn key_from_standard_input() {
    let panel = Panel::serve(PROFILE);
    let folder = tempfile::tempdir().expect("a folder");
    let (keys, input) = (folder.path().join("keys.yaml"), folder.path().join("input"));
    std::fs::write(&keys, "client: { stdin: true }\n").expect("a file");
    for (line, code, told) in [
        // The keys of other roles are not given.
        (panel.key("client").as_str(), 3, "client: proved"),
        ("ptlc_nobody", 2, "`client`"),
    ] {
        std::fs::write(&input, format!("{line}\n")).expect("a file");
        let mut command = program();
        command
            .args(["keys", "check", panel.url(), "--keys"])
            .arg(&keys);
        let said = run(command.stdin(std::fs::File::open(&input).expect("a file")));
        said.must_exit(code);
        assert!(said.all().contains(told), "{}", said.all());
    }
}
