//! The comparison: every program in turn, several rounds, against one server.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use clap::Args;

use crate::measure::{self, Cost};
use crate::server::Server;
use crate::suite::{Size, write_hurl, write_ours};
use crate::table::{Row, table};

/// How many files hurl's grouped suite has.
const GROUPS: usize = 16;

#[derive(Args)]
pub struct Arguments {
    /// The binary of this harness
    #[arg(long)]
    ours: PathBuf,
    /// hurl's binary
    #[arg(long)]
    hurl: PathBuf,
    /// A folder for the suites
    #[arg(long)]
    scratch: PathBuf,
    /// How many cases
    #[arg(long, default_value_t = 5000)]
    cases: usize,
    /// How many cases the small suite has, beside which memory is looked at
    #[arg(long, default_value_t = 500)]
    few: usize,
    /// How many requests at once
    #[arg(long, default_value_t = 16)]
    jobs: usize,
    /// How often each program is run
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

/// What is run, and how many cases it has.
struct Program {
    name: &'static str,
    words: Vec<OsString>,
    cases: usize,
    /// What its output says when every case was reported, if it reports them.
    reports: Option<String>,
}

pub fn run(arguments: &Arguments) -> Result<(), String> {
    let suites = Suites::write(arguments)?;
    println!("{}\n", machine(arguments));
    for latency in [0, 20] {
        let server = Server::start(Duration::from_millis(latency), 0)?;
        let mut programs = suites.programs(arguments, &server.url)?;
        if latency > 0 {
            // Memory does not depend on how long the server takes.
            programs.retain(|program| program.cases == arguments.cases);
        }
        let rows = measured(arguments, &programs, &server)?;
        println!(
            "{} cases, {latency} ms, {} jobs\n",
            arguments.cases, arguments.jobs
        );
        println!("{}", table(&rows));
    }
    Ok(())
}

/// The machine, and what was compared.
fn machine(arguments: &Arguments) -> String {
    let model = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = model
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("unknown processor", |line| {
        line.trim_matches(['\t', ' ', ':'])
    });
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let version = |program: &Path| {
        let said = Command::new(program).arg("--version").output().ok()?;
        let said = String::from_utf8(said.stdout).ok()?;
        let words: Vec<_> = said.split_whitespace().take(2).collect();
        Some(words.join(" "))
    };
    let versions = [&arguments.ours, &arguments.hurl].map(|p| version(p).unwrap_or_default());
    format!(
        "{model}, {cores} processors; {}; medians of {}",
        versions.join(", "),
        arguments.rounds
    )
}

/// Where the suites are.
struct Suites<'a> {
    scratch: &'a Path,
    cases: usize,
}

impl<'a> Suites<'a> {
    fn write(arguments: &'a Arguments) -> Result<Self, String> {
        let (scratch, cases) = (arguments.scratch.as_path(), arguments.cases);
        for cases in [cases, arguments.few] {
            for (form, per_scenario) in [("ours", 10), ("alone", 1)] {
                let size = Size {
                    cases,
                    per_file: 100,
                    per_scenario,
                };
                write_ours(&scratch.join(format!("{form}-{cases}")), size)?;
            }
        }
        write_hurl(&scratch.join("hurl"), cases, 1)?;
        write_hurl(&scratch.join("hurl-grouped"), cases, cases.div_ceil(GROUPS))?;
        Ok(Self { scratch, cases })
    }

    /// Every program, the floor first.
    fn programs(&self, arguments: &Arguments, url: &str) -> Result<Vec<Program>, String> {
        let this = std::env::current_exe().map_err(|error| error.to_string())?;
        let cases = self.cases;
        let jobs = arguments.jobs.to_string();
        let floor = [
            this.as_os_str(),
            "floor".as_ref(),
            url.as_ref(),
            "--cases".as_ref(),
        ];
        let floor = words(
            floor,
            [cases.to_string(), "--jobs".to_owned(), jobs.clone()],
        );
        let ours = |name, folder: &str, cases: usize| Program {
            name,
            words: words(
                [
                    arguments.ours.as_os_str(),
                    "run".as_ref(),
                    url.as_ref(),
                    "--specs".as_ref(),
                ],
                [self.path(folder), "--jobs".to_owned(), jobs.clone()],
            ),
            cases,
            reports: Some(format!("{cases} cases: {cases} passed")),
        };
        let hurl = |name, folder: &str| {
            let head = [
                arguments.hurl.as_os_str(),
                "--test".as_ref(),
                "--jobs".as_ref(),
            ];
            let base = format!("base={url}");
            let tail = [
                jobs.clone(),
                "--variable".to_owned(),
                base,
                self.path(folder),
            ];
            Program {
                name,
                words: words(head, tail),
                cases,
                reports: None,
            }
        };
        Ok(vec![
            Program {
                name: "floor: a bare reqwest loop",
                words: floor,
                cases,
                reports: None,
            },
            ours("ptero-conformance", &format!("ours-{cases}"), cases),
            ours(
                "ptero-conformance, a scenario per case",
                &format!("alone-{cases}"),
                cases,
            ),
            ours(
                "ptero-conformance, the small suite",
                &format!("ours-{}", arguments.few),
                arguments.few,
            ),
            ours(
                "ptero-conformance, the small suite, a scenario per case",
                &format!("alone-{}", arguments.few),
                arguments.few,
            ),
            hurl("hurl, a file per case", "hurl"),
            hurl("hurl, 16 files", "hurl-grouped"),
        ])
    }

    fn path(&self, folder: &str) -> String {
        self.scratch.join(folder).display().to_string()
    }
}

fn words<'w>(
    head: impl IntoIterator<Item = &'w std::ffi::OsStr>,
    tail: impl IntoIterator<Item = String>,
) -> Vec<OsString> {
    let head = head.into_iter().map(OsString::from);
    head.chain(tail.into_iter().map(OsString::from)).collect()
}

/// Runs all programs in turn, round by round, so that what else the machine does hits them alike.
fn measured(
    arguments: &Arguments,
    programs: &[Program],
    server: &Server,
) -> Result<Vec<Row>, String> {
    let mut rows: Vec<Row> = programs.iter().map(|p| Row::new(p.name, p.cases)).collect();
    // One round more warms up, and is not counted.
    for round in 0..=arguments.rounds {
        for (program, row) in programs.iter().zip(&mut rows) {
            let cost = once(&arguments.scratch, program)?;
            let counts = server.counts();
            if counts.cases != program.cases {
                return Err(format!(
                    "{}: {counts:?} for {} cases",
                    program.name, program.cases
                ));
            }
            if round > 0 {
                row.add(cost, counts);
            }
        }
    }
    Ok(rows)
}

fn once(scratch: &Path, program: &Program) -> Result<Cost, String> {
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    let (cost, output) = (scratch.join("cost"), scratch.join("output"));
    let file = File::create(&output).map_err(|error| error.to_string())?;
    let errors = file.try_clone().map_err(|error| error.to_string())?;
    let mut measuring = Command::new(this);
    measuring
        .arg("measure")
        .arg(&cost)
        .arg("--")
        .args(&program.words);
    let status = measuring.stdout(file).stderr(errors).status();
    let said = std::fs::read_to_string(&output).unwrap_or_default();
    let beginning: String = said.chars().take(2000).collect();
    if !status.map_err(|error| error.to_string())?.success() {
        return Err(format!("{} has failed: {beginning}", program.name));
    }
    match &program.reports {
        Some(all) if !said.contains(all) => Err(format!(
            "{} does not say `{all}`: {beginning}",
            program.name
        )),
        _ => measure::read(&cost),
    }
}
