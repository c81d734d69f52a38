//! The routes of the Application API (routes-application.csv).

use super::{
    super::{
        answers::application,
        family::Family,
        validation::{Field, present, required},
        world::{Access, Resource},
    },
    Action, Api, Permission, Route, nothing,
};

const fn get(resource: Resource, path: &'static str, action: Action) -> Route {
    route(resource, Access::Read, "GET", path, action)
}

const fn post(resource: Resource, path: &'static str, action: Action) -> Route {
    route(resource, Access::Write, "POST", path, action)
}

const fn patch(resource: Resource, path: &'static str, action: Action) -> Route {
    route(resource, Access::Write, "PATCH", path, action)
}

const fn delete(resource: Resource, path: &'static str, action: Action) -> Route {
    route(resource, Access::Write, "DELETE", path, action)
}

const fn route(
    resource: Resource,
    access: Access,
    method: &'static str,
    path: &'static str,
    action: Action,
) -> Route {
    Route::new(Some(Api::Application), method, path, action)
        .wants(Permission::Resource(resource, access))
}

use Resource::{Allocations, Eggs, Locations, Nests, Nodes, ServerDatabases, Servers, Users};

const USER: &[Field] = &[
    required("email"),
    required("username"),
    required("first_name"),
    required("last_name"),
];
const NODE: &[Field] = &[
    required("name"),
    required("location_id").called("Location"),
    required("fqdn"),
    required("scheme"),
    required("memory"),
    required("memory_overallocate"),
    required("disk"),
    required("disk_overallocate"),
    required("daemon_sftp"),
    required("daemon_listen"),
];
const LOCATION: &[Field] = &[required("short").called("Location Identifier")];
const SERVER: &[Field] = &[
    required("name"),
    required("user"),
    required("egg"),
    required("docker_image"),
    required("startup"),
    present("environment"),
    required("limits"),
    required("limits.memory"),
    required("limits.swap"),
    required("limits.disk"),
    required("limits.io"),
    required("limits.cpu"),
    required("feature_limits"),
    present("feature_limits.databases"),
    present("feature_limits.backups"),
    required("allocation.default"),
];

pub(super) static ROUTES: &[Route] = &[
    get(Users, "/api/application/users", application::users),
    get(Users, "/api/application/users/{user}", application::user),
    get(
        Users,
        "/api/application/users/external/{external_id}",
        application::external_user,
    ),
    post(Users, "/api/application/users", application::create_user).fields(USER),
    patch(
        Users,
        "/api/application/users/{user}",
        application::update_user,
    )
    .fields(USER),
    delete(
        Users,
        "/api/application/users/{user}",
        application::delete_user,
    ),
    get(Nodes, "/api/application/nodes", application::nodes),
    get(
        Nodes,
        "/api/application/nodes/deployable",
        application::deployable,
    )
    .fields(&[required("memory"), required("disk")]),
    get(Nodes, "/api/application/nodes/{node}", application::node),
    get(
        Nodes,
        "/api/application/nodes/{node}/configuration",
        application::configuration,
    )
    .until(Family::V1_12),
    route(
        Nodes,
        Access::Write, // it holds the token of the daemon
        "GET",
        "/api/application/nodes/{node}/configuration",
        application::configuration,
    )
    .since(Family::V1_14),
    post(Nodes, "/api/application/nodes", application::created_node).fields(NODE),
    patch(Nodes, "/api/application/nodes/{node}", application::node).fields(NODE),
    delete(
        Nodes,
        "/api/application/nodes/{node}",
        application::delete_node,
    ),
    get(
        Allocations,
        "/api/application/nodes/{node}/allocations",
        application::allocations,
    ),
    post(
        Allocations,
        "/api/application/nodes/{node}/allocations",
        nothing,
    )
    .fields(&[required("ip"), required("ports")]),
    delete(
        Allocations,
        "/api/application/nodes/{node}/allocations/{allocation}",
        nothing,
    ),
    get(
        Locations,
        "/api/application/locations",
        application::locations,
    ),
    get(
        Locations,
        "/api/application/locations/{location}",
        application::location,
    ),
    post(
        Locations,
        "/api/application/locations",
        application::create_location,
    )
    .fields(LOCATION),
    patch(
        Locations,
        "/api/application/locations/{location}",
        application::update_location,
    )
    .fields(LOCATION),
    delete(
        Locations,
        "/api/application/locations/{location}",
        application::delete_location,
    ),
    get(Servers, "/api/application/servers", application::servers),
    get(
        Servers,
        "/api/application/servers/{server}",
        application::server,
    ),
    get(
        Servers,
        "/api/application/servers/external/{external_id}",
        application::external_server,
    ),
    patch(
        Servers,
        "/api/application/servers/{server}/details",
        application::server,
    )
    .fields(&[required("name"), required("user")]),
    patch(
        Servers,
        "/api/application/servers/{server}/build",
        application::server,
    )
    .fields(&[required("allocation"), required("feature_limits")])
    .daemon(),
    patch(
        Servers,
        "/api/application/servers/{server}/startup",
        application::server,
    )
    .fields(&[
        required("startup"),
        present("environment"),
        required("egg"),
        required("image"),
        present("skip_scripts"),
    ]),
    post(
        Servers,
        "/api/application/servers",
        application::created_server,
    )
    .fields(SERVER)
    .daemon(),
    post(
        Servers,
        "/api/application/servers/{server}/suspend",
        nothing,
    )
    .daemon(),
    post(
        Servers,
        "/api/application/servers/{server}/unsuspend",
        nothing,
    )
    .daemon(),
    post(
        Servers,
        "/api/application/servers/{server}/reinstall",
        nothing,
    )
    .daemon(),
    delete(
        Servers,
        "/api/application/servers/{server}",
        application::delete_server,
    )
    .daemon(),
    delete(
        Servers,
        "/api/application/servers/{server}/{force}",
        application::delete_server,
    ),
    get(
        ServerDatabases,
        "/api/application/servers/{server}/databases",
        application::databases,
    ),
    get(
        ServerDatabases,
        "/api/application/servers/{server}/databases/{database}",
        application::database,
    ),
    post(
        ServerDatabases,
        "/api/application/servers/{server}/databases",
        application::created_database,
    )
    .fields(&[required("database"), required("remote"), required("host")]),
    post(
        ServerDatabases,
        "/api/application/servers/{server}/databases/{database}/reset-password",
        nothing,
    ),
    delete(
        ServerDatabases,
        "/api/application/servers/{server}/databases/{database}",
        nothing,
    ),
    get(Nests, "/api/application/nests", application::nests),
    get(Nests, "/api/application/nests/{nest}", application::nest),
    get(
        Eggs,
        "/api/application/nests/{nest}/eggs",
        application::eggs,
    ),
    get(
        Eggs,
        "/api/application/nests/{nest}/eggs/{egg}",
        application::egg,
    ),
];
