//! The list of targets: which panels are tested side by side, and what is agreed to at each.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::spec::{Located, Short, SourceFile, line_column, read_yaml};

/// An entry as it is written in full.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    target: PathBuf,
    #[serde(default)]
    allow: BTreeSet<Allowed>,
}

/// What is agreed to at one panel of a list; the same words as those of the flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Allowed {
    /// Client keys are made, and deleted again.
    CreateKeys,
    /// Writing requests are sent whose content cannot be valid.
    Writes,
    /// Keys are sent without TLS.
    Plaintext,
}

/// One panel of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Where it is listed: file and line.
    pub place: String,
    /// What it is called: the name of its file without what follows the last dot.
    pub name: String,
    /// Its target file.
    pub file: PathBuf,
    /// What is agreed to at it.
    pub allow: BTreeSet<Allowed>,
}

/// Reads a list of target files; files that it names are relative to it.
///
/// # Errors
///
/// When it cannot be read, names nobody, or has two panels that cannot be told apart.
pub fn read_target_list(path: &Path) -> Result<Vec<Listed>, String> {
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| format!("{shown}: {error}"))?;
    let file = SourceFile::new(&shown, &shown, &text);
    let written: Vec<Located<Short<Entry>>> =
        read_yaml(&file).map_err(|trouble| trouble.message())?;
    if written.is_empty() {
        return Err(format!("{shown}: no target file is listed"));
    }
    let mut places: BTreeMap<String, String> = BTreeMap::new();
    let mut listed = Vec::new();
    for entry in written {
        let (line, _) = line_column(&text, entry.span.start);
        let panel = panel(path, format!("{shown}:{line}"), entry.value)?;
        // Not every system tells upper case from lower case in names of files.
        let name = panel.name.to_lowercase();
        if let Some(other) = places.insert(name, panel.place.clone()) {
            return Err(format!(
                "{}: `{}` is the name of the panel of {other} too; give one of the files another name",
                panel.place, panel.name
            ));
        }
        listed.push(panel);
    }
    Ok(listed)
}

fn panel(list: &Path, place: String, written: Short<Entry>) -> Result<Listed, String> {
    let (file, allow) = match written {
        Short::Name(file) => (PathBuf::from(file), BTreeSet::new()),
        Short::Full(entry) => (entry.target, entry.allow),
    };
    let Some(name) = file.file_stem().and_then(|stem| stem.to_str()) else {
        return Err(format!("{place}: `{}` names no file", file.display()));
    };
    let name = name.to_owned();
    let file = list.parent().unwrap_or(Path::new("")).join(file);
    Ok(Listed {
        place,
        name,
        file,
        allow,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Vec<Listed>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("panels.yaml");
        std::fs::write(&path, text).unwrap();
        read_target_list(&path)
    }

    #[test]
    fn a_panel_is_called_like_its_file() {
        let listed = of("- eu/one.yaml\n- { target: two.yaml, allow: [create-keys] }\n").unwrap();
        let [one, two] = &listed[..] else {
            panic!("{listed:?}")
        };
        assert_eq!((one.name.as_str(), two.name.as_str()), ("one", "two"));
        assert!(one.file.is_absolute() && one.file.ends_with("eu/one.yaml"));
        assert!(one.place.ends_with("panels.yaml:1"), "{}", one.place);
        assert!(one.allow.is_empty());
        assert_eq!(two.allow, [Allowed::CreateKeys].into());
    }

    #[test]
    fn wrong_lists_say_where() {
        let rows = [
            ("[]\n", "no target file is listed"),
            (
                "- a/one.yaml\n- b/One.yaml\n",
                "panels.yaml:2: `One` is the name",
            ),
            ("- ..\n", "names no file"),
            ("- { target: a, alow: [writes] }\n", "unknown field `alow`"),
            (
                "- { target: a, allow: [exhaustion] }\n",
                "unknown variant `exhaustion`",
            ),
            (
                "- { target: a, allow: [write] }\n",
                "did you mean `writes`?",
            ),
            (
                "- { target: a, allow: writes }\n",
                "here must stand a list: `[one, another]`",
            ),
            ("one.yaml\n", "panels.yaml"),
        ];
        for (text, wanted) in rows {
            let message = of(text).unwrap_err();
            assert!(message.contains(wanted), "{text}: {message}");
        }
    }
}
