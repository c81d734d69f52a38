//! How requests reach a target.

mod answer;
mod error;
mod http;
mod in_process;
mod message;
mod replay;

pub use self::error::{Phase, TransportError};
pub use self::http::{
    Certificate, Http, HttpOptions, Place, PlaceParseError, Resolve, ResolveParseError, SetupError,
};
pub use self::in_process::InProcess;

pub(crate) use self::answer::Likeness;
pub(super) use self::answer::{Answer, Content};
use super::Request;
use crate::recording::Replay;

/// The way to one target. Share it by reference or `Arc`: sending takes `&self`.
#[derive(Debug)]
pub enum Transport {
    /// Over a network.
    Http(Box<Http>),
    /// To a panel inside this process.
    InProcess(InProcess),
    /// To nobody: a recording answers.
    Replay(Box<Replay>),
}

impl Transport {
    /// The certificate that the target showed; none before the first request, and none where no
    /// TLS is spoken.
    #[must_use]
    pub fn certificate(&self) -> Option<Certificate> {
        match self {
            Self::Http(http) => http.certificate(),
            Self::InProcess(_) | Self::Replay(_) => None,
        }
    }

    /// Sends one request and reads the whole answer, raw.
    pub(super) async fn send(&self, request: &Request) -> Result<Answer, TransportError> {
        match self {
            Self::Http(http) => http.send(request).await,
            Self::InProcess(panel) => panel.send(request).await,
            Self::Replay(recording) => replay::send(recording, request),
        }
    }
}

impl From<Http> for Transport {
    fn from(http: Http) -> Self {
        Self::Http(Box::new(http))
    }
}

impl From<InProcess> for Transport {
    fn from(panel: InProcess) -> Self {
        Self::InProcess(panel)
    }
}

impl From<Replay> for Transport {
    fn from(recording: Replay) -> Self {
        Self::Replay(Box::new(recording))
    }
}
