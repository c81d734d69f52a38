//! The routes of an inventory that the reference panel does not have by itself, so that it plays them.

use std::fmt;
use std::sync::Arc;

use crate::reference::{AddedRoutes, Addition, Missing};
use crate::spec::{BodyNeed, Contract, Endpoint, Presence, Profile, Route};

/// The routes of an inventory that the reference panel does not have by itself.
///
/// It takes them as they are written there, with the example of their schema, and nothing else: in
/// which order it checks, and what it answers to whoever is refused, stays its own.
#[derive(Clone, Debug, Default)]
pub struct Additions {
    routes: Vec<Arc<Route>>,
    added: AddedRoutes,
    /// Those that it cannot play, and why.
    pub unplayed: Vec<Unplayed>,
}

/// A route that the reference panel cannot play.
#[derive(Clone, Debug)]
pub struct Unplayed {
    /// The route.
    pub endpoint: Endpoint,
    /// Why, and what would make it played.
    pub why: String,
}

impl fmt::Display for Unplayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.endpoint, self.why)
    }
}

impl Additions {
    /// Those of a contract.
    #[must_use]
    pub fn of(contract: &Contract) -> Self {
        let mut additions = Self::default();
        for route in &contract.inventory.routes {
            let (method, path) = (&route.endpoint.method, &route.endpoint.path);
            if AddedRoutes::is_known(method, path) {
                continue;
            }
            let addition = addition(contract, route);
            let add = |one| additions.added.add(one).map_err(|bad| bad.to_string());
            match addition.and_then(add) {
                Ok(()) => additions.routes.push(Arc::clone(route)),
                Err(why) => additions.unplayed.push(Unplayed {
                    endpoint: route.endpoint.value.clone(),
                    why,
                }),
            }
        }
        additions
    }

    /// All of them, whichever panels have them.
    #[must_use]
    pub const fn all(&self) -> &AddedRoutes {
        &self.added
    }

    /// Those that a panel of some version of a profile has. The profile must be a built-in one: by
    /// another, the panel would be told what is expected of it.
    #[must_use]
    pub fn in_profile(&self, profile: &Profile) -> AddedRoutes {
        self.added.only(|method, path| {
            self.routes.iter().any(|route| {
                let endpoint = &route.endpoint;
                endpoint.method == method
                    && endpoint.path == path
                    && profile.presence(route, None) != Presence::Never
            })
        })
    }
}

fn addition(contract: &Contract, route: &Route) -> Result<Addition, String> {
    let content = match &route.success.schema {
        None => None,
        Some(name) => {
            let example = contract.schemas.example(name);
            Some(example.cloned().ok_or_else(|| {
                format!(
                    "its schema has no example: write `\"examples\": [...]` at the top of schemas/responses/{}.json beside the folder",
                    name.value
                )
            })?)
        }
    };
    let exempt = |name: &str| route.exempt.iter().any(|one| one.name() == name);
    Ok(Addition {
        method: route.endpoint.method.clone(),
        path: route.endpoint.path.clone(),
        permission: route.permission.clone(),
        needs_content: route.body == Some(BodyNeed::Required),
        daemon: route.daemon,
        without_two_factor: exempt("two-factor-required"),
        missing: missing(contract, route),
        status: route.success.status,
        content,
    })
}

fn missing(contract: &Contract, route: &Route) -> Vec<Missing> {
    let names = route.endpoint.parameters();
    let parameters = names.filter_map(|name| contract.inventory.parameter(route.api(), name));
    parameters
        .map(|parameter| Missing {
            parameter: parameter.name.value.clone(),
            value: parameter.missing.clone(),
            bound: parameter.bound,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Additions, addition};
    use crate::run::built_in;
    use crate::spec::{Contract, Endpoint, Route};

    /// The built-in contract with other routes in the place of its own: each like the list of
    /// servers but without content, and of one profile alone where one is named.
    fn contract(routes: &[(&str, Option<&str>)]) -> Contract {
        let mut contract = Contract::embedded().expect("the built-in contract");
        let like = Endpoint::try_from("GET /api/client".to_owned()).expect("a route");
        let like = Arc::clone(contract.inventory.route(&like).expect("a known route"));
        let made = routes.iter().map(|(endpoint, only)| {
            let mut route = Route::clone(&like);
            route.endpoint.value = (*endpoint).to_owned().try_into().expect("a route");
            route.success.schema = None;
            let only = only.and_then(|name| contract.profile(name));
            route.only = only.map(|profile| vec![profile.name.clone()]);
            Arc::new(route)
        });
        let made = made.collect();
        contract.inventory.routes = made;
        contract
    }

    #[test]
    fn a_panel_has_the_added_routes_of_its_profile() {
        let contract = contract(&[
            ("GET /api/client", None),
            ("GET /api/client/wishes", None),
            ("POST /api/client/wishes", Some("pelican")),
            ("GET /api/client/dreams", Some("pelican")),
        ]);
        let additions = Additions::of(&contract);
        let wish = r#"[("GET", "/api/client/wishes")]"#;
        let all = r#"[("GET", "/api/client/wishes"), ("POST", "/api/client/wishes"), ("GET", "/api/client/dreams")]"#;
        let of = |name| {
            let profile = contract.profile(name).expect("a profile");
            format!("{:?}", additions.in_profile(profile))
        };
        assert_eq!(of("pterodactyl-1.14"), wish);
        assert_eq!(of("pelican"), all);
        assert_eq!(format!("{:?}", additions.all()), all);
    }

    #[test]
    fn an_added_route_says_what_names_nothing_and_what_it_is_exempt_from() {
        let contract = contract(&[("GET /api/client/servers/{server}/wishes", None)]);
        let mut route = Route::clone(&contract.inventory.routes[0]);
        let added = addition(&contract, &route).expect("an addition");
        let missing = added.missing.iter();
        let missing: Vec<_> = missing.map(|one| one.parameter.as_str()).collect();
        assert_eq!(missing, ["server"]);
        let exempt = |route: &Route| {
            let added = addition(&contract, route).expect("an addition");
            added.without_two_factor
        };
        let condition = |name: &str| name.parse().expect("a condition");
        route.exempt = Vec::new();
        assert!(!exempt(&route));
        route.exempt = vec![condition("suspended")];
        assert!(!exempt(&route));
        route.exempt.push(condition("two-factor-required"));
        assert!(exempt(&route));
    }

    #[test]
    fn the_reference_panel_has_every_built_in_route_by_itself() {
        let contract = built_in().expect("the built-in contract");
        let additions = Additions::of(&contract);
        let played: Vec<_> = additions
            .routes
            .iter()
            .map(|one| one.endpoint.to_string())
            .collect();
        assert_eq!(played, [""; 0]);
        let unplayed: Vec<_> = additions.unplayed.iter().map(ToString::to_string).collect();
        assert_eq!(unplayed, Vec::<String>::new());
    }

    #[test]
    fn a_route_can_name_the_shapes_that_most_answers_have() {
        let schemas = &built_in().expect("the built-in contract").schemas;
        for name in ["list", "item"] {
            let name = schemas.name(name).expect("a schema");
            assert!(schemas.example(name).is_some(), "{name}");
        }
    }
}
