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
