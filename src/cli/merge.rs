//! `merge`: joins the results of parts of one run, and tells those of several panels side by side.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::outcome::tell;
use super::reports::{ReportArguments, Unwritten};
use super::show::ShowArguments;
use super::{SpecsArguments, report, say_with};
use crate::report::{Panel, Panels, Results, by_panel, merge};
use crate::spec::Specs;

#[derive(Args)]
pub(super) struct Arguments {
    /// The results of each part or panel, as `--report json=FILE` writes them
    #[arg(value_name = "FILE", required = true)]
    parts: Vec<PathBuf>,
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
    let parts = arguments.parts.iter().map(|path| {
        let results = report::read(path)?;
        Ok((path.display().to_string(), results))
    });
    let parts = parts.collect::<Result<_, String>>()?;
    let mut panels = by_panel(parts).map_err(|error| error.to_string())?;
    match panels.pop() {
        Some(parts) if panels.is_empty() => {
            let whole = merge(specs, parts).map_err(|error| error.to_string())?;
            tell(&whole, &mut arguments.reports.open()?, arguments.show)
        }
        last => {
            panels.extend(last);
            side_by_side(arguments, specs, panels)
        }
    }
}

/// Joins the parts of each of several panels, and tells what came of each in a line.
fn side_by_side(
    arguments: &Arguments,
    specs: &Specs,
    panels: Vec<Vec<(String, Results)>>,
) -> Result<ExitCode, String> {
    let mut lines = Vec::new();
    let mut named: BTreeMap<String, String> = BTreeMap::new();
    let mut written = Vec::new();
    for mut parts in panels {
        let file = parts
            .first()
            .map(|(file, _)| file.clone())
            .unwrap_or_default();
        let name = Path::new(&file).file_stem().unwrap_or_default();
        let name = name.to_string_lossy().into_owned();
        if let Some(other) = named.insert(name.to_lowercase(), file.clone()) {
            return Err(format!(
                "{other} and {file} are of two panels that would have one name; rename one of them"
            ));
        }
        let whole = match parts.pop() {
            Some((_, alone)) if parts.is_empty() => alone,
            last => {
                parts.extend(last);
                merge(specs, parts).map_err(|error| error.to_string())?
            }
        };
        lines.push(Panel::of(&name, &whole));
        written.push((arguments.reports.of(&name)?.open()?, whole));
    }
    let mut failed = Vec::new();
    for (mut reports, whole) in written {
        if let Err(Unwritten::Failed(message)) = reports.write(&whole) {
            failed.push(message);
        }
    }
    let panels = Panels {
        list: format!("{} results", arguments.parts.len()),
        panels: lines,
    };
    let code = say_with(&panels.text(), panels.exit_code());
    if failed.is_empty() {
        Ok(code)
    } else {
        Err(failed.join("; "))
    }
}
