//! Relations: what a value must be beside the same value of an earlier step.

use std::fmt;

/// A value of an answer that is compared with the same value of an earlier step's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    /// Where the value stands in both answers.
    pub place: Place,
    /// How it relates to the earlier one.
    pub to: Beside,
    /// The name of the earlier step.
    pub step: String,
}

/// Where a value stands in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In this header field, name in lower case.
    Header(String),
    /// In the content, at this JSON Pointer.
    Member(String),
}

/// How a value relates to an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// Both are whole numbers, and this one is less.
    LessThan,
    /// They are not the same; one that is not there differs from one that is.
    DiffersFrom,
}

impl Place {
    /// A place as it is written: a JSON Pointer, or else a header field's name.
    pub(super) fn read(text: &str) -> Self {
        if text.starts_with('/') {
            Self::Member(text.to_owned())
        } else {
            Self::Header(text.to_ascii_lowercase())
        }
    }

    /// The JSON Pointer, if it is a place in the content.
    #[must_use]
    pub fn pointer(&self) -> Option<&str> {
        match self {
            Self::Header(_) => None,
            Self::Member(pointer) => Some(pointer),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name) => write!(f, "header {name}"),
            Self::Member(pointer) => f.write_str(pointer),
        }
    }
}

impl fmt::Display for Beside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LessThan => "less than",
            Self::DiffersFrom => "something else than",
        })
    }
}
