//! `profile diff`: what changes between two contracts; no panel is asked.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{SpecsArguments, fail, say};
use crate::report::compare_profiles;

#[derive(Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Say in sentences what changes for whom between two contracts
    Diff(Diff),
}

#[derive(Args)]
struct Diff {
    /// The contract as it was; `list --profiles` names them
    from: String,
    /// The contract as it is
    to: String,
    /// List routes and changes of wording, not only their number
    #[arg(long, short)]
    verbose: bool,
    #[command(flatten)]
    specs: SpecsArguments,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let Command::Diff(diff) = &arguments.command;
    let specs = match diff.specs.load() {
        Ok(specs) => specs,
        Err(code) => return code,
    };
    let named = |name: &str| super::profile(&specs.contract, name);
    match named(&diff.from).and_then(|from| Ok((from, named(&diff.to)?))) {
        Ok((from, to)) if from.name.value == to.name.value => {
            say(&format!("{} is compared with itself\n", from.name.value))
        }
        Ok((from, to)) => say(&compare_profiles(&specs.contract, from, to, diff.verbose)),
        Err(message) => fail(&message),
    }
}
