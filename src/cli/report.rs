//! `report`: other formats of results that a run has left as JSON.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::reports::{ReportArguments, Unwritten};
use super::show::ShowArguments;
use super::{exit, fail, say};
use crate::recording::RunRecording;
use crate::report::{Results, disagreement, from_json, terminal};

#[derive(Args)]
pub(super) struct Arguments {
    /// The results of a run, as `--report json=FILE` writes them; `-` is standard input
    #[arg(value_name = "FILE")]
    results: PathBuf,
    #[command(flatten)]
    reports: ReportArguments,
    #[command(flatten)]
    show: ShowArguments,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    match begin(arguments) {
        Ok(code) => code,
        Err(message) => fail(&message),
    }
}

fn begin(arguments: &Arguments) -> Result<ExitCode, String> {
    let results = read(&arguments.results)?;
    let mut reports = arguments.reports.open()?;
    if reports.is_empty() {
        return Ok(say(&terminal(&results, &arguments.show.screen())));
    }
    match reports.write(&results) {
        Ok(()) => Ok(ExitCode::from(exit::OK)),
        Err(Unwritten::ReaderGone) => Ok(ExitCode::from(exit::INTERRUPTED)),
        Err(Unwritten::Failed(message)) => Err(message),
    }
}

/// Reads results whose sums follow from their cases; others were changed by somebody.
pub(super) fn read(path: &PathBuf) -> Result<Results, String> {
    let text = if path.as_os_str() == "-" {
        std::io::read_to_string(std::io::stdin())
    } else {
        std::fs::read_to_string(path)
    };
    let text = text.map_err(|error| format!("{}: {error}", path.display()))?;
    let results = from_json(&text).map_err(|error| {
        let shown = path.display();
        match RunRecording::read(&text) {
            Ok(_) => format!(
                "{shown}: this is a recording; results are what `run --report json=FILE` writes, or `replay {shown} \
                 --report json=FILE`"
            ),
            Err(_) => format!("{shown}: {error}"),
        }
    })?;
    match disagreement(&results) {
        None => Ok(results),
        Some(what) => Err(format!(
            "{}: these results were changed after they were written: {what}; take the file that the run has \
             written, or run again",
            path.display()
        )),
    }
}
