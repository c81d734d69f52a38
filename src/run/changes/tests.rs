//! What has changed between two recordings.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::recording::{KeptContent, RunRecording};
use crate::run::tests::{case, kept, profile, recorded, specs};
use crate::run::{CaseResult, Change, Changes, Course, Rejudge, Side, Silence, is_spent_by_others};
use crate::spec::{Origin, Profile};
use crate::verdict::{Deviation, Kind, Verdict};

/// A key of the administrator opens the Application API on newer panels alone.
const ADMIN: &str = "authentication/admin-client-key/reading/get-api-application-users";
/// That it should not, is good practice.
const LEAST: &str = "authentication/admin-client-key/refused/get-api-application-users";
/// Newer panels are known not to keep this one.
const RANGE: &str = "lifecycle/keys/bad-range/10-0-0-0-99";
/// Without a key; the header fields of the refusal are others now.
const NO_KEY: &str = "authentication/no-key/every-route/get-api-client";
/// Answered alike by both.
const ALIKE: &str =
    "authentication/admin-client-key/servers-of-others/get-api-client-servers-server";
/// Newer panels do not have the route.
const GONE: &str = "authentication/no-key/every-route/delete-api-client-account-two-factor";
/// Older ones do not have it.
const NEW: &str = "authentication/no-key/every-route/get-api-client-account-activity";
/// The contract of older panels says nothing of it.
const EXPIRED: &str = "authentication/expired/refused/get-api-client";
/// Neither has it.
const FORK: &str = "authentication/admin-client-key/reading/get-api-application-approvals";
/// Older panels do not make such a key, so that its second step cannot be asked.
const LOCKED: &str = "lifecycle/keys/locked/192-0-2-0-24";

const CASES: [&str; 10] = [
    ADMIN, LEAST, RANGE, NO_KEY, ALIKE, GONE, NEW, EXPIRED, FORK, LOCKED,
];

fn old() -> Arc<Profile> {
    profile("pterodactyl-1.7")
}

fn new() -> Arc<Profile> {
    profile("pterodactyl-1.14")
}

async fn runs() -> [RunRecording; 2] {
    [
        recorded(&old(), &CASES).await,
        recorded(&new(), &CASES).await,
    ]
}

fn between(
    (before, was): (&RunRecording, &Arc<Profile>),
    (after, is): (&RunRecording, &Arc<Profile>),
) -> Changes {
    let side = |recording, profile: &Arc<Profile>| Side {
        rejudge: Rejudge::new(specs(), recording).unwrap(),
        profile: Arc::clone(profile),
    };
    Changes::between(&side(before, was), &side(after, is)).unwrap()
}

/// The changes of these courses, in short.
fn told(changes: &Changes) -> BTreeMap<&str, (Course, Option<Silence>)> {
    let changes = changes.changes.iter();
    changes
        .map(|change| (change.case.id.as_str(), (change.course, change.silence)))
        .collect()
}

fn statuses(changes: &Changes, id: &str) -> (Option<u16>, Option<u16>) {
    let mut all = changes.changes.iter();
    let change = all.find(|change| change.case.id.as_str() == id).unwrap();
    let status = |seen: &Option<crate::exchange::Observation>| seen.as_ref().map(|o| o.status);
    (status(&change.before), status(&change.after))
}

fn set_status(recording: &mut RunRecording, id: &str, status: u16) {
    kept(recording, id).steps[0].answer.status = status;
}

#[tokio::test]
async fn a_step_from_one_contract_to_the_other_is_expected() {
    let [before, after] = runs().await;
    let changes = between((&before, &old()), (&after, &new()));
    assert_eq!(
        told(&changes),
        [
            (ADMIN, (Course::Expected, None)),
            (LEAST, (Course::AgainstGoodPractice, None)),
            (RANGE, (Course::AgainstGoodPractice, None)),
            (NO_KEY, (Course::Expected, None)),
            (GONE, (Course::NoLongerStated, Some(Silence::NoRoute))),
            (NEW, (Course::Expected, Some(Silence::NoRoute))),
            (EXPIRED, (Course::Expected, Some(Silence::NothingSaid))),
        ]
        .into()
    );
    assert_eq!(statuses(&changes, ADMIN), (Some(403), Some(200)));
    assert_eq!(statuses(&changes, NEW), (None, Some(401)));
    assert_eq!(statuses(&changes, GONE), (Some(401), None));
    assert_eq!((changes.compared, changes.in_neither), (7, 1));
    let left_out: Vec<_> = changes.not_compared.iter().collect();
    let refused = "before: `POST /api/client/account/api-keys` is refused by pterodactyl-1.7, so that there is \
                   nothing to go on with";
    assert_eq!(left_out, [(&refused.to_owned(), &1)]);
}

#[tokio::test]
async fn the_same_twice_has_not_changed() {
    let [before, after] = runs().await;
    for (recording, profile) in [(&before, old()), (&after, new())] {
        let changes = between((recording, &profile), (recording, &profile));
        assert_eq!(told(&changes), [].into());
    }
}

#[tokio::test]
async fn a_step_that_was_not_made_did_not_happen() {
    let [before, after] = runs().await;
    let changes = between((&before, &old()), (&before, &new()));
    assert_eq!(
        told(&changes),
        [
            (ADMIN, (Course::DidNotHappen, None)),
            (NO_KEY, (Course::DidNotHappen, None)),
        ]
        .into(),
        "good practice alone demands nothing, and what is gone is answered as it was"
    );
    // What neither contract allowed is no step that was to be made.
    let is_of_status = |changes: &Changes| {
        let mut all = changes.changes.iter();
        let of_admin = all.find(|change| change.case.id.as_str() == ADMIN).unwrap();
        let mut differences = of_admin.differences.iter();
        differences.any(|(what, _, _)| what == "status")
    };
    assert!(is_of_status(&changes));
    let mut broken = before.clone();
    set_status(&mut broken, ADMIN, 418);
    let changes = between((&broken, &old()), (&broken, &new()));
    assert!(!is_of_status(&changes));
    // Asked before as well, though the contract of then said nothing: compared like all others.
    let changes = between((&after, &old()), (&after, &new()));
    assert_eq!(told(&changes).get(NEW), None);
    assert_eq!(told(&changes).get(EXPIRED), None);
    // Not asked before: nothing can be told of what is gone.
    let changes = between((&after, &old()), (&before, &new()));
    assert_eq!(told(&changes).get(GONE), None);
}

#[tokio::test]
async fn a_change_that_no_contract_speaks_of_is_not_expected() {
    let [before, mut after] = runs().await;
    set_status(&mut after, NO_KEY, 200);
    set_status(&mut after, ALIKE, 403);
    set_status(&mut after, NEW, 418);
    let changes = between((&before, &old()), (&after, &new()));
    let told = told(&changes);
    assert_eq!(told[NO_KEY], (Course::NotExpected, None));
    assert_eq!(told[ALIKE], (Course::NotExpected, None));
    assert_eq!(told[NEW], (Course::NotExpected, Some(Silence::NoRoute)));
    let mut all = changes.changes.iter();
    let of_alike = all.find(|change| change.case.id.as_str() == ALIKE).unwrap();
    let status = ("status".to_owned(), "200".to_owned(), "403".to_owned());
    assert!(of_alike.differences.contains(&status), "{of_alike:?}");
    assert_eq!(of_alike.kind, Kind::Closed);
    // Told from before to after also where it was wrong before.
    let changes = between((&after, &new()), (&recorded(&new(), &CASES).await, &new()));
    let mut all = changes.changes.iter();
    let mended = all.find(|change| change.case.id.as_str() == ALIKE).unwrap();
    let status = ("status".to_owned(), "403".to_owned(), "200".to_owned());
    assert_eq!(mended.course, Course::Expected);
    assert!(mended.differences.contains(&status), "{mended:?}");
}

#[tokio::test]
async fn what_was_not_decided_is_not_compared() {
    let [_, mut before] = runs().await;
    let mut after = before.clone();
    kept(&mut before, NO_KEY).undecided = Some("a storm".to_owned());
    kept(&mut after, NO_KEY).undecided = Some("a storm".to_owned());
    kept(&mut before, ALIKE).undecided = Some("rain".to_owned());
    kept(&mut after, ALIKE).undecided = Some("hail".to_owned());
    kept(&mut after, ADMIN).undecided = Some("snow".to_owned());
    // Nothing was sent in one of them, but in the other.
    kept(&mut before, RANGE).undecided = Some("fog".to_owned());
    kept(&mut before, RANGE).steps.clear();
    after.cases.retain(|case| case.id != EXPIRED);
    before.cases.retain(|case| case.id != NEW);
    let changes = between((&before, &new()), (&after, &new()));
    let left_out: Vec<_> = changes
        .not_compared
        .iter()
        .map(|(why, n)| (&**why, *n))
        .collect();
    assert_eq!(
        left_out,
        [
            ("a storm", 1),
            ("after: snow", 1),
            ("before: fog", 1),
            ("before: rain", 1),
            ("only the first recording has the case", 1),
            ("only the second recording has the case", 1),
        ]
    );
    assert_eq!(told(&changes), [].into());
}

#[tokio::test]
async fn other_words_of_a_header_field_are_no_other_deviation() {
    let [_, mut before] = runs().await;
    let mut after = before.clone();
    let set_type = |recording: &mut RunRecording, value: &str| {
        let headers = &mut kept(recording, NO_KEY).steps[0].answer.headers;
        let mut fields = headers.iter_mut();
        let field = fields.find(|(name, _)| name == "content-type").unwrap();
        value.clone_into(&mut field.1);
    };
    set_type(&mut before, "text/html");
    set_type(&mut after, "text/plain");
    let changes = between((&before, &new()), (&after, &new()));
    assert_eq!(told(&changes), [].into());
    // Another status is another deviation.
    set_status(&mut before, ALIKE, 418);
    set_status(&mut after, ALIKE, 503);
    let changes = between((&before, &new()), (&after, &new()));
    assert_eq!(
        told(&changes),
        [(ALIKE, (Course::NotExpected, None))].into()
    );
    // So is another code.
    let content = &mut kept(&mut after, NO_KEY).steps[0].answer.content;
    let KeptContent::Json(document) = content else {
        panic!("{content:?}");
    };
    document["errors"][0]["code"] = "OtherException".into();
    let changes = between((&before, &new()), (&after, &new()));
    assert_eq!(
        told(&changes).get(NO_KEY),
        Some(&(Course::NotExpected, None))
    );
}

/// A change of an unexpected success.
fn unexpected(id: &str, [before, after]: [&RunRecording; 2]) -> Change {
    let observed = |recording| {
        let rejudge = Rejudge::new(specs(), recording).unwrap();
        rejudge.observed(id).into_iter().next()
    };
    Change {
        case: case(id),
        course: Course::NotExpected,
        kind: Kind::Reshaped,
        step: 0,
        silence: None,
        was_due: None,
        due: None,
        before: observed(before),
        after: observed(after),
        differences: Vec::new(),
    }
}

#[tokio::test]
async fn good_practice_is_excused_by_the_contract_alone() {
    let [before, after] = runs().await;
    let after_excuse = |mut change: Change, was: &Profile, is: &Profile, others: &[Change]| {
        change.course = Course::NotExpected;
        let mut changes = Changes {
            changes: vec![change],
            ..Changes::default()
        };
        changes.changes.extend(others.iter().cloned());
        changes.excuse(was, is);
        changes.changes[0].course
    };
    let of = |id| unexpected(id, [&before, &after]);
    let (old, new) = (old(), new());
    let excused = Course::AgainstGoodPractice;
    // Known not to be kept from the second contract on.
    assert_eq!(after_excuse(of(RANGE), &old, &new, &[]), excused);
    for (was, is) in [(&new, &new), (&old, &old), (&new, &old)] {
        assert_eq!(after_excuse(of(RANGE), was, is, &[]), Course::NotExpected);
    }
    // What opens is never excused by that.
    let opened = Change {
        kind: Kind::Opened,
        ..of(RANGE)
    };
    assert_eq!(after_excuse(opened, &old, &new, &[]), Course::NotExpected);
    // The same request of another case has changed alike, and that was expected.
    let expected = Change {
        course: Course::Expected,
        ..of(ADMIN)
    };
    let others = std::slice::from_ref(&expected);
    assert_eq!(after_excuse(of(LEAST), &old, &new, others), excused);
    assert_eq!(
        after_excuse(of(LEAST), &old, &new, &[]),
        Course::NotExpected
    );
    let otherwise = Change {
        after: expected.before.clone(),
        ..expected.clone()
    };
    assert_eq!(
        after_excuse(of(LEAST), &old, &new, &[otherwise]),
        Course::NotExpected
    );
    // What must be so has no excuse.
    assert_eq!(
        after_excuse(of(ADMIN), &old, &new, others),
        Course::NotExpected
    );
    // What is expected needs none.
    let mut changes = Changes {
        changes: vec![Change {
            course: Course::DidNotHappen,
            ..of(RANGE)
        }],
        ..Changes::default()
    };
    changes.excuse(&old, &new);
    assert_eq!(changes.changes[0].course, Course::DidNotHappen);
}

#[test]
fn a_count_at_its_end_cannot_be_less() {
    let is_spent = |id: &str, found: &[(&str, &str)]| {
        let deviation = |(what, observed): &(&str, &str)| Deviation {
            step: 1,
            kind: Kind::Reshaped,
            what: (*what).to_owned(),
            expected: "less".to_owned(),
            observed: (*observed).to_owned(),
        };
        is_spent_by_others(&CaseResult {
            case: case(id),
            verdict: Ok(Verdict::Deviates(found.iter().map(deviation).collect())),
            origin: Origin::Observed,
            steps: Vec::new(),
        })
    };
    let counts = "limits/shown/two-keys";
    let remaining = ("header x-ratelimit-remaining", "\"0\"");
    assert!(is_spent(counts, &[remaining]));
    assert!(!is_spent(NO_KEY, &[remaining]), "compares no counts");
    assert!(!is_spent(
        counts,
        &[("header x-ratelimit-remaining", "\"5\"")]
    ));
    assert!(!is_spent(counts, &[("header x-ratelimit-limit", "\"0\"")]));
    assert!(!is_spent(counts, &[remaining, ("status", "500")]));
}
