//! Which check a request reaches: missing ids, for one, prove authentication only.

use std::collections::BTreeSet;

use super::case::{Ids, RequestPlan, Step};
use super::condition::Condition;
use super::profile::Profile;
use super::resolve::{Outcome, Question, resolve};
use super::route::Inventory;

/// The reason that is answered to a step, if its answer tells: a good key that asks for the same
/// gets another one. Nothing for steps that are granted, or of which the profile is silent.
#[must_use]
pub fn reached(profile: &Profile, step: &Step) -> Option<Condition> {
    let Outcome::Refused(refused) = outcome(profile, step, &step.conditions()?) else {
        return None;
    };
    match outcome(profile, step, &step.request.implied_conditions()) {
        Outcome::Refused(good) if good.answer == refused.answer => None,
        _ => Some(refused.condition),
    }
}

/// Whether all that a request's path names exists, or is looked up by the controller only.
#[must_use]
pub fn names_what_exists(inventory: &Inventory, request: &RequestPlan) -> bool {
    let is_bound = |name: &str| {
        let parameter = inventory.parameter(request.api, name);
        parameter.is_none_or(|parameter| parameter.bound)
    };
    request.ids == Ids::Existing || !request.target.ids().any(is_bound)
}

fn outcome(profile: &Profile, step: &Step, conditions: &BTreeSet<Condition>) -> Outcome {
    let question = Question {
        api: step.request.api,
        endpoint: &step.request.endpoint,
        route: step.request.route.as_deref(),
        conditions,
        wants_json: step.request.wants_json(profile),
    };
    resolve(profile, &question).outcome
}
