//! Client API: what belongs to a server.

use serde_json::{Value, json};

use super::{
    super::{
        errors::Refusal,
        inquiry::Inquiry,
        keys,
        limits::{Backups, Limit},
        world::{Backup, Database, Schedule, Subuser, Task},
    },
    Outcome, Success, item, list, objects, ok,
};

pub(in crate::reference) fn view(inquiry: &mut Inquiry<'_>) -> Outcome {
    let (server, user) = (inquiry.server()?, &inquiry.caller()?.user);
    let owner = server.owner == user.name;
    let permissions: Vec<&str> = match server.subuser(user) {
        Some(subuser) if !owner => subuser.permissions.iter().map(String::as_str).collect(),
        _ => vec!["*"],
    };
    let mut document = objects::server(inquiry.traits(), inquiry.state, server, user);
    document["meta"] = json!({ "is_server_owner": owner, "user_permissions": permissions });
    ok(document)
}

pub(in crate::reference) fn websocket(inquiry: &mut Inquiry<'_>) -> Outcome {
    let server = inquiry.server()?;
    let node = inquiry.found(inquiry.state.node(server.node))?;
    let token = ["header", "claims", "signature"]
        .map(|_| random(24))
        .join(".");
    let address = format!("{}:{}", node.fqdn, node.daemon_port);
    let socket = format!("ws://{address}/api/servers/{}/ws", server.uuid);
    ok(json!({ "data": { "token": token, "socket": socket } }))
}

pub(in crate::reference) fn resources(_: &mut Inquiry<'_>) -> Outcome {
    let attributes = json!({
        "current_state": "running",
        "is_suspended": false,
        "resources": {
            "memory_bytes": 1024,
            "cpu_absolute": 0.5,
            "disk_bytes": 1024,
            "network_rx_bytes": 0,
            "network_tx_bytes": 0,
            "uptime": 1000,
        },
    });
    ok(item("stats", attributes))
}

pub(in crate::reference) fn databases(inquiry: &mut Inquiry<'_>) -> Outcome {
    ok(list(
        inquiry
            .server()?
            .databases
            .iter()
            .map(objects::database)
            .collect(),
    ))
}

/// The database of the path, or a new one.
pub(in crate::reference) fn database(inquiry: &mut Inquiry<'_>) -> Outcome {
    let mut all = inquiry.server()?.databases.iter();
    let bound = inquiry.bound.database;
    let found = all.find(|one| Some(one.id) == bound).cloned();
    let new = || Database {
        id: 1000,
        hash: random(8),
        name: inquiry.text("database").unwrap_or_default(),
    };
    ok(objects::database(&found.unwrap_or_else(new)))
}

pub(in crate::reference) fn files(_: &mut Inquiry<'_>) -> Outcome {
    ok(list(vec![objects::file("server.properties")]))
}

pub(in crate::reference) fn file(_: &mut Inquiry<'_>) -> Outcome {
    ok(objects::file("archive.tar.gz"))
}

pub(in crate::reference) fn file_contents(_: &mut Inquiry<'_>) -> Outcome {
    Ok(Success::text("hello world\n"))
}

pub(in crate::reference) fn signed_url(inquiry: &mut Inquiry<'_>) -> Outcome {
    let node = inquiry.found(inquiry.state.node(inquiry.server()?.node))?;
    let address = format!("{}:{}", node.fqdn, node.daemon_port);
    let url = format!("http://{address}/transfer?token={}", random(40));
    ok(item("signed_url", json!({ "url": url })))
}

pub(in crate::reference) fn schedules(inquiry: &mut Inquiry<'_>) -> Outcome {
    ok(list(
        inquiry
            .server()?
            .schedules
            .iter()
            .map(objects::schedule)
            .collect(),
    ))
}

/// The schedule of the path, or a new one.
pub(in crate::reference) fn schedule(inquiry: &mut Inquiry<'_>) -> Outcome {
    let new = || Schedule {
        id: 1000,
        name: inquiry.text("name").unwrap_or_default(),
        tasks: Vec::new(),
    };
    ok(objects::schedule(
        &bound_schedule(inquiry)?.unwrap_or_else(new),
    ))
}

/// The task of the path, or a new one.
pub(in crate::reference) fn task(inquiry: &mut Inquiry<'_>) -> Outcome {
    let tasks = bound_schedule(inquiry)?.map_or_else(Vec::new, |schedule| schedule.tasks);
    let found = tasks
        .into_iter()
        .find(|task| Some(task.id) == inquiry.bound.task);
    let new = || Task {
        id: 1000,
        action: inquiry.text("action").unwrap_or_default(),
    };
    ok(objects::task(&found.unwrap_or_else(new)))
}

fn bound_schedule(inquiry: &Inquiry<'_>) -> Result<Option<Schedule>, Refusal> {
    let mut all = inquiry.server()?.schedules.iter();
    let bound = inquiry.bound.schedule;
    Ok(all.find(|one| Some(one.id) == bound).cloned())
}

pub(in crate::reference) fn allocations(inquiry: &mut Inquiry<'_>) -> Outcome {
    ok(list(objects::allocations(inquiry.state, inquiry.server()?)))
}

/// Gives nothing; the default allocation stands for the new one.
pub(in crate::reference) fn allocate(inquiry: &mut Inquiry<'_>) -> Outcome {
    if inquiry.state.world.settings.auto_allocation {
        return allocation(inquiry);
    }
    let detail = "Server auto-allocation is not enabled for this instance.";
    Err(Refusal::display(
        "AutoAllocationNotEnabledException",
        detail,
    ))
}

/// The allocation of the path, or the default one.
pub(in crate::reference) fn allocation(inquiry: &mut Inquiry<'_>) -> Outcome {
    let all = inquiry.state.allocations_of(inquiry.server()?.id);
    let bound = inquiry.bound.allocation;
    let named = all.iter().find(|one| Some(one.id) == bound);
    let allocation = inquiry.found(named.or(all.first()))?;
    ok(objects::allocation(allocation, bound.is_none()))
}

pub(in crate::reference) fn subusers(inquiry: &mut Inquiry<'_>) -> Outcome {
    let subusers = inquiry.server()?.subusers.iter();
    let known = subusers.filter_map(|one| Some((inquiry.state.user(&one.user)?, one)));
    ok(list(
        known
            .map(|(user, one)| objects::subuser(inquiry.traits(), user, one))
            .collect(),
    ))
}

/// The subuser of the path, or the caller as a new one.
pub(in crate::reference) fn subuser(inquiry: &mut Inquiry<'_>) -> Outcome {
    let mut all = inquiry.server()?.subusers.iter();
    let bound = inquiry.bound.user.as_ref();
    let found = all.find(|one| Some(&one.user) == bound).cloned();
    let new = Subuser {
        user: inquiry.caller()?.user.name.clone(),
        permissions: requested_permissions(inquiry),
    };
    let subuser = found.unwrap_or(new);
    let user = inquiry.found(inquiry.state.user(&subuser.user))?;
    ok(objects::subuser(inquiry.traits(), user, &subuser))
}

fn requested_permissions(inquiry: &Inquiry<'_>) -> std::collections::BTreeSet<String> {
    let wanted = inquiry.fields.get("permissions").and_then(Value::as_array);
    let texts = wanted.into_iter().flatten().filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}

pub(in crate::reference) fn backups(inquiry: &mut Inquiry<'_>) -> Outcome {
    const BACKUPS: super::lists::Listing = super::lists::Listing {
        per_page: 20,
        largest_page: Some(50),
        filters: &[],
        sorts: &[],
    };
    let objects: Vec<Value> = inquiry
        .server()?
        .backups
        .iter()
        .map(objects::backup)
        .collect();
    let count = objects.len();
    let mut document = super::lists::page(inquiry.incoming, inquiry.base_url, &BACKUPS, objects)?;
    document["meta"]["backup_count"] = json!(count);
    ok(document)
}

/// Makes nothing, but counts as a backup.
pub(in crate::reference) fn create_backup(inquiry: &mut Inquiry<'_>) -> Outcome {
    let (server, now) = (inquiry.server()?.id, inquiry.now());
    match inquiry.state.backups.make(server, now) {
        Err(seconds) if inquiry.state.world.settings.enforce_limits => {
            Err(too_many_backups(seconds))
        }
        _ => backup(inquiry),
    }
}

fn too_many_backups(seconds: u64) -> Refusal {
    let Limit { times, within } = Backups::LIMIT;
    let detail =
        format!("Only {times} backups may be generated within a {within} second span of time.");
    Refusal::plain(429, "TooManyRequestsHttpException", &detail)
        .with_header("retry-after", seconds.to_string())
}

/// The backup of the path, or a new one.
pub(in crate::reference) fn backup(inquiry: &mut Inquiry<'_>) -> Outcome {
    let mut all = inquiry.server()?.backups.iter();
    let bound = inquiry.bound.backup.as_ref();
    let found = all.find(|one| Some(&one.uuid) == bound).cloned();
    let new = || Backup {
        uuid: "00000000-0000-4000-8000-000000001000".to_owned(),
        name: inquiry.text("name").unwrap_or_else(|| "backup".to_owned()),
    };
    ok(objects::backup(&found.unwrap_or_else(new)))
}

pub(in crate::reference) fn startup(_: &mut Inquiry<'_>) -> Outcome {
    ok(objects::startup())
}

pub(in crate::reference) fn variable(_: &mut Inquiry<'_>) -> Outcome {
    ok(objects::variable())
}

/// Random text for values that only have to look random.
fn random(length: usize) -> String {
    keys::random_text(length).unwrap_or_else(|_| "0".repeat(length))
}
