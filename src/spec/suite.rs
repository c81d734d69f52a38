//! Suites: reads their files, scenario by scenario, so that one mistake hides no other.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;

use super::build::{self, Last, Names, SuiteHead};
use super::case::Case;
use super::diagnostic::{Diagnostic, Lines};
use super::name::{CaseId, is_kebab};
use super::source::SourceFile;
use super::suite_file::{ScenarioFile, SuiteFile};
use super::yaml;

/// A suite that was read: every case in it is valid.
#[derive(Debug)]
pub struct Suite {
    /// Its file.
    pub file: SourceFile,
    /// Its title.
    pub title: String,
    /// Its cases, in the order of the file.
    pub cases: Vec<Arc<Case>>,
}

/// A suite's file that is wrong.
#[derive(Debug)]
pub struct Broken {
    /// The file.
    pub file: SourceFile,
    /// All that is wrong with it.
    pub diagnostics: Vec<Diagnostic>,
}

/// Whether a file of a specification is a suite: all are that have no other use.
pub(super) fn is_suite(path: &str) -> bool {
    !CONTRACT.contains(&path)
        && !CONTRACT_FOLDERS
            .iter()
            .any(|folder| path.starts_with(folder))
}

/// The files that are no suites.
const CONTRACT: [&str; 8] = [
    "causes.yaml",
    "requirements.yaml",
    "conditions.yaml",
    "coverage.yaml",
    "doctor.yaml",
    "roles.yaml",
    "signatures.yaml",
    "states.yaml",
];

/// The folders without suites.
const CONTRACT_FOLDERS: [&str; 2] = ["profiles/", "routes/"];

/// What there can be to read for the case of an id: the contract, and the suites that it can stand
/// in. Folders end with `/`.
pub(super) fn places_for(id: &str) -> Vec<String> {
    let is_id = id.parse::<CaseId>().is_ok();
    let ends = id.match_indices('/').filter(|_| is_id).map(|(end, _)| end);
    let suites = ends.map(|end| format!("{}.yaml", &id[..end]));
    let contract = CONTRACT.iter().chain(&CONTRACT_FOLDERS);
    contract.map(ToString::to_string).chain(suites).collect()
}

/// What the ids of a suite's cases begin with.
fn prefix(path: &str) -> &str {
    path.trim_end_matches(".yaml")
}

/// Reads suites; a case id that two of them give belongs to the first, and the other is wrong.
pub(super) fn read_all(files: &[SourceFile], names: &Names<'_>) -> (Vec<Suite>, Vec<Broken>) {
    let (mut suites, mut broken) = (Vec::new(), Vec::new());
    let read = at_once(files, |file| read(file, names));
    for (file, read) in files.iter().zip(read) {
        match read.and_then(|suite| unlike(suite, &suites)) {
            Ok(suite) => suites.push(suite),
            Err(diagnostics) => broken.push(Broken {
                file: file.clone(),
                diagnostics,
            }),
        }
    }
    (suites, broken)
}

/// Does the same with many files, on all processors; what comes of it is in the order of the files.
fn at_once<T: Send>(files: &[SourceFile], each: impl Fn(&SourceFile) -> T + Sync) -> Vec<T> {
    let processors = available_parallelism().map_or(1, NonZero::get);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(file) = files.get(number) else {
                return done;
            };
            done.push((number, each(file)));
        }
    };
    let mut done = std::thread::scope(|scope| {
        let others = 1..processors.min(files.len());
        let others: Vec<_> = others.map(|_| scope.spawn(work)).collect();
        let mut done = work();
        for other in others {
            done.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        done
    });
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}

/// The suite, if no other one has a case of the same id: `a.yaml` and `a/b.yaml` can both give
/// `a/b/c`.
fn unlike(suite: Suite, others: &[Suite]) -> Result<Suite, Vec<Diagnostic>> {
    let path = &*suite.file.path;
    let is_near = |other: &&Suite| {
        let (one, two) = (prefix(path), prefix(&other.file.path));
        one.starts_with(two) || two.starts_with(one)
    };
    let near = others.iter().filter(is_near);
    let taken: BTreeMap<&str, &Suite> = near
        .flat_map(|other| {
            other
                .cases
                .iter()
                .map(move |case| (case.id.as_str(), other))
        })
        .collect();
    let troubles: Vec<_> = suite
        .cases
        .iter()
        .filter_map(|case| {
            let other = taken.get(case.id.as_str())?;
            let message = format!(
                "a case `{}` exists already in {}",
                case.id, other.file.shown
            );
            let help = "give the scenario another id, or the file another name";
            Some(Diagnostic::at(&suite.file, &case.scenario.span, message).help(help))
        })
        .collect();
    if troubles.is_empty() {
        Ok(suite)
    } else {
        Err(troubles)
    }
}

fn read(file: &SourceFile, names: &Names<'_>) -> Result<Suite, Vec<Diagnostic>> {
    let prefix = prefix(&file.path);
    if !prefix.split('/').all(is_kebab) {
        return Err(vec![
            Diagnostic::of_file(&file.shown, "its path cannot begin a case id")
                .help("name folders and files with lower-case letters, digits and `-`"),
        ]);
    }
    let written: SuiteFile = yaml::read(file).map_err(|first| all_shape_errors(file, first))?;
    let head = SuiteHead {
        file,
        lines: Lines::of_text(&file.text),
        prefix,
        title: &written.title,
        source: written.source.as_deref(),
    };
    let mut cases = Vec::new();
    let mut troubles = Vec::new();
    let mut last = Last::default();
    let has_scenarios = !written.scenarios.is_empty();
    for scenario in written.scenarios {
        match build::cases(&head, scenario, names, &mut last) {
            Ok(built) => cases.extend(built),
            Err(wrong) => troubles.extend(wrong),
        }
    }
    troubles.extend(repeated_ids(file, &cases));
    if !has_scenarios {
        troubles.push(Diagnostic::of_file(&file.shown, "has no scenarios"));
    }
    if troubles.is_empty() {
        let cases = cases.into_iter().map(Arc::new).collect();
        Ok(Suite {
            file: file.clone(),
            title: written.title,
            cases,
        })
    } else {
        Err(troubles)
    }
}

/// The first shape error ends the reading of a file; each scenario is read alone for the others.
fn all_shape_errors(file: &SourceFile, first: Diagnostic) -> Vec<Diagnostic> {
    let found: Vec<_> = yaml::scenario_places(file)
        .iter()
        .filter_map(|place| yaml::read_part::<ScenarioFile>(file, &alone(&file.text, place)).err())
        .collect();
    if found
        .iter()
        .any(|other| other.location() == first.location())
    {
        found
    } else {
        std::iter::once(first).chain(found).collect()
    }
}

/// The text of one entry, everything before it blanked, so that places stay what they are.
fn alone(text: &str, place: &Range<usize>) -> String {
    let blank = |c: char| {
        if c == '\n' {
            "\n".to_owned()
        } else {
            " ".repeat(c.len_utf8())
        }
    };
    let before: String = text[..place.start].chars().map(blank).collect();
    before + &text[place.clone()]
}

fn repeated_ids(file: &SourceFile, cases: &[Case]) -> Vec<Diagnostic> {
    let mut seen: BTreeMap<&str, &Range<usize>> = BTreeMap::new();
    let mut troubles = Vec::new();
    for case in cases {
        if seen.insert(case.id.as_str(), &case.scenario.span).is_some() {
            let message = format!("a case `{}` exists already", case.id);
            troubles.push(
                Diagnostic::at(file, &case.scenario.span, message)
                    .help("give the scenario another id, or the matrix row another `name`"),
            );
        }
    }
    troubles
}

#[cfg(test)]
mod tests;
