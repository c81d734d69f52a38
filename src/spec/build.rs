//! From a scenario as written to cases: fills the matrix in and checks every name.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use serde_json::Value;

use super::case::{Case, Content, Ids, KeyUse, RequestPlan, Save, Scenario, Step};
use super::condition::{Condition, ConditionInfo};
use super::diagnostic::Diagnostic;
use super::expectation::{Basis, Expectation};
use super::matrix::{self, MatrixRow};
use super::name::{Api, CaseId, Consent, Level, RoleName, is_kebab};
use super::requirement::{Requirement, VerifiedBy};
use super::role::{Holder, Roles};
use super::route::{BodyNeed, Effect, Endpoint, Inventory, Route};
use super::schema::Schemas;
use super::source::SourceFile;
use super::suite_file::{ExpectFile, IdsFile, RequestFile, SavedKeyFile, ScenarioFile, StepFile};
use super::template::{self, Part, Template};
use super::yaml::{Located, Short};

/// What a scenario may name.
pub(super) struct Names<'a> {
    pub(super) requirements: &'a [Requirement],
    pub(super) roles: &'a Roles,
    pub(super) inventory: &'a Inventory,
    pub(super) conditions: &'a [ConditionInfo],
    pub(super) schemas: &'a Schemas,
}

/// The suite that a scenario stands in.
pub(super) struct SuiteHead<'a> {
    pub(super) file: &'a SourceFile,
    /// The beginning of its cases' ids.
    pub(super) prefix: &'a str,
    pub(super) title: &'a str,
    pub(super) source: Option<&'a str>,
}

/// The cases of a scenario, or all that is wrong with it.
pub(super) fn cases(
    suite: &SuiteHead<'_>,
    written: &ScenarioFile,
    names: &Names<'_>,
) -> Result<Vec<Case>, Vec<Diagnostic>> {
    let mut builder = Builder {
        suite,
        names,
        consent: written.consent,
        troubles: Vec::new(),
    };
    let scenario = Arc::new(builder.scenario(written));
    let steps = builder.written_steps(written);
    let rows = match matrix::rows(suite.file, written, names.inventory) {
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
            suite_title: self.suite.title.to_owned(),
            suite_source: self.suite.source.map(str::to_owned),
            title: written.title.clone(),
            requires: written.requires.iter().map(|id| id.value.clone()).collect(),
            level,
            consent: written.consent,
            needs: written.needs.clone(),
        }
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

    /// The steps as written; a plain request is one step.
    fn written_steps(&mut self, written: &ScenarioFile) -> Vec<StepFile> {
        match (&written.request, &written.expect, written.steps.as_slice()) {
            (Some(request), Some(expect), []) => vec![StepFile {
                name: None,
                request: request.clone(),
                expect: expect.clone(),
                save: super::yaml::Ordered::default(),
                cleanup: None,
            }],
            (None, None, [_, ..]) => written
                .steps
                .iter()
                .map(|step| step.value.clone())
                .collect(),
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
        let mut steps = Vec::new();
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
        let save = self.saves(written, saved)?;
        let cleanup = match &written.cleanup {
            Some(cleanup) => Some(self.request(row, cleanup, saved)?),
            None => None,
        };
        named.extend(written.name.as_ref().map(|name| name.value.clone()));
        let step = Step {
            name: written.name.as_ref().map(|name| name.value.clone()),
            request,
            expect,
            save,
            cleanup,
        };
        self.check_effect(&step, &written.request.span);
        Some(step)
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

    fn check_roles_in(&mut self, template: &Template, span: &Range<usize>) -> Built<()> {
        for role in template.roles() {
            self.check_role(role, span)?;
        }
        Some(())
    }

    fn check_role(&mut self, role: &RoleName, span: &Range<usize>) -> Built<()> {
        if self.names.roles.holder(role, Api::Client).is_some() {
            return Some(());
        }
        let names = self.names.roles;
        self.unknown(
            span,
            "role",
            role.as_str(),
            names.names().map(|name| name.value.as_str()),
        );
        None
    }

    fn request(
        &mut self,
        row: &MatrixRow,
        written: &Located<RequestFile>,
        saved: &[String],
    ) -> Built<RequestPlan> {
        let (method, path) = self.method_and_path(row, written)?;
        let place = written.endpoint.as_ref().or(written.path.as_ref());
        let span = place.map_or(written.span.clone(), |text| text.span.clone());
        let path = self
            .template(
                row,
                &Located {
                    value: path,
                    span: span.clone(),
                },
                saved,
            )?
            .with_ids();
        let (endpoint, route) = self.look_up(&method, &path);
        let api = Api::of_path(&endpoint.path);
        self.check_parameters(&path, api, &span)?;
        let target = self.with_query(row, path, written.query.as_ref(), saved)?;
        let key = self.key(row, &written.key, saved)?;
        let authorization = self.authorization(row, written, &key, saved)?;
        let content = self.content(row, written, saved)?;
        let headers = self.headers(row, written, content.as_ref(), saved)?;
        let ids = match written.ids.as_ref().map(|ids| ids.value) {
            Some(IdsFile::Missing) => Ids::Missing,
            Some(IdsFile::Existing) | None => Ids::Existing,
        };
        let named = written
            .headers
            .0
            .iter()
            .map(|(name, _)| name.value.to_ascii_lowercase());
        Some(RequestPlan {
            api,
            endpoint,
            route,
            target,
            ids,
            key,
            authorization,
            headers,
            named_headers: named.collect(),
            content,
        })
    }

    fn method_and_path(
        &mut self,
        row: &MatrixRow,
        written: &Located<RequestFile>,
    ) -> Built<(String, String)> {
        match (&written.endpoint, &written.method, &written.path) {
            (Some(endpoint), None, None) => {
                let text = self.fill(row, endpoint)?;
                match Endpoint::try_from(text) {
                    Ok(found) => Some((found.method, found.path)),
                    Err(message) => {
                        self.note(&endpoint.span, message);
                        None
                    }
                }
            }
            (None, Some(method), Some(path)) => {
                Some((self.fill(row, method)?, self.fill(row, path)?))
            }
            _ => {
                self.advise(
                    &written.span,
                    "a request has either `endpoint`, or `method` and `path`",
                    "write `endpoint: GET /api/client`",
                );
                None
            }
        }
    }

    /// The route that a path belongs to, and the template by which answers are looked up. A path
    /// whose ids are written out, or saved, belongs to the route whose template it fits.
    fn look_up(&self, method: &str, path: &Template) -> (Endpoint, Option<Arc<Route>>) {
        let plain = path.0.iter().map(|part| match part {
            Part::Saved(name) => format!("saved-{name}"),
            other => Template(vec![other.clone()]).to_string(),
        });
        let mut endpoint = Endpoint {
            method: method.to_owned(),
            path: plain.collect(),
        };
        let route = self.names.inventory.route_of(&endpoint).cloned();
        if let Some(route) = &route {
            endpoint.path.clone_from(&route.endpoint.path);
        }
        (endpoint, route)
    }

    fn check_parameters(&mut self, path: &Template, api: Api, span: &Range<usize>) -> Built<()> {
        for name in path.ids() {
            if self.names.inventory.parameter(api, name).is_none() {
                let inventory = self.names.inventory;
                let known = inventory.parameters.iter().filter(|p| p.api == api);
                self.unknown(
                    span,
                    "path parameter",
                    name,
                    known.map(|p| p.name.value.as_str()),
                );
                return None;
            }
        }
        Some(())
    }

    fn with_query(
        &mut self,
        row: &MatrixRow,
        mut path: Template,
        query: Option<&Located<String>>,
        saved: &[String],
    ) -> Built<Template> {
        if let Some(query) = query {
            path.0.push(Part::Text("?".to_owned()));
            path.0.extend(self.template(row, query, saved)?.0);
        }
        Some(path)
    }

    fn key(
        &mut self,
        row: &MatrixRow,
        written: &Located<Short<super::suite_file::SavedUseFile>>,
        saved: &[String],
    ) -> Built<KeyUse> {
        let name = match &written.value {
            Short::Name(name) => Located {
                value: name.clone(),
                span: written.span.clone(),
            },
            Short::Full(use_of) if saved.contains(&use_of.saved) => {
                return Some(KeyUse::Saved(use_of.saved.clone()));
            }
            Short::Full(use_of) => {
                let names = saved.iter().map(String::as_str);
                self.unknown(&written.span, "saved key", &use_of.saved, names);
                return None;
            }
        };
        let filled = self.fill(row, &name)?;
        let Ok(role) = filled.parse::<RoleName>() else {
            self.note(&written.span, format!("`{filled}` is not a role's name"));
            return None;
        };
        self.check_role(&role, &written.span)?;
        Some(KeyUse::Role(role))
    }

    /// `Bearer KEY`, unless the scenario spells it otherwise or the role has no key.
    fn authorization(
        &mut self,
        row: &MatrixRow,
        written: &Located<RequestFile>,
        key: &KeyUse,
        saved: &[String],
    ) -> Built<Option<Template>> {
        if let Some(text) = &written.authorization {
            return self.template(row, text, saved).map(Some);
        }
        let has_text = match key {
            KeyUse::Saved(_) => true,
            KeyUse::Role(role) => match self.names.roles.holder(role, Api::Client) {
                Some(Holder::MadeUp(made_up)) => made_up.value.is_some(),
                _ => true,
            },
        };
        let bearer = Template(vec![Part::Text("Bearer ".to_owned()), Part::Key(None)]);
        Some(has_text.then_some(bearer))
    }

    fn content(
        &mut self,
        row: &MatrixRow,
        written: &Located<RequestFile>,
        saved: &[String],
    ) -> Built<Option<Content>> {
        match (&written.body, &written.content) {
            (None, None) => Some(None),
            (Some(body), None) => {
                let text = Located {
                    value: body.value.to_string(),
                    span: body.span.clone(),
                };
                let is_empty_object = matches!(&body.value, Value::Object(m) if m.is_empty());
                let text = self.template(row, &text, saved)?;
                Some(Some(Content::Json {
                    text,
                    is_empty_object,
                }))
            }
            (None, Some(content)) => Some(Some(Content::Raw(self.template(row, content, saved)?))),
            (Some(_), Some(content)) => {
                self.note(
                    &content.span,
                    "`body` (JSON) and `content` (any text) exclude each other",
                );
                None
            }
        }
    }

    /// `Accept: application/json`, and `Content-Type: application/json` with JSON content, unless
    /// the scenario says otherwise; `null`, or a row that lacks the field, sends no such field.
    fn headers(
        &mut self,
        row: &MatrixRow,
        written: &Located<RequestFile>,
        content: Option<&Content>,
        saved: &[String],
    ) -> Built<Vec<(String, Template)>> {
        let mut headers = Vec::new();
        let names = |wanted: &str| {
            written
                .headers
                .0
                .iter()
                .any(|(name, _)| name.value.eq_ignore_ascii_case(wanted))
        };
        if !names("accept") {
            headers.push(("Accept".to_owned(), Template::text("application/json")));
        }
        if matches!(content, Some(Content::Json { .. })) && !names("content-type") {
            headers.push((
                "Content-Type".to_owned(),
                Template::text("application/json"),
            ));
        }
        for (name, value) in &written.headers.0 {
            if name.value.eq_ignore_ascii_case("authorization") {
                self.note(
                    &name.span,
                    "`Authorization` is spelled with `authorization:` beside `key:`",
                );
                return None;
            }
            let Some(value) = value else { continue };
            if is_left_out(&value.value, row) {
                continue;
            }
            headers.push((name.value.clone(), self.template(row, value, saved)?));
        }
        Some(headers)
    }

    fn expectation(
        &mut self,
        row: &MatrixRow,
        written: &Located<Short<ExpectFile>>,
        named: &[String],
    ) -> Built<Expectation> {
        let full = match &written.value {
            Short::Name(name) => {
                let reasons = std::slice::from_ref(name);
                let basis = Basis::Because(self.reasons(row, reasons, &written.span)?);
                return Some(Expectation {
                    basis,
                    schema: None,
                    headers: BTreeMap::new(),
                    body: BTreeMap::new(),
                    absent: Vec::new(),
                    same_as: None,
                });
            }
            Short::Full(full) => full,
        };
        let expectation = Expectation {
            basis: self.basis(row, full, &written.span)?,
            schema: self.schema(row, full.schema.as_ref())?,
            headers: self.matches(row, &full.headers, &written.span)?,
            body: self.matches(row, &full.body, &written.span)?,
            absent: full.absent.clone(),
            same_as: self.relation(full.same_as.as_ref(), named)?,
        };
        self.check_expectation(&expectation, &written.span)?;
        Some(expectation)
    }

    fn basis(&mut self, row: &MatrixRow, full: &ExpectFile, span: &Range<usize>) -> Built<Basis> {
        match (&full.because, &full.status, &full.error) {
            (Some(reasons), None, None) => Some(Basis::Because(self.reasons(
                row,
                &reasons.value.0,
                &reasons.span,
            )?)),
            (None, status, error) => Some(Basis::Stated {
                status: status
                    .as_ref()
                    .map(|s| s.value.0.clone())
                    .unwrap_or_default(),
                error: error.as_ref().map(|error| error.value.clone()),
            }),
            (Some(_), _, _) => {
                self.advise(
                    span,
                    "`because` does not go together with `status` or `error`",
                    "the scenario says why, the profile says what: leave `status` and `error` out",
                );
                None
            }
        }
    }

    fn reasons(
        &mut self,
        row: &MatrixRow,
        written: &[String],
        span: &Range<usize>,
    ) -> Built<BTreeSet<Condition>> {
        let mut conditions = BTreeSet::new();
        for reason in written {
            let reason = Located {
                value: reason.clone(),
                span: span.clone(),
            };
            let text = self.fill(row, &reason)?;
            if text == "granted" {
                continue;
            }
            let condition: Condition = match text.parse() {
                Ok(condition) => condition,
                Err(error) => {
                    let error: super::condition::BadCondition = error;
                    self.note(span, error.to_string());
                    return None;
                }
            };
            let known = self.names.conditions;
            if !known
                .iter()
                .any(|info| *info.name.value == *condition.name())
            {
                let names = known
                    .iter()
                    .map(|info| info.name.value.as_str())
                    .chain(["granted"]);
                self.unknown(span, "condition", condition.name(), names);
                return None;
            }
            conditions.insert(condition);
        }
        Some(conditions)
    }

    fn schema(
        &mut self,
        row: &MatrixRow,
        written: Option<&Located<String>>,
    ) -> Built<Option<super::name::SchemaName>> {
        let Some(written) = written else {
            return Some(None);
        };
        let text = self.fill(row, written)?;
        let schemas = self.names.schemas;
        match schemas.name(&text) {
            Some(name) => Some(Some(name.clone())),
            None => {
                self.unknown(
                    &written.span,
                    "schema",
                    &text,
                    schemas.names().map(super::name::SchemaName::as_str),
                );
                None
            }
        }
    }

    fn matches(
        &mut self,
        row: &MatrixRow,
        written: &BTreeMap<String, super::expectation::ValueMatch>,
        span: &Range<usize>,
    ) -> Built<BTreeMap<String, super::expectation::ValueMatch>> {
        let mut matches = BTreeMap::new();
        for (name, value) in written {
            match value.try_map(|text| match_text(text, row)) {
                Ok(filled) => matches.insert(name.clone(), filled),
                Err(error) => {
                    self.note(span, error.to_string());
                    return None;
                }
            };
        }
        Some(matches)
    }

    fn relation(
        &mut self,
        written: Option<&Located<String>>,
        named: &[String],
    ) -> Built<Option<String>> {
        let Some(written) = written else {
            return Some(None);
        };
        if named.contains(&written.value) {
            return Some(Some(written.value.clone()));
        }
        let names = named.iter().map(String::as_str);
        self.unknown(&written.span, "earlier step", &written.value, names);
        None
    }

    fn check_expectation(&mut self, expectation: &Expectation, span: &Range<usize>) -> Built<()> {
        if expectation.accepts_everything() {
            self.advise(
                span,
                "this expectation accepts everything, so the case could not fail",
                "state a condition, or a status, an error, a schema, headers or members",
            );
            return None;
        }
        let pointers = expectation.body.keys().chain(&expectation.absent);
        if let Some(bad) = pointers
            .into_iter()
            .find(|p| !p.starts_with('/') && !p.is_empty())
        {
            self.advise(
                span,
                format!("`{bad}` is not a JSON Pointer"),
                "it begins with `/`",
            );
            return None;
        }
        Some(())
    }

    /// A key that may be accepted goes to routes without effect, unless a consent covers it and
    /// the content cannot be valid.
    fn check_effect(&mut self, step: &Step, span: &Range<usize>) {
        let Some(route) = step.request.route.clone() else {
            return;
        };
        let has_effect = route.effect != Effect::None
            && !matches!(step.request.endpoint.method.as_str(), "HEAD" | "OPTIONS");
        if !has_effect || !self.may_be_accepted(&step.request) {
            return;
        }
        match self.consent {
            Some(Consent::CreateKeys) => {}
            Some(Consent::Writes) if cannot_be_carried_out(step, &route) => {}
            Some(Consent::Writes) => self.advise(
                span,
                format!("a real key goes to `{}`, which would carry it out", *route.endpoint),
                "send `body: {}` to a route whose `body` is `required`, malformed content, or ids that are missing",
            ),
            None => self.advise(
                span,
                format!("a real key goes to `{}`, which has effects", *route.endpoint),
                "add `consent: writes` and content that cannot be valid, or take another route",
            ),
        }
    }

    fn may_be_accepted(&self, request: &RequestPlan) -> bool {
        match &request.key {
            KeyUse::Saved(_) => true,
            KeyUse::Role(role) => matches!(
                self.names.roles.holder(role, request.api),
                Some(Holder::Real(_))
            ),
        }
    }
}

/// Whether a panel that lets the request through still cannot do what it asks.
fn cannot_be_carried_out(step: &Step, route: &Route) -> bool {
    let is_malformed = matches!(&step.expect.basis, Basis::Because(stated)
        if stated.iter().any(|c| c.name() == "malformed-json"));
    let lacks_content = route.body == Some(BodyNeed::Required) && step.request.content.is_none();
    !step.request.implied_conditions().is_empty() || is_malformed || lacks_content
}

/// A text to match: the row is filled in, and of what a run knows only prefixes may stand in it.
fn match_text(text: &str, row: &MatrixRow) -> Result<String, template::BadTemplate> {
    let filled = template::fill(text, &row.values)?;
    let read = template::parse(&filled, &[])?;
    let other = read
        .0
        .iter()
        .find(|part| !matches!(part, Part::Text(_) | Part::Prefix(Some(_))));
    match other {
        None => Ok(filled),
        Some(part) => Err(template::BadTemplate::Unknown(
            Template(vec![part.clone()])
                .to_string()
                .trim_matches(['$', '{', '}'])
                .to_owned(),
        )),
    }
}

/// Whether a header's whole value is a field that the matrix row does not have.
fn is_left_out(value: &str, row: &MatrixRow) -> bool {
    let Some(name) = value
        .strip_prefix("${")
        .and_then(|rest| rest.strip_suffix('}'))
    else {
        return false;
    };
    let Some((axis, _)) = name.split_once('.') else {
        return false;
    };
    !row.values.contains_key(name) && row.values.contains_key(&format!("{axis}.name"))
}
