//! Where specification files come from: a folder, or the copy inside the binary.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use include_dir::{Dir, include_dir};

use super::diagnostic::Diagnostic;

static SPECS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/specs");
static SCHEMAS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/schemas/responses");

/// The largest specification file that is read, in bytes.
const MAX_FILE: u64 = 4 * 1024 * 1024;

/// A place that specification files are read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The files as they were when the binary was built.
    Embedded,
    /// A folder laid out like `specs/`. Response schemas are looked for in
    /// `../schemas/responses` beside it, then among the embedded ones.
    Folder(PathBuf),
}

/// A text file of a specification, with the path people know it by.
#[derive(Clone)]
pub struct SourceFile {
    /// Path relative to the specification's root, with `/` between its parts.
    pub path: Arc<str>,
    /// Where it stands for a reader of messages: `specs/authentication/errors.yaml`.
    pub shown: Arc<str>,
    /// The whole text.
    pub text: Arc<str>,
}

impl fmt::Debug for SourceFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SourceFile({})", self.shown)
    }
}

impl SourceFile {
    /// A file made of text at hand.
    #[must_use]
    pub fn new(path: &str, shown: &str, text: &str) -> Self {
        Self {
            path: path.into(),
            shown: shown.into(),
            text: text.into(),
        }
    }
}

/// Files that were found, and files that could not be read.
pub(super) type Found = (Vec<SourceFile>, Vec<Diagnostic>);

impl Source {
    /// All `*.yaml` files below the root, in order of their paths.
    pub(super) fn yaml_files(&self) -> Found {
        match self {
            Self::Embedded => (embedded(&SPECS, "specs", "yaml"), Vec::new()),
            Self::Folder(root) => read_folder(root, "yaml"),
        }
    }

    /// Those `*.yaml` files that are at, or for a folder ending with `/` below, one of these places;
    /// nothing else is looked at.
    pub(super) fn yaml_files_at(&self, places: &BTreeSet<String>) -> Found {
        match self {
            Self::Embedded => {
                let mut files = embedded(&SPECS, "specs", "yaml");
                files.retain(|file| places.iter().any(|place| is_at(&file.path, place)));
                (files, Vec::new())
            }
            // Whoever names a folder that is none is told so.
            Self::Folder(root) if !root.is_dir() => read_folder(root, "yaml"),
            Self::Folder(root) => read_places(root, places, "yaml"),
        }
    }

    /// All `*.json` response schemas; those that do not stand beside a folder are the embedded ones.
    pub(super) fn schema_files(&self) -> Found {
        let beside = match self {
            Self::Embedded => None,
            Self::Folder(root) => root.parent().map(|parent| parent.join("schemas/responses")),
        };
        let (mut files, troubles) = match beside.filter(|folder| folder.is_dir()) {
            Some(folder) => read_folder(&folder, "json"),
            None => (Vec::new(), Vec::new()),
        };
        let stock = embedded(&SCHEMAS, "schemas/responses", "json").into_iter();
        let missing: Vec<_> = stock
            .filter(|file| !files.iter().any(|own| own.path == file.path))
            .collect();
        files.extend(missing);
        files.sort_by(|one, other| one.path.cmp(&other.path));
        (files, troubles)
    }
}

/// Whether a schema file says what the embedded one of its name says.
pub(super) fn is_embedded_schema(file: &SourceFile) -> bool {
    let own = SCHEMAS.get_file(&*file.path);
    own.and_then(|own| own.contents_utf8()) == Some(&*file.text)
}

fn embedded(dir: &'static Dir<'static>, shown: &str, extension: &str) -> Vec<SourceFile> {
    let mut files = Vec::new();
    collect_embedded(dir, shown, extension, &mut files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn collect_embedded(
    dir: &'static Dir<'static>,
    shown: &str,
    extension: &str,
    into: &mut Vec<SourceFile>,
) {
    for file in dir.files() {
        let path = slashed(file.path());
        if let Some(text) = file
            .contents_utf8()
            .filter(|_| has_extension(file.path(), extension))
        {
            into.push(SourceFile::new(&path, &format!("{shown}/{path}"), text));
        }
    }
    for child in dir.dirs() {
        collect_embedded(child, shown, extension, into);
    }
}

/// Whether a file is at a place, or below it where it is a folder.
fn is_at(path: &str, place: &str) -> bool {
    path == place || (place.ends_with('/') && path.starts_with(place))
}

fn read_folder(root: &Path, extension: &str) -> Found {
    let mut paths = Vec::new();
    let mut troubles = Vec::new();
    walk(root, &mut paths, &mut troubles);
    read_files(root, paths, troubles, extension)
}

fn read_places(root: &Path, places: &BTreeSet<String>, extension: &str) -> Found {
    let mut paths = Vec::new();
    let mut troubles = Vec::new();
    for place in places.iter().map(|place| root.join(place)) {
        if place.is_dir() {
            walk(&place, &mut paths, &mut troubles);
        } else if place.exists() {
            paths.push(place);
        }
    }
    read_files(root, paths, troubles, extension)
}

fn read_files(
    root: &Path,
    mut paths: Vec<PathBuf>,
    mut troubles: Vec<Diagnostic>,
    extension: &str,
) -> Found {
    if extension == "yaml" {
        let misnamed = paths.iter().filter(|path| has_extension(path, "yml"));
        troubles.extend(misnamed.map(|path| {
            let message =
                "is not read, because its name does not end in `.yaml`; give it that name";
            Diagnostic::of_file(&slashed(path), message)
        }));
    }
    paths.retain(|path| has_extension(path, extension));
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        match read_file(root, &path) {
            Ok(file) => files.push(file),
            Err(trouble) => troubles.push(trouble),
        }
    }
    (files, troubles)
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>, troubles: &mut Vec<Diagnostic>) {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            let message = format!("cannot read the folder: {error}");
            troubles.push(Diagnostic::of_file(&folder.display().to_string(), &message));
            return;
        }
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            walk(&path, paths, troubles);
        } else {
            paths.push(path);
        }
    }
}

fn read_file(root: &Path, path: &Path) -> Result<SourceFile, Diagnostic> {
    let shown = slashed(path);
    let fail = |message: String| Diagnostic::of_file(&shown, &message);
    let size = std::fs::metadata(path)
        .map_err(|e| fail(format!("cannot read it: {e}")))?
        .len();
    if size > MAX_FILE {
        return Err(fail(format!(
            "is larger than {MAX_FILE} bytes; split it into several files"
        )));
    }
    let bytes = std::fs::read(path).map_err(|e| fail(format!("cannot read it: {e}")))?;
    let text = String::from_utf8(bytes).map_err(|e| {
        fail(format!(
            "is not UTF-8 (first bad byte at {})",
            e.utf8_error().valid_up_to()
        ))
    })?;
    let relative = path.strip_prefix(root).unwrap_or(path);
    Ok(SourceFile::new(&slashed(relative), &shown, &text))
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}

fn slashed(path: &Path) -> String {
    path.to_string_lossy()
        .replace(std::path::MAIN_SEPARATOR, "/")
}
