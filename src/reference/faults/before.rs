//! Before the panel: what is wrong about a request when it arrives.

use std::net::{IpAddr, Ipv4Addr};

use axum::http::{HeaderName, HeaderValue, header};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::percent_decode;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{Defect, Faults};
use crate::reference::{content, incoming::Incoming, ip::AddressRange, keys::IDENTIFIER_LENGTH};

const BEARER: &[u8] = b"Bearer ";

/// Where a proxy in a network of containers stands.
const PROXY: IpAddr = IpAddr::V4(Ipv4Addr::new(172, 18, 0, 1));

/// The request as the panel gets it.
pub(in crate::reference) fn receive(faults: &Faults, mut incoming: Incoming) -> Incoming {
    for defect in faults.defects() {
        change(defect, &mut incoming);
    }
    incoming
}

fn change(defect: Defect, incoming: &mut Incoming) {
    if let Some(key) = key_elsewhere(defect, incoming) {
        bear(incoming, &key);
    }
    if let Some(value) = respelled(defect, incoming) {
        set(incoming, &header::AUTHORIZATION, &value);
    }
    if let Some(address) = address_told(defect, incoming) {
        incoming.peer = address;
    }
    match defect {
        Defect::AuthorizationStripped => remove(incoming, &header::AUTHORIZATION),
        Defect::AuthorizationOfNodesStripped if incoming.path.starts_with("/api/remote") => {
            remove(incoming, &header::AUTHORIZATION);
        }
        Defect::AuthorizationAdded if incoming.header("authorization").is_none() => {
            bear(incoming, b"proxy");
        }
        _ if is_json_overlooked(defect, incoming) => remove(incoming, &header::ACCEPT),
        Defect::AcceptDropped => remove(incoming, &header::ACCEPT),
        Defect::ContentTypeDropped => remove(incoming, &header::CONTENT_TYPE),
        Defect::ScriptUnknown => {
            incoming.headers.remove("x-requested-with");
        }
        Defect::ContentTypeForAccept if content::claims_json(incoming) => {
            set(incoming, &header::ACCEPT, b"application/json");
        }
        _ if is_taken_for_json(defect, incoming) => {
            set(incoming, &header::ACCEPT, b"application/json");
        }
        Defect::JsonForEverybody => set(incoming, &header::ACCEPT, b"application/json"),
        Defect::PublishedTypeUnknown if is_published(incoming, &header::ACCEPT) => {
            remove(incoming, &header::ACCEPT);
        }
        Defect::VendorTypeUnknown if is_published(incoming, &header::CONTENT_TYPE) => {
            remove(incoming, &header::CONTENT_TYPE);
        }
        Defect::TextReadAsJson if !incoming.body.is_empty() => {
            set(incoming, &header::CONTENT_TYPE, b"application/json");
        }
        Defect::ServersOfEverybody if is_list_of_servers(incoming) => {
            let query = ("type".to_owned(), "admin-all".to_owned());
            incoming.query.insert(0, query);
        }
        Defect::LockDropped if creates_key(incoming) => {
            unlock(incoming, |entry| AddressRange::parse(entry).is_err());
        }
        Defect::BadAddressTaken if creates_key(incoming) => {
            unlock(incoming, |entry| AddressRange::parse(entry).is_ok());
        }
        _ => {}
    }
}

/// A key in a place from which the defect takes it, unless one stands where it belongs.
fn key_elsewhere(defect: Defect, incoming: &Incoming) -> Option<Vec<u8>> {
    if incoming.header("authorization").is_some() && defect != Defect::QueryBeforeField {
        return None;
    }
    let of_header = |name| Some(incoming.header(name)?.to_vec());
    match defect {
        Defect::KeyFromQuery | Defect::QueryBeforeField => {
            first_key(incoming.query.iter().cloned())
        }
        Defect::KeyFromForm => first_key(form_urlencoded::parse(&incoming.body).into_owned()),
        Defect::KeyFromJson => key_in_json(incoming),
        Defect::KeyFromCookie => key_in_cookie(incoming),
        Defect::KeyFromApiKeyField => of_header("x-api-key"),
        Defect::KeyFromOtherAuthorization => {
            let value = of_header("x-authorization")?;
            Some(value.strip_prefix(BEARER)?.to_vec())
        }
        _ => None,
    }
}

fn first_key(mut parameters: impl Iterator<Item = (String, String)>) -> Option<Vec<u8>> {
    const NAMES: [&str; 3] = ["token", "access_token", "api_token"];
    let (_, value) = parameters.find(|(name, _)| NAMES.contains(&name.as_str()))?;
    Some(value.into_bytes())
}

fn key_in_json(incoming: &Incoming) -> Option<Vec<u8>> {
    if !content::claims_json(incoming) {
        return None;
    }
    let document: Value = serde_json::from_slice(&incoming.body).ok()?;
    let members = document.as_object()?.iter();
    first_key(members.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))))
}

fn key_in_cookie(incoming: &Incoming) -> Option<Vec<u8>> {
    let cookies = incoming.text("cookie")?;
    let mut pairs = cookies
        .split(';')
        .filter_map(|one| one.trim().split_once('='));
    let (_, value) = pairs.find(|(name, _)| *name == "token")?;
    Some(value.as_bytes().to_vec())
}

/// `Authorization` as the defect reads it, if that is another spelling.
fn respelled(defect: Defect, incoming: &Incoming) -> Option<Vec<u8>> {
    let value = incoming.header("authorization")?;
    let bearing = |token: &[u8]| [BEARER, token].concat();
    let token = || value.strip_prefix(BEARER);
    match defect {
        Defect::BasicScheme => Some(bearing(value.strip_prefix(b"Basic ")?)),
        Defect::BasicUser => Some(bearing(&basic(value)?.0)),
        Defect::BasicPassword => Some(bearing(&basic(value)?.1)),
        Defect::TokenScheme => Some(bearing(value.strip_prefix(b"Token ")?)),
        Defect::BareToken => {
            (!value.contains(&b' ') && !value.contains(&b'\t')).then(|| bearing(value))
        }
        Defect::SchemeInAnyCase => has_scheme(value).then(|| bearing(&value[BEARER.len()..])),
        Defect::SchemeInOneCase => {
            (has_scheme(value) && token().is_none()).then(|| b"Other".to_vec())
        }
        Defect::SchemeAtStart => {
            let inner = token().unwrap_or_default();
            let hidden = token().is_none() || inner.starts_with(BEARER);
            hidden.then(|| b"Other".to_vec())
        }
        Defect::BlanksTrimmed => {
            let rest = value.strip_prefix(b"Bearer")?;
            (rest != rest.trim_ascii()).then(|| bearing(rest.trim_ascii()))
        }
        Defect::TrailingBlanksKept => {
            let raw = incoming.headers.get(header::AUTHORIZATION)?.as_bytes();
            (raw != raw.trim_ascii_end()).then(|| bearing(b"blank"))
        }
        Defect::CommaKept => token()?.contains(&b',').then(|| bearing(b"cut")),
        Defect::QuotesTrimmed => Some(bearing(token()?.strip_prefix(b"\"")?.strip_suffix(b"\"")?)),
        Defect::PercentDecoded => {
            let token = token().filter(|token| token.contains(&b'%'))?;
            Some(bearing(&percent_decode(token).collect::<Vec<_>>()))
        }
        Defect::PipeCut => {
            let token = token()?;
            let pipe = token.iter().position(|byte| *byte == b'|')?;
            Some(bearing(&token[pipe + 1..]))
        }
        Defect::FirstOfTwoKeys => {
            let token = token()?;
            let end = token
                .windows(BEARER.len())
                .position(|part| part == BEARER)?;
            let first = token[..end].trim_ascii_end();
            let first = first.strip_suffix(b",").unwrap_or(first);
            (first.len() > IDENTIFIER_LENGTH).then(|| bearing(first))
        }
        _ => None,
    }
}

/// User's name and password of Basic authentication (RFC 7617, section 2).
fn basic(value: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let pair = BASE64_STANDARD
        .decode(value.strip_prefix(b"Basic ")?)
        .ok()?;
    let colon = pair.iter().position(|byte| *byte == b':')?;
    Some((pair[..colon].to_vec(), pair[colon + 1..].to_vec()))
}

fn has_scheme(value: &[u8]) -> bool {
    value
        .get(..BEARER.len())
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case(BEARER))
}

/// The caller's address as a field tells it that the defect believes.
fn address_told(defect: Defect, incoming: &Incoming) -> Option<IpAddr> {
    let field = match defect {
        Defect::ForwardedForTrusted => "x-forwarded-for",
        Defect::RealIpTrusted => "x-real-ip",
        Defect::ForwardedTrusted => "forwarded",
        Defect::ClientIpTrusted => "client-ip",
        Defect::TrueClientIpTrusted => "true-client-ip",
        Defect::ProxySeen => return Some(PROXY),
        Defect::ConnectingIpTrusted => "cf-connecting-ip",
        _ => return None,
    };
    let value = incoming.text(field)?;
    let first = value.split([',', ';']).next()?.trim();
    first.strip_prefix("for=").unwrap_or(first).parse().ok()
}

/// Whether the defect takes what `Accept` says first for a wish for JSON.
fn is_taken_for_json(defect: Defect, incoming: &Incoming) -> bool {
    let accept = incoming.text("accept");
    let first = accept
        .as_deref()
        .and_then(|text| text.split([',', ';']).next());
    match defect {
        Defect::AnyTypeIsJson => first == Some("*/*"),
        Defect::PageTypeIsJson => first == Some("text/html"),
        Defect::OtherTypeIsJson => matches!(first, Some("text/plain" | "application/xml")),
        Defect::NoTypeIsJson => accept.is_none(),
        _ => false,
    }
}

/// Whether the defect does not see that `Accept` asks for JSON.
fn is_json_overlooked(defect: Defect, incoming: &Incoming) -> bool {
    let accept = incoming.text("accept").unwrap_or_default();
    accept.starts_with("application/json")
        && match defect {
            Defect::JsonInListUnknown => accept.contains(','),
            Defect::ZeroWeightObeyed => accept.contains(";q=0"),
            _ => false,
        }
}

fn is_published(incoming: &Incoming, name: &HeaderName) -> bool {
    let value = incoming.text(name.as_str()).unwrap_or_default();
    value.to_ascii_lowercase().contains("vnd.pterodactyl")
}

fn is_list_of_servers(incoming: &Incoming) -> bool {
    incoming.route_path() == "/api/client"
}

fn creates_key(incoming: &Incoming) -> bool {
    incoming.method == "POST" && incoming.route_path() == "/api/client/account/api-keys"
}

/// Takes those addresses out of the content that are not to be kept; what is no list goes too.
fn unlock(incoming: &mut Incoming, keep: fn(&str) -> bool) {
    let Ok(mut document) = serde_json::from_slice::<Value>(&incoming.body) else {
        return;
    };
    let Some(addresses) = document.get_mut("allowed_ips") else {
        return;
    };
    let entries = addresses.as_array().cloned().unwrap_or_default();
    let kept = entries
        .into_iter()
        .filter(|entry| entry.as_str().is_some_and(keep));
    *addresses = json!(kept.collect::<Vec<_>>());
    incoming.body = document.to_string().into();
}

fn bear(incoming: &mut Incoming, key: &[u8]) {
    set(incoming, &header::AUTHORIZATION, &[BEARER, key].concat());
}

fn remove(incoming: &mut Incoming, name: &HeaderName) {
    incoming.headers.remove(name);
}

/// Sets a field; a value that no field can carry changes nothing.
fn set(incoming: &mut Incoming, name: &HeaderName, value: &[u8]) {
    if let Ok(value) = HeaderValue::from_bytes(value) {
        incoming.headers.insert(name, value);
    }
}
