//! Whether an answer is what a match of it says.

use serde_json::Value;
use url::Url;

use crate::exchange::{Body, Observation};
use crate::spec::{AnswerMatch, ContentKind, HostMatch, RedirectMatch, SchemeName, ValueMatch};

/// Whether an answer is what it must be; `base` is the address that was asked.
#[must_use]
pub fn is_answer(wanted: &AnswerMatch, observed: &Observation, base: &Url) -> bool {
    wanted
        .status
        .as_ref()
        .is_none_or(|status| status.0.contains(&observed.status))
        && wanted.content.is_none_or(|kind| content_is(kind, observed))
        && wanted
            .headers
            .iter()
            .all(|(name, value)| header_is(name, value, observed))
        && wanted
            .body
            .iter()
            .all(|(pointer, value)| value.holds(member(observed, pointer)))
        && wanted
            .page_has
            .as_deref()
            .is_none_or(|text| page_has(text, observed))
        && wanted
            .redirect
            .is_none_or(|redirect| redirects(redirect, observed, base))
}

/// The member of JSON content that a pointer leads to.
pub(crate) fn member<'o>(observed: &'o Observation, pointer: &str) -> Option<&'o Value> {
    match &observed.body {
        Body::Json(document) => document.pointer(pointer),
        Body::Empty | Body::Text(_) | Body::Unreadable(_) => None,
    }
}

fn content_is(kind: ContentKind, observed: &Observation) -> bool {
    match kind {
        ContentKind::Json => matches!(observed.body, Body::Json(_)),
        ContentKind::Empty => observed.body == Body::Empty,
        ContentKind::Html => matches!(observed.body, Body::Text(_)) && is_html(observed),
    }
}

/// Whether an answer is said to be a page.
fn is_html(observed: &Observation) -> bool {
    let kind = observed.header("content-type").unwrap_or_default();
    kind.to_ascii_lowercase().starts_with("text/html")
}

/// One field of that name must hold; where none is there, it must be one that may be absent.
fn header_is(name: &str, wanted: &ValueMatch, observed: &Observation) -> bool {
    let mut fields = observed
        .headers
        .iter()
        .filter(|(field, _)| field == name)
        .peekable();
    if fields.peek().is_none() {
        return wanted.holds(None);
    }
    fields.any(|(_, value)| wanted.holds(Some(&Value::String(value.clone()))))
}

fn page_has(text: &str, observed: &Observation) -> bool {
    match &observed.body {
        Body::Text(page) => page.to_lowercase().contains(&text.to_lowercase()),
        Body::Empty | Body::Json(_) | Body::Unreadable(_) => false,
    }
}

fn redirects(wanted: RedirectMatch, observed: &Observation, base: &Url) -> bool {
    let Some(place) = redirect(observed, base) else {
        return false;
    };
    wanted.scheme.is_none_or(|scheme| is_scheme(&place, scheme))
        && wanted.host.is_none_or(|host| host == host_of(&place, base))
}

/// Where an answer sends the client.
pub(crate) fn redirect(observed: &Observation, base: &Url) -> Option<Url> {
    let is_redirect = matches!(observed.status, 301..=303 | 307 | 308);
    let place = observed.header("location").filter(|_| is_redirect)?;
    base.join(place).ok()
}

/// Under another scheme, the port may be another.
fn host_of(place: &Url, asked: &Url) -> HostMatch {
    let is_same = if place.scheme() == asked.scheme() {
        place.origin() == asked.origin()
    } else {
        place.host() == asked.host()
    };
    if is_same {
        HostMatch::Same
    } else {
        HostMatch::Other
    }
}

pub(crate) fn is_scheme(url: &Url, scheme: SchemeName) -> bool {
    url.scheme() == scheme.as_str()
}
