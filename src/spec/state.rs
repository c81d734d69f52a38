//! States: what a panel can be like without breaking its contract.

use serde::Deserialize;

use super::name::Api;
use super::yaml::Located;

/// A state that scenarios can need and that an operator can tell of a target.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Its name: `two-factor-required`.
    pub name: Located<String>,
    /// What it means.
    pub means: String,
    /// How a person brings a panel into it.
    pub how: String,
    /// Whether ordinary requests are refused in it, so that only the scenarios that need it can be
    /// run. False by default.
    #[serde(default)]
    pub closes: bool,
}

/// `specs/states.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StatesFile {
    pub(super) states: Vec<State>,
    pub(super) settings: Vec<Setting>,
}

/// The name of a panel's setting.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// The API whose limit it sets.
    pub limit: Api,
    /// Its name in the panel's `.env`.
    pub name: String,
}
