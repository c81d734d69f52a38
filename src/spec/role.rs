//! Roles: the key holders that scenarios name.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::name::{Api, Consent, RoleName};
use super::route::Endpoint;
use super::yaml::Located;

/// How a person gets a key of a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Obtainable {
    /// On the panel's own pages.
    Yes,
    /// Only by a request that writes.
    WithWrites,
    /// Only in the panel's database.
    DatabaseOnly,
}

/// A real role: somebody has a key for it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// Its name.
    pub name: Located<RoleName>,
    /// Which API its key is made for.
    pub key_type: Api,
    /// Whose key it is; a rate bucket belongs to a user.
    pub user: String,
    /// What it may do, in words.
    pub may: String,
    /// How to make such a key, as an instruction.
    pub make: String,
    /// The request by which another role makes one, if it can.
    #[serde(default)]
    pub made_by: Option<MadeBy>,
    /// Whether an ordinary administrator can make one.
    pub obtainable: Obtainable,
    /// The requests that prove that a key is this role's; all must hold.
    pub control: Vec<Control>,
}

/// The request by which the key of a role is made.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MadeBy {
    /// Whose key asks for it.
    pub key: Located<RoleName>,
    /// What is asked; the inventory says what it creates.
    pub endpoint: Located<Endpoint>,
    /// The content; `${run}` in it names the run.
    pub body: Value,
}

/// One request of a control and what its answer proves.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Control {
    /// What is asked.
    pub endpoint: Located<Endpoint>,
    /// The status that a key of this role gets.
    pub status: u16,
    /// Values in the answer, by JSON Pointer, that a key of this role gets.
    #[serde(default)]
    pub body: BTreeMap<String, Value>,
    /// The role that the key is if only `body` disagrees.
    #[serde(default)]
    pub otherwise: Option<Located<RoleName>>,
    /// The JSON Pointer of the user's identity in the answer: roles of different users differ in it,
    /// roles of one user agree.
    #[serde(default)]
    pub user: Option<String>,
    /// The consent without which this request is left out, and less is proved. Its content is `{}`.
    #[serde(default)]
    pub consent: Option<Consent>,
}

/// A name that means another role on each API.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByApi {
    /// Its name.
    pub name: Located<RoleName>,
    /// The role on the Client API.
    pub client: Located<RoleName>,
    /// The role on the Application API.
    pub application: Located<RoleName>,
}

/// A key made from a real role's by changing it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Derived {
    /// Its name.
    pub name: Located<RoleName>,
    /// The role that it is made from.
    pub from: Located<RoleName>,
    /// How.
    #[serde(default)]
    pub change: Change,
}

/// How a key is changed; the steps are done in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Change {
    /// Keep only the first so many characters.
    pub keep_first: Option<usize>,
    /// Take so many characters off the end.
    pub drop_last: Option<usize>,
    /// Upper-case the first so many characters.
    pub upper_first: Option<usize>,
    /// Lower-case the first so many characters.
    pub lower_first: Option<usize>,
    /// Upper-case everything after the first so many characters.
    pub upper_after: Option<usize>,
    /// Exchange the prefix for that of the other API.
    pub swap_prefix: bool,
    /// Percent-encode every `_`.
    pub percent_encode: bool,
    /// Put this before it.
    pub prepend: String,
    /// Put this after it.
    pub append: String,
    /// Write all of it in base64, as the user and password of Basic authentication are.
    pub base64: bool,
}

/// A key that nobody has.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MadeUp {
    /// Its name.
    pub name: Located<RoleName>,
    /// Its text; `${prefix}` is that of the API asked. No text: no credentials are sent.
    #[serde(default)]
    pub value: Option<String>,
}

/// `specs/roles.yaml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roles {
    /// Roles that somebody has a key for.
    #[serde(default)]
    pub real: Vec<Role>,
    /// Names that depend on the API.
    #[serde(default)]
    pub by_api: Vec<ByApi>,
    /// Keys made from real ones.
    #[serde(default)]
    pub derived: Vec<Derived>,
    /// Keys that nobody has.
    #[serde(default)]
    pub made_up: Vec<MadeUp>,
}

/// What a name in a scenario stands for on one API.
#[derive(Clone, Copy, Debug)]
pub enum Holder<'a> {
    /// A real role.
    Real(&'a Role),
    /// A key made from a real role's.
    Derived(&'a Derived, &'a Role),
    /// A key that nobody has, or none at all.
    MadeUp(&'a MadeUp),
}

impl Roles {
    /// Every name that a scenario may use.
    pub fn names(&self) -> impl Iterator<Item = &Located<RoleName>> {
        let real = self.real.iter().map(|role| &role.name);
        let by_api = self.by_api.iter().map(|role| &role.name);
        let derived = self.derived.iter().map(|role| &role.name);
        real.chain(by_api)
            .chain(derived)
            .chain(self.made_up.iter().map(|role| &role.name))
    }

    /// The real role of that name.
    #[must_use]
    pub fn real(&self, name: &RoleName) -> Option<&Role> {
        self.real.iter().find(|role| role.name.value == *name)
    }

    /// What a name stands for on an API; nothing for an unknown name.
    #[must_use]
    pub fn holder(&self, name: &RoleName, api: Api) -> Option<Holder<'_>> {
        let name = self.on_api(name, api);
        if let Some(role) = self.real(name) {
            return Some(Holder::Real(role));
        }
        if let Some(derived) = self.derived.iter().find(|role| role.name.value == *name) {
            let from = self.real(self.on_api(&derived.from.value, api))?;
            return Some(Holder::Derived(derived, from));
        }
        self.made_up
            .iter()
            .find(|role| role.name.value == *name)
            .map(Holder::MadeUp)
    }

    fn on_api<'a>(&'a self, name: &'a RoleName, api: Api) -> &'a RoleName {
        match (
            self.by_api.iter().find(|role| role.name.value == *name),
            api,
        ) {
            (Some(role), Api::Client) => &role.client.value,
            (Some(role), Api::Application) => &role.application.value,
            (None, _) => name,
        }
    }
}
