//! `cleanup`: deletes what runs have left behind at a panel, and nothing else.

use std::process::ExitCode;

use clap::Args;

use super::options::{RunOptions, hide};
use super::prepare::{Aim, prepare};
use super::{exit, say};
use crate::journal::Journal;
use crate::plan::Selection;
use crate::run::{Cleanup, Gone, NotDeleted, clean_up};

#[derive(Args)]
#[command(
    after_help = "Only what the journal of this target knows is deleted, with the key of the role that made it. \
                  Keys that are only called as if a run had made them are listed and left alone. \
                  Not while a run is under way: it would lose its keys.\n\n\
                  Exit codes: 0 nothing is left, 1 the panel does not delete something, 2 a key is not accepted, \
                  3 a key is lacking or the panel does not answer.",
    mut_args(|arg| hide(arg, &["profile", "partial", "allow_writes", "confirm"]))
)]
pub(super) struct Arguments {
    /// The panel to clean up, such as <https://staging.example.com>
    url: Option<String>,
    #[command(flatten)]
    options: RunOptions,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    begin(arguments).unwrap_or_else(|message| super::fail(&message))
}

fn begin(arguments: &Arguments) -> Result<ExitCode, String> {
    let options = arguments.options.at(arguments.url.as_ref())?;
    if options.target_url.is_none() {
        return Err("no target: name a panel, `cleanup https://panel.example.com`".to_owned());
    }
    let aim = Aim::of(&options)?;
    let specs = match options.specs.load() {
        Ok(specs) => specs,
        Err(code) => return Ok(code),
    };
    let prepared = prepare(&options, &aim, &specs, &Selection::default())?;
    let folder = options.state_folder()?;
    let target = &prepared.heading.base;
    let journal = Journal::existing(&folder, target).map_err(|error| error.to_string())?;
    let mut text = match &journal {
        Some(journal) => format!("target {target} · journal {}\n", journal.path().display()),
        None => format!("target {target} · no journal in {}\n", folder.display()),
    };
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    let cleanup = runtime
        .block_on(clean_up(&prepared.session, journal))
        .map_err(|error| error.to_string())?;
    text += &told(&cleanup);
    let written = say(&text);
    Ok(match exit_code(&cleanup) {
        exit::OK => written,
        code => ExitCode::from(code),
    })
}

fn told(cleanup: &Cleanup) -> String {
    let mut text = String::new();
    for (created, gone) in &cleanup.created {
        let (identifier, run) = (&created.identifier, &created.creation.run);
        let what = match gone {
            Ok(Gone::Deleted) => "deleted".to_owned(),
            Ok(Gone::Before) => "was deleted before".to_owned(),
            Err(why) => format!("left: {why}"),
        };
        let role = &created.creation.role;
        text += &format!("  {identifier} of `{role}`, made by {run}: {what}\n");
    }
    for (creation, why) in &cleanup.unknown {
        let (role, run) = (&creation.role, &creation.run);
        text += &format!("  a key of `{role}` may have been made by {run}, and be there: {why}\n");
    }
    for alike in &cleanup.look_alikes {
        let (role, identifier, description) = (&alike.role, &alike.identifier, &alike.description);
        text += &format!(
            "  {identifier} of `{role}` stands in no journal here, and is left alone: “{description}”\n"
        );
    }
    text + &in_one_line(cleanup)
}

fn in_one_line(cleanup: &Cleanup) -> String {
    match cleanup.troubles().count() {
        0 => "what runs have made here is deleted: nothing of it is left\n".to_owned(),
        left => format!("what runs have made here is not all deleted: {left} left\n"),
    }
}

/// 2 before 1 before 3 before 0, as for a run.
fn exit_code(cleanup: &Cleanup) -> u8 {
    let code = |trouble: &NotDeleted| match trouble {
        NotDeleted::BadKey(_) => exit::USAGE,
        NotDeleted::Refused(_) => exit::FAILED,
        NotDeleted::NoKey(_) | NotDeleted::Unanswered(_) => exit::UNDECIDED,
    };
    let codes: Vec<u8> = cleanup.troubles().map(code).collect();
    [exit::USAGE, exit::FAILED, exit::UNDECIDED]
        .into_iter()
        .find(|code| codes.contains(code))
        .unwrap_or(exit::OK)
}
