use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use super::*;
use crate::exchange::{Body, Http, HttpOptions};
use crate::run::listing::list;
use crate::run::tests::{case, plan, profile, results, session, setup};

const PROFILE: &str = "pterodactyl-1.14";
const NO_KEY: &str = "authentication/no-key/every-route/get-api-client";
/// A key of the wrong type is to be refused, or it would write.
const WRITING: &str = "authentication/key-types/writing/post-api-client-account-ssh-keys";
/// Content that is none is to be refused.
const INVALID: &str = "authentication/envelopes/invalid-content/post-api-client-account-ssh-keys";
/// Makes a key, and asks with it.
const MADE: &str = "lifecycle/keys/inside-the-range";

fn here() -> Session {
    session(&profile(PROFILE))
}

fn paced(rate: f64) -> Session {
    Session::new(Setup {
        pace: Some(Pace {
            rate,
            leave: 0.5,
            limits: [(Api::Client, 720)].into(),
        }),
        ..setup(PROFILE, &profile(PROFILE))
    })
}

fn journalled() -> (Session, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path(), "http://localhost").unwrap();
    (here().with_journal(journal), folder)
}

fn script<'s>(session: &'s Session, case: &Case) -> Script<'s> {
    Script {
        session,
        steps: Vec::new(),
        saved: BTreeMap::new(),
        consent: case.scenario.consent,
        maker: None,
        made: Vec::new(),
    }
}

fn answered(session: &Session, headers: &[(&str, &str)]) -> StepResult {
    let planned = plan(session, &[NO_KEY]).cases.remove(0);
    let headers = headers.iter();
    StepResult {
        due: planned.due.unwrap().remove(0),
        observed: Observation {
            status: 429,
            headers: headers
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: Body::Empty,
        },
        ids: BTreeMap::new(),
    }
}

/// How many keys the user of `client` has.
async fn keys_of_client(session: &Session) -> usize {
    let case = case(MADE);
    let route = case.steps[0].request.route.as_ref().unwrap();
    let creates = route.creates.as_ref().unwrap();
    let role = "client".parse().unwrap();
    list(session, &role, creates).await.unwrap().count
}

#[tokio::test]
async fn a_script_is_known_where_no_answer_is_needed() {
    let session = here();
    let known = session.script(&case(NO_KEY)).await.unwrap();
    assert_eq!(known.len(), 1);
    assert_eq!(known[0].target, "/api/client");
    assert!(session.script(&case(MADE)).await.is_none());
    // Of the case that makes a key, its first request alone is known beforehand.
    let requests = session.requests(&plan(&session, &[NO_KEY, MADE])).await;
    let targets: Vec<_> = requests.iter().map(|request| &*request.target).collect();
    assert_eq!(targets, ["/api/client", "/api/client/account/api-keys"]);
}

#[test]
fn the_name_of_a_run_is_its_own() {
    let (one, other) = (run_name(), run_name());
    assert_ne!(one, other);
    let parts = one
        .strip_prefix(RUN_NAMES)
        .unwrap()
        .split_once('-')
        .unwrap();
    assert!(parts.0.parse::<u64>().unwrap() > 1_700_000_000);
    assert_eq!(parts.1.len(), 16);
    assert!(u64::from_str_radix(parts.1, 16).is_ok());
}

#[test]
fn only_what_did_not_go_out_and_changes_nothing_is_sent_again() {
    let request = |method: &str| Request {
        method: method.to_owned(),
        target: "/api/client".to_owned(),
        headers: Vec::new(),
        body: None,
    };
    let not_connected = TransportError::Connect {
        target: "a panel".to_owned(),
        reason: "refused".to_owned(),
    };
    let closed = TransportError::Closed {
        target: "a panel".to_owned(),
        reason: "reset".to_owned(),
    };
    let paced = paced(4.0);
    for method in ["GET", "HEAD", "OPTIONS"] {
        assert!(paced.may_repeat(&request(method), &not_connected));
        assert!(!paced.may_repeat(&request(method), &closed));
    }
    assert!(!paced.may_repeat(&request("POST"), &not_connected));
    assert!(!paced.may_repeat(&request("GET"), &TransportError::NotRecorded));
    assert!(!here().may_repeat(&request("GET"), &not_connected));
    let mut answer = answered(&paced, &[]).observed;
    assert!(paced.is_spent_by_others(&answer));
    assert!(!here().is_spent_by_others(&answer));
    answer.status = 403;
    assert!(!paced.is_spent_by_others(&answer));
    assert_eq!(
        paced.pace().map(|pace| pace.rate.to_bits()),
        Some(4.0_f64.to_bits())
    );
}

#[test]
fn a_limit_that_a_panel_names_is_taken_unless_it_was_told() {
    let profile = profile(PROFILE);
    let usual = profile.limits.client;
    let adopted = |named: u32, told: Option<u32>, http: bool| {
        let mut setup = setup(PROFILE, &profile);
        setup.facts.limits.client = told;
        if http {
            let base = Url::parse("http://127.0.0.1:9").unwrap();
            setup.transport = Http::new(&base, &HttpOptions::default()).unwrap().into();
        }
        let mut session = Session::new(setup);
        session.limits.lock().unwrap().insert(Api::Client, named);
        let found: Vec<_> = session
            .adopt_limits()
            .iter()
            .map(|one| (one.api, one.limit, one.usual))
            .collect();
        (found, session.profile().limits.client)
    };
    assert_eq!(adopted(7, None, true), (vec![(Api::Client, 7, usual)], 7));
    assert_eq!(adopted(usual, None, true), (Vec::new(), usual));
    assert_eq!(adopted(7, Some(9), true), (Vec::new(), usual));
    assert_eq!(adopted(7, None, false), (Vec::new(), usual));
}

#[tokio::test(start_paused = true)]
async fn a_wait_is_as_long_as_was_told_and_no_longer_than_two_minutes() {
    let session = here();
    let case = case(NO_KEY);
    let waited = async |headers: &[(&str, &str)]| {
        let mut script = script(&session, &case);
        script.steps.push(answered(&session, headers));
        let start = Instant::now();
        match script.wait_as_told().await {
            Ok(()) => Ok(start.elapsed()),
            Err(Stop::Inconclusive(why)) => Err(why),
            Err(_) => Err("otherwise".to_owned()),
        }
    };
    let two_minutes = Duration::from_millis(120_500);
    assert_eq!(waited(&[("retry-after", "120")]).await, Ok(two_minutes));
    let too_long = |told| {
        Err(format!(
            "`Retry-After` says {told}, and 120 s are waited at most"
        ))
    };
    assert_eq!(waited(&[("retry-after", "121")]).await, too_long("121"));
    assert_eq!(waited(&[]).await, too_long("nothing"));
}

#[tokio::test]
async fn what_an_earlier_step_did_not_give_decides_nothing() {
    let session = here();
    let planned = plan(&session, &[MADE]).cases.remove(0);
    let (case, due) = (planned.case, planned.due.unwrap());
    let mut script = script(&session, &case);
    let alone = script.send(&case, &case.steps[1], &due[1]).await;
    assert!(matches!(alone, Err(Stop::Broken(_))));
    script.steps.push(answered(&session, &[]));
    let after = script.send(&case, &case.steps[1], &due[1]).await;
    assert!(matches!(after, Err(Stop::Inconclusive(_))));
}

#[tokio::test]
async fn a_limit_is_spent_by_successes_alone() {
    let sent = async |key: Option<&str>, is_interrupted: bool| {
        let interrupt = Interrupt::default();
        let session = here().with_interrupt(interrupt.clone());
        let case = case(NO_KEY);
        let mut due = answered(&session, &[]).due;
        due.times = 5;
        let mut request = session.script(&case).await.unwrap().remove(0);
        if let Some(role) = key {
            use secrecy::ExposeSecret;
            let key = session.keys().key(&role.parse().unwrap()).unwrap();
            let bearer = format!("Bearer {}", key.expose_secret());
            request
                .headers
                .push(("Authorization".to_owned(), bearer.into_bytes()));
        }
        if is_interrupted {
            interrupt.request();
        }
        let script = script(&session, &case);
        let interest = Interest::default();
        let outcome = script.send_until_spent(&due, &request, &interest).await;
        assert!(outcome.is_ok());
        session.sent()
    };
    assert_eq!(sent(Some("client"), false).await, 5);
    assert_eq!(sent(None, false).await, 1);
    assert_eq!(sent(Some("client"), true).await, 1);
}

#[tokio::test]
async fn the_family_of_a_refusal_ends_with_its_first_success() {
    let session = here();
    let plan = plan(&session, &[NO_KEY, INVALID, WRITING]);
    let of = |number: usize| {
        let planned = &plan.cases[number];
        let due = planned.due.as_ref().unwrap();
        (
            &planned.case,
            due,
            family(session.contract(), &planned.case, due),
        )
    };
    assert_eq!(of(0).2, None, "it changes nothing");
    assert_eq!(of(1).2, None, "it says nothing about who may write");
    let (case, due, condition) = of(2);
    let condition = condition.unwrap();
    session.close_if_carried_out(case, due, &Ok(Verdict::Conforms));
    assert_eq!(session.is_closed(case, due), None);
    let opened = Verdict::Deviates(vec![crate::verdict::Deviation {
        step: 0,
        kind: Kind::Opened,
        what: "status".to_owned(),
        expected: "403".to_owned(),
        observed: "200".to_owned(),
    }]);
    session.close_if_carried_out(case, due, &Ok(opened));
    assert_eq!(
        session.is_closed(case, due),
        Some(format!(
            "a request that `{condition}` had to refuse was carried out; no further one is sent"
        ))
    );
    assert!(session.unguarded().is_closed(case, due).is_none());
}

#[tokio::test]
async fn what_a_case_makes_is_gone_when_it_is_over() {
    let ids = [MADE, "lifecycle/keys/deleted-twice"];
    // In a panel of its own nothing is written down, and everything is undone.
    let session = here();
    let before = keys_of_client(&session).await;
    for result in results(&session, &ids).await {
        assert_eq!(result.verdict, Ok(Verdict::Conforms));
    }
    assert_eq!(keys_of_client(&session).await, before);

    let (session, folder) = journalled();
    for result in results(&session, &ids).await {
        assert_eq!(result.verdict, Ok(Verdict::Conforms));
    }
    let record = session.creations().unwrap().record();
    assert_eq!((record.created.len(), record.left.len()), (2, 0));
    let journal = Journal::existing(folder.path(), "http://localhost");
    let written = journal.unwrap().unwrap().read().unwrap();
    assert_eq!(written.created, record.created);
    assert_eq!((written.left.len(), written.unknown.len()), (0, 0));
    assert_eq!(keys_of_client(&session).await, before);
}

#[tokio::test]
async fn no_key_is_made_where_there_is_no_room() {
    let usual = profile(PROFILE);
    let has = keys_of_client(&here()).await;
    let verdict = async |limit: usize| {
        let mut profile = Profile::clone(&usual);
        profile.limits.keys = u32::try_from(limit).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path(), "http://localhost").unwrap();
        let session = session(&Arc::new(profile)).with_journal(journal);
        let mut results = results(&session, &[MADE]).await;
        results.remove(0).verdict.unwrap()
    };
    let skipped = |why: String| Verdict::Skipped(Skip::NotApplicable(why));
    assert_eq!(
        verdict(has + 1).await,
        skipped(format!(
            "no key is created: `client` has {has} of the {} that it may have, and 1 are left to others",
            has + 1
        ))
    );
    assert_eq!(verdict(has + 2).await, Verdict::Conforms);
    let left = [0, 1, 10, 11, 25].map(crate::run::left_to_others);
    assert_eq!(left, [0, 1, 1, 2, 3]);
}
