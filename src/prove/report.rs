//! What is proven, in words.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::sync::Arc;

use super::Options;
use super::finding::Failure;
use super::matrix::{FaultResult, Matrix};
use crate::report::counted;
use crate::spec::{Case, CaseId};

/// How many of the cases that nothing kills are named.
const NAMED: usize = 20;

/// What was found out, and what is not proven.
pub struct Proof {
    pub(super) cases: Vec<Arc<Case>>,
    pub(super) matrix: Matrix,
    pub(super) failures: Vec<Failure>,
    /// Why each case is said to conform nowhere, if it is.
    pub(super) why_nowhere: Vec<Option<String>>,
    pub(super) options: Options,
}

/// What it comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conclusion {
    /// All that was asked is proven.
    Proven,
    /// Something is not.
    NotProven,
    /// Nothing was tried that could have shown anything, for this reason.
    Nothing(&'static str),
}

impl Proof {
    /// What it comes to.
    #[must_use]
    pub fn conclusion(&self) -> Conclusion {
        if self.cases.is_empty() {
            return Conclusion::Nothing("there is no case");
        }
        if self.matrix.conforming.is_empty() {
            return Conclusion::Nothing("no case conforms on a sound panel");
        }
        if !self.failures.is_empty() {
            return Conclusion::NotProven;
        }
        let mut faults = self.matrix.faults.iter();
        let says_nothing = !self.options.faults.is_empty()
            && faults.all(|one| one.killed.is_empty() && !one.is_unseen());
        if says_nothing {
            return Conclusion::Nothing(
                "no case notices any of the faults on the panels that were tried",
            );
        }
        let is_claimed = self.options.has_table() && self.options.has_all_panels();
        let is_blunt = self.matrix.faults.iter().any(FaultResult::is_blunt);
        if !self.options.faults.is_empty()
            && !is_claimed
            && is_blunt
            && self.matrix.proven.is_empty()
        {
            return Conclusion::Nothing(
                "the faults change too many cases of the panels that were tried; name sharper ones",
            );
        }
        Conclusion::Proven
    }

    /// Every sentence; with `verbose` all cases that nothing kills, and what each fault does.
    #[must_use]
    pub fn text(&self, verbose: bool) -> String {
        let mut text = String::new();
        if verbose {
            text += &self.kills();
        }
        let (cases, faults): (Vec<_>, Vec<_>) =
            self.failures.iter().partition(|one| one.is_of_case());
        text += &listed("not proven of faults", &faults, usize::MAX);
        let most = if verbose { usize::MAX } else { NAMED };
        let is_nowhere = |failure: &&Failure| matches!(failure, Failure::Nowhere(..));
        let (count, cases) = (cases.len(), cases.into_iter());
        let (nowhere, unproven): (Vec<_>, Vec<_>) = cases.partition(is_nowhere);
        let title = "cases that conform on no sound panel: mend them, or say why under `nowhere` in the table";
        text += &listed(title, &nowhere, most);
        text += &listed("cases that no fault makes deviate", &unproven, most);
        if verbose {
            for (why, ids) in self.listed_nowhere() {
                let title = format!("cases that conform on no panel: {why}");
                text += &listed(&title, &ids, ids.len());
            }
        }
        text += &self.notes(most);
        text + &self.summary(count, faults.len())
    }

    /// What each fault changes; of those that somebody asked for, the cases by name.
    fn kills(&self) -> String {
        let mut text = String::new();
        for result in &self.matrix.faults {
            let blunt = if result.is_blunt() { ", blunt" } else { "" };
            let noticing = counted(result.killed.len(), "case");
            text += &format!("{}: {noticing}{blunt}\n", result.name);
            let claim = result.claim.as_ref().filter(|_| self.options.has_table());
            if let Some(why) = claim.and_then(|claim| claim.unseen.as_ref()) {
                text += &format!("    unseen: {why}\n");
            }
            for number in &result.sharply {
                text += &format!("    {}\n", self.cases[*number].id);
            }
        }
        text
    }

    /// The cases that the table says to conform nowhere, and that do, by the reason.
    fn listed_nowhere(&self) -> BTreeMap<&str, Vec<&CaseId>> {
        let mut listed: BTreeMap<&str, Vec<&CaseId>> = BTreeMap::new();
        for number in self
            .matrix
            .misses
            .keys()
            .filter(|_| self.options.has_table())
        {
            if let Some(why) = &self.why_nowhere[*number] {
                listed.entry(why).or_default().push(&self.cases[*number].id);
            }
        }
        listed
    }

    /// What is no failure, and worth knowing.
    fn notes(&self, most: usize) -> String {
        let mut text = String::new();
        if self.options.has_table() && !self.options.has_all_panels() {
            text += "\nnote: what the table claims of witnesses is \
                     judged only where all panels are tried, so without --profile\n";
        }
        let unplayed = &self.options.additions.unplayed;
        let title = "note: routes that the reference panel cannot play";
        text += &listed(title, unplayed, most);
        if self.options.foreign && self.options.faults.is_empty() {
            let aside = self.aside();
            let title = format!(
                "note: {} not asked on the panels that were tried",
                are(aside.len())
            );
            text += &listed(&title, &aside, most);
            let of_form = self.of_form();
            let title = format!(
                "note: {} no check left out, only form: what answers look like, that a key arrives, which check comes first",
                match of_form.len() {
                    1 => "1 case notices".to_owned(),
                    many => format!("{many} cases notice"),
                }
            );
            text += &listed(&title, &of_form, most);
        }
        text
    }

    /// Cases that are for other panels than those that somebody has chosen.
    fn aside(&self) -> Vec<String> {
        let misses = self.matrix.misses.iter();
        let aside = misses.filter(|(number, miss)| {
            !self.options.is_failure(miss) && self.why_nowhere[**number].is_none()
        });
        aside
            .map(|(number, miss)| format!("{}: {}", self.cases[*number].id, miss.why))
            .collect()
    }

    /// Cases that conform and notice faults, but only those that change what answers look like,
    /// though they ask a route whose checks could be left out.
    fn of_form(&self) -> Vec<&CaseId> {
        let matrix = &self.matrix;
        let of_form = matrix.proven.difference(&matrix.seeing);
        let of_form = of_form.filter(|number| matrix.checked.contains(number));
        of_form.map(|number| &self.cases[*number].id).collect()
    }

    fn summary(&self, cases: usize, faults: usize) -> String {
        let matrix = &self.matrix;
        let mut text = String::from("\n");
        for figures in &matrix.figures {
            text += &row(figures.conforming, "case conforms on", "cases conform on");
            text += &format!(" {}\n", figures.name);
        }
        let all: BTreeSet<usize> = (0..self.cases.len()).collect();
        let elsewhere = all.difference(&matrix.conforming).count();
        let listed: usize = self.listed_nowhere().values().map(Vec::len).sum();
        text += &row(elsewhere, "case conforms on", "cases conform on");
        text += &format!(
            " none of them{}\n",
            match listed {
                0 => String::new(),
                some => format!(", {some} of these for a reason that the table gives"),
            }
        );
        let blunt = matrix.faults.iter().filter(|one| one.is_blunt()).count();
        let unseen = matrix.faults.iter().filter(|one| one.is_unseen()).count();
        text += &row(matrix.faults.len(), "fault", "faults");
        text += &format!(", {blunt} of them blunt");
        if self.options.has_table() {
            text += &format!(", {unseen} unseen by design");
        }
        text += &format!(
            "\n{}\n{}\n",
            row(matrix.proven.len(), "case is proven", "cases are proven"),
            row(cases, "case is not", "cases are not")
        );
        let conclusion = match self.conclusion() {
            Conclusion::Proven => "PROVEN".to_owned(),
            Conclusion::Nothing(why) => format!("NOTHING PROVEN: {why}"),
            Conclusion::NotProven => format!(
                "NOT PROVEN: {}, and {}",
                counted(cases, "case"),
                counted(faults, "claim") + " about faults"
            ),
        };
        text + &format!("\n{conclusion}\n")
    }
}

/// A number in its column, and of what it is.
fn row(number: usize, one: &str, many: &str) -> String {
    format!("{number:>6} {}", if number == 1 { one } else { many })
}

fn are(number: usize) -> String {
    let verb = if number == 1 { "is" } else { "are" };
    format!("{} {verb}", counted(number, "case"))
}

/// A title with no more than so many lines.
fn listed(title: &str, what: &[impl Display], most: usize) -> String {
    if what.is_empty() {
        return String::new();
    }
    let lines: String = what
        .iter()
        .take(most)
        .map(|one| format!("  {one}\n"))
        .collect();
    let more = match what.len().saturating_sub(most) {
        0 => String::new(),
        more => format!("  and {more} others; --verbose names them\n"),
    };
    format!("\n{title}\n{lines}{more}")
}
