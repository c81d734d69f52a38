//! What granted requests get: lists in pages, things by their ids, and what is stored of a change.

use serde_json::{Value, json};

use super::super::Family;
use super::{ALICE, KEYS, USERS, Visit};

const SERVERS: &str = "/api/application/servers";
const NODES: &str = "/api/application/nodes";
const NODE: &str =
    "nodetokenid00001.nodetokennodetokennodetokennodetokennodetokennodetokennodetoken1";
const BACKUPS: &str = "/api/client/servers/a1a1a1a1/backups";

/// One attribute of each object of a list.
fn listed(visit: &Visit, role: &str, path: &str, attribute: &str) -> Vec<Value> {
    let answer = visit.get(role, path);
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    let objects = answer.body["data"].as_array().cloned().unwrap_or_default();
    let values = objects
        .iter()
        .map(|one| one["attributes"][attribute].clone());
    values.collect()
}

fn as_text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

#[test]
fn each_thing_of_a_list_is_found_by_its_own_id() {
    let visit = Visit::of(Family::V1_11);
    for (role, list, id) in [
        ("application", USERS, "id"),
        ("application", NODES, "id"),
        ("application", "/api/application/locations", "id"),
        ("application", SERVERS, "id"),
        ("application", "/api/application/nests/1/eggs", "id"),
        ("client", BACKUPS, "uuid"),
        ("client", "/api/client/servers/a1a1a1a1/schedules", "id"),
        ("client", "/api/client/servers/a1a1a1a1/users", "uuid"),
    ] {
        let ids = listed(&visit, role, list, id);
        assert!(!ids.is_empty(), "{list}");
        for found in ids {
            let path = format!("{list}/{}", as_text(&found));
            let answer = visit.get(role, &path);
            assert_eq!(answer.body["attributes"][id], found, "{path}");
        }
    }
}

#[test]
fn a_task_is_changed_by_its_own_id() {
    let visit = Visit::of(Family::V1_11);
    let tasks = format!("{ALICE}/schedules/1/tasks");
    let content = r#"{ "action": "command", "payload": "say", "time_offset": 0 }"#;
    let of = |path: &str| visit.ask("client", "POST", path, content).body;
    assert_eq!(of(&format!("{tasks}/1"))["attributes"]["id"], 1);
    let made = of(&tasks);
    assert_eq!(made["object"], "schedule_task");
    assert_eq!(made["attributes"]["id"], 1000);
    assert_eq!(made["attributes"]["action"], "command");
    let schedule = visit.get("client", &format!("{ALICE}/schedules/1")).body;
    let inside = schedule
        .pointer("/attributes/relationships/tasks/data/0")
        .unwrap();
    assert_eq!(inside["attributes"]["action"], "power");
}

#[test]
fn lists_come_in_pages_with_links() {
    let visit = Visit::new();
    let links = |page: &str| {
        let answer = visit.get("application", &format!("{USERS}?per_page=2{page}"));
        let pagination = answer.body["meta"]["pagination"].clone();
        let count = answer.body["data"].as_array().map(Vec::len);
        assert_eq!(pagination["count"], json!(count));
        assert_eq!(
            (&pagination["total"], &pagination["total_pages"]),
            (&json!(5), &json!(3))
        );
        let of = |name: &str| {
            let link = pagination["links"][name].as_str()?;
            link.rsplit_once("page=").map(|(_, page)| page.to_owned())
        };
        (count, of("previous"), of("next"))
    };
    let some = |page: &str| Some(page.to_owned());
    assert_eq!(links(""), (Some(2), None, some("2")));
    assert_eq!(links("&page=0"), (Some(2), None, some("2")));
    assert_eq!(links("&page=2"), (Some(2), some("1"), some("3")));
    assert_eq!(links("&page=3"), (Some(1), some("2"), None));
    assert_eq!(links("&page=4"), (Some(0), some("3"), None));
}

#[test]
fn lists_are_filtered_by_what_they_name() {
    let visit = Visit::new();
    let names = |role, path: &str, name| listed(&visit, role, path, name);
    let users = |query: &str| names("application", &format!("{USERS}?{query}"), "username");
    assert_eq!(users("filter%5Busername%5D=ROO"), ["root"]);
    assert_eq!(users("filter%5Busername%5D=nobody"), [""; 0]);
    assert_eq!(
        users("filter%5Busername%5D=a&filter%5Bemail%5D=carol"),
        ["carol"]
    );
    let servers = |query: &str| names("client", &format!("/api/client?{query}"), "name");
    assert_eq!(servers("filter%5B*%5D=suspended"), ["alice-suspended"]);
    let refused = visit.get("application", &format!("{USERS}?filter%5Bname%5D=a"));
    assert_eq!(
        (refused.status, refused.code()),
        (400, "InvalidFilterQuery")
    );
    assert!(
        refused
            .detail()
            .contains("Requested filter(s) `name` are not allowed."),
        "{}",
        refused.detail()
    );
    // A list that names no filter takes any.
    let any = visit.get("application", "/api/application/nests?filter%5Bx%5D=a");
    assert_eq!(any.status, 200);
}

#[test]
fn lists_are_sorted_by_what_they_name_alone() {
    let visit = Visit::new();
    let sorted = |path: &str| visit.get("application", path).status;
    assert_eq!(sorted(&format!("{USERS}?sort=id")), 200);
    assert_eq!(sorted(&format!("{USERS}?sort=-uuid")), 200);
    assert_eq!(sorted(&format!("{USERS}?sort=")), 200);
    assert_eq!(sorted(&format!("{USERS}?sort=email")), 400);
    assert_eq!(sorted("/api/application/nests?sort=email"), 200);
}

#[test]
fn servers_are_listed_to_members_and_by_type_to_administrators() {
    let visit = Visit::new();
    let count =
        |role, kind| listed(&visit, role, &format!("/api/client?type={kind}"), "name").len();
    let all = |role| ["", "owner", "admin", "admin-all"].map(|kind| count(role, kind));
    assert_eq!(all("client"), [3, 3, 0, 0]);
    assert_eq!(all("client-subuser"), [1, 0, 0, 0]);
    assert_eq!(all("client-admin"), [0, 0, 4, 4]);
    let owning = Visit::changed(Family::V1_11, |world| {
        world.servers[1].owner = "root".into();
    });
    let count = |kind| {
        listed(
            &owning,
            "client-admin",
            &format!("/api/client?type={kind}"),
            "name",
        )
        .len()
    };
    assert_eq!(["", "owner", "admin", "admin-all"].map(count), [1, 1, 3, 4]);
}

#[test]
fn a_subuser_sees_what_the_permissions_allow() {
    let with = |permissions: &[&str]| {
        let visit = Visit::changed(Family::V1_11, |world| {
            let granted = permissions.iter().map(|one| (*one).to_owned());
            world.servers[0].subusers[0].permissions = granted.collect();
        });
        let body = visit.get("client-subuser", ALICE).body;
        let shown = &body["attributes"]["relationships"];
        let count = shown["allocations"]["data"].as_array().map(Vec::len);
        (
            count,
            shown["variables"]["object"].clone(),
            body["meta"].clone(),
        )
    };
    let meta =
        |permission: &str| json!({ "is_server_owner": false, "user_permissions": [permission] });
    assert_eq!(
        with(&["websocket.connect"]),
        (Some(1), json!("null_resource"), meta("websocket.connect"))
    );
    assert_eq!(
        with(&["allocation.read"]),
        (Some(2), json!("null_resource"), meta("allocation.read"))
    );
    assert_eq!(
        with(&["startup.read"]),
        (Some(1), json!("list"), meta("startup.read"))
    );
    let visit = Visit::new();
    let meta = |role| visit.get(role, ALICE).body["meta"].clone();
    assert_eq!(
        meta("client"),
        json!({ "is_server_owner": true, "user_permissions": ["*"] })
    );
    assert_eq!(
        meta("client-admin"),
        json!({ "is_server_owner": false, "user_permissions": ["*"] })
    );
}

#[test]
fn the_first_allocation_is_the_default_one() {
    let visit = Visit::new();
    let network = format!("{ALICE}/network/allocations");
    assert_eq!(
        listed(&visit, "client", &network, "is_default"),
        [true, false]
    );
    let of_node = "/api/application/nodes/1/allocations";
    assert_eq!(
        listed(&visit, "application", of_node, "assigned"),
        [true, true, true, true, true, false]
    );
    assert!(
        listed(
            &visit,
            "application",
            "/api/application/nodes/2/allocations",
            "id"
        )
        .is_empty()
    );
}

fn user(changes: &Value) -> String {
    let mut user = json!({
        "email": "new@example.com", "username": "New", "first_name": "N", "last_name": "W",
    });
    for (name, value) in changes.as_object().unwrap() {
        user[name] = value.clone();
    }
    user.to_string()
}

#[test]
fn a_user_is_stored_as_given() {
    let visit = Visit::new();
    for (administrator, wanted) in [
        (json!(true), true),
        (json!(1), true),
        (json!(false), false),
        (json!(0), false),
    ] {
        let content = user(&json!({ "external_id": "x", "root_admin": administrator }));
        let changed = visit.ask("application", "PATCH", &format!("{USERS}/3"), &content);
        assert_eq!(changed.status, 200, "{}", changed.body);
        let found = visit.get("application", &format!("{USERS}/3")).body;
        let attributes = &found["attributes"];
        assert_eq!(attributes["username"], "new");
        assert_eq!(attributes["email"], "new@example.com");
        assert_eq!(attributes["external_id"], "x");
        assert_eq!(attributes["root_admin"], wanted);
    }
}

#[test]
fn an_address_and_a_name_belong_to_one_user() {
    let visit = Visit::new();
    let asked = |method: &str, path: &str, changes: Value| {
        let answer = visit.ask("application", method, path, &user(&changes));
        let errors = answer.body["errors"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let fields = errors
            .iter()
            .map(|error| as_text(&error["meta"]["source_field"]));
        (answer.status, fields.collect::<Vec<_>>())
    };
    let both = json!({ "email": "BOB@example.com", "username": "bob" });
    let taken = |fields: &[&str]| (422, fields.iter().map(|one| (*one).to_owned()).collect());
    assert_eq!(
        asked("POST", USERS, both.clone()),
        taken(&["email", "username"])
    );
    let one = json!({ "username": "Carol" });
    assert_eq!(asked("POST", USERS, one), taken(&["username"]));
    // One's own are no others'.
    assert_eq!(asked("PATCH", &format!("{USERS}/3"), both), (200, vec![]));
}

#[test]
fn a_node_with_servers_stays_and_one_without_goes() {
    let visit = Visit::new();
    let delete = |path: &str| visit.ask("application", "DELETE", path, "");
    let kept = delete(&format!("{NODES}/1"));
    assert_eq!(
        (kept.status, kept.code()),
        (400, "HasActiveServersException")
    );
    assert_eq!(delete(&format!("{NODES}/2")).status, 204);
}

#[test]
fn a_deleted_server_leaves_its_allocations_free() {
    let visit = Visit::new();
    let deleted = visit.ask("application", "DELETE", &format!("{SERVERS}/1"), "");
    assert_eq!(deleted.status, 204);
    assert_eq!(listed(&visit, "application", SERVERS, "id"), [2, 3, 4]);
    assert_eq!(
        listed(
            &visit,
            "application",
            "/api/application/nodes/1/allocations",
            "assigned"
        ),
        [false, false, true, true, true, false]
    );
}

#[test]
fn nodes_show_themselves_by_their_token() {
    let visit = Visit::new();
    let servers = "/api/remote/servers";
    for (sent, status) in [
        (NODE, 200),
        ("nodetokenid00001.wrong", 403),
        ("nodetokenid09999.wrong", 403),
        ("nodetokenid00001.", 400),
        (".wrong", 400),
        ("nodetokenid00001", 400),
        ("a.b.c", 400),
        ("-", 401),
    ] {
        assert_eq!(visit.get(sent, servers).status, status, "{sent}");
    }
}

#[test]
fn nodes_find_servers_and_backups_by_their_ids() {
    let visit = Visit::new();
    let uuid = "b2b2b2b2-0000-4000-8000-000000000002";
    let found = visit.get(NODE, &format!("/api/remote/servers/{uuid}"));
    assert_eq!(found.body["uuid"], uuid);
    assert_eq!(found.body["settings"]["uuid"], uuid);
    let listed = visit.get(NODE, "/api/remote/servers").body;
    assert_eq!(listed["data"][1], found.body);
    assert_eq!(listed["meta"]["total"], 4);
    let missing = "/api/remote/servers/00000000-0000-4000-8000-000000000000";
    assert_eq!(visit.get(NODE, missing).status, 404);
    let backup = |uuid: &str| {
        let path = format!("/api/remote/backups/{uuid}/restore");
        let content = r#"{ "successful": true }"#;
        visit.ask(NODE, "POST", &path, content).status
    };
    assert_eq!(backup("50000000-0000-4000-8000-000000000002"), 204);
    assert_eq!(backup("50000000-0000-4000-8000-000000000009"), 404);
}

#[test]
fn a_description_has_at_most_five_hundred_characters() {
    let visit = Visit::new();
    let made = |description: Value| {
        let content = json!({ "description": description, "allowed_ips": [] });
        let answer = visit.ask("client", "POST", KEYS, &content.to_string());
        (
            answer.status,
            as_text(&answer.body["errors"][0]["meta"]["rule"]),
        )
    };
    let refused = |rule: &str| (422, rule.to_owned());
    assert_eq!(made(json!("é".repeat(500))).0, 200);
    assert_eq!(made(json!("é".repeat(501))), refused("max"));
    assert_eq!(made(json!(null)), refused("required"));
    assert_eq!(made(json!(["a"])), refused("string"));
}

#[test]
fn each_answer_says_what_it_is() {
    let visit = Visit::new();
    for (role, method, path, object) in [
        ("client", "GET", ALICE.to_owned(), "server"),
        (
            "client",
            "GET",
            format!("{ALICE}/files/list"),
            "file_object",
        ),
        ("client", "GET", format!("{ALICE}/startup"), "egg_variable"),
        ("client", "GET", BACKUPS.to_owned(), "backup"),
        ("client", "GET", format!("{ALICE}/resources"), "stats"),
        (
            "client",
            "POST",
            format!("{ALICE}/databases/Xk3vQ8rT/rotate-password"),
            "server_database",
        ),
        (
            "application",
            "GET",
            format!("{NODES}/1/allocations"),
            "allocation",
        ),
        ("application", "GET", format!("{SERVERS}/1"), "server"),
    ] {
        let body = visit.ask(role, method, &path, "").body;
        let one = if body["object"] == "list" {
            &body["data"][0]
        } else {
            &body
        };
        assert_eq!(one["object"], object, "{path}: {body}");
    }
    let variable = visit.ask(
        "client",
        "PUT",
        &format!("{ALICE}/startup/variable"),
        r#"{ "key": "A", "value": "b" }"#,
    );
    assert_eq!(variable.body["object"], "egg_variable", "{}", variable.body);
    assert!(variable.body["meta"]["startup_command"].is_string());
    let configuration = visit
        .get("application", &format!("{NODES}/2/configuration"))
        .body;
    assert_eq!(
        configuration["uuid"],
        "20000000-0000-4000-8000-000000000002"
    );
    assert_eq!(configuration["token_id"], "nodetokenid00002");
}

#[test]
fn a_changed_database_is_the_one_of_the_path() {
    let visit = Visit::new();
    let database = format!("{ALICE}/databases/Xk3vQ8rT/rotate-password");
    let changed = visit.ask("client", "POST", &database, "").body;
    assert_eq!(changed["attributes"]["name"], "s1_main");
    let made = visit.ask(
        "client",
        "POST",
        &format!("{ALICE}/databases"),
        r#"{ "database": "new", "remote": "%" }"#,
    );
    assert_eq!(made.body["attributes"]["name"], "new", "{}", made.body);
}

#[test]
fn a_server_has_the_nest_of_its_egg() {
    let visit = Visit::changed(Family::V1_11, |world| {
        let mut other = world.nests[0].clone();
        other.id = 7;
        world.nests.push(other);
        world.eggs[1].nest = 7;
    });
    assert_eq!(listed(&visit, "application", SERVERS, "nest"), [1, 7, 1, 1]);
    assert_eq!(
        visit
            .get("application", "/api/application/nests/7/eggs/2")
            .status,
        200
    );
    assert_eq!(
        visit
            .get("application", "/api/application/nests/1/eggs/2")
            .status,
        404
    );
}

#[test]
fn an_allocation_is_found_on_its_node_and_its_server() {
    let visit = Visit::new();
    let delete = |role, path: String| visit.ask(role, "DELETE", &path, "").status;
    let of_node = |node, id| delete("application", format!("{NODES}/{node}/allocations/{id}"));
    assert_eq!(
        [of_node(1, 6), of_node(2, 6), of_node(1, 99)],
        [204, 404, 404]
    );
    let of_server = |id| {
        let path = format!("{ALICE}/network/allocations/{id}/primary");
        visit.ask("client", "POST", &path, "").status
    };
    assert_eq!([of_server(2), of_server(3), of_server(99)], [200, 404, 404]);
}

#[test]
fn a_task_is_found_in_its_schedule() {
    let visit = Visit::new();
    let delete = |task: &str| {
        let path = format!("{ALICE}/schedules/1/tasks/{task}");
        visit.ask("client", "DELETE", &path, "").status
    };
    assert_eq!([delete("1"), delete("2"), delete("99")], [204, 404, 404]);
}

#[test]
fn each_signal_asks_for_its_own_permission() {
    for (signal, permission) in [
        ("start", "control.start"),
        ("stop", "control.stop"),
        ("kill", "control.stop"),
        ("restart", "control.restart"),
    ] {
        for granted in ["control.start", "control.stop", "control.restart"] {
            let visit = Visit::changed(Family::V1_11, |world| {
                world.servers[0].subusers[0].permissions = [granted.to_owned()].into();
            });
            let content = format!(r#"{{ "signal": "{signal}" }}"#);
            let answer = visit.ask(
                "client-subuser",
                "POST",
                &format!("{ALICE}/power"),
                &content,
            );
            let wanted = if granted == permission { 204 } else { 403 };
            assert_eq!(answer.status, wanted, "{signal} with {granted}");
        }
    }
}

#[test]
fn permissions_of_activity_are_listed_where_servers_have_it() {
    let groups = |family| {
        let body = Visit::of(family)
            .get("client", "/api/client/permissions")
            .body;
        let all = body.pointer("/attributes/permissions").cloned();
        let all = all
            .and_then(|all| all.as_object().cloned())
            .unwrap_or_default();
        (
            all.len(),
            all.contains_key("activity"),
            all.contains_key("control"),
        )
    };
    assert_eq!(groups(Family::V1_7), (10, false, true));
    assert_eq!(groups(Family::V1_11), (11, true, true));
}

#[test]
fn an_ssh_key_is_removed_by_its_own_fingerprint() {
    let visit = Visit::new();
    let keys = "/api/client/account/ssh-keys";
    let remove = |fingerprint: &str| {
        let content = json!({ "fingerprint": fingerprint }).to_string();
        assert_eq!(
            visit
                .ask("client", "POST", &format!("{keys}/remove"), &content)
                .status,
            204
        );
        listed(&visit, "client", keys, "name").len()
    };
    assert_eq!(remove("of nobody"), 1);
    assert_eq!(remove("aliceAliceAliceAliceAliceAliceAliceAliceAli"), 0);
}

#[test]
fn what_nobody_may_guess_is_random() {
    let visit = Visit::new();
    let of = |path: &str, pointer: &str| {
        let body = visit.get("client", &format!("{ALICE}/{path}")).body;
        as_text(body.pointer(pointer).expect("a value"))
    };
    let token = || of("websocket", "/data/token");
    assert_ne!(token(), token());
    assert_eq!(
        token().split('.').map(str::len).collect::<Vec<_>>(),
        [24, 24, 24]
    );
    let url = || of("files/download?file=a", "/attributes/url");
    assert_ne!(url(), url());
    assert_eq!(
        url().split_once("token=").map(|(_, token)| token.len()),
        Some(40)
    );
}

#[test]
fn a_nest_of_a_fork_is_found_by_its_number() {
    let visit = Visit::changed(Family::Pyrodactyl, |world| {
        let mut other = world.nests[0].clone();
        other.id = 7;
        world.nests.push(other);
    });
    let found = visit.get("client", "/api/client/nests/7").body;
    assert_eq!(found["attributes"]["id"], 7, "{found}");
    let first = visit.get("client", "/api/client/nests/1").body;
    assert_eq!(first["attributes"]["id"], 1, "{first}");
}

#[test]
fn a_server_says_whether_it_is_installed() {
    let visit = Visit::new();
    let containers = listed(&visit, "application", SERVERS, "container");
    let installed = containers.iter().map(|one| one["installed"].clone());
    assert_eq!(installed.collect::<Vec<_>>(), [1, 1, 1, 0]);
}

#[test]
fn a_changed_allocation_is_the_one_of_the_path() {
    let visit = Visit::new();
    let path = format!("{ALICE}/network/allocations/2/primary");
    let changed = visit.ask("client", "POST", &path, "").body;
    assert_eq!(changed["attributes"]["id"], 2, "{changed}");
}
