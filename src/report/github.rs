//! Results as annotations of a GitHub workflow: each at the scenario that speaks of it.

use std::collections::BTreeMap;

use super::counted::counted;
use super::exit;
use super::results::{Case, Cause, Group, NotBegun, Results};
use super::terminal::in_words;
use crate::verdict::Standing;

/// The most annotations of each level that GitHub shows of one step.
const MOST: usize = 10;

/// The workflow commands, one a line, for standard output.
#[must_use]
pub fn github(results: &Results) -> String {
    let mut errors = Vec::new();
    let mut warnings = Vec::new();
    for suite in results.suites.iter().filter(|s| !s.troubles.is_empty()) {
        errors.push(command(
            "error",
            Some((&suite.file, 1)),
            "broken suite",
            &suite.troubles.join("\n"),
        ));
    }
    for waiver in &results.waivers {
        errors.push(command("error", None, "waiver", waiver));
    }
    // What a page has no room for are further places of a group, and no group.
    let (mut more_errors, mut more_warnings) = (Vec::new(), Vec::new());
    for group in &results.groups {
        let (level, list, more) = match group.standing {
            Standing::Failed | Standing::Broken | Standing::Unjudged => {
                ("error", &mut errors, &mut more_errors)
            }
            _ => ("warning", &mut warnings, &mut more_warnings),
        };
        let mut annotations = annotations(results, group, level).into_iter();
        list.extend(annotations.next());
        more.extend(annotations);
    }
    errors.extend(more_errors);
    warnings.extend(more_warnings);
    let mut text = String::new();
    for (level, list) in [("error", errors), ("warning", warnings)] {
        text += &bounded(level, list);
    }
    let level = if results.exit_code == exit::OK {
        "notice"
    } else {
        "error"
    };
    let what = match &results.not_begun {
        Some(not_begun) => format!("{}\n{}", results.outcome, to_do(not_begun)),
        None => results.outcome.clone(),
    };
    text + &command(level, None, &results.title(), what.trim_end())
}

fn to_do(not_begun: &NotBegun) -> String {
    match &not_begun.cause {
        Some(cause) => of_cause(cause),
        None => not_begun.mend.clone().unwrap_or_default(),
    }
}

fn of_cause(cause: &Cause) -> String {
    let lines = cause.lines.as_ref();
    let lines = lines.map_or(String::new(), |lines| format!("\n{lines}"));
    format!("{}\n{}{lines}", cause.means, cause.fix)
}

/// The first annotations; the last of them says how many are left out.
fn bounded(level: &str, mut list: Vec<String>) -> String {
    // One place is kept for what the run came to.
    let most = MOST - 2;
    if list.len() > most {
        let left_out = list.len() - most;
        list.truncate(most);
        let text = format!("{left_out} more annotations are left out; a page shows no more");
        list.push(command(level, None, "left out", &text));
    }
    list.concat()
}

/// A group, at every scenario that its cases are of; the first says how many there are in all.
fn annotations(results: &Results, group: &Group, level: &str) -> Vec<String> {
    let mut places: BTreeMap<(&str, usize), Vec<&Case>> = BTreeMap::new();
    for case in group.cases.iter().filter_map(|id| results.case(id)) {
        places
            .entry((&case.file, case.line))
            .or_default()
            .push(case);
    }
    let scenarios = places.len();
    let annotation = |(number, ((file, line), shown)): (usize, ((&str, usize), Vec<&Case>))| {
        let count = shown.len();
        let first = shown.first().map_or("", |case| case.id.as_str());
        let words = in_words(group.standing, count);
        let count = counted(count, "case");
        let mut text = format!("{count} {words}, such as {first}");
        if number == 0 && scenarios > 1 {
            let all = counted(group.cases.len(), "case");
            text = format!("{all} of {scenarios} scenarios; here {text}");
        }
        if let Some(cause) = &group.cause {
            text += &format!("\n{}", of_cause(cause));
        }
        command(level, Some((file, line)), &group.title, text.trim_end())
    };
    places.into_iter().enumerate().map(annotation).collect()
}

/// One workflow command, with its line end.
fn command(level: &str, place: Option<(&str, usize)>, title: &str, text: &str) -> String {
    let place = place.map_or(String::new(), |(file, line)| {
        format!("file={},line={line},", property(file))
    });
    format!(
        "::{level} {place}title={}::{}\n",
        property(title),
        data(text)
    )
}

/// A text behind the second `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// The value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_one_line_whatever_its_text() {
        let line = command(
            "error",
            Some(("a,b:c.yaml", 3)),
            "x: 1,\n2",
            "50 %\n::error::y",
        );
        assert_eq!(
            line,
            "::error file=a%2Cb%3Ac.yaml,line=3,title=x%3A 1%2C%0A2::50 %25%0A::error::y\n"
        );
    }

    #[test]
    fn annotations_have_a_bound() {
        let many = vec!["::error ::x\n".to_owned(); 30];
        let text = bounded("error", many);
        assert_eq!(text.lines().count(), MOST - 1);
        assert!(text.contains("22 more annotations"), "{text}");
        let few = vec!["::error ::x\n".to_owned(); MOST - 2];
        assert_eq!(bounded("error", few.clone()), few.concat());
    }
}
