//! `replay`: judges the recording of a run once more, without its panel.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use clap::builder::BoolishValueParser;

use super::outcome::tell;
use super::outputs::Taken;
use super::reports::ReportArguments;
use super::show::ShowArguments;
use super::{SpecsArguments, record};
use crate::moment;
use crate::plan::Selection;
use crate::report::{Access, Finished, Heading};
use crate::run::Rejudge;
use crate::spec::Specs;
use crate::verdict::{Kind, Policy};

#[derive(Args)]
pub(super) struct Arguments {
    /// What `run --record FILE` has written
    #[arg(value_name = "FILE")]
    recording: PathBuf,
    /// The profile whose contract is to hold; without it, the one that held when it was recorded
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Agree to missing keys
    #[arg(long, value_parser = BoolishValueParser::new(), num_args = 0, default_missing_value = "true", default_value = "false")]
    partial: bool,
    /// The kinds of deviation that count, with commas: opened, closed, reshaped, reworded
    #[arg(
        long,
        value_name = "KINDS",
        value_delimiter = ',',
        default_value = "opened,closed,reshaped"
    )]
    fail_on: Vec<Kind>,
    #[command(flatten)]
    reports: ReportArguments,
    #[command(flatten)]
    show: ShowArguments,
    #[command(flatten)]
    specs: SpecsArguments,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    arguments.specs.read_for(|specs| begin(arguments, specs))
}

fn begin(arguments: &Arguments, specs: &Specs) -> Result<ExitCode, String> {
    let path = &arguments.recording;
    let recording = record::read(path)?;
    let rejudge =
        Rejudge::new(specs, &recording).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut taken = Taken::default();
    taken.take(path, "the recording that is judged")?;
    arguments.reports.take(&mut taken)?;
    let mut reports = arguments.reports.open()?;
    let header = &recording.header;
    let profile = match &arguments.profile {
        Some(name) => super::profile(&specs.contract, name)?,
        None => record::profile(&specs.contract, &recording, &path.display().to_string())?,
    };
    let profile = rejudge.agreed(profile);
    let results = rejudge.results(&profile);
    let roles = header.roles.iter().filter_map(|role| role.parse().ok());
    let finished = Finished {
        specs,
        profile,
        heading: Heading {
            target: format!("{}, recorded", header.target),
            base: header.origin.clone(),
            origin: header.origin.clone(),
            access: Access::default(),
        },
        policy: Policy {
            fail_on: arguments.fail_on.iter().copied().collect(),
            ..Policy::default()
        },
        partial: arguments.partial,
        agreement: rejudge.agreement().clone(),
        selection: Selection::default(),
        given: Vec::new(),
        roles: roles.collect(),
        started: moment::now(),
        planned: recording.complete.then_some(results.len()),
        interrupted: false,
        stopped: (!recording.complete).then(|| "the recorded run was cut short".to_owned()),
        not_begun: None,
        has_broken_suite: false,
        results: results.iter().collect(),
        told: reports.told(),
    };
    let results = finished.results();
    tell(&results, &mut reports, arguments.show)
}
