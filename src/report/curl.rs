//! A `curl` line that sends a step's request again, keys as variables.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

use url::Url;

use crate::exchange::Resolve;
use crate::keys::{escaped, in_shell, prefixes, variable};
use crate::spec::{
    Api, Content, Holder, KeyUse, Part, Profile, RequestPlan, RoleName, Roles, Step, Template, Way,
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
    /// How the target is reached.
    pub(crate) access: &'a Access,
}

/// How a target is reached, where its address does not say it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// A file of further certificate authorities to trust.
    pub ca_cert: Option<PathBuf>,
    /// An address to use instead of asking DNS.
    pub resolve: Option<Resolve>,
}

impl Access {
    /// The flags of `curl` for it.
    fn flags(&self, base: &str) -> Vec<String> {
        let mut flags = Vec::new();
        if let Some(path) = &self.ca_cert {
            flags.push(format!(
                "--cacert \"{}\"",
                quoted(&path.display().to_string())
            ));
        }
        let port = Url::parse(base)
            .ok()
            .and_then(|url| url.port_or_known_default());
        if let (Some(resolve), Some(port)) = (&self.resolve, port) {
            let address = match resolve.address {
                IpAddr::V4(address) => address.to_string(),
                IpAddr::V6(address) => format!("[{address}]"),
            };
            flags.push(format!(
                "--resolve \"{}:{port}:{address}\"",
                quoted(&resolve.host)
            ));
        }
        flags
    }
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
        quotes: quoted,
    };
    let mut words = vec!["curl -sS -i --path-as-is".to_owned()];
    words.extend(shell.access.flags(shell.base));
    let target = writer.text(&plan.target);
    if target.contains(['[', ']', '{', '}']) {
        words.push("--globoff".to_owned());
    }
    match plan.endpoint.method.as_str() {
        "GET" if plan.content.is_none() => {}
        "HEAD" if plan.content.is_none() => words.push("--head".to_owned()),
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
        words.push(field("Authorization", &writer.text(value)));
    }
    for (name, value) in &plan.headers {
        words.push(field(name, &writer.text(value)));
    }
    if let Some(content) = &plan.content {
        words.push(format!("--data-raw \"{}\"", writer.content(content)));
    }
    let base = match plan.over {
        Way::Target => shell.base.to_owned(),
        Way::PlainHttp => shell.base.replacen("https://", "http://", 1),
    };
    words.push(format!("\"{}{target}\"", quoted(&base)));
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

/// What a line needs of the answers to earlier steps, as comments for a shell.
pub(super) fn needs(plan: &RequestPlan, earlier: &[Step]) -> Vec<String> {
    let saves = earlier
        .iter()
        .enumerate()
        .flat_map(|(number, step)| step.save.iter().map(move |save| (number + 1, save)));
    saves
        .filter(|(_, save)| uses(plan, &save.name))
        .map(|(step, save)| {
            format!(
                "# {}: {} of the answer to step {step}",
                saved_variable(&save.name),
                save.pointers.join(" and, right behind it, ")
            )
        })
        .collect()
}

fn uses(plan: &RequestPlan, name: &str) -> bool {
    let is_key = matches!(&plan.key, KeyUse::Saved(saved) if saved == name);
    let content = plan.content.iter().map(Content::text);
    let headers = plan.headers.iter().map(|(_, value)| value);
    let mut texts = content
        .chain(headers)
        .chain(&plan.authorization)
        .chain([&plan.target]);
    is_key
        || texts.any(|text| {
            text.0
                .iter()
                .any(|p| matches!(p, Part::Saved(n) if n == name))
        })
}

/// One header field; `curl` takes a field without a value for one that is to be left out, unless
/// it ends in a semicolon.
fn field(name: &str, value: &str) -> String {
    let value = in_field(value);
    if value.is_empty() {
        format!("-H \"{name};\"")
    } else {
        format!("-H \"{name}: {value}\"")
    }
}

/// Text inside double quotes, also for a shell that has a history; what a terminal does not show
/// is written as its byte.
fn quoted(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        match character {
            '!' => out += "\"'!'\"",
            '\t' | '\n' => out.push(character),
            _ if character.is_ascii_control() => out += &byte(character),
            _ => out += &escaped(&character.to_string()),
        }
    }
    out
}

/// Quoted text as it stands in a header field: characters up to U+00FF are one byte each there
/// (RFC 9110, section 5.5: `obs-text`).
fn in_field(quoted: &str) -> String {
    let is_obs_text = |c: char| ('\u{80}'..='\u{ff}').contains(&c);
    let written = quoted.chars().map(|c| {
        if is_obs_text(c) {
            byte(c)
        } else {
            c.to_string()
        }
    });
    written.collect()
}

fn byte(character: char) -> String {
    format!("$(printf '\\{:03o}')", u32::from(character))
}

/// The origin that is let in, or how a scenario names it where nobody said which.
pub(super) fn allowed_origin(profile: &Profile) -> &str {
    let known = profile.allowed_origin.as_deref();
    known.unwrap_or("${allowed-origin}")
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
            Part::AllowedOrigin => (self.quotes)(allowed_origin(self.shell.profile)),
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
    format!("${{{}}}", saved_variable(name))
}

fn saved_variable(name: &str) -> String {
    format!("SAVED_{}", name.to_ascii_uppercase().replace('-', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use crate::report::sample;
    use crate::spec::Specs;

    #[test]
    fn the_way_to_a_target_is_carried_over() {
        let way = Access {
            ca_cert: Some("my $ca.pem".into()),
            resolve: "panel.example.com:2001:db8::1".parse().ok(),
        };
        let wanted = [
            r#"--cacert "my \$ca.pem""#,
            r#"--resolve "panel.example.com:443:[2001:db8::1]""#,
        ];
        assert_eq!(way.flags("https://panel.example.com/x"), wanted);
        let way = Access {
            resolve: "localhost:127.0.0.1".parse().ok(),
            ..Access::default()
        };
        let wanted = [r#"--resolve "localhost:8080:127.0.0.1""#];
        assert_eq!(way.flags("http://localhost:8080"), wanted);
        assert_eq!(Access::default().flags("http://localhost"), [""; 0]);
    }

    #[test]
    fn a_field_without_a_value_is_still_sent() {
        assert_eq!(field("Accept", ""), r#"-H "Accept;""#);
        assert_eq!(field("X", "é"), r#"-H "X: $(printf '\351')""#);
    }

    /// Whatever a text is made of, a shell hands it on as it stands.
    #[cfg(unix)]
    #[test]
    fn a_shell_hands_texts_on() {
        for text in [
            "a!b",
            "\"$HOME\" `id` \\",
            "'x'",
            "\u{1}\u{1b}[2J\tz",
            "é",
            "$(id)",
        ] {
            let script = format!("printf %s \"{}\"", quoted(text));
            let output = std::process::Command::new("sh")
                .args(["-c", &script])
                .output();
            let said = String::from_utf8(output.unwrap().stdout).unwrap();
            assert_eq!(said, text, "{script}");
        }
    }

    /// A scenario of these steps, each a request.
    fn specs(requests: &[&str]) -> Specs {
        let steps = requests.iter().map(|request| {
            format!("      - {{ request: {request}, expect: {{ status: 200 }} }}\n")
        });
        let steps: String = steps.collect();
        sample::specs(&format!("  - id: one\n    title: One\n    steps:\n{steps}"))
    }

    /// The line for a request after a change.
    fn line(request: &str, change: impl FnOnce(&mut RequestPlan)) -> String {
        let specs = specs(&[request]);
        let case = specs.cases().next().unwrap();
        let mut plan = case.steps[0].request.clone();
        change(&mut plan);
        let profile = Arc::clone(specs.contract.profile("pterodactyl-1.11").unwrap());
        let shell = Shell {
            roles: &specs.contract.roles,
            profile: &profile,
            base: "https://panel.example.com/at",
            origin: "https://panel.example.com",
            access: &Access::default(),
        };
        curl(&plan, &BTreeMap::new(), &shell)
    }

    #[test]
    fn a_line_names_the_method_where_curl_would_send_another() {
        let words = |method: &str, content: bool| {
            let request = "{ endpoint: GET /api/client, key: none }";
            let line = line(request, |plan| {
                plan.headers.clear();
                method.clone_into(&mut plan.endpoint.method);
                let text = || Template(vec![Part::Text("x".to_owned())]);
                plan.content = content.then(|| Content::Raw(text()));
            });
            let line = line.strip_prefix("curl -sS -i --path-as-is ").unwrap();
            let url = " \"https://panel.example.com/at/api/client\"";
            line.strip_suffix(url).unwrap().to_owned()
        };
        let (accept, data) = ("-H Accept:", "-H Content-Type: --data-raw \"x\"");
        assert_eq!(words("GET", false), accept);
        assert_eq!(words("HEAD", false), format!("--head {accept}"));
        assert_eq!(words("POST", false), format!("-X POST {accept}"));
        for method in ["GET", "HEAD", "POST"] {
            let wanted = format!("-X {method} {accept} {data}");
            assert_eq!(words(method, true), wanted);
        }
    }

    #[test]
    fn a_line_has_keys_as_variables_and_ids_by_name() {
        let path = "endpoint: \"GET /api/client/servers/{server}\"";
        let keyed = |key: &str| {
            let line = line(&format!("{{ {path}, key: {key} }}"), |_| ());
            let (_, line) = line.split_once("-H \"Authorization: ").unwrap();
            line.split_once('"').unwrap().0.to_owned()
        };
        assert_eq!(keyed("client"), "Bearer ${PTERO_KEY_CLIENT}");
        assert_eq!(keyed("short"), "Bearer abc");
        let derived = keyed("truncated");
        assert!(derived.contains("PTERO_KEY_CLIENT"), "{derived}");
        assert_ne!(derived, keyed("client"));
        let line = line(&format!("{{ {path}, key: none }}"), |_| ());
        assert!(!line.contains("Authorization"), "{line}");
        let url = " \"https://panel.example.com/at/api/client/servers/{server}\"";
        assert!(
            line.contains(" --globoff ") && line.ends_with(url),
            "{line}"
        );
    }

    #[test]
    fn what_a_terminal_does_not_show_is_written_as_its_byte() {
        for (text, wanted) in [
            ("a!b", r#"a"'!'"b"#),
            ("a\tb\nc", "a\tb\nc"),
            ("\u{1b}[2J", r"$(printf '\033')[2J"),
            ("\u{7f}", r"$(printf '\177')"),
            ("$x", r"\$x"),
        ] {
            assert_eq!(quoted(text), wanted);
        }
    }

    #[test]
    fn an_origin_that_nobody_named_is_named_as_in_a_scenario() {
        let specs = specs(&["{ endpoint: GET /api/client, key: none }"]);
        let mut profile = Profile::clone(specs.contract.profile("pterodactyl-1.11").unwrap());
        assert_eq!(allowed_origin(&profile), "${allowed-origin}");
        profile.allowed_origin = Some("https://shop.example.com".to_owned());
        assert_eq!(allowed_origin(&profile), "https://shop.example.com");
    }

    #[test]
    fn a_line_says_which_earlier_answers_it_needs() {
        let specs = sample::specs(
            "  - id: one
    title: One
    consent: create-keys
    steps:
      - request: { endpoint: GET /api/client, key: client }
        expect: granted
      - request: &create { endpoint: POST /api/client/account/api-keys, key: client, body: { description: \"${run}\", allowed_ips: [] } }
        expect: granted
        save: { fresh-key: { key: [/attributes/identifier, /meta/secret_token] }, id: /attributes/identifier }
        cleanup: &delete { endpoint: \"DELETE /api/client/account/api-keys/${id}\", key: client }
      - request: { endpoint: GET /api/client/account, key: { saved: fresh-key } }
        expect: granted
      - request: *delete
        expect: granted
",
        );
        let steps = &specs.cases().next().unwrap().steps;
        let of = |step: usize| needs(&steps[step].request, &steps[..step]);
        let no_needs: [String; 0] = [];
        assert_eq!(of(0), no_needs);
        assert_eq!(of(1), no_needs);
        assert_eq!(
            of(2),
            [
                "# SAVED_FRESH_KEY: /attributes/identifier and, right behind it, /meta/secret_token \
                 of the answer to step 2"
            ]
        );
        assert_eq!(
            of(3),
            ["# SAVED_ID: /attributes/identifier of the answer to step 2"]
        );
    }
}
