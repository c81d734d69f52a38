//! Runs a plan against a target: keys are verified, ids found, cases sent and judged.

mod breaker;
mod control;
mod embedded;
mod ids;
mod pace;
mod render;
mod replay;
mod result;
mod second_look;
mod session;
mod target;

pub use control::{Controlled, Finding, Trouble, control};
pub use embedded::{EmbeddedError, embedded_panel};
pub use replay::{Replayed, judge_recording};
pub use result::{CaseResult, StepResult};
pub use second_look::look_again;
pub use session::{Session, Setup};
pub use target::{BadTarget, Target};
