//! The table of faults: what each violates, and which cases must notice it.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::reference::{Fault, RouteName};
use crate::spec::{Case, Diagnostic, Endpoint, RequirementId, SourceFile, read_yaml};

/// What each fault violates, and which cases must notice it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    /// By the name of the check that is left out.
    families: BTreeMap<String, Family>,
    /// By the name of the fault.
    faults: BTreeMap<String, Entry>,
    /// Faults by whose help the hardened panel keeps every SHOULD, and what it violates without.
    pub(super) hardenings: BTreeMap<String, Entry>,
}

/// What leaving out a check violates.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Family {
    violates: Vec<RequirementId>,
    /// Scenarios: each of their cases for a route must notice the check missing on that route.
    witnesses: Vec<String>,
    /// Routes on which nothing can notice it, by the reason.
    #[serde(default)]
    unseen: BTreeMap<String, Vec<String>>,
}

/// What a fault violates, and who notices.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub(super) violates: Vec<RequirementId>,
    /// Ids of cases that must notice it.
    #[serde(default)]
    pub(super) witnesses: Vec<String>,
    /// Why nothing can notice it.
    #[serde(default)]
    unseen: Option<String>,
}

/// What is claimed of one fault.
#[derive(Clone, Debug, Default)]
pub(super) struct Claim {
    pub(super) violates: Vec<RequirementId>,
    /// Numbers of the cases that must notice it.
    pub(super) witnesses: Vec<usize>,
    /// Witnesses that are no case.
    pub(super) unknown: Vec<String>,
    /// Whether the witnesses follow from a rule; those that conform on no panel are none then.
    pub(super) by_rule: bool,
    /// Why nothing can notice it.
    pub(super) unseen: Option<String>,
}

impl Table {
    /// The built-in table.
    pub(super) fn read() -> Result<Self, Diagnostic> {
        let text = include_str!("faults.yaml");
        read_yaml(&SourceFile::new(
            "faults.yaml",
            "src/prove/faults.yaml",
            text,
        ))
    }

    /// What is claimed of a fault; nothing if it is not in the table.
    pub(super) fn claim(&self, fault: Fault, cases: &[impl AsRef<Case>]) -> Option<Claim> {
        let name = fault.to_string();
        let plain = name.split('@').next().unwrap_or_default();
        match self.families.get(plain) {
            Some(family) => Some(family.claim(fault.route(), cases)),
            None => Some(self.faults.get(plain)?.claim(cases)),
        }
    }

    /// Names in the table that no fault has.
    pub(super) fn strangers(&self) -> impl Iterator<Item = &str> {
        let all = self.families.keys().chain(self.faults.keys());
        all.chain(self.hardenings.keys())
            .map(String::as_str)
            .filter(|name| name.parse::<Fault>().is_err())
    }
}

impl Family {
    fn claim(&self, route: Option<RouteName>, cases: &[impl AsRef<Case>]) -> Claim {
        let fits = |case: &Case| {
            let of_scenario = |scenario: &String| {
                let id = case.id.as_str().strip_prefix(scenario.as_str());
                id.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            self.witnesses.iter().any(of_scenario)
                && route.is_none_or(|route| case.requests().any(|one| is_of(route, &one.endpoint)))
        };
        let numbered = cases.iter().enumerate();
        let witnesses = numbered.filter(|(_, case)| fits((*case).as_ref()));
        let shown = route.map(|route| route.to_string());
        let is_unseen = |(_, routes): &(&String, &Vec<String>)| {
            shown.as_ref().is_some_and(|route| routes.contains(route))
        };
        Claim {
            violates: self.violates.clone(),
            witnesses: witnesses.map(|(number, _)| number).collect(),
            unknown: Vec::new(),
            by_rule: true,
            unseen: self
                .unseen
                .iter()
                .find(is_unseen)
                .map(|(why, _)| why.clone()),
        }
    }
}

impl Entry {
    pub(super) fn claim(&self, cases: &[impl AsRef<Case>]) -> Claim {
        let mut claim = Claim {
            violates: self.violates.clone(),
            unseen: self.unseen.clone(),
            ..Claim::default()
        };
        for id in &self.witnesses {
            let number = cases
                .iter()
                .position(|case| case.as_ref().id.as_str() == id);
            match number {
                Some(number) => claim.witnesses.push(number),
                None => claim.unknown.push(id.clone()),
            }
        }
        claim
    }
}

/// Whether a request is to this very route, whatever its parameters are called. What one side
/// takes for a parameter called `force` may be the word `force` on the other.
fn is_of(route: RouteName, endpoint: &Endpoint) -> bool {
    let is_same = |(own, other): (&str, &str)| match own.strip_prefix('{') {
        Some(name) => other.starts_with('{') || name.strip_suffix('}') == Some(other),
        None => own == other,
    };
    let (own, other) = (route.path.split('/'), endpoint.path.split('/'));
    route.method == endpoint.method
        && own.clone().count() == other.clone().count()
        && own.zip(other).all(is_same)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Endpoint, Fault, Table, is_of};
    use crate::spec::{Source, Specs};

    #[test]
    fn the_table_speaks_of_every_fault_and_of_nothing_else() {
        let table = Table::read().expect("a table");
        let specs = Specs::load(&Source::Embedded).expect("the built-in specification");
        let cases: Vec<_> = specs.cases().map(Arc::clone).collect();
        assert_eq!(table.strangers().next(), None);
        let mut witnesses = 0;
        for fault in Fault::all() {
            let claim = table.claim(fault, &cases);
            let claim = claim.unwrap_or_else(|| panic!("{fault} is not in the table"));
            assert_eq!(claim.unknown, Vec::<String>::new(), "{fault}");
            for id in &claim.violates {
                assert!(specs.contract.requirement(id).is_some(), "{fault}: {id}");
            }
            witnesses += claim.witnesses.len();
        }
        assert!(witnesses > 500, "{witnesses} witnesses");
    }

    #[test]
    fn a_route_is_found_whatever_its_parameters_are_called() {
        let fault = "skip-auth@GET:/api/application/users/external/{external_id}";
        let route = fault
            .parse::<Fault>()
            .expect("a fault")
            .route()
            .expect("a route");
        let is = |text: &str| {
            let (method, path) = text.split_once(' ').expect("an endpoint");
            let endpoint = Endpoint {
                method: method.to_owned(),
                path: path.to_owned(),
            };
            is_of(route, &endpoint)
        };
        assert!(is("GET /api/application/users/external/{id}"));
        assert!(!is("GET /api/application/users/external/x"));
        assert!(!is("GET /api/application/users/{user}"));
        assert!(!is("POST /api/application/users/external/{id}"));
    }
}
