//! Medians, as a table in Markdown.

use std::fmt::Write;

use crate::measure::Cost;
use crate::server::Counts;

/// What a program took, in every round.
pub struct Row {
    name: &'static str,
    cases: usize,
    costs: Vec<Cost>,
    counts: Vec<Counts>,
}

impl Row {
    pub fn new(name: &'static str, cases: usize) -> Self {
        Self {
            name,
            cases,
            costs: Vec::new(),
            counts: Vec::new(),
        }
    }

    pub fn add(&mut self, cost: Cost, counts: Counts) {
        self.costs.push(cost);
        self.counts.push(counts);
    }

    fn median(&self, of: impl Fn(&Cost) -> f64) -> f64 {
        let mut all: Vec<_> = self.costs.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
    }

    fn line(&self, floor: &Self) -> String {
        let wall = self.median(|cost| cost.wall);
        let cpu = self.median(|cost| cost.cpu);
        let memory = self.median(|cost| cost.memory);
        let of_wall = wall / floor.median(|cost| cost.wall);
        let of_cpu = cpu / floor.median(|cost| cost.cpu);
        let asked = self.counts.iter().map(|counts| counts.cases).max();
        let others = self
            .counts
            .iter()
            .map(|counts| counts.requests - counts.cases);
        let at_once = self.counts.iter().map(|counts| counts.at_once).max();
        format!(
            "| {} | {} | {} | {} | {} | {wall:.3} s | {cpu:.3} s | {memory:.1} MiB | {of_wall:.2} | {of_cpu:.2} |",
            self.name,
            self.cases,
            asked.unwrap_or_default(),
            others.max().unwrap_or_default(),
            at_once.unwrap_or_default(),
        )
    }
}

/// The first row is the floor.
pub fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "| program | cases | requests of cases | other requests | at once | wall | CPU | peak memory | wall / floor | CPU / floor |\n\
         |---|---|---|---|---|---|---|---|---|---|\n",
    );
    let Some(floor) = rows.first() else {
        return text;
    };
    for row in rows {
        let _ = writeln!(text, "{}", row.line(floor));
    }
    text
}
