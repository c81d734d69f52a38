//! What the routes answer that only forks have: the shapes of an installation in which nobody has
//! used them yet.

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

fn role_object() -> serde_json::Value {
    item("role", json!({ "id": 1, "name": "Root Admin" }))
}
