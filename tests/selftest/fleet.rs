//! `run --targets`: panels side by side, each with its own verdict, keys and files; one that hangs
//! delays no other.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use libtest_mimic::Trial;
use ptero_conformance::reference::{Faults, World};
use serde_json::Value;

use super::hosted::{Hosted, PROFILE};
use super::program::{Said, program, run};
use super::server::{Habit, Server};
use super::trials::named;

/// What is asked of every panel: enough to notice the fault, and to be over soon.
const FILTER: &str = "authentication/key-types/";

pub(crate) fn trials() -> Vec<Trial> {
    let all: [(&str, fn()); 9] = [
        ("twenty", twenty),
        ("one-that-hangs", one_that_hangs),
        ("own-keys", own_keys),
        ("own-consents", own_consents),
        ("as-alone", as_alone),
        ("bad-lists", bad_lists),
        ("on-one-host", on_one_host),
        ("broken-suite", broken_suite),
        ("one-report-is-lost", one_report_is_lost),
    ];
    named("fleet", all)
}

fn panel(faults: &[&str], dress: fn(Router) -> Router) -> Hosted {
    let mut world = World::embedded();
    world.settings.enforce_limits = false;
    let faults = faults.iter().map(|name| name.parse().expect("a fault"));
    Hosted::new(world, faults.collect::<Faults>(), dress)
}

fn as_it_is(router: Router) -> Router {
    router
}

/// Answers while keys are verified, then hangs.
fn hangs_later(router: Router) -> Router {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    let asked = Arc::new(AtomicUsize::new(0));
    router.layer(from_fn(move |request: Request, next: Next| {
        let number = asked.fetch_add(1, Ordering::SeqCst);
        async move {
            if number >= 30 {
                std::future::pending::<()>().await;
            }
            next.run(request).await
        }
    }))
}

/// A folder with a list and target files.
struct List {
    folder: tempfile::TempDir,
    lines: String,
}

impl List {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            lines: String::new(),
        }
    }

    /// Lists a panel by a file of this name, and with these words more.
    fn add(&mut self, name: &str, url: &str, keys: Option<&Path>) {
        self.add_with(name, url, keys, "");
    }

    fn add_with(&mut self, name: &str, url: &str, keys: Option<&Path>, more: &str) {
        let keys = keys.map_or(String::new(), |keys| format!("keys: {}\n", keys.display()));
        let text = format!("url: {url}\nprofile: {PROFILE}\n{keys}");
        std::fs::write(self.path(&format!("{name}.yaml")), text).expect("a target file");
        self.lines += &format!("- {{ target: {name}.yaml{more} }}\n");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let list = self.path("panels.list");
        std::fs::write(&list, &self.lines).expect("a list");
        let mut command = program();
        command.arg("run").arg("--targets").arg(list);
        command.current_dir(self.folder.path()).args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Said {
        run(&mut self.command(arguments))
    }

    fn results(&self, name: &str) -> Value {
        let text = std::fs::read_to_string(self.path(&format!("{name}.json"))).expect("results");
        serde_json::from_str(&text).expect("JSON")
    }
}

/// The line of a panel in the summary.
#[track_caller]
fn line<'t>(said: &'t Said, name: &str) -> &'t str {
    let start = format!("  {name} ");
    let mut lines = said.stdout.lines();
    let line = lines.find(|line| line.starts_with(&start));
    line.unwrap_or_else(|| panic!("no line of {name} in\n{}", said.all()))
}

fn twenty() {
    let mut list = List::new();
    let mut sound = Vec::new();
    for number in 0..17 {
        let panel = panel(&[], as_it_is);
        list.add(
            &format!("sound-{number:02}"),
            panel.url(),
            Some(&panel.keys_yaml()),
        );
        sound.push(panel);
    }
    let faulty = panel(&["skip-key-type"], as_it_is);
    list.add("faulty", faulty.url(), Some(&faulty.keys_yaml()));
    let silent = Server::new(Habit::Silent);
    list.add("silent", silent.url(), None);
    let stuck = panel(&[], hangs_later);
    list.add("stuck", stuck.url(), Some(&stuck.keys_yaml()));
    let began = Instant::now();
    let said = list.run(&[FILTER, "--timeout", "4", "--report", "json={target}.json"]);
    let took = began.elapsed();
    said.must_exit(1);
    assert!(took < Duration::from_secs(45), "{took:?}");
    assert!(said.stdout.starts_with("20 panels of "), "{}", said.stdout);
    for number in 0..17 {
        let name = format!("sound-{number:02}");
        assert!(line(&said, &name).ends_with("  PASSED"), "{}", said.all());
        assert_eq!(list.results(&name)["exit_code"], 0);
    }
    let told = line(&said, "faulty");
    assert!(
        told.contains(faulty.url()) && told.contains(PROFILE),
        "{told}"
    );
    assert!(
        told.contains("FAILED: ") && told.contains(" opened"),
        "{told}"
    );
    assert_eq!(list.results("faulty")["exit_code"], 1);
    assert!(
        line(&said, "silent").contains("allow more with --timeout"),
        "{}",
        said.all()
    );
    assert_eq!(list.results("silent")["exit_code"], 3);
    assert!(line(&said, "stuck").contains("UNDECIDED"), "{}", said.all());
    let results = list.results("stuck");
    assert_eq!(results["exit_code"], 3);
    let counts = &results["counts"]["standings"];
    assert!(
        counts["unjudged"].as_u64().is_some_and(|count| count > 4),
        "{counts}"
    );
    let last = said.stdout.lines().last();
    assert_eq!(last, Some("1 failed · 2 undecided · 17 passed"));
    // Whoever watches hears of each when it is over, by its name.
    assert!(
        said.stderr.contains("\nsound-00: PASSED\n")
            || said.stderr.starts_with("sound-00: PASSED\n"),
        "{}",
        said.stderr
    );
}

/// Whoever is listed after one that hangs is done long before it.
fn one_that_hangs() {
    let (stuck, sound) = (panel(&[], hangs_later), panel(&[], as_it_is));
    let mut list = List::new();
    list.add("stuck", stuck.url(), Some(&stuck.keys_yaml()));
    list.add("sound", sound.url(), Some(&sound.keys_yaml()));
    // Hundreds of cases, of which each would wait five seconds.
    let began = Instant::now();
    let said = list.run(&["authentication/", "--timeout", "5"]);
    assert!(
        began.elapsed() < Duration::from_secs(45),
        "{:?}",
        began.elapsed()
    );
    said.must_exit(3);
    let place = |text: &str| said.stderr.find(text).expect("its end");
    assert!(
        place("sound: PASSED") < place("stuck: UNDECIDED"),
        "{}",
        said.stderr
    );
}

/// A key goes to its own panel and to no other; a wrong one is that panel's matter alone.
fn own_keys() {
    let (one, other) = (panel(&[], as_it_is), panel(&[], as_it_is));
    let mut list = List::new();
    list.add("one", one.url(), Some(&one.keys_yaml()));
    // The keys of every world are the same ones, so another is made.
    let text = std::fs::read_to_string(other.keys_yaml()).expect("keys");
    let wrong = other.keys()["client"].clone();
    let wrong = text.replace(&wrong, &format!("{}x", &wrong[..wrong.len() - 1]));
    let keys = list.path("wrong-keys");
    std::fs::write(&keys, wrong).expect("keys");
    list.add("other", other.url(), Some(&keys));
    let said = list.run(&[FILTER]);
    said.must_exit(2);
    assert!(line(&said, "one").ends_with("  PASSED"), "{}", said.all());
    assert!(
        line(&said, "other").contains("PTERO_KEY_CLIENT"),
        "{}",
        said.all()
    );
    assert_eq!(
        said.stdout.lines().last(),
        Some("1 to be mended on this side · 1 passed")
    );
    // One that the environment gives would go to all.
    let said = run(list
        .command(&[FILTER])
        .env("PTERO_KEY_CLIENT", &one.keys()["client"]));
    said.must_exit(2);
    assert!(
        said.stderr
            .contains("PTERO_KEY_CLIENT would go to every panel"),
        "{}",
        said.stderr
    );
    assert!(!said.all().contains(&one.keys()["client"]), "a key");
}

/// What is agreed to at one panel is done at that one.
fn own_consents() {
    let (one, other) = (panel(&[], as_it_is), panel(&[], as_it_is));
    let mut list = List::new();
    list.add_with(
        "one",
        one.url(),
        Some(&one.keys_yaml()),
        ", allow: [create-keys]",
    );
    list.add("other", other.url(), Some(&other.keys_yaml()));
    let said = list.run(&["lifecycle/", "--report", "json={target}.json"]);
    let consents = |name| list.results(name)["options"]["consents"].clone();
    assert_eq!(consents("one"), serde_json::json!(["--allow-create-keys"]));
    assert_eq!(consents("other"), serde_json::json!([]));
    let passed = |name| list.results(name)["counts"]["standings"]["passed"].as_u64();
    assert!(
        passed("one").unwrap_or_default() > passed("other").unwrap_or_default(),
        "{}",
        said.all()
    );
    assert!(one.of_runs().is_empty() && other.of_runs().is_empty());
}

/// Each has the results that it has alone, case by case.
fn as_alone() {
    let (one, other) = (panel(&[], as_it_is), panel(&["skip-key-type"], as_it_is));
    let mut list = List::new();
    list.add("one", one.url(), Some(&one.keys_yaml()));
    list.add("other", other.url(), Some(&other.keys_yaml()));
    let outputs = [
        "--report",
        "json={target}.json",
        "--record",
        "{target}.jsonl",
    ];
    list.run(&[&[FILTER, "--jobs", "1"], &outputs[..]].concat())
        .must_exit(1);
    for (name, code) in [("one", 0), ("other", 1)] {
        let alone = list.path("alone");
        let mut command = program();
        command.args(["run", FILTER, "--jobs", "1", "--target"]);
        command.arg(list.path(&format!("{name}.yaml")));
        command
            .arg("--report")
            .arg(format!("json={}", alone.display()));
        run(&mut command).must_exit(code);
        let alone: Value =
            serde_json::from_str(&std::fs::read_to_string(&alone).expect("results")).expect("JSON");
        let beside = list.results(name);
        let cases = |results: &Value| -> Vec<[Value; 4]> {
            let cases = results["cases"].as_array().expect("cases").iter();
            cases
                .map(|case| ["id", "standing", "kind", "verdict"].map(|name| case[name].clone()))
                .collect()
        };
        assert!(cases(&alone).len() > 100);
        assert_eq!(cases(&beside), cases(&alone), "{name}");
        for member in [
            "counts",
            "requirements",
            "outcome",
            "roles",
            "options",
            "target",
        ] {
            assert_eq!(beside[member], alone[member], "{name}: {member}");
        }
        let recording = list.path(&format!("{name}.jsonl"));
        run(program().arg("replay").arg(recording)).must_exit(code);
    }
}

/// Lists that are refused.
const WRONG_LISTS: [(&str, &str); 11] = [
    ("", "no target file is listed"),
    ("x: y\n", "panels.list"),
    (
        "- one.yaml\n- more/one.yaml\n",
        "panels.list:2: `one` is the name of the panel of",
    ),
    (
        "- one.yaml\n- again.yaml\n",
        "panels.list:2: it is the panel of ",
    ),
    (
        "- one.yaml\n- beneath.yaml\n",
        "so that both would spend the same limits; take one of them out",
    ),
    (
        "- { target: one.yaml, allow: [write] }\n",
        "did you mean `writes`?",
    ),
    (
        "- consents.yaml\n",
        "a consent is given for one run, by its flag (`--allow-writes`)",
    ),
    ("- none.yaml\n", "none.yaml"),
    (
        "- one.yaml\n- wrong.yaml\n- ftp.yaml\n",
        "unknown field `profil`",
    ),
    (
        "- one.yaml\n- wrong.yaml\n- ftp.yaml\n",
        "panels.list:3: `ftp://` is not spoken",
    ),
    (
        "- { target: one.yaml, allow: [exhaustion] }\n",
        "unknown variant `exhaustion`",
    ),
];

/// Flags that are refused with a list that is in order.
const WRONG_FLAGS: [(&[&str], &str); 13] = [
    (
        &["https://panel.invalid"],
        "and so does https://panel.invalid",
    ),
    (
        &["--target-url", "https://panel.invalid"],
        "--target-url is for one panel",
    ),
    (&["--target", "one.yaml"], "--target is for one panel"),
    (&["--embedded"], "--embedded"),
    (&["--keys", "keys.yaml"], "--keys is for one panel"),
    (&["--allow-writes"], "--allow-writes is for one panel"),
    (
        &["--allow-exhaustion", "127.0.0.1"],
        "--allow-exhaustion is for one panel",
    ),
    (&["no-such-case"], "no case has `no-such-case` in its id"),
    (&["--report", "json=all.json"], "put {target} into its name"),
    (&["--report", "json=-"], "needs a file for each"),
    (&["--record", "all.jsonl"], "put {target} into its name"),
    (
        &["--report", "json={target}.yaml"],
        "one.yaml would be written over",
    ),
    (
        &["--report", "json={target}.x", "--record", "{target}.x"],
        "one.x would be written over",
    ),
];

fn bad_lists() {
    let (one, other) = (panel(&[], as_it_is), Server::new(Habit::Closes));
    let mut list = List::new();
    list.add("one", one.url(), Some(&one.keys_yaml()));
    list.add("other", other.url(), None);
    let write = |name: &str, text: &str| std::fs::write(list.path(name), text).expect("a file");
    let text = std::fs::read_to_string(list.path("one.yaml")).expect("a file");
    std::fs::create_dir(list.path("more")).expect("a folder");
    write("again.yaml", &text);
    write("more/one.yaml", &text);
    write("beneath.yaml", &format!("url: {}/beneath\n", one.url()));
    write("consents.yaml", "url: https://x.invalid\nallow: [writes]\n");
    write("wrong.yaml", "url: https://x.invalid\nprofil: y\n");
    write("ftp.yaml", "url: ftp://x.invalid\n");
    for (arguments, wanted) in WRONG_FLAGS {
        refused(&list, arguments, wanted);
    }
    for (lines, wanted) in WRONG_LISTS {
        lines.clone_into(&mut list.lines);
        refused(&list, &[], wanted);
    }
    assert_eq!(other.connections(), 0, "nobody was asked anything");
}

/// Two panels on one host have a pace each, and who runs the host may want to know.
fn on_one_host() {
    let mut list = List::new();
    list.add("one", "https://panels.invalid:8443", None);
    list.add("other", "https://panels.invalid:9443", None);
    list.add("third", "https://else.invalid", None);
    let said = list.run(&["envelopes/head/no-key", "--dry-run"]);
    said.must_exit(0);
    let told = "note: one, other are on one host, panels.invalid, which gets the requests of all";
    assert!(said.stderr.contains(told), "{}", said.stderr);
    assert_eq!(said.stderr.matches("note: ").count(), 1, "{}", said.stderr);
    // On this machine there is no pace.
    let (one, other) = (panel(&[], as_it_is), panel(&[], as_it_is));
    let mut list = List::new();
    list.add("one", one.url(), None);
    list.add("other", other.url(), None);
    let said = list.run(&["envelopes/head/no-key", "--dry-run"]);
    said.must_exit(0);
    assert!(!said.stderr.contains("note: "), "{}", said.stderr);
}

/// A suite that cannot be read is told in the end, and where it may have had the chosen cases.
fn broken_suite() {
    const SOUND: &str = "title: One
scenarios:
  - { id: one, title: One, request: { endpoint: GET /api/client, key: none }, expect: no-key }
";
    let panel = panel(&[], as_it_is);
    let mut list = List::new();
    list.add("one", panel.url(), Some(&panel.keys_yaml()));
    let specs = list.path("specs");
    std::fs::create_dir(&specs).expect("a folder");
    std::fs::write(specs.join("one.yaml"), SOUND).expect("a suite");
    std::fs::write(specs.join("other.yaml"), "title: [\n").expect("a suite");
    let said = list.run(&["--specs", "specs"]);
    said.must_exit(2);
    let summary = line(&said, "one");
    assert!(summary.contains("  BROKEN: the harness"), "{summary}");
    let told = "\n1 error in the specification\n";
    assert!(said.stderr.contains(told), "{}", said.stderr);
    let said = list.run(&["--specs", "specs", "other/"]);
    said.must_exit(2);
    assert!(said.stderr.contains(told), "{}", said.stderr);
    assert!(!said.stderr.contains("no case has"), "{}", said.stderr);
}

/// A report that cannot be written is that panel's matter alone.
#[cfg(unix)]
fn one_report_is_lost() {
    if !Path::new("/dev/full").exists() {
        return;
    }
    let (one, other) = (panel(&[], as_it_is), panel(&[], as_it_is));
    let mut list = List::new();
    list.add("one", one.url(), Some(&one.keys_yaml()));
    list.add("other", other.url(), Some(&other.keys_yaml()));
    std::os::unix::fs::symlink("/dev/full", list.path("one.json")).expect("a link");
    let said = list.run(&[FILTER, "--report", "json={target}.json"]);
    said.must_exit(2);
    let told = line(&said, "one");
    assert!(told.contains("BROKEN: the report one.json"), "{told}");
    assert!(line(&said, "other").ends_with("  PASSED"), "{}", said.all());
    assert_eq!(list.results("other")["exit_code"], 0);
}

#[cfg(not(unix))]
fn one_report_is_lost() {}

#[track_caller]
fn refused(list: &List, arguments: &[&str], wanted: &str) {
    let said = list.run(arguments);
    said.must_exit(2);
    assert!(said.stderr.contains(wanted), "{wanted}: {}", said.stderr);
    assert_eq!(said.stdout, "", "{wanted}");
    assert_eq!(said.stderr.matches("error: ").count(), 1, "{}", said.stderr);
}
