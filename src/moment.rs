//! Moments as text.

use std::time::SystemTime;

/// Now, in UTC, to the second (RFC 3339).
pub(crate) fn now() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}
