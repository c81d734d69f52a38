//! The report for a terminal: what cases have in common first, one of each in full.

use console::{Style, Term};

use super::case::{Clauses, in_full};
use super::exit;
use super::results::{Case, Cause, Group, NotBegun, Results};
use super::summary::{counted, summary};
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
