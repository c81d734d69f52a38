//! The objects of the API: real shapes (observed in group 09), invented values.

use serde_json::{Value, json};

use super::{
    super::{
        clock, identifiers,
        keys::StoredKey,
        state::{State, beginning},
        traits::Traits,
        world::{
            Allocation, Backup, Database, Egg, Location, Nest, Node, Schedule, Server, ServerState,
            SshKey, Subuser, Task, User,
        },
    },
    item, list,
};

const STARTUP: &str = "./run --port {{SERVER_PORT}}";
const IMAGE: &str = "registry.example/runtime:1";

pub(super) fn account(user: &User) -> Value {
    let attributes = json!({
        "id": user.id,
        "admin": user.root_admin,
        "username": user.username,
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "language": "en",
    });
    item("user", attributes)
}

pub(super) fn key(key: &StoredKey) -> Value {
    let attributes = json!({
        "identifier": key.identifier,
        "description": key.description,
        "allowed_ips": key.allowed_ips,
        "last_used_at": key.last_used_at.map(clock::date),
        "created_at": clock::date(key.created_at),
    });
    item("api_key", attributes)
}

pub(super) fn ssh_key(key: &SshKey) -> Value {
    let attributes = json!({
        "name": key.name,
        "fingerprint": key.fingerprint,
        "public_key": key.public_key,
        "created_at": beginning(),
    });
    item("user_ssh_key", attributes)
}

/// A server as the Client API shows it to one of its users.
pub(super) fn server(traits: &Traits, state: &State, server: &Server, user: &User) -> Value {
    let node = state.node(server.node);
    let mut attributes = json!({
        "server_owner": server.owner == user.name,
        "identifier": server.short_id(),
        "internal_id": server.id,
        "uuid": server.uuid,
        "name": server.name,
        "node": node.map(|node| &node.name),
        "sftp_details": { "ip": node.map(|node| &node.fqdn), "port": 2022 },
        "description": "",
        "limits": limits(),
        "invocation": STARTUP,
        "docker_image": IMAGE,
        "egg_features": ["eula"],
        "feature_limits": feature_limits(),
        "status": status(server),
        "is_suspended": server.state == ServerState::Suspended,
        "is_installing": server.state == ServerState::Installing,
        "is_transferring": server.state == ServerState::Transferring,
        "relationships": relationships(state, server, user),
    });
    if traits.node_maintenance {
        attributes["is_node_under_maintenance"] = json!(node.is_some_and(|node| node.maintenance));
    }
    if traits.encoded_ids {
        attributes["server_identifier"] = json!(identifiers::encode("serv_", &server.uuid));
        attributes["__deprecated_uuid_short"] = json!(server.short_id());
    }
    item("server", attributes)
}

/// A subuser sees only what the permissions allow, and the default allocation in any case.
fn relationships(state: &State, server: &Server, user: &User) -> Value {
    let mut allocations = allocations(state, server);
    if !server.allows(user, "allocation.read") {
        allocations.truncate(1);
    }
    let variables = if server.allows(user, "startup.read") {
        list(variables())
    } else {
        item("null_resource", Value::Null)
    };
    json!({ "allocations": list(allocations), "variables": variables })
}

/// The allocations of a server as the Client API shows them.
pub(super) fn allocations(state: &State, server: &Server) -> Vec<Value> {
    let all = state.allocations_of(server.id);
    let each = all.iter().enumerate();
    each.map(|(position, one)| allocation(one, position == 0))
        .collect()
}

pub(super) fn allocation(allocation: &Allocation, is_default: bool) -> Value {
    let attributes = json!({
        "id": allocation.id,
        "ip": allocation.ip,
        "ip_alias": null,
        "port": allocation.port,
        "notes": null,
        "is_default": is_default,
    });
    item("allocation", attributes)
}

pub(super) fn variables() -> Vec<Value> {
    let attributes = json!({
        "name": "Version",
        "description": "The version to run.",
        "env_variable": "VERSION",
        "default_value": "latest",
        "server_value": "latest",
        "is_editable": true,
        "rules": "required|string|max:20",
    });
    vec![item("egg_variable", attributes)]
}

pub(super) fn startup() -> Value {
    let mut document = list(variables());
    document["meta"] = json!({
        "startup_command": STARTUP,
        "docker_images": { "Runtime 1": IMAGE },
        "raw_startup_command": STARTUP,
    });
    document
}

pub(super) fn variable() -> Value {
    let mut document = variables().remove(0);
    document["meta"] = json!({ "startup_command": STARTUP, "raw_startup_command": STARTUP });
    document
}

pub(super) fn subuser(traits: &Traits, user: &User, subuser: &Subuser) -> Value {
    let mut attributes = json!({
        "uuid": user.uuid,
        "username": user.username,
        "email": user.email,
        "image": "https://avatar.example/0",
        "2fa_enabled": user.two_factor,
        "created_at": beginning(),
        "permissions": subuser.permissions,
    });
    if traits.encoded_ids {
        attributes["identifier"] = json!(identifiers::encode("user_", &user.uuid));
    }
    item("server_subuser", attributes)
}

pub(super) fn database(database: &Database) -> Value {
    let attributes = json!({
        "id": database.hash,
        "host": { "address": "db.example", "port": 3306 },
        "name": database.name,
        "username": format!("u_{}", database.id),
        "connections_from": "%",
        "max_connections": 0,
    });
    item("server_database", attributes)
}

pub(super) fn schedule(schedule: &Schedule) -> Value {
    let attributes = json!({
        "id": schedule.id,
        "name": schedule.name,
        "cron": {
            "day_of_week": "*",
            "day_of_month": "*",
            "month": "*",
            "hour": "4",
            "minute": "0",
        },
        "is_active": true,
        "is_processing": false,
        "only_when_online": false,
        "last_run_at": null,
        "next_run_at": beginning(),
        "created_at": beginning(),
        "updated_at": beginning(),
        "relationships": { "tasks": list(schedule.tasks.iter().map(task).collect()) },
    });
    item("server_schedule", attributes)
}

pub(super) fn task(task: &Task) -> Value {
    let attributes = json!({
        "id": task.id,
        "sequence_id": 1,
        "action": task.action,
        "payload": "restart",
        "time_offset": 0,
        "is_queued": false,
        "continue_on_failure": false,
        "created_at": beginning(),
        "updated_at": beginning(),
    });
    item("schedule_task", attributes)
}

pub(super) fn backup(backup: &Backup) -> Value {
    let attributes = json!({
        "uuid": backup.uuid,
        "is_successful": true,
        "is_locked": false,
        "name": backup.name,
        "ignored_files": [],
        "checksum": "sha1:0000000000000000000000000000000000000000",
        "bytes": 1024,
        "created_at": beginning(),
        "completed_at": beginning(),
    });
    item("backup", attributes)
}

pub(super) fn file(name: &str) -> Value {
    let attributes = json!({
        "name": name,
        "mode": "-rw-r--r--",
        "mode_bits": "644",
        "size": 12,
        "is_file": true,
        "is_symlink": false,
        "mimetype": "text/plain",
        "created_at": beginning(),
        "modified_at": beginning(),
    });
    item("file_object", attributes)
}

pub(super) fn user(user: &User) -> Value {
    let attributes = json!({
        "id": user.id,
        "external_id": user.external_id,
        "uuid": user.uuid,
        "username": user.username,
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "language": "en",
        "root_admin": user.root_admin,
        "2fa": user.two_factor,
        "created_at": beginning(),
        "updated_at": beginning(),
    });
    item("user", attributes)
}

pub(super) fn location(location: &Location) -> Value {
    let attributes = json!({
        "id": location.id,
        "short": location.short,
        "long": location.long,
        "updated_at": beginning(),
        "created_at": beginning(),
    });
    item("location", attributes)
}

pub(super) fn node(node: &Node) -> Value {
    let attributes = json!({
        "id": node.id,
        "uuid": node.uuid,
        "public": true,
        "name": node.name,
        "description": "",
        "location_id": node.location,
        "fqdn": node.fqdn,
        "scheme": "http",
        "behind_proxy": false,
        "maintenance_mode": node.maintenance,
        "memory": 65_536,
        "memory_overallocate": 0,
        "disk": 100_000,
        "disk_overallocate": 0,
        "upload_size": 100,
        "daemon_listen": node.daemon_port,
        "daemon_sftp": 2022,
        "daemon_base": "/srv/volumes",
        "created_at": beginning(),
        "updated_at": beginning(),
        "allocated_resources": { "memory": 4096, "disk": 8192 },
    });
    item("node", attributes)
}

/// The configuration of a node: not wrapped like other objects.
pub(super) fn configuration(node: &Node, base_url: &str) -> Value {
    json!({
        "debug": false,
        "uuid": node.uuid,
        "token_id": node.token_id,
        "token": node.token,
        "api": {
            "host": "0.0.0.0",
            "port": node.daemon_port,
            "ssl": { "enabled": false, "cert": "/etc/node/cert.pem", "key": "/etc/node/key.pem" },
            "upload_limit": 100,
        },
        "system": { "data": "/srv/volumes", "sftp": { "bind_port": 2022 } },
        "allowed_mounts": [],
        "remote": base_url,
    })
}

pub(super) fn node_allocation(allocation: &Allocation) -> Value {
    let attributes = json!({
        "id": allocation.id,
        "ip": allocation.ip,
        "alias": null,
        "port": allocation.port,
        "notes": null,
        "assigned": allocation.server.is_some(),
    });
    item("allocation", attributes)
}

pub(super) fn nest(nest: &Nest) -> Value {
    let attributes = json!({
        "id": nest.id,
        "uuid": nest.uuid,
        "author": "author@example.com",
        "name": nest.name,
        "description": "A nest.",
        "created_at": beginning(),
        "updated_at": beginning(),
    });
    item("nest", attributes)
}

pub(super) fn egg(egg: &Egg) -> Value {
    let attributes = json!({
        "id": egg.id,
        "uuid": egg.uuid,
        "name": egg.name,
        "nest": egg.nest,
        "author": "author@example.com",
        "description": "An egg.",
        "docker_image": IMAGE,
        "docker_images": { "Runtime 1": IMAGE },
        "config": {
            "files": {},
            "startup": { "done": "ready" },
            "stop": "stop",
            "logs": [],
            "file_denylist": [],
            "extends": null,
        },
        "startup": STARTUP,
        "script": {
            "privileged": true,
            "install": "true",
            "entry": "sh",
            "container": IMAGE,
            "extends": null,
        },
        "created_at": beginning(),
        "updated_at": beginning(),
    });
    item("egg", attributes)
}

/// A server as the Application API shows it.
pub(super) fn managed_server(state: &State, server: &Server) -> Value {
    let egg = state.world.eggs.iter().find(|egg| egg.id == server.egg);
    let attributes = json!({
        "id": server.id,
        "external_id": server.external_id,
        "uuid": server.uuid,
        "identifier": server.short_id(),
        "name": server.name,
        "description": "",
        "status": status(server),
        "suspended": server.state == ServerState::Suspended,
        "limits": limits(),
        "feature_limits": feature_limits(),
        "user": state.user(&server.owner).map(|user| user.id),
        "node": server.node,
        "allocation": state.allocations_of(server.id).first().map(|one| one.id),
        "nest": egg.map(|egg| egg.nest),
        "egg": server.egg,
        "container": container(server),
        "updated_at": beginning(),
        "created_at": beginning(),
    });
    item("server", attributes)
}

fn container(server: &Server) -> Value {
    json!({
        "startup_command": STARTUP,
        "image": IMAGE,
        "installed": i32::from(server.state != ServerState::Installing),
        "environment": {
            "VERSION": "latest",
            "STARTUP": STARTUP,
            "P_SERVER_LOCATION": "here",
            "P_SERVER_UUID": server.uuid,
            "P_SERVER_ALLOCATION_LIMIT": 2,
        },
    })
}

pub(super) fn managed_database(database: &Database, server: &Server) -> Value {
    let attributes = json!({
        "id": database.id,
        "server": server.id,
        "host": 1,
        "database": database.name,
        "username": format!("u_{}", database.id),
        "remote": "%",
        "max_connections": 0,
        "created_at": beginning(),
        "updated_at": beginning(),
    });
    item("server_database", attributes)
}

fn limits() -> Value {
    json!({
        "memory": 1024,
        "swap": 0,
        "disk": 2048,
        "io": 500,
        "cpu": 100,
        "threads": null,
        "oom_disabled": true,
    })
}

fn feature_limits() -> Value {
    json!({ "databases": 2, "allocations": 2, "backups": 2 })
}

fn status(server: &Server) -> Option<&'static str> {
    match server.state {
        ServerState::Ready | ServerState::Transferring => None,
        ServerState::Suspended => Some("suspended"),
        ServerState::Installing => Some("installing"),
        ServerState::Restoring => Some("restoring_backup"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::World;

    #[test]
    fn a_server_says_why_it_cannot_be_used() {
        let mut server = World::embedded().servers.remove(0);
        let mut told = |state| {
            server.state = state;
            status(&server)
        };
        assert_eq!(told(ServerState::Ready), None);
        assert_eq!(told(ServerState::Transferring), None);
        assert_eq!(told(ServerState::Suspended), Some("suspended"));
        assert_eq!(told(ServerState::Installing), Some("installing"));
        assert_eq!(told(ServerState::Restoring), Some("restoring_backup"));
    }
}
