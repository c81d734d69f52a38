//! Turns a request into an HTTP/1.1 message without adding, folding or escaping anything.

use http::header::{CONTENT_LENGTH, HOST};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use http_body_util::Full;
use hyper::body::Bytes;

use super::TransportError;
use crate::exchange::Request;

/// A message ready to be written.
pub(super) type Message = http::Request<Full<Bytes>>;

/// Builds the message for a target that is reached as `host` below the path `prefix`.
///
/// # Errors
///
/// [`TransportError::Protocol`] when a part of the request has no form in HTTP/1.1.
pub(super) fn build(
    request: &Request,
    prefix: &str,
    host: &HeaderValue,
) -> Result<Message, TransportError> {
    let content = Bytes::from(request.body.clone().unwrap_or_default());
    let mut message = http::Request::new(Full::new(content));
    *message.method_mut() = method(&request.method)?;
    *message.uri_mut() = target(prefix, &request.target)?;
    *message.headers_mut() = headers(request, host)?;
    Ok(message)
}

fn method(token: &str) -> Result<Method, TransportError> {
    Method::from_bytes(token.as_bytes()).map_err(|_| unsendable("the method is not a token"))
}

/// The request target as it is written. `Uri` drops a fragment without a word, so what it would
/// print is compared with what was asked for.
fn target(prefix: &str, target: &str) -> Result<Uri, TransportError> {
    if !target.starts_with('/') {
        return Err(unsendable("the request target does not begin with \"/\""));
    }
    let whole = format!("{prefix}{target}");
    let uri = Uri::try_from(whole.as_str())
        .map_err(|error| unsendable(&format!("the request target has an {error}")))?;
    if uri.to_string() != whole {
        return Err(unsendable("the request target has a fragment"));
    }
    Ok(uri)
}

fn headers(request: &Request, host: &HeaderValue) -> Result<HeaderMap, TransportError> {
    let mut headers = HeaderMap::with_capacity(request.headers.len() + 2);
    if !request.has_header(HOST.as_str()) {
        headers.insert(HOST, host.clone());
    }
    for (name, value) in &request.headers {
        headers.append(header_name(name)?, header_value(name, value)?);
    }
    if let Some(length) = content_length(request) {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    Ok(headers)
}

fn header_name(name: &str) -> Result<HeaderName, TransportError> {
    HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| unsendable(&format!("the header name {name:?} is not a token")))
}

fn header_value(name: &str, value: &[u8]) -> Result<HeaderValue, TransportError> {
    HeaderValue::from_bytes(value)
        .map_err(|_| unsendable(&format!("the value of {name} has a control character")))
}

/// The length to announce: none where the request says it itself, and zero where the method
/// expects content and there is none (RFC 9110, section 8.6).
fn content_length(request: &Request) -> Option<usize> {
    if request.has_header(CONTENT_LENGTH.as_str()) || request.has_header("transfer-encoding") {
        return None;
    }
    let expects_content = matches!(request.method.as_str(), "POST" | "PUT" | "PATCH");
    match &request.body {
        Some(body) => Some(body.len()),
        None => expects_content.then_some(0),
    }
}

fn unsendable(reason: &str) -> TransportError {
    TransportError::Protocol {
        reason: format!("the request cannot be sent: {reason}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Result<String, TransportError> {
        target("/panel", text).map(|uri| uri.to_string())
    }

    #[test]
    fn a_target_is_not_folded() {
        for text in [
            "/",
            "//api//client",
            "/api/client/../x",
            "/a/%2e%2e/b?q=%zz&q=",
            "/ä?",
        ] {
            assert_eq!(uri(text).unwrap(), format!("/panel{text}"));
        }
    }

    #[test]
    fn what_has_no_form_is_an_error() {
        for text in ["", "api", "*", "http://x/", "/a b", "/a#b", "/a\r\nX: y"] {
            let error = uri(text).unwrap_err();
            assert!(
                matches!(error, TransportError::Protocol { .. }),
                "{text:?}: {error}"
            );
        }
    }

    #[test]
    fn a_length_is_announced_where_content_is_expected() {
        let request = |method: &str, body: Option<&str>| Request {
            method: method.into(),
            target: "/".into(),
            headers: Vec::new(),
            body: body.map(Into::into),
        };
        for name in ["Content-Length", "Transfer-Encoding"] {
            let mut saying = request("POST", Some("ab"));
            saying.headers.push((name.into(), b"2".to_vec()));
            assert_eq!(content_length(&saying), None, "{name}");
        }
        assert_eq!(content_length(&request("GET", None)), None);
        assert_eq!(content_length(&request("DELETE", None)), None);
        assert_eq!(content_length(&request("GET", Some("ab"))), Some(2));
        assert_eq!(content_length(&request("PATCH", None)), Some(0));
    }
}
