//! `run --targets FILE`: several panels side by side, each by its own target file, with its own
//! keys, pace and reports; one summary.

use std::path::Path;
use std::process::ExitCode;

use tokio::runtime::Runtime;

use super::neighbours::Neighbours;
use super::outcome::{Ended, Known, both};
use super::outputs::Taken;
use super::progress::Bars;
use super::record::RecordFile;
use super::reports::{Reports, Unwritten};
use super::run::{Arguments, Ready, play};
use super::signals::watch;
use super::voice::Voice;
use super::{exit, fail_by, prepare, say, say_with, tell_waivers};
use crate::keys::{Keyring, variable};
use crate::moment;
use crate::plan::Selection;
use crate::report::{Panel, Panels, in_vain};
use crate::run::Interrupt;
use crate::spec::Specs;
use crate::target::{Listed, read_target_list};

/// One panel of several, ready to begin.
struct Member {
    listed: Listed,
    ready: Ready,
}

/// What a panel writes into.
struct Output {
    reports: Reports,
    record: Option<RecordFile>,
}

pub(super) fn begin(arguments: &Arguments, list: &Path) -> Result<ExitCode, String> {
    let listed = read_target_list(list)?;
    let selection = Selection {
        filters: arguments.words.clone(),
        exact: arguments.exact,
    };
    let specs = match arguments.options.specs.load_for(&selection) {
        Ok(specs) => specs,
        Err(code) => return Ok(code),
    };
    nothing_of_one_panel(arguments, list, &specs)?;
    let members = members(arguments, listed, &specs, &selection)?;
    let broken = specs.troubles();
    if let Some(first) = members.first() {
        // The filters are the same for all.
        match first.ready.has_cases(&selection) {
            Err(_) if !broken.is_empty() => return Ok(super::report(&broken)),
            checked => checked?,
        }
    }
    if arguments.dry_run {
        let forecasts = members.iter().map(|member| member.ready.forecast(&specs));
        let forecasts = forecasts.collect::<Result<Vec<_>, _>>()?;
        return Ok(say(&forecasts.join("\n")));
    }
    let files = files(arguments, list, &members)?;
    let mut all = Vec::new();
    for (member, output) in members.into_iter().zip(files) {
        member.ready.tell_forecast(&specs)?;
        all.push((member, output));
    }
    let panels = Panels {
        list: list.display().to_string(),
        panels: side_by_side(all, &specs)?,
    };
    let code = panels.exit_code();
    let said = say_with(&panels.text(), code);
    if broken.is_empty() || code == exit::INTERRUPTED || said != ExitCode::from(code) {
        return Ok(said);
    }
    Ok(super::report(&broken))
}

/// Refuses what is said of one panel: it would hold for all of them, and a key would go to all.
fn nothing_of_one_panel(arguments: &Arguments, list: &Path, specs: &Specs) -> Result<(), String> {
    let list = list.display();
    if let Some(url) = arguments.words.iter().find(|word| word.contains("://")) {
        let url = url.rsplit('@').next().unwrap_or_default();
        return Err(format!(
            "{list} names the targets, and so does {url}; write a target file for it"
        ));
    }
    if let Some(flag) = arguments.options.of_one_panel().first() {
        return Err(format!(
            "{flag} is for one panel, and {list} names several; say it in the target file, or a \
             consent in the list: `{{ target: FILE, allow: [create-keys, writes, plaintext] }}`"
        ));
    }
    let variables = prepare::variables()?;
    let keys = Keyring::from_variables(variables, &specs.contract.roles);
    let keys = keys.map_err(|error| error.to_string())?;
    match keys.roles().first() {
        None => Ok(()),
        Some(role) => Err(format!(
            "{} would go to every panel of {list}; unset it, and say in each target file where its \
             keys are: `keys: {{ {role}: {{ env: NAME }} }}`",
            variable(role)
        )),
    }
}

/// Everything that is to be read for each panel; all that is wrong with any is told at once.
fn members(
    arguments: &Arguments,
    listed: Vec<Listed>,
    specs: &Specs,
    selection: &Selection,
) -> Result<Vec<Member>, String> {
    let bars = Bars::default();
    let mut members = Vec::new();
    let mut troubles = Vec::new();
    let mut neighbours = Neighbours::default();
    for listed in listed {
        let ready = arguments.options.of_listed(&listed).and_then(|options| {
            let voice = Voice::among(&listed.name, &bars);
            Ready::new(options, specs, selection, voice)
        });
        match ready {
            Err(why) => troubles.push(format!("{}: {why}", listed.place)),
            Ok(ready) => {
                let base = &ready.prepared.heading.base;
                if let Err(why) = neighbours.add(&listed, base) {
                    troubles.push(format!("{}: {why}", listed.place));
                }
                members.push(Member { listed, ready });
            }
        }
    }
    if troubles.is_empty() {
        neighbours.tell();
        Ok(members)
    } else {
        Err(troubles.join("\n"))
    }
}

/// Opens what every panel writes into, unless two would write into one file.
fn files(arguments: &Arguments, list: &Path, members: &[Member]) -> Result<Vec<Output>, String> {
    let mut taken = Taken::default();
    taken.take(list, "the list of targets")?;
    for Member { listed, .. } in members {
        taken.take(&listed.file, "a target file")?;
    }
    let mut asked = Vec::new();
    for Member { listed, .. } in members {
        let reports = arguments.reports.of(&listed.name)?;
        let record = arguments.record.of(&listed.name)?;
        reports.take(&mut taken)?;
        record.take(&mut taken)?;
        asked.push((reports, record));
    }
    let open = asked.iter().map(|(reports, record)| {
        Ok(Output {
            reports: reports.open()?,
            record: record.open()?,
        })
    });
    open.collect()
}

/// Runs them all at once: a thread for each follows its run, so that none waits for another.
fn side_by_side(all: Vec<(Member, Output)>, specs: &Specs) -> Result<Vec<Panel>, String> {
    let interrupt = Interrupt::default();
    let guard = |(member, output): (Member, Output)| {
        let ready = member.ready.guard(&interrupt)?;
        Ok((member.listed, ready, output))
    };
    let all = all
        .into_iter()
        .map(guard)
        .collect::<Result<Vec<_>, String>>()?;
    let runtime = Runtime::new().map_err(|error| error.to_string())?;
    watch(&runtime, interrupt.clone())?;
    let (runtime, interrupt) = (&runtime, &interrupt);
    Ok(std::thread::scope(|scope| {
        let threads = all.into_iter().map(|(listed, ready, output)| {
            scope.spawn(move || one(&listed.name, ready, output, specs, runtime, interrupt))
        });
        let threads: Vec<_> = threads.collect();
        let joined = threads.into_iter().map(|thread| {
            let panicked = |panic| std::panic::resume_unwind(panic);
            thread.join().unwrap_or_else(panicked)
        });
        joined.collect()
    }))
}

/// Runs one of them to its end, and writes its reports.
fn one(
    name: &str,
    ready: Ready,
    mut output: Output,
    specs: &Specs,
    runtime: &Runtime,
    interrupt: &Interrupt,
) -> Panel {
    let known = Known {
        specs,
        partial: ready.options.partial,
        told: output.reports.told(),
        started: moment::now(),
    };
    let (voice, base) = (
        ready.prepared.voice.clone(),
        ready.prepared.heading.base.clone(),
    );
    let profile = ready.options.profile_name().to_owned();
    let ended = runtime.block_on(play(ready.prepared, &known, output.record, interrupt));
    let told = ended.and_then(|ended| tell(name, &ended, &mut output.reports, &voice));
    told.unwrap_or_else(|why| {
        fail_by(&voice, &why);
        Panel::broken(name, &base, &profile, &why)
    })
}

/// Writes the reports of one panel; what came of it, in a line.
fn tell(name: &str, ended: &Ended, reports: &mut Reports, voice: &Voice) -> Result<Panel, String> {
    let (results, recorded) = match ended {
        Ended::Over(results, recorded) => (results, recorded),
        Ended::InVain(results) => (results, &Ok(())),
    };
    let written = reports.write(results);
    match &results.not_begun {
        Some(not_begun) => voice.say(&format!("error: {}", in_vain(not_begun))),
        None => {
            tell_waivers(voice, results);
            voice.say(&results.outcome);
        }
    }
    let told = match written {
        Err(Unwritten::Failed(why)) => Err(why),
        _ => Ok(Panel::of(name, results)),
    };
    both(recorded, told)
}
