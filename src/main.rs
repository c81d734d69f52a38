//! The `ptero-conformance` binary: parses the command line and calls the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    ptero_conformance::cli::main()
}
