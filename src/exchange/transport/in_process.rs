//! Sends requests to a router in this process, without a socket.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::HeaderValue;
use tower::ServiceExt;

use super::answer::{self, Answer, DEFAULT_BODY_LIMIT, DEFAULT_TIMEOUT, Likeness};
use super::message::{self, Message};
use super::{Phase, TransportError};
use crate::exchange::Request;

/// What a panel in this process is called in errors and in `Host`.
const HOST: &str = "localhost";

/// The address that the panel sees as the client's.
const CLIENT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 49152);

/// A panel inside this process. It gets requests as they would arrive over HTTP, from
/// 127.0.0.1 (as `ConnectInfo<SocketAddr>`), with the default time and body limits.
#[derive(Clone, Debug)]
pub struct InProcess {
    router: Router,
}

impl InProcess {
    /// A transport to `router`.
    #[must_use]
    pub fn new(router: Router) -> Self {
        Self { router }
    }

    pub(super) async fn send(&self, request: &Request) -> Result<Answer, TransportError> {
        let message = message::build(request, "", &HeaderValue::from_static(HOST))?;
        tokio::time::timeout(DEFAULT_TIMEOUT, self.answer(message))
            .await
            .unwrap_or_else(|_| Err(timeout()))
    }

    /// What tells the answer from another one, and nothing else; nothing if there is none.
    pub(crate) async fn likeness(&self, request: &Request) -> Option<Likeness> {
        self.send(request)
            .await
            .ok()
            .map(|answer| answer.likeness())
    }

    async fn answer(&self, message: Message) -> Result<Answer, TransportError> {
        let mut message = message.map(Body::new);
        message.extensions_mut().insert(ConnectInfo(CLIENT));
        let Ok(response) = self.router.clone().oneshot(message).await;
        let (head, body) = response.into_parts();
        let content = answer::read(body, DEFAULT_BODY_LIMIT)
            .await
            .map_err(|error| closed(&error))?;
        Ok(Answer::new(&head, content))
    }
}

fn timeout() -> TransportError {
    TransportError::Timeout {
        target: HOST.to_owned(),
        after: DEFAULT_TIMEOUT,
        phase: Phase::Waiting,
    }
}

fn closed(error: &axum::Error) -> TransportError {
    TransportError::Closed {
        target: HOST.to_owned(),
        reason: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::{get, post};
    use http::HeaderMap;

    use super::super::answer::Content;
    use super::*;

    fn request(method: &str, target: &str) -> Request {
        Request {
            method: method.into(),
            target: target.into(),
            headers: vec![("Authorization".into(), b"Bearer \xff".to_vec())],
            body: None,
        }
    }

    async fn send(router: Router, request: &Request) -> Result<(u16, String), TransportError> {
        let answer = InProcess::new(router).send(request).await?;
        let Content::Whole(bytes) = answer.content else {
            panic!("cut");
        };
        Ok((answer.status, String::from_utf8(bytes).unwrap()))
    }

    #[tokio::test]
    async fn the_client_is_this_machine() {
        let router =
            Router::new().route(
                "/who",
                get(|ConnectInfo(client): ConnectInfo<SocketAddr>| async move {
                    client.ip().to_string()
                }),
            );
        let answer = send(router, &request("GET", "/who")).await.unwrap();
        assert_eq!(answer, (200, "127.0.0.1".into()));
    }

    #[tokio::test]
    async fn headers_arrive_as_over_http() {
        let router = Router::new().route(
            "/",
            post(|headers: HeaderMap| async move { format!("{headers:?}") }),
        );
        let (_, seen) = send(router, &request("POST", "/")).await.unwrap();
        assert_eq!(
            seen,
            r#"{"host": "localhost", "authorization": "Bearer \xff", "content-length": "0"}"#
        );
    }

    #[tokio::test]
    async fn answers_are_alike_but_for_what_is_left_of_a_limit() {
        let likeness =
            async |status: u16, name: &'static str, value: &'static str, text: &'static str| {
                let status = http::StatusCode::from_u16(status).unwrap();
                let answer = move || async move { (status, [(name, value)], text) };
                let panel = InProcess::new(Router::new().route("/", get(answer)));
                panel.likeness(&request("GET", "/")).await
            };
        let left = "x-ratelimit-remaining";
        let one = likeness(200, left, "7", "data").await;
        assert!(one.is_some());
        assert_eq!(one, likeness(200, left, "6", "data").await);
        assert_ne!(one, likeness(200, left, "many", "data").await);
        assert_ne!(one, likeness(200, "x-ratelimit-limit", "7", "data").await);
        assert_ne!(one, likeness(200, left, "7", "other").await);
        assert_ne!(one, likeness(201, left, "7", "data").await);
        assert_ne!(
            likeness(200, "x-other", "7", "data").await,
            likeness(200, "x-other", "6", "data").await
        );
    }

    #[tokio::test]
    async fn an_unfolded_target_is_no_route() {
        let router = Router::new().route("/api/client", get(|| async { "data" }));
        let (status, _) = send(router, &request("GET", "/api//client")).await.unwrap();
        assert_eq!(status, 404);
    }

    #[tokio::test]
    async fn a_target_without_a_form_is_an_error() {
        let error = send(Router::new(), &request("GET", "/a#b"))
            .await
            .unwrap_err();
        assert!(matches!(error, TransportError::Protocol { .. }), "{error}");
    }
}
