//! The only part that touches a network: sends requests, returns observations.

mod observation;
mod redact;
mod request;
#[expect(dead_code, reason = "nothing sends yet")]
mod transport;

pub use observation::{Body, Observation};
pub use redact::{Redactor, Secret};
pub use request::Request;
pub use transport::{
    Http, HttpOptions, InProcess, Phase, Resolve, ResolveParseError, SetupError, Transport,
    TransportError,
};
