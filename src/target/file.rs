//! The target file: a panel's address and what is agreed about it, kept in one place.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use semver::Version;
use serde::Deserialize;

use super::facts::{Facts, Limits};
use crate::keys::KeysFile;
use crate::spec::{Api, Diagnostic, Short, SourceFile, read_yaml};

/// A target file as it is written. Consents do not stand in it: they are given for one run.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetFile {
    /// The panel's address.
    pub url: String,
    /// The profile whose contract holds.
    #[serde(default)]
    pub profile: Option<String>,
    /// The panel's version.
    #[serde(default)]
    pub version: Option<Version>,
    /// A file of further certificate authorities (PEM).
    #[serde(default)]
    pub ca_cert: Option<PathBuf>,
    /// The address at which the target's host is reached.
    #[serde(default)]
    pub resolve: Option<String>,
    /// A file of keys, or for each role where its key is.
    #[serde(default)]
    pub keys: Option<Short<KeysFile>>,
    /// A file of deviations that are accepted of it.
    #[serde(default)]
    pub waivers: Option<PathBuf>,
    /// Limits that the panel has instead of the profile's.
    #[serde(default)]
    pub limits: Limits,
    /// Who must have two-factor authentication.
    #[serde(default)]
    pub two_factor: TwoFactor,
    /// Proxies that the panel trusts, as in its `TRUSTED_PROXIES`.
    #[serde(default)]
    pub trusted_proxies: Vec<String>,
    /// Foreign origins that the panel lets in, as in its `APP_CORS_ALLOWED_ORIGINS`.
    #[serde(default)]
    pub cors_origins: Vec<String>,
    /// Further states that the panel is in.
    #[serde(default)]
    pub has: BTreeSet<String>,
    /// Ids that exist.
    #[serde(default)]
    pub ids: IdsFile,
}

/// Who must have two-factor authentication.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TwoFactor {
    /// Nobody.
    #[default]
    Optional,
    /// Administrators.
    Administrators,
    /// Everybody.
    All,
}

/// Ids that exist, by API and path parameter.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdsFile {
    #[serde(default)]
    client: BTreeMap<String, Id>,
    #[serde(default)]
    application: BTreeMap<String, Id>,
}

/// An id as a person writes it: some are numbers.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
struct Id(#[serde(deserialize_with = "text_or_number")] String);

fn text_or_number<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    struct Visitor;
    impl serde::de::Visitor<'_> for Visitor {
        type Value = String;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an id")
        }
        fn visit_str<E>(self, text: &str) -> Result<String, E> {
            Ok(text.to_owned())
        }
        fn visit_u64<E>(self, number: u64) -> Result<String, E> {
            Ok(number.to_string())
        }
    }
    deserializer.deserialize_any(Visitor)
}

/// Why a file about a target cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TargetFileError {
    /// It cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not what such a file is.
    #[error("{}", .0.message())]
    Wrong(Box<Diagnostic>),
    /// An id holds a character that is not part of one.
    #[error("{}: `{id}` cannot be an id: it has `{wrong}` in it", path.display())]
    Id {
        /// The file.
        path: PathBuf,
        /// The id.
        id: String,
        /// The character.
        wrong: char,
    },
}

/// Reads a target file; files that it names are relative to it.
///
/// # Errors
///
/// When it cannot be read, or has a member that no such file has.
pub fn read_target_file(path: &Path) -> Result<TargetFile, TargetFileError> {
    let mut file: TargetFile = read(path).map_err(without_consents)?;
    let beside = |named: &Path| path.parent().unwrap_or(Path::new("")).join(named);
    file.ca_cert = file.ca_cert.map(|named| beside(&named));
    file.waivers = file.waivers.map(|named| beside(&named));
    if let Some(Short::Name(named)) = &mut file.keys {
        *named = beside(Path::new(named)).display().to_string();
    }
    file.ids.check(path)?;
    Ok(file)
}

/// Reads a file of ids: `client: { server: 1a2b3c4d }`.
///
/// # Errors
///
/// When it cannot be read, or has a member that no such file has.
pub fn read_ids_file(path: &Path) -> Result<IdsFile, TargetFileError> {
    let file: IdsFile = read(path)?;
    file.check(path)?;
    Ok(file)
}

/// Says where consents are given instead.
fn without_consents(error: TargetFileError) -> TargetFileError {
    match error {
        TargetFileError::Wrong(trouble) if trouble.message.starts_with("unknown field `allow") => {
            TargetFileError::Wrong(Box::new(trouble.help(
                "a consent is given for one run, by its flag (`--allow-writes`), or in a list of targets \
                 beside the file: `{ target: FILE, allow: [writes] }`",
            )))
        }
        other => other,
    }
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, TargetFileError> {
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|source| TargetFileError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    read_yaml(&SourceFile::new(&shown, &shown, &text))
        .map_err(|trouble| TargetFileError::Wrong(Box::new(trouble)))
}

impl TargetFile {
    /// What it says of the panel.
    #[must_use]
    pub fn facts(&self) -> Facts {
        let two_factor = match self.two_factor {
            TwoFactor::Optional => None,
            TwoFactor::Administrators => Some("two-factor-required-admins"),
            TwoFactor::All => Some("two-factor-required"),
        };
        let proxies = (!self.trusted_proxies.is_empty()).then_some("trusted-proxies");
        let origins = (!self.cors_origins.is_empty()).then_some("cors-origins");
        let implied = [two_factor, proxies, origins].into_iter().flatten();
        Facts {
            has: implied.map(str::to_owned).chain(self.has.clone()).collect(),
            limits: self.limits,
            cors_origins: self.cors_origins.clone(),
            ids: self.ids.ids(),
        }
    }
}

impl IdsFile {
    /// The ids by API and path parameter.
    #[must_use]
    pub fn ids(&self) -> BTreeMap<(Api, String), String> {
        let of = |api: Api, ids: &BTreeMap<String, Id>| {
            let ids = ids.iter();
            ids.map(|(name, Id(value))| ((api, name.clone()), value.clone()))
                .collect::<Vec<_>>()
        };
        let client = of(Api::Client, &self.client);
        let application = of(Api::Application, &self.application);
        client.into_iter().chain(application).collect()
    }

    fn check(&self, path: &Path) -> Result<(), TargetFileError> {
        for id in self.ids().values() {
            if let Some(wrong) = strange(id) {
                return Err(TargetFileError::Id {
                    path: path.to_owned(),
                    id: id.clone(),
                    wrong,
                });
            }
        }
        Ok(())
    }
}

/// A character that no id has: an id becomes one segment of a path.
pub(crate) fn strange(id: &str) -> Option<char> {
    let is_usual = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    id.chars().find(|c| !is_usual(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<TargetFile, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("target.yaml");
        std::fs::write(&path, text).unwrap();
        read_target_file(&path).map_err(|error| error.to_string())
    }

    #[test]
    fn what_it_says_becomes_facts() {
        let file = of("url: https://panel.example.com\n\
             limits: { client: 1200 }\n\
             two_factor: administrators\n\
             cors_origins: [https://shop.example.com]\n\
             has: [maintenance]\n\
             ids: { client: { server: 1a2b3c4d }, application: { user: 3 } }\n")
        .unwrap();
        let facts = file.facts();
        let has: Vec<_> = facts.has.iter().map(String::as_str).collect();
        assert_eq!(
            has,
            ["cors-origins", "maintenance", "two-factor-required-admins"]
        );
        assert_eq!(facts.limits.of(Api::Client), Some(1200));
        assert_eq!(facts.ids[&(Api::Application, "user".to_owned())], "3");
    }

    #[test]
    fn files_are_beside_it() {
        let file = of("url: https://x.example\nca_cert: ca.pem\nkeys: keys.yaml\n").unwrap();
        assert!(file.ca_cert.unwrap().is_absolute());
        assert!(matches!(file.keys, Some(Short::Name(name)) if name.len() > "keys.yaml".len()));
    }

    #[test]
    fn a_file_of_ids_is_checked_like_those_of_a_target() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ids.yaml");
        let of = |text: &str| {
            std::fs::write(&path, text).unwrap();
            read_ids_file(&path).map_err(|error| error.to_string())
        };
        let ids = of("client: { server: 1a2b }\napplication: { user: 3 }\n").unwrap();
        assert_eq!(ids.client["server"].0, "1a2b");
        assert_eq!(ids.application["user"].0, "3");
        let message = of("client: { server: a/b }\n").unwrap_err();
        assert!(message.contains("it has `/` in it"), "{message}");
    }

    #[test]
    fn wrong_files_say_how_to_mend_them() {
        let rows = [
            ("profile: x\n", "missing field `url`"),
            ("url: x\nprofil: y\n", "unknown field `profil`"),
            (
                "url: x\nids: { client: { server: a/b } }\n",
                "it has `/` in it",
            ),
            ("url: x\ntwo_factor: some\n", "unknown variant `some`"),
            (
                "url: x\nallow_writes: true\n",
                "unknown field `allow_writes`",
            ),
            (
                "url: x\nallow: [writes]\n",
                "by its flag (`--allow-writes`)",
            ),
            ("url: x\nprofil: y\n", "did you mean `profile`?"),
            (
                "url: x\nids: { client: { server: [1] } }\n",
                "expected an id",
            ),
        ];
        for (text, wanted) in rows {
            let message = of(text).unwrap_err();
            assert!(message.contains(wanted), "{text}: {message}");
        }
    }
}
