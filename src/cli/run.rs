//! `run`: every chosen case against a target, then the report.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use clap::builder::BoolishValueParser;

use super::options::RunOptions;
use super::outcome::{Ended, Known, Telling};
use super::outputs::Taken;
use super::prepare::{Aim, Prepared, prepare};
use super::record::{RecordArguments, RecordFile};
use super::reports::ReportArguments;
use super::show::ShowArguments;
use super::signals::watch;
use super::voice::Voice;
use super::{exit, fail, fleet, say};
use crate::moment;
use crate::plan::{Plan, Selection};
use crate::report::{Finished, Told};
use crate::run::{CaseResult, Event, Interrupt, Record, Schedule, Session};
use crate::spec::Specs;

#[derive(Args)]
pub(super) struct Arguments {
    /// The panel to test, if no flag names it; then filters: a case is chosen whose id has one in it
    #[arg(value_name = "URL|FILTER")]
    pub(super) words: Vec<String>,
    /// Test the reference panel in this process
    #[arg(long, env = "PTERO_EMBEDDED", hide_env_values = true, value_parser = BoolishValueParser::new())]
    embedded: bool,
    /// Test the panels of a list side by side: a file that names their target files
    #[arg(long, value_name = "FILE", conflicts_with = "embedded")]
    pub(super) targets: Option<PathBuf>,
    /// A filter must be the whole id
    #[arg(long)]
    pub(super) exact: bool,
    /// Only say what would be sent, without asking the target anything
    #[arg(long, env = "PTERO_DRY_RUN", hide_env_values = true, value_parser = BoolishValueParser::new())]
    pub(super) dry_run: bool,
    #[command(flatten)]
    pub(super) options: RunOptions,
    #[command(flatten)]
    pub(super) record: RecordArguments,
    #[command(flatten)]
    pub(super) reports: ReportArguments,
    #[command(flatten)]
    show: ShowArguments,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let code = match &arguments.targets {
        Some(list) => fleet::begin(arguments, list),
        None => begin(arguments),
    };
    code.unwrap_or_else(|message| fail(&message))
}

fn begin(arguments: &Arguments) -> Result<ExitCode, String> {
    let (options, filters) = target_and_filters(arguments)?;
    let selection = Selection {
        filters,
        exact: arguments.exact,
    };
    let specs = match options.specs.load_for(&selection) {
        Ok(specs) => specs,
        Err(code) => return Ok(code),
    };
    let ready = Ready::new(options, &specs, &selection, Voice::default())?;
    let broken = specs.troubles();
    if ready.prepared.plan.cases.is_empty() && !broken.is_empty() {
        return Ok(super::report(&broken));
    }
    ready.has_cases(&selection)?;
    if arguments.dry_run {
        return Ok(say(&ready.forecast(&specs)?));
    }
    ready.tell_forecast(&specs)?;
    let code = execute(ready, arguments, &specs)?;
    if broken.is_empty() || code == exit::INTERRUPTED {
        return Ok(ExitCode::from(code));
    }
    Ok(super::report(&broken))
}

/// A run against one target that is ready to begin, with the flags that it follows.
pub(super) struct Ready {
    pub(super) options: RunOptions,
    pub(super) aim: Aim,
    pub(super) prepared: Prepared,
}

impl Ready {
    /// Reads all that is to be read, without asking the target anything.
    pub(super) fn new(
        options: RunOptions,
        specs: &Specs,
        selection: &Selection,
        voice: Voice,
    ) -> Result<Self, String> {
        let aim = Aim::of(&options)?;
        if let Some(note) = aim.target().and_then(|target| target.note.as_ref()) {
            voice.say(&format!("note: {note}"));
        }
        // Of exact cases, only their suites are read.
        if !selection.exact {
            options.agreed.waivers.check(specs)?;
        }
        let mut prepared = prepare(&options, &aim, specs, selection)?;
        prepared.voice = voice;
        Ok(Self {
            options,
            aim,
            prepared,
        })
    }

    /// Checks that the filters choose something.
    pub(super) fn has_cases(&self, selection: &Selection) -> Result<(), String> {
        if !self.prepared.plan.cases.is_empty() {
            return Ok(());
        }
        let filters = selection.filters.iter().map(|f| format!("`{f}`"));
        Err(format!(
            "no case has {} in its id; `list --ids` names them all",
            filters.collect::<Vec<_>>().join(" or ")
        ))
    }

    /// What the run would do.
    pub(super) fn forecast(&self, specs: &Specs) -> Result<String, String> {
        let contract = &specs.contract;
        let forecast = self.prepared.forecast(contract, &self.options, &self.aim)?;
        Ok(forecast.text())
    }

    /// Says what the run will do, where others use the panel.
    pub(super) fn tell_forecast(&self, specs: &Specs) -> Result<(), String> {
        if self.prepared.session.pace().is_some() {
            let contract = &specs.contract;
            let forecast = self.prepared.forecast(contract, &self.options, &self.aim)?;
            self.prepared.voice.say(&forecast.in_short());
        }
        Ok(())
    }

    /// Lets it be interrupted, and opens its journal if it needs one.
    pub(super) fn guard(self, interrupt: &Interrupt) -> Result<Self, String> {
        let prepared = self.prepared.guard(&self.options, &self.aim, interrupt)?;
        Ok(Self { prepared, ..self })
    }
}

/// Runs what is prepared, until it is over or somebody ends it.
fn execute(ready: Ready, arguments: &Arguments, specs: &Specs) -> Result<u8, String> {
    let mut taken = Taken::default();
    if let Some(target) = &ready.options.target {
        taken.take(target, "the target file")?;
    }
    arguments.reports.take(&mut taken)?;
    arguments.record.take(&mut taken)?;
    let mut telling = Telling {
        show: arguments.show,
        reports: arguments.reports.open()?,
    };
    let known = Known {
        specs,
        partial: ready.options.partial,
        told: telling.reports.told(),
        started: moment::now(),
    };
    let record = arguments.record.open()?;
    let interrupt = Interrupt::default();
    let prepared = ready.guard(&interrupt)?.prepared;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    watch(&runtime, interrupt.clone())?;
    let ended = runtime.block_on(play(prepared, &known, record, &interrupt))?;
    telling.tell(&ended)
}

/// The target is named once: by the first word, by a flag or by its variable, or it is embedded.
fn target_and_filters(arguments: &Arguments) -> Result<(RunOptions, Vec<String>), String> {
    let mut options = arguments.options.clone();
    let mut words = arguments.words.clone();
    let has_other = options.target_url.is_some() || options.target.is_some() || arguments.embedded;
    let first_is_url = words.first().is_some_and(|word| word.contains("://"));
    if first_is_url || (!has_other && !words.is_empty()) {
        options.name_target(words.remove(0))?;
    }
    options.complete()?;
    match (&options.target_url, arguments.embedded) {
        (Some(_), true) => Err("a target and --embedded exclude each other; name one".to_owned()),
        (None, false) => Err(
            "no target: name a panel, `run https://panel.example.com`, or take the reference panel, \
             `run --embedded`"
                .to_owned(),
        ),
        _ => Ok((options, words)),
    }
}

/// Verifies the keys, runs the cases, deletes what was created, and keeps the recording.
pub(super) async fn play(
    mut prepared: Prepared,
    known: &Known<'_>,
    record: Option<RecordFile>,
    interrupt: &Interrupt,
) -> Result<Ended, String> {
    // Controls create nothing but keys that are deleted at the end, so that they can be left alone
    // at any moment.
    let verified = tokio::select! {
        () = interrupt.requested() => Err(None),
        verified = prepared.verify(&known.specs.contract) => verified.map_err(Some),
    };
    let finished = known.of(&prepared);
    let Prepared {
        session,
        plan,
        schedule,
        voice,
        ..
    } = prepared;
    if let Err(trouble) = verified {
        let left = session.finish().await;
        super::warn_of_what_is_left(&voice, &left, &finished.heading.base);
        return Ok(Ended::in_vain(finished, trouble.as_ref()));
    }
    let session = Arc::new(session);
    let told = if record.is_some() {
        Told::All
    } else {
        known.told
    };
    let results = run_all(&session, &plan, &schedule, interrupt, told, &voice).await;
    super::tell_how_it_went(&voice, &session, results.len());
    super::warn_of_what_is_left(&voice, &session.finish().await, &finished.heading.base);
    let recorded = record.map_or(Ok(()), |mut file| {
        let record = Record {
            specs: known.specs,
            session: &session,
            target: &finished.heading.target,
            planned: plan.cases.len(),
            results: &results,
        };
        file.write(&record.recording())
    });
    let finished = Finished {
        interrupted: interrupt.is_requested(),
        stopped: session.stopped(),
        results: results.iter().collect(),
        told,
        ..finished
    };
    Ok(Ended::Over(Box::new(finished.results()), recorded))
}

/// Runs the cases and returns their results in the order of the plan; what is not begun when it is
/// interrupted has none.
pub(super) async fn run_all(
    session: &Arc<Session>,
    plan: &Plan,
    schedule: &Schedule,
    interrupt: &Interrupt,
    told: Told,
    voice: &Voice,
) -> Vec<CaseResult> {
    let mut results: BTreeMap<usize, CaseResult> = BTreeMap::new();
    let budget = plan.budget(session.contract(), session.agreement());
    let at_least = session.pace().map(|pace| pace.shortest(&budget));
    let progress = voice.progress(plan.cases.len(), at_least);
    let mut tell = |event| match event {
        Event::Over(number, result) => {
            results.insert(number, told.keep(*result));
            progress.show(results.len());
        }
        Event::LookingAgain { cases, wait } => super::tell_looking_again(voice, cases, wait),
    };
    schedule.play(session, plan, interrupt, &mut tell).await;
    progress.clear();
    results.into_values().collect()
}
