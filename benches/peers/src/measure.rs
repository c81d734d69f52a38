//! What a process takes: by the accounting of the operating system, in a process of its own that
//! has no other child.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeVal;

/// What a process took.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Seconds from its start to its end.
    pub wall: f64,
    /// Seconds of processor time.
    pub cpu: f64,
    /// Peak memory in MiB.
    pub memory: f64,
}

/// Runs a command and writes its cost.
pub fn measure(into: &Path, words: &[OsString]) -> Result<(), String> {
    let (program, arguments) = words.split_first().ok_or("no command")?;
    let start = Instant::now();
    let status = Command::new(program).args(arguments).status();
    let wall = start.elapsed().as_secs_f64();
    let status = status.map_err(|error| format!("{}: {error}", program.display()))?;
    if !status.success() {
        return Err(format!("{} has failed: {status}", program.display()));
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(|error| error.to_string())?;
    let text = format!("{wall} {} {}", cpu(&usage), memory(&usage));
    std::fs::write(into, text).map_err(|error| format!("{}: {error}", into.display()))
}

fn cpu(usage: &Usage) -> f64 {
    seconds(usage.user_time()) + seconds(usage.system_time())
}

#[expect(clippy::cast_precision_loss, reason = "seconds of a run are few")]
fn seconds(time: TimeVal) -> f64 {
    time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6
}

/// Linux counts KiB here.
#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn memory(usage: &Usage) -> f64 {
    usage.max_rss() as f64 / 1024.0
}

/// Reads a cost that was written.
pub fn read(from: &Path) -> Result<Cost, String> {
    let text = std::fs::read_to_string(from).map_err(|error| error.to_string())?;
    let figures: Vec<f64> = text
        .split(' ')
        .filter_map(|part| part.parse().ok())
        .collect();
    match figures[..] {
        [wall, cpu, memory] => Ok(Cost { wall, cpu, memory }),
        _ => Err(format!("{} is not a cost", from.display())),
    }
}
