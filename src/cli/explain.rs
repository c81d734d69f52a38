//! `explain`: what a case sends, and how its expectation follows from a profile; or a requirement,
//! and what shows that it is kept.

use std::collections::BTreeSet;
use std::process::ExitCode;

use clap::Args;

use super::{SpecsArguments, fail, report, say};
use crate::plan::due;
use crate::report::{Access, Shell, counted, readable};
use crate::spec::{
    Basis, Case, Contract, Outcome, Profile, Question, Repeat, Requirement, ResolutionStep, Specs,
    Step, VerifiedBy, Wait, nearest, resolve,
};
use crate::verdict::Expected;

#[derive(Args)]
pub(super) struct Arguments {
    /// A case's whole id, or a requirement's; `list --ids` and `list --requirements` name them all
    #[arg(value_name = "CASE|REQUIREMENT")]
    subject: String,
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
    match answer(&specs, arguments) {
        Ok(text) => say(&text),
        Err(message) => {
            let broken = specs.troubles();
            // The case may well be in a file that cannot be read.
            if !broken.is_empty() {
                report(&broken);
            }
            fail(&message)
        }
    }
}

fn answer(specs: &Specs, arguments: &Arguments) -> Result<String, String> {
    let wanted = arguments.subject.as_str();
    let profile = super::profile(&specs.contract, &arguments.profile)?;
    if let Some(case) = specs.cases().find(|case| case.id.as_str() == wanted) {
        return Ok(explain(&specs.contract, case, profile));
    }
    let mut requirements = specs.contract.requirements.iter();
    match requirements.find(|requirement| requirement.id.as_str() == wanted) {
        Some(requirement) => Ok(explain_requirement(specs, requirement)),
        None => Err(unknown(specs, wanted)),
    }
}

/// What may have been meant by a name that neither a case nor a requirement has.
fn unknown(specs: &Specs, wanted: &str) -> String {
    let cases = specs.cases().map(|case| case.id.as_str());
    let requirements = specs.contract.requirements.iter().map(|r| r.id.as_str());
    let all: Vec<_> = cases.chain(requirements).collect();
    // Requirements are written in capitals, which nobody should have to know.
    let capitals = wanted.to_ascii_uppercase();
    let near = all
        .iter()
        .copied()
        .find(|name| *name == capitals)
        .or_else(|| nearest(wanted, all.iter().copied()))
        .or_else(|| nearest(&capitals, all.iter().copied()));
    let advice = near.map_or(
        "`list --ids` names all cases, `list --requirements` all requirements".to_owned(),
        |name| format!("did you mean `{name}`?"),
    );
    format!("there is no case and no requirement `{wanted}`; {advice}")
}

/// The explanation of a requirement, as text.
fn explain_requirement(specs: &Specs, requirement: &Requirement) -> String {
    let id = &requirement.id.value;
    let mut text = format!("{id} ({})\n{}\n", requirement.level, requirement.text);
    text += &format!("source: {}\n", requirement.source);
    if let VerifiedBy::Manual(reason) = &requirement.verified_by {
        return text + &format!("\nverified by a person: {reason}\n");
    }
    let mut scenarios: Vec<(&Case, usize)> = Vec::new();
    let citing = specs.cases().filter(|c| c.scenario.requires.contains(id));
    for case in citing {
        let is_same = |other: &Case| std::sync::Arc::ptr_eq(&other.scenario, &case.scenario);
        match scenarios.last_mut() {
            Some((other, count)) if is_same(other) => *count += 1,
            _ => scenarios.push((&**case, 1)),
        }
    }
    let all: usize = scenarios.iter().map(|(_, count)| count).sum();
    text += &format!(
        "\nverified by {} of {}\n",
        counted(all, "case"),
        counted(scenarios.len(), "scenario")
    );
    for (case, count) in scenarios {
        let scenario = &case.scenario;
        text += &format!("  {count:>4}  {}\n", scenario.title);
        text += &format!("        {}:{}", scenario.file.shown, scenario.line);
        text += &scenario.consent.map_or(String::new(), |consent| {
            format!(", needs {}", consent.flag())
        });
        text.push('\n');
    }
    text
}

/// The explanation of one case, as text.
fn explain(contract: &Contract, case: &Case, profile: &Profile) -> String {
    let scenario = &case.scenario;
    let mut out = format!("{}\n{}\n", case.id, scenario.title);
    out += &format!("{}:{}\n", scenario.file.shown, scenario.line);
    for id in &scenario.requires {
        if let Some(requirement) = contract.requirement(id) {
            out += &format!("{id} ({}): {}\n", requirement.level, requirement.text);
        }
    }
    let expected = due(contract, case, profile, None);
    for (number, step) in case.steps.iter().enumerate() {
        out += &format!("\nstep {}", number + 1);
        out += &step
            .name
            .as_ref()
            .map_or(String::new(), |name| format!(" ({name})"));
        out.push('\n');
        out += &explain_course(step);
        out += &explain_request(contract, step, profile);
        out += &explain_expectation(contract, step, profile);
        if let Ok(expected) = &expected {
            out += &details(&expected[number].expected);
        }
        out += &explain_relations(case, step);
    }
    if let Err(skip) = expected {
        out += &format!("\nnot asked under {}: {skip}\n", profile.name.value);
    }
    out
}

fn explain_request(contract: &Contract, step: &Step, profile: &Profile) -> String {
    let request = &step.request;
    let shell = Shell {
        roles: &contract.roles,
        profile,
        base: "",
        origin: "${origin}",
        access: &Access::default(),
    };
    let text = |template| readable(template, request, &shell);
    let mut out = format!(
        "  sends {} {}\n",
        request.endpoint.method,
        text(&request.target)
    );
    if let Some(value) = &request.authorization {
        out += &format!("    Authorization: {}\n", text(value));
    }
    for (name, value) in &request.headers {
        out += &format!("    {name}: {}\n", text(value));
    }
    if let Some(content) = &request.content {
        out += &format!("    {}\n", text(content.text()));
    }
    out
}

/// What must hold besides status and error.
fn details(expected: &Expected) -> String {
    let mut lines = Vec::new();
    let schemas: BTreeSet<_> = expected.schemas.iter().collect();
    for schema in schemas {
        lines.push(format!("schema {schema}"));
    }
    for (name, wanted) in &expected.headers {
        lines.push(format!("header {name}: {wanted}"));
    }
    for (at, wanted) in &expected.body {
        lines.push(format!("content {at}: {wanted}"));
    }
    for at in &expected.absent {
        lines.push(format!("content {at}: absent"));
    }
    lines.iter().map(|line| format!("      {line}\n")).collect()
}

/// When a step is sent, and how often, where that is not once and at once.
fn explain_course(step: &Step) -> String {
    let wait = step.wait.map_or(
        "",
        |Wait::RetryAfter| "  waits as many seconds as Retry-After of the answer before it says\n",
    );
    let repeat = step.repeat.map_or("", |Repeat::UntilSpent| {
        "  is sent until it is refused, at most once more than the limit allows; the last answer is judged\n"
    });
    format!("{wait}{repeat}")
}

/// What must hold beside the answers to earlier steps.
fn explain_relations(case: &Case, step: &Step) -> String {
    let earlier = |name: &str| earlier(case, name);
    let same = step.expect.same_as.iter().map(|name| {
        let step = earlier(name);
        format!("the same status, type and error as {step}")
    });
    let beside = step.expect.relations.iter().map(|relation| {
        let (place, step) = (&relation.place, earlier(&relation.step));
        let content = relation.place.pointer().map_or("", |_| "content ");
        format!("{content}{place}: {} that of {step}", relation.to)
    });
    let lines = same.chain(beside);
    lines.map(|line| format!("      {line}\n")).collect()
}

/// An earlier step by its number, and by the name that the scenario has for it.
fn earlier(case: &Case, name: &str) -> String {
    let is_it = |step: &Step| step.name.as_deref() == Some(name);
    let number = case.steps.iter().position(is_it).map_or(0, |at| at + 1);
    format!("step {number} ({name})")
}

fn explain_expectation(contract: &Contract, step: &Step, profile: &Profile) -> String {
    let Some(conditions) = step.conditions() else {
        return stated(step);
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

/// What the scenario states itself, whatever the profile.
fn stated(step: &Step) -> String {
    let Basis::Stated { status, error } = &step.expect.basis else {
        return String::new();
    };
    let statuses: Vec<_> = status.iter().map(ToString::to_string).collect();
    let mut text = "  expects what the scenario states\n    expects ".to_owned();
    text += &if statuses.is_empty() {
        "any status".to_owned()
    } else {
        format!("status {}", statuses.join(" or "))
    };
    if let Some(code) = error.as_ref().and_then(|error| error.code.as_ref()) {
        text += &format!(", code {code}");
    }
    if let Some(detail) = error.as_ref().and_then(|error| error.detail.as_ref()) {
        text += &format!(", detail “{detail}”");
    }
    text + "\n"
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
                .map_or(vec![refusal.answer.status], |without| {
                    without.status.0.clone()
                });
            let each: Vec<_> = status.iter().map(ToString::to_string).collect();
            format!("    expects status {}, not JSON\n", each.join(" or "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Source;

    /// One scenario is one line, however many cases it has.
    #[test]
    fn a_scenario_of_a_requirement_is_told_once() {
        let specs = Specs::load(&Source::Embedded).unwrap();
        let requirements = &specs.contract.requirements;
        let requirement = requirements.iter().find(|r| r.id.as_str() == "KEY-TYPES");
        let told = explain_requirement(&specs, requirement.unwrap());
        let scenario = "  A key of the other API reads nothing\n";
        assert_eq!(told.matches(scenario).count(), 1, "{told}");
        let places: Vec<_> = told
            .lines()
            .filter(|line| line.contains(".yaml:"))
            .collect();
        let distinct: BTreeSet<_> = places.iter().collect();
        assert_eq!(places.len(), distinct.len(), "{told}");
        let all = told.matches(" scenarios\n").count();
        assert_eq!(all, 1);
        assert!(told.contains(&format!(" cases of {} scenarios\n", places.len())));
    }

    #[test]
    fn what_a_scenario_states_itself_is_told() {
        let suite = "\
title: Stated
scenarios:
  - { id: all, title: x, requires: [ERR-401], request: { endpoint: GET /api/client, key: none },
      expect: { status: [401, 403], error: { code: X, detail: y } } }
  - { id: status, title: x, requires: [ERR-401], request: { endpoint: GET /api/client, key: client },
      expect: { status: 200 } }
  - { id: reason, title: x, requires: [ERR-401], request: { endpoint: GET /api/client/account, key: none },
      expect: no-key }
";
        let specs = Specs::of_suite(suite);
        let told: Vec<_> = specs.cases().map(|case| stated(&case.steps[0])).collect();
        let beginning = "  expects what the scenario states\n    expects ";
        assert_eq!(
            told[0],
            format!("{beginning}status 401 or 403, code X, detail “y”\n")
        );
        assert_eq!(told[1], format!("{beginning}status 200\n"));
        assert_eq!(told[2], "");
    }

    #[test]
    fn each_step_to_an_expectation_is_a_sentence() {
        let condition = || "no-key".parse().unwrap();
        for (step, words) in [
            (
                ResolutionStep::Exempt(condition()),
                "`no-key` does not count on this route",
            ),
            (
                ResolutionStep::Granted(condition()),
                "`no-key` is no trouble in this version",
            ),
            (
                ResolutionStep::Wins(condition(), Some(3)),
                "`no-key` wins: place 3 of the order",
            ),
            (
                ResolutionStep::Wins(condition(), None),
                "`no-key` wins: nothing else is left",
            ),
            (
                ResolutionStep::Later(condition()),
                "`no-key` would be looked at later",
            ),
            (ResolutionStep::NothingLeft, "nothing stands in the way"),
            (
                ResolutionStep::WithoutJson,
                "the request does not ask for JSON",
            ),
        ] {
            assert_eq!(in_words(&step), words);
        }
    }
}
