//! The command line: one file per command; arguments in, an exit code out.

mod check;
mod cleanup;
mod compare;
mod completions;
mod doctor;
mod explain;
mod fleet;
mod keys;
mod list;
mod merge;
mod neighbours;
pub(crate) mod options;
pub(crate) mod outcome;
mod outputs;
pub(crate) mod prepare;
mod profile;
mod progress;
mod prove;
mod record;
mod replay;
mod report;
pub(crate) mod reports;
mod run;
mod serve;
mod show;
pub(crate) mod signals;
pub(crate) mod voice;
mod waive;

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use voice::Voice;

use clap::{Args, Parser, Subcommand};

use crate::exchange::Redactor;
use crate::plan::Selection;
use crate::reference::{AddedRoutes, BadFault, Fault};
pub(crate) use crate::report::exit;
use crate::report::{Results, counted};
use crate::run::{Cleanup, Session};
use crate::spec::{Contract, Diagnostic, Profile, Source, Specs, nearest};

#[derive(Parser)]
#[command(
    name = "ptero-conformance",
    version,
    about,
    arg_required_else_help = true
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Ask a panel a few harmless questions: what is wrong, and how to mend it; needs no key
    Doctor(Box<doctor::Arguments>),
    /// Test a panel
    Run(Box<run::Arguments>),
    /// Write other reports of a run that is over
    Report(report::Arguments),
    /// Join the results of parts of one run, and tell those of several panels side by side
    Merge(merge::Arguments),
    /// Write waivers for what failed in a run, with the reasons left to fill in
    Waive(waive::Arguments),
    /// List the cases, the requirements or the profiles
    List(list::Arguments),
    /// Check a specification without a panel
    Check(check::Arguments),
    /// Show what a case sends, and how its expectation is found
    Explain(explain::Arguments),
    /// Compare the contracts of two versions without a panel
    Profile(profile::Arguments),
    /// Verify keys before a run
    Keys(Box<keys::Arguments>),
    /// Delete what runs have left behind at a panel
    Cleanup(Box<cleanup::Arguments>),
    /// Judge a recording once more, under any contract and without its panel
    Replay(replay::Arguments),
    /// Say what has changed between two recordings, or between a recording and a panel
    Compare(Box<compare::Arguments>),
    /// Print a script by which a shell completes commands and flags
    Completions(completions::Arguments),
    /// Serve the reference panel on this machine
    Serve(serve::Arguments),
    /// Prove that the cases can fail: run them against the reference panel with each of its defects
    Prove(prove::Arguments),
}

/// Where the specification is.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct SpecsArguments {
    /// A folder with a whole specification, such as a copy of specs/, instead of the built-in one
    #[arg(long, value_name = "DIR", env = "PTERO_SPECS", hide_env_values = true)]
    specs: Option<PathBuf>,
}

impl SpecsArguments {
    /// The folder if one is named, else the copy in the binary.
    pub(crate) fn source(&self) -> Source {
        self.specs.clone().map_or(Source::Embedded, Source::Folder)
    }

    fn load(&self) -> Result<Specs, ExitCode> {
        Specs::load(&self.source()).map_err(|troubles| report(&troubles))
    }

    /// Reads the specification for what a command does with it; the exit code.
    fn read_for(&self, does: impl FnOnce(&Specs) -> Result<ExitCode, String>) -> ExitCode {
        match self.load() {
            Ok(specs) => does(&specs).unwrap_or_else(|message| fail(&message)),
            Err(code) => code,
        }
    }

    /// What a choice of cases needs: of exact ones, only their suites.
    fn load_for(&self, selection: &Selection) -> Result<Specs, ExitCode> {
        if !selection.exact || selection.filters.is_empty() {
            return self.load();
        }
        Specs::load_for(&self.source(), &selection.filters).map_err(|troubles| report(&troubles))
    }
}

/// The profile of a name, or what there is instead.
fn profile<'c>(contract: &'c Contract, name: &str) -> Result<&'c Arc<Profile>, String> {
    contract.profile(name).ok_or_else(|| {
        let names: Vec<_> = contract
            .profiles
            .iter()
            .map(|p| p.name.value.as_str())
            .collect();
        // A version alone is short for the original's.
        let original = format!("pterodactyl-{name}");
        let near = names.iter().copied().find(|known| *known == original);
        let near = near.or_else(|| nearest(name, names.iter().copied()));
        let near = near.map(|near| format!("; did you mean `{near}`?"));
        format!(
            "there is no profile `{name}`{} There are: {}",
            near.unwrap_or(".".into()),
            names.join(", ")
        )
    })
}

/// The fault of a name, where the panel has these routes beside its own, or what there is instead.
fn fault(name: &str, added: &AddedRoutes) -> Result<Fault, String> {
    Fault::named(name, added).map_err(|bad: BadFault| {
        let known = bad.known();
        let near = nearest(bad.wrong(), known.iter().map(String::as_str));
        match near {
            Some(near) => format!("{bad}; did you mean `{near}`?"),
            None if known.is_empty() => bad.to_string(),
            None if matches!(bad, BadFault::Route { .. }) => {
                format!("{bad}; `check --coverage` names all routes")
            }
            None => format!("{bad}; `serve --list-faults` names them all"),
        }
    })
}

/// Prints a text that answers a question; a reader who goes away early has read enough.
fn say(text: &str) -> ExitCode {
    say_with(text, exit::OK)
}

/// Prints a text; the exit code is that of what it tells, if somebody reads it.
fn say_with(text: &str, code: u8) -> ExitCode {
    let written = std::io::stdout().lock().write_all(text.as_bytes());
    match written {
        Ok(()) => ExitCode::from(code),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            ExitCode::from(exit::INTERRUPTED)
        }
        Err(error) => fail(&format!("cannot write to standard output: {error}")),
    }
}

/// Says what a reader of the results should know of how they came about.
pub(crate) fn tell_how_it_went(voice: &Voice, session: &Session, cases: usize) {
    let sent = sent(session.sent(), cases).map(|sent| format!("note: {sent}"));
    let stopped = session.stopped().map(|why| format!("stopped: {why}"));
    let all = [sent, stopped, repeated(session.repeated())];
    all.iter().flatten().for_each(|line| voice.say(line));
}

/// How many requests were sent once more, if any.
fn repeated(requests: usize) -> Option<String> {
    let was = match requests {
        0 => return None,
        1 => "request was",
        _ => "requests were",
    };
    Some(format!(
        "note: {requests} {was} sent again after a connection failed"
    ))
}

/// Says that a run goes on, though all is asked.
pub(crate) fn tell_looking_again(voice: &Voice, cases: usize, wait: Duration) {
    let cases = counted(cases, "case");
    let seconds = wait.as_secs();
    voice.say(&format!(
        "note: looking once more at {cases} in {seconds} s"
    ));
}

/// How many requests a run has sent, in all and for each case; nothing where no case was run.
fn sent(requests: usize, cases: usize) -> Option<String> {
    let hundredths = (requests * 100 + cases / 2).checked_div(cases)?;
    let (whole, part) = (hundredths / 100, hundredths % 100);
    let (requests, cases) = (counted(requests, "request"), counted(cases, "case"));
    Some(format!("{requests} for {cases}, {whole}.{part:02} a case"))
}

/// Says which waivers do not hold.
pub(crate) fn tell_waivers(voice: &Voice, results: &Results) {
    for wrong in &results.waivers {
        voice.say(&format!("error: {wrong}"));
    }
}

/// Says what a run could not delete, and how it is deleted later.
pub(crate) fn warn_of_what_is_left(voice: &Voice, cleanup: &Cleanup, target: &str) {
    for trouble in cleanup.troubles() {
        voice.say(&format!(
            "warning: a key of this run may be left at the target: {trouble}"
        ));
    }
    if cleanup.troubles().next().is_some() {
        voice.say(&format!("to delete it: ptero-conformance cleanup {target}"));
    }
}

/// Prints what is wrong, and gives the code for it.
///
/// A key that somebody typed in the wrong place is part of many messages, so all go through the
/// redactor.
fn fail(message: &str) -> ExitCode {
    fail_by(&Voice::default(), message)
}

fn fail_by(voice: &Voice, message: &str) -> ExitCode {
    let shown = Redactor::default().text(message);
    voice.say(&format!("error: {shown}"));
    if shown != message {
        voice.say(
            "this looks like a key; keys are given by PTERO_KEY_CLIENT and the like, or by --keys FILE",
        );
    }
    ExitCode::from(exit::USAGE)
}

/// Prints diagnostics and says how many.
fn report(troubles: &[Diagnostic]) -> ExitCode {
    for trouble in troubles {
        tell!("{trouble}\n");
    }
    let what = if troubles.len() == 1 {
        "error"
    } else {
        "errors"
    };
    tell!("{} {what} in the specification", troubles.len());
    ExitCode::from(exit::USAGE)
}

/// The words of the command line; an address in the place of the command stands for `doctor`.
fn words(given: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut words: Vec<_> = given.into_iter().collect();
    if words.get(1).is_some_and(|word| is_address(word)) {
        words.insert(1, "doctor".into());
    }
    words
}

/// Whether a word can only be an address: no command and no flag has a dot, a colon or a slash.
fn is_address(word: &OsStr) -> bool {
    let word = word.to_string_lossy();
    !word.starts_with('-') && word.contains(['.', ':', '/'])
}

/// Reads the command line and runs the command.
#[must_use]
pub fn main() -> ExitCode {
    if let Err(message) = prepare::variables().and_then(options::check_variables) {
        return fail(&message);
    }
    let cli = Cli::parse_from(words(std::env::args_os()));
    match &cli.command {
        Command::Doctor(arguments) => doctor::run(arguments),
        Command::Run(arguments) => run::run(arguments),
        Command::Report(arguments) => report::run(arguments),
        Command::Merge(arguments) => merge::run(arguments),
        Command::Waive(arguments) => waive::run(arguments),
        Command::List(arguments) => list::run(arguments),
        Command::Check(arguments) => check::run(arguments),
        Command::Explain(arguments) => explain::run(arguments),
        Command::Profile(arguments) => profile::run(arguments),
        Command::Keys(arguments) => keys::run(arguments),
        Command::Cleanup(arguments) => cleanup::run(arguments),
        Command::Replay(arguments) => replay::run(arguments),
        Command::Compare(arguments) => compare::run(arguments),
        Command::Completions(arguments) => completions::run(arguments),
        Command::Serve(arguments) => serve::run(arguments),
        Command::Prove(arguments) => prove::run(arguments),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(word: &str) -> OsString {
        words(["ptero-conformance".into(), word.into()]).swap_remove(1)
    }

    #[test]
    fn requests_are_told_by_case() {
        let told = |requests, cases| sent(requests, cases).unwrap();
        assert_eq!(told(5, 4), "5 requests for 4 cases, 1.25 a case");
        assert_eq!(told(2, 3), "2 requests for 3 cases, 0.67 a case");
        assert_eq!(told(1, 1), "1 request for 1 case, 1.00 a case");
        assert_eq!(sent(1, 0), None);
    }

    #[test]
    fn requests_that_were_sent_again_are_told() {
        let told = |requests| repeated(requests).unwrap();
        assert_eq!(repeated(0), None);
        assert_eq!(
            told(1),
            "note: 1 request was sent again after a connection failed"
        );
        assert_eq!(
            told(2),
            "note: 2 requests were sent again after a connection failed"
        );
    }

    #[test]
    fn a_wrong_fault_is_told_what_there_is() {
        let told = |name| fault(name, &AddedRoutes::default()).unwrap_err();
        assert!(told("skip-auht").ends_with("; did you mean `skip-auth`?"));
        assert!(told("zzzzzzzzzzzz").ends_with("; `serve --list-faults` names them all"));
        assert!(told("skip-auth@").ends_with("; `check --coverage` names all routes"));
        let misplaced = told("skip-ownership@GET:/api/client");
        assert!(
            !misplaced.contains("list-faults"),
            "it is a name of a fault: {misplaced}"
        );
    }

    #[test]
    fn an_address_alone_is_for_the_doctor() {
        for address in [
            "https://panel.example.com",
            "panel.example.com",
            "localhost:8080",
        ] {
            assert_eq!(command(address), "doctor", "{address}");
        }
        for word in ["run", "rnu", "--help", "--x=a.b"] {
            assert_eq!(command(word), word);
        }
    }
}
