//! A `curl` line that sends a step's request again, keys as variables.

use std::collections::BTreeMap;

use crate::keys::{escaped, in_shell, prefixes, variable};
use crate::spec::{
    Api, Content, Holder, KeyUse, Part, Profile, RequestPlan, RoleName, Roles, Template, Way,
};

/// What a line needs to know besides the request.
#[derive(Clone, Copy)]
pub(crate) struct Shell<'a> {
    pub(crate) roles: &'a Roles,
    pub(crate) profile: &'a Profile,
    /// The target's address, without a slash at its end.
    pub(crate) base: &'a str,
    /// Scheme, host and port of the target.
    pub(crate) origin: &'a str,
}

/// The line for a request, for a POSIX shell.
pub(super) fn curl(
    plan: &RequestPlan,
    ids: &BTreeMap<String, String>,
    shell: &Shell<'_>,
) -> String {
    let writer = Writer {
        plan,
        ids,
        shell,
        quotes: escaped,
    };
    let mut words = vec!["curl -sS -i --path-as-is".to_owned()];
    match plan.endpoint.method.as_str() {
        "GET" => {}
        "HEAD" => words.push("--head".to_owned()),
        method => words.push(format!("-X {method}")),
    }
    let names = |wanted: &str| {
        plan.headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case(wanted))
    };
    if !names("accept") {
        words.push("-H Accept:".to_owned());
    }
    if plan.content.is_some() && !names("content-type") {
        words.push("-H Content-Type:".to_owned());
    }
    if let Some(value) = &plan.authorization {
        words.push(format!("-H \"Authorization: {}\"", writer.text(value)));
    }
    for (name, value) in &plan.headers {
        words.push(format!("-H \"{name}: {}\"", writer.text(value)));
    }
    if let Some(content) = &plan.content {
        words.push(format!("--data-binary \"{}\"", writer.content(content)));
    }
    let base = match plan.over {
        Way::Target => shell.base.to_owned(),
        Way::PlainHttp => shell.base.replacen("https://", "http://", 1),
    };
    words.push(format!(
        "\"{}{}\"",
        escaped(&base),
        writer.text(&plan.target)
    ));
    words.join(" ")
}

/// A part of a request for people to read: keys as variables, all else as it is sent.
pub(crate) fn readable(template: &Template, plan: &RequestPlan, shell: &Shell<'_>) -> String {
    let writer = Writer {
        plan,
        ids: &BTreeMap::new(),
        shell,
        quotes: str::to_owned,
    };
    writer.text(template)
}

struct Writer<'a> {
    plan: &'a RequestPlan,
    ids: &'a BTreeMap<String, String>,
    shell: &'a Shell<'a>,
    /// How text is written that is no variable.
    quotes: fn(&str) -> String,
}

impl Writer<'_> {
    fn content(&self, content: &Content) -> String {
        self.text(content.text())
    }

    /// A template as the inside of a double-quoted word.
    fn text(&self, template: &Template) -> String {
        template.0.iter().map(|part| self.part(part)).collect()
    }

    fn part(&self, part: &Part) -> String {
        let api = self.plan.api;
        match part {
            Part::Text(text) => (self.quotes)(text),
            Part::Key(None) => match &self.plan.key {
                KeyUse::Role(role) => self.key(role),
                KeyUse::Saved(name) => saved(name),
            },
            Part::Key(Some(role)) => self.key(role),
            Part::Prefix(of) => (self.quotes)(self.prefix(of.unwrap_or(api))),
            Part::Limit => self.shell.profile.limits.of(api).to_string(),
            Part::Run => "ptero-conformance-by-hand".to_owned(),
            Part::Origin => (self.quotes)(self.shell.origin),
            Part::Id(name) => self
                .ids
                .get(name)
                .map_or_else(|| format!("{{{name}}}"), |id| (self.quotes)(id)),
            Part::Saved(name) => saved(name),
        }
    }

    fn prefix(&self, api: Api) -> &str {
        self.shell.profile.prefix(api)
    }

    fn key(&self, name: &RoleName) -> String {
        match self.shell.roles.holder(name, self.plan.api) {
            Some(Holder::Real(role)) => format!("${{{}}}", variable(&role.name.value)),
            Some(Holder::Derived(derived, role)) => {
                let prefixes = prefixes(self.shell.profile, role.key_type);
                in_shell(&variable(&role.name.value), &derived.change, prefixes)
            }
            Some(Holder::MadeUp(made_up)) => {
                let text = made_up.value.clone().unwrap_or_default();
                (self.quotes)(&text.replace("${prefix}", self.prefix(self.plan.api)))
            }
            None => String::new(),
        }
    }
}

/// A value that an earlier step's answer holds: the reader puts it into a variable.
fn saved(name: &str) -> String {
    format!("${{SAVED_{}}}", name.to_ascii_uppercase().replace('-', "_"))
}
