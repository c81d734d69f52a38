//! Runs of a few cases at the panel in this process, and their recordings.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use super::record::judge_steps;
use super::{CaseResult, Record, Session, Setup, embedded_keys, embedded_panel};
use crate::exchange::InProcess;
use crate::plan::{Agreement, Plan};
use crate::recording::{KeptCase, RunRecording};
use crate::reference::{Faults, World};
use crate::spec::{Case, Consent, Profile, Source, Specs};
use crate::target::Facts;
use crate::verdict::{Skip, Verdict};

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

#[tokio::test]
async fn a_recording_keeps_why_a_case_is_undecided_where_its_answers_do_not_tell() {
    let session = session(&profile("pterodactyl-1.14"));
    let ids = ["authentication/no-key/every-route/get-api-client"];
    let mut results = results(&session, &ids).await;
    let kept = |results: &mut [CaseResult], verdict| {
        results[0].verdict = verdict;
        let record = Record {
            specs: specs(),
            session: &session,
            target: "a panel",
            planned: 1,
            results,
        };
        record.recording().cases.remove(0).undecided
    };
    let inconclusive = Ok(Verdict::Inconclusive("cut off".to_owned()));
    let skip = Skip::NotApplicable("not here".to_owned());
    let told = skip.to_string();
    for (verdict, undecided) in [
        (Ok(Verdict::Conforms), None),
        (inconclusive, Some("cut off")),
        (Err("broken".to_owned()), Some("broken")),
        (Ok(Verdict::Skipped(skip)), Some(&*told)),
    ] {
        assert_eq!(kept(&mut results, verdict).as_deref(), undecided);
    }
    // What the answers tell is found again by whoever reads the recording.
    let observed = &mut results[0].steps[0].observed;
    observed.status = 403;
    let challenge = ("cf-mitigated".to_owned(), "challenge".to_owned());
    observed.headers.push(challenge);
    let judged = judge_steps(&results[0], &specs().contract);
    assert!(matches!(judged, Ok(Verdict::Inconclusive(_))), "{judged:?}");
    assert_eq!(kept(&mut results, judged), None);
}

#[tokio::test]
async fn a_plan_says_what_it_may_create_of_whom() {
    let session = session(&profile("pterodactyl-1.11"));
    let made = |ids: &[&str]| -> Vec<_> {
        let made = plan(&session, ids).creations().into_iter();
        made.map(|((role, endpoint), count)| format!("{role} {endpoint} {count}"))
            .collect()
    };
    let one = "lifecycle/keys/locked/192-0-2-0-24";
    let keys = "client POST /api/client/account/api-keys";
    assert_eq!(made(&[one]), [format!("{keys} 1")]);
    assert_eq!(made(&[one, one]), [format!("{keys} 2")]);
    let refused = "authentication/no-key/every-route/get-api-client";
    assert_eq!(made(&[refused]), [""; 0]);
}
