//! `list`: the cases, the requirements with their cases, the profiles or the states; no panel is asked.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use super::{SpecsArguments, fail, report, say};
use crate::report::counted;
use crate::spec::{Case, Profile, Specs, VerifiedBy};

#[derive(Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag that somebody types"
)]
pub(super) struct Arguments {
    /// Only ids, one a line
    #[arg(long)]
    ids: bool,
    /// The requirements, each with its cases or why it has none
    #[arg(long, conflicts_with_all = ["ids", "filters"])]
    requirements: bool,
    /// The profiles, each with the versions it speaks of
    #[arg(long, conflicts_with_all = ["ids", "requirements", "filters"])]
    profiles: bool,
    /// The states that a panel can be said to be in, each with what it means
    #[arg(long, conflicts_with_all = ["ids", "requirements", "profiles", "filters"])]
    states: bool,
    /// Only cases whose id has one of these texts in it
    #[arg(value_name = "FILTER")]
    filters: Vec<String>,
    #[command(flatten)]
    specs: SpecsArguments,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let specs = match arguments.specs.load() {
        Ok(specs) => specs,
        Err(code) => return code,
    };
    let text = if arguments.requirements {
        requirements(&specs)
    } else if arguments.profiles {
        profiles(&specs)
    } else if arguments.states {
        states(&specs)
    } else if specs.broken.is_empty() && !specs.cases().any(|case| arguments.choose(case)) {
        return fail("no case has one of these texts in its id; `list --ids` names them all");
    } else {
        cases(&specs, arguments)
    };
    let code = say(&text);
    let troubles = specs.troubles();
    if troubles.is_empty() {
        code
    } else {
        report(&troubles)
    }
}

fn states(specs: &Specs) -> String {
    let states = specs.contract.states.iter();
    let text = states.map(|state| {
        let needing = specs.cases();
        let needing = needing.filter(|case| case.scenario.needs.contains(&state.name.value));
        format!(
            "{}: {} ({})\n    how, on a staging panel: {}\n",
            state.name.value,
            state.means,
            counted(needing.count(), "case"),
            state.how
        )
    });
    text.collect()
}

impl Arguments {
    fn choose(&self, case: &Case) -> bool {
        let id = case.id.as_str();
        self.filters.is_empty() || self.filters.iter().any(|f| id.contains(f.as_str()))
    }
}

fn cases(specs: &Specs, arguments: &Arguments) -> String {
    let mut text = String::new();
    for suite in &specs.suites {
        let chosen: Vec<_> = suite
            .cases
            .iter()
            .filter(|case| arguments.choose(case))
            .collect();
        if !arguments.ids && !chosen.is_empty() {
            let (title, file) = (&suite.title, &suite.file.shown);
            text += &format!("\n{title}  ({}, {file})\n", counted(chosen.len(), "case"));
        }
        for case in chosen {
            text += &if arguments.ids {
                format!("{}\n", case.id)
            } else {
                format!("  {:6} {}\n", case.scenario.level.to_string(), case.id)
            };
        }
    }
    text
}

fn requirements(specs: &Specs) -> String {
    let mut text = String::new();
    for requirement in &specs.contract.requirements {
        let id = &requirement.id.value;
        text += &format!("{id} ({}) {}\n", requirement.level, requirement.text);
        text += &format!("    source: {}\n", requirement.source);
        text += &match &requirement.verified_by {
            VerifiedBy::Manual(reason) => format!("    manual: {reason}\n"),
            VerifiedBy::Cases => specs
                .cases()
                .filter(|case| case.scenario.requires.contains(id))
                .map(|case| format!("    {}\n", case.id))
                .collect(),
        };
    }
    text
}

fn profiles(specs: &Specs) -> String {
    let line = |profile: &Arc<Profile>| {
        let versions = &profile.versions;
        format!(
            "{}  {}\n    versions {} to {}, {}: {}\n",
            profile.name.value,
            profile.title,
            versions.from,
            versions.to,
            profile.origin,
            profile.source
        )
    };
    specs.contract.profiles.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Source;
    use clap::Parser;

    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        list: Arguments,
    }

    fn specs() -> Specs {
        Specs::load(&Source::Embedded).unwrap()
    }

    fn listed(words: &[&str]) -> String {
        let flags = Flags::parse_from([&["x"], words].concat());
        cases(&specs(), &flags.list)
    }

    #[test]
    fn cases_are_listed_below_their_suites_or_by_id_alone() {
        let id = "authentication/envelopes/head/no-key-application";
        assert_eq!(listed(&["--ids", id]), format!("{id}\n"));
        let text = listed(&[id]);
        let lines: Vec<_> = text.lines().collect();
        let [empty, suite, case] = lines[..] else {
            panic!("{text}");
        };
        assert_eq!((empty, case), ("", &*format!("  MUST   {id}")));
        let end = "  (1 case, specs/authentication/envelopes.yaml)";
        assert!(suite.ends_with(end), "{suite}");
        let all = listed(&["--ids"]);
        assert_eq!(all.lines().count(), specs().cases().count());
    }

    #[test]
    fn states_and_profiles_are_told_in_order() {
        let specs = specs();
        let names = |text: String, split: &str| -> Vec<String> {
            let lines = text.lines().filter(|line| !line.starts_with(' '));
            let names = lines.filter_map(|line| line.split_once(split));
            names.map(|(name, _)| name.to_owned()).collect()
        };
        let all: Vec<_> = specs
            .contract
            .states
            .iter()
            .map(|s| s.name.value.clone())
            .collect();
        assert_eq!(names(states(&specs), ": "), all);
        let all: Vec<_> = specs
            .contract
            .profiles
            .iter()
            .map(|p| p.name.value.to_string())
            .collect();
        assert_eq!(names(profiles(&specs), "  "), all);
        assert!(profiles(&specs).contains("\n    versions 1.11."));
        let maintenance = states(&specs);
        let maintenance = maintenance.split("\nmaintenance: ").nth(1).unwrap();
        let count = specs.cases().filter(|case| {
            let needs = &case.scenario.needs;
            needs.iter().any(|need| need == "maintenance")
        });
        let count = counted(count.count(), "case");
        let told = format!("({count})\n    how, on a staging panel: ");
        assert!(maintenance.contains(&told), "{maintenance}");
    }
}
