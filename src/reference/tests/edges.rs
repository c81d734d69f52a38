//! What stands in front of the APIs, and the limits of what a request may be.

use axum::{body::Body, http::Request};

use super::super::Family;
use super::{ALICE, KEYS, Visit};

/// The status for a request with a client key and these header fields more.
fn status(visit: &Visit, method: &str, target: &str, fields: &[(&str, &str)]) -> u16 {
    let key = format!("Bearer {}", visit.keys["client"]);
    let mut request = Request::builder()
        .method(method)
        .uri(target)
        .header("accept", "application/json")
        .header("authorization", key);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).expect("a request");
    visit.send(request).status
}

#[test]
fn the_web_server_takes_lines_of_8192_bytes() {
    let visit = Visit::new();
    let target = |length: usize| {
        let start = "/api/client?x=";
        start.to_owned() + &"x".repeat(length - start.len())
    };
    assert_eq!(status(&visit, "GET", &target(8192), &[]), 200);
    assert_eq!(status(&visit, "GET", &target(8193), &[]), 414);
    let value = |length: usize| "x".repeat(length - "x-long: ".len());
    let with = |length| status(&visit, "GET", "/api/client", &[("x-long", &value(length))]);
    assert_eq!(with(8192), 200);
    assert_eq!(with(8193), 400);
}

#[test]
fn the_web_server_takes_one_authorization_and_no_trace() {
    let visit = Visit::new();
    let twice = [("authorization", "Bearer x")];
    assert_eq!(status(&visit, "GET", "/api/client", &twice), 400);
    assert_eq!(status(&visit, "TRACE", "/api/client", &[]), 405);
}

#[test]
fn only_a_post_may_mean_another_method() {
    let visit = Visit::new();
    let means = |method: &str, other: &str| {
        let field = [("x-http-method-override", other)];
        status(&visit, method, "/api/client/account", &field)
    };
    assert_eq!(means("POST", "GET"), 200);
    assert_eq!(means("POST", "not a method"), 405);
    assert_eq!(means("GET", "DELETE"), 200);
}

#[test]
fn a_database_is_found_by_its_own_id() {
    let visit = Visit::new();
    let delete = |hash: &str| {
        let path = format!("{ALICE}/databases/{hash}");
        visit.ask("client", "DELETE", &path, "").status
    };
    assert_eq!(delete("Zt7mN2pL"), 404);
    assert_eq!(delete("Xk3vQ8rT"), 204);
}

#[test]
fn forks_leave_routes_open_as_they_were_released() {
    for (holes, wanted) in [(true, 200), (false, 403)] {
        let visit = Visit::changed(Family::Pyrodactyl, |world| world.settings.holes = holes);
        let found = visit.get("application-none", "/api/application/panel/status");
        assert_eq!(found.status, wanted, "{}", found.body);
    }
}

#[test]
fn what_was_there_from_the_start_has_one_date() {
    let visit = Visit::new();
    let of = |path: &str| visit.get("application", path).body["attributes"]["created_at"].clone();
    let user = of("/api/application/users/1");
    assert_eq!(user, of("/api/application/users/2"));
    let text = user.as_str().expect("a text");
    let date = text.strip_suffix("+00:00").expect("in UTC");
    assert_eq!(date.len(), "2025-01-01T00:00:00".len(), "{text}");
    assert!(humantime::parse_rfc3339_weak(date).is_ok(), "{text}");
    let made = visit.ask(
        "client",
        "POST",
        KEYS,
        r#"{ "description": "x", "allowed_ips": [] }"#,
    );
    let made = made.body["attributes"]["created_at"].clone();
    assert!(made.as_str() > Some(text), "{made}");
}

#[test]
fn a_missing_token_sets_no_cookie_of_a_token() {
    let visit = Visit::new();
    let cookies = |method: &str| {
        let request = Request::builder()
            .method(method)
            .uri("/api/client/account/api-keys")
            .header("accept", "application/json")
            .header("origin", "http://localhost")
            .header("authorization", format!("Bearer {}", visit.keys["client"]));
        let answer = visit.send(request.body(Body::empty()).expect("a request"));
        let names = answer.headers.get_all("set-cookie").iter().map(|cookie| {
            let cookie = cookie.to_str().unwrap_or_default();
            cookie
                .split_once('=')
                .map_or("", |(name, _)| name)
                .to_owned()
        });
        (answer.status, names.collect::<Vec<_>>())
    };
    let session = "pterodactyl_session".to_owned();
    assert_eq!(
        cookies("GET"),
        (200, vec!["XSRF-TOKEN".to_owned(), session.clone()])
    );
    assert_eq!(cookies("POST"), (419, vec![session]));
}

#[test]
fn the_front_page_leads_guests_to_the_login_in_1_7() {
    let visit = Visit::of(Family::V1_7);
    let request = Request::get("/API/CLIENT")
        .body(Body::empty())
        .expect("a request");
    let answer = visit.send(request);
    let target = answer.header("location").map(str::to_owned);
    assert_eq!(answer.status, 302);
    assert!(target.is_some_and(|target| target.ends_with("/auth/login")));
}

#[test]
fn a_panel_calls_itself_as_it_is_called_unless_it_is_told_a_name() {
    let link = |visit: &Visit, host: Option<&str>| {
        let key = format!("Bearer {}", visit.keys["application"]);
        let mut request = Request::get("/api/application/users?per_page=1")
            .header("accept", "application/json")
            .header("authorization", key);
        if let Some(host) = host {
            request = request.header("host", host);
        }
        let body = visit
            .send(request.body(Body::empty()).expect("a request"))
            .body;
        let link = body.pointer("/meta/pagination/links/next").cloned();
        link.and_then(|link| link.as_str().map(str::to_owned))
    };
    let page = |start: &str| Some(format!("{start}/api/application/users?page=2"));
    let visit = Visit::new();
    assert_eq!(
        link(&visit, Some("panel.example:81")),
        page("http://panel.example:81")
    );
    assert_eq!(link(&visit, None), page("http://localhost"));
    let named = Visit::changed(Family::V1_11, |world| {
        world.settings.base_url = Some("https://named.example".to_owned());
    });
    assert_eq!(
        link(&named, Some("panel.example")),
        page("https://named.example")
    );
}

#[test]
fn a_signal_is_asked_for_before_its_permission_where_a_family_does_so() {
    let power = format!("{ALICE}/power");
    for (family, wanted) in [(Family::V1_11, 403), (Family::Pelican, 422)] {
        let answer = Visit::of(family).ask("client-subuser", "POST", &power, "{}");
        assert_eq!(answer.status, wanted, "{family}: {}", answer.body);
    }
}
