//! Results as Markdown that fits a comment: what broke, how badly, what to do. It quotes nothing
//! that the panel has answered but status codes.

use super::again::{Cases, command, given_with};
use super::counted::counted;
use super::results::{Case, CaseVerdict, Cause, Group, NotBegun, Results};
use super::summary::rather;
use super::terminal::in_words;
use crate::verdict::Standing;

/// The longest text, in characters; a comment may have 65,536.
const MAX_TEXT: usize = 30_000;

/// The most cases that a group names.
const NAMED: usize = 10;

/// The last line.
pub const PROMISE: &str = "contains no keys, no response values";

/// The results as Markdown of a bounded size, whose last line is [`PROMISE`].
#[must_use]
pub fn markdown(results: &Results) -> String {
    let mut pieces = vec![head(results)];
    pieces.extend(results.groups.iter().map(|group| of_group(results, group)));
    pieces.push(requirements(results));
    pieces.push(not_tested(results));
    let mut text = String::new();
    let mut left_out = 0;
    for piece in pieces {
        if text.chars().count() + piece.chars().count() <= MAX_TEXT {
            text += &piece;
        } else {
            left_out += 1;
        }
    }
    if left_out > 0 {
        text += &format!(
            "\n_{left_out} sections are cut: this is kept below {MAX_TEXT} characters. The whole is in the JSON and HTML reports._\n"
        );
    }
    text += &format!(
        "\n{} {} · started {}\n",
        results.tool.name,
        escaped(&results.tool.version),
        escaped(&results.started)
    );
    text + &format!("\n{PROMISE}\n")
}

fn head(results: &Results) -> String {
    let mut text = format!("## {}\n\n", escaped(&results.outcome));
    text += &format!("{}\n\n", escaped(&results.title()));
    text += &format!("**{}**\n\n{}\n", results.kinds(), results.standings());
    if let Some(not_begun) = &results.not_begun {
        text += &of_not_begun(not_begun);
    }
    if let Some(why) = &results.stopped {
        text += &format!("\nended early: {}\n", escaped(why));
    }
    for waiver in &results.waivers {
        text += &format!("\n- waiver: {}", escaped(waiver));
    }
    if !results.waivers.is_empty() {
        text += "\n";
    }
    for suite in results.suites.iter().filter(|s| !s.troubles.is_empty()) {
        text += &format!("\n{} cannot be read.\n", code(&suite.file));
    }
    let rather = rather(results);
    if !rather.is_empty() {
        text += &rather;
    }
    text
}

/// What to do about that which keeps a run from beginning.
pub(super) fn of_not_begun(not_begun: &NotBegun) -> String {
    let mend = not_begun.mend.as_ref();
    let mend = mend.map_or(String::new(), |mend| format!("\n{}\n", escaped(mend)));
    mend + &not_begun.cause.as_ref().map_or(String::new(), of_cause)
}

fn of_cause(cause: &Cause) -> String {
    let lines = cause.lines.as_deref().map_or(String::new(), block);
    format!(
        "\n{}\n\n{}\n{lines}",
        escaped(&cause.means),
        escaped(&cause.fix)
    )
}

fn of_group(results: &Results, group: &Group) -> String {
    let count = group.cases.len();
    let words = in_words(group.standing, count);
    let is_reason = matches!(group.standing, Standing::Unjudged | Standing::Broken);
    let title = if group.cause.is_none() && is_reason {
        without_values(&group.title)
    } else {
        group.title.as_str()
    };
    let mut text = format!(
        "\n### {} {words}: {}\n",
        counted(count, "case"),
        escaped(title)
    );
    if let Some(cause) = &group.cause {
        text += &of_cause(cause);
    }
    let shown: Vec<_> = group
        .cases
        .iter()
        .filter_map(|id| results.case(id))
        .collect();
    text += "\n";
    for case in shown.iter().take(NAMED) {
        text += &of_case(case);
    }
    if count > NAMED {
        text += &format!("- … {} more\n", count - NAMED);
    }
    if let Some(case) = shown.first() {
        text += &again(results, case);
    }
    text
}

/// How to see a case again. A `curl` line would hold ids that the panel gave.
fn again(results: &Results, case: &Case) -> String {
    block(&command(results, &Cases::One(&case.id))) + &given_with(results, &case.roles)
}

/// A case by its id, and by what differs; of what came, only the status is told.
fn of_case(case: &Case) -> String {
    let mut text = format!(
        "- {} ({}:{})",
        code(&case.id),
        escaped(&case.file),
        case.line
    );
    if let CaseVerdict::Deviates { deviations } = &case.verdict {
        let told = deviations.iter().map(|deviation| {
            let values = if deviation.what == "status" {
                let (expected, observed) = (&deviation.expected, &deviation.observed);
                format!(
                    ": expected {}, observed {}",
                    escaped(expected),
                    escaped(observed)
                )
            } else {
                String::new()
            };
            format!("{}: {}{values}", deviation.kind, escaped(&deviation.what))
        });
        let mut told: Vec<_> = told.collect();
        told.dedup();
        told.truncate(3);
        text += &format!(": {}", told.join("; "));
    }
    text + "\n"
}

/// A reason without what two looks at the panel have shown.
fn without_values(reason: &str) -> &str {
    reason.split_once(": ").map_or(reason, |(before, _)| before)
}

fn requirements(results: &Results) -> String {
    if results.requirements.is_empty() {
        return String::new();
    }
    let mut text = String::from(
        "\n<details><summary>by requirement</summary>\n\n| requirement | level | outcome | cases |\n|---|---|---|---|\n",
    );
    for requirement in &results.requirements {
        let counts = Standing::ALL
            .iter()
            .filter_map(|s| Some(format!("{} {s}", requirement.standings.get(s)?)));
        text += &format!(
            "| {} | {} | {} | {} |\n",
            escaped(&requirement.id),
            requirement.level,
            requirement.outcome,
            counts.collect::<Vec<_>>().join(" · ")
        );
    }
    text + "\n</details>\n"
}

fn not_tested(results: &Results) -> String {
    let skipped = &results.not_tested.skipped;
    if skipped.is_empty() {
        return String::new();
    }
    let mut text = String::from("\n<details><summary>not tested</summary>\n\n");
    for skipped in skipped {
        let reason = escaped(&skipped.reason);
        text += &format!("- {}: {reason}", counted(skipped.count, "case"));
        if let Some(to_test) = &skipped.to_test {
            text += &format!("; to test them: {}", escaped(to_test));
        }
        text += "\n";
    }
    text + "\n</details>\n"
}

/// Text in one line that Markdown and HTML leave as it is, and that calls nobody; what stands
/// between two backquotes stays code.
fn escaped(text: &str) -> String {
    let line = text.replace(['\n', '\r', '\t'], " ");
    let is_paired = line.matches('`').count().is_multiple_of(2) && !line.contains("``");
    if !is_paired {
        return prose(&line).replace('`', "\\`");
    }
    let parts = line.split('`').enumerate();
    parts
        .map(|(number, part)| {
            if number.is_multiple_of(2) {
                prose(part)
            } else {
                format!("`{part}`")
            }
        })
        .collect()
}

fn prose(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        match character {
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '&' => out += "&amp;",
            '@' => out += "&#64;",
            '\\' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '!' => {
                out.push('\\');
                out.push(character);
            }
            _ => out.push(character),
        }
    }
    out
}

/// Text as code in a line.
fn code(text: &str) -> String {
    format!("`{}`", text.replace(['`', '\n', '\r'], "'"))
}

/// Text as a block of code, with a fence that does not stand in it.
fn block(text: &str) -> String {
    let mut fence = String::from("```");
    while text.contains(&fence) {
        fence.push('`');
    }
    format!("\n{fence}sh\n{}\n{fence}\n", text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::results::{DeviationTold, Rather, RequirementResult};
    use crate::report::sample::{self, case, group, results};

    #[test]
    fn a_text_of_a_stranger_is_no_markup() {
        let text = escaped("<img src=x>\n# @team [a](b) | `c`");
        assert_eq!(text, "&lt;img src=x&gt; \\# &#64;team \\[a\\](b) \\| `c`");
        assert!(block("```\nx").starts_with("\n````sh\n"));
        assert_eq!(code("a`b\nc"), "`a'b'c`");
    }

    #[test]
    fn a_page_says_what_broke_and_what_to_do() {
        let cases = vec![
            case("a/b/one", Standing::Passed),
            case("a/b/two", Standing::Failed),
            case("a/b/three", Standing::Unjudged),
        ];
        let mut results = results(cases);
        results.groups[0].cause = Some(sample::cause());
        results.groups[1].title = "two looks differ: 401 & 403".to_owned();
        results.stopped = Some("it is gone".to_owned());
        results.waivers = vec!["w.yaml:3: x".to_owned()];
        results.rather = Some(Rather {
            profile: "pelican".to_owned(),
            kept: 1,
            of: 1,
        });
        let wanted = "## FAILED: 1 case

target a panel · profile documented

**0 opened · 0 closed · 1 reshaped · 0 reworded**

3 cases: 1 passed · 1 failed · 0 advice · 0 waived · 1 unjudged · 0 missing · 0 not agreed · 0 not applicable · 0 broken

ended early: it is gone

- waiver: w.yaml:3: x

all of them are the contract of `pelican`: --profile pelican

### 1 case failed: about a/b/two

The proxy answers.

Ask the panel.

```sh
proxy_pass x;
```

- `a/b/two` (specs/a/b.yaml:7): reshaped: status: expected 401, observed 403

```sh
harness run https://panel.example.com a/b/two --exact --profile documented
```

with keys for: client

### 1 case is unjudged: two looks differ

- `a/b/three` (specs/a/b.yaml:7)

```sh
harness run https://panel.example.com a/b/three --exact --profile documented
```

with keys for: client

<details><summary>by requirement</summary>

| requirement | level | outcome | cases |
|---|---|---|---|
| R-1 | MUST | failed | 1 passed · 1 failed · 1 unjudged |

</details>

harness 1.2.3 · started 2024-01-01T00:00:00Z

contains no keys, no response values
";
        assert_eq!(markdown(&results), wanted);
    }

    #[test]
    fn a_title_with_a_cause_or_of_a_deviation_is_whole() {
        let title = |standing, cause| {
            let case = case("a/b/one", standing);
            let mut results = results(vec![case.clone()]);
            results.groups[0] = group("about: this", &[&case]);
            results.groups[0].cause = cause;
            let text = of_group(&results, &results.groups[0]);
            text.lines().nth(1).unwrap().to_owned()
        };
        let proxy = || Some(sample::cause());
        let is_broken = title(Standing::Broken, None);
        assert_eq!(is_broken, "### 1 case is broken: about");
        let is_broken = title(Standing::Broken, proxy());
        assert_eq!(is_broken, "### 1 case is broken: about: this");
        let failed = title(Standing::Failed, None);
        assert_eq!(failed, "### 1 case failed: about: this");
        assert_eq!(without_values("no colon"), "no colon");
    }

    #[test]
    fn a_group_names_ten_cases() {
        let text = |number: usize| {
            let cases = (1..=number).map(|n| case(&format!("a/b/{n}"), Standing::Failed));
            let results = results(cases.collect());
            let all: Vec<_> = results.cases.iter().collect();
            of_group(&results, &group("alike", &all))
        };
        assert_eq!(text(NAMED).matches("\n- `a/b/").count(), NAMED);
        assert!(!text(NAMED).contains("more"));
        let more = text(NAMED + 3);
        assert_eq!(more.matches("\n- `a/b/").count(), NAMED);
        assert!(more.contains("\n- … 3 more\n"), "{more}");
    }

    #[test]
    fn what_differs_is_told_once_and_of_values_only_the_status() {
        let with = |what: &str| DeviationTold {
            what: what.to_owned(),
            ..sample::deviation()
        };
        let mut told = case("a/b/one", Standing::Failed);
        let all = ["/a", "/a", "status", "/b", "/c"].map(with);
        told.verdict = sample::deviates(&all);
        let wanted = "- `a/b/one` (specs/a/b.yaml:7): reshaped: /a; \
                      reshaped: status: expected 401, observed 403; reshaped: /b\n";
        assert_eq!(of_case(&told), wanted);
    }

    #[test]
    fn what_does_not_fit_is_cut_and_said() {
        let mut results = results(vec![case("a/b/one", Standing::Passed)]);
        assert!(!markdown(&results).contains("are cut"));
        let long = RequirementResult {
            id: "x".repeat(MAX_TEXT),
            ..results.requirements[0].clone()
        };
        results.requirements.push(long);
        let text = markdown(&results);
        assert!(text.contains("\n_1 sections are cut"), "{text}");
        assert!(text.chars().count() < MAX_TEXT, "{text}");
        assert!(!text.contains("by requirement"));
        assert!(text.ends_with(&format!("\n{PROMISE}\n")));
    }

    #[test]
    fn code_stays_code_only_where_every_backquote_has_another() {
        for (text, wanted) in [
            ("a & `b_c` *d*", "a &amp; `b_c` \\*d\\*"),
            ("`a_b", "\\`a\\_b"),
            ("``a_b``", "\\`\\`a\\_b\\`\\`"),
        ] {
            assert_eq!(escaped(text), wanted);
        }
    }
}
