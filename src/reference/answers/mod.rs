//! What granted requests get: objects and lists with the shapes of the API and values of its own.

#![allow(
    clippy::unnecessary_wraps,
    reason = "routes hold actions, which all have one signature"
)]

pub(super) mod account;
pub(super) mod application;
pub(super) mod forks;
mod key_fields;
mod lists;
mod objects;
pub(super) mod remote;
pub(super) mod server;

use axum::{
    body::Body,
    http::{Response, StatusCode},
};
use serde_json::{Value, json};

use super::errors::{self, Refusal};

/// What an action ends with.
pub(super) type Outcome = Result<Success, Refusal>;

/// The answer to a granted request.
pub(super) struct Success {
    status: u16,
    content: Content,
}

enum Content {
    Json(Value),
    Text(String),
    Empty,
}

impl Success {
    /// An answer without content and content type.
    pub(super) fn empty(status: u16) -> Self {
        Self {
            status,
            content: Content::Empty,
        }
    }

    fn text(text: &str) -> Self {
        Self {
            status: 200,
            content: Content::Text(text.to_owned()),
        }
    }

    /// This document.
    pub(super) fn json(status: u16, document: Value) -> Self {
        Self {
            status,
            content: Content::Json(document),
        }
    }

    pub(super) fn into_response(self) -> Response<Body> {
        match self.content {
            Content::Json(value) => {
                errors::answer(self.status, "application/json", value.to_string())
            }
            Content::Text(text) => errors::answer(self.status, "text/plain; charset=UTF-8", text),
            Content::Empty => {
                let mut response = Response::new(Body::empty());
                *response.status_mut() =
                    StatusCode::from_u16(self.status).unwrap_or(StatusCode::NO_CONTENT);
                response
            }
        }
    }
}

/// 200 with this document.
fn ok(document: Value) -> Outcome {
    with_status(200, document)
}

fn with_status(status: u16, document: Value) -> Outcome {
    Ok(Success::json(status, document))
}

/// 201 with an object and the address at which it can be found.
fn created(mut object: Value, base_url: &str, path: &str) -> Outcome {
    let id = &object["attributes"]["id"];
    let resource = format!("{base_url}/api/application/{path}/{id}");
    object["meta"] = json!({ "resource": resource });
    with_status(201, object)
}

fn item(object: &str, attributes: Value) -> Value {
    let mut document = json!({ "object": object });
    document["attributes"] = attributes;
    document
}

fn list(data: Vec<Value>) -> Value {
    let mut document = json!({ "object": "list" });
    document["data"] = Value::Array(data);
    document
}
