//! Judges a recording: every exchange that answers a case, against a profile.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::result::CaseResult;
use super::session::{Session, Setup};
use crate::keys::Keyring;
use crate::plan::{Agreement, Plan, Planned};
use crate::recording::{RecordedWorld, Recording, Replay, ReplayContext};
use crate::spec::{Consent, Profile, Specs};
use crate::target::Facts;
use crate::verdict::Verdict;

/// What judging a recording found.
pub struct Replayed {
    /// One result for each exchange that answered a case.
    pub results: Vec<CaseResult>,
    /// How many different exchanges were judged.
    pub judged: usize,
    /// The exchanges that answered no case, by the reason.
    pub unmapped: BTreeMap<String, Vec<String>>,
}

/// How many exchanges may answer one case.
const MOST: usize = 32;

/// Judges every exchange of a recording that answers a case, under a profile.
///
/// Roles and ids are the recorded world's, and nothing is sent to anybody. What was recorded
/// while the panel was in some state answers only cases that need that state.
///
/// # Errors
///
/// When the world's keys cannot be read.
pub async fn judge_recording(
    specs: &Specs,
    profile: &Arc<Profile>,
    recording: &Arc<Recording>,
    world: &Arc<RecordedWorld>,
) -> Result<Replayed, String> {
    let keys = world.keys().map_err(|error| error.to_string())?;
    let judge = Judge {
        specs,
        profile,
        recording,
        world,
        keys,
    };
    let mut replayed = Replayed {
        results: Vec::new(),
        judged: 0,
        unmapped: BTreeMap::new(),
    };
    let states: BTreeSet<BTreeSet<String>> = world
        .configurations
        .values()
        .map(|states| states.iter().cloned().collect())
        .collect();
    for states in states {
        judge.in_states(&states, &mut replayed).await;
    }
    Ok(replayed)
}

/// A recording that is judged.
struct Judge<'a> {
    specs: &'a Specs,
    profile: &'a Arc<Profile>,
    recording: &'a Arc<Recording>,
    world: &'a Arc<RecordedWorld>,
    keys: Keyring,
}

impl Judge<'_> {
    /// Judges what was recorded while the panel was in exactly these states.
    async fn in_states(&self, states: &BTreeSet<String>, replayed: &mut Replayed) {
        let agreement = Agreement {
            consents: Consent::ALL.into(),
            has: states.clone(),
            version: Some(self.world.version.clone()),
        };
        // A case that needs no state says nothing about a panel that is in one.
        let cases = self
            .specs
            .cases()
            .filter(|case| states.is_empty() || !case.scenario.needs.is_empty())
            // A recording holds no two answers of one count.
            .filter(|case| !case.is_apart());
        let given = self.keys.roles();
        let plan = Plan::new(
            &self.specs.contract,
            cases,
            self.profile,
            &agreement,
            &given,
        );
        let replay = Replay::new(Arc::clone(self.recording), self.context(states));
        let mut waiting: Vec<&Planned> = plan.run().collect();
        for nth in 0..MOST {
            let session = self.session(&replay.nth(nth), &agreement);
            let mut answered = Vec::new();
            for planned in waiting {
                let result = session.run_case(planned).await;
                if is_judged(&result) {
                    answered.push(planned);
                    replayed.results.push(result);
                }
            }
            if answered.is_empty() {
                break;
            }
            waiting = answered;
        }
        let requests = self.session(&replay, &agreement).requests(&plan).await;
        replayed.judged += replay.used();
        for (why, ids) in replay.unused(&requests) {
            replayed
                .unmapped
                .entry(why)
                .or_default()
                .extend(ids.into_iter().map(str::to_owned));
        }
    }

    fn context(&self, states: &BTreeSet<String>) -> ReplayContext {
        ReplayContext {
            world: Arc::clone(self.world),
            inventory: Arc::new(self.specs.contract.inventory.clone()),
            profile: Arc::clone(self.profile),
            states: states.clone(),
        }
    }

    fn session(&self, replay: &Replay, agreement: &Agreement) -> Session {
        let setup = Setup {
            contract: Arc::clone(&self.specs.contract),
            profile: self.as_recorded(),
            transport: replay.clone().into(),
            keys: self.keys.clone(),
            agreement: agreement.clone(),
            plain: None,
            origin: self.world.address.clone(),
            pace: None,
            facts: Facts {
                ids: self.world.known_ids(),
                ..Facts::default()
            },
        };
        Session::new(setup)
    }

    /// The profile with the prefixes of the keys that were made up for the recording.
    fn as_recorded(&self) -> Arc<Profile> {
        match &self.world.prefixes {
            None => Arc::clone(self.profile),
            Some(prefixes) => Arc::new(Profile {
                prefixes: prefixes.clone(),
                ..Profile::clone(self.profile)
            }),
        }
    }
}

/// Whether a recorded exchange decided a case; nothing recorded decides nothing.
fn is_judged(result: &CaseResult) -> bool {
    matches!(
        result.verdict,
        Ok(Verdict::Conforms | Verdict::Deviates(_)) | Err(_)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::tests::case;
    use crate::spec::Origin;
    use crate::verdict::Skip;

    #[test]
    fn what_decides_nothing_is_not_judged() {
        let judged = |verdict| {
            is_judged(&CaseResult {
                case: case("authentication/no-key/every-route/get-api-client"),
                verdict,
                origin: Origin::Observed,
                steps: Vec::new(),
            })
        };
        let why = || "not recorded".to_owned();
        assert!(judged(Ok(Verdict::Conforms)) && judged(Err(why())));
        assert!(judged(Ok(Verdict::Deviates(Vec::new()))));
        assert!(!judged(Ok(Verdict::Inconclusive(why()))));
        assert!(!judged(Ok(Verdict::Skipped(Skip::NotApplicable(why())))));
    }
}
