//! Client API: what belongs to the user (panel-facts §9, §11).

use serde_json::{Map, Value, json};

use super::{
    super::{
        errors::{FieldError, Refusal},
        inquiry::Inquiry,
        ip::{AddressRange, RangeError},
        keys::{self, KeyType, StoredKey},
        wording::Condition,
        world::{Permissions, Server, User},
    },
    Outcome, Success, list,
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

/// The most entries that `allowed_ips` of one key may have.
const ALLOWED_IPS_LIMIT: usize = 50;

/// The longest description of a key, in characters.
const DESCRIPTION_LIMIT: usize = 500;

pub(in crate::reference) fn servers(inquiry: &mut Inquiry<'_>) -> Outcome {
    let user = &inquiry.caller()?.user;
    let wanted = inquiry.incoming.parameter("type").unwrap_or_default();
    let state = &*inquiry.state;
    let all = state.world.servers.iter();
    let shown = all.filter(|server| is_listed(server, user, wanted));
    let objects = shown
        .map(|server| objects::server(state, server, user))
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

pub(in crate::reference) fn permissions(_: &mut Inquiry<'_>) -> Outcome {
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
    let groups: Map<String, Value> = PERMISSIONS
        .iter()
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

pub(in crate::reference) fn activity(inquiry: &mut Inquiry<'_>) -> Outcome {
    let nothing = Vec::new();
    ok(lists::page(
        inquiry.incoming,
        inquiry.base_url,
        &ACTIVITY,
        nothing,
    )?)
}

pub(in crate::reference) fn ssh_keys(_: &mut Inquiry<'_>) -> Outcome {
    ok(list(Vec::new()))
}

pub(in crate::reference) fn ssh_key(inquiry: &mut Inquiry<'_>) -> Outcome {
    ok(objects::ssh_key(&inquiry.text("name").unwrap_or_default()))
}

/// Only client keys are listed; the application keys of an administrator are not.
pub(in crate::reference) fn keys(inquiry: &mut Inquiry<'_>) -> Outcome {
    let user = &inquiry.caller()?.user.name;
    let own = inquiry.state.client_keys_of(user);
    ok(list(own.into_iter().map(objects::key).collect()))
}

/// Makes a client key. The answer is 200; `meta.secret_token` is the secret alone.
pub(in crate::reference) fn create_key(inquiry: &mut Inquiry<'_>) -> Outcome {
    let errors = key_errors(&inquiry.fields)?;
    if !errors.is_empty() {
        return Err(inquiry.invalid(errors));
    }
    let owner = inquiry.caller()?.user.name.clone();
    if inquiry.state.client_keys_of(&owner).len() >= inquiry.state.world.settings.key_limit {
        return Err(inquiry.refuse(Condition::KeyLimit));
    }
    let prefix = &inquiry.state.world.settings.client_prefix;
    let key = StoredKey {
        role: None,
        identifier: keys::new_identifier(prefix).map_err(no_random_bytes)?,
        secret: keys::new_secret().map_err(no_random_bytes)?,
        owner,
        key_type: KeyType::Client,
        permissions: Permissions::default(),
        allowed_ips: allowed_ips(&inquiry.fields),
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

fn allowed_ips(fields: &Map<String, Value>) -> Vec<String> {
    let entries = fields.get("allowed_ips").and_then(Value::as_array);
    let texts = entries.into_iter().flatten().filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}

/// The errors of the fields of a new key, or what breaks the request.
fn key_errors(fields: &Map<String, Value>) -> Result<Vec<FieldError>, Refusal> {
    let mut errors: Vec<_> = description_error(fields).into_iter().collect();
    match fields.get("allowed_ips") {
        None | Some(Value::Null) => {}
        Some(Value::Array(entries)) => {
            if entries.len() > ALLOWED_IPS_LIMIT {
                let message =
                    format!("The allowed ips may not have more than {ALLOWED_IPS_LIMIT} items.");
                errors.push(error("allowed_ips", "max", message));
            }
            for (position, entry) in entries.iter().enumerate() {
                errors.extend(entry_errors(position, entry)?);
            }
        }
        Some(_) => {
            let message = "The allowed ips must be an array.".to_owned();
            errors.push(error("allowed_ips", "array", message));
        }
    }
    Ok(errors)
}

fn description_error(fields: &Map<String, Value>) -> Option<FieldError> {
    let (rule, message) = match fields.get("description") {
        None | Some(Value::Null) => ("required", "The description field is required.".to_owned()),
        Some(Value::String(text)) if text.chars().count() > DESCRIPTION_LIMIT => (
            "max",
            format!("The description may not be greater than {DESCRIPTION_LIMIT} characters."),
        ),
        Some(Value::String(_)) => return None,
        Some(_) => ("string", "The description must be a string.".to_owned()),
    };
    Some(error("description", rule, message))
}

/// An entry must be a text and an address or a range; a prefix length that does not fit, and an
/// entry that is no single value, break the request.
fn entry_errors(position: usize, entry: &Value) -> Result<Vec<FieldError>, Refusal> {
    let field = format!("allowed_ips.{position}");
    let mut errors = Vec::new();
    let text = match entry {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Array(_) | Value::Object(_) => return Err(Refusal::broken("ErrorException")),
        Value::Bool(_) | Value::Number(_) => entry.to_string(),
    };
    if !entry.is_string() {
        let message = format!("The {field} must be a string.");
        errors.push(error(&field, "string", message));
    }
    match AddressRange::parse(&text) {
        Ok(_) => {}
        Err(RangeError::Address) => {
            let message = format!("\"{text}\" is not a valid IP address or CIDR range.");
            errors.push(error(&field, "", message));
        }
        Err(broken) => return Err(Refusal::broken(broken.code())),
    }
    Ok(errors)
}

fn error(field: &str, rule: &'static str, message: String) -> FieldError {
    FieldError {
        field: field.to_owned(),
        rule,
        message,
    }
}
