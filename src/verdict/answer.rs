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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn base() -> Url {
        "https://panel.example:8443/sub".parse().unwrap()
    }

    fn matches(wanted: Value, observed: &Observation) -> bool {
        let wanted: AnswerMatch = serde_json::from_value(wanted).unwrap();
        is_answer(&wanted, observed, &base())
    }

    fn answer(status: u16, fields: &[(&str, &str)], body: Body) -> Observation {
        let field = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Observation {
            status,
            headers: fields.iter().map(field).collect(),
            body,
        }
    }

    fn redirects_to(place: &str) -> Observation {
        answer(302, &[("location", place)], Body::Empty)
    }

    #[test]
    fn one_part_that_is_wrong_makes_another_answer() {
        let fields = [
            ("content-type", "Text/HTML; charset=utf-8"),
            ("location", "/login"),
        ];
        let page = answer(302, &fields, Body::Text("<p>Debug Mode".into()));
        let right = json!({
            "status": [301, 302],
            "content": "html",
            "headers": { "location": "/login" },
            "body": { "/errors": { "absent": true } },
            "page_has": "debug mode",
            "redirect": { "scheme": "https", "host": "same" },
        });
        assert!(matches(right.clone(), &page));
        assert!(matches(json!({}), &page));
        for (part, wrong) in [
            ("status", json!([200, 301])),
            ("content", json!("json")),
            ("headers", json!({ "location": "/other" })),
            ("body", json!({ "/errors": { "present": true } })),
            ("page_has", json!("no such text")),
            ("redirect", json!({ "scheme": "http" })),
            ("redirect", json!({ "host": "other" })),
        ] {
            let mut wanted = right.clone();
            wanted[part] = wrong;
            assert!(!matches(wanted.clone(), &page), "{wanted}");
        }
    }

    #[test]
    fn content_is_of_one_kind() {
        let html = [("content-type", "text/html")];
        let plain = [("content-type", "text/plain")];
        let text = || Body::Text("<p>".into());
        for (kind, is_it) in [
            ("json", answer(200, &html, Body::Json(json!([])))),
            ("html", answer(200, &html, text())),
            ("empty", answer(200, &html, Body::Empty)),
            ("none of them", answer(200, &plain, text())),
            ("none of them", answer(200, &[], text())),
            (
                "none of them",
                answer(200, &html, Body::Unreadable("not UTF-8".into())),
            ),
        ] {
            for wanted in ["json", "html", "empty"] {
                let found = matches(json!({ "content": wanted }), &is_it);
                assert_eq!(found, wanted == kind, "{wanted}: {is_it:?}");
            }
        }
    }

    #[test]
    fn of_several_fields_of_one_name_one_must_hold() {
        let has = |value: Value, fields: &[(&str, &str)]| {
            let wanted = json!({ "headers": { "via": value } });
            matches(wanted, &answer(200, fields, Body::Empty))
        };
        let two = [("via", "a"), ("via", "b"), ("other", "c")];
        assert!(has(json!("a"), &two) && has(json!("b"), &two));
        assert!(!has(json!("c"), &two));
        assert!(!has(json!({ "absent": true }), &two));
        assert!(has(json!({ "absent": true }), &[("other", "a")]));
        assert!(!has(json!({ "present": true }), &[("other", "a")]));
    }

    #[test]
    fn a_page_has_its_text_in_any_case_and_json_is_no_page() {
        let has = |body: Body| matches(json!({ "page_has": "Whoops" }), &answer(500, &[], body));
        assert!(has(Body::Text("<h1>WHOOPS</h1>".into())));
        assert!(!has(Body::Text("<h1>Oops</h1>".into())));
        assert!(!has(Body::Json(json!("whoops"))));
    }

    #[test]
    fn members_are_those_of_json_alone() {
        let document = Body::Json(json!({ "a": [1] }));
        assert_eq!(member(&answer(200, &[], document), "/a/0"), Some(&json!(1)));
        let text = Body::Text("{\"a\": [1]".into());
        assert_eq!(member(&answer(200, &[], text), "/a/0"), None);
    }

    #[test]
    fn another_host_is_told_by_its_port_only_under_the_same_scheme() {
        let goes = |place: &str, host: &str| {
            matches(
                json!({ "redirect": { "host": host } }),
                &redirects_to(place),
            )
        };
        for (place, is_same) in [
            ("/login", true),
            ("https://panel.example:8443/", true),
            ("https://panel.example/", false),
            ("https://other.example:8443/", false),
            ("http://panel.example/", true),
            ("http://other.example:8443/", false),
        ] {
            assert_eq!(goes(place, "same"), is_same, "{place}");
            assert_eq!(goes(place, "other"), !is_same, "{place}");
        }
    }

    #[test]
    fn only_a_redirect_with_a_place_sends_the_client_away() {
        let place = |status, fields: &[_]| redirect(&answer(status, fields, Body::Empty), &base());
        let there = [("location", "next")];
        let found = place(307, &there).map(String::from);
        assert_eq!(found.as_deref(), Some("https://panel.example:8443/next"));
        for status in [200, 300, 304, 305, 309, 404] {
            assert_eq!(place(status, &there), None, "{status}");
        }
        assert_eq!(place(302, &[]), None);
        assert!(!matches(
            json!({ "redirect": {} }),
            &answer(200, &there, Body::Empty)
        ));
    }

    #[test]
    fn a_scheme_is_that_of_the_address() {
        let http: Url = "http://panel.example".parse().unwrap();
        assert!(is_scheme(&http, SchemeName::Http) && !is_scheme(&http, SchemeName::Https));
    }
}
