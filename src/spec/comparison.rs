//! Comparing two profiles: what changes between two contracts, without a panel.

use std::collections::{BTreeMap, BTreeSet};

use super::Contract;
use super::condition::Condition;
use super::expectation::ValueMatch;
use super::name::{Api, RequirementId};
use super::profile::{Answer, Profile, Ruling};
use super::route::{Endpoint, Presence, Route};

/// What changes from one profile to another.
#[derive(Debug)]
pub struct Comparison<'p> {
    /// What single reasons are answered.
    pub rulings: Vec<RulingChange<'p>>,
    /// Which of two reasons is answered.
    pub orders: Vec<OrderChange>,
    /// Routes that only the second has, in the order of the inventory.
    pub come: Vec<&'p Route>,
    /// Routes that only the first has.
    pub gone: Vec<&'p Route>,
    /// Clauses of good practice that only panels of the first keep.
    pub dropped: Vec<&'p RequirementId>,
    /// Clauses of good practice that only panels of the second keep.
    pub taken_up: Vec<&'p RequirementId>,
}

/// Another answer for one reason.
#[derive(Clone, Debug, PartialEq)]
pub struct RulingChange<'p> {
    /// The APIs on which it changes alike.
    pub apis: Vec<Api>,
    /// The only route on which it does; none: on all.
    pub route: Option<&'p Endpoint>,
    /// The reason.
    pub condition: Condition,
    /// What was said.
    pub before: &'p Ruling,
    /// What is said.
    pub after: &'p Ruling,
    /// What that means for those who rely on it.
    pub shift: Shift,
}

/// What a change means, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shift {
    /// Who was refused is let in.
    Opened,
    /// Who was let in is refused.
    Closed,
    /// Refused otherwise: another status, code, header or shape.
    Reshaped,
    /// Something is said of which nothing was said.
    Stated,
    /// Nothing is said any longer.
    Unstated,
    /// Other words in the detail only.
    Reworded,
}

/// A reason that is looked at earlier or later than others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderChange {
    /// The API.
    pub api: Api,
    /// The reason.
    pub condition: Condition,
    /// Whether it now wins over the others; if not, they win over it.
    pub wins: bool,
    /// The others, in their order.
    pub others: Vec<Condition>,
}

/// Header fields that are stated.
type Headers = BTreeMap<String, ValueMatch>;

/// Nothing is said.
static SILENCE: Ruling = Ruling::Unspecified;

impl<'p> Comparison<'p> {
    /// Compares two profiles of a contract.
    #[must_use]
    pub fn new(contract: &'p Contract, before: &'p Profile, after: &'p Profile) -> Self {
        let pair = Pair {
            contract,
            before,
            after,
        };
        let is_there = |profile: &Profile, route| profile.presence(route, None) != Presence::Never;
        let routes = || contract.inventory.routes.iter().map(|route| &**route);
        let only = |one: &'p Profile, other: &'p Profile| {
            routes()
                .filter(|route| is_there(one, route) && !is_there(other, route))
                .collect()
        };
        Self {
            rulings: pair.rulings(),
            orders: [Api::Client, Api::Application]
                .into_iter()
                .flat_map(|api| pair.orders(api))
                .collect(),
            come: only(after, before),
            gone: only(before, after),
            dropped: unkept_only_by(after, before),
            taken_up: unkept_only_by(before, after),
        }
    }
}

/// The clauses that panels of one profile do not keep, and those of the other do.
fn unkept_only_by<'p>(one: &'p Profile, other: &Profile) -> Vec<&'p RequirementId> {
    let unkept = one.unkept.iter().map(|clause| &clause.value);
    unkept.filter(|clause| !other.is_unkept(clause)).collect()
}

/// Two profiles that are compared.
struct Pair<'p> {
    contract: &'p Contract,
    before: &'p Profile,
    after: &'p Profile,
}

impl<'p> Pair<'p> {
    fn rulings(&self) -> Vec<RulingChange<'p>> {
        let mut changes: Vec<RulingChange<'p>> = Vec::new();
        for condition in self.conditions() {
            for api in [Api::Client, Api::Application] {
                let Some(change) = self.ruling(api, None, &condition) else {
                    continue;
                };
                // What is said of every argument is said once.
                let general = self.ruling(api, None, &condition.general());
                let is_told = condition != condition.general()
                    && general.is_some_and(|g| is_alike(&g, &change));
                match changes.iter_mut().find(|c| is_same(c, &change)) {
                    _ if is_told => {}
                    Some(other) => other.apis.push(api),
                    None => changes.push(change),
                }
            }
        }
        changes.extend(self.exceptions());
        changes.sort_by_key(|change| change.shift);
        changes
    }

    /// What changes on single routes, and not on all.
    fn exceptions(&self) -> Vec<RulingChange<'p>> {
        let all = self.before.exceptions.iter().chain(&self.after.exceptions);
        let mut found: Vec<RulingChange<'p>> = Vec::new();
        for exception in all {
            let (route, condition) = (&exception.route.value, &exception.condition);
            let api = Api::of_path(&route.path);
            let general = self.ruling(api, None, condition);
            let change = self.ruling(api, Some(route), condition);
            if let Some(change) = change
                && !general.is_some_and(|g| is_alike(&g, &change))
                && !found.contains(&change)
            {
                found.push(change);
            }
        }
        found
    }

    fn ruling(
        &self,
        api: Api,
        route: Option<&'p Endpoint>,
        condition: &Condition,
    ) -> Option<RulingChange<'p>> {
        let anywhere = anywhere();
        let endpoint = route.unwrap_or(&anywhere);
        let of = |profile: &'p Profile| {
            let said = profile.ruling(api, endpoint, condition);
            said.unwrap_or(&SILENCE)
        };
        let (before, after) = (of(self.before), of(self.after));
        Some(RulingChange {
            apis: vec![api],
            route,
            condition: condition.clone(),
            before,
            after,
            shift: shift(before, after)?,
        })
    }

    /// Every reason that one of the two speaks of, those without an argument first.
    fn conditions(&self) -> Vec<Condition> {
        let general = self.contract.conditions.iter();
        let mut all: Vec<Condition> = general.filter_map(|info| info.name.parse().ok()).collect();
        let profiles = [self.before, self.after];
        let answered = profiles.iter().flat_map(|profile| {
            let maps = [
                &profile.answers,
                &profile.client.answers,
                &profile.application.answers,
            ];
            maps.into_iter().flat_map(|map| map.keys().cloned())
        });
        let known: BTreeSet<Condition> = answered.collect();
        all.extend(known.into_iter().filter(|c| *c != c.general()));
        all
    }

    fn orders(&self, api: Api) -> Vec<OrderChange> {
        let mut flips = self.flips(api);
        let mut changes = Vec::new();
        while let Some(change) = Self::gravest(api, &flips) {
            flips.retain(|flip| !change.covers(flip));
            changes.push(change);
        }
        changes
    }

    /// The pairs of which another one wins now: the former and the present winner.
    fn flips(&self, api: Api) -> Vec<(Condition, Condition)> {
        let ranked = self.ranked(api);
        let mut flips = Vec::new();
        for (number, one) in ranked.iter().enumerate() {
            for other in &ranked[number + 1..] {
                let (before, after) = (
                    wins(self.before, api, one, other),
                    wins(self.after, api, one, other),
                );
                if one.name() != other.name()
                    && !self.is_answered_alike(api, one, other)
                    && let (Some(before), Some(after)) = (before, after)
                    && before != after
                {
                    let (former, present) = if before { (one, other) } else { (other, one) };
                    flips.push((former.clone(), present.clone()));
                }
            }
        }
        flips
    }

    /// The reasons that both refuse, in the second's order.
    fn ranked(&self, api: Api) -> Vec<Condition> {
        let refuses = |profile: &Profile, condition: &Condition| {
            let said = profile.ruling(api, &anywhere(), condition);
            matches!(said, Some(Ruling::Refused(_)))
        };
        let order = self.after.api(api).order.iter();
        let named = order.flat_map(|rank| rank.value.0.clone());
        named
            .filter(|c| refuses(self.before, c) && refuses(self.after, c))
            .collect()
    }

    /// Nobody can tell by the answer which of the two was looked at.
    fn is_answered_alike(&self, api: Api, one: &Condition, other: &Condition) -> bool {
        let alike = |profile: &Profile| {
            let of = |c| profile.ruling(api, &anywhere(), c);
            match (of(one), of(other)) {
                (Some(one), Some(other)) => shift(one, other).is_none(),
                _ => false,
            }
        };
        alike(self.before) && alike(self.after)
    }

    /// The reason whose move explains most of the pairs.
    fn gravest(api: Api, flips: &[(Condition, Condition)]) -> Option<OrderChange> {
        let moves = flips
            .iter()
            .flat_map(|(former, present)| [(present, true), (former, false)]);
        let change = |(condition, wins): (&Condition, bool)| {
            let against = flips.iter().filter_map(|(former, present)| match wins {
                true if present == condition => Some(former),
                false if former == condition => Some(present),
                _ => None,
            });
            OrderChange {
                api,
                condition: condition.clone(),
                wins,
                others: against.cloned().collect(),
            }
        };
        // Of equals the first, so that the same profiles always read the same.
        moves.map(change).reduce(|best, next| {
            let is_graver = next.others.len() > best.others.len();
            if is_graver { next } else { best }
        })
    }
}

impl OrderChange {
    fn covers(&self, (former, present): &(Condition, Condition)) -> bool {
        if self.wins {
            *present == self.condition
        } else {
            *former == self.condition
        }
    }
}

/// A path on which no exception holds.
fn anywhere() -> Endpoint {
    Endpoint {
        method: "GET".to_owned(),
        path: "/".to_owned(),
    }
}

/// Whether the first of two reasons wins; nothing where the profile does not say.
fn wins(profile: &Profile, api: Api, one: &Condition, other: &Condition) -> Option<bool> {
    let (one, other) = (profile.rank(api, one)?, profile.rank(api, other)?);
    (one != other).then_some(one < other)
}

fn is_same(one: &RulingChange<'_>, other: &RulingChange<'_>) -> bool {
    one.condition == other.condition && one.route == other.route && is_alike(one, other)
}

fn is_alike(one: &RulingChange<'_>, other: &RulingChange<'_>) -> bool {
    let none = |a, b| shift(a, b).is_none();
    none(one.before, other.before) && none(one.after, other.after)
}

/// What a change of what is said means; nothing where nobody can tell one from the other.
fn shift(before: &Ruling, after: &Ruling) -> Option<Shift> {
    use Ruling::{Granted, Refused, Unspecified};
    match (before, after) {
        (Granted, Granted) | (Unspecified, Unspecified) => None,
        (Unspecified, _) => Some(Shift::Stated),
        (_, Unspecified) => Some(Shift::Unstated),
        (Refused(_), Granted) => Some(Shift::Opened),
        (Granted, Refused(_)) => Some(Shift::Closed),
        (Refused(one), Refused(other)) if !has_same_shape(one, other) => Some(Shift::Reshaped),
        (Refused(one), Refused(other)) => (one.detail != other.detail).then_some(Shift::Reworded),
    }
}

/// Whether nobody can tell two answers apart but by their words. What only one of them speaks of,
/// a header or what becomes of it without JSON, is no difference that can be seen.
fn has_same_shape(one: &Answer, other: &Answer) -> bool {
    let schema = |answer: &Answer| answer.schema.as_ref().map(|name| name.value.clone());
    let alike_without_json = match (&one.without_json, &other.without_json) {
        (Some(one), Some(other)) => {
            one.status == other.status && differing(&one.headers, &other.headers).next().is_none()
        }
        _ => true,
    };
    one.status == other.status
        && one.code == other.code
        && schema(one) == schema(other)
        && differing(&one.headers, &other.headers).next().is_none()
        && alike_without_json
}

/// The header fields of which both speak, and not alike: the name, and what each says.
pub fn differing<'h>(
    one: &'h Headers,
    other: &'h Headers,
) -> impl Iterator<Item = (&'h str, &'h ValueMatch, &'h ValueMatch)> {
    one.iter().filter_map(|(name, before)| {
        let after = other.get(name)?;
        (before != after).then_some((name.as_str(), before, after))
    })
}
