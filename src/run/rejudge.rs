//! Judges the recording of a run once more, under any contract and without a panel.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::record::suite_sha256;
use super::result::{CaseResult, StepResult};
use crate::exchange::Observation;
use crate::plan::{Agreement, Plan, Planned};
use crate::recording::{KeptCase, RunRecording};
use crate::spec::{Consent, Contract, Profile, Specs};
use crate::target::{Facts, Limits};
use crate::verdict::{Judged, Skip, Verdict, judge};

/// Why a recording cannot be judged.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum NotJudged {
    /// Its cases are not those of the specification.
    #[error(
        "this is a recording of another suite: it was made with {tool} from suites with SHA-256 {theirs}, and these \
         have {ours}; name the specification that it was made with by --specs, or record again"
    )]
    OtherSuite {
        /// The program that made it.
        tool: String,
        /// Of which suites, in short.
        theirs: String,
        /// Which ones are there, in short.
        ours: String,
    },
    /// It speaks of something that the specification does not know.
    #[error("this recording speaks of {0}, which this specification does not know")]
    Unknown(String),
}

/// How many digits of a hash are shown.
const SHORT: usize = 12;

/// A recording whose cases are those of a specification.
pub struct Rejudge<'r> {
    specs: &'r Specs,
    recording: &'r RunRecording,
    kept: BTreeMap<&'r str, &'r KeptCase>,
    agreement: Agreement,
    limits: Limits,
}

impl<'r> Rejudge<'r> {
    /// Checks that a recording can be judged with a specification.
    ///
    /// # Errors
    ///
    /// When it was made with other suites.
    pub fn new(specs: &'r Specs, recording: &'r RunRecording) -> Result<Self, NotJudged> {
        let ours = suite_sha256(specs);
        let header = &recording.header;
        if header.suite_sha256 != ours {
            let short = |hash: &str| hash.chars().take(SHORT).collect();
            return Err(NotJudged::OtherSuite {
                tool: header.tool.clone(),
                theirs: short(&header.suite_sha256),
                ours: short(&ours),
            });
        }
        let known: BTreeSet<&str> = specs.cases().map(|case| case.id.as_str()).collect();
        let mut cases = recording.cases.iter();
        if let Some(strange) = cases.find(|case| !known.contains(case.id.as_str())) {
            return Err(NotJudged::Unknown(format!("the case `{}`", strange.id)));
        }
        let cases = recording.cases.iter();
        Ok(Self {
            specs,
            recording,
            kept: cases.map(|case| (case.id.as_str(), case)).collect(),
            agreement: agreement(recording)?,
            limits: limits(recording)?,
        })
    }

    /// The contract that everything refers to.
    #[must_use]
    pub fn contract(&self) -> &'r Arc<Contract> {
        &self.specs.contract
    }

    /// Whether anything was answered to a case.
    #[must_use]
    pub fn has_answers(&self, id: &str) -> bool {
        self.kept.get(id).is_some_and(|case| !case.steps.is_empty())
    }

    /// What was answered to the steps of a case, in order.
    #[must_use]
    pub fn observed(&self, id: &str) -> Vec<Observation> {
        let kept = self.kept.get(id).into_iter();
        let steps = kept.flat_map(|case| &case.steps);
        steps.map(|step| Observation::from(&step.answer)).collect()
    }

    /// The recording.
    #[must_use]
    pub fn recording(&self) -> &'r RunRecording {
        self.recording
    }

    /// What the operator had agreed to and told.
    #[must_use]
    pub fn agreement(&self) -> &Agreement {
        &self.agreement
    }

    /// A profile with the limits that the recorded panel was known to have.
    #[must_use]
    pub fn agreed(&self, profile: &Arc<Profile>) -> Arc<Profile> {
        let facts = Facts {
            limits: self.limits,
            ..Facts::default()
        };
        facts.agreed(profile)
    }

    /// What is due to each recorded case under a profile.
    #[must_use]
    pub fn plan(&self, profile: &Arc<Profile>) -> Plan {
        let roles = &self.recording.header.roles;
        let given = roles.iter().filter_map(|role| role.parse().ok()).collect();
        let is_kept = |id: &str| self.kept.contains_key(id);
        let cases = self.specs.cases().filter(|case| is_kept(case.id.as_str()));
        Plan::new(
            &self.specs.contract,
            cases,
            &self.agreed(profile),
            &self.agreement,
            &given,
        )
    }

    /// What the recorded answers to a case are worth under a profile.
    #[must_use]
    pub fn result(&self, planned: &Planned) -> CaseResult {
        let result = |verdict, steps| CaseResult::of(planned, verdict, steps);
        let due = match &planned.due {
            Ok(due) => due,
            Err(skip) => return result(Ok(Verdict::Skipped(skip.clone())), Vec::new()),
        };
        let Some(kept) = self.kept.get(planned.case.id.as_str()) else {
            let why = "the recording does not have this case".to_owned();
            return result(Ok(Verdict::Skipped(Skip::NotApplicable(why))), Vec::new());
        };
        let sent = kept.steps.iter().zip(due);
        let steps: Vec<_> = sent
            .map(|(kept, due)| StepResult {
                due: due.clone(),
                observed: Observation::from(&kept.answer),
                ids: kept.request.ids.clone(),
            })
            .collect();
        result(self.verdict(kept, &steps, due.len()), steps)
    }

    /// The results of all recorded cases under a profile, in the order of the specification.
    #[must_use]
    pub fn results(&self, profile: &Arc<Profile>) -> Vec<CaseResult> {
        let plan = self.plan(profile);
        plan.cases
            .iter()
            .map(|planned| self.result(planned))
            .collect()
    }

    fn verdict(
        &self,
        kept: &KeptCase,
        steps: &[StepResult],
        due: usize,
    ) -> Result<Verdict, String> {
        let judged = steps.iter().map(|step| Judged {
            expected: &step.due.expected,
            observed: &step.observed,
        });
        let judged = || judge(&judged.clone().collect::<Vec<_>>(), &self.specs.contract);
        match &kept.undecided {
            Some(why) if steps.is_empty() => Ok(Verdict::Skipped(Skip::NotApplicable(why.clone()))),
            Some(why) if steps.len() < due => match judged()? {
                Verdict::Conforms => Ok(Verdict::Inconclusive(why.clone())),
                other => Ok(other),
            },
            Some(why) => Ok(Verdict::Inconclusive(why.clone())),
            None => judged(),
        }
    }
}

fn agreement(recording: &RunRecording) -> Result<Agreement, NotJudged> {
    let header = &recording.header;
    let consent = |flag: &String| {
        let mut all = Consent::ALL.into_iter();
        all.find(|consent| consent.flag() == flag)
            .ok_or_else(|| NotJudged::Unknown(format!("the consent `{flag}`")))
    };
    let version = header.panel_version.as_ref().map(|text| {
        text.parse()
            .map_err(|_| NotJudged::Unknown(format!("the version `{text}`")))
    });
    Ok(Agreement {
        consents: header
            .consents
            .iter()
            .map(consent)
            .collect::<Result<_, _>>()?,
        has: header.has.clone(),
        version: version.transpose()?,
    })
}

fn limits(recording: &RunRecording) -> Result<Limits, NotJudged> {
    let mut limits = Limits::default();
    for (name, value) in &recording.header.limits {
        match name.as_str() {
            "client" => limits.client = Some(*value),
            "application" => limits.application = Some(*value),
            "keys" => limits.keys = Some(*value),
            other => return Err(NotJudged::Unknown(format!("the limit `{other}`"))),
        }
    }
    Ok(limits)
}

#[cfg(test)]
mod tests;
