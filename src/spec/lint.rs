//! What is wrong with a specification as a whole, though each of its files reads well.

use std::collections::BTreeSet;

use super::condition::{Condition, ConditionInfo};
use super::diagnostic::Diagnostic;
use super::expectation::Basis;
use super::name::Level;
use super::profile::{Answer, Profile, Ruling};
use super::requirement::{Requirement, VerifiedBy};
use super::resolve::{Outcome, Question, resolve};
use super::role::Roles;
use super::route::RoutesFile;
use super::schema::Schemas;
use super::source::SourceFile;
use super::yaml::Located;
use super::{Contract, Specs, Step};

/// Every trouble of a specification as a whole: clauses without cases, schemas that nobody uses,
/// refusals that a good key would get as well. Suites that stand alone need not speak of every
/// built-in clause.
#[must_use]
pub fn lint(specs: &Specs) -> Vec<Diagnostic> {
    let mut troubles = Vec::new();
    if specs.has_own_requirements {
        troubles.extend(clauses_without_cases(specs));
    }
    troubles.extend(schemas_without_use(specs));
    troubles.extend(refusals_for_everybody(specs));
    troubles
}

fn clauses_without_cases(specs: &Specs) -> Vec<Diagnostic> {
    let cited: BTreeSet<_> = specs
        .cases()
        .flat_map(|case| &case.scenario.requires)
        .collect();
    let alone = |r: &&Requirement| {
        r.level == Level::Must && r.verified_by == VerifiedBy::Cases && !cited.contains(&r.id.value)
    };
    let trouble = |r: &Requirement| {
        Diagnostic::of_file(
            "requirements.yaml",
            &format!("`{}` has no case", r.id.value),
        )
        .help("cite it in a scenario's `requires`, or give it `verified_by: { manual: REASON }`")
    };
    specs
        .contract
        .requirements
        .iter()
        .filter(alone)
        .map(trouble)
        .collect()
}

fn schemas_without_use(specs: &Specs) -> Vec<Diagnostic> {
    let contract = &specs.contract;
    let mut used: BTreeSet<String> = BTreeSet::new();
    for route in &contract.inventory.routes {
        used.extend(
            route
                .success
                .schema
                .iter()
                .map(|name| name.value.to_string()),
        );
    }
    for profile in &contract.profiles {
        used.extend(
            answers(profile)
                .filter_map(|a| a.schema.as_ref())
                .map(|n| n.value.to_string()),
        );
    }
    for step in specs.cases().flat_map(|case| &case.steps) {
        used.extend(step.expect.schema.iter().map(ToString::to_string));
    }
    let unused = contract
        .schemas
        .names()
        .filter(|name| !used.contains(name.as_str()));
    unused
        .map(|name| {
            Diagnostic::of_file(
                &format!("schemas/responses/{name}.json"),
                "is used by nothing",
            )
        })
        .collect()
}

fn answers(profile: &Profile) -> impl Iterator<Item = &Answer> {
    let by_condition = [
        &profile.answers,
        &profile.client.answers,
        &profile.application.answers,
    ];
    let rulings = by_condition
        .into_iter()
        .flat_map(|map| map.values())
        .map(|r| &r.value);
    let exceptions = profile.exceptions.iter().map(|e| &e.answer);
    rulings.chain(exceptions).filter_map(|ruling| match ruling {
        Ruling::Refused(answer) => Some(&**answer),
        Ruling::Granted | Ruling::Unspecified => None,
    })
}

/// A refusal that every profile gives to a good key as well proves nothing.
fn refusals_for_everybody(specs: &Specs) -> Vec<Diagnostic> {
    let mut seen = BTreeSet::new();
    let mut troubles = Vec::new();
    for case in specs.cases() {
        let vain = case
            .steps
            .iter()
            .any(|step| is_refused_to_everybody(&specs.contract, step));
        if vain && seen.insert((case.scenario.file.path.clone(), case.scenario.span.start)) {
            let message = format!(
                "under every profile `{}` gets the refusal that a good key gets too",
                case.id
            );
            let help =
                "send it where the check is reached: ids that exist, content that is complete";
            troubles
                .push(Diagnostic::at(&case.scenario.file, &case.scenario.span, message).help(help));
        }
    }
    troubles
}

fn is_refused_to_everybody(contract: &Contract, step: &Step) -> bool {
    let Basis::Because(stated) = &step.expect.basis else {
        return false;
    };
    let Some(all) = step.conditions().filter(|_| !stated.is_empty()) else {
        return false;
    };
    let implied = step.request.implied_conditions();
    if implied.is_superset(stated) {
        return false;
    }
    let verdicts: Vec<bool> = contract
        .profiles
        .iter()
        .filter(|profile| !grants(profile, step, stated.difference(&implied)))
        .filter_map(|profile| {
            Some(are_alike(
                &due(profile, step, &all)?,
                &due(profile, step, &implied)?,
            ))
        })
        .collect();
    !verdicts.is_empty() && verdicts.into_iter().all(|same| same)
}

/// Whether two outcomes look the same to the one who asks.
fn are_alike(one: &Outcome, two: &Outcome) -> bool {
    match (one, two) {
        (Outcome::Refused(a), Outcome::Refused(b)) => a.answer == b.answer,
        (a, b) => a == b,
    }
}

/// Whether all these conditions are no trouble in a profile: it refuses nobody for them.
fn grants<'c>(
    profile: &Profile,
    step: &Step,
    mut conditions: impl Iterator<Item = &'c Condition>,
) -> bool {
    conditions.all(|condition| {
        profile.ruling(step.request.api, &step.request.endpoint, condition)
            == Some(&Ruling::Granted)
    })
}

/// What a step gets under these conditions; nothing where the profile does not say.
fn due(profile: &Profile, step: &Step, conditions: &BTreeSet<Condition>) -> Option<Outcome> {
    let question = Question {
        api: step.request.api,
        endpoint: &step.request.endpoint,
        route: step.request.route.as_deref(),
        conditions,
        wants_json: true,
    };
    match resolve(profile, &question).outcome {
        Outcome::Unspecified(_) => None,
        outcome => Some(outcome),
    }
}

/// Profiles: each name once, every condition known, every answer a real one.
pub(super) fn check_profiles(
    profiles: &[(SourceFile, Profile)],
    conditions: &[ConditionInfo],
    schemas: &Schemas,
    troubles: &mut Vec<Diagnostic>,
) {
    let mut names = BTreeSet::new();
    for (file, profile) in profiles {
        if !names.insert(profile.name.value.as_str()) {
            let message = format!("a profile `{}` exists already", profile.name.value);
            troubles.push(Diagnostic::at(file, &profile.name.span, message));
        }
        check_profile(file, profile, conditions, schemas, troubles);
    }
    for (file, profile) in profiles {
        let Some(rather) = &profile.rather else {
            continue;
        };
        if !names.contains(rather.value.as_str()) {
            let message = format!("unknown profile `{}`", rather.value);
            let found = Diagnostic::at(file, &rather.span, message);
            troubles.push(found.did_you_mean(rather.value.as_str(), names.iter().copied()));
        }
    }
}

fn check_profile(
    file: &SourceFile,
    profile: &Profile,
    conditions: &[ConditionInfo],
    schemas: &Schemas,
    troubles: &mut Vec<Diagnostic>,
) {
    let known = |condition: &Condition| {
        conditions
            .iter()
            .any(|c| *c.name.value == *condition.name())
    };
    let mut named: Vec<(&Condition, std::ops::Range<usize>)> = Vec::new();
    for map in [
        &profile.answers,
        &profile.client.answers,
        &profile.application.answers,
    ] {
        named.extend(
            map.iter()
                .map(|(condition, ruling)| (condition, ruling.span.clone())),
        );
    }
    for rules in [&profile.client, &profile.application] {
        for rank in &rules.order {
            named.extend(
                rank.value
                    .0
                    .iter()
                    .map(|condition| (condition, rank.span.clone())),
            );
        }
    }
    named.extend(
        profile
            .exceptions
            .iter()
            .map(|e| (&e.condition, e.route.span.clone())),
    );
    for (condition, span) in named.into_iter().filter(|(condition, _)| !known(condition)) {
        let names = conditions.iter().map(|info| info.name.value.as_str());
        let found = Diagnostic::at(file, &span, format!("unknown condition `{condition}`"));
        troubles.push(found.did_you_mean(condition.name(), names));
    }
    for answer in answers(profile) {
        check_answer(file, answer, schemas, troubles);
    }
}

fn check_answer(
    file: &SourceFile,
    answer: &Answer,
    schemas: &Schemas,
    troubles: &mut Vec<Diagnostic>,
) {
    if let Some(Located { value, span }) = &answer.schema
        && schemas.name(value.as_str()).is_none()
    {
        let found = Diagnostic::at(file, span, format!("unknown schema `{value}`"));
        troubles.push(found.did_you_mean(
            value.as_str(),
            schemas.names().map(super::name::SchemaName::as_str),
        ));
    }
    let status = answer.status;
    if !(300..600).contains(&status) {
        let message = format!("an answer of status {status} is no refusal; write `granted`");
        troubles.push(Diagnostic::of_file(&file.shown, &message));
    }
}

/// Roles: each name once, and every role that is named exists.
pub(super) fn check_roles(file: &SourceFile, roles: &Roles, troubles: &mut Vec<Diagnostic>) {
    let mut names = BTreeSet::new();
    for name in roles.names() {
        if !names.insert(name.value.as_str()) {
            let message = format!("a role `{}` exists already", name.value);
            troubles.push(Diagnostic::at(file, &name.span, message));
        }
    }
    let by_api = roles
        .by_api
        .iter()
        .flat_map(|role| [&role.client, &role.application]);
    let derived = roles.derived.iter().map(|role| &role.from);
    let mistaken = roles
        .real
        .iter()
        .flat_map(|role| &role.control)
        .filter_map(|c| c.otherwise.as_ref());
    for used in by_api.chain(derived).chain(mistaken) {
        if !names.contains(used.value.as_str()) {
            let found = Diagnostic::at(file, &used.span, format!("unknown role `{}`", used.value));
            troubles.push(found.did_you_mean(used.value.as_str(), names.iter().copied()));
        }
    }
}

/// Routes: each in the file of its API, and once.
pub(super) fn check_routes(file: &SourceFile, routes: &RoutesFile, troubles: &mut Vec<Diagnostic>) {
    let mut seen = BTreeSet::new();
    for route in &routes.routes {
        let endpoint = &route.endpoint;
        if route.api() != routes.api {
            let message = format!("`{}` is no route of the {} API", endpoint.value, routes.api);
            troubles.push(Diagnostic::at(file, &endpoint.span, message));
        }
        if !seen.insert(&endpoint.value) {
            let message = format!("a route `{}` exists already", endpoint.value);
            troubles.push(Diagnostic::at(file, &endpoint.span, message));
        }
    }
}

/// Requirements: each id once.
pub(super) fn check_requirements(
    file: &SourceFile,
    requirements: &[Requirement],
    troubles: &mut Vec<Diagnostic>,
) {
    let mut ids = BTreeSet::new();
    for requirement in requirements {
        if !ids.insert(requirement.id.value.as_str()) {
            let message = format!("a requirement `{}` exists already", requirement.id.value);
            troubles.push(Diagnostic::at(file, &requirement.id.span, message));
        }
    }
}
