//! Results for the tests of reports: they add up, and each test changes what it is about.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::json;

use super::results::{
    Answer, AnswerContent, Case, CaseVerdict, Cause, DeviationTold, Group, NotTested, Options,
    ProfileNamed, Reach, RequestTold, RequirementResult, Results, Step, TargetNamed, Tool, VERSION,
};
use super::summary::{exit_code, outcome, requirement_outcome};
use super::sums::{counts, of_requirement};
use crate::exchange::{Body, Observation};
use crate::plan::{Agreement, Plan, Planned};
use crate::run::{CaseResult, StepResult};
use crate::spec::{Consent, Contract, Level, Origin, Profile, Specs};
use crate::verdict::{Judged, Kind, Policy, Standing, judge};

/// The one requirement of the cases.
pub(super) const CLAUSE: &str = "R-1";

/// A case of the suite `a/b` that stands so.
pub(super) fn case(id: &str, standing: Standing) -> Case {
    let (verdict, kind) = verdict(standing);
    let is_sent = !matches!(verdict, CaseVerdict::Skipped { .. });
    Case {
        id: id.to_owned(),
        title: format!("What {id} checks"),
        file: "specs/a/b.yaml".to_owned(),
        line: 7,
        requirements: vec![CLAUSE.to_owned()],
        level: Level::Must,
        origin: Origin::Observed,
        standing,
        kind,
        verdict,
        roles: vec!["client".to_owned()],
        steps: is_sent.then(step).into_iter().collect(),
    }
}

fn verdict(standing: Standing) -> (CaseVerdict, Option<Kind>) {
    let why = || format!("why it is {standing}");
    match standing {
        Standing::Passed => (CaseVerdict::Conforms, None),
        Standing::Failed | Standing::Waived => (deviates(&[deviation()]), Some(Kind::Reshaped)),
        Standing::Advice => {
            let reworded = DeviationTold {
                kind: Kind::Reworded,
                ..deviation()
            };
            (deviates(&[reworded]), Some(Kind::Reworded))
        }
        Standing::Unjudged => (CaseVerdict::Inconclusive { why: why() }, None),
        Standing::Broken => (CaseVerdict::Broken { why: why() }, None),
        Standing::Missing | Standing::NotAgreed | Standing::NotApplicable => {
            (CaseVerdict::Skipped { why: why() }, None)
        }
    }
}

/// Another status at the first step.
pub(super) fn deviation() -> DeviationTold {
    DeviationTold {
        step: 1,
        kind: Kind::Reshaped,
        what: "status".to_owned(),
        expected: "401".to_owned(),
        observed: "403".to_owned(),
    }
}

pub(super) fn deviates(deviations: &[DeviationTold]) -> CaseVerdict {
    CaseVerdict::Deviates {
        deviations: deviations.to_vec(),
    }
}

/// A request and its answer.
pub(super) fn step() -> Step {
    Step {
        reasons: vec!["because of no-key".to_owned()],
        request: RequestTold {
            method: "GET".to_owned(),
            target: "/api/client".to_owned(),
            headers: Vec::new(),
            content: None,
        },
        answer: Answer {
            status: 403,
            headers: Vec::new(),
            content: AnswerContent::Empty,
        },
        diff: Some("- HTTP 401\n+ HTTP 403\n  ".to_owned()),
        curl: "curl /api/client".to_owned(),
        curl_needs: Vec::new(),
    }
}

/// Cases that are looked at together.
pub(super) fn group(title: &str, cases: &[&Case]) -> Group {
    Group {
        title: title.to_owned(),
        standing: cases[0].standing,
        kind: cases[0].kind,
        reasons: Vec::new(),
        cause: None,
        cases: cases.iter().map(|case| case.id.clone()).collect(),
    }
}

/// A likely cause, with lines to paste.
pub(super) fn cause() -> Cause {
    Cause {
        id: "proxy".to_owned(),
        means: "The proxy answers.".to_owned(),
        fix: "Ask the panel.".to_owned(),
        lines: Some("proxy_pass x;".to_owned()),
        origin: Origin::Observed,
        source: "a look at it".to_owned(),
    }
}

/// A whole run of these cases; each that needs reading is a group by itself.
pub(super) fn results(cases: Vec<Case>) -> Results {
    let needs_reading = |case: &&Case| {
        use Standing::{Advice, Broken, Failed, Unjudged};
        matches!(case.standing, Failed | Broken | Unjudged | Advice)
    };
    let read = cases.iter().filter(needs_reading);
    let groups = read.map(|case| group(&format!("about {}", case.id), &[case]));
    let counts = counts(&cases);
    let standings = of_requirement(&cases, CLAUSE);
    let requirement = RequirementResult {
        id: CLAUSE.to_owned(),
        level: Level::Must,
        text: "A key is asked for | always".to_owned(),
        source: "a page".to_owned(),
        outcome: requirement_outcome(&standings).to_owned(),
        specified: Some(cases.len()),
        standings,
    };
    let mut results = Results {
        version: VERSION,
        tool: Tool {
            name: "harness".to_owned(),
            version: "1.2.3".to_owned(),
        },
        started: "2024-01-01T00:00:00Z".to_owned(),
        target: TargetNamed {
            name: "a panel".to_owned(),
            base: "https://panel.example.com".to_owned(),
        },
        profile: ProfileNamed {
            name: "documented".to_owned(),
            title: "the page".to_owned(),
            sha256: "aa".to_owned(),
        },
        contract_sha256: "bb".to_owned(),
        suites: Vec::new(),
        options: options(),
        roles: vec!["client".to_owned()],
        specified: Some(cases.len()),
        planned: cases.len(),
        complete: true,
        not_begun: None,
        stopped: None,
        waivers: Vec::new(),
        exit_code: exit_code(&counts.standings, false, true),
        outcome: String::new(),
        counts,
        groups: groups.collect(),
        requirements: vec![requirement],
        not_tested: NotTested {
            skipped: Vec::new(),
            not_chosen: Vec::new(),
            by_a_person: Vec::new(),
        },
        reach: Reach {
            client: 2,
            application: 3,
        },
        checks_reached: Vec::new(),
        rather: None,
        cases,
    };
    results.outcome = outcome(&results, &BTreeMap::new());
    results
}

fn options() -> Options {
    let policy = Policy::default();
    Options {
        fail_on: policy.fail_on.into_iter().collect(),
        level: policy.level,
        trust_source: policy.trust_source,
        partial: false,
        consents: Vec::new(),
        panel_version: None,
        filters: Vec::new(),
        exact: false,
        has: Vec::new(),
        given: Vec::new(),
    }
}

/// The built-in contract, with one suite of these scenarios.
pub(super) fn specs(scenarios: &str) -> Specs {
    Specs::of_suite(&format!("title: A suite\nscenarios:\n{scenarios}"))
}

/// All cases, with keys for all roles and all that may be agreed to.
pub(super) fn plan(specs: &Specs, profile: &Arc<Profile>) -> Plan {
    let contract = &specs.contract;
    let roles: BTreeSet<_> = contract
        .roles
        .real
        .iter()
        .map(|r| r.name.value.clone())
        .collect();
    Plan::new(contract, specs.cases(), profile, &agreement(), &roles)
}

/// All that may be agreed to.
pub(super) fn agreement() -> Agreement {
    Agreement {
        consents: Consent::ALL.into(),
        ..Agreement::default()
    }
}

/// What comes of a case all of whose steps are answered so.
pub(super) fn answered(
    planned: &Planned,
    observed: &Observation,
    contract: &Contract,
) -> CaseResult {
    let dues = planned.due.as_deref().unwrap();
    let judged = dues.iter().map(|due| Judged {
        expected: &due.expected,
        observed,
    });
    let verdict = judge(&judged.collect::<Vec<_>>(), contract);
    let steps = dues.iter().map(|due| StepResult {
        due: due.clone(),
        observed: observed.clone(),
        ids: BTreeMap::new(),
    });
    CaseResult::of(planned, verdict, steps.collect())
}

/// An answer of this status and an empty object.
pub(super) fn observed(status: u16) -> Observation {
    Observation {
        status,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: Body::Json(json!({})),
    }
}
