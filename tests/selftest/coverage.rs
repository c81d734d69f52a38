//! The table of checks and routes is the one that is committed, and has no hole without a reason.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;

use libtest_mimic::{Failed, Trial};
use ptero_conformance::spec::{Source, Specs};

use super::mutants::copy;
use super::program::{Said, program, root, run};

/// How the table is made again.
const AGAIN: &str = "cargo run -- check specs --coverage > tests/coverage.csv";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("coverage/is-current", is_current),
        Trial::test("coverage/the-summary-counts-what-is-reached", || {
            counts_what_is_reached();
            Ok(())
        }),
        Trial::test("coverage/every-route-and-check", || {
            every_route_and_check();
            Ok(())
        }),
        Trial::test("coverage/a-hole-needs-a-reason", || {
            let said = check_with(
                "why: nothing is written",
                "routes: { effects: [none] }",
                "routes: { effects: [mints] }",
            );
            said.must_exit(2);
            let hole = "no case makes the check `read-only` on `GET /api/application/users`, and no reason says why";
            assert!(said.stderr.contains(hole), "{}", said.stderr);
            Ok(())
        }),
        Trial::test("coverage/a-reason-needs-a-hole", || {
            let said = check_with("why: nothing is written", "[read-only]", "[no-key]");
            assert!(
                said.stderr
                    .contains("a reason explains no hole: nothing is written"),
                "{}",
                said.stderr
            );
            Ok(())
        }),
        Trial::test("coverage/an-unknown-check-is-located", || {
            let said = check_with("why: nothing is written", "[read-only]", "[read-onyl]");
            said.must_exit(2);
            for part in [
                "unknown check `read-onyl`",
                "coverage.yaml:",
                "did you mean `read-only`?",
            ] {
                assert!(said.stderr.contains(part), "{part}: {}", said.stderr);
            }
            Ok(())
        }),
        Trial::test("coverage/an-unknown-condition-is-located", || {
            let said = check_with("name: ownership", "because: hidden", "because: hiden");
            said.must_exit(2);
            for part in [
                "unknown condition `hiden`",
                "coverage.yaml:",
                "did you mean `hidden`?",
            ] {
                assert!(said.stderr.contains(part), "{part}: {}", said.stderr);
            }
            Ok(())
        }),
    ]
}

/// What the summary says of the checks that a run reached, and how many cases passed.
fn reached(filters: &[&str]) -> (String, usize) {
    let mut command = program();
    command.args(["run", "--embedded", "--profile", "pterodactyl-1.11"]);
    let said = run(command.args(filters));
    said.must_exit(0);
    let find = |start: &str| {
        said.stdout
            .lines()
            .find_map(|line| line.strip_prefix(start))
    };
    let line = find("checks reached at ids that exist: ").expect("the line");
    let passed = said
        .stdout
        .split(" passed")
        .next()
        .and_then(|text| text.rsplit(' ').next());
    let passed = passed
        .and_then(|number| number.parse().ok())
        .expect("a number");
    (line.to_owned(), passed)
}

/// A check counts where it was reached, and a refusal for another reason is none.
fn counts_what_is_reached() {
    let (line, passed) = reached(&["authentication/ownership/reading/"]);
    let wanted = format!(
        "key type on 0 of 112 routes, permission on 0 of 94 routes, ownership on {passed} of 54 routes"
    );
    assert_eq!(line, wanted);
    assert!(passed > 10, "{passed}");
    // Refused everywhere, and for missing ids: that says nothing about rights.
    let vain = [
        "authentication/no-key/",
        "authentication/ownership/missing-server/",
        "authentication/order/id-before",
    ];
    let (line, passed) = reached(&vain);
    assert!(
        line.starts_with("key type on 0 of") && line.ends_with("ownership on 0 of 54 routes"),
        "{line}"
    );
    assert!(passed > 100, "{passed}");
    let (line, _) = reached(&[]);
    let counts: Vec<usize> = line
        .split(' ')
        .filter_map(|word| word.parse().ok())
        .collect();
    let [types, _, permissions, _, owners, _] = counts[..] else {
        panic!("{line}")
    };
    assert!(types > 70 && permissions > 60 && owners > 30, "{line}");
}

fn table() -> String {
    let mut command = program();
    command
        .args(["check", "specs", "--coverage"])
        .current_dir(root());
    let said = run(&mut command);
    said.must_exit(0);
    said.stdout
}

/// Says which rows differ, and how the file is made again.
fn is_current() -> Result<(), Failed> {
    let committed = fs::read_to_string(root().join("tests/coverage.csv"))?;
    let made = table();
    if committed == made {
        return Ok(());
    }
    let (old, new): (BTreeSet<_>, BTreeSet<_>) =
        (committed.lines().collect(), made.lines().collect());
    let mut text = String::from("tests/coverage.csv is out of date:\n");
    for line in old.difference(&new) {
        let _ = writeln!(text, "- {line}");
    }
    for line in new.difference(&old) {
        let _ = writeln!(text, "+ {line}");
    }
    if old == new {
        text += "its rows have another order\n";
    }
    Err(format!("{text}to make it again: {AGAIN}").into())
}

/// Counted without the table: it has each route of the inventory with each check, once, and either
/// a case that exists or a reason.
fn every_route_and_check() {
    let specs = Specs::load(&Source::Folder("specs".into())).expect("the specification");
    let contract = &specs.contract;
    let ids: BTreeSet<_> = specs.cases().map(|case| case.id.to_string()).collect();
    let made = table();
    let rows: Vec<_> = made
        .lines()
        .skip(1)
        .map(|line| line.splitn(4, ',').collect::<Vec<_>>())
        .collect();
    let pairs: BTreeSet<_> = rows.iter().map(|row| (row[0], row[1])).collect();
    let (routes, checks) = (
        contract.inventory.routes.len(),
        contract.coverage.checks.len(),
    );
    assert!(
        routes > 200 && checks == 8,
        "{routes} routes, {checks} checks"
    );
    assert_eq!(
        (rows.len(), pairs.len()),
        (routes * checks, routes * checks)
    );
    for row in rows {
        assert_ne!(row[2].is_empty(), row[3].is_empty(), "{row:?}");
        assert!(row[2].is_empty() || ids.contains(row[2]), "{row:?}");
    }
}

/// What `check` says of a copy of the specification in which a part of one line, or of the lines
/// up to three before it, is another.
fn check_with(near: &str, from: &str, to: &str) -> Said {
    let folder = tempfile::tempdir().expect("a folder");
    let specs = folder.path().join("specs");
    copy(&root().join("specs"), &specs);
    copy(&root().join("schemas"), &folder.path().join("schemas"));
    let path = specs.join("coverage.yaml");
    let text = fs::read_to_string(&path).expect("a file");
    let end = text.find(near).expect("the line") + near.len();
    let line_end = text[end..].find('\n').map_or(text.len(), |at| end + at);
    let start = text[..line_end].rfind(from).expect("what is changed");
    let changed = format!("{}{to}{}", &text[..start], &text[start + from.len()..]);
    fs::write(path, changed).expect("a file");
    run(program()
        .args(["check", "specs"])
        .current_dir(folder.path()))
}
