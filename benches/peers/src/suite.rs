//! The suite, as each program wants it: so many GET requests, each with a path of its own, of which
//! the status, the content type and the form of the content are judged.

use std::fmt::Write;
use std::path::Path;

use clap::Args;

/// The content of every answer; what is judged of it is the response schema `account`.
pub const CONTENT: &str = r#"{"object":"user","attributes":{"id":1,"admin":false,"username":"somebody","email":"somebody@example.com","first_name":"Some","last_name":"Body","language":"en"}}"#;

/// How large a suite is.
#[derive(Args, Clone, Copy, Debug)]
pub struct Size {
    /// How many cases
    #[arg(long, default_value_t = 5000)]
    pub cases: usize,
    /// How many of them stand in one file
    #[arg(long, default_value_t = 100)]
    pub per_file: usize,
    /// How many of them are rows of one scenario
    #[arg(long, default_value_t = 10)]
    pub per_scenario: usize,
}

/// What the paths of all cases begin with.
pub const CASES: &str = "/api/client/cases/";

/// The path that a case asks for.
pub fn path(number: usize) -> String {
    format!("{CASES}{number:05}")
}

/// Writes the suite for this harness.
pub fn write_ours(folder: &Path, size: Size) -> Result<(), String> {
    create(folder)?;
    for (file, from) in (0..size.cases).step_by(size.per_file).enumerate() {
        let to = size.cases.min(from + size.per_file);
        let mut text = format!("title: Cases from {from}\n\nscenarios:\n");
        for first in (from..to).step_by(size.per_scenario) {
            scenario(&mut text, first, to.min(first + size.per_scenario));
        }
        write(&folder.join(format!("file-{file:04}.yaml")), &text)?;
    }
    Ok(())
}

fn scenario(text: &mut String, first: usize, end: usize) {
    let paths: Vec<_> = (first..end).map(path).collect();
    let _ = write!(
        text,
        r#"  - id: from-{first:05}
    title: The account is answered
    matrix:
      path: [{}]
    request: {{ method: GET, path: "${{path}}", key: none }}
    expect:
      status: 200
      schema: account
      headers: {{ content-type: {{ starts_with: application/json }} }}

"#,
        paths.join(", ")
    );
}

/// Writes the suite for hurl, so many entries a file.
pub fn write_hurl(folder: &Path, cases: usize, per_file: usize) -> Result<(), String> {
    create(folder)?;
    for (file, from) in (0..cases).step_by(per_file).enumerate() {
        let to = cases.min(from + per_file);
        let text: String = (from..to).map(entry).collect();
        write(&folder.join(format!("file-{file:05}.hurl")), &text)?;
    }
    Ok(())
}

fn entry(number: usize) -> String {
    format!(
        r#"GET {{{{base}}}}{}
Accept: application/json
HTTP 200
[Asserts]
header "content-type" startsWith "application/json"
jsonpath "$.object" == "user"
jsonpath "$.attributes.id" isInteger
jsonpath "$.attributes.admin" isBoolean
jsonpath "$.attributes.username" isString
jsonpath "$.attributes.email" isString
jsonpath "$.attributes.first_name" isString
jsonpath "$.attributes.last_name" isString
jsonpath "$.attributes.language" isString

"#,
        path(number)
    )
}

fn create(folder: &Path) -> Result<(), String> {
    std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))
}

fn write(file: &Path, text: &str) -> Result<(), String> {
    std::fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))
}
