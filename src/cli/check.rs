//! `check`: everything that is wrong with a specification, without a panel.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::{report, say};
use crate::report::{counted, coverage_table};
use crate::spec::{Source, Specs, lint};

#[derive(Args)]
pub(super) struct Arguments {
    /// The folder to check; without one, the built-in specification
    #[arg(value_name = "DIR", env = "PTERO_SPECS", hide_env_values = true)]
    folder: Option<PathBuf>,
    /// Print which case makes which check on which route, or why none does, as CSV
    #[arg(long)]
    coverage: bool,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let source = arguments
        .folder
        .clone()
        .map_or(Source::Embedded, Source::Folder);
    let specs = match Specs::load(&source) {
        Ok(specs) => specs,
        Err(troubles) => return report(&troubles),
    };
    let mut troubles = specs.troubles();
    if troubles.is_empty() {
        troubles = lint(&specs);
    }
    if !troubles.is_empty() {
        return report(&troubles);
    }
    if arguments.coverage {
        return say(&coverage_table(&specs));
    }
    say(&format!(
        "{} in {}, {} requirements, {} profiles, {} routes: no error\n",
        counted(specs.cases().count(), "case"),
        counted(specs.suites.len(), "suite"),
        specs.contract.requirements.len(),
        specs.contract.profiles.len(),
        specs.contract.inventory.routes.len(),
    ))
}
