//! What a run came to, told to everybody who is to know: the reports, then the terminal.

use std::io::Write;

use super::exit;
use super::options::RunOptions;
use super::prepare::Prepared;
use super::reports::{Reports, Unwritten};
use super::show::ShowArguments;
use crate::report::{Finished, Told, terminal};
use crate::spec::Specs;

/// Everything about a run that is known before it begins.
pub(super) struct Telling<'r> {
    pub(super) specs: &'r Specs,
    pub(super) options: &'r RunOptions,
    pub(super) show: ShowArguments,
    pub(super) reports: Reports,
    /// When it began.
    pub(super) started: String,
}

impl<'r> Telling<'r> {
    /// A run of which nothing is known yet.
    pub(super) fn of(&self, prepared: &Prepared) -> Finished<'r> {
        prepared.finished(self.specs, self.started.clone(), self.options.partial)
    }

    /// Writes that a run could not begin; who started it is told elsewhere.
    pub(super) fn not_begun(
        &mut self,
        prepared: &Prepared,
        why: &str,
        code: u8,
    ) -> Result<(), String> {
        let finished = self.of(prepared).not_begun(why, code);
        match self.reports.write(&finished.results()) {
            Ok(()) | Err(Unwritten::ReaderGone) => Ok(()),
            Err(Unwritten::Failed(message)) => Err(message),
        }
    }

    /// Which cases the reports tell.
    pub(super) fn told(&self) -> Told {
        self.reports.told()
    }

    /// Writes the reports, then shows the run; the exit code.
    pub(super) fn tell(&mut self, finished: &Finished<'_>) -> Result<u8, String> {
        let results = finished.results();
        let text = terminal(&results, &self.show.screen());
        let written = self.reports.write(&results).and_then(|()| {
            let shown = if self.reports.take_stdout() {
                std::io::stderr().lock().write_all(text.as_bytes())
            } else {
                std::io::stdout().lock().write_all(text.as_bytes())
            };
            shown.map_err(|error| Unwritten::of_stdout(&error))
        });
        super::tell_waivers(&results);
        match written {
            Ok(()) => Ok(results.exit_code),
            // The reader went away: nobody is told a verdict, so none is given.
            Err(Unwritten::ReaderGone) => Ok(exit::INTERRUPTED),
            Err(Unwritten::Failed(message)) => Err(message),
        }
    }
}
