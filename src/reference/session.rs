//! What the panel takes for a request of its own pages, and the cookies it then sets
//! (panel-facts §3; observed in group 11).

use axum::{body::Body, http::Response};

use super::{
    content::{claims_json, malformed},
    errors::put_header,
    incoming::Incoming,
    keys,
    traits::{Sessions, Traits},
};

/// A cookie that the panel sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cookie {
    /// The token that writes of a browser must carry.
    Token,
    Session,
}

/// Origins that count as the panel's own besides itself.
const LOCAL: [&str; 5] = [
    "localhost",
    "localhost:3000",
    "127.0.0.1",
    "127.0.0.1:8000",
    "::1",
];

/// The cookies that the answer to a request of an API sets.
pub(super) fn cookies(incoming: &Incoming, base_url: &str, traits: &Traits) -> &'static [Cookie] {
    match traits.sessions {
        Sessions::NearlyAll if is_missed(incoming, traits) || malformed(incoming).is_some() => &[],
        Sessions::NearlyAll => &[Cookie::Session],
        Sessions::Browsers if is_stateful(incoming, base_url, traits) => {
            &[Cookie::Token, Cookie::Session]
        }
        Sessions::Browsers => &[],
    }
}

/// Whether a session would have been wanted where the panel starts none: with a key and JSON
/// content (group 06).
pub(super) fn is_missed(incoming: &Incoming, traits: &Traits) -> bool {
    traits.sessions == Sessions::NearlyAll
        && claims_json(incoming)
        && keys::sent(incoming, traits.scheme).is_some()
}

/// Whether a request counts as one of a browser on the panel's own pages.
pub(super) fn is_stateful(incoming: &Incoming, base_url: &str, traits: &Traits) -> bool {
    has_cookie(incoming, traits.session_cookie) || comes_from_panel(incoming, base_url)
}

/// Whether there is a cookie of this name; any value makes a request one of a browser.
fn has_cookie(incoming: &Incoming, wanted: &str) -> bool {
    let cookies = incoming.text("cookie").unwrap_or_default();
    let mut names = cookies
        .split(';')
        .filter_map(|cookie| cookie.split_once('='));
    names.any(|(name, _)| name.trim() == wanted)
}

fn comes_from_panel(incoming: &Incoming, base_url: &str) -> bool {
    let source = incoming.text("referer").or_else(|| incoming.text("origin"));
    let source = source.unwrap_or_default();
    let host = host(&source);
    !host.is_empty() && (LOCAL.contains(&host) || host == self::host(base_url))
}

/// Host and port of an address.
fn host(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.split('/').next().unwrap_or_default()
}

/// Sets the cookies of a session that holds nothing.
pub(super) fn set_cookies(response: &mut Response<Body>, cookies: &[Cookie], traits: &Traits) {
    const EXPIRED: u16 = 419; // the token cookie is left out when the token was the trouble
    for cookie in cookies {
        match cookie {
            Cookie::Token if response.status().as_u16() == EXPIRED => {}
            Cookie::Token => set_cookie(response, "XSRF-TOKEN", "samesite=lax"),
            Cookie::Session => {
                set_cookie(response, traits.session_cookie, "httponly; samesite=lax");
            }
        }
    }
}

fn set_cookie(response: &mut Response<Body>, name: &str, attributes: &str) {
    let value = keys::random_text(40).unwrap_or_default();
    let cookie = format!("{name}={value}; Max-Age=43200; path=/; {attributes}");
    put_header(response, "set-cookie", &cookie);
}

#[cfg(test)]
mod tests {
    use super::{Incoming, is_stateful};
    use crate::reference::Family;

    fn stateful(name: &str, value: &str) -> bool {
        let incoming = Incoming::for_tests("GET", "/api/client", &[(name, value)], "");
        let traits = Family::V1_11.traits();
        is_stateful(&incoming, "http://panel.example:8089", traits)
    }

    #[test]
    fn own_origins_and_session_cookies_are_those_of_a_browser() {
        assert!(stateful("origin", "http://panel.example:8089"));
        assert!(stateful("referer", "https://panel.example:8089/server/1"));
        assert!(stateful("origin", "http://localhost"));
        assert!(stateful("cookie", "a=b; pterodactyl_session=garbage"));
        assert!(!stateful("origin", "https://evil.example"));
        assert!(!stateful("origin", "http://panel.example"));
        assert!(!stateful("cookie", "token=x"));
        assert!(!stateful("cookie", "pterodactyl_session"));
    }
}
