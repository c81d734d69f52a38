//! What customers keep on a panel stands in nothing that a command writes: not on the terminal,
//! not in a file.

use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use libtest_mimic::Trial;
use ptero_conformance::reference::{Fault, Faults, Gate};
use serde_json::{Value, json};

use super::canary::{none_in_folder, not_in_folder, not_in_text, shows};
use super::hosted::{Hosted, PROFILE, RUNS, world};
use super::program::{Said, conformance, program, root, run};
use super::trials::named;

/// What is planted, each with what it takes the place of in the embedded world. No eight
/// characters of it stand anywhere else.
const PLANTED: [(&str, &str); 6] = [
    ("alice@example.com", "zqxalice7@vwkjqz.zqxtest"),
    ("bob@example.com", "zqxbobby7@jqwvkz.zqxtest"),
    ("root@example.com", "zqxroot77@kvwqjz.zqxtest"),
    ("nodetokenid00001", "zqxnodeidwkvqj71"),
    (
        "nodetokennodetokennodetokennodetokennodetokennodetokennodetoken1",
        NODE_TOKEN,
    ),
    ("first_name: Alice", "first_name: Zqxwvkjqalicia"),
];

const NODE_TOKEN: &str = "zqxnodetokenqjwvkzqxnodetokenqjwvkzqxnodetokenqjwvkzqxnodetoken7";

/// A secret for one-time passwords, which the panel sends with every success.
const TOTP: &str = "ZQXWVKJQTOTP7ZQXWVKJQTOTPZQXWVKJ";

pub(crate) fn trials() -> Vec<Trial> {
    let all: [(&str, fn()); 5] = [
        ("run", run_shows_nothing),
        ("tests", tests_show_nothing),
        (
            "keys-doctor-and-cleanup",
            keys_doctor_and_cleanup_show_nothing,
        ),
        ("words", words_show_nothing),
        ("serve", serve_shows_nothing),
    ];
    named("privacy", all)
}

/// Secrets that the panel has given out.
type Given = Arc<Mutex<Vec<String>>>;

/// A panel with planted data, and what else must not be seen of it.
struct Leaky {
    panel: Hosted,
    given: Given,
}

impl Leaky {
    fn new(faults: &[Fault]) -> Self {
        let given = Given::default();
        let seen = Arc::clone(&given);
        let panel = Hosted::new(
            world(planted),
            faults.iter().copied().collect::<Faults>(),
            |r| {
                r.layer(from_fn(move |request: Request, next: Next| {
                    let seen = Arc::clone(&seen);
                    async move {
                        let basic = basic(&request);
                        let answer = with_totp(next.run(request).await, &seen).await;
                        echoing(answer, basic.as_deref()).await
                    }
                }))
            },
        );
        let leaky = Self { panel, given };
        leaky.must_send_what_is_planted();
        leaky
    }

    fn must_send_what_is_planted(&self) {
        let (_, account) = self.panel.ask("GET", "/api/client/account", &json!({}));
        for planted in [PLANTED[0].1, TOTP] {
            assert!(shows(planted, &account.to_string()), "{account}");
        }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = program();
        command.args(words).arg(self.panel.url());
        self.finish(command)
    }

    /// Every flag that lets a command do more.
    fn finish(&self, mut command: Command) -> Command {
        command.arg("--keys");
        command.arg(self.panel.keys_yaml());
        command.arg("--state-dir").arg(self.panel.state());
        command.args(["--allow-writes", "--allow-create-keys", "--level", "should"]);
        command.args([
            "--fail-on",
            "opened,closed,reshaped,reworded",
            "--trust-source",
        ]);
        command
    }

    /// Fails if anything of the panel's is in what was said, or in a journal.
    fn must_not_be_in(&self, place: &str, said: &Said) {
        assert!(!said.all().trim().is_empty(), "{place} says something");
        for secret in self.secrets() {
            not_in_text(&secret, place, &said.stdout);
            not_in_text(&secret, place, &said.stderr);
            if self.panel.state().exists() {
                not_in_folder(&secret, &self.panel.state());
            }
        }
    }

    /// All that must not be seen. Of a key, its identifier is no secret.
    fn secrets(&self) -> Vec<String> {
        let keys = self.panel.keys();
        let as_users = keys.values().map(|key| as_basic_user(key));
        let as_passwords = keys.values().map(|key| as_basic_password(key));
        let keys = keys.values().map(|key| key[16..].to_owned());
        let given = self.given.lock().expect("a list").clone();
        let planted = PLANTED.map(|(_, text)| text.trim_start_matches("first_name: ").to_owned());
        planted
            .into_iter()
            .chain([TOTP.to_owned()])
            .chain(keys)
            .chain(as_users)
            .chain(as_passwords)
            .chain(given)
            .collect()
    }
}

fn planted(text: String) -> String {
    PLANTED.iter().fold(text, |text, (before, after)| {
        assert!(text.contains(before), "the world has {before}");
        text.replace(before, after)
    })
}

/// A key as the user's name of Basic authentication.
fn as_basic_user(key: &str) -> String {
    BASE64_STANDARD.encode(format!("{key}:"))
}

/// A key as the password of Basic authentication, without what stands for the user's name.
fn as_basic_password(key: &str) -> String {
    BASE64_STANDARD.encode(format!("user:{key}"))[8..].to_owned()
}

/// The credentials of Basic authentication that a request carries.
fn basic(request: &Request) -> Option<String> {
    let value = request.headers().get("authorization")?.to_str().ok()?;
    value.starts_with("Basic ").then(|| value.to_owned())
}

/// Says in a refusal which credentials were refused.
async fn echoing(answer: Response, credentials: Option<&str>) -> Response {
    let (mut head, body) = answer.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.expect("a body");
    let mut document: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let detail = document.pointer_mut("/errors/0/detail");
    let (Some(detail), Some(credentials)) = (detail, credentials) else {
        return Response::from_parts(head, Body::from(bytes));
    };
    *detail = format!("not accepted: {credentials}").into();
    head.headers.remove("content-length");
    Response::from_parts(head, Body::from(document.to_string()))
}

/// Puts a secret into a success, and notes the one that is there.
async fn with_totp(answer: Response, given: &Given) -> Response {
    let (mut head, body) = answer.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.expect("a body");
    let Ok(Value::Object(mut document)) = serde_json::from_slice(&bytes) else {
        return Response::from_parts(head, Body::from(bytes));
    };
    let created = document
        .get("meta")
        .and_then(|meta| meta["secret_token"].as_str());
    given
        .lock()
        .expect("a list")
        .extend(created.map(str::to_owned));
    if head.status.is_success() {
        let address = format!("otpauth://totp/Panel:alice?secret={TOTP}");
        document.insert("image_url_data".to_owned(), address.into());
        document.insert("code".to_owned(), TOTP.into());
    }
    head.headers.remove("content-length");
    Response::from_parts(head, Body::from(Value::Object(document).to_string()))
}

/// Every check of who may do what; that there is a key is still looked at.
fn left_out() -> [Fault; 3] {
    [Gate::KeyType, Gate::Permission, Gate::Ownership].map(Fault::everywhere)
}

/// With every check left out, what belongs to others comes back where a refusal was due.
fn run_shows_nothing() {
    for faults in [&[][..], &left_out()] {
        let leaky = Leaky::new(faults);
        for profile in [PROFILE, "documented"] {
            let mut command = leaky.command(&["run"]);
            let folder = tempfile::tempdir().expect("a folder");
            for kind in ["json", "junit", "markdown", "html"] {
                let file = folder.path().join(kind);
                command
                    .arg("--report")
                    .arg(format!("{kind}={}", file.display()));
            }
            command
                .args(["--report", "github"])
                .env_remove("GITHUB_STEP_SUMMARY");
            let said = run(command.args(["--profile", profile]));
            let reports = std::fs::read_dir(folder.path()).expect("a folder").count();
            assert_eq!(reports, 4, "{}", said.all());
            none_in_folder(&leaky.secrets(), folder.path());
            let opened = said.stdout.contains("\nopened: ");
            assert!(
                opened || faults.is_empty(),
                "{profile}: nothing of others came back"
            );
            leaky.must_not_be_in("the output of run", &said);
            let echoed = said.stdout.contains("not accepted: Basic [redacted");
            assert!(echoed || profile != PROFILE, "no key was echoed in base64");
        }
        let given = leaky.given.lock().expect("a list").len();
        assert!(given >= 10, "{given} keys were created");
        let mut command = leaky.command(&["run"]);
        let said = run(command.args(["--profile", PROFILE, "--dry-run"]));
        leaky.must_not_be_in("the output of a dry run", &said);
    }
}

fn tests_show_nothing() {
    let leaky = Leaky::new(&left_out());
    let mut command = conformance();
    command.args(["--target-url", leaky.panel.url(), "--profile", PROFILE]);
    let said = run(&mut leaky.finish(command));
    said.must_exit(1);
    leaky.must_not_be_in("the output of the tests", &said);
}

fn keys_doctor_and_cleanup_show_nothing() {
    let leaky = Leaky::new(&[]);
    for words in [&["keys", "check"][..], &["doctor"]] {
        let said = run(&mut leaky.command(words));
        leaky.must_not_be_in(&words.join(" "), &said);
    }
    // Somebody has put a key where it does not belong.
    let key = &leaky.panel.keys()["client-other"];
    leaky.panel.make_key(&format!("{RUNS}{key} zqx"));
    let said = run(&mut leaky.command(&["cleanup"]));
    said.must_exit(0);
    assert!(said.stdout.contains("[redacted"), "{}", said.stdout);
    leaky.must_not_be_in("the output of cleanup", &said);
}

/// Commands that ask no panel are given the keys all the same.
fn words_show_nothing() {
    let leaky = Leaky::new(&[]);
    let keys = leaky.panel.keys();
    for words in [
        &["list"][..],
        &["list", "--requirements"],
        &["list", "--profiles"],
        &["check"],
        &["explain", "lifecycle/keys/replaced"],
        &["run", "--embedded", "lifecycle/"],
        &["serve", "--list-faults"],
    ] {
        let mut command = program();
        command.args(words);
        for role in ["client", "client-other", "application"] {
            let variable = role.to_uppercase().replace('-', "_");
            command.env(format!("PTERO_KEY_{variable}"), &keys[role]);
        }
        let said = run(&mut command);
        said.must_exit(0);
        leaky.must_not_be_in(&words.join(" "), &said);
    }
}

/// The files of keys are for keys; what is printed is not.
fn serve_shows_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("world.yaml");
    let text = std::fs::read_to_string(root().join("src/reference/world.yaml"));
    std::fs::write(&file, planted(text.expect("the world"))).expect("a world");
    let mut command = program();
    command
        .args([
            "serve",
            "--profile",
            "pterodactyl-1.11",
            "--port",
            "0",
            "--world",
        ])
        .arg(&file);
    command.arg("--keys-out").arg(folder.path());
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // Its third line is the last: whoever has read it has read all.
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(
        child.stdout.take().expect("a pipe"),
    ));
    let told: Vec<String> = lines
        .by_ref()
        .take(3)
        .map(|line| line.expect("a line"))
        .collect();
    let keys = std::fs::read_to_string(folder.path().join("keys.yaml")).expect("the keys");
    let url = told[0].clone();
    let asked = run(program()
        .args(["run", &url, "--profile", PROFILE, "no-key/", "--keys"])
        .arg(folder.path().join("keys.yaml")));
    asked.must_exit(0);
    child.kill().expect("to end a child");
    let rest = child.wait_with_output().expect("its end");
    let told = told.join("\n") + &String::from_utf8_lossy(&rest.stderr);
    let of_keys = keys.lines().filter_map(|line| line.split_once(": "));
    let planted = PLANTED.iter().map(|(_, text)| *text);
    for secret in of_keys.map(|(_, key)| key).chain(planted) {
        assert!(!shows(secret, &told), "serve shows {secret}");
        not_in_text(secret, "the output of run", &asked.all());
    }
}
