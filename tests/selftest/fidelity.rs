//! Sends recorded requests of a real panel to the reference panel and compares the answers.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderName, HeaderValue, Request},
};
use libtest_mimic::Trial;
use ptero_conformance::reference::{
    Family, Faults, ManualClock, Panel, Settings, TwoFactorRequired, Wording, World,
};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use tower::ServiceExt;

/// The recordings: name, the family that plays the panel, and the address of the panel, since
/// recorded requests come without their `Host`.
const RECORDINGS: [(&str, Family, &str); 4] = [
    ("pterodactyl-1.7.0", Family::V1_7, "http://127.0.0.1:8092"),
    ("pterodactyl-1.11.8", Family::V1_11, "http://127.0.0.1:8089"),
    (
        "pterodactyl-develop",
        Family::V1_11_9,
        "http://127.0.0.1:8088",
    ),
    ("pterodactyl-1.14.1", Family::V1_14, "http://127.0.0.1:8093"),
];

/// The recordings of forks: name, family, address, what the keys of each type begin with, and how
/// many exchanges are answered as recorded at least. What a fork says of single fields, the routes
/// of its nodes and its front page are not played.
const FORKS: [(&str, Family, &str, [&str; 2], usize); 2] = [
    (
        "pyrodactyl-4.5.0",
        Family::Pyrodactyl,
        "http://127.0.0.1:8095",
        ["pyro_", "pyro_"],
        941,
    ),
    (
        "pelican-beta25",
        Family::Pelican,
        "http://127.0.0.1:8097",
        ["pacc_", "papp_"],
        930,
    ),
];

pub(crate) fn trials() -> Vec<Trial> {
    let trial = |(name, family, address): (&'static str, _, _)| {
        Trial::test(format!("fidelity/{name}"), move || {
            let path = format!("tests/recordings/{name}.jsonl");
            let recording = std::fs::read_to_string(path)?;
            let world = include_str!("../recordings/panel-world.yaml");
            let report = compare(family, address, &recording, world);
            println!("{report}");
            report
                .agrees()
                .then_some(())
                .ok_or_else(|| report.to_string().into())
        })
    };
    let forks = FORKS.map(|(name, family, address, prefixes, least)| {
        Trial::test(format!("fidelity/{name}"), move || {
            let path = format!("tests/recordings/{name}.jsonl");
            let recording = std::fs::read_to_string(path)?;
            let [client, application] = prefixes;
            let world = include_str!("../recordings/panel-world.yaml")
                .replace("ptlc_", client)
                .replace("ptla_", application);
            let report = compare(family, address, &recording, &world);
            let equal = report.equal();
            eprintln!("{name}: {equal} exchanges are answered as recorded");
            let told = format!("{equal} are answered as recorded, not {least}\n{report}");
            (equal >= least).then_some(()).ok_or_else(|| told.into())
        })
    });
    RECORDINGS.into_iter().map(trial).chain(forks).collect()
}

/// What a panel says when a user has as many keys as are allowed.
const KEY_LIMIT: &str = "You have reached the account limit";

/// One line of a recording.
#[derive(Deserialize)]
struct Exchange {
    id: String,
    group: String,
    /// The settings of the real panel, in words.
    config: String,
    request: Sent,
    response: Answered,
}

#[derive(Deserialize)]
struct Sent {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
}

/// What came back, from the real panel or from the reference panel.
#[derive(Deserialize)]
struct Answered {
    status: u16,
    headers: Vec<(String, String)>,
    /// The recording has null where nothing came.
    #[serde(deserialize_with = "text_or_nothing")]
    body: String,
}

fn text_or_nothing<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// One trait of an answer that differs.
#[derive(Debug)]
pub struct Difference {
    /// Id of the exchange in the recording.
    pub id: String,
    /// Which trait of the answer it is.
    pub what: &'static str,
    /// What the real panel answered.
    pub recorded: String,
    /// What the reference panel answered.
    pub answered: String,
}

/// What a comparison found.
#[derive(Debug, Default)]
pub struct Report {
    /// How many exchanges of each group were compared.
    pub compared: BTreeMap<String, usize>,
    /// Differences in what the reference panel promises.
    pub differences: Vec<Difference>,
    /// Members of success documents that only one side has, as paths.
    pub shapes: BTreeSet<String>,
}

impl Report {
    /// How many exchanges are answered as recorded.
    #[must_use]
    pub fn equal(&self) -> usize {
        let different: BTreeSet<_> = self.differences.iter().map(|one| &one.id).collect();
        self.compared.values().sum::<usize>() - different.len()
    }

    /// Whether something was compared and nothing differs.
    #[must_use]
    pub fn agrees(&self) -> bool {
        !self.compared.is_empty() && self.differences.is_empty() && self.shapes.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (compared, equal) = (self.compared.values().sum::<usize>(), self.equal());
        writeln!(
            f,
            "{equal} of {compared} exchanges are answered as recorded"
        )?;
        for (group, count) in &self.compared {
            writeln!(f, "  {group}: {count} compared")?;
        }
        for Difference {
            id,
            what,
            recorded,
            answered,
        } in &self.differences
        {
            writeln!(f, "{id}: {what}: recorded {recorded}, answered {answered}")?;
        }
        for shape in &self.shapes {
            writeln!(f, "shape: {shape}")?;
        }
        Ok(())
    }
}

/// Sends every request of a recording to reference panels of this family and world and compares status,
/// errors, headers and the shape of successes.
///
/// # Panics
///
/// The recording or the world cannot be read.
#[must_use]
pub fn compare(family: Family, address: &str, recording_jsonl: &str, world_yaml: &str) -> Report {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let mut stage = Stage::new(family, address, world_yaml);
        for line in recording_jsonl.lines() {
            let exchange = serde_json::from_str(line).expect("an exchange");
            stage.play(exchange).await;
        }
        stage.report
    })
}

/// The settings that the words of a recording mean.
fn settings(exchange: &Exchange, settings: &mut Settings) {
    let config = exchange.config.as_str();
    if let Some(proxies) = config.strip_prefix("TRUSTED_PROXIES=") {
        settings.trusted_proxies = vec![proxies.to_owned()];
    }
    let rate = |name| number_after(config, name);
    settings.client_rate = rate("APP_API_CLIENT_RATELIMIT=");
    settings.application_rate = rate("APP_API_APPLICATION_RATELIMIT=");
    match config {
        "APP_2FA_REQUIRED=1" => settings.two_factor_required = TwoFactorRequired::Admins,
        "APP_2FA_REQUIRED=2" => settings.two_factor_required = TwoFactorRequired::All,
        "APP_DEBUG=true" => settings.debug = true,
        "php artisan down" if exchange.id != "down:after-up" => settings.maintenance = true,
        _ => {}
    }
    if exchange.id.starts_with("down-retry60:") {
        settings.maintenance_retry_after = Some(60);
    }
}

/// The number after a name, up to a space.
fn number_after(text: &str, name: &str) -> Option<u32> {
    let (_, rest) = text.split_once(name)?;
    rest.split(' ').next()?.parse().ok()
}

/// The panels, one for each set of settings, and what is known so far.
struct Stage<'a> {
    family: Family,
    /// The address of the panel.
    address: &'a str,
    world_yaml: &'a str,
    clock: Arc<ManualClock>,
    panels: HashMap<String, Router>,
    /// Keys that the real panel made, and what the reference panel made instead.
    keys: Vec<(String, String)>,
    report: Report,
}

impl<'a> Stage<'a> {
    fn new(family: Family, address: &'a str, world_yaml: &'a str) -> Self {
        Self {
            family,
            address,
            world_yaml,
            clock: Arc::new(ManualClock::starting_at(SystemTime::now())),
            panels: HashMap::new(),
            keys: Vec::new(),
            report: Report::default(),
        }
    }

    async fn play(&mut self, exchange: Exchange) {
        let panel = self.panel(&exchange);
        if exchange.id == "life:create-over-limit" {
            fill_up_keys(&panel, &exchange.request).await;
        }
        let answered = self.send(&panel, &exchange).await;
        self.learn_key(&exchange.response, &answered);
        *self
            .report
            .compared
            .entry(exchange.group.clone())
            .or_default() += 1;
        differences(&exchange, &answered, &mut self.report);
    }

    /// The panel with the settings of the exchange.
    fn panel(&mut self, exchange: &Exchange) -> Router {
        let mut world = World::from_yaml(self.world_yaml).expect("a world");
        world.settings.base_url = Some(self.address.to_owned());
        settings(exchange, &mut world.settings);
        let name = format!("{:?}", world.settings);
        let (family, clock) = (self.family, Arc::clone(&self.clock));
        let new = || {
            let (wording, faults) = (Wording::default(), Faults::default());
            let panel = Panel::with_clock(family, world, wording, faults, clock);
            panel.expect("a panel").router()
        };
        self.panels.entry(name).or_insert_with(new).clone()
    }

    /// Sends the request, once more if keys or rate windows of the real panel had been cleared.
    async fn send(&self, panel: &Router, exchange: &Exchange) -> Answered {
        let mut answered = deliver(panel, &exchange.request, &self.keys).await;
        if exchange.response.status == 200 && answered.body.contains(KEY_LIMIT) {
            self.delete_keys(panel, &exchange.request).await;
            answered = deliver(panel, &exchange.request, &self.keys).await;
        }
        let left = |answered: &Answered| -> Option<u32> {
            header(answered, "x-ratelimit-remaining")?.parse().ok()
        };
        if left(&exchange.response) <= left(&answered) {
            return answered;
        }
        self.clock.advance(Duration::from_secs(61));
        if exchange.request.method == "GET" {
            return deliver(panel, &exchange.request, &self.keys).await;
        }
        answered
    }

    /// Deletes all keys that the recording made with the same credentials.
    async fn delete_keys(&self, panel: &Router, create: &Sent) {
        for (_, identifier) in self.keys.iter().filter(|(_, ours)| ours.len() == 16) {
            let delete = Sent {
                method: "DELETE".to_owned(),
                path: format!("{}/{identifier}", create.path),
                headers: create.headers.clone(),
                body: None,
            };
            deliver(panel, &delete, &[]).await;
        }
    }

    fn learn_key(&mut self, recorded: &Answered, answered: &Answered) {
        for pointer in ["/attributes/identifier", "/meta/secret_token"] {
            let part = |answered: &Answered| {
                let document = json_of(answered)?;
                document.pointer("/meta/secret_token")?;
                Some(document.pointer(pointer)?.as_str()?.to_owned())
            };
            if let (Some(theirs), Some(ours)) = (part(recorded), part(answered)) {
                self.keys.push((theirs, ours));
            }
        }
    }
}

/// Makes keys until a user has as many as the real one had, who got them unrecorded.
async fn fill_up_keys(panel: &Router, create: &Sent) {
    for _ in 0..25 {
        deliver(panel, create, &[]).await;
    }
}

async fn deliver(panel: &Router, sent: &Sent, keys: &[(String, String)]) -> Answered {
    let ours = |text: &str| {
        let text = whole(text);
        keys.iter()
            .fold(text, |text, (theirs, ours)| text.replace(theirs, ours))
    };
    let mut request = Request::builder()
        .method(sent.method.as_str())
        .uri(ours(&sent.path));
    for (name, value) in &sent.headers {
        let name: HeaderName = name.parse().expect("a header name");
        let value = HeaderValue::from_bytes(ours(value).as_bytes()).expect("a header value");
        request = request.header(name, value);
    }
    let body = Body::from(sent.body.clone().unwrap_or_default());
    let request = request.body(body).expect("a request");
    let Ok(response) = panel.clone().oneshot(request).await;
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("a body in memory");
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    Answered {
        status: parts.status.as_u16(),
        headers: parts
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), text(value)))
            .collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
    }
}

/// A text that the recording cut, such as `yyy...(8023 bytes)`, at its full length again.
fn whole(text: &str) -> String {
    let cut = || {
        let (start, rest) = text.rsplit_once("...(")?;
        let length: usize = rest.strip_suffix(" bytes)")?.parse().ok()?;
        let filler = start.chars().last()?.to_string();
        Some(format!(
            "{start}{}",
            filler.repeat(length.checked_sub(start.len())?)
        ))
    };
    cut().unwrap_or_else(|| text.to_owned())
}

fn header(answered: &Answered, name: &str) -> Option<String> {
    let mut headers = answered.headers.iter();
    let (_, value) = headers.find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    Some(value.clone())
}

fn json_of(answered: &Answered) -> Option<Value> {
    serde_json::from_str(&answered.body).ok()
}

/// Notes everything in which two answers differ.
fn differences(exchange: &Exchange, answered: &Answered, report: &mut Report) {
    let recorded = &exchange.response;
    let mut note = |what, of: &dyn Fn(&Answered) -> Option<String>| {
        let (recorded, answered) = (of(recorded), of(answered));
        if recorded != answered {
            report.differences.push(Difference {
                id: exchange.id.clone(),
                what,
                recorded: format!("{recorded:?}"),
                answered: format!("{answered:?}"),
            });
        }
    };
    note("status", &|one| Some(one.status.to_string()));
    note("errors", &|one| {
        errors(one, exchange.config == "APP_DEBUG=true")
    });
    note("pretty-printed", &|one| Some(is_pretty(one).to_string()));
    note("Location", &|one| Some(path_of(&header(one, "location")?)));
    note("Set-Cookie", &cookie_names);
    for name in [
        "Content-Type",
        "X-RateLimit-Limit",
        "Allow",
        "WWW-Authenticate",
        "Vary",
        "Access-Control-Allow-Origin",
        "Access-Control-Allow-Credentials",
        "Access-Control-Allow-Methods",
        "Access-Control-Allow-Headers",
        "Access-Control-Max-Age",
        "X-Frame-Options",
        "X-Content-Type-Options",
        "X-XSS-Protection",
        "Referrer-Policy",
    ] {
        note(name, &|one| header(one, name));
    }
    for name in ["Retry-After", "X-RateLimit-Reset", "X-RateLimit-Remaining"] {
        note(name, &|one| header(one, name).map(|_| "present".to_owned()));
    }
    if recorded.status < 300
        && let (Some(theirs), Some(ours)) = (json_of(recorded), json_of(answered))
    {
        let context = format!("{} {}", exchange.request.method, exchange.request.path);
        compare_shapes(&context, &theirs, &ours, &mut report.shapes);
    }
}

/// The errors; under debug only the code, as the rest shows the panel's own source.
fn errors(answered: &Answered, debug: bool) -> Option<String> {
    if debug {
        return first_code(&answered.body);
    }
    Some(json_of(answered)?.get("errors")?.to_string())
}

/// The `code` of the first error, also of a document that the recording cut.
fn first_code(body: &str) -> Option<String> {
    let (_, rest) = body.split_once("\"code\":")?;
    let (_, rest) = rest.split_once('"')?;
    Some(rest.split('"').next()?.to_owned())
}

fn is_pretty(answered: &Answered) -> bool {
    answered.body.starts_with("{\n    \"errors\"")
}

fn path_of(address: &str) -> String {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let (_, path) = rest.split_once('/').unwrap_or_default();
    format!("/{path}")
}

fn cookie_names(answered: &Answered) -> Option<String> {
    let cookies = answered
        .headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    let names: Vec<&str> = cookies
        .filter_map(|(_, value)| value.split('=').next())
        .collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// Notes members that only one side has. Lists are compared by their first members, and only if
/// both have one; maps with names of their own are left out.
fn compare_shapes(path: &str, recorded: &Value, answered: &Value, shapes: &mut BTreeSet<String>) {
    const FREE: [&str; 8] = [
        "docker_images",
        "environment",
        "files",
        "startup",
        "links",
        "settings",
        "process_configuration",
        "properties",
    ];
    match (recorded, answered) {
        (Value::Object(theirs), Value::Object(ours)) => {
            for name in theirs.keys().filter(|name| !ours.contains_key(*name)) {
                shapes.insert(format!("{path}: only recorded: {name}"));
            }
            for name in ours.keys().filter(|name| !theirs.contains_key(*name)) {
                shapes.insert(format!("{path}: only answered: {name}"));
            }
            for (name, theirs) in theirs
                .iter()
                .filter(|(name, _)| !FREE.contains(&name.as_str()))
            {
                if let Some(ours) = ours.get(name) {
                    compare_shapes(&format!("{path} {name}"), theirs, ours, shapes);
                }
            }
        }
        (Value::Array(theirs), Value::Array(ours)) => {
            if let (Some(theirs), Some(ours)) = (theirs.first(), ours.first()) {
                compare_shapes(&format!("{path}[]"), theirs, ours, shapes);
            }
        }
        (Value::Null, _) | (_, Value::Null) => {}
        (theirs, ours) if type_of(theirs) == type_of(ours) => {}
        _ => {
            shapes.insert(format!("{path}: recorded {recorded}, answered {answered}"));
        }
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
