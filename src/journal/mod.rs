//! The journal: what runs create at a target, noted so that it can be deleted however a run ends.
//!
//! There is one file per target, of one JSON object per line, which is only ever added to. A line
//! is on the disk before what it tells of goes on, and holds identifiers, never a secret.

mod folder;
mod identifier;
mod line;
mod record;

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

pub use folder::state_folder;
pub use identifier::Identifier;
pub use line::{Creation, Event};
pub use record::{Created, Record};

use crate::exchange::Redactor;
use crate::private::{make_folder, private};

/// Why a journal cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Nobody says where the files of this user are.
    #[error("no folder for the journal: {0}; name one with --state-dir")]
    NoFolder(etcetera::HomeDirError),
    /// The file cannot be read or written.
    #[error("the journal {}: {reason}; name another folder with --state-dir", path.display())]
    File {
        /// The journal's file.
        path: PathBuf,
        /// What the system said.
        reason: io::Error,
    },
    /// A line would hold something that is redacted everywhere.
    #[error("the target gave an identifier that looks like a key, which no journal may hold")]
    Secret,
}

/// The journal of one target.
#[derive(Debug)]
pub struct Journal {
    target: String,
    path: PathBuf,
    file: Mutex<File>,
}

impl Journal {
    /// Opens the journal of a target, and begins it if there is none.
    ///
    /// `target` is the address of the panel, as it stands in every line.
    ///
    /// # Errors
    ///
    /// When the folder or the file cannot be made, or is not ours to write.
    pub fn open(folder: &Path, target: &str) -> Result<Self, JournalError> {
        let path = Self::path_in(folder, target);
        let file = begin(folder, &path).map_err(|reason| JournalError::File {
            path: path.clone(),
            reason,
        })?;
        Ok(Self {
            target: target.to_owned(),
            path,
            file: Mutex::new(file),
        })
    }

    /// Opens the journal of a target if there is one.
    ///
    /// # Errors
    ///
    /// When it is there, but not ours to write.
    pub fn existing(folder: &Path, target: &str) -> Result<Option<Self>, JournalError> {
        if Self::path_in(folder, target).exists() {
            Self::open(folder, target).map(Some)
        } else {
            Ok(None)
        }
    }

    /// Where in a folder the journal of a target is, or would be.
    #[must_use]
    pub fn path_in(folder: &Path, target: &str) -> PathBuf {
        folder.join(file_name(target))
    }

    /// Its file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes down what happens to a creation. When this returns, it is on the disk.
    ///
    /// # Errors
    ///
    /// When it cannot be written, or would hold what `redactor` takes out of everything.
    pub fn note(
        &self,
        event: Event<'_>,
        creation: &Creation,
        redactor: &Redactor,
    ) -> Result<(), JournalError> {
        let line = line::write(event, creation, &self.target);
        if redactor.text(&line) != line {
            return Err(JournalError::Secret);
        }
        self.with_file(|file| append(file, &line))
    }

    /// What it says of its target.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn read(&self) -> Result<Record, JournalError> {
        let text = self.with_file(read)?;
        Ok(Record::of(&text, &self.target))
    }

    /// Does something with the file that nobody else may disturb, in this process or another.
    fn with_file<T>(
        &self,
        work: impl FnOnce(&mut File) -> io::Result<T>,
    ) -> Result<T, JournalError> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let done = file.lock().and_then(|()| {
            let done = work(&mut file);
            file.unlock()?;
            done
        });
        done.map_err(|reason| JournalError::File {
            path: self.path.clone(),
            reason,
        })
    }
}

/// The file of a target: its address, in characters that every file system takes.
fn file_name(target: &str) -> String {
    let safe = |c: char| match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' => c,
        _ => '_',
    };
    let name: String = target.replace("://", "_").chars().map(safe).collect();
    // Two long names may share a file: every line names its target.
    format!("{}.jsonl", &name[..name.len().min(200)])
}

/// Opens a file to be read and added to. Windows locks only files that can be read.
fn begin(folder: &Path, path: &Path) -> io::Result<File> {
    make_folder(folder)?;
    let mut options = OpenOptions::new();
    let file = private(options.read(true).append(true).create(true)).open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        // The name is on the disk as well before anything in it counts.
        File::open(folder)?.sync_all()?;
    }
    Ok(file)
}

/// Adds a line; one that a killed process has left half written is ended first.
fn append(file: &mut File, line: &str) -> io::Result<()> {
    let is_torn = file.seek(SeekFrom::End(0))? > 0 && {
        let mut last = [0];
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        last != [b'\n']
    };
    let start = if is_torn { "\n" } else { "" };
    file.write_all(format!("{start}{line}\n").as_bytes())?;
    file.sync_data()
}

fn read(file: &mut File) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests;
