//! The panel as a whole: order of checks, faults, words, keys, and requests nobody should send.

mod added;
mod answers;
mod edges;
mod families;
mod faults;
mod limits;

use std::{collections::HashMap, sync::Arc, time::Duration, time::SystemTime};

use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, HeaderValue, Request},
};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{
    Api, Family, Fault, Faults, Gate, ManualClock, Panel, Settings, Wings, Wording, World,
};

const ALICE: &str = "/api/client/servers/a1a1a1a1";
const BOB: &str = "/api/client/servers/b2b2b2b2";
const MISSING: &str = "/api/client/servers/ffffffff";
const KEYS: &str = "/api/client/account/api-keys";
const USERS: &str = "/api/application/users";

/// A panel, its keys, and a runtime to call it in.
struct Visit {
    panel: Panel,
    keys: HashMap<String, String>,
    clock: Arc<ManualClock>,
    runtime: tokio::runtime::Runtime,
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    fn code(&self) -> &str {
        self.body["errors"][0]["code"].as_str().unwrap_or_default()
    }

    fn detail(&self) -> &str {
        let detail = &self.body["errors"][0]["detail"];
        detail.as_str().unwrap_or_default()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn counts(&self) -> bool {
        self.headers.contains_key("x-ratelimit-limit")
    }
}

impl Visit {
    fn new() -> Self {
        Self::with(|_| {}, Wording::default(), Faults::default())
    }

    fn with(set: impl FnOnce(&mut Settings), wording: Wording, faults: Faults) -> Self {
        let change = |world: &mut World| set(&mut world.settings);
        Self::build(Family::V1_11, change, wording, faults)
    }

    fn of(family: Family) -> Self {
        Self::changed(family, |_| {})
    }

    fn changed(family: Family, change: impl FnOnce(&mut World)) -> Self {
        Self::build(family, change, Wording::default(), Faults::default())
    }

    fn build(
        family: Family,
        change: impl FnOnce(&mut World),
        wording: Wording,
        faults: Faults,
    ) -> Self {
        let mut world = World::embedded();
        change(&mut world);
        let clock = Arc::new(ManualClock::starting_at(SystemTime::now()));
        let shared = Arc::clone(&clock);
        let panel = Panel::with_clock(family, world, wording, faults, shared);
        let panel = panel.expect("random bytes");
        Self {
            keys: panel.keys().into_iter().collect(),
            panel,
            clock,
            runtime: tokio::runtime::Builder::new_current_thread()
                .build()
                .expect("a runtime"),
        }
    }

    fn send(&self, request: Request<Body>) -> Answer {
        let router = self.panel.router();
        self.runtime.block_on(async {
            let Ok(response) = router.oneshot(request).await;
            let (parts, body) = response.into_parts();
            let body = to_bytes(body, usize::MAX).await.expect("a body in memory");
            Answer {
                status: parts.status.as_u16(),
                headers: parts.headers,
                body: serde_json::from_slice(&body).unwrap_or_default(),
            }
        })
    }

    /// Sends with the key of a role, or with the key itself; `-` for none.
    fn ask(&self, role: &str, method: &str, path: &str, body: &str) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("accept", "application/json")
            .header("content-type", "application/json");
        if role != "-" {
            let key = self.keys.get(role).map_or(role, String::as_str);
            request = request.header("authorization", format!("Bearer {key}"));
        }
        let body = Body::from(body.to_owned());
        self.send(request.body(body).expect("a request"))
    }

    fn get(&self, role: &str, path: &str) -> Answer {
        self.ask(role, "GET", path, "")
    }
}

#[test]
fn the_first_trouble_of_the_client_api_decides() {
    let visit = Visit::new();
    for (role, method, path, body, status) in [
        ("-", "GET", "/api/client/nope", "", 404),
        ("-", "DELETE", "/api/client", "", 405),
        ("-", "POST", KEYS, "{bad", 401),
        ("client-expired", "POST", KEYS, "{bad", 401),
        ("client-ip-locked", "POST", KEYS, "{bad", 400),
        ("client-ip-locked", "GET", MISSING, "", 403),
        ("application", "GET", MISSING, "", 404),
        ("application", "GET", ALICE, "", 403),
        ("application", "GET", BOB, "", 403),
        ("client-other", "POST", &format!("{ALICE}/power"), "{}", 404),
        (
            "client-subuser",
            "POST",
            &format!("{ALICE}/power"),
            "{}",
            403,
        ),
        ("client", "POST", &format!("{ALICE}/power"), "{}", 422),
        (
            "client",
            "POST",
            &format!("{ALICE}/power"),
            r#"{"signal":"start"}"#,
            204,
        ),
        (
            "client",
            "GET",
            "/api/client/servers/c3c3c3c3/startup",
            "",
            409,
        ),
        (
            "client-other",
            "GET",
            "/api/client/servers/c3c3c3c3/startup",
            "",
            404,
        ),
        (
            "client-admin",
            "GET",
            "/api/client/servers/d4d4d4d4/websocket",
            "",
            200,
        ),
        (
            "client-admin",
            "GET",
            "/api/client/servers/c3c3c3c3/websocket",
            "",
            409,
        ),
    ] {
        let answer = visit.ask(role, method, path, body);
        assert_eq!(answer.status, status, "{role} {method} {path} {body}");
    }
}

#[test]
fn the_first_trouble_of_the_application_api_decides() {
    let visit = Visit::new();
    let missing = "/api/application/users/99999";
    for (role, method, path, body, status) in [
        ("-", "POST", USERS, "{bad", 401),
        ("application-none", "POST", USERS, "{bad", 400),
        ("application-ip-locked", "GET", missing, "", 403),
        ("client", "GET", missing, "", 404),
        ("application-none", "GET", missing, "", 404),
        ("client", "POST", USERS, "{}", 403),
        ("application-demoted", "GET", USERS, "", 403),
        ("application-none", "POST", USERS, "{}", 403),
        ("application-read", "POST", USERS, "{}", 403),
        ("application-write", "GET", USERS, "", 403),
        ("application-write", "POST", USERS, "{}", 422),
        ("client-admin", "POST", USERS, "{}", 422),
        ("application-read", "GET", USERS, "", 200),
    ] {
        let answer = visit.ask(role, method, path, body);
        assert_eq!(answer.status, status, "{role} {method} {path} {body}");
    }
}

#[test]
fn the_limit_stands_where_the_family_has_it() {
    let visit = Visit::with(
        |settings| (settings.client_rate, settings.application_rate) = (Some(1), Some(1)),
        Wording::default(),
        Faults::default(),
    );
    assert_eq!(visit.get("client", BOB).status, 404);
    assert!(
        visit.get("client", BOB).counts(),
        "another user's server counts"
    );
    assert_eq!(visit.get("client", ALICE).status, 429);
    assert_eq!(visit.get("client", MISSING).status, 404);
    assert!(!visit.get("client", MISSING).counts());
    assert!(!visit.get("application", "/api/client").counts());
    assert_eq!(visit.get("application-none", USERS).status, 403);
    let missing = visit.get("application", "/api/application/users/99999");
    assert_eq!(missing.status, 429);
    for name in ["retry-after", "x-ratelimit-reset"] {
        assert!(missing.headers.contains_key(name), "{name}");
    }
    visit.clock.advance(Duration::from_secs(60));
    assert_eq!(visit.get("client", ALICE).status, 200);
}

#[test]
fn each_check_left_out_opens_what_it_says_and_no_more() {
    let requests = [
        (Gate::Auth, "-", "/api/client"),
        (Gate::Auth, "-", USERS),
        (Gate::KeyType, "application", "/api/client"),
        (Gate::KeyType, "client", USERS),
        (Gate::Permission, "application-none", USERS),
        (
            Gate::Permission,
            "client-subuser",
            "/api/client/servers/a1a1a1a1/backups",
        ),
        (Gate::Ownership, "client-other", ALICE),
    ];
    for (family, gate) in all_gates() {
        let faults = Faults::from_iter([Fault::everywhere(gate)]);
        let visit = Visit::build(family, |_| {}, Wording::default(), faults);
        for (opened_by, role, path) in requests {
            let opened = visit.get(role, path).status == 200;
            assert_eq!(
                opened,
                opened_by == gate,
                "{family} {gate:?}: {role} {path}"
            );
        }
    }
}

fn all_gates() -> impl Iterator<Item = (Family, Gate)> {
    let of = |family| Gate::ALL.map(|gate| (family, gate));
    Family::ALL.into_iter().flat_map(of)
}

#[test]
fn a_check_left_out_on_one_route_is_made_on_the_others() {
    let fault = "skip-auth@GET:/api/client/account".parse::<Fault>();
    let faults = Faults::from_iter([fault.expect("a fault")]);
    let visit = Visit::with(|_| {}, Wording::default(), faults);
    assert_eq!(visit.get("-", "/api/client/account").status, 200);
    assert_eq!(visit.get("-", "/api/client").status, 401);
    assert_eq!(visit.get("client", "/api/client").status, 200);
}

#[test]
fn given_words_are_spoken() {
    let mut wording = Wording::default();
    wording.set("no-key", "InvalidCredentialsException", "Wrong.");
    wording.set("route-missing", "Nowhere", "No {path} here.");
    wording.set_for(Api::Application, "no-permission", "Insufficient", "More.");
    wording.set("invalid-body", "Invalid", "So: {message}");
    let visit = Visit::with(|_| {}, wording, Faults::default());
    let spoken = |answer: Answer| (answer.code().to_owned(), answer.detail().to_owned());
    let words = |code: &str, detail: &str| (code.to_owned(), detail.to_owned());
    assert_eq!(
        spoken(visit.get("-", "/api/client")),
        words("InvalidCredentialsException", "Wrong.")
    );
    assert_eq!(
        spoken(visit.get("-", "/api/x")),
        words("Nowhere", "No api/x here.")
    );
    assert_eq!(
        spoken(visit.get("application-none", USERS)),
        words("Insufficient", "More.")
    );
    let invalid = spoken(visit.ask("client", "POST", KEYS, "{}"));
    assert_eq!(
        invalid,
        words("Invalid", "So: The description field is required.")
    );
}

#[test]
fn a_new_key_works_until_it_is_deleted() {
    let visit = Visit::new();
    let body = r#"{"description":"x","allowed_ips":["127.0.0.0/8"]}"#;
    let made = visit.ask("client", "POST", KEYS, body);
    assert_eq!(made.status, 200);
    let part = |pointer| {
        made.body
            .pointer(pointer)
            .and_then(Value::as_str)
            .expect("a text")
    };
    let (identifier, secret) = (part("/attributes/identifier"), part("/meta/secret_token"));
    assert!(identifier.starts_with("ptlc_"));
    let key = format!("{identifier}{secret}");
    assert_eq!(visit.get(&key, "/api/client").status, 200);
    assert_eq!(visit.get(secret, "/api/client").status, 401);
    let path = format!("{KEYS}/{identifier}");
    assert_eq!(visit.ask("client-other", "DELETE", &path, "").status, 404);
    assert_eq!(visit.ask(&key, "DELETE", &path, "").status, 204);
    assert_eq!(visit.ask("client", "DELETE", &path, "").status, 404);
    assert_eq!(visit.get(&key, "/api/client").status, 401);
}

#[test]
fn keys_are_counted_against_the_limit() {
    let visit = Visit::with(
        |settings| settings.key_limit = Some(4), // alice has three client keys
        Wording::default(),
        Faults::default(),
    );
    let make = || visit.ask("client", "POST", KEYS, r#"{"description":"x"}"#);
    assert_eq!(make().status, 200);
    let refused = make();
    assert_eq!((refused.status, refused.code()), (400, "DisplayException"));
}

#[test]
fn pelican_takes_null_for_no_list_of_addresses() {
    let body = r#"{"description":"x","allowed_ips":null}"#;
    let answer = Visit::of(Family::Pelican).ask("client", "POST", KEYS, body);
    let meta = &answer.body["errors"][0]["meta"];
    assert_eq!(answer.status, 422);
    assert_eq!(
        meta,
        &json!({ "source_field": "allowed_ips", "rule": "array" })
    );
}

#[test]
fn errors_of_new_keys_name_the_field() {
    let visit = Visit::new();
    for (ips, status, field, rule) in [
        (json!("127.0.0.1"), 422, "allowed_ips", "array"),
        (json!(["not-an-ip"]), 422, "allowed_ips.0", ""),
        (json!(["10.0.0.1", 1]), 422, "allowed_ips.1", "string"),
        (json!(vec!["10.0.0.1"; 51]), 422, "allowed_ips", "max"),
        (json!(["10.0.0.0/99"]), 500, "", ""),
        (json!([["10.0.0.1"]]), 500, "", ""),
        (json!(vec!["10.0.0.1"; 50]), 200, "", ""),
        (json!(null), 200, "", ""),
    ] {
        let body = json!({ "description": "x", "allowed_ips": ips }).to_string();
        let answer = visit.ask("client", "POST", KEYS, &body);
        assert_eq!(answer.status, status, "{ips}");
        let meta = &answer.body["errors"][0]["meta"];
        if status == 422 {
            assert_eq!(
                meta,
                &json!({ "source_field": field, "rule": rule }),
                "{ips}"
            );
        }
    }
}

#[test]
fn a_server_lists_its_own_allocations() {
    let visit = Visit::new();
    for (server, wanted) in [(ALICE, json!([1, 2])), (BOB, json!([3]))] {
        let role = if server == ALICE {
            "client"
        } else {
            "client-other"
        };
        let answer = visit.ask(role, "GET", &format!("{server}/network/allocations"), "");
        let all = answer.body["data"].as_array().expect("a list").iter();
        let ids: Vec<_> = all.map(|one| one["attributes"]["id"].clone()).collect();
        assert_eq!(Value::from(ids), wanted, "{server}");
    }
}

#[test]
fn routes_that_need_the_node_fail_without_it() {
    let path = "/api/client/servers/a1a1a1a1/resources";
    assert_eq!(Visit::new().get("client", path).status, 200);
    let visit = Visit::with(
        |settings| settings.wings = Wings::Unreachable,
        Wording::default(),
        Faults::default(),
    );
    let answer = visit.get("client", path);
    assert_eq!(
        (answer.status, answer.code()),
        (504, "DaemonConnectionException")
    );
}

#[test]
fn a_key_of_a_missing_role_is_not_made() {
    let mut world = World::embedded();
    world.without_role("client-admin");
    let panel = Panel::new(Family::V1_11, world, Wording::default(), Faults::default());
    let keys = panel.expect("random bytes").keys();
    assert!(keys.iter().all(|(role, _)| role != "client-admin"));
    assert!(
        keys.iter()
            .any(|(role, key)| role == "client" && key.len() == 48)
    );
}

#[test]
fn no_request_makes_the_panel_panic() {
    let visit = Visit::new();
    let strange: [&[u8]; 6] = [
        b"Bearer \xff\xfe\xfd",
        b"Bearer ",
        b"\xc3",
        b"Bearer |",
        b"Bearer .",
        &[b'B'; 16_000],
    ];
    for value in strange {
        for path in [
            "/api/client",
            USERS,
            "/api/remote/servers",
            "/",
            "/api/%ff%00/%",
        ] {
            for name in [
                "authorization",
                "accept",
                "cookie",
                "origin",
                "content-type",
                "host",
            ] {
                let value = HeaderValue::from_bytes(value).expect("a header value");
                let request = Request::builder().uri(path).header(name, value);
                visit.send(request.body(Body::empty()).expect("a request"));
            }
        }
    }
    let deep = "[".repeat(100_000);
    for body in [
        &*deep,
        "\0",
        "{\"a\":\"\u{1}\"}",
        "{\"allowed_ips\":{\"a\":[]}}",
        "\"\\",
        "[[]",
    ] {
        for (method, path) in [("POST", KEYS), ("GET", KEYS), ("FOO", KEYS), ("HEAD", KEYS)] {
            visit.ask("client", method, path, body);
        }
    }
    for query in [
        "page=0&per_page=0",
        "page=18446744073709551615&per_page=18446744073709551615",
    ] {
        let path = format!("{USERS}?{query}&filter[email]=&sort=-&filter[");
        assert_eq!(visit.get("application", &path).status, 200, "{path}");
    }
}
