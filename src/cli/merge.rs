//! `merge`: joins the results of parts of one run.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::reports::{ReportArguments, Unwritten};
use super::show::ShowArguments;
use super::{SpecsArguments, exit, fail, report, say};
use crate::report::{merge, terminal};
use crate::spec::Specs;

#[derive(Args)]
pub(super) struct Arguments {
    /// The results of each part, as `--report json=FILE` writes them
    #[arg(value_name = "FILE", required = true)]
    parts: Vec<PathBuf>,
    #[command(flatten)]
    reports: ReportArguments,
    #[command(flatten)]
    show: ShowArguments,
    #[command(flatten)]
    specs: SpecsArguments,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let specs = match arguments.specs.load() {
        Ok(specs) => specs,
        Err(code) => return code,
    };
    match begin(arguments, &specs) {
        Ok(code) => code,
        Err(message) => fail(&message),
    }
}

fn begin(arguments: &Arguments, specs: &Specs) -> Result<ExitCode, String> {
    let parts = arguments.parts.iter().map(|path| {
        let results = report::read(path)?;
        Ok((path.display().to_string(), results))
    });
    let whole = merge(specs, parts.collect::<Result<_, String>>()?).map_err(|e| e.to_string())?;
    let mut reports = arguments.reports.open()?;
    match reports.write(&whole) {
        Err(Unwritten::Failed(message)) => return Err(message),
        Err(Unwritten::ReaderGone) => return Ok(ExitCode::from(exit::INTERRUPTED)),
        Ok(()) if reports.take_stdout() => return Ok(ExitCode::from(whole.exit_code)),
        Ok(()) => {}
    }
    let said = say(&terminal(&whole, &arguments.show.screen()));
    Ok(if said == ExitCode::from(exit::OK) {
        ExitCode::from(whole.exit_code)
    } else {
        said
    })
}
