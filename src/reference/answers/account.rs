//! Client API: what belongs to the user (panel-facts §9, §11).

use serde_json::{Map, Value, json};

use super::{
    super::{
        errors::Refusal,
        inquiry::Inquiry,
        keys::{self, KeyType, StoredKey},
        limits::{Counted, DAY, Limit, Quota},
        wording::Condition,
        world::{Permissions, Server, SshKey, User},
    },
    Outcome, Success, key_fields, list,
    lists::{self, Listing},
    objects, ok,
};

const SERVERS: Listing = Listing {
    per_page: 50,
    largest_page: Some(100),
    filters: &["uuid", "name", "description", "external_id", "*"],
    sorts: &[],
};

const ACTIVITY: Listing = Listing {
    per_page: 25,
    largest_page: Some(100),
    filters: &["event"],
    sorts: &["timestamp"],
};

pub(in crate::reference) fn servers(inquiry: &mut Inquiry<'_>) -> Outcome {
    let user = &inquiry.caller()?.user;
    let wanted = inquiry.incoming.parameter("type").unwrap_or_default();
    let state = &*inquiry.state;
    let all = state.world.servers.iter();
    let shown = all.filter(|server| is_listed(server, user, wanted));
    let objects = shown
        .map(|server| objects::server(inquiry.traits(), state, server, user))
        .collect();
    ok(lists::page(
        inquiry.incoming,
        inquiry.base_url,
        &SERVERS,
        objects,
    )?)
}

/// Whether a list of that type shows the server; the types of administrators are empty to others.
fn is_listed(server: &Server, user: &User, wanted: &str) -> bool {
    let owner = server.owner == user.name;
    let member = owner || server.subuser(user).is_some();
    match wanted {
        "owner" => owner,
        "admin" => user.root_admin && !member,
        "admin-all" => user.root_admin,
        _ => member,
    }
}

pub(in crate::reference) fn permissions(inquiry: &mut Inquiry<'_>) -> Outcome {
    const PERMISSIONS: [(&str, &[&str]); 11] = [
        ("websocket", &["connect"]),
        ("control", &["console", "start", "stop", "restart"]),
        ("user", &["create", "read", "update", "delete"]),
        (
            "file",
            &[
                "create",
                "read",
                "read-content",
                "update",
                "delete",
                "archive",
                "sftp",
            ],
        ),
        (
            "backup",
            &["create", "read", "delete", "download", "restore"],
        ),
        ("allocation", &["read", "create", "update", "delete"]),
        ("startup", &["read", "update", "docker-image"]),
        (
            "database",
            &["create", "read", "update", "delete", "view_password"],
        ),
        ("schedule", &["create", "read", "update", "delete"]),
        ("settings", &["rename", "reinstall"]),
        ("activity", &["read"]),
    ];
    let described = |keys: &[&str]| -> Map<String, Value> {
        let each = keys.iter();
        each.map(|key| ((*key).to_owned(), json!(format!("May {key}."))))
            .collect()
    };
    let server_activity = inquiry.traits().server_activity;
    let groups: Map<String, Value> = PERMISSIONS
        .iter()
        .filter(|(group, _)| *group != "activity" || server_activity)
        .map(|(group, keys)| {
            let description = format!("What concerns {group}.");
            let members = json!({ "description": description, "keys": described(keys) });
            ((*group).to_owned(), members)
        })
        .collect();
    ok(super::item(
        "system_permissions",
        json!({ "permissions": groups }),
    ))
}

pub(in crate::reference) fn account(inquiry: &mut Inquiry<'_>) -> Outcome {
    ok(objects::account(&inquiry.caller()?.user))
}

pub(in crate::reference) fn set_up_two_factor(inquiry: &mut Inquiry<'_>) -> Outcome {
    let user = &inquiry.caller()?.user;
    if user.two_factor {
        let detail = "Two-factor authentication is already enabled on this account.";
        return Err(Refusal::plain(400, "BadRequestHttpException", detail));
    }
    let secret = keys::random_text(32).map_err(no_random_bytes)?;
    let address = format!("otpauth://totp/Panel:{}?secret={secret}", user.username);
    ok(json!({ "data": { "image_url_data": address, "secret": secret } }))
}

pub(in crate::reference) fn recovery_tokens(_: &mut Inquiry<'_>) -> Outcome {
    let tokens: Vec<String> = (0..10).map(|number| format!("token{number:05}")).collect();
    ok(super::item("recovery_tokens", json!({ "tokens": tokens })))
}

pub(in crate::reference) fn disable_two_factor(inquiry: &mut Inquiry<'_>) -> Outcome {
    if inquiry.text("password").as_ref() == Some(&inquiry.caller()?.user.password) {
        return Ok(Success::empty(204));
    }
    let detail = "The password provided was not valid.";
    Err(Refusal::plain(400, "BadRequestHttpException", detail))
}

/// Changes nothing, but counts as a change.
pub(in crate::reference) fn change_email(inquiry: &mut Inquiry<'_>) -> Outcome {
    let Some(times) = inquiry.traits().email_changes else {
        return Ok(Success::empty(204));
    };
    let (limit, now) = (Limit { times, within: DAY }, inquiry.now());
    let user = inquiry.caller()?.user.uuid.clone();
    let windows = &mut inquiry.state.windows;
    let quota = windows.hit(Counted::EmailChanges, &user, limit, now);
    match quota {
        Quota::Spent { .. } if inquiry.state.world.settings.enforce_limits => {
            let detail =
                "Your email address has been changed too many times today. Please try again later.";
            Err(Refusal::plain(429, "TooManyRequestsHttpException", detail))
        }
        _ => Ok(Success::empty(204)),
    }
}

pub(in crate::reference) fn activity(inquiry: &mut Inquiry<'_>) -> Outcome {
    let nothing = Vec::new();
    ok(lists::page(
        inquiry.incoming,
        inquiry.base_url,
        &ACTIVITY,
        nothing,
    )?)
}

pub(in crate::reference) fn ssh_keys(inquiry: &mut Inquiry<'_>) -> Outcome {
    let keys = own_ssh_keys(inquiry)?;
    ok(list(keys.iter().map(objects::ssh_key).collect()))
}

/// Takes any text for a public key; the fingerprint is made up.
pub(in crate::reference) fn add_ssh_key(inquiry: &mut Inquiry<'_>) -> Outcome {
    let key = SshKey {
        name: inquiry.text("name").unwrap_or_default(),
        fingerprint: keys::random_text(43).map_err(no_random_bytes)?,
        public_key: inquiry.text("public_key").unwrap_or_default(),
    };
    let object = objects::ssh_key(&key);
    own_ssh_keys(inquiry)?.push(key);
    ok(object)
}

/// Removes the key with the fingerprint in the path.
pub(in crate::reference) fn delete_ssh_key(inquiry: &mut Inquiry<'_>) -> Outcome {
    let fingerprint = inquiry.parameters.get("identifier").map(str::to_owned);
    let removed = take_ssh_key(inquiry, &fingerprint.unwrap_or_default())?;
    inquiry.found(removed)?;
    Ok(Success::empty(204))
}

/// Removes the key with the fingerprint in the content, if there is one.
pub(in crate::reference) fn remove_ssh_key(inquiry: &mut Inquiry<'_>) -> Outcome {
    let fingerprint = inquiry.text("fingerprint").unwrap_or_default();
    take_ssh_key(inquiry, &fingerprint)?;
    Ok(Success::empty(204))
}

fn take_ssh_key(inquiry: &mut Inquiry<'_>, fingerprint: &str) -> Result<Option<SshKey>, Refusal> {
    let keys = own_ssh_keys(inquiry)?;
    let position = keys.iter().position(|key| key.fingerprint == fingerprint);
    Ok(position.map(|position| keys.remove(position)))
}

fn own_ssh_keys<'a>(inquiry: &'a mut Inquiry<'_>) -> Result<&'a mut Vec<SshKey>, Refusal> {
    let own = &inquiry.caller()?.user.name;
    let mut users = inquiry.state.world.users.iter();
    let position = inquiry.found(users.position(|user| user.name == *own))?;
    Ok(&mut inquiry.state.world.users[position].ssh_keys)
}

/// Only client keys are listed; the application keys of an administrator are not.
pub(in crate::reference) fn keys(inquiry: &mut Inquiry<'_>) -> Outcome {
    let user = &inquiry.caller()?.user.name;
    let own = inquiry.state.client_keys_of(user);
    ok(list(own.into_iter().map(objects::key).collect()))
}

/// Makes a client key. The answer is 200; `meta.secret_token` is the secret alone.
pub(in crate::reference) fn create_key(inquiry: &mut Inquiry<'_>) -> Outcome {
    let (family, traits) = (inquiry.panel.family, inquiry.traits());
    let errors = key_fields::errors(&inquiry.fields, traits)?;
    if !errors.is_empty() {
        return Err(inquiry.invalid(errors));
    }
    let owner = inquiry.caller()?.user.name.clone();
    let settings = &inquiry.state.world.settings;
    let most = settings.key_limit.unwrap_or(traits.key_limit);
    if inquiry.state.client_keys_of(&owner).len() >= most {
        return Err(inquiry.refuse(Condition::KeyLimit));
    }
    let prefix = settings.prefix(KeyType::Client, family);
    let key = StoredKey {
        role: None,
        identifier: keys::new_identifier(prefix).map_err(no_random_bytes)?,
        secret: keys::new_secret().map_err(no_random_bytes)?,
        owner,
        key_type: KeyType::Client,
        permissions: Permissions::default(),
        allowed_ips: key_fields::allowed_ips(&inquiry.fields),
        description: inquiry.text("description").unwrap_or_default(),
        expired: false,
        created_at: inquiry.now(),
        last_used_at: None,
    };
    let mut document = objects::key(&key);
    document["meta"] = json!({ "secret_token": key.secret });
    inquiry.state.keys.push(key);
    ok(document)
}

/// Deletes one of the user's own client keys.
pub(in crate::reference) fn delete_key(inquiry: &mut Inquiry<'_>) -> Outcome {
    let identifier = inquiry.parameters.get("identifier").unwrap_or_default();
    let owner = &inquiry.caller()?.user.name;
    let position = inquiry.state.keys.iter().position(|key| {
        key.key_type == KeyType::Client
            && key.owner == *owner
            && key.identifier.eq_ignore_ascii_case(identifier)
    });
    let position = inquiry.found(position)?;
    inquiry.state.keys.remove(position);
    Ok(Success::empty(204))
}

fn no_random_bytes(_: getrandom::Error) -> Refusal {
    Refusal::broken("RandomException")
}
