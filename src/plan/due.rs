//! What is due: a step of a case, under a profile, as a complete expectation.

use std::collections::BTreeMap;
use std::sync::Arc;

use semver::Version;

use crate::spec::{
    Answer, Api, Basis, Case, Condition, Contract, Located, Origin, Outcome, Presence, Profile,
    ProfileName, Question, Refusal, Repeat, RequestPlan, Resolution, Route, Ruling, Step,
    ValueMatch, resolve,
};
use crate::verdict::{ErrorWords, Expected, Skip, Wording};

/// One step with what is due for it.
#[derive(Clone, Debug)]
pub struct Due {
    /// What the answer must be.
    pub expected: Arc<Expected>,
    /// How that follows from the profile, where the scenario gives reasons.
    pub resolution: Option<Arc<Resolution>>,
    /// How often the request is sent at most.
    pub times: u32,
}

impl Due {
    /// The same, kept once with another of which much is mostly the same.
    #[must_use]
    pub(super) fn shared_with(self, other: &Self) -> Self {
        let is_due = self.expected == other.expected;
        let is_why = self.resolution == other.resolution;
        let of = |is_same: bool| if is_same { other } else { &self };
        Self {
            expected: Arc::clone(&of(is_due).expected),
            resolution: of(is_why).resolution.clone(),
            times: self.times,
        }
    }
}

/// What is due for every step of a case.
///
/// # Errors
///
/// Why the case is not applicable: the route is absent, or the profile is silent.
pub fn due(
    contract: &Contract,
    case: &Case,
    profile: &Profile,
    version: Option<&Version>,
) -> Result<Vec<Due>, Skip> {
    for request in case.requests() {
        if let Some(route) = &request.route {
            check_presence(profile.presence(route, version), route, profile)?;
        }
    }
    let steps = case.steps.iter();
    let mut due = Vec::with_capacity(case.steps.len());
    for step in steps {
        due.push(step_due(contract, case, step, profile)?);
    }
    check_saves(case, &due, profile)?;
    Ok(due)
}

/// The first step of which a profile says nothing, or whose route its panels do not have.
#[must_use]
pub fn first_unstated(
    contract: &Contract,
    case: &Case,
    profile: &Profile,
    version: Option<&Version>,
) -> Option<usize> {
    case.steps.iter().position(|step| {
        let route = step.request.route.as_ref();
        let is_there = |route| check_presence(profile.presence(route, version), route, profile);
        route.is_some_and(|route| is_there(route).is_err())
            || step_due(contract, case, step, profile).is_err()
    })
}

/// What a refused step would save, the steps behind it cannot have.
fn check_saves(case: &Case, due: &[Due], profile: &Profile) -> Result<(), Skip> {
    let Some((_, before)) = case.steps.split_last() else {
        return Ok(());
    };
    let in_vain = |(step, due): &(&Step, &Due)| !step.save.is_empty() && due.expected.refuses();
    match before.iter().zip(due).find(in_vain) {
        None => Ok(()),
        Some((step, _)) => Err(Skip::NotApplicable(format!(
            "`{}` is refused by {}, so that there is nothing to go on with",
            step.request.endpoint, profile.name.value
        ))),
    }
}

fn check_presence(presence: Presence, route: &Route, profile: &Profile) -> Result<(), Skip> {
    let name = &profile.name.value;
    let endpoint = &*route.endpoint;
    // One reason for all routes of one fork, so that a summary stays short.
    let why = match &route.only {
        Some(only) => format!("a route of {} alone", names(only)),
        None => format!("`{endpoint}` is no route of {name}"),
    };
    match (presence, &route.only) {
        (Presence::Always, _) => Ok(()),
        (Presence::Never, _) => Err(Skip::NoRoute(why)),
        (Presence::Sometimes, Some(_)) => Err(Skip::NotApplicable(why)),
        (Presence::Sometimes, None) => Err(Skip::Untold {
            why: format!("`{endpoint}` exists in some versions of {name} only"),
            how: "--panel-version VERSION".to_owned(),
        }),
    }
}

fn names(profiles: &[Located<ProfileName>]) -> String {
    let names: Vec<_> = profiles.iter().map(|name| name.as_str()).collect();
    names.join(", ")
}

fn step_due(contract: &Contract, case: &Case, step: &Step, profile: &Profile) -> Result<Due, Skip> {
    if profile.allowed_origin.is_none() && step.request.names_allowed_origin() {
        return Err(no_origin());
    }
    let (mut expected, resolution) = match (&step.expect.basis, step.conditions()) {
        (Basis::Because(_), Some(conditions)) => {
            let question = Question {
                api: step.request.api,
                endpoint: &step.request.endpoint,
                route: step.request.route.as_deref(),
                conditions: &conditions,
                wants_json: step.request.wants_json(profile),
            };
            let resolution = resolve(profile, &question);
            (
                of_outcome(contract, step, profile, &resolution.outcome)?,
                Some(resolution),
            )
        }
        (Basis::Stated { status, error }, _) => (stated(status, error.as_ref()), None),
        (Basis::Because(_), None) => (Expected::default(), None),
    };
    expected.schemas.extend(step.expect.schema.clone());
    if step.expect.shows_limit {
        let shown = limit_headers(profile, &step.request, resolution.as_ref())?;
        expected.headers.extend(shown);
    }
    let with_facts = |wanted: &ValueMatch| with_facts(wanted, profile, step.request.api);
    for (name, wanted) in &step.expect.headers {
        let name = name.to_ascii_lowercase();
        expected.headers.insert(name, with_facts(wanted)?);
    }
    for (at, wanted) in &step.expect.body {
        expected.body.insert(at.clone(), with_facts(wanted)?);
    }
    expected.absent.extend(step.expect.absent.clone());
    let number_of = |name: &String| {
        let mut steps = case.steps.iter();
        steps.position(|other| other.name.as_ref() == Some(name))
    };
    expected.same_as = step.expect.same_as.as_ref().and_then(number_of);
    let relations = step.expect.relations.iter();
    expected.relations = relations
        .filter_map(|relation| Some((number_of(&relation.step)?, relation.clone())))
        .collect();
    expected.limit_is_spent = case.spends_limit();
    expected.without_content = step.request.endpoint.method == "HEAD" || expected.status == [204];
    let times = match step.repeat {
        Some(Repeat::UntilSpent) => profile.limits.of(step.request.api).saturating_add(1),
        None => 1,
    };
    Ok(Due {
        expected: Arc::new(expected),
        resolution: resolution.map(Arc::new),
        times,
    })
}

/// The header fields by which an answer shows that the request was counted, or was not.
fn limit_headers(
    profile: &Profile,
    request: &RequestPlan,
    resolution: Option<&Resolution>,
) -> Result<Vec<(String, ValueMatch)>, Skip> {
    let reason = match resolution.map(|resolution| &resolution.outcome) {
        Some(Outcome::Refused(refusal)) => Some(&refusal.condition),
        _ => None,
    };
    let shows = profile.shows_limit(request.api, &request.endpoint, reason);
    let Some(shows) = shows else {
        return Err(Skip::NotStated(format!(
            "profile {} says nothing about when requests are counted",
            profile.name.value
        )));
    };
    let wanted = if shows {
        ValueMatch::Present
    } else {
        ValueMatch::Absent
    };
    let names = ["x-ratelimit-limit", "x-ratelimit-remaining"];
    Ok(names.map(|name| (name.to_owned(), wanted.clone())).into())
}

fn no_origin() -> Skip {
    Skip::Untold {
        why: "nobody said which foreign origins the target lets in".to_owned(),
        how: "`cors_origins: [ORIGIN]` in a target file, and --has cors-origins".to_owned(),
    }
}

/// A match in which prefixes of keys, limits and the origin that is let in are the profile's.
fn with_facts(wanted: &ValueMatch, profile: &Profile, asked: Api) -> Result<ValueMatch, Skip> {
    wanted.try_map(&|text: &str| {
        let limit = profile.limits.of(asked).to_string();
        let mut filled = text.replace("${limit}", &limit);
        if let Some(origin) = &profile.allowed_origin {
            filled = filled.replace("${allowed-origin}", origin);
        }
        for api in [Api::Client, Api::Application] {
            let name = format!("${{prefix:{api}}}");
            if filled.contains(&name) && profile.prefix(api).is_empty() {
                return Err(Skip::NotStated(format!(
                    "the keys of {} have no prefix",
                    profile.name.value
                )));
            }
            filled = filled.replace(&name, profile.prefix(api));
        }
        Ok(filled)
    })
}

fn stated(status: &[u16], error: Option<&crate::spec::ErrorMatch>) -> Expected {
    Expected {
        status: status.to_vec(),
        error: error.map(|error| ErrorWords {
            code: error.code.clone(),
            detail: error
                .detail
                .as_ref()
                .map(|text| Wording::new(text, &BTreeMap::new())),
        }),
        ..Expected::default()
    }
}

fn of_outcome(
    contract: &Contract,
    step: &Step,
    profile: &Profile,
    outcome: &Outcome,
) -> Result<Expected, Skip> {
    match outcome {
        Outcome::Unspecified(why) => Err(Skip::NotStated(why.clone())),
        Outcome::Granted => Ok(granted(step, profile)),
        Outcome::Refused(refusal) => Ok(refused(contract, step, profile, refusal)),
    }
}

fn granted(step: &Step, profile: &Profile) -> Expected {
    let Some(route) = &step.request.route else {
        return Expected {
            status: vec![200],
            origin: Some(profile.origin),
            ..Expected::default()
        };
    };
    Expected {
        status: vec![route.success.status],
        schemas: route
            .success
            .schema
            .iter()
            .map(|name| name.value.clone())
            .collect(),
        origin: Some(match profile.origin {
            // Nobody has seen such a panel, so nobody has seen it grant anything.
            Origin::Source => Origin::Source,
            Origin::Observed | Origin::Documented => route.origin,
        }),
        ..Expected::default()
    }
}

fn refused(contract: &Contract, step: &Step, profile: &Profile, refusal: &Refusal) -> Expected {
    let answer = &refusal.answer;
    let origin = Some(answer.origin.unwrap_or(profile.origin));
    let behind = behind(contract, step, profile, refusal);
    match &answer.without_json {
        Some(without) if !refusal.in_json => Expected {
            status: without.status.0.clone(),
            headers: lower(&without.headers),
            behind,
            origin,
            ..Expected::default()
        },
        _ => Expected {
            status: vec![answer.status],
            error: words(step, answer),
            schemas: answer
                .schema
                .iter()
                .map(|name| name.value.clone())
                .collect(),
            headers: lower(&answer.headers),
            behind,
            origin,
            ..Expected::default()
        },
    }
}

fn lower(headers: &BTreeMap<String, ValueMatch>) -> BTreeMap<String, ValueMatch> {
    headers
        .iter()
        .map(|(name, wanted)| (name.to_ascii_lowercase(), wanted.clone()))
        .collect()
}

fn words(step: &Step, answer: &Answer) -> Option<ErrorWords> {
    if !answer.is_literal_on(&step.request.endpoint) {
        return None;
    }
    let known = known_words(step);
    let words = ErrorWords {
        code: answer.code.clone(),
        detail: answer
            .detail
            .as_ref()
            .map(|text| Wording::new(text, &known)),
    };
    Some(words).filter(|words| words.code.is_some() || words.detail.is_some())
}

/// What an error's words can repeat of the request: its method and its path.
fn known_words(step: &Step) -> BTreeMap<&'static str, String> {
    let request = &step.request;
    let mut known = BTreeMap::from([("method", request.endpoint.method.clone())]);
    if request.target.ids().next().is_none() {
        let target = request.target.to_string();
        let path = target.split('?').next().unwrap_or_default();
        known.insert("path", path.strip_prefix('/').unwrap_or(path).to_owned());
    }
    known
}

/// The answers that only somebody gets whom the refusal that is due did not stop.
fn behind(
    contract: &Contract,
    step: &Step,
    profile: &Profile,
    refusal: &Refusal,
) -> Vec<(u16, Option<String>)> {
    let request = &step.request;
    let is_past = |name: &str| {
        contract
            .condition(name)
            .is_some_and(|info| info.past_the_door)
    };
    let mut found: Vec<_> = refusal
        .behind
        .iter()
        .filter(|(condition, _)| is_past(condition.name()))
        .map(|(_, answer)| (answer.status, answer.code.clone()))
        .collect();
    // Whoever is told what is wrong with the fields of a query was not stopped either.
    if !is_past(refusal.condition.name())
        && let Some(Ruling::Refused(answer)) =
            profile.ruling(request.api, &request.endpoint, &Condition::invalid_body())
    {
        found.push((answer.status, answer.code.clone()));
    }
    let daemon = Condition::daemon_unreachable();
    if request.route.as_ref().is_some_and(|route| route.daemon)
        && let Some(Ruling::Refused(answer)) =
            profile.ruling(request.api, &request.endpoint, &daemon)
    {
        found.push((answer.status, answer.code.clone()));
    }
    found
}

/// How well the expectations of a case are known: as well as the least known of them.
#[must_use]
pub fn origin(steps: &[Due]) -> Origin {
    let origins = steps.iter().filter_map(|step| step.expected.origin);
    let mut worst = Origin::Observed;
    for origin in origins {
        if origin == Origin::Source {
            return Origin::Source;
        }
        worst = origin;
    }
    worst
}

#[cfg(test)]
mod tests;
