//! `merge`: parts of a run are that run; what is no part of it is named.

use std::path::{Path, PathBuf};

use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::program::{Said, program, run};
use super::trials::named;

const PROFILE: &str = "pterodactyl-1.11";

/// What the ids of all cases begin with.
const PARTS: [&str; 4] = ["authentication/", "hardening/", "lifecycle/", "limits/"];

pub(crate) fn trials() -> Vec<Trial> {
    let all: [(&str, fn()); 3] = [
        ("as-one-run", as_one_run),
        ("several-panels", several_panels),
        ("no-parts", no_parts),
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
    let of_other = |name: &str, part: &Path, code: u8| {
        let mut results = read(part);
        let other = "https://other.example.com";
        results["target"] = json!({ "name": other, "base": other });
        results["exit_code"] = json!(code);
        let path = folder.path().join(name);
        std::fs::write(&path, results.to_string()).expect("a file");
        path
    };
    let other = of_other("other.json", &heads, 1);
    let to = folder.path().join("of-{target}");
    let said = merge(&[&heads, &other, &limits], &to);
    said.must_exit(1);
    let lines: Vec<_> = said.stdout.lines().collect();
    assert_eq!(lines.len(), 4, "{}", said.stdout);
    assert_eq!(lines[0], "2 panels of 3 results");
    assert!(lines[1].starts_with("  heads ") && lines[1].ends_with("PASSED"));
    assert!(lines[2].starts_with("  other  https://other.example.com "));
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
    let again = of_other("again.json", &heads, 0);
    let said = merge(&[&heads, &other, &again], &to);
    said.must_exit(2);
    assert!(said.stderr.contains("other.json and "), "{}", said.stderr);
    assert!(
        said.stderr.contains("again.json both have the case"),
        "{}",
        said.stderr
    );
    let alike = of_other("heads.json", &heads, 0);
    let said = merge(&[&heads, &alike], &to);
    said.must_exit(2);
    assert!(
        said.stderr.contains("would have one name"),
        "{}",
        said.stderr
    );
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
    let rows = [
        (
            vec![&heads, &again],
            "both have the case `authentication/envelopes/head/no-key`",
        ),
        (vec![&heads, &heads], "both have the case"),
        (vec![&heads, &other], "differ in the profile"),
        (vec![&heads, &suite], "differ in the suites"),
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
