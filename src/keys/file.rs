//! The file of keys: for each role where its key is, seldom the key itself.

use std::collections::BTreeMap;
use std::fmt;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Deserializer};

use super::ring::{KeyError, Keyring};
use crate::spec::{RoleName, Roles, Short, SourceFile, nearest, read_yaml};

/// The file of keys as it is written.
#[derive(Deserialize)]
#[serde(transparent)]
pub struct KeysFile(BTreeMap<String, Short<KeySource>>);

/// Where a key is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeySource {
    #[serde(default)]
    env: Option<String>,
    #[serde(default)]
    file: Option<PathBuf>,
    #[serde(default)]
    command: Option<Vec<String>>,
    #[serde(default, deserialize_with = "named")]
    stdin: bool,
}

/// A key may stand in it, so that nothing of it is shown.
impl fmt::Debug for KeysFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// `{ stdin }` and `{ stdin: true }` mean the same.
fn named<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Option::<bool>::deserialize(deserializer).map(|value| value.unwrap_or(true))
}

/// Reads a file of keys.
///
/// A key that stands in the file itself is for loopback targets only, and a file that everybody
/// on the machine can read is refused for any other target.
///
/// # Errors
///
/// When the file, or something it names, cannot be read, or a key can be no key.
pub fn read_keys_file(path: &Path, roles: &Roles, is_loopback: bool) -> Result<Keyring, KeyError> {
    let shown = path.display().to_string();
    let fail = |reason: String| KeyError::Unreadable {
        place: shown.clone(),
        reason,
    };
    if !is_loopback && is_world_readable(path) {
        return Err(fail(
            "everybody on this machine can read it; `chmod 600` it".to_owned(),
        ));
    }
    let text = std::fs::read_to_string(path).map_err(|error| fail(error.to_string()))?;
    // A trouble's snippet could show a key, so only its place and its message are told.
    let entries: KeysFile =
        read_yaml(&SourceFile::new(&shown, &shown, &text)).map_err(|trouble| {
            fail(format!(
                "line {}: is not a list of roles with `env`, `file`, `command`, `stdin`, or a key",
                trouble.line().unwrap_or(1)
            ))
        })?;
    entries.ring(&shown, roles, is_loopback)
}

impl KeysFile {
    /// Fetches the keys; `shown` is the file that names them.
    ///
    /// # Errors
    ///
    /// When a key cannot be fetched, can be no key, or stands in the file itself and the target is
    /// on another machine.
    pub fn ring(&self, shown: &str, roles: &Roles, is_loopback: bool) -> Result<Keyring, KeyError> {
        let mut ring = Keyring::default();
        for (name, source) in &self.0 {
            let role = role_named(name, roles, shown)?;
            let place = format!("the key of `{role}` in {shown}");
            let key = match source {
                Short::Name(_) if !is_loopback => {
                    return Err(KeyError::Unreadable {
                        place,
                        reason: "stands in the file itself, which is for loopback targets only; \
                                 write where it is: `{ env: NAME }`, `{ file: PATH }`, `{ command: [pass, show, NAME] }`"
                            .to_owned(),
                    });
                }
                Short::Name(key) => key.clone(),
                Short::Full(source) => fetch(source, &place)?,
            };
            ring.add(&role, key, &place)?;
        }
        Ok(ring)
    }
}

fn role_named(name: &str, roles: &Roles, shown: &str) -> Result<RoleName, KeyError> {
    let known = || roles.real.iter().map(|role| &role.name.value);
    known()
        .find(|role| role.as_str() == name)
        .cloned()
        .ok_or_else(|| {
            let near = nearest(name, known().map(RoleName::as_str));
            KeyError::UnknownRole {
                place: format!("`{name}` in {shown}"),
                advice: near.map_or(String::new(), |near| format!("; did you mean `{near}`?")),
            }
        })
}

fn fetch(source: &KeySource, place: &str) -> Result<String, KeyError> {
    let fail = |reason: String| KeyError::Unreadable {
        place: place.to_owned(),
        reason,
    };
    match source {
        KeySource {
            env: Some(name),
            file: None,
            command: None,
            stdin: false,
        } => std::env::var(name)
            .map_err(|_| fail(format!("the variable {name} is not set, or is not UTF-8"))),
        KeySource {
            env: None,
            file: Some(path),
            command: None,
            stdin: false,
        } => {
            let text = std::fs::read_to_string(path);
            text.map(trimmed)
                .map_err(|error| fail(format!("{}: {error}", path.display())))
        }
        KeySource {
            env: None,
            file: None,
            command: Some(words),
            stdin: false,
        } => run(words).map(trimmed).map_err(fail),
        KeySource {
            env: None,
            file: None,
            command: None,
            stdin: true,
        } => {
            let mut line = String::new();
            let read = std::io::stdin().lock().read_line(&mut line);
            read.map(|_| trimmed(line))
                .map_err(|error| fail(format!("standard input: {error}")))
        }
        _ => Err(fail(
            "write one of `env`, `file`, `command`, `stdin`".to_owned(),
        )),
    }
}

/// A text without the line break that ends it.
fn trimmed(text: String) -> String {
    let end = text.trim_end_matches(['\n', '\r']).len();
    let mut text = text;
    text.truncate(end);
    text
}

/// Runs a command that the operator named, and takes what it prints.
fn run(words: &[String]) -> Result<String, String> {
    let [program, arguments @ ..] = words else {
        return Err("`command` is a list: the program and its arguments".to_owned());
    };
    let output = Command::new(program)
        .args(arguments)
        .stderr(std::process::Stdio::inherit())
        .output()
        .map_err(|error| format!("`{program}`: {error}"))?;
    if !output.status.success() {
        return Err(format!("`{program}` failed ({})", output.status));
    }
    String::from_utf8(output.stdout).map_err(|_| format!("what `{program}` printed is not UTF-8"))
}

#[cfg(unix)]
fn is_world_readable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|data| data.permissions().mode() & 0o004 != 0)
}

/// Elsewhere permissions are lists that this program does not read.
#[cfg(not(unix))]
fn is_world_readable(_: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{Source, Specs};
    use secrecy::ExposeSecret;

    fn read(text: &str, is_loopback: bool, mode: u32) -> Result<Keyring, KeyError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.yaml");
        std::fs::write(&path, text).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        let specs = Specs::load(&Source::Embedded).unwrap();
        read_keys_file(&path, &specs.contract.roles, is_loopback)
    }

    #[test]
    fn literals_are_for_loopback_only() {
        let text = "client: ptlc_Canary\n";
        let key = read(text, true, 0o644)
            .unwrap()
            .key(&"client".parse().unwrap())
            .cloned();
        assert_eq!(key.unwrap().expose_secret(), "ptlc_Canary");
        let message = read(text, false, 0o600).unwrap_err().to_string();
        assert!(
            message.contains("loopback targets only") && !message.contains("Canary"),
            "{message}"
        );
    }

    #[test]
    fn wrong_files_are_refused_and_not_shown() {
        let rows = [
            ("clint: ptlc_Canary\n", "did you mean `client`?"),
            ("client: [ptlc_Canary]\n", "is not a list of roles"),
            ("client: { env: PTERO_TEST_NOT_SET }\n", "is not set"),
            ("client: { file: /nonexistent/key }\n", "/nonexistent/key"),
            ("client: { env: A, file: B }\n", "write one of"),
            ("client: { command: [] }\n", "the program and its arguments"),
        ];
        for (text, wanted) in rows {
            let message = read(text, true, 0o600).unwrap_err().to_string();
            assert!(
                message.contains(wanted) && !message.contains("Canary"),
                "{message}"
            );
        }
    }

    #[test]
    fn what_is_said_of_the_file_in_debugging_has_no_key() {
        let text = "client: ptlc_Canary\nadmin: { env: SOME }\n";
        let file: KeysFile = read_yaml(&SourceFile::new("keys.yaml", "keys.yaml", text)).unwrap();
        assert_eq!(format!("{file:?}"), r#"{"admin", "client"}"#);
    }

    #[test]
    fn an_entry_says_one_place_where_the_key_is() {
        let one = "write one of `env`, `file`";
        for text in [
            "client: {}\n",
            "client: { file: B, command: [a] }\n",
            "client: { env: A, stdin: true }\n",
            "client: { stdin: false }\n",
        ] {
            let message = read(text, true, 0o600).unwrap_err().to_string();
            assert!(message.contains(one), "{text}: {message}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn commands_and_permissions() {
        let text = "client: { command: [printf, 'ptlc_a\\n'] }\n";
        let key = read(text, false, 0o600)
            .unwrap()
            .key(&"client".parse().unwrap())
            .cloned();
        assert_eq!(key.unwrap().expose_secret(), "ptlc_a");
        let message = read(text, false, 0o644).unwrap_err().to_string();
        assert!(message.contains("chmod 600"), "{message}");
        let failing = read("client: { command: ['false'] }\n", true, 0o600)
            .unwrap_err()
            .to_string();
        assert!(failing.contains("failed"), "{failing}");
    }
}
