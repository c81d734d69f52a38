//! What is wrong about the fields of an answer.

use axum::http::{HeaderName, Method, StatusCode, header};

use super::{Answer, Defect, Incoming};

const SESSION: &str = "pterodactyl_session=faulty; Max-Age=43200; path=/; httponly; samesite=lax";

pub(super) fn change(defect: Defect, incoming: &Incoming, answer: &mut Answer) {
    let is_api =
        incoming.path.starts_with("/api/client") || incoming.path.starts_with("/api/application");
    let is_refused = answer.status.as_u16() >= 400;
    let is_unauthorized = answer.status == StatusCode::UNAUTHORIZED;
    match defect {
        Defect::PlainType if is_refused && answer.is_json() => {
            answer.put("content-type", "text/plain");
        }
        Defect::NoAllow if answer.status == StatusCode::METHOD_NOT_ALLOWED => {
            remove(answer, &[header::ALLOW]);
        }
        Defect::BasicChallenge if is_unauthorized => {
            answer.put("www-authenticate", "Basic realm=\"Panel\"");
        }
        Defect::SessionMinted if is_api && answer.status.is_success() => {
            answer.put("set-cookie", SESSION);
        }
        Defect::SessionForRefused if is_api && is_refused => answer.put("set-cookie", SESSION),
        Defect::OriginReflected if is_api => reflect(incoming, answer),
        Defect::OriginNull if is_api && incoming.header("origin") == Some(b"null") => {
            reflect(incoming, answer);
        }
        Defect::OriginByBeginning if is_api && begins_alike(incoming, answer) => {
            reflect(incoming, answer);
        }
        Defect::AllowedOriginUntold if is_api => answer.put("access-control-allow-origin", ""),
        Defect::CachePublic if is_api => answer.put("cache-control", "public, max-age=60"),
        Defect::KeyInField => echo(incoming, answer),
        Defect::QueryInRedirect if answer.status.is_redirection() => carry_query(incoming, answer),
        Defect::HeadWithoutType if incoming.sent_method == Method::HEAD => {
            remove(answer, &[header::CONTENT_TYPE]);
        }
        _ => limits(defect, is_unauthorized, answer),
    }
}

fn limits(defect: Defect, is_unauthorized: bool, answer: &mut Answer) {
    const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
    const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
    const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
    let has_limit = answer.headers.contains_key(LIMIT);
    match defect {
        Defect::LimitUntold => remove(answer, &[LIMIT, REMAINING, RESET]),
        Defect::LimitConstant if has_limit => answer.put("x-ratelimit-remaining", "100"),
        Defect::LimitOther if has_limit => answer.put("x-ratelimit-limit", "60"),
        Defect::LimitOnUnauthorized if is_unauthorized => show_limit(answer),
        Defect::LimitWithoutRoute if answer.status == StatusCode::METHOD_NOT_ALLOWED => {
            show_limit(answer);
        }
        Defect::RetryAfterMissing if answer.status == StatusCode::TOO_MANY_REQUESTS => {
            remove(answer, &[header::RETRY_AFTER]);
        }
        Defect::ResetMissing => remove(answer, &[RESET]),
        _ => {}
    }
}

/// Shows a limit where nothing was counted.
pub(super) fn show_limit(answer: &mut Answer) {
    answer.put("x-ratelimit-limit", "60");
    answer.put("x-ratelimit-remaining", "59");
}

fn remove(answer: &mut Answer, names: &[HeaderName]) {
    for name in names {
        answer.headers.remove(name);
    }
}

/// Whether the origin that asks begins like the one that is let in.
fn begins_alike(incoming: &Incoming, answer: &Answer) -> bool {
    let named = answer.headers.get(header::ACCESS_CONTROL_ALLOW_ORIGIN);
    let named = named.and_then(|value| value.to_str().ok());
    let named = named.filter(|origin| !origin.is_empty());
    let asking = incoming.text("origin").unwrap_or_default();
    named.is_some_and(|origin| asking.starts_with(origin))
}

fn reflect(incoming: &Incoming, answer: &mut Answer) {
    if let Some(origin) = incoming.text("origin") {
        answer.put("access-control-allow-origin", &origin);
        answer.put("access-control-allow-credentials", "true");
    }
}

fn echo(incoming: &Incoming, answer: &mut Answer) {
    if let Some(sent) = incoming.text("authorization") {
        answer.put("x-debug-authorization", &sent);
    }
}

fn carry_query(incoming: &Incoming, answer: &mut Answer) {
    let query = incoming.target.split_once('?').map(|(_, query)| query);
    let location = answer.headers.get(header::LOCATION);
    let location = location.and_then(|value| value.to_str().ok());
    if let (Some(query), Some(location)) = (query, location) {
        let carried = format!("{location}?{query}");
        answer.put("location", &carried);
    }
}
