//! On how many routes a run reached the checks that missing ids hide. Refused for a missing id, a
//! key has proved nothing about its rights.

use std::collections::BTreeSet;

use super::results::CheckReached;
use crate::run::CaseResult;
use crate::spec::{Api, Contract, Endpoint, Presence, Profile, Route, names_what_exists, reached};
use crate::verdict::Verdict;

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

/// For each of these checks, on how many of its routes it was reached.
pub(super) fn checks_reached(
    contract: &Contract,
    profile: &Profile,
    results: &[&CaseResult],
) -> Vec<CheckReached> {
    let reached = refusals(contract, profile, results);
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
    results: &[&'c CaseResult],
) -> BTreeSet<(&'c Endpoint, String)> {
    let judged = results
        .iter()
        .filter(|result| matches!(result.verdict, Ok(Verdict::Conforms | Verdict::Deviates(_))));
    let sent = judged.flat_map(|result| result.case.steps.iter().take(result.steps.len()));
    sent.filter(|step| names_what_exists(&contract.inventory, &step.request))
        .filter_map(|step| {
            let route = step.request.route.as_ref()?;
            let because = reached(profile, step)?;
            Some((&route.endpoint.value, because.name().to_owned()))
        })
        .collect()
}
