//! Recordings: of real panels, matched with what cases send, and of runs, case by case.

mod file;
mod matching;
mod normal;
mod read;
mod world;

pub use file::{
    BadRecordingFile, FORMAT, Header, KeptAnswer, KeptCase, KeptContent, KeptExchange, KeptRequest,
    KeptStep, RunRecording,
};
pub use matching::{Replay, ReplayContext};
pub(crate) use normal::{alone, normal};
pub use read::{BadRecording, Exchange, Recording};
pub use world::RecordedWorld;
