//! Names as types: a name that exists is spelled rightly.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// A name that is not spelled as it must be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{wrong}` is not {wanted}")]
pub struct BadName {
    wrong: String,
    wanted: &'static str,
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $wanted:literal, $is_good:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = BadName;

            fn from_str(text: &str) -> Result<Self, BadName> {
                let is_good: fn(&str) -> bool = $is_good;
                if is_good(text) {
                    Ok(Self(text.into()))
                } else {
                    Err(BadName { wrong: text.to_owned(), wanted: $wanted })
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

name!(
    /// A key holder that scenarios name, such as `client-other`.
    RoleName, "a role's name (lower-case letters, digits and `-`)", is_kebab
);
name!(
    /// A profile's name, such as `pterodactyl-1.11`.
    ProfileName, "a profile's name (lower-case letters, digits, `-` and `.`)", |text| {
        !text.is_empty() && text.bytes().all(|b| is_kebab_byte(b) || b == b'.')
    }
);
name!(
    /// A requirement's id, such as `ERR-401`.
    RequirementId, "a requirement's id (capitals, digits and `-`)", |text| {
        !text.is_empty()
            && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-')
    }
);
name!(
    /// A response schema's name: its file name without `.json`.
    SchemaName, "a schema's name (lower-case letters, digits and `-`)", is_kebab
);
name!(
    /// A case's id: the suite's path, the scenario's id and the matrix row, joined by `/`.
    CaseId, "a case id (parts of `[a-z0-9-]` joined by `/`)", |text| {
        !text.is_empty() && text.split('/').all(is_kebab)
    }
);

/// Whether a text is one part of a case id: `[a-z0-9-]+`.
pub(crate) fn is_kebab(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_kebab_byte)
}

fn is_kebab_byte(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
}

/// A text as one part of a case id: lower case, everything else becomes one `-`.
#[must_use]
pub(crate) fn slug(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    out.trim_end_matches('-').to_owned()
}

/// One of the two REST APIs, which is also the type of key that it wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Api {
    /// `/api/client`, keys made by users.
    Client,
    /// `/api/application`, keys made by administrators.
    Application,
}

impl Api {
    /// The API that a path belongs to; paths outside both are read as the Client API's.
    #[must_use]
    pub fn of_path(path: &str) -> Self {
        if path.starts_with("/api/application") {
            Self::Application
        } else {
            Self::Client
        }
    }
}

impl fmt::Display for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "client",
            Self::Application => "application",
        })
    }
}

/// Whether an id has the form of a pattern, in which `*` stands for anything.
#[must_use]
pub fn has_form(id: &str, pattern: &str) -> bool {
    let Some((first, others)) = pattern.split_once('*') else {
        return pattern == id;
    };
    let Some(rest) = id.strip_prefix(first) else {
        return false;
    };
    (0..=rest.len())
        .filter(|at| rest.is_char_boundary(*at))
        .any(|at| has_form(&rest[at..], others))
}

/// How binding a requirement is (RFC 2119).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// Good practice with a public source; a profile's panel may break it.
    Should,
    /// The contract.
    Must,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Should => "SHOULD",
            Self::Must => "MUST",
        })
    }
}

/// What a run may do to a panel beyond reading; each is agreed to by its own flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Consent {
    /// Make client keys, and delete them again: `--allow-create-keys`.
    CreateKeys,
    /// Send writing requests whose content cannot be valid: `--allow-writes`.
    Writes,
    /// Spend a user's rate limit, so that nobody else can use it: `--allow-exhaustion`.
    Exhaustion,
}

impl Consent {
    /// Every consent there is.
    pub const ALL: [Self; 3] = [Self::CreateKeys, Self::Writes, Self::Exhaustion];

    /// The flag that gives it.
    #[must_use]
    pub fn flag(self) -> &'static str {
        match self {
            Self::CreateKeys => "--allow-create-keys",
            Self::Writes => "--allow-writes",
            Self::Exhaustion => "--allow-exhaustion=HOST",
        }
    }
}

/// How well a fact is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// A real panel was seen doing it.
    Observed,
    /// Read in the panel's source.
    Source,
    /// Stated by the published documentation.
    Documented,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Observed => "observed",
            Self::Source => "source",
            Self::Documented => "documented",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_parts_of_ids() {
        assert_eq!(
            slug("GET /api/client/servers/{server}"),
            "get-api-client-servers-server"
        );
        assert!(is_kebab(&slug("Bearer  KEY, junk!")));
    }

    #[test]
    fn names_are_checked() {
        assert!("client-other".parse::<RoleName>().is_ok());
        assert!("Client".parse::<RoleName>().is_err());
        assert!("pterodactyl-1.11".parse::<ProfileName>().is_ok());
        assert!("err-401".parse::<RequirementId>().is_err());
        assert!("a/b-1/c".parse::<CaseId>().is_ok());
        assert!("a//c".parse::<CaseId>().is_err());
    }
}
