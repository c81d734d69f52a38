//! The routes of the panel, and which of them a request means.

mod added;
mod application;
mod client;
mod forks;
mod remote;

pub use added::{AddedRoutes, Addition, BadAddition, Missing};

use super::{
    answers::{Outcome, Success},
    family::Family,
    inquiry::Inquiry,
    validation::Field,
    world::{Access, Resource},
};

/// One of the two APIs that keys open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Api {
    /// `/api/client`: what one user reaches.
    Client,
    /// `/api/application`: administration.
    Application,
}

/// What a granted request does.
type Action = fn(&mut Inquiry<'_>) -> Outcome;

/// What a route wants besides a key of the right type.
#[derive(Clone, Copy)]
pub(super) enum Permission {
    Nothing,
    /// A permission that a subuser must have.
    Server(&'static str),
    /// The same, asked for by the action itself.
    Action(&'static str),
    /// The permission that belongs to the signal in the content.
    Power,
    /// The password of the account, in this field.
    Password(&'static str),
    /// Access that an application key must have.
    Resource(Resource, Access),
}

/// When a server that is not ready can be used all the same.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum OpenTo {
    Nobody,
    /// Administrators, unless the server is suspended or its node under maintenance.
    Administrators,
    Everybody,
}

/// A route: what it wants, and what it does.
pub(super) struct Route {
    pub method: &'static str,
    pub path: &'static str,
    /// The first family that has it.
    since: Family,
    /// The last family that has it.
    until: Family,
    /// None for the routes of nodes.
    pub api: Option<Api>,
    pub permission: Permission,
    pub fields: &'static [Field],
    /// Whether it works without the two-factor authentication that the panel demands.
    pub without_two_factor: bool,
    /// Who may use it while the server is not ready.
    pub open_to: OpenTo,
    /// Whether it needs the node.
    pub daemon: bool,
    /// Whether the fork that has it was released without asking for the permission.
    pub left_open: bool,
    pub action: Action,
    /// What it answers, if it was added and has no action of its own.
    pub sample: Option<&'static added::Sample>,
}

impl Route {
    const fn new(
        api: Option<Api>,
        method: &'static str,
        path: &'static str,
        action: Action,
    ) -> Self {
        Self {
            method,
            path,
            since: Family::V1_7,
            until: Family::V1_14,
            api,
            permission: Permission::Nothing,
            fields: &[],
            without_two_factor: false,
            open_to: OpenTo::Nobody,
            daemon: false,
            left_open: false,
            action,
            sample: None,
        }
    }

    const fn since(self, since: Family) -> Self {
        Self { since, ..self }
    }

    const fn until(self, until: Family) -> Self {
        Self { until, ..self }
    }

    const fn needs(self, permission: &'static str) -> Self {
        self.wants(Permission::Server(permission))
    }

    const fn needs_in_action(self, permission: &'static str) -> Self {
        self.wants(Permission::Action(permission))
    }

    const fn wants(self, permission: Permission) -> Self {
        Self { permission, ..self }
    }

    const fn fields(self, fields: &'static [Field]) -> Self {
        Self { fields, ..self }
    }

    const fn without_two_factor(self) -> Self {
        Self {
            without_two_factor: true,
            ..self
        }
    }

    const fn open_to(self, open_to: OpenTo) -> Self {
        Self { open_to, ..self }
    }

    const fn daemon(self) -> Self {
        Self {
            daemon: true,
            ..self
        }
    }

    const fn left_open(self) -> Self {
        Self {
            left_open: true,
            ..self
        }
    }

    /// The parameters of a path that this route has; none if it has another path.
    fn parameters(&self, path: &str) -> Option<Parameters> {
        let mut parameters = Vec::new();
        let mut given = path.split('/');
        for wanted in self.path.split('/') {
            let given = given.next()?;
            match parameter_name(wanted) {
                Some(_) if given.is_empty() => return None,
                Some(name) => parameters.push((name, given.to_owned())),
                None if wanted != given => return None,
                None => {}
            }
        }
        given.next().is_none().then_some(Parameters(parameters))
    }

    /// Whether the route takes the method; GET takes HEAD too.
    fn takes(&self, method: &str) -> bool {
        self.method == method || (self.method == "GET" && method == "HEAD")
    }
}

fn parameter_name(segment: &'static str) -> Option<&'static str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

/// The parameters of a path by name, in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Parameters(Vec<(&'static str, String)>);

impl Parameters {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }

    fn count(&self) -> usize {
        self.0.len()
    }
}

/// What a request means.
pub(super) enum Found {
    Route(&'static Route, Parameters),
    /// The path exists, but with these methods.
    OtherMethods(Vec<&'static str>),
    Nothing,
}

/// Finds the route of a family, or one that was added, for a method and a decoded path; one with
/// fewer parameters is more exact.
pub(super) fn find(family: Family, added: &AddedRoutes, method: &str, path: &str) -> Found {
    let fits = |route: &'static Route| Some((route, route.parameters(path)?));
    let takes = |route: &&Route| route.takes(method);
    let own = of(family).filter(takes).find_map(fits);
    let others = added.iter().filter(takes).filter_map(fits);
    let other = others.min_by_key(|(_, parameters)| parameters.count());
    let found = match (own, other) {
        (Some(own), Some(other)) if other.1.count() < own.1.count() => Some(other),
        (own, other) => own.or(other),
    };
    if let Some((route, parameters)) = found {
        return Found::Route(route, parameters);
    }
    let here = || of(family).chain(added.iter()).filter_map(fits);
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
    let allowed: Vec<_> = known
        .into_iter()
        .filter(|method| here().any(|(route, _)| route.takes(method)))
        .collect();
    if allowed.is_empty() {
        return Found::Nothing;
    }
    Found::OtherMethods(allowed)
}

/// The routes that a family has; those of a fork's own first, which are more exact.
pub(super) fn of(family: Family) -> impl Iterator<Item = &'static Route> {
    let (own, base) = (forks::routes(family), family.base());
    let kept = of_pterodactyl().filter(move |route| {
        (route.since..=route.until).contains(&base) && !forks::lacks(family, route)
    });
    own.iter().chain(kept)
}

/// The routes of all families.
pub(super) fn all() -> impl Iterator<Item = &'static Route> {
    let of_forks = Family::all().flat_map(forks::routes);
    of_pterodactyl().chain(of_forks)
}

fn of_pterodactyl() -> impl Iterator<Item = &'static Route> {
    client::ROUTES
        .iter()
        .chain(application::ROUTES)
        .chain(remote::ROUTES)
}

/// An answer without content.
#[expect(clippy::unnecessary_wraps, reason = "an action")]
fn nothing(_: &mut Inquiry<'_>) -> Outcome {
    Ok(Success::empty(204))
}

/// Accepted, to be done later.
#[expect(clippy::unnecessary_wraps, reason = "an action")]
fn accepted(_: &mut Inquiry<'_>) -> Outcome {
    Ok(Success::empty(202))
}

#[cfg(test)]
mod tests {
    use super::{AddedRoutes, Family, Found, find, of};

    fn lookup(method: &str, path: &str) -> Found {
        find(Family::V1_11, &AddedRoutes::default(), method, path)
    }

    fn allowed(method: &str, path: &str) -> Vec<&'static str> {
        match lookup(method, path) {
            Found::OtherMethods(allowed) => allowed,
            _ => Vec::new(),
        }
    }

    #[test]
    fn a_route_is_found_by_method_and_path() {
        assert!(matches!(lookup("HEAD", "/api/client"), Found::Route(..)));
        assert!(matches!(lookup("GET", "//api//client"), Found::Nothing));
        assert!(matches!(lookup("GET", "/api/client/nope"), Found::Nothing));
        assert!(matches!(
            lookup("GET", "/api/client/servers/"),
            Found::Nothing
        ));
        match lookup("GET", "/api/application/nodes/deployable") {
            Found::Route(_, parameters) => assert!(parameters.get("node").is_none()),
            _ => panic!("no route"),
        }
    }

    #[test]
    fn other_methods_are_listed_in_the_order_of_the_framework() {
        assert_eq!(allowed("DELETE", "/api/client"), ["GET", "HEAD"]);
        let users = allowed("PUT", "/api/application/users");
        assert_eq!(users, ["GET", "HEAD", "POST"]);
    }

    #[test]
    fn a_family_has_as_many_routes_as_its_panel() {
        for (family, count) in [
            (Family::V1_7, 118),
            (Family::V1_8, 122),
            (Family::V1_10, 124),
            (Family::V1_11, 125),
            (Family::V1_11_9, 125),
            (Family::V1_12, 125),
            (Family::V1_14, 123),
            // Those of both APIs as swept: 155, 135, 134; and the 14 of nodes of their base.
            (Family::Jexactyl, 169),
            (Family::Pyrodactyl, 149),
            (Family::Pelican, 148),
        ] {
            let mut seen = std::collections::BTreeSet::new();
            for route in of(family) {
                assert!(seen.insert((route.method, route.path)), "{}", route.path);
            }
            assert_eq!(seen.len(), count, "{family}");
        }
    }
}
