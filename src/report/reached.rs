//! On how many routes a run reached the checks that missing ids hide. Refused for a missing id, a
//! key has proved nothing about its rights.

use std::collections::BTreeSet;

use super::results::CheckReached;
use crate::spec::{
    Api, Case, Contract, Endpoint, Presence, Profile, Route, names_what_exists, reached,
};

/// A check that missing ids hide: what it is called, the reason that a refusal shows, and which
/// routes have it.
type HiddenCheck = (&'static str, &'static str, fn(&Route) -> bool);

const CHECKS: [HiddenCheck; 3] = [
    ("key type", "wrong-key-type", |_| true),
    ("permission", "no-permission", |route| {
        route.permission.is_some()
    }),
    ("ownership", "hidden", |route| {
        route.api() == Api::Client && route.endpoint.parameters().any(|name| name == "server")
    }),
];

/// For each of these checks, on how many of its routes it was reached by cases that were judged, each
/// with the number of steps that were sent.
pub(super) fn checks_reached(
    contract: &Contract,
    profile: &Profile,
    judged: &[(&Case, usize)],
) -> Vec<CheckReached> {
    let reached = refusals(contract, profile, judged);
    let each = CHECKS.map(|(check, because, has)| {
        let inventory = contract.inventory.routes.iter();
        let routes = inventory.filter(|r| profile.presence(r, None) != Presence::Never && has(r));
        let routes: Vec<_> = routes.map(|route| &*route.endpoint).collect();
        let hit = |route: &&&Endpoint| reached.contains(&(**route, because.to_owned()));
        CheckReached {
            check: check.to_owned(),
            routes: routes.iter().filter(hit).count(),
            of: routes.len(),
        }
    });
    each.into()
}

/// The routes on which a refusal was judged that tells, with the reason.
fn refusals<'c>(
    contract: &'c Contract,
    profile: &Profile,
    judged: &[(&'c Case, usize)],
) -> BTreeSet<(&'c Endpoint, String)> {
    let sent = judged
        .iter()
        .flat_map(|(case, sent)| case.steps.iter().take(*sent));
    sent.filter(|step| names_what_exists(&contract.inventory, &step.request))
        .filter_map(|step| {
            let route = step.request.route.as_ref()?;
            let because = reached(profile, step)?;
            Some((&route.endpoint.value, because.name().to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_check_is_reached_where_only_it_refuses_and_its_step_was_sent() {
        let specs = sample::specs(
            "  - id: one
    title: One
    steps:
      - { request: { endpoint: GET /api/client, key: client }, expect: granted }
      - { request: { endpoint: GET /api/client, key: application }, expect: wrong-key-type }
  - id: missing
    title: Missing
    request: { endpoint: \"GET /api/client/servers/{server}\", ids: missing, key: client }
    expect: { because: [\"missing:server\"] }
",
        );
        let contract = &specs.contract;
        let profile = contract.profile("pterodactyl-1.11").unwrap();
        let cases: Vec<_> = specs.cases().map(|case| &**case).collect();
        let on_routes = |sent: usize| {
            let judged: Vec<_> = cases.iter().map(|case| (*case, sent)).collect();
            let reached = checks_reached(contract, profile, &judged);
            reached
                .into_iter()
                .map(|check| (check.check, check.routes))
                .collect::<Vec<_>>()
        };
        let each = |routes: [usize; 3]| {
            let names = ["key type", "permission", "ownership"];
            let names = names.into_iter().map(ToOwned::to_owned);
            names.zip(routes).collect::<Vec<_>>()
        };
        assert_eq!(on_routes(0), each([0, 0, 0]));
        assert_eq!(on_routes(1), each([0, 0, 0]));
        assert_eq!(on_routes(2), each([1, 0, 0]));
    }

    #[test]
    fn a_check_has_the_routes_of_the_profile_that_can_show_it() {
        let specs = sample::specs(
            "  - { id: one, title: One, request: { endpoint: GET /api/client, key: none }, expect: no-key }\n",
        );
        let contract = &specs.contract;
        // A profile with another list of routes than the inventory.
        let profile = contract.profile("pelican").unwrap();
        let inventory = &contract.inventory.routes;
        let (mut there, mut with_permission, mut of_servers) = (0, 0, 0);
        for route in inventory {
            if profile.presence(route, None) == Presence::Never {
                continue;
            }
            there += 1;
            with_permission += usize::from(route.permission.is_some());
            let path = route.endpoint.path.as_str();
            of_servers += usize::from(path.starts_with("/api/client/servers/{server}"));
        }
        assert!(there < inventory.len() && with_permission < there && of_servers < there);
        let of: Vec<_> = checks_reached(contract, profile, &[])
            .iter()
            .map(|check| check.of)
            .collect();
        assert_eq!(of, [there, with_permission, of_servers]);
    }
}
