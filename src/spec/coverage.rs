//! Which checks are made on which routes, and why the others are not.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use super::case::{Case, KeyUse, Scenario, Step};
use super::diagnostic::Diagnostic;
use super::name::{Api, RoleName};
use super::profile::Profile;
use super::reach::{names_what_exists, reached};
use super::role::{Holder, Roles};
use super::route::{BodyNeed, Effect, Presence, Route};
use super::source::SourceFile;
use super::yaml::Located;
use super::{Contract, Specs};

/// `specs/coverage.yaml`: the checks that every route needs, and the reasons why one is not made.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    /// The checks, in the order of the table.
    pub checks: Vec<Check>,
    /// The reasons; for a route and a check, the first that fits counts.
    pub reasons: Vec<Reason>,
}

/// A refusal that is looked for on every route.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Its name.
    pub name: Located<String>,
    /// What is asked, in words.
    pub asks: String,
    /// The name of the condition for which the request has to be refused.
    pub because: Located<String>,
    /// Whose key asks; none: any that the condition speaks of.
    #[serde(default)]
    pub key: Option<Located<RoleName>>,
    /// Whether it proves something at ids that exist only.
    #[serde(default)]
    pub at_existing_ids: bool,
}

/// Why checks are not made on some routes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// The checks.
    pub checks: Vec<Located<String>>,
    /// Which routes it speaks of.
    #[serde(default)]
    pub routes: RouteTraits,
    /// The reason.
    pub why: String,
}

/// Traits of routes; those that are written have all to hold.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RouteTraits {
    /// The API.
    pub api: Option<Api>,
    /// What a granted request does: one of these.
    pub effects: Option<Vec<Effect>>,
    /// Whether empty content is always refused.
    pub empty_content_is_refused: Option<bool>,
    /// Whether a permission is asked for.
    pub permission: Option<bool>,
    /// The path has no such parameter.
    pub without_parameter: Option<String>,
}

/// One row of the table: a route, a check, and the case that makes it or why none does.
#[derive(Debug)]
pub struct Row<'s> {
    /// The route.
    pub route: &'s Route,
    /// The check.
    pub check: &'s Check,
    /// The case that makes it; of several one with a single reason, of a scenario that sweeps most
    /// routes.
    pub case: Option<&'s Case>,
    /// Why there is none, if somebody has said so.
    pub reason: Option<&'s str>,
}

/// The whole table, in the order of the inventory.
#[must_use]
pub fn coverage(specs: &Specs) -> Vec<Row<'_>> {
    let contract = &*specs.contract;
    let makes = makes(specs);
    let routes = contract.inventory.routes.iter();
    routes
        .flat_map(|route| {
            let checks = contract.coverage.checks.iter();
            checks.map(move |check| (&**route, check))
        })
        .map(|(route, check)| {
            let made = |made: &&Made<'_>| {
                std::ptr::eq(made.route, route) && made.check == check.name.value
            };
            let mades = makes.iter().filter(made);
            let best = mades.min_by_key(|made| (made.reasons, Reverse(made.siblings)));
            let case = best.map(|made| made.case);
            let reason = case.is_none().then(|| contract.coverage.why(route, check));
            Row {
                route,
                check,
                case,
                reason: reason.flatten().map(|reason| reason.why.as_str()),
            }
        })
        .collect()
}

/// What is wrong with the table: holes that nobody has given a reason for, and reasons that
/// explain nothing.
pub(super) fn troubles(specs: &Specs) -> Vec<Diagnostic> {
    let coverage = &specs.contract.coverage;
    let rows = self::coverage(specs);
    let hole = |row: &&Row<'_>| row.case.is_none() && row.reason.is_none();
    let holes = rows.iter().filter(hole).map(|row| {
        let message = format!(
            "no case makes the check `{}` on `{}`, and no reason says why",
            row.check.name.value, *row.route.endpoint
        );
        Diagnostic::of_file(FILE, &message).help("write a scenario for it, or a reason")
    });
    let idle = coverage.reasons.iter().filter(|reason| {
        let mut rows = rows.iter();
        !rows.any(|row| row.reason == Some(reason.why.as_str()))
    });
    let idle = idle.map(|reason| {
        let message = format!("a reason explains no hole: {}", reason.why);
        Diagnostic::of_file(FILE, &message)
    });
    holes.chain(idle).collect()
}

/// The file of the checks and reasons.
pub(super) const FILE: &str = "coverage.yaml";

/// A check that a case makes.
struct Made<'s> {
    route: &'s Route,
    check: &'s str,
    case: &'s Case,
    /// How many reasons there are to refuse the request.
    reasons: usize,
    /// How many cases its scenario has.
    siblings: usize,
}

/// Every check that a case makes.
fn makes(specs: &Specs) -> Vec<Made<'_>> {
    let contract = &*specs.contract;
    let mut siblings: BTreeMap<*const Scenario, usize> = BTreeMap::new();
    for case in specs.cases() {
        *siblings.entry(Arc::as_ptr(&case.scenario)).or_default() += 1;
    }
    let mut found = Vec::new();
    for case in specs.cases() {
        for step in &case.steps {
            let Some(route) = &step.request.route else {
                continue;
            };
            let checks = contract.coverage.checks.iter();
            for check in checks.filter(|check| check.is_made_by(contract, route, step)) {
                found.push(Made {
                    route,
                    check: &check.name.value,
                    case,
                    siblings: siblings
                        .get(&Arc::as_ptr(&case.scenario))
                        .copied()
                        .unwrap_or_default(),
                    reasons: step.conditions().map_or(0, |all| all.len()),
                });
            }
        }
    }
    found
}

impl Coverage {
    /// The reason why a check is not made on a route.
    fn why(&self, route: &Route, check: &Check) -> Option<&Reason> {
        self.reasons.iter().find(|reason| {
            let mut checks = reason.checks.iter();
            checks.any(|name| **name == *check.name) && reason.routes.fit(route)
        })
    }

    /// Names that nothing has.
    pub(super) fn check(
        &self,
        file: &SourceFile,
        contract: (&[super::ConditionInfo], &Roles),
        troubles: &mut Vec<Diagnostic>,
    ) {
        let names = || self.checks.iter().map(|check| check.name.value.as_str());
        for wrong in self.reasons.iter().flat_map(|reason| &reason.checks) {
            if !names().any(|name| name == wrong.value) {
                let message = format!("unknown check `{}`", wrong.value);
                let found = Diagnostic::at(file, &wrong.span, message);
                troubles.push(found.did_you_mean(&wrong.value, names()));
            }
        }
        let (conditions, roles) = contract;
        for check in &self.checks {
            let known = || conditions.iter().map(|info| info.name.value.as_str());
            if !known().any(|name| name == check.because.value) {
                let message = format!("unknown condition `{}`", check.because.value);
                let found = Diagnostic::at(file, &check.because.span, message);
                troubles.push(found.did_you_mean(&check.because.value, known()));
            }
            let Some(key) = &check.key else { continue };
            let known = || roles.names().map(|name| name.as_str());
            if !known().any(|name| name == key.as_str()) {
                let message = format!("unknown role `{}`", key.value);
                let found = Diagnostic::at(file, &key.span, message);
                troubles.push(found.did_you_mean(key.as_str(), known()));
            }
        }
    }
}

impl Check {
    /// Whether a step makes this check on a route: it is sent with the key of the check, and in
    /// some contract that has the route, the reason of the check is what the answer tells.
    fn is_made_by(&self, contract: &Contract, route: &Route, step: &Step) -> bool {
        let request = &step.request;
        let is_sent = request.endpoint.method == route.endpoint.method
            && self.is_asked_with(&contract.roles, request.api, &request.key)
            && (!self.at_existing_ids || names_what_exists(&contract.inventory, request));
        let tells = |profile: &Profile| {
            profile.presence(route, None) != Presence::Never
                && reached(profile, step).is_some_and(|c| c.name() == self.because.value)
        };
        is_sent && contract.profiles.iter().any(|profile| tells(profile))
    }

    fn is_asked_with(&self, roles: &Roles, api: Api, key: &KeyUse) -> bool {
        let (Some(wanted), KeyUse::Role(name)) = (&self.key, key) else {
            return self.key.is_none();
        };
        let found = match roles.holder(name, api) {
            Some(Holder::Real(role)) => &role.name,
            Some(Holder::Derived(derived, _)) => &derived.name,
            Some(Holder::MadeUp(made_up)) => &made_up.name,
            None => return false,
        };
        found.value == wanted.value
    }
}

impl RouteTraits {
    fn fit(&self, route: &Route) -> bool {
        let refuses_empty = route.body == Some(BodyNeed::Required);
        let has = |name: &str| route.endpoint.parameters().any(|p| p == name);
        self.api.is_none_or(|api| api == route.api())
            && self
                .effects
                .as_ref()
                .is_none_or(|all| all.contains(&route.effect))
            && self
                .empty_content_is_refused
                .is_none_or(|wanted| wanted == refuses_empty)
            && self
                .permission
                .is_none_or(|wanted| wanted == route.permission.is_some())
            && self
                .without_parameter
                .as_ref()
                .is_none_or(|name| !has(name))
    }
}
