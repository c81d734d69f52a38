//! Sends a request and takes out of the answer what may be known of it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use secrecy::SecretString;
use serde_json::Value;

use super::transport::{Answer, Content};
use super::{Body, Observation, Redactor, Request, Transport, TransportError, printable, shape};

/// The longest text that is kept, in bytes.
const MAX_TEXT: usize = 4096;

/// What somebody wants to know of a success besides its shape.
#[derive(Clone, Debug, Default)]
pub struct Interest {
    /// JSON Pointers (RFC 6901) of what keeps its value in the observation.
    pub keep: Vec<String>,
    /// JSON Pointers of strings and numbers that later requests need.
    pub save: Vec<String>,
}

/// What became of a request.
#[derive(Clone, Debug)]
pub struct Performed {
    /// The answer, redacted; a success reduced to its shape.
    pub observation: Observation,
    /// What was saved, by JSON Pointer: strings as they are, numbers in decimal. What is not
    /// there, or neither string nor number, is missing here too. A key has still to be made
    /// known by [`Redactor::learn`].
    pub saved: BTreeMap<String, SecretString>,
    /// From handing the request over to the last byte of the answer; waiting for a connection
    /// is part of it.
    pub elapsed: Duration,
}

/// Sends a request and observes the answer.
///
/// Everything that is returned went through `redactor`, but for what was saved.
///
/// # Errors
///
/// [`TransportError`] when no whole answer came back; an answer of any status is an observation.
pub async fn perform(
    transport: &Transport,
    request: &Request,
    redactor: &Redactor,
    interest: &Interest,
) -> Result<Performed, TransportError> {
    let start = Instant::now();
    let answer = transport.send(request).await?;
    let elapsed = start.elapsed();
    let raw = classify(&answer.content);
    Ok(Performed {
        saved: save(&raw, &interest.save),
        observation: observe(&answer, raw, redactor, &interest.keep),
        elapsed,
    })
}

fn observe(answer: &Answer, raw: Body, redactor: &Redactor, keep: &[String]) -> Observation {
    let body = match raw {
        Body::Json(document) if is_success(answer) => {
            Body::Json(redactor.json(&shape(&document, keep)))
        }
        Body::Json(document) => Body::Json(redactor.json(&document)),
        Body::Text(text) if is_success(answer) && !is_page(answer, &text) => {
            Body::Text(format!("‹text: {} characters›", text.chars().count()))
        }
        Body::Text(text) => Body::Text(readable(&redactor.text(&text))),
        Body::Empty | Body::Unreadable(_) => raw,
    };
    Observation {
        status: answer.status,
        headers: headers(answer, redactor),
        body,
    }
}

/// Whether the content may be a customer's.
fn is_success(answer: &Answer) -> bool {
    answer.status < 400
}

/// Whether a text is a page for a browser: that is what panels and the proxies before them have
/// to say, while any other text may be a customer's file.
fn is_page(answer: &Answer, text: &str) -> bool {
    let says_so = answer.headers.iter().any(|(name, value)| {
        name == "content-type" && value.to_ascii_lowercase().starts_with(b"text/html")
    });
    let start: String = text.trim_start().chars().take(9).collect();
    let start = start.to_ascii_lowercase();
    says_so && (start == "<!doctype" || start.starts_with("<html"))
}

fn classify(content: &Content) -> Body {
    match content {
        Content::MoreThan(limit) => Body::Unreadable(format!("more than {}", size(*limit))),
        Content::Whole(bytes) if bytes.is_empty() => Body::Empty,
        Content::Whole(bytes) => parse(bytes),
    }
}

fn parse(bytes: &[u8]) -> Body {
    if let Ok(document) = serde_json::from_slice(bytes) {
        return Body::Json(document);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Body::Text(text.to_owned()),
        Err(_) => Body::Unreadable("not UTF-8".to_owned()),
    }
}

fn size(bytes: usize) -> String {
    const MIB: usize = 1 << 20;
    if bytes >= MIB && bytes.is_multiple_of(MIB) {
        format!("{} MiB", bytes / MIB)
    } else {
        format!("{bytes} bytes")
    }
}

/// The beginning of a text, safe to print.
fn readable(text: &str) -> String {
    let end = (0..=text.len().min(MAX_TEXT))
        .rev()
        .find(|end| text.is_char_boundary(*end));
    printable(&text[..end.unwrap_or(0)])
}

fn save(raw: &Body, pointers: &[String]) -> BTreeMap<String, SecretString> {
    let Body::Json(document) = raw else {
        return BTreeMap::new();
    };
    let found = pointers.iter().filter_map(|pointer| {
        let value = scalar(document.pointer(pointer)?)?;
        Some((pointer.clone(), SecretString::from(value)))
    });
    found.collect()
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn headers(answer: &Answer, redactor: &Redactor) -> Vec<(String, String)> {
    let redacted = answer.headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value);
        let value = if name == "set-cookie" {
            redactor.text(&cut_cookie(&value))
        } else {
            redactor.text(&value)
        };
        (name.clone(), value)
    });
    redacted.collect()
}

/// A cookie without its value: `name=[cut]; attributes` (RFC 6265, section 4.1.1).
fn cut_cookie(field: &str) -> String {
    let (pair, attributes) = match field.find(';') {
        Some(end) => field.split_at(end),
        None => (field, ""),
    };
    match pair.split_once('=') {
        Some((name, _)) => format!("{name}=[cut]{attributes}"),
        None => format!("[cut]{attributes}"),
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::response::IntoResponse;
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    use secrecy::ExposeSecret;
    use serde_json::json;

    use super::*;
    use crate::exchange::{InProcess, Secret};

    const KEY: &str = "ptlc_Ab3dE6gH9jKmN2pQrS5tUvWxYz7aB1cD4eF8gH0jKlM";

    async fn performed(answer: impl IntoResponse, interest: &Interest) -> Performed {
        let (head, body) = answer.into_response().into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let panel = Router::new().fallback(async move || (head.status, head.headers, body));
        let request = Request {
            method: "GET".into(),
            target: "/api/client".into(),
            headers: Vec::new(),
            body: None,
        };
        let redactor = Redactor::new([Secret::of_role("client", KEY.into())]);
        perform(&InProcess::new(panel).into(), &request, &redactor, interest)
            .await
            .unwrap()
    }

    async fn body(answer: impl IntoResponse) -> Body {
        performed(answer, &Interest::default())
            .await
            .observation
            .body
    }

    #[test]
    fn a_size_is_told_in_whole_units() {
        let told = [1 << 20, 3 << 20, (1 << 20) + 1, 1000, 0].map(size);
        assert_eq!(
            told,
            ["1 MiB", "3 MiB", "1048577 bytes", "1000 bytes", "0 bytes"]
        );
    }

    #[tokio::test]
    async fn what_is_no_success_is_kept_whole() {
        let said = json!({ "name": "Alice" });
        let of = async |status: u16| {
            let status = http::StatusCode::from_u16(status).unwrap();
            body((status, said.to_string())).await
        };
        assert_eq!(of(400).await, Body::Json(said.clone()));
        assert_ne!(of(399).await, Body::Json(said.clone()));
    }

    #[tokio::test]
    async fn content_is_told_apart_whatever_its_type_says() {
        assert_eq!(body(()).await, Body::Empty);
        assert_eq!(body("{\"a\":null}").await, Body::Json(json!({ "a": null })));
        assert_eq!(
            body((http::StatusCode::NOT_FOUND, "{")).await,
            Body::Text("{".into())
        );
        assert_eq!(body(vec![0xff]).await, Body::Unreadable("not UTF-8".into()));
        assert_eq!(
            body(" ".repeat((1 << 20) + 1)).await,
            Body::Unreadable("more than 1 MiB".into())
        );
    }

    #[tokio::test]
    async fn an_error_stays_whole_and_a_success_is_reduced() {
        let document = json!({ "message": "Server Error" });
        let error = (
            http::StatusCode::INTERNAL_SERVER_ERROR,
            document.to_string(),
        );
        assert_eq!(body(error).await, Body::Json(document.clone()));
        assert_eq!(
            body(document.to_string()).await,
            Body::Json(json!({ "message": "‹string: 12 characters›" }))
        );
    }

    #[tokio::test]
    async fn a_file_is_reduced_and_a_page_is_not() {
        let file = body("rcon.password=hunter2").await;
        assert_eq!(file, Body::Text("‹text: 21 characters›".into()));
        let page = "<!DOCTYPE html><title>Panel</title>";
        assert_eq!(body(page).await, Body::Text("‹text: 35 characters›".into()));
        let page = axum::response::Html(page);
        assert_eq!(body(page).await, Body::Text(page.0.into()));
    }

    #[tokio::test]
    async fn text_is_cut_and_harmless() {
        let text = format!("\x1b[31m{}", "é".repeat(5000));
        let Body::Text(text) = body((http::StatusCode::BAD_GATEWAY, text)).await else {
            panic!("not a text");
        };
        assert!(text.starts_with(r"\u{1b}[31mé"), "{text}");
        assert!(text.len() < 4200 && text.ends_with('é'));
    }

    #[tokio::test]
    async fn values_are_saved_before_they_are_reduced() {
        let document = json!({ "attributes": { "identifier": "abc", "id": 42, "x": [] } });
        let pointers = [
            "/attributes/identifier",
            "/attributes/id",
            "/attributes/x",
            "/y",
        ];
        let interest = Interest {
            keep: vec!["/attributes/id".into()],
            save: pointers.map(String::from).to_vec(),
        };
        let performed = performed(document.to_string(), &interest).await;
        let saved: Vec<_> = performed
            .saved
            .iter()
            .map(|(pointer, value)| (pointer.as_str(), value.expose_secret()))
            .collect();
        assert_eq!(
            saved,
            [("/attributes/id", "42"), ("/attributes/identifier", "abc")]
        );
        let shape = json!({
            "attributes": { "identifier": "‹string: 3 characters›", "id": 42, "x": [] }
        });
        assert_eq!(performed.observation.body, Body::Json(shape));
    }

    #[tokio::test]
    async fn cookies_lose_their_value() {
        let answer = [(
            "set-cookie",
            "pterodactyl_session=eyJpdiI6; path=/; httponly",
        )];
        let observation = performed(answer, &Interest::default()).await.observation;
        assert_eq!(
            observation.header("set-cookie"),
            Some("pterodactyl_session=[cut]; path=/; httponly")
        );
        assert_eq!(cut_cookie("eyJpdiI6"), "[cut]");
    }

    #[tokio::test]
    async fn an_echoed_key_is_never_observed() {
        let percent: String = KEY
            .bytes()
            .flat_map(|byte| format!("%{byte:02x}").into_bytes())
            .map(char::from)
            .collect();
        let base64 = BASE64_STANDARD.encode(format!("Bearer {KEY}"));
        for echo in [KEY, &percent, &base64, &KEY.to_uppercase(), &KEY[16..]] {
            let answers = [
                (http::StatusCode::OK, json!({ echo: echo }).to_string()),
                (
                    http::StatusCode::FORBIDDEN,
                    json!({ "errors": [{ echo: echo }] }).to_string(),
                ),
                (http::StatusCode::BAD_GATEWAY, format!("<html>{echo}")),
            ];
            for (status, body) in answers {
                let headers = [
                    ("location", format!("/x?k={echo}")),
                    ("set-cookie", echo.into()),
                ];
                let interest = Interest {
                    keep: vec![String::new()],
                    ..Interest::default()
                };
                let seen = format!("{:?}", performed((status, headers, body), &interest).await);
                assert!(seen.contains("[redacted: $PTERO_KEY_CLIENT]"), "{seen}");
                for part in echo
                    .as_bytes()
                    .windows(if echo.len() > 60 { 24 } else { 8 })
                {
                    let part = std::str::from_utf8(part).unwrap();
                    assert!(!seen.contains(part), "{part} in {seen}");
                }
            }
        }
    }
}
