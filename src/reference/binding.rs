//! Binding: which things the parameters of a path name (panel-facts §2, §10).
//!
//! A thing inside another one is only found there: a database of another server is missing.

use super::{
    errors::Refusal,
    inquiry::{Bound, Inquiry},
    routes::Api,
    state::State,
    wording::Condition,
    world::Server,
};

/// Finds everything that the path names, in its order; the first that is missing decides.
pub(super) fn bind(inquiry: &mut Inquiry<'_>) -> Result<(), Refusal> {
    let api = inquiry.api();
    let mut bound = Bound::default();
    for (name, value) in inquiry.parameters.iter() {
        let found = match api {
            Api::Client => client(inquiry.state, &mut bound, name, value),
            Api::Application => application(inquiry.state, &mut bound, name, value),
        };
        if found.is_none() {
            return Err(inquiry.refuse(Condition::Missing));
        }
    }
    inquiry.bound = bound;
    Ok(())
}

/// Client API: servers by UUID or its first eight characters, in any case; databases by hash.
fn client(state: &State, bound: &mut Bound, name: &str, value: &str) -> Option<()> {
    if name == "server" {
        let servers = &state.world.servers;
        bound.server = Some(servers.iter().find(|one| is_called(one, value))?.id);
        return Some(());
    }
    let inside = bound.server.and_then(|id| state.server(id));
    match (name, inside) {
        ("database", Some(server)) => {
            let found = server.databases.iter().find(|one| one.hash == value)?;
            bound.database = Some(found.id);
        }
        ("schedule", Some(server)) => {
            let found = server.schedules.iter().find(|one| is(one.id, value))?;
            bound.schedule = Some(found.id);
        }
        ("task", Some(server)) => {
            let schedule = server
                .schedules
                .iter()
                .find(|one| Some(one.id) == bound.schedule)?;
            bound.task = Some(schedule.tasks.iter().find(|one| is(one.id, value))?.id);
        }
        ("allocation", Some(server)) => {
            let all = state.allocations_of(server.id);
            bound.allocation = Some(all.iter().find(|one| is(one.id, value))?.id);
        }
        ("backup", Some(server)) => {
            let mut backups = server.backups.iter();
            let found = backups.find(|one| one.uuid.eq_ignore_ascii_case(value))?;
            bound.backup = Some(found.uuid.clone());
        }
        ("user", Some(server)) => bound.user = Some(subuser(state, server, value)?),
        _ => {} // not a thing of the database: looked up later, if at all
    }
    Some(())
}

/// Application API: everything by number.
fn application(state: &State, bound: &mut Bound, name: &str, value: &str) -> Option<()> {
    let world = &state.world;
    match name {
        "user" => {
            let found = world.users.iter().find(|one| is(one.id, value))?;
            bound.user = Some(found.name.clone());
        }
        "node" => bound.node = Some(world.nodes.iter().find(|one| is(one.id, value))?.id),
        "location" => {
            bound.location = Some(world.locations.iter().find(|one| is(one.id, value))?.id);
        }
        "nest" => bound.nest = Some(world.nests.iter().find(|one| is(one.id, value))?.id),
        "egg" => {
            let mut eggs = world.eggs.iter().filter(|one| Some(one.nest) == bound.nest);
            bound.egg = Some(eggs.find(|one| is(one.id, value))?.id);
        }
        "server" => bound.server = Some(world.servers.iter().find(|one| is(one.id, value))?.id),
        "allocation" => {
            let mut all = world
                .allocations
                .iter()
                .filter(|one| Some(one.node) == bound.node);
            bound.allocation = Some(all.find(|one| is(one.id, value))?.id);
        }
        "database" => {
            let server = state.server(bound.server?)?;
            bound.database = Some(server.databases.iter().find(|one| is(one.id, value))?.id);
        }
        _ => {}
    }
    Some(())
}

fn is(id: u64, value: &str) -> bool {
    value.parse() == Ok(id)
}

fn is_called(server: &Server, value: &str) -> bool {
    server.uuid.eq_ignore_ascii_case(value) || server.short_id().eq_ignore_ascii_case(value)
}

fn subuser(state: &State, server: &Server, uuid: &str) -> Option<String> {
    let mut users = server
        .subusers
        .iter()
        .filter_map(|one| state.user(&one.user));
    let found = users.find(|user| user.uuid.eq_ignore_ascii_case(uuid))?;
    Some(found.name.clone())
}
