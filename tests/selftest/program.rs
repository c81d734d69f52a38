//! Runs the program and the conformance tests as somebody would: as children, with a clean
//! environment, and never longer than a bound.

use std::ffi::OsStr;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::LazyLock;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long it may take to refuse bad input.
pub(crate) const BOUND: Duration = Duration::from_secs(10);

/// How long a whole run may take, with others at work on the same machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The variable by which this test binary becomes the conformance tests.
const PLAYS: &str = "SELFTEST_PLAYS_CONFORMANCE";

/// What a child said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Said {
    /// Everything that was printed.
    pub(crate) fn all(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }

    /// Fails with everything that was printed, unless the exit code is this one.
    pub(crate) fn must_exit(&self, code: i32) {
        let beginning: String = self.all().chars().take(6000).collect();
        assert_eq!(self.code, Some(code), "the exit code; it said\n{beginning}");
    }
}

/// The program, with a clean environment.
pub(crate) fn program() -> Command {
    clean(binary())
}

/// The program; where the tests are run from an archive, it is not where it was built.
pub(crate) fn binary() -> &'static Path {
    static BINARY: LazyLock<PathBuf> = LazyLock::new(|| {
        let moved = std::env::var_os("NEXTEST_BIN_EXE_ptero-conformance");
        moved.map_or_else(
            || env!("CARGO_BIN_EXE_ptero-conformance").into(),
            PathBuf::from,
        )
    });
    &BINARY
}

/// A script as a runner of workflows takes it, with the program at hand under its name.
pub(crate) fn shell(script: &str) -> Command {
    let folder = binary().parent().expect("a folder").to_owned();
    let others = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(folder).chain(std::env::split_paths(&others));
    let mut command = clean("bash");
    command.env("PATH", std::env::join_paths(all).expect("a path"));
    command.args(["-e", "-c", script]);
    command
}

/// The tests of the harness itself, which this binary holds.
pub(crate) fn selftest() -> Command {
    clean(std::env::current_exe().expect("the path of this binary"))
}

/// The conformance tests. Cargo tells no test where the binary of another one is; the main
/// function of that one is a single call, which this binary can make as well.
pub(crate) fn conformance() -> Command {
    let mut command = selftest();
    command.env(PLAYS, "1").current_dir(root());
    command
}

/// Whether this process was started by [`conformance`].
pub(crate) fn plays_conformance() -> bool {
    std::env::var_os(PLAYS).is_some()
}

/// The root of the package; where the tests are run from an archive, it is another checkout.
pub(crate) fn root() -> &'static Path {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
        let here = std::env::var_os("CARGO_MANIFEST_DIR");
        here.map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from)
    });
    &ROOT
}

/// A folder for what nobody looks at later.
fn scratch() -> PathBuf {
    let built = Path::new(env!("CARGO_TARGET_TMPDIR"));
    if built.is_dir() {
        return built.to_owned();
    }
    std::env::temp_dir().join("ptero-conformance-selftest")
}

fn clean(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).env_remove("NEXTEST");
    let names = std::env::vars_os().map(|(name, _)| name);
    for name in names.filter(|name| name.to_string_lossy().starts_with("PTERO_")) {
        command.env_remove(name);
    }
    // Nobody's own journals are touched.
    command.env("PTERO_STATE_DIR", scratch());
    command
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Said {
    run_within(PATIENCE, command)
}

/// Runs a command to its end; one that takes longer is ended, and a failure.
pub(crate) fn run_within(bound: Duration, command: &mut Command) -> Said {
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let stdout = collect(child.stdout.take());
    let stderr = collect(child.stderr.take());
    let status = wait(&mut child, bound);
    let said = Said {
        code: status.and_then(|status| status.code()),
        stdout: stdout.join().expect("a reader"),
        stderr: stderr.join().expect("a reader"),
    };
    assert!(
        status.is_some(),
        "ended after {bound:?}; it said\n{}",
        said.all()
    );
    said
}

fn collect(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = pipe.expect("a pipe").read_to_end(&mut bytes);
        read.expect("what a child prints");
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// How it ended, or nothing when the time was over.
fn wait(child: &mut Child, bound: Duration) -> Option<ExitStatus> {
    let end = Instant::now() + bound;
    while Instant::now() < end {
        let status = child.try_wait().expect("the state of a child");
        if status.is_some() {
            return status;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().expect("to end a child");
    child.wait().expect("the end of a child");
    None
}
