//! Every leaf of a profile, changed: the profiles that a judge could hold who has one fact wrong.
//!
//! A leaf is what the smallest edit of a profile's file can make another fact of:
//!
//! - of an answer its status, code and detail, the routes that these words are stated on, the
//!   schema, and of each header field whether it is there and what it is; the same of what is
//!   answered without JSON. That any of several statuses is right is one fact.
//! - of a ruling whether the reason is one to refuse for, and that it is ruled otherwise than the
//!   reasons like it, or on one route otherwise than on the rest.
//! - of an order every two neighbours.
//! - each limit, each prefix, and what makes a request one for JSON.
//!
//! The parts of a profile are taken apart whole, without `..`: a new one does not compile before
//! it is said here what another fact of it is, or why there is none.

use std::collections::BTreeMap;
use std::sync::Arc;

use ptero_conformance::spec::{
    Answer, Api, ApiRules, Condition, Endpoint, Exception, JsonWanted, Limits, Located, Prefixes,
    Profile, Rank, Ruling, SuccessWithout, ValueMatch, WithoutJson,
};

/// A status that no panel answers with.
const NO_STATUS: u16 = 418;

/// A text that no panel answers with.
const NO_TEXT: &str = "Other.";

/// A profile with one fact changed.
pub(crate) struct Change {
    /// Which fact, and how.
    pub(crate) what: String,
    /// The reason that it is about, without its argument; none: it can be about every case.
    pub(crate) about: Option<String>,
    /// The profile with it.
    pub(crate) profile: Profile,
}

/// Every change of a profile.
pub(crate) fn changes(profile: &Profile) -> Vec<Change> {
    let Profile {
        answers,
        client,
        application,
        exceptions,
        limits,
        prefixes,
        json_wanted,
        // Whose contract it is, and how well it is known: nothing that a panel answers.
        name: _,
        title: _,
        versions: _,
        extends: _,
        family: _,
        origin: _,
        source: _,
        rather: _,
        // What `compare` calls no surprise.
        unkept: _,
        // No profile has one: an operator says it.
        allowed_origin: _,
        // Which routes there are decides what is asked, not what is due. Asking them all of the
        // reference panel and comparing it with recorded sweeps is done by `embedded` and
        // `route-sweep`.
        routes: _,
    } = profile;
    let mut all = Changes {
        profile,
        found: Vec::new(),
    };
    all.map(answers, None, |profile| &mut profile.answers);
    for (api, rules) in [(Api::Client, client), (Api::Application, application)] {
        let ApiRules { order, answers } = rules;
        all.order(api, order);
        all.map(answers, Some(api), move |profile| {
            &mut rules_of(profile, api).answers
        });
    }
    for (at, exception) in exceptions.iter().enumerate() {
        all.exception(at, exception);
    }
    all.limits(limits);
    all.prefixes(prefixes);
    all.json_wanted(json_wanted);
    all.found
}

fn rules_of(profile: &mut Profile, api: Api) -> &mut ApiRules {
    match api {
        Api::Client => &mut profile.client,
        Api::Application => &mut profile.application,
    }
}

/// The answers of one API, or of both.
type Answers = BTreeMap<Condition, Located<Ruling>>;

/// What is found of a profile.
struct Changes<'p> {
    profile: &'p Profile,
    found: Vec<Change>,
}

impl Changes<'_> {
    fn add(&mut self, what: String, about: Option<&Condition>, edit: impl FnOnce(&mut Profile)) {
        let mut profile = self.profile.clone();
        edit(&mut profile);
        self.found.push(Change {
            what,
            about: about.map(|condition| condition.name().to_owned()),
            profile,
        });
    }

    fn map(
        &mut self,
        answers: &Answers,
        api: Option<Api>,
        of: impl Fn(&mut Profile) -> &mut Answers,
    ) {
        for (condition, ruling) in answers {
            let place = match api {
                None => condition.to_string(),
                Some(api) => format!("{api} {condition}"),
            };
            for (what, changed) in rulings(ruling) {
                self.add(format!("{place}: {what}"), Some(condition), |profile| {
                    if let Some(ruling) = of(profile).get_mut(condition) {
                        ruling.value = changed;
                    }
                    if ruling.value == Ruling::Granted {
                        look_at(profile, condition);
                    }
                });
            }
            let mut without = self.profile.clone();
            of(&mut without).remove(condition);
            if rules_otherwise(&without, api, condition, ruling) {
                self.add(format!("{place}: left out"), Some(condition), |profile| {
                    *profile = without;
                });
            }
        }
    }

    fn exception(&mut self, at: usize, exception: &Exception) {
        let Exception {
            route,
            condition,
            answer,
        } = exception;
        let place = format!("{} {condition}", route.value);
        for (what, changed) in rulings(answer) {
            self.add(format!("{place}: {what}"), Some(condition), |profile| {
                profile.exceptions[at].answer = changed;
            });
        }
        self.add(format!("{place}: left out"), Some(condition), |profile| {
            profile.exceptions.remove(at);
        });
    }

    fn order(&mut self, api: Api, order: &[Located<Rank>]) {
        let name = |rank: &Located<Rank>| {
            let Rank(conditions) = &rank.value;
            let each: Vec<_> = conditions.iter().map(ToString::to_string).collect();
            each.join("+")
        };
        for (at, pair) in order.windows(2).enumerate() {
            let what = format!("{api} order: {} before {}", name(&pair[1]), name(&pair[0]));
            self.add(what, None, |profile| {
                rules_of(profile, api).order.swap(at, at + 1);
            });
        }
    }

    fn limits(&mut self, limits: &Limits) {
        let Limits {
            client,
            application,
            keys,
        } = limits;
        self.add("limits: another of client".into(), None, |profile| {
            profile.limits.client = client + 1;
        });
        self.add("limits: another of application".into(), None, |profile| {
            profile.limits.application = application + 1;
        });
        self.add("limits: another of keys".into(), None, |profile| {
            profile.limits.keys = keys + 1;
        });
    }

    fn prefixes(&mut self, prefixes: &Prefixes) {
        let Prefixes {
            client,
            application,
        } = prefixes;
        self.add("prefixes: another of client".into(), None, |profile| {
            profile.prefixes.client = format!("other_{client}");
        });
        self.add("prefixes: another of application".into(), None, |profile| {
            profile.prefixes.application = format!("other_{application}");
        });
    }

    fn json_wanted(&mut self, wanted: &JsonWanted) {
        let JsonWanted {
            first_accept_contains,
            ajax,
            success_without,
        } = wanted;
        for (at, text) in first_accept_contains.iter().enumerate() {
            let what = format!("json_wanted: not by {text}");
            self.add(what, None, |profile| {
                profile.json_wanted.first_accept_contains.remove(at);
            });
        }
        self.add("json_wanted: also by html".into(), None, |profile| {
            let by = &mut profile.json_wanted.first_accept_contains;
            by.push("html".to_owned());
        });
        let what = if *ajax { "not by ajax" } else { "by ajax" };
        self.add(format!("json_wanted: {what}"), None, |profile| {
            profile.json_wanted.ajax = !ajax;
        });
        let other = match success_without {
            SuccessWithout::Json => SuccessWithout::Unspecified,
            SuccessWithout::Unspecified => SuccessWithout::Json,
        };
        self.add("json_wanted: another success".into(), None, |profile| {
            profile.json_wanted.success_without = other;
        });
    }
}

/// Looks at a condition first of all where the order does not say when: what was granted and now is
/// refused.
fn look_at(profile: &mut Profile, condition: &Condition) {
    for api in [Api::Client, Api::Application] {
        if profile.rank(api, condition).is_none() {
            let first = Located {
                value: Rank(vec![condition.clone()]),
                span: 0..0,
            };
            rules_of(profile, api).order.insert(0, first);
        }
    }
}

/// Whether other rulings speak otherwise of a condition, where this one does: on a route that no
/// exception is of.
fn rules_otherwise(
    without: &Profile,
    api: Option<Api>,
    condition: &Condition,
    ruling: &Ruling,
) -> bool {
    let anywhere: Endpoint = "GET /".to_owned().try_into().expect("an endpoint");
    let apis = api.map_or(vec![Api::Client, Api::Application], |api| vec![api]);
    let spoken_of = apis
        .into_iter()
        .filter(|one| api.is_some() || !without.api(*one).answers.contains_key(condition));
    let mut others = spoken_of.filter_map(|api| without.ruling(api, &anywhere, condition));
    let is_stated = *ruling != Ruling::Unspecified;
    is_stated
        && others
            .any(|other| *other != Ruling::Unspecified && placeless(other) != placeless(ruling))
}

/// A ruling without the place in the file that the schema is named at.
fn placeless(ruling: &Ruling) -> Ruling {
    let Ruling::Refused(answer) = ruling else {
        return ruling.clone();
    };
    let mut answer = Answer::clone(answer);
    if let Some(schema) = &mut answer.schema {
        schema.span = 0..0;
    }
    Ruling::Refused(Arc::new(answer))
}

/// Every change of a ruling.
fn rulings(ruling: &Ruling) -> Vec<(String, Ruling)> {
    match ruling {
        Ruling::Granted => {
            let refused = Ruling::Refused(Arc::new(teapot()));
            vec![("refused".to_owned(), refused)]
        }
        // It states nothing that could be another.
        Ruling::Unspecified => Vec::new(),
        Ruling::Refused(answer) => {
            let others = self::answers(answer).into_iter();
            others
                .map(|(what, answer)| (what, Ruling::Refused(Arc::new(answer))))
                .chain([("granted".to_owned(), Ruling::Granted)])
                .collect()
        }
    }
}

/// A refusal that no panel answers with.
fn teapot() -> Answer {
    Answer {
        status: NO_STATUS,
        code: None,
        detail: None,
        literal_on: None,
        schema: None,
        headers: BTreeMap::new(),
        without_json: None,
        origin: None,
    }
}

/// Every change of an answer.
fn answers(answer: &Answer) -> Vec<(String, Answer)> {
    let Answer {
        status: _,
        code,
        detail,
        literal_on,
        schema,
        headers,
        without_json,
        // How well it is known: it makes advice of a deviation.
        origin: _,
    } = answer;
    let mut found = Vec::new();
    let mut add = |what: String, edit: &dyn Fn(&mut Answer)| {
        let mut changed = answer.clone();
        edit(&mut changed);
        found.push((what, changed));
    };
    add("another status".into(), &|a| a.status = NO_STATUS);
    if code.is_some() {
        add("another code".into(), &|a| a.code = Some(NO_TEXT.into()));
    }
    if detail.is_some() {
        add("another detail".into(), &|a| {
            a.detail = Some(NO_TEXT.into());
        });
    }
    for route in literal_on.iter().flatten() {
        add(format!("other words on {route}"), &|a| {
            a.literal_on = Some(vec![route.clone()]);
            a.code = Some(NO_TEXT.into());
        });
    }
    if literal_on.is_some() {
        add("these words on every route".into(), &|a| {
            a.literal_on = None;
        });
    }
    if schema.is_some() {
        add("another schema".into(), &|a| {
            if let Some(schema) = &mut a.schema {
                schema.value = "created-key".parse().expect("a schema's name");
            }
        });
    }
    for (what, changed) in fields(headers) {
        add(what, &|a| a.headers.clone_from(&changed));
    }
    for (what, changed) in without_json.iter().flat_map(without_jsons) {
        add(format!("{what} without JSON"), &|a| {
            a.without_json = Some(changed.clone());
        });
    }
    found
}

/// Every change of what is answered without JSON.
fn without_jsons(without: &WithoutJson) -> Vec<(String, WithoutJson)> {
    let WithoutJson { status, headers } = without;
    let mut another = without.clone();
    another.status.0 = vec![NO_STATUS; status.0.len()];
    let fields = fields(headers).into_iter().map(|(what, headers)| {
        let status = status.clone();
        (what, WithoutJson { status, headers })
    });
    [("another status".to_owned(), another)]
        .into_iter()
        .chain(fields)
        .collect()
}

/// The fields that are due.
type Fields = BTreeMap<String, ValueMatch>;

/// Every change of header fields, one by one: whether it is there, and what it is.
fn fields(headers: &Fields) -> Vec<(String, Fields)> {
    let mut found = Vec::new();
    for (name, wanted) in headers {
        let mut add = |what: &str, other| {
            let mut changed = headers.clone();
            changed.insert(name.clone(), other);
            found.push((format!("{what} {name}"), changed));
        };
        if *wanted == ValueMatch::Absent {
            add("a", ValueMatch::Present);
        } else {
            add("no", ValueMatch::Absent);
        }
        if says_what(wanted) {
            add("another", ValueMatch::Equals(NO_TEXT.into()));
        }
    }
    found
}

/// Whether a match says what a value is, besides that it is there or not.
fn says_what(wanted: &ValueMatch) -> bool {
    match wanted {
        ValueMatch::Present | ValueMatch::Absent => false,
        ValueMatch::Equals(_)
        | ValueMatch::StartsWith(_)
        | ValueMatch::EndsWith(_)
        | ValueMatch::Contains(_)
        | ValueMatch::Lacks(_)
        | ValueMatch::WholeNumber
        | ValueMatch::AnyOf(_) => true,
    }
}
