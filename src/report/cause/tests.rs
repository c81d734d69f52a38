//! A cause is found where cases show it as its entry says, and nowhere else.

use std::sync::Arc;

use super::*;
use crate::report::made_up::{SPECS, answer, case, due, granted};
use crate::spec::{Answer, Case, Exception, Located, Ruling, SourceFile, Template, read_yaml};
use crate::verdict::Kind;

const CLIENT: &str = "GET /api/client";

/// A case with a key, the reason for which it is refused with 401 (or `granted`), and what came.
fn asked(key: &str, reason: &str, came: &str) -> CaseResult {
    let mut case = Case::clone(&case("a/case", CLIENT));
    let request = &mut case.steps[0].request;
    request.route = None;
    request.key = KeyUse::Role(key.parse().unwrap());
    request.authorization = Some(Template::default());
    let due = match reason {
        GRANTED => granted(&[]),
        reason => due(reason, "401 A"),
    };
    let due = due.unwrap();
    let observed = answer(came);
    let verdict = match (due.expected.status[0], observed.status) {
        (due, came) if due == came => Verdict::Conforms,
        (200, _) => deviating(Kind::Closed),
        (_, 200) => deviating(Kind::Opened),
        _ => deviating(Kind::Reshaped),
    };
    let step = StepResult {
        due,
        observed,
        ids: BTreeMap::new(),
    };
    CaseResult {
        case: Arc::new(case),
        verdict: Ok(verdict),
        origin: Origin::Observed,
        steps: vec![step],
    }
}

fn deviating(kind: Kind) -> Verdict {
    Verdict::Deviates(vec![Deviation {
        step: 0,
        kind,
        what: "status".to_owned(),
        expected: String::new(),
        observed: String::new(),
    }])
}

/// So many of the same.
fn times(number: usize, result: &CaseResult) -> Vec<CaseResult> {
    vec![result.clone(); number]
}

fn grouping<'a>(contract: &'a Contract, profile: &'a Profile, policy: &'a Policy) -> Grouping<'a> {
    Grouping {
        contract,
        profile,
        policy,
        base: Some("https://panel.example.com".parse().unwrap()),
    }
}

/// The cases of each place where a cause with these members is found, and the profiles it names.
fn found_in(
    contract: &Contract,
    members: &str,
    results: &[&[CaseResult]],
) -> Vec<(Vec<usize>, Vec<String>)> {
    let text = format!(
        "{{ id: a, title: T, means: M, fix: F, origin: observed, source: a test, {members} }}"
    );
    let info: CauseInfo = read_yaml(&SourceFile::new("causes.yaml", "causes.yaml", &text)).unwrap();
    let results: Vec<&CaseResult> = results.iter().copied().flatten().collect();
    let is_open = |n: &usize| results[*n].verdict != Ok(Verdict::Conforms);
    let open = (0..results.len()).filter(is_open).collect();
    let (profile, policy) = (&contract.profiles[0], Policy::default());
    let found = grouping(contract, profile, &policy).find(&info, &results, &open);
    let of = |found: Found<'_>| (found.cases.into_iter().collect(), found.profiles);
    found.into_iter().map(of).collect()
}

fn found(members: &str, results: &[&[CaseResult]]) -> Vec<Vec<usize>> {
    let all = found_in(&SPECS.contract, members, results);
    all.into_iter().map(|(cases, _)| cases).collect()
}

const NOWHERE: [Vec<usize>; 0] = [];

/// A clue that an answer of 500 is.
const WHEN: &str = "when: [{ due: no-key, answer: { status: 500 } }]";

#[test]
fn the_gravest_standing_is_first() {
    let of = |id: &str, verdict: Result<Verdict, String>| CaseResult {
        case: case(id, CLIENT),
        verdict,
        ..asked("none", "no-key", "418")
    };
    let results = [
        of("a/advice", Ok(deviating(Kind::Reworded))),
        of("a/unjudged", Ok(Verdict::Inconclusive("why".to_owned()))),
        of("a/failed", Ok(deviating(Kind::Reshaped))),
        of("a/passed", Ok(Verdict::Conforms)),
        of("a/broken", Err("why".to_owned())),
    ];
    let policy = Policy::default();
    let profile = &SPECS.contract.profiles[0];
    let groups = grouping(&SPECS.contract, profile, &policy).groups(&results.each_ref());
    let cases: Vec<_> = groups.into_iter().map(|group| group.cases).collect();
    let order = ["a/broken", "a/failed", "a/unjudged", "a/advice"].map(|id| vec![id.to_owned()]);
    assert_eq!(cases, order);
}

#[test]
fn what_conforms_refutes_a_cause_by_what_it_shows_and_is_about() {
    let shown = [asked("none", "no-key", "500")];
    let of = |requires: &str| {
        format!("{WHEN}, unless: [{{ requires: {requires}, answer: {{ status: 401 }} }}]")
    };
    let (refuting, other) = (
        [asked("none", "no-key", "401 A")],
        [asked("client", GRANTED, "200")],
    );
    assert_eq!(found(&of("ERR-401"), &[&shown, &refuting]), NOWHERE);
    assert_eq!(found(&of("ERR-401"), &[&shown, &other]), [[0]]);
    assert_eq!(found(&of("ERR-403"), &[&shown, &refuting]), [[0]]);
    assert_eq!(found(WHEN, &[&shown, &refuting]), [[0]]);
}

#[test]
fn where_others_have_to_pass_one_of_another_role_is_granted() {
    let refused = [asked("client", GRANTED, "500")];
    let cause = "when: [{ real_key: true, answer: { status: 500 } }], per_role: true";
    assert_eq!(found(cause, &[&refused]), [[0]]);
    let cause = format!("{cause}, others_pass: true");
    let with =
        |key: &str, due: &str, came: &str| found(&cause, &[&refused, &[asked(key, due, came)]]);
    assert_eq!(found(&cause, &[&refused]), NOWHERE);
    assert_eq!(with("client-other", GRANTED, "200"), [[0]]);
    // Of the same role, refused as is due, and not granted though it is due.
    assert_eq!(with("client", GRANTED, "200"), NOWHERE);
    assert_eq!(with("client-other", "hidden", "401 A"), NOWHERE);
    assert_eq!(with("client-other", GRANTED, "403"), NOWHERE);
}

#[test]
fn a_cause_is_shown_often_enough_of_those_that_could() {
    let shown = asked("client", "no-key", "500");
    let fine = asked("client", "no-key", "401 A");
    let strange = times(3, &asked("client", "hidden", "401 A"));
    let least = format!("{WHEN}, least: 2");
    assert_eq!(found(&least, &[&times(1, &shown)]), NOWHERE);
    assert_eq!(found(&least, &[&times(2, &shown)]), [[0, 1]]);
    let roles = format!("{WHEN}, roles: 2");
    let of_other = [asked("client-other", "no-key", "500")];
    assert_eq!(found(&roles, &[&times(2, &shown)]), NOWHERE);
    assert_eq!(found(&roles, &[&times(1, &shown), &of_other]), [[0, 1]]);
    // Cases with another reason could not show it.
    let half = format!("{WHEN}, share: 50");
    let (two, three) = (times(2, &fine), times(3, &fine));
    assert_eq!(
        found(&half, &[&three, &times(2, &shown), &strange]),
        NOWHERE
    );
    assert_eq!(found(&half, &[&two, &times(2, &shown), &strange]), [[2, 3]]);
    // Nor could those with another key.
    let keyed = "when: [{ real_key: true, answer: { status: 500 } }], share: 50";
    let others = times(3, &asked("unknown", "no-key", "500"));
    assert_eq!(found(keyed, &[&times(2, &shown), &two, &others]), [[0, 1]]);
}

#[test]
fn the_rest_has_to_conform_only_where_the_cause_says_so() {
    let shown = [asked("none", "no-key", "500")];
    let strict = format!("{WHEN}, rest_conforms: true");
    let fine = [asked("none", "no-key", "401 A")];
    let wrong = [asked("none", "no-key", "418")];
    assert_eq!(found(WHEN, &[&shown, &wrong]), [[0]]);
    assert_eq!(found(&strict, &[&shown, &fine]), [[0]]);
    assert_eq!(found(&strict, &[&shown, &wrong]), NOWHERE);
}

#[test]
fn a_clue_speaks_of_keys_requirements_and_fields() {
    let shown = [asked("none", "no-key", "500")];
    let with = |clue: &str| {
        found(
            &format!("when: [{{ {clue}, answer: {{ status: 500 }} }}]"),
            &[&shown],
        )
    };
    assert_eq!(with("due: no-key"), [[0]]);
    assert_eq!(with("due: hidden"), NOWHERE);
    assert_eq!(with("real_key: false"), [[0]]);
    assert_eq!(with("real_key: true"), NOWHERE);
    assert_eq!(with("requires: [ERR-403, ERR-401]"), [[0]]);
    assert_eq!(with("requires: ERR-403"), NOWHERE);
    assert_eq!(with("sends: accept"), [[0]]);
    assert_eq!(with("sends: authorization"), [[0]]);
    assert_eq!(with("sends: x-forwarded-for"), NOWHERE);
}

/// A contract whose profiles differ in the status that a request without a key gets.
fn of_statuses(profiles: &[(&str, u16, Origin)]) -> Contract {
    let mut contract = Contract::embedded().unwrap();
    let known = Arc::clone(contract.profile("pterodactyl-1.11").unwrap());
    let made = profiles.iter().map(|(name, status, origin)| {
        let answer = serde_json::json!({ "status": status });
        let answer: Answer = serde_json::from_value(answer).unwrap();
        let exception = Exception {
            route: Located {
                value: CLIENT.to_owned().try_into().unwrap(),
                span: 0..0,
            },
            condition: "no-key".parse().unwrap(),
            answer: Ruling::Refused(Arc::new(answer)),
        };
        let mut profile = Profile::clone(&known);
        profile.name.value = name.parse().unwrap();
        profile.origin = *origin;
        profile.exceptions = vec![exception];
        Arc::new(profile)
    });
    contract.profiles = made.collect();
    contract
}

#[test]
fn another_profile_is_the_one_that_most_of_the_failed_cases_keep() {
    let contract = of_statuses(&[
        ("held", 401, Origin::Observed),
        ("page", 410, Origin::Documented),
        ("one", 410, Origin::Observed),
        ("two", 411, Origin::Observed),
    ]);
    let cause = "when: [{ other_profile: true }]";
    let of = |results: &[&[CaseResult]]| found_in(&contract, cause, results);
    let [gone, other] = ["410", "411"].map(|came| asked("none", "no-key", came));
    // The page is no version to look for.
    let named = ["one", "page"].map(str::to_owned).to_vec();
    let results = of(&[&times(2, &gone), std::slice::from_ref(&other)]);
    assert_eq!(results, [(vec![0, 1], named)]);
    // What is advice does not tell versions apart.
    let advice = CaseResult {
        verdict: Ok(deviating(Kind::Reworded)),
        ..gone
    };
    assert_eq!(of(&[&[advice]]), []);
}

#[test]
fn a_route_is_lacking_where_nothing_is_at_its_path() {
    let [old, new] = ["1.7.0", "1.14.1"].map(|version| version.parse::<Version>().unwrap());
    let is_new = |route: &&Arc<crate::spec::Route>| {
        let presence = |version| route.presence(version, version);
        route.only.is_none()
            && (presence(&old), presence(&new)) == (Presence::Never, Presence::Always)
    };
    let route = SPECS.contract.inventory.routes.iter().find(is_new);
    let profile = SPECS.contract.profile("pterodactyl-1.11").unwrap();
    let is_lacking = |came: &str, version: &Version| {
        let mut result = asked("none", "no-key", came);
        let case = Arc::make_mut(&mut result.case);
        case.steps[0].request.route = Some(Arc::clone(route.expect("a newer route")));
        is_of_a_lacking_route(&result, profile, version)
    };
    assert!(is_lacking("404", &old));
    assert!(is_lacking("405", &old));
    assert!(!is_lacking("401", &old));
    assert!(!is_lacking("404", &new));
}
