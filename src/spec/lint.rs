//! What is wrong with a specification as a whole, though each of its files reads well.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use super::condition::{Condition, ConditionInfo};
use super::diagnostic::Diagnostic;
use super::expectation::Basis;
use super::name::{Api, Level, ProfileName};
use super::profile::{Answer, ApiRules, Exception, Profile, Ruling};
use super::profile_file::ProfileFile;
use super::requirement::{Requirement, VerifiedBy};
use super::resolve::{Outcome, Question, resolve};
use super::role::{Holder, Roles};
use super::route::{Endpoint, Inventory, RoutesFile};
use super::schema::Schemas;
use super::source::SourceFile;
use super::state::State;
use super::yaml::Located;
use super::{Case, Contract, Specs, Step};

type Rulings = BTreeMap<Condition, Located<Ruling>>;

/// Every trouble of a specification as a whole: clauses without cases, schemas that nobody uses,
/// refusals that a good key would get as well. Suites that stand alone need not speak of every
/// built-in clause.
#[must_use]
pub fn lint(specs: &Specs) -> Vec<Diagnostic> {
    let mut troubles = Vec::new();
    if specs.has_own_requirements {
        troubles.extend(clauses_without_cases(specs));
        troubles.extend(super::coverage::troubles(specs));
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
    answers_among(
        [
            &profile.answers,
            &profile.client.answers,
            &profile.application.answers,
        ],
        &profile.exceptions,
    )
    .map(|(answer, _)| answer)
}

fn answers_among<'p>(
    by_condition: [&'p Rulings; 3],
    exceptions: &'p [Exception],
) -> impl Iterator<Item = (&'p Answer, &'p Range<usize>)> {
    let rulings = by_condition.into_iter().flat_map(|map| map.values());
    let rulings = rulings.map(|ruling| (&ruling.value, &ruling.span));
    let exceptions = exceptions.iter().map(|e| (&e.answer, &e.route.span));
    rulings
        .chain(exceptions)
        .filter_map(|(ruling, span)| match ruling {
            Ruling::Refused(answer) => Some((&**answer, span)),
            Ruling::Granted | Ruling::Unspecified => None,
        })
}

/// A refusal that every profile gives to a good key as well proves nothing.
fn refusals_for_everybody(specs: &Specs) -> Vec<Diagnostic> {
    let mut seen = BTreeSet::new();
    let mut troubles = Vec::new();
    let of_order = |case: &&Arc<Case>| {
        let mut cited = case
            .scenario
            .requires
            .iter()
            .filter_map(|id| specs.contract.requirement(id));
        !case.scenario.requires.is_empty() && cited.all(|requirement| requirement.of_order)
    };
    for case in specs.cases().filter(|case| !of_order(case)) {
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

/// What a profile may name.
pub(super) struct ProfileNames<'a> {
    pub(super) conditions: &'a [ConditionInfo],
    pub(super) schemas: &'a Schemas,
    pub(super) inventory: &'a Inventory,
    pub(super) requirements: &'a [Requirement],
}

/// Profiles as written: each name once, every condition and route known, every answer a real one.
pub(super) fn check_profiles(
    profiles: &[(SourceFile, ProfileFile)],
    known: &ProfileNames<'_>,
    troubles: &mut Vec<Diagnostic>,
) {
    let mut names = BTreeSet::new();
    for (file, profile) in profiles {
        if !names.insert(profile.name.value.as_str()) {
            let message = format!("a profile `{}` exists already", profile.name.value);
            let is_same = |(_, other): &&(SourceFile, ProfileFile)| *other.name == *profile.name;
            let other = profiles.iter().find(is_same);
            let place = other.map_or("", |(file, _)| &*file.shown);
            let found = Diagnostic::at(file, &profile.name.span, message);
            troubles.push(found.help(format!("the other is in {place}")));
        }
        check_conditions(file, profile, known, troubles);
        check_named_routes(file, profile, known.inventory, troubles);
        check_unkept(file, profile, known.requirements, troubles);
        let maps = [
            &profile.answers,
            &profile.client.answers,
            &profile.application.answers,
        ];
        for (answer, span) in answers_among(maps, &profile.exceptions) {
            check_answer(file, answer, span, known, troubles);
        }
    }
    for (file, profile) in profiles {
        if let Some(rather) = &profile.rather {
            check_profile_name(file, rather, &names, troubles);
        }
    }
}

fn check_profile_name(
    file: &SourceFile,
    name: &Located<ProfileName>,
    known: &BTreeSet<&str>,
    troubles: &mut Vec<Diagnostic>,
) {
    if !known.contains(name.value.as_str()) {
        let found = Diagnostic::at(
            file,
            &name.span,
            format!("unknown profile `{}`", name.value),
        );
        troubles.push(found.did_you_mean(name.value.as_str(), known.iter().copied()));
    }
}

/// The routes by which a profile says what it has and has not, and those that it makes exceptions of.
fn check_named_routes(
    file: &SourceFile,
    profile: &ProfileFile,
    inventory: &Inventory,
    troubles: &mut Vec<Diagnostic>,
) {
    let lists = profile.routes.iter();
    let listed = lists.flat_map(|r| r.with.iter().chain(&r.without));
    let excepted = profile.exceptions.iter().map(|e| &e.route);
    for endpoint in listed.chain(excepted) {
        check_route(file, endpoint, &endpoint.span, inventory, troubles);
    }
}

fn check_route(
    file: &SourceFile,
    endpoint: &Endpoint,
    span: &Range<usize>,
    inventory: &Inventory,
    troubles: &mut Vec<Diagnostic>,
) {
    let mut routes = inventory.routes.iter();
    if routes.any(|route| *route.endpoint == *endpoint) {
        return;
    }
    let names: Vec<_> = inventory
        .routes
        .iter()
        .map(|r| r.endpoint.to_string())
        .collect();
    let found = Diagnostic::at(
        file,
        span,
        format!("no route `{endpoint}` in the inventory"),
    );
    let names = names.iter().map(String::as_str);
    troubles.push(found.did_you_mean(&endpoint.to_string(), names));
}

/// The clauses that a profile says its panels do not keep: what a version must do is in its answers.
fn check_unkept(
    file: &SourceFile,
    profile: &ProfileFile,
    requirements: &[Requirement],
    troubles: &mut Vec<Diagnostic>,
) {
    for id in profile.unkept.iter().flatten() {
        let name = id.value.as_str();
        match requirements.iter().find(|r| r.id.value == id.value) {
            None => {
                let names = requirements.iter().map(|r| r.id.value.as_str());
                let found = Diagnostic::at(file, &id.span, format!("unknown requirement `{name}`"));
                troubles.push(found.did_you_mean(name, names));
            }
            Some(requirement) if requirement.level == Level::Must => {
                let message = format!("`{name}` is no clause of good practice, but a MUST");
                let found = Diagnostic::at(file, &id.span, message);
                troubles.push(found.help("say in `answers` what the panel does instead"));
            }
            Some(_) => {}
        }
    }
}

fn check_conditions(
    file: &SourceFile,
    profile: &ProfileFile,
    names: &ProfileNames<'_>,
    troubles: &mut Vec<Diagnostic>,
) {
    let answered = |map: &Rulings| -> Vec<(Condition, Range<usize>)> {
        map.iter()
            .map(|(condition, ruling)| (condition.clone(), ruling.span.clone()))
            .collect()
    };
    let ordered = |rules: &ApiRules| -> Vec<(Condition, Range<usize>)> {
        let ranks = rules.order.iter();
        ranks
            .flat_map(|rank| rank.value.0.iter().map(|c| (c.clone(), rank.span.clone())))
            .collect()
    };
    let excepted = profile.exceptions.iter();
    let used = [
        answered(&profile.answers),
        answered(&profile.client.answers),
        answered(&profile.application.answers),
        ordered(&profile.client),
        ordered(&profile.application),
        excepted
            .map(|e| (e.condition.clone(), e.route.span.clone()))
            .collect(),
    ];
    for (condition, span) in used.into_iter().flatten() {
        troubles.extend(unknown_condition(file, &condition, &span, names));
    }
}

/// What is wrong with a condition's name, or with the parameter that it is about.
fn unknown_condition(
    file: &SourceFile,
    condition: &Condition,
    span: &Range<usize>,
    names: &ProfileNames<'_>,
) -> Option<Diagnostic> {
    let mut known = names.conditions.iter().map(|info| info.name.value.as_str());
    if !known.clone().any(|name| name == condition.name()) {
        let found = Diagnostic::at(file, span, format!("unknown condition `{condition}`"));
        return Some(found.did_you_mean(condition.name(), &mut known));
    }
    let parameter = condition.parameter()?;
    let mut parameters = names
        .inventory
        .parameters
        .iter()
        .map(|p| p.name.value.as_str());
    if parameters.clone().any(|name| name == parameter) {
        return None;
    }
    let found = Diagnostic::at(file, span, format!("unknown path parameter `{parameter}`"));
    Some(found.did_you_mean(parameter, &mut parameters))
}

fn check_answer(
    file: &SourceFile,
    answer: &Answer,
    span: &Range<usize>,
    known: &ProfileNames<'_>,
    troubles: &mut Vec<Diagnostic>,
) {
    if let Some(Located { value, span }) = &answer.schema
        && known.schemas.name(value.as_str()).is_none()
    {
        let found = Diagnostic::at(file, span, format!("unknown schema `{value}`"));
        let names = known.schemas.names().map(super::name::SchemaName::as_str);
        troubles.push(found.did_you_mean(value.as_str(), names));
    }
    for endpoint in answer.literal_on.iter().flatten() {
        check_route(file, endpoint, span, known.inventory, troubles);
    }
    let status = answer.status;
    if !(300..600).contains(&status) {
        let message = format!("an answer of status {status} is no refusal; write `granted`");
        troubles.push(Diagnostic::at(file, span, message));
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
    let makers = roles.real.iter().filter_map(|role| role.made_by.as_ref());
    let makers = makers.map(|made_by| &made_by.key);
    for used in by_api.chain(derived).chain(mistaken).chain(makers) {
        if !names.contains(used.value.as_str()) {
            let found = Diagnostic::at(file, &used.span, format!("unknown role `{}`", used.value));
            troubles.push(found.did_you_mean(used.value.as_str(), names.iter().copied()));
        }
    }
}

/// Roles that nobody can have a key for, whatever the specification says of them.
pub(super) fn check_holders(file: &SourceFile, roles: &Roles, troubles: &mut Vec<Diagnostic>) {
    for role in &roles.real {
        let name = &role.name;
        if role.make.trim().is_empty() {
            let message = format!(
                "nobody can obtain a key for `{}`: `make` says nothing",
                name.value
            );
            let help = "say how such a key is made, also where only the database can hold one";
            troubles.push(Diagnostic::at(file, &name.span, message).help(help));
        }
        if role.control.is_empty() {
            let message = format!("nothing proves that a key is one of `{}`", name.value);
            let help = "give it a `control`, a request that such a key alone answers so";
            troubles.push(Diagnostic::at(file, &name.span, message).help(help));
        }
    }
    for derived in &roles.derived {
        let from = &derived.from;
        let is_held = |api| {
            matches!(
                roles.holder(&derived.name.value, api),
                Some(Holder::Derived(..))
            )
        };
        let is_known = roles.names().any(|name| name.value == from.value);
        if is_known && ![Api::Client, Api::Application].into_iter().any(is_held) {
            let message = format!(
                "nobody can obtain a key for `{}`: `{}` is no role that somebody has a key for",
                derived.name.value, from.value
            );
            troubles.push(Diagnostic::at(file, &from.span, message));
        }
    }
}

/// Parameters of paths: each has something that fills it.
pub(super) fn check_parameters(
    files: &[(SourceFile, RoutesFile)],
    inventory: &Inventory,
    troubles: &mut Vec<Diagnostic>,
) {
    let all = files
        .iter()
        .flat_map(|(file, f)| f.routes.iter().map(move |r| (file, r)));
    for (file, route) in all {
        let api = route.api();
        for name in route.endpoint.parameters() {
            if inventory.parameter(api, name).is_some() {
                continue;
            }
            let message = format!("nothing fills the path parameter `{name}` of the {api} API");
            let of_api = inventory.parameters.iter().filter(|p| p.api == api);
            let found = Diagnostic::at(file, &route.endpoint.span, message);
            troubles.push(found.did_you_mean(name, of_api.map(|p| p.name.value.as_str())));
        }
    }
}

/// Conditions: of each, some profile says what becomes of it.
pub(super) fn check_answered(
    file: &SourceFile,
    conditions: &[ConditionInfo],
    profiles: &[(SourceFile, ProfileFile)],
    troubles: &mut Vec<Diagnostic>,
) {
    let says = |(_, profile): &(SourceFile, ProfileFile), name: &str| {
        let maps = [
            &profile.answers,
            &profile.client.answers,
            &profile.application.answers,
        ];
        let answered = maps
            .into_iter()
            .flatten()
            .map(|(c, ruling)| (c, &ruling.value));
        let excepted = profile.exceptions.iter().map(|e| (&e.condition, &e.answer));
        let mut all = answered.chain(excepted);
        all.any(|(c, ruling)| c.name() == name && *ruling != Ruling::Unspecified)
    };
    for info in conditions {
        let name = &info.name;
        if !profiles.iter().any(|profile| says(profile, &name.value)) {
            let message = format!("no profile says what becomes of `{}`", name.value);
            let help = "give it an answer in a profile, or take it out";
            troubles.push(Diagnostic::at(file, &name.span, message).help(help));
        }
    }
}

/// Routes: each in a file of its API, once, and of profiles that exist; what one creates can be
/// listed and deleted.
pub(super) fn check_routes(
    files: &[(SourceFile, RoutesFile)],
    profiles: &[(SourceFile, ProfileFile)],
    troubles: &mut Vec<Diagnostic>,
) {
    let names: BTreeSet<_> = profiles
        .iter()
        .map(|(_, p)| p.name.value.as_str())
        .collect();
    let mut seen = BTreeSet::new();
    for (file, routes) in files {
        for name in routes.only.iter().flatten() {
            check_profile_name(file, name, &names, troubles);
        }
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
            if routes.only.is_some() && route.has_versions() {
                let message =
                    "`since` and `until` speak of Pterodactyl, which has none of these routes";
                troubles.push(Diagnostic::at(file, &endpoint.span, message));
            }
        }
        check_created(file, routes, troubles);
    }
}

/// What deletes and lists stands in the same file as what creates.
fn check_created(file: &SourceFile, routes: &RoutesFile, troubles: &mut Vec<Diagnostic>) {
    for creates in routes.routes.iter().filter_map(|r| r.creates.as_ref()) {
        for (endpoint, parameters) in [(&creates.listed_by, 0), (&creates.deleted_by, 1)] {
            let exists = routes.routes.iter().any(|r| *r.endpoint == **endpoint);
            if !exists || endpoint.parameters().count() != parameters {
                let message = format!(
                    "`{}` is no route of this file with {parameters} parameters",
                    endpoint.value
                );
                troubles.push(Diagnostic::at(file, &endpoint.span, message));
            }
        }
    }
}

/// States: each name once.
pub(super) fn check_states(file: &SourceFile, states: &[State], troubles: &mut Vec<Diagnostic>) {
    let mut names = BTreeSet::new();
    for state in states {
        if !names.insert(state.name.value.as_str()) {
            let message = format!("a state `{}` exists already", state.name.value);
            troubles.push(Diagnostic::at(file, &state.name.span, message));
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

#[cfg(test)]
mod tests {
    use super::super::Source;
    use super::*;

    /// What is said of a folder with one suite, with or without clauses of its own.
    fn said(requirements: Option<&str>) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let (specs, schemas) = (
            folder.path().join("specs"),
            folder.path().join("schemas/responses"),
        );
        std::fs::create_dir_all(&specs).unwrap();
        std::fs::create_dir_all(&schemas).unwrap();
        let suite = "title: T\nscenarios:\n  - id: one\n    title: One\n    requires: [ERR-401]\n    \
                     request: { endpoint: GET /api/client, key: none }\n    expect: no-key\n";
        std::fs::write(specs.join("one.yaml"), suite).unwrap();
        std::fs::write(schemas.join("odd.json"), r#"{ "type": "object" }"#).unwrap();
        if let Some(text) = requirements {
            std::fs::write(specs.join("requirements.yaml"), text).unwrap();
        }
        let specs = Specs::load(&Source::Folder(specs)).unwrap();
        lint(&specs).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_clause_without_a_case_is_told_of_those_who_have_clauses() {
        let own = include_str!("../../specs/requirements.yaml");
        let tells = |said: &[String], what: &str| said.iter().any(|one| one.contains(what));
        let of_own = said(Some(own));
        assert!(tells(&of_own, "`ERR-403` has no case"), "{of_own:?}");
        assert!(!tells(&of_own, "`ERR-401` has no case"), "{of_own:?}");
        let of_nobody = said(None);
        assert!(!tells(&of_nobody, "has no case"), "{of_nobody:?}");
    }

    #[test]
    fn a_schema_that_nothing_names_is_told() {
        let said = said(None);
        let unused: Vec<_> = said
            .iter()
            .filter(|one| one.contains("is used by nothing"))
            .collect();
        assert!(
            unused.iter().any(|one| one.contains("odd.json")),
            "{said:?}"
        );
        assert!(
            !unused.iter().any(|one| one.contains("error-envelope.json")),
            "{said:?}"
        );
    }
}
