//! A recording that is judged once more.

use std::sync::Arc;

use crate::recording::RunRecording;
use crate::run::tests::{agreed, kept, profile, recorded, specs};
use crate::run::{NotJudged, Rejudge};
use crate::verdict::{Skip, Verdict};

const NO_KEY: &str = "authentication/no-key/every-route/get-api-client";
const TWO_STEPS: &str = "lifecycle/keys/locked/192-0-2-0-24";
const FORK: &str = "authentication/admin-client-key/reading/get-api-application-approvals";
const CASES: [&str; 3] = [NO_KEY, TWO_STEPS, FORK];
const PROFILE: &str = "pterodactyl-1.14";

async fn recording() -> RunRecording {
    recorded(&profile(PROFILE), &CASES).await
}

fn verdict(recording: &RunRecording, id: &str) -> Verdict {
    let rejudge = Rejudge::new(specs(), recording).unwrap();
    let results = rejudge.results(&profile(PROFILE));
    let mut results = results.into_iter();
    let result = results.find(|result| result.case.id.as_str() == id);
    result.unwrap().verdict.unwrap()
}

#[tokio::test]
async fn answers_are_judged_again_and_what_was_undecided_stays_so() {
    let mut recording = recording().await;
    assert_eq!(verdict(&recording, NO_KEY), Verdict::Conforms);
    assert_eq!(verdict(&recording, TWO_STEPS), Verdict::Conforms);
    let why = || Some("a storm".to_owned());
    let undecided = Verdict::Inconclusive("a storm".to_owned());
    let none_sent = Verdict::Skipped(Skip::NotApplicable("a storm".to_owned()));
    // All were sent, and others have decided that they say nothing.
    kept(&mut recording, TWO_STEPS).undecided = why();
    assert_eq!(verdict(&recording, TWO_STEPS), undecided);
    kept(&mut recording, TWO_STEPS).steps[0].answer.status = 418;
    assert_eq!(verdict(&recording, TWO_STEPS), undecided);
    // One was sent: it decides only what it deviates in.
    kept(&mut recording, TWO_STEPS).steps.truncate(1);
    assert!(matches!(
        verdict(&recording, TWO_STEPS),
        Verdict::Deviates(_)
    ));
    kept(&mut recording, TWO_STEPS).steps[0].answer.status = 200;
    assert_eq!(verdict(&recording, TWO_STEPS), undecided);
    kept(&mut recording, TWO_STEPS).steps.clear();
    assert_eq!(verdict(&recording, TWO_STEPS), none_sent);
}

#[tokio::test]
async fn what_was_agreed_to_is_known_again() {
    let mut recording = recording().await;
    let header = &mut recording.header;
    header.has = ["maintenance".to_owned()].into();
    header.panel_version = Some("1.11.3".to_owned());
    header.limits = [("client", 7), ("application", 8), ("keys", 9)]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
    let rejudge = Rejudge::new(specs(), &recording).unwrap();
    let agreement = rejudge.agreement();
    assert_eq!(agreement.consents, agreed().consents);
    assert_eq!(agreement.has, recording.header.has);
    let version = agreement.version.as_ref().map(ToString::to_string);
    assert_eq!(version.as_deref(), Some("1.11.3"));
    let limits = rejudge.agreed(&profile(PROFILE)).limits.clone();
    assert_eq!((limits.client, limits.application, limits.keys), (7, 8, 9));
    assert!(rejudge.has_answers(NO_KEY));
    assert!(!rejudge.has_answers(FORK) && !rejudge.has_answers("a/b"));
}

#[tokio::test]
async fn a_recording_of_something_else_is_not_judged() {
    let recording = recording().await;
    let wrong = |change: &dyn Fn(&mut RunRecording)| {
        let mut recording = recording.clone();
        change(&mut recording);
        let judged = Rejudge::new(specs(), &recording).map(|_| ());
        judged.unwrap_err()
    };
    let unknown = |what: &str| NotJudged::Unknown(what.to_owned());
    assert_eq!(
        wrong(&|r| r.header.consents = ["--allow".to_owned()].into()),
        unknown("the consent `--allow`")
    );
    assert_eq!(
        wrong(&|r| r.header.panel_version = Some("new".to_owned())),
        unknown("the version `new`")
    );
    assert_eq!(
        wrong(&|r| r.header.limits = [("servers".to_owned(), 1)].into()),
        unknown("the limit `servers`")
    );
    assert_eq!(
        wrong(&|r| r.cases[0].id = "a/b".to_owned()),
        unknown("the case `a/b`")
    );
    let other = wrong(&|r| r.header.suite_sha256 = "0123456789abcdef".to_owned());
    let NotJudged::OtherSuite { theirs, ours, .. } = other else {
        panic!("{other}");
    };
    assert_eq!((theirs.as_str(), ours.len()), ("0123456789ab", 12));
    let contract = Arc::as_ptr(&specs().contract);
    let rejudge = Rejudge::new(specs(), &recording).unwrap();
    assert_eq!(Arc::as_ptr(rejudge.contract()), contract);
}
