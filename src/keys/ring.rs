//! The keyring: the keys that were given, by role.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::{ExposeSecret, SecretString};

use super::derive::{PrefixPair, change};
use crate::spec::{Api, Holder, Profile, RoleName, Roles, nearest};

/// What the names of variables that hold keys begin with.
const VARIABLE: &str = "PTERO_KEY_";

/// A key that cannot be used, or cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The name of a variable or an entry is no role's.
    #[error("{place} names no role{advice}")]
    UnknownRole {
        /// Where it was named.
        place: String,
        /// Which role was meant, perhaps.
        advice: String,
    },
    /// The key is empty.
    #[error("{0} is empty; give the key, or do not set it at all")]
    Empty(String),
    /// The key has a character that no key has.
    #[error(
        "{place} has {what} in it, which no key has; copy the key again, without spaces or line breaks around it"
    )]
    Character {
        /// Where the key came from.
        place: String,
        /// Which character.
        what: &'static str,
    },
    /// The file of keys, or something that it names, cannot be read.
    #[error("{place}: {reason}")]
    Unreadable {
        /// Which file, variable or command.
        place: String,
        /// Why, and what to do.
        reason: String,
    },
}

/// The keys that were given, by role.
#[derive(Clone, Default)]
pub struct Keyring {
    keys: BTreeMap<RoleName, SecretString>,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set()
            .entries(self.keys.keys().map(RoleName::as_str))
            .finish()
    }
}

/// The variable that holds a role's key: `PTERO_KEY_CLIENT_OTHER`.
#[must_use]
pub fn variable(role: &RoleName) -> String {
    format!(
        "{VARIABLE}{}",
        role.as_str().to_ascii_uppercase().replace('-', "_")
    )
}

impl Keyring {
    /// Takes the keys from variables such as `PTERO_KEY_CLIENT`.
    ///
    /// # Errors
    ///
    /// When a variable of that form names no role, or its value can be no key.
    pub fn from_variables(
        variables: impl IntoIterator<Item = (String, String)>,
        roles: &Roles,
    ) -> Result<Self, KeyError> {
        let mut ring = Self::default();
        for (name, value) in variables
            .into_iter()
            .filter(|(name, _)| name.starts_with(VARIABLE))
        {
            let known: Vec<_> = roles
                .real
                .iter()
                .map(|role| (variable(&role.name.value), &role.name.value))
                .collect();
            let Some((_, role)) = known.iter().find(|(known, _)| *known == name) else {
                let near = nearest(&name, known.iter().map(|(variable, _)| variable.as_str()));
                return Err(KeyError::UnknownRole {
                    place: format!("the variable {name}"),
                    advice: near.map_or(String::new(), |near| format!("; did you mean {near}?")),
                });
            };
            ring.add(role, value, &name)?;
        }
        Ok(ring)
    }

    /// Adds a key.
    ///
    /// # Errors
    ///
    /// When it can be no key.
    pub fn add(&mut self, role: &RoleName, key: String, place: &str) -> Result<(), KeyError> {
        let key = SecretString::from(key);
        check(key.expose_secret(), place)?;
        self.keys.insert(role.clone(), key);
        Ok(())
    }

    /// The roles that have keys.
    #[must_use]
    pub fn roles(&self) -> BTreeSet<RoleName> {
        self.keys.keys().cloned().collect()
    }

    /// The key of a real role.
    #[must_use]
    pub fn key(&self, role: &RoleName) -> Option<&SecretString> {
        self.keys.get(role)
    }

    /// Takes a role's key away, and returns it.
    pub fn take(&mut self, role: &RoleName) -> Option<SecretString> {
        self.keys.remove(role)
    }

    /// Gives a role a key that was checked before.
    pub(crate) fn put(&mut self, role: RoleName, key: SecretString) {
        self.keys.insert(role, key);
    }

    /// All keys with their roles.
    pub fn iter(&self) -> impl Iterator<Item = (&RoleName, &SecretString)> {
        self.keys.iter()
    }

    /// The text that a name in a scenario stands for on an API; nothing where it stands for no
    /// credentials, where the key it needs was not given, or where the change that makes it leaves
    /// that key as it is.
    #[must_use]
    pub fn text(
        &self,
        roles: &Roles,
        name: &RoleName,
        api: Api,
        profile: &Profile,
    ) -> Option<SecretString> {
        match roles.holder(name, api)? {
            Holder::Real(role) => self.key(&role.name.value).cloned(),
            Holder::Derived(derived, role) => {
                let key = self.key(&role.name.value)?;
                let prefixes = prefixes(profile, role.key_type);
                let changed = change(key.expose_secret(), &derived.change, prefixes);
                // A key that the change leaves as it is would be accepted, and rightly so.
                (changed != key.expose_secret()).then(|| changed.into())
            }
            Holder::MadeUp(made_up) => {
                let text = made_up.value.as_ref()?;
                Some(text.replace("${prefix}", profile.prefix(api)).into())
            }
        }
    }
}

/// The prefixes of a type of key and of the other one.
#[must_use]
pub(crate) fn prefixes(profile: &Profile, key_type: Api) -> PrefixPair<'_> {
    let other = match key_type {
        Api::Client => Api::Application,
        Api::Application => Api::Client,
    };
    PrefixPair {
        own: profile.prefix(key_type),
        other: profile.prefix(other),
    }
}

fn check(key: &str, place: &str) -> Result<(), KeyError> {
    let place = || place.to_owned();
    if key.is_empty() {
        return Err(KeyError::Empty(place()));
    }
    let wrong = key.chars().find_map(|c| match c {
        '\n' | '\r' => Some("a line break"),
        c if c.is_control() => Some("a control character"),
        c if c.is_whitespace() => Some("a space"),
        c if !c.is_ascii() => Some("a character beyond ASCII"),
        _ => None,
    });
    match wrong {
        Some(what) => Err(KeyError::Character {
            place: place(),
            what,
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{Source, Specs};

    fn ring(pairs: &[(&str, &str)]) -> Result<Keyring, KeyError> {
        let specs = Specs::load(&Source::Embedded).unwrap();
        let pairs = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Keyring::from_variables(pairs, &specs.contract.roles)
    }

    #[test]
    fn variables_name_roles() {
        let found = ring(&[("PTERO_KEY_CLIENT_OTHER", "ptlc_x"), ("PATH", "/bin")]).unwrap();
        let roles: Vec<_> = found.roles().iter().map(ToString::to_string).collect();
        assert_eq!(roles, ["client-other"]);
        assert_eq!(
            variable(&"client-other".parse().unwrap()),
            "PTERO_KEY_CLIENT_OTHER"
        );
    }

    #[test]
    fn what_is_said_of_a_keyring_in_debugging_has_no_key() {
        let found = ring(&[("PTERO_KEY_CLIENT_OTHER", "ptlc_Canary")]).unwrap();
        assert_eq!(format!("{found:?}"), r#"{"client-other"}"#);
    }

    #[test]
    fn wrong_keys_are_named_and_not_shown() {
        let canary = "ptlc_Canary0123456789";
        let with_break = format!("{canary}\n");
        let rows = [
            ("PTERO_KEY_CLINT", canary, "did you mean PTERO_KEY_CLIENT?"),
            ("PTERO_KEY_CLIENT", "", "is empty"),
            ("PTERO_KEY_CLIENT", with_break.as_str(), "a line break"),
            ("PTERO_KEY_CLIENT", "ptlc_Canary 0123", "a space"),
            (
                "PTERO_KEY_CLIENT",
                "ptlc_Canary\u{7}",
                "a control character",
            ),
            ("PTERO_KEY_CLIENT", "ptlc_Canary\u{a0}", "a space"),
            (
                "PTERO_KEY_CLIENT",
                "ptlc_Canaryé",
                "a character beyond ASCII",
            ),
        ];
        for (name, value, wanted) in rows {
            let message = ring(&[(name, value)]).unwrap_err().to_string();
            assert!(message.contains(wanted), "{message}");
            assert!(!message.contains("Canary"), "{message}");
        }
    }
}
