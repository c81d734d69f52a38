//! What there is to know of a server's certificate.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::pki_types::CertificateDer;
use x509_parser::parse_x509_certificate;

/// Seconds of a day.
const DAY: u64 = 86_400;

/// The certificate that a server showed, and that was found good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Certificate {
    not_after: SystemTime,
}

impl Certificate {
    /// A certificate that is good until then.
    #[must_use]
    pub fn until(not_after: SystemTime) -> Self {
        Self { not_after }
    }

    /// What a certificate says of itself; none if it is none, or ended before 1970.
    pub(super) fn read(der: &CertificateDer<'_>) -> Option<Self> {
        let (_, certificate) = parse_x509_certificate(der).ok()?;
        let seconds = u64::try_from(certificate.validity().not_after.timestamp()).ok()?;
        Some(Self::until(UNIX_EPOCH + Duration::from_secs(seconds)))
    }

    /// Whole days from `now` to the end of its time; 0 on the last day and after it.
    #[must_use]
    pub fn days_left(self, now: SystemTime) -> u64 {
        let left = self.not_after.duration_since(now).unwrap_or_default();
        left.as_secs() / DAY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_whole_and_never_negative() {
        let end = UNIX_EPOCH + Duration::from_secs(20 * DAY);
        let left =
            |now: u64| Certificate::until(end).days_left(UNIX_EPOCH + Duration::from_secs(now));
        assert_eq!(left(0), 20);
        assert_eq!(left(10 * DAY + 1), 9);
        assert_eq!(left(30 * DAY), 0);
    }

    #[test]
    fn what_is_no_certificate_has_no_end() {
        assert_eq!(
            Certificate::read(&CertificateDer::from(vec![1, 2, 3])),
            None
        );
    }
}
