//! Runs a plan against a target: keys are verified, ids found, cases sent and judged.

mod added;
mod breaker;
mod changes;
mod cleanup;
mod control;
mod creations;
mod deletion;
mod embedded;
mod hindrance;
mod ids;
mod interrupt;
mod listing;
mod made_roles;
mod pace;
mod record;
mod rejudge;
mod render;
mod replay;
mod result;
mod schedule;
mod second_look;
mod session;
mod sharing;
mod stand_in;
#[cfg(test)]
mod tests;

pub use added::{Additions, Unplayed};
pub use changes::{Change, Changes, Course, Side, Silence, is_spent_by_others};
pub use cleanup::{Cleanup, LookAlike, clean_up};
pub use control::{Controlled, Finding, control};
pub(crate) use creations::left_to_others;
pub use deletion::{Gone, NotDeleted};
pub use embedded::{
    ALLOWED_ORIGIN, EmbeddedError, embedded_keys, embedded_panel, embedded_panel_with_clock, limit,
    put_into,
};
pub(crate) use embedded::{built_in, built_in_beside, panel_of};
pub use hindrance::{Hindrance, Trouble};
pub use interrupt::Interrupt;
pub(crate) use made_roles::make;
pub use made_roles::makeable;
pub use record::{Record, suite_sha256};
pub use rejudge::{NotJudged, Rejudge};
pub use replay::{Replayed, judge_recording};
pub use result::{CaseResult, StepResult};
pub use schedule::{Event, Schedule};
pub(crate) use session::RUN_NAMES;
pub use session::{ConfiguredOtherwise, Session, Setup};
pub use stand_in::{Played, StandIn};
