//! `list`: the cases, or the requirements with their cases; no panel is asked.

use std::process::ExitCode;

use clap::Args;

use super::{SpecsArguments, exit, report};
use crate::spec::{Specs, VerifiedBy};

#[derive(Args)]
pub(super) struct Arguments {
    /// Only ids, one a line
    #[arg(long, conflicts_with = "requirements")]
    ids: bool,
    /// The requirements, each with its cases or why it has none
    #[arg(long)]
    requirements: bool,
    /// Only cases whose id has one of these texts in it
    filters: Vec<String>,
    #[command(flatten)]
    specs: SpecsArguments,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let specs = match arguments.specs.load() {
        Ok(specs) => specs,
        Err(code) => return code,
    };
    if arguments.requirements {
        list_requirements(&specs);
    } else {
        list_cases(&specs, arguments);
    }
    let troubles: Vec<_> = specs
        .broken
        .iter()
        .flat_map(|b| b.diagnostics.iter().cloned())
        .collect();
    if troubles.is_empty() {
        ExitCode::from(exit::OK)
    } else {
        report(&troubles)
    }
}

fn list_cases(specs: &Specs, arguments: &Arguments) {
    let wanted = |id: &str| {
        arguments.filters.is_empty() || arguments.filters.iter().any(|f| id.contains(f.as_str()))
    };
    for suite in &specs.suites {
        let cases: Vec<_> = suite
            .cases
            .iter()
            .filter(|case| wanted(case.id.as_str()))
            .collect();
        if !arguments.ids && !cases.is_empty() {
            println!(
                "\n{}  ({} cases, {})",
                suite.title,
                cases.len(),
                suite.file.shown
            );
        }
        for case in cases {
            if arguments.ids {
                println!("{}", case.id);
            } else {
                println!("  {:6} {}", case.scenario.level.to_string(), case.id);
            }
        }
    }
}

fn list_requirements(specs: &Specs) {
    for requirement in &specs.contract.requirements {
        let id = &requirement.id.value;
        println!("{id} ({}) {}", requirement.level, requirement.text);
        println!("    source: {}", requirement.source);
        match &requirement.verified_by {
            VerifiedBy::Manual(reason) => println!("    manual: {reason}"),
            VerifiedBy::Cases => {
                for case in specs
                    .cases()
                    .filter(|case| case.scenario.requires.contains(id))
                {
                    println!("    {}", case.id);
                }
            }
        }
    }
}
