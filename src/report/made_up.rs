//! Changes and results that tests make up: what was due, and what was answered.
//!
//! An answer is written as its status, the code of its error and its words:
//! `401 AuthenticationException: Unauthenticated.`, or less of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use serde_json::{Map, Value, json};

use super::{Access, Finished, Heading, Results, Told};
use crate::exchange::{Body, Observation};
use crate::plan::{Agreement, Due, Plan, Planned, Selection};
use crate::run::{CaseResult, Change, Course, Silence, StepResult};
use crate::spec::{
    Answer, Api, Beside, Case, Condition, Endpoint, Origin, Outcome, Place, Refusal, Relation,
    Resolution, ResolutionStep, Source, Specs,
};
use crate::verdict::{Deviation, ErrorWords, Expected, Kind, Policy, Verdict};

/// The contract, with one suite.
pub(super) static SPECS: LazyLock<Specs> = LazyLock::new(|| {
    let ids = ["authentication/no-key/every-route".to_owned()];
    Specs::load_for(&Source::Embedded, &ids).unwrap()
});

/// A case of one request.
pub(super) fn case(id: &str, endpoint: &str) -> Arc<Case> {
    let mut case = Case::clone(SPECS.cases().next().unwrap());
    case.id = id.parse().unwrap();
    let endpoint = Endpoint::try_from(endpoint.to_owned()).unwrap();
    let request = &mut case.steps[0].request;
    request.api = Api::of_path(&endpoint.path);
    request.endpoint = endpoint;
    Arc::new(case)
}

/// A change that shows nothing yet.
pub(super) fn change(course: Course, id: &str, endpoint: &str) -> Change {
    Change {
        case: case(id, endpoint),
        course,
        kind: Kind::Reshaped,
        step: 0,
        silence: None,
        was_due: None,
        due: None,
        before: None,
        after: None,
        differences: Vec::new(),
    }
}

impl Change {
    /// The same, where for a reason one answer was due and had, and another one is.
    pub(super) fn for_reason(self, reason: &str, before: &str, after: &str) -> Self {
        Self {
            was_due: due(reason, before),
            due: due(reason, after),
            ..self.seen(before, after)
        }
    }

    /// The same, where for a reason one answer is due now, as before.
    pub(super) fn due(self, reason: &str, said: &str) -> Self {
        Self {
            was_due: due(reason, said),
            due: due(reason, said),
            ..self
        }
    }

    /// The same with what was answered and is; an empty text where it was not asked.
    pub(super) fn seen(self, before: &str, after: &str) -> Self {
        let of = |said: &str| (!said.is_empty()).then(|| answer(said));
        Self {
            before: of(before),
            after: of(after),
            ..self
        }
    }

    /// The same, of which one contract says nothing.
    pub(super) fn silent(self, silence: Silence) -> Self {
        let silence = Some(silence);
        Self { silence, ..self }
    }

    /// The same of another kind.
    pub(super) fn kind(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    /// The same, where the answers differ in this: what, before, after.
    pub(super) fn differing(mut self, [what, before, after]: [&str; 3]) -> Self {
        let difference = (what.to_owned(), before.to_owned(), after.to_owned());
        self.differences.push(difference);
        self
    }

    /// The same of a request that does not ask for JSON.
    pub(super) fn without_json(mut self) -> Self {
        let dues = self.was_due.iter_mut().chain(&mut self.due);
        for resolution in dues.filter_map(|due| due.resolution.as_mut()) {
            let steps = &mut Arc::make_mut(resolution).steps;
            steps.push(ResolutionStep::WithoutJson);
        }
        self
    }
}

/// A case that compares counts, of which nothing was less than before; and what was left.
pub(super) fn counting(id: &str, left: &str) -> CaseResult {
    let mut case = Case::clone(&case(id, "GET /api/client"));
    let relation = Relation {
        place: Place::Header("x-ratelimit-remaining".to_owned()),
        to: Beside::LessThan,
        step: "before".to_owned(),
    };
    let expect = Arc::make_mut(&mut case.steps[0].expect);
    expect.relations.push(relation);
    let deviation = Deviation {
        step: 0,
        kind: Kind::Reshaped,
        what: "header x-ratelimit-remaining".to_owned(),
        expected: "less than before".to_owned(),
        observed: left.to_owned(),
    };
    CaseResult {
        case: Arc::new(case),
        verdict: Ok(Verdict::Deviates(vec![deviation])),
        origin: Origin::Observed,
        steps: Vec::new(),
    }
}

/// What is due for a reason: a refusal, or a success where the reason is no trouble.
pub(super) fn due(reason: &str, said: &str) -> Option<Due> {
    let (status, code, detail) = read(said);
    let condition: Condition = reason.parse().unwrap();
    if status < 300 {
        return granted(&[ResolutionStep::Granted(condition)]);
    }
    let expected = Expected {
        status: vec![status],
        error: Some(ErrorWords {
            code: code.clone(),
            detail: None,
        }),
        ..Expected::default()
    };
    let answer = Answer {
        status,
        code,
        detail,
        literal_on: None,
        schema: None,
        headers: [].into(),
        without_json: None,
        origin: None,
    };
    let refusal = Refusal {
        condition,
        answer: Arc::new(answer),
        in_json: true,
        behind: Vec::new(),
    };
    Some(of(expected, Vec::new(), Outcome::Refused(refusal)))
}

/// A success that is due, and how that was found.
pub(super) fn granted(steps: &[ResolutionStep]) -> Option<Due> {
    let expected = Expected {
        status: vec![200],
        ..Expected::default()
    };
    Some(of(expected, steps.to_vec(), Outcome::Granted))
}

/// An answer that is due whatever the profile says; of no status: any.
pub(super) fn stated(status: &[u16]) -> Option<Due> {
    let expected = Expected {
        status: status.to_vec(),
        ..Expected::default()
    };
    Some(Due {
        expected: Arc::new(expected),
        resolution: None,
        times: 1,
    })
}

fn of(expected: Expected, steps: Vec<ResolutionStep>, outcome: Outcome) -> Due {
    Due {
        expected: Arc::new(expected),
        resolution: Some(Arc::new(Resolution { steps, outcome })),
        times: 1,
    }
}

/// An answer as it came.
pub(super) fn answer(said: &str) -> Observation {
    let (status, code, detail) = read(said);
    let members = [("code", code), ("detail", detail)];
    let members = members
        .into_iter()
        .filter_map(|(name, text)| Some((name.to_owned(), Value::String(text?))));
    let error: Map<_, _> = members.collect();
    Observation {
        status,
        headers: Vec::new(),
        body: Body::Json(json!({ "errors": [error] })),
    }
}

fn read(said: &str) -> (u16, Option<String>, Option<String>) {
    let (short, detail) = match said.split_once(": ") {
        Some((short, detail)) => (short, Some(detail.to_owned())),
        None => (said, None),
    };
    let (status, code) = match short.split_once(' ') {
        Some((status, code)) => (status, Some(code.to_owned())),
        None => (short, None),
    };
    (status.parse().unwrap(), code, detail)
}

/// As if every case conformed in which something is asked.
pub(super) fn as_planned(planned: &Planned) -> Verdict {
    match &planned.due {
        Ok(_) => Verdict::Conforms,
        Err(skip) => Verdict::Skipped(skip.clone()),
    }
}

/// A run of cases with the keys of some roles, with what each case comes to.
pub(super) fn run<'c>(
    specs: &Specs,
    profile: &str,
    roles: &[&str],
    (cases, verdict): (impl Iterator<Item = &'c Arc<Case>>, fn(&Planned) -> Verdict),
    change: impl FnOnce(&mut Finished<'_>),
) -> Results {
    let profile = Arc::clone(specs.contract.profile(profile).unwrap());
    let agreement = Agreement::default();
    let roles = roles.iter().map(|role| role.parse().unwrap()).collect();
    let plan = Plan::new(&specs.contract, cases, &profile, &agreement, &roles);
    let of = |planned| CaseResult::of(planned, Ok(verdict(planned)), answered(planned));
    let kept: Vec<_> = plan.cases.iter().map(of).collect();
    gathered(specs, &plan, &kept, |finished| {
        finished.roles = roles;
        change(finished);
    })
}

/// What is gathered of a run of these results, without a key.
pub(super) fn gathered(
    specs: &Specs,
    plan: &Plan,
    kept: &[CaseResult],
    change: impl FnOnce(&mut Finished<'_>),
) -> Results {
    let mut finished = Finished {
        specs,
        profile: Arc::clone(&plan.profile),
        heading: Heading {
            target: "a panel".to_owned(),
            base: "https://panel.example.com".to_owned(),
            origin: "https://panel.example.com".to_owned(),
            access: Access::default(),
        },
        policy: Policy::default(),
        partial: false,
        agreement: Agreement::default(),
        selection: Selection::default(),
        given: Vec::new(),
        roles: BTreeSet::new(),
        started: String::new(),
        planned: Some(plan.cases.len()),
        interrupted: false,
        stopped: None,
        not_begun: None,
        has_broken_suite: false,
        results: kept.iter().collect(),
        told: Told::All,
    };
    change(&mut finished);
    finished.results()
}

/// Each step with an answer of the status that is due, and nothing more.
fn answered(planned: &Planned) -> Vec<StepResult> {
    let dues = planned.due.iter().flatten();
    let steps = dues.map(|due| StepResult {
        due: due.clone(),
        observed: Observation {
            status: due.expected.status.first().copied().unwrap_or(200),
            headers: Vec::new(),
            body: Body::Empty,
        },
        ids: BTreeMap::new(),
    });
    steps.collect()
}
