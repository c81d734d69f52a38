//! The routes of the Client API (routes-client.csv).

use super::{
    super::{
        answers::{account, server},
        family::Family,
        validation::{Field, present, required},
    },
    Action, Api, OpenTo, Permission, Route, accepted, nothing,
};

const fn get(path: &'static str, action: Action) -> Route {
    Route::new(Some(Api::Client), "GET", path, action)
}

const fn post(path: &'static str, action: Action) -> Route {
    Route::new(Some(Api::Client), "POST", path, action)
}

const fn put(path: &'static str, action: Action) -> Route {
    Route::new(Some(Api::Client), "PUT", path, action)
}

const fn delete(path: &'static str, action: Action) -> Route {
    Route::new(Some(Api::Client), "DELETE", path, action)
}

const FILES: &[Field] = &[required("root"), required("files")];
const SCHEDULE: &[Field] = &[
    required("name"),
    required("minute"),
    required("hour"),
    required("day_of_month"),
    required("day_of_week"),
];
const TASK: &[Field] = &[required("action"), required("time_offset")];

pub(super) static ROUTES: &[Route] = &[
    get("/api/client", account::servers),
    get("/api/client/permissions", account::permissions),
    get("/api/client/account", account::account).without_two_factor(),
    get("/api/client/account/two-factor", account::set_up_two_factor).without_two_factor(),
    post("/api/client/account/two-factor", account::recovery_tokens)
        .without_two_factor()
        .fields(&[required("code"), required("password")]),
    post(
        "/api/client/account/two-factor/disable",
        account::disable_two_factor,
    )
    .since(Family::V1_11)
    .without_two_factor(),
    delete(
        "/api/client/account/two-factor",
        account::disable_two_factor,
    )
    .until(Family::V1_10)
    .without_two_factor(),
    put("/api/client/account/email", account::change_email)
        .wants(Permission::Password("password"))
        .fields(&[required("email")]),
    put("/api/client/account/password", nothing)
        .wants(Permission::Password("current_password"))
        .fields(&[required("password")]),
    get("/api/client/account/activity", account::activity).since(Family::V1_8),
    get("/api/client/account/api-keys", account::keys),
    post("/api/client/account/api-keys", account::create_key),
    delete(
        "/api/client/account/api-keys/{identifier}",
        account::delete_key,
    ),
    get("/api/client/account/ssh-keys", account::ssh_keys).since(Family::V1_8),
    post("/api/client/account/ssh-keys", account::add_ssh_key)
        .since(Family::V1_8)
        .fields(&[required("name"), required("public_key")]),
    delete(
        "/api/client/account/ssh-keys/{identifier}",
        account::delete_ssh_key,
    )
    .since(Family::V1_8)
    .until(Family::V1_8),
    post(
        "/api/client/account/ssh-keys/remove",
        account::remove_ssh_key,
    )
    .since(Family::V1_10)
    .fields(&[required("fingerprint")]),
    get("/api/client/servers/{server}", server::view).open_to(OpenTo::Everybody),
    get("/api/client/servers/{server}/websocket", server::websocket)
        .needs_in_action("websocket.connect")
        .open_to(OpenTo::Administrators),
    get("/api/client/servers/{server}/resources", server::resources).daemon(),
    get("/api/client/servers/{server}/activity", account::activity)
        .since(Family::V1_10)
        .needs_in_action("activity.read"),
    post("/api/client/servers/{server}/command", nothing)
        .needs("control.console")
        .fields(&[required("command")])
        .daemon(),
    post("/api/client/servers/{server}/power", nothing)
        .wants(Permission::Power)
        .fields(&[required("signal")])
        .daemon(),
    get("/api/client/servers/{server}/databases", server::databases).needs("database.read"),
    post("/api/client/servers/{server}/databases", server::database)
        .needs("database.create")
        .fields(&[required("database"), required("remote")]),
    post(
        "/api/client/servers/{server}/databases/{database}/rotate-password",
        server::database,
    )
    .needs("database.update"),
    delete("/api/client/servers/{server}/databases/{database}", nothing).needs("database.delete"),
    get("/api/client/servers/{server}/files/list", server::files)
        .needs("file.read")
        .daemon(),
    get(
        "/api/client/servers/{server}/files/contents",
        server::file_contents,
    )
    .needs("file.read-content")
    .fields(&[required("file")])
    .daemon(),
    get(
        "/api/client/servers/{server}/files/download",
        server::signed_url,
    )
    .needs("file.read-content")
    .fields(&[required("file")]),
    put("/api/client/servers/{server}/files/rename", nothing)
        .needs("file.update")
        .fields(FILES)
        .daemon(),
    post("/api/client/servers/{server}/files/copy", nothing)
        .needs("file.create")
        .fields(&[required("location")])
        .daemon(),
    post("/api/client/servers/{server}/files/write", nothing)
        .needs("file.create")
        .fields(&[required("file")])
        .daemon(),
    post("/api/client/servers/{server}/files/compress", server::file)
        .needs("file.archive")
        .fields(&[required("files")])
        .daemon(),
    post("/api/client/servers/{server}/files/decompress", nothing)
        .needs("file.create")
        .fields(&[required("file")])
        .daemon(),
    post("/api/client/servers/{server}/files/delete", nothing)
        .needs("file.delete")
        .fields(FILES)
        .daemon(),
    post("/api/client/servers/{server}/files/create-folder", nothing)
        .needs("file.create")
        .fields(&[required("name")])
        .daemon(),
    post("/api/client/servers/{server}/files/chmod", nothing)
        .needs("file.update")
        .fields(FILES)
        .daemon(),
    post("/api/client/servers/{server}/files/pull", nothing)
        .needs("file.create")
        .fields(&[required("url")])
        .daemon(),
    get(
        "/api/client/servers/{server}/files/upload",
        server::signed_url,
    )
    .needs("file.create"),
    get("/api/client/servers/{server}/schedules", server::schedules).needs("schedule.read"),
    post("/api/client/servers/{server}/schedules", server::schedule)
        .needs("schedule.create")
        .fields(SCHEDULE),
    get(
        "/api/client/servers/{server}/schedules/{schedule}",
        server::schedule,
    )
    .needs("schedule.read"),
    post(
        "/api/client/servers/{server}/schedules/{schedule}",
        server::schedule,
    )
    .needs("schedule.update")
    .fields(SCHEDULE),
    post(
        "/api/client/servers/{server}/schedules/{schedule}/execute",
        accepted,
    )
    .needs("schedule.update"),
    delete("/api/client/servers/{server}/schedules/{schedule}", nothing).needs("schedule.delete"),
    post(
        "/api/client/servers/{server}/schedules/{schedule}/tasks",
        server::task,
    )
    .needs("schedule.update")
    .fields(TASK),
    post(
        "/api/client/servers/{server}/schedules/{schedule}/tasks/{task}",
        server::task,
    )
    .needs("schedule.update")
    .fields(TASK),
    delete(
        "/api/client/servers/{server}/schedules/{schedule}/tasks/{task}",
        nothing,
    )
    .needs_in_action("schedule.update"),
    get(
        "/api/client/servers/{server}/network/allocations",
        server::allocations,
    )
    .needs("allocation.read"),
    post(
        "/api/client/servers/{server}/network/allocations",
        server::allocate,
    )
    .needs("allocation.create"),
    post(
        "/api/client/servers/{server}/network/allocations/{allocation}",
        server::allocation,
    )
    .needs("allocation.update")
    .fields(&[present("notes")]),
    post(
        "/api/client/servers/{server}/network/allocations/{allocation}/primary",
        server::allocation,
    )
    .needs("allocation.update"),
    delete(
        "/api/client/servers/{server}/network/allocations/{allocation}",
        nothing,
    )
    .needs("allocation.delete"),
    get("/api/client/servers/{server}/users", server::subusers).needs("user.read"),
    post("/api/client/servers/{server}/users", server::subuser)
        .needs("user.create")
        .fields(&[required("email"), required("permissions")]),
    get("/api/client/servers/{server}/users/{user}", server::subuser).needs("user.read"),
    post("/api/client/servers/{server}/users/{user}", server::subuser)
        .needs("user.update")
        .fields(&[required("permissions")]),
    delete("/api/client/servers/{server}/users/{user}", nothing).needs("user.delete"),
    get("/api/client/servers/{server}/backups", server::backups).needs_in_action("backup.read"),
    post(
        "/api/client/servers/{server}/backups",
        server::create_backup,
    )
    .needs("backup.create")
    .daemon(),
    get(
        "/api/client/servers/{server}/backups/{backup}",
        server::backup,
    )
    .needs_in_action("backup.read"),
    get(
        "/api/client/servers/{server}/backups/{backup}/download",
        server::signed_url,
    )
    .needs_in_action("backup.download"),
    post(
        "/api/client/servers/{server}/backups/{backup}/lock",
        server::backup,
    )
    .needs_in_action("backup.delete"),
    post(
        "/api/client/servers/{server}/backups/{backup}/restore",
        nothing,
    )
    .needs("backup.restore")
    .fields(&[required("truncate")])
    .daemon(),
    delete("/api/client/servers/{server}/backups/{backup}", nothing)
        .needs_in_action("backup.delete")
        .daemon(),
    get("/api/client/servers/{server}/startup", server::startup).needs("startup.read"),
    put(
        "/api/client/servers/{server}/startup/variable",
        server::variable,
    )
    .needs("startup.update")
    .fields(&[required("key"), present("value")]),
    post("/api/client/servers/{server}/settings/rename", nothing)
        .needs("settings.rename")
        .fields(&[required("name")]),
    post("/api/client/servers/{server}/settings/reinstall", accepted)
        .needs("settings.reinstall")
        .daemon(),
    put(
        "/api/client/servers/{server}/settings/docker-image",
        nothing,
    )
    .needs("startup.docker-image")
    .fields(&[required("docker_image")]),
];
