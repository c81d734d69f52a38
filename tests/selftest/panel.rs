//! The reference panel, served by the program; it ends with its guard.

use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Stdio};

use super::program::program;

/// Where its standard error goes.
const ERRORS: &str = "errors";

/// A served panel, and the folder with its keys.
pub(crate) struct Panel {
    child: Child,
    folder: tempfile::TempDir,
    url: String,
    /// What it prints; a pipe that nobody holds would end it.
    lines: Lines<BufReader<ChildStdout>>,
}

impl Panel {
    /// Serves the panel of a profile.
    pub(crate) fn serve(profile: &str) -> Self {
        Self::serve_with(profile, &[])
    }

    /// Serves it with more flags.
    pub(crate) fn serve_with(profile: &str, more: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = program();
        command.args(["serve", "--profile", profile, "--port", "0", "--keys-out"]);
        command.arg(folder.path()).args(more).stdout(Stdio::piped());
        let errors = std::fs::File::create(folder.path().join(ERRORS)).expect("a file");
        command.stderr(errors);
        let mut child = command.spawn().expect("the program starts");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        // Made first, so that the child is ended whatever it prints.
        let mut panel = Self {
            child,
            folder,
            url: String::new(),
            lines,
        };
        let url = panel.lines.next().expect("a line").expect("a text");
        assert!(url.starts_with("http://127.0.0.1:"), "{url}");
        panel.url = url;
        panel
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What it has said on its standard error until now.
    pub(crate) fn errors(&self) -> String {
        std::fs::read_to_string(self.folder.path().join(ERRORS)).expect("a file")
    }

    pub(crate) fn keys_yaml(&self) -> PathBuf {
        self.folder.path().join("keys.yaml")
    }

    pub(crate) fn keys_env(&self) -> PathBuf {
        self.folder.path().join("keys.env")
    }

    /// The key of a role.
    pub(crate) fn key(&self, role: &str) -> String {
        let text = std::fs::read_to_string(self.keys_yaml()).expect("the file of keys");
        let mut lines = text.lines().filter_map(|line| line.split_once(": "));
        let (_, key) = lines.find(|(name, _)| *name == role).expect("a role");
        key.to_owned()
    }

    /// The status that a request gets.
    pub(crate) fn ask(&self, method: &str, target: &str, key: &str) -> u16 {
        let host = self.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).expect("the panel");
        write!(
            stream,
            "{method} {target} HTTP/1.1\r\nHost: {host}\r\nAccept: application/json\r\n\
             Authorization: Bearer {key}\r\nConnection: close\r\n\r\n"
        )
        .expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let status = answer.split(' ').nth(1).expect("a status");
        status.parse().expect("a number")
    }

    /// Ends it as a service manager would, and waits for its end.
    #[cfg(unix)]
    pub(crate) fn end_politely(&mut self) {
        let id = self.child.id().to_string();
        let told = std::process::Command::new("kill").arg(id).status();
        assert!(told.expect("`kill`").success());
        let status = self.child.wait().expect("its end");
        assert_eq!(status.code(), Some(0), "it ends well");
    }
}

impl Drop for Panel {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
