//! The table of faults: what each violates, and which cases must notice it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Options;
use crate::reference::{AddedRoutes, Fault, RouteName};
use crate::spec::{Case, CaseId, Diagnostic, Endpoint, RequirementId, Row, SourceFile, read_yaml};

/// What each fault violates, and which cases must notice it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    /// By the name of the check that is left out.
    #[serde(default)]
    families: BTreeMap<String, Family>,
    /// By the name of the fault.
    #[serde(default)]
    faults: BTreeMap<String, Entry>,
    /// Faults by whose help the hardened panel keeps every SHOULD, and what it violates without.
    #[serde(default)]
    pub(super) hardenings: BTreeMap<String, Entry>,
    /// Cases, or scenarios, that conform on no sound panel, by the reason.
    #[serde(default)]
    nowhere: BTreeMap<String, Vec<String>>,
}

/// What leaving out a check violates.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Family {
    #[serde(default)]
    violates: Vec<RequirementId>,
    #[serde(default)]
    touches: Vec<RequirementId>,
    /// Scenarios: each of their cases for a route must notice the check missing on that route.
    witnesses: Vec<String>,
    /// The checks of `specs/coverage.yaml` that must notice it. Where none of them is made on a
    /// route, and a reason there says why, nothing can notice it.
    #[serde(default)]
    checks: Vec<String>,
    /// Routes on which nothing can notice it for another reason.
    #[serde(default)]
    unseen: BTreeMap<String, Vec<String>>,
}

/// What a fault violates, and who notices.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    #[serde(default)]
    pub(super) violates: Vec<RequirementId>,
    /// Requirements whose cases notice it although it does not violate them; it proves none.
    #[serde(default)]
    touches: Vec<RequirementId>,
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
    /// Requirements whose cases may notice it too.
    pub(super) touches: Vec<RequirementId>,
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
    /// A table that somebody has written.
    pub(super) fn of(file: &SourceFile) -> Result<Self, Diagnostic> {
        read_yaml(file)
    }

    /// The built-in table.
    pub(super) fn read() -> Result<Self, Diagnostic> {
        let text = include_str!("faults.yaml");
        Self::of(&SourceFile::new(
            "faults.yaml",
            "src/prove/faults.yaml",
            text,
        ))
    }

    /// What is claimed of a fault; nothing if it is not in the table.
    pub(super) fn claim(
        &self,
        fault: Fault,
        cases: &[impl AsRef<Case>],
        gaps: &[Row<'_>],
    ) -> Option<Claim> {
        let name = fault.to_string();
        let plain = name.split('@').next().unwrap_or_default();
        // A fault of one route may have an entry of its own.
        match (self.faults.get(&name), self.families.get(plain)) {
            (Some(entry), _) => Some(entry.claim(cases)),
            (None, Some(family)) => Some(family.claim(fault.route(), cases, gaps)),
            (None, None) => None,
        }
    }

    /// What is said to conform nowhere: cases or scenarios, by their ids.
    pub(super) fn nowhere(&self) -> impl Iterator<Item = &str> {
        self.nowhere.values().flatten().map(String::as_str)
    }

    /// Why a case is said to conform nowhere.
    pub(super) fn why_nowhere(&self, case: &CaseId) -> Option<&str> {
        let mut reasons = self.nowhere.iter();
        let found = reasons.find(|(_, ids)| ids.iter().any(|id| is_within(case, id)));
        found.map(|(why, _)| why.as_str())
    }

    /// Names in the table that no fault has, where a panel has these routes beside its own.
    pub(super) fn strangers<'t>(&'t self, added: &'t AddedRoutes) -> impl Iterator<Item = &'t str> {
        let all = self.families.keys().chain(self.faults.keys());
        all.chain(self.hardenings.keys())
            .map(String::as_str)
            .filter(|name| Fault::named(name, added).is_err())
    }
}

impl Family {
    fn claim(
        &self,
        route: Option<RouteName>,
        cases: &[impl AsRef<Case>],
        gaps: &[Row<'_>],
    ) -> Claim {
        let fits = |case: &Case| {
            let mut scenarios = self.witnesses.iter();
            scenarios.any(|scenario| is_within(&case.id, scenario))
                && route.is_none_or(|route| case.requests().any(|one| is_of(route, &one.endpoint)))
        };
        let numbered = cases.iter().enumerate();
        let witnesses = numbered.filter(|(_, case)| fits((*case).as_ref()));
        Claim {
            violates: self.violates.clone(),
            touches: self.touches.clone(),
            witnesses: witnesses.map(|(number, _)| number).collect(),
            unknown: Vec::new(),
            by_rule: true,
            unseen: route.and_then(|route| self.why_unseen(route, gaps)),
        }
    }

    fn why_unseen(&self, route: RouteName, gaps: &[Row<'_>]) -> Option<String> {
        let shown = route.to_string();
        let mut by_hand = self.unseen.iter();
        if let Some((why, _)) = by_hand.find(|(_, routes)| routes.contains(&shown)) {
            return Some(why.clone());
        }
        let mut reasons = Vec::new();
        for check in &self.checks {
            let gap = gaps
                .iter()
                .find(|row| row.check.name.value == *check && is_of(route, &row.route.endpoint));
            let reason = gap?.reason?;
            reasons.push(match self.checks.len() {
                1 => reason.to_owned(),
                _ => format!("{check}: {reason}"),
            });
        }
        (!reasons.is_empty()).then(|| reasons.join("; "))
    }
}

impl Entry {
    pub(super) fn claim(&self, cases: &[impl AsRef<Case>]) -> Claim {
        let mut claim = Claim {
            violates: self.violates.clone(),
            touches: self.touches.clone(),
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

/// Whether an id is that of the case, or of its scenario.
pub(super) fn is_within(case: &CaseId, id: &str) -> bool {
    let rest = case.as_str().strip_prefix(id);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl Claim {
    /// Whether it is known what the fault violates: somebody's own table need not say that.
    pub(super) fn is_by_citation(&self, options: &Options) -> bool {
        !options.foreign || !self.violates.is_empty()
    }

    /// Whether the fault violates something that a case checks.
    pub(super) fn violates_one_of(&self, requirements: &[RequirementId]) -> bool {
        requirements.iter().any(|id| self.violates.contains(id))
    }

    /// Whether a case that checks this may notice the fault.
    pub(super) fn expects_one_of(&self, requirements: &[RequirementId]) -> bool {
        let touched = requirements.iter().any(|id| self.touches.contains(id));
        touched || self.violates_one_of(requirements)
    }
}

/// Whether a request is to this very route, whatever its parameters are called. What one side
/// takes for a parameter called `force` may be the word `force` on the other.
fn is_of(route: RouteName, endpoint: &Endpoint) -> bool {
    route.is(&endpoint.method, &endpoint.path)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::tests;
    use super::{AddedRoutes, Endpoint, Fault, Options, Table, is_of};
    use crate::spec::{CaseId, Source, Specs, coverage};

    fn table(text: &str) -> Table {
        Table::of(&tests::table(text)).expect("a table")
    }

    #[test]
    fn what_conforms_nowhere_is_a_case_or_a_whole_scenario() {
        let table = table("nowhere: { it is tea: [a/b], it is cold: [c] }");
        for (id, why) in [
            ("a/b", Some("it is tea")),
            ("a/b/x", Some("it is tea")),
            ("a/bc", None),
            ("a", None),
            ("c/d/e", Some("it is cold")),
            ("d", None),
        ] {
            let case: CaseId = id.parse().expect("an id");
            assert_eq!(table.why_nowhere(&case), why, "{id}");
        }
        assert_eq!(table.nowhere().collect::<Vec<_>>(), ["c", "a/b"]);
    }

    #[test]
    fn a_fault_has_its_own_entry_or_that_of_its_family() {
        let specs = tests::specs();
        let cases: Vec<_> = specs.cases().map(Arc::clone).collect();
        let table = table(
            "families:
  skip-auth: { violates: [ERR-401], touches: [HDR-AUTH], witnesses: [a/seeing, a/formal] }
faults:
  html-errors: { violates: [ERR-401], touches: [HDR-AUTH], witnesses: [a/teapot, a/tea], unseen: so }
  skip-auth@GET:/api/client/account: { witnesses: [a/blind] }
",
        );
        let told = |name: &str| {
            let fault = name.parse::<Fault>().expect("a fault");
            let claim = table.claim(fault, &cases, &[])?;
            let ids = |all: &[crate::spec::RequirementId]| {
                all.iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join(" ")
            };
            Some(format!(
                "{} · {} · {:?} · {:?} · {} · {:?}",
                ids(&claim.violates),
                ids(&claim.touches),
                claim.witnesses,
                claim.unknown,
                claim.by_rule,
                claim.unseen
            ))
        };
        for (fault, claim) in [
            (
                "html-errors",
                r#"ERR-401 · HDR-AUTH · [1] · ["a/tea"] · false · Some("so")"#,
            ),
            (
                "skip-auth",
                "ERR-401 · HDR-AUTH · [0, 4] · [] · true · None",
            ),
            (
                "skip-auth@GET:/api/client",
                "ERR-401 · HDR-AUTH · [0] · [] · true · None",
            ),
            (
                "skip-auth@GET:/api/client/account",
                " ·  · [3] · [] · false · None",
            ),
        ] {
            assert_eq!(told(fault).as_deref(), Some(claim), "{fault}");
        }
        assert_eq!(told("skip-permission"), None);
    }

    #[test]
    fn nothing_can_notice_what_no_check_is_made_of() {
        let specs = Specs::load(&Source::Embedded).expect("the built-in specification");
        let gaps = coverage(&specs);
        let reason = |route: &str, check: &str| {
            let row = gaps.iter().find(|row| {
                row.route.endpoint.to_string() == route && row.check.name.value == check
            });
            row.expect("a row").reason
        };
        let (first, second) = ("permission", "read-only");
        let of = |checks: &str| {
            table(&format!(
                "families: {{ skip-auth: {{ witnesses: [], checks: [{checks}], unseen: {{ by hand: ['GET:/api/client'] }} }} }}"
            ))
        };
        let both = format!("{first}, {second}");
        let (mut none, mut one, mut all) = (0, 0, 0);
        for route in &specs.contract.inventory.routes {
            let name = route.endpoint.to_string();
            let Ok(fault) = format!("skip-auth@{}", name.replace(' ', ":")).parse::<Fault>() else {
                continue;
            };
            let unseen = |table: &Table| {
                let claim = table.claim(fault, &[] as &[Arc<crate::spec::Case>], &gaps);
                claim.expect("a claim").unseen
            };
            if name == "GET /api/client" {
                assert_eq!(unseen(&of(&both)).as_deref(), Some("by hand"));
                continue;
            }
            let reasons = [reason(&name, first), reason(&name, second)];
            match reasons {
                [None, None] => none += 1,
                [Some(_), Some(_)] => all += 1,
                _ => one += 1,
            }
            assert_eq!(unseen(&of("")), None, "{name}");
            assert_eq!(unseen(&of(first)).as_deref(), reasons[0], "{name}");
            let all = reasons[0].zip(reasons[1]);
            let all = all.map(|(one, other)| format!("{first}: {one}; {second}: {other}"));
            assert_eq!(unseen(&of(&both)), all, "{name}");
        }
        assert!(none > 0 && one > 0 && all > 0, "{none} {one} {all}");
    }

    #[test]
    fn each_of_its_checks_says_why_nothing_can_notice_it() {
        let specs = Specs::load(&Source::Embedded).expect("the built-in specification");
        let gaps = coverage(&specs);
        let (account, locations) = ("GET:/api/client/account", "GET:/api/application/locations");
        let own = "a client key has no permissions of its own";
        for (route, checks, why) in [
            (account, "permission", Some(own)),
            (
                account,
                "permission, subuser",
                Some(
                    "permission: a client key has no permissions of its own; \
                     subuser: the path names no server",
                ),
            ),
            (account, "no-key, permission", None),
            (account, "permission, no-key", None),
            (locations, "read-only", Some("nothing is written")),
            (
                locations,
                "ownership",
                Some("administrators reach everything"),
            ),
            (locations, "permission", None),
            (locations, "permission, read-only", None),
        ] {
            let family = format!("skip-auth: {{ witnesses: [], checks: [{checks}] }}");
            let table = table(&format!("families: {{ {family} }}"));
            let fault = format!("skip-auth@{route}").parse::<Fault>();
            let claim = table.claim(
                fault.expect("a fault"),
                &[] as &[Arc<crate::spec::Case>],
                &gaps,
            );
            assert_eq!(
                claim.expect("a claim").unseen.as_deref(),
                why,
                "{route}: {checks}"
            );
        }
    }

    #[test]
    fn somebodys_own_table_need_not_say_what_is_violated() {
        let claim = |text: &str| {
            let table = table(&format!("faults: {{ html-errors: {text} }}"));
            let fault = "html-errors".parse::<Fault>().expect("a fault");
            table
                .claim(fault, &[] as &[Arc<crate::spec::Case>], &[])
                .expect("a claim")
        };
        let own = Options {
            foreign: true,
            ..Options::default()
        };
        let (bare, citing) = (claim("{}"), claim("{ violates: [ERR-401] }"));
        assert!(!bare.is_by_citation(&own) && citing.is_by_citation(&own));
        assert!(bare.is_by_citation(&Options::default()));
    }

    #[test]
    fn the_table_speaks_of_every_fault_and_of_nothing_else() {
        let table = Table::read().expect("a table");
        let specs = Specs::load(&Source::Embedded).expect("the built-in specification");
        let cases: Vec<_> = specs.cases().map(Arc::clone).collect();
        let gaps = coverage(&specs);
        assert_eq!(table.strangers(&AddedRoutes::default()).next(), None);
        let mut witnesses = 0;
        for fault in Fault::all() {
            let claim = table.claim(fault, &cases, &gaps);
            let claim = claim.unwrap_or_else(|| panic!("{fault} is not in the table"));
            assert_eq!(claim.unknown, Vec::<String>::new(), "{fault}");
            for id in claim.violates.iter().chain(&claim.touches) {
                assert!(specs.contract.requirement(id).is_some(), "{fault}: {id}");
            }
            witnesses += claim.witnesses.len();
        }
        assert!(witnesses > 500, "{witnesses} witnesses");
    }

    #[test]
    fn what_is_unseen_by_hand_is_a_fault_and_no_check_is_invented() {
        let table = Table::read().expect("a table");
        let specs = Specs::load(&Source::Embedded).expect("the built-in specification");
        let mut count = 0;
        for (name, family) in &table.families {
            for route in family.unseen.values().flatten() {
                let fault = format!("{name}@{route}").parse::<Fault>();
                assert!(fault.is_ok(), "{name}@{route}");
                count += 1;
            }
            for check in &family.checks {
                let mut known = specs.contract.coverage.checks.iter();
                assert!(known.any(|one| one.name.value == *check), "{name}: {check}");
            }
        }
        assert!(count > 5, "{count} routes");
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
