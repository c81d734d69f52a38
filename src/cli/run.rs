//! `run`: every chosen case against a target, then the report.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use super::options::RunOptions;
use super::prepare::{Aim, Prepared, prepare};
use super::signals::watch;
use super::{exit, fail, say};
use crate::plan::{Plan, Selection};
use crate::report::{CaseReporter, Summary};
use crate::run::{CaseResult, Event, Interrupt, Schedule, Session, Trouble};
use crate::spec::Contract;
use crate::verdict::{Policy, Standing, Verdict};
use clap::Args;
use clap::builder::BoolishValueParser;

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
    let specs = match options.specs.load() {
        Ok(specs) => specs,
        Err(code) => return Ok(code),
    };
    let selection = Selection {
        filters,
        exact: arguments.exact,
    };
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
    let code = execute(prepared, &options, &aim, &specs.contract)?;
    if broken.is_empty() || code == exit::INTERRUPTED {
        return Ok(ExitCode::from(code));
    }
    Ok(super::report(&broken))
}

/// Runs what is prepared, until it is over or somebody ends it.
fn execute(
    prepared: Prepared,
    options: &RunOptions,
    aim: &Aim,
    contract: &Arc<Contract>,
) -> Result<u8, String> {
    let interrupt = Interrupt::default();
    let prepared = prepared.guard(options, aim, &interrupt)?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    watch(&runtime, interrupt.clone())?;
    runtime.block_on(play(prepared, options, contract, &interrupt))
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
    prepared: Prepared,
    options: &RunOptions,
    contract: &Arc<Contract>,
    interrupt: &Interrupt,
) -> Result<u8, String> {
    // Controls create nothing, so that they can be left alone at any moment.
    let verified = tokio::select! {
        () = interrupt.requested() => return Ok(exit::INTERRUPTED),
        verified = prepared.verify(contract) => verified,
    };
    let prepared = match verified {
        Ok(prepared) => prepared,
        Err(Trouble::Key(message)) => return Err(message),
        Err(Trouble::Target(message)) => {
            eprintln!("error: {message}");
            return Ok(exit::UNDECIDED);
        }
    };
    let Prepared {
        profile,
        session,
        plan,
        heading,
        schedule,
    } = prepared;
    let policy = options.policy();
    let session = Arc::new(session);
    let results = run_all(&session, &plan, &schedule, interrupt).await;
    super::tell_how_it_went(&session);
    super::warn_of_what_is_left(&session.finish().await, &heading.base);
    let reporter = CaseReporter::new(Arc::clone(contract), Arc::clone(&profile), heading.clone());
    let mut out = std::io::stdout().lock();
    let told = print_cases(&mut out, &results, &reporter, &policy);
    let summary = Summary {
        contract: Arc::clone(contract),
        profile,
        heading,
        policy,
        partial: options.partial,
        results: results.iter().collect(),
        cut_short_of: interrupt.is_requested().then_some(plan.cases.len()),
    };
    let written = told.and_then(|()| writeln!(out, "\n{}", summary.text()));
    match written {
        Ok(()) => Ok(summary.exit_code()),
        // The reader went away: nobody is told a verdict, so none is given.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(exit::INTERRUPTED),
        Err(error) => Err(format!("cannot write the report: {error}")),
    }
}

/// Runs the cases and returns their results in the order of the plan; what is not begun when it is
/// interrupted has none.
async fn run_all(
    session: &Arc<Session>,
    plan: &Plan,
    schedule: &Schedule,
    interrupt: &Interrupt,
) -> Vec<CaseResult> {
    let mut results: BTreeMap<usize, CaseResult> = BTreeMap::new();
    let mut progress = Progress::new(plan.cases.len());
    let mut tell = |event| match event {
        Event::Over(number, result) => {
            results.insert(number, *result);
            progress.show(results.len());
        }
        Event::LookingAgain { cases, wait } => progress.wait(cases, wait),
    };
    schedule.play(session, plan, interrupt, &mut tell).await;
    progress.clear();
    results.into_values().collect()
}

/// A line on a terminal that says how far a run is.
struct Progress {
    total: usize,
    is_terminal: bool,
}

impl Progress {
    fn new(total: usize) -> Self {
        Self {
            total,
            is_terminal: std::io::stderr().is_terminal(),
        }
    }

    fn show(&mut self, done: usize) {
        if self.is_terminal {
            eprint!("\r{done} of {} cases", self.total);
        }
    }

    fn wait(&mut self, cases: usize, wait: Duration) {
        if self.is_terminal {
            let seconds = wait.as_secs();
            eprint!(
                "\rlooking again at {cases} of {} cases in {seconds} s",
                self.total
            );
        }
    }

    fn clear(&self) {
        if self.is_terminal {
            eprint!("\r{:60}\r", "");
        }
    }
}

/// Cases that need reading, gravest standing first; those that conform are only counted.
fn print_cases(
    out: &mut impl Write,
    results: &[CaseResult],
    reporter: &CaseReporter,
    policy: &Policy,
) -> std::io::Result<()> {
    let told = [
        Standing::Broken,
        Standing::Failed,
        Standing::Unjudged,
        Standing::Advice,
    ];
    let mut undecided: BTreeMap<&str, usize> = BTreeMap::new();
    for wanted in told {
        for result in results
            .iter()
            .filter(|result| result.standing(policy) == wanted)
        {
            if let Ok(Verdict::Inconclusive(why)) = &result.verdict {
                let count = undecided.entry(why).or_default();
                *count += 1;
                if *count > 1 {
                    continue;
                }
            }
            writeln!(out, "\n── {wanted}: {}", result.case.id)?;
            write!(out, "{}", reporter.report(result))?;
        }
    }
    // A panel that is away is away for every case: its reason is told once, and counted.
    for (why, count) in undecided.into_iter().filter(|(_, count)| *count > 1) {
        writeln!(
            out,
            "\n{count} cases are inconclusive for the same reason: {why}"
        )?;
    }
    Ok(())
}
