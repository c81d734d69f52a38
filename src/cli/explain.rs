//! `explain`: what a case sends, and how its expectation follows from a profile.

use std::process::ExitCode;

use clap::Args;

use super::{SpecsArguments, fail, report, say};
use crate::spec::{
    Case, Contract, Outcome, Profile, Question, ResolutionStep, Specs, Step, nearest, resolve,
};

#[derive(Args)]
pub(super) struct Arguments {
    /// The case's whole id; `list --ids` names them all
    case: String,
    /// The profile whose contract holds; `list --profiles` names them
    #[arg(
        long,
        value_name = "NAME",
        default_value = "documented",
        env = "PTERO_PROFILE",
        hide_env_values = true
    )]
    profile: String,
    #[command(flatten)]
    specs: SpecsArguments,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let specs = match arguments.specs.load() {
        Ok(specs) => specs,
        Err(code) => return code,
    };
    match find(&specs, arguments) {
        Ok((case, profile)) => say(&explain(&specs.contract, case, profile)),
        Err(message) => {
            let broken: Vec<_> = specs
                .broken
                .iter()
                .flat_map(|b| b.diagnostics.iter().cloned())
                .collect();
            // The case may well be in a file that cannot be read.
            if !broken.is_empty() {
                report(&broken);
            }
            fail(&message)
        }
    }
}

fn find<'s>(specs: &'s Specs, arguments: &Arguments) -> Result<(&'s Case, &'s Profile), String> {
    let wanted = arguments.case.as_str();
    let case = specs
        .cases()
        .find(|case| case.id.as_str() == wanted)
        .ok_or_else(|| {
            let near = nearest(wanted, specs.cases().map(|case| case.id.as_str()));
            let advice = near.map_or("`list --ids` names them all".to_owned(), |n| {
                format!("did you mean `{n}`?")
            });
            format!("there is no case `{wanted}`; {advice}")
        })?;
    let profile = super::profile(&specs.contract, &arguments.profile)?;
    Ok((case, profile))
}

/// The explanation of one case, as text.
pub(crate) fn explain(contract: &Contract, case: &Case, profile: &Profile) -> String {
    let scenario = &case.scenario;
    let mut out = format!("{}\n{}\n", case.id, scenario.title);
    out += &format!("{}:{}\n", scenario.file.shown, scenario.line());
    for id in &scenario.requires {
        if let Some(requirement) = contract.requirement(id) {
            out += &format!("{id} ({}): {}\n", requirement.level, requirement.text);
        }
    }
    for (number, step) in case.steps.iter().enumerate() {
        out += &format!("\nstep {}", number + 1);
        out += &step
            .name
            .as_ref()
            .map_or(String::new(), |name| format!(" ({name})"));
        out.push('\n');
        out += &explain_request(step);
        out += &explain_expectation(contract, step, profile);
    }
    out
}

fn explain_request(step: &Step) -> String {
    let request = &step.request;
    let mut out = format!("  sends {} {}\n", request.endpoint.method, request.target);
    if let Some(value) = &request.authorization {
        out += &format!("    Authorization: {value}\n");
    }
    for (name, value) in &request.headers {
        out += &format!("    {name}: {value}\n");
    }
    if let Some(content) = &request.content {
        out += &format!("    {}\n", content.text());
    }
    out
}

fn explain_expectation(contract: &Contract, step: &Step, profile: &Profile) -> String {
    let Some(conditions) = step.conditions() else {
        return "  expects what the scenario states\n".to_owned();
    };
    let wants_json = step.request.wants_json(profile);
    let question = Question {
        api: step.request.api,
        endpoint: &step.request.endpoint,
        route: step.request.route.as_deref(),
        conditions: &conditions,
        wants_json,
    };
    let resolution = resolve(profile, &question);
    let mut out = format!("  under {} ({})\n", profile.name.value, profile.title);
    for condition in &conditions {
        let means = contract
            .condition(condition.name())
            .map_or("", |info| info.means.as_str());
        out += &format!("    {condition}: {means}\n");
    }
    for step in &resolution.steps {
        out += &format!("    - {}\n", in_words(step));
    }
    out + &outcome_in_words(&resolution.outcome, step)
}

fn in_words(step: &ResolutionStep) -> String {
    match step {
        ResolutionStep::Exempt(condition) => format!("`{condition}` does not count on this route"),
        ResolutionStep::Granted(condition) => {
            format!("`{condition}` is no trouble in this version")
        }
        ResolutionStep::Wins(condition, Some(place)) => {
            format!("`{condition}` wins: place {place} of the order")
        }
        ResolutionStep::Wins(condition, None) => {
            format!("`{condition}` wins: nothing else is left")
        }
        ResolutionStep::Later(condition) => format!("`{condition}` would be looked at later"),
        ResolutionStep::NothingLeft => "nothing stands in the way".to_owned(),
        ResolutionStep::WithoutJson => "the request does not ask for JSON".to_owned(),
    }
}

fn outcome_in_words(outcome: &Outcome, step: &Step) -> String {
    match outcome {
        Outcome::Unspecified(why) => format!("    not judged: {why}\n"),
        Outcome::Granted => match &step.request.route {
            Some(route) => format!("    expects status {}\n", route.success.status),
            None => "    expects a success\n".to_owned(),
        },
        Outcome::Refused(refusal) if refusal.in_json => {
            let answer = &refusal.answer;
            let mut out = format!("    expects status {}", answer.status);
            if answer.is_literal_on(&step.request.endpoint) {
                out += &answer
                    .code
                    .as_ref()
                    .map_or(String::new(), |code| format!(", code {code}"));
                out += &answer
                    .detail
                    .as_ref()
                    .map_or(String::new(), |text| format!(", detail “{text}”"));
            }
            out + "\n"
        }
        Outcome::Refused(refusal) => {
            let status = refusal
                .answer
                .without_json
                .as_ref()
                .map(|without| without.status);
            format!(
                "    expects status {}, not JSON\n",
                status.unwrap_or(refusal.answer.status)
            )
        }
    }
}
