//! Whole reports: every format of runs against panels that are ill, compared with stored ones,
//! and searched for what must not be in them.
//!
//! `SELFTEST_RENEW=1` writes the stored ones anew; CONTRIBUTING says when.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::Trial;
use ptero_conformance::report::{
    PROMISE, Results, Screen, from_json, schema, terminal as terminal_of,
};
use ptero_conformance::verdict::Standing;
use regex::Regex;
use serde_json::Value;

use super::canary::{not_in_text, shows};
use super::hosted::{Hosted, PROFILE};
use super::ill::{Illness, fall_ill, hostile, panel, source_and_trace};
use super::panel::Panel;
#[cfg(unix)]
use super::program::shell;
use super::program::{Said, program, root, run};

/// The suites of these runs: few, so that no scenario of `specs/` changes what is stored.
const SUITES: &str = "tests/selftest/reports/suites";

/// The variable that has the stored reports written anew.
const RENEW: &str = "SELFTEST_RENEW";

/// The formats that go to files, by their names and the ends of those.
const FILES: [(&str, &str); 4] = [
    ("json", "json"),
    ("junit", "xml"),
    ("markdown", "md"),
    ("html", "html"),
];

/// A run against a panel: what is wrong with it, the profile, the exit code, and the causes that
/// the report must name.
struct Stage {
    name: &'static str,
    illness: Illness,
    profile: &'static str,
    code: i32,
    causes: &'static [&'static str],
}

const fn stage(
    name: &'static str,
    illness: Illness,
    code: i32,
    causes: &'static [&'static str],
) -> Stage {
    Stage {
        name,
        illness,
        profile: PROFILE,
        code,
        causes,
    }
}

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];

const REVOKED: &str =
    r#"{"errors":[{"code":"AuthenticationException","status":"401","detail":"Unauthenticated."}]}"#;
const UNDECRYPTED: &str = r#"{"errors":[{"code":"DecryptException","status":"500","detail":"An unexpected error was encountered while processing this request, please try again."}]}"#;
const MAINTENANCE: &str =
    r#"{"errors":[{"code":"HttpException","status":"503","detail":"Service Unavailable"}]}"#;
const TWO_FACTOR: &str = r#"{"errors":[{"code":"TwoFactorAuthRequiredException","status":"400","detail":"Two-factor authentication is required on this account in order to access this endpoint."}]}"#;
const LIMITED: &str = r#"{"errors":[{"code":"ThrottleRequestsException","status":"429","detail":"Too Many Attempts."}]}"#;

fn stages() -> Vec<Stage> {
    let html = |status, more: &'static [(&'static str, &'static str)]| {
        Illness::Answered(status, more, "<title>Just a moment...</title>")
    };
    vec![
        stage("sound", Illness::None, 0, &[]),
        stage(
            "skip-key-type",
            Illness::Faulty("skip-key-type"),
            1,
            &["wrong-api"],
        ),
        stage(
            "skip-permission",
            Illness::Faulty("skip-permission"),
            1,
            &[],
        ),
        stage("skip-ownership", Illness::Faulty("skip-ownership"), 1, &[]),
        stage(
            "stripped",
            Illness::Dropped("authorization"),
            1,
            &["authorization-stripped"],
        ),
        stage(
            "no-accept",
            Illness::Dropped("accept"),
            1,
            &["accept-dropped"],
        ),
        stage(
            "challenged",
            html(
                403,
                &[("cf-mitigated", "challenge"), ("content-type", "text/html")],
            ),
            3,
            &["challenged"],
        ),
        stage(
            "gateway",
            html(502, &[("content-type", "text/html")]),
            3,
            &["gateway"],
        ),
        stage(
            "maintenance",
            Illness::Answered(503, JSON, MAINTENANCE),
            3,
            &["maintenance"],
        ),
        stage(
            "limited",
            Illness::Answered(429, JSON, LIMITED),
            3,
            &["limit-spent"],
        ),
        stage(
            "wrong-app-key",
            Illness::AnsweredTo("", 500, UNDECRYPTED),
            1,
            &["wrong-app-key"],
        ),
        stage(
            "two-factor",
            Illness::AnsweredTo("client", 400, TWO_FACTOR),
            1,
            &["two-factor"],
        ),
        stage(
            "revoked",
            Illness::AnsweredTo("client-other", 401, REVOKED),
            1,
            &["revoked-key"],
        ),
        // Of many roles two are no sign that no key arrives.
        stage(
            "two-revoked",
            Illness::AnsweredTo("client-other application-none", 401, REVOKED),
            1,
            &["revoked-key"],
        ),
        stage(
            "debug",
            Illness::Tells(source_and_trace),
            1,
            &["debug-mode"],
        ),
        stage("pages", Illness::Pages, 1, &["errors-replaced"]),
        stage("cached", Illness::Caches, 1, &["shared-cache"]),
        stage("forged", Illness::Believes, 1, &["forged-address"]),
        Stage {
            profile: "pterodactyl-1.7",
            ..stage("version", Illness::None, 1, &["another-version"])
        },
        stage("hostile", Illness::Tells(hostile), 0, &[]),
        stage("no-text", Illness::Says(0xff, 100), 1, &[]),
        stage("flood", Illness::Says(b'[', 10 << 20), 1, &[]),
    ]
}

pub(crate) fn trials() -> Vec<Trial> {
    let test = |name: String, test: Box<dyn FnOnce() + Send>| {
        Trial::test(format!("reports/{name}"), move || {
            test();
            Ok(())
        })
    };
    let stages = stages().into_iter();
    let mut trials: Vec<_> = stages
        .map(|stage| {
            test(
                format!("stage/{}", stage.name),
                Box::new(move || play(&stage)),
            )
        })
        .collect();
    let others: [(&str, fn()); 10] = [
        ("schema-is-current", schema_is_current),
        ("unwritable", unwritable),
        ("two-into-one-file", two_into_one_file),
        ("not-begun", not_begun),
        ("no-key-would-arrive", no_key_would_arrive),
        ("whole-runs", whole_runs),
        ("narrow", narrow),
        ("as-tests", as_tests),
        ("reader-gone", reader_gone),
        ("to-standard-output", to_standard_output),
    ];
    trials.extend(others.map(|(name, body)| test(name.to_owned(), Box::new(body))));
    #[cfg(unix)]
    {
        let others: [(&str, fn()); 3] = [
            ("interrupted", interrupted),
            ("full-disk", full_disk),
            ("earlier-report-is-kept", earlier_report_is_kept),
        ];
        trials.extend(others.map(|(name, body)| test(name.to_owned(), Box::new(body))));
    }
    trials
}

/// What a run has left.
struct Reported {
    said: Said,
    /// By the format.
    texts: BTreeMap<&'static str, String>,
}

impl Reported {
    fn results(&self) -> Results {
        from_json(&self.texts["json"]).expect("results")
    }
}

fn play(stage: &Stage) {
    let panel = panel(stage.illness);
    let reported = report(&panel, stage);
    reported.said.must_exit(stage.code);
    is_valid(&reported.texts["json"]);
    let results = reported.results();
    assert!(results.complete && !results.cases.is_empty());
    names_causes(stage, &results);
    every_case_is_in_every_format(&reported, &results);
    nothing_private(&panel, &reported, &results);
    nothing_disturbs(&reported);
    same_from_json(&reported);
    let stored = [
        ("txt", terminal(&reported.said)),
        ("md", reported.texts["markdown"].clone()),
        ("github", annotations(&reported.said)),
    ];
    for (end, text) in stored {
        is_as_stored(&format!("{}.{end}", stage.name), &normal(&text, &panel));
    }
    if matches!(stage.name, "hostile") {
        for (format, end) in FILES {
            let text = normal(&reported.texts[format], &panel);
            is_as_stored(&format!("hostile.whole.{end}"), &text);
        }
    }
}

/// Runs the suites, and writes every report.
fn report(panel: &Hosted, stage: &Stage) -> Reported {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |end: &str| folder.path().join(format!("report.{end}"));
    let mut command = program();
    command.current_dir(root());
    command.args(["run", panel.url(), "--specs", SUITES, "--jobs", "1"]);
    command
        .args(["--profile", stage.profile, "--keys"])
        .arg(panel.keys_yaml());
    command.args(["--allow-create-keys", "--report", "github", "--state-dir"]);
    command.arg(panel.state()).env_remove("GITHUB_STEP_SUMMARY");
    for (format, end) in FILES {
        command
            .arg("--report")
            .arg(format!("{format}={}", path(end).display()));
    }
    let said = run(&mut command);
    let read = |end: &str| {
        std::fs::read_to_string(path(end))
            .unwrap_or_else(|error| panic!("report.{end}: {error}; it said\n{}", said.all()))
    };
    let texts = FILES.map(|(format, end)| (format, read(end)));
    Reported {
        said,
        texts: texts.into(),
    }
}

fn terminal(said: &Said) -> String {
    let lines = said.stdout.lines().filter(|line| !line.starts_with("::"));
    lines.map(|line| format!("{line}\n")).collect()
}

fn annotations(said: &Said) -> String {
    let lines = said.stdout.lines().filter(|line| line.starts_with("::"));
    lines.map(|line| format!("{line}\n")).collect()
}

fn is_valid(text: &str) {
    let schema = serde_json::from_str(&schema().expect("a schema")).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let document: Value = serde_json::from_str(text).expect("JSON");
    let errors: Vec<_> = validator
        .iter_errors(&document)
        .map(|e| e.to_string())
        .collect();
    assert_eq!(errors, Vec::<String>::new());
}

fn names_causes(stage: &Stage, results: &Results) {
    let causes = results.groups.iter().filter_map(|g| g.cause.as_ref());
    let named: BTreeSet<_> = causes.map(|cause| cause.id.as_str()).collect();
    let wanted: BTreeSet<_> = stage.causes.iter().copied().collect();
    assert_eq!(named, wanted, "these causes, and no others");
    let needs_reading = |standing| {
        matches!(
            standing,
            Standing::Failed | Standing::Unjudged | Standing::Broken | Standing::Advice
        )
    };
    let mut grouped: Vec<_> = results
        .groups
        .iter()
        .flat_map(|g| g.cases.clone())
        .collect();
    let cases = results
        .cases
        .iter()
        .filter(|case| needs_reading(case.standing));
    let mut wanted: Vec<_> = cases.map(|case| case.id.clone()).collect();
    grouped.sort();
    wanted.sort();
    assert_eq!(grouped, wanted, "each case is in one group");
}

fn every_case_is_in_every_format(reported: &Reported, results: &Results) {
    assert_eq!(results.cases.len(), results.planned);
    let junit = &reported.texts["junit"];
    let count = |names: &[Standing]| names.iter().map(|s| results.count(*s)).sum::<usize>();
    let read = quick_junit::Report::deserialize_from_str(junit).expect("JUnit");
    assert_eq!(read.tests, results.planned);
    assert_eq!(read.failures, count(&[Standing::Failed]));
    assert_eq!(read.errors, count(&[Standing::Unjudged, Standing::Broken]));
    // A parser of XML that knows nothing of JUnit.
    let document = roxmltree::Document::parse(junit).expect("XML");
    let tests = document
        .descendants()
        .filter(|n| n.has_tag_name("testcase"));
    let named: Vec<_> = tests.filter_map(|n| n.attribute("name")).collect();
    let ids: Vec<_> = results.cases.iter().map(|case| case.id.as_str()).collect();
    assert_eq!(named, ids);
    let skipped = document
        .descendants()
        .filter(|n| n.has_tag_name("skipped"))
        .count();
    let is_skipped = [
        Standing::Advice,
        Standing::Missing,
        Standing::NotAgreed,
        Standing::NotApplicable,
    ];
    assert_eq!(skipped, count(&is_skipped));
    let html = &reported.texts["html"];
    for id in &ids {
        assert!(
            html.contains(&format!("id=\"{id}\"")),
            "{id} is not in the page"
        );
    }
    let cases: Vec<_> = html.split("<details class=\"case ").skip(1).collect();
    assert_eq!(cases.len(), ids.len());
    let last = |class: &str| cases.iter().rposition(|case| case.starts_with(class));
    let first = cases.iter().position(|case| case.starts_with("advice"));
    if let (Some(failed), Some(advice)) = (last("failed"), first) {
        assert!(failed < advice, "what failed stands before advice");
    }
    let told = format!("{} cases: ", ids.len());
    let summary_of = |text: &str| assert!(text.contains(&told), "{told}{text}");
    summary_of(&reported.texts["markdown"]);
    summary_of(&reported.said.stdout);
}

fn nothing_private(panel: &Hosted, reported: &Reported, results: &Results) {
    let all = reported.texts.iter().map(|(name, text)| (*name, text));
    let said = reported.said.all();
    for (place, text) in all.chain([("what was printed", &said)]) {
        for key in panel.keys().values() {
            // Of a key, its identifier is no secret.
            not_in_text(&key[16..], place, text);
        }
        for address in ["alice@example.com", "bob@example.com", "root@example.com"] {
            assert!(!shows(address, text), "{address} stands in {place}");
        }
    }
    let markdown = &reported.texts["markdown"];
    assert_eq!(markdown.lines().last(), Some(PROMISE));
    assert!(markdown.chars().count() < 32_000);
    // The promise: of an answer, nothing but its status.
    for case in &results.cases {
        for step in &case.steps {
            let ids = step
                .request
                .target
                .split('/')
                .filter(|p| p.len() == 8 && p.contains('1'));
            ids.for_each(|id| assert!(!markdown.contains(id), "{id} stands in the Markdown"));
        }
    }
    let detail = "Unauthenticated.";
    assert!(!markdown.contains(detail) && !markdown.contains("An unexpected error"));
}

/// Whatever a panel answers, nothing that is written moves a cursor or turns a line.
fn nothing_disturbs(reported: &Reported) {
    let disturbing = |c: char| {
        (c.is_control() && c != '\n' && c != '\t')
            || ('\u{202a}'..='\u{202e}').contains(&c)
            || c == '\u{feff}'
    };
    let all = reported
        .texts
        .values()
        .chain([&reported.said.stdout, &reported.said.stderr]);
    for text in all {
        assert_eq!(text.chars().find(|c| disturbing(*c)), None, "{text}");
    }
    let html = &reported.texts["html"];
    assert_eq!(
        html.matches("<script").count(),
        1,
        "the filter, and nothing else"
    );
    assert_eq!(html.matches("<style").count(), 1);
    for tag in [
        "<img",
        "<svg",
        "<link",
        "<iframe",
        "javascript:alert(1)\"",
        " src=\"",
        "url(",
    ] {
        assert!(!html.contains(tag), "{tag} stands in the page");
    }
    let lines = annotations(&reported.said);
    assert!(!lines.contains("\n::error::forged"), "{lines}");
}

/// What `report` writes from the JSON is what the run has written itself.
fn same_from_json(reported: &Reported) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("results.json");
    std::fs::write(&file, &reported.texts["json"]).expect("a file");
    let mut command = program();
    command.arg("report").arg(&file);
    let path = |end: &str| folder.path().join(format!("again.{end}"));
    for (format, end) in FILES {
        command
            .arg("--report")
            .arg(format!("{format}={}", path(end).display()));
    }
    run(&mut command).must_exit(0);
    for (format, end) in FILES {
        let again = std::fs::read_to_string(path(end)).expect("a report");
        assert!(
            again == reported.texts[format],
            "{format} differs from the JSON"
        );
    }
    let shown = run(program().arg("report").arg(&file));
    assert_eq!(shown.stdout, terminal(&reported.said));
}

/// What differs from run to run, by these rules:
/// the panel's address is TARGET, a time of RFC 3339 STARTED, a SHA-256 SHA256, the version of
/// this program VERSION; the value of `date` and the name of a run are cut; CSP hashes are HASH.
fn normal(text: &str, panel: &Hosted) -> String {
    let host = panel.url().trim_start_matches("http://");
    let escaped = host.replace(':', "%3A");
    let mut text = text.replace(host, "TARGET").replace(&escaped, "TARGET");
    for (pattern, by) in [
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "STARTED"),
        (r"\b[0-9a-f]{64}\b", "SHA256"),
        (r"'sha256-[A-Za-z0-9+/=]+'", "'HASH'"),
        (r"ptero-conformance-[a-z0-9]{6,}", "ptero-conformance-RUN"),
        (
            r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT",
            "DATE",
        ),
    ] {
        text = Regex::new(pattern)
            .expect("a pattern")
            .replace_all(&text, by)
            .into_owned();
    }
    let version = env!("CARGO_PKG_VERSION");
    text.replace(
        &format!("ptero-conformance {version}"),
        "ptero-conformance VERSION",
    )
    .replace(
        &format!("\"version\": \"{version}\""),
        "\"version\": \"VERSION\"",
    )
}

fn is_as_stored(name: &str, text: &str) {
    let path = root().join("tests/selftest/reports/stored").join(name);
    if std::env::var_os(RENEW).is_some() {
        std::fs::write(&path, text).expect("a stored report");
        return;
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    // A checkout on another system may have other line ends.
    let stored = stored.replace("\r\n", "\n");
    if stored == text {
        return;
    }
    let differ = |(old, new): &(&str, &str)| old != new;
    let line = stored
        .lines()
        .zip(text.lines())
        .position(|pair| differ(&pair));
    let at = line.unwrap_or_else(|| stored.lines().count().min(text.lines().count()));
    panic!(
        "{} differs in line {}:\nstored: {:?}\nnow:    {:?}\n{RENEW}=1 writes it anew",
        path.display(),
        at + 1,
        stored.lines().nth(at),
        text.lines().nth(at)
    );
}

fn schema_is_current() {
    let path = root().join("schemas/results.json");
    let now = schema().expect("a schema");
    if std::env::var_os(RENEW).is_some() {
        std::fs::write(&path, &now).expect("the schema");
    }
    let stored = std::fs::read_to_string(&path)
        .expect("the schema")
        .replace("\r\n", "\n");
    assert!(
        stored == now,
        "schemas/results.json is not what the types say; {RENEW}=1 writes it anew"
    );
}

fn run_at(panel: &Hosted) -> std::process::Command {
    let mut command = program();
    command.current_dir(root());
    command.args([
        "run",
        panel.url(),
        "--specs",
        SUITES,
        "--profile",
        PROFILE,
        "--keys",
    ]);
    command.arg(panel.keys_yaml());
    command
}

fn unwritable() {
    use super::server::{Habit, Server};
    let server = Server::new(Habit::Closes);
    let nowhere = Path::new("no/such/folder/report.json");
    let to = format!("json={}", nowhere.display());
    let mut command = program();
    let said = run(command.args(["run", server.url(), "--report", &to]));
    said.must_exit(2);
    assert!(said.stderr.contains("cannot be written"), "{}", said.stderr);
    assert_eq!(server.connections(), 0, "nothing was sent");
    for wrong in ["xml=a", "json", "json=-,html=-"] {
        run(program().args(["run", server.url(), "--report", wrong])).must_exit(2);
    }
    assert_eq!(server.connections(), 0, "nothing was sent");
}

/// The second would write over the first.
fn two_into_one_file() {
    use super::server::{Habit, Server};
    let server = Server::new(Habit::Closes);
    let folder = tempfile::tempdir().expect("a folder");
    let rows: [(&[&str], &str); 3] = [
        (
            &["--report", "json=x,markdown=./x"],
            "it is the json report, and the markdown report",
        ),
        (
            &["--report", "json=x", "--record", "x"],
            "it is the json report, and the recording",
        ),
        (
            &["--target", "target.yaml", "--record", "target.yaml"],
            "it is the target file, and the recording",
        ),
    ];
    let target = format!("url: {}\n", server.url());
    std::fs::write(folder.path().join("target.yaml"), &target).expect("a file");
    for (arguments, wanted) in rows {
        let mut command = program();
        command.current_dir(&folder).arg("run");
        if !arguments.contains(&"--target") {
            command.arg(server.url());
        }
        let said = run(command.args(arguments));
        said.must_exit(2);
        assert!(said.stderr.contains(wanted), "{wanted}: {}", said.stderr);
        assert!(!folder.path().join("x").exists(), "{wanted}");
    }
    let kept = std::fs::read_to_string(folder.path().join("target.yaml"));
    assert_eq!(kept.expect("a file"), target);
    assert_eq!(server.connections(), 0, "nothing was sent");
}

/// What is wrong from the start keeps a run from beginning: every report says what it is, with what
/// is to be pasted where the cause is known, and none is a whole one.
fn not_begun() {
    for (illness, code, cause) in [
        (
            Illness::Dropped("authorization"),
            2,
            Some("authorization-stripped"),
        ),
        (
            Illness::AnsweredTo("client", 400, TWO_FACTOR),
            2,
            Some("two-factor"),
        ),
        (
            Illness::AnsweredTo("client", 500, UNDECRYPTED),
            2,
            Some("wrong-app-key"),
        ),
        (
            Illness::Answered(503, JSON, MAINTENANCE),
            3,
            Some("maintenance"),
        ),
        // Other keys arrive, so this one was revoked, and the line says what can be done.
        (Illness::AnsweredTo("client", 401, REVOKED), 2, None),
    ] {
        let panel = panel(illness);
        fall_ill(&panel);
        is_not_begun(&panel, (code, cause), |command| {
            command.arg("--keys").arg(panel.keys_yaml());
        });
    }
    is_not_begun(&panel(Illness::None), (2, None), |command| {
        command.env("PTERO_KEY_CLIENT", super::canary::CANARY);
    });
}

fn is_not_begun(
    panel: &Hosted,
    (code, cause): (u8, Option<&str>),
    with_keys: impl FnOnce(&mut Command),
) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |end: &str| folder.path().join(format!("report.{end}"));
    let mut command = program();
    command.args([
        "run",
        panel.url(),
        "--profile",
        PROFILE,
        "--report",
        "github",
    ]);
    command.env_remove("GITHUB_STEP_SUMMARY");
    for (format, end) in FILES.into_iter().chain([("acceptance", "page.md")]) {
        let file = path(end);
        command.arg("--report");
        command.arg(format!("{format}={}", file.display()));
    }
    with_keys(&mut command);
    let said = run(&mut command);
    said.must_exit(code.into());
    let read = |end: &str| {
        std::fs::read_to_string(path(end))
            .unwrap_or_else(|error| panic!("{end}: {error}; it said\n{}", said.all()))
    };
    let json = read("json");
    is_valid(&json);
    let results = from_json(&json).expect("results");
    assert!(!results.complete && results.exit_code == code && results.cases.is_empty());
    let told = format!("\n0 of {} cases: ", results.planned);
    let shown = run(program().arg("report").arg(path("json")));
    for text in [&shown.stdout, &read("md")] {
        assert!(results.planned > 0 && text.contains(&told), "{told}{text}");
    }
    let page = read("html");
    assert!(!page.contains("id=\"requirements\""));
    let banner = page.split("<p class=\"outcome ").nth(1);
    let banner = banner.and_then(|rest| rest.split("</p>").next());
    assert!(!banner.expect("the outcome").contains('`'), "{banner:?}");
    assert!(
        results.outcome.starts_with("NOT BEGUN: the "),
        "{}",
        results.outcome
    );
    let not_begun = results.not_begun.expect("why");
    let named = not_begun.cause.as_ref();
    assert_eq!(named.map(|named| named.id.as_str()), cause, "{not_begun:?}");
    let junit = quick_junit::Report::deserialize_from_str(&read("xml")).expect("JUnit");
    assert_eq!((junit.tests, junit.errors), (1, 1), "it is in error");
    let lines = named.and_then(|named| named.lines.as_deref());
    let to_do = lines.or(not_begun.mend.as_deref()).expect("what to do");
    let first = to_do.lines().next().expect("a line");
    for text in [read("xml"), read("md"), read("html"), read("page.md")] {
        assert!(text.contains(first), "{first} is not in {text}");
        not_in_text(super::canary::CANARY, "a report", &text);
    }
    assert!(said.stderr.contains(first), "{}", said.stderr);
    assert!(annotations(&said).contains(first), "{}", said.stdout);
    if cause.is_none() {
        assert_eq!(said.stderr.lines().count(), 1, "{}", said.stderr);
    }
}

/// Without keys, the API of nodes shows that no key would arrive.
fn no_key_would_arrive() {
    for (illness, causes) in [
        (
            Illness::Dropped("authorization"),
            &["authorization-stripped"][..],
        ),
        (Illness::None, &[]),
    ] {
        let panel = panel(illness);
        let mut command = program();
        command.args(["run", panel.url(), "authentication/arrival", "--partial"]);
        command.args(["--profile", PROFILE, "--report", "json=-"]);
        let said = run(&mut command);
        let results = from_json(&said.stdout).expect("results");
        let named = results.groups.iter().filter_map(|g| g.cause.as_ref());
        let named: BTreeSet<_> = named.map(|cause| cause.id.as_str()).collect();
        assert_eq!(named, causes.iter().copied().collect(), "{}", said.stdout);
    }
}

/// Nothing that can be broken is wider than the screen: not tables, and no lines to paste.
fn narrow() {
    let stored = root().join("tests/selftest/reports/stored/hostile.whole.json");
    let results = from_json(&std::fs::read_to_string(stored).expect("a report")).expect("results");
    let screen = Screen {
        width: 50,
        verbose: true,
        ..Screen::default()
    };
    let text = terminal_of(&results, &screen);
    let mut prose = text.lines().filter(|line| !line.starts_with("  "));
    let is_wide = |line: &&str| line.chars().count() > 50 && line.trim().contains(' ');
    let title = results.title();
    let wide = prose.find(|line| is_wide(line) && **line != *title);
    assert_eq!(wide, None, "{text}");
}

/// Runs of all suites name the cause of what fails, and no cause that is none.
fn whole_runs() {
    let as_its_own = [
        ("key-in-detail", &[][..]),
        ("html-errors", &["errors-replaced"]),
        ("login-redirect", &["sent-to-log-in"]),
        ("accept-dropped", &["accept-dropped"]),
        ("skip-auth", &["open-to-anybody"]),
        ("skip-key-type", &["wrong-api"]),
        ("skip-permission", &[]),
    ];
    for (fault, causes) in as_its_own {
        let panel = Panel::serve_with(PROFILE, &["--fault", fault]);
        assert_eq!(causes_of(&panel, PROFILE), causes, "{fault}");
    }
    for (of, judged_as) in [
        ("pterodactyl-1.11", "pterodactyl-1.10"),
        ("pterodactyl-1.11", "documented"),
        ("pterodactyl-1.11.9", PROFILE),
        ("pterodactyl-1.14", PROFILE),
        ("pelican", PROFILE),
    ] {
        let causes = causes_of(&Panel::serve(of), judged_as);
        assert_eq!(causes, ["another-version"], "{of} as {judged_as}");
    }
}

/// The causes of what failed in a run of all suites.
fn causes_of(panel: &Panel, profile: &str) -> Vec<String> {
    let mut command = program();
    command.args([
        "run",
        panel.url(),
        "--profile",
        profile,
        "--report",
        "json=-",
    ]);
    command.arg("--keys").arg(panel.keys_yaml());
    let said = run(&mut command);
    let results = from_json(&said.stdout).unwrap_or_else(|error| panic!("{error}: {}", said.all()));
    let failed = results
        .groups
        .iter()
        .filter(|g| g.standing == Standing::Failed);
    let named = failed.filter_map(|group| group.cause.as_ref());
    named.map(|cause| cause.id.clone()).collect()
}

/// The tests write the same reports as the program, by a variable; a runner that starts a process
/// per test has none.
fn as_tests() {
    let panel = panel(Illness::Faulty("skip-key-type"));
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("results.json");
    let command = || {
        let mut command = super::program::conformance();
        command.args([
            "--target-url",
            panel.url(),
            "--profile",
            PROFILE,
            "--specs",
            SUITES,
        ]);
        command.arg("--keys").arg(panel.keys_yaml());
        command.env("PTERO_REPORT", format!("json={}", file.display()));
        command
    };
    run(&mut command()).must_exit(1);
    let tests = from_json(&std::fs::read_to_string(&file).expect("a report")).expect("results");
    let again = folder.path().join("run.json");
    let to = format!("json={}", again.display());
    run(run_at(&panel).args(["--report", &to])).must_exit(1);
    let program = from_json(&std::fs::read_to_string(&again).expect("a report")).expect("results");
    assert_eq!(tests.planned, tests.cases.len());
    let told = |results: &Results| {
        let cases = results.cases.iter();
        cases
            .map(|c| (c.id.clone(), c.standing, c.verdict.clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(told(&tests), told(&program));
    assert_eq!(tests.groups, program.groups);
    std::fs::remove_file(&file).expect("a file");
    run(command().env("NEXTEST", "1"));
    assert!(!file.exists(), "nextest has no report");
}

/// `| head`: no panic, and no verdict for nobody.
fn reader_gone() {
    let panel = panel(Illness::Faulty("skip-key-type"));
    let mut report = program();
    let results = root().join("tests/selftest/reports/stored/hostile.whole.json");
    report.arg("report").arg(results);
    let mut list = program();
    list.arg("list");
    for command in [run_at(&panel), report, list] {
        nobody_reads(command);
    }
}

fn nobody_reads(mut command: Command) {
    command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    drop(child.stdout.take());
    let ended = child.wait_with_output().expect("its end");
    let stderr = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(130), "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
}

/// A document on standard output is alone there; what people read goes to standard error.
fn to_standard_output() {
    let panel = panel(Illness::None);
    let said = run(run_at(&panel).args(["--report", "json=-"]));
    said.must_exit(0);
    is_valid(&said.stdout);
    assert!(said.stderr.contains("\nPASSED\n"), "{}", said.stderr);
    let folder = tempfile::tempdir().expect("a folder");
    let summary: PathBuf = folder.path().join("summary.md");
    let mut command = run_at(&panel);
    let command = command
        .args(["--report", "github"])
        .env("GITHUB_STEP_SUMMARY", &summary);
    run(command).must_exit(0);
    let summary = std::fs::read_to_string(summary).expect("a summary");
    assert_eq!(summary.lines().last(), Some(PROMISE));
    let coloured = run(run_at(&panel).args(["--color", "always"]));
    assert!(coloured.stdout.contains("\u{1b}["), "{}", coloured.stdout);
    let plain = run(&mut run_at(&panel));
    assert!(!plain.stdout.contains('\u{1b}'), "a pipe has no colours");
}

/// What cannot be written at the end keeps nobody else from being told.
#[cfg(unix)]
fn full_disk() {
    const FULL: &str = "/dev/full";
    if !Path::new(FULL).exists() {
        return;
    }
    let panel = panel(Illness::Faulty("skip-key-type"));
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let written = |name: &str| std::fs::read_to_string(path(name)).expect("a report");
    let mut command = run_at(&panel);
    command.args(["--record", FULL, "--report", "html=/dev/full", "--report"]);
    command.arg(format!("json={}", path("run.json").display()));
    let said = run(&mut command);
    said.must_exit(2);
    is_valid(&written("run.json"));
    assert!(said.stdout.contains("\nFAILED: "), "{}", said.all());
    for what in ["the recording", "the report"] {
        let wanted = format!("{what} {FULL} cannot be written: ");
        assert!(said.stderr.contains(&wanted), "{wanted}: {}", said.stderr);
    }
    let mut command = program();
    command.arg("report").arg(path("run.json"));
    command.args(["--report", "html=/dev/full", "--report"]);
    command.arg(format!("markdown={}", path("run.md").display()));
    run(&mut command).must_exit(2);
    assert_eq!(written("run.md").lines().last(), Some(PROMISE));
    // One that could not begin says why as well.
    let mut command = program();
    command.args(["run", panel.url(), "--report", "html=/dev/full"]);
    let said = run(command.env("PTERO_KEY_CLIENT", super::canary::CANARY));
    said.must_exit(2);
    for wanted in ["is not accepted", FULL] {
        assert!(said.stderr.contains(wanted), "{wanted}: {}", said.stderr);
    }
}

/// A report that was good is not lost to one that cannot be written whole.
#[cfg(unix)]
fn earlier_report_is_kept() {
    let results = root().join("tests/selftest/reports/stored/hostile.whole.json");
    let folder = tempfile::tempdir().expect("a folder");
    let page = folder.path().join("page.html");
    std::fs::write(&page, "an earlier report").expect("a file");
    // No file may be longer than a block or two, and that is an error, not the end of the process.
    let mut command = shell(
        "trap '' XFSZ; ulimit -f 1; exec ptero-conformance report \"$RESULTS\" --report \"html=$PAGE\"",
    );
    command.env("RESULTS", results).env("PAGE", &page);
    let said = run(&mut command);
    said.must_exit(2);
    assert!(said.stderr.contains("cannot be written"), "{}", said.all());
    let kept = std::fs::read_to_string(&page).expect("a report");
    assert_eq!(kept, "an earlier report");
    let left = std::fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(left, 1, "no part of the new one is left");
}

/// Ctrl-C: what is known is written, and says that it is not all.
#[cfg(unix)]
fn interrupted() {
    use std::time::Duration;
    let panel = Hosted::new(
        super::hosted::world(|t| t),
        std::iter::empty().collect(),
        |router| {
            router.layer(axum::middleware::from_fn(
                |request: axum::extract::Request, next: axum::middleware::Next| async move {
                    if !request.headers().contains_key("authorization") {
                        tokio::time::sleep(Duration::from_secs(2)).await;
                    }
                    next.run(request).await
                },
            ))
        },
    );
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("results.json");
    let mut command = run_at(&panel);
    command.args([
        "--jobs",
        "1",
        "--report",
        &format!("json={}", file.display()),
    ]);
    command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let child = command.spawn().expect("the program starts");
    std::thread::sleep(Duration::from_millis(1500));
    let told = std::process::Command::new("kill")
        .arg("-INT")
        .arg(child.id().to_string())
        .status();
    assert!(told.expect("`kill`").success());
    let ended = child.wait_with_output().expect("its end");
    assert_eq!(ended.status.code(), Some(130));
    let text = std::fs::read_to_string(file).expect("a report");
    is_valid(&text);
    let results = from_json(&text).expect("results");
    assert!(!results.complete && results.exit_code == 130);
    assert!(
        results.cases.len() < results.planned,
        "{} cases",
        results.cases.len()
    );
    assert!(
        results.outcome.starts_with("INCOMPLETE: interrupted"),
        "{}",
        results.outcome
    );
}
