//! What is due for a request follows from its reasons, and nothing else does.

use super::*;
use crate::spec::{SchemaName, Source, Specs};

const PROFILE: &str = "pterodactyl-1.11";

/// The specification with one scenario of these steps, a line each.
fn with_steps(steps: &str) -> Specs {
    let steps = steps.lines().map(|step| format!("      - {{ {step} }}\n"));
    let steps: String = steps.collect();
    Specs::of_suite(&format!(
        "title: Steps\nscenarios:\n  - id: one\n    title: One\n    steps:\n{steps}"
    ))
}

/// What is due for the steps of the one scenario of a suite, given as its steps.
fn of_steps(steps: &str) -> Result<Vec<Due>, Skip> {
    under(|_| {}, steps)
}

/// The same under a profile that was changed.
fn under(change: impl Fn(&mut Profile), steps: &str) -> Result<Vec<Due>, Skip> {
    let specs = with_steps(steps);
    let mut profile = Profile::clone(specs.contract.profile(PROFILE).unwrap());
    change(&mut profile);
    let case = specs.cases().next().unwrap();
    due(&specs.contract, case, &profile, None)
}

/// Gives a request without a key an answer of its own.
fn refusing(change: impl Fn(&mut Answer)) -> impl Fn(&mut Profile) {
    move |profile| {
        let no_key: Condition = "no-key".parse().unwrap();
        let rulings = [
            &mut profile.answers,
            &mut profile.client.answers,
            &mut profile.application.answers,
        ];
        for rulings in rulings {
            if let Some(ruling) = rulings.get_mut(&no_key)
                && let Ruling::Refused(answer) = &mut ruling.value
            {
                change(Arc::make_mut(answer));
            }
        }
    }
}

/// An answer with something in every part.
fn full(answer: &mut Answer) {
    let shown = |name: &str| BTreeMap::from([(name.to_owned(), ValueMatch::Present)]);
    answer.status = 418;
    answer.code = Some("Teapot".to_owned());
    answer.detail = Some("${method} ${path}".to_owned());
    answer.headers = shown("X-Why");
    answer.origin = Some(Origin::Source);
    let without = answer.without_json.as_mut().unwrap();
    without.status.0 = vec![302, 303];
    without.headers = shown("Location");
}

fn names_of(expected: &Expected) -> Vec<&str> {
    expected.headers.keys().map(String::as_str).collect()
}

fn first(due: Result<Vec<Due>, Skip>) -> Expected {
    Expected::clone(&due.unwrap()[0].expected)
}

fn expected(step: &str) -> Expected {
    let due = of_steps(step).unwrap();
    Expected::clone(&due[0].expected)
}

#[test]
fn what_answers_head_and_204_has_no_content() {
    let without = |step: &str| expected(step).without_content;
    let get = "request: { endpoint: GET /api/client, key: none }, expect: ";
    assert!(!without(&format!("{get} no-key")));
    assert!(!without(&format!("{get} {{ status: [200, 204] }}")));
    assert!(without(&format!("{get} {{ status: 204 }}")));
    let head = "request: { endpoint: HEAD /api/client, key: none }, expect: no-key";
    assert!(without(head));
}

#[test]
fn behind_a_refusal_are_the_answers_of_those_who_were_let_in() {
    let specs = Specs::load(&Source::Embedded).unwrap();
    let profile = specs.contract.profile(PROFILE).unwrap();
    let answer = |endpoint: &str, condition: &str| {
        let endpoint = endpoint.to_owned().try_into().unwrap();
        let ruling = profile.ruling(Api::Client, &endpoint, &condition.parse().unwrap());
        let Some(Ruling::Refused(answer)) = ruling else {
            panic!("{condition} is no refusal");
        };
        (answer.status, answer.code.clone())
    };
    let account = "GET /api/client/account";
    let files = "GET /api/client/servers/{server}/files/list";
    let behind = |endpoint: &str, reasons: &str| {
        expected(&format!(
            "request: {{ endpoint: \"{endpoint}\", ids: missing, key: none }}, expect: {reasons}"
        ))
        .behind
    };
    // Whoever is told what a request lacks was not stopped.
    let invalid = answer(account, "invalid-body");
    let found = behind(account, "no-key");
    assert_eq!(found, std::slice::from_ref(&invalid));
    // The machine of the server is asked for those only who may.
    let daemon = answer(files, "daemon-unreachable");
    let reasons = "{ because: [no-key, \"missing:server\"] }";
    let found = behind(files, reasons);
    assert_eq!(found, [invalid, daemon]);
    // What others are told before they are known says nothing.
    let missing = answer(files, "missing:server");
    assert!(!found.contains(&missing), "{found:?}");
    // A refusal that is given behind the door itself has nothing behind it.
    let fields = "request: { endpoint: POST /api/client/account/api-keys, key: none, body: {} }, \
                  expect: { because: [invalid-body] }";
    assert_eq!(expected(fields).behind, []);
}

#[test]
fn what_a_refused_step_would_save_is_not_there_for_others() {
    let first = "name: first, request: { endpoint: GET /api/client, key: none }, expect: no-key";
    let second =
        "request: { endpoint: \"GET /api/client/${id}\", key: none }, expect: { status: 404 }";
    let saving = format!("{first}, save: {{ id: /errors/0/code }}");
    let Err(Skip::NotApplicable(why)) = of_steps(&format!("{saving}\n{second}")) else {
        panic!("there is something to go on with");
    };
    assert!(why.contains("is refused by pterodactyl-1.11"), "{why}");
}

#[test]
fn relations_are_with_the_step_of_their_name() {
    let ask =
        |name: &str| format!("name: {name}, request: {{ endpoint: GET /api/client, key: none }}");
    let steps = [
        format!("{}, expect: no-key", ask("one")),
        format!("{}, expect: no-key", ask("two")),
        format!(
            "{}, expect: {{ because: [no-key], same_as: two }}",
            ask("three")
        ),
    ];
    let due = of_steps(&steps.join("\n")).unwrap();
    let same: Vec<_> = due.iter().map(|due| due.expected.same_as).collect();
    assert_eq!(same, [None, None, Some(1)]);
}

#[test]
fn what_is_granted_off_the_routes_is_known_as_well_as_the_profile() {
    let granted =
        expected("request: { method: GET, path: /api/client/x, key: none }, expect: granted");
    let specs = Specs::load(&Source::Embedded).unwrap();
    let profile = specs.contract.profile(PROFILE).unwrap();
    assert_eq!(
        (granted.status, granted.origin),
        (vec![200], Some(profile.origin))
    );
}

#[test]
fn a_case_is_known_as_well_as_its_least_known_step() {
    let of = |origins: &[Option<Origin>]| {
        let due = origins.iter().map(|origin| Due {
            expected: Arc::new(Expected {
                origin: *origin,
                ..Expected::default()
            }),
            resolution: None,
            times: 1,
        });
        origin(&due.collect::<Vec<_>>())
    };
    let (seen, read, told) = (Origin::Observed, Origin::Source, Origin::Documented);
    assert_eq!(of(&[None]), seen);
    assert_eq!(of(&[Some(seen), None]), seen);
    assert_eq!(of(&[Some(read), Some(told)]), read);
    assert_eq!(of(&[Some(seen), Some(read)]), read);
    assert_eq!(of(&[Some(seen), Some(told)]), told);
}

const ASKED: &str = "request: { endpoint: GET /api/client/account, key: none }, expect: ";

#[test]
fn a_refusal_is_due_as_the_profile_answers_it() {
    let found = first(under(refusing(full), &format!("{ASKED} no-key")));
    assert_eq!(found.status, [418]);
    let words = found.error.clone().unwrap();
    assert_eq!(words.code.as_deref(), Some("Teapot"));
    let detail = words.detail.unwrap();
    assert_eq!(detail.shown, "GET api/client/account");
    assert_eq!(detail.pattern, None);
    let schemas: Vec<_> = found.schemas.iter().map(SchemaName::as_str).collect();
    assert_eq!(schemas, ["error-envelope"]);
    assert_eq!(names_of(&found), ["x-why"]);
    assert_eq!(found.origin, Some(Origin::Source));
    assert!(!found.behind.is_empty());
}

#[test]
fn who_does_not_ask_for_json_gets_what_the_profile_says_of_that() {
    let asked = ASKED.replace("key:", "headers: { Accept: text/html }, key:");
    let found = first(under(refusing(full), &format!("{asked} no-key")));
    assert_eq!(found.status, [302, 303]);
    assert_eq!((&found.error, found.schemas.len()), (&None, 0));
    assert_eq!(names_of(&found), ["location"]);
    assert_eq!(found.origin, Some(Origin::Source));
    assert!(!found.behind.is_empty());
    let nothing_said = |answer: &mut Answer| {
        full(answer);
        answer.without_json = None;
    };
    let Err(Skip::NotStated(_)) = under(refusing(nothing_said), &format!("{asked} no-key")) else {
        panic!("nothing is said of it");
    };
}

#[test]
fn words_are_due_where_they_are_stated() {
    let literal_on = |path: &str| {
        let on: crate::spec::Endpoint = path.to_owned().try_into().unwrap();
        first(under(
            refusing(move |answer| {
                full(answer);
                answer.literal_on = Some(vec![on.clone()]);
            }),
            &format!("{ASKED} no-key"),
        ))
    };
    assert!(literal_on("GET /api/client/account").error.is_some());
    assert_eq!(literal_on("GET /api/client").error, None);
    let silent = refusing(|answer| (answer.code, answer.detail) = (None, None));
    assert_eq!(first(under(silent, &format!("{ASKED} no-key"))).error, None);
    let code_alone = refusing(|answer| answer.detail = None);
    let found = first(under(code_alone, &format!("{ASKED} no-key")));
    assert!(found.error.is_some_and(|words| words.detail.is_none()));
}

#[test]
fn words_that_repeat_a_path_with_ids_may_have_any() {
    let step =
        "request: { endpoint: \"GET /api/client/servers/{server}\", key: none }, expect: no-key";
    let found = first(under(refusing(full), step));
    let detail = found.error.and_then(|words| words.detail).unwrap();
    assert_eq!(detail.shown, "GET ${path}");
    assert!(detail.pattern.is_some());
}

#[test]
fn what_a_scenario_states_is_due_beside_the_reason() {
    let found = expected(&format!(
        "{ASKED} {{ status: [401, 403], error: {{ code: X, detail: Y }}, schema: error-envelope, \
         headers: {{ X-One: a }}, body: {{ /errors: {{ present: true }} }}, absent: [/debug] }}"
    ));
    assert_eq!(found.status, [401, 403]);
    let words = found.error.clone().unwrap();
    assert_eq!(words.code.as_deref(), Some("X"));
    assert_eq!(
        words.detail.map(|detail| detail.shown).as_deref(),
        Some("Y")
    );
    assert_eq!(found.schemas.len(), 1);
    assert_eq!(names_of(&found), ["x-one"]);
    assert!(found.body.contains_key("/errors"));
    assert_eq!(found.absent, ["/debug"]);
    assert_eq!((found.origin, found.limit_is_spent), (None, false));
}

#[test]
fn what_is_granted_is_due_as_the_route_says() {
    let step = "request: { endpoint: GET /api/client/account, key: client }, expect: granted";
    let found = expected(step);
    assert_eq!(found.status, [200]);
    let schemas: Vec<_> = found.schemas.iter().map(SchemaName::as_str).collect();
    assert_eq!(schemas, ["account"]);
    assert_eq!(found.origin, Some(Origin::Observed));
    let read = first(under(|profile| profile.origin = Origin::Source, step));
    assert_eq!(read.origin, Some(Origin::Source));
    let told = first(under(|profile| profile.origin = Origin::Documented, step));
    assert_eq!(told.origin, Some(Origin::Observed));
}

#[test]
fn facts_of_the_profile_are_filled_in() {
    let step = format!(
        "{ASKED} {{ because: [no-key], headers: {{ one: '${{limit}}', \
         two: '${{prefix:client}}|${{prefix:application}}' }} }}"
    );
    let change = |profile: &mut Profile| {
        profile.limits.client = 77;
        profile.prefixes.client = "c_".to_owned();
        profile.prefixes.application = "a_".to_owned();
    };
    let found = first(under(change, &step));
    assert_eq!(found.headers["one"], ValueMatch::Equals("77".into()));
    assert_eq!(found.headers["two"], ValueMatch::Equals("c_|a_".into()));
    let without = |profile: &mut Profile| profile.prefixes.client.clear();
    let Err(Skip::NotStated(why)) = under(without, &step) else {
        panic!("there is no prefix");
    };
    assert_eq!(why, "the keys of pterodactyl-1.11 have no prefix");
    // A prefix that nobody asks for need not be.
    let plain = format!("{ASKED} {{ because: [no-key], headers: {{ one: '${{limit}}' }} }}");
    assert!(under(without, &plain).is_ok());
}

#[test]
fn an_origin_that_is_let_in_has_to_be_told() {
    let step = ASKED.replace("key:", "headers: { Origin: '${allowed-origin}' }, key:");
    let step = format!("{step} {{ because: [no-key], headers: {{ x: '${{allowed-origin}}' }} }}");
    let Err(Skip::Untold { how, .. }) = of_steps(&step) else {
        panic!("nobody told it");
    };
    assert!(how.contains("--has cors-origins"), "{how}");
    let told = |profile: &mut Profile| {
        profile.allowed_origin = Some("https://shop.example".to_owned());
    };
    let found = first(under(told, &step));
    assert_eq!(
        found.headers["x"],
        ValueMatch::Equals("https://shop.example".into())
    );
}

#[test]
fn a_limit_is_shown_where_requests_are_counted() {
    let names = ["x-ratelimit-limit", "x-ratelimit-remaining"];
    let of = |step: &str| {
        let found = expected(step);
        names.map(|name| found.headers.get(name).cloned())
    };
    let present = [Some(ValueMatch::Present), Some(ValueMatch::Present)];
    let absent = [Some(ValueMatch::Absent), Some(ValueMatch::Absent)];
    let granted = "request: { endpoint: GET /api/client/account, key: client }, \
                   expect: { because: [granted], shows_limit: true }";
    assert_eq!(of(granted), present);
    let before = format!("{ASKED} {{ because: [no-key], shows_limit: true }}");
    assert_eq!(of(&before), absent);
    let behind = "request: { endpoint: \"GET /api/client/servers/{server}\", key: client-other }, \
                  expect: { because: [hidden], shows_limit: true }";
    assert_eq!(of(behind), present);
    assert_eq!(of(&format!("{ASKED} no-key")), [None, None]);
    let silent = |profile: &mut Profile| {
        let over_limit = Condition::over_limit();
        profile.answers.remove(&over_limit);
        profile.client.answers.remove(&over_limit);
    };
    let Err(Skip::NotStated(why)) = under(silent, granted) else {
        panic!("nothing is said of limits");
    };
    assert!(why.contains("when requests are counted"), "{why}");
}

#[test]
fn the_first_step_that_nothing_is_said_of_is_found() {
    let of = |steps: &[&str], version: &str| {
        let specs = with_steps(&steps.join("\n"));
        let profile = specs.contract.profile(PROFILE).unwrap();
        let version = Version::parse(version).unwrap();
        let case = specs.cases().next().unwrap();
        first_unstated(&specs.contract, case, profile, Some(&version))
    };
    let stated = format!("{ASKED} no-key");
    let elsewhere = "request: { endpoint: \"DELETE /api/client/account/ssh-keys/{identifier}\", \
                     ids: missing, key: none }, expect: no-key";
    let silent = "request: { endpoint: GET /api/client/account, key: none, headers: { Origin: '${allowed-origin}' } }, \
                  expect: no-key";
    assert_eq!(of(&[&stated, &stated], "1.11.5"), None);
    assert_eq!(of(&[&stated, elsewhere], "1.11.5"), Some(1));
    assert_eq!(of(&[elsewhere, &stated], "1.11.5"), Some(0));
    assert_eq!(of(&[&stated, &stated, silent], "1.11.5"), Some(2));
}

#[test]
fn a_route_of_forks_is_told_by_the_names_of_those() {
    let step = "request: { endpoint: GET /api/client/version, key: none }, expect: no-key";
    let Err(Skip::NoRoute(why)) = of_steps(step) else {
        panic!("no panel of Pterodactyl has it");
    };
    assert_eq!(why, "a route of pyrodactyl alone");
}
