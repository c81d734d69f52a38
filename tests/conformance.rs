//! Tests a panel, or with none named the embedded reference panel: every case is a test.

use std::process::ExitCode;

fn main() -> ExitCode {
    ptero_conformance::harness::conformance()
}
