//! What runs create at a panel is gone in the end, however they end, and nothing else is.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use libtest_mimic::Trial;
use ptero_conformance::exchange::Redactor;
use ptero_conformance::journal::{Creation, Event, Journal};
use ptero_conformance::reference::Faults;
use serde_json::Value;

use super::canary::{not_in_folder, not_in_text};
use super::hosted::{Hosted, KEYS, PROFILE, RUNS, world};
#[cfg(unix)]
use super::program::conformance;
use super::program::{Said, program, run};
use super::trials::named;

pub(crate) fn trials() -> Vec<Trial> {
    let all: &[(&str, fn())] = &[
        ("nothing-is-left", nothing_is_left),
        ("killed", killed),
        ("lost-answers", lost_answers),
        ("odd-identifiers", odd_identifiers),
        ("no-room", no_room),
        (
            "cleanup-says-what-it-cannot-do",
            cleanup_says_what_it_cannot_do,
        ),
        ("cleanup-of-nothing", cleanup_of_nothing),
        ("dry-run", dry_run),
        ("nothing-is-stored", nothing_is_stored),
        ("exhaustion", exhaustion),
        ("not-deleted", not_deleted),
        #[cfg(unix)]
        ("interrupted", interrupted),
        #[cfg(unix)]
        ("interrupted-tests", interrupted_tests),
    ];
    named("created", all.iter().copied())
}

/// A panel that takes its time, so that something can happen in between.
fn slow_panel(milliseconds: u64) -> Hosted {
    Hosted::new(world(|text| text), Faults::default(), |router| {
        router.layer(from_fn(move |request: Request, next: Next| async move {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            next.run(request).await
        }))
    })
}

fn panel() -> Hosted {
    Hosted::new(world(|text| text), Faults::default(), |router| router)
}

fn with_keys<'c>(command: &'c mut Command, panel: &Hosted) -> &'c mut Command {
    command
        .arg("--keys")
        .arg(panel.keys_yaml())
        .arg("--state-dir")
        .arg(panel.state())
}

/// The life of keys, run at a panel.
fn lifecycle(panel: &Hosted) -> Command {
    let mut command = program();
    command.args(["run", panel.url(), "--profile", PROFILE, "lifecycle/"]);
    with_keys(&mut command, panel).arg("--allow-create-keys");
    command
}

fn cleanup(panel: &Hosted) -> Said {
    let mut command = program();
    command.args(["cleanup", panel.url()]);
    run(with_keys(&mut command, panel))
}

fn journal(panel: &Hosted) -> String {
    let path = Journal::path_in(&panel.state(), panel.url());
    std::fs::read_to_string(path).unwrap_or_default()
}

fn nothing_is_left() {
    let panel = panel();
    let before = panel.list();
    run(&mut lifecycle(&panel)).must_exit(0);
    assert_eq!(panel.list(), before);
    let journal = journal(&panel);
    let count = |event: &str| journal.matches(&format!("\"event\":\"{event}\"")).count();
    assert!(count("created") >= 10, "{journal}");
    assert_eq!(count("created"), count("deleted"), "{journal}");
    // The panel answers 500 to a range that cannot be one: whether it made a key is looked up.
    let undecided = 2;
    assert_eq!(
        count("creating"),
        count("created") + count("not-created") + undecided
    );
    // Of each run one name.
    run(&mut lifecycle(&panel)).must_exit(0);
    let names: std::collections::BTreeSet<_> = self::journal(&panel)
        .lines()
        .filter_map(|line| {
            Some(
                line.split_once("\"run\":\"")?
                    .1
                    .split('"')
                    .next()?
                    .to_owned(),
            )
        })
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
    let said = cleanup(&panel);
    said.must_exit(0);
    assert!(
        said.stdout.contains("nothing of it is left"),
        "{}",
        said.stdout
    );
}

/// Waits until a run has made a key that is not among these.
fn until_it_creates(panel: &Hosted, known: usize) {
    let end = Instant::now() + Duration::from_secs(30);
    while panel.of_runs().len() <= known {
        assert!(Instant::now() < end, "nothing is created");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn start(command: &mut Command) -> Child {
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("the program starts")
}

fn killed() {
    let mut left = 0;
    for wait in [0, 60, 130] {
        let panel = slow_panel(40);
        panel.make_key("my own");
        let alike = panel.make_key(&format!("{RUNS}by-hand"));
        let before = panel.list();
        let mut child = start(&mut lifecycle(&panel));
        until_it_creates(&panel, 1);
        std::thread::sleep(Duration::from_millis(wait));
        child.kill().expect("to end a child");
        child.wait().expect("its end");
        // What the panel was told before is done by then.
        std::thread::sleep(Duration::from_millis(200));
        left += panel.of_runs().len() - 1;
        let said = cleanup(&panel);
        said.must_exit(0);
        assert_eq!(panel.list(), before, "{}", said.all());
        let alone = format!("{} of `client` stands in no journal", alike.identifier);
        assert!(said.stdout.contains(&alone), "{}", said.stdout);
        let again = cleanup(&panel);
        again.must_exit(0);
        assert!(!again.stdout.contains(": deleted"), "{}", again.stdout);
        assert_eq!(panel.list(), before);
    }
    println!("{left} keys were left by three kills");
    assert!(left > 0, "no kill came in the middle");
}

/// The panel makes a key, and its answer never comes.
fn lost_answers() {
    let count = Arc::new(AtomicUsize::new(0));
    let lose = move |request: Request, next: Next| {
        let count = Arc::clone(&count);
        async move {
            let creates = request.method() == "POST" && request.uri().path() == KEYS;
            let answer: Response = next.run(request).await;
            if creates && count.fetch_add(1, Ordering::SeqCst) < 3 {
                tokio::time::sleep(Duration::from_secs(5)).await;
            }
            answer
        }
    };
    let panel = Hosted::new(world(|text| text), Faults::default(), |router| {
        router.layer(from_fn(lose))
    });
    let before = panel.list();
    let said = run(lifecycle(&panel).args(["--timeout", "1"]));
    said.must_exit(3);
    assert_eq!(panel.list(), before, "{}", said.all());
    assert!(!said.stderr.contains("may be left"), "{}", said.stderr);
}

/// The panel says that a new key's identifier is its secret, or something that leads elsewhere.
fn odd_identifiers() {
    let odd: [fn(&str) -> String; 3] = [
        str::to_owned,
        |secret| format!("ptlc_{secret}"),
        |_| "../../servers".to_owned(),
    ];
    for identifier in odd {
        let secrets = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&secrets);
        let change = move |request: Request, next: Next| {
            let seen = Arc::clone(&seen);
            async move {
                let answer: Response = next.run(request).await;
                let (mut head, body) = answer.into_parts();
                let bytes = to_bytes(body, usize::MAX).await.expect("a body");
                let mut document: Value = serde_json::from_slice(&bytes).unwrap_or_default();
                let Some(secret) = document["meta"]["secret_token"].as_str() else {
                    return Response::from_parts(head, Body::from(bytes));
                };
                let secret = secret.to_owned();
                document["attributes"]["identifier"] = identifier(&secret).into();
                seen.lock().expect("a list").push(secret);
                head.headers.remove("content-length");
                Response::from_parts(head, Body::from(document.to_string()))
            }
        };
        let panel = Hosted::new(world(|text| text), Faults::default(), |router| {
            router.layer(from_fn(change))
        });
        let before = panel.list();
        let said = run(&mut lifecycle(&panel));
        said.must_exit(2);
        assert_eq!(panel.list(), before, "{}", said.all());
        let secrets = secrets.lock().expect("a list");
        assert!(secrets.len() >= 10, "{} keys were made", secrets.len());
        for secret in secrets.iter() {
            not_in_text(secret, "the output", &said.all());
            not_in_folder(secret, &panel.state());
        }
    }
}

fn no_room() {
    // The embedded world gives the user of `client` three keys; of 25, 3 are left to others.
    let more = |count: usize| "  - { user: alice, type: client }\n".repeat(count);
    let full = move |count: usize| {
        world(move |text| text.replacen("keys:\n", &format!("keys:\n{}", more(count)), 1))
    };
    let panel = Hosted::new(full(19), Faults::default(), |router| router);
    let before = panel.list();
    let said = run(&mut lifecycle(&panel));
    // Where every case is skipped, nothing is passed.
    said.must_exit(3);
    let why = "`client` has 22 of the 25 that it may have, and 3 are left to others";
    assert!(said.stdout.contains(why), "{}", said.stdout);
    assert_eq!(panel.list(), before);
    assert_eq!(journal(&panel), "", "nothing was to be created");
    // With room for one, the cases wait for each other.
    let panel = Hosted::new(full(18), Faults::default(), |router| router);
    let before = panel.list();
    let said = run(&mut lifecycle(&panel));
    said.must_exit(0);
    assert!(
        said.stdout.contains(" 0 not applicable "),
        "{}",
        said.stdout
    );
    assert_eq!(panel.list(), before);
}

/// Writes a key into the journal of a panel.
fn note(folder: &Path, target: &str, role: &str, identifier: &str) {
    let creation = Creation {
        run: format!("{RUNS}1-a"),
        role: role.parse().expect("a role"),
        route: format!("POST {KEYS}").try_into().expect("a route"),
    };
    let identifier = identifier.parse().expect("an identifier");
    Journal::open(folder, target)
        .and_then(|j| j.note(Event::Created(&identifier), &creation, &Redactor::default()))
        .expect("a journal");
}

fn cleanup_says_what_it_cannot_do() {
    let panel = panel();
    let key = panel.make_key("made by a run");
    let before = panel.list();
    note(&panel.state(), panel.url(), "client", &key.identifier);
    let clean = |key: Option<&str>| {
        let mut command = program();
        command.args(["cleanup", panel.url(), "--state-dir"]);
        command.arg(panel.state());
        if let Some(key) = key {
            command.env("PTERO_KEY_CLIENT", key);
        }
        run(&mut command)
    };
    let said = clean(None);
    said.must_exit(3);
    assert!(
        said.stdout.contains("no key for `client`"),
        "{}",
        said.stdout
    );
    let said = clean(Some(&format!("{}x", panel.keys()["client"])));
    said.must_exit(2);
    assert!(said.stdout.contains("is not accepted"), "{}", said.stdout);
    assert_eq!(panel.list(), before);
    // Another user's key finds nothing, and the right one finds it again.
    clean(Some(&panel.keys()["client-other"])).must_exit(0);
    assert_eq!(panel.list(), before);
    let said = clean(Some(&panel.keys()["client"]));
    said.must_exit(0);
    assert!(said.stdout.contains(": deleted"), "{}", said.stdout);
    assert_eq!(panel.list().len() + 1, before.len());
}

fn cleanup_of_nothing() {
    let panel = panel();
    let before = panel.list();
    note(
        &panel.state(),
        "http://127.0.0.1:9",
        "client",
        &before[0].identifier,
    );
    let said = cleanup(&panel);
    said.must_exit(0);
    assert!(said.stdout.contains("no journal in"), "{}", said.stdout);
    assert_eq!(panel.list(), before);
    run(program().arg("cleanup")).must_exit(2);
}

fn dry_run() {
    let panel = panel();
    let said = run(lifecycle(&panel).arg("--dry-run"));
    said.must_exit(0);
    let create = format!("by `client`: POST {KEYS}");
    for text in [create.as_str(), "then DELETE", RUNS, "known until then in"] {
        assert!(said.stdout.contains(text), "{}", said.stdout);
    }
    assert!(
        !panel.state().exists(),
        "nothing is asked, and nothing is written"
    );
}

fn nothing_is_stored() {
    let panel = panel();
    let mut command = program();
    command.args(["run", panel.url(), "--profile", PROFILE, "envelopes/head/"]);
    run(with_keys(&mut command, &panel)).must_exit(0);
    assert!(!panel.state().exists(), "nothing can be left there");
    let mut command = program();
    command.args(["run", "--embedded", "--allow-create-keys", "lifecycle/"]);
    let said = run(command.arg("--state-dir").arg(panel.state()));
    said.must_exit(0);
    assert!(!panel.state().exists(), "our own panel is gone in the end");
}

/// A suite of somebody who wants to spend a limit.
const SPENDING: &str = "title: Limits
scenarios:
  - id: spend
    title: A limit is spent
    consent: exhaustion
    request: { endpoint: GET /api/client, key: client }
    expect: granted
";

/// What stays is told, and how it goes.
fn not_deleted() {
    let refuse = |request: Request, next: Next| async move {
        if request.method() == "DELETE" {
            return StatusCode::BAD_GATEWAY.into_response();
        }
        next.run(request).await
    };
    let panel = Hosted::new(world(|text| text), Faults::default(), |router| {
        router.layer(from_fn(refuse))
    });
    let said = run(&mut lifecycle(&panel));
    let warning = "warning: a key of this run may be left at the target: ";
    assert!(said.stderr.contains(warning), "{}", said.stderr);
    let advice = format!("to delete it: ptero-conformance cleanup {}\n", panel.url());
    assert_eq!(said.stderr.matches(&advice).count(), 1, "{}", said.stderr);
    assert!(!panel.of_runs().is_empty());
}

fn exhaustion() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let counting = move |request: Request, next: Next| {
        if request.uri().path() == "/api/client" {
            count.fetch_add(1, Ordering::SeqCst);
        }
        next.run(request)
    };
    let panel = Hosted::new(world(|text| text), Faults::default(), |router| {
        router.layer(from_fn(counting))
    });
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("limits.yaml"), SPENDING).expect("a suite");
    let said = |host: Option<&str>| {
        let mut command = program();
        command.args(["run", panel.url(), "--profile", PROFILE, "--specs"]);
        command.arg(folder.path());
        if let Some(host) = host {
            command.args(["--allow-exhaustion", host]);
        }
        run(with_keys(&mut command, &panel))
    };
    let without = said(None);
    without.must_exit(3);
    let why = "not agreed to: needs --allow-exhaustion=HOST";
    assert!(without.stdout.contains(why), "{}", without.stdout);
    let before = asked.load(Ordering::SeqCst);
    let with = said(Some("127.0.0.1"));
    with.must_exit(0);
    let spent = asked.load(Ordering::SeqCst);
    assert!(spent > before, "its own limit is spent, and no other");
    assert!(with.stdout.contains(" 1 passed "), "{}", with.stdout);
    let elsewhere = said(Some("panel.example.com"));
    elsewhere.must_exit(2);
    assert!(
        elsewhere.stderr.contains("is `127.0.0.1`"),
        "{}",
        elsewhere.stderr
    );
}

#[cfg(unix)]
fn end(child: Child, signal: &str) -> Said {
    let told = Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status();
    assert!(told.expect("`kill`").success());
    let output = child.wait_with_output().expect("its end");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Said {
        code: output.status.code(),
        stdout: text(&output.stdout),
        stderr: text(&output.stderr),
    }
}

/// Ends a command in the middle, and looks at what it leaves and says.
#[cfg(unix)]
fn end_in_the_middle(command: impl Fn(&Hosted) -> Command) {
    for signal in ["-INT", "-TERM"] {
        let panel = slow_panel(40);
        let before = panel.list();
        let child = start(&mut command(&panel));
        until_it_creates(&panel, 0);
        let said = end(child, signal);
        said.must_exit(130);
        assert!(
            said.all().contains("INCOMPLETE: interrupted after"),
            "{}",
            said.all()
        );
        assert_eq!(panel.list(), before, "{}", said.all());
        let after = cleanup(&panel);
        after.must_exit(0);
        assert!(
            after.stdout.contains("nothing of it is left"),
            "{}",
            after.stdout
        );
        assert!(
            !after.stdout.contains("was deleted before"),
            "{}",
            after.stdout
        );
    }
}

#[cfg(unix)]
fn interrupted() {
    end_in_the_middle(lifecycle);
}

#[cfg(unix)]
fn interrupted_tests() {
    end_in_the_middle(|panel| {
        let mut command = conformance();
        command.args([
            "lifecycle/",
            "--target-url",
            panel.url(),
            "--profile",
            PROFILE,
        ]);
        with_keys(&mut command, panel).arg("--allow-create-keys");
        command
    });
}
