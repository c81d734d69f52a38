//! Deviations: the differences between what is due and what came, each of a kind.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a deviation means for those who rely on the panel, gravest first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A success or data where a refusal is the contract.
    Opened,
    /// A refusal where the request is granted.
    Closed,
    /// Another status, code, schema or header.
    Reshaped,
    /// Other words in `detail` only.
    Reworded,
}

impl Kind {
    /// All kinds, gravest first.
    pub const ALL: [Self; 4] = [Self::Opened, Self::Closed, Self::Reshaped, Self::Reworded];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Opened => "opened",
            Self::Closed => "closed",
            Self::Reshaped => "reshaped",
            Self::Reworded => "reworded",
        })
    }
}

impl std::str::FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.to_string() == text)
            .ok_or_else(|| {
                format!("`{text}` is no kind of deviation: opened, closed, reshaped, reworded")
            })
    }
}

/// One difference between what is due and what came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deviation {
    /// The number of the step, from 0.
    pub step: usize,
    /// What it means.
    pub kind: Kind,
    /// What differs: `status`, `header allow`, `/errors/0/code`.
    pub what: String,
    /// What is due.
    pub expected: String,
    /// What came.
    pub observed: String,
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {}: expected {}, observed {}",
            self.kind, self.what, self.expected, self.observed
        )
    }
}
