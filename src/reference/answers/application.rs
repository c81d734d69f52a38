//! Application API: administration.

use serde_json::{Value, json};

use super::{
    super::{
        content,
        errors::{FieldError, Refusal},
        inquiry::Inquiry,
        state::State,
        world::{Database, Location, Node, Server, User},
    },
    Outcome, Success, created,
    lists::{self, Listing},
    objects, ok,
};

const fn listing(filters: &'static [&'static str], sorts: &'static [&'static str]) -> Listing {
    Listing {
        per_page: 50,
        largest_page: None,
        filters,
        sorts,
    }
}

const USERS: Listing = listing(
    &["email", "uuid", "username", "external_id"],
    &["id", "uuid"],
);
const NODES: Listing = listing(
    &["uuid", "name", "fqdn", "daemon_token_id"],
    &["id", "uuid", "memory", "disk"],
);
const LOCATIONS: Listing = listing(&["short", "long"], &["id"]);
const SERVERS: Listing = listing(
    &[
        "uuid",
        "uuidShort",
        "name",
        "description",
        "image",
        "external_id",
    ],
    &["id", "uuid"],
);
const ALLOCATIONS: Listing = listing(&["ip", "port", "ip_alias", "server"], &[]);
const OTHERS: Listing = listing(&[], &[]);

fn page(inquiry: &Inquiry<'_>, listing: &Listing, objects: Vec<Value>) -> Outcome {
    ok(lists::page(
        inquiry.incoming,
        inquiry.base_url,
        listing,
        objects,
    )?)
}

pub(in crate::reference) fn users(inquiry: &mut Inquiry<'_>) -> Outcome {
    let objects = inquiry
        .state
        .world
        .users
        .iter()
        .map(objects::user)
        .collect();
    page(inquiry, &USERS, objects)
}

pub(in crate::reference) fn user(inquiry: &mut Inquiry<'_>) -> Outcome {
    let user = inquiry
        .bound
        .user
        .as_ref()
        .and_then(|name| inquiry.state.user(name));
    ok(objects::user(inquiry.found(user)?))
}

pub(in crate::reference) fn external_user(inquiry: &mut Inquiry<'_>) -> Outcome {
    let wanted = inquiry.parameters.get("external_id");
    let mut users = inquiry.state.world.users.iter();
    let user =
        users.find(|user| user.external_id.is_some() && user.external_id.as_deref() == wanted);
    ok(objects::user(inquiry.found(user)?))
}

pub(in crate::reference) fn create_user(inquiry: &mut Inquiry<'_>) -> Outcome {
    check_unique(inquiry, None)?;
    // The number of a user who was deleted is not given again.
    let world = &inquiry.state.world;
    let ever = world.users.iter().chain(&world.deleted_users);
    let id = State::next_id(ever.map(|user| user.id));
    let mut user = User {
        name: format!("user-{id}"),
        id,
        uuid: format!("{id:08x}-0000-4000-8000-000000000000"),
        external_id: None,
        username: String::new(),
        email: String::new(),
        first_name: String::new(),
        last_name: String::new(),
        password: String::new(),
        root_admin: false,
        two_factor: false,
        ssh_keys: Vec::new(),
        tickets: Vec::new(),
    };
    fill(inquiry, &mut user);
    let object = objects::user(&user);
    inquiry.state.world.users.push(user);
    created(object, inquiry.base_url, "users")
}

pub(in crate::reference) fn update_user(inquiry: &mut Inquiry<'_>) -> Outcome {
    let position = inquiry.found(bound_user(inquiry))?;
    let mut user = inquiry.state.world.users[position].clone();
    check_unique(inquiry, Some(user.id))?;
    fill(inquiry, &mut user);
    let object = objects::user(&user);
    inquiry.state.world.users[position] = user;
    ok(object)
}

pub(in crate::reference) fn delete_user(inquiry: &mut Inquiry<'_>) -> Outcome {
    let position = inquiry.found(bound_user(inquiry))?;
    let name = &inquiry.state.world.users[position].name;
    if inquiry
        .state
        .world
        .servers
        .iter()
        .any(|server| server.owner == *name)
    {
        let detail = "Cannot delete a user that has active servers attached to their account.";
        return Err(Refusal::display("DisplayException", detail));
    }
    let world = &mut inquiry.state.world;
    world.deleted_users.push(world.users.remove(position));
    Ok(Success::empty(204))
}

fn bound_user(inquiry: &Inquiry<'_>) -> Option<usize> {
    let name = inquiry.bound.user.as_ref()?;
    let mut users = inquiry.state.world.users.iter();
    users.position(|user| user.name == *name)
}

/// Takes the fields of the content over into a user.
fn fill(inquiry: &Inquiry<'_>, user: &mut User) {
    let text = |name| inquiry.text(name).unwrap_or_default();
    user.username = text("username").to_lowercase();
    user.email = text("email");
    user.first_name = text("first_name");
    user.last_name = text("last_name");
    if inquiry.fields.contains_key("external_id") {
        user.external_id = inquiry.text("external_id");
    }
    if let Some(root_admin) = content::at(&inquiry.fields, "root_admin") {
        user.root_admin = *root_admin == json!(true) || *root_admin == json!(1);
    }
    if let Some(password) = inquiry.text("password") {
        user.password = password;
    }
}

/// E-mail address and username belong to one user only.
fn check_unique(inquiry: &Inquiry<'_>, but: Option<u64>) -> Result<(), Refusal> {
    let taken = |field: &'static str, of: fn(&User) -> &str| {
        let wanted = inquiry.text(field).unwrap_or_default();
        let mut others = inquiry
            .state
            .world
            .users
            .iter()
            .filter(|user| Some(user.id) != but);
        let found = others.any(|user| of(user).eq_ignore_ascii_case(&wanted));
        found.then(|| FieldError {
            field: field.to_owned(),
            rule: "unique",
            message: format!("The {field} has already been taken."),
        })
    };
    let errors = [
        taken("email", |user| &user.email),
        taken("username", |user| &user.username),
    ];
    let errors: Vec<FieldError> = errors.into_iter().flatten().collect();
    if errors.is_empty() {
        return Ok(());
    }
    Err(inquiry.invalid(errors))
}

pub(in crate::reference) fn nodes(inquiry: &mut Inquiry<'_>) -> Outcome {
    let objects = inquiry
        .state
        .world
        .nodes
        .iter()
        .map(objects::node)
        .collect();
    page(inquiry, &NODES, objects)
}

pub(in crate::reference) fn node(inquiry: &mut Inquiry<'_>) -> Outcome {
    ok(objects::node(inquiry.found(bound_node(inquiry))?))
}

fn bound_node<'a>(inquiry: &'a Inquiry<'_>) -> Option<&'a Node> {
    inquiry.state.node(inquiry.bound.node?)
}

/// All nodes: the panel does not count what they carry.
pub(in crate::reference) fn deployable(inquiry: &mut Inquiry<'_>) -> Outcome {
    let nodes = inquiry.state.world.nodes.iter();
    let objects = nodes.map(|node| {
        let mut object = objects::node(node);
        object["attributes"]["sum_memory"] = json!("4096");
        object["attributes"]["sum_disk"] = json!("8192");
        object
    });
    ok(super::list(objects.collect()))
}

pub(in crate::reference) fn configuration(inquiry: &mut Inquiry<'_>) -> Outcome {
    let node = inquiry.found(bound_node(inquiry))?;
    ok(objects::configuration(node, inquiry.base_url))
}

/// The first node under another name: nothing is stored.
pub(in crate::reference) fn created_node(inquiry: &mut Inquiry<'_>) -> Outcome {
    let mut node = inquiry.found(inquiry.state.world.nodes.first())?.clone();
    node.id = State::next_id(inquiry.state.world.nodes.iter().map(|node| node.id));
    node.name = inquiry.text("name").unwrap_or_default();
    created(objects::node(&node), inquiry.base_url, "nodes")
}

pub(in crate::reference) fn delete_node(inquiry: &mut Inquiry<'_>) -> Outcome {
    let bound = inquiry.bound.node;
    if inquiry
        .state
        .world
        .servers
        .iter()
        .any(|server| Some(server.node) == bound)
    {
        let detail = "A node with servers on it cannot be deleted.";
        return Err(Refusal::display("HasActiveServersException", detail));
    }
    Ok(Success::empty(204))
}

pub(in crate::reference) fn allocations(inquiry: &mut Inquiry<'_>) -> Outcome {
    let all = inquiry.state.world.allocations.iter();
    let here = all.filter(|one| Some(one.node) == inquiry.bound.node);
    page(
        inquiry,
        &ALLOCATIONS,
        here.map(objects::node_allocation).collect(),
    )
}

pub(in crate::reference) fn locations(inquiry: &mut Inquiry<'_>) -> Outcome {
    let objects = inquiry
        .state
        .world
        .locations
        .iter()
        .map(objects::location)
        .collect();
    page(inquiry, &LOCATIONS, objects)
}

pub(in crate::reference) fn location(inquiry: &mut Inquiry<'_>) -> Outcome {
    let position = inquiry.found(bound_location(inquiry))?;
    ok(objects::location(&inquiry.state.world.locations[position]))
}

fn bound_location(inquiry: &Inquiry<'_>) -> Option<usize> {
    let mut all = inquiry.state.world.locations.iter();
    all.position(|one| Some(one.id) == inquiry.bound.location)
}

pub(in crate::reference) fn create_location(inquiry: &mut Inquiry<'_>) -> Outcome {
    let location = Location {
        id: State::next_id(inquiry.state.world.locations.iter().map(|one| one.id)),
        short: inquiry.text("short").unwrap_or_default(),
        long: inquiry.text("long").unwrap_or_default(),
    };
    let object = objects::location(&location);
    inquiry.state.world.locations.push(location);
    created(object, inquiry.base_url, "locations")
}

pub(in crate::reference) fn update_location(inquiry: &mut Inquiry<'_>) -> Outcome {
    let position = inquiry.found(bound_location(inquiry))?;
    let (short, long) = (inquiry.text("short"), inquiry.text("long"));
    let location = &mut inquiry.state.world.locations[position];
    location.short = short.unwrap_or_default();
    location.long = long.unwrap_or_else(|| location.long.clone());
    ok(objects::location(location))
}

pub(in crate::reference) fn delete_location(inquiry: &mut Inquiry<'_>) -> Outcome {
    let position = inquiry.found(bound_location(inquiry))?;
    let id = inquiry.state.world.locations[position].id;
    if inquiry
        .state
        .world
        .nodes
        .iter()
        .any(|node| node.location == id)
    {
        let detail = "Cannot delete a location that has active nodes attached to it.";
        return Err(Refusal::display("HasActiveNodesException", detail));
    }
    inquiry.state.world.locations.remove(position);
    Ok(Success::empty(204))
}

pub(in crate::reference) fn servers(inquiry: &mut Inquiry<'_>) -> Outcome {
    let all = inquiry.state.world.servers.iter();
    let objects = all
        .map(|server| objects::managed_server(inquiry.state, server))
        .collect();
    page(inquiry, &SERVERS, objects)
}

pub(in crate::reference) fn server(inquiry: &mut Inquiry<'_>) -> Outcome {
    ok(objects::managed_server(inquiry.state, inquiry.server()?))
}

pub(in crate::reference) fn external_server(inquiry: &mut Inquiry<'_>) -> Outcome {
    let wanted = inquiry.parameters.get("external_id");
    let mut all = inquiry.state.world.servers.iter();
    let found = all.find(|one| one.external_id.is_some() && one.external_id.as_deref() == wanted);
    ok(objects::managed_server(
        inquiry.state,
        inquiry.found(found)?,
    ))
}

/// The first server under another name: nothing is stored.
pub(in crate::reference) fn created_server(inquiry: &mut Inquiry<'_>) -> Outcome {
    let mut server: Server = inquiry.found(inquiry.state.world.servers.first())?.clone();
    server.id = State::next_id(inquiry.state.world.servers.iter().map(|one| one.id));
    server.uuid = format!("{:08x}-0000-4000-8000-000000000000", server.id);
    server.name = inquiry.text("name").unwrap_or_default();
    let object = objects::managed_server(inquiry.state, &server);
    created(object, inquiry.base_url, "servers")
}

pub(in crate::reference) fn delete_server(inquiry: &mut Inquiry<'_>) -> Outcome {
    let id = inquiry.server()?.id;
    inquiry.state.world.servers.retain(|server| server.id != id);
    for allocation in &mut inquiry.state.world.allocations {
        allocation.server = allocation.server.filter(|server| *server != id);
    }
    Ok(Success::empty(204))
}

pub(in crate::reference) fn databases(inquiry: &mut Inquiry<'_>) -> Outcome {
    let server = inquiry.server()?;
    let all = server.databases.iter();
    ok(super::list(
        all.map(|one| objects::managed_database(one, server))
            .collect(),
    ))
}

pub(in crate::reference) fn database(inquiry: &mut Inquiry<'_>) -> Outcome {
    let server = inquiry.server()?;
    let mut all = server.databases.iter();
    let found = all.find(|one| Some(one.id) == inquiry.bound.database);
    ok(objects::managed_database(inquiry.found(found)?, server))
}

/// A database that is answered and not stored.
pub(in crate::reference) fn created_database(inquiry: &mut Inquiry<'_>) -> Outcome {
    let server = inquiry.server()?;
    let database = Database {
        id: 1000,
        hash: String::new(),
        name: inquiry.text("database").unwrap_or_default(),
    };
    let path = format!("servers/{}/databases", server.id);
    created(
        objects::managed_database(&database, server),
        inquiry.base_url,
        &path,
    )
}

pub(in crate::reference) fn nests(inquiry: &mut Inquiry<'_>) -> Outcome {
    let objects = inquiry
        .state
        .world
        .nests
        .iter()
        .map(objects::nest)
        .collect();
    page(inquiry, &OTHERS, objects)
}

pub(in crate::reference) fn nest(inquiry: &mut Inquiry<'_>) -> Outcome {
    let mut all = inquiry.state.world.nests.iter();
    let found = all.find(|one| Some(one.id) == inquiry.bound.nest);
    ok(objects::nest(inquiry.found(found)?))
}

pub(in crate::reference) fn eggs(inquiry: &mut Inquiry<'_>) -> Outcome {
    let all = inquiry.state.world.eggs.iter();
    let here = all.filter(|one| Some(one.nest) == inquiry.bound.nest);
    ok(super::list(here.map(objects::egg).collect()))
}

pub(in crate::reference) fn egg(inquiry: &mut Inquiry<'_>) -> Outcome {
    let mut all = inquiry.state.world.eggs.iter();
    let found = all.find(|one| Some(one.id) == inquiry.bound.egg);
    ok(objects::egg(inquiry.found(found)?))
}
