//! Panels with something wrong on the way to them, or inside; well until somebody asks without a
//! key, as the first case does, so that the controls of a run pass.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use serde_json::{Value, json};

use super::hosted::{Hosted, world};

/// What is wrong with a panel.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Illness {
    /// Nothing.
    None,
    /// Its own fault.
    Faulty(&'static str),
    /// The field does not arrive.
    Dropped(&'static str),
    /// Something else answers every request.
    Answered(u16, &'static [(&'static str, &'static str)], &'static str),
    /// As above, but only where the key of one of these roles is sent; none: any key.
    AnsweredTo(&'static str, u16, &'static str),
    /// Errors have these members besides.
    Tells(fn() -> Value),
    /// Every answer is this, of so many bytes, said to be JSON.
    Says(u8, usize),
    /// Errors come as web pages.
    Pages,
    /// A cache answers with what was answered before.
    Caches,
    /// The address that a client names is believed.
    Believes,
}

/// A panel that is ill.
pub(crate) fn panel(illness: Illness) -> Hosted {
    let faults = match illness {
        Illness::Faulty(name) => [name.parse().expect("a fault")].into_iter().collect(),
        _ => std::iter::empty().collect(),
    };
    // The keys are known only when the panel is there, and their roles when it is asked.
    let keys: Arc<std::sync::OnceLock<Vec<(String, String)>>> = Arc::default();
    let known = Arc::clone(&keys);
    let has_begun = Arc::new(AtomicBool::new(false));
    let hosted = Hosted::new(world(|text| text), faults, |router| {
        router.layer(from_fn(move |request: Request, next: Next| {
            let (known, has_begun) = (Arc::clone(&known), Arc::clone(&has_begun));
            async move {
                if !request.headers().contains_key("authorization") {
                    has_begun.store(true, Ordering::SeqCst);
                }
                if has_begun.load(Ordering::SeqCst) {
                    let keys = known.get().map_or(&[][..], Vec::as_slice);
                    ail(illness, request, next, keys).await
                } else {
                    next.run(request).await
                }
            }
        }))
    });
    let all = hosted
        .keys()
        .iter()
        .map(|(role, key)| (role.clone(), key.clone()));
    keys.set(all.collect()).expect("set once");
    hosted
}

/// Asks a panel without a key, so that it is ill for the controls as well.
pub(crate) fn fall_ill(panel: &Hosted) {
    let address = panel.url().strip_prefix("http://").expect("an address");
    let mut stream = TcpStream::connect(address).expect("a panel");
    write!(
        stream,
        "GET /api/client HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )
    .expect("a request");
    stream.read_to_end(&mut Vec::new()).expect("an answer");
}

async fn ail(
    illness: Illness,
    mut request: Request,
    next: Next,
    keys: &[(String, String)],
) -> Response {
    match illness {
        Illness::None | Illness::Faulty(_) => next.run(request).await,
        Illness::Dropped(field) => {
            request.headers_mut().remove(field);
            next.run(request).await
        }
        Illness::Answered(status, headers, content) => answer(status, headers, content),
        Illness::AnsweredTo(roles, status, content) => {
            if carries(&request, roles, keys) {
                answer(status, &[("content-type", "application/json")], content)
            } else {
                next.run(request).await
            }
        }
        Illness::Tells(members) => {
            changed(next.run(request).await, |error| {
                if let (Some(error), Value::Object(more)) = (error.as_object_mut(), members()) {
                    error.extend(more);
                }
            })
            .await
        }
        Illness::Says(byte, length) => {
            let mut said = answer(403, &[("content-type", "application/json")], "");
            *said.body_mut() = Body::from(vec![byte; length]);
            said
        }
        Illness::Pages => {
            let came = next.run(request).await;
            let status = came.status().as_u16();
            if status < 400 {
                return came;
            }
            answer(
                status,
                &[("content-type", "text/html")],
                "<title>Sorry</title>",
            )
        }
        Illness::Caches => {
            // What the user of `client` was answered, whoever asks.
            if let Some((_, key)) = keys.iter().find(|(role, _)| role == "client") {
                let value = HeaderValue::from_str(&format!("Bearer {key}")).expect("a value");
                request.headers_mut().insert("authorization", value);
            }
            let mut came = next.run(request).await;
            came.headers_mut()
                .insert("x-cache", HeaderValue::from_static("HIT"));
            came
        }
        Illness::Believes => {
            let forged = request.headers().contains_key("x-forwarded-for");
            let client = keys.iter().find(|(role, _)| role == "client");
            if let (true, Some((_, key))) = (forged, client) {
                let value = HeaderValue::from_str(&format!("Bearer {key}")).expect("a value");
                request.headers_mut().insert("authorization", value);
            }
            next.run(request).await
        }
    }
}

fn carries(request: &Request, roles: &str, keys: &[(String, String)]) -> bool {
    let sent = request
        .headers()
        .get("authorization")
        .and_then(|v| v.to_str().ok());
    let sent = sent.and_then(|value| value.strip_prefix("Bearer "));
    let is_meant = |name: &str| roles.is_empty() || roles.split(' ').any(|role| role == name);
    keys.iter()
        .any(|(name, key)| is_meant(name) && Some(key.as_str()) == sent)
}

fn answer(
    status: u16,
    headers: &[(&'static str, &'static str)],
    content: &'static str,
) -> Response {
    let mut answer = Response::new(Body::from(content));
    *answer.status_mut() = status.try_into().expect("a status");
    for (name, value) in headers {
        answer.headers_mut().insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    answer
}

/// The same answer with its errors changed.
async fn changed(answer: Response, change: impl Fn(&mut Value)) -> Response {
    let (mut head, body) = answer.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.expect("a body");
    let Ok(mut document) = serde_json::from_slice::<Value>(&bytes) else {
        return Response::from_parts(head, Body::from(bytes));
    };
    for error in document["errors"].as_array_mut().into_iter().flatten() {
        change(error);
    }
    head.headers.remove("content-length");
    Response::from_parts(head, Body::from(document.to_string()))
}

/// What debug mode tells.
pub(crate) fn source_and_trace() -> Value {
    json!({
        "source": { "line": 42, "file": "/var/www/pterodactyl/app/Http/Kernel.php" },
        "meta": { "trace": ["#0 /var/www/pterodactyl/public/index.php(47)"] },
    })
}

/// Texts that would disturb a terminal, a page, a comment or a workflow.
pub(crate) fn hostile() -> Value {
    json!({
        "detail": "\u{1b}[2J\u{202e}<script>document.documentElement.dataset.executed=1</script>\n\
                   ::error::forged\n</pre><img src=x onerror=\"document.documentElement.dataset.executed=1\"> \
                   `@everyone` ```\n# [x](javascript:alert(1)) %0A ]]> &amp; \u{0}\u{feff}",
        "</style><svg onload=document.documentElement.dataset.executed=1>": "\u{9b}31m",
    })
}
