//! Recordings of real panels: read, and matched with what cases send.

mod matching;
mod read;
mod world;

pub use matching::{Replay, ReplayContext};
pub use read::{BadRecording, Exchange, Recording};
pub use world::RecordedWorld;
