//! Results as one HTML file: no outside resources, readable without scripts, and nothing in it
//! runs but its own filter, whatever a panel has answered.

use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::counted::counted;
use super::exit;
use super::results::{
    AnswerContent, Case, CaseVerdict, Cause, Field, Group, RequirementResult, Results, Step,
};
use super::terminal::in_words;
use crate::verdict::{Kind, Standing};

const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/script.js");

/// A page that could not be written.
pub type PageError = askama::Error;

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    results: &'a Results,
    policy: String,
    style: &'static str,
    script: &'static str,
    tone: &'static str,
    kinds: Vec<Tile>,
    standings: Vec<Tile>,
    groups: Vec<GroupShown<'a>>,
    requirements: Vec<Row>,
    cases: Vec<CaseShown<'a>>,
}

/// A piece of a text: code where it stands between two backquotes.
struct Piece<'a> {
    is_code: bool,
    text: &'a str,
}

/// A number with its word.
struct Tile {
    word: String,
    class: String,
    count: usize,
    shown: bool,
}

struct GroupShown<'a> {
    title: &'a str,
    class: String,
    count: String,
    kind: Option<Kind>,
    reasons: &'a [String],
    cause: Option<&'a Cause>,
    cases: &'a [String],
}

struct Row {
    id: String,
    level: String,
    outcome: String,
    class: &'static str,
    text: String,
    detail: String,
}

struct CaseShown<'a> {
    told: &'a Case,
    class: String,
    words: String,
    why: Vec<String>,
    steps: Vec<StepShown<'a>>,
}

struct StepShown<'a> {
    told: &'a Step,
    title: String,
    diff: Vec<Line<'a>>,
    in_full: bool,
    request: String,
    answer: String,
    curl: String,
}

/// A line of a diff.
struct Line<'a> {
    class: &'static str,
    text: &'a str,
}

/// The results as a page.
///
/// # Errors
///
/// None that a run can cause.
pub fn html(results: &Results) -> Result<String, PageError> {
    let kinds = Kind::ALL.map(|kind| {
        let count = results.counts.kinds.get(&kind).copied();
        let is_grave = results.has_failed_by(kind);
        Tile {
            word: kind.to_string(),
            class: if is_grave { "grave" } else { "" }.to_owned(),
            count: count.unwrap_or_default(),
            shown: true,
        }
    });
    let page = Page {
        results,
        policy: policy(),
        style: STYLE,
        script: SCRIPT,
        tone: match results.exit_code {
            exit::OK => "passed",
            exit::UNDECIDED => "unsure",
            _ => "failed",
        },
        kinds: kinds.into(),
        standings: standings(results),
        groups: results.groups.iter().map(group).collect(),
        requirements: rows(results),
        cases: in_order(results).into_iter().map(case).collect(),
    };
    page.render()
}

/// Nothing is loaded, sent or run but the style and the script of this file, by their hashes.
fn policy() -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

/// The standings that need reading are shown first; the filter hides the others.
fn standings(results: &Results) -> Vec<Tile> {
    let there = Standing::ALL.iter().filter(|s| results.count(**s) > 0);
    there
        .map(|standing| Tile {
            word: standing.to_string(),
            class: class(*standing),
            count: results.count(*standing),
            shown: needs_reading(*standing) || results.groups.is_empty(),
        })
        .collect()
}

/// The standings that need reading, those first that fail a run.
const READ: [Standing; 4] = [
    Standing::Failed,
    Standing::Broken,
    Standing::Unjudged,
    Standing::Advice,
];

fn needs_reading(standing: Standing) -> bool {
    READ.contains(&standing)
}

/// The cases, those that need reading first, the gravest of them at the top.
fn in_order(results: &Results) -> Vec<&Case> {
    let place = |case: &&Case| {
        let place = READ.iter().position(|standing| *standing == case.standing);
        place.unwrap_or(READ.len())
    };
    let mut cases: Vec<_> = results.cases.iter().collect();
    cases.sort_by_key(place);
    cases
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let parts = text.split('`').enumerate();
    parts
        .map(|(number, text)| Piece {
            is_code: !number.is_multiple_of(2),
            text,
        })
        .collect()
}

fn group(group: &Group) -> GroupShown<'_> {
    let count = group.cases.len();
    GroupShown {
        title: &group.title,
        class: class(group.standing),
        count: format!(
            "{} {}",
            counted(count, "case"),
            in_words(group.standing, count)
        ),
        kind: group.kind,
        reasons: &group.reasons,
        cause: group.cause.as_ref(),
        cases: &group.cases,
    }
}

fn rows(results: &Results) -> Vec<Row> {
    let row = |requirement: &RequirementResult| {
        let counts = Standing::ALL.iter();
        let counts = counts.filter_map(|s| Some(format!("{} {s}", requirement.standings.get(s)?)));
        let outcome = requirement.outcome.as_str();
        Row {
            id: requirement.id.clone(),
            level: requirement.level.to_string(),
            outcome: outcome.to_owned(),
            class: match outcome {
                "passed" => "passed",
                "failed" => "failed",
                "broken" => "broken",
                "undecided" | "partial" | "not tested" => "unjudged",
                _ => "",
            },
            text: requirement.text.clone(),
            detail: counts.collect::<Vec<_>>().join(" · "),
        }
    };
    results.requirements.iter().map(row).collect()
}

fn case(case: &Case) -> CaseShown<'_> {
    let words = [&case.id, &case.title, &case.requirements.join(" ")];
    let words = words.map(|text| text.to_lowercase());
    CaseShown {
        told: case,
        class: class(case.standing),
        words: words.join(" "),
        why: case.why(),
        steps: case
            .steps
            .iter()
            .zip(1..)
            .map(|(told, number)| step(case, told, number))
            .collect(),
    }
}

fn step<'a>(case: &'a Case, told: &'a Step, number: usize) -> StepShown<'a> {
    let request = &told.request;
    let which = if case.steps.len() > 1 {
        format!("Step {number}: ")
    } else {
        String::new()
    };
    let lines = told.diff.iter().flat_map(|diff| diff.lines());
    let needs: String = told.curl_needs.iter().map(|n| format!("{n}\n")).collect();
    StepShown {
        told,
        title: format!("{which}{} {}", request.method, request.target),
        diff: lines.map(line).collect(),
        in_full: case.verdict != CaseVerdict::Conforms,
        request: message(
            &format!("{} {}", request.method, request.target),
            &request.headers,
            request.content.as_deref().unwrap_or_default(),
        ),
        answer: message(
            &format!("HTTP {}", told.answer.status),
            &told.answer.headers,
            &content(&told.answer.content),
        ),
        curl: needs + &told.curl,
    }
}

fn line(text: &str) -> Line<'_> {
    let class = match text.get(..2) {
        Some("- ") => "del",
        Some("+ ") => "add",
        _ => "",
    };
    Line { class, text }
}

fn message(first: &str, headers: &[Field], content: &str) -> String {
    let headers = headers.iter().map(|f| format!("{}: {}\n", f.name, f.value));
    format!("{first}\n{}\n{content}", headers.collect::<String>())
}

fn content(content: &AnswerContent) -> String {
    match content {
        AnswerContent::Empty => String::new(),
        AnswerContent::Json { value } => {
            serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string())
        }
        AnswerContent::Text { text } => text.clone(),
        AnswerContent::LeftOut { why } => format!("‹left out: {why}›"),
    }
}

/// The class of a standing in the style.
fn class(standing: Standing) -> String {
    standing.to_string().replace(' ', "-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::results::RequirementResult;
    use crate::report::sample::{self, case, results};

    /// A run with a case of each standing.
    fn of_all() -> Results {
        let cases = Standing::ALL.map(|standing| case(&format!("a/b/{standing}"), standing));
        results(cases.into())
    }

    fn page(results: &Results) -> String {
        html(results).unwrap()
    }

    #[test]
    fn a_page_is_toned_by_what_the_run_came_to() {
        for (standing, tone) in [
            (Standing::Passed, "passed"),
            (Standing::Unjudged, "unsure"),
            (Standing::Failed, "failed"),
            (Standing::Broken, "failed"),
        ] {
            let results = results(vec![case("a/b/one", standing)]);
            let wanted = format!("<p class=\"outcome {tone}\">{}</p>", results.outcome);
            assert!(page(&results).contains(&wanted), "{wanted}");
        }
    }

    #[test]
    fn the_filter_has_the_standings_there_are_and_hides_what_needs_no_reading() {
        let boxes = |results: &Results| {
            let page = page(results);
            let inputs = page.split("<label><input type=\"checkbox\" value=").skip(1);
            let inputs = inputs.filter_map(|input| input.split_once("</label>"));
            let inputs = inputs.map(|(input, _)| input.to_owned());
            inputs.collect::<Vec<_>>()
        };
        let some = vec![
            case("a/b/one", Standing::Passed),
            case("a/b/two", Standing::NotAgreed),
        ];
        let all_checked = [
            r#""passed" checked> passed (1)"#,
            r#""not-agreed" checked> not agreed (1)"#,
        ];
        assert_eq!(boxes(&results(some)), all_checked);
        let mixed = vec![
            case("a/b/one", Standing::Passed),
            case("a/b/two", Standing::Failed),
            case("a/b/three", Standing::Failed),
        ];
        let wanted = [r#""passed"> passed (1)"#, r#""failed" checked> failed (2)"#];
        assert_eq!(boxes(&results(mixed)), wanted);
    }

    #[test]
    fn what_needs_reading_comes_first() {
        let results = of_all();
        let ids: Vec<_> = in_order(&results).iter().map(|case| &*case.id).collect();
        let wanted = [
            "failed",
            "broken",
            "unjudged",
            "advice",
            "passed",
            "waived",
            "missing",
            "not agreed",
            "not applicable",
        ];
        assert_eq!(ids, wanted.map(|standing| format!("a/b/{standing}")));
    }

    #[test]
    fn what_stands_between_backquotes_is_code() {
        let mut results = of_all();
        results.groups[0].title = "see `this` & that".to_owned();
        results.groups[0].cause = Some(sample::cause());
        let page = page(&results);
        for part in [
            "<h3>see <code>this</code> &#38; that</h3>",
            "<section class=\"group failed\">",
            "<span class=\"badge failed\">1 case failed</span> <span class=\"badge\">reshaped</span>",
            "<p>The proxy answers.</p>\n<p>Ask the panel.</p>\n<pre>proxy_pass x;</pre>",
        ] {
            assert!(page.contains(part), "{part}");
        }
    }

    #[test]
    fn an_outcome_has_its_class() {
        let badge = |outcome: &str| {
            let mut results = of_all();
            results.requirements = vec![RequirementResult {
                outcome: outcome.to_owned(),
                ..results.requirements[0].clone()
            }];
            let page = page(&results);
            let (_, row) = page.split_once("<td class=\"id\">R-1</td>").unwrap();
            let (row, _) = row.split_once("</span>").unwrap();
            row.to_owned()
        };
        for (outcome, class) in [
            ("passed", "passed"),
            ("failed", "failed"),
            ("broken", "broken"),
            ("undecided", "unjudged"),
            ("partial", "unjudged"),
            ("not tested", "unjudged"),
            ("waived", ""),
            ("advice", ""),
        ] {
            let wanted = format!("<td>MUST</td><td><span class=\"badge {class}\">{outcome}");
            assert_eq!(badge(outcome), wanted);
        }
    }

    #[test]
    fn a_case_shows_its_exchange() {
        let mut results = results(vec![case("a/b/one", Standing::Failed)]);
        let step = &mut results.cases[0].steps[0];
        step.curl_needs = vec!["# token: /x".to_owned()];
        step.request.headers = vec![Field {
            name: "Accept".to_owned(),
            value: "text/html".to_owned(),
        }];
        step.answer.content = AnswerContent::LeftOut {
            why: "large".to_owned(),
        };
        let page = page(&results);
        for part in [
            "<h3>GET /api/client</h3>",
            "<span class=\"del\">- HTTP 401</span><span class=\"add\">+ HTTP 403</span><span class=\"\">  </span>",
            "<pre>GET /api/client\nAccept: text/html\n\n</pre>",
            "<pre>HTTP 403\n\n‹left out: large›</pre>",
            "<pre># token: /x\ncurl /api/client</pre>",
            "data-text=\"a/b/one what a/b/one checks r-1\"",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
        results.cases[0].steps.push(sample::step());
        let of_two = self::page(&results);
        assert!(of_two.contains("<h3>Step 2: GET /api/client</h3>"));
    }

    #[test]
    fn a_kind_that_alarms_is_marked() {
        let mut results = results(vec![case("a/b/one", Standing::Failed)]);
        assert!(!page(&results).contains("<li class=\"grave\">"));
        results.cases[0].kind = Some(Kind::Closed);
        results.counts.kinds = [(Kind::Closed, 1)].into();
        assert!(page(&results).contains("<li class=\"grave\"><b>1</b> closed</li>"));
    }
}
