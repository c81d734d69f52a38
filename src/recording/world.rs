//! The world of a recording: who is who in it, and which ids exist.

use std::collections::BTreeMap;

use semver::Version;
use serde::Deserialize;

use crate::keys::{KeyError, Keyring};
use crate::spec::{Api, Diagnostic, Prefixes, ProfileName, RoleName, SourceFile, read_yaml};

/// Who is who in a recording.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedWorld {
    /// Where the recording is from.
    pub origin: String,
    /// Scheme, host and port that the panel answered at, and that bodies and `Location` name.
    pub address: String,
    /// The panel's version.
    pub version: Version,
    /// The profile that the panel is to keep.
    pub profile: ProfileName,
    /// What made-up keys began with, where that is not what the profile says.
    #[serde(default)]
    pub prefixes: Option<Prefixes>,
    /// Our roles: their recorded names and keys.
    pub roles: BTreeMap<RoleName, RecordedRole>,
    /// The ids of each API's path parameters.
    pub ids: BTreeMap<ApiName, BTreeMap<String, RecordedIds>>,
    /// What each recorded configuration stands for; ordinary ones for nothing.
    pub configurations: BTreeMap<String, Vec<String>>,
}

/// A recorded holder of a key.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedRole {
    /// The recorder's name.
    pub recorded: String,
    /// The key; it opened a throw-away panel that is gone.
    pub key: String,
}

/// The ids that a recording has for a path parameter.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedIds {
    /// Those that the default owner reaches; the first stands for all.
    pub existing: Vec<String>,
    /// Those of others, or in other states.
    pub others: Vec<String>,
}

/// An API as the key of a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ApiName {
    /// The Client API.
    Client,
    /// The Application API.
    Application,
}

impl From<Api> for ApiName {
    fn from(api: Api) -> Self {
        match api {
            Api::Client => Self::Client,
            Api::Application => Self::Application,
        }
    }
}

impl RecordedWorld {
    /// Reads a world.
    ///
    /// # Errors
    ///
    /// What is wrong with the file.
    pub fn read(file: &SourceFile) -> Result<Self, Diagnostic> {
        read_yaml(file)
    }

    /// The recorded keys of our roles.
    ///
    /// # Errors
    ///
    /// When a recorded text can be no key.
    pub fn keys(&self) -> Result<Keyring, KeyError> {
        let mut keys = Keyring::default();
        for (name, role) in &self.roles {
            keys.add(name, role.key.clone(), "the recorded world")?;
        }
        Ok(keys)
    }

    /// The first existing id of each parameter.
    #[must_use]
    pub fn known_ids(&self) -> BTreeMap<(Api, String), String> {
        let of = |api: Api| {
            let ids = self.ids.get(&api.into()).into_iter().flatten();
            ids.filter_map(move |(name, ids)| {
                Some(((api, name.clone()), ids.existing.first()?.clone()))
            })
        };
        of(Api::Client).chain(of(Api::Application)).collect()
    }

    /// Whether two values of a parameter stand for the same: both exist for the default owner, or
    /// neither exists at all.
    pub(super) fn are_alike(&self, api: Api, name: &str, one: &str, two: &str) -> bool {
        if one == two {
            return true;
        }
        let none = RecordedIds::default();
        let ids = self
            .ids
            .get(&api.into())
            .and_then(|ids| ids.get(name))
            .unwrap_or(&none);
        let exists = |value: &str| ids.existing.iter().any(|id| id == value);
        let is_other = |value: &str| ids.others.iter().any(|id| id == value);
        (exists(one) && exists(two)) || [one, two].iter().all(|v| !exists(v) && !is_other(v))
    }
}
