//! What the routes answer that only forks have: the shapes of an installation in which hardly
//! anybody has used them yet.

use serde_json::json;

use super::{super::inquiry::Inquiry, Outcome, item, list, objects, ok, with_status};

/// The role that every Pelican panel has: that of administrators.
pub(in crate::reference) const ROLE: &str = "1";

/// 200 with a document that says nothing.
pub(in crate::reference) fn something(_: &mut Inquiry<'_>) -> Outcome {
    ok(json!({ "success": true }))
}

/// 201 with an object that has only just been made, and is not kept.
pub(in crate::reference) fn made(_: &mut Inquiry<'_>) -> Outcome {
    with_status(201, item("mount", json!({ "id": 1 })))
}

/// 200 with a list in which nothing is.
pub(in crate::reference) fn nothing_listed(_: &mut Inquiry<'_>) -> Outcome {
    ok(list(Vec::new()))
}

/// What the controller looks up by the last parameter of the path, and does not find.
pub(in crate::reference) fn not_found(inquiry: &mut Inquiry<'_>) -> Outcome {
    inquiry.found(None)
}

pub(in crate::reference) fn nests(inquiry: &mut Inquiry<'_>) -> Outcome {
    let nests = inquiry.state.world.nests.iter();
    ok(list(nests.map(objects::nest).collect()))
}

pub(in crate::reference) fn nest(inquiry: &mut Inquiry<'_>) -> Outcome {
    let mut nests = inquiry.state.world.nests.iter();
    let nest = nests.find(|one| Some(one.id) == inquiry.bound.nest);
    ok(objects::nest(inquiry.found(nest)?))
}

pub(in crate::reference) fn eggs(inquiry: &mut Inquiry<'_>) -> Outcome {
    let eggs = inquiry.state.world.eggs.iter();
    ok(list(eggs.map(objects::egg).collect()))
}

pub(in crate::reference) fn roles(_: &mut Inquiry<'_>) -> Outcome {
    ok(list(vec![role_object()]))
}

pub(in crate::reference) fn role(_: &mut Inquiry<'_>) -> Outcome {
    ok(role_object())
}

pub(in crate::reference) fn mounts(inquiry: &mut Inquiry<'_>) -> Outcome {
    ok(numbered("mount", &inquiry.state.world.mounts))
}

pub(in crate::reference) fn mount(inquiry: &mut Inquiry<'_>) -> Outcome {
    named(inquiry, "mount")
}

pub(in crate::reference) fn database_hosts(inquiry: &mut Inquiry<'_>) -> Outcome {
    ok(numbered(
        "database_host",
        &inquiry.state.world.database_hosts,
    ))
}

pub(in crate::reference) fn database_host(inquiry: &mut Inquiry<'_>) -> Outcome {
    named(inquiry, "database_host")
}

pub(in crate::reference) fn tickets(inquiry: &mut Inquiry<'_>) -> Outcome {
    ok(numbered("ticket", &inquiry.caller()?.user.tickets))
}

pub(in crate::reference) fn ticket(inquiry: &mut Inquiry<'_>) -> Outcome {
    let wanted = inquiry.parameters.get("ticket").unwrap_or_default();
    let tickets = &inquiry.caller()?.user.tickets;
    let found = tickets.iter().find(|id| id.to_string() == wanted);
    inquiry.found(found)?;
    named(inquiry, "ticket")
}

pub(in crate::reference) fn jobs(inquiry: &mut Inquiry<'_>) -> Outcome {
    let jobs = inquiry.server()?.jobs.iter();
    ok(list(jobs.map(|id| json!({ "id": id })).collect()))
}

pub(in crate::reference) fn job(inquiry: &mut Inquiry<'_>) -> Outcome {
    let wanted = inquiry.parameters.get("job");
    let mut jobs = inquiry.server()?.jobs.iter();
    let found = jobs.find(|id| Some(id.as_str()) == wanted);
    ok(json!({ "id": inquiry.found(found)? }))
}

pub(in crate::reference) fn operations(inquiry: &mut Inquiry<'_>) -> Outcome {
    let operations = inquiry.server()?.operations.iter();
    let all: Vec<_> = operations.map(|id| json!({ "operation_id": id })).collect();
    ok(json!({ "success": true, "operations": all }))
}

pub(in crate::reference) fn operation(inquiry: &mut Inquiry<'_>) -> Outcome {
    let wanted = inquiry.parameters.get("operation");
    let mut operations = inquiry.server()?.operations.iter();
    let found = operations.find(|id| Some(id.as_str()) == wanted);
    ok(json!({ "success": true, "operation_id": inquiry.found(found)? }))
}

fn numbered(object: &str, ids: &[u64]) -> serde_json::Value {
    list(
        ids.iter()
            .map(|id| item(object, json!({ "id": id })))
            .collect(),
    )
}

/// What the last parameter of the path names, which is known to be there.
fn named(inquiry: &Inquiry<'_>, object: &str) -> Outcome {
    let id = inquiry.parameters.get(object).unwrap_or_default();
    ok(item(object, json!({ "id": id.parse::<u64>().ok() })))
}

fn role_object() -> serde_json::Value {
    item("role", json!({ "id": 1, "name": "Root Admin" }))
}
