//! The resolver: from the reasons of a request and a profile to the answer that is due.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::condition::Condition;
use super::name::Api;
use super::profile::{Answer, Profile, Ruling, SuccessWithout};
use super::route::{Endpoint, Route};

/// What is asked of a profile.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The API.
    pub api: Api,
    /// The method and path template of the request.
    pub endpoint: &'a Endpoint,
    /// The route of the inventory, if it is one.
    pub route: Option<&'a Route>,
    /// Every reason why the request is not simply granted.
    pub conditions: &'a BTreeSet<Condition>,
    /// Whether the request asks for JSON.
    pub wants_json: bool,
}

/// The answer that is due, and how it was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolution {
    /// The steps, in the order they were taken.
    pub steps: Vec<Step>,
    /// The result.
    pub outcome: Outcome,
}

/// One step of a resolution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The condition does not count on this route.
    Exempt(Condition),
    /// The condition is no trouble in this profile.
    Granted(Condition),
    /// The condition wins; it stands at this place of the order, counted from 1.
    Wins(Condition, Option<usize>),
    /// The condition would have been looked at later.
    Later(Condition),
    /// Nothing is left that stands in the way.
    NothingLeft,
    /// The request does not ask for JSON.
    WithoutJson,
}

/// What is due.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The route's success.
    Granted,
    /// A refusal.
    Refused(Refusal),
    /// The profile does not say.
    Unspecified(String),
}

/// A refusal that is due.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// The reason that wins.
    pub condition: Condition,
    /// Its answer.
    pub answer: Arc<Answer>,
    /// Whether the answer has the form for clients that ask for JSON.
    pub in_json: bool,
    /// The reasons behind it with their answers: what is seen if this refusal does not happen.
    pub behind: Vec<(Condition, Arc<Answer>)>,
}

/// Finds the answer that a profile gives to a request.
///
/// Granted and exempt conditions are dropped; of those left, the first in the profile's order
/// wins; with none left the request is granted. Where the profile does not say which of two wins,
/// or what the winner gets, nothing is due.
#[must_use]
pub fn resolve(profile: &Profile, question: &Question<'_>) -> Resolution {
    let mut steps = Vec::new();
    let standing = drop_harmless(profile, question, &mut steps);
    let outcome = match first_in_order(profile, question.api, &standing) {
        Ok(None) => granted(profile, question, &mut steps),
        Ok(Some(winner)) => refused(profile, question, &standing, &winner, &mut steps),
        Err(why) => Outcome::Unspecified(why),
    };
    Resolution { steps, outcome }
}

fn drop_harmless(
    profile: &Profile,
    question: &Question<'_>,
    steps: &mut Vec<Step>,
) -> Vec<Condition> {
    let mut standing = Vec::new();
    for condition in question.conditions {
        let exempt = question
            .route
            .is_some_and(|route| route.exempt.iter().any(|e| e.covers(condition)));
        let ruling = profile.ruling(question.api, question.endpoint, condition);
        if exempt {
            steps.push(Step::Exempt(condition.clone()));
        } else if ruling == Some(&Ruling::Granted) {
            steps.push(Step::Granted(condition.clone()));
        } else {
            standing.push(condition.clone());
        }
    }
    standing
}

/// The condition that wins: the only one, or the one that the order puts before all others.
fn first_in_order(
    profile: &Profile,
    api: Api,
    standing: &[Condition],
) -> Result<Option<Condition>, String> {
    let [first, others @ ..] = standing else {
        return Ok(None);
    };
    if others.is_empty() {
        return Ok(Some(first.clone()));
    }
    let mut ranked = Vec::new();
    for condition in standing {
        let Some(rank) = profile.rank(api, condition) else {
            return Err(format!(
                "profile {} says nothing about when `{condition}` is looked at",
                profile.name.value
            ));
        };
        ranked.push((rank, condition));
    }
    ranked.sort_by_key(|(rank, _)| *rank);
    match ranked.as_slice() {
        [(a, one), (b, two), ..] if a == b => Err(format!(
            "profile {} says nothing about which of `{one}` and `{two}` comes first",
            profile.name.value
        )),
        [(_, winner), ..] => Ok(Some((*winner).clone())),
        [] => Ok(None),
    }
}

fn granted(profile: &Profile, question: &Question<'_>, steps: &mut Vec<Step>) -> Outcome {
    steps.push(Step::NothingLeft);
    if question.wants_json || profile.json_wanted.success_without == SuccessWithout::Json {
        return Outcome::Granted;
    }
    steps.push(Step::WithoutJson);
    Outcome::Unspecified(format!(
        "profile {} says nothing about requests that do not ask for JSON",
        profile.name.value
    ))
}

fn refused(
    profile: &Profile,
    question: &Question<'_>,
    standing: &[Condition],
    winner: &Condition,
    steps: &mut Vec<Step>,
) -> Outcome {
    let rank = profile.rank(question.api, winner);
    steps.push(Step::Wins(winner.clone(), rank.map(|place| place + 1)));
    let others = standing.iter().filter(|c| *c != winner);
    steps.extend(others.clone().map(|c| Step::Later(c.clone())));
    let Some(Ruling::Refused(answer)) = profile.ruling(question.api, question.endpoint, winner)
    else {
        return Outcome::Unspecified(format!(
            "profile {} says nothing about `{winner}`",
            profile.name.value
        ));
    };
    if !question.wants_json {
        steps.push(Step::WithoutJson);
        if answer.without_json.is_none() {
            return Outcome::Unspecified(format!(
                "profile {} says nothing about `{winner}` for requests that do not ask for JSON",
                profile.name.value
            ));
        }
    }
    let behind = others
        .filter_map(
            |c| match profile.ruling(question.api, question.endpoint, c) {
                Some(Ruling::Refused(answer)) => Some((c.clone(), Arc::clone(answer))),
                _ => None,
            },
        )
        .collect();
    Outcome::Refused(Refusal {
        condition: winner.clone(),
        answer: Arc::clone(answer),
        in_json: question.wants_json,
        behind,
    })
}
