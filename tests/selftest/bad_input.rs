//! Bad input: each gets one message that says what to do; no panic, no hang, no key in it.

use std::any::Any;
use std::fs;
use std::path::Path;
use std::process::Command;

use libtest_mimic::Trial;

use super::canary::{self, CANARY};
use super::panel::Panel;
use super::program::{self, BOUND, Said};
use super::recorded::Recorded;
use super::server::{Habit, Server, closed_port};
use super::trials::named;

/// One bad input, and what has to become of it.
struct Row {
    name: &'static str,
    /// Arranges it in an empty folder.
    scene: fn(&Path) -> Scene,
    code: i32,
    /// A part of the message, which is printed once.
    message: &'static str,
}

/// A command, the key it is given, and what has to live as long as it runs.
struct Scene {
    command: Command,
    key: String,
    alive: Option<Box<dyn Any>>,
}

const fn row(
    name: &'static str,
    scene: fn(&Path) -> Scene,
    code: i32,
    message: &'static str,
) -> Row {
    Row {
        name,
        scene,
        code,
        message,
    }
}

const USAGE: i32 = 2;
const UNDECIDED: i32 = 3;
const INTERRUPTED: i32 = 130;

const ROWS: [Row; 42] = [
    row(
        "url-without-value",
        |_| args(&["run", "--target-url"]),
        USAGE,
        "a value is required for '--target-url",
    ),
    row(
        "empty-variable",
        |_| variable("PTERO_TARGET_URL", ""),
        USAGE,
        "PTERO_TARGET_URL is empty; give it a value, or unset it",
    ),
    row(
        "unknown-variable",
        |_| variable("PTERO_TARGET_URI", "https://panel.invalid"),
        USAGE,
        "did you mean PTERO_TARGET_URL?",
    ),
    row(
        "variable-of-no-role",
        |_| variable("PTERO_KEY_CLINT", CANARY),
        USAGE,
        "did you mean PTERO_KEY_CLIENT?",
    ),
    row(
        "no-target",
        |_| args(&["run"]),
        USAGE,
        "no target: name a panel",
    ),
    row(
        "target-and-embedded",
        |_| args(&["run", "--embedded", "https://panel.invalid"]),
        USAGE,
        "a target and --embedded exclude each other; name one",
    ),
    row(
        "no-scheme",
        |_| run("panel.invalid"),
        USAGE,
        "it lacks `https://`",
    ),
    row(
        "argument-and-flag",
        |_| {
            let url = "https://panel.invalid";
            args(&["run", url, "--target-url", "https://other.invalid"])
        },
        USAGE,
        "two targets are named: the argument, and --target-url",
    ),
    row(
        "userinfo",
        |_| run(&format!("https://admin:{CANARY}@panel.invalid")),
        USAGE,
        "the target URL holds a user name or a password",
    ),
    row(
        "userinfo-of-no-url",
        |_| run(&format!("https://admin:{CANARY}@panel.invalid:port")),
        USAGE,
        "is not a URL",
    ),
    row(
        "ftp",
        |_| run("ftp://panel.invalid"),
        USAGE,
        "`ftp://` is not spoken by panels; use `https://`",
    ),
    row(
        "plaintext",
        |_| run("http://panel.invalid"),
        USAGE,
        "use `https://`, or agree to it with --allow-plaintext",
    ),
    row(
        "unresolved",
        |_| run("https://something.invalid"),
        UNDECIDED,
        "cannot resolve something.invalid",
    ),
    row(
        "closed-port",
        |_| run(&closed_port()),
        UNDECIDED,
        "check that the panel runs and that the port is right",
    ),
    row(
        "closed-port/no-key",
        |_| without_key(run(&closed_port())),
        UNDECIDED,
        "check that the panel runs and that the port is right",
    ),
    row(
        "closed-port/as-tests",
        |_| tests(&closed_port()),
        UNDECIDED,
        "check that the panel runs and that the port is right",
    ),
    row(
        "closed-port/as-tests/no-key",
        |_| without_key(tests(&closed_port())),
        UNDECIDED,
        "check that the panel runs and that the port is right",
    ),
    row(
        "silent",
        |_| server(Habit::Silent),
        UNDECIDED,
        "allow more with --timeout",
    ),
    row(
        "silent/no-key",
        |_| without_key(server(Habit::Silent)),
        UNDECIDED,
        "allow more with --timeout",
    ),
    row(
        "closes",
        |_| server(Habit::Closes),
        UNDECIDED,
        "closed the connection before the answer was complete",
    ),
    row(
        "html",
        |_| server(HTML),
        UNDECIDED,
        "GET /api/client/account answered 200 with a text that is not JSON; check that the URL",
    ),
    row(
        "html/no-key",
        |_| without_key(server(HTML)),
        UNDECIDED,
        "GET /api/client answered 200 with a text that is not JSON; check that the URL",
    ),
    row(
        "empty-content",
        |_| server(Habit::Says("application/json", b"")),
        UNDECIDED,
        "answered 200 with no content",
    ),
    row(
        "invalid-json",
        |_| server(Habit::Says("application/json", b"{\"object\":")),
        UNDECIDED,
        "answered 200 with a text that is not JSON",
    ),
    row(
        "json-not-utf-8",
        |_| {
            server(Habit::Says(
                "application/json",
                b"{\"object\":\"\xff\xfe\"}",
            ))
        },
        UNDECIDED,
        "answered 200 with not UTF-8",
    ),
    row(
        "flood",
        |_| server(Habit::Floods),
        UNDECIDED,
        "answered 200 with more than",
    ),
    row(
        "key/newline",
        |_| key("\n"),
        USAGE,
        "PTERO_KEY_CLIENT has a line break in it",
    ),
    row(
        "key/space",
        |_| key(" "),
        USAGE,
        "PTERO_KEY_CLIENT has a space in it",
    ),
    row(
        "key/wrong-type",
        |_| key_of_panel(|panel| panel.key("application")),
        USAGE,
        "GET /api/client/account answered 403, not 200",
    ),
    row(
        "key/revoked",
        |_| key_of_panel(revoked_key),
        USAGE,
        "it is revoked, mistyped",
    ),
    row(
        "key/in-the-wrong-place",
        |_| args(&["explain", CANARY]),
        USAGE,
        "this looks like a key; keys are given by PTERO_KEY_CLIENT and the like",
    ),
    row(
        "key/in-broken-file",
        keys_file,
        USAGE,
        "is not a list of roles",
    ),
    row(
        "specs/none",
        |_| args(&["check", "nowhere"]),
        USAGE,
        "cannot read the folder",
    ),
    row(
        "specs/broken-yaml",
        |folder| suite(folder, "title: [\n"),
        USAGE,
        "suite.yaml:",
    ),
    row(
        "specs/broken-yaml/explained",
        |folder| {
            let suite = suite(folder, "title: [\n");
            let scene = args(&["explain", "suite/one", "--specs", "specs"]);
            Scene {
                alive: suite.alive,
                ..scene
            }
        },
        USAGE,
        "1 error in the specification",
    ),
    row(
        "specs/not-utf-8",
        |folder| suite(folder, b"title: \xff\n"),
        USAGE,
        "is not UTF-8",
    ),
    row(
        "specs/exploding-anchors",
        |folder| suite(folder, explosion()),
        USAGE,
        "suite.yaml:",
    ),
    row(
        "specs/not-yaml-by-name",
        |folder| {
            let scene = suite(folder, ONCE);
            fs::write(folder.join("specs/other.yml"), TWICE).expect("a file");
            scene
        },
        USAGE,
        "is not read, because its name does not end in `.yaml`",
    ),
    row(
        "version/of-another-profile",
        |_| version("pterodactyl-1.8", "1.14.0"),
        USAGE,
        "speaks of 1.8.0 to 1.9.2, not of 1.14.0; `--profile pterodactyl-1.14` does",
    ),
    row(
        "version/of-none",
        |_| version("pterodactyl-1.8", "9.9.9"),
        USAGE,
        "speaks of 1.8.0 to 1.9.2, not of 9.9.9",
    ),
    row(
        "version/not-played",
        |_| version("pterodactyl-1.8", "1.9.2"),
        USAGE,
        "the reference panel plays 1.8.1 for pterodactyl-1.8, not 1.9.2",
    ),
    row(
        "specs/duplicate-ids",
        |folder| suite(folder, TWICE),
        USAGE,
        "a case `suite/twice` exists already",
    ),
];

const HTML: Habit = Habit::Says(
    "text/html",
    b"<!DOCTYPE html><title>Welcome to nginx!</title>",
);

const ONCE: &str = "\
title: Once
scenarios:
  - { id: once, title: One, request: { endpoint: GET /api/client, key: none }, expect: no-key }
";

const TWICE: &str = "\
title: Twice
scenarios:
  - { id: twice, title: One, request: { endpoint: GET /api/client, key: none }, expect: no-key }
  - { id: twice, title: Two, request: { endpoint: GET /api/client, key: none }, expect: no-key }
";

pub(crate) fn trials() -> Vec<Trial> {
    let habits = [("closes", Habit::Closes), ("silent", Habit::Silent)];
    let bounded = habits.into_iter().flat_map(|(name, habit)| {
        ["run", "as-tests"].map(|way| {
            Trial::test(
                format!("bad-input/three-connections/{name}/{way}"),
                move || {
                    knocks_at_most_three_times(habit, way);
                    Ok(())
                },
            )
        })
    });
    let rows = ROWS.iter().map(|row| {
        Trial::test(format!("bad-input/{}", row.name), || {
            check(row);
            Ok(())
        })
    });
    let others: [(&str, fn()); 3] = [
        ("reader-went-away", reader_went_away),
        ("full-disk", full_disk),
        ("canary-would-be-seen", canary_would_be_seen),
    ];
    let others = named("bad-input", others);
    rows.chain(bounded).chain(others).collect()
}

/// Whoever has seen enough gets no panic for it, and what was begun is ended.
fn reader_went_away() {
    assert_eq!(without_a_reader(program::program(), &["list", "--ids"]), "");
    assert_eq!(
        without_a_reader(program::program(), &["list", "--requirements"]),
        ""
    );
    assert_eq!(without_a_reader(program::conformance(), &["--list"]), "");
    let said = without_a_reader(program::conformance(), &["no-key"]);
    assert!(said.contains("\nINCOMPLETE: interrupted after "), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    // What goes to standard error beside a report is for the same person.
    let one = "authentication/envelopes/head/no-key";
    let arguments = ["run", "--embedded", one, "--report", "json=-"];
    let said = without_a_reader(program::program(), &arguments);
    assert!(!said.contains("PASSED"), "{said}");
    let recorded = Recorded::new("pterodactyl-1.11", &[one]);
    let recording = recorded.path().display().to_string();
    let arguments = ["replay", &recording, "--report", "json=-"];
    assert_eq!(without_a_reader(program::program(), &arguments), "");
    // As in `2>&1 | head`.
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut command = program::conformance();
    let command = command
        .arg("no-key")
        .stderr(writer.try_clone().expect("a pipe"));
    let status = command.stdout(writer).status().expect("the tests run");
    assert_eq!(status.code(), Some(INTERRUPTED));
}

/// What a command says in the end when nobody reads its standard output any longer.
fn without_a_reader(mut command: Command, arguments: &[&str]) -> String {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let output = command.args(arguments).stdout(writer).output();
    let output = output.expect("the program runs");
    assert_eq!(output.status.code(), Some(INTERRUPTED), "{arguments:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What cannot be written for another reason than a reader's is told.
fn full_disk() {
    let results = program::root().join("tests/selftest/reports/stored/hostile.whole.json");
    let results = results.display().to_string();
    let to = ["--report", "html=/dev/full", "--report", "json=-"];
    for (arguments, wanted) in [
        (&["list", "--ids"][..], &["standard output"][..]),
        (
            &[&["report", &results][..], &to].concat(),
            &["the report /dev/full", "standard output"],
        ),
    ] {
        let Ok(full) = fs::OpenOptions::new().write(true).open("/dev/full") else {
            return;
        };
        let output = program::program().args(arguments).stdout(full).output();
        let output = output.expect("the program runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(USAGE), "{said}");
        for what in wanted {
            assert!(said.contains(what), "{what}: {said}");
        }
    }
}

fn canary_would_be_seen() {
    let (begin, part) = (&CANARY[..7], &CANARY[20..28]);
    assert!(canary::shows(CANARY, &format!("the key {part}")));
    assert!(!canary::shows(CANARY, &format!("the key {begin}…")));
}

fn check(row: &Row) {
    let folder = tempfile::tempdir().expect("a folder");
    let Scene {
        mut command,
        key,
        alive,
    } = (row.scene)(folder.path());
    if command.get_current_dir().is_none() {
        command.current_dir(folder.path());
    }
    let said = program::run_within(BOUND, command.env("TMPDIR", folder.path()));
    said.must_exit(row.code);
    let times = said.all().matches(row.message).count();
    assert_eq!(times, 1, "`{}` stands in\n{}", row.message, said.all());
    says_no_more_than_it_should(&said, &key);
    canary::not_in_folder(&key, folder.path());
    drop(alive);
}

fn says_no_more_than_it_should(said: &Said, key: &str) {
    assert!(!said.all().contains("panicked at"), "{}", said.stderr);
    canary::not_in_text(key, "stdout", &said.stdout);
    canary::not_in_text(key, "stderr", &said.stderr);
}

/// Without a key and with one, whoever does not answer is left alone.
fn knocks_at_most_three_times(habit: Habit, way: &str) {
    for has_key in [false, true] {
        let server = Server::new(habit);
        let mut scene = if way == "run" {
            run(server.url())
        } else {
            tests(server.url())
        };
        if !has_key {
            scene = without_key(scene);
        }
        program::run_within(BOUND, scene.command.args(["--timeout", "1"])).must_exit(UNDECIDED);
        let connections = server.connections();
        assert!((1..=3).contains(&connections), "{connections} connections");
    }
}

fn scene(mut command: Command) -> Scene {
    command.env("PTERO_KEY_CLIENT", CANARY);
    Scene {
        command,
        key: CANARY.to_owned(),
        alive: None,
    }
}

fn args(arguments: &[&str]) -> Scene {
    let mut command = program::program();
    command.args(arguments);
    scene(command)
}

fn run(url: &str) -> Scene {
    args(&["run", url])
}

fn tests(url: &str) -> Scene {
    let mut command = program::conformance();
    command.args(["--target-url", url]);
    scene(command)
}

fn variable(name: &str, value: &str) -> Scene {
    let mut scene = run("https://panel.invalid");
    scene.command.env(name, value);
    scene
}

/// The embedded panel, said to be of this version.
fn version(profile: &str, version: &str) -> Scene {
    args(&[
        "run",
        "--embedded",
        "--profile",
        profile,
        "--panel-version",
        version,
    ])
}

fn without_key(mut scene: Scene) -> Scene {
    scene.command.env_remove("PTERO_KEY_CLIENT");
    scene
}

fn server(habit: Habit) -> Scene {
    let server = Server::new(habit);
    let mut scene = args(&["run", server.url(), "--timeout", "1"]);
    scene.alive = Some(Box::new(server));
    scene
}

/// The canary with something behind it.
fn key(behind: &str) -> Scene {
    let mut scene = args(&["run", "https://panel.invalid"]);
    scene
        .command
        .env("PTERO_KEY_CLIENT", format!("{CANARY}{behind}"));
    scene
}

fn key_of_panel(key: fn(&Panel) -> String) -> Scene {
    let panel = Panel::serve("pterodactyl-1.11");
    let mut scene = run(panel.url());
    scene.key = key(&panel);
    scene.command.env("PTERO_KEY_CLIENT", &scene.key);
    scene.alive = Some(Box::new(panel));
    scene
}

/// The key of `client`, by which it was just deleted.
fn revoked_key(panel: &Panel) -> String {
    let key = panel.key("client");
    let target = format!("/api/client/account/api-keys/{}", &key[..16]);
    assert_eq!(panel.ask("DELETE", &target, &key), 204);
    key
}

/// A file of keys that is none, outside of the folder that is searched for keys.
fn keys_file(_: &Path) -> Scene {
    let elsewhere = tempfile::tempdir().expect("a folder");
    let path = elsewhere.path().join("keys.yaml");
    fs::write(&path, format!("client: [{CANARY}]\n")).expect("a file");
    let mut scene = without_key(run(&closed_port()));
    scene.command.arg("--keys").arg(path);
    scene.alive = Some(Box::new(elsewhere));
    scene
}

/// A specification of one suite.
fn suite(folder: &Path, text: impl AsRef<[u8]>) -> Scene {
    let specs = folder.join("specs");
    fs::create_dir(&specs).expect("a folder");
    fs::write(specs.join("suite.yaml"), text).expect("a file");
    args(&["check", "specs"])
}

/// Aliases of aliases: nine lines that would be a thousand million words.
fn explosion() -> String {
    let words = ["lol"; 10].join(", ");
    let lines = (1..9).map(|level| {
        let again = vec![format!("*a{}", level - 1); 10].join(", ");
        format!("x{level}: &a{level} [{again}]\n")
    });
    let first = format!("title: &a0 [{words}]\n");
    std::iter::once(first).chain(lines).collect()
}
