//! What time it is, real or set by hand.

use std::{
    sync::Mutex,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Tells the time; rate windows and dates of new objects depend on it.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> SystemTime;
}

/// The time of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// A clock that stands still until it is told to move.
#[derive(Debug)]
pub struct ManualClock(Mutex<SystemTime>);

impl ManualClock {
    /// A clock that shows `start`.
    #[must_use]
    pub fn starting_at(start: SystemTime) -> Self {
        Self(Mutex::new(start))
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        *super::lock(&self.0) += by;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> SystemTime {
        *super::lock(&self.0)
    }
}

/// Seconds since 1970-01-01T00:00:00Z; 0 for earlier times.
pub(super) fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_secs())
}

/// The date format of the API: `2024-01-02T03:04:05+00:00`.
pub(super) fn date(unix_seconds: u64) -> String {
    let time = UNIX_EPOCH + Duration::from_secs(unix_seconds);
    let utc = humantime::format_rfc3339_seconds(time).to_string();
    utc.replace('Z', "+00:00")
}

#[cfg(test)]
mod tests {
    use super::{Duration, SystemTime, UNIX_EPOCH, date, unix_seconds};

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(date(0), "1970-01-01T00:00:00+00:00");
        assert_eq!(date(1_704_164_645), "2024-01-02T03:04:05+00:00");
        assert_eq!(date(1_709_164_800), "2024-02-29T00:00:00+00:00");
    }

    #[test]
    fn seconds_are_counted_from_1970() {
        assert_eq!(unix_seconds(UNIX_EPOCH + Duration::from_millis(2900)), 2);
        assert_eq!(unix_seconds(UNIX_EPOCH - Duration::from_secs(2)), 0);
        assert!(unix_seconds(SystemTime::now()) > 1_704_164_645);
    }
}
