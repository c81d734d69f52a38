//! From a scenario as written to cases: fills the matrix in and checks every name.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use super::case::{Case, Save, Scenario, Step};
use super::condition::ConditionInfo;
use super::diagnostic::{Diagnostic, Lines};
use super::expectation::Expectation;
use super::matrix::{self, MatrixRow};
use super::name::{CaseId, Consent, Level, is_kebab};
use super::requirement::{Requirement, VerifiedBy};
use super::role::Roles;
use super::route::Inventory;
use super::schema::Schemas;
use super::source::SourceFile;
use super::state::State;
use super::suite_file::{SavedKeyFile, ScenarioFile, StepFile};
use super::template::{self, Template};
use super::yaml::{Located, Short};

mod effect;
mod expectation;
mod request;

/// What a scenario may name.
pub(super) struct Names<'a> {
    pub(super) requirements: &'a [Requirement],
    pub(super) roles: &'a Roles,
    pub(super) inventory: &'a Inventory,
    pub(super) conditions: &'a [ConditionInfo],
    pub(super) schemas: &'a Schemas,
    pub(super) states: &'a [State],
}

/// The suite that a scenario stands in.
pub(super) struct SuiteHead<'a> {
    pub(super) file: &'a SourceFile,
    pub(super) lines: Lines,
    /// The beginning of its cases' ids.
    pub(super) prefix: &'a str,
    pub(super) title: &'a str,
    pub(super) source: Option<&'a str>,
}

/// The expectation that was built last: neighbours mostly expect the same.
#[derive(Default)]
pub(super) struct Last(Option<Arc<Expectation>>);

/// The cases of a scenario, or all that is wrong with it.
pub(super) fn cases(
    suite: &SuiteHead<'_>,
    mut written: ScenarioFile,
    names: &Names<'_>,
    last: &mut Last,
) -> Result<Vec<Case>, Vec<Diagnostic>> {
    let mut builder = Builder {
        suite,
        names,
        consent: written.consent,
        troubles: Vec::new(),
        last,
    };
    let scenario = Arc::new(builder.scenario(&written));
    let steps = builder.written_steps(&mut written);
    let rows = match matrix::rows(suite.file, &written, names.inventory) {
        Ok(rows) => rows,
        Err(troubles) => {
            builder.troubles.extend(troubles);
            Vec::new()
        }
    };
    let cases: Vec<Case> = rows
        .iter()
        .filter_map(|row| builder.case(&scenario, &written.id, row, &steps))
        .collect();
    let troubles = without_repeats(builder.troubles);
    if troubles.is_empty() {
        Ok(cases)
    } else {
        Err(troubles)
    }
}

/// One place of a template can be wrong in every row; it is said once.
fn without_repeats(troubles: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut seen = BTreeSet::new();
    troubles
        .into_iter()
        .filter(|t| seen.insert((t.location(), t.message.clone())))
        .collect()
}

struct Builder<'a> {
    suite: &'a SuiteHead<'a>,
    names: &'a Names<'a>,
    consent: Option<Consent>,
    troubles: Vec<Diagnostic>,
    last: &'a mut Last,
}

/// A value, or nothing when it was wrong and that was noted.
type Built<T> = Option<T>;

impl Builder<'_> {
    fn note(&mut self, span: &Range<usize>, message: impl Into<String>) {
        self.troubles
            .push(Diagnostic::at(self.suite.file, span, message));
    }

    fn advise(&mut self, span: &Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        self.troubles
            .push(Diagnostic::at(self.suite.file, span, message).help(help));
    }

    fn unknown<'n>(
        &mut self,
        span: &Range<usize>,
        what: &str,
        wrong: &str,
        known: impl IntoIterator<Item = &'n str>,
    ) {
        let message = format!("unknown {what} `{wrong}`");
        self.troubles
            .push(Diagnostic::at(self.suite.file, span, message).did_you_mean(wrong, known));
    }

    fn scenario(&mut self, written: &ScenarioFile) -> Scenario {
        if !is_kebab(&written.id.value) {
            self.note(
                &written.id.span,
                "an id is made of lower-case letters, digits and `-`",
            );
        }
        let level = written.level.unwrap_or_else(|| self.highest_level(written));
        self.check_requirements(written);
        Scenario {
            file: self.suite.file.clone(),
            span: written.id.span.clone(),
            line: self.suite.lines.of(written.id.span.start),
            suite_title: self.suite.title.to_owned(),
            suite_source: self.suite.source.map(str::to_owned),
            title: written.title.clone(),
            requires: written.requires.iter().map(|id| id.value.clone()).collect(),
            level,
            consent: written.consent,
            needs: self.states(&written.needs),
            unless: self.states(&written.unless),
        }
    }

    /// States of a target, which must be known.
    fn states(&mut self, written: &[Located<String>]) -> Vec<String> {
        let known = self.names.states;
        for state in written {
            if !known.iter().any(|s| s.name.value == state.value) {
                let names = known.iter().map(|s| s.name.value.as_str());
                self.unknown(&state.span, "state", &state.value, names);
            }
        }
        written.iter().map(|state| state.value.clone()).collect()
    }

    /// A scenario without requirements of its own (a user's suite) is as binding as can be.
    fn highest_level(&self, written: &ScenarioFile) -> Level {
        let levels = written.requires.iter().filter_map(|id| {
            self.names
                .requirements
                .iter()
                .find(|r| r.id.value == id.value)
                .map(|r| r.level)
        });
        levels.max().unwrap_or(Level::Must)
    }

    fn check_requirements(&mut self, written: &ScenarioFile) {
        let known = self.names.requirements;
        for id in &written.requires {
            match known
                .iter()
                .find(|requirement| requirement.id.value == id.value)
            {
                None => {
                    let names = known.iter().map(|r| r.id.value.as_str());
                    self.unknown(&id.span, "requirement", id.value.as_str(), names);
                }
                Some(Requirement {
                    verified_by: VerifiedBy::Manual(_),
                    ..
                }) => {
                    self.note(
                        &id.span,
                        format!("`{}` is verified by a person, not by cases", id.value),
                    );
                }
                Some(_) => {}
            }
        }
    }

    /// The steps as written, taken out of the scenario; a plain request is one step.
    fn written_steps(&mut self, written: &mut ScenarioFile) -> Vec<StepFile> {
        let steps = std::mem::take(&mut written.steps);
        match (written.request.take(), written.expect.take()) {
            (Some(request), Some(expect)) if steps.is_empty() => vec![StepFile {
                name: None,
                request,
                expect,
                save: super::yaml::Ordered::default(),
                cleanup: None,
                repeat: None,
                wait: None,
            }],
            (None, None) if !steps.is_empty() => steps.into_iter().map(|step| step.value).collect(),
            _ => {
                self.advise(
                    &written.id.span,
                    "a scenario has either `request` and `expect`, or `steps`",
                    "write `request: { endpoint: GET /api/client, key: none }` and `expect: no-key`",
                );
                Vec::new()
            }
        }
    }

    fn case(
        &mut self,
        scenario: &Arc<Scenario>,
        id: &Located<String>,
        row: &MatrixRow,
        written: &[StepFile],
    ) -> Built<Case> {
        let mut saved = Vec::new();
        let mut named = Vec::new();
        let mut steps = Vec::with_capacity(written.len());
        for step in written {
            steps.push(self.step(row, step, &mut saved, &mut named)?);
        }
        if steps.is_empty() {
            return None;
        }
        let text = [self.suite.prefix, &id.value, &row.slug]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("/");
        match text.parse::<CaseId>() {
            Ok(id) => Some(Case {
                id,
                scenario: Arc::clone(scenario),
                steps,
            }),
            Err(_) if !is_kebab(&id.value) => None,
            Err(error) => {
                self.advise(
                    &id.span,
                    error.to_string(),
                    "a matrix row that is a mapping needs a `name`",
                );
                None
            }
        }
    }

    fn step(
        &mut self,
        row: &MatrixRow,
        written: &StepFile,
        saved: &mut Vec<String>,
        named: &mut Vec<String>,
    ) -> Built<Step> {
        let request = self.request(row, &written.request, saved)?;
        let expect = self.expectation(row, &written.expect, named)?;
        let expect = self.shared(expect);
        let save = self.saves(written, saved)?;
        let cleanup = match &written.cleanup {
            Some(cleanup) => Some(Box::new(self.request(row, cleanup, saved)?)),
            None => None,
        };
        self.check_spending(written);
        named.extend(written.name.as_ref().map(|name| name.value.clone()));
        let step = Step {
            name: written.name.as_ref().map(|name| name.value.clone()),
            request,
            expect,
            save,
            cleanup,
            repeat: written.repeat.as_ref().map(|repeat| repeat.value),
            wait: written.wait.as_ref().map(|wait| wait.value),
        };
        self.check_effect(&step, &written.request.span);
        Some(step)
    }

    /// The expectation, kept once where the one before is the same.
    fn shared(&mut self, expect: Expectation) -> Arc<Expectation> {
        let last = self.last.0.take().filter(|last| **last == expect);
        let shared = last.unwrap_or_else(|| Arc::new(expect));
        self.last.0 = Some(Arc::clone(&shared));
        shared
    }

    /// Repeating and waiting are for what spends a limit, which runs apart from all else.
    fn check_spending(&mut self, written: &StepFile) {
        let repeat = written.repeat.as_ref().map(|repeat| &repeat.span);
        let wait = written.wait.as_ref().map(|wait| &wait.span);
        if let Some(span) = repeat
            .or(wait)
            .filter(|_| self.consent != Some(Consent::Exhaustion))
        {
            let message = "only what spends a limit repeats a request or waits";
            self.advise(&span.clone(), message, "add `consent: exhaustion`");
        }
    }

    /// Saved values are known to the later steps, and to this step's own clean-up.
    fn saves(&mut self, written: &StepFile, saved: &mut Vec<String>) -> Built<Vec<Save>> {
        let mut saves = Vec::new();
        for (name, what) in &written.save.0 {
            let (pointers, is_key) = match &what.value {
                Short::Name(pointer) => (vec![pointer.clone()], false),
                Short::Full(SavedKeyFile { key }) => (key.clone(), true),
            };
            if let Some(bad) = pointers.iter().find(|p| !p.starts_with('/')) {
                self.advise(
                    &what.span,
                    format!("`{bad}` is not a JSON Pointer"),
                    "it begins with `/`",
                );
                return None;
            }
            saved.push(name.value.clone());
            saves.push(Save {
                name: name.value.clone(),
                pointers,
                is_key,
            });
        }
        Some(saves)
    }

    fn fill(&mut self, row: &MatrixRow, text: &Located<String>) -> Built<String> {
        match template::fill(&text.value, &row.values) {
            Ok(filled) => Some(filled),
            Err(error) => {
                self.note(&text.span, error.to_string());
                None
            }
        }
    }

    fn template(
        &mut self,
        row: &MatrixRow,
        text: &Located<String>,
        saved: &[String],
    ) -> Built<Template> {
        let filled = self.fill(row, text)?;
        let names: Vec<&str> = saved.iter().map(String::as_str).collect();
        match template::parse(&filled, &names) {
            Ok(template) => {
                self.check_roles_in(&template, &text.span)?;
                Some(template)
            }
            Err(error) => {
                let axes = row.values.keys().map(String::as_str);
                let usual = ["key", "prefix", "run", "origin"];
                let known: Vec<&str> = names.iter().copied().chain(axes).chain(usual).collect();
                let wrong = match &error {
                    template::BadTemplate::Unknown(name) => name.clone(),
                    template::BadTemplate::Open => String::new(),
                };
                let found = Diagnostic::at(self.suite.file, &text.span, error.to_string());
                self.troubles.push(found.did_you_mean(&wrong, known));
                None
            }
        }
    }
}
