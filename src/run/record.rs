//! From a run to its recording.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::result::CaseResult;
use super::session::Session;
use crate::digest::sha256;
use crate::exchange::Observation;
use crate::recording::{
    FORMAT, Header, KeptCase, KeptExchange, KeptRequest, KeptStep, RunRecording, alone, normal,
};
use crate::spec::{Contract, Endpoint, KeyUse, Profile, RequestPlan, Specs};
use crate::verdict::{Judged, Verdict, judge};

/// An exchange that verified a key or found an id.
#[derive(Clone, Debug)]
pub(crate) struct Preparation {
    endpoint: Endpoint,
    ids: BTreeMap<String, String>,
    key: KeyUse,
    observed: Observation,
    /// The ids that were found, by JSON Pointer.
    found: BTreeMap<String, String>,
}

impl Preparation {
    pub(crate) fn new(
        plan: &RequestPlan,
        ids: &BTreeMap<String, String>,
        observed: &Observation,
    ) -> Self {
        Self {
            endpoint: plan.endpoint.clone(),
            ids: ids.clone(),
            key: plan.key.clone(),
            observed: observed.clone(),
            found: BTreeMap::new(),
        }
    }

    /// The same, in whose answer an id was found.
    pub(crate) fn that_found(mut self, pointer: &str, id: &str) -> Self {
        self.found.insert(pointer.to_owned(), id.to_owned());
        self
    }

    fn kept(&self) -> KeptExchange {
        KeptExchange {
            request: request(&self.endpoint, &self.ids, &self.key),
            answer: (&alone(&self.observed)).into(),
            ids: self.found.clone(),
        }
    }
}

/// A run that can be recorded.
pub struct Record<'r> {
    /// The specification that its cases are from.
    pub specs: &'r Specs,
    /// What was asked.
    pub session: &'r Session,
    /// The target as a person knows it.
    pub target: &'r str,
    /// How many cases there were to be.
    pub planned: usize,
    /// The results, in the order of the plan.
    pub results: &'r [CaseResult],
}

impl Record<'_> {
    /// Everything that the run has observed.
    #[must_use]
    pub fn recording(&self) -> RunRecording {
        let preparations = self.session.preparations();
        let mut exchanges: Vec<_> = preparations.iter().map(Preparation::kept).collect();
        // Which id is looked for first is a matter of chance.
        exchanges.sort_by(|one, other| (&one.request, &one.ids).cmp(&(&other.request, &other.ids)));
        exchanges.dedup();
        RunRecording {
            header: self.header(),
            exchanges,
            cases: self
                .results
                .iter()
                .map(|result| self.case(result))
                .collect(),
            complete: self.results.len() == self.planned,
        }
    }

    fn header(&self) -> Header {
        let (session, agreement) = (self.session, self.session.agreement());
        let consents = agreement.consents.iter();
        Header {
            format: FORMAT,
            tool: format!("{} {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
            target: self.target.to_owned(),
            origin: session.origin().to_owned(),
            profile: session.profile().name.value.to_string(),
            panel_version: agreement.version.as_ref().map(ToString::to_string),
            suite_sha256: suite_sha256(self.specs),
            limits: own_limits(&self.specs.contract, session.profile()),
            has: agreement.has.clone(),
            consents: consents.map(|consent| consent.flag().to_owned()).collect(),
            roles: session
                .keys()
                .roles()
                .iter()
                .map(ToString::to_string)
                .collect(),
        }
    }

    fn case(&self, result: &CaseResult) -> KeptCase {
        let seen: Vec<_> = result.steps.iter().map(|step| &step.observed).collect();
        let answers = normal(&result.case, &self.specs.contract, &seen);
        let sent = result.case.steps.iter().zip(&result.steps).zip(&answers);
        KeptCase {
            id: result.case.id.to_string(),
            undecided: self.undecided(result),
            steps: sent
                .map(|((step, sent), answer)| KeptStep {
                    request: request(&step.request.endpoint, &sent.ids, &step.request.key),
                    answer: answer.into(),
                })
                .collect(),
        }
    }

    /// Why a case was not decided, where its answers do not tell.
    fn undecided(&self, result: &CaseResult) -> Option<String> {
        let alone = judge_steps(result, &self.specs.contract);
        match &result.verdict {
            Ok(Verdict::Skipped(skip)) => Some(skip.to_string()),
            Ok(Verdict::Inconclusive(why)) if result.verdict != alone => Some(why.clone()),
            Err(why) if result.verdict != alone => Some(why.clone()),
            _ => None,
        }
    }
}

/// What the answers of a case tell by themselves.
pub(super) fn judge_steps(result: &CaseResult, contract: &Contract) -> Result<Verdict, String> {
    let steps = result.steps.iter().map(|step| Judged {
        expected: &step.due.expected,
        observed: &step.observed,
    });
    judge(&steps.collect::<Vec<_>>(), contract)
}

fn request(endpoint: &Endpoint, ids: &BTreeMap<String, String>, key: &KeyUse) -> KeptRequest {
    KeptRequest {
        endpoint: endpoint.to_string(),
        ids: ids.clone(),
        key: match key {
            KeyUse::Role(role) => role.to_string(),
            KeyUse::Saved(name) => format!("saved:{name}"),
        },
    }
}

/// SHA-256 of the suites, each as path, line end, text, in the order of their paths.
#[must_use]
pub fn suite_sha256(specs: &Specs) -> String {
    let good = specs.suites.iter().map(|suite| &suite.file);
    let broken = specs.broken.iter().map(|broken| &broken.file);
    let mut files: Vec<_> = good.chain(broken).collect();
    files.sort_by(|one, other| one.path.cmp(&other.path));
    let texts = files
        .iter()
        .flat_map(|file| [&*file.path, "\n", &*file.text]);
    sha256(texts)
}

/// The limits that hold and are not those of the profile as it is written.
fn own_limits(contract: &Contract, profile: &Arc<Profile>) -> BTreeMap<String, u32> {
    let Some(usual) = contract.profile(profile.name.value.as_str()) else {
        return BTreeMap::new();
    };
    let (now, usual) = (&profile.limits, &usual.limits);
    let all = [
        ("client", now.client, usual.client),
        ("application", now.application, usual.application),
        ("keys", now.keys, usual.keys),
    ];
    let other = all.into_iter().filter(|(_, now, usual)| now != usual);
    other.map(|(name, now, _)| (name.to_owned(), now)).collect()
}
