//! From the plan of a request to the request: fills in keys, ids and saved values.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};

use crate::exchange::Request;
use crate::keys::Keyring;
use crate::spec::{Api, Content, KeyUse, Part, Profile, RequestPlan, RoleName, Roles, Template};

/// What a request is filled with.
#[derive(Clone, Copy)]
pub(crate) struct Filling<'a> {
    pub(crate) roles: &'a Roles,
    pub(crate) profile: &'a Profile,
    pub(crate) keys: &'a Keyring,
    /// Values of the path's parameters.
    pub(crate) ids: &'a BTreeMap<String, String>,
    /// What earlier steps saved.
    pub(crate) saved: &'a BTreeMap<String, SecretString>,
    /// What names this run.
    pub(crate) run: &'a str,
    /// Scheme, host and port of the target.
    pub(crate) origin: &'a str,
}

/// Something that a request needs is not there.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum Lacking {
    #[error("no key for `{0}`")]
    Key(RoleName),
    #[error("an earlier step saved no `{0}`")]
    Saved(String),
    #[error("no id for `{{{0}}}`")]
    Id(String),
    #[error("nobody said which foreign origins the target lets in")]
    AllowedOrigin,
    #[error("`{0}` has a character that no header field can hold")]
    Header(String),
}

/// The request that a plan stands for.
pub(crate) fn render(plan: &RequestPlan, filling: &Filling<'_>) -> Result<Request, Lacking> {
    let renderer = Renderer { plan, filling };
    let mut headers = Vec::new();
    if let Some(value) = &plan.authorization {
        headers.push(("Authorization".to_owned(), renderer.field(value)?));
    }
    for (name, value) in &plan.headers {
        headers.push((name.clone(), renderer.field(value)?));
    }
    let body = match &plan.content {
        None => None,
        Some(Content::Raw(text)) => Some(
            renderer
                .text(text, std::borrow::ToOwned::to_owned)?
                .into_bytes(),
        ),
        Some(Content::Json { text, .. }) => Some(renderer.text(text, in_json)?.into_bytes()),
    };
    Ok(Request {
        method: plan.endpoint.method.clone(),
        target: renderer.text(&plan.target, std::borrow::ToOwned::to_owned)?,
        headers,
        body,
    })
}

/// Text as it stands inside a JSON string.
fn in_json(text: &str) -> String {
    let quoted = serde_json::Value::String(text.to_owned()).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

struct Renderer<'a> {
    plan: &'a RequestPlan,
    filling: &'a Filling<'a>,
}

impl Renderer<'_> {
    /// A header field's value: characters up to U+00FF are one byte each, as HTTP has always
    /// sent them (RFC 9110, section 5.5: `obs-text`).
    fn field(&self, template: &Template) -> Result<Vec<u8>, Lacking> {
        let text = self.text(template, std::borrow::ToOwned::to_owned)?;
        text.chars()
            .map(|c| u8::try_from(c).map_err(|_| Lacking::Header(template.to_string())))
            .collect()
    }

    fn text(&self, template: &Template, escape: fn(&str) -> String) -> Result<String, Lacking> {
        let mut out = String::new();
        for part in &template.0 {
            match part {
                Part::Text(text) => out += text,
                other => out += &escape(self.value(other)?.expose_secret()),
            }
        }
        Ok(out)
    }

    fn value(&self, part: &Part) -> Result<SecretString, Lacking> {
        let filling = self.filling;
        Ok(match part {
            Part::Text(text) => text.clone().into(),
            Part::Key(None) => self.own_key()?,
            Part::Key(Some(role)) => self.key_of(role)?,
            Part::Prefix(api) => self.prefix(api.unwrap_or(self.plan.api)).to_owned().into(),
            Part::Limit => filling.profile.limits.of(self.plan.api).to_string().into(),
            Part::Run => filling.run.to_owned().into(),
            Part::Origin => filling.origin.to_owned().into(),
            Part::AllowedOrigin => {
                let known = filling.profile.allowed_origin.clone();
                known.ok_or(Lacking::AllowedOrigin)?.into()
            }
            Part::Id(name) => {
                let value = filling
                    .ids
                    .get(name)
                    .ok_or_else(|| Lacking::Id(name.clone()))?;
                value.clone().into()
            }
            Part::Saved(name) => self.saved(name)?,
        })
    }

    fn own_key(&self) -> Result<SecretString, Lacking> {
        match &self.plan.key {
            KeyUse::Role(role) => self.key_of(role),
            KeyUse::Saved(name) => self.saved(name),
        }
    }

    fn key_of(&self, role: &RoleName) -> Result<SecretString, Lacking> {
        let filling = self.filling;
        let text = filling
            .keys
            .text(filling.roles, role, self.plan.api, filling.profile);
        text.ok_or_else(|| Lacking::Key(role.clone()))
    }

    fn saved(&self, name: &str) -> Result<SecretString, Lacking> {
        self.filling
            .saved
            .get(name)
            .cloned()
            .ok_or_else(|| Lacking::Saved(name.to_owned()))
    }

    fn prefix(&self, api: Api) -> &str {
        self.filling.profile.prefix(api)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::tests::profile;
    use crate::spec::Endpoint;

    #[test]
    fn what_is_filled_in_fits_where_it_stands() {
        let endpoint = Endpoint::try_from("GET /api/client".to_owned()).unwrap();
        let key = KeyUse::Role("client".parse().unwrap());
        let mut plan = RequestPlan::get(Api::Client, &endpoint, key);
        plan.authorization = None;
        plan.headers = vec![(
            "X-Prefixes".to_owned(),
            Template(vec![
                Part::Prefix(None),
                Part::Prefix(Some(Api::Application)),
            ]),
        )];
        let text = Template(vec![
            Part::Text("{\"description\":\"".to_owned()),
            Part::Run,
            Part::Text("\"}".to_owned()),
        ]);
        plan.content = Some(Content::Json {
            text,
            is_empty_object: false,
        });
        let filling = Filling {
            roles: &crate::run::tests::specs().contract.roles,
            profile: &profile("pterodactyl-1.14"),
            keys: &Keyring::default(),
            ids: &BTreeMap::new(),
            saved: &BTreeMap::new(),
            run: "a \"run\" \\ of\none",
            origin: "http://localhost",
        };
        let request = render(&plan, &filling).ok().unwrap();
        assert_eq!(request.headers[0].1, b"ptlc_ptla_");
        let body: serde_json::Value = serde_json::from_slice(&request.body.unwrap()).unwrap();
        assert_eq!(body["description"], filling.run);
    }
}
