//! What stands in front of the APIs: the web server's own refusals, CORS, and the front page.

use axum::{
    body::Body,
    http::{Method, Response},
};

use super::{
    errors::{self, HTML, put_header},
    incoming::Incoming,
    routes::Api,
    traits::Traits,
};

/// The longest line of a request that the web server takes, in bytes (nginx, four buffers of
/// 8 KiB; group 17).
const LINE_LIMIT: usize = 8192;

/// What the web server (nginx with the documented site file) answers itself.
pub(super) fn web_server_refusal(incoming: &Incoming) -> Option<Response<Body>> {
    let status = if incoming.sent_method == Method::TRACE {
        405
    } else if incoming.target.len() > LINE_LIMIT {
        414
    } else if has_bad_header(incoming) {
        400
    } else if incoming.too_large {
        413
    } else {
        return None;
    };
    Some(own_page(status))
}

/// A page of the web server itself.
pub(super) fn own_page(status: u16) -> Response<Body> {
    let text = format!("<html>\r\n<body>{status}</body>\r\n</html>\r\n");
    errors::answer(status, "text/html; charset=utf-8", text)
}

fn has_bad_header(incoming: &Incoming) -> bool {
    let twice = incoming.headers.get_all("authorization").iter().count() > 1;
    let too_long = incoming
        .headers
        .iter()
        .any(|(name, value)| name.as_str().len() + 2 + value.len() > LINE_LIMIT);
    twice || too_long
}

/// The API that a path belongs to, whether it exists or not.
pub(super) fn api_of(incoming: &Incoming) -> Option<Api> {
    let area = |prefix| {
        let rest = incoming.spoken_path().strip_prefix(prefix)?;
        (rest.is_empty() || rest.starts_with('/')).then_some(())
    };
    let client = area("api/client").map(|()| Api::Client);
    client.or_else(|| area("api/application").map(|()| Api::Application))
}

/// Whether the headers of CORS belong on answers for this path.
fn has_cors(incoming: &Incoming, traits: &Traits) -> bool {
    traits.cors && api_of(incoming).is_some()
}

/// The answer to a CORS preflight, which any origin gets.
pub(super) fn preflight(incoming: &Incoming, traits: &Traits) -> Option<Response<Body>> {
    incoming.header("access-control-request-method")?;
    if incoming.method != Method::OPTIONS || !has_cors(incoming, traits) {
        return None;
    }
    let mut response = errors::answer(204, HTML, String::new());
    let methods = "GET, POST, PUT, PATCH, DELETE, HEAD";
    put_header(&mut response, "access-control-allow-methods", methods);
    let vary = "Access-Control-Request-Headers, Access-Control-Request-Method";
    put_header(&mut response, "vary", vary);
    let headers = incoming.text("access-control-request-headers");
    let headers = headers.unwrap_or_default();
    put_header(&mut response, "access-control-allow-headers", &headers);
    put_header(&mut response, "access-control-max-age", "0");
    Some(response)
}

/// Adds what CORS puts on every answer. A single origin is named whoever asks, and none at all is
/// the single origin that is empty; of several, the one that asks (panel-facts §12).
pub(super) fn add_cors(
    incoming: &Incoming,
    traits: &Traits,
    origins: &[String],
    response: &mut Response<Body>,
) {
    if !has_cors(incoming, traits) {
        return;
    }
    let asking = incoming.text("origin").unwrap_or_default();
    let named = match origins {
        [] => Some(""),
        [one] => Some(one.as_str()),
        several => {
            put_header(response, "vary", "Origin");
            let mut several = several.iter().map(String::as_str);
            several.find(|origin| *origin == asking)
        }
    };
    if let Some(origin) = named {
        put_header(response, "access-control-allow-origin", origin);
    }
    put_header(response, "access-control-allow-credentials", "true");
}

/// Adds what tells browsers what they must not do with an answer (panel-facts §12).
pub(super) fn add_security(response: &mut Response<Body>) {
    for (name, value) in [
        ("x-frame-options", "DENY"),
        ("x-content-type-options", "nosniff"),
        ("x-xss-protection", "1; mode=block"),
        ("referrer-policy", "no-referrer-when-downgrade"),
    ] {
        put_header(response, name, value);
    }
}

/// The answer to OPTIONS on a path with these methods.
pub(super) fn options(incoming: &Incoming, traits: &Traits, allowed: &[&str]) -> Response<Body> {
    let mut response = errors::answer(200, HTML, String::new());
    put_header(&mut response, "allow", &allowed.join(","));
    if has_cors(incoming, traits) {
        put_header(&mut response, "vary", "Access-Control-Request-Method");
    }
    response
}

/// Whether a path is one of the API, existing or not; all others belong to the front page.
pub(super) fn is_api(incoming: &Incoming) -> bool {
    incoming.path.trim_start_matches('/').starts_with("api")
}

/// The front page, which every path outside the API answers.
pub(super) fn page() -> Response<Body> {
    let text = "<!DOCTYPE html>\n<title>Pterodactyl</title>\n<div id=\"app\"></div>\n";
    errors::answer(200, HTML, text.to_owned())
}
