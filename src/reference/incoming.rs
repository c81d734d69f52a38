//! A request as the panel reads it.

use std::{
    borrow::Cow,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use axum::{
    body::{Bytes, to_bytes},
    extract::{ConnectInfo, Request},
    http::{HeaderMap, Method},
};
use percent_encoding::percent_decode_str;
use url::form_urlencoded;

/// The largest content that is read, in bytes.
const CONTENT_LIMIT: usize = 16 * 1024 * 1024;

/// A request, read to its end.
#[derive(Clone)]
pub(super) struct Incoming {
    /// The method, after an `X-HTTP-Method-Override` of a POST.
    pub method: Method,
    /// The method as sent.
    pub sent_method: Method,
    /// The path as sent, without a leading `/index.php`.
    pub path: String,
    /// The target as sent, for its length.
    pub target: String,
    /// The parameters of the query, decoded.
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// Whether the content was longer than the panel reads.
    pub too_large: bool,
    /// The address of the other end of the connection; 127.0.0.1 when served in process.
    pub peer: IpAddr,
}

impl Incoming {
    /// Reads a request to its end.
    pub(super) async fn read(request: Request) -> Self {
        let (parts, body) = request.into_parts();
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |info| info.0.ip());
        let content = to_bytes(body, CONTENT_LIMIT).await;
        let path = parts.uri.path();
        let sent_method = parts.method;
        Self {
            method: overridden(&sent_method, &parts.headers),
            sent_method,
            path: path.strip_prefix("/index.php").unwrap_or(path).to_owned(),
            target: parts.uri.to_string(),
            query: form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
                .into_owned()
                .collect(),
            headers: parts.headers,
            too_large: content.is_err(),
            body: content.unwrap_or_default(),
            peer,
        }
    }

    /// A header value without white space around it; the first, if it was sent twice.
    pub(super) fn header(&self, name: &str) -> Option<&[u8]> {
        Some(self.headers.get(name)?.as_bytes().trim_ascii())
    }

    /// A header value as text; what is not UTF-8 becomes replacement characters.
    pub(super) fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        Some(String::from_utf8_lossy(self.header(name)?))
    }

    /// A parameter of the query.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The path decoded and without trailing slashes, as routes are compared with it.
    pub(super) fn route_path(&self) -> String {
        let trimmed = self.path.trim_end_matches('/');
        percent_decode_str(trimmed).decode_utf8_lossy().into_owned()
    }

    /// The path without slashes around it, as error texts name it.
    pub(super) fn spoken_path(&self) -> &str {
        match self.path.trim_matches('/') {
            "" => "/",
            path => path,
        }
    }

    #[cfg(test)]
    pub(super) fn for_tests(
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Self {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request
            .body(body.to_owned().into())
            .expect("a valid request");
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.expect("a runtime").block_on(Self::read(request))
    }
}

/// A POST may say that it means another method.
fn overridden(method: &Method, headers: &HeaderMap) -> Method {
    let wanted = headers.get("x-http-method-override");
    match wanted.map(|value| Method::from_bytes(value.as_bytes())) {
        Some(Ok(wanted)) if *method == Method::POST => wanted,
        _ => method.clone(),
    }
}
