//! What families do differently: one test for each difference, over all families.

use std::collections::BTreeSet;

use axum::{body::Body, http::Request};
use serde_json::{Value, json};

use super::{ALICE, Answer, BOB, Family, KEYS, MISSING, USERS, Visit};
use crate::reference::{Settings, TwoFactorRequired, World};

const MISSING_USER: &str = "/api/application/users/99999";
const BACKUP: &str = "/api/client/servers/a1a1a1a1/backups/50000000-0000-4000-8000-000000000001";
const MISSING_BACKUP: &str =
    "/api/client/servers/a1a1a1a1/backups/00000000-0000-4000-8000-000000000000";
const CONFIGURATION: &str = "/api/application/nodes/1/configuration";

/// The families in which something holds.
fn families(holds: impl Fn(Family) -> bool) -> Vec<Family> {
    Family::ALL
        .into_iter()
        .filter(|family| holds(*family))
        .collect()
}

fn since(first: Family) -> Vec<Family> {
    families(|family| family >= first)
}

fn until(last: Family) -> Vec<Family> {
    families(|family| family <= last)
}

/// Status, code and detail of a refusal.
fn refusal(answer: &Answer) -> (u16, &str, &str) {
    (answer.status, answer.code(), answer.detail())
}

/// The status of a GET by role.
fn status(family: Family, role: &str, path: &str) -> u16 {
    Visit::of(family).get(role, path).status
}

fn plain_get(visit: &Visit, path: &str) -> Answer {
    visit.send(Request::get(path).body(Body::empty()).expect("a request"))
}

#[test]
fn unknown_keys_are_told_apart_from_none_in_1_7() {
    for family in Family::ALL {
        let visit = Visit::of(family);
        let (none, unknown) = (
            visit.get("-", "/api/client"),
            visit.get("unknown", "/api/client"),
        );
        if family == Family::V1_7 {
            assert_eq!((none.status, none.code()), (401, "HttpException"));
            assert_eq!(none.header("www-authenticate"), Some("Bearer"));
            assert_eq!(refusal(&unknown), (403, "AccessDeniedHttpException", ""));
        } else {
            let unauthenticated = (401, "AuthenticationException", "Unauthenticated.");
            assert_eq!(refusal(&none), unauthenticated, "{family}");
            assert_eq!(none.header("www-authenticate"), None, "{family}");
            assert_eq!(refusal(&unknown), unauthenticated, "{family}");
        }
    }
}

#[test]
fn only_1_7_shows_a_page_where_others_lead_to_the_login() {
    let pages = families(|family| plain_get(&Visit::of(family), "/api/client").status == 401);
    assert_eq!(pages, [Family::V1_7]);
    let redirects = families(|family| {
        let answer = plain_get(&Visit::of(family), "/api/client");
        let target = answer.header("location").unwrap_or_default();
        answer.status == 302 && target.ends_with("/auth/login")
    });
    assert_eq!(redirects, since(Family::V1_8));
}

#[test]
fn an_administrators_client_key_opens_administration_since_1_8() {
    let opened = families(|family| status(family, "client-admin", USERS) == 200);
    assert_eq!(opened, since(Family::V1_8));
}

#[test]
fn a_wrong_key_type_is_an_unknown_key_in_1_7() {
    let visit = Visit::of(Family::V1_7);
    for (role, path) in [
        ("application", "/api/client"),
        ("client", USERS),
        ("client", MISSING_USER),
        ("application", MISSING),
    ] {
        let refused = visit.get(role, path);
        let expected = (403, "AccessDeniedHttpException", "");
        assert_eq!(refusal(&refused), expected, "{role} {path}");
    }
    let demoted = visit.get("application-demoted", USERS);
    assert!(
        demoted.detail().starts_with("This account"),
        "{}",
        demoted.detail()
    );
}

#[test]
fn keys_expire_since_1_11() {
    let accepted = families(|family| status(family, "client-expired", "/api/client") == 200);
    assert_eq!(accepted, until(Family::V1_10));
}

#[test]
fn the_key_of_a_deleted_user_is_an_unknown_one() {
    for family in Family::ALL {
        let visit = Visit::of(family);
        let deleted = visit.get("client-of-a-deleted-user", "/api/client");
        let unknown = visit.get("unknown", "/api/client");
        assert_eq!(refusal(&deleted), refusal(&unknown), "{family}");
    }
}

#[test]
fn ids_are_no_oracle_for_the_refused_in_1_7() {
    let shown = families(|family| status(family, "application-none", MISSING_USER) == 404);
    assert_eq!(shown, since(Family::V1_8));
    let told_apart = families(|family| {
        let visit = Visit::of(family);
        visit.get("client", MISSING).detail() != visit.get("client", BOB).detail()
    });
    assert_eq!(told_apart, since(Family::V1_8));
}

#[test]
fn a_missing_backup_is_looked_for_before_the_key_in_1_7() {
    for family in Family::ALL {
        let visit = Visit::of(family);
        let missing = if family == Family::V1_7 { 404 } else { 401 };
        assert_eq!(visit.get("-", MISSING_BACKUP).status, missing, "{family}");
        assert_eq!(visit.get("-", BACKUP).status, 401, "{family}");
        assert_eq!(visit.get("client", BACKUP).status, 200, "{family}");
    }
}

#[test]
fn a_backup_of_another_server_is_missing_everywhere() {
    let elsewhere = BACKUP.replace("000000000001", "000000000002");
    for family in Family::ALL {
        assert_eq!(status(family, "client", &elsewhere), 404, "{family}");
    }
}

#[test]
fn a_missing_schedule_is_looked_for_after_the_permission_in_1_7() {
    let missing = format!("{ALICE}/schedules/99999");
    let refused = families(|family| status(family, "client-subuser", &missing) == 403);
    assert_eq!(refused, [Family::V1_7]);
    let task = format!("{missing}/tasks/99999");
    for family in Family::ALL {
        let answer = Visit::of(family).ask("client-subuser", "DELETE", &task, "");
        assert_eq!(
            answer.status, 404,
            "{family}: the action asks for the permission"
        );
    }
}

#[test]
fn malformed_json_breaks_1_7_when_there_is_a_key() {
    for family in Family::ALL {
        let visit = Visit::of(family);
        let sent = |role| visit.ask(role, "POST", KEYS, "{bad");
        let (none, unknown, valid) = (sent("-"), sent("unknown"), sent("client"));
        let statuses = (none.status, unknown.status, valid.status);
        if family == Family::V1_7 {
            assert_eq!(statuses, (400, 500, 500));
            assert!(
                none.detail()
                    .ends_with(r#"err_code: 4 err_message: "Syntax error""#)
            );
            assert_eq!(valid.code(), "RuntimeException");
        } else {
            assert_eq!(statuses, (401, 401, 400), "{family}");
            assert!(
                valid.detail().ends_with("malformed: Syntax error"),
                "{family}"
            );
        }
    }
}

#[test]
fn two_factor_authentication_is_asked_for_elsewhere_in_1_7() {
    let demanded = |family| {
        Visit::changed(family, |world| {
            world.settings.two_factor_required = TwoFactorRequired::All;
        })
    };
    for family in Family::ALL {
        let visit = demanded(family);
        let (application, locked) = if family == Family::V1_7 {
            (200, 403)
        } else {
            (400, 400)
        };
        assert_eq!(
            visit.get("application", USERS).status,
            application,
            "{family}"
        );
        assert_eq!(
            visit.get("client-ip-locked", "/api/client").status,
            locked,
            "{family}"
        );
        assert_eq!(visit.get("client", "/api/client").status, 400, "{family}");
        assert_eq!(
            visit.get("client", "/api/client/account").status,
            200,
            "{family}"
        );
    }
}

#[test]
fn unknown_paths_and_methods_are_named_since_1_11() {
    for family in Family::ALL {
        let visit = Visit::of(family);
        let missing = visit.get("-", "/api/client/nope");
        let other = visit.ask("-", "DELETE", "/api/client", "");
        assert_eq!((missing.status, other.status), (404, 405), "{family}");
        let named = [missing.detail(), other.detail()].map(|detail| detail.contains("api/client"));
        assert_eq!(named, [family >= Family::V1_11; 2], "{family}");
    }
}

#[test]
fn browsers_are_told_what_they_may_do() {
    for family in Family::ALL {
        let visit = Visit::of(family);
        for answer in [visit.get("client", "/api/client"), visit.get("-", "/api/x")] {
            let denied = answer.header("x-frame-options") == Some("DENY");
            assert_eq!(denied, family >= Family::V1_12, "{family}");
        }
        let allowed = visit.get("-", "/api/client");
        let origin = allowed.header("access-control-allow-origin");
        assert_eq!(origin.is_some(), family >= Family::V1_8, "{family}");
        let preflight =
            Request::options("/api/client").header("access-control-request-method", "GET");
        let preflight = visit.send(preflight.body(Body::empty()).expect("a request"));
        let expected = if family == Family::V1_7 { 200 } else { 204 };
        assert_eq!(preflight.status, expected, "{family}");
        assert_eq!(preflight.header("x-frame-options"), None, "{family}");
    }
}

#[test]
fn one_origin_is_named_to_everybody_and_several_to_themselves() {
    let (shop, blog) = ("https://shop.example", "https://blog.example");
    let named = |origins: &[&str], asking: &str| {
        let origins = origins.iter().map(ToString::to_string).collect();
        let visit = Visit::changed(Family::V1_11, |world| world.settings.cors_origins = origins);
        let request = Request::get("/api/client").header("origin", asking);
        let answer = visit.send(request.body(Body::empty()).expect("a request"));
        let origin = answer.header("access-control-allow-origin");
        origin.map(str::to_owned)
    };
    for (origins, asking, expected) in [
        (&[][..], shop, Some("")),
        (&[shop], shop, Some(shop)),
        (&[shop], blog, Some(shop)),
        (&[shop, blog], blog, Some(blog)),
        (&[shop, blog], "https://evil.example", None),
    ] {
        assert_eq!(
            named(origins, asking).as_deref(),
            expected,
            "{origins:?}, {asking}"
        );
    }
}

#[test]
fn nearly_every_request_gets_a_session_in_1_7() {
    for family in Family::ALL {
        let visit = Visit::of(family);
        let get = |role: &str| {
            let request = Request::get("/api/client");
            let key = visit.keys.get(role).map(|key| format!("Bearer {key}"));
            let request = key
                .iter()
                .fold(request, |request, key| request.header("authorization", key));
            visit.send(request.body(Body::empty()).expect("a request"))
        };
        let with_json = visit.get("client", "/api/client");
        let sessions = [get("-"), get("client"), with_json]
            .map(|answer| answer.headers.contains_key("set-cookie"));
        let expected = if family == Family::V1_7 {
            [true, true, false]
        } else {
            [false; 3]
        };
        assert_eq!(sessions, expected, "{family}");
    }
}

#[test]
fn a_browsers_write_needs_a_token_since_1_8() {
    for family in Family::ALL {
        let visit = Visit::of(family);
        let request = Request::post(KEYS)
            .header("accept", "application/json")
            .header("origin", "http://localhost")
            .header("authorization", format!("Bearer {}", visit.keys["client"]));
        let answer = visit.send(request.body(Body::empty()).expect("a request"));
        let expected = if family == Family::V1_7 { 422 } else { 419 };
        assert_eq!(answer.status, expected, "{family}");
    }
}

#[test]
fn the_front_page_is_for_users_in_1_7() {
    for family in Family::ALL {
        let answer = Visit::of(family).get("-", "/API/CLIENT");
        if family == Family::V1_7 {
            assert_eq!(
                (answer.status, answer.code()),
                (401, "AuthenticationException")
            );
            assert_eq!(answer.body["errors"][0]["status"], "500");
        } else {
            assert_eq!(answer.status, 200, "{family}");
        }
    }
}

fn create(visit: &Visit, allowed_ips: &Value) -> Answer {
    let body = json!({ "description": "x", "allowed_ips": allowed_ips });
    visit.ask("client", "POST", KEYS, &body.to_string())
}

#[test]
fn keys_are_locked_to_ranges_since_1_10() {
    for family in Family::ALL {
        let ranges = family >= Family::V1_10;
        let visit = Visit::changed(family, |world| world.settings.key_limit = Some(99));
        for (ips, old, new) in [
            (json!(["10.0.0.0/8"]), 422, 200),
            (json!(["10.0.0.1-10.0.0.9"]), 422, 200),
            (json!(vec!["10.0.0.1"; 51]), 200, 422),
            (json!(["10.0.0.0/99"]), 422, 500),
            (json!([["10.0.0.1"]]), 422, 500),
            (json!(["::1"]), 200, 200),
            (json!("10.0.0.1"), 422, 422),
        ] {
            let expected = if ranges { new } else { old };
            assert_eq!(create(&visit, &ips).status, expected, "{family} {ips}");
        }
    }
}

#[test]
fn an_unreadable_address_has_a_code_of_its_own_since_1_11() {
    for family in Family::ALL {
        let visit = Visit::changed(family, |world| {
            let mut keys = world.keys.iter_mut();
            let key = keys.find(|key| key.role.as_deref() == Some("client"));
            key.expect("a key").allowed_ips = vec!["not-an-ip".to_owned()];
        });
        let expected = if family >= Family::V1_11 {
            "IpException"
        } else {
            "Exception"
        };
        assert_eq!(
            visit.get("client", "/api/client").code(),
            expected,
            "{family}"
        );
    }
}

#[test]
fn new_keys_have_a_prefix_since_1_8() {
    for family in Family::ALL {
        let answer = create(&Visit::of(family), &json!([]));
        let identifier = answer.body["attributes"]["identifier"].as_str();
        let prefixed = identifier.expect("a key").starts_with("ptlc_");
        assert_eq!(prefixed, family >= Family::V1_8, "{family}");
        let set = |settings: &mut Settings| settings.client_prefix = Some("pyro_".to_owned());
        let answer = create(
            &Visit::changed(family, |world| set(&mut world.settings)),
            &json!([]),
        );
        let identifier = answer.body["attributes"]["identifier"].as_str();
        assert!(identifier.expect("a key").starts_with("pyro_"), "{family}");
    }
}

#[test]
fn a_missing_key_has_no_words_in_1_7() {
    for family in Family::ALL {
        let answer = Visit::of(family).ask("client", "DELETE", &format!("{KEYS}/nope"), "");
        assert_eq!(answer.status, 404, "{family}");
        assert_eq!(
            answer.detail().is_empty(),
            family == Family::V1_7,
            "{family}"
        );
    }
}

#[test]
fn servers_have_encoded_ids_since_1_12() {
    let encoded = "/api/client/servers/serv_ugq2diiaabaabaaaaaaaaaaaae";
    let found = families(|family| status(family, "client", encoded) == 200);
    assert_eq!(found, since(Family::V1_12));
    let broken = families(|family| status(family, "client", "/api/client/servers/serv_abc") == 500);
    assert_eq!(broken, since(Family::V1_12));
    for family in Family::ALL {
        let visit = Visit::of(family);
        let server = visit.get("client", ALICE).body;
        let users = visit.get("client", &format!("{ALICE}/users")).body;
        let ids = [
            &server["attributes"]["server_identifier"],
            &users["data"][0]["attributes"]["identifier"],
        ];
        let expected = [family >= Family::V1_12; 2];
        assert_eq!(ids.map(Value::is_string), expected, "{family}");
    }
}

#[test]
fn the_configuration_of_a_node_is_for_writers_since_1_14() {
    for family in Family::ALL {
        let read = status(family, "application-read", CONFIGURATION);
        let write = status(family, "application-write", CONFIGURATION);
        let expected = if family >= Family::V1_14 {
            (403, 200)
        } else {
            (200, 403)
        };
        assert_eq!((read, write), expected, "{family}");
    }
}

#[test]
fn nodes_can_be_under_maintenance_since_1_11() {
    let closed = families(|family| {
        let visit = Visit::changed(family, |world: &mut World| {
            world.nodes[0].maintenance = true;
        });
        visit.get("client", &format!("{ALICE}/startup")).status == 409
    });
    assert_eq!(closed, since(Family::V1_11));
}

#[test]
fn routes_come_and_go() {
    let known = |method: &'static str, path: &'static str| {
        families(move |family| {
            let answer = Visit::of(family).ask("-", method, path, "");
            !matches!(answer.status, 404 | 405)
        })
    };
    assert_eq!(
        known("GET", "/api/client/account/ssh-keys"),
        since(Family::V1_8)
    );
    assert_eq!(
        known("DELETE", "/api/client/account/ssh-keys/x"),
        [Family::V1_8]
    );
    assert_eq!(
        known("POST", "/api/client/account/ssh-keys/remove"),
        since(Family::V1_10)
    );
    assert_eq!(
        known("GET", "/api/client/servers/a1a1a1a1/activity"),
        since(Family::V1_10)
    );
    assert_eq!(
        known("DELETE", "/api/client/account/two-factor"),
        until(Family::V1_10)
    );
    assert_eq!(
        known("POST", "/api/client/account/two-factor/disable"),
        since(Family::V1_11)
    );
    assert_eq!(
        known("GET", "/api/remote/servers/x/transfer/success"),
        until(Family::V1_12)
    );
}

#[test]
fn ssh_keys_can_be_added_and_removed() {
    let path = "/api/client/account/ssh-keys";
    for family in since(Family::V1_8) {
        let visit = Visit::of(family);
        let body = r#"{"name":"x","public_key":"ssh-ed25519 BBBB"}"#;
        let made = visit.ask("client", "POST", path, body);
        let fingerprint = made.body["attributes"]["fingerprint"]
            .as_str()
            .expect("a text");
        let removed = if family == Family::V1_8 {
            visit.ask("client", "DELETE", &format!("{path}/{fingerprint}"), "")
        } else {
            let body = json!({ "fingerprint": fingerprint }).to_string();
            visit.ask("client", "POST", &format!("{path}/remove"), &body)
        };
        assert_eq!(removed.status, 204, "{family}");
        let left = visit.get("client", path).body;
        assert_eq!(left["data"].as_array().map(Vec::len), Some(1), "{family}");
    }
}

#[test]
fn every_parameter_of_a_path_names_something() {
    let first = |answer: &Answer, pointer: &str| {
        let value = answer.body.pointer(pointer).expect("a value");
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    for family in Family::ALL {
        let visit = Visit::of(family);
        let mut empty = BTreeSet::new();
        for (role, list, pointer, thing) in [
            (
                "client",
                "/api/client",
                "/data/0/attributes/identifier",
                "/api/client/servers/{}",
            ),
            (
                "client",
                "/api/client/servers/a1a1a1a1/backups",
                "/data/0/attributes/uuid",
                "/api/client/servers/a1a1a1a1/backups/{}",
            ),
            (
                "client",
                "/api/client/servers/a1a1a1a1/users",
                "/data/0/attributes/uuid",
                "/api/client/servers/a1a1a1a1/users/{}",
            ),
            (
                "client",
                "/api/client/servers/a1a1a1a1/schedules",
                "/data/0/attributes/id",
                "/api/client/servers/a1a1a1a1/schedules/{}",
            ),
            (
                "application",
                USERS,
                "/data/0/attributes/id",
                "/api/application/users/{}",
            ),
            (
                "application",
                USERS,
                "/data/0/attributes/external_id",
                "/api/application/users/external/{}",
            ),
            (
                "application",
                "/api/application/nodes",
                "/data/0/attributes/id",
                "/api/application/nodes/{}",
            ),
            (
                "application",
                "/api/application/locations",
                "/data/0/attributes/id",
                "/api/application/locations/{}",
            ),
            (
                "application",
                "/api/application/servers",
                "/data/0/attributes/id",
                "/api/application/servers/{}",
            ),
            (
                "application",
                "/api/application/servers",
                "/data/0/attributes/external_id",
                "/api/application/servers/external/{}",
            ),
            (
                "application",
                "/api/application/servers/1/databases",
                "/data/0/attributes/id",
                "/api/application/servers/1/databases/{}",
            ),
            (
                "application",
                "/api/application/nests",
                "/data/0/attributes/id",
                "/api/application/nests/{}",
            ),
            (
                "application",
                "/api/application/nests/1/eggs",
                "/data/0/attributes/id",
                "/api/application/nests/1/eggs/{}",
            ),
        ] {
            let id = first(&visit.get(role, list), pointer);
            let path = thing.replace("{}", &id);
            if visit.get(role, &path).status != 200 {
                empty.insert(path);
            }
        }
        assert!(empty.is_empty(), "{family}: {empty:?}");
    }
}

#[test]
fn texts_are_read_of_any_language_or_of_those_that_can_be_one() {
    let asked = |family, query: &str| {
        let visit = Visit::changed(family, |world| world.settings.translations_refused = false);
        visit.get("-", &format!("/locales/locale.json?{query}"))
    };
    let reads = |query: &'static str| {
        families(|family| {
            let answer = asked(family, query);
            answer.status == 200 && answer.body != Value::Null
        })
    };
    assert_eq!(reads("locale=en&namespace=strings"), since(Family::V1_10));
    let any = |family| (Family::V1_10..=Family::V1_11_9).contains(&family);
    assert_eq!(reads("locale=EN1&namespace=zz9"), families(any));
    let refused = asked(Family::V1_14, "locale=EN1&namespace=zz9");
    assert_eq!(
        (refused.status, refused.code()),
        (422, "ValidationException")
    );
    let fields = |answer: &Answer| answer.body["errors"].as_array().map(Vec::len);
    assert_eq!(fields(&refused), Some(2));
    let shielded =
        Visit::of(Family::V1_11).get("-", "/locales/locale.json?locale=en&namespace=strings");
    assert_eq!((shielded.status, shielded.body), (403, Value::Null));
}
