//! Proves that cases can fail: each is run against the reference panel with deliberate defects.
//!
//! A case is *proven* when it conforms on a sound panel and deviates on one with a fault that
//! changes few cases and violates a requirement which the case cites. Which requirements a fault
//! violates, and which cases must notice it, stands in `faults.yaml`, written by hand: it is a claim
//! about the suites, which neither `specs/` (it knows no reference panel) nor the reference panel
//! (it knows no suites) could make.

mod baseline;
mod finding;
mod matrix;
mod report;
mod room;
mod table;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::reference::Fault;
use crate::run::{Additions, EmbeddedError, built_in};
use crate::spec::{Diagnostic, SourceFile, Specs};

pub use finding::Failure;
pub use matrix::{FaultResult, Figures};
pub use report::{Conclusion, Proof};
use table::Table;

/// What is to be proven, and how.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Only these faults; all of them if empty. Then nothing is said of cases without a fault.
    pub faults: Vec<Fault>,
    /// Only the panels of these profiles; those of all observed ones if empty.
    pub profiles: Vec<String>,
    /// How many panels are run at once; as many as there are processors if zero.
    pub jobs: usize,
    /// Whether the specification is somebody's own: then the built-in table of witnesses says
    /// nothing about it, and only cases that cannot fail are looked for.
    pub foreign: bool,
    /// What the reference panel has beside its own routes, see [`Additions::of`].
    pub additions: Additions,
    /// Another table of witnesses than the built-in one; it holds for any specification.
    pub table: Option<SourceFile>,
}

/// Why nothing could be proven.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProveError {
    /// The table of faults cannot be read.
    #[error("{0}")]
    Table(Box<Diagnostic>),
    /// There is no panel to run against.
    #[error(transparent)]
    Panel(#[from] EmbeddedError),
    /// A key of the panel's own is none.
    #[error("{0}")]
    Keys(String),
    /// A case cannot be run at all.
    #[error("{case}: {why}")]
    Broken {
        /// Its id.
        case: String,
        /// What is wrong.
        why: String,
    },
    /// A profile that the reference panel does not play.
    #[error("`{0}` is no profile that the reference panel plays; there are: {1}")]
    Profile(String, String),
    /// The runtime of a worker cannot be made.
    #[error("cannot begin")]
    Runtime(#[source] std::io::Error),
}

/// Told how far it is: what is done, of how much.
pub type Progress<'p> = &'p (dyn Fn(usize, usize) + Sync);

/// Runs every case against sound panels, then against faulty ones.
///
/// # Errors
///
/// Why nothing could be proven; what is wrong with cases and faults is part of the proof.
pub fn prove(
    specs: &Specs,
    options: &Options,
    progress: Progress<'_>,
) -> Result<Proof, ProveError> {
    let table = options.table.as_ref().map_or_else(Table::read, Table::of);
    let table = table.map_err(|trouble| ProveError::Table(Box::new(trouble)))?;
    let stock = built_in()?;
    let cases: Vec<_> = specs.cases().map(Arc::clone).collect();
    let matrix = matrix::fill(specs, &stock, &cases, &table, options, progress)?;
    let failures = finding::failures(&matrix, &table, specs, options);
    let why_nowhere = cases.iter().map(|case| table.why_nowhere(&case.id));
    let why_nowhere = why_nowhere.map(|why| why.map(str::to_owned)).collect();
    Ok(Proof {
        cases,
        matrix,
        failures,
        why_nowhere,
        options: options.clone(),
    })
}
