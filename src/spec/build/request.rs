//! From a request as written to the plan of a request.

use std::ops::Range;
use std::sync::Arc;

use serde_json::Value;

use super::{Builder, Built};
use crate::spec::case::{Content, Ids, KeyUse, RequestPlan};
use crate::spec::checkup::Way;
use crate::spec::matrix::MatrixRow;
use crate::spec::name::{Api, RoleName};
use crate::spec::role::Holder;
use crate::spec::route::{Endpoint, Route};
use crate::spec::suite_file::{IdsFile, RequestFile, SavedUseFile};
use crate::spec::template::{Part, Template};
use crate::spec::yaml::{Located, Short};

impl Builder<'_> {
    pub(super) fn check_roles_in(&mut self, template: &Template, span: &Range<usize>) -> Built<()> {
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

    pub(super) fn request(
        &mut self,
        row: &MatrixRow,
        written: &Located<RequestFile>,
        saved: &[String],
    ) -> Built<RequestPlan> {
        let (method, path) = self.method_and_path(row, written, saved)?;
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
        let plan = RequestPlan {
            api,
            over: written
                .over
                .as_ref()
                .map(|way| way.value)
                .unwrap_or_default(),
            endpoint,
            route,
            target,
            ids,
            key,
            authorization,
            headers,
            named_headers: named.collect(),
            content,
        };
        self.check_way(&plan, written)?;
        Some(plan)
    }

    /// Without TLS everybody on the way can read a key.
    fn check_way(&mut self, plan: &RequestPlan, written: &Located<RequestFile>) -> Built<()> {
        let has_key =
            plan.authorization.is_some() || plan.roles().any(|role| role.as_str() != "none");
        let way = written
            .over
            .as_ref()
            .filter(|_| plan.over == Way::PlainHttp && has_key);
        let Some(way) = way else { return Some(()) };
        let message = "a request without TLS carries no key, not even a made-up one";
        self.advise(&way.span, message, "write `key: none`");
        None
    }

    fn method_and_path(
        &mut self,
        row: &MatrixRow,
        written: &Located<RequestFile>,
        saved: &[String],
    ) -> Built<(String, String)> {
        match (&written.endpoint, &written.method, &written.path) {
            (Some(endpoint), None, None) => {
                let text = self.fill(row, endpoint)?;
                match Endpoint::try_from(text) {
                    Ok(found) => Some((found.method, found.path)),
                    Err(message) => {
                        // A variable that nothing stands for is the likelier mistake.
                        self.template(row, endpoint, saved)?;
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
        written: &Located<Short<SavedUseFile>>,
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
        let mut headers = Vec::with_capacity(written.headers.0.len() + 2);
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
