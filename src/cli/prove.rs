//! `prove`: every case against the reference panel with each of its defects.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::OnceLock;

use clap::Args;

use super::progress::{Bars, Progress};
use super::{SpecsArguments, exit, fail, report, say_with};
use crate::prove::{Conclusion, Options, ProveError, prove};
use crate::run::Additions;
use crate::spec::{Source, SourceFile};

#[derive(Args)]
pub(super) struct Arguments {
    /// Only these faults, see `serve --list-faults`; then nothing is said of cases without a fault
    #[arg(value_name = "FAULT")]
    faults: Vec<String>,
    /// Only the panel of this profile; can be given several times
    #[arg(long = "profile", value_name = "NAME")]
    profiles: Vec<String>,
    /// How many panels are run at once; by default one for each processor
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64))]
    jobs: Option<u8>,
    /// A table of what must notice each fault, instead of the built-in one (src/prove/faults.yaml)
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
    /// Also name the cases that no fault makes deviate, and what each fault does
    #[arg(long, short)]
    verbose: bool,
    #[command(flatten)]
    specs: SpecsArguments,
}

fn read(path: &Path) -> Result<SourceFile, String> {
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|error| format!("cannot read {shown}: {error}"))?;
    Ok(SourceFile::new(&shown, &shown, &text))
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let specs = match arguments.specs.load() {
        Ok(specs) => specs,
        Err(code) => return code,
    };
    let broken = specs.troubles();
    if !broken.is_empty() {
        return report(&broken);
    }
    let table = match arguments.table.as_deref().map(read).transpose() {
        Ok(table) => table,
        Err(why) => return fail(&why),
    };
    let additions = Additions::of(&specs.contract);
    let faults = arguments.faults.iter();
    let faults = faults
        .map(|name| super::fault(name, additions.all()))
        .collect();
    let faults = match faults {
        Ok(faults) => faults,
        Err(why) => return fail(&why),
    };
    let options = Options {
        table,
        faults,
        additions,
        profiles: arguments.profiles.clone(),
        jobs: arguments.jobs.map_or(0, usize::from),
        foreign: arguments.specs.source() != Source::Embedded,
    };
    let (bars, line) = (Bars::default(), OnceLock::new());
    let progress = |done: usize, of: usize| {
        line.get_or_init(|| Progress::new(&bars, None, of, "faulty panels"))
            .show(done);
    };
    let proof = prove(&specs, &options, &progress);
    if let Some(line) = line.get() {
        line.clear();
    }
    let proof = match proof {
        Ok(proof) => proof,
        Err(ProveError::Table(trouble)) => {
            tell!("{trouble}");
            return ExitCode::from(exit::USAGE);
        }
        Err(error) => return fail(&error.to_string()),
    };
    let code = match proof.conclusion() {
        Conclusion::Proven => exit::OK,
        Conclusion::NotProven => exit::FAILED,
        Conclusion::Nothing(_) => exit::UNDECIDED,
    };
    say_with(&proof.text(arguments.verbose), code)
}
