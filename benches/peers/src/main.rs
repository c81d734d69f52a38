//! Runs the same suite with this harness, with hurl and as a bare loop, and tells what each costs.

mod comparison;
mod floor;
mod measure;
mod server;
mod suite;
mod table;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs everything and prints the tables
    Compare(comparison::Arguments),
    /// Writes a suite for the harness
    Suite {
        /// The folder for its files
        folder: PathBuf,
        #[command(flatten)]
        size: suite::Size,
    },
    /// Sends the requests of a suite and reads the answers, and does nothing else
    Floor {
        /// The server
        url: String,
        /// How many requests
        #[arg(long)]
        cases: usize,
        /// How many at once
        #[arg(long)]
        jobs: usize,
    },
    /// Serves the answers that the suite wants
    Serve {
        /// How long each answer takes
        #[arg(long, default_value_t = 0)]
        latency_ms: u64,
        #[arg(long, default_value_t = 0)]
        port: u16,
    },
    /// Runs a command and writes what it took
    Measure {
        /// The file to write
        into: PathBuf,
        /// The command
        #[arg(last = true)]
        words: Vec<OsString>,
    },
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<(), String> {
    match command {
        Command::Compare(arguments) => comparison::run(&arguments),
        Command::Suite { folder, size } => suite::write_ours(&folder, size),
        Command::Floor { url, cases, jobs } => floor::run(&url, cases, jobs),
        Command::Serve { latency_ms, port } => server::stay(latency_ms, port),
        Command::Measure { into, words } => measure::measure(&into, &words),
    }
}
