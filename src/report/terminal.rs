//! The report for a terminal: what cases have in common first, one of each in full.

use console::{Style, Term};

use super::case::{Clauses, in_full};
use super::counted::counted;
use super::exit;
use super::results::{Case, Cause, Group, NotBegun, Results};
use super::summary::summary;
use crate::layout::{lines, paragraph_within};
use crate::verdict::{Kind, Standing};

/// The ids of a group that are named, where not all cases are shown.
const NAMED: usize = 5;

/// The narrowest terminal that lines are fitted to.
const NARROWEST: usize = 40;

/// The widest lines of prose on a terminal.
const WIDEST: usize = 120;

/// The width of what is no terminal: nothing is broken, so that any text can be searched for.
const UNBROKEN: usize = 100_000;

/// How a report is shown.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    /// The characters in a line.
    pub width: usize,
    /// Whether colours are used.
    pub in_colour: bool,
    /// Whether every case is shown in full, and not one of each group.
    pub verbose: bool,
}

impl Default for Screen {
    fn default() -> Self {
        Self {
            width: UNBROKEN,
            in_colour: false,
            verbose: false,
        }
    }
}

impl Screen {
    /// The width of the terminal that standard output is, or none.
    #[must_use]
    pub fn fitted(self) -> Self {
        let columns = Term::stdout().size_checked().map(|(_, columns)| columns);
        let width = columns.map_or(UNBROKEN, |c| usize::from(c).clamp(NARROWEST, WIDEST));
        Self { width, ..self }
    }

    fn style(self) -> Style {
        Style::new().force_styling(self.in_colour)
    }
}

/// The whole report as text; its first and its last line name the target and the profile.
#[must_use]
pub fn terminal(results: &Results, screen: &Screen) -> String {
    let writer = Writer {
        results,
        screen,
        clauses: clauses(results),
    };
    let mut text = format!("{}\n{}\n", results.title(), writer.kinds());
    if let Some(not_begun) = &results.not_begun {
        text += &format!("\n{}\n", in_vain(not_begun));
    }
    for group in &results.groups {
        text += &if screen.verbose {
            writer.all(group)
        } else {
            writer.group(group)
        };
    }
    text += "\n";
    text + &writer.summary()
}

/// Why a run could not begin: a line, then what to do if its cause is known.
#[must_use]
pub fn in_vain(not_begun: &NotBegun) -> String {
    let cause = not_begun.cause.as_ref();
    let cause = cause.map_or(String::new(), |cause| of_cause(cause, &Screen::default()));
    format!("{}\n{cause}", not_begun.in_a_line())
        .trim_end()
        .to_owned()
}

/// What follows from a cause, and how it is mended.
fn of_cause(cause: &Cause, screen: &Screen) -> String {
    let mut text = paragraph_within(screen.width, "", &cause.means);
    text += &paragraph_within(screen.width, "to mend it: ", &cause.fix);
    if let Some(to_paste) = &cause.lines {
        let lines = lines(4, to_paste);
        let style = screen.style().cyan();
        text += &format!("{}\n", style.apply_to(lines.trim_end_matches('\n')));
    }
    let known = format!("{}: {}", cause.origin, cause.source);
    text + &paragraph_within(screen.width, "known from: ", &known)
}

/// The clauses that cases name, by their ids.
pub(super) fn clauses(results: &Results) -> Clauses {
    let requirements = results.requirements.iter();
    requirements
        .map(|requirement| {
            let clause = format!("({}): {}", requirement.level, requirement.text);
            (requirement.id.clone(), clause)
        })
        .collect()
}

struct Writer<'a> {
    results: &'a Results,
    screen: &'a Screen,
    clauses: Clauses,
}

impl Writer<'_> {
    fn style(&self) -> Style {
        self.screen.style()
    }

    /// The colour of a standing.
    fn of(&self, standing: Standing) -> Style {
        match standing {
            Standing::Failed | Standing::Broken => self.style().red().bold(),
            Standing::Unjudged | Standing::Missing => self.style().yellow().bold(),
            Standing::Passed => self.style().green().bold(),
            Standing::Advice | Standing::Waived | Standing::NotAgreed | Standing::NotApplicable => {
                self.style().bold()
            }
        }
    }

    fn kinds(&self) -> String {
        let mut kinds = Kind::ALL.into_iter();
        let alarms = kinds.any(|kind| self.results.has_failed_by(kind));
        let style = if alarms {
            self.style().red().bold()
        } else {
            self.style()
        };
        let kinds = self.fitted(&self.results.kinds());
        style.apply_to(kinds.trim_end()).to_string()
    }

    fn headline(&self, group: &Group) -> String {
        let count = group.cases.len();
        let standing = in_words(group.standing, count);
        let count = counted(count, "case");
        let title = format!("══ {count} {standing}: {}", group.title);
        let title = paragraph_within(self.screen.width, "", &title);
        format!("\n{}\n", self.of(group.standing).apply_to(title.trim_end()))
    }

    fn group(&self, group: &Group) -> String {
        let mut text = self.headline(group) + &self.cause(group);
        let Some((first, others)) = group.cases.split_first() else {
            return text;
        };
        text += &self
            .results
            .case(first)
            .map_or(String::new(), |c| self.case(c));
        if others.is_empty() {
            return text;
        }
        let mut named = others
            .iter()
            .take(NAMED)
            .cloned()
            .collect::<Vec<_>>()
            .join(", ");
        if others.len() > NAMED {
            named += &format!(", … (`--verbose` shows all {})", group.cases.len());
        }
        let first = format!("{} more alike: ", others.len());
        text += "\n";
        text + &paragraph_within(self.screen.width, &first, &named)
    }

    fn all(&self, group: &Group) -> String {
        let shown = group.cases.iter().filter_map(|id| self.results.case(id));
        let shown: String = shown.map(|case| self.case(case)).collect();
        self.headline(group) + &self.cause(group) + &shown
    }

    fn cause(&self, group: &Group) -> String {
        let cause = group.cause.as_ref();
        cause.map_or(String::new(), |cause| of_cause(cause, self.screen))
    }

    fn case(&self, case: &Case) -> String {
        let head = self.fitted(&format!("── {}: {}", case.standing, case.id));
        let full = in_full(case, &self.results.title(), &self.clauses, None);
        let full: String = full.lines().map(|line| self.fitted(line)).collect();
        let full = if self.screen.in_colour {
            full.lines().map(|line| self.line(line) + "\n").collect()
        } else {
            full
        };
        format!(
            "\n{}\n{full}",
            self.of(case.standing).apply_to(head.trim_end())
        )
    }

    /// A line of prose in lines that fit; what is set in, such as a line to paste, is not broken.
    fn fitted(&self, line: &str) -> String {
        if line.is_empty() || line.starts_with(' ') {
            format!("{line}\n")
        } else {
            paragraph_within(self.screen.width, "", line)
        }
    }

    /// A line of a diff in its colour.
    fn line(&self, line: &str) -> String {
        let style = match line.get(..6) {
            Some("    - ") => self.style().green(),
            Some("    + ") => self.style().red(),
            _ => return line.to_owned(),
        };
        style.apply_to(line).to_string()
    }

    fn summary(&self) -> String {
        let text = summary(self.results, self.screen.width);
        let standing = match self.results.exit_code {
            exit::OK => Standing::Passed,
            exit::UNDECIDED => Standing::Unjudged,
            _ => Standing::Failed,
        };
        let outcome = &self.results.outcome;
        let coloured = self.of(standing).apply_to(outcome).to_string();
        match text.rsplit_once(&format!("\n{outcome}\n")) {
            Some((before, after)) => format!("{before}\n{coloured}\n{after}"),
            None => text,
        }
    }
}

/// What a standing says of so many cases.
pub(super) fn in_words(standing: Standing, count: usize) -> &'static str {
    match (standing, count) {
        (Standing::Failed, _) => "failed",
        (Standing::Broken, 1) => "is broken",
        (Standing::Broken, _) => "are broken",
        (Standing::Advice, 1) => "is advice",
        (Standing::Advice, _) => "are advice",
        (Standing::Unjudged, 1) => "is unjudged",
        (Standing::Unjudged, _) => "are unjudged",
        (Standing::Missing, _) => "lack a key",
        (Standing::NotAgreed, _) => "were not agreed to",
        (Standing::NotApplicable, _) => "do not apply",
        (Standing::Waived, 1) => "is waived",
        (Standing::Waived, _) => "are waived",
        (Standing::Passed, _) => "passed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{self, case, group, results};

    const PLAIN: Screen = Screen {
        width: UNBROKEN,
        in_colour: false,
        verbose: false,
    };
    const IN_COLOUR: Screen = Screen {
        in_colour: true,
        ..PLAIN
    };

    /// A run of one case that passed and one that failed, of which the cause is known.
    fn failed() -> Results {
        let passed = case("a/b/one", Standing::Passed);
        let mut results = results(vec![passed, case("a/b/two", Standing::Failed)]);
        results.groups[0].cause = Some(sample::cause());
        results
    }

    #[test]
    fn a_report_shows_what_failed_in_full() {
        let text = terminal(&failed(), &PLAIN);
        let head = "target a panel · profile documented
0 opened · 0 closed · 1 reshaped · 0 reworded

══ 1 case failed: about a/b/two
The proxy answers.
to mend it: Ask the panel.
    proxy_pass x;
known from: observed: a look at it

── failed: a/b/two
What a/b/two checks
R-1 (MUST): A key is asked for | always
specs/a/b.yaml:7 · target a panel · profile documented
reshaped: status: expected 401, observed 403
because of no-key

GET /api/client
- due, + observed
    - HTTP 401
    + HTTP 403
      \n
    curl /api/client

";
        let text = text.strip_suffix(&summary(&failed(), UNBROKEN));
        assert_eq!(text, Some(head));
    }

    #[test]
    fn prose_is_fitted_and_what_is_set_in_is_not() {
        let narrow = Screen {
            width: NARROWEST,
            ..PLAIN
        };
        let mut results = failed();
        results.cases[1].steps[0].curl = format!("curl  {}", "word ".repeat(20));
        let text = terminal(&results, &narrow);
        assert!(text.contains(&format!("\n    curl  {}\n", "word ".repeat(20))));
        assert!(text.contains("\nreshaped: status: expected 401, observed\n403\n"));
    }

    #[test]
    fn colours_say_how_grave_it_is() {
        let shown = |standings: &[Standing]| {
            let cases = standings.iter().enumerate();
            let cases = cases.map(|(number, standing)| case(&format!("a/b/{number}"), *standing));
            terminal(&results(cases.collect()), &IN_COLOUR)
        };
        let text = shown(&[
            Standing::Failed,
            Standing::Broken,
            Standing::Unjudged,
            Standing::Advice,
        ]);
        for line in [
            "\u{1b}[31m\u{1b}[1m══ 1 case failed: about a/b/0\u{1b}[0m",
            "\u{1b}[31m\u{1b}[1m── failed: a/b/0\u{1b}[0m",
            "\u{1b}[31m\u{1b}[1m── broken: a/b/1\u{1b}[0m",
            "\u{1b}[33m\u{1b}[1m── unjudged: a/b/2\u{1b}[0m",
            "\u{1b}[1m── advice: a/b/3\u{1b}[0m",
            "\u{1b}[32m    - HTTP 401\u{1b}[0m",
            "\u{1b}[31m    + HTTP 403\u{1b}[0m",
            "What a/b/0 checks",
            "0 opened · 0 closed · 1 reshaped · 1 reworded, 1 of these 2 failed",
        ] {
            assert!(text.lines().any(|l| l == line), "{line}: {text}");
        }
        for (standing, colour) in [
            (Standing::Passed, "\u{1b}[32m\u{1b}[1m"),
            (Standing::Unjudged, "\u{1b}[33m\u{1b}[1m"),
            (Standing::Failed, "\u{1b}[31m\u{1b}[1m"),
            (Standing::Broken, "\u{1b}[31m\u{1b}[1m"),
        ] {
            let results = results(vec![case("a/b/one", standing)]);
            let outcome = format!("\n{colour}{}\u{1b}[0m\n", results.outcome);
            let text = terminal(&results, &IN_COLOUR);
            assert!(text.contains(&outcome), "{outcome}: {text}");
        }
        let mut opened = failed();
        opened.cases[1].kind = Some(Kind::Opened);
        let text = terminal(&opened, &IN_COLOUR);
        let alarm = "\n\u{1b}[31m\u{1b}[1m0 opened ";
        assert!(text.contains(alarm), "{text}");
        let paste = "\n\u{1b}[36m    proxy_pass x;\u{1b}[0m\n";
        assert!(text.contains(paste), "{text}");
        assert!(!terminal(&opened, &PLAIN).contains('\u{1b}'));
    }

    #[test]
    fn a_group_names_a_few_of_its_cases() {
        let named = |number: usize, verbose| {
            let cases = (1..=number).map(|n| case(&format!("a/b/{n}"), Standing::Failed));
            let mut results = results(cases.collect());
            let all: Vec<_> = results.cases.iter().collect();
            results.groups = vec![group("alike", &all)];
            terminal(&results, &Screen { verbose, ..PLAIN })
        };
        let five = "\n5 more alike: a/b/2, a/b/3, a/b/4, a/b/5, a/b/6\n";
        assert!(named(6, false).contains(five));
        let six =
            "\n6 more alike: a/b/2, a/b/3, a/b/4, a/b/5, a/b/6, … (`--verbose` shows all 7)\n";
        assert!(named(7, false).contains(six));
        assert!(!named(1, false).contains("more alike"));
        assert_eq!(named(7, false).matches("── failed").count(), 1);
        assert_eq!(named(7, true).matches("── failed").count(), 7);
    }

    #[test]
    fn only_the_width_of_a_screen_is_fitted() {
        let screen = Screen {
            width: 1,
            in_colour: true,
            verbose: true,
        };
        let fitted = screen.fitted();
        assert!(fitted.width >= NARROWEST);
        assert!(fitted.in_colour && fitted.verbose);
    }
}
