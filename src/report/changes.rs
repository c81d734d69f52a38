//! What has changed between two recordings, in sentences, what nobody expected first.

use super::comparison::section;
use super::counted::counted;
use super::sentence::Teller;
use crate::run::{CaseResult, Changes, Course, is_spent_by_others};
use crate::spec::Contract;
use crate::verdict::{Policy, Standing};

/// How many reasons for not comparing are told.
const MOST_REASONS: usize = 12;

/// The headings, in order.
const COURSES: [(Course, &str); 5] = [
    (Course::NotExpected, "not expected"),
    (Course::DidNotHappen, "expected, but did not happen"),
    (Course::Expected, "expected"),
    (
        Course::AgainstGoodPractice,
        "expected by the contract, though good practice is another",
    ),
    (
        Course::NoLongerStated,
        "no longer stated, and so not judged",
    ),
];

/// Tells changes; `from` and `to` are the profiles.
#[must_use]
pub fn tell_changes(contract: &Contract, changes: &Changes, from: &str, to: &str) -> String {
    let teller = Teller { contract, from, to };
    let mut text = String::new();
    for (course, heading) in COURSES {
        text += &section(heading, &teller.sentences(changes.of(course, false)));
    }
    text += &reworded(&teller, changes);
    text += &not_compared(changes);
    text + &format!("\n{}\n", outcome(changes))
}

/// Tells what an edge makes of a panel's answers, and what the panel deviates in by itself.
#[must_use]
pub fn edge_and_panel(
    contract: &Contract,
    changes: &Changes,
    of_panel: &[CaseResult],
    policy: &Policy,
) -> String {
    let teller = Teller {
        contract,
        from: "the panel",
        to: "the contract",
    };
    let of = |course| changes.of(course, false);
    let mut text = section(
        "made by the edge",
        &teller.sentences(of(Course::NotExpected)),
    );
    text += &section(
        "mended by the edge",
        &teller.sentences(of(Course::Expected)),
    );
    text += &reworded(&teller, changes);
    text += &not_compared(changes);
    let failed = |result: &&CaseResult| {
        result.standing(policy) == Standing::Failed && !is_spent_by_others(result)
    };
    text + &format!(
        "\nmade by the edge: {} · made by the panel: {}\n",
        of(Course::NotExpected).count(),
        of_panel.iter().filter(failed).count()
    )
}

/// What it came to, in one line.
fn outcome(changes: &Changes) -> String {
    let of = |course| changes.of(course, false).count();
    let expected = of(Course::Expected) + of(Course::AgainstGoodPractice);
    let reworded = COURSES.map(|(course, _)| changes.of(course, true).count());
    let words = [
        (of(Course::NotExpected), "not expected"),
        (of(Course::DidNotHappen), "expected, but not there"),
        (expected, "expected"),
        (reworded.iter().sum(), "in other words"),
        (of(Course::NoLongerStated), "no longer stated"),
    ];
    let told: Vec<_> = words
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{number} {what}"))
        .collect();
    let compared = counted(changes.compared, "case");
    if told.is_empty() {
        format!("NOTHING CHANGED in {compared}")
    } else if of(Course::NotExpected) > 0 {
        format!("CHANGED: of {compared}, {}", told.join(", "))
    } else if of(Course::DidNotHappen) > 0 {
        format!("NOT ALL AS EXPECTED: of {compared}, {}", told.join(", "))
    } else {
        format!("AS EXPECTED: of {compared}, {}", told.join(", "))
    }
}

/// How many answers have other words, and which.
fn reworded(teller: &Teller<'_>, changes: &Changes) -> String {
    let mut told = Vec::new();
    for (course, heading) in COURSES {
        let number = changes.of(course, true).count();
        if number > 0 {
            let cases = counted(number, "case");
            told.push(format!("{cases} in other words: {heading}"));
            let wordings = teller.wordings(changes.of(course, true));
            told.extend(wordings.into_iter().map(|wording| format!("  {wording}")));
        }
    }
    section("reworded", &told)
}

fn not_compared(changes: &Changes) -> String {
    let mut reasons: Vec<_> = changes.not_compared.iter().collect();
    reasons.sort_by_key(|(_, number)| std::cmp::Reverse(**number));
    let mut told: Vec<_> = reasons
        .iter()
        .take(MOST_REASONS)
        .map(|(why, number)| format!("{}: {why}", counted(**number, "case")))
        .collect();
    let others: usize = reasons.iter().skip(MOST_REASONS).map(|(_, n)| **n).sum();
    if others > 0 {
        told.push(format!("{} for other reasons", counted(others, "case")));
    }
    if changes.in_neither > 0 {
        let cases = counted(changes.in_neither, "case");
        told.push(format!("{cases}: asked in neither"));
    }
    section("not compared", &told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::made_up::{SPECS, change, counting};
    use crate::run::Change;
    use crate::verdict::Kind;

    fn told(changes: Vec<Change>) -> String {
        let changes = Changes {
            compared: 9,
            changes,
            ..Changes::default()
        };
        tell_changes(&SPECS.contract, &changes, "old", "new")
    }

    fn of(course: Course, id: &str) -> Change {
        change(course, id, "GET /api/client").for_reason("no-key", "401 A: one", "403 B: two")
    }

    fn reworded(course: Course, id: &str) -> Change {
        of(course, id).kind(Kind::Reworded)
    }

    #[test]
    fn what_nobody_expected_is_told_first_and_what_it_came_to_last() {
        use Course::{AgainstGoodPractice, DidNotHappen, Expected, NoLongerStated, NotExpected};
        let because = "f the request carries no credentials";
        let place = format!("On the Client API, i{because}");
        let what = "refused with 401 A → refused with 403 B";
        let found = told(vec![
            reworded(Expected, "a/1"),
            of(NoLongerStated, "b/1"),
            of(Expected, "b/2"),
            of(AgainstGoodPractice, "b/3"),
            of(AgainstGoodPractice, "b/4"),
            of(NotExpected, "b/5"),
            of(DidNotHappen, "b/6"),
            reworded(Expected, "a/2"),
            reworded(NotExpected, "a/3"),
        ]);
        let says = "new says: refused with 403 B";
        let all = format!(
            "
not expected
  GET /api/client, i{because}: {what}; {says} (1 case)
      see b/5

expected, but did not happen
  GET /api/client, i{because}: still refused with 403 B; {says}; old said: refused with 401 A (1 case)
      see b/6

expected
  {place}: {what} (1 case)

expected by the contract, though good practice is another
  {place}: {what} (2 cases)

no longer stated, and so not judged
  {place}: {what}; new says nothing of it (1 case)

reworded
  1 case in other words: not expected
    I{because}: “one” → “two” (1 case, see a/3)
  2 cases in other words: expected
    I{because}: “one” → “two” (2 cases)

CHANGED: of 9 cases, 1 not expected, 1 expected, but not there, 3 expected, 3 in other words, 1 no longer stated
"
        );
        assert_eq!(found, all);
    }

    #[test]
    fn the_last_line_says_whether_all_is_as_expected() {
        let last = |changes: Vec<Change>| {
            let found = told(changes);
            found.lines().last().unwrap_or_default().to_owned()
        };
        assert_eq!(told(Vec::new()), "\nNOTHING CHANGED in 9 cases\n");
        for (course, words) in [
            (Course::Expected, "AS EXPECTED: of 9 cases, 1 expected"),
            (
                Course::NoLongerStated,
                "AS EXPECTED: of 9 cases, 1 no longer stated",
            ),
            (
                Course::DidNotHappen,
                "NOT ALL AS EXPECTED: of 9 cases, 1 expected, but not there",
            ),
            (Course::NotExpected, "CHANGED: of 9 cases, 1 not expected"),
        ] {
            assert_eq!(last(vec![of(course, "a/1")]), words);
        }
        let words = "AS EXPECTED: of 9 cases, 1 in other words";
        assert_eq!(last(vec![reworded(Course::NotExpected, "a/1")]), words);
    }

    #[test]
    fn what_was_asked_in_neither_is_told_where_there_is_some() {
        let told = |in_neither| {
            not_compared(&Changes {
                in_neither,
                ..Changes::default()
            })
        };
        assert_eq!(told(0), "");
        assert_eq!(told(2), "\nnot compared\n  2 cases: asked in neither\n");
    }

    #[test]
    fn what_the_edge_makes_is_told_apart_from_what_the_panel_does() {
        let changes = Changes {
            changes: vec![
                of(Course::NotExpected, "a/1"),
                of(Course::Expected, "a/2"),
                of(Course::Expected, "a/3"),
            ],
            ..Changes::default()
        };
        // Where others have spent the limit, its counts say nothing of the panel.
        let of_panel = [
            counting("b/1", "\"0\""),
            counting("b/2", "\"5\""),
            counting("b/3", "\"4\""),
        ];
        let policy = Policy::default();
        let found = edge_and_panel(&SPECS.contract, &changes, &of_panel, &policy);
        let because =
            "f the request carries no credentials: refused with 401 A → refused with 403 B";
        let told = format!(
            "
made by the edge
  GET /api/client, i{because}; the contract says: refused with 403 B (1 case)
      see a/1

mended by the edge
  On the Client API, i{because} (2 cases)

made by the edge: 1 · made by the panel: 2
"
        );
        assert_eq!(found, told);
    }

    #[test]
    fn the_rarest_reasons_are_counted_together() {
        let reasons = |number: usize| Changes {
            not_compared: (1..=number)
                .map(|n| (format!("reason {n:02}"), n))
                .collect(),
            ..Changes::default()
        };
        let told = not_compared(&reasons(MOST_REASONS));
        assert!(told.contains("1 case: reason 01"), "{told}");
        assert!(!told.contains("other reasons"), "{told}");
        let told = not_compared(&reasons(MOST_REASONS + 2));
        assert!(told.contains("3 cases: reason 03"), "{told}");
        assert!(!told.contains("reason 02"), "{told}");
        assert!(told.contains("3 cases for other reasons"), "{told}");
    }
}
