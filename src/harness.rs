//! The libtest presenter: every case is a test of its own. It decides nothing.
//!
//! Ctrl-C and SIGTERM end it as they end `run`: tests that are not begun are ignored, and what was
//! created is deleted. That is not in its hands where the one who started it ends sooner: a runner
//! that starts a process per test kills them after a time of its own, and a panic that aborts runs
//! no clean-up. What is left then stands in the journal, for `ptero-conformance cleanup`.

use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use clap::Parser;
use libtest_mimic::{Arguments, Completion, Failed, Trial};

use crate::cli::options::{RunOptions, check_variables};
use crate::cli::prepare::{Aim, Prepared, prepare, variables};
use crate::cli::signals::watch;
use crate::cli::{exit, warn_of_what_is_left};
use crate::plan::{Plan, Planned, Selection};
use crate::report::{CaseReporter, Summary};
use crate::run::{CaseResult, Interrupt, Session, Trouble, control};
use crate::spec::{Broken, Diagnostic, Source, Specs};
use crate::verdict::{Policy, Skip, Standing, Verdict};

/// The flags of libtest, and those of a run.
#[derive(Parser)]
#[command(name = "conformance", about = "Tests a panel: every case is a test")]
struct Flags {
    #[command(flatten)]
    libtest: Arguments,
    #[command(flatten)]
    run: RunOptions,
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
            eprintln!("error: {message}");
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
    flags.is_ok_and(|flags| flags.run.target_url.is_some())
}

/// libtest's own part of the flags.
#[must_use]
pub fn libtest_arguments() -> Arguments {
    Flags::parse().libtest
}

/// One run, shared by its tests.
struct Run {
    session: Session,
    reporter: CaseReporter,
    policy: Policy,
    runtime: tokio::runtime::Runtime,
    results: Mutex<Vec<CaseResult>>,
    interrupt: Interrupt,
}

fn begin(flags: &Flags) -> Result<ExitCode, String> {
    let aim = Aim::of(&flags.run)?;
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
    let mut prepared = prepare(&flags.run, &aim, &specs, &Selection::default())?;
    choose(&mut prepared.plan, &flags.libtest);
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
    let interrupt = Interrupt::default();
    let prepared = prepared.guard(&flags.run, &aim, &interrupt)?;
    play(flags, prepared, &specs, broken.collect(), interrupt)
}

fn finish(flags: &Flags, trials: Vec<Trial>) -> ExitCode {
    let conclusion = libtest_mimic::run(&flags.libtest, trials);
    if conclusion.has_failed() {
        ExitCode::from(exit::USAGE)
    } else {
        ExitCode::from(exit::OK)
    }
}

/// A run of one exact id reads one suite: a runner that starts a process per test starts many.
fn load(flags: &Flags) -> Result<Specs, Vec<Diagnostic>> {
    let source = match flags.run.specs.source() {
        Source::Embedded if Path::new("specs/requirements.yaml").is_file() => {
            Source::Folder("specs".into())
        }
        source => source,
    };
    match &flags.libtest.filter {
        Some(id) if flags.libtest.exact => Specs::load_for(&source, id),
        _ => Specs::load(&source),
    }
}

/// Keeps the cases that libtest's own flags choose.
fn choose(plan: &mut Plan, arguments: &Arguments) {
    plan.cases.retain(|planned| {
        let id = planned.case.id.as_str();
        let fits = |text: &String| {
            if arguments.exact {
                id == text
            } else {
                id.contains(text.as_str())
            }
        };
        arguments.filter.as_ref().is_none_or(fits) && !arguments.skip.iter().any(fits)
    });
}

fn play(
    flags: &Flags,
    prepared: Prepared,
    specs: &Specs,
    broken: Vec<Trial>,
    interrupt: Interrupt,
) -> Result<ExitCode, String> {
    let contract = Arc::clone(&specs.contract);
    let Prepared {
        profile,
        mut session,
        plan,
        heading,
    } = prepared;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    watch(&runtime, interrupt.clone())?;
    let roles = plan.roles(&contract);
    match runtime.block_on(control(&mut session, &roles)) {
        Ok(controlled) => controlled
            .warnings()
            .iter()
            .for_each(|w| eprintln!("warning: {w}")),
        Err(Trouble::Key(message)) => return Err(message),
        Err(Trouble::Target(message)) => {
            eprintln!("error: {message}");
            return Ok(ExitCode::from(exit::UNDECIDED));
        }
    }
    let plan = plan.again(&contract, session.agreement(), &session.keys().roles());
    let run = Arc::new(Run {
        session,
        reporter: CaseReporter::new(Arc::clone(&contract), Arc::clone(&profile), heading.clone()),
        policy: flags.run.policy(),
        runtime,
        results: Mutex::default(),
        interrupt,
    });
    let has_broken_suite = broken
        .iter()
        .any(|trial| !flags.libtest.is_filtered_out(trial));
    let trials = plan
        .cases
        .iter()
        .map(|planned| trial(planned, &run, &flags.run))
        .chain(broken);
    // The summary decides; libtest's own count cannot tell what a failure is of.
    let _conclusion = libtest_mimic::run(&flags.libtest, trials.collect());
    let left = run.runtime.block_on(run.session.finish());
    warn_of_what_is_left(&left, &heading.base);
    let results = run
        .results
        .lock()
        .map_err(|_| "a test panicked while it was noted".to_owned())?;
    let summary = Summary {
        contract,
        profile,
        heading,
        policy: run.policy.clone(),
        partial: flags.run.partial,
        results: results.iter().collect(),
        cut_short_of: run.interrupt.is_requested().then_some(plan.cases.len()),
    };
    // A runner that starts a process per test has no use for a summary of one.
    if !is_nextest() && !results.is_empty() {
        eprintln!("{}", summary.text());
    }
    let is_over = !run.interrupt.is_requested();
    Ok(ExitCode::from(if has_broken_suite && is_over {
        exit::USAGE
    } else {
        summary.exit_code()
    }))
}

fn trial(planned: &Planned, run: &Arc<Run>, options: &RunOptions) -> Trial {
    let id = planned.case.id.to_string();
    let is_ignored = is_ignored(planned, options);
    let (planned, run, partial) = (planned.clone(), Arc::clone(run), options.partial);
    Trial::ignorable_test(id, move || {
        if run.interrupt.is_requested() {
            return Ok(Completion::ignored_with("not begun: interrupted"));
        }
        let result = run.runtime.block_on(run.session.run_case(&planned));
        let outcome = present(&result, &run, partial);
        if let Ok(mut results) = run.results.lock() {
            results.push(result);
        }
        outcome
    })
    .with_ignored_flag(is_ignored)
}

/// What a standing looks like under libtest; nextest has no reasons and no ignoring at run time.
fn present(result: &CaseResult, run: &Run, partial: bool) -> Result<Completion, Failed> {
    let reason = || match &result.verdict {
        Ok(Verdict::Skipped(skip)) => skip.to_string(),
        _ => result
            .kind()
            .map_or(String::new(), |kind| format!("advice: {kind}")),
    };
    match result.standing(&run.policy) {
        Standing::Passed => Ok(Completion::Completed),
        Standing::Failed | Standing::Unjudged | Standing::Broken => {
            Err(Failed::from(run.reporter.report(result)))
        }
        Standing::Missing if is_nextest() && !partial => Err(Failed::from(reason())),
        Standing::Advice | Standing::Missing | Standing::NotAgreed | Standing::NotApplicable => {
            Ok(Completion::ignored_with(reason()))
        }
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
            Err(Skip::NotAgreed(_) | Skip::NotApplicable(_)) => true,
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
