//! `compare`: what has changed between two recordings, or a recording and a panel, and whether the
//! step from one contract to the other says so.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use super::options::RunOptions;
use super::outcome::tell_trouble;
use super::prepare::{Aim, Prepared, prepare};
use super::run::run_all;
use super::signals::watch;
use super::{exit, fail, record, say_with};
use crate::exchange::Place;
use crate::plan::Selection;
use crate::recording::RunRecording;
use crate::report::{Told, counted, edge_and_panel, tell_changes};
use crate::run::{Changes, Course, Interrupt, Record, Rejudge, Side};
use crate::spec::{Profile, Specs};

#[derive(Args)]
pub(super) struct Arguments {
    /// A recording of the panel as it was; with --origin, the panel itself
    #[arg(value_name = "BEFORE")]
    before: String,
    /// A recording of the panel as it is, or its URL, which is asked now
    #[arg(value_name = "AFTER", conflicts_with = "origin")]
    after: Option<String>,
    /// The contract as it was; without it, the one that the recording was made under
    #[arg(long, value_name = "NAME")]
    from_profile: Option<String>,
    /// The contract as it is; without it, that of the second recording, or for a URL of the first
    #[arg(long, value_name = "NAME")]
    to_profile: Option<String>,
    /// Ask one panel twice, by its URL and directly at this address: what its edge makes of it
    #[arg(long, value_name = "ADDRESS")]
    origin: Option<Place>,
    #[command(flatten)]
    options: RunOptions,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let specs = match arguments.options.specs.load() {
        Ok(specs) => specs,
        Err(code) => return code,
    };
    let code = match arguments.origin {
        Some(place) => edge(arguments, place, &specs),
        None => begin(arguments, &specs),
    };
    match code {
        Ok(code) => code,
        Err(Unobserved::Ended(code)) => ExitCode::from(code),
        Err(Unobserved::Wrong(message)) => fail(&message),
    }
}

/// Why nothing can be compared.
enum Unobserved {
    /// Something that the operator has to mend.
    Wrong(String),
    /// What there is to say was said.
    Ended(u8),
}

impl From<String> for Unobserved {
    fn from(message: String) -> Self {
        Self::Wrong(message)
    }
}

fn begin(arguments: &Arguments, specs: &Specs) -> Result<ExitCode, Unobserved> {
    let before_shown = &arguments.before;
    let Some(after_shown) = arguments.after.as_deref() else {
        return Err(lacks_after(before_shown).into());
    };
    if before_shown.contains("://") {
        return Err(lacks_before(before_shown, after_shown).into());
    }
    let before = record::read(Path::new(before_shown))?;
    check(specs, &before, before_shown)?;
    let from = named(
        specs,
        arguments.from_profile.as_deref(),
        &before,
        before_shown,
    )?;
    let after = if after_shown.contains("://") {
        let to = arguments.to_profile.as_deref();
        let profile = named(
            specs,
            to.or(arguments.options.profile.as_deref()),
            &before,
            before_shown,
        )?;
        let ids = before.cases.iter().map(|case| case.id.clone()).collect();
        let mut options = arguments.options.clone();
        options.profile = Some(profile.name.value.to_string());
        ask(&options.at(Some(&after_shown.to_owned()))?, specs, ids)?
    } else {
        record::read(Path::new(after_shown)).map_err(|error| {
            if Path::new(after_shown).exists() {
                error
            } else {
                format!("{error}; the URL of a panel begins with https:// or http://")
            }
        })?
    };
    let to = named(specs, arguments.to_profile.as_deref(), &after, after_shown)?;
    let compared = compare(
        specs,
        (&before, before_shown, from),
        (&after, after_shown, to),
    )?;
    let cut_short = cut_short(&[(&before, before_shown), (&after, after_shown)]);
    let heading = format!(
        "{cut_short}before  {} · profile {}\nafter   {} · profile {}",
        before.header.target, from.name.value, after.header.target, to.name.value
    );
    let changes = tell_changes(
        &specs.contract,
        &compared,
        from.name.value.as_str(),
        to.name.value.as_str(),
    );
    let code = code(&compared, cut_short.is_empty());
    let text = format!("{heading}\n{changes}{cut_short}");
    Ok(say_with(&text, code))
}

/// What is to be said where a panel stands in the place of what was.
fn lacks_before(before: &str, after: &str) -> String {
    format!(
        "{before} is the panel as it is, and stands behind the recording of what was: `compare {after} {before}`; \
         where both are panels, record the first one: `run {before} --record FILE`"
    )
}

/// What is to be said beside the first of two.
fn lacks_after(before: &str) -> String {
    if before.contains("://") {
        format!(
            "{before} is compared with nothing; name a recording before it: `compare BEFORE.jsonl URL`, or say \
             by `--origin ADDRESS` where the panel is reached directly"
        )
    } else {
        format!(
            "{before} is compared with nothing; name a second recording behind it, or the URL of the panel as it \
             is now: `compare {before} URL`"
        )
    }
}

/// Asks a panel through its edge, and directly.
fn edge(arguments: &Arguments, place: Place, specs: &Specs) -> Result<ExitCode, Unobserved> {
    let mut options = arguments.options.at(Some(&arguments.before))?;
    if let Some(name) = &arguments.to_profile {
        options.profile = Some(name.clone());
    }
    let profile = super::profile(&specs.contract, options.profile_name())?;
    let through = ask(&options, specs, Vec::new())?;
    options.place = Some(place);
    let direct = ask(&options, specs, Vec::new())?;
    let compared = compare(
        specs,
        (&direct, "directly", profile),
        (&through, "through the edge", profile),
    )?;
    let of_panel = Rejudge::new(specs, &direct).map_err(|error| error.to_string())?;
    let of_panel = of_panel.results(profile);
    let made = edge_and_panel(
        &specs.contract,
        &compared,
        &of_panel,
        &arguments.options.policy(),
    );
    let heading = format!("{} · profile {}", through.header.target, profile.name.value);
    let is_whole = direct.complete && through.complete;
    let text = format!("{heading}\n{made}");
    Ok(say_with(&text, code(&compared, is_whole)))
}

/// What changes come to, for the program that started this one.
fn code(changes: &Changes, is_whole: bool) -> u8 {
    if changes.of(Course::NotExpected, false).next().is_some() {
        exit::FAILED
    } else if is_whole {
        exit::OK
    } else {
        exit::UNDECIDED
    }
}

/// Which recordings lack cases, in a line for each.
fn cut_short(recordings: &[(&RunRecording, &str)]) -> String {
    let parts = recordings
        .iter()
        .filter(|(recording, _)| !recording.complete);
    let lines = parts.map(|(recording, shown)| {
        let recorded = counted(recording.cases.len(), "case");
        format!(
            "INCOMPLETE: {shown} is of a run that was cut short after {recorded}; the others are not \
             compared\n"
        )
    });
    lines.collect()
}

/// Runs the cases of these ids against a panel, all where none is named, and keeps what comes.
fn ask(options: &RunOptions, specs: &Specs, ids: Vec<String>) -> Result<RunRecording, Unobserved> {
    let aim = Aim::of(options)?;
    let selection = Selection {
        filters: ids,
        exact: true,
    };
    let interrupt = Interrupt::default();
    let prepared = prepare(options, &aim, specs, &selection)?.guard(options, &aim, &interrupt)?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    watch(&runtime, interrupt.clone())?;
    runtime.block_on(observe(prepared, specs, &interrupt))
}

/// Verifies the keys, sends the cases, deletes what was created, and keeps what came.
async fn observe(
    mut prepared: Prepared,
    specs: &Specs,
    interrupt: &Interrupt,
) -> Result<RunRecording, Unobserved> {
    let verified = tokio::select! {
        () = interrupt.requested() => Err(Unobserved::Ended(exit::INTERRUPTED)),
        verified = prepared.verify(&specs.contract) => {
            verified.map_err(|trouble| Unobserved::Ended(tell_trouble(&trouble)))
        }
    };
    let (session, heading) = (Arc::new(prepared.session), prepared.heading);
    let voice = prepared.voice;
    let results = match verified {
        Ok(()) => Ok(run_all(
            &session,
            &prepared.plan,
            &prepared.schedule,
            interrupt,
            Told::All,
            &voice,
        )
        .await),
        Err(why) => Err(why),
    };
    let judged = results.as_ref().map_or(0, Vec::len);
    super::tell_how_it_went(&voice, &session, judged);
    super::warn_of_what_is_left(&voice, &session.finish().await, &heading.base);
    let record = Record {
        specs,
        session: &session,
        target: &heading.target,
        planned: prepared.plan.cases.len(),
        results: &results?,
    };
    if interrupt.is_requested() {
        return Err(Unobserved::Ended(exit::INTERRUPTED));
    }
    Ok(record.recording())
}

/// A recording, how it is shown, and the profile that it is held to.
type Given<'g> = (&'g RunRecording, &'g str, &'g Arc<Profile>);

fn compare(specs: &Specs, before: Given<'_>, after: Given<'_>) -> Result<Changes, String> {
    let (before, after) = (side(specs, before)?, side(specs, after)?);
    let changes = Changes::between(&before, &after)?;
    if changes.compared == 0 && changes.changes.is_empty() {
        let why = changes.not_compared.keys().next();
        return Err(format!(
            "there is nothing to compare: {}",
            why.map_or("no case was recorded", String::as_str)
        ));
    }
    Ok(changes)
}

fn side<'r>(specs: &'r Specs, (recording, shown, profile): Given<'r>) -> Result<Side<'r>, String> {
    let rejudge = Rejudge::new(specs, recording).map_err(|error| format!("{shown}: {error}"))?;
    Ok(Side {
        rejudge,
        profile: Arc::clone(profile),
    })
}

/// Checks a recording before anything is sent.
fn check(specs: &Specs, recording: &RunRecording, shown: &str) -> Result<(), String> {
    Rejudge::new(specs, recording)
        .map(|_| ())
        .map_err(|error| format!("{shown}: {error}"))
}

/// The profile of a name, or else that of a recording.
fn named<'s>(
    specs: &'s Specs,
    name: Option<&str>,
    recording: &RunRecording,
    shown: &str,
) -> Result<&'s Arc<Profile>, String> {
    match name {
        Some(name) => super::profile(&specs.contract, name),
        None => record::profile(&specs.contract, recording, shown),
    }
}
