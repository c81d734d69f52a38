//! Tells people what came of a run: failing cases in full, then a summary.

mod case;
mod comparison;
mod coverage;
mod curl;
mod diff;
mod forecast;
mod summary;

pub use case::{CaseReporter, Heading};
pub use comparison::compare_profiles;
pub use coverage::coverage_table;
pub(crate) use curl::{Shell, readable};
pub use forecast::Forecast;
pub use summary::{Summary, exit_code};
