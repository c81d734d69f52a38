//! `waive`: entries for a file of waivers, of what failed in a run, with the reason left to fill in.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::{fail, say};
use crate::report::Results;
use crate::report::results::{CaseVerdict, DeviationTold};
use crate::target::TO_FILL_IN;
use crate::verdict::{Deviation, Standing, shown_by};

#[derive(Args)]
pub(super) struct Arguments {
    /// The results of a run, as `--report json=FILE` writes them
    #[arg(value_name = "FILE")]
    results: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    match super::report::read(&arguments.results) {
        Ok(results) => {
            let found = found(&results);
            if found.is_empty() {
                tell!(
                    "note: {}: no case has failed, so that there is nothing to waive",
                    arguments.results.display()
                );
            }
            say(&written(&found, &results.profile.name))
        }
        Err(message) => fail(&message),
    }
}

/// How many cases of a pattern show the same.
type Found = BTreeMap<(String, Vec<String>), usize>;

/// One entry for all cases of a scenario that show the same.
fn found(results: &Results) -> Found {
    let mut found = Found::new();
    for case in &results.cases {
        let CaseVerdict::Deviates { deviations } = &case.verdict else {
            continue;
        };
        if case.standing != Standing::Failed {
            continue;
        }
        let found_here: Vec<_> = deviations.iter().map(deviation).collect();
        let shows = shown_by(&found_here).into_iter().collect();
        *found.entry((scenario(&case.id), shows)).or_default() += 1;
    }
    found
}

fn deviation(told: &DeviationTold) -> Deviation {
    Deviation {
        step: told.step,
        kind: told.kind,
        what: told.what.clone(),
        expected: told.expected.clone(),
        observed: told.observed.clone(),
    }
}

fn written(found: &Found, profile: &str) -> String {
    if found.is_empty() {
        return "waivers: []\n".to_owned();
    }
    let mut text = String::from("waivers:\n");
    for ((cases, shows), count) in found {
        text += &format!("  - cases: {}\n    shows:\n", quoted(cases));
        text += &shows
            .iter()
            .map(|shown| format!("      - {}\n", quoted(shown)))
            .collect::<String>();
        text += &format!(
            "    count: {count}\n    profile: {profile}\n    reason: {TO_FILL_IN}\n    owner: {TO_FILL_IN}\n    expires: {TO_FILL_IN}\n"
        );
    }
    text
}

/// The pattern of the cases of a scenario: three parts of the id name the suite and the scenario.
fn scenario(id: &str) -> String {
    let parts: Vec<_> = id.split('/').collect();
    match parts.get(3..) {
        Some([_, ..]) => format!("{}/*", parts[..3].join("/")),
        _ => id.to_owned(),
    }
}

/// A text between quotes, as YAML reads it.
fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::exchange::printable;
    use crate::target::Waivers;
    use crate::verdict::About;

    /// Texts as results have them.
    fn text() -> impl Strategy<Value = String> {
        any::<String>().prop_map(|text| printable(&text))
    }

    fn found() -> impl Strategy<Value = Found> {
        let shows = prop::collection::btree_set(text(), 1..4).prop_map(Vec::from_iter);
        prop::collection::btree_map(("[a-z*/-]{1,9}", shows), 1_usize..9, 1..4)
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(found in found()) {
            let filled = written(&found, "pterodactyl-1.11")
                .replace("    reason: FILL IN\n    owner: FILL IN\n", "    reason: a\n    owner: b\n")
                .replace("    expires: FILL IN\n", "    expires: 2999-12-31\n");
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), &filled).unwrap();
            let read = Waivers::read(file.path()).map_err(TestCaseError::fail)?;
            let read = read.of("pterodactyl-1.11").into_iter().map(|waiver| {
                let About::Cases(cases) = waiver.about else { panic!("{filled}") };
                ((cases, Vec::from_iter(waiver.shows)), waiver.count)
            });
            prop_assert_eq!(read.collect::<Found>(), found);
        }
    }
}
