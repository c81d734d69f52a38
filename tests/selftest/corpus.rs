//! Wrong suites and what `check` says of each; suites that are right.
//!
//! `BLESS=1` writes what is said now as what has to be said.

use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};

use super::program::{Said, program, root, run};

pub(crate) fn trials() -> Vec<Trial> {
    let invalid = suites("invalid").into_iter().map(|suite| {
        let name = format!("corpus/invalid/{}", stem(&suite));
        Trial::test(name, move || refuses(&suite))
    });
    let valid = suites("valid").into_iter().map(|suite| {
        let name = format!("corpus/valid/{}", stem(&suite));
        Trial::test(name, move || {
            accepts(&suite);
            Ok(())
        })
    });
    let whole = Trial::test("corpus/whole", is_whole);
    invalid.chain(valid).chain([whole]).collect()
}

fn corpus(kind: &str) -> PathBuf {
    root().join("tests/selftest").join(kind)
}

/// The suites of a folder of the corpus, in the order of their names.
fn suites(kind: &str) -> Vec<PathBuf> {
    let mut found = files(kind, "yaml");
    found.sort();
    found
}

fn files(kind: &str, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(corpus(kind)).expect("the corpus");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect()
}

fn stem(path: &Path) -> String {
    let stem = path.file_stem().expect("a name");
    stem.to_string_lossy().into_owned()
}

/// What `check` says of a suite beside those of the checkout.
fn check(suite: &Path) -> Said {
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("specs");
    fs::create_dir(&copy).expect("a folder");
    fs::copy(suite, copy.join(suite.file_name().expect("a name"))).expect("a file");
    run(program()
        .args(["check", "specs"])
        .current_dir(folder.path()))
}

fn refuses(suite: &Path) -> Result<(), Failed> {
    let said = check(suite);
    said.must_exit(2);
    assert_eq!(said.stdout, "");
    let expectation = suite.with_extension("stderr");
    if std::env::var_os("BLESS").is_some_and(|value| value == "1") {
        fs::write(&expectation, &said.stderr).expect("a file");
    }
    let expected = fs::read_to_string(&expectation)
        .map_err(|error| format!("{}: {error}; BLESS=1 writes it", expectation.display()))?;
    if said.stderr == expected {
        return Ok(());
    }
    Err(difference(&expected, &said.stderr).into())
}

fn difference(expected: &str, said: &str) -> String {
    let diff = similar::TextDiff::from_lines(expected, said);
    let shown = diff.unified_diff().header("expected", "said").to_string();
    format!("{shown}\nBLESS=1 takes what is said now")
}

fn accepts(suite: &Path) {
    let said = check(suite);
    said.must_exit(0);
    assert_eq!(said.stderr, "");
    assert!(said.stdout.ends_with(": no error\n"), "{}", said.stdout);
}

/// No expectation has lost its suite.
fn is_whole() -> Result<(), Failed> {
    assert!(!suites("invalid").is_empty() && !suites("valid").is_empty());
    let alone = |path: &PathBuf| !path.with_extension("yaml").exists();
    match files("invalid", "stderr").iter().find(|path| alone(path)) {
        Some(path) => Err(format!("{} has no suite", path.display()).into()),
        None => Ok(()),
    }
}
