//! The summary of a run: kinds, standings, requirements, what was not tested and why.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::counted::counted;
use super::exit;
use super::results::Results;
use crate::layout::paragraph_within;
use crate::spec::{Level, Origin};
use crate::verdict::{Kind, Standing};

/// The exit code of a run: 2 before 1 before 3 before 0, which only a whole run has.
#[must_use]
pub fn exit_code(standings: &BTreeMap<Standing, usize>, partial: bool, is_whole: bool) -> u8 {
    let has = |standing: Standing| standings.get(&standing).is_some_and(|count| *count > 0);
    if has(Standing::Broken) {
        exit::USAGE
    } else if has(Standing::Failed) {
        exit::FAILED
    } else if !is_whole || has(Standing::Unjudged) || (has(Standing::Missing) && !partial) {
        exit::UNDECIDED
    } else if has(Standing::Passed) || has(Standing::Advice) || has(Standing::Waived) {
        exit::OK
    } else {
        // What was never asked is no pass.
        exit::UNDECIDED
    }
}

/// The summary as text, in lines of `width` characters; its first and its last line name the
/// target and the profile.
#[must_use]
pub fn summary(results: &Results, width: usize) -> String {
    let title = results.title();
    let fitted = |line: &str| paragraph_within(width, "", line);
    let mut text = format!("{title}\n");
    text += &fitted(&results.kinds());
    text += &fitted(&results.standings());
    text += &requirements(results);
    text += &not_tested(results, width);
    let reach = results.reach;
    text += "\n";
    text += &fitted(&format!(
        "conforming, as distinct (method, route, role): {} (Client API {}, Application API {})",
        reach.client + reach.application,
        reach.client,
        reach.application
    ));
    let checks = results.checks_reached.iter();
    let each: Vec<_> = checks
        .map(|reached| {
            format!(
                "{} on {} of {} routes",
                reached.check, reached.routes, reached.of
            )
        })
        .collect();
    text += &fitted(&format!(
        "checks reached at ids that exist: {}",
        each.join(", ")
    ));
    text += &rather(results);
    let _ = write!(text, "\n{}", fitted(&results.outcome));
    text + &format!("{title}\n")
}

fn requirements(results: &Results) -> String {
    if results.requirements.is_empty() {
        return String::new();
    }
    let mut text = String::from("\nby requirement\n");
    let ids = results.requirements.iter().map(|r| r.id.chars().count());
    let widest = ids.max().unwrap_or_default();
    for requirement in &results.requirements {
        let (level, outcome) = (requirement.level.to_string(), &requirement.outcome);
        let detail = Standing::ALL
            .iter()
            .filter_map(|s| Some(format!("{} {s}", requirement.standings.get(s)?)))
            .collect::<Vec<_>>()
            .join(" · ");
        let id = &requirement.id;
        let _ = writeln!(text, "  {id:<widest$} {level:<6} {outcome:<10} {detail}");
    }
    text
}

fn not_tested(results: &Results, width: usize) -> String {
    let mut text = String::from("\nNOT TESTED\n");
    for skipped in &results.not_tested.skipped {
        let margin = 6_usize.saturating_sub(skipped.count.to_string().len());
        let first = format!("{:margin$}{}: ", "", counted(skipped.count, "case"));
        text += &paragraph_within(width, &first, &skipped.reason);
        if let Some(to_test) = &skipped.to_test {
            text += &paragraph_within(width, "       to test them: ", to_test);
        }
    }
    let manual = results.not_tested.by_a_person.iter();
    let manual: Vec<_> = manual.map(|requirement| requirement.id.as_str()).collect();
    if !manual.is_empty() {
        let list = format!("{} (`list --requirements` says how)", manual.join(", "));
        text += &paragraph_within(width, "       by a person: ", &list);
    }
    text
}

/// That the panel keeps another contract, where it does.
pub(super) fn rather(results: &Results) -> String {
    let Some(rather) = &results.rather else {
        return String::new();
    };
    let how_many = if rather.kept == rather.of {
        "all of them are".to_owned()
    } else {
        format!("{} of the {} that failed are", rather.kept, rather.of)
    };
    format!(
        "\n{how_many} the contract of `{0}`: --profile {0}\n",
        rather.profile
    )
}

/// What a run came to, in one line.
pub(super) fn outcome(results: &Results, missing_roles: &BTreeMap<String, usize>) -> String {
    let failed = results.count(Standing::Failed);
    if let Some(not_begun) = &results.not_begun {
        return format!("NOT BEGUN: {}", not_begun.why);
    }
    if !results.complete {
        let why = match (&results.stopped, results.exit_code) {
            (Some(why), _) => why.as_str(),
            (None, exit::INTERRUPTED) => "interrupted",
            (None, _) => "cases were lost",
        };
        let (decided, planned) = (results.decided(), results.planned);
        // A recording does not say how many there were to be.
        let after = if decided == planned && results.exit_code != exit::INTERRUPTED {
            counted(decided, "case")
        } else {
            format!("{decided} of {planned} cases")
        };
        return format!("INCOMPLETE: {why} after {after}, of which {failed} failed");
    }
    match results.exit_code {
        exit::USAGE if !results.waivers.is_empty() => match &results.waivers[..] {
            [only] => format!("BROKEN: a waiver does not hold: {only}"),
            all => format!("BROKEN: {} do not hold", counted(all.len(), "waiver")),
        },
        exit::USAGE => "BROKEN: the harness could not judge every case".to_owned(),
        exit::FAILED => format!("FAILED: {}", counted(failed, "case")),
        exit::UNDECIDED if results.count(Standing::Unjudged) > 0 => {
            let unjudged = results.count(Standing::Unjudged);
            format!(
                "UNDECIDED: {} got answers that decide nothing",
                counted(unjudged, "case")
            )
        }
        exit::UNDECIDED if results.options.partial || missing_roles.is_empty() => {
            "NOTHING TESTED: every case was skipped, see above".to_owned()
        }
        exit::UNDECIDED => {
            let each = missing_roles
                .iter()
                .map(|(role, count)| format!("{role} ({})", counted(*count, "case")));
            let each = each.collect::<Vec<_>>().join(", ");
            format!("PARTIAL: no key for {each}; --partial agrees to that")
        }
        _ => match opened_unobserved(results) {
            0 => "PASSED".to_owned(),
            opened => format!(
                "PASSED, but {} opened, which no observation says are to be refused: \
                 --trust-source makes them count",
                counted(opened, "case")
            ),
        },
    }
}

/// How many cases of a MUST opened and are advice, because only a source says what is due.
fn opened_unobserved(results: &Results) -> usize {
    let opened = results.cases.iter().filter(|case| {
        case.standing == Standing::Advice
            && case.level == Level::Must
            && case.origin == Origin::Source
            && case.kind == Some(Kind::Opened)
    });
    opened.count()
}

/// What became of a requirement. What was skipped is no pass.
pub(super) fn requirement_outcome(counts: &BTreeMap<Standing, usize>) -> &'static str {
    let has = |standing: Standing| counts.contains_key(&standing);
    if has(Standing::Broken) {
        "broken"
    } else if has(Standing::Failed) {
        "failed"
    } else if has(Standing::Unjudged) {
        "undecided"
    } else if has(Standing::Waived) {
        "waived"
    } else if !has(Standing::Passed) && !has(Standing::Advice) {
        "not tested"
    } else if has(Standing::Missing) || has(Standing::NotAgreed) {
        "partial"
    } else if has(Standing::Advice) {
        "advice"
    } else {
        "passed"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::results::{CheckReached, Rather, SkippedCases};
    use crate::report::sample::{case, results};

    #[test]
    fn exit_codes_by_precedence() {
        use Standing::{
            Advice, Broken, Failed, Missing, NotAgreed, NotApplicable, Passed, Unjudged,
        };
        let of = |standings: &[Standing], partial| {
            exit_code(&standings.iter().map(|s| (*s, 1)).collect(), partial, true)
        };
        assert_eq!(of(&[Passed, Advice, NotAgreed, NotApplicable], false), 0);
        assert_eq!(of(&[Passed, Missing], false), 3);
        assert_eq!(of(&[Passed, Missing], true), 0);
        assert_eq!(of(&[NotAgreed, NotApplicable], false), 3);
        assert_eq!(of(&[Missing], true), 3);
        assert_eq!(of(&[Unjudged], true), 3);
        assert_eq!(of(&[Failed, Unjudged, Missing], false), 1);
        assert_eq!(of(&[Broken, Failed], false), 2);
        let of_part = |standing| exit_code(&[(standing, 1)].into(), false, false);
        assert_eq!(of_part(Passed), 3);
        assert_eq!(of_part(Failed), 1);
    }

    #[test]
    fn a_skipped_requirement_is_no_pass() {
        let word = |standings: &[Standing]| {
            requirement_outcome(&standings.iter().map(|s| (*s, 1)).collect())
        };
        assert_eq!(word(&[Standing::Missing]), "not tested");
        assert_eq!(word(&[Standing::Passed, Standing::Missing]), "partial");
        assert_eq!(word(&[Standing::Passed, Standing::NotApplicable]), "passed");
        assert_eq!(word(&[Standing::Passed, Standing::Failed]), "failed");
    }

    #[test]
    fn what_is_advice_or_waived_was_tested_and_what_no_case_has_does_not_count() {
        let of = |standings: &[(Standing, usize)]| {
            exit_code(&standings.iter().copied().collect(), false, true)
        };
        assert_eq!(of(&[(Standing::Advice, 1)]), exit::OK);
        assert_eq!(of(&[(Standing::Waived, 1)]), exit::OK);
        let none = Standing::ALL.map(|standing| (standing, 0));
        assert_eq!(of(&none), exit::UNDECIDED);
        let passed =
            none.map(|(standing, _)| (standing, usize::from(standing == Standing::Passed)));
        assert_eq!(of(&passed), exit::OK);
    }

    /// What is said of results with one case of each standing.
    fn said(standings: &[Standing], change: impl FnOnce(&mut Results)) -> String {
        let cases = standings.iter().map(|standing| case("a/b/one", *standing));
        let mut results = results(cases.collect());
        change(&mut results);
        outcome(&results, &BTreeMap::new())
    }

    #[test]
    fn a_run_that_was_cut_short_says_after_how_many_cases() {
        use Standing::{Failed, Passed};
        let cut = |planned, exit_code, stopped: Option<&str>| {
            said(&[Passed, Failed], |results| {
                results.complete = false;
                results.planned = planned;
                results.exit_code = exit_code;
                results.stopped = stopped.map(ToOwned::to_owned);
            })
        };
        for (told, wanted) in [
            (
                cut(3, exit::USAGE, None),
                "cases were lost after 2 of 3 cases",
            ),
            (
                cut(2, exit::INTERRUPTED, None),
                "interrupted after 2 of 2 cases",
            ),
            (
                cut(3, exit::INTERRUPTED, None),
                "interrupted after 2 of 3 cases",
            ),
            (
                cut(2, exit::UNDECIDED, Some("it is cut")),
                "it is cut after 2 cases",
            ),
        ] {
            assert_eq!(told, format!("INCOMPLETE: {wanted}, of which 1 failed"));
        }
    }

    #[test]
    fn an_outcome_says_what_decided() {
        use Standing::{Advice, Broken, Failed, Missing, NotAgreed, Passed, Unjudged};
        let waived = |places: &[&str]| {
            said(&[Passed], |results| {
                results.exit_code = exit::USAGE;
                results.waivers = places.iter().map(|place| (*place).to_owned()).collect();
            })
        };
        for (told, wanted) in [
            (said(&[Passed], |_| ()), "PASSED"),
            (said(&[Passed, Advice], |_| ()), "PASSED"),
            (said(&[Passed, Failed], |_| ()), "FAILED: 1 case"),
            (
                said(&[Failed, Broken], |_| ()),
                "BROKEN: the harness could not judge every case",
            ),
            (
                waived(&["w.yaml:3: x"]),
                "BROKEN: a waiver does not hold: w.yaml:3: x",
            ),
            (waived(&["a", "b"]), "BROKEN: 2 waivers do not hold"),
            (
                said(&[Passed, Unjudged], |_| ()),
                "UNDECIDED: 1 case got answers that decide nothing",
            ),
            (
                said(&[NotAgreed], |_| ()),
                "NOTHING TESTED: every case was skipped, see above",
            ),
        ] {
            assert_eq!(told, wanted);
        }
        let lacking = results(vec![case("a/b/one", Passed), case("a/b/two", Missing)]);
        let roles = [("client".to_owned(), 1), ("client-other".to_owned(), 2)];
        assert_eq!(
            outcome(&lacking, &roles.into()),
            "PARTIAL: no key for client (1 case), client-other (2 cases); --partial agrees to that"
        );
    }

    #[test]
    fn what_opened_though_only_a_source_says_it_is_refused_is_told() {
        let opened = |change: fn(&mut crate::report::results::Case)| {
            said(&[Standing::Passed, Standing::Advice], |results| {
                let advice = &mut results.cases[1];
                advice.origin = Origin::Source;
                advice.kind = Some(Kind::Opened);
                change(advice);
            })
        };
        assert_eq!(
            opened(|_| ()),
            "PASSED, but 1 case opened, which no observation says are to be refused: \
             --trust-source makes them count"
        );
        assert_eq!(opened(|case| case.level = Level::Should), "PASSED");
        assert_eq!(opened(|case| case.origin = Origin::Observed), "PASSED");
        assert_eq!(opened(|case| case.kind = Some(Kind::Closed)), "PASSED");
        assert_eq!(opened(|case| case.standing = Standing::Waived), "PASSED");
    }

    #[test]
    fn another_contract_that_is_kept_is_named() {
        let mut results = results(Vec::new());
        assert_eq!(rather(&results), "");
        let mut of = |kept, of| {
            let profile = "pelican".to_owned();
            results.rather = Some(Rather { profile, kept, of });
            rather(&results)
        };
        let contract = "the contract of `pelican`: --profile pelican\n";
        assert_eq!(of(2, 2), format!("\nall of them are {contract}"));
        assert_eq!(of(1, 2), format!("\n1 of the 2 that failed are {contract}"));
    }

    #[test]
    fn a_summary_has_everything_in_short() {
        let cases = [Standing::Passed, Standing::Failed, Standing::NotAgreed];
        let cases = cases.map(|standing| case(&format!("a/b/{standing}"), standing));
        let mut results = results(cases.into());
        results.not_tested.skipped = vec![SkippedCases {
            reason: "not agreed to".to_owned(),
            count: 12,
            to_test: Some("--allow-writes".to_owned()),
        }];
        results.not_tested.by_a_person = vec![super::super::results::ByAPerson {
            id: "R-3".to_owned(),
            reason: "x".to_owned(),
        }];
        results.checks_reached = vec![CheckReached {
            check: "key type".to_owned(),
            routes: 4,
            of: 9,
        }];
        let wanted = "target a panel · profile documented
0 opened · 0 closed · 1 reshaped · 0 reworded
3 cases: 1 passed · 1 failed · 0 advice · 0 waived · 0 unjudged · 0 missing · 1 not agreed · 0 not applicable · 0 broken

by requirement
  R-1 MUST   failed     1 passed · 1 failed · 1 not agreed

NOT TESTED
    12 cases: not agreed to
       to test them: --allow-writes
       by a person: R-3 (`list --requirements` says how)

conforming, as distinct (method, route, role): 5 (Client API 2, Application API 3)
checks reached at ids that exist: key type on 4 of 9 routes

FAILED: 1 case
target a panel · profile documented
";
        assert_eq!(summary(&results, 100_000), wanted);
    }
}
