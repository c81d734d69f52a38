//! The routes that nodes use (routes-remote.csv, those that 1.11.8 has).

use super::{super::answers::remote, Action, Route};

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
    post("/api/remote/activity", remote::done),
    get("/api/remote/servers/{uuid}", remote::server),
    get("/api/remote/servers/{uuid}/install", remote::server),
    post("/api/remote/servers/{uuid}/install", remote::server_done),
    get(
        "/api/remote/servers/{uuid}/transfer/failure",
        remote::server_done,
    ),
    get(
        "/api/remote/servers/{uuid}/transfer/success",
        remote::server_done,
    ),
    post(
        "/api/remote/servers/{uuid}/transfer/failure",
        remote::server_done,
    ),
    post(
        "/api/remote/servers/{uuid}/transfer/success",
        remote::server_done,
    ),
    get("/api/remote/backups/{backup}", remote::backup),
    post("/api/remote/backups/{backup}", remote::backup),
    post("/api/remote/backups/{backup}/restore", remote::backup),
];
