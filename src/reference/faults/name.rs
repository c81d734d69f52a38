//! The names of faults, as people write them.

use std::str::FromStr;

use super::{
    Fault, Kind, catalogue,
    gate::{Gate, LeftOut, RouteName},
};
use crate::reference::{family::Family, routes::AddedRoutes};

/// A name that no fault has, and what there is instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadFault {
    /// No fault has the name.
    #[error("unknown fault `{0}`")]
    Unknown(String),
    /// Behind `@` stands no route.
    #[error("unknown route `{route}` in `{fault}@{route}`: a route is written GET:/api/client")]
    Route {
        /// The name before `@`.
        fault: String,
        /// What stands behind it.
        route: String,
        /// The routes that there are.
        known: Vec<String>,
    },
    /// The route has nothing that the fault could leave out.
    #[error("`{route}` has no check that `{fault}` could leave out")]
    NoCheck {
        /// The name before `@`.
        fault: &'static str,
        /// The route.
        route: RouteName,
    },
    /// The fault is none of single routes.
    #[error("`{0}` is not of a single route; leave out what stands behind @")]
    NoRoutes(String),
}

impl BadFault {
    /// Names that could have been meant.
    #[must_use]
    pub fn known(&self) -> Vec<String> {
        match self {
            Self::Unknown(_) => Fault::all().map(|fault| fault.to_string()).collect(),
            Self::Route { known, .. } => known.clone(),
            Self::NoCheck { .. } | Self::NoRoutes(_) => Vec::new(),
        }
    }

    /// What is wrong in the name.
    #[must_use]
    pub fn wrong(&self) -> &str {
        match self {
            Self::Unknown(name) | Self::NoRoutes(name) => name,
            Self::Route { route, .. } => route,
            Self::NoCheck { fault, .. } => fault,
        }
    }
}

impl FromStr for Fault {
    type Err = BadFault;

    fn from_str(name: &str) -> Result<Self, BadFault> {
        Self::named(name, &AddedRoutes::default())
    }
}

impl Fault {
    /// The fault of a name, where a panel has these routes beside its own.
    ///
    /// # Errors
    ///
    /// What is wrong with the name.
    pub fn named(name: &str, added: &AddedRoutes) -> Result<Self, BadFault> {
        let (fault, route) = match name.split_once('@') {
            Some((fault, route)) => (fault, Some(route)),
            None => (name, None),
        };
        if let Some(gate) = Gate::ALL.into_iter().find(|gate| gate.name() == fault) {
            let route = route
                .map(|route| on_route(gate, route, added))
                .transpose()?;
            return Ok(Self(Kind::LeftOut(LeftOut { gate, route })));
        }
        let known = catalogue::ENTRIES.iter().find(|entry| entry.name == fault);
        match (known, route) {
            (None, _) => Err(BadFault::Unknown(fault.to_owned())),
            (Some(_), Some(_)) => Err(BadFault::NoRoutes(fault.to_owned())),
            (Some(entry), None) => Ok(Self(Kind::Single(entry.defect))),
        }
    }
}

fn on_route(gate: Gate, name: &str, added: &AddedRoutes) -> Result<RouteName, BadFault> {
    let all = || RouteName::all().chain(added.iter().map(RouteName::of));
    let Some(route) = all().find(|route| route.to_string() == name) else {
        return Err(BadFault::Route {
            fault: gate.name().to_owned(),
            route: name.to_owned(),
            known: all().map(|route| route.to_string()).collect(),
        });
    };
    let fault = Fault(Kind::LeftOut(LeftOut {
        gate,
        route: Some(route),
    }));
    if Family::all().any(|family| fault.is_possible_in(family, added)) {
        return Ok(route);
    }
    Err(BadFault::NoCheck {
        fault: gate.name(),
        route,
    })
}

#[cfg(test)]
mod tests {
    use super::{BadFault, Family, Fault, Gate};

    #[test]
    fn every_fault_is_found_by_its_name() {
        let on_routes = Gate::ALL.into_iter().flat_map(|gate| {
            let families = Family::all();
            families.flat_map(move |family| Fault::on_routes(gate, family))
        });
        let mut count = 0;
        for fault in Fault::all().chain(on_routes) {
            assert_eq!(fault.to_string().parse::<Fault>(), Ok(fault));
            count += 1;
        }
        assert!(count > 1000, "{count} faults");
    }

    #[test]
    fn names_are_unique_and_descriptions_are_sentences() {
        let mut seen = std::collections::BTreeSet::new();
        for fault in Fault::all() {
            assert!(seen.insert(fault.to_string()), "{fault} twice");
            let text = fault.description();
            assert!(text.ends_with('.') && text.len() < 120, "{fault}: {text}");
        }
    }

    #[test]
    fn a_wrong_name_says_what_is_wrong() {
        let error = |name: &str| name.parse::<Fault>().expect_err("a wrong name");
        assert!(matches!(error("skip-aut"), BadFault::Unknown(_)));
        let nowhere = error("skip-auth@GET:/api/clients");
        assert_eq!(nowhere.wrong(), "GET:/api/clients");
        assert!(nowhere.known().contains(&"GET:/api/client".to_owned()));
        let unowned = error("skip-ownership@GET:/api/client");
        assert!(matches!(unowned, BadFault::NoCheck { .. }));
        let single = error("html-errors@GET:/api/client");
        assert!(matches!(single, BadFault::NoRoutes(_)));
    }
}
