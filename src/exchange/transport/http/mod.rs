//! Sends requests over HTTP/1.1, byte for byte as they are written down.

mod certificate;
mod connection;
mod connector;
mod latch;
mod options;
mod pool;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use ::http::HeaderValue;
use tokio::time::{Instant, timeout_at};
use url::Url;

pub use self::certificate::Certificate;
pub use self::options::{
    HttpOptions, Place, PlaceParseError, Resolve, ResolveParseError, SetupError,
};

use self::connection::{Connection, Failure};
use self::connector::Connector;
use self::latch::Latch;
use self::pool::Pool;
use super::message::{self, Message};
use super::{Answer, Phase, TransportError};
use crate::exchange::Request;

/// One target, reached over `http` or `https`.
///
/// It follows no redirect, decodes nothing, asks no proxy, and sends no request twice.
/// Connections are kept for a moment and used again. They belong to the tokio runtime that
/// opened them: use one `Http` with one runtime.
///
/// After three connections in a row that brought no answer it sends nothing more; see
/// [`TransportError::Unreachable`].
pub struct Http {
    prefix: String,
    host: HeaderValue,
    target: String,
    timeout: Duration,
    body_limit: usize,
    connector: Connector,
    latch: Latch,
    pool: Pool,
}

impl Http {
    /// A transport to the panel at `base`, whose path stays in front of every request target:
    /// below `https://example.com/panel` the target `/api/client` is `/panel/api/client`.
    ///
    /// Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`SetupError`] when `base` is no address of a panel, when a certificate cannot be read,
    /// or when an entry of `resolve` names another host.
    pub fn new(base: &Url, options: &HttpOptions) -> Result<Self, SetupError> {
        let host = options::check(base)?;
        let connector = Connector::new(base, host, options)?;
        Ok(Self {
            prefix: base.path().trim_end_matches('/').to_owned(),
            host: options::host_header(base, host)?,
            target: connector.target().to_owned(),
            timeout: options.timeout,
            body_limit: options.body_limit,
            connector,
            latch: Latch::default(),
            pool: Pool::default(),
        })
    }

    /// The certificate that the server showed; none before the first request, and none without TLS.
    #[must_use]
    pub fn certificate(&self) -> Option<Certificate> {
        self.connector.certificate()
    }

    pub(super) async fn send(&self, request: &Request) -> Result<Answer, TransportError> {
        self.latch.check()?;
        let mut message = message::build(request, &self.prefix, &self.host)?;
        while let Some(connection) = self.pool.take() {
            match self.exchange(connection, message, self.deadline()).await {
                Err(Failure::Unsent(returned, _)) => message = *returned,
                Err(Failure::Sent(error)) => return Err(error),
                Ok(answer) => {
                    self.latch.succeeded();
                    return Ok(answer);
                }
            }
        }
        self.latch.attempt(self.ask(message)).await
    }

    /// Asks over a new connection. The deadline starts when it is this request's turn to connect.
    async fn ask(&self, message: Message) -> Result<Answer, TransportError> {
        let (connection, deadline) = self.connect().await?;
        let answer = self.exchange(connection, message, deadline).await;
        answer.map_err(TransportError::from)
    }

    async fn connect(&self) -> Result<(Connection, Deadline<'_>), TransportError> {
        let deadline = self.deadline();
        let stream = deadline
            .bound(Phase::Connecting, self.connector.connect())
            .await??;
        Ok((Connection::open(stream, &self.target).await?, deadline))
    }

    async fn exchange(
        &self,
        mut connection: Connection,
        message: Message,
        deadline: Deadline<'_>,
    ) -> Result<Answer, Failure> {
        let (head, body) = deadline
            .bound(Phase::Waiting, connection.send(message))
            .await??;
        let content = deadline
            .bound(Phase::Reading, connection.read(body, self.body_limit))
            .await??;
        // Whatever keeps the connection from being used again is not this request's trouble.
        if let Ok(Ok(())) = deadline.bound(Phase::Reading, connection.ready()).await {
            self.pool.put(connection);
        }
        Ok(Answer::new(&head, content))
    }

    fn deadline(&self) -> Deadline<'_> {
        Deadline {
            at: Instant::now() + self.timeout,
            after: self.timeout,
            target: &self.target,
        }
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Http({}{})", self.target, self.prefix)
    }
}

/// When a request has to be over.
#[derive(Clone, Copy)]
struct Deadline<'a> {
    at: Instant,
    after: Duration,
    target: &'a str,
}

impl Deadline<'_> {
    async fn bound<T>(
        &self,
        phase: Phase,
        work: impl Future<Output = T>,
    ) -> Result<T, TransportError> {
        timeout_at(self.at, work)
            .await
            .map_err(|_| TransportError::Timeout {
                target: self.target.to_owned(),
                after: self.after,
                phase,
            })
    }
}
