//! `merge`: parts of a run are that run; what is no part of it is named.

use std::path::{Path, PathBuf};

use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::panel::Panel;
use super::program::{Said, program, run};
use super::trials::named;

const PROFILE: &str = "pterodactyl-1.11";

/// What the ids of all cases begin with.
const PARTS: [&str; 4] = ["authentication/", "hardening/", "lifecycle/", "limits/"];

pub(crate) fn trials() -> Vec<Trial> {
    let all: [(&str, fn()); 4] = [
        ("as-one-run", as_one_run),
        ("several-panels", several_panels),
        ("no-parts", no_parts),
        ("changed-by-hand", changed_by_hand),
    ];
    named("merged", all)
}

/// Runs the cases that have this in their ids, and keeps the results.
fn results(folder: &Path, name: &str, filter: &str, profile: &str) -> PathBuf {
    let path = folder.join(name.replace('/', ""));
    let mut command = program();
    command.args([
        "run",
        "--embedded",
        filter,
        "--profile",
        profile,
        "--jobs",
        "1",
    ]);
    command
        .arg("--report")
        .arg(format!("json={}", path.display()));
    let said = run(&mut command);
    assert!(path.exists(), "{}", said.all());
    path
}

fn merge(parts: &[&PathBuf], to: &Path) -> Said {
    let mut command = program();
    command.arg("merge").args(parts);
    run(command
        .arg("--report")
        .arg(format!("json={}", to.display())))
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).expect("results")).expect("JSON")
}

fn as_one_run() {
    // The documented page has failing groups as well.
    for profile in [PROFILE, "documented"] {
        let folder = tempfile::tempdir().expect("a folder");
        let whole = read(&results(folder.path(), "whole", "/", profile));
        let mut parts = PARTS.map(|part| results(folder.path(), part, part, profile));
        parts.reverse();
        let to = folder.path().join("merged");
        let said = merge(&parts.each_ref(), &to);
        assert_eq!(
            said.code,
            whole["exit_code"]
                .as_i64()
                .map(|code| i32::try_from(code).expect("a code"))
        );
        let merged = read(&to);
        let cases = |all: &Value| -> Vec<[Value; 4]> {
            let cases = all["cases"].as_array().expect("cases").iter();
            cases
                .map(|case| ["id", "standing", "kind", "verdict"].map(|name| case[name].clone()))
                .collect()
        };
        assert!(cases(&whole).len() > 1500);
        for (one, other) in cases(&whole).iter().zip(&cases(&merged)) {
            assert_eq!(one, other);
        }
        for member in [
            "counts",
            "requirements",
            "reach",
            "checks_reached",
            "planned",
            "complete",
            "exit_code",
            "roles",
            "suites",
            "profile",
        ] {
            assert_eq!(merged[member], whole[member], "{member}");
        }
        // Each part was chosen by words of its own.
        let options = |all: &Value| {
            let mut options = all["options"].clone();
            options["filters"].take();
            options
        };
        assert_eq!(options(&merged), options(&whole));
        assert_eq!(
            merged["not_tested"]["not_chosen"],
            whole["not_tested"]["not_chosen"]
        );
        assert_eq!(merged["outcome"], whole["outcome"]);
    }
}

/// Panels are told side by side, each from all its parts.
fn several_panels() {
    let folder = tempfile::tempdir().expect("a folder");
    let part = |name, filter| results(folder.path(), name, filter, PROFILE);
    let (heads, limits) = (part("heads", "envelopes/head/"), part("limits", "limits/"));
    let panel = Panel::serve_with(PROFILE, &["--fault", "skip-key-type"]);
    let of_other = |name: &str| {
        let path = folder.path().join(name);
        let written = results_of(&panel, folder.path(), "envelopes/head/");
        std::fs::rename(written, &path).expect("a file");
        path
    };
    let other = of_other("other.json");
    let to = folder.path().join("of-{target}");
    let said = merge(&[&heads, &other, &limits], &to);
    said.must_exit(1);
    let lines: Vec<_> = said.stdout.lines().collect();
    assert_eq!(lines.len(), 4, "{}", said.stdout);
    assert_eq!(lines[0], "2 panels of 3 results");
    assert!(lines[1].starts_with("  heads ") && lines[1].ends_with("PASSED"));
    assert!(lines[2].starts_with(&format!("  other  {} ", panel.url())));
    assert!(lines[2].contains("FAILED: "), "{}", said.stdout);
    assert_eq!(lines[3], "1 failed · 1 passed");
    let count = |name: &str| {
        read(&folder.path().join(name))["cases"]
            .as_array()
            .map(Vec::len)
    };
    let both = read(&heads)["cases"]
        .as_array()
        .map(Vec::len)
        .unwrap_or_default()
        + read(&limits)["cases"]
            .as_array()
            .map(Vec::len)
            .unwrap_or_default();
    assert_eq!(count("of-heads"), Some(both));
    assert!(count("of-other").is_some_and(|other| other > 0 && other < both));
    // What overlaps is named here as well, and so is what would be called alike.
    let again = of_other("again.json");
    let said = merge(&[&heads, &other, &again], &to);
    said.must_exit(2);
    assert!(said.stderr.contains("other.json and "), "{}", said.stderr);
    assert!(
        said.stderr.contains("again.json both have the case"),
        "{}",
        said.stderr
    );
    let alike = of_other("heads.json");
    let said = merge(&[&heads, &alike], &to);
    said.must_exit(2);
    assert!(
        said.stderr.contains("would have one name"),
        "{}",
        said.stderr
    );
}

/// What somebody does to results, and what is said of it.
type Edit = (&'static str, fn(&mut Value), &'static str);

const EDITS: [Edit; 12] = [
    (
        "a failure that passes",
        |all| first(all, "failed")["standing"] = json!("passed"),
        "stands as passed, though an answer deviates from what is due",
    ),
    (
        "a failure that conforms",
        |all| {
            let case = first(all, "failed");
            case["standing"] = json!("passed");
            case["verdict"] = json!({ "is": "conforms" });
            case["kind"] = Value::Null;
        },
        "they count ",
    ),
    (
        "a pass that fails",
        |all| first(all, "passed")["standing"] = json!("failed"),
        "stands as failed, though every answer conforms",
    ),
    (
        "a failure that is advice",
        |all| first(all, "failed")["standing"] = json!("advice"),
        "stands as advice, though an answer deviates from what is due",
    ),
    (
        "a kind that is none of its own",
        |all| first(all, "failed")["kind"] = json!("reworded"),
        "is not of the kind of its deviations",
    ),
    (
        "fewer failures than there are",
        |all| {
            all["counts"]["standings"]["failed"] = json!(0);
        },
        "they count 0 failed, and ",
    ),
    (
        "a requirement with fewer failures",
        |all| {
            let mut told = list(all, "requirements").iter_mut();
            let told = told.find(|told| told["standings"]["failed"] != Value::Null);
            told.expect("a failed one")["standings"]["failed"] = json!(0);
        },
        " they count 0 failed, and ",
    ),
    (
        "a requirement that is gone",
        |all| {
            list(all, "requirements").remove(0);
        },
        "and have cases of it",
    ),
    (
        "a case that is gone",
        |all| {
            let failed = place(all, "failed");
            list(all, "cases").remove(failed);
        },
        " cases, all decided, and have ",
    ),
    (
        "a case that is there twice",
        |all| {
            let again = all["cases"][0].clone();
            list(all, "cases").push(again);
        },
        "stands in them twice",
    ),
    (
        "a group that is gone",
        |all| all["groups"] = json!([]),
        "is in no group",
    ),
    (
        "another exit code",
        |all| all["exit_code"] = json!(0),
        "they say exit code 0, and come to another",
    ),
];

/// Results whose sums do not follow from their cases are refused by all that read them.
fn changed_by_hand() {
    let folder = tempfile::tempdir().expect("a folder");
    let panel = Panel::serve_with(PROFILE, &["--fault", "skip-key-type"]);
    let [part, other] =
        ["envelopes/", "no-key/"].map(|filter| results_of(&panel, folder.path(), filter));
    let to = folder.path().join("merged");
    for (what, edit, wanted) in EDITS {
        let mut results = read(&part);
        edit(&mut results);
        let edited = folder.path().join("edited.json");
        std::fs::write(&edited, results.to_string()).expect("a file");
        let alone = |name: &str| run(program().arg(name).arg(&edited));
        let all = [
            merge(&[&other, &edited], &to),
            alone("report"),
            alone("waive"),
        ];
        for said in all {
            said.must_exit(2);
            for text in ["edited.json: these results were changed", wanted] {
                assert!(said.stderr.contains(text), "{what}: {}", said.stderr);
            }
            assert_eq!(said.stdout, "", "{what}");
            assert!(!to.exists(), "{what}");
        }
    }
    // Another layout is no other content.
    let text = read(&part).to_string();
    std::fs::write(&part, text).expect("a file");
    merge(&[&other, &part], &to).must_exit(1);
}

/// Runs the cases that have this in their ids against a served panel.
fn results_of(panel: &Panel, folder: &Path, filter: &str) -> PathBuf {
    let path = folder.join(filter.replace('/', ""));
    let mut command = program();
    command.args(["run", panel.url(), filter, "--profile", PROFILE]);
    command.arg("--keys").arg(panel.keys_yaml());
    let report = format!("json={}", path.display());
    let said = run(command.arg("--report").arg(report));
    assert!(path.exists(), "{}", said.all());
    path
}

/// The place of the first case that stands so.
fn place(all: &Value, standing: &str) -> usize {
    let mut cases = all["cases"].as_array().expect("cases").iter();
    let found = cases.position(|case| case["standing"] == standing);
    found.unwrap_or_else(|| panic!("a case that is {standing}"))
}

/// A list that can be changed.
fn list<'a>(all: &'a mut Value, name: &str) -> &'a mut Vec<Value> {
    all[name].as_array_mut().expect("a list")
}

/// The first case that stands so.
fn first<'a>(all: &'a mut Value, standing: &str) -> &'a mut Value {
    let place = place(all, standing);
    &mut all["cases"][place]
}

fn no_parts() {
    let folder = tempfile::tempdir().expect("a folder");
    let part = |name, filter, profile| results(folder.path(), name, filter, profile);
    let heads = part("heads", "envelopes/head/no-key", PROFILE);
    let again = part("again", "envelopes/head/", PROFILE);
    let other = part("other", "lifecycle/", "pterodactyl-1.14");
    let to = folder.path().join("merged");
    let torn = folder.path().join("torn");
    let text = std::fs::read_to_string(&heads).expect("results");
    std::fs::write(&torn, &text[..text.len() / 2]).expect("a file");
    let suite = folder.path().join("suite");
    let hash = read(&heads)["suites"][0]["sha256"]
        .as_str()
        .expect("a hash")
        .to_owned();
    std::fs::write(&suite, text.replace(&hash, "0")).expect("a file");
    let version = folder.path().join("version");
    let ours = format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION"));
    assert!(text.contains(&ours), "{text:.500}");
    std::fs::write(&version, text.replacen(&ours, "\"version\": \"9.9.9\"", 1)).expect("a file");
    let options = folder.path().join("options");
    let mut agreed_otherwise = read(&heads);
    agreed_otherwise["options"]["has"] = serde_json::json!(["maintenance"]);
    agreed_otherwise["options"]["trust_source"] = serde_json::json!(true);
    std::fs::write(&options, agreed_otherwise.to_string()).expect("a file");
    let rows = [
        (
            vec![&heads, &again],
            "both have the case `authentication/envelopes/head/no-key`",
        ),
        (vec![&heads, &heads], "both have the case"),
        (vec![&heads, &other], "differ in the profile"),
        (vec![&heads, &suite], "differ in the suites"),
        (
            vec![&heads, &version],
            "differ in the version of the program",
        ),
        (
            vec![&heads, &options],
            "differ in the options: `trust_source`, `has`\n",
        ),
        (vec![&heads, &torn], "no results of a run"),
        (vec![&heads], "at least two parts"),
    ];
    for (parts, wanted) in rows {
        let said = merge(&parts, &to);
        said.must_exit(2);
        assert!(said.stderr.contains(wanted), "{wanted}: {}", said.stderr);
        assert!(!to.exists(), "{wanted}");
    }
}
