//! The routes that nodes use (routes-remote.csv).

use super::{
    super::{answers::remote, family::Family},
    Action, Route,
};

const fn get(path: &'static str, action: Action) -> Route {
    Route::new(None, "GET", path, action)
}

const fn post(path: &'static str, action: Action) -> Route {
    Route::new(None, "POST", path, action)
}

pub(super) static ROUTES: &[Route] = &[
    post("/api/remote/sftp/auth", remote::login),
    get("/api/remote/servers", remote::servers),
    post("/api/remote/servers/reset", remote::done),
    post("/api/remote/activity", remote::done).since(Family::V1_10),
    get("/api/remote/servers/{uuid}", remote::server),
    get("/api/remote/servers/{uuid}/install", remote::server),
    post("/api/remote/servers/{uuid}/install", remote::server_done),
    post("/api/remote/servers/{uuid}/archive", remote::server_done).until(Family::V1_10),
    get(
        "/api/remote/servers/{uuid}/transfer/failure",
        remote::server_done,
    )
    .until(Family::V1_12),
    get(
        "/api/remote/servers/{uuid}/transfer/success",
        remote::server_done,
    )
    .until(Family::V1_12),
    post(
        "/api/remote/servers/{uuid}/transfer/failure",
        remote::server_done,
    )
    .since(Family::V1_11),
    post(
        "/api/remote/servers/{uuid}/transfer/success",
        remote::server_done,
    )
    .since(Family::V1_11),
    get("/api/remote/backups/{backup}", remote::backup),
    post("/api/remote/backups/{backup}", remote::backup),
    post("/api/remote/backups/{backup}/restore", remote::backup),
];
