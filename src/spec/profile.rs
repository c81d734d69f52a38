//! Profiles: what a version of the contract answers, and which reason wins.

use std::collections::BTreeMap;
use std::sync::Arc;

use semver::Version;
use serde::{Deserialize, Deserializer};

use super::condition::Condition;
use super::expectation::ValueMatch;
use super::name::{Api, Origin, ProfileName, RequirementId, SchemaName};
use super::route::{Endpoint, Presence, Route};
use super::yaml::{Located, OneOrMany, Short};

/// What a panel answers for one reason.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// `errors[0].code`.
    #[serde(default)]
    pub code: Option<String>,
    /// `errors[0].detail`; `${…}` stands for something that varies.
    #[serde(default)]
    pub detail: Option<String>,
    /// The only routes on which `code` and `detail` are stated; absent: on all.
    #[serde(default)]
    pub literal_on: Option<Vec<Endpoint>>,
    /// The schema of the content.
    #[serde(default)]
    pub schema: Option<Located<SchemaName>>,
    /// Header fields.
    #[serde(default)]
    pub headers: BTreeMap<String, ValueMatch>,
    /// What a client gets that does not ask for JSON; absent: not stated.
    #[serde(default)]
    pub without_json: Option<WithoutJson>,
    /// How well this is known; absent: as the profile says.
    #[serde(default)]
    pub origin: Option<Origin>,
}

impl Answer {
    /// Whether code and detail are stated on that route.
    #[must_use]
    pub fn is_literal_on(&self, endpoint: &Endpoint) -> bool {
        self.literal_on
            .as_ref()
            .is_none_or(|routes| routes.contains(endpoint))
    }
}

/// What a refusal becomes when JSON was not asked for.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WithoutJson {
    /// The status code, or those of which each is right.
    pub status: OneOrMany<u16>,
    /// Header fields.
    #[serde(default)]
    pub headers: BTreeMap<String, ValueMatch>,
}

/// What a profile says about one condition.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Short<Answer>")]
pub enum Ruling {
    /// It is no trouble in this version.
    Granted,
    /// Nothing is stated.
    Unspecified,
    /// The request is refused so.
    Refused(Arc<Answer>),
}

impl TryFrom<Short<Answer>> for Ruling {
    type Error = String;

    fn try_from(written: Short<Answer>) -> Result<Self, String> {
        match written {
            Short::Full(answer) => Ok(Self::Refused(Arc::new(answer))),
            Short::Name(name) if name == "granted" => Ok(Self::Granted),
            Short::Name(name) if name == "unspecified" => Ok(Self::Unspecified),
            Short::Name(name) => Err(format!(
                "`{name}`: write `granted`, `unspecified`, or an answer with its status"
            )),
        }
    }
}

/// One place in the order of checks: one condition, or several whose order is not stated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rank(pub Vec<Condition>);

impl<'de> Deserialize<'de> for Rank {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RankVisitor;
        impl<'de> serde::de::Visitor<'de> for RankVisitor {
            type Value = Rank;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a condition, or a list of conditions whose order is not stated")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Rank, E> {
                text.parse()
                    .map(|condition| Rank(vec![condition]))
                    .map_err(E::custom)
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Rank, A::Error> {
                let mut conditions = Vec::new();
                while let Some(condition) = seq.next_element()? {
                    conditions.push(condition);
                }
                Ok(Rank(conditions))
            }
        }
        deserializer.deserialize_any(RankVisitor)
    }
}

/// What holds for one API.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ApiRules {
    /// Which condition wins: the first present one.
    pub order: Vec<Located<Rank>>,
    /// Answers of this API alone.
    pub answers: BTreeMap<Condition, Located<Ruling>>,
}

/// An answer that holds on one route only.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// The route.
    pub route: Located<Endpoint>,
    /// The condition.
    pub condition: Condition,
    /// What it gets there.
    pub answer: Ruling,
}

/// The versions that a profile speaks of.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Versions {
    /// The first.
    pub from: Version,
    /// The last.
    pub to: Version,
}

impl Versions {
    /// Whether a version is among them.
    #[must_use]
    pub fn hold(&self, version: &Version) -> bool {
        (&self.from..=&self.to).contains(&version)
    }
}

/// When a panel takes a request for one that wants JSON.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JsonWanted {
    /// The first entry of `Accept` contains one of these, in any case.
    pub first_accept_contains: Vec<String>,
    /// `X-Requested-With: XMLHttpRequest` counts when `Accept` is absent or `*/*`.
    #[serde(default)]
    pub ajax: bool,
    /// What a granted request gets that does not want JSON: JSON all the same, or not stated.
    pub success_without: SuccessWithout,
}

/// What becomes of a granted request that does not want JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SuccessWithout {
    /// It is answered in JSON.
    Json,
    /// Not stated.
    Unspecified,
}

/// Requests per minute and keys per user.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Client API, requests per minute and user.
    pub client: u32,
    /// Application API, requests per minute and user.
    pub application: u32,
    /// Client keys that a user may have.
    pub keys: u32,
}

impl Limits {
    /// The limit of requests to an API, per minute and user.
    #[must_use]
    pub const fn of(&self, api: Api) -> u32 {
        match api {
            Api::Client => self.client,
            Api::Application => self.application,
        }
    }

    /// The same, to change it.
    pub(crate) const fn of_mut(&mut self, api: Api) -> &mut u32 {
        match api {
            Api::Client => &mut self.client,
            Api::Application => &mut self.application,
        }
    }
}

/// What the keys of each type start with; empty: with nothing that is always the same.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prefixes {
    /// Client keys.
    pub client: String,
    /// Application keys.
    pub application: String,
}

/// Which routes a panel has: those of a version of Pterodactyl, less some and more, and those
/// that the inventory says are this panel's `only`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteList {
    /// The version of Pterodactyl.
    pub like: Version,
    /// Routes that other versions have, and this panel has as well.
    #[serde(default)]
    pub with: Vec<Located<Endpoint>>,
    /// Routes that this panel has not.
    #[serde(default)]
    pub without: Vec<Located<Endpoint>>,
}

impl RouteList {
    fn presence(&self, route: &Route) -> Presence {
        let is_in = |list: &[Located<Endpoint>]| list.iter().any(|e| **e == *route.endpoint);
        match (is_in(&self.with), is_in(&self.without)) {
            (true, _) => Presence::Always,
            (_, true) => Presence::Never,
            _ => route.presence(&self.like, &self.like),
        }
    }
}

/// A version of the contract.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Its name.
    pub name: Located<ProfileName>,
    /// One line on what it speaks of.
    pub title: String,
    /// The versions.
    pub versions: Versions,
    /// The profiles that say what this one does not, the nearest first.
    pub extends: Vec<ProfileName>,
    /// The family of panels that the reference panel plays for it.
    pub family: String,
    /// How well its facts are known, where they do not say otherwise.
    pub origin: Origin,
    /// Where they are from.
    pub source: String,
    /// Key prefixes.
    pub prefixes: Prefixes,
    /// Limits.
    pub limits: Limits,
    /// A foreign origin that the panel lets in; no contract says which, only its operator.
    pub allowed_origin: Option<String>,
    /// When JSON is wanted.
    pub json_wanted: JsonWanted,
    /// The routes of a panel that does not count versions as Pterodactyl does.
    pub routes: Option<RouteList>,
    /// Answers of both APIs.
    pub answers: BTreeMap<Condition, Located<Ruling>>,
    /// What holds for the Client API.
    pub client: ApiRules,
    /// What holds for the Application API.
    pub application: ApiRules,
    /// What holds on single routes.
    pub exceptions: Vec<Exception>,
    /// The clauses of good practice that its panels were seen not to keep.
    pub unkept: Vec<Located<RequirementId>>,
    /// The profile whose contract a panel most likely keeps that deviates from this one.
    pub rather: Option<Located<ProfileName>>,
}

impl Profile {
    /// The rules of one API.
    #[must_use]
    pub fn api(&self, api: Api) -> &ApiRules {
        match api {
            Api::Client => &self.client,
            Api::Application => &self.application,
        }
    }

    /// Whether its panels were seen not to keep a clause of good practice.
    #[must_use]
    pub fn is_unkept(&self, clause: &RequirementId) -> bool {
        self.unkept.iter().any(|unkept| unkept.value == *clause)
    }

    /// What keys of one type start with.
    #[must_use]
    pub fn prefix(&self, api: Api) -> &str {
        match api {
            Api::Client => &self.prefixes.client,
            Api::Application => &self.prefixes.application,
        }
    }

    /// Whether the prefix of a key tells its type.
    #[must_use]
    pub fn tells_types_apart(&self) -> bool {
        self.prefixes.client != self.prefixes.application
    }

    /// What is said about a condition on a route: an exception, else this API's answer, else both
    /// APIs'; with its argument before without.
    #[must_use]
    pub fn ruling(&self, api: Api, endpoint: &Endpoint, condition: &Condition) -> Option<&Ruling> {
        let exception = self
            .exceptions
            .iter()
            .find(|e| e.route.value == *endpoint && e.condition.covers(condition));
        if let Some(exception) = exception {
            return Some(&exception.answer);
        }
        let general = condition.general();
        let maps = [&self.api(api).answers, &self.answers];
        [condition, &general]
            .into_iter()
            .find_map(|wanted| maps.iter().find_map(|map| map.get(wanted)))
            .map(|ruling| &ruling.value)
    }

    /// The place of a condition in the order of an API; one written with its argument is meant
    /// before one without.
    #[must_use]
    pub fn rank(&self, api: Api, condition: &Condition) -> Option<usize> {
        let order = &self.api(api).order;
        let exact = order.iter().position(|rank| rank.0.contains(condition));
        exact.or_else(|| {
            order
                .iter()
                .position(|rank| rank.0.iter().any(|c| c.covers(condition)))
        })
    }

    /// Whether an answer shows the rate limit: whether requests are counted before the reason that
    /// it is given for is looked at. Nothing where the profile does not say.
    #[must_use]
    pub fn shows_limit(
        &self,
        api: Api,
        endpoint: &Endpoint,
        reason: Option<&Condition>,
    ) -> Option<bool> {
        let over_limit = Condition::over_limit();
        match self.ruling(api, endpoint, &over_limit) {
            Some(Ruling::Refused(_)) => {}
            _ => return None,
        }
        let Some(reason) = reason.filter(|reason| reason.name() != over_limit.name()) else {
            return Some(true);
        };
        let (counted, looked_at) = (self.rank(api, &over_limit)?, self.rank(api, reason)?);
        (counted != looked_at).then_some(counted < looked_at)
    }

    /// Whether the panel has a route: in all, some or none of the profile's versions, or in the
    /// one version that the operator named.
    #[must_use]
    pub fn presence(&self, route: &Route, version: Option<&Version>) -> Presence {
        if let Some(only) = &route.only {
            return if only.iter().any(|name| self.is_or_extends(name)) {
                Presence::Always
            } else {
                Presence::Never
            };
        }
        match (&self.routes, version) {
            (Some(routes), _) => routes.presence(route),
            (None, Some(version)) => route.presence(version, version),
            (None, None) => route.presence(&self.versions.from, &self.versions.to),
        }
    }

    fn is_or_extends(&self, name: &ProfileName) -> bool {
        *self.name == *name || self.extends.contains(name)
    }

    /// Whether a request with these header fields asks for JSON.
    #[must_use]
    pub fn wants_json<'h>(&self, headers: impl Fn(&str) -> Option<&'h str>) -> bool {
        let accept = headers("accept").unwrap_or_default();
        let first = accept
            .split(',')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let by_accept = self
            .json_wanted
            .first_accept_contains
            .iter()
            .any(|text| first.contains(text.as_str()));
        let any = matches!(first.trim(), "" | "*/*");
        let by_ajax = self.json_wanted.ajax
            && any
            && headers("x-requested-with").is_some_and(|value| value == "XMLHttpRequest");
        by_accept || by_ajax
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Source, Specs};
    use super::*;

    fn profile(name: &str) -> Profile {
        let specs = Specs::load(&Source::Embedded).unwrap();
        let mut profiles = specs.contract.profiles.iter();
        let found = profiles.find(|profile| profile.name.as_str() == name);
        Profile::clone(found.unwrap())
    }

    fn endpoint(text: &str) -> Endpoint {
        text.to_owned().try_into().unwrap()
    }

    fn located<T>(value: T) -> Located<T> {
        Located { value, span: 0..0 }
    }

    #[test]
    fn json_is_wanted_by_the_first_entry_of_accept_or_by_ajax() {
        let mut profile = profile("pterodactyl-1.11");
        let ajax = Some("XMLHttpRequest");
        let rows = [
            (Some("application/json"), None, true),
            (
                Some("Application/vnd.api+JSON;q=0.1, text/html"),
                None,
                true,
            ),
            (Some("text/html, application/json"), None, false),
            (None, None, false),
            (Some("*/*"), None, false),
            (None, ajax, true),
            (Some(" */* "), ajax, true),
            (Some("text/html"), ajax, false),
            (None, Some("fetch"), false),
        ];
        let wants = |profile: &Profile, accept, with| {
            profile.wants_json(|name| match name {
                "accept" => accept,
                "x-requested-with" => with,
                _ => None,
            })
        };
        for (accept, with, wanted) in rows {
            assert_eq!(wants(&profile, accept, with), wanted, "{accept:?} {with:?}");
        }
        profile.json_wanted.ajax = false;
        assert!(!wants(&profile, None, ajax));
        assert!(wants(&profile, Some("application/json"), ajax));
    }

    #[test]
    fn prefixes_tell_the_types_apart_where_they_differ() {
        let mut profile = profile("pterodactyl-1.11");
        assert!(profile.tells_types_apart());
        profile.prefixes.application = profile.prefixes.client.clone();
        assert!(!profile.tells_types_apart());
    }

    #[test]
    fn a_panel_with_a_list_of_its_own_has_what_the_list_says() {
        let specs = Specs::load(&Source::Embedded).unwrap();
        let mut routes = specs.contract.inventory.routes.iter();
        let account = endpoint("GET /api/client/account");
        let route = routes.find(|route| *route.endpoint == account).unwrap();
        let old = "0.0.1".parse().unwrap();
        let list = |like: &Version, with: &[&Endpoint], without: &[&Endpoint]| RouteList {
            like: like.clone(),
            with: with.iter().map(|one| located((*one).clone())).collect(),
            without: without.iter().map(|one| located((*one).clone())).collect(),
        };
        let new = "1.11.0".parse().unwrap();
        for (routes, wanted) in [
            (list(&new, &[], &[]), Presence::Always),
            (list(&new, &[], &[&account]), Presence::Never),
            (list(&old, &[], &[]), Presence::Never),
            (list(&old, &[&account], &[]), Presence::Always),
        ] {
            assert_eq!(routes.presence(route), wanted, "{routes:?}");
        }
    }

    #[test]
    fn code_and_detail_are_stated_where_the_answer_says() {
        let account = endpoint("GET /api/client/account");
        let mut answer: Answer = serde_json::from_str(r#"{ "status": 401 }"#).unwrap();
        assert!(answer.is_literal_on(&account));
        answer.literal_on = Some(vec![endpoint("GET /api/client")]);
        assert!(!answer.is_literal_on(&account));
        assert!(answer.is_literal_on(&endpoint("GET /api/client")));
    }

    #[test]
    fn a_place_in_the_order_is_a_condition_or_a_list() {
        let read =
            |value| Rank::deserialize(value).map_err(|error: serde_json::Error| error.to_string());
        assert_eq!(read(serde_json::json!("no-key")).unwrap().0.len(), 1);
        assert_eq!(
            read(serde_json::json!(["no-key", "unknown-key"]))
                .unwrap()
                .0
                .len(),
            2
        );
        let found = read(serde_json::json!(1)).unwrap_err();
        assert!(
            found.contains(
                "expected a condition, or a list of conditions whose order is not stated"
            ),
            "{found}"
        );
    }
}
