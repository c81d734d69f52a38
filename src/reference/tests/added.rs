//! Routes that are added to those of a family.

use serde_json::json;

use super::Visit;
use crate::reference::{
    AddedRoutes, Addition, BadAddition, BadFault, Family, Fault, Faults, Missing, Wording,
};

const THINGS: &str = "/api/client/servers/a1a1a1a1/things";

fn addition(method: &str, path: &str) -> Addition {
    Addition {
        method: method.to_owned(),
        path: path.to_owned(),
        status: 200,
        content: Some(json!({ "object": "widget" })),
        ..Addition::default()
    }
}

/// What a panel has beside its own: things of servers and of administrators.
fn added() -> AddedRoutes {
    let mut added = AddedRoutes::default();
    let widget = "/api/client/widgets/{widget}";
    for (method, path, permission) in [
        ("GET", widget, None),
        ("GET", "/api/client/servers/widgets", None),
        (
            "GET",
            "/api/client/servers/{server}/things",
            Some("thing.read"),
        ),
        ("GET", "/api/application/widgets", Some("widgets:read")),
        ("DELETE", "/api/application/widgets", Some("widgets:write")),
    ] {
        let permission = permission.map(str::to_owned);
        let missing = ["widget", "server"].map(|name| Missing {
            parameter: name.to_owned(),
            value: "99999".to_owned(),
            bound: name == "server",
        });
        let route = Addition {
            permission,
            missing: missing.into(),
            ..addition(method, path)
        };
        added.add(route).expect("a route");
    }
    let creation = Addition {
        needs_content: true,
        status: 201,
        ..addition("POST", widget)
    };
    added.add(creation).expect("a route");
    let deletion = Addition {
        status: 204,
        content: None,
        ..addition("DELETE", widget)
    };
    added.add(deletion).expect("a route");
    added
}

fn visit(family: Family, fault: Option<&str>) -> Visit {
    let added = added();
    let fault = fault.map(|name| Fault::named(name, &added).expect("a fault"));
    let faults: Faults = fault.into_iter().collect();
    let tell = |world: &mut super::World| world.added = added;
    Visit::build(family, tell, Wording::default(), faults)
}

#[test]
fn an_added_route_has_the_checks_of_its_api() {
    for family in Family::all() {
        let visit = visit(family, None);
        for (role, method, path, body, status) in [
            ("-", "GET", "/api/client/widgets/7", "", 401),
            ("application", "GET", "/api/client/widgets/7", "", 403),
            ("client", "GET", "/api/client/widgets/7", "", 200),
            ("client", "GET", "/api/client/widgets/99999", "", 404),
            ("client", "GET", "/api/client/servers/widgets", "", 200),
            ("client", "POST", "/api/client/widgets/7", "{}", 422),
            (
                "client",
                "POST",
                "/api/client/widgets/7",
                r#"{"name":"left"}"#,
                201,
            ),
            ("client", "DELETE", "/api/client/widgets/7", "", 204),
            ("client", "PUT", "/api/client/widgets/7", "", 405),
            ("client", "GET", THINGS, "", 200),
            ("client-other", "GET", THINGS, "", 404),
            ("client-subuser", "GET", THINGS, "", 403),
            ("application", "GET", "/api/application/widgets", "", 200),
            (
                "application-read",
                "GET",
                "/api/application/widgets",
                "",
                200,
            ),
            (
                "application-read",
                "DELETE",
                "/api/application/widgets",
                "",
                403,
            ),
            (
                "application-none",
                "GET",
                "/api/application/widgets",
                "",
                403,
            ),
            ("client", "GET", "/api/application/widgets", "", 403),
        ] {
            let answer = visit.ask(role, method, path, body);
            let told = format!("{family}: {role} {method} {path} {body}");
            assert_eq!(answer.status, status, "{told}: {}", answer.body);
        }
        let answer = visit.get("client", THINGS);
        assert_eq!(answer.body, json!({ "object": "widget" }));
    }
}

#[test]
fn each_check_of_an_added_route_can_be_left_out() {
    for (fault, role, path, status) in [
        (
            "skip-auth@GET:/api/client/widgets/{widget}",
            "-",
            "/api/client/widgets/7",
            200,
        ),
        (
            "skip-key-type@GET:/api/client/widgets/{widget}",
            "application",
            "/api/client/widgets/7",
            200,
        ),
        (
            "skip-ownership@GET:/api/client/servers/{server}/things",
            "client-other",
            THINGS,
            200,
        ),
        (
            "skip-permission@GET:/api/client/servers/{server}/things",
            "client-subuser",
            THINGS,
            200,
        ),
        (
            "skip-permission@GET:/api/application/widgets",
            "application-none",
            "/api/application/widgets",
            200,
        ),
        (
            "refuse-readers@GET:/api/application/widgets",
            "application",
            "/api/application/widgets",
            403,
        ),
    ] {
        let answer = visit(Family::V1_14, Some(fault)).get(role, path);
        assert_eq!(answer.status, status, "{fault}: {}", answer.body);
    }
}

#[test]
fn only_what_an_added_route_has_can_be_left_out() {
    let added = added();
    let named = |name: &str| Fault::named(name, &added);
    let nothing = named("skip-permission@GET:/api/client/widgets/{widget}");
    assert!(
        matches!(nothing, Err(BadFault::NoCheck { .. })),
        "{nothing:?}"
    );
    let unknown = named("skip-auth@GET:/api/client/widget").expect_err("no route");
    let meant = "GET:/api/client/widgets/{widget}".to_owned();
    assert!(unknown.known().contains(&meant));
    let one = named("skip-auth@GET:/api/application/widgets").expect("a fault");
    assert!(one.is_possible_in(Family::V1_7, &added));
    assert!(!one.is_possible_in(Family::V1_7, &AddedRoutes::default()));
    assert!(!one.is_possible_in(Family::V1_7, &added.only(|method, _| method == "POST")));
}

#[test]
fn a_route_that_no_panel_could_have_is_refused() {
    let add = |one: Addition| AddedRoutes::default().add(one).expect_err("no route");
    let outside = addition("GET", "/api/clients");
    assert_eq!(add(outside), BadAddition::Outside);
    let with = |path: &str, permission: &str| Addition {
        permission: Some(permission.to_owned()),
        ..addition("GET", path)
    };
    let server = add(with("/api/client/widgets", "widget.read"));
    assert_eq!(server, BadAddition::NoServer);
    for permission in ["widgets", "widgets:delete"] {
        let bad = add(with("/api/application/widgets", permission));
        assert_eq!(bad, BadAddition::Permission(permission.to_owned()));
    }
}

#[test]
fn what_a_panel_has_by_itself_is_known_by_any_parameter() {
    assert!(AddedRoutes::is_known("GET", "/api/client/servers/{which}"));
    assert!(!AddedRoutes::is_known("GET", "/api/client/servers/widgets"));
    assert!(AddedRoutes::is_known(
        "DELETE",
        "/api/application/servers/{server}/force"
    ));
    assert!(!AddedRoutes::is_known(
        "PUT",
        "/api/client/servers/{server}"
    ));
}

#[test]
fn a_route_of_the_panel_itself_wins_over_one_that_is_no_more_exact() {
    let mut added = AddedRoutes::default();
    let path = "/api/client/{any}/a1a1a1a1";
    added.add(addition("GET", path)).expect("a route");
    let tell = |world: &mut super::World| world.added = added;
    let visit = Visit::build(Family::V1_11, tell, Wording::default(), Faults::default());
    let of = |path: &str| visit.get("client", path).body["object"].clone();
    assert_eq!(of("/api/client/servers/a1a1a1a1"), "server");
    assert_eq!(of("/api/client/things/a1a1a1a1"), "widget");
}
