//! What is wrong about the status and the content of an answer.

use axum::{
    body::Bytes,
    http::{Method, StatusCode},
};
use serde_json::{Value, json};

use super::{Answer, Defect, Incoming, Parts, headers};
use crate::reference::{
    content::claims_json,
    keys::{self, IDENTIFIER_LENGTH, KeyType, StoredKey},
    lock,
    negotiation::is_json,
    routes::{self, Found},
};

/// Changes an answer that refuses.
pub(super) fn refusal(defect: Defect, parts: &Parts, incoming: &Incoming, answer: &mut Answer) {
    let path = incoming.route_path();
    let finds_nothing = || {
        let found = routes::find(parts.family, &parts.added, incoming.method.as_str(), &path);
        path.starts_with("/api") && matches!(found, Found::Nothing)
    };
    if is_for_no_route(defect) && finds_nothing() {
        without_route(defect, answer);
    }
    form(defect, incoming, answer);
    status(defect, incoming, answer);
    exposure(defect, parts, incoming, answer);
}

/// Whether the defect shows where a path has no route.
const fn is_for_no_route(defect: Defect) -> bool {
    matches!(defect, Defect::UnknownRoutePage | Defect::LimitWithoutRoute)
}

/// Changes what is answered where a path has no route.
fn without_route(defect: Defect, answer: &mut Answer) {
    match defect {
        Defect::UnknownRoutePage => {
            answer.status = StatusCode::OK;
            answer.become_page("Pterodactyl");
        }
        Defect::LimitWithoutRoute => headers::show_limit(answer),
        _ => {}
    }
}

fn form(defect: Defect, incoming: &Incoming, answer: &mut Answer) {
    let is_missing = answer.status == StatusCode::NOT_FOUND;
    match defect {
        Defect::ExternalBare if is_missing && incoming.path.contains("/external/") => {
            answer.edit(|document| *document = json!({ "message": "Not found." }));
        }
        Defect::HtmlErrors => answer.become_page("Oh no"),
        Defect::StatusNumber => {
            let number = answer.status.as_u16();
            answer.edit_errors(|entry| entry["status"] = number.into());
        }
        Defect::ErrorsObject => answer.edit(|document| {
            let first = document.pointer("/errors/0").cloned();
            document["errors"] = first.unwrap_or_default();
        }),
        Defect::ErrorsTexts => answer.edit_errors(|entry| *entry = entry["detail"].clone()),
        Defect::TwoEntries => answer.edit(|document| {
            if let Some(errors) = document["errors"].as_array_mut() {
                let again = errors.clone();
                errors.extend(again);
            }
        }),
        Defect::NoCode => answer.edit_errors(|entry| without(entry, "code")),
        Defect::NoDetail => answer.edit_errors(|entry| without(entry, "detail")),
        Defect::NoRule => answer.edit_errors(|entry| {
            if let Some(meta) = entry.get_mut("meta") {
                without(meta, "rule");
            }
        }),
        _ if bare(defect) == Some(answer.status.as_u16()) => {
            answer.edit(|document| *document = json!({ "message": "Refused." }));
        }
        _ => {}
    }
}

/// The status whose refusals have no envelope.
const fn bare(defect: Defect) -> Option<u16> {
    Some(match defect {
        Defect::Bare400 => 400,
        Defect::Bare401 => 401,
        Defect::Bare403 => 403,
        Defect::Bare404 => 404,
        Defect::Bare405 => 405,
        Defect::Bare409 => 409,
        Defect::Bare422 => 422,
        Defect::Bare429 => 429,
        Defect::Bare503 => 503,
        Defect::Bare504 => 504,
        _ => return None,
    })
}

fn without(object: &mut Value, member: &str) {
    if let Some(members) = object.as_object_mut() {
        members.shift_remove(member);
    }
}

fn status(defect: Defect, incoming: &Incoming, answer: &mut Answer) {
    match defect {
        Defect::RefusedOk => answer.status = StatusCode::OK,
        Defect::KeylessPage if is_keyless(incoming, answer) => {
            answer.status = StatusCode::OK;
            answer.become_page("Pterodactyl");
        }
        Defect::LoginRedirect if answer.status == StatusCode::UNAUTHORIZED => {
            answer.status = StatusCode::FOUND;
            answer.become_page("Redirecting");
            answer.put("location", "/auth/login");
        }
        Defect::NothingDeleted if answer.status == StatusCode::NOT_FOUND => {
            if incoming.method == Method::DELETE && incoming.path.contains("/api-keys/") {
                answer.status = StatusCode::NO_CONTENT;
                answer.body = Bytes::new();
            }
        }
        _ => {
            if let Some(status) = other_status(defect, incoming, answer) {
                answer.become_status(status);
            }
        }
    }
}

/// The status that a refusal gets instead of its own.
fn other_status(defect: Defect, incoming: &Incoming, answer: &Answer) -> Option<StatusCode> {
    let is_keyless = || is_keyless(incoming, answer);
    let is_unknown = || answer.status == StatusCode::UNAUTHORIZED && !is_keyless();
    let is_forbidden = answer.status == StatusCode::FORBIDDEN;
    Some(match defect {
        Defect::KeylessForbidden if is_keyless() => StatusCode::FORBIDDEN,
        Defect::KeylessNotFound if is_keyless() => StatusCode::NOT_FOUND,
        Defect::KeylessBad if is_keyless() => StatusCode::BAD_REQUEST,
        Defect::UnknownForbidden if is_unknown() => StatusCode::FORBIDDEN,
        Defect::WrongTypeUnauthorized if is_forbidden && refuses_type(answer) => {
            StatusCode::UNAUTHORIZED
        }
        Defect::NoPermissionHidden if is_forbidden && refuses_action(answer) => {
            StatusCode::NOT_FOUND
        }
        Defect::MethodNotFound if answer.status == StatusCode::METHOD_NOT_ALLOWED => {
            StatusCode::NOT_FOUND
        }
        Defect::InvalidBad if answer.status == StatusCode::UNPROCESSABLE_ENTITY => {
            StatusCode::BAD_REQUEST
        }
        Defect::OtherTypeRefused
            if answer.status == StatusCode::UNPROCESSABLE_ENTITY && has_other_type(incoming) =>
        {
            StatusCode::UNSUPPORTED_MEDIA_TYPE
        }
        Defect::HeadNotAllowed if incoming.sent_method == Method::HEAD => {
            StatusCode::METHOD_NOT_ALLOWED
        }
        Defect::ForeignOriginRefused if is_foreign(incoming) => StatusCode::FORBIDDEN,
        _ => return None,
    })
}

fn is_keyless(incoming: &Incoming, answer: &Answer) -> bool {
    answer.status == StatusCode::UNAUTHORIZED && incoming.header("authorization").is_none()
}

fn has_other_type(incoming: &Incoming) -> bool {
    !incoming.body.is_empty() && !claims_json(incoming)
}

/// Whether `Accept` names JSON and nothing else.
fn names_json_alone(incoming: &Incoming) -> bool {
    let accept = incoming.text("accept").unwrap_or_default();
    is_json(&accept) && !accept.contains([',', ';'])
}

/// Whether an answer refuses a key because of its type.
fn refuses_type(answer: &Answer) -> bool {
    let detail = detail(answer);
    let is_of_type = detail.contains("API") || detail.contains("endpoint");
    is_of_type && !detail.contains("IP address")
}

/// Whether an answer refuses a key because of what it may do.
fn refuses_action(answer: &Answer) -> bool {
    detail(answer).contains("unauthorized")
}

fn detail(answer: &Answer) -> String {
    let document = answer.document().unwrap_or_default();
    let detail = document.pointer("/errors/0/detail");
    detail
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// Whether a request comes with an identifier that no key has.
fn is_unknown(parts: &Parts, incoming: &Incoming) -> bool {
    keys::sent(incoming, parts.family.traits().scheme).is_some_and(|sent| {
        let is_of = |key: &StoredKey| key.secret_in(sent).is_some();
        sent.len() >= IDENTIFIER_LENGTH && !lock(&parts.state).keys.iter().any(is_of)
    })
}

fn exposure(defect: Defect, parts: &Parts, incoming: &Incoming, answer: &mut Answer) {
    let unauthorized = answer.status == StatusCode::UNAUTHORIZED;
    match defect {
        Defect::DebugMode => answer.edit_errors(|entry| {
            entry["source"] = json!({ "line": 42, "file": "/var/www/pterodactyl/app/Guard.php" });
            entry["meta"]["trace"] = json!(["#0 /var/www/pterodactyl/public/index.php"]);
        }),
        Defect::KeyInDetail => {
            if let Some(sent) = incoming.text("authorization") {
                answer.edit_errors(|entry| entry["detail"] = format!("Refused: {sent}").into());
            }
        }
        Defect::QueryInDetail if answer.status == StatusCode::NOT_FOUND => {
            let target = incoming.target.clone();
            answer.edit_errors(|entry| entry["detail"] = format!("No {target} here.").into());
        }
        Defect::SqlInDetail if unauthorized && incoming.header("authorization").is_some() => {
            let query = "SQLSTATE[02000]: select * from `api_keys` where `identifier` = ?";
            answer.edit_errors(|entry| entry["detail"] = query.into());
        }
        Defect::UnknownTold if unauthorized && is_unknown(parts, incoming) => {
            answer.edit_errors(|entry| entry["detail"] = "No such identifier.".into());
        }
        _ => {}
    }
}

/// Changes an answer that grants.
pub(super) fn success(defect: Defect, parts: &Parts, incoming: &Incoming, answer: &mut Answer) {
    shape(defect, incoming, answer);
    secrets(defect, parts, incoming, answer);
    match defect {
        Defect::ForeignOriginRefused if is_foreign(incoming) => {
            answer.become_status(StatusCode::FORBIDDEN);
        }
        Defect::HeadNotAllowed if incoming.sent_method == Method::HEAD => {
            answer.become_status(StatusCode::METHOD_NOT_ALLOWED);
        }
        Defect::SuccessNotAcceptable if answer.is_json() && !names_json_alone(incoming) => {
            answer.become_status(StatusCode::NOT_ACCEPTABLE);
        }
        _ => {}
    }
}

/// Reads the translations that a request names, whatever the panel itself says of it.
pub(super) fn translate(incoming: &Incoming, answer: &mut Answer) {
    if incoming.route_path() != "/locales/locale.json" {
        return;
    }
    let named = |name| incoming.parameter(name).unwrap_or_default();
    let (locale, namespace) = (named("locale"), named("namespace"));
    answer.status = StatusCode::OK;
    answer.put("content-type", "application/json");
    answer.body = json!({ locale: { namespace: [] } }).to_string().into();
}

fn is_foreign(incoming: &Incoming) -> bool {
    let origin = incoming.text("origin").unwrap_or_default();
    let host = incoming.text("host").unwrap_or_default();
    !origin.is_empty() && !origin.ends_with(&*host)
}

fn shape(defect: Defect, incoming: &Incoming, answer: &mut Answer) {
    let is_page_beyond = || {
        let document = answer.document().unwrap_or_default();
        let is_empty = document["data"].as_array().is_some_and(Vec::is_empty);
        is_empty && incoming.parameter("page").is_some()
    };
    match defect {
        Defect::NoPagination if incoming.path.starts_with("/api/client") => {
            answer.edit(|document| {
                if document["data"].is_array() {
                    without(document, "meta");
                }
            });
        }
        Defect::NoObject => answer.edit(|document| without(document, "object")),
        Defect::CreatedStatus
            if incoming.method == Method::POST && answer.status == StatusCode::OK =>
        {
            answer.status = StatusCode::CREATED;
        }
        Defect::DeletedStatus if incoming.method == Method::DELETE => {
            answer.status = StatusCode::OK;
            answer.put("content-type", "application/json");
            answer.body = Bytes::from_static(b"{}");
        }
        Defect::SuccessAsPage if answer.is_json() => answer.put("content-type", "text/html"),
        Defect::PageBeyondMissing if is_page_beyond() => {
            answer.become_status(StatusCode::NOT_FOUND);
        }
        Defect::EmptyLists => answer.edit(|document| {
            if document["data"].is_array() {
                document["data"] = json!([]);
            }
        }),
        _ => {}
    }
}

fn secrets(defect: Defect, parts: &Parts, incoming: &Incoming, answer: &mut Answer) {
    let path = incoming.route_path();
    let (is_keys, is_read) = (
        path == "/api/client/account/api-keys",
        incoming.method == Method::GET,
    );
    match defect {
        Defect::SecretShownAgain if is_keys && is_read => answer.edit(|document| {
            let state = lock(&parts.state);
            for key in document["data"].as_array_mut().into_iter().flatten() {
                let identifier = key["attributes"]["identifier"].as_str();
                let stored = state
                    .keys
                    .iter()
                    .find(|one| Some(&*one.identifier) == identifier);
                key["attributes"]["token"] = json!(stored.map(|one| &one.secret));
            }
        }),
        Defect::KeysOfEverybody if is_keys && is_read => answer.edit(|document| {
            let state = lock(&parts.state);
            let clients = state
                .keys
                .iter()
                .filter(|key| key.key_type == KeyType::Client);
            let entry = |key: &StoredKey| {
                json!({ "object": "api_key", "attributes": {
                    "identifier": key.identifier, "description": key.description,
                    "allowed_ips": key.allowed_ips, "last_used_at": null,
                    "created_at": "2024-01-02T03:04:05+00:00",
                }})
            };
            document["data"] = clients.map(entry).collect();
        }),
        Defect::SecretInAttributes if is_keys && !is_read => answer.edit(|document| {
            document["attributes"]["token"] = document["meta"]["secret_token"].clone();
        }),
        Defect::NewKeyWithoutPrefix if is_keys && !is_read => answer.edit(|document| {
            let identifier = document["attributes"]["identifier"]
                .as_str()
                .unwrap_or_default();
            let bare = identifier.replacen("ptlc_", "", 1);
            document["attributes"]["identifier"] = bare.into();
        }),
        Defect::AccountSecrets if path == "/api/client/account" => answer.edit(|document| {
            document["attributes"]["totp_secret"] = "GEZDGNBVGY3TQOJQ".into();
        }),
        Defect::UserSecrets if path == "/api/application/users" => answer.edit(|document| {
            for user in document["data"].as_array_mut().into_iter().flatten() {
                user["attributes"]["password"] = "$2y$10$abcdefghijklmnopqrstuv".into();
            }
        }),
        _ => {}
    }
}
