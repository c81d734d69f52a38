//! The checks that faults leave out, and the routes that have them.

use std::fmt;

use super::super::{
    family::Family,
    routes::{self, Api, Permission, Route},
};

/// A check that a fault leaves out, or makes too strict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gate {
    /// Whether there is a key, and a known one.
    Auth,
    /// Whether the key is made for the API.
    KeyType,
    /// Whether the key or the subuser may do that.
    Permission,
    /// Whether the server is one that the user can see.
    Ownership,
    /// Nothing: whoever passes all checks is refused.
    Refusal,
    /// Nothing either: whoever may write is refused before the content is looked at.
    Writing,
}

impl Gate {
    /// All of them, in the order in which panels come to them.
    pub const ALL: [Self; 6] = [
        Self::Auth,
        Self::KeyType,
        Self::Permission,
        Self::Ownership,
        Self::Refusal,
        Self::Writing,
    ];

    /// The name of the fault that leaves it out everywhere.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Auth => "skip-auth",
            Self::KeyType => "skip-key-type",
            Self::Permission => "skip-permission",
            Self::Ownership => "skip-ownership",
            Self::Refusal => "refuse-readers",
            Self::Writing => "refuse-writers",
        }
    }

    pub(super) const fn description(self) -> &'static str {
        match self {
            Self::Auth => "Whoever has no good key is taken for an administrator.",
            Self::KeyType => "Any valid key opens both APIs.",
            Self::Permission => {
                "Permissions of application keys and of subusers are not looked at."
            }
            Self::Ownership => "Whoever may not see a server is taken for its owner.",
            Self::Refusal => "Nobody reads, whatever the key may do.",
            Self::Writing => "Nobody writes on the Application API, whatever the key may do.",
        }
    }

    /// The routes of a family that have the check.
    pub(super) fn routes(self, family: Family) -> impl Iterator<Item = RouteName> {
        routes::of(family)
            .filter(move |route| self.is_on(route))
            .map(RouteName::of)
    }

    pub(super) fn is_on(self, route: &Route) -> bool {
        match self {
            Self::Auth | Self::KeyType => route.api.is_some(),
            Self::Permission => matches!(
                route.permission,
                Permission::Server(_)
                    | Permission::Action(_)
                    | Permission::Power
                    | Permission::Resource(..)
            ),
            Self::Ownership => route.api == Some(Api::Client) && route.path.contains("/{server}"),
            Self::Refusal => route.api.is_some() && route.method == "GET",
            // Where no content is wanted, a good key cannot be seen to be let in without effect.
            Self::Writing => {
                let is_application = route.api == Some(Api::Application);
                is_application && route.method != "GET" && !route.fields.is_empty()
            }
        }
    }
}

/// A check left out, everywhere or on one route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct LeftOut {
    pub gate: Gate,
    pub route: Option<RouteName>,
}

impl LeftOut {
    pub(super) fn is_on(self, route: &Route) -> bool {
        match self.route {
            None => self.gate.is_on(route),
            Some(one) => one == RouteName::of(route),
        }
    }
}

/// Method and path of a route, written `GET:/api/client/servers/{server}`: no shell changes that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RouteName {
    /// The method, in capitals.
    pub method: &'static str,
    /// The path, with its parameters.
    pub path: &'static str,
}

impl RouteName {
    pub(super) fn of(route: &Route) -> Self {
        Self {
            method: route.method,
            path: route.path,
        }
    }

    /// Whether it is this very route, whatever its parameters are called. What one side takes for a
    /// parameter called `force` may be the word `force` on the other.
    #[must_use]
    pub fn is(self, method: &str, path: &str) -> bool {
        let is_same = |(own, other): (&str, &str)| match own.strip_prefix('{') {
            Some(name) => other.starts_with('{') || name.strip_suffix('}') == Some(other),
            None => own == other,
        };
        let (own, other) = (self.path.split('/'), path.split('/'));
        self.method == method
            && own.clone().count() == other.clone().count()
            && own.zip(other).all(is_same)
    }

    /// Every route of every family.
    pub(in crate::reference) fn all() -> impl Iterator<Item = Self> {
        routes::all().map(Self::of)
    }
}

impl fmt::Display for RouteName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.method, self.path)
    }
}
