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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{SourceFile, read_yaml};

    const PROFILE: &str = r"
name: small
title: a small contract
versions: { from: 1.0.0, to: 1.0.0 }
family: small
origin: observed
source: made up
prefixes: { client: c_, application: a_ }
limits: { client: 1, application: 1, keys: 1 }
json_wanted: { first_accept_contains: [/json], success_without: unspecified }
answers:
  no-key: { status: 401, without_json: { status: 302 } }
  missing: { status: 404 }
  missing:user: { status: 410 }
  wrong-key-type: { status: 403 }
  no-permission: { status: 403 }
  invalid-body: { status: 422 }
  odd-spelling: granted
  ip-refused: unspecified
  over-limit: { status: 429 }
client:
  order: [no-key, missing:server, missing, [wrong-key-type, no-permission], [over-limit, csrf], invalid-body]
  answers:
    no-permission: { status: 451 }
application:
  order: [no-key, ip-refused, invalid-body]
exceptions:
  - { route: GET /api/client/open, condition: no-key, answer: granted }
  - { route: GET /api/client/odd, condition: no-key, answer: { status: 418 } }
";

    fn profile() -> Profile {
        let file = SourceFile::new("small.yaml", "small.yaml", PROFILE);
        let written = read_yaml(&file).unwrap();
        let profiles = crate::spec::profile_file::profiles(&[(file, written)], &mut Vec::new());
        profiles.into_iter().next().unwrap()
    }

    struct Asked {
        api: Api,
        endpoint: &'static str,
        conditions: &'static [&'static str],
        wants_json: bool,
    }

    fn asked(conditions: &'static [&'static str]) -> Asked {
        Asked {
            api: Api::Client,
            endpoint: "GET /api/client",
            conditions,
            wants_json: true,
        }
    }

    fn ask(asked: &Asked) -> Resolution {
        let endpoint = Endpoint::try_from(asked.endpoint.to_owned()).unwrap();
        let conditions = asked
            .conditions
            .iter()
            .map(|c| c.parse().unwrap())
            .collect();
        resolve(
            &profile(),
            &Question {
                api: asked.api,
                endpoint: &endpoint,
                route: None,
                conditions: &conditions,
                wants_json: asked.wants_json,
            },
        )
    }

    /// The status that is due, or why none is.
    fn due(asked: &Asked) -> Result<u16, String> {
        match ask(asked).outcome {
            Outcome::Granted => Ok(200),
            Outcome::Refused(refusal) if refusal.in_json => Ok(refusal.answer.status),
            Outcome::Refused(refusal) => {
                Ok(refusal.answer.without_json.as_ref().unwrap().status.0[0])
            }
            Outcome::Unspecified(why) => Err(why),
        }
    }

    #[test]
    fn without_a_reason_the_request_is_granted() {
        assert_eq!(due(&asked(&[])), Ok(200));
        assert_eq!(due(&asked(&["odd-spelling"])), Ok(200));
    }

    #[test]
    fn the_first_in_the_order_wins() {
        assert_eq!(due(&asked(&["no-key"])), Ok(401));
        assert_eq!(
            due(&asked(&["invalid-body", "no-key", "wrong-key-type"])),
            Ok(401)
        );
        assert_eq!(due(&asked(&["invalid-body", "wrong-key-type"])), Ok(403));
        assert_eq!(due(&asked(&["wrong-key-type", "missing:server"])), Ok(404));
    }

    #[test]
    fn what_is_granted_stands_in_nobodys_way() {
        assert_eq!(due(&asked(&["odd-spelling", "invalid-body"])), Ok(422));
    }

    #[test]
    fn a_rule_with_an_argument_goes_before_one_without() {
        assert_eq!(due(&asked(&["missing:user"])), Ok(410));
        assert_eq!(due(&asked(&["missing:server", "missing:user"])), Ok(404));
    }

    #[test]
    fn an_api_may_answer_in_its_own_way() {
        assert_eq!(due(&asked(&["no-permission"])), Ok(451));
        let application = Asked {
            api: Api::Application,
            endpoint: "GET /api/application",
            ..asked(&["no-permission"])
        };
        assert_eq!(due(&application), Ok(403));
    }

    #[test]
    fn exceptions_hold_on_their_route_alone() {
        let on = |endpoint| {
            due(&Asked {
                endpoint,
                ..asked(&["no-key", "invalid-body"])
            })
        };
        assert_eq!(on("GET /api/client/open"), Ok(422));
        assert_eq!(on("GET /api/client/odd"), Ok(418));
        assert_eq!(on("POST /api/client/open"), Ok(401));
    }

    #[test]
    fn where_the_order_is_not_stated_nothing_is_due() {
        let why = due(&asked(&["wrong-key-type", "no-permission"])).unwrap_err();
        assert!(
            why.contains("which of `no-permission` and `wrong-key-type`"),
            "{why}"
        );
        // The unordered pair does not matter behind one that wins over both.
        assert_eq!(
            due(&asked(&["no-key", "wrong-key-type", "no-permission"])),
            Ok(401)
        );
        let application = Asked {
            api: Api::Application,
            ..asked(&["no-key", "wrong-key-type"])
        };
        let why = due(&application).unwrap_err();
        assert!(why.contains("when `wrong-key-type` is looked at"), "{why}");
    }

    #[test]
    fn a_winner_without_an_answer_is_not_judged() {
        let application = |conditions| Asked {
            api: Api::Application,
            ..asked(conditions)
        };
        assert!(due(&application(&["ip-refused"])).is_err());
        assert!(due(&application(&["ip-refused", "invalid-body"])).is_err());
        assert_eq!(due(&application(&["ip-refused", "no-key"])), Ok(401));
        assert!(
            due(&asked(&["hidden"]))
                .unwrap_err()
                .contains("nothing about `hidden`")
        );
    }

    #[test]
    fn an_answer_shows_the_limit_if_it_was_counted() {
        let shows = |api, reason: Option<&str>| {
            let endpoint = Endpoint::try_from("GET /api/client".to_owned()).unwrap();
            let reason = reason.map(|reason| reason.parse().unwrap());
            profile().shows_limit(api, &endpoint, reason.as_ref())
        };
        let client = |reason| shows(Api::Client, Some(reason));
        assert_eq!(shows(Api::Client, None), Some(true));
        assert_eq!(client("over-limit"), Some(true));
        assert_eq!(client("no-key"), Some(false));
        assert_eq!(client("invalid-body"), Some(true));
        // Beside it in the order, and not in the order.
        assert_eq!(client("csrf"), None);
        assert_eq!(client("hidden"), None);
        assert_eq!(shows(Api::Application, Some("no-key")), None);
    }

    #[test]
    fn clients_that_do_not_ask_for_json_get_the_other_form() {
        let plain = |conditions| Asked {
            wants_json: false,
            ..asked(conditions)
        };
        assert_eq!(due(&plain(&["no-key"])), Ok(302));
        assert!(
            due(&plain(&["invalid-body"]))
                .unwrap_err()
                .contains("do not ask for JSON")
        );
        assert!(
            due(&plain(&[]))
                .unwrap_err()
                .contains("do not ask for JSON")
        );
    }

    #[test]
    fn a_refusal_knows_what_stands_behind_it() {
        let Outcome::Refused(refusal) = ask(&asked(&["no-key", "invalid-body"])).outcome else {
            panic!("granted");
        };
        let behind: Vec<_> = refusal
            .behind
            .iter()
            .map(|(c, a)| (c.to_string(), a.status))
            .collect();
        assert_eq!(behind, [("invalid-body".to_owned(), 422)]);
    }

    #[test]
    fn the_steps_tell_how_it_was_found() {
        let condition = |text: &str| text.parse::<Condition>().unwrap();
        let found = ask(&asked(&["invalid-body", "no-key", "odd-spelling"]));
        assert_eq!(
            found.steps,
            [
                Step::Granted(condition("odd-spelling")),
                Step::Wins(condition("no-key"), Some(1)),
                Step::Later(condition("invalid-body")),
            ]
        );
        assert_eq!(ask(&asked(&[])).steps, [Step::NothingLeft]);
    }
}
