//! Deliberate defects: what the conformance tests must notice.
//!
//! A defect is hooked into the one way that every request takes: before the panel, where the
//! request is changed; into its checks, which are left out or answered otherwise; behind it, where
//! the answer is changed. Each is one that somebody's panel, proxy or fork had or could have.

mod after;
mod before;
mod catalogue;
mod checks;
mod gate;
mod name;

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Arc, Mutex},
};

use super::{
    content::malformed, family::Family, incoming::Incoming, routes::AddedRoutes, wording::Condition,
};

pub(super) use after::answer;
pub(super) use before::receive;
use catalogue::Defect;
pub use catalogue::{Group, PanelState};
pub(super) use checks::{finally, instead, ordered};
use gate::LeftOut;
pub use gate::{Gate, RouteName};
pub use name::BadFault;

/// One deliberate defect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fault(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Kind {
    /// A check is left out, everywhere or on one route.
    LeftOut(LeftOut),
    /// Something else is wrong.
    Single(Defect),
}

impl Fault {
    /// Every fault that is none of a single route: the checks left out everywhere, then all else
    /// in the order in which people are shown it.
    pub fn all() -> impl Iterator<Item = Self> {
        let gates = Gate::ALL.into_iter().map(Self::everywhere);
        let singles = catalogue::ENTRIES.iter();
        gates.chain(singles.map(|entry| Self(Kind::Single(entry.defect))))
    }

    /// A check left out on every route that has it.
    #[must_use]
    pub const fn everywhere(gate: Gate) -> Self {
        Self(Kind::LeftOut(LeftOut { gate, route: None }))
    }

    /// A check left out on each route of a family that has it, one fault for each.
    pub fn on_routes(gate: Gate, family: Family) -> impl Iterator<Item = Self> {
        gate.routes(family).map(move |route| {
            let route = Some(route);
            Self(Kind::LeftOut(LeftOut { gate, route }))
        })
    }

    /// A check left out on each of the routes that were added and have it.
    pub fn on_added(added: &AddedRoutes) -> impl Iterator<Item = Self> {
        added.iter().flat_map(|route| {
            let gates = Gate::ALL.into_iter().filter(|gate| gate.is_on(route));
            gates.map(|gate| {
                let route = Some(RouteName::of(route));
                Self(Kind::LeftOut(LeftOut { gate, route }))
            })
        })
    }

    /// The check that it leaves out, if that is what it does.
    #[must_use]
    pub const fn gate(self) -> Option<Gate> {
        match self.0 {
            Kind::LeftOut(left_out) => Some(left_out.gate),
            Kind::Single(_) => None,
        }
    }

    /// The one route that it is on, if it is not everywhere.
    #[must_use]
    pub const fn route(self) -> Option<RouteName> {
        match self.0 {
            Kind::LeftOut(left_out) => left_out.route,
            Kind::Single(_) => None,
        }
    }

    /// What it belongs together with.
    #[must_use]
    pub fn group(self) -> Group {
        match self.0 {
            Kind::LeftOut(_) => Group::Checks,
            Kind::Single(defect) => defect.entry().group,
        }
    }

    /// One sentence that says what is wrong.
    #[must_use]
    pub fn description(self) -> &'static str {
        match self.0 {
            Kind::LeftOut(left_out) => left_out.gate.description(),
            Kind::Single(defect) => defect.entry().description,
        }
    }

    /// The state in which alone it shows.
    #[must_use]
    pub fn state(self) -> Option<PanelState> {
        match self.0 {
            Kind::LeftOut(_) => None,
            Kind::Single(defect) => defect.entry().state,
        }
    }

    /// Whether a panel of the family with these routes beside its own can have it.
    #[must_use]
    pub fn is_possible_in(self, family: Family, added: &AddedRoutes) -> bool {
        match self.0 {
            Kind::LeftOut(LeftOut { gate, route }) => route.is_none_or(|route| {
                gate.routes(family).any(|one| one == route)
                    || Self::on_added(added).any(|one| one == self)
            }),
            Kind::Single(_) => true,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&match self.0 {
            Kind::LeftOut(LeftOut { gate, route }) => match route {
                None => gate.name().to_owned(),
                Some(route) => format!("{}@{route}", gate.name()),
            },
            Kind::Single(defect) => defect.entry().name.to_owned(),
        })
    }
}

/// The defects of one panel, and what they remember; none by default.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    all: BTreeSet<Fault>,
    memory: Arc<Mutex<Memory>>,
}

/// What defects remember from one request to the next.
#[derive(Debug, Default)]
struct Memory {
    /// Keys that were seen once.
    keys: Vec<KnownKey>,
    /// Answers by the target that they are an answer to.
    answers: Vec<(String, after::Answer)>,
}

/// A key that was good once, and what it may do.
struct KnownKey(super::keys::StoredKey);

impl fmt::Debug for KnownKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KnownKey")
    }
}

impl Faults {
    /// The defects, in a fixed order.
    pub fn iter(&self) -> impl Iterator<Item = Fault> {
        self.all.iter().copied()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Those that are more than a check left out.
    fn defects(&self) -> impl Iterator<Item = Defect> {
        self.iter().filter_map(|fault| match fault.0 {
            Kind::Single(defect) => Some(defect),
            Kind::LeftOut(_) => None,
        })
    }

    fn left_out(&self) -> impl Iterator<Item = LeftOut> {
        self.iter().filter_map(|fault| match fault.0 {
            Kind::LeftOut(left_out) => Some(left_out),
            Kind::Single(_) => None,
        })
    }

    /// Whether translations of any language and namespace are read, whoever refuses them.
    pub(super) fn read_any_translation(&self) -> bool {
        self.defects().any(|one| one == Defect::LocaleHole)
    }

    /// Whether the API of nodes is open to the keys of users.
    pub(super) fn open_nodes_to_users(&self) -> bool {
        self.defects().any(|one| one == Defect::UserKeyForNodes)
    }

    /// What is refused before the route is looked for.
    pub(super) fn refused_before_route(
        &self,
        incoming: &Incoming,
        is_stateful: bool,
    ) -> Option<Condition> {
        let is_browsers_write = is_stateful && !incoming.method.is_safe();
        self.defects().find_map(|one| match one {
            Defect::CsrfBeforeRoute => is_browsers_write.then_some(Condition::Csrf),
            Defect::JsonBeforeRoute => malformed(incoming).map(|_| Condition::MalformedJson),
            _ => None,
        })
    }

    /// Whether the API is open although the panel is under maintenance.
    pub(super) fn open_under_maintenance(&self) -> bool {
        self.defects().any(|one| one == Defect::MaintenanceOpen)
    }
}

impl FromIterator<Fault> for Faults {
    fn from_iter<I: IntoIterator<Item = Fault>>(faults: I) -> Self {
        Self {
            all: faults.into_iter().collect(),
            memory: Arc::default(),
        }
    }
}
