//! What each fault of the reference panel changes, request by request.
//!
//! `fault-changes/requests.txt` is what the panels are asked, written by hand. `changes.txt` beside
//! it is what came of it: for each fault the answers that are others than a sound panel's, in short.
//! It is written anew when `SELFTEST_RENEW` is set; whether a line that then changes is what the
//! sentence of the fault says, is for a person to read.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use base64::prelude::{BASE64_STANDARD, Engine};
use libtest_mimic::Trial;
use ptero_conformance::reference::{
    Family, Fault, Faults, Gate, ManualClock, Panel, TwoFactorRequired, Wings, Wording, World,
};
use serde_json::Value;
use tower::ServiceExt;

use super::program::root;
use super::trials::named;

const REQUESTS: &str = include_str!("fault-changes/requests.txt");

/// How many requests that are changed alike are named.
const MOST: usize = 10;

/// The world of the embedded panel.
const WORLD: &str = include_str!("../../src/reference/world.yaml");

pub(crate) fn trials() -> Vec<Trial> {
    let all: [(&str, fn()); 1] = [("changes-are-as-stored", changes_are_as_stored)];
    named("fault-changes", all)
}

/// How long a key's identifier is, in bytes.
const IDENTIFIER: usize = 16;

/// Keys that the world of the embedded panel has not.
const MORE_KEYS: &str = "
  - { role: client-range, user: alice, type: client, allowed_ips: [127.0.0.0/8] }
  - { role: client-range-else, user: alice, type: client, allowed_ips: [10.0.0.0/8] }
  - { role: client-six, user: alice, type: client, allowed_ips: ['2001:db8::1'] }
  - { role: client-second, user: alice, type: client, allowed_ips: [10.9.9.9, 127.0.0.1] }
  - { role: application-locations, user: root, type: application, permissions: { only: { locations: read-write } } }
";

/// A panel that is asked something: its kind, and the requests.
struct Scene {
    name: &'static str,
    requests: Vec<Asked>,
}

/// One request, as it is written.
#[derive(Clone)]
struct Asked {
    name: &'static str,
    authorization: &'static str,
    method: &'static str,
    path: &'static str,
    fields: Vec<(&'static str, &'static str)>,
    content: &'static str,
}

impl Asked {
    fn read(line: &'static str) -> Self {
        let mut parts = line.splitn(5, '|').map(str::trim);
        let mut part = || parts.next().unwrap_or_default();
        let (name, authorization, request) = (part(), part(), part());
        let (method, path) = request.split_once(' ').expect(line);
        let field = |text: &'static str| text.split_once(": ").expect(line);
        let fields = part().split(" ;; ").filter(|text| !text.is_empty());
        Self {
            name,
            authorization,
            method,
            path,
            fields: fields.map(field).collect(),
            content: part(),
        }
    }

    fn request(&self, keys: &BTreeMap<String, String>) -> Request<Body> {
        let filled = |text: &str| fill(text, keys);
        let mut fields = vec![("accept", "application/json".to_owned())];
        if !self.content.is_empty() {
            fields.push(("content-type", "application/json".to_owned()));
        }
        for (name, value) in &self.fields {
            fields.retain(|(known, _)| known != name);
            if *value != "-" {
                fields.push((name, filled(value)));
            }
        }
        match self.authorization {
            "-" => {}
            role if keys.contains_key(role) => {
                fields.push(("authorization", format!("Bearer {}", keys[role])));
            }
            text => {
                let is_role = text.contains('-') && !text.contains(['{', ' ']);
                assert!(!is_role, "no such role: {text}");
                fields.push(("authorization", filled(text).replace('~', " ")));
            }
        }
        let mut request = Request::builder()
            .method(self.method)
            .uri(filled(self.path));
        for (name, value) in fields {
            request = request.header(name, value.as_bytes());
        }
        let content = Body::from(filled(self.content));
        request.body(content).expect(self.name)
    }
}

/// The text with keys in the place of their names.
fn fill(text: &str, keys: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        out += before;
        match behind.split_once('}') {
            Some((name, after)) if is_name(name) => {
                out += &part(name, keys);
                rest = after;
            }
            _ => {
                out.push('{');
                rest = behind;
            }
        }
    }
    out + rest
}

fn is_name(text: &str) -> bool {
    let is_letter = |one: char| one.is_ascii_alphanumeric() || one == '-' || one == '/';
    !text.is_empty() && text.chars().all(is_letter) && text != "bad"
}

fn part(name: &str, keys: &BTreeMap<String, String>) -> String {
    match name {
        "huge" => return "a".repeat(1025),
        "kilobyte" => return "a".repeat(1024),
        "unprefixed" => return "a".repeat(48),
        "unprefixed-sign" => return format!("{}_", "a".repeat(47)),
        "short" => return "a".repeat(15),
        "bar" => return "|".to_owned(),
        _ => {}
    }
    let (role, part) = name.split_once('/').unwrap_or((name, ""));
    let key = keys.get(role).expect(name);
    let (identifier, secret) = key.split_at(IDENTIFIER);
    let swapped = |text: &str| -> String {
        let swap = |one: char| {
            if one.is_ascii_lowercase() {
                one.to_ascii_uppercase()
            } else {
                one.to_ascii_lowercase()
            }
        };
        text.chars().map(swap).collect()
    };
    match part {
        "" => key.clone(),
        "id" => identifier.to_owned(),
        "secret" => secret.to_owned(),
        "wrong" => format!("{identifier}{}", "w".repeat(secret.len())),
        "half" => format!("{identifier}{}", &secret[..secret.len() / 2]),
        "case" => format!("{identifier}{}", swapped(secret)),
        "idcase" => format!("{}{secret}", swapped(identifier)),
        "prefix" => key.replacen("ptlc_", "ptla_", 1),
        "base64" => BASE64_STANDARD.encode(format!("{key}:")),
        "password" => BASE64_STANDARD.encode(format!("someone:{key}")),
        "percent" => key.replace('_', "%5F"),
        other => panic!("no part of a key: {other}"),
    }
}

/// The panels and what each is asked; those without requests of their own have the next one's.
fn scenes() -> Vec<Scene> {
    let mut scenes: Vec<Scene> = Vec::new();
    let lines = REQUESTS.lines();
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.strip_prefix('[') {
            Some(name) => scenes.push(Scene {
                name: name.trim_end_matches(']'),
                requests: Vec::new(),
            }),
            None => scenes
                .last_mut()
                .expect("a panel")
                .requests
                .push(Asked::read(line)),
        }
    }
    for number in (1..scenes.len()).rev() {
        if scenes[number - 1].requests.is_empty() {
            let (one, next) = scenes.split_at_mut(number);
            one[number - 1].requests.clone_from(&next[0].requests);
        }
    }
    scenes
}

/// The world with more keys, all of them the same every time.
fn world() -> World {
    let text = WORLD.replacen("\nkeys:\n", &format!("\nkeys:{MORE_KEYS}"), 1);
    let mut parts = text.split("- { role: ");
    let mut fixed = parts.next().expect("a world").to_owned();
    for (number, part) in parts.enumerate() {
        let prefix = if part.starts_with("client") {
            "ptlc_"
        } else {
            "ptla_"
        };
        let secret = "aBcD5e".repeat(5);
        fixed += &format!(
            "- {{ identifier: {prefix}Identifie{number:02}, secret: {secret}{number:02}, role: {part}"
        );
    }
    World::from_yaml(&fixed).expect("a world")
}

/// The panel of a scene.
fn panel(scene: &str, faults: Faults) -> Panel {
    let mut world = world();
    let settings = &mut world.settings;
    let mut family = Family::V1_11;
    match scene {
        "plain" | "as 1.11" => {}
        "as 1.7" => family = Family::V1_7,
        "as 1.14" => family = Family::V1_14,
        "two-factor of all" => settings.two_factor_required = TwoFactorRequired::All,
        "two-factor of administrators" => settings.two_factor_required = TwoFactorRequired::Admins,
        "maintenance" => settings.maintenance = true,
        "limited" => {
            settings.client_rate = Some(2);
            settings.application_rate = Some(2);
        }
        "shared with an origin" => settings.cors_origins = vec!["https://shop.example".to_owned()],
        "without its node" => settings.wings = Wings::Unreachable,
        "seen from outside" => settings.caller = Some([203, 0, 113, 7].into()),
        other => panic!("no such panel: {other}"),
    }
    let clock =
        ManualClock::starting_at(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000));
    let panel = Panel::with_clock(family, world, Wording::default(), faults, Arc::new(clock));
    panel.expect("a panel")
}

/// What is said of an answer: its status, its fields, the members of its content.
type Told = BTreeMap<String, String>;

/// The answers to all requests of a scene.
fn answers(scene: &Scene, faults: Faults) -> Vec<Told> {
    let panel = panel(scene.name, faults);
    let router = panel.router();
    let mut keys: BTreeMap<String, String> = panel.keys().into_iter().collect();
    // Until there is one.
    keys.insert("created".to_owned(), "x".repeat(IDENTIFIER + 1));
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.expect("a runtime");
    let mut all = Vec::new();
    for asked in &scene.requests {
        let request = asked.request(&keys);
        let answer = runtime.block_on(async {
            let Ok(response) = router.clone().oneshot(request).await;
            let (parts, body) = response.into_parts();
            let body = to_bytes(body, usize::MAX).await;
            let body = body.expect("a body in memory");
            told(parts.status.as_u16(), &parts.headers, &body)
        });
        let new = ["/attributes/identifier", "/meta/secret_token"].map(|name| answer.get(name));
        if let [Some(identifier), Some(secret)] = new {
            keys.insert(
                "created".to_owned(),
                format!("{identifier}{secret}").replace('"', ""),
            );
        }
        all.push(answer);
    }
    if scene.name != "limited" {
        // How much is left depends on all that was asked before.
        let left = all
            .iter_mut()
            .filter_map(|told| told.get_mut("x-ratelimit-remaining"));
        left.for_each(|value| "some".clone_into(value));
    }
    all
}

fn told(status: u16, headers: &HeaderMap, body: &[u8]) -> Told {
    let document: Value = serde_json::from_slice(body).unwrap_or_default();
    let code = document.pointer("/errors/0/code").and_then(Value::as_str);
    let status = format!("{status} {}", code.unwrap_or_default());
    let mut told = Told::from([("status".to_owned(), status.trim_end().to_owned())]);
    // The content says its length itself.
    let fields = headers.iter().filter(|(name, _)| *name != "content-length");
    for (name, value) in fields {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        told.insert(name.as_str().to_owned(), value);
    }
    if document.is_null() {
        told.insert(
            "content".to_owned(),
            String::from_utf8_lossy(body).into_owned(),
        );
    } else {
        members("", &document, &mut told);
    }
    told
}

fn members(place: &str, value: &Value, told: &mut Told) {
    let mut member = |name: &str, value| members(&format!("{place}/{name}"), value, told);
    match value {
        Value::Object(object) if !object.is_empty() => {
            object.iter().for_each(|(name, one)| member(name, one));
        }
        Value::Array(entries) if !entries.is_empty() => {
            let numbered = entries.iter().enumerate();
            numbered.for_each(|(number, one)| member(&number.to_string(), one));
        }
        other => drop(told.insert(place.to_owned(), other.to_string())),
    }
}

/// A sound answer, and what it was to the same request another time: other values are random.
struct Sound(Told, Told);

impl Sound {
    /// Whether a value is as it could be of a sound panel.
    fn has(&self, name: &str, value: Option<&String>) -> bool {
        let (Some(one), Some(value)) = (self.0.get(name), value) else {
            return self.0.contains_key(name) == value.is_some();
        };
        if self.1.get(name) == Some(one) {
            return one == value;
        }
        // Random keys and cookies have one prefix, and most have one length.
        let prefix = one
            .split_inclusive(['_', '='])
            .next()
            .filter(|part| *part != one);
        value.starts_with(prefix.unwrap_or_default())
            && (self.1[name].len() != one.len() || value.len() == one.len())
    }

    /// What a faulty answer has that this one has not, in short.
    fn difference(&self, faulty: &Told) -> Option<String> {
        let (was, is) = (&self.0["status"], &faulty["status"]);
        let number = |status: &String| status.split(' ').next().map(str::to_owned);
        if number(was) != number(is) {
            // What else an answer of another status has, follows from that.
            let field = |told: &Told| told.get("content-type").cloned().unwrap_or_default();
            let (before, after) = (field(&self.0), field(faulty));
            let kind = if before == after {
                String::new()
            } else {
                format!(" as {after:?}")
            };
            return Some(format!("{was} -> {is}{kind}"));
        }
        let names = self.0.keys().chain(faulty.keys());
        let names: BTreeSet<&String> = names.filter(|name| *name != "status").collect();
        let changed = names
            .into_iter()
            .filter(|name| !self.has(name, faulty.get(*name)));
        let changed: Vec<String> = changed
            .map(|name| match faulty.get(name) {
                None => format!("no {name}"),
                Some(text) if text.len() < 30 && self.0.get(name) == self.1.get(name) => {
                    format!("{name}: {}", text.trim())
                }
                Some(_) => format!("{name} is another"),
            })
            .collect();
        let more = match changed.len().saturating_sub(3) {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        let some = changed[..changed.len().min(3)].join(", ");
        (!changed.is_empty()).then(|| format!("{was} with {some}{more}"))
    }
}

/// The answers of a sound panel.
fn sound(scene: &Scene) -> Vec<Sound> {
    let [one, other] = [(); 2].map(|()| answers(scene, Faults::default()));
    one.into_iter()
        .zip(other)
        .map(|(one, other)| Sound(one, other))
        .collect()
}

/// What a fault changes; requests that it changes alike are one line.
fn changes(fault: Fault, scenes: &[Scene], sound: &[Vec<Sound>]) -> String {
    let mut text = format!("{fault}\n");
    for (scene, sound) in scenes.iter().zip(sound) {
        let faulty = answers(scene, [fault].into_iter().collect());
        let mut kinds: Vec<(String, Vec<&str>)> = Vec::new();
        for (asked, (sound, faulty)) in scene.requests.iter().zip(sound.iter().zip(&faulty)) {
            let Some(how) = sound.difference(faulty) else {
                continue;
            };
            match kinds.iter_mut().find(|(known, _)| *known == how) {
                Some((_, names)) => names.push(asked.name),
                None => kinds.push((how, vec![asked.name])),
            }
        }
        for (how, names) in kinds {
            let more = match names.len().saturating_sub(MOST) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let names = names[..names.len().min(MOST)].join(" ");
            text += &format!("  [{}] {how}: {names}{more}\n", scene.name);
        }
    }
    text
}

/// Those that are everywhere, and each check left out on one route.
fn faults() -> Vec<Fault> {
    let named = |name: &str| name.parse().expect("a fault");
    let on_routes = [
        "skip-auth@GET:/api/client",
        "skip-key-type@GET:/api/application/users",
        "skip-permission@POST:/api/client/servers/{server}/power",
        "skip-ownership@GET:/api/client/servers/{server}",
        "refuse-readers@GET:/api/client/account",
    ];
    let all: Vec<Fault> = Fault::all().chain(on_routes.map(named)).collect();
    assert!(
        Gate::ALL
            .iter()
            .all(|gate| all.contains(&Fault::everywhere(*gate)))
    );
    all
}

fn changes_are_as_stored() {
    let (scenes, faults) = (scenes(), faults());
    let sound: Vec<_> = scenes.iter().map(sound).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some(fault) = faults.get(next.fetch_add(1, Ordering::Relaxed)) {
            done.push((*fault, changes(*fault, &scenes, &sound)));
        }
        done
    };
    let all: BTreeMap<Fault, String> = std::thread::scope(|scope| {
        let workers = std::thread::available_parallelism().map_or(1, NonZero::get);
        let running: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        running
            .into_iter()
            .flat_map(|one| one.join().expect("answers"))
            .collect()
    });
    for (fault, changes) in &all {
        assert!(changes.lines().count() > 1, "{fault} changes nothing");
    }
    let text: String = faults.iter().map(|fault| all[fault].as_str()).collect();
    let path = root().join("tests/selftest/fault-changes/changes.txt");
    if std::env::var_os("SELFTEST_RENEW").is_some() {
        std::fs::write(&path, &text).expect("the file of changes");
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    let stored = stored.replace("\r\n", "\n");
    for (is, was) in text.lines().zip(stored.lines()) {
        assert_eq!(is, was, "{}", path.display());
    }
    assert_eq!(text.lines().count(), stored.lines().count());
}
