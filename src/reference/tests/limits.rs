//! Limits: what counts, for whom, and of how many, over all families.

use std::time::Duration;

use serde_json::json;

use super::{ALICE, Answer, BOB, Family, KEYS, MISSING, USERS, Visit};

const EMAIL: &str = "/api/client/account/email";

fn limit(answer: &Answer) -> Option<u32> {
    answer.header("x-ratelimit-limit")?.parse().ok()
}

#[test]
fn each_family_has_its_own_limits() {
    for (family, client, application, keys) in [
        (Family::V1_7, 720, 240, 5),
        (Family::V1_8, 720, 240, 5),
        (Family::V1_10, 720, 240, 25),
        (Family::V1_11, 720, 240, 25),
        (Family::V1_11_9, 720, 240, 25),
        (Family::V1_12, 256, 256, 25),
        (Family::V1_14, 256, 256, 25),
    ] {
        let visit = Visit::of(family);
        assert_eq!(
            limit(&visit.get("client", "/api/client")),
            Some(client),
            "{family}"
        );
        assert_eq!(
            limit(&visit.get("application", USERS)),
            Some(application),
            "{family}"
        );
        let create = || visit.ask("client-other", "POST", KEYS, r#"{"description":"x"}"#);
        let made = (0..30).take_while(|_| create().status == 200).count();
        assert_eq!(made + 1, keys, "{family}: with the one that was there");
    }
}

#[test]
fn only_1_7_counts_requests_without_a_key() {
    for family in Family::ALL {
        let visit = Visit::changed(family, |world| world.settings.client_rate = Some(1));
        visit.get("-", "/api/client");
        let again = visit.get("-", "/api/client");
        let other = visit.get("client", "/api/client");
        let expected = if family == Family::V1_7 {
            (429, 429)
        } else {
            (401, 200)
        };
        assert_eq!((again.status, other.status), expected, "{family}");
    }
}

#[test]
fn what_counts_depends_on_the_order() {
    let missing_user = "/api/application/users/99999";
    let before_1_12 = &Family::ALL[..5];
    let first = [Family::V1_7, Family::V1_11_9];
    for (role, path, counted_in) in [
        ("client", MISSING, first.to_vec()),
        ("application", "/api/client", first.to_vec()),
        ("client", BOB, Family::ALL.to_vec()),
        ("application", missing_user, before_1_12.to_vec()),
        ("client", USERS, before_1_12.to_vec()),
        ("application-none", USERS, Family::ALL.to_vec()),
        ("client-ip-locked", "/api/client", vec![Family::V1_7]),
    ] {
        for family in Family::ALL {
            let counts = Visit::of(family).get(role, path).counts();
            assert_eq!(
                counts,
                counted_in.contains(&family),
                "{family} {role} {path}"
            );
        }
    }
}

/// How many requests without content pass before the first 429.
fn passing(visit: &Visit, role: &str, method: &str, path: &str) -> usize {
    let send = || visit.ask(role, method, path, "{}");
    (0..100).take_while(|_| send().status != 429).count()
}

#[test]
fn pulling_files_has_a_limit_of_its_own() {
    let path = format!("{ALICE}/files/pull");
    for family in Family::ALL {
        let visit = Visit::of(family);
        let (times, minutes, others) = if family >= Family::V1_12 {
            (5, 10, 429)
        } else {
            (10, 5, 422)
        };
        assert_eq!(passing(&visit, "client", "POST", &path), times, "{family}");
        let admin = visit.ask("client-admin", "POST", &path, "{}");
        let expected = if family == Family::V1_7 { 429 } else { others };
        assert_eq!(
            admin.status, expected,
            "{family}: shared by address, user or server"
        );
        visit.clock.advance(Duration::from_secs(minutes * 60 - 10));
        let refused = visit.ask("client", "POST", &path, "{}");
        assert_eq!(refused.header("retry-after"), Some("10"), "{family}");
        visit.clock.advance(Duration::from_secs(10));
        assert_eq!(
            visit.ask("client", "POST", &path, "{}").status,
            422,
            "{family}"
        );
    }
}

#[test]
fn servers_have_limits_since_1_12() {
    for (method, path, times) in [
        ("GET", "websocket", 5),
        ("POST", "databases", 2),
        ("POST", "schedules", 2),
        ("POST", "network/allocations", 2),
        ("POST", "users", 10),
        (
            "POST",
            "backups/50000000-0000-4000-8000-000000000001/restore",
            3,
        ),
    ] {
        let path = format!("{ALICE}/{path}");
        for family in Family::ALL {
            let visit = Visit::of(family);
            let expected = if family >= Family::V1_12 { times } else { 100 };
            let passed = passing(&visit, "client", method, &path);
            assert_eq!(passed, expected, "{family} {path}");
        }
    }
}

#[test]
fn a_subuser_can_spend_the_limit_of_a_server_and_a_stranger_cannot() {
    let visit = Visit::of(Family::V1_14);
    let path = format!("{ALICE}/databases");
    let ask = |role| visit.ask(role, "POST", &path, "{}");
    for _ in 0..5 {
        assert_eq!(ask("client-other").status, 404);
    }
    for _ in 0..2 {
        let refused = ask("client-subuser");
        assert_eq!((refused.status, limit(&refused)), (403, Some(2)));
    }
    assert_eq!(ask("client").status, 429);
    assert_eq!(ask("client-other").status, 404);
    assert_eq!(ask("application").status, 403);
    assert_eq!(ask("-").status, 401);
}

#[test]
fn limits_that_are_not_enforced_are_only_shown() {
    for family in Family::ALL {
        let visit = Visit::changed(family, |world| world.settings.enforce_limits = false);
        for path in ["files/pull", "backups"] {
            let path = format!("{ALICE}/{path}");
            assert_eq!(
                passing(&visit, "client", "POST", &path),
                100,
                "{family} {path}"
            );
        }
        let body = json!({ "email": "a@example.com", "password": "password" }).to_string();
        let change = || visit.ask("client", "PUT", EMAIL, &body).status;
        assert!((0..10).all(|_| change() == 204), "{family}");
    }
}

#[test]
fn two_backups_can_be_made_within_ten_minutes() {
    for family in Family::ALL {
        let visit = Visit::of(family);
        let path = format!("{ALICE}/backups");
        assert_eq!(passing(&visit, "client", "POST", &path), 2, "{family}");
        let refused = visit.ask("client", "POST", &path, "{}");
        assert_eq!(refused.code(), "TooManyRequestsHttpException", "{family}");
        assert_eq!(refused.header("retry-after"), Some("600"), "{family}");
        assert_eq!(
            visit
                .ask("client-other", "POST", &format!("{BOB}/backups"), "")
                .status,
            200
        );
        visit.clock.advance(Duration::from_secs(100));
        let refused = visit.ask("client", "POST", &path, "{}");
        assert_eq!(refused.header("retry-after"), Some("500"), "{family}");
        visit.clock.advance(Duration::from_secs(500));
        assert_eq!(
            visit.ask("client", "POST", &path, "{}").status,
            200,
            "{family}"
        );
    }
}

#[test]
fn an_address_can_be_changed_three_times_a_day_since_1_12() {
    for family in Family::ALL {
        let visit = Visit::of(family);
        let change = |password: &str| {
            let body = json!({ "email": "a@example.com", "password": password });
            visit.ask("client", "PUT", EMAIL, &body.to_string())
        };
        assert_eq!(change("wrong").status, 400, "{family}");
        let changed = (0..10)
            .take_while(|_| change("password").status == 204)
            .count();
        if family < Family::V1_12 {
            assert_eq!(changed, 10, "{family}");
            let api = limit(&visit.ask("client", "GET", "/api/client/account", ""));
            assert_eq!(limit(&change("password")), api, "{family}: and no other");
            continue;
        }
        assert_eq!(changed, 3, "{family}");
        let refused = change("password");
        assert_eq!(refused.code(), "TooManyRequestsHttpException", "{family}");
        assert_eq!(
            (limit(&refused), refused.header("retry-after")),
            (Some(60), None)
        );
        visit.clock.advance(Duration::from_secs(24 * 60 * 60));
        assert_eq!(change("password").status, 204, "{family}");
    }
}
