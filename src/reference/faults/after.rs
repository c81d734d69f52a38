//! Behind the panel: what is wrong about an answer when it leaves.

mod content;
mod headers;

use axum::{
    body::{Body, Bytes, to_bytes},
    http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header},
};
use serde_json::Value;

use super::{Defect, Memory};
use crate::reference::{Parts, errors::HTML, incoming::Incoming, lock};

/// The largest answer that is changed, in bytes.
const LIMIT: usize = 16 * 1024 * 1024;

/// An answer, whole.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// The answer as it leaves a panel with these defects.
pub(in crate::reference) async fn answer(
    parts: &Parts,
    incoming: &Incoming,
    response: Response<Body>,
) -> Response<Body> {
    if parts.faults.defects().next().is_none() {
        return response;
    }
    let (head, body) = response.into_parts();
    let mut answer = Answer {
        status: head.status,
        headers: head.headers,
        body: to_bytes(body, LIMIT).await.unwrap_or_default(),
    };
    for defect in parts.faults.defects() {
        change(defect, parts, incoming, &mut answer);
    }
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    response
}

fn change(defect: Defect, parts: &Parts, incoming: &Incoming, answer: &mut Answer) {
    if answer.status.as_u16() >= 400 {
        content::refusal(defect, parts, incoming, answer);
    }
    if answer.status.is_success() {
        content::success(defect, parts, incoming, answer);
    }
    if defect == Defect::LocaleHole {
        content::translate(incoming, answer);
    }
    headers::change(defect, incoming, answer);
    if matches!(defect, Defect::AnswersShared | Defect::CacheBeforePanel) {
        share(defect, &mut lock(&parts.faults.memory), incoming, answer);
    }
    if incoming.sent_method == Method::HEAD {
        answer.body = Bytes::new();
    }
}

/// A cache that looks at the target of a request only. One behind the panel's door gives what it
/// has to whoever gets something; one before the door gives a server to everybody.
fn share(defect: Defect, memory: &mut Memory, incoming: &Incoming, answer: &mut Answer) {
    let is_server = incoming.path.starts_with("/api/client/servers/")
        && incoming.path.matches('/').count() == 4;
    let is_kept = defect == Defect::AnswersShared || is_server;
    if incoming.method != Method::GET || !is_kept {
        return;
    }
    let kept = memory
        .answers
        .iter()
        .find(|(target, _)| *target == incoming.target);
    match kept {
        Some((_, kept))
            if answer.status.is_success() || is_server && defect == Defect::CacheBeforePanel =>
        {
            *answer = kept.clone();
        }
        None if answer.status == StatusCode::OK => {
            memory
                .answers
                .push((incoming.target.clone(), answer.clone()));
        }
        _ => {}
    }
}

impl Answer {
    /// The content, if it is JSON.
    fn document(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Changes the content, if it is JSON.
    fn edit(&mut self, change: impl FnOnce(&mut Value)) {
        if let Some(mut document) = self.document() {
            change(&mut document);
            self.body = document.to_string().into();
        }
    }

    /// Changes every entry of `errors`.
    fn edit_errors(&mut self, change: impl Fn(&mut Value)) {
        self.edit(|document| {
            let errors = document.get_mut("errors").and_then(Value::as_array_mut);
            errors.into_iter().flatten().for_each(change);
        });
    }

    fn is_json(&self) -> bool {
        let value = self.headers.get(header::CONTENT_TYPE);
        value.is_some_and(|value| value.as_bytes().starts_with(b"application/json"))
    }

    fn put(&mut self, name: &'static str, value: &str) {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
    }

    /// Becomes a page.
    fn become_page(&mut self, title: &str) {
        self.put("content-type", HTML);
        self.body = format!("<!DOCTYPE html>\n<title>{title}</title>\n").into();
    }

    /// Gets another status, also in the content.
    fn become_status(&mut self, status: StatusCode) {
        self.status = status;
        let text = status.as_str();
        self.edit_errors(|entry| entry["status"] = text.into());
    }
}
