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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_read_by_its_name() {
        for kind in Kind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        assert_eq!(Kind::Opened.to_string(), "opened");
        let refused = "open".parse::<Kind>().unwrap_err();
        assert!(
            refused.starts_with("`open` is no kind of deviation"),
            "{refused}"
        );
    }

    #[test]
    fn a_deviation_says_what_was_due_and_what_came() {
        let deviation = Deviation {
            step: 0,
            kind: Kind::Closed,
            what: "status".to_owned(),
            expected: "200".to_owned(),
            observed: "403".to_owned(),
        };
        let told = "closed: status: expected 200, observed 403";
        assert_eq!(deviation.to_string(), told);
    }
}
