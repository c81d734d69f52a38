//! Deliberate defects: what the conformance tests must notice.

use std::{collections::BTreeSet, fmt, str::FromStr};

use super::order::Check;

/// One deliberate defect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// Any valid key opens both APIs.
    SkipKeyType,
    /// Permissions of application keys and of subusers are not looked at.
    SkipPermission,
    /// Whoever may not see a server is taken for its owner.
    SkipOwnership,
}

impl Fault {
    /// Every fault there is.
    pub const ALL: [Self; 3] = [Self::SkipKeyType, Self::SkipPermission, Self::SkipOwnership];

    /// The name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SkipKeyType => "skip-key-type",
            Self::SkipPermission => "skip-permission",
            Self::SkipOwnership => "skip-ownership",
        }
    }

    /// Whether the defect leaves a check out.
    const fn leaves_out(self, check: Check) -> bool {
        match self {
            Self::SkipKeyType => matches!(check, Check::KeyType | Check::Administrator),
            Self::SkipPermission => {
                matches!(check, Check::Permission | Check::ActionPermission)
            }
            Self::SkipOwnership => matches!(check, Check::Ownership),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A fault name that no fault has.
#[derive(Debug, thiserror::Error)]
#[error("unknown fault `{0}`, expected one of {expected}", expected = Fault::ALL.map(Fault::name).join(", "))]
pub struct UnknownFault(String);

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|fault| fault.name() == name)
            .ok_or_else(|| UnknownFault(name.to_owned()))
    }
}

/// The defects of one panel; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults(BTreeSet<Fault>);

impl Faults {
    /// Whether one of the defects leaves this check out.
    pub(super) fn leave_out(&self, check: Check) -> bool {
        self.0.iter().any(|fault| fault.leaves_out(check))
    }
}

impl FromIterator<Fault> for Faults {
    fn from_iter<I: IntoIterator<Item = Fault>>(faults: I) -> Self {
        Self(faults.into_iter().collect())
    }
}
