//! Chooses what is run and says it beforehand: cases, keys, ids, requests, writes. Pure.

mod budget;
mod due;
mod selection;
mod sharing;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use semver::Version;

pub(crate) use budget::WINDOW;
use budget::WantedIds;
pub use budget::{Bucket, Budget, Pace};
pub use due::{Due, due, first_unstated, origin};
pub use selection::Selection;
pub(crate) use sharing::{Group, groups};

use crate::spec::{
    Api, Case, Consent, Contract, Endpoint, Holder, Ids, KeyUse, Obtainable, Origin, Profile,
    RoleName,
};
use crate::verdict::Skip;

/// What the operator has agreed to and told about the target.
#[derive(Clone, Debug, Default)]
pub struct Agreement {
    /// What the run may do beyond reading.
    pub consents: BTreeSet<Consent>,
    /// States that the target is said to have.
    pub has: BTreeSet<String>,
    /// The panel's version, if the operator named it.
    pub version: Option<Version>,
}

impl Agreement {
    /// Whether what needs this consent may be done.
    #[must_use]
    pub fn allows(&self, consent: Option<Consent>) -> bool {
        consent.is_none_or(|consent| self.consents.contains(&consent))
    }
}

/// What is run, and what is not and why.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The profile whose contract holds.
    pub profile: Arc<Profile>,
    /// The chosen cases, in the order of the specification.
    pub cases: Vec<Planned>,
}

/// A chosen case.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The case.
    pub case: Arc<Case>,
    /// What is due for each step, or why nothing is asked.
    pub due: Result<Vec<Due>, Skip>,
}

impl Planned {
    /// How well its expectations are known.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.due.as_deref().map_or(Origin::Observed, origin)
    }

    /// Whether anything is asked.
    #[must_use]
    pub fn is_run(&self) -> bool {
        self.due.is_ok()
    }
}

impl Plan {
    /// Decides for each case what is due, or why it is not asked.
    #[must_use]
    pub fn new<'c>(
        contract: &Contract,
        cases: impl IntoIterator<Item = &'c Arc<Case>>,
        profile: &Arc<Profile>,
        agreement: &Agreement,
        given: &BTreeSet<RoleName>,
    ) -> Self {
        // Neighbours are mostly due the same.
        let mut last: Vec<Due> = Vec::new();
        let planned = cases.into_iter().map(|case| {
            let due = decide(contract, case, profile, agreement, given);
            let due = due.map(|due| shared(due, &last));
            if let Ok(due) = &due {
                last.clone_from(due);
            }
            Planned {
                case: Arc::clone(case),
                due,
            }
        });
        Self {
            profile: Arc::clone(profile),
            cases: planned.collect(),
        }
    }

    /// The same cases, decided again for what is known after the controls.
    #[must_use]
    pub fn again(
        &self,
        contract: &Contract,
        profile: &Arc<Profile>,
        agreement: &Agreement,
        given: &BTreeSet<RoleName>,
    ) -> Self {
        let cases = self.cases.iter().map(|planned| &planned.case);
        Self::new(contract, cases, profile, agreement, given)
    }

    /// The cases in which something is asked.
    pub fn run(&self) -> impl Iterator<Item = &Planned> {
        self.cases.iter().filter(|planned| planned.is_run())
    }

    /// The real roles whose keys the asked cases use, owners of ids included.
    #[must_use]
    pub fn roles(&self, contract: &Contract) -> BTreeSet<RoleName> {
        self.run()
            .flat_map(|planned| needed_roles(contract, &planned.case))
            .collect()
    }

    /// The requests of the cases, by whose limit they count towards, but for those that spend one;
    /// with those that verify keys and find ids.
    #[must_use]
    pub fn budget(&self, contract: &Contract, agreement: &Agreement) -> Budget {
        let paced = self.run().filter(|planned| !planned.case.spends_limit());
        let groups = groups(paced.enumerate());
        let firsts = groups.iter().filter_map(|group| group.first());
        let cases: Vec<_> = firsts
            .flat_map(|(_, planned)| planned.case.requests())
            .collect();
        let roles = self.roles(contract);
        let roles = roles.iter().filter_map(|role| contract.roles.real(role));
        let controls: Vec<_> = roles
            .flat_map(|role| role.control.iter().map(move |control| (role, control)))
            .filter(|(_, control)| agreement.allows(control.consent))
            .collect();
        let mut budget = Budget::of(&cases, contract);
        let mut ids = WantedIds::default();
        ids.of_requests(&cases, contract);
        for (role, control) in controls {
            let api = Api::of_path(&control.endpoint.path);
            budget.add(contract, &role.name.value, api);
            for name in control.endpoint.parameters() {
                ids.add(contract, api, name);
            }
        }
        ids.count(contract, &mut budget);
        budget
    }

    /// How many requests are sent at most by the cases that spend a limit, apart from all others.
    #[must_use]
    pub fn spending(&self) -> u32 {
        let spending = self.run().filter(|planned| planned.case.spends_limit());
        spending
            .flat_map(|planned| planned.due.iter().flatten())
            .map(|due| due.times)
            .sum()
    }

    /// How many things each role is to create, by the route; those that must be refused are not
    /// counted.
    #[must_use]
    pub fn creations(&self) -> BTreeMap<(RoleName, Endpoint), usize> {
        let mut creations = BTreeMap::new();
        for planned in self.run() {
            let steps = planned.case.steps.iter().zip(planned.due.iter().flatten());
            for (step, due) in steps {
                let creates = step.request.route.as_ref().filter(|r| r.creates.is_some());
                if let (Some(route), KeyUse::Role(role)) = (creates, &step.request.key)
                    && due.expected.status.contains(&route.success.status)
                {
                    let key = (role.clone(), route.endpoint.value.clone());
                    *creations.entry(key).or_default() += 1;
                }
            }
        }
        creations
    }

    /// Whether a request is sent that creates something where it is not refused, and that was
    /// agreed to.
    #[must_use]
    pub fn may_create(&self) -> bool {
        let agreed = self.run().filter(|p| p.case.scenario.consent.is_some());
        let mut requests = agreed.flat_map(|planned| planned.case.requests());
        requests.any(|request| request.route.as_ref().is_some_and(|r| r.creates.is_some()))
    }
}

/// What is due for the steps of a case, kept once with those of another where it is the same.
fn shared(due: Vec<Due>, others: &[Due]) -> Vec<Due> {
    let mut others = others.iter();
    let steps = due.into_iter();
    let shared = steps.map(|step| match others.next() {
        Some(other) => step.shared_with(other),
        None => step,
    });
    shared.collect()
}

fn decide(
    contract: &Contract,
    case: &Case,
    profile: &Profile,
    agreement: &Agreement,
    given: &BTreeSet<RoleName>,
) -> Result<Vec<Due>, Skip> {
    let due = due(contract, case, profile, agreement.version.as_ref())?;
    if let Some(skip) = wrong_state(contract, case, &agreement.has) {
        return Err(skip);
    }
    if let Some(consent) = case
        .scenario
        .consent
        .filter(|c| !agreement.consents.contains(c))
    {
        return Err(Skip::NotAgreed(consent));
    }
    if !profile.tells_types_apart() && swaps_prefixes(contract, case) {
        return Err(Skip::NotStated(format!(
            "the keys of both types begin alike in {}",
            profile.name.value
        )));
    }
    match needed_roles(contract, case)
        .into_iter()
        .find(|role| !given.contains(role))
    {
        Some(role) => Err(missing(contract, &role)),
        None => Ok(due),
    }
}

/// Why a case says nothing about a target in these states, if it does not.
fn wrong_state(contract: &Contract, case: &Case, has: &BTreeSet<String>) -> Option<Skip> {
    let scenario = &case.scenario;
    if let Some(state) = scenario.needs.iter().find(|state| !has.contains(*state)) {
        return Some(untold(contract, state));
    }
    if let Some(state) = scenario.unless.iter().find(|state| has.contains(*state)) {
        let why = format!("the target is said to have: {state}");
        return Some(Skip::NotApplicable(why));
    }
    let closing = closing(contract, has).filter(|state| !scenario.needs.contains(state))?;
    Some(Skip::NotApplicable(format!(
        "the target is said to have {closing}, which closes it to ordinary requests"
    )))
}

/// That a state is needed, and how a panel comes into it.
fn untold(contract: &Contract, name: &str) -> Skip {
    let state = contract.state(name);
    let alone = match state {
        Some(state) if state.closes => " in a run of its own",
        _ => "",
    };
    let way = state.map(|state| format!("; how, on a staging panel: {}", state.how));
    Skip::Untold {
        why: format!("the target was not said to have: {name}"),
        how: format!("--has {name}{alone}{}", way.unwrap_or_default()),
    }
}

/// The state of the target, if there is one, in which ordinary requests are refused.
pub(crate) fn closing<'h>(contract: &Contract, has: &'h BTreeSet<String>) -> Option<&'h String> {
    has.iter()
        .find(|name| contract.state(name).is_some_and(|state| state.closes))
}

/// Whether a key of the case is another one with the prefix of the other type.
fn swaps_prefixes(contract: &Contract, case: &Case) -> bool {
    case.requests().any(|request| {
        request.roles().any(|role| {
            matches!(contract.roles.holder(role, request.api),
                Some(Holder::Derived(derived, _)) if derived.change.swap_prefix)
        })
    })
}

fn missing(contract: &Contract, name: &RoleName) -> Skip {
    let Some(role) = contract.roles.real(name) else {
        return Skip::NotApplicable(format!("there is no role `{name}`"));
    };
    match role.obtainable {
        Obtainable::Yes => Skip::RoleMissing {
            role: name.clone(),
            make: role.make.clone(),
        },
        Obtainable::WithWrites | Obtainable::DatabaseOnly => Skip::Untold {
            why: format!("no key for `{name}`, which takes more than the panel's pages"),
            how: format!("a key that is made so: {}", role.make),
        },
    }
}

/// The real roles without whose keys a case cannot be sent: those that it names, those that its
/// derived keys are made from, and those whose keys find its ids.
fn needed_roles(contract: &Contract, case: &Case) -> BTreeSet<RoleName> {
    let mut needed = BTreeSet::new();
    for request in case.requests() {
        for role in request.roles() {
            match contract.roles.holder(role, request.api) {
                Some(Holder::Real(role) | Holder::Derived(_, role)) => {
                    needed.insert(role.name.value.clone());
                }
                Some(Holder::MadeUp(_)) | None => {}
            }
        }
        if request.ids == Ids::Existing {
            for name in request.target.ids() {
                let parameter = contract.inventory.parameter(request.api, name);
                needed.extend(parameter.map(|parameter| parameter.find.key.value.clone()));
            }
        }
    }
    needed
}

#[cfg(test)]
mod tests;
