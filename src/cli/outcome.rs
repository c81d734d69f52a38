//! What a run came to, told to everybody who is to know: the reports, then the terminal.

use std::io::Write;
use std::process::ExitCode;

use super::prepare::Prepared;
use super::reports::{Reports, Unwritten};
use super::show::ShowArguments;
use super::voice::Voice;
use super::{exit, say_with};
use crate::report::results::NotBegun;
use crate::report::{Finished, Results, Told, in_vain, terminal};
use crate::run::Trouble;
use crate::spec::Specs;

/// What is known of a run before it begins.
pub(super) struct Known<'r> {
    pub(super) specs: &'r Specs,
    /// Whether missing keys are agreed to.
    pub(super) partial: bool,
    /// Which cases the reports tell.
    pub(super) told: Told,
    /// When it began.
    pub(super) started: String,
}

impl<'r> Known<'r> {
    /// A run of which nothing more is known yet.
    pub(super) fn of(&self, prepared: &Prepared) -> Finished<'r> {
        prepared.finished(self.specs, self.started.clone(), self.partial)
    }
}

/// How a run ended.
pub(super) enum Ended {
    /// It was begun, and this came of it; its recording may not have been written.
    Over(Box<Results>, Result<(), String>),
    /// It could not begin.
    InVain(Box<Results>),
}

impl Ended {
    /// A run that could not begin.
    pub(super) fn in_vain(finished: Finished<'_>, trouble: Option<&Trouble>) -> Self {
        Self::InVain(Box::new(not_begun(finished, trouble)))
    }
}

/// What reports tell of a run that could not begin. No trouble: somebody ended it.
pub(crate) fn not_begun(finished: Finished<'_>, trouble: Option<&Trouble>) -> Results {
    let finished = match trouble {
        None => Finished {
            interrupted: true,
            ..finished
        },
        Some(trouble) => finished.kept_from(trouble.hindrance(), code_of(trouble)),
    };
    finished.results()
}

fn code_of(trouble: &Trouble) -> u8 {
    match trouble {
        Trouble::Key(_) => exit::USAGE,
        Trouble::Target(_) => exit::UNDECIDED,
    }
}

/// Writes the reports of a run that could not begin, and says why; the exit code.
pub(crate) fn tell_in_vain(reports: &mut Reports, results: &Results) -> Result<u8, String> {
    let written = reports.write(results);
    if let Some(not_begun) = &results.not_begun {
        tell!("error: {}", in_vain(not_begun));
    }
    match written {
        Err(Unwritten::Failed(message)) => Err(message),
        _ => Ok(results.exit_code),
    }
}

/// What keeps something from beginning, on a terminal; the exit code.
pub(super) fn tell_trouble(trouble: &Trouble) -> u8 {
    tell!("error: {}", in_vain(&NotBegun::of(trouble.hindrance())));
    code_of(trouble)
}

/// Writes the reports of results that no run of this process has brought, then shows them, unless a
/// report has standard output; the exit code.
pub(super) fn tell(
    results: &Results,
    reports: &mut Reports,
    show: ShowArguments,
) -> Result<ExitCode, String> {
    let written = reports.write(results);
    let code = match &written {
        Err(Unwritten::ReaderGone) => ExitCode::from(exit::INTERRUPTED),
        _ if reports.take_stdout() => ExitCode::from(results.exit_code),
        _ => say_with(&terminal(results, &show.screen()), results.exit_code),
    };
    match written {
        Err(Unwritten::Failed(message)) => Err(message),
        _ => Ok(code),
    }
}

/// What came of a run whose recording may not have been written: all that is wrong is told.
pub(super) fn both<T>(recorded: &Result<(), String>, told: Result<T, String>) -> Result<T, String> {
    match (recorded, told) {
        (Ok(()), told) => told,
        (Err(one), Ok(_)) => Err(one.clone()),
        (Err(one), Err(other)) => Err(format!("{one}; {other}")),
    }
}

/// Those who are told of one run.
pub(super) struct Telling {
    pub(super) show: ShowArguments,
    pub(super) reports: Reports,
}

impl Telling {
    /// Tells them; the exit code.
    pub(super) fn tell(&mut self, ended: &Ended) -> Result<u8, String> {
        match ended {
            Ended::Over(results, recorded) => both(recorded, self.show(results)),
            Ended::InVain(results) => tell_in_vain(&mut self.reports, results),
        }
    }

    fn show(&mut self, results: &Results) -> Result<u8, String> {
        let written = self.reports.write(results);
        let shown = match &written {
            Err(Unwritten::ReaderGone) => Ok(()),
            _ => self.print(results),
        };
        super::tell_waivers(&Voice::default(), results);
        match written.and(shown) {
            Ok(()) => Ok(results.exit_code),
            // The reader went away: nobody is told a verdict, so none is given.
            Err(Unwritten::ReaderGone) => Ok(exit::INTERRUPTED),
            Err(Unwritten::Failed(message)) => Err(message),
        }
    }

    /// Shows the results, beside a report that has standard output.
    fn print(&self, results: &Results) -> Result<(), Unwritten> {
        let text = terminal(results, &self.show.screen());
        let shown = if self.reports.take_stdout() {
            std::io::stderr().lock().write_all(text.as_bytes())
        } else {
            std::io::stdout().lock().write_all(text.as_bytes())
        };
        shown.map_err(|error| Unwritten::of_stdout(&error))
    }
}
