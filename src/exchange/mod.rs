//! The only part that touches a network: sends requests, returns observations.

mod observation;
mod request;

pub use observation::{Body, Observation};
pub use request::Request;
