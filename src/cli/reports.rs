//! `--report KIND=FILE`: where reports go, opened before the first request.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;

use super::outputs::{OutputFile, Taken};
use crate::report::{Format, Results, Told};

/// The variable in which a GitHub workflow names the file of a step's summary.
const STEP_SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// The reports that are asked for.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ReportArguments {
    /// Write a report: json, junit, markdown, html, acceptance, or github (annotations of a workflow, which need
    /// no file). `-` is standard output. Several with commas, each before a KIND, or the flag again
    #[arg(
        long = "report",
        value_name = "KIND=FILE",
        env = "PTERO_REPORT",
        hide_env_values = true
    )]
    reports: Vec<ReportsTo>,
}

/// The reports of one flag or variable.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ReportsTo(Vec<ReportTo>);

impl FromStr for ReportsTo {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let reports = parts(text).into_iter().map(str::parse);
        reports.collect::<Result<_, _>>().map(Self)
    }
}

/// A text at the commas that a kind follows: any other is part of the name of a file.
fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut begin = 0;
    for (at, _) in text.match_indices(',') {
        if begins_with_kind(&text[at + 1..]) {
            parts.push(&text[begin..at]);
            begin = at + 1;
        }
    }
    parts.push(&text[begin..]);
    parts
}

/// Whether a text begins as a report does; a kind may be mistyped, so any word before `=` is one.
fn begins_with_kind(text: &str) -> bool {
    let (word, end) = match text.find(['=', ',']) {
        Some(at) => (&text[..at], text.as_bytes().get(at)),
        None => (text, None),
    };
    let is_word = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match end {
        Some(b'=') => is_word,
        _ => word.parse::<Format>().is_ok(),
    }
}

/// One report, and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReportTo {
    format: Format,
    /// Nothing: standard output.
    file: Option<PathBuf>,
}

impl FromStr for ReportTo {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, place) = text.split_once('=').unwrap_or((text, ""));
        let format: Format = kind.parse()?;
        let file = match place {
            "-" => None,
            "" if format == Format::Github => None,
            "" => return Err(format!("say where to: `{format}=FILE`, or `{format}=-`")),
            path => Some(path.into()),
        };
        Ok(Self { format, file })
    }
}

/// Reports that can be written.
pub(crate) struct Reports {
    files: Vec<(Format, OutputFile)>,
    /// What goes to standard output.
    printed: Vec<Format>,
    step_summary: Option<(PathBuf, File)>,
}

/// What stands for the name of a panel in the name of a file, where there are several.
pub(super) const PLACE: &str = "{target}";

impl ReportArguments {
    fn all(&self) -> impl Iterator<Item = &ReportTo> {
        self.reports.iter().flat_map(|reports| &reports.0)
    }

    /// The reports of one panel of several: its name is in the names of their files.
    pub(super) fn of(&self, name: &str) -> Result<Self, String> {
        let reports = self.all().map(|report| {
            let Some(file) = &report.file else {
                return Err(format!(
                    "a report of several panels needs a file for each: `{}=reports/{PLACE}`",
                    report.format
                ));
            };
            let file = Some(named(file, name)?);
            Ok(ReportTo { file, ..*report })
        });
        let reports = reports.collect::<Result<_, String>>()?;
        Ok(Self {
            reports: vec![ReportsTo(reports)],
        })
    }

    /// Takes the files that they go to.
    pub(super) fn take(&self, taken: &mut Taken) -> Result<(), String> {
        for ReportTo { format, file } in self.all() {
            if let Some(file) = file {
                taken.take(file, &format!("the {format} report"))?;
            }
        }
        Ok(())
    }

    /// Opens all files, so that one that cannot be written is known before anything is sent.
    pub(crate) fn open(&self) -> Result<Reports, String> {
        self.take(&mut Taken::default())?;
        let mut reports = Reports {
            files: Vec::new(),
            printed: Vec::new(),
            step_summary: None,
        };
        for ReportTo { format, file } in self.all() {
            match file {
                Some(path) => reports.files.push((*format, open(path)?)),
                None => reports.printed.push(*format),
            }
        }
        if reports.documents().count() > 1 {
            return Err("two reports cannot both go to standard output; name a file".to_owned());
        }
        if self.all().any(|r| r.format == Format::Github) {
            reports.step_summary = step_summary()?;
        }
        Ok(reports)
    }
}

/// The file of one panel of several.
pub(super) fn named(file: &Path, name: &str) -> Result<PathBuf, String> {
    match file.to_str() {
        Some(text) if text.contains(PLACE) => Ok(text.replace(PLACE, name).into()),
        _ => Err(format!(
            "{}: every panel would write into this file; put {PLACE} into its name",
            file.display()
        )),
    }
}

fn open(path: &Path) -> Result<OutputFile, String> {
    OutputFile::open(path).map_err(|error| unwritten(path, error))
}

fn unwritten(path: &Path, error: impl std::fmt::Display) -> String {
    format!("the report {} cannot be written: {error}", path.display())
}

fn step_summary() -> Result<Option<(PathBuf, File)>, String> {
    let Some(path) = std::env::var_os(STEP_SUMMARY).filter(|path| !path.is_empty()) else {
        return Ok(None);
    };
    let path = PathBuf::from(path);
    let file = OpenOptions::new().append(true).create(true).open(&path);
    let file = file.map_err(|error| format!("{STEP_SUMMARY} cannot be written: {error}"))?;
    Ok(Some((path, file)))
}

impl Reports {
    /// Reports on standard output that are documents, so that nothing else may be there.
    fn documents(&self) -> impl Iterator<Item = &Format> {
        self.printed.iter().filter(|f| **f != Format::Github)
    }

    /// Whether standard output belongs to a report alone.
    pub(crate) fn take_stdout(&self) -> bool {
        self.documents().next().is_some()
    }

    /// Which cases they tell.
    pub(crate) fn told(&self) -> Told {
        if self.is_empty() {
            Told::Differences
        } else {
            Told::All
        }
    }

    /// Whether no report is asked for.
    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty() && self.printed.is_empty()
    }

    /// Writes all of them, also where one cannot be written; a reader of standard output who is
    /// gone is told by the kind of error.
    pub(crate) fn write(&mut self, results: &Results) -> Result<(), Unwritten> {
        let files = self.files.iter_mut().map(|(format, file)| {
            let text = render(*format, results)?;
            let written = file.replace(&text);
            written.map_err(|error| unwritten(file.path(), error))
        });
        let mut failed: Vec<_> = files.filter_map(Result::err).collect();
        failed.extend(self.append_summary(results).err());
        match self.print(results) {
            Err(Unwritten::Failed(why)) => failed.push(why),
            printed if failed.is_empty() => return printed,
            _ => {}
        }
        Err(Unwritten::Failed(failed.join("; ")))
    }

    fn append_summary(&mut self, results: &Results) -> Result<(), String> {
        let Some((path, file)) = &mut self.step_summary else {
            return Ok(());
        };
        let text = render(Format::Markdown, results)?;
        let written = file.write_all(text.as_bytes());
        written.map_err(|error| unwritten(path, error))
    }

    fn print(&self, results: &Results) -> Result<(), Unwritten> {
        let mut out = std::io::stdout().lock();
        for format in &self.printed {
            let text = render(*format, results).map_err(Unwritten::Failed)?;
            out.write_all(text.as_bytes())
                .map_err(|error| Unwritten::of_stdout(&error))?;
        }
        out.flush().map_err(|error| Unwritten::of_stdout(&error))
    }
}

/// Why a report was not written.
#[derive(Debug)]
pub(crate) enum Unwritten {
    /// The reader of standard output went away.
    ReaderGone,
    /// Something else.
    Failed(String),
}

impl Unwritten {
    pub(crate) fn of_stdout(error: &std::io::Error) -> Self {
        if error.kind() == ErrorKind::BrokenPipe {
            Self::ReaderGone
        } else {
            Self::Failed(format!("cannot write to standard output: {error}"))
        }
    }
}

fn render(format: Format, results: &Results) -> Result<String, String> {
    format.render(results).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_has_a_kind_and_a_place() {
        let read = |text: &str| text.parse::<ReportTo>();
        let to = |format, file: Option<&str>| ReportTo {
            format,
            file: file.map(Into::into),
        };
        assert_eq!(
            read("json=a=b.json"),
            Ok(to(Format::Json, Some("a=b.json")))
        );
        assert_eq!(read("html=-"), Ok(to(Format::Html, None)));
        assert_eq!(read("github"), Ok(to(Format::Github, None)));
        assert!(read("json").unwrap_err().contains("json=FILE"));
        assert!(read("xml=a").unwrap_err().contains("there are: json"));
    }

    #[test]
    fn a_comma_that_no_kind_follows_is_part_of_a_name() {
        for (text, wanted) in [
            ("html=my out, 1.html", &["html=my out, 1.html"][..]),
            ("junit=a,b.xml,github", &["junit=a,b.xml", "github"]),
            ("github,json=-", &["github", "json=-"]),
            ("json=a,jsno=b", &["json=a", "jsno=b"]),
            ("json=a,html", &["json=a", "html"]),
            ("json=a,", &["json=a,"]),
            ("json=a,=b", &["json=a,=b"]),
            ("json=a,my file=b", &["json=a,my file=b"]),
            ("", &[""]),
        ] {
            assert_eq!(parts(text), wanted, "{text}");
        }
        assert!("json=a,jsno=b".parse::<ReportsTo>().is_err());
        assert!("json=a,html".parse::<ReportsTo>().is_err());
    }

    #[test]
    fn only_one_document_goes_to_standard_output() {
        let open = |texts: &[&str]| {
            let reports = texts.iter().map(|text| text.parse().unwrap()).collect();
            ReportArguments { reports }.open().map(|r| r.take_stdout())
        };
        assert_eq!(open(&["json=-"]), Ok(true));
        assert!(open(&["json=-", "html=-"]).is_err());
        assert!(open(&["json=-,html=-"]).is_err());
    }

    #[test]
    fn what_cannot_be_written_is_known_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("no/such/folder.json");
        let to = format!("json={}", path.display()).parse().unwrap();
        let reports = ReportArguments { reports: vec![to] };
        let message = reports.open().err().unwrap();
        assert!(
            message.contains("folder.json cannot be written"),
            "{message}"
        );
    }
}
