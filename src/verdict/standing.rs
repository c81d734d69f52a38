//! Standings: what a verdict means for the run. One small table.

use std::collections::BTreeSet;
use std::fmt;

use super::{Kind, Skip, Verdict};
use crate::spec::{Level, Origin};

/// What a case means for the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// It conforms.
    Passed,
    /// It deviates, and that counts.
    Failed,
    /// It deviates, and that is worth knowing.
    Advice,
    /// Nobody can say: the answer was not the panel's.
    Unjudged,
    /// A key is not given that an administrator can make.
    Missing,
    /// A consent is not given.
    NotAgreed,
    /// The profile, the panel or the target has nothing that the case speaks of.
    NotApplicable,
    /// The specification, a key or the harness is at fault.
    Broken,
}

impl Standing {
    /// All standings, in the order in which a summary counts them.
    pub const ALL: [Self; 8] = [
        Self::Passed,
        Self::Failed,
        Self::Advice,
        Self::Unjudged,
        Self::Missing,
        Self::NotAgreed,
        Self::NotApplicable,
        Self::Broken,
    ];
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Advice => "advice",
            Self::Unjudged => "unjudged",
            Self::Missing => "missing",
            Self::NotAgreed => "not agreed",
            Self::NotApplicable => "not applicable",
            Self::Broken => "broken",
        })
    }
}

/// What the operator counts as a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The kinds of deviation that fail a run. Default: opened, closed, reshaped.
    pub fail_on: BTreeSet<Kind>,
    /// The lowest level whose deviations fail a run. Default: MUST.
    pub level: Level,
    /// Whether expectations that nobody has observed fail a run. Default: no.
    pub trust_source: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            fail_on: [Kind::Opened, Kind::Closed, Kind::Reshaped].into(),
            level: Level::Must,
            trust_source: false,
        }
    }
}

/// What a verdict means for the run.
#[must_use]
pub fn standing(verdict: &Verdict, level: Level, origin: Origin, policy: &Policy) -> Standing {
    match verdict {
        Verdict::Conforms => Standing::Passed,
        Verdict::Inconclusive(_) => Standing::Unjudged,
        Verdict::Skipped(Skip::RoleMissing { .. }) if level == Level::Must => Standing::Missing,
        Verdict::Skipped(Skip::RoleMissing { .. } | Skip::NotApplicable(_)) => {
            Standing::NotApplicable
        }
        Verdict::Skipped(Skip::NotAgreed(_)) => Standing::NotAgreed,
        Verdict::Deviates(deviations) => {
            let kind_counts = deviations.iter().any(|d| policy.fail_on.contains(&d.kind));
            let is_known = origin != Origin::Source || policy.trust_source;
            if kind_counts && level >= policy.level && is_known {
                Standing::Failed
            } else {
                Standing::Advice
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Deviation;

    fn deviates(kinds: &[Kind]) -> Verdict {
        let deviation = |kind: &Kind| Deviation {
            step: 0,
            kind: *kind,
            what: "status".into(),
            expected: "401".into(),
            observed: "200".into(),
        };
        Verdict::Deviates(kinds.iter().map(deviation).collect())
    }

    fn missing() -> Verdict {
        Verdict::Skipped(Skip::RoleMissing {
            role: "client".parse().unwrap(),
            why: String::new(),
        })
    }

    #[test]
    fn the_table() {
        use Level::{Must, Should};
        use Origin::{Observed, Source};
        let policy = Policy::default();
        let strict = Policy {
            fail_on: Kind::ALL.into(),
            level: Should,
            trust_source: true,
        };
        let rows = [
            (
                Verdict::Conforms,
                Must,
                Observed,
                Standing::Passed,
                Standing::Passed,
            ),
            (
                deviates(&[Kind::Opened]),
                Must,
                Observed,
                Standing::Failed,
                Standing::Failed,
            ),
            (
                deviates(&[Kind::Closed]),
                Must,
                Observed,
                Standing::Failed,
                Standing::Failed,
            ),
            (
                deviates(&[Kind::Reshaped]),
                Must,
                Observed,
                Standing::Failed,
                Standing::Failed,
            ),
            (
                deviates(&[Kind::Reworded]),
                Must,
                Observed,
                Standing::Advice,
                Standing::Failed,
            ),
            (
                deviates(&[Kind::Reworded, Kind::Closed]),
                Must,
                Observed,
                Standing::Failed,
                Standing::Failed,
            ),
            (
                deviates(&[Kind::Opened]),
                Should,
                Observed,
                Standing::Advice,
                Standing::Failed,
            ),
            (
                deviates(&[Kind::Opened]),
                Must,
                Source,
                Standing::Advice,
                Standing::Failed,
            ),
            (
                Verdict::Inconclusive(String::new()),
                Must,
                Observed,
                Standing::Unjudged,
                Standing::Unjudged,
            ),
            (
                missing(),
                Must,
                Observed,
                Standing::Missing,
                Standing::Missing,
            ),
            (
                missing(),
                Should,
                Observed,
                Standing::NotApplicable,
                Standing::NotApplicable,
            ),
        ];
        for (verdict, level, origin, by_default, strictly) in rows {
            assert_eq!(
                standing(&verdict, level, origin, &policy),
                by_default,
                "{verdict:?}"
            );
            assert_eq!(
                standing(&verdict, level, origin, &strict),
                strictly,
                "{verdict:?}"
            );
        }
        let skipped = |skip| standing(&Verdict::Skipped(skip), Must, Observed, &policy);
        let consent = crate::spec::Consent::Writes;
        assert_eq!(skipped(Skip::NotAgreed(consent)), Standing::NotAgreed);
        assert_eq!(
            skipped(Skip::NotApplicable(String::new())),
            Standing::NotApplicable
        );
    }
}
