//! What a command writes into: no two outputs go into one file, and none into a file that is read;
//! what is in a file stays there until something whole takes its place.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Seek, Write};
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

/// A file that is known to be writable long before there is anything to write. One that was made
/// for that, and in which nothing came to be written, goes again.
pub(super) struct OutputFile {
    /// As somebody has named it.
    path: PathBuf,
    opened: Opened,
    /// Whether it was made for this, and nothing whole is in it yet.
    is_unused: bool,
}

/// How it is written.
enum Opened {
    /// A file of a folder, by its own name: another is made beside it, and takes its place.
    Plain(PathBuf),
    /// A pipe, a device, or what the system names for this process, such as `/dev/stdout`.
    InPlace(File),
}

impl OutputFile {
    /// Opens a file; what is in it stays there.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let is_unused = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(path)
            .is_ok();
        let file = writable(path)?;
        let is_of_system = ["/dev", "/proc"].iter().any(|root| path.starts_with(root));
        let opened = if file.metadata()?.is_file() && !is_of_system {
            Opened::Plain(path.canonicalize()?)
        } else {
            Opened::InPlace(file)
        };
        let path = path.to_owned();
        Ok(Self {
            path,
            opened,
            is_unused,
        })
    }

    /// The name that somebody gave it.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Puts a text in the place of what is there. Where it cannot be written whole, what was there
    /// stays.
    pub(super) fn replace(&mut self, text: &str) -> io::Result<()> {
        match &mut self.opened {
            Opened::Plain(path) => replace_whole(path, text),
            Opened::InPlace(file) => write_over(file, text),
        }?;
        self.is_unused = false;
        Ok(())
    }
}

impl Drop for OutputFile {
    fn drop(&mut self) {
        if self.is_unused {
            // Where it cannot go, it stays: it is empty.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn writable(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    options.open(path)
}

/// Writes a file beside it, which then takes its place.
fn replace_whole(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut beside = match tempfile::NamedTempFile::new_in(folder) {
        Ok(beside) => beside,
        // A file may be writable in a folder that is not.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            return write_over(&mut writable(path)?, text);
        }
        Err(error) => return Err(error),
    };
    beside.write_all(text.as_bytes())?;
    if let Ok(old) = path.metadata() {
        beside.as_file().set_permissions(old.permissions())?;
    }
    match beside.persist(path) {
        Ok(_) => Ok(()),
        // Nothing can be put in the place of a file that is mounted, though it can be written.
        Err(_) => write_over(&mut writable(path)?, text),
    }
}

/// A pipe has nothing to be replaced.
fn write_over(file: &mut File, text: &str) -> io::Result<()> {
    if file.metadata()?.is_file() {
        file.rewind()?;
        file.set_len(0)?;
    }
    file.write_all(text.as_bytes())?;
    file.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shorter_text_takes_the_whole_place_of_a_longer_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report");
        std::fs::write(&path, "a long text").unwrap();
        let read = || std::fs::read_to_string(&path).unwrap();
        let mut file = OutputFile::open(&path).unwrap();
        assert_eq!(read(), "a long text");
        file.replace("short").unwrap();
        assert_eq!(read(), "short");
        file.replace("again").unwrap();
        assert_eq!(read(), "again");
        let left = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 1, "nothing else is left in the folder");
    }

    #[test]
    fn a_file_that_was_made_for_nothing_goes_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report");
        drop(OutputFile::open(&path).unwrap());
        assert!(!path.exists());
        OutputFile::open(&path).unwrap().replace("").unwrap();
        assert!(path.exists(), "an empty text was written");
        drop(OutputFile::open(&path).unwrap());
        assert!(path.exists(), "it was there before");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_is_replaced_stays_what_it_was_to_others() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("report"), folder.path().join("latest"));
        std::fs::write(&path, "old").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        OutputFile::open(&link).unwrap().replace("new").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o640);
        assert!(link.is_symlink(), "the link is still one");
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_written_in_its_place() {
        let mut device = OutputFile::open(Path::new("/dev/null")).unwrap();
        device.replace("text").unwrap();
        assert!(matches!(device.opened, Opened::InPlace(_)));
        // What is a file for now, but the system's to name.
        let file = tempfile::NamedTempFile::new().unwrap();
        let number = std::os::fd::AsRawFd::as_raw_fd(file.as_file());
        let named = PathBuf::from(format!("/dev/fd/{number}"));
        if named.exists() {
            let named = OutputFile::open(&named).unwrap();
            assert!(matches!(named.opened, Opened::InPlace(_)));
        }
    }

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

    /// One that is not there yet is known by its folder, whatever way leads there.
    #[cfg(unix)]
    #[test]
    fn a_new_file_has_one_name() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        std::fs::create_dir(&real).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let mut taken = Taken::default();
        assert_eq!(taken.take(&real.join("new"), "the json report"), Ok(()));
        let message = taken.take(&link.join("new"), "the recording").unwrap_err();
        assert!(
            message.contains("link/new would be written over"),
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
