//! The summary of a run: kinds, standings, requirements, what was not tested and why.

use std::collections::BTreeMap;
use std::fmt::Write;

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

/// A number of things: `1 case`, `2 cases`.
pub(crate) fn counted(number: usize, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{plural}")
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
}
