//! One HTTP/1.1 connection.

use ::http::response::Parts;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use tokio::task::JoinSet;

use super::connector::{Stream, reason};
use crate::exchange::transport::TransportError;
use crate::exchange::transport::answer::{self, Content};
use crate::exchange::transport::message::Message;

/// An open connection; dropping it closes the socket at once, whatever is under way.
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    target: String,
    /// The one task that moves the bytes. A set, because it ends its tasks when dropped.
    _driver: JoinSet<hyper::Result<()>>,
}

/// How sending can fail.
pub(super) enum Failure {
    /// No byte was sent: here is the message back, for another connection.
    Unsent(Box<Message>, TransportError),
    /// It may have arrived.
    Sent(TransportError),
}

impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        Self::Sent(error)
    }
}

impl From<Failure> for TransportError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unsent(_, error) | Failure::Sent(error) => error,
        }
    }
}

impl Connection {
    /// Prepares a stream for requests; sends nothing.
    pub(super) async fn open(stream: Stream, target: &str) -> Result<Self, TransportError> {
        let (sender, connection) = http1::Builder::new()
            .title_case_headers(true)
            .handshake(stream)
            .await
            .map_err(|error| classify(target, &error))?;
        let mut driver = JoinSet::new();
        driver.spawn(connection);
        Ok(Self {
            sender,
            target: target.to_owned(),
            _driver: driver,
        })
    }

    /// Sends a message and waits for the header section of the answer.
    pub(super) async fn send(&mut self, message: Message) -> Result<(Parts, Incoming), Failure> {
        match self.sender.try_send_request(message).await {
            Ok(response) => Ok(response.into_parts()),
            Err(mut failed) => {
                let error = classify(&self.target, failed.error());
                Err(match failed.take_message() {
                    Some(message) => Failure::Unsent(Box::new(message), error),
                    None => Failure::Sent(error),
                })
            }
        }
    }

    /// Reads the content of an answer up to `limit` bytes.
    pub(super) async fn read(
        &self,
        body: Incoming,
        limit: usize,
    ) -> Result<Content, TransportError> {
        answer::read(body, limit)
            .await
            .map_err(|error| classify(&self.target, &error))
    }

    /// Waits until the next message can be sent, or fails if none can.
    pub(super) async fn ready(&mut self) -> hyper::Result<()> {
        self.sender.ready().await
    }

    /// Whether the next message can be sent now.
    pub(super) fn is_ready(&self) -> bool {
        self.sender.is_ready()
    }
}

fn classify(target: &str, error: &hyper::Error) -> TransportError {
    if error.is_parse() || error.is_parse_too_large() {
        return TransportError::Protocol {
            reason: format!(
                "the answer of {target} is not HTTP/1.1: {}; check the port, and http or https",
                reason(error)
            ),
        };
    }
    if error.is_user() {
        return TransportError::Protocol {
            reason: format!("the request cannot be sent: {}", reason(error)),
        };
    }
    TransportError::Closed {
        target: target.to_owned(),
        reason: reason(error),
    }
}
