//! The target as an operator describes it: its address, and what is agreed about it.

mod address;
mod facts;
mod file;
mod list;
mod waivers;

pub use address::{BadTarget, Target};
pub use facts::{Facts, Limits};
pub(crate) use file::strange;
pub use file::{IdsFile, TargetFile, TargetFileError, TwoFactor, read_ids_file, read_target_file};
pub use list::{Allowed, Listed, read_target_list};
pub(crate) use waivers::TO_FILL_IN;
pub use waivers::Waivers;
