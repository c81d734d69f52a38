//! What an answer to a probe can be asked for.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::spec::expectation::ValueMatch;
use crate::spec::yaml::OneOrMany;

/// What the answer to a probe must be; everything that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AnswerMatch {
    /// The status codes.
    pub status: Option<OneOrMany<u16>>,
    /// What the content is.
    pub content: Option<ContentKind>,
    /// Header fields, in lower case; of several fields of one name, one must hold.
    pub headers: BTreeMap<String, ValueMatch>,
    /// Members of the content, by JSON Pointer (RFC 6901).
    pub body: BTreeMap<String, ValueMatch>,
    /// Text that a page must have in it, in any case of letters.
    pub page_has: Option<String>,
    /// Where it sends the client.
    pub redirect: Option<RedirectMatch>,
    /// There must be no answer: the connection is refused or closed, or the time is over.
    pub no_answer: bool,
}

/// What the content of an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ContentKind {
    /// JSON, whatever its type says.
    Json,
    /// Text that is said to be HTML.
    Html,
    /// Nothing.
    Empty,
}

/// Where an answer of 301 to 308 sends the client (RFC 9110, section 10.2.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RedirectMatch {
    /// The scheme there.
    pub scheme: Option<SchemeName>,
    /// The host there.
    pub host: Option<HostMatch>,
}

/// The scheme of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SchemeName {
    /// `http`
    Http,
    /// `https`
    Https,
}

impl SchemeName {
    /// The scheme as it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// The host of an address, compared with the one that was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HostMatch {
    /// The host and port that were asked.
    Same,
    /// Another host, or another port under the same scheme.
    Other,
}

impl AnswerMatch {
    /// Whether every answer would do.
    #[must_use]
    pub fn says_nothing(&self) -> bool {
        *self == Self::default()
    }
}
