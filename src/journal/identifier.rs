//! Identifiers of keys: the part of a key that is no secret.

use std::fmt;

use crate::exchange::Redactor;

/// The longest identifier, in characters; panels give out 16.
const LONGEST: usize = 32;

/// The identifier of a created key, such as `ptlc_Ab3dE6gH9jK`.
///
/// It stands in the path of the request that deletes the key, so it is made of letters, digits,
/// `-` and `_`. The prefix that all keys of a type share is kept apart: the two together look
/// like the beginning of a key, and are redacted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identifier {
    /// Up to the last `_`; empty where keys have no prefix.
    pub(super) prefix: String,
    /// What tells the key from others; never empty.
    pub(super) rest: String,
}

/// A text that is no identifier.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("no identifier of a key: it has 1 to {LONGEST} letters, digits, `-` and `_`")]
pub struct BadIdentifier;

impl std::str::FromStr for Identifier {
    type Err = BadIdentifier;

    fn from_str(text: &str) -> Result<Self, BadIdentifier> {
        let start = text.rfind('_').map_or(0, |at| at + 1);
        let (prefix, rest) = text.split_at(start);
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if rest.is_empty() || text.len() > LONGEST || !text.chars().all(fits) {
            return Err(BadIdentifier);
        }
        Ok(Self {
            prefix: prefix.to_owned(),
            rest: rest.to_owned(),
        })
    }
}

impl Identifier {
    /// Whether a redactor lets it stand in a journal.
    #[must_use]
    pub fn is_public(&self, redactor: &Redactor) -> bool {
        let is_shown = |text: &String| redactor.text(text) == *text;
        is_shown(&self.prefix) && is_shown(&self.rest)
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.prefix, self.rest)
    }
}
