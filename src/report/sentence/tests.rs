//! Changes are told in the words of the contract, what is alike in one sentence.

use super::*;
use crate::report::made_up::{SPECS, change, due, granted, stated};

const ACCOUNT: &str = "GET /api/client/account";
const CLIENT: &str = "GET /api/client";
const USERS: &str = "GET /api/application/users";

/// Of the contract of `old` to that of `new`.
fn sentences(changes: &[Change]) -> Vec<String> {
    teller("old").sentences(changes.iter())
}

fn teller(from: &'static str) -> Teller<'static> {
    Teller {
        contract: &SPECS.contract,
        from,
        to: "new",
    }
}

fn expected(id: &str, endpoint: &str) -> Change {
    change(Course::Expected, id, endpoint)
}

fn surprise(id: &str, endpoint: &str) -> Change {
    change(Course::NotExpected, id, endpoint)
}

#[test]
fn a_surprise_names_its_route_what_is_due_and_an_example() {
    let opened = surprise("a/1", CLIENT)
        .due("no-key", "401 Unknown")
        .seen("401 Unknown", "200");
    let told = [
        "GET /api/client, if the request carries no credentials: refused with 401 Unknown → granted; \
         new says: refused with 401 Unknown (1 case)\n      see a/1",
    ];
    assert_eq!(sentences(&[opened]), told);
}

#[test]
fn surprises_that_are_alike_are_one_wherever_they_are_and_whatever_their_reasons() {
    let opened = |id: &str, endpoint: &str, reason: &str| {
        surprise(id, endpoint)
            .due(reason, "401 Unknown")
            .seen("401 Unknown", "200")
    };
    let found = sentences(&[
        opened("a/1", CLIENT, "no-key"),
        opened("a/2", USERS, "unknown-key"),
        opened("a/3", USERS, "unknown-key").without_json(),
    ]);
    let told = [
        "If the request carries no credentials, or if nobody has this key: \
         refused with 401 Unknown → granted; new says: refused with 401 Unknown \
         (3 cases on 2 routes)\n      see a/1",
    ];
    assert_eq!(found, told);
}

#[test]
fn what_is_expected_is_told_by_api_without_an_example() {
    let closed = |id: &str, endpoint: &str, reason: &str| {
        expected(id, endpoint).for_reason(reason, "401 Unknown", "403 Denied")
    };
    let no_key = "if the request carries no credentials";
    let change = "refused with 401 Unknown → refused with 403 Denied";
    // One reason on both APIs has no place; others have one, and share it.
    let both = sentences(&[
        closed("a/1", CLIENT, "no-key"),
        closed("a/2", USERS, "no-key"),
    ]);
    let told = "If the request carries no credentials";
    assert_eq!(both, [format!("{told}: {change} (2 cases)")]);
    let each = sentences(&[
        closed("a/1", CLIENT, "no-key"),
        closed("a/2", ACCOUNT, "unknown-key"),
        closed("a/3", USERS, "wrong-secret"),
    ]);
    let told = [
        format!("On the Client API, {no_key}, or if nobody has this key: {change} (2 cases)"),
        format!(
            "On the Application API, if the identifier exists, but the secret is not its own: \
             {change} (1 case)"
        ),
    ];
    assert_eq!(each, told);
}

#[test]
fn what_is_answered_otherwise_is_told_apart() {
    let of = |before: &str, after: &str| {
        expected(&format!("a/{}", before.len()), CLIENT).for_reason("no-key", before, after)
    };
    let place = "On the Client API, if the request carries no credentials";
    let json =
        "On the Client API, where JSON is not asked for, if the request carries no credentials";
    let moved = "refused with 401 A → refused with 404 C";
    for (one, other, told) in [
        // Another answer before, or after; a success is no refusal.
        (
            of("401 A", "404 C"),
            of("403 B", "404 C"),
            [
                format!("{place}: {moved} (1 case)"),
                format!("{place}: refused with 403 B → refused with 404 C (1 case)"),
            ],
        ),
        (
            of("401 A", "404 C"),
            of("401 A", "403 B"),
            [
                format!("{place}: {moved} (1 case)"),
                format!("{place}: refused with 401 A → refused with 403 B (1 case)"),
            ],
        ),
        (
            of("401 A", "200"),
            of("401 A", "403 B"),
            [
                format!("{place}: refused with 401 A → granted (1 case)"),
                format!("{place}: refused with 401 A → refused with 403 B (1 case)"),
            ],
        ),
        // Another kind, the gravest first.
        (
            of("401 A", "404 C"),
            of("401 A", "404 C").kind(Kind::Closed),
            [
                format!("{place}: {moved} (1 case)"),
                format!("{place}: {moved} (1 case)"),
            ],
        ),
        // Another form.
        (
            of("401 A", "404 C"),
            of("401 A", "404 C").without_json(),
            [
                format!("{place}: {moved} (1 case)"),
                format!("{json}: {moved} (1 case)"),
            ],
        ),
        // Something else that differs.
        (
            of("401 A", "401 A").differing(["header one", "1", "2"]),
            of("401 A", "401 A").differing(["header two", "1", "2"]),
            [
                format!("{place}: refused with 401 A; header one: 1 → 2 (1 case)"),
                format!("{place}: refused with 401 A; header two: 1 → 2 (1 case)"),
            ],
        ),
    ] {
        assert_eq!(sentences(&[one, other]), told);
    }
}

#[test]
fn what_nobody_can_tell_apart_is_told_together() {
    let of = |id: &str, before: &str, after: &str| {
        expected(id, CLIENT).for_reason("no-key", before, after)
    };
    // An answer to HEAD names no code, and one success is as good as another.
    let found = sentences(&[
        of("a/1", "401", "404"),
        of("a/2", "401 A", "404 C"),
        of("b/1", "403 B", "200"),
        of("b/2", "403 B", "204"),
    ]);
    let place = "On the Client API, if the request carries no credentials";
    let told = [
        format!("{place}: refused with 403 B → granted (2 cases)"),
        format!("{place}: refused with 401 A → refused with 404 C (2 cases)"),
    ];
    assert_eq!(found, told);
}

#[test]
fn the_gravest_is_first_and_of_equals_who_is_let_in_and_then_the_most_cases() {
    let of = |id: &str, kind: Kind, after: &str| {
        let change = expected(id, CLIENT).for_reason("no-key", "401 A", after);
        change.kind(kind)
    };
    let found = sentences(&[
        of("a/1", Kind::Reshaped, "403 R"),
        of("b/1", Kind::Opened, "404 ONE"),
        of("c/1", Kind::Opened, "404 TWO"),
        of("c/2", Kind::Opened, "404 TWO"),
        of("d/1", Kind::Opened, "200"),
    ]);
    let after = |sentence: &String| {
        let (_, after) = sentence.split_once(" → ").unwrap();
        after.to_owned()
    };
    let told = [
        "granted (1 case)",
        "refused with 404 TWO (2 cases)",
        "refused with 404 ONE (1 case)",
        "refused with 403 R (1 case)",
    ];
    assert_eq!(found.iter().map(after).collect::<Vec<_>>(), told);
}

#[test]
fn surprises_for_the_same_reasons_are_one_though_their_answers_differ() {
    let of = |id: &str, reason: &str, before: &str| {
        let change = surprise(id, CLIENT).due(reason, "401 A");
        change.seen(before, "500 E")
    };
    let (few, many) = (
        [of("b/1", "no-key", "200")],
        [
            of("a/1", "no-key", "401 A"),
            of("a/2", "unknown-key", "401 A"),
        ],
    );
    let reasons = "if the request carries no credentials, or if nobody has this key";
    let told = [format!(
        "GET /api/client, {reasons}: granted or refused with 401 A → refused with 500 E; \
         new says: refused with 401 A (3 cases)\n      see a/1"
    )];
    assert_eq!(sentences(&[&many[..], &few].concat()), told);
    assert_eq!(sentences(&[&few[..], &many].concat()), told);
    // Refused in two ways is said once.
    let two = [of("a/1", "no-key", "401 A"), of("a/2", "no-key", "403 B")];
    let told = format!(
        "GET /api/client, if the request carries no credentials: \
         refused with 401 A or 403 B → refused with 500 E; \
         new says: refused with 401 A (2 cases)\n      see a/1"
    );
    assert_eq!(sentences(&two), [told]);
}

#[test]
fn surprises_of_other_reasons_kinds_courses_or_silence_are_told_apart() {
    let of = |id: &str, reason: &str, before: &str| {
        let change = surprise(id, CLIENT).due(reason, "401 A");
        change.seen(before, "500 E")
    };
    let one = || of("a/1", "no-key", "401 A");
    let other = || of("a/2", "no-key", "403 B");
    assert_eq!(sentences(&[one(), other()]).len(), 1);
    let late = Change {
        course: Course::DidNotHappen,
        ..other()
    };
    for apart in [
        of("a/2", "unknown-key", "403 B"),
        other().kind(Kind::Opened),
        other().silent(Silence::NothingSaid),
        late,
    ] {
        assert_eq!(sentences(&[one(), apart]).len(), 2);
    }
    let header = |id: &str, reason: &str, value: &str, answer: &str| {
        let change = surprise(id, CLIENT).due(reason, answer);
        let change = change.seen(answer, answer);
        change.differing(["header one", "1", value])
    };
    // What differs in one header is about that header.
    let found = sentences(&[
        header("a/1", "no-key", "2", "401 A"),
        header("a/2", "unknown-key", "2", "404 B"),
    ]);
    let told = [
        "GET /api/client, if the request carries no credentials, or if nobody has this key: \
         refused with 401 A or 404 B; header one: 1 → 2 (2 cases)\n      see a/1",
    ];
    assert_eq!(found, told);
    for apart in [header("a/2", "no-key", "3", "404 B"), other()] {
        assert_eq!(
            sentences(&[header("a/1", "no-key", "2", "401 A"), apart]).len(),
            2
        );
    }
}

#[test]
fn what_did_not_happen_is_told_with_both_contracts() {
    let late = || Change {
        was_due: granted(&[]),
        due: due("no-key", "401 A"),
        ..change(Course::DidNotHappen, "a/1", CLIENT).seen("200", "200")
    };
    let still = "GET /api/client, if the request carries no credentials: still granted; new says: refused with 401 A";
    let told = [format!(
        "{still}; old said: granted (1 case)\n      see a/1"
    )];
    assert_eq!(sentences(&[late()]), told);
    // Of one contract there is no other to tell of, and what happened is told by the new one alone.
    let found = teller("new").sentences([late()].iter());
    assert_eq!(found, [format!("{still} (1 case)\n      see a/1")]);
    let come = Change {
        course: Course::NotExpected,
        ..late().seen("200", "403 B")
    };
    let told = [
        "GET /api/client, if the request carries no credentials: granted → refused with 403 B; \
         new says: refused with 401 A (1 case)\n      see a/1",
    ];
    assert_eq!(sentences(&[come]), told);
    let header = change(Course::DidNotHappen, "a/1", CLIENT)
        .due("no-key", "401 A")
        .seen("401 A", "401 A")
        .differing(["header one", "1", "2"]);
    let told = [
        "GET /api/client, if the request carries no credentials: still refused with 401 A; \
         header one: 2, not 1; old said: refused with 401 A (1 case)\n      see a/1",
    ];
    assert_eq!(sentences(&[header]), told);
}

#[test]
fn answers_of_one_status_are_told_by_what_else_differs() {
    let bare = || {
        surprise("a/1", CLIENT)
            .due("no-key", "401 A")
            .differing(["/errors/0/detail", "a", "b"])
            .differing(["header one", "1", "2"])
            .differing(["/errors/0/status", "a", "b"])
    };
    let many = bare()
        .seen("401 A", "401 A")
        .differing(["header two", "2", "3"])
        .differing(["header three", "3", "4"])
        .differing(["header four", "4", "5"]);
    let place = "GET /api/client, if the request carries no credentials";
    let told = format!(
        "{place}: refused with 401 A; header one: 1 → 2; header two: 2 → 3; header three: 3 → 4 \
         (1 case)\n      see a/1"
    );
    assert_eq!(sentences(&[many]), [told]);
    let new = bare().seen("", "401 A").silent(Silence::NothingSaid);
    let told = format!(
        "{place}: refused with 401 A; header one: 1 → 2; old says nothing of it (1 case)\n      see a/1"
    );
    assert_eq!(sentences(&[new]), [told]);
    // Where another status came, or had come, all else follows from that.
    for (before, after, what) in [
        ("401 A", "403 B", "refused with 401 A → refused with 403 B"),
        ("403 B", "401 A", "refused with 403 B → refused with 401 A"),
        ("403 B", "403 B", "refused with 403 B"),
    ] {
        let told = format!("{place}: {what}; new says: refused with 401 A (1 case)\n      see a/1");
        assert_eq!(sentences(&[bare().seen(before, after)]), [told]);
    }
    // Any status is as good as another where none is due.
    let any = |change: Change| Change {
        due: stated(&[]),
        ..change
    };
    let told = format!("{place}: refused with 403 B; header one: 1 → 2 (1 case)\n      see a/1");
    assert_eq!(sentences(&[any(bare().seen("403 B", "403 B"))]), [told]);
    let told = format!(
        "{place}: refused with 401 A → refused with 403 B; new says: any status (1 case)\n      see a/1"
    );
    assert_eq!(sentences(&[any(bare().seen("401 A", "403 B"))]), [told]);
}

#[test]
fn a_code_that_is_gone_is_told() {
    let of = |before: &str, after: &str| {
        sentences(&[expected("a/1", CLIENT).for_reason("no-key", before, after)])
    };
    let place = "On the Client API, if the request carries no credentials: refused with";
    let told = format!("{place} 401 A → refused with 401 without a code (1 case)");
    assert_eq!(of("401 A", "401"), [told]);
    let told = format!("{place} 401 A → refused with 403 (1 case)");
    assert_eq!(of("401 A", "403"), [told]);
    let told = format!("{place} 401 → refused with 401 A (1 case)");
    assert_eq!(of("401", "401 A"), [told]);
}

#[test]
fn the_reasons_are_those_of_both_contracts() {
    let of = |change: Change| teller("old").reason(&change);
    let bare = || expected("a/1", CLIENT);
    let two = Change {
        was_due: due("missing:server", "404 A"),
        due: due("unknown-key", "401 B"),
        ..bare()
    };
    let told = "if an id in the path names nothing, and nobody has this key";
    assert_eq!(of(two), told);
    // One thing missing is as good as another.
    let missing = Change {
        was_due: due("missing:server", "404 A"),
        due: due("missing:user", "404 A"),
        ..bare()
    };
    assert_eq!(of(missing), "if an id in the path names nothing");
    // What one contract lets pass is told by it only where the other one is silent.
    let spelled = "if a good key is spelled in a way that the page does not show";
    let passed = || bare().due("odd-spelling", "200");
    assert_eq!(of(passed()), "if nothing stands in the way");
    assert_eq!(of(passed().silent(Silence::NothingSaid)), spelled);
    let closed = Change {
        due: due("no-key", "401 A"),
        ..passed()
    };
    assert_eq!(of(closed), "if the request carries no credentials");
    // Without a reason the case tells.
    let title = "“A request without a key is refused”";
    let free = || Change {
        due: granted(&[ResolutionStep::NothingLeft]),
        ..bare()
    };
    assert_eq!(of(free()), "if nothing stands in the way");
    assert_eq!(of(free().silent(Silence::NothingSaid)), title);
    assert_eq!(of(bare()), title);
}

#[test]
fn what_one_contract_says_nothing_of_is_told_so() {
    let new = expected("a/1", CLIENT).due("expired-key", "401 A");
    let told = "On the Client API, if the key was valid once: refused with 401 A, as new newly says; \
                it was not asked before (1 case)";
    let new = new.seen("", "401 A").silent(Silence::NothingSaid);
    assert_eq!(sentences(&[new]), [told]);
    let broken = |silence: Silence| {
        let change = surprise("a/1", CLIENT).due("expired-key", "401 A");
        change.seen("", "200").silent(silence)
    };
    let place = "GET /api/client, if the key was valid once: granted; new says: refused with 401 A";
    for (silence, told) in [
        (Silence::NothingSaid, "old says nothing of it"),
        (Silence::NoRoute, "old has no such route"),
    ] {
        let told = format!("{place}; {told} (1 case)\n      see a/1");
        assert_eq!(sentences(&[broken(silence)]), [told]);
    }
    let gone = |after: &str, silence: Silence| {
        let change = change(Course::NoLongerStated, "a/1", CLIENT);
        let change = change.due("expired-key", "401 A").seen("401 A", after);
        sentences(&[change.silent(silence)])
    };
    let place = "On the Client API, if the key was valid once: refused with 401 A";
    let told = format!("{place}; new says nothing of it, and it was not asked (1 case)");
    assert_eq!(gone("", Silence::NothingSaid), [told]);
    let told = format!("{place} → granted; new says nothing of it (1 case)");
    assert_eq!(gone("200", Silence::NothingSaid), [told.clone()]);
    assert_eq!(gone("200", Silence::NoRoute), [told]);
}

#[test]
fn routes_that_come_or_go_are_named_together() {
    let of = |course: Course, number: usize, before: &str, after: &str| {
        let endpoint = format!("GET /api/client/{number}");
        let change = change(course, &format!("a/{number}"), &endpoint);
        let change = change.due("no-key", "401 A").seen(before, after);
        change.silent(Silence::NoRoute)
    };
    let gone: Vec<_> = (1..=2)
        .map(|n| of(Course::NoLongerStated, n, &format!("40{n} A"), ""))
        .collect();
    let told = "Gone in new: `GET /api/client/1`, `GET /api/client/2` (2 cases)";
    assert_eq!(sentences(&gone), [told]);
    let come: Vec<_> = (1..=9)
        .map(|n| of(Course::Expected, n, "", &format!("40{n} A")))
        .collect();
    let named = |numbers: std::ops::RangeInclusive<usize>| {
        let named = numbers.map(|n| format!("`GET /api/client/{n}`"));
        named.collect::<Vec<_>>().join(", ")
    };
    let told = "New in new, and answered as it says:";
    let eight = format!("{told} {} (8 cases)", named(1..=8));
    assert_eq!(sentences(&come[..8]), [eight]);
    let nine = format!("{told} {} and 1 more (9 cases)", named(1..=8));
    assert_eq!(sentences(&come), [nine]);
    // What else has changed there is no route.
    let changed = expected("b/1", CLIENT).for_reason("no-key", "401 A", "403 B");
    let found = sentences(&[changed, of(Course::Expected, 1, "", "403 B")]);
    let told = [
        "On the Client API, if the request carries no credentials: refused with 401 A → refused with 403 B (1 case)",
        "New in new, and answered as it says: `GET /api/client/1` (1 case)",
    ];
    assert_eq!(found, told);
}

#[test]
fn words_that_have_become_others_are_told_with_how_often() {
    let told = |changes: &[Change]| teller("old").wordings(changes.iter());
    let of = |course: Course, id: &str| change(course, id, CLIENT);
    let no_key = "If the request carries no credentials";
    // What both contracts say is told by them; else, and where it was not to be, the answers tell.
    let stated = |course: Course| {
        let change = of(course, "a/1").for_reason("no-key", "401 A: old", "401 A: new");
        change.seen("401 A: was", "401 A: is")
    };
    let found = told(&[stated(Course::Expected)]);
    assert_eq!(found, [format!("{no_key}: “old” → “new” (1 case)")]);
    let found = told(&[stated(Course::NotExpected)]);
    assert_eq!(found, [format!("{no_key}: “was” → “is” (1 case, see a/1)")]);
    let same = of(Course::Expected, "a/1")
        .due("no-key", "401 A: same")
        .seen("401 A: was", "401 A: is");
    let found = told(&[same]);
    assert_eq!(found, [format!("{no_key}: “was” → “is” (1 case)")]);
    let nothing = of(Course::Expected, "a/1")
        .due("no-key", "401 A: same")
        .seen("401 A: is", "401 A: is");
    assert_eq!(told(&[nothing]), [format!("{no_key} (1 case)")]);
}

#[test]
fn of_many_wordings_the_most_frequent_are_told() {
    let of = |word: usize, times: usize| {
        (0..times).map(move |time| {
            let change = expected(&format!("a/{word}-{time}"), CLIENT).due("no-key", "401 A");
            change.seen("401 A: was", &format!("401 A: {word}"))
        })
    };
    let told = |last: usize| {
        let changes: Vec<_> = (1..=last).flat_map(|word| of(word, word)).collect();
        teller("old").wordings(changes.iter())
    };
    let line = |word: usize, cases: &str| {
        format!("If the request carries no credentials: “was” → “{word}” ({cases})")
    };
    let eight = told(8);
    assert_eq!(eight.len(), 8, "{eight:?}");
    assert_eq!(eight[0], line(8, "8 cases"));
    assert_eq!(eight[7], line(1, "1 case"));
    let ten = told(10);
    assert_eq!(ten[7], line(3, "3 cases"));
    assert_eq!(ten[8..], ["and 2 others"]);
}
