//! A suite as it is written: the shapes of the YAML, before names and matrices are resolved.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::case::{Repeat, Wait};
use super::checkup::Way;
use super::expectation::{ErrorMatch, ValueMatch};
use super::name::{Api, Consent, Level, RequirementId};
use super::route::{BodyNeed, Effect, Endpoint};
use super::yaml::{ListOr, Located, NameOrList, OneOrMany, Ordered, Short};

/// The head of a suite's file; its scenarios are read one by one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SuiteFile {
    pub(super) title: String,
    #[serde(default)]
    pub(super) source: Option<String>,
    pub(super) scenarios: Vec<ScenarioFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScenarioFile {
    pub(super) id: Located<String>,
    pub(super) title: String,
    #[serde(default)]
    pub(super) requires: Vec<Located<RequirementId>>,
    #[serde(default)]
    pub(super) level: Option<Level>,
    #[serde(default)]
    pub(super) consent: Option<Consent>,
    #[serde(default)]
    pub(super) needs: Vec<Located<String>>,
    #[serde(default)]
    pub(super) unless: Vec<Located<String>>,
    #[serde(default)]
    pub(super) matrix: Ordered<Located<Axis>>,
    #[serde(default)]
    pub(super) exclude: Vec<Located<BTreeMap<String, String>>>,
    #[serde(default)]
    pub(super) request: Option<Located<RequestFile>>,
    #[serde(default)]
    pub(super) expect: Option<Located<Short<ExpectFile>>>,
    #[serde(default)]
    pub(super) steps: Vec<Located<StepFile>>,
}

/// One axis of a matrix: values written out, or routes of the inventory.
pub(super) type Axis = ListOr<Located<Short<BTreeMap<String, String>>>, RouteSelector>;

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RouteSelector {
    pub(super) routes: Routes,
    #[serde(default)]
    pub(super) api: Option<Api>,
    #[serde(default)]
    pub(super) methods: Option<Vec<String>>,
    #[serde(default)]
    pub(super) effects: Option<Vec<Effect>>,
    #[serde(default)]
    pub(super) bodies: Option<Vec<BodyNeed>>,
    #[serde(default)]
    pub(super) permission: Option<bool>,
    #[serde(default)]
    pub(super) parameter: Option<String>,
    #[serde(default)]
    pub(super) except: Vec<Endpoint>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Routes {
    All,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepFile {
    #[serde(default)]
    pub(super) name: Option<Located<String>>,
    pub(super) request: Located<RequestFile>,
    pub(super) expect: Located<Short<ExpectFile>>,
    #[serde(default)]
    pub(super) save: Ordered<Located<Short<SavedKeyFile>>>,
    #[serde(default)]
    pub(super) cleanup: Option<Located<RequestFile>>,
    #[serde(default)]
    pub(super) repeat: Option<Located<Repeat>>,
    #[serde(default)]
    pub(super) wait: Option<Located<Wait>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestFile {
    #[serde(default)]
    pub(super) endpoint: Option<Located<String>>,
    #[serde(default)]
    pub(super) over: Option<Located<Way>>,
    #[serde(default)]
    pub(super) method: Option<Located<String>>,
    #[serde(default)]
    pub(super) path: Option<Located<String>>,
    #[serde(default)]
    pub(super) query: Option<Located<String>>,
    #[serde(default)]
    pub(super) ids: Option<Located<IdsFile>>,
    pub(super) key: Located<Short<SavedUseFile>>,
    #[serde(default)]
    pub(super) authorization: Option<Located<String>>,
    #[serde(default)]
    pub(super) headers: Ordered<Option<Located<String>>>,
    #[serde(default)]
    pub(super) body: Option<Located<Value>>,
    #[serde(default)]
    pub(super) content: Option<Located<String>>,
}

/// Which ids a path gets: those that exist (also the default), or some that name nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum IdsFile {
    Existing,
    Missing,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SavedUseFile {
    pub(super) saved: String,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SavedKeyFile {
    pub(super) key: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpectFile {
    #[serde(default)]
    pub(super) because: Option<Located<NameOrList>>,
    #[serde(default)]
    pub(super) status: Option<Located<OneOrMany<u16>>>,
    #[serde(default)]
    pub(super) error: Option<Located<ErrorMatch>>,
    #[serde(default)]
    pub(super) schema: Option<Located<String>>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, ValueMatch>,
    #[serde(default)]
    pub(super) body: BTreeMap<String, ValueMatch>,
    #[serde(default)]
    pub(super) absent: Vec<String>,
    #[serde(default)]
    pub(super) same_as: Option<Located<String>>,
    #[serde(default)]
    pub(super) less_than: BTreeMap<String, Located<String>>,
    #[serde(default)]
    pub(super) differs_from: BTreeMap<String, Located<String>>,
    #[serde(default)]
    pub(super) shows_limit: bool,
}
