//! What is proven, in words.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::sync::Arc;

use super::finding::Failure;
use super::matrix::Matrix;
use crate::spec::{Case, CaseId};

/// How many of the cases that nothing kills are named.
const NAMED: usize = 20;

/// What was found out, and what is not proven.
pub struct Proof {
    pub(super) cases: Vec<Arc<Case>>,
    pub(super) matrix: Matrix,
    pub(super) failures: Vec<Failure>,
}

impl Proof {
    /// What is not proven; nothing if all is well.
    #[must_use]
    pub fn failures(&self) -> &[Failure] {
        &self.failures
    }

    /// How many cases a fault makes deviate that is not blunt.
    #[must_use]
    pub fn proven(&self) -> usize {
        self.matrix.proven.len()
    }

    /// The ids of the cases that a fault makes deviate.
    #[must_use]
    pub fn killed_by(&self, fault: &str) -> Vec<&str> {
        let results = self.matrix.faults.iter().filter(|one| one.name == fault);
        let killed = results.flat_map(|one| &one.killed);
        killed
            .map(|number| self.cases[*number].id.as_str())
            .collect()
    }

    /// Every sentence; with `verbose` all cases that nothing kills, and what each fault does.
    #[must_use]
    pub fn text(&self, verbose: bool) -> String {
        let mut text = String::new();
        if verbose {
            text += &self.kills();
        }
        let is_case = |failure: &&Failure| matches!(failure, Failure::Unproven(_));
        let (cases, faults): (Vec<_>, Vec<_>) = self.failures.iter().partition(is_case);
        text += &listed("not proven of faults", &faults);
        let most = if verbose { cases.len() } else { NAMED };
        let named = &cases[..cases.len().min(most)];
        text += &listed("cases that no fault makes deviate", named);
        let more = cases.len() - named.len();
        if more > 0 {
            text += &format!("  and {more} others; --verbose names them\n");
        }
        if verbose {
            text += &listed("cases that conform on no panel", &self.elsewhere());
        }
        text + &self.summary(cases.len(), faults.len())
    }

    /// What each fault changes; of those that somebody asked for, the cases by name.
    fn kills(&self) -> String {
        let mut text = String::new();
        for result in &self.matrix.faults {
            let blunt = if result.is_blunt() { ", blunt" } else { "" };
            text += &format!("{}: {} cases{blunt}\n", result.name, result.killed.len());
            if let Some(why) = result
                .claim
                .as_ref()
                .and_then(|claim| claim.unseen.as_ref())
            {
                text += &format!("    unseen: {why}\n");
            }
            for number in &result.sharply {
                text += &format!("    {}\n", self.cases[*number].id);
            }
        }
        text
    }

    /// The cases that conform on no sound panel.
    fn elsewhere(&self) -> Vec<&CaseId> {
        let numbered = self.cases.iter().enumerate();
        let elsewhere = numbered.filter(|(number, _)| !self.matrix.conforming.contains(number));
        elsewhere.map(|(_, case)| &case.id).collect()
    }

    fn summary(&self, cases: usize, faults: usize) -> String {
        let matrix = &self.matrix;
        let mut text = String::from("\n");
        for figures in &matrix.figures {
            text += &format!(
                "{:>6} cases conform on {}\n",
                figures.conforming, figures.name
            );
        }
        let all: BTreeSet<usize> = (0..self.cases.len()).collect();
        let elsewhere = all.difference(&matrix.conforming).count();
        let blunt = matrix.faults.iter().filter(|one| one.is_blunt()).count();
        let unseen = matrix.faults.iter().filter(|one| {
            let claim = one.claim.as_ref();
            claim.is_some_and(|claim| claim.unseen.is_some())
        });
        text +=
            &format!("{elsewhere:>6} cases conform on none of them: they are for other panels\n");
        text += &format!(
            "{:>6} faults, {blunt} of them blunt, {} unseen by design\n",
            matrix.faults.len(),
            unseen.count()
        );
        text += &format!("{:>6} cases are proven\n", matrix.proven.len());
        text += &format!("{cases:>6} cases are not\n");
        let verdict = match (cases, faults) {
            (0, 0) => "PROVEN".to_owned(),
            _ => format!("NOT PROVEN: {cases} cases, and {faults} claims about faults"),
        };
        text + &format!("\n{verdict}\n")
    }
}

fn listed(title: &str, what: &[impl Display]) -> String {
    if what.is_empty() {
        return String::new();
    }
    let lines: String = what.iter().map(|one| format!("  {one}\n")).collect();
    format!("\n{title}\n{lines}")
}
