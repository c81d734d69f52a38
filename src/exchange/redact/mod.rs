//! Takes keys out of whatever a panel sends back.

mod encoding;
mod view;

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use aho_corasick::AhoCorasick;
use regex::bytes::Regex;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use self::view::View;

/// Any whole key of Pterodactyl and of the panels that grew out of it. Its prefix says which type
/// of key it is, which is no secret and is judged, so it stays.
static KEY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new("(?i)(?:ptlc|ptla|pacc|papp|plcn|peli|pyro|rtlc|rtla)_([a-z0-9]{11,})")
        .expect("a fixed pattern, tried by the tests")
});

/// The length of such a prefix.
const PREFIX: usize = "ptlc_".len();

/// What follows `Bearer`, in the form of RFC 6750, section 2.1 (and `|`, as Sanctum has it).
static BEARER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\bbearer[\s+]+([a-z0-9._~+/|-]{8,}=*)")
        .expect("a fixed pattern, tried by the tests")
});

/// A key that must not be seen.
#[derive(Clone, Debug)]
pub struct Secret {
    value: SecretString,
    variable: Option<String>,
}

impl Secret {
    /// A key that belongs to no role, such as one that a case created.
    #[must_use]
    pub fn new(value: SecretString) -> Self {
        Self {
            value,
            variable: None,
        }
    }

    /// The key of a role. It leaves its variable behind: `client-other` is shown as
    /// `[redacted: $PTERO_KEY_CLIENT_OTHER]`.
    #[must_use]
    pub fn of_role(role: &str, value: SecretString) -> Self {
        let name = role.to_uppercase().replace('-', "_");
        Self {
            value,
            variable: Some(format!("PTERO_KEY_{name}")),
        }
    }

    fn marker(&self) -> String {
        match &self.variable {
            Some(variable) => format!("[redacted: ${variable}]"),
            None => "[redacted]".to_owned(),
        }
    }
}

/// Replaces keys by `[redacted]`, or by `[redacted: $VARIABLE]` where the role is known.
///
/// Of a known secret, every part of 8 characters or more goes, not counting the prefix that says
/// its type: as it is, in other case of letters, percent-encoded, escaped as in JSON, in
/// hexadecimal and in base64 at any alignment. A known secret of 4 to 7 characters goes only as a
/// whole; a shorter one would be found everywhere and is left alone. Without being known, whole
/// keys go by their prefix, and what stands behind `Bearer` if it has 8 characters or more and a
/// digit among them.
///
/// The time is linear in the length of the text.
pub struct Redactor {
    /// Those it was made with, then each that it learned: making one ready takes long, and must
    /// not be done again for all when one more comes.
    known: RwLock<Vec<Arc<Known>>>,
}

impl Redactor {
    /// A redactor that knows these secrets.
    #[must_use]
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        Self {
            known: RwLock::new(vec![Arc::new(Known::new(secrets.into_iter().collect()))]),
        }
    }

    /// Redacts one more secret from now on.
    pub fn learn(&self, secret: Secret) {
        let one = Arc::new(Known::new(vec![secret]));
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.push(one);
    }

    /// The text without keys.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let mut finds = find(&known, &View::raw(text));
        if let Some(view) = View::unescaped(text) {
            finds.extend(find(&known, &view));
        }
        replace(text, merge(finds))
    }

    /// The same for bytes; what is not UTF-8 becomes U+FFFD.
    #[must_use]
    pub fn bytes(&self, bytes: &[u8]) -> String {
        self.text(&String::from_utf8_lossy(bytes))
    }

    /// The document with every string and every member name redacted.
    #[must_use]
    pub fn json(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => items.iter().map(|item| self.json(item)).collect(),
            Value::Object(members) => Value::Object(self.members(members)),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    fn members(&self, members: &Map<String, Value>) -> Map<String, Value> {
        members
            .iter()
            .map(|(name, value)| (self.text(name), self.json(value)))
            .collect()
    }
}

impl Default for Redactor {
    /// A redactor that knows no secret: only the patterns count.
    fn default() -> Self {
        Self::new([])
    }
}

impl Clone for Redactor {
    /// One that knows the same, and learns by itself from then on.
    fn clone(&self) -> Self {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        Self {
            known: RwLock::new(known.clone()),
        }
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor(…)")
    }
}

/// The length of what a key begins with that says its type, in bytes.
fn public(secret: &str) -> usize {
    let key = KEY.captures(secret.as_bytes()).and_then(|key| key.get(1));
    let start = key.map(|key| key.start());
    start.filter(|start| *start == PREFIX).unwrap_or_default()
}

/// Known secrets, and how to find them.
struct Known {
    secrets: Vec<Secret>,
    parts: AhoCorasick,
    /// Whose part it is, by pattern.
    owners: Vec<usize>,
}

/// A place to redact.
#[derive(Clone, Debug)]
struct Find<'k> {
    place: Range<usize>,
    /// The secret that stands there, if it is a known one.
    owner: Option<&'k Secret>,
}

impl Known {
    fn new(secrets: Vec<Secret>) -> Self {
        let mut parts = Vec::new();
        let mut owners = Vec::new();
        for (owner, secret) in secrets.iter().enumerate() {
            let secret = secret.value.expose_secret();
            parts.extend(encoding::parts(secret, public(secret)));
            owners.resize(parts.len(), owner);
        }
        let parts = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(&parts)
            .expect("the parts of keys stay far below two billion states");
        Self {
            secrets,
            parts,
            owners,
        }
    }

    fn find(&self, view: &View<'_>) -> impl Iterator<Item = Find<'_>> {
        self.parts
            .find_overlapping_iter(view.bytes())
            .map(|part| Find {
                place: view.place(part.range()),
                owner: self.secrets.get(self.owners[part.pattern().as_usize()]),
            })
    }
}

/// Every place to redact, of secrets that are known and of what looks like one.
fn find<'k>(known: &'k [Arc<Known>], view: &View<'_>) -> Vec<Find<'k>> {
    let patterns = patterns(view.bytes()).map(|range| Find {
        place: view.place(range),
        owner: None,
    });
    let known = known.iter().flat_map(|known| known.find(view));
    known.chain(patterns).collect()
}

fn replace(text: &str, finds: Vec<Find<'_>>) -> String {
    let mut redacted = String::with_capacity(text.len());
    let mut rest = 0;
    for find in finds {
        redacted.push_str(&text[rest..find.place.start]);
        match find.owner {
            Some(owner) => redacted.push_str(&owner.marker()),
            None => redacted.push_str("[redacted]"),
        }
        rest = find.place.end;
    }
    redacted.push_str(&text[rest..]);
    redacted
}

/// Where keys stand that nobody told us.
fn patterns(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let keys = KEY
        .captures_iter(text)
        .filter_map(|captures| captures.get(1))
        .map(|key| key.range());
    let bearers = BEARER
        .captures_iter(text)
        .filter_map(|captures| captures.get(1))
        .filter(|value| value.as_bytes().iter().any(u8::is_ascii_digit))
        .map(|value| value.range());
    keys.chain(bearers)
}

/// Joins places that overlap or touch. The known secret with the most parts among them names the
/// whole, the first of equals: keys that begin alike share parts.
fn merge(mut finds: Vec<Find<'_>>) -> Vec<Find<'_>> {
    finds.sort_by_key(|find| find.place.start);
    let joined = finds.chunk_by({
        let mut end = 0;
        move |one, next| {
            end = end.max(one.place.end);
            next.place.start <= end
        }
    });
    joined.filter_map(whole).collect()
}

/// The one place that places which overlap or touch make.
fn whole<'k>(joined: &[Find<'k>]) -> Option<Find<'k>> {
    let start = joined.first()?.place.start;
    let end = joined.iter().map(|find| find.place.end).max()?;
    let mut owners: Vec<(&'k Secret, usize)> = Vec::new();
    for owner in joined.iter().filter_map(|find| find.owner) {
        match owners
            .iter_mut()
            .find(|(known, _)| std::ptr::eq(*known, owner))
        {
            Some((_, parts)) => *parts += 1,
            None => owners.push((owner, 1)),
        }
    }
    // `max_by_key` takes the last of equals.
    let most = owners.into_iter().rev().max_by_key(|(_, parts)| *parts);
    Some(Find {
        place: start..end,
        owner: most.map(|(owner, _)| owner),
    })
}

#[cfg(test)]
mod tests;
