//! What has changed between two recordings, in sentences, what nobody expected first.

use super::comparison::section;
use super::sentence::Teller;
use super::summary::counted;
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
