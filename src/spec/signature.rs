//! Signs that an answer is not the panel's own word: a challenge page, a gateway's error.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::expectation::ValueMatch;
use super::yaml::OneOrMany;

/// A sign by which an answer decides nothing about the panel.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// What the answer is, as the end of "this is …".
    pub is: String,
    /// The status codes it comes with.
    pub status: OneOrMany<u16>,
    /// Header fields that it has.
    #[serde(default)]
    pub headers: BTreeMap<String, ValueMatch>,
    /// `errors[0].code`, where it is the panel that speaks.
    #[serde(default)]
    pub code: Option<String>,
    /// Whether it decides nothing even where its status is due, because no panel sends it. False by
    /// default.
    #[serde(default)]
    pub never_the_panels: bool,
    /// Where this is known from.
    pub source: String,
}

/// `specs/signatures.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignaturesFile {
    pub(super) signatures: Vec<Signature>,
}
