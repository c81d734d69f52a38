//! Moments as text.

use std::time::{Duration, SystemTime};

/// Now, in UTC, to the second (RFC 3339).
pub(crate) fn now() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}

/// How many days it is from now to the end of a date such as `2027-01-31`, in UTC; negative where it
/// is over. Nothing where it is no date.
pub(crate) fn days_until(date: &str) -> Option<i64> {
    let end = humantime::parse_rfc3339(&format!("{date}T23:59:59Z")).ok()?;
    let days = |time: Duration| i64::try_from(time.as_secs() / (24 * 60 * 60)).ok();
    match end.duration_since(SystemTime::now()) {
        Ok(left) => days(left),
        Err(over) => Some(-1 - days(over.duration())?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_lasts_to_its_end() {
        let today = now()[..10].to_owned();
        assert_eq!(days_until(&today), Some(0));
        let before = |days: u64| {
            let then = SystemTime::now() - Duration::from_secs(days * 24 * 60 * 60);
            let date = humantime::format_rfc3339_seconds(then).to_string();
            days_until(&date[..10])
        };
        assert_eq!((before(1), before(2)), (Some(-1), Some(-2)));
        assert!(days_until("2020-01-01").unwrap() < -1000);
        assert!(days_until("2999-12-31").unwrap() > 1000);
        assert_eq!(days_until("2027-02-30"), None);
        assert_eq!(days_until("soon"), None);
    }
}
