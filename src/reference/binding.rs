//! Binding: which things the parameters of a path name (panel-facts §2, §10).
//!
//! A thing inside another one is only found there: a database of another server is missing.

use super::{
    answers::forks,
    errors::Refusal,
    identifiers,
    inquiry::{Bound, Inquiry},
    routes::Api,
    state::State,
    wording::Condition,
    world::Server,
};

/// Which parameters of a path are bound at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    All,
    Server,
    /// Databases, backups and users, whose ids are unique.
    Unique,
    /// Schedules, tasks and allocations, whose ids are numbers.
    Numbered,
}

impl Part {
    fn holds(self, parameter: &str) -> bool {
        match self {
            Self::All => true,
            Self::Server => parameter == "server",
            Self::Unique => is_unique(parameter),
            Self::Numbered => parameter != "server" && !is_unique(parameter),
        }
    }
}

fn is_unique(parameter: &str) -> bool {
    matches!(parameter, "database" | "backup" | "user")
}

/// What was looked for, or why it cannot be told.
type Found<T> = Result<Option<T>, Refusal>;

/// Finds what this part of the path names, in its order; the first that is missing decides.
pub(super) fn bind(inquiry: &mut Inquiry<'_>, part: Part) -> Result<(), Refusal> {
    let mut bound = inquiry.bound.clone();
    let named = inquiry.parameters.iter();
    for (name, value) in named.filter(|(name, _)| part.holds(name)) {
        let sample = inquiry.route.sample;
        let found = match inquiry.api() {
            _ if sample.is_some_and(|sample| sample.is_missing(name, value, true)) => None,
            Api::Client if name == "server" => server(inquiry, &mut bound, value)?,
            Api::Client => inside_server(inquiry.state, &mut bound, name, value),
            Api::Application => application(inquiry.state, &mut bound, name, value),
        };
        if found.is_none() {
            return Err(inquiry.refuse(Condition::Missing(Some(name))));
        }
    }
    inquiry.bound = bound;
    Ok(())
}

/// Whether the things with unique ids exist, on whatever server.
pub(super) fn exist(inquiry: &mut Inquiry<'_>) -> Result<(), Refusal> {
    let servers = &inquiry.state.world.servers;
    for (name, value) in inquiry.parameters.iter() {
        let exists = match name {
            "database" => servers.iter().any(|one| database(one, value).is_some()),
            "backup" => servers.iter().any(|one| backup(one, value).is_some()),
            "user" => {
                let mut users = inquiry.state.world.users.iter();
                users.any(|one| one.uuid.eq_ignore_ascii_case(value))
            }
            _ => true,
        };
        if !exists {
            return Err(inquiry.refuse(Condition::Missing(Some(name))));
        }
    }
    Ok(())
}

/// Client API: servers by UUID or its first eight characters, in any case.
fn server(inquiry: &Inquiry<'_>, bound: &mut Bound, value: &str) -> Found<()> {
    for server in &inquiry.state.world.servers {
        if is_called(server, value) || has_encoded_id(inquiry, server, value)? {
            bound.server = Some(server.id);
            return Ok(Some(()));
        }
    }
    Ok(None)
}

fn has_encoded_id(inquiry: &Inquiry<'_>, server: &Server, value: &str) -> Result<bool, Refusal> {
    if !inquiry.traits().encoded_ids {
        return Ok(false);
    }
    identifiers::is(value, "serv_", &server.uuid)
        .map_err(|_| Refusal::broken("InvalidArgumentException"))
}

/// Client API: what belongs to a server; databases by hash.
fn inside_server(state: &State, bound: &mut Bound, name: &str, value: &str) -> Option<()> {
    if name == "nest" {
        bound.nest = Some(state.world.nests.iter().find(|one| is(one.id, value))?.id);
        return Some(());
    }
    let Some(server) = bound.server.and_then(|id| state.server(id)) else {
        return Some(()); // not a thing of the database: looked up later, if at all
    };
    match name {
        "database" => bound.database = Some(database(server, value)?),
        "backup" => bound.backup = Some(backup(server, value)?),
        "user" => bound.user = Some(subuser(state, server, value)?),
        "schedule" => {
            let found = server.schedules.iter().find(|one| is(one.id, value))?;
            bound.schedule = Some(found.id);
        }
        "task" => {
            let schedule = server
                .schedules
                .iter()
                .find(|one| Some(one.id) == bound.schedule)?;
            bound.task = Some(schedule.tasks.iter().find(|one| is(one.id, value))?.id);
        }
        "allocation" => {
            let all = state.allocations_of(server.id);
            bound.allocation = Some(all.iter().find(|one| is(one.id, value))?.id);
        }
        _ => {}
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
            // Where there are no nests, eggs stand alone.
            let mut eggs = world
                .eggs
                .iter()
                .filter(|one| bound.nest.is_none_or(|nest| one.nest == nest));
            bound.egg = Some(eggs.find(|one| is(one.id, value))?.id);
        }
        "server" => bound.server = Some(world.servers.iter().find(|one| is(one.id, value))?.id),
        "role" => (value == forks::ROLE).then_some(())?,
        "mount" => has(&world.mounts, value)?,
        "database_host" => has(&world.database_hosts, value)?,
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

/// What nothing but the last parameter of a path names, so that it need not be kept.
fn has(ids: &[u64], value: &str) -> Option<()> {
    ids.iter().any(|id| is(*id, value)).then_some(())
}

fn is(id: u64, value: &str) -> bool {
    value.parse() == Ok(id)
}

fn is_called(server: &Server, value: &str) -> bool {
    server.uuid.eq_ignore_ascii_case(value) || server.short_id().eq_ignore_ascii_case(value)
}

fn database(server: &Server, hash: &str) -> Option<u64> {
    let found = server.databases.iter().find(|one| one.hash == hash)?;
    Some(found.id)
}

fn backup(server: &Server, uuid: &str) -> Option<String> {
    let mut backups = server.backups.iter();
    let found = backups.find(|one| one.uuid.eq_ignore_ascii_case(uuid))?;
    Some(found.uuid.clone())
}

fn subuser(state: &State, server: &Server, uuid: &str) -> Option<String> {
    let mut users = server
        .subusers
        .iter()
        .filter_map(|one| state.user(&one.user));
    let found = users.find(|user| user.uuid.eq_ignore_ascii_case(uuid))?;
    Some(found.name.clone())
}

#[cfg(test)]
mod tests {
    use super::Part;

    #[test]
    fn each_part_of_a_path_is_looked_up_by_its_own_check() {
        let names = ["server", "database", "backup", "user", "schedule", "task"];
        let held = |part: Part| names.map(|name| part.holds(name));
        assert_eq!(held(Part::All), [true; 6]);
        assert_eq!(
            held(Part::Server),
            [true, false, false, false, false, false]
        );
        assert_eq!(held(Part::Unique), [false, true, true, true, false, false]);
        assert_eq!(
            held(Part::Numbered),
            [false, false, false, false, true, true]
        );
    }
}
