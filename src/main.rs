//! The `ptero-conformance` binary: parses the command line and calls the library.
fn main() {}
