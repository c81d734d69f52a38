//! Conformance tests for the authentication contract of the Pterodactyl panel API.

// `tell!` and `cli::say` do not panic where nobody reads.
#![warn(clippy::print_stderr, clippy::print_stdout)]

#[macro_use]
mod tell;

pub mod cli;
mod digest;
mod doctor;
pub mod exchange;
pub mod harness;
pub mod journal;
pub mod keys;
mod layout;
mod moment;
pub mod plan;
mod private;
pub mod prove;
pub mod recording;
pub mod reference;
pub mod report;
pub mod run;
pub mod spec;
pub mod target;
pub mod verdict;
