//! Recordings of runs: what is judged again is judged alike, and a file that is no longer what was
//! written is refused.

use std::path::{Path, PathBuf};

use libtest_mimic::Trial;
use ptero_conformance::recording::{Header, RunRecording};

use super::canary::CANARY;
use super::panel::Panel;
use super::program::{Said, program, run};
use super::server::{Habit, Server};
use super::trials::named;

const PROFILE: &str = "pterodactyl-1.11";

pub(crate) fn trials() -> Vec<Trial> {
    let all: [(&str, fn()); 11] = [
        ("judged-again-alike", judged_again_alike),
        ("judged-by-another-contract", judged_by_another_contract),
        ("cut-short", cut_short),
        ("the-same-twice", the_same_twice),
        ("private", private),
        ("served-again", served_again),
        ("bad-files", bad_files),
        ("results-are-none", results_are_none),
        ("another-suite", another_suite),
        ("another-profile", another_profile),
        ("cannot-be-written", cannot_be_written),
    ];
    named("recorded", all)
}

/// A folder with a recording of the embedded panel.
pub(crate) struct Recorded {
    folder: tempfile::TempDir,
    /// What the run said.
    pub(crate) said: Said,
}

impl Recorded {
    /// Records the cases that have one of these in their ids; none: all.
    pub(crate) fn new(profile: &str, filters: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("run.jsonl");
        let mut command = program();
        command.args(["run", "--embedded", "--profile", profile]);
        command.args(filters).args(["--jobs", "1"]);
        command.arg("--record").arg(&path);
        let said = run(&mut command);
        assert!(path.exists(), "{}", said.all());
        Self { folder, said }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("run.jsonl")
    }

    pub(crate) fn text(&self) -> String {
        std::fs::read_to_string(self.path()).expect("a recording")
    }

    /// The recording as it would be if the run had been interrupted before its last case.
    pub(crate) fn cut_short(&self) -> PathBuf {
        let mut recording = RunRecording::read(&self.text()).expect("a recording");
        recording.cases.pop().expect("a case");
        recording.complete = false;
        self.beside("part.jsonl", &recording.to_text().expect("a text"))
    }

    /// A file beside it.
    pub(crate) fn beside(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path
    }
}

fn replay(path: &Path, more: &[&str]) -> Said {
    run(program().arg("replay").arg(path).args(more))
}

/// Every case has the verdict that it had, in the same words.
fn judged_again_alike() {
    for profile in [PROFILE, "pterodactyl-1.7", "documented"] {
        let recorded = Recorded::new(profile, &[]);
        recorded.said.must_exit(0);
        let again = replay(&recorded.path(), &[]);
        again.must_exit(0);
        let told = again.stdout.replace("panel, recorded", "panel");
        assert!(told.contains("cases: "), "{told}");
        assert_eq!(told, recorded.said.stdout);
        // A report on standard output is alone there.
        let report = replay(&recorded.path(), &["--report", "json=-"]);
        report.must_exit(0);
        let report: serde_json::Result<serde_json::Value> = serde_json::from_str(&report.stdout);
        assert!(report.is_ok(), "{report:?}");
    }
}

fn judged_by_another_contract() {
    let recorded = Recorded::new("pterodactyl-1.7", &["no-key/", "unknown-key/"]);
    recorded.said.must_exit(0);
    let again = replay(&recorded.path(), &["--profile", PROFILE]);
    again.must_exit(1);
    // What counts is what is said to.
    let counts = |kind| replay(&recorded.path(), &["--profile", PROFILE, "--fail-on", kind]);
    counts("reshaped").must_exit(1);
    counts("opened").must_exit(0);
    let text = "expected \"AuthenticationException\"";
    assert!(again.stdout.contains(text), "{}", again.stdout);
}

/// What was never asked is no pass, whatever the rest came to.
fn cut_short() {
    let recorded = Recorded::new(PROFILE, &["no-key/"]);
    replay(&recorded.path(), &[]).must_exit(0);
    let cases = recorded.text().matches("{\"case\":").count() - 1;
    let part = recorded.cut_short();
    let results = recorded.beside("results.json", "");
    let said = replay(&part, &["--report", &format!("json={}", results.display())]);
    said.must_exit(3);
    let told = format!("\nINCOMPLETE: the recorded run was cut short after {cases} cases, ");
    assert!(said.stdout.contains(&told), "{told}: {}", said.stdout);
    assert!(!said.stdout.contains("PASSED"), "{}", said.stdout);
    let text = std::fs::read_to_string(&results).expect("a report");
    assert!(text.contains("\"complete\": false"), "{text:.2000}");
    let rest = Recorded::new(PROFILE, &["unknown-key/"]);
    let other = rest.beside("results.json", "");
    let to = format!("json={}", other.display());
    replay(&rest.path(), &["--report", &to]).must_exit(0);
    let merged = run(program().arg("merge").args([&results, &other]));
    merged.must_exit(3);
    assert!(
        merged
            .stdout
            .contains("\nINCOMPLETE: the recorded run was cut short after ")
    );
    // Whoever is served a part is told so.
    let served = |path: &Path| {
        Panel::serve_with(PROFILE, &["--replay", &path.display().to_string()]).errors()
    };
    let part_told = format!("part.jsonl is of a run that was cut short after {cases} cases; ");
    let said = served(&part);
    assert!(said.contains(&part_told), "{part_told}: {said}");
    assert_eq!(served(&recorded.path()), "");
    // What failed has failed, also in a part.
    let said = replay(&part, &["--profile", "pterodactyl-1.7"]);
    said.must_exit(1);
    assert!(said.stdout.contains(&told), "{told}: {}", said.stdout);
}

fn the_same_twice() {
    let texts: Vec<_> = [(); 2]
        .map(|()| Recorded::new(PROFILE, &[]))
        .map(|recorded| recorded.text())
        .into();
    let [one, two] = &texts[..] else {
        unreachable!()
    };
    for (one, two) in one.lines().zip(two.lines()) {
        assert_eq!(one, two);
    }
    assert_eq!(one.lines().count(), two.lines().count());
}

/// No key, no name of the run, nobody's data.
fn private() {
    let panel = Panel::serve(PROFILE);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.jsonl");
    let mut command = program();
    command.args([
        "run",
        panel.url(),
        "--profile",
        PROFILE,
        "--allow-create-keys",
    ]);
    command.arg("--keys").arg(panel.keys_yaml());
    command.arg("--record").arg(&path);
    run(&mut command).must_exit(0);
    let text = std::fs::read_to_string(&path).expect("a recording");
    for role in ["client", "client-other", "application", "application-read"] {
        let key = panel.key(role);
        assert!(!text.contains(&key), "the key of {role}");
        assert!(!text.contains(&key[key.len() - 16..]), "the end of {role}");
    }
    for data in ["@", "ptero-conformance-1", CANARY] {
        assert!(!text.contains(data), "{data}");
    }
}

fn bad_files() {
    let recorded = Recorded::new(PROFILE, &["envelopes/head/no-key"]);
    let text = recorded.text();
    let lines: Vec<_> = text.split_inclusive('\n').collect();
    let case = lines
        .iter()
        .position(|line| line.starts_with("{\"case\""))
        .expect("a case");
    let twice = lines[..=case].concat() + &lines[case..].concat();
    let rows = [
        ("cut", text[..text.len() * 2 / 3].to_owned(), "is cut off"),
        ("half", lines[..lines.len() - 1].concat(), "is cut off"),
        (
            "edited",
            text.replacen("401", "403", 1),
            "was changed after it was written",
        ),
        ("twice", twice, "stands on line"),
        (
            "newer",
            text.replacen("\"format\":1", "\"format\":9", 1),
            "is of format 9",
        ),
        ("none", "x: y\n".to_owned(), "no recording of a run"),
    ];
    for (name, text, wanted) in rows {
        let path = recorded.beside(name, &text);
        refused(&recorded.path(), &path, wanted);
    }
}

/// Both are JSON of a run, and somebody takes one for the other.
fn results_are_none() {
    let recorded = Recorded::new(PROFILE, &["no-key/every-route/get"]);
    let results = recorded.beside("results.json", "");
    let report = format!("json={}", results.display());
    replay(&recorded.path(), &["--report", &report]).must_exit(0);
    refused(&recorded.path(), &results, "`run --record FILE` writes");
    for command in ["report", "merge", "waive"] {
        let said = run(program().arg(command).arg(recorded.path()));
        said.must_exit(2);
        let wanted = "run.jsonl: this is a recording; results are what ";
        assert!(said.stderr.contains(wanted), "{}", said.stderr);
    }
    // Of a run in which nothing has failed there is nothing to waive, and that can be read.
    let said = run(program().arg("waive").arg(&results));
    said.must_exit(0);
    assert!(
        said.stderr.contains("no case has failed"),
        "{}",
        said.stderr
    );
    let waivers = recorded.beside("waivers.yaml", &said.stdout);
    let mut command = program();
    command.args([
        "run",
        "--embedded",
        "--profile",
        PROFILE,
        "no-key/every-route/get",
    ]);
    run(command.arg("--waivers").arg(waivers)).must_exit(0);
}

/// Whatever reads a recording refuses one that is wrong, and names it.
fn refused(good: &Path, wrong: &Path, wanted: &str) {
    let name = wrong.file_name().expect("a name").to_string_lossy();
    let commands: [&[&str]; 4] = [
        &["replay"],
        &["serve", "--replay"],
        &["compare"],
        &["compare"],
    ];
    for (number, words) in commands.into_iter().enumerate() {
        let mut command = program();
        command.args(words);
        match number {
            2 => command.args([good, wrong]),
            3 => command.args([wrong, good]),
            _ => command.arg(wrong),
        };
        let said = run(&mut command);
        said.must_exit(2);
        for text in [wanted, &name] {
            assert!(
                said.stderr.contains(text),
                "{text}: {words:?}: {}",
                said.stderr
            );
        }
        assert_eq!(said.stdout, "", "{words:?}");
    }
}

/// A recording that its program could have written, with another header.
fn with_header(recorded: &Recorded, name: &str, change: fn(&mut Header)) -> PathBuf {
    let mut recording = RunRecording::read(&recorded.text()).expect("a recording");
    change(&mut recording.header);
    recorded.beside(name, &recording.to_text().expect("a text"))
}

fn another_suite() {
    let recorded = Recorded::new(PROFILE, &["envelopes/head/no-key"]);
    let other = with_header(&recorded, "other-suite", |header| {
        header.suite_sha256 = "0".repeat(64);
    });
    refused(&recorded.path(), &other, "of another suite");
    // No panel is asked to be compared with it.
    let server = Server::new(Habit::Closes);
    let said = run(program().arg("compare").arg(&other).arg(server.url()));
    said.must_exit(2);
    assert!(said.stderr.contains("of another suite"), "{}", said.stderr);
    assert_eq!(server.connections(), 0);
    let suite = "title: x\nscenarios:\n  - id: a\n    title: b\n    requires: [ERR-401]\n    \
                 request: { endpoint: GET /api/client, key: none }\n    expect: no-key\n";
    std::fs::create_dir(recorded.beside("x", "").with_file_name("specs")).expect("a folder");
    let specs = recorded.beside("specs/a.yaml", suite);
    let folder = specs.parent().expect("a folder").display().to_string();
    let said = replay(&recorded.path(), &["--specs", &folder]);
    said.must_exit(2);
    assert!(said.stderr.contains("of another suite"), "{}", said.stderr);
}

fn another_profile() {
    let recorded = Recorded::new(PROFILE, &["envelopes/head/no-key"]);
    let said = replay(&recorded.path(), &["--profile", "pterodactil-1.11"]);
    said.must_exit(2);
    assert!(said.stderr.contains("did you mean"), "{}", said.stderr);
    let other = with_header(&recorded, "other-profile", |header| {
        "our-own-fork".clone_into(&mut header.profile);
    });
    refused(&recorded.path(), &other, "no profile `our-own-fork`");
    let path = recorded.path().display().to_string();
    let said = run(program().args(["serve", "--replay", &path, "--profile", "pterodactyl-1.7"]));
    said.must_exit(2);
    let wanted = "a recording of a panel of `pterodactyl-1.11`";
    assert!(said.stderr.contains(wanted), "{}", said.stderr);
}

/// Known before anything is sent.
fn cannot_be_written() {
    let mut command = program();
    command.args(["run", "--embedded", "--record", "/no/such/folder/x"]);
    let said = run(&mut command);
    said.must_exit(2);
    assert!(said.stderr.contains("cannot be written"), "{}", said.stderr);
    assert_eq!(said.stdout, "");
}

/// A stand-in answers as the recorded panel did, also somebody who counts and who reads and writes.
fn served_again() {
    let recorded = Recorded::new(PROFILE, &[]);
    let path = recorded.path().display().to_string();
    let stand_in = Panel::serve_with(PROFILE, &["--replay", &path]);
    let again = recorded.beside("again", "");
    let mut command = program();
    command.args([
        "run",
        stand_in.url(),
        "--profile",
        PROFILE,
        "--allow-writes",
    ]);
    command.arg("--keys").arg(stand_in.keys_yaml());
    command.arg("--record").arg(&again);
    let said = run(&mut command);
    said.must_exit(0);
    let said = run(program().arg("compare").args([&recorded.path(), &again]));
    said.must_exit(0);
    assert!(
        said.stdout.contains("\nNOTHING CHANGED in 1"),
        "{}",
        said.stdout
    );
    // A key that the recording knows nothing of, and a request that was never sent.
    assert_eq!(stand_in.ask("GET", "/api/client", "ptlc_none"), 501);
    assert_eq!(stand_in.ask("GET", "/no/such/path/at/all", "x"), 501);
}
