//! A stand-in for a recorded panel: it answers what it was asked, as the panel did.
//!
//! Keys are made up, one for each recorded role. Of successes the recording has the shape; the
//! stand-in fills it with texts of the same length that are alike for one user and differ between
//! users, and with the ids that were found. Limits are counted anew.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use secrecy::SecretString;
use serde_json::Value;

use super::rejudge::Rejudge;
use super::render::{Filling, render};
use crate::digest::sha256;
use crate::exchange::{Request, same_run};
use crate::keys::{Keyring, variable};
use crate::plan::Bucket;
use crate::recording::{KeptAnswer, KeptContent, KeptRequest, KeptStep};
use crate::spec::{Api, Case, Endpoint, Holder, KeyUse, Profile, RequestPlan, RoleName, Step};

/// Header fields that belong to the connection, or follow from the rest of the request.
const NOT_COMPARED: [&str; 7] = [
    "accept-encoding",
    "connection",
    "content-length",
    "host",
    "te",
    "transfer-encoding",
    "user-agent",
];

/// Header fields that whoever serves an answer writes anew.
const NOT_PLAYED: [&str; 4] = ["connection", "content-length", "date", "transfer-encoding"];

/// The most that a harness reads, and a byte more.
const TOO_MUCH: usize = (1 << 20) + 1;

/// A stand-in for a recorded panel.
pub struct StandIn {
    keys: Keyring,
    answers: BTreeMap<String, Mutex<Queue>>,
    /// How many requests each user has made of each API.
    counted: Mutex<BTreeMap<Bucket, u64>>,
}

/// The answers to equal requests, in the order of the recording; the last is given for good.
#[derive(Default)]
struct Queue {
    answers: Vec<Played>,
    next: usize,
}

/// An answer as it is played.
#[derive(Clone, Debug, PartialEq)]
pub struct Played {
    /// The status code.
    pub status: u16,
    /// Header fields.
    pub headers: Vec<(String, String)>,
    /// The content.
    pub content: Vec<u8>,
    /// The same as a document, where it is one.
    document: Option<Value>,
    bucket: Option<Bucket>,
}

impl StandIn {
    /// A stand-in that is reached at an origin.
    ///
    /// # Errors
    ///
    /// When a made-up key can be none.
    pub fn new(rejudge: &Rejudge<'_>, profile: &Profile, origin: &str) -> Result<Self, String> {
        let mut keys = Keyring::default();
        let roles = &rejudge.contract().roles;
        for name in &rejudge.recording().header.roles {
            let role: RoleName = name.parse().map_err(|error| format!("{error}"))?;
            if let Some(known) = roles.real(&role) {
                let key = made_up_key(profile.prefix(known.key_type), name);
                keys.add(&role, key, "the stand-in")
                    .map_err(|error| error.to_string())?;
            }
        }
        let mut building = Building {
            rejudge,
            profile,
            origin,
            keys: &keys,
            answers: BTreeMap::new(),
        };
        building.exchanges();
        building.cases();
        let answers = building.answers.into_iter();
        Ok(Self {
            answers: answers
                .map(|(asked, queue)| (asked, Mutex::new(queue)))
                .collect(),
            keys,
            counted: Mutex::default(),
        })
    }

    /// The made-up keys, by role.
    #[must_use]
    pub fn keys(&self) -> Vec<(String, String)> {
        use secrecy::ExposeSecret;
        let keys = self.keys.iter();
        keys.map(|(role, key)| (role.to_string(), key.expose_secret().to_owned()))
            .collect()
    }

    /// The recorded answer to a request; nothing where none was recorded.
    #[must_use]
    pub fn answer(&self, request: &Request) -> Option<Played> {
        let queue = self.answers.get(&asked(request))?;
        let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
        let last = queue.answers.len() - 1;
        let mut played = queue.answers.get(queue.next.min(last))?.clone();
        queue.next += 1;
        self.count(&mut played);
        Some(played)
    }

    /// Counts a request as the panel did, but begins anew before nothing is left.
    fn count(&self, played: &mut Played) {
        let header = |name: &str| {
            let mut all = played.headers.iter();
            let (_, value) = all.find(|(field, _)| field == name)?;
            value.parse::<u64>().ok()
        };
        let limit = header("x-ratelimit-limit").filter(|limit| *limit > 1);
        let left = header("x-ratelimit-remaining").filter(|left| *left > 0);
        let (Some(bucket), Some(limit), Some(_)) = (&played.bucket, limit, left) else {
            return;
        };
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counted.entry(bucket.clone()).or_default();
        *count = *count % (limit - 1) + 1;
        let left = (limit - *count).to_string();
        for (field, value) in &mut played.headers {
            if field == "x-ratelimit-remaining" {
                left.clone_into(value);
            }
        }
    }
}

/// A stand-in while it is built.
struct Building<'b> {
    rejudge: &'b Rejudge<'b>,
    profile: &'b Profile,
    origin: &'b str,
    keys: &'b Keyring,
    answers: BTreeMap<String, Queue>,
}

impl Building<'_> {
    fn exchanges(&mut self) {
        for exchange in &self.rejudge.recording().exchanges {
            let Some(plan) = plan_of(&exchange.request) else {
                continue;
            };
            let mut answer = exchange.answer.clone();
            if let KeptContent::Json(document) = &mut answer.content {
                for (pointer, id) in &exchange.ids {
                    put(document, pointer, id);
                }
            }
            self.add(&plan, &exchange.request.ids, &BTreeMap::new(), &answer);
        }
    }

    fn cases(&mut self) {
        let plan = self
            .rejudge
            .plan(&std::sync::Arc::new(self.profile.clone()));
        for planned in &plan.cases {
            let case = &planned.case;
            let kept = self.rejudge.recording().case(case.id.as_str());
            // Nobody knows which of the answers before the last were the same.
            let Some(kept) = kept.filter(|_| !case.spends_limit()) else {
                continue;
            };
            self.case(case, &kept.steps);
        }
    }

    fn case(&mut self, case: &Case, kept: &[KeptStep]) {
        let mut saved = BTreeMap::new();
        for (step, kept) in case.steps.iter().zip(kept) {
            let mut answer = kept.answer.clone();
            let of_step = self.saved_by(case, step, &mut answer);
            self.add(&step.request, &kept.request.ids, &saved, &answer);
            saved.extend(of_step);
        }
    }

    /// What a step saves: made up, and put into its answer.
    fn saved_by(
        &self,
        case: &Case,
        step: &Step,
        answer: &mut KeptAnswer,
    ) -> BTreeMap<String, SecretString> {
        let KeptContent::Json(document) = &mut answer.content else {
            return BTreeMap::new();
        };
        let creates = step.request.route.as_ref().and_then(|r| r.creates.as_ref());
        let mut saved = BTreeMap::new();
        for save in &step.save {
            let mut text = String::new();
            for pointer in &save.pointers {
                let Some(length) = document.pointer(pointer).and_then(length) else {
                    continue;
                };
                let is_public = creates.is_some_and(|creates| creates.identifier == *pointer);
                let prefix = self.profile.prefix(step.request.api);
                let start = if is_public { prefix } else { "" };
                let part = made_up(start, &format!("{}{pointer}", case.id), length);
                put(document, pointer, &part);
                text += &part;
            }
            saved.insert(save.name.clone(), SecretString::from(text));
        }
        saved
    }

    fn add(
        &mut self,
        plan: &RequestPlan,
        ids: &BTreeMap<String, String>,
        saved: &BTreeMap<String, SecretString>,
        answer: &KeptAnswer,
    ) {
        let filling = Filling {
            roles: &self.rejudge.contract().roles,
            profile: self.profile,
            keys: self.keys,
            ids,
            saved,
            run: "ptero-conformance-0-0000000000000000",
            origin: self.origin,
        };
        let Ok(request) = render(plan, &filling) else {
            return;
        };
        let played = self.played(plan, answer);
        let queue = self.answers.entry(asked(&request)).or_default();
        match queue.answers.last_mut() {
            Some(last) if last.is_alike(&played) => last.join(played),
            _ => queue.answers.push(played),
        }
    }

    fn played(&self, plan: &RequestPlan, answer: &KeptAnswer) -> Played {
        let bucket = Bucket::of(plan, self.rejudge.contract());
        let filler = self.filler(plan);
        let text = |text: &str| self.with_keys(&filled(text, filler));
        let document = match &answer.content {
            KeptContent::Json(document) => Some(mapped(document, &text)),
            _ => None,
        };
        let content = match &answer.content {
            KeptContent::Empty | KeptContent::Json(_) => Vec::new(),
            KeptContent::Text(kept) => text(kept).into_bytes(),
            KeptContent::LeftOut(why) => unreadable(why),
        };
        let headers = answer.headers.iter();
        let mut played = Played {
            status: answer.status,
            headers: headers
                .filter(|(name, _)| !NOT_PLAYED.contains(&name.as_str()))
                .map(|(name, value)| (name.clone(), text(value)))
                .collect(),
            content,
            document,
            bucket,
        };
        played.write();
        played
    }

    /// A letter that stands for the texts of one user.
    fn filler(&self, plan: &RequestPlan) -> char {
        let roles = &self.rejudge.contract().roles;
        let KeyUse::Role(name) = &plan.key else {
            return 'x';
        };
        let Some(Holder::Real(role)) = roles.holder(name, plan.api) else {
            return 'x';
        };
        let users = roles.real.iter().map(|other| &other.user);
        let place = users.into_iter().position(|user| *user == role.user);
        let letters = 'a'..='w';
        letters
            .clone()
            .nth(place.unwrap_or_default())
            .unwrap_or('w')
    }

    /// A text in which the made-up keys stand where recorded ones did.
    fn with_keys(&self, text: &str) -> String {
        use secrecy::ExposeSecret;
        let mut text = text.to_owned();
        for (role, key) in self.keys.iter() {
            let mark = format!("[redacted: ${}]", variable(role));
            text = text.replace(&mark, key.expose_secret());
        }
        text
    }
}

impl Played {
    /// Whether two answers differ in their texts alone.
    fn is_alike(&self, other: &Self) -> bool {
        let others = |played: &Self| -> Vec<_> {
            let all = played.headers.iter().cloned();
            all.filter(|(name, _)| !name.starts_with("x-ratelimit-"))
                .collect()
        };
        let shape = |played: &Self| {
            let document = played.document.as_ref();
            document.map(|document| crate::exchange::shape(document, &[]).to_string())
        };
        self.status == other.status
            && others(self) == others(other)
            && match (&self.document, &other.document) {
                (Some(_), Some(_)) => {
                    have_same_form(self.document.as_ref(), other.document.as_ref())
                }
                _ => self.content == other.content && shape(self) == shape(other),
            }
    }

    /// Takes what the other knows better.
    fn join(&mut self, other: Self) {
        if let (Some(document), Some(other)) = (&mut self.document, other.document) {
            join(document, &other);
        }
        self.write();
    }

    fn write(&mut self) {
        if let Some(document) = &self.document {
            self.content = document.to_string().into_bytes();
        }
    }
}

fn have_same_form(one: Option<&Value>, two: Option<&Value>) -> bool {
    match (one, two) {
        (Some(Value::Array(one)), Some(Value::Array(two))) => {
            one.len() == two.len()
                && one
                    .iter()
                    .zip(two)
                    .all(|(a, b)| have_same_form(Some(a), Some(b)))
        }
        (Some(Value::Object(one)), Some(Value::Object(two))) => {
            one.len() == two.len()
                && one
                    .iter()
                    .all(|(name, a)| have_same_form(Some(a), two.get(name)))
        }
        (Some(Value::Bool(one)), Some(Value::Bool(two))) => one == two,
        (Some(one), Some(two)) => std::mem::discriminant(one) == std::mem::discriminant(two),
        _ => false,
    }
}

/// Puts values of another document in the place of fillers.
fn join(document: &mut Value, other: &Value) {
    match (document, other) {
        (Value::Array(entries), Value::Array(others)) => {
            entries
                .iter_mut()
                .zip(others)
                .for_each(|(one, other)| join(one, other));
        }
        (Value::Object(members), Value::Object(others)) => {
            for (name, value) in members {
                if let Some(other) = others.get(name) {
                    join(value, other);
                }
            }
        }
        (one, other) if is_filler(one) => *one = other.clone(),
        _ => {}
    }
}

/// Whether a value tells nothing: a number 0, or a text of one letter.
fn is_filler(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => {
            let first = text.chars().next();
            text.chars().all(|letter| Some(letter) == first)
        }
        _ => false,
    }
}

/// A request as one text, without what the connection adds.
fn asked(request: &Request) -> String {
    let latin = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|byte| char::from(*byte))
            .collect::<String>()
    };
    let mut fields: Vec<String> = request
        .headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), latin(value)))
        .filter(|(name, _)| !NOT_COMPARED.contains(&name.as_str()))
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    fields.sort();
    let content = request.body.as_deref().unwrap_or_default();
    let text = format!(
        "{} {}\n{}\n\n{}",
        request.method,
        request.target,
        fields.join("\n"),
        latin(content)
    );
    same_run(&text)
}

/// The plan of an exchange that verified a key or found an id, unless it sent content.
fn plan_of(kept: &KeptRequest) -> Option<RequestPlan> {
    let endpoint: Endpoint = kept.endpoint.clone().try_into().ok()?;
    if endpoint.method != "GET" {
        return None;
    }
    let key = KeyUse::Role(kept.key.parse().ok()?);
    Some(RequestPlan::get(
        Api::of_path(&endpoint.path),
        &endpoint,
        key,
    ))
}

/// A body that nobody can read for the reason for which another was left out.
fn unreadable(why: &str) -> Vec<u8> {
    if why.starts_with("more than") {
        vec![b' '; TOO_MUCH]
    } else {
        vec![0xff]
    }
}

/// Puts a text where the shape has a text, and a number where it has a number.
fn put(document: &mut Value, pointer: &str, text: &str) {
    if let Some(place) = document.pointer_mut(pointer) {
        *place = match (place.is_number(), text.parse::<u64>()) {
            (true, Ok(number)) => number.into(),
            _ => text.into(),
        };
    }
}

fn made_up_key(prefix: &str, role: &str) -> String {
    made_up(prefix, &format!("the key of {role}"), 48)
}

/// A text of that length that nobody else's is.
fn made_up(start: &str, of: &str, length: usize) -> String {
    let mut text = start.to_owned();
    text += &sha256([of]);
    text.chars().take(length).collect()
}

/// What a shape says of a text: its length.
fn length(value: &Value) -> Option<usize> {
    let text = value.as_str()?.strip_prefix("‹string: ")?;
    text.strip_suffix(" characters›")?.parse().ok()
}

/// A text in the place of what a shape or a rule has left of one.
fn filled(text: &str, filler: char) -> String {
    let number = |start: &str, end: &str| -> Option<usize> {
        text.strip_prefix(start)?.strip_suffix(end)?.parse().ok()
    };
    let length = number("‹string: ", " characters›").or_else(|| number("‹text: ", " characters›"));
    match length {
        Some(length) => std::iter::repeat_n(filler, length).collect(),
        None if text.starts_with("‹value ") => std::iter::repeat_n(filler, 8).collect(),
        None => text.to_owned(),
    }
}

fn mapped(document: &Value, text: &impl Fn(&str) -> String) -> Value {
    match document {
        Value::String(kept) => Value::String(text(kept)),
        Value::Array(entries) => entries.iter().map(|entry| mapped(entry, text)).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), mapped(value, text)))
            .collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;
    use serde_json::json;

    use super::*;
    use crate::run::tests::{profile, results, session, specs};
    use crate::run::{Record, control};

    #[test]
    fn what_was_left_out_is_left_out_again() {
        assert!(unreadable("more than 1 MiB").len() > 1 << 20);
        let other = unreadable("neither UTF-8 nor anything else");
        assert!(other.len() < 10 && String::from_utf8(other).is_err());
    }

    #[test]
    fn a_shape_is_filled_with_what_it_stood_for() {
        assert_eq!(filled("‹string: 3 characters›", 'b'), "bbb");
        assert_eq!(filled("‹text: 2 characters›", 'b'), "bb");
        assert_eq!(filled("‹value 1›", 'b'), "bbbbbbbb");
        assert_eq!(filled("plain", 'b'), "plain");
        let mut document = serde_json::json!({ "id": 1, "name": "x" });
        put(&mut document, "/id", "7");
        put(&mut document, "/name", "7");
        put(&mut document, "/none", "7");
        assert_eq!(document, serde_json::json!({ "id": 7, "name": "7" }));
    }

    const PROFILE: &str = "pterodactyl-1.14";

    fn role(name: &str) -> RoleName {
        name.parse().unwrap()
    }

    fn played(status: u16, headers: &[(&str, &str)], document: Value) -> Played {
        let headers = headers.iter();
        let mut played = Played {
            status,
            headers: headers
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            content: Vec::new(),
            document: Some(document),
            bucket: Some(Bucket {
                user: "alice".to_owned(),
                api: Api::Client,
            }),
        };
        played.write();
        played
    }

    fn asking(target: &str, key: &str) -> Request {
        Request {
            method: "GET".to_owned(),
            target: target.to_owned(),
            headers: vec![
                ("Accept".to_owned(), b"application/json".to_vec()),
                (
                    "Authorization".to_owned(),
                    format!("Bearer {key}").into_bytes(),
                ),
            ],
            body: None,
        }
    }

    /// What is left of a limit after each of five equal requests, as the last answer was played.
    fn counted(limit: &str, left: &str) -> Vec<String> {
        let headers = [
            ("x-ratelimit-limit", limit),
            ("x-ratelimit-remaining", left),
        ];
        let request = asking("/api/client", "x");
        let queue = Queue {
            answers: vec![played(200, &headers, json!({}))],
            next: 0,
        };
        let stand_in = StandIn {
            keys: Keyring::default(),
            answers: [(asked(&request), Mutex::new(queue))].into(),
            counted: Mutex::default(),
        };
        let left = (0..5).map(|_| {
            let played = stand_in.answer(&request).unwrap();
            played.headers[1].1.clone()
        });
        left.collect()
    }

    #[test]
    fn a_limit_is_counted_anew_before_nothing_is_left() {
        assert_eq!(counted("4", "1"), ["3", "2", "1", "3", "2"]);
        assert_eq!(counted("2", "1"), ["1"; 5]);
        // A limit of one, and one that was spent, are played as they were.
        assert_eq!(counted("1", "7"), ["7"; 5]);
        assert_eq!(counted("4", "0"), ["0"; 5]);
    }

    #[test]
    fn answers_are_given_in_turn_and_the_last_for_good() {
        let request = asking("/api/client", "x");
        let queue = Queue {
            answers: vec![played(201, &[], json!({})), played(404, &[], json!({}))],
            next: 0,
        };
        let stand_in = StandIn {
            keys: Keyring::default(),
            answers: [(asked(&request), Mutex::new(queue))].into(),
            counted: Mutex::default(),
        };
        let statuses: Vec<_> = (0..4)
            .map(|_| stand_in.answer(&request).unwrap().status)
            .collect();
        assert_eq!(statuses, [201, 404, 404, 404]);
        assert_eq!(stand_in.answer(&asking("/api/client", "y")), None);
    }

    #[test]
    fn documents_of_one_form_differ_in_texts_and_numbers_alone() {
        let one = json!({ "a": [1, "x"], "b": true, "c": null });
        let alike = |other: Value| have_same_form(Some(&one), Some(&other));
        assert!(alike(json!({ "a": [2, "y"], "b": true, "c": null })));
        for other in [
            json!({ "a": [2, "y"], "b": false, "c": null }),
            json!({ "a": [2], "b": true, "c": null }),
            json!({ "a": [2, "y", 3], "b": true, "c": null }),
            json!({ "a": ["y", 2], "b": true, "c": null }),
            json!({ "a": [2, "y"], "b": true, "d": null }),
            json!({ "a": [2, "y"], "b": true }),
            json!({ "a": [2, "y"], "b": true, "c": 0 }),
            json!([]),
        ] {
            assert!(!alike(other.clone()), "{other}");
        }
        assert!(!have_same_form(Some(&one), None));
    }

    #[test]
    fn answers_are_alike_whatever_is_left_of_a_limit() {
        let left = ("x-ratelimit-remaining", "5");
        let one = played(200, &[("a", "b"), left], json!({ "id": 1 }));
        assert!(one.is_alike(&played(200, &[("a", "b")], json!({ "id": 2 }))));
        assert!(!one.is_alike(&played(404, &[("a", "b")], json!({ "id": 1 }))));
        assert!(!one.is_alike(&played(200, &[("a", "c")], json!({ "id": 1 }))));
        assert!(!one.is_alike(&played(200, &[("a", "b")], json!({ "id": "1" }))));
        let page = |content: &str, document| Played {
            content: content.as_bytes().to_vec(),
            document,
            ..one.clone()
        };
        assert!(page("x", None).is_alike(&page("x", None)));
        assert!(!page("x", None).is_alike(&page("y", None)));
        // The same bytes, of which only one is a document.
        assert!(!one.is_alike(&page(r#"{"id":1}"#, None)));
        assert!(!page("x", None).is_alike(&one));
    }

    #[test]
    fn a_shape_says_the_length_of_a_text() {
        assert_eq!(length(&json!("‹string: 32 characters›")), Some(32));
        assert_eq!(length(&json!("‹text: 32 characters›")), None);
        assert_eq!(length(&json!(32)), None);
    }

    /// The stand-in for a panel of which keys were verified and a key was made.
    async fn stand_in() -> StandIn {
        let profile = profile(PROFILE);
        let mut session = session(&profile);
        let roles = session.keys().roles();
        control(&mut session, &roles).await.unwrap();
        let results = results(&session, &["lifecycle/keys/inside-the-range"]).await;
        let recording = Record {
            specs: specs(),
            session: &session,
            target: "a panel",
            planned: 1,
            results: &results,
        }
        .recording();
        let rejudge = Rejudge::new(specs(), &recording).unwrap();
        StandIn::new(&rejudge, &profile, "http://localhost").unwrap()
    }

    #[tokio::test]
    async fn each_user_has_texts_of_its_own() {
        let stand_in = stand_in().await;
        let account = |name: &str| {
            let key = stand_in.keys.key(&role(name)).unwrap().expose_secret();
            let played = stand_in
                .answer(&asking("/api/client/account", key))
                .unwrap();
            let document = played.document.unwrap();
            let user = document.pointer("/attributes/username").unwrap();
            user.as_str().unwrap().chars().next().unwrap()
        };
        let users = ["client", "client-other", "client-subuser", "client-admin"];
        let letters: std::collections::BTreeSet<_> = users.map(account).into();
        assert_eq!(letters.len(), users.len());
        assert!(stand_in.keys().iter().any(|(name, _)| name == "client"));
    }

    #[tokio::test]
    async fn a_key_that_was_made_is_played_and_works() {
        let stand_in = stand_in().await;
        let bodies = stand_in.answers.iter().filter_map(|(asked, queue)| {
            let queue = queue.lock().unwrap();
            let is_made = asked.starts_with("POST /api/client/account/api-keys");
            is_made.then(|| queue.answers[0].document.clone().unwrap())
        });
        let bodies: Vec<_> = bodies.collect();
        let [body] = bodies.as_slice() else {
            panic!("{bodies:?}");
        };
        let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).unwrap();
        let (identifier, secret) = (text("/attributes/identifier"), text("/meta/secret_token"));
        assert!(identifier.starts_with("ptlc_") && identifier.len() == 16);
        assert!(!secret.starts_with("ptlc_") && secret.len() == 32);
        let key = format!("{identifier}{secret}");
        let played = stand_in.answer(&asking("/api/client/account", &key));
        assert_eq!(played.unwrap().status, 200);
    }
}
