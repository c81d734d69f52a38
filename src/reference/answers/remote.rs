//! What nodes get: no key of a user opens these routes (panel-facts §4).

use serde_json::{Value, json};

use super::{
    super::{errors::Refusal, inquiry::Inquiry, keys},
    Outcome, Success, ok,
};

/// A node sends `id.token`.
pub(in crate::reference) fn authenticate(inquiry: &mut Inquiry<'_>) -> Result<(), Refusal> {
    let Some(sent) = keys::sent(inquiry.incoming, inquiry.traits().scheme) else {
        let detail = "Access to this endpoint must include an Authorization header.";
        let refusal = Refusal::plain(401, "HttpException", detail);
        return Err(refusal.with_header("www-authenticate", "Bearer"));
    };
    if inquiry.panel.faults.open_nodes_to_users()
        && keys::find(&mut inquiry.state.keys, sent).is_some()
    {
        return Ok(());
    }
    let sent = String::from_utf8_lossy(sent);
    let parts: Vec<&str> = sent.split('.').collect();
    let &[id, token] = parts.as_slice() else {
        return Err(bad_format());
    };
    if id.is_empty() || token.is_empty() {
        return Err(bad_format());
    }
    let mut nodes = inquiry.state.world.nodes.iter();
    let node = nodes.find(|node| node.token_id == id);
    if node.is_some_and(|node| node.token == token) {
        return Ok(());
    }
    if node.is_none() && inquiry.traits().unknown_node_is_missing {
        let detail = "The requested resource could not be found on the server.";
        return Err(Refusal::plain(404, "NotFoundHttpException", detail));
    }
    let detail = "You are not authorized to access this resource.";
    Err(Refusal::plain(403, "AccessDeniedHttpException", detail))
}

fn bad_format() -> Refusal {
    let detail = "The Authorization header provided was not in a valid format.";
    Refusal::plain(400, "BadRequestHttpException", detail)
}

pub(in crate::reference) fn servers(inquiry: &mut Inquiry<'_>) -> Outcome {
    let data: Vec<Value> = inquiry
        .state
        .world
        .servers
        .iter()
        .map(|one| configuration(&one.uuid))
        .collect();
    ok(json!({
        "data": data,
        "links": { "first": null, "last": null, "prev": null, "next": null },
        "meta": {
            "current_page": 1,
            "from": 1,
            "last_page": 1,
            "links": [],
            "path": format!("{}/api/remote/servers", inquiry.base_url),
            "per_page": 50,
            "to": data.len(),
            "total": data.len(),
        },
    }))
}

pub(in crate::reference) fn server(inquiry: &mut Inquiry<'_>) -> Outcome {
    ok(configuration(&known_server(inquiry)?))
}

pub(in crate::reference) fn server_done(inquiry: &mut Inquiry<'_>) -> Outcome {
    known_server(inquiry).map(|_| Success::empty(204))
}

/// Done, without content.
pub(in crate::reference) fn done(_: &mut Inquiry<'_>) -> Outcome {
    Ok(Success::empty(204))
}

/// No user of this panel has SFTP.
pub(in crate::reference) fn login(_: &mut Inquiry<'_>) -> Outcome {
    let detail = "Authorization credentials were not correct, please try again.";
    Err(Refusal::plain(403, "HttpForbiddenException", detail))
}

pub(in crate::reference) fn backup(inquiry: &mut Inquiry<'_>) -> Outcome {
    let wanted = inquiry.parameters.get("backup");
    let mut backups = inquiry
        .state
        .world
        .servers
        .iter()
        .flat_map(|one| &one.backups);
    let found = backups.find(|one| Some(one.uuid.as_str()) == wanted);
    inquiry.found(found).map(|_| Success::empty(204))
}

fn known_server(inquiry: &Inquiry<'_>) -> Result<String, Refusal> {
    let wanted = inquiry.parameters.get("uuid");
    let mut servers = inquiry.state.world.servers.iter();
    let found = servers.find(|server| Some(server.uuid.as_str()) == wanted);
    Ok(inquiry.found(found)?.uuid.clone())
}

fn configuration(uuid: &str) -> Value {
    json!({ "uuid": uuid, "settings": { "uuid": uuid }, "process_configuration": {} })
}
