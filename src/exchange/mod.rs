//! The only part that touches a network: sends requests, returns observations.

mod observation;
mod perform;
mod printable;
mod redact;
mod request;
mod shape;
mod transport;
mod varying;

pub use observation::{Body, Observation};
pub use perform::{Interest, Performed, perform};
pub use printable::printable;
pub use redact::{Redactor, Secret};
pub use request::Request;
pub use shape::shape;
pub(crate) use transport::Likeness;
pub use transport::{
    Certificate, Http, HttpOptions, InProcess, Phase, Place, PlaceParseError, Resolve,
    ResolveParseError, SetupError, Transport, TransportError,
};
pub(crate) use varying::{moves_on, same_field, same_run, same_words};
