//! Runs of a few cases at the panel in this process, and their recordings.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use super::{CaseResult, Record, Session, Setup, embedded_keys, embedded_panel};
use crate::exchange::InProcess;
use crate::plan::{Agreement, Plan};
use crate::recording::{KeptCase, RunRecording};
use crate::reference::{Faults, World};
use crate::spec::{Case, Consent, Profile, Source, Specs};
use crate::target::Facts;

pub(super) fn specs() -> &'static Specs {
    static SPECS: LazyLock<Specs> = LazyLock::new(|| Specs::load(&Source::Embedded).unwrap());
    &SPECS
}

pub(super) fn profile(name: &str) -> Arc<Profile> {
    Arc::clone(specs().contract.profile(name).unwrap())
}

pub(super) fn case(id: &str) -> Arc<Case> {
    let case = specs().cases().find(|case| case.id.as_str() == id);
    Arc::clone(case.unwrap_or_else(|| panic!("no case `{id}`")))
}

/// What was agreed to: everything, as nobody is hurt by it.
pub(super) fn agreed() -> Agreement {
    Agreement {
        consents: Consent::ALL.into(),
        ..Agreement::default()
    }
}

/// What a session with a panel in this process is made of: the panel plays one profile, and is held
/// to another.
pub(super) fn setup(played: &str, profile: &Arc<Profile>) -> Setup {
    let panel = embedded_panel(played, World::embedded(), Faults::default()).unwrap();
    Setup {
        contract: Arc::clone(&specs().contract),
        profile: Arc::clone(profile),
        transport: InProcess::new(panel.router()).into(),
        keys: embedded_keys(&panel, &specs().contract).unwrap(),
        agreement: agreed(),
        plain: None,
        origin: "http://localhost".to_owned(),
        pace: None,
        facts: Facts::default(),
    }
}

/// A session with a panel in this process that is held to the profile that it plays.
pub(super) fn session(profile: &Arc<Profile>) -> Session {
    Session::new(setup(profile.name.as_str(), profile))
}

/// The plan of these cases in a session.
pub(super) fn plan(session: &Session, ids: &[&str]) -> Plan {
    let cases: Vec<_> = ids.iter().map(|id| case(id)).collect();
    Plan::new(
        session.contract(),
        &cases,
        session.profile(),
        session.agreement(),
        &session.keys().roles(),
    )
}

/// What these cases say, in a session.
pub(super) async fn results(session: &Session, ids: &[&str]) -> Vec<CaseResult> {
    let mut results = Vec::new();
    for planned in &plan(session, ids).cases {
        results.push(session.run_case(planned).await);
    }
    results
}

/// The recording of a run of these cases at a panel that keeps the contract of a profile.
pub(super) async fn recorded(profile: &Arc<Profile>, ids: &[&str]) -> RunRecording {
    let session = session(profile);
    let results = results(&session, ids).await;
    Record {
        specs: specs(),
        session: &session,
        target: "a panel",
        planned: ids.len(),
        results: &results,
    }
    .recording()
}

/// The recorded case of an id, to be changed.
pub(super) fn kept<'r>(recording: &'r mut RunRecording, id: &str) -> &'r mut KeptCase {
    let mut cases = recording.cases.iter_mut();
    cases.find(|case| case.id == id).unwrap()
}

#[tokio::test]
async fn a_recording_says_what_was_run() {
    let profile = profile("pterodactyl-1.14");
    let ids = ["authentication/no-key/every-route/get-api-client"];
    let mut limited = Profile::clone(&profile);
    limited.limits.client = 7;
    let recording = recorded(&Arc::new(limited), &ids).await;
    let header = &recording.header;
    assert_eq!(header.profile, "pterodactyl-1.14");
    assert_eq!(header.origin, "http://localhost");
    assert_eq!(header.limits, [("client".to_owned(), 7)].into());
    let flags: BTreeSet<_> = Consent::ALL.iter().map(|c| c.flag().to_owned()).collect();
    assert_eq!(header.consents, flags);
    assert!(header.roles.contains("client-subuser"));
    assert!(recording.complete);
    assert_eq!(recording.cases.len(), 1);
    assert_eq!(recording.cases[0].steps[0].answer.status, 401);
    let usual = recorded(&profile, &ids).await;
    assert_eq!(usual.header.limits, [].into());
}
