//! Tells people what came of a run. A run is gathered into one value, [`results::Results`]; every
//! format is a function of that value alone.

mod acceptance;
mod again;
mod case;
mod cause;
mod changes;
mod collect;
mod comparison;
mod counted;
mod coverage;
mod curl;
mod diff;
pub(crate) mod exit;
mod forecast;
mod format;
mod github;
mod html;
mod json;
mod junit;
#[cfg(test)]
mod made_up;
mod markdown;
mod merge;
mod panels;
mod reached;
pub mod results;
#[cfg(test)]
mod sample;
mod sentence;
mod summary;
mod sums;
mod terminal;
mod told;

pub use case::{CaseReporter, Heading};
pub use changes::{edge_and_panel, tell_changes};
pub use collect::{Finished, Told};
pub use comparison::compare_profiles;
pub(crate) use counted::counted;
pub use coverage::coverage_table;
pub use curl::Access;
pub(crate) use curl::{Shell, readable};
pub use forecast::Forecast;
pub use format::{Format, FormatError};
pub use json::{BadResults, from_json, schema};
pub use markdown::PROMISE;
pub use merge::{NotMerged, by_panel, merge};
pub use panels::{Panel, Panels};
pub use results::Results;
pub use summary::{exit_code, summary};
pub use sums::disagreement;
pub use terminal::{Screen, in_vain, terminal};
