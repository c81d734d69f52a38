//! A case in full: what it checks, what was due and why, what came, how to see it again.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use super::collect::CaseTeller;
use super::curl::Access;
use super::results::{Case, CaseVerdict, EMBEDDED};
use crate::exchange::Resolve;
use crate::run::CaseResult;
use crate::spec::{Contract, Profile};
use crate::verdict::Policy;

/// What every report names: the target.
#[derive(Clone, Debug)]
pub struct Heading {
    /// The target as a person knows it.
    pub target: String,
    /// The target's address, without a slash at its end.
    pub base: String,
    /// Scheme, host and port of the target.
    pub origin: String,
    /// How it is reached.
    pub access: Access,
}

impl Heading {
    /// The reference panel in this process.
    #[must_use]
    pub fn embedded() -> Self {
        let origin = "http://localhost";
        Self {
            target: EMBEDDED.to_owned(),
            base: origin.to_owned(),
            origin: origin.to_owned(),
            access: Access::default(),
        }
    }

    /// The same, for a target that is reached with these flags.
    #[must_use]
    pub fn reached(self, ca_cert: Option<PathBuf>, resolve: Option<Resolve>) -> Self {
        let access = Access { ca_cert, resolve };
        Self { access, ..self }
    }
}

/// The clauses that cases name, by their ids.
pub(super) type Clauses = BTreeMap<String, String>;

/// Writes cases one by one while they are run; of those that deviate alike, the first in full.
pub struct CaseReporter {
    contract: Arc<Contract>,
    profile: Arc<Profile>,
    heading: Heading,
    /// By reason and deviations: the case that shows them in full.
    shown: Mutex<BTreeMap<String, String>>,
}

impl CaseReporter {
    /// A reporter for one run.
    #[must_use]
    pub fn new(contract: Arc<Contract>, profile: Arc<Profile>, heading: Heading) -> Self {
        Self {
            contract,
            profile,
            heading,
            shown: Mutex::default(),
        }
    }

    /// The report of one case, without its id; lines end with `\n`.
    #[must_use]
    pub fn report(&self, result: &CaseResult) -> String {
        let teller = CaseTeller {
            contract: &self.contract,
            profile: &self.profile,
            heading: &self.heading,
            policy: &Policy::default(),
        };
        let case = teller.case(result);
        let title = format!(
            "target {} · profile {}",
            self.heading.target, self.profile.name.value
        );
        let requirements = self.contract.requirements.iter();
        let clauses = requirements.map(|requirement| {
            let clause = format!("({}): {}", requirement.level, requirement.text);
            (requirement.id.value.to_string(), clause)
        });
        let same = self.shown_before(&case);
        in_full(&case, &title, &clauses.collect(), same.as_deref())
    }

    /// The case that showed the same before; notes this one if none did.
    fn shown_before(&self, case: &Case) -> Option<String> {
        let (_, step) = case.deviating_steps().next()?;
        let key = format!("{:?} {:?}", step.reasons, case.why());
        let mut shown = self.shown.lock().ok()?;
        match shown.get(&key) {
            Some(other) => Some(other.clone()),
            None => {
                shown.insert(key, case.id.clone());
                None
            }
        }
    }
}

/// A case as text; where another one has the same difference, that one is named instead.
pub(super) fn in_full(case: &Case, title: &str, clauses: &Clauses, same: Option<&str>) -> String {
    let mut text = format!("{}\n", case.title);
    for id in &case.requirements {
        if let Some(clause) = clauses.get(id) {
            text += &format!("{id} {clause}\n");
        }
    }
    text += &format!("{}:{} · {title}\n", case.file, case.line);
    if case.verdict == CaseVerdict::Conforms {
        text += "conforms\n";
    }
    for line in case.why() {
        text += &format!("{line}\n");
    }
    for (_, step) in case.deviating_steps() {
        text += &step
            .reasons
            .iter()
            .map(|r| format!("{r}\n"))
            .collect::<String>();
    }
    if let Some(other) = same {
        text += &format!("the same difference is shown in full for {other}\n");
    } else {
        text += &differences(case);
    }
    text + &curls(case)
}

fn differences(case: &Case) -> String {
    let mut text = String::new();
    for (_, step) in case.deviating_steps() {
        let request = &step.request;
        text += &format!("\n{} {}\n", request.method, request.target);
        text += "- due, + observed\n";
        text += &indent(step.diff.as_deref().unwrap_or_default());
    }
    text
}

/// The lines that send the deviating steps again, and those before them that they need.
fn curls(case: &Case) -> String {
    let deviating: Vec<_> = case.deviating_steps().map(|(number, _)| number).collect();
    let needs_earlier = case
        .deviating_steps()
        .any(|(_, s)| !s.curl_needs.is_empty());
    let last = deviating.last().copied().unwrap_or_default();
    let steps = case.steps.iter().zip(1..);
    steps
        .filter(|(_, n)| deviating.contains(n) || (needs_earlier && *n < last))
        .map(|(step, _)| {
            let notes: String = step.curl_needs.iter().map(|n| format!("{n}\n")).collect();
            format!("\n{}", indent(&format!("{notes}{}", step.curl)))
        })
        .collect()
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::results::{DeviationTold, Step};
    use crate::report::sample::{self, case, step};
    use crate::verdict::Standing;

    #[test]
    fn a_line_comes_with_those_that_it_needs() {
        let step = |number: usize, needs: &[&str]| Step {
            curl: format!("curl {number}"),
            curl_needs: needs.iter().map(|need| (*need).to_owned()).collect(),
            ..step()
        };
        let lines = |needs: &[&str]| {
            let mut case = case("a/b/one", Standing::Failed);
            case.steps = vec![
                step(1, &[]),
                step(2, &[]),
                step(3, needs),
                step(4, &["# x"]),
            ];
            let deviation = DeviationTold {
                step: 3,
                ..sample::deviation()
            };
            case.verdict = sample::deviates(&[deviation]);
            let text = in_full(&case, "", &Clauses::new(), None);
            let at = text.find("\n    curl").unwrap();
            text[at..].to_owned()
        };
        assert_eq!(lines(&[]), "\n    curl 3\n");
        let wanted = "\n    curl 1\n\n    curl 2\n\n    # token: /x\n    curl 3\n";
        assert_eq!(lines(&["# token: /x"]), wanted);
    }

    #[test]
    fn how_a_target_is_reached_is_kept() {
        let resolve: Resolve = "panel.example.com:127.0.0.1".parse().unwrap();
        let certificate = PathBuf::from("ca.pem");
        let heading = Heading::embedded().reached(Some(certificate.clone()), Some(resolve.clone()));
        let access = Access {
            ca_cert: Some(certificate),
            resolve: Some(resolve),
        };
        assert_eq!(heading.access, access);
        assert_eq!(heading.base, Heading::embedded().base);
    }

    #[test]
    fn of_those_that_deviate_alike_the_first_is_shown_in_full() {
        let scenario = |id: &str, title: &str, endpoint: &str, expect: &str| {
            format!(
                "  - id: {id}
    title: {title}
    requires: [AUTH-BEARER]
    request: {{ endpoint: {endpoint}, key: none }}
    expect: {expect}
"
            )
        };
        let specs = sample::specs(
            &[
                scenario("one", "One", "GET /api/client", "no-key"),
                scenario("two", "Two", "GET /api/client/account", "no-key"),
                scenario("other", "Other", "GET /api/client", "{ status: 404 }"),
            ]
            .concat(),
        );
        let contract = &specs.contract;
        let profile = contract.profile("pterodactyl-1.11").unwrap();
        let plan = sample::plan(&specs, profile);
        let (contract, profile) = (Arc::clone(contract), Arc::clone(profile));
        let reporter = CaseReporter::new(contract, profile, Heading::embedded());
        let reports = plan.cases.iter().map(|planned| {
            let answer = sample::observed(403);
            reporter.report(&sample::answered(planned, &answer, &specs.contract))
        });
        let reports: Vec<_> = reports.collect();
        let first = "One
AUTH-BEARER (MUST): Every request of the API is authenticated with a Bearer token in the Authorization header.
";
        assert!(reports[0].starts_with(first), "{}", reports[0]);
        let place = " · target embedded reference panel · profile pterodactyl-1.11\n";
        assert!(reports[0].contains(place), "{}", reports[0]);
        let status = "\nreshaped: status: expected 401, observed 403\n";
        assert!(reports[0].contains(status), "{}", reports[0]);
        let full = "\nGET /api/client\n- due, + observed\n    - HTTP 401\n    + HTTP 403\n";
        assert!(reports[0].contains(full), "{}", reports[0]);
        let alike = "\nthe same difference is shown in full for a/one\n\n    curl ";
        assert!(reports[1].contains(alike), "{}", reports[1]);
        assert!(!reports[1].contains("- due"), "{}", reports[1]);
        let full = "\nGET /api/client\n- due, + observed\n    - HTTP 404\n    + HTTP 403\n";
        assert!(reports[2].contains(full), "{}", reports[2]);
    }
}
