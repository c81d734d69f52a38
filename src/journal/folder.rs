//! Where this user's programs keep their state.

use std::path::{Path, PathBuf};

use etcetera::{BaseStrategy, choose_base_strategy};

use super::JournalError;

/// The folder of all journals: the one that is named, or the platform's own for a program's
/// state (`$XDG_STATE_HOME`, by default `~/.local/state`; `%APPDATA%` on Windows).
///
/// # Errors
///
/// When none is named, and the user has no home.
pub fn state_folder(named: Option<&Path>) -> Result<PathBuf, JournalError> {
    if let Some(folder) = named {
        return Ok(folder.to_owned());
    }
    let base = choose_base_strategy().map_err(JournalError::NoFolder)?;
    let state = base.state_dir().unwrap_or_else(|| base.data_dir());
    Ok(state.join("ptero-conformance"))
}
