//! A page by which a panel is accepted or not: every clause, what it came to, and what a person has
//! still to look at.

use std::fmt::Write;

use super::again::{Cases, command, given_with};
use super::counted::counted;
use super::exit;
use super::markdown::of_not_begun;
use super::results::{RequirementResult, Results};
use crate::spec::Level;
use crate::verdict::Standing;

/// What is said of a clause, and of the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Accepted,
    NotAccepted,
    Partial,
    NotTested,
}

impl Said {
    fn text(self) -> &'static str {
        match self {
            Self::Accepted => "ACCEPTED",
            Self::NotAccepted => "NOT ACCEPTED",
            Self::Partial => "PARTIAL",
            Self::NotTested => "NOT TESTED",
        }
    }
}

/// The results as a page of Markdown. It holds no identifiers: roles by name, clauses by id.
#[must_use]
pub fn acceptance(results: &Results) -> String {
    let mut text = format!(
        "# {}\n\n{} against {}: {}\n\n",
        whole(results).text(),
        results.target.name,
        results.profile.name,
        results.profile.title
    );
    text += &what_is_lacking(results);
    text += "| clause | level | result | cases | what it says |\n|---|---|---|---|---|\n";
    for requirement in &results.requirements {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            requirement.id,
            requirement.level,
            said_of(requirement).text(),
            counts(requirement),
            requirement.text.replace('|', "\\|")
        );
    }
    let why = if results.complete {
        "none was chosen"
    } else {
        "none was run"
    };
    for id in &results.not_tested.not_chosen {
        let _ = writeln!(text, "| {id} | MUST | NOT TESTED | {why} | |");
    }
    text += &by_a_person(results);
    text + &made_by(results)
}

/// Why a page cannot speak of the whole contract, if it cannot.
fn what_is_lacking(results: &Results) -> String {
    let mut text = String::new();
    if !results.complete {
        let _ = writeln!(text, "{}\n", results.outcome);
        if let Some(not_begun) = &results.not_begun {
            text += &of_not_begun(not_begun);
            text += "\n";
        }
    } else if let Some(why) = &results.stopped {
        let _ = writeln!(text, "The run has ended early: {why}\n");
    }
    let chosen = results.planned;
    match results.specified {
        Some(all) if chosen < all => {
            let _ = writeln!(text, "{chosen} of {all} cases were chosen.\n");
        }
        Some(_) => {}
        None => {
            let chosen = counted(chosen, "case");
            let _ = writeln!(
                text,
                "Chosen: {chosen}; of how many is not known, for not every suite was read.\n"
            );
        }
    }
    text
}

/// What is said of the whole: a clause that was not tested is not accepted, and neither is the whole.
fn whole(results: &Results) -> Said {
    let must = || {
        results
            .requirements
            .iter()
            .filter(|r| r.level == Level::Must)
    };
    let has = |said: Said| must().any(|requirement| said_of(requirement) == said);
    let is_whole = results.complete
        && results.not_tested.not_chosen.is_empty()
        && results.specified.is_some_and(|all| results.planned >= all);
    if matches!(results.exit_code, exit::FAILED | exit::USAGE) || has(Said::NotAccepted) {
        Said::NotAccepted
    } else if !has(Said::Accepted) && !has(Said::Partial) {
        Said::NotTested
    } else if !is_whole
        || results.exit_code != exit::OK
        || has(Said::Partial)
        || has(Said::NotTested)
    {
        Said::Partial
    } else {
        Said::Accepted
    }
}

/// A clause is accepted only if every case that the specification has of it was run and tells
/// nothing against it.
fn said_of(requirement: &RequirementResult) -> Said {
    let count = |standing: Standing| requirement.standings.get(&standing).copied().unwrap_or(0);
    let undecided = [
        Standing::Unjudged,
        Standing::Missing,
        Standing::NotAgreed,
        Standing::Waived,
    ];
    let is_undecided = undecided.iter().any(|standing| count(*standing) > 0);
    let is_advised = requirement.level == Level::Should && count(Standing::Advice) > 0;
    let decided: usize = requirement.standings.values().sum();
    let is_whole = requirement.specified.is_some_and(|all| decided >= all);
    let was_tested =
        count(Standing::Passed) + count(Standing::Advice) + count(Standing::Waived) > 0;
    if count(Standing::Failed) + count(Standing::Broken) > 0 {
        Said::NotAccepted
    } else if !was_tested {
        Said::NotTested
    } else if is_whole && !is_undecided && !is_advised && count(Standing::Passed) > 0 {
        Said::Accepted
    } else {
        Said::Partial
    }
}

fn counts(requirement: &RequirementResult) -> String {
    let told: Vec<_> = requirement
        .standings
        .iter()
        .map(|(standing, count)| format!("{count} {standing}"))
        .collect();
    let told = told.join(", ");
    let decided: usize = requirement.standings.values().sum();
    match requirement.specified {
        Some(all) if decided < all => format!("{told} ({decided} of {all})"),
        _ => told,
    }
}

/// The clauses that the API cannot show, to be ticked off.
fn by_a_person(results: &Results) -> String {
    let clauses = &results.not_tested.by_a_person;
    if clauses.is_empty() {
        return String::new();
    }
    let mut text = String::from("\n## To be looked at by a person\n\n");
    for clause in clauses {
        let _ = writeln!(text, "- [ ] {}: {}", clause.id, clause.reason);
    }
    text
}

/// What made this page, and how it is made again.
fn made_by(results: &Results) -> String {
    let mut text = String::from("\n## How this was found\n\n");
    let roles = match &results.roles[..] {
        [] => "none".to_owned(),
        roles => roles.join(", "),
    };
    let count = counted(results.cases.len(), "case");
    let _ = writeln!(text, "- {count} on {}", results.started);
    let _ = writeln!(text, "- roles: {roles}");
    let _ = writeln!(text, "- {} {}", results.tool.name, results.tool.version);
    let _ = writeln!(text, "- contract: SHA-256 {}", results.contract_sha256);
    let _ = writeln!(text, "- profile: SHA-256 {}", results.profile.sha256);
    for suite in &results.suites {
        let _ = writeln!(text, "- {}: SHA-256 {}", suite.file, suite.sha256);
    }
    let command = command(results, &Cases::Chosen);
    let _ = write!(text, "\n```sh\n{command} --report acceptance=FILE\n```\n");
    text + &given_with(results, &results.roles)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::results::ByAPerson;
    use crate::report::sample::{self, CLAUSE};

    fn of(level: Level, standings: &[(Standing, usize)]) -> Said {
        let decided = standings.iter().map(|(_, count)| count).sum();
        of_all(level, standings, Some(decided))
    }

    /// Of a clause of which the specification has so many cases.
    fn of_all(level: Level, standings: &[(Standing, usize)], specified: Option<usize>) -> Said {
        said_of(&RequirementResult {
            id: "X".into(),
            level,
            text: String::new(),
            source: String::new(),
            outcome: String::new(),
            specified,
            standings: standings.iter().copied().collect(),
        })
    }

    #[test]
    fn what_was_skipped_is_never_accepted() {
        use Standing::{Failed, Missing, NotAgreed, NotApplicable, Passed, Unjudged, Waived};
        let must = |standings: &[(Standing, usize)]| of(Level::Must, standings);
        assert_eq!(must(&[(Passed, 1)]), Said::Accepted);
        assert_eq!(must(&[(Passed, 1), (NotApplicable, 9)]), Said::Accepted);
        assert_eq!(must(&[(NotApplicable, 9)]), Said::NotTested);
        assert_eq!(must(&[(Missing, 1), (NotAgreed, 1)]), Said::NotTested);
        for standing in [Missing, NotAgreed, Unjudged, Waived] {
            assert_eq!(must(&[(Passed, 9), (standing, 1)]), Said::Partial);
        }
        assert_eq!(must(&[(Passed, 9), (Failed, 1)]), Said::NotAccepted);
        assert_eq!(must(&[]), Said::NotTested);
    }

    #[test]
    fn what_was_not_chosen_or_not_reached_is_never_accepted() {
        use Standing::{Advice, Failed, NotApplicable, Passed};
        let must = |standings: &[(Standing, usize)], all| of_all(Level::Must, standings, all);
        assert_eq!(must(&[(Passed, 18)], Some(18)), Said::Accepted);
        assert_eq!(must(&[(Passed, 18)], Some(550)), Said::Partial);
        assert_eq!(must(&[(Passed, 18)], None), Said::Partial);
        let some = [(Passed, 1), (NotApplicable, 353)];
        assert_eq!(must(&some, Some(354)), Said::Accepted);
        assert_eq!(must(&some, Some(355)), Said::Partial);
        let failed = [(Passed, 1), (Failed, 1)];
        assert_eq!(must(&failed, Some(9)), Said::NotAccepted);
        assert_eq!(must(&[(NotApplicable, 1)], Some(9)), Said::NotTested);
        assert_eq!(must(&[(Advice, 4)], Some(4)), Said::Partial);
    }

    #[test]
    fn what_was_tested_is_more_than_what_passed() {
        use Standing::{Advice, Broken, Passed, Waived};
        let should = |standings: &[(Standing, usize)]| of(Level::Should, standings);
        assert_eq!(should(&[(Passed, 2)]), Said::Accepted);
        assert_eq!(should(&[(Passed, 2), (Advice, 1)]), Said::Partial);
        let must = |standings: &[(Standing, usize)]| of(Level::Must, standings);
        assert_eq!(must(&[(Passed, 2), (Advice, 1)]), Said::Accepted);
        assert_eq!(must(&[(Waived, 1)]), Said::Partial);
        assert_eq!(must(&[(Passed, 2), (Broken, 1)]), Said::NotAccepted);
    }

    /// Two cases that passed, of the only ones that there are.
    fn passed() -> Results {
        let case = |id| sample::case(id, Standing::Passed);
        sample::results(vec![case("a/b/one"), case("a/b/two")])
    }

    #[test]
    fn the_whole_is_accepted_only_if_nothing_at_all_is_left() {
        assert_eq!(whole(&passed()), Said::Accepted);
        let changed = |change: fn(&mut Results)| {
            let mut results = passed();
            change(&mut results);
            whole(&results)
        };
        let partial: [fn(&mut Results); 6] = [
            |results| results.complete = false,
            |results| results.not_tested.not_chosen = vec!["R-2".to_owned()],
            |results| results.specified = Some(3),
            |results| results.specified = None,
            |results| results.exit_code = exit::UNDECIDED,
            |results| results.requirements[0].specified = Some(3),
        ];
        for (number, change) in partial.into_iter().enumerate() {
            assert_eq!(changed(change), Said::Partial, "change {number}");
        }
        let with = |results: &mut Results, level, standing| {
            let mut another = results.requirements[0].clone();
            another.level = level;
            another.standings = [(standing, 1)].into();
            results.requirements.push(another);
        };
        let mut untested = passed();
        with(&mut untested, Level::Must, Standing::Missing);
        assert_eq!(whole(&untested), Said::Partial);
        let mut advised = passed();
        with(&mut advised, Level::Should, Standing::Failed);
        assert_eq!(whole(&advised), Said::Accepted);
        let mut failed = passed();
        with(&mut failed, Level::Must, Standing::Failed);
        assert_eq!(whole(&failed), Said::NotAccepted);
        for code in [exit::FAILED, exit::USAGE] {
            let mut results = passed();
            results.exit_code = code;
            assert_eq!(whole(&results), Said::NotAccepted);
        }
        let mut nothing = passed();
        nothing.requirements[0].standings = [(Standing::Missing, 2)].into();
        assert_eq!(whole(&nothing), Said::NotTested);
    }

    #[test]
    fn a_clause_says_of_how_many_cases_it_speaks_where_there_are_more() {
        let of = |specified| {
            let mut results = passed();
            results.requirements[0].specified = specified;
            counts(&results.requirements[0])
        };
        assert_eq!(of(Some(2)), "2 passed");
        assert_eq!(of(None), "2 passed");
        assert_eq!(of(Some(5)), "2 passed (2 of 5)");
    }

    #[test]
    fn a_page_says_what_it_does_not_speak_of() {
        assert_eq!(what_is_lacking(&passed()), "");
        let mut results = passed();
        results.specified = Some(5);
        assert_eq!(what_is_lacking(&results), "2 of 5 cases were chosen.\n\n");
        results.specified = None;
        let told = "Chosen: 2 cases; of how many is not known, for not every suite was read.\n\n";
        assert_eq!(what_is_lacking(&results), told);
        results.stopped = Some("the panel is gone".to_owned());
        let stopped = "The run has ended early: the panel is gone\n\n";
        assert_eq!(what_is_lacking(&results), format!("{stopped}{told}"));
        results.complete = false;
        results.outcome = "INCOMPLETE: x".to_owned();
        assert_eq!(
            what_is_lacking(&results),
            format!("INCOMPLETE: x\n\n{told}")
        );
    }

    #[test]
    fn a_page_has_every_clause_and_how_it_is_made_again() {
        let mut results = passed();
        results.not_tested.not_chosen = vec!["R-2".to_owned()];
        results.not_tested.by_a_person = vec![ByAPerson {
            id: "R-3".to_owned(),
            reason: "it is on paper".to_owned(),
        }];
        let page = acceptance(&results);
        let wanted = format!(
            "# PARTIAL

a panel against documented: the page

| clause | level | result | cases | what it says |
|---|---|---|---|---|
| {CLAUSE} | MUST | ACCEPTED | 2 passed | A key is asked for \\| always |
| R-2 | MUST | NOT TESTED | none was chosen | |

## To be looked at by a person

- [ ] R-3: it is on paper

## How this was found

- 2 cases on 2024-01-01T00:00:00Z
- roles: client
- harness 1.2.3
- contract: SHA-256 bb
- profile: SHA-256 aa

```sh
harness run https://panel.example.com --profile documented --report acceptance=FILE
```

with keys for: client
"
        );
        assert_eq!(page, wanted);
    }
}
