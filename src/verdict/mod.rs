//! Judges answers: what is due against what came. Pure; it knows nothing of tests or networks.

mod answer;
mod deviation;
mod expected;
mod judge;
mod nearest;
mod standing;
mod waiver;

use std::fmt;

pub use answer::is_answer;
pub(crate) use answer::{is_scheme, member, redirect};
pub use deviation::{Deviation, Kind};
pub use expected::{ErrorWords, Expected, Wording};
pub use judge::{Judged, judge, shows};
pub use nearest::{like, nearest};
pub use standing::{Policy, Standing, fails, standing};
pub use waiver::{About, Waiver, shown_by, waivers_that_do_not_hold};

use crate::spec::{Consent, RoleName};

/// What a case says about the panel.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// Every answer is what is due.
    Conforms,
    /// These are not; never empty.
    Deviates(Vec<Deviation>),
    /// The answers decide nothing, for this reason.
    Inconclusive(String),
    /// Nothing was asked, for this reason.
    Skipped(Skip),
}

impl Verdict {
    /// The gravest kind of deviation.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Self::Deviates(deviations) => deviations.iter().map(|d| d.kind).min(),
            _ => None,
        }
    }
}

/// Why nothing was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Skip {
    /// A role's key is not given, though an administrator can make one.
    RoleMissing {
        /// The role.
        role: RoleName,
        /// How to make its key.
        make: String,
    },
    /// The operator has not said or given something else that it needs.
    Untold {
        /// What was not said.
        why: String,
        /// How it is said, and what has to be so before.
        how: String,
    },
    /// The operator has not agreed to it.
    NotAgreed(Consent),
    /// The profile says nothing about it.
    NotStated(String),
    /// A panel of the profile has no such route.
    NoRoute(String),
    /// There is nothing to ask, for another reason: the panel is in another state, or lacks something.
    NotApplicable(String),
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RoleMissing { role, make } => {
                write!(f, "no key for `{role}`; to make it: {make}")
            }
            Self::Untold { why, how } => write!(f, "{why}; to test it: {how}"),
            Self::NotAgreed(consent) => write!(f, "not agreed to: needs {}", consent.flag()),
            Self::NotStated(why) | Self::NoRoute(why) | Self::NotApplicable(why) => {
                f.write_str(why)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gravest_kind_is_that_of_the_verdict() {
        let of = |kind| Deviation {
            step: 0,
            kind,
            what: String::new(),
            expected: String::new(),
            observed: String::new(),
        };
        let found = [Kind::Reworded, Kind::Opened, Kind::Reshaped].map(of);
        assert_eq!(Verdict::Deviates(found.into()).kind(), Some(Kind::Opened));
        assert_eq!(Verdict::Conforms.kind(), None);
    }

    #[test]
    fn a_skip_says_why() {
        let missing = Skip::RoleMissing {
            role: "client".parse().unwrap(),
            make: "log in".to_owned(),
        };
        let told = "no key for `client`; to make it: log in";
        assert_eq!(missing.to_string(), told);
        let untold = Skip::Untold {
            why: "nobody said it".to_owned(),
            how: "say it".to_owned(),
        };
        assert_eq!(untold.to_string(), "nobody said it; to test it: say it");
        let agreed = Skip::NotAgreed(Consent::Writes).to_string();
        assert_eq!(agreed, "not agreed to: needs --allow-writes");
        assert_eq!(
            Skip::NotApplicable("no route".to_owned()).to_string(),
            "no route"
        );
    }
}
