//! `--record FILE`, and recordings that commands read.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::outputs::{OutputFile, Taken};
use super::reports::named;
use crate::recording::RunRecording;
use crate::report::from_json;
use crate::spec::{Contract, Profile};

/// Where a run is recorded.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct RecordArguments {
    /// Keep all answers in a file, redacted, for `replay`, `compare` and `serve --replay`
    #[arg(
        long,
        value_name = "FILE",
        env = "PTERO_RECORD",
        hide_env_values = true
    )]
    record: Option<PathBuf>,
}

/// A file that a recording goes into.
pub(super) struct RecordFile(OutputFile);

impl RecordArguments {
    /// Where one panel of several is recorded: its name is in the name of the file.
    pub(super) fn of(&self, name: &str) -> Result<Self, String> {
        let record = self.record.as_ref().map(|file| named(file, name));
        let record = record.transpose()?;
        Ok(Self { record })
    }

    /// Takes the file that it goes to.
    pub(super) fn take(&self, taken: &mut Taken) -> Result<(), String> {
        match &self.record {
            Some(file) => taken.take(file, "the recording"),
            None => Ok(()),
        }
    }

    /// Opens the file, so that one that cannot be written is known before anything is sent. What
    /// is in it stays there until there is a recording.
    pub(super) fn open(&self) -> Result<Option<RecordFile>, String> {
        let Some(path) = &self.record else {
            return Ok(None);
        };
        let file = OutputFile::open(path).map_err(|error| unwritten(path, error))?;
        Ok(Some(RecordFile(file)))
    }
}

impl RecordFile {
    /// Writes the recording into it.
    pub(super) fn write(&mut self, recording: &RunRecording) -> Result<(), String> {
        let text = recording.to_text();
        let text = text.map_err(|error| unwritten(self.0.path(), error))?;
        let written = self.0.replace(&text);
        written.map_err(|error| unwritten(self.0.path(), error))
    }
}

fn unwritten(path: &Path, error: impl std::fmt::Display) -> String {
    format!(
        "the recording {} cannot be written: {error}",
        path.display()
    )
}

/// Reads a recording; what is wrong with it is told with the name of its file.
pub(super) fn read(path: &Path) -> Result<RunRecording, String> {
    let told = |error: String| format!("{}: {error}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| told(error.to_string()))?;
    RunRecording::read(&text).map_err(|error| {
        told(match from_json(&text) {
            Ok(_) => {
                "these are the results of a run; a recording is what `run --record FILE` writes"
                    .to_owned()
            }
            Err(_) => error.to_string(),
        })
    })
}

/// The profile that a recording was made under; one that there is not is told with the name of its
/// file.
pub(super) fn profile<'c>(
    contract: &'c Contract,
    recording: &RunRecording,
    shown: &str,
) -> Result<&'c Arc<Profile>, String> {
    super::profile(contract, &recording.header.profile).map_err(|error| format!("{shown}: {error}"))
}
