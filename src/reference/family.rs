//! The version families whose behaviour the panel can take on.

use std::{fmt, str::FromStr};

/// A range of panel versions with one order of checks and one set of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Family {
    /// Pterodactyl 1.11, observed on 1.11.8.
    V1_11,
}

/// A family name that no family has.
#[derive(Debug, thiserror::Error)]
#[error("unknown family `{0}`, expected `pterodactyl-1.11`")]
pub struct UnknownFamily(String);

impl FromStr for Family {
    type Err = UnknownFamily;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "pterodactyl-1.11" => Ok(Self::V1_11),
            other => Err(UnknownFamily(other.to_owned())),
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V1_11 => f.write_str("pterodactyl-1.11"),
        }
    }
}
