//! The printed `curl` lines, run by a shell: they get the answers that the run has got.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use libtest_mimic::{Completion, Failed, Trial};
use ptero_conformance::report::from_json;
use ptero_conformance::report::results::{AnswerContent, Case, Results};
use serde_json::Value;

use super::hosted::PROFILE;
use super::panel::Panel;
use super::program::{program, run};

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::ignorable_test(
        "curl/lines-work-as-pasted",
        as_pasted,
    )]
}

fn as_pasted() -> Result<Completion, Failed> {
    if cfg!(not(unix)) || !has_curl() {
        return Ok(Completion::ignored_with(
            "not run: here is no `sh` with `curl`",
        ));
    }
    let panel = Panel::serve(PROFILE);
    let results = results(&panel);
    let variables = variables(&panel);
    let mut seen = BTreeMap::new();
    for case in results.cases.iter().filter(|case| !case.steps.is_empty()) {
        seen.entry((&case.file, case.line)).or_insert(case);
    }
    let wrong: Vec<_> = seen
        .values()
        .filter_map(|case| differs(case, &variables))
        .collect();
    println!("{} lines were run, one of each scenario", seen.len());
    assert!(seen.len() >= 50, "{} lines", seen.len());
    if wrong.is_empty() {
        return Ok(Completion::Completed);
    }
    Err(wrong.join("\n\n").into())
}

fn has_curl() -> bool {
    let mut command = Command::new("curl");
    let command = command.arg("--version").stdout(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn results(panel: &Panel) -> Results {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("results.json");
    let mut command = program();
    command.args([
        "run",
        panel.url(),
        "--profile",
        PROFILE,
        "authentication/",
        "--keys",
    ]);
    command.arg(panel.keys_yaml()).arg("--allow-writes");
    command
        .arg("--report")
        .arg(format!("json={}", file.display()));
    run(&mut command).must_exit(0);
    from_json(&std::fs::read_to_string(file).expect("a report")).expect("results")
}

/// The variables of the file that `serve` has made to be sourced.
fn variables(panel: &Panel) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(panel.keys_env()).expect("the file to source");
    let lines = text.lines().filter_map(|line| line.strip_prefix("export "));
    let pairs = lines.filter_map(|line| line.split_once('='));
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// What is wrong with the line of a case's first step, if anything is.
fn differs(case: &Case, variables: &[(String, String)]) -> Option<String> {
    let step = &case.steps[0];
    let mut shell = Command::new("sh");
    shell
        .args(["-eu", "-c", &step.curl])
        .env_clear()
        .envs(variables.iter().cloned());
    shell.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let said = shell.stdin(Stdio::null()).output().expect("a shell");
    let answer = String::from_utf8_lossy(&said.stdout);
    let status = answer
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse::<u16>().ok());
    let (_, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let code = body.pointer("/errors/0/code").and_then(Value::as_str);
    let same_body = code == told_code(case);
    if status == Some(step.answer.status) && same_body {
        return None;
    }
    let (id, curl) = (&case.id, &step.curl);
    let stderr = String::from_utf8_lossy(&said.stderr);
    Some(format!(
        "{id}: the run got {}, the line got\n{answer}\n{stderr}\n{curl}",
        step.answer.status
    ))
}

/// The code of the error that the run has got, if there was one.
fn told_code(case: &Case) -> Option<&str> {
    let AnswerContent::Json { value } = &case.steps[0].answer.content else {
        return None;
    };
    value.pointer("/errors/0/code")?.as_str()
}
