//! Ids: as many as there are rows, no two alike, and none that another row changes.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::spec::Contract;

static CONTRACT: LazyLock<Contract> = LazyLock::new(|| Contract::embedded().unwrap());

/// Axes by their values; the first is the endpoint.
type Axes = Vec<Vec<String>>;

/// A scenario whose header fields have every value of every axis.
fn suite(axes: &Axes) -> String {
    let quoted = |text: &String| serde_json::Value::from(text.as_str()).to_string();
    let mut text =
        String::from("title: T\nscenarios:\n  - id: s\n    title: A scenario\n    matrix:\n");
    for (number, values) in axes.iter().enumerate() {
        let values: Vec<_> = values.iter().map(quoted).collect();
        text += &format!("      a{number}: [{}]\n", values.join(", "));
    }
    text += "    request:\n      endpoint: GET /api/client\n      key: none\n      headers:\n";
    for number in 0..axes.len() {
        text += &format!("        X-{number}: \"${{a{number}}}\"\n");
    }
    text + "    expect: no-key\n"
}

/// The ids of a suite, or what is wrong with it.
fn ids(text: &str) -> Result<Vec<String>, String> {
    let file = SourceFile::new("a/b.yaml", "a/b.yaml", text);
    let (suites, broken) = read_all(&[file], &CONTRACT.names());
    match (suites.as_slice(), broken.as_slice()) {
        ([suite], []) => Ok(suite.cases.iter().map(|case| case.id.to_string()).collect()),
        ([], [broken]) => Err(broken.diagnostics.iter().map(ToString::to_string).collect()),
        _ => panic!("one file is one suite"),
    }
}

/// Values that are often spelled alike in an id.
fn axes() -> impl Strategy<Value = Axes> {
    let value = "[aAbB1][a-zA-Z0-9 ./{}_-]{0,4}";
    let axis = prop::collection::btree_set(value, 1..4).prop_map(Vec::from_iter);
    prop::collection::vec(axis, 1..4)
}

proptest! {
    #[test]
    fn every_row_has_an_id_of_its_own(axes in axes()) {
        let text = suite(&axes);
        let found = ids(&text);
        prop_assert_eq!(&found, &ids(&text), "the same twice");
        let rows: usize = axes.iter().map(Vec::len).product();
        match found {
            Ok(found) => {
                let different: BTreeSet<_> = found.iter().collect();
                prop_assert_eq!((found.len(), different.len()), (rows, rows));
                for id in &found {
                    prop_assert!(id.starts_with("a/b/s/"), "{id}");
                    prop_assert!(id.split('/').all(is_kebab), "{id}");
                }
            }
            Err(why) => prop_assert!(why.contains("exists already"), "{why}"),
        }
    }

    #[test]
    fn a_row_more_changes_no_other(axes in axes(), more in "z[a-z]{1,6}", axis in any::<usize>()) {
        let Ok(before) = ids(&suite(&axes)) else { return Ok(()) };
        let mut larger = axes.clone();
        let axis = axis % axes.len();
        larger[axis].insert(0, more);
        let after = ids(&suite(&larger)).unwrap();
        let kept: Vec<_> = after.iter().filter(|id| before.contains(id)).collect();
        prop_assert_eq!(kept, before.iter().collect::<Vec<_>>());
        let rows: usize = larger.iter().map(Vec::len).product();
        prop_assert_eq!(after.len(), rows);
        let mut reversed = axes;
        reversed[axis].reverse();
        let (mut reversed, mut sorted) = (ids(&suite(&reversed)).unwrap(), before);
        reversed.sort();
        sorted.sort();
        prop_assert_eq!(reversed, sorted);
    }
}

#[test]
fn two_suites_give_no_id_twice() {
    let one = suite(&vec![vec!["x".to_owned()]]);
    let other = one
        .replace("id: s\n", "id: x\n")
        .replace("    matrix:\n      a0: [\"x\"]\n", "");
    let other = other.replace("${a0}", "x");
    let file = |path: &str, text: &str| SourceFile::new(path, path, text);
    let files = [
        file("a.yaml", &one),
        file("a/s.yaml", &other),
        file("as.yaml", &one),
    ];
    let (suites, broken) = read_all(&files, &CONTRACT.names());
    let read: Vec<_> = suites.iter().map(|suite| &*suite.file.path).collect();
    assert_eq!(read, ["a.yaml", "as.yaml"]);
    let said = broken[0].diagnostics[0].to_string();
    assert!(
        said.contains("a case `a/s/x` exists already in a.yaml"),
        "{said}"
    );
}
