//! temp
use std::process::ExitCode;
#[path = "selftest/replay.rs"]
mod replay;
fn main() -> ExitCode {
    let args = libtest_mimic::Arguments::from_args();
    libtest_mimic::run(&args, replay::trials()).exit_code()
}
