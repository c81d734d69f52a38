//! `list`: the cases, the requirements with their cases, or the profiles; no panel is asked.

use std::process::ExitCode;

use clap::Args;

use super::{SpecsArguments, exit, fail, report};
use crate::spec::{Case, Specs, VerifiedBy};

#[derive(Args)]
pub(super) struct Arguments {
    /// Only ids, one a line
    #[arg(long)]
    ids: bool,
    /// The requirements, each with its cases or why it has none
    #[arg(long, conflicts_with_all = ["ids", "filters"])]
    requirements: bool,
    /// The profiles, each with the versions it speaks of
    #[arg(long, conflicts_with_all = ["ids", "requirements", "filters"])]
    profiles: bool,
    /// Only cases whose id has one of these texts in it
    #[arg(value_name = "FILTER")]
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
    } else if arguments.profiles {
        list_profiles(&specs);
    } else if specs.broken.is_empty() && !specs.cases().any(|case| arguments.choose(case)) {
        return fail("no case has one of these texts in its id; `list --ids` names them all");
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

impl Arguments {
    fn choose(&self, case: &Case) -> bool {
        let id = case.id.as_str();
        self.filters.is_empty() || self.filters.iter().any(|f| id.contains(f.as_str()))
    }
}

fn list_cases(specs: &Specs, arguments: &Arguments) {
    for suite in &specs.suites {
        let cases: Vec<_> = suite
            .cases
            .iter()
            .filter(|case| arguments.choose(case))
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

fn list_profiles(specs: &Specs) {
    for profile in &specs.contract.profiles {
        println!("{}  {}", profile.name.value, profile.title);
        println!(
            "    versions {} to {}, {}: {}",
            profile.versions.from, profile.versions.to, profile.origin, profile.source
        );
    }
}
