//! Tells people what came of a run: failing cases in full, then a summary.

mod case;
mod curl;
mod diff;
mod summary;

pub use case::{CaseReporter, Heading};
pub use summary::{Summary, exit_code};
