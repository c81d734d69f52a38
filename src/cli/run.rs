//! `run`: every chosen case against a target, then the report.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use clap::builder::BoolishValueParser;

use super::options::RunOptions;
use super::outcome::Telling;
use super::prepare::{Aim, Prepared, prepare};
use super::progress::Progress;
use super::record::{RecordArguments, RecordFile};
use super::reports::ReportArguments;
use super::show::ShowArguments;
use super::signals::watch;
use super::{exit, fail, say};
use crate::moment;
use crate::plan::{Plan, Selection};
use crate::report::{Finished, Told};
use crate::run::{CaseResult, Event, Interrupt, Record, Schedule, Session, Trouble};
use crate::spec::Specs;

#[derive(Args)]
pub(super) struct Arguments {
    /// The panel to test, if no flag names it; then filters: a case is chosen whose id has one in it
    #[arg(value_name = "URL|FILTER")]
    words: Vec<String>,
    /// Test the reference panel in this process
    #[arg(long, env = "PTERO_EMBEDDED", hide_env_values = true, value_parser = BoolishValueParser::new())]
    embedded: bool,
    /// A filter must be the whole id
    #[arg(long)]
    exact: bool,
    /// Only say what would be sent, without asking the target anything
    #[arg(long, env = "PTERO_DRY_RUN", hide_env_values = true, value_parser = BoolishValueParser::new())]
    dry_run: bool,
    #[command(flatten)]
    options: RunOptions,
    #[command(flatten)]
    record: RecordArguments,
    #[command(flatten)]
    reports: ReportArguments,
    #[command(flatten)]
    show: ShowArguments,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    match begin(arguments) {
        Ok(code) => code,
        Err(message) => fail(&message),
    }
}

fn begin(arguments: &Arguments) -> Result<ExitCode, String> {
    let (options, filters) = target_and_filters(arguments)?;
    let aim = Aim::of(&options)?;
    if let Aim::Panel(target) = &aim
        && let Some(note) = &target.note
    {
        eprintln!("note: {note}");
    }
    let selection = Selection {
        filters,
        exact: arguments.exact,
    };
    let specs = match options.specs.load_for(&selection) {
        Ok(specs) => specs,
        Err(code) => return Ok(code),
    };
    // Of exact cases, only their suites are read.
    if !selection.exact {
        options.agreed.waivers.check(&specs)?;
    }
    let prepared = prepare(&options, &aim, &specs, &selection)?;
    let broken: Vec<_> = specs
        .broken
        .iter()
        .flat_map(|b| b.diagnostics.iter().cloned())
        .collect();
    if prepared.plan.cases.is_empty() && !broken.is_empty() {
        return Ok(super::report(&broken));
    }
    if prepared.plan.cases.is_empty() {
        return Err(format!(
            "no case has {} in its id; `list --ids` names them all",
            selection
                .filters
                .iter()
                .map(|f| format!("`{f}`"))
                .collect::<Vec<_>>()
                .join(" or ")
        ));
    }
    if arguments.dry_run {
        let forecast = prepared.forecast(&specs.contract, &options, &aim)?;
        return Ok(say(&forecast.text()));
    }
    if prepared.session.pace().is_some() {
        let forecast = prepared.forecast(&specs.contract, &options, &aim)?;
        eprintln!("{}", forecast.in_short());
    }
    let code = execute(prepared, arguments, &options, &aim, &specs)?;
    if broken.is_empty() || code == exit::INTERRUPTED {
        return Ok(ExitCode::from(code));
    }
    Ok(super::report(&broken))
}

/// Runs what is prepared, until it is over or somebody ends it.
fn execute(
    prepared: Prepared,
    arguments: &Arguments,
    options: &RunOptions,
    aim: &Aim,
    specs: &Specs,
) -> Result<u8, String> {
    let telling = Telling {
        specs,
        options,
        show: arguments.show,
        reports: arguments.reports.open()?,
        started: moment::now(),
    };
    let record = arguments.record.open()?;
    let interrupt = Interrupt::default();
    let prepared = prepared.guard(options, aim, &interrupt)?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    watch(&runtime, interrupt.clone())?;
    runtime.block_on(play(prepared, telling, record, &interrupt))
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

async fn play(
    mut prepared: Prepared,
    mut telling: Telling<'_>,
    record: Option<RecordFile>,
    interrupt: &Interrupt,
) -> Result<u8, String> {
    let contract = &telling.specs.contract;
    // Controls create nothing but keys that are deleted at the end, so that they can be left alone
    // at any moment.
    let verified = tokio::select! {
        () = interrupt.requested() => Err(None),
        verified = prepared.verify(contract) => verified.map_err(Some),
    };
    if let Err(trouble) = verified {
        let left = prepared.session.finish().await;
        super::warn_of_what_is_left(&left, &prepared.heading.base);
        return begun_in_vain(&prepared, &mut telling, trouble);
    }
    let finished = telling.of(&prepared);
    let Prepared {
        session,
        plan,
        schedule,
        ..
    } = prepared;
    let session = Arc::new(session);
    let told = if record.is_some() {
        Told::All
    } else {
        telling.told()
    };
    let results = run_all(&session, &plan, &schedule, interrupt, told).await;
    super::tell_how_it_went(&session, results.len());
    super::warn_of_what_is_left(&session.finish().await, &finished.heading.base);
    if let Some(mut file) = record {
        let record = Record {
            specs: telling.specs,
            session: &session,
            target: &finished.heading.target,
            planned: plan.cases.len(),
            results: &results,
        };
        file.write(&record.recording())?;
    }
    telling.tell(&Finished {
        interrupted: interrupt.is_requested(),
        stopped: session.stopped(),
        results: results.iter().collect(),
        told,
        ..finished
    })
}

/// Tells that a run could not begin, and why; nothing: somebody ended it.
fn begun_in_vain(
    prepared: &Prepared,
    telling: &mut Telling<'_>,
    trouble: Option<Trouble>,
) -> Result<u8, String> {
    match trouble {
        None => {
            telling.not_begun(prepared, "interrupted", exit::INTERRUPTED)?;
            Ok(exit::INTERRUPTED)
        }
        Some(Trouble::Key(message)) => {
            telling.not_begun(prepared, &message, exit::USAGE)?;
            Err(message)
        }
        Some(Trouble::Target(message)) => {
            telling.not_begun(prepared, &message, exit::UNDECIDED)?;
            eprintln!("error: {message}");
            Ok(exit::UNDECIDED)
        }
    }
}

/// Runs the cases and returns their results in the order of the plan; what is not begun when it is
/// interrupted has none.
pub(super) async fn run_all(
    session: &Arc<Session>,
    plan: &Plan,
    schedule: &Schedule,
    interrupt: &Interrupt,
    told: Told,
) -> Vec<CaseResult> {
    let mut results: BTreeMap<usize, CaseResult> = BTreeMap::new();
    let budget = plan.budget(session.contract(), session.agreement());
    let at_least = session.pace().map(|pace| pace.shortest(&budget));
    let progress = Progress::new(plan.cases.len(), at_least);
    let mut tell = |event| match event {
        Event::Over(number, result) => {
            let result = match told {
                Told::All => *result,
                Told::Differences => result.in_brief(),
            };
            results.insert(number, result);
            progress.show(results.len());
        }
        Event::LookingAgain { cases, wait } => {
            let seconds = wait.as_secs();
            progress.say(&format!(
                "note: looking once more at {cases} cases in {seconds} s"
            ));
        }
    };
    schedule.play(session, plan, interrupt, &mut tell).await;
    progress.clear();
    results.into_values().collect()
}
