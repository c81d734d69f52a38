//! Why no answer could be read.

use std::fmt;
use std::time::Duration;

use thiserror::Error;

/// What kept a request from being answered. This is never a finding about the panel's contract:
/// an answer of any status is an [`Observation`](crate::exchange::Observation).
///
/// Messages name the target as `host:port` and never hold a key, a path or a query.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The host name has no address. Nothing was sent.
    #[error(
        "cannot resolve {host}: {reason}; check the spelling, or give the address with \
         --resolve {host}:ADDRESS"
    )]
    Resolve {
        /// The name that was looked up.
        host: String,
        /// What the resolver said.
        reason: String,
    },
    /// No TCP connection could be made. Nothing was sent.
    #[error(
        "cannot connect to {target}: {reason}; check that the panel runs and that the port is right"
    )]
    Connect {
        /// `host:port`.
        target: String,
        /// What the system said.
        reason: String,
    },
    /// The TLS handshake failed. Nothing was sent, keys least of all.
    #[error("no trusted TLS connection to {target}: {reason}; {advice}")]
    Tls {
        /// `host:port`.
        target: String,
        /// What the TLS library said.
        reason: String,
        /// What to do about it.
        advice: &'static str,
    },
    /// The time for the whole request was over.
    #[error(
        "{target} took longer than {after:?} ({phase}); check that it is not overloaded, or allow \
         more with --timeout"
    )]
    Timeout {
        /// `host:port`.
        target: String,
        /// The time that was allowed.
        after: Duration,
        /// What was going on when it was over.
        phase: Phase,
    },
    /// The connection ended before the answer did.
    #[error(
        "{target} closed the connection before the answer was complete: {reason}; look for the \
         reason in the logs of the panel and of the proxy before it"
    )]
    Closed {
        /// `host:port`.
        target: String,
        /// What was seen of it.
        reason: String,
    },
    /// The request cannot be put into HTTP/1.1, or the answer is not HTTP/1.1.
    #[error("{reason}")]
    Protocol {
        /// Which part breaks which rule.
        reason: String,
    },
    /// The recording holds no exchange that answers the request.
    #[error("the recording holds no answer to this request")]
    NotRecorded,
    /// Too many connections in a row failed or brought no answer; nothing is sent to this target
    /// any more.
    #[error("nothing more is sent after {failures} failed connections in a row: {first}")]
    Unreachable {
        /// How many connections failed.
        failures: usize,
        /// Why the first of them failed.
        first: Box<TransportError>,
    },
}

impl TransportError {
    /// Whether it happened before a byte of the request was sent.
    #[must_use]
    pub fn nothing_sent(&self) -> bool {
        match self {
            Self::Resolve { .. }
            | Self::Connect { .. }
            | Self::Tls { .. }
            | Self::NotRecorded
            | Self::Unreachable { .. } => true,
            Self::Timeout { phase, .. } => *phase == Phase::Connecting,
            Self::Closed { .. } | Self::Protocol { .. } => false,
        }
    }
}

/// What a request is busy with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Resolving, connecting and the TLS handshake.
    Connecting,
    /// Sending, and waiting for the header section of the answer.
    Waiting,
    /// Reading the content of the answer.
    Reading,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connecting => "while connecting",
            Self::Waiting => "while waiting for the answer",
            Self::Reading => "while reading the answer",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_is_told_in_words() {
        let told = [Phase::Connecting, Phase::Waiting, Phase::Reading].map(|one| one.to_string());
        assert_eq!(
            told,
            [
                "while connecting",
                "while waiting for the answer",
                "while reading the answer"
            ]
        );
    }
}
