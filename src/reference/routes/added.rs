//! Routes that are added to those that a panel has by itself.

use std::fmt;

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error as BadName;
use serde_json::Value;

use super::{Api, Permission, Route};
use crate::reference::{
    answers::{Outcome, Success},
    faults::RouteName,
    inquiry::Inquiry,
    validation::{Field, something},
    wording::Condition,
    world::{Access, Resource},
};

/// What content a route wants that needs some: nobody says which.
const CONTENT: &[Field] = &[something("content")];

/// A route that a panel is to have beside its own: what it wants, and what it answers.
#[derive(Clone, Debug, Default)]
pub struct Addition {
    /// The method, in capitals.
    pub method: String,
    /// The path, with its parameters.
    pub path: String,
    /// What a subuser (`widget.read`) or an application key (`widgets:read`) must have.
    pub permission: Option<String>,
    /// Whether empty content is invalid.
    pub needs_content: bool,
    /// Whether it needs the node.
    pub daemon: bool,
    /// Whether it works without the two-factor authentication that the panel demands.
    pub without_two_factor: bool,
    /// Values of its parameters that name nothing; all others name something, where the panel has
    /// no things of the kind itself.
    pub missing: Vec<Missing>,
    /// The status of the answer to whoever passes all checks.
    pub status: u16,
    /// Its document; nothing if it has no content.
    pub content: Option<Value>,
}

/// A value of a parameter that names nothing.
#[derive(Clone, Debug)]
pub struct Missing {
    /// The parameter.
    pub parameter: String,
    /// The value.
    pub value: String,
    /// Whether that is seen before the checks of the key, or by the action only.
    pub bound: bool,
}

/// Why a panel cannot have a route.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadAddition {
    /// It is in neither API.
    #[error("it stands under neither /api/client/ nor /api/application/")]
    Outside,
    /// A subuser's permission, where there is no server.
    #[error("its permission is one of subusers, and its path names no {{server}}")]
    NoServer,
    /// An application key has no such permission.
    #[error("its permission `{0}` is not written RESOURCE:read or RESOURCE:write")]
    Permission(String),
}

/// What a route answers that was added.
pub(in crate::reference) struct Sample {
    missing: Vec<Missing>,
    status: u16,
    content: Option<Value>,
}

impl Sample {
    /// Whether a parameter has the value that names nothing, and that is seen by then.
    pub(in crate::reference) fn is_missing(&self, name: &str, value: &str, bound: bool) -> bool {
        let mut missing = self.missing.iter();
        missing.any(|one| one.parameter == name && one.value == value && one.bound == bound)
    }
}

/// Routes that a panel has beside its own; none by default.
#[derive(Clone, Default)]
pub struct AddedRoutes(Vec<&'static Route>);

impl fmt::Debug for AddedRoutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|route| (route.method, route.path));
        f.debug_list().entries(names).finish()
    }
}

impl AddedRoutes {
    /// Adds a route.
    ///
    /// It is kept until the program ends, as the panel's own are: faults are called by its name.
    ///
    /// # Errors
    ///
    /// Why no panel can have it.
    pub fn add(&mut self, addition: Addition) -> Result<(), BadAddition> {
        self.0.push(Box::leak(Box::new(addition.route()?)));
        Ok(())
    }

    /// Whether a panel of some family has a route by itself, whatever its parameters are called.
    #[must_use]
    pub fn is_known(method: &str, path: &str) -> bool {
        RouteName::all().any(|route| route.is(method, path))
    }

    /// Those of them that are wanted, by method and path.
    #[must_use]
    pub fn only(&self, is_wanted: impl Fn(&str, &str) -> bool) -> Self {
        let all = self.0.iter().copied();
        Self(
            all.filter(|route| is_wanted(route.method, route.path))
                .collect(),
        )
    }

    pub(in crate::reference) fn iter(&self) -> impl Iterator<Item = &'static Route> {
        self.0.iter().copied()
    }
}

impl Addition {
    fn route(self) -> Result<Route, BadAddition> {
        let api = api_of(&self.path).ok_or(BadAddition::Outside)?;
        let permission = match self.permission {
            None => Permission::Nothing,
            Some(name) if api == Api::Application => of_application(&name)?,
            Some(_) if !self.path.contains("/{server}") => return Err(BadAddition::NoServer),
            Some(name) => Permission::Server(name.leak()),
        };
        let sample = Sample {
            missing: self.missing,
            status: self.status,
            content: self.content,
        };
        Ok(Route {
            permission,
            fields: if self.needs_content { CONTENT } else { &[] },
            daemon: self.daemon,
            without_two_factor: self.without_two_factor,
            sample: Some(Box::leak(Box::new(sample))),
            ..Route::new(
                Some(api),
                self.method.leak(),
                self.path.leak(),
                answer_sample,
            )
        })
    }
}

fn api_of(path: &str) -> Option<Api> {
    let is_in = |api: &str| {
        let rest = path.strip_prefix(api);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    match () {
        () if is_in("/api/client") => Some(Api::Client),
        () if is_in("/api/application") => Some(Api::Application),
        () => None,
    }
}

/// What an application key must have. Of a resource that the panel does not know, a key has what it
/// has of every resource that is not named.
fn of_application(name: &str) -> Result<Permission, BadAddition> {
    let bad = || BadAddition::Permission(name.to_owned());
    let (resource, access) = name.split_once(':').ok_or_else(bad)?;
    let known = IntoDeserializer::<BadName>::into_deserializer(resource);
    let access = match access {
        "read" => Access::Read,
        "write" => Access::Write,
        _ => return Err(bad()),
    };
    Ok(Permission::Resource(
        Resource::deserialize(known).unwrap_or(Resource::Other),
        access,
    ))
}

fn answer_sample(inquiry: &mut Inquiry<'_>) -> Outcome {
    let Some(sample) = inquiry.route.sample else {
        return Ok(Success::empty(204));
    };
    let mut parameters = inquiry.parameters.iter();
    if let Some((name, _)) = parameters.find(|(name, value)| sample.is_missing(name, value, false))
    {
        return Err(inquiry.refuse(Condition::Missing(Some(name))));
    }
    Ok(match &sample.content {
        None => Success::empty(sample.status),
        Some(document) => Success::json(sample.status, document.clone()),
    })
}

#[cfg(test)]
mod tests {
    use super::{Missing, Sample};

    #[test]
    fn a_value_names_nothing_of_its_own_parameter_and_where_that_is_seen() {
        let missing = |parameter: &str, value: &str, bound| Missing {
            parameter: parameter.to_owned(),
            value: value.to_owned(),
            bound,
        };
        let sample = Sample {
            missing: vec![missing("widget", "99", true), missing("part", "x", false)],
            status: 200,
            content: None,
        };
        for (name, value, bound, is_missing) in [
            ("widget", "99", true, true),
            ("widget", "99", false, false),
            ("widget", "98", true, false),
            ("part", "99", true, false),
            ("part", "x", false, true),
            ("part", "x", true, false),
        ] {
            assert_eq!(
                sample.is_missing(name, value, bound),
                is_missing,
                "{name} {value} {bound}"
            );
        }
    }
}
