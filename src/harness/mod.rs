//! The libtest presenter: every case is a test of its own. It decides nothing.
//!
//! Ctrl-C and SIGTERM end it as they end `run`: tests that are not begun are ignored, and what was
//! created is deleted. That is not in its hands where the one who started it ends sooner: a runner
//! that starts a process per test kills them after a time of its own, and a panic that aborts runs
//! no clean-up. What is left then stands in the journal, for `ptero-conformance cleanup`.

mod board;
mod printed;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use libtest_mimic::{Arguments, Completion, Failed, Trial};

use board::Board;

use crate::cli::options::{RunOptions, check_variables};
use crate::cli::outcome::{not_begun, tell_in_vain};
use crate::cli::prepare::{Aim, Prepared, prepare, variables};
use crate::cli::reports::{ReportArguments, Reports, Unwritten};
use crate::cli::signals::watch;
use crate::cli::voice::Voice;
use crate::cli::{exit, tell_how_it_went, tell_looking_again, tell_waivers, warn_of_what_is_left};
use crate::moment;
use crate::plan::{Plan, Planned, Selection};
use crate::report::{CaseReporter, Finished, Results, Screen, Told, summary};
use crate::run::{CaseResult, Event, Interrupt, Schedule, Session, Trouble};
use crate::spec::{Broken, CaseId, Diagnostic, Source, Specs};
use crate::verdict::{Policy, Skip, Standing, Verdict};

/// The flags of libtest, and those of a run.
#[derive(Parser)]
#[command(name = "conformance", about = "Tests a panel: every case is a test")]
struct Flags {
    #[command(flatten)]
    libtest: Arguments,
    #[command(flatten)]
    run: RunOptions,
    #[command(flatten)]
    reports: ReportArguments,
}

/// Runs the conformance tests as libtest would: the whole of the `conformance` test binary.
///
/// The specification is the checkout's, so that editing it needs no rebuild.
#[must_use]
pub fn conformance() -> ExitCode {
    let checked = variables().and_then(check_variables);
    let flags = Flags::parse();
    match checked.and_then(|()| begin(&flags)) {
        Ok(code) => code,
        Err(message) => {
            tell!("error: {message}");
            ExitCode::from(exit::USAGE)
        }
    }
}

/// Whether a panel is named: then it is tested, and nothing else.
///
/// For test binaries that test the harness itself; they take the same flags.
#[must_use]
pub fn a_target_is_named() -> bool {
    let flags = Flags::try_parse();
    flags.is_ok_and(|flags| flags.run.target_url.is_some() || flags.run.target.is_some())
}

/// libtest's own part of the flags.
#[must_use]
pub fn libtest_arguments() -> Arguments {
    Flags::parse().libtest
}

/// One run, shared by its tests: it goes on beside them, and each waits for its own case.
struct Run {
    reporter: CaseReporter,
    policy: Policy,
    partial: bool,
    told: Told,
    board: Board,
}

fn begin(flags: &Flags) -> Result<ExitCode, String> {
    let options = flags.run.at(None)?;
    let aim = Aim::of(&options)?;
    let specs = match load(flags) {
        Ok(specs) => specs,
        Err(troubles) => {
            // The contract itself is wrong: that is one failing test, named after its file.
            let trials = troubles
                .iter()
                .map(|t| broken_trial(&t.file, t.to_string()))
                .collect();
            return Ok(finish(flags, trials));
        }
    };
    let mut prepared = prepare(&options, &aim, &specs, &Selection::default())?;
    choose(&mut prepared.plan, flags);
    prepared.selection = Selection {
        filters: flags.libtest.filter.iter().cloned().collect(),
        exact: flags.libtest.exact,
    };
    // Of one exact case, only its suite is read.
    if !flags.libtest.exact {
        options.agreed.waivers.check(&specs)?;
    }
    let broken = specs.broken.iter().map(broken_suite);
    if flags.libtest.list {
        let listed = prepared
            .plan
            .cases
            .iter()
            .map(|p| listed_trial(p, &flags.run));
        return Ok(finish(flags, listed.chain(broken).collect()));
    }
    if prepared.plan.cases.is_empty() && specs.broken.is_empty() {
        return Err("no case is chosen by these filters; `--list` names them all".to_owned());
    }
    if prepared.session.pace().is_some() && !is_nextest() {
        tell!(
            "{}",
            prepared
                .forecast(&specs.contract, &options, &aim)?
                .in_short()
        );
    }
    let interrupt = Interrupt::default();
    let stage = Stage {
        flags,
        specs: &specs,
        reports: reports(flags)?,
        prepared: prepared.guard(&options, &aim, &interrupt)?,
        interrupt,
    };
    stage.play(broken.collect())
}

/// The reports that are asked for. A runner that starts a process per test has none: each process
/// would write over what the one before has written.
fn reports(flags: &Flags) -> Result<Reports, String> {
    let asked = if is_nextest() {
        &ReportArguments::default()
    } else {
        &flags.reports
    };
    let reports = asked.open()?;
    if reports.take_stdout() {
        return Err("standard output is libtest's here; give the report a file".to_owned());
    }
    Ok(reports)
}

fn finish(flags: &Flags, trials: Vec<Trial>) -> ExitCode {
    let code = match printed::run(&flags.libtest, trials, &Interrupt::default()) {
        None => exit::INTERRUPTED,
        Some(conclusion) if conclusion.has_failed() => exit::USAGE,
        Some(_) => exit::OK,
    };
    ExitCode::from(code)
}

/// A run of one exact id reads one suite: a runner that starts a process per test starts many. A
/// suite that cannot be read is a test called as its file, which is no id.
fn load(flags: &Flags) -> Result<Specs, Vec<Diagnostic>> {
    let source = match flags.run.specs.source() {
        Source::Embedded if Path::new("specs/requirements.yaml").is_file() => {
            Source::Folder("specs".into())
        }
        source => source,
    };
    match &flags.libtest.filter {
        Some(id) if flags.libtest.exact && id.parse::<CaseId>().is_ok() => {
            Specs::load_for(&source, std::slice::from_ref(id))
        }
        _ => Specs::load(&source),
    }
}

/// Keeps the cases that libtest's own flags choose: no other is to be asked about.
fn choose(plan: &mut Plan, flags: &Flags) {
    plan.cases.retain(|planned| {
        let listed = listed_trial(planned, &flags.run);
        !flags.libtest.is_filtered_out(&listed)
    });
}

/// Everything that a run needs to begin.
struct Stage<'r> {
    flags: &'r Flags,
    specs: &'r Specs,
    reports: Reports,
    prepared: Prepared,
    interrupt: Interrupt,
}

impl Stage<'_> {
    fn play(mut self, broken: Vec<Trial>) -> Result<ExitCode, String> {
        let contract = Arc::clone(&self.specs.contract);
        let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
        watch(&runtime, self.interrupt.clone())?;
        if let Err(trouble) = runtime.block_on(self.prepared.verify(&contract)) {
            let left = runtime.block_on(self.prepared.session.finish());
            warn_of_what_is_left(&self.prepared.voice, &left, &self.prepared.heading.base);
            return self.begun_in_vain(&trouble);
        }
        let has_broken_suite = broken
            .iter()
            .any(|trial| !self.flags.libtest.is_filtered_out(trial));
        let finished = Finished {
            has_broken_suite,
            ..self.finished()
        };
        let run = Arc::new(Run {
            reporter: CaseReporter::new(
                contract,
                Arc::clone(&self.prepared.profile),
                self.prepared.heading.clone(),
            ),
            policy: self.prepared.schedule.policy.clone(),
            partial: self.flags.run.partial,
            told: self.reports.told(),
            board: Board::default(),
        });
        let planned = self.prepared.plan.cases.iter().enumerate();
        let trials: Vec<_> = planned
            .map(|(number, planned)| trial(number, planned, &run, &self.flags.run))
            .chain(broken)
            .collect();
        let session = Arc::new(self.prepared.session);
        let going = runtime.spawn(go(
            Arc::clone(&run),
            Arc::clone(&session),
            self.prepared.plan,
            self.prepared.schedule,
            self.interrupt.clone(),
            self.prepared.voice.clone(),
        ));
        // The summary decides; libtest's own count cannot tell what a failure is of.
        let conclusion = printed::run(&self.flags.libtest, trials, &self.interrupt);
        // Interrupted, it still finishes what it has begun.
        let ended = runtime.block_on(going);
        let left = runtime.block_on(session.finish());
        ended.map_err(|error| format!("the run ended early: {error}"))?;
        warn_of_what_is_left(&self.prepared.voice, &left, &finished.heading.base);
        let all = run.board.all();
        let finished = Finished {
            interrupted: self.interrupt.is_requested(),
            stopped: session.stopped(),
            results: all.iter().map(Arc::as_ref).collect(),
            told: run.told,
            ..finished
        };
        let results = finished.results();
        // A runner that starts a process per test has no use for a summary of one.
        if !is_nextest() && (!all.is_empty() || !results.complete) {
            tell_how_it_went(&self.prepared.voice, &session, all.len());
            tell_waivers(&self.prepared.voice, &results);
            tell!("{}", summary(&results, Screen::default().width));
        }
        let code = write(&mut self.reports, &results)?;
        let is_over = !self.interrupt.is_requested();
        let has_failed = conclusion.is_none_or(|conclusion| conclusion.has_failed());
        if is_nextest() && is_over && !has_broken_suite && !has_failed {
            // One skipped case of many that it runs: it knows no other word for that than PASS.
            return Ok(ExitCode::from(exit::OK));
        }
        Ok(code)
    }

    /// The run before anything is known of it; which suites were chosen is known later.
    fn finished<'r>(&self) -> Finished<'r>
    where
        Self: 'r,
    {
        let partial = self.flags.run.partial;
        let finished = self.prepared.finished(self.specs, moment::now(), partial);
        Finished {
            has_broken_suite: false,
            ..finished
        }
    }

    fn begun_in_vain(mut self, trouble: &Trouble) -> Result<ExitCode, String> {
        let results = not_begun(self.finished(), Some(trouble));
        tell_in_vain(&mut self.reports, &results).map(ExitCode::from)
    }
}

/// Writes the reports; the exit code.
fn write(reports: &mut Reports, results: &Results) -> Result<ExitCode, String> {
    match reports.write(results) {
        Ok(()) => Ok(ExitCode::from(results.exit_code)),
        Err(Unwritten::ReaderGone) => Ok(ExitCode::from(exit::INTERRUPTED)),
        Err(Unwritten::Failed(message)) => Err(message),
    }
}

/// Runs the plan beside the tests that report it.
async fn go(
    run: Arc<Run>,
    session: Arc<Session>,
    plan: Plan,
    schedule: Schedule,
    interrupt: Interrupt,
    voice: Voice,
) {
    let mut tell = |event| match event {
        Event::Over(number, result) => run.board.post(number, run.told.keep(*result)),
        Event::LookingAgain { cases, wait } => tell_looking_again(&voice, cases, wait),
    };
    schedule.play(&session, &plan, &interrupt, &mut tell).await;
    run.board.close();
}

fn trial(number: usize, planned: &Planned, run: &Arc<Run>, options: &RunOptions) -> Trial {
    let id = planned.case.id.to_string();
    let is_ignored = is_ignored(planned, options);
    let run = Arc::clone(run);
    Trial::ignorable_test(id, move || match run.board.result(number) {
        Some(result) => present(&result, &run),
        None => Ok(Completion::ignored_with("not begun: interrupted")),
    })
    .with_ignored_flag(is_ignored)
}

/// What a standing looks like under libtest; nextest has no reasons and no ignoring at run time.
fn present(result: &CaseResult, run: &Run) -> Result<Completion, Failed> {
    let reason = || match &result.verdict {
        Ok(Verdict::Skipped(skip)) => skip.to_string(),
        _ => result.kind().map_or(String::new(), |kind| {
            format!("{}: {kind}", result.standing(&run.policy))
        }),
    };
    match result.standing(&run.policy) {
        Standing::Passed => Ok(Completion::Completed),
        Standing::Failed | Standing::Unjudged | Standing::Broken => {
            Err(Failed::from(run.reporter.report(result)))
        }
        Standing::Missing if is_nextest() && !run.partial => Err(Failed::from(reason())),
        Standing::Advice
        | Standing::Waived
        | Standing::Missing
        | Standing::NotAgreed
        | Standing::NotApplicable => Ok(Completion::ignored_with(reason())),
    }
}

/// A test as it is listed; it is never run.
fn listed_trial(planned: &Planned, options: &RunOptions) -> Trial {
    Trial::test(planned.case.id.to_string(), || Ok(()))
        .with_ignored_flag(is_ignored(planned, options))
}

/// Under nextest, what is known to be skipped is ignored from the start.
fn is_ignored(planned: &Planned, options: &RunOptions) -> bool {
    is_nextest()
        && match &planned.due {
            Ok(_) => false,
            Err(Skip::RoleMissing { .. }) => options.partial,
            Err(_) => true,
        }
}

fn is_nextest() -> bool {
    std::env::var_os("NEXTEST").is_some_and(|value| value == "1")
}

fn broken_suite(broken: &Broken) -> Trial {
    let text: Vec<_> = broken.diagnostics.iter().map(ToString::to_string).collect();
    broken_trial(&broken.file.shown, text.join("\n\n"))
}

fn broken_trial(file: &str, message: String) -> Trial {
    Trial::test(file, move || Err(Failed::from(message)))
}
