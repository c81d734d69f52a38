//! `waive`: entries for a file of waivers, of what failed in a run, with the reason left to fill in.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::{fail, say};
use crate::report::Results;
use crate::report::results::CaseVerdict;
use crate::target::TO_FILL_IN;
use crate::verdict::{Deviation, Standing, in_words};

#[derive(Args)]
pub(super) struct Arguments {
    /// The results of a run, as `--report json=FILE` writes them
    #[arg(value_name = "FILE")]
    results: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    match super::report::read(&arguments.results) {
        Ok(results) => say(&entries(&results)),
        Err(message) => fail(&message),
    }
}

/// One entry for all cases of a scenario that show the same.
fn entries(results: &Results) -> String {
    let mut found: BTreeMap<(String, Vec<String>), usize> = BTreeMap::new();
    for case in &results.cases {
        let CaseVerdict::Deviates { deviations } = &case.verdict else {
            continue;
        };
        if case.standing != Standing::Failed {
            continue;
        }
        let words = deviations.iter().filter_map(|told| {
            in_words(&Deviation {
                step: 0,
                kind: told.kind,
                what: told.what.clone(),
                expected: told.expected.clone(),
                observed: told.observed.clone(),
            })
        });
        let mut shows: Vec<_> = words.collect();
        shows.sort();
        shows.dedup();
        *found.entry((scenario(&case.id), shows)).or_default() += 1;
    }
    let mut text = String::from("waivers:\n");
    for ((cases, shows), count) in found {
        text += &format!("  - cases: {}\n    shows:\n", quoted(&cases));
        text += &shows
            .iter()
            .map(|shown| format!("      - {}\n", quoted(shown)))
            .collect::<String>();
        text += &format!(
            "    count: {count}\n    profile: {}\n    reason: {TO_FILL_IN}\n    owner: {TO_FILL_IN}\n    expires: {TO_FILL_IN}\n",
            results.profile.name
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
