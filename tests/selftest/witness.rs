//! Whom a program asks for over a network, each time: a library that stands before that of C in it
//! writes it down. What looks at the sockets of a process from outside misses those that are short.

use std::path::PathBuf;
use std::process::Command;

/// A library that watches programs, and what it wrote down.
pub(crate) struct Witness(tempfile::TempDir);

impl Witness {
    /// Compiles it, with the C compiler that the program itself needs.
    pub(crate) fn new() -> Self {
        let witness = Self(tempfile::tempdir().expect("a folder"));
        let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
        let status = Command::new(compiler)
            .args(["-shared", "-fPIC", "-o"])
            .arg(witness.library())
            .arg(super::program::root().join("tests/selftest/witness.c"))
            .arg("-ldl")
            .status();
        assert!(status.expect("a C compiler").success());
        witness
    }

    /// Watches a program, from its start on.
    pub(crate) fn watch<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command
            .env("LD_PRELOAD", self.library())
            .env("SELFTEST_WITNESS", self.notes())
    }

    /// Whom the programs asked for since this was last asked: `127.0.0.1:80`, `name example.com`.
    pub(crate) fn seen(&self) -> Vec<String> {
        let notes = std::fs::read_to_string(self.notes()).unwrap_or_default();
        let _ = std::fs::remove_file(self.notes());
        notes.lines().map(str::to_owned).collect()
    }

    fn library(&self) -> PathBuf {
        self.0.path().join("witness.so")
    }

    fn notes(&self) -> PathBuf {
        self.0.path().join("notes")
    }
}
