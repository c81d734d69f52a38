//! The inventory of routes: which exist, what they need, what they do.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use semver::Version;
use serde::Deserialize;

use super::condition::Condition;
use super::name::{Api, Origin, ProfileName, RoleName, SchemaName};
use super::yaml::Located;

/// A method and a path template: `GET /api/client/servers/{server}`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Endpoint {
    /// The method token.
    pub method: String,
    /// The path with its parameters in braces, without a query.
    pub path: String,
}

impl Endpoint {
    /// The names of the path's parameters, in order.
    pub fn parameters(&self) -> impl Iterator<Item = &str> {
        self.path.split('/').filter_map(parameter_name)
    }

    /// The values of the parameters in a concrete path, if it is one of this template's.
    #[must_use]
    pub fn match_path<'p>(&self, path: &'p str) -> Option<Vec<(&str, &'p str)>> {
        // Most templates of an inventory differ before their first parameter.
        let literal = self.path.split('{').next().unwrap_or_default();
        if !path.starts_with(literal) {
            return None;
        }
        let (mut template, mut concrete) = (self.path.split('/'), path.split('/'));
        let mut values = Vec::new();
        loop {
            match (template.next(), concrete.next()) {
                (None, None) => return Some(values),
                (Some(wanted), Some(part)) => match parameter_name(wanted) {
                    Some(name) if !part.is_empty() => values.push((name, part)),
                    None if wanted == part => {}
                    _ => return None,
                },
                _ => return None,
            }
        }
    }
}

fn parameter_name(part: &str) -> Option<&str> {
    part.strip_prefix('{')?.strip_suffix('}')
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

impl TryFrom<String> for Endpoint {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.split_once(' ') {
            Some((method, path)) if is_token(method) && path.starts_with('/') => Ok(Self {
                method: method.to_owned(),
                path: path.to_owned(),
            }),
            _ => Err(format!(
                "`{text}` is not a method and a path, such as `GET /api/client`"
            )),
        }
    }
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_uppercase() || b == b'-')
}

/// What a request to a route that a panel grants does to it. Judged by hand, not by method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Changes nothing.
    None,
    /// Answers a fresh token or a signed address.
    Mints,
    /// Stores something.
    Writes,
}

/// Whether an empty JSON object can be valid content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BodyNeed {
    /// It never is: the route has required members.
    Required,
    /// It may be.
    Optional,
}

/// What a granted request is answered.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Success {
    /// The status code.
    pub status: u16,
    /// The schema of the content.
    #[serde(default)]
    pub schema: Option<Located<SchemaName>>,
}

/// What a granted request creates, and how it is found and deleted again.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Creates {
    /// The JSON Pointer (RFC 6901) of its identifier in the answer, and in an entry of the list.
    pub identifier: String,
    /// The JSON Pointer of the text that the request named it by, in an entry of the list.
    pub description: String,
    /// The JSON Pointer of its secret in the answer.
    pub secret: String,
    /// What lists those that the user has, as entries of `/data`.
    pub listed_by: Located<Endpoint>,
    /// What deletes one; its only parameter is the identifier.
    pub deleted_by: Located<Endpoint>,
}

/// One route of the inventory.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Its method and path template.
    #[serde(rename = "route")]
    pub endpoint: Located<Endpoint>,
    /// The answer to a granted request.
    pub success: Success,
    /// The permission that a subuser or an application key needs: `database.read`, `users:read`.
    #[serde(default)]
    pub permission: Option<String>,
    /// What a granted request does.
    pub effect: Effect,
    /// Whether `{}` can be valid content; absent for routes without content.
    #[serde(default)]
    pub body: Option<BodyNeed>,
    /// The answer needs the daemon (Wings).
    #[serde(default)]
    pub daemon: bool,
    /// A success body holds a secret.
    #[serde(default)]
    pub secret_in_body: bool,
    /// What a granted request creates, if somebody has to delete it again.
    #[serde(default)]
    pub creates: Option<Creates>,
    /// A limit of this route alone, in words.
    #[serde(default)]
    pub per_server_limit: Option<String>,
    /// The first version of Pterodactyl that has it.
    #[serde(default = "first_version")]
    pub since: Version,
    /// The last version that has it, if it is gone.
    #[serde(default)]
    pub until: Option<Version>,
    /// The only profiles whose panels have it, as its file says; absent: Pterodactyl's have it,
    /// and those of forks as far as their profiles say so.
    #[serde(skip)]
    pub only: Option<Vec<Located<ProfileName>>>,
    /// Conditions that do not count on this route.
    #[serde(default)]
    pub exempt: Vec<Condition>,
    /// How well the success answer is known.
    #[serde(default = "observed")]
    pub origin: Origin,
}

fn first_version() -> Version {
    Version::new(1, 0, 0)
}

fn observed() -> Origin {
    Origin::Observed
}

impl Route {
    /// The API it belongs to.
    #[must_use]
    pub fn api(&self) -> Api {
        Api::of_path(&self.endpoint.path)
    }

    /// Whether `since` or `until` is written.
    pub(super) fn has_versions(&self) -> bool {
        self.since != first_version() || self.until.is_some()
    }

    /// Whether all, some or none of the versions from `from` to `to` have it.
    #[must_use]
    pub fn presence(&self, from: &Version, to: &Version) -> Presence {
        let last = self.until.as_ref().unwrap_or(to);
        if self.since <= *from && last >= to {
            Presence::Always
        } else if self.since > *to || last < from {
            Presence::Never
        } else {
            Presence::Sometimes
        }
    }
}

/// Whether a range of versions has a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Every version has it.
    Always,
    /// Only some do.
    Sometimes,
    /// None does.
    Never,
}

/// How a path parameter gets a value.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// The name in the template.
    pub name: Located<String>,
    /// The API whose routes have it.
    pub api: Api,
    /// A value that names nothing.
    pub missing: String,
    /// Whether the router turns it into a model before the controller runs.
    #[serde(default = "yes")]
    pub bound: bool,
    /// How a value that exists is found.
    pub find: Find,
}

fn yes() -> bool {
    true
}

/// An effect-free request that finds an existing id.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Find {
    /// Whose key asks.
    pub key: Located<RoleName>,
    /// What is asked.
    pub endpoint: Located<Endpoint>,
    /// The JSON Pointer (RFC 6901) of the id in the answer; where `among` is written, in an entry.
    pub pointer: String,
    /// The JSON Pointer of a list, one of whose entries has the id.
    #[serde(default)]
    pub among: Option<String>,
    /// Members that this entry has, by JSON Pointer: booleans, which tell nothing of a customer.
    #[serde(default, rename = "where")]
    pub members: BTreeMap<String, bool>,
}

/// One file of `specs/routes/`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RoutesFile {
    pub(super) api: Api,
    /// The only profiles whose panels have these routes; absent: those of Pterodactyl.
    #[serde(default)]
    pub(super) only: Option<Vec<Located<ProfileName>>>,
    pub(super) routes: Vec<Route>,
}

impl RoutesFile {
    /// The routes, each with what the file says of all.
    pub(super) fn routes(&self) -> impl Iterator<Item = Route> {
        self.routes.iter().map(|route| Route {
            only: self.only.clone(),
            ..route.clone()
        })
    }
}

/// `specs/routes/parameters.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ParametersFile {
    pub(super) parameters: Vec<Parameter>,
}

/// All routes and parameters.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    /// The routes, in the order of the files.
    pub routes: Vec<Arc<Route>>,
    /// The parameters.
    pub parameters: Vec<Parameter>,
    /// Places in `routes`: every request of every case is looked up.
    by_form: HashMap<Form, Vec<usize>>,
}

/// What two endpoints have in common of which one may fit the other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Form {
    method: String,
    /// How many parts its path has.
    parts: usize,
}

impl Form {
    /// `HEAD` is that of `GET` (RFC 9110, 9.3.2).
    fn of(endpoint: &Endpoint) -> Self {
        let method = match endpoint.method.as_str() {
            "HEAD" => "GET",
            other => other,
        };
        Self {
            method: method.to_owned(),
            parts: endpoint.path.split('/').count(),
        }
    }
}

impl Inventory {
    /// An inventory of these.
    pub(super) fn new(routes: Vec<Arc<Route>>, parameters: Vec<Parameter>) -> Self {
        let mut by_form: HashMap<Form, Vec<usize>> = HashMap::new();
        for (number, route) in routes.iter().enumerate() {
            let form = Form::of(&route.endpoint);
            by_form.entry(form).or_default().push(number);
        }
        Self {
            routes,
            parameters,
            by_form,
        }
    }

    /// The route with exactly this method and template; `HEAD` is that of `GET` (RFC 9110, 9.3.2).
    #[must_use]
    pub fn route(&self, endpoint: &Endpoint) -> Option<&Arc<Route>> {
        let mut routes = self.of_form(endpoint);
        routes.find(|route| route.endpoint.path == endpoint.path)
    }

    /// The routes of a method whose paths have as many parts.
    fn of_form(&self, endpoint: &Endpoint) -> impl Iterator<Item = &Arc<Route>> {
        let numbers = self.by_form.get(&Form::of(endpoint));
        let numbers = numbers.into_iter().flatten();
        numbers.filter_map(|number| self.routes.get(*number))
    }

    /// The route that a path belongs to whose ids may be written out: the one whose template it is
    /// or fits, one with fewer parameters before others.
    #[must_use]
    pub fn route_of(&self, endpoint: &Endpoint) -> Option<&Arc<Route>> {
        self.route(endpoint).or_else(|| {
            let fitting = self.of_form(endpoint).filter_map(|route| {
                let ids = route.endpoint.match_path(&endpoint.path)?;
                Some((ids.len(), route))
            });
            fitting.min_by_key(|(ids, _)| *ids).map(|(_, route)| route)
        })
    }

    /// The parameter of an API by name.
    #[must_use]
    pub fn parameter(&self, api: Api, name: &str) -> Option<&Parameter> {
        self.parameters
            .iter()
            .find(|p| p.api == api && *p.name.value == *name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(text: &str) -> Endpoint {
        text.to_owned().try_into().unwrap()
    }

    #[test]
    fn matches_paths_part_by_part() {
        let template = endpoint("GET /api/client/servers/{server}/users/{user}");
        assert_eq!(
            template.parameters().collect::<Vec<_>>(),
            ["server", "user"]
        );
        assert_eq!(
            template.match_path("/api/client/servers/a/users/b"),
            Some(vec![("server", "a"), ("user", "b")])
        );
        assert_eq!(template.match_path("/api/client/servers/a/users"), None);
        assert_eq!(template.match_path("/api/client/servers//users/b"), None);
        let plain = endpoint("GET /api/client");
        assert_eq!(plain.match_path("/api/client"), Some(Vec::new()));
        assert_eq!(plain.match_path("/api/clients"), None);
        assert!(Endpoint::try_from("get /x".to_owned()).is_err());
    }

    #[test]
    fn presence_looks_at_the_whole_range() {
        let v = |text: &str| Version::parse(text).unwrap();
        let route = |since: &str, until: Option<&str>| Route {
            endpoint: Located {
                value: endpoint("GET /api/client"),
                span: 0..0,
            },
            success: Success {
                status: 200,
                schema: None,
            },
            permission: None,
            effect: Effect::None,
            body: None,
            daemon: false,
            secret_in_body: false,
            creates: None,
            per_server_limit: None,
            since: v(since),
            until: until.map(v),
            only: None,
            exempt: Vec::new(),
            origin: Origin::Observed,
        };
        let (from, to) = (v("1.11.4"), v("1.11.8"));
        assert_eq!(route("1.0.0", None).presence(&from, &to), Presence::Always);
        assert_eq!(
            route("1.11.8", None).presence(&from, &to),
            Presence::Sometimes
        );
        assert_eq!(
            route("1.0.0", Some("1.11.7")).presence(&from, &to),
            Presence::Sometimes
        );
        assert_eq!(route("1.12.0", None).presence(&from, &to), Presence::Never);
        assert_eq!(
            route("1.0.0", Some("1.8.1")).presence(&from, &to),
            Presence::Never
        );
        assert_eq!(route("1.11.8", None).presence(&to, &to), Presence::Always);
        assert_eq!(
            route("1.0.0", Some("1.11.8")).presence(&from, &to),
            Presence::Always
        );
        assert_eq!(
            route("1.0.0", Some("1.11.4")).presence(&from, &to),
            Presence::Sometimes
        );
    }
}
