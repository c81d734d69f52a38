//! Waivers: what was accepted does not fail a run, and nothing else passes by them.

use std::path::PathBuf;

use libtest_mimic::Trial;

use super::panel::Panel;
use super::program::{Said, conformance, program, run};
use super::trials::named;

const PROFILE: &str = "pterodactyl-1.11";

/// The cases that the runs choose.
const CASES: &str = "permissions/read-only-reads-a-secret";

pub(crate) fn trials() -> Vec<Trial> {
    let all: [(&str, fn()); 7] = [
        ("as-agreed", as_agreed),
        ("not-as-agreed", not_as_agreed),
        ("told-in-every-report", told_in_every_report),
        ("bad-files", bad_files),
        ("written-from-results", written_from_results),
        ("held-by-another-run", held_by_another_run),
        ("not-what-decides-nothing", not_what_decides_nothing),
    ];
    named("waived", all)
}

/// A panel of one version that is held to the contract of another, and a folder.
struct Accepted {
    panel: Panel,
    folder: tempfile::TempDir,
}

const JUDGE: &str = "pterodactyl-1.14";

impl Accepted {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let panel = Panel::serve(PROFILE);
        Self { panel, folder }
    }

    fn file(&self, text: &str) -> PathBuf {
        let path = self.folder.path().join("waivers.yaml");
        std::fs::write(&path, text).expect("a file");
        path
    }

    fn run(&self, filter: &str, waivers: Option<&str>, more: &[&str]) -> Said {
        let mut command = program();
        command.args(["run", self.panel.url(), filter, "--profile", JUDGE]);
        command.arg("--keys").arg(self.panel.keys_yaml()).args(more);
        if let Some(text) = waivers {
            command.arg("--waivers").arg(self.file(text));
        }
        run(&mut command)
    }
}

fn waiver(about: &str, shows: &str, count: usize, more: &str) -> String {
    format!(
        "waivers:\n  - {about}\n    shows: [{shows}]\n    count: {count}\n    profile: {JUDGE}\n    \
         reason: until the upgrade\n    owner: ops\n    {more}\n"
    )
}

const SHOWS: &str = "status 403 → 200, \"content a member `errors` → an object\"";

/// What the case shows, as `waive` writes it.
fn shown(accepted: &Accepted) -> String {
    let path = accepted.folder.path().join("results.json");
    let to = format!("json={}", path.display());
    accepted.run(CASES, None, &["--report", &to]).must_exit(1);
    let said = run(program().arg("waive").arg(&path));
    said.must_exit(0);
    said.stdout
}

fn filled(entries: &str) -> String {
    entries
        .replace("reason: FILL IN", "reason: until the upgrade")
        .replace("owner: FILL IN", "owner: ops")
        .replace("expires: FILL IN", "expires: 2999-12-31")
}

fn as_agreed() {
    let accepted = Accepted::new();
    let waivers = filled(&shown(&accepted));
    let said = accepted.run(CASES, Some(&waivers), &[]);
    said.must_exit(0);
    assert!(said.stdout.contains(" 1 waived "), "{}", said.stdout);
    assert!(said.stdout.contains(" 0 failed "), "{}", said.stdout);
    // As tests, by the variable.
    let mut command = conformance();
    command.args([
        CASES,
        "--target-url",
        accepted.panel.url(),
        "--profile",
        JUDGE,
    ]);
    command.arg("--keys").arg(accepted.panel.keys_yaml());
    run(&mut command).must_exit(1);
    command.env("PTERO_WAIVERS", accepted.file(&waivers));
    let said = run(&mut command);
    said.must_exit(0);
    assert!(said.stdout.contains("waived"), "{}", said.stdout);
    // Under another profile it does not hold, and its case needs none.
    let said = run(program()
        .args([
            "run",
            accepted.panel.url(),
            CASES,
            "--profile",
            PROFILE,
            "--waivers",
        ])
        .arg(accepted.file(&waivers))
        .arg("--keys")
        .arg(accepted.panel.keys_yaml()));
    said.must_exit(0);
    assert!(said.stdout.contains(" 0 waived "), "{}", said.stdout);
}

fn not_as_agreed() {
    let accepted = Accepted::new();
    let good = filled(&shown(&accepted));
    // Another status than was agreed to: it fails, and the waiver is stale.
    let other = good.replace("status 403 → 200", "status 403 → 201");
    let said = accepted.run(CASES, Some(&other), &[]);
    said.must_exit(2);
    assert!(said.stdout.contains(" 1 failed "), "{}", said.stdout);
    assert!(said.stderr.contains("waivers.yaml:2: "), "{}", said.stderr);
    // It no longer deviates.
    let stale = good.replace(
        "authentication/permissions/read-only-reads-a-secret",
        "authentication/permissions/read-only-reads/*",
    );
    let said = accepted.run("permissions/read-only-reads/", Some(&stale), &[]);
    said.must_exit(2);
    assert!(
        said.stderr.contains("deviates so any longer"),
        "{}",
        said.stderr
    );
    // More cases than agreed.
    let spelled = "spellings/not-bearer/";
    let path = accepted.folder.path().join("more.json");
    let to = format!("json={}", path.display());
    accepted.run(spelled, None, &["--report", &to]).must_exit(1);
    let written = filled(&run(program().arg("waive").arg(&path)).stdout);
    accepted.run(spelled, Some(&written), &[]).must_exit(0);
    let count = written
        .lines()
        .find(|line| line.contains("count: "))
        .expect("a count");
    let fewer = written.replacen(count, "    count: 1", 1);
    let said = accepted.run(spelled, Some(&fewer), &[]);
    said.must_exit(2);
    assert!(
        said.stderr.contains("and 1 were agreed to"),
        "{}",
        said.stderr
    );
}

/// Every report names the waivers that do not hold, and none calls such a run a pass.
fn told_in_every_report() {
    let accepted = Accepted::new();
    let about = |pattern: &str| {
        waiver(
            &format!("cases: {pattern}"),
            SHOWS,
            1,
            "expires: 2999-12-31",
        )
    };
    let read = "authentication/permissions/read-only-reads";
    let (one, other) = (
        about(&format!("{read}/*")),
        about(&format!("{read}/get-api-application-*")),
    );
    let both = one + other.strip_prefix("waivers:\n").expect("an entry");
    let formats = [
        ("json", "json"),
        ("junit", "xml"),
        ("markdown", "md"),
        ("html", "html"),
    ];
    let path = |end: &str| accepted.folder.path().join(format!("report.{end}"));
    let mut more = vec!["--report".to_owned(), "github".to_owned()];
    for (format, end) in formats {
        let file = path(end);
        more.extend([
            "--report".to_owned(),
            format!("{format}={}", file.display()),
        ]);
    }
    let more: Vec<_> = more.iter().map(String::as_str).collect();
    let said = accepted.run("permissions/read-only-reads/", Some(&both), &more);
    said.must_exit(2);
    assert!(
        said.stdout.contains("\nBROKEN: 2 waivers do not hold\n"),
        "{}",
        said.stdout
    );
    let texts = formats.map(|(_, end)| std::fs::read_to_string(path(end)).expect("a report"));
    for text in texts.iter().chain([&said.stdout, &said.stderr]) {
        for line in [2, 9] {
            let place = format!("waivers.yaml:{line}");
            assert!(text.contains(&place), "{place} is not in {text}");
        }
    }
    let junit = quick_junit::Report::deserialize_from_str(&texts[1]).expect("JUnit");
    assert_eq!(junit.errors, 2);
}

fn bad_files() {
    let accepted = Accepted::new();
    let good = "expires: 2999-12-31";
    let about = "cases: authentication/permissions/*";
    let rows = [
        (
            waiver(about, SHOWS, 1, "expires: 2020-01-01"),
            ":2: expired on 2020-01-01",
        ),
        (
            waiver(about, SHOWS, 1, "expires: soon"),
            ":2: `soon` is no date",
        ),
        (
            waiver("cases: authentication/nothing/*", SHOWS, 1, good),
            ":2: `authentication/nothing/*` fits no case",
        ),
        (
            waiver("requirement: ERR-999", SHOWS, 1, good),
            ":2: ERR-999 fits no case",
        ),
        (waiver(about, "", 1, good), ":2: it waives nothing"),
        (waiver(about, SHOWS, 0, good), ":2: it waives nothing"),
        (
            waiver("requirement: ERR-401\n    cases: x", SHOWS, 1, good),
            "either `cases` or `requirement`",
        ),
        (
            waiver(about, SHOWS, 1, good).replace("until the upgrade", "FILL IN"),
            "`reason` is not filled in",
        ),
        (
            waiver(about, SHOWS, 1, good).replace("owner: ops", "owner: \"\""),
            "`owner` is not filled in",
        ),
        (
            waiver(about, SHOWS, 1, &format!("{good}\n    also: x")),
            "unknown field `also`",
        ),
    ];
    for (text, wanted) in rows {
        let said = accepted.run(CASES, Some(&text), &[]);
        said.must_exit(2);
        assert!(said.stderr.contains(wanted), "{wanted}: {}", said.stderr);
        assert_eq!(said.stdout, "", "nothing is sent");
    }
}

fn written_from_results() {
    let accepted = Accepted::new();
    let written = shown(&accepted);
    assert!(written.contains("status 403 → 200"), "{written}");
    let said = accepted.run(CASES, Some(&written), &[]);
    said.must_exit(2);
    assert!(said.stderr.contains("is not filled in"), "{}", said.stderr);
}

/// A whole run against a panel with these faults, by its own profile. One case at a time: the first
/// write that is let through closes its family, and which one that is must be the same each time.
fn whole_run(faults: &[&str], asked_before: usize, more: &[&str]) -> Said {
    let faults: Vec<_> = faults.iter().flat_map(|fault| ["--fault", fault]).collect();
    let panel = Panel::serve_with(PROFILE, &faults);
    for _ in 0..asked_before {
        let _ = panel.ask("GET", "/api/client", &panel.key("client-admin"));
    }
    let mut command = program();
    command.args(["run", panel.url(), "--profile", PROFILE]);
    command.args(["--jobs", "1", "--allow-writes", "--allow-create-keys"]);
    run(command.arg("--keys").arg(panel.keys_yaml()).args(more))
}

/// How many cases a run has counted so.
fn counted(said: &Said, standing: &str) -> usize {
    let line = said.stdout.lines().find(|line| line.contains(" waived "));
    let parts: Vec<_> = line.expect("a summary").split([':', '·']).collect();
    let part = parts
        .iter()
        .find_map(|part| part.trim().strip_suffix(standing));
    part.expect("a count").trim().parse().expect("a number")
}

/// What was agreed to after one run holds in the next, at another hour and with other counts.
fn held_by_another_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let (results, waivers) = (folder.path().join("r.json"), folder.path().join("w.yaml"));
    let to = format!("json={}", results.display());
    let all = [
        "skip-key-type",
        "debug-mode",
        "status-number",
        "limit-constant",
    ];
    let first = whole_run(&all, 0, &["--report", &to]);
    first.must_exit(1);
    let written = run(program().arg("waive").arg(&results));
    written.must_exit(0);
    std::fs::write(&waivers, filled(&written.stdout)).expect("a file");
    let held = ["--waivers", waivers.to_str().expect("a path")];
    let said = whole_run(&all, 7, &held);
    said.must_exit(0);
    assert_eq!(counted(&said, "failed"), 0);
    assert_eq!(counted(&said, "waived"), counted(&first, "failed"));
    // One fault is mended: what was agreed of it is to be taken out.
    for mended in ["skip-key-type", "debug-mode"] {
        let left: Vec<_> = all.into_iter().filter(|fault| *fault != mended).collect();
        let said = whole_run(&left, 0, &held);
        said.must_exit(2);
        assert!(said.stderr.contains("any longer"), "{}", said.stderr);
    }
}

/// A key that is missing, or an answer that decides nothing, is never waived.
fn not_what_decides_nothing() {
    let accepted = Accepted::new();
    let waivers = filled(&shown(&accepted));
    let mut command = program();
    command.args([
        "run",
        accepted.panel.url(),
        CASES,
        "--profile",
        JUDGE,
        "--waivers",
    ]);
    let said = run(command.arg(accepted.file(&waivers)));
    said.must_exit(3);
    assert!(said.stdout.contains(" 0 waived "), "{}", said.stdout);
}
