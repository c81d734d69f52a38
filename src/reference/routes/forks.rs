//! The routes that only forks have, and those that they lack.
//!
//! Each asks for the permission that its like in Pterodactyl asks for. Where the fork was released
//! without that check, the route says so; the panel leaves it out only if its settings ask for
//! that (`Settings::holes`). Seen on every route of real panels (panel-observed, "Also observed").

use super::{
    super::{
        answers::{account, application, forks, server},
        family::Family,
        validation::{Field, required},
        world::{Access, Resource},
    },
    Action, Api, Permission, Route, accepted, nothing,
};

/// That empty content is refused is known, which fields it lacks is not: one stands for all.
const SOMETHING: &[Field] = &[required("name")];

/// The routes of a fork's own.
pub(super) fn routes(family: Family) -> &'static [Route] {
    match family {
        Family::Jexactyl => JEXACTYL,
        Family::Pyrodactyl => PYRODACTYL,
        Family::Pelican => PELICAN,
        _ => &[],
    }
}

/// Whether a fork lacks a route of the family that it is made from.
pub(super) fn lacks(family: Family, route: &Route) -> bool {
    let changed = "/api/client/account/two-factor/disable";
    let begins = |start: &str| route.path.starts_with(start);
    match family {
        Family::Jexactyl => route.path == changed,
        Family::Pelican => {
            route.path == changed
                || begins("/api/application/locations")
                || begins("/api/application/nests")
                // Its own answers 200 where the node cannot be reached.
                || route.path == "/api/client/servers/{server}/resources"
        }
        _ => false,
    }
}

const fn client(method: &'static str, path: &'static str, action: Action) -> Route {
    Route::new(Some(Api::Client), method, path, action)
}

const fn reads(resource: Resource, path: &'static str, action: Action) -> Route {
    administers(resource, Access::Read, "GET", path, action)
}

const fn writes(
    resource: Resource,
    method: &'static str,
    path: &'static str,
    action: Action,
) -> Route {
    administers(resource, Access::Write, method, path, action)
}

const fn administers(
    resource: Resource,
    access: Access,
    method: &'static str,
    path: &'static str,
    action: Action,
) -> Route {
    Route::new(Some(Api::Application), method, path, action)
        .wants(Permission::Resource(resource, access))
}

use Resource::{DatabaseHosts, Eggs, Mounts, Nodes, Roles, Servers, Users};
use forks::{not_found, nothing_listed, something};

/// As it was before 1.11.8.
const DISABLE_TWO_FACTOR: Route = client(
    "DELETE",
    "/api/client/account/two-factor",
    account::disable_two_factor,
)
.without_two_factor();

macro_rules! account {
    ($rest:literal) => {
        concat!("/api/client/account", $rest)
    };
}
macro_rules! server {
    ($rest:literal) => {
        concat!("/api/client/servers/{server}", $rest)
    };
}
macro_rules! admin {
    ($rest:literal) => {
        concat!("/api/application", $rest)
    };
}

static PYRODACTYL: &[Route] = &[
    reads(Servers, admin!("/panel/status"), something).left_open(),
    client("GET", "/api/client/version", something),
    client("GET", "/api/client/nests", forks::nests),
    client("GET", "/api/client/nests/{nest}", forks::nest),
    client("GET", server!("/jobs"), forks::jobs)
        .needs("backup.read")
        .left_open(),
    client("POST", server!("/jobs"), something)
        .needs("backup.create")
        .daemon()
        .left_open(),
    client("GET", server!("/jobs/{job}"), forks::job)
        .needs("backup.read")
        .left_open(),
    client("DELETE", server!("/jobs/{job}"), forks::job)
        .needs("backup.delete")
        .left_open(),
    client("GET", server!("/operations"), forks::operations)
        .needs("startup.software")
        .left_open(),
    client("GET", server!("/operations/{operation}"), forks::operation)
        .needs("startup.software")
        .left_open(),
    client("POST", server!("/backups/bulk-delete"), something)
        .needs("backup.delete")
        .daemon(),
    client("DELETE", server!("/backups/delete-all"), something)
        .needs("backup.delete")
        .daemon(),
    client("POST", server!("/backups/{backup}/rename"), something)
        .needs("backup.delete")
        .fields(SOMETHING),
    client("POST", server!("/settings/docker-image/revert"), nothing)
        .needs("startup.docker-image")
        .fields(SOMETHING),
    client("PUT", server!("/settings/egg"), nothing)
        .needs("startup.software")
        .fields(SOMETHING),
    client("POST", server!("/settings/egg/preview"), something)
        .needs("startup.software")
        .fields(SOMETHING),
    client("POST", server!("/settings/egg/apply"), accepted)
        .needs("startup.software")
        .fields(SOMETHING)
        .daemon(),
    client("PUT", server!("/startup/command"), something)
        .needs("startup.command")
        .fields(SOMETHING),
    client("GET", server!("/startup/command/default"), something).needs("startup.read"),
    client("POST", server!("/startup/command/process"), something).needs("startup.read"),
    client("GET", server!("/subdomain"), something).needs("allocation.read"),
    // The content is looked at before the permission, which comes to the same with empty content.
    client("POST", server!("/subdomain"), something)
        .needs("allocation.create")
        .fields(SOMETHING)
        .left_open(),
    client("DELETE", server!("/subdomain"), something).needs("allocation.delete"),
    client("POST", server!("/subdomain/check-availability"), something)
        .needs("allocation.read")
        .fields(SOMETHING),
];

static JEXACTYL: &[Route] = &[
    reads(Users, admin!("/approvals"), nothing_listed).left_open(),
    writes(
        Users,
        "POST",
        admin!("/approvals/approve/{approval}"),
        not_found,
    )
    .left_open(),
    writes(
        Users,
        "POST",
        admin!("/approvals/deny/{approval}"),
        not_found,
    )
    .left_open(),
    reads(Users, admin!("/users/{user}/resources"), something),
    writes(Users, "PATCH", admin!("/users/{user}/resources"), something),
    DISABLE_TWO_FACTOR,
    client("GET", account!("/activity/latest"), something),
    client("GET", account!("/logs"), nothing_listed).without_two_factor(),
    client("DELETE", account!("/logs"), nothing).without_two_factor(),
    client("POST", account!("/verify"), something),
    client("POST", account!("/coupon"), something),
    client("PUT", account!("/username"), nothing).wants(Permission::Password("password")),
    client("GET", account!("/referrals"), nothing_listed),
    client("GET", account!("/referrals/activity"), nothing_listed),
    client("POST", account!("/referrals"), something),
    client("PUT", account!("/referrals/use-code"), nothing),
    client("DELETE", account!("/referrals/{referral}"), not_found),
    client("GET", account!("/discord"), something),
    client("GET", account!("/discord/callback"), something),
    client("POST", account!("/discord/unlink"), nothing),
    client("GET", account!("/tickets"), forks::tickets),
    client("POST", account!("/tickets"), something),
    client("GET", account!("/tickets/{ticket}"), forks::ticket),
    client("DELETE", account!("/tickets/{ticket}"), forks::ticket),
    client(
        "GET",
        account!("/tickets/{ticket}/messages"),
        nothing_listed,
    ),
    client(
        "POST",
        account!("/tickets/{ticket}/messages"),
        forks::ticket,
    ),
    client("GET", "/api/client/store", something),
    client("GET", "/api/client/store/costs", something),
    client("GET", "/api/client/store/nodes", nothing_listed),
    client("GET", "/api/client/store/nests", nothing_listed),
    client("POST", "/api/client/store/eggs", something),
    client("POST", "/api/client/store/create", something).fields(SOMETHING),
    client("POST", "/api/client/store/resources", nothing).fields(SOMETHING),
    client("POST", "/api/client/store/earn", nothing),
    client("POST", "/api/client/store/stripe", something).fields(SOMETHING),
    client("POST", "/api/client/store/paypal", something).fields(SOMETHING),
    client("GET", "/api/client/store/paypal/callback", something),
    client("GET", server!("/analytics"), something)
        .needs("control.console")
        .left_open(),
    client("GET", server!("/analytics/messages"), something)
        .needs("control.console")
        .left_open(),
    client("POST", server!("/background"), nothing)
        .needs("settings.rename")
        .left_open(),
    client("POST", server!("/edit"), nothing)
        .needs("settings.rename")
        .fields(SOMETHING)
        .left_open(),
    client("POST", server!("/renew"), nothing)
        .needs("settings.rename")
        .left_open(),
    client("POST", server!("/delete"), nothing)
        .needs("settings.reinstall")
        .fields(SOMETHING)
        .left_open(),
    client("POST", server!("/plugins"), something)
        .needs("file.create")
        .left_open(),
    client("POST", server!("/plugins/install/{plugin}"), not_found)
        .needs("file.create")
        .daemon(),
];

static PELICAN: &[Route] = &[
    reads(Eggs, admin!("/eggs"), forks::eggs),
    reads(Eggs, admin!("/eggs/{egg}"), application::egg),
    reads(
        DatabaseHosts,
        admin!("/database-hosts"),
        forks::database_hosts,
    ),
    reads(
        DatabaseHosts,
        admin!("/database-hosts/{database_host}"),
        forks::database_host,
    ),
    writes(DatabaseHosts, "POST", admin!("/database-hosts"), something).fields(SOMETHING),
    writes(
        DatabaseHosts,
        "PATCH",
        admin!("/database-hosts/{database_host}"),
        forks::database_host,
    ),
    writes(
        DatabaseHosts,
        "DELETE",
        admin!("/database-hosts/{database_host}"),
        nothing,
    ),
    reads(Roles, admin!("/roles"), forks::roles),
    reads(Roles, admin!("/roles/{role}"), forks::role),
    writes(Roles, "POST", admin!("/roles"), something).fields(SOMETHING),
    writes(Roles, "PATCH", admin!("/roles/{role}"), forks::role).fields(SOMETHING),
    writes(Roles, "DELETE", admin!("/roles/{role}"), nothing),
    reads(Mounts, admin!("/mounts"), forks::mounts),
    reads(Mounts, admin!("/mounts/{mount}"), forks::mount),
    writes(Mounts, "POST", admin!("/mounts"), forks::made),
    writes(Mounts, "PATCH", admin!("/mounts/{mount}"), forks::mount),
    writes(Mounts, "DELETE", admin!("/mounts/{mount}"), nothing),
    reads(Eggs, admin!("/mounts/{mount}/eggs"), nothing_listed),
    reads(Nodes, admin!("/mounts/{mount}/nodes"), nothing_listed),
    reads(Servers, admin!("/mounts/{mount}/servers"), nothing_listed),
    writes(Mounts, "POST", admin!("/mounts/{mount}/eggs"), nothing).left_open(),
    writes(Mounts, "POST", admin!("/mounts/{mount}/nodes"), nothing).left_open(),
    writes(Mounts, "POST", admin!("/mounts/{mount}/servers"), nothing).left_open(),
    writes(
        Mounts,
        "DELETE",
        admin!("/mounts/{mount}/eggs/{egg_id}"),
        nothing,
    )
    .left_open(),
    writes(
        Mounts,
        "DELETE",
        admin!("/mounts/{mount}/nodes/{node_id}"),
        nothing,
    )
    .left_open(),
    writes(
        Mounts,
        "DELETE",
        admin!("/mounts/{mount}/servers/{server_id}"),
        nothing,
    )
    .left_open(),
    writes(
        Servers,
        "POST",
        admin!("/servers/{server}/transfer"),
        nothing,
    )
    .daemon(),
    writes(
        Servers,
        "POST",
        admin!("/servers/{server}/transfer/cancel"),
        nothing,
    )
    .daemon(),
    writes(
        Users,
        "PATCH",
        admin!("/users/{user}/roles/assign"),
        application::user,
    ),
    writes(
        Users,
        "PATCH",
        admin!("/users/{user}/roles/remove"),
        application::user,
    ),
    DISABLE_TWO_FACTOR,
    client("GET", server!("/resources"), server::resources),
    client("PUT", server!("/backups/{backup}/rename"), something)
        .needs("backup.delete")
        .fields(SOMETHING),
    client("POST", server!("/settings/description"), nothing).needs("settings.description"),
];
