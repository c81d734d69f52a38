//! Judges a recording: every exchange that answers a case, against a profile.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::result::CaseResult;
use super::session::{Session, Setup};
use crate::plan::{Agreement, Plan, Planned};
use crate::recording::{RecordedWorld, Recording, Replay, ReplayContext};
use crate::spec::{Consent, Profile, Specs};
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
/// Roles and ids are the recorded world's, and nothing is sent to anybody.
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
    let agreement = Agreement {
        consents: [Consent::CreateKeys, Consent::Writes].into(),
        has: BTreeSet::new(),
        version: Some(world.version.clone()),
    };
    let plan = Plan::new(
        &specs.contract,
        specs.cases(),
        profile,
        &agreement,
        &keys.roles(),
    );
    let context = ReplayContext {
        world: Arc::clone(world),
        inventory: Arc::new(specs.contract.inventory.clone()),
        profile: Arc::clone(profile),
        states: BTreeSet::new(),
    };
    let replay = Replay::new(Arc::clone(recording), context);
    let session = |nth: usize| {
        Session::with_ids(
            Setup {
                contract: Arc::clone(&specs.contract),
                profile: Arc::clone(profile),
                transport: replay.nth(nth).into(),
                keys: keys.clone(),
                agreement: agreement.clone(),
                origin: RECORDED_ORIGIN.to_owned(),
            },
            world.known_ids(),
        )
    };
    let mut waiting: Vec<&Planned> = plan.run().collect();
    let mut results = Vec::new();
    for nth in 0..MOST {
        let session = session(nth);
        let mut answered = Vec::new();
        for planned in waiting {
            let result = session.run_case(planned).await;
            if matches!(
                result.verdict,
                Ok(Verdict::Conforms | Verdict::Deviates(_)) | Err(_)
            ) {
                answered.push(planned);
                results.push(result);
            }
        }
        if answered.is_empty() {
            break;
        }
        waiting = answered;
    }
    let requests = session(0).requests(&plan).await;
    let unmapped = replay.unused(&requests);
    let owned =
        |(why, ids): (String, Vec<&str>)| (why, ids.into_iter().map(str::to_owned).collect());
    Ok(Replayed {
        results,
        judged: replay.used(),
        unmapped: unmapped.into_iter().map(owned).collect(),
    })
}

/// Where the recorded panels said that they were.
const RECORDED_ORIGIN: &str = "http://127.0.0.1:8089";
