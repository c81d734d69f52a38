//! What a command writes into: no two outputs go into one file, and none into a file that is read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The files that a command reads or writes, each with what it is.
#[derive(Default)]
pub(super) struct Taken(BTreeMap<PathBuf, String>);

impl Taken {
    /// Takes a file for one purpose, unless it has one already. What is no file, such as a pipe,
    /// is not written over.
    pub(super) fn take(&mut self, file: &Path, what: &str) -> Result<(), String> {
        if file.metadata().is_ok_and(|found| !found.is_file()) {
            return Ok(());
        }
        match self.0.insert(place(file)?, what.to_owned()) {
            None => Ok(()),
            Some(other) => Err(format!(
                "{} would be written over: it is {other}, and {what}; give everything another name",
                file.display()
            )),
        }
    }
}

/// One name for a file, by whatever way it is named.
fn place(file: &Path) -> Result<PathBuf, String> {
    let absolute =
        std::path::absolute(file).map_err(|error| format!("{}: {error}", file.display()))?;
    if let Ok(place) = absolute.canonicalize() {
        return Ok(place);
    }
    let folder = absolute
        .parent()
        .and_then(|folder| folder.canonicalize().ok());
    Ok(match (folder, absolute.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        // It cannot be written, which is told when it is opened.
        _ => absolute,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_one_purpose() {
        let folder = tempfile::tempdir().unwrap();
        let mut taken = Taken::default();
        let mut take = |name: &str, what| taken.take(&folder.path().join(name), what);
        take("a", "the json report").unwrap();
        take("b", "the markdown report").unwrap();
        let message = take("./a", "the recording").unwrap_err();
        assert!(
            message.contains("it is the json report, and the recording"),
            "{message}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_not_written_over() {
        let mut taken = Taken::default();
        for what in ["the json report", "the recording"] {
            assert_eq!(taken.take(Path::new("/dev/null"), what), Ok(()));
        }
    }
}
