//! Standings: what a verdict means for the run. One small table.

use std::collections::BTreeSet;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Kind, Skip, Verdict, Waiver};
use crate::spec::{Level, Origin};

/// What a case means for the run.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It conforms.
    Passed,
    /// It deviates, and that counts.
    Failed,
    /// It deviates, and that is worth knowing.
    Advice,
    /// It deviates as somebody has accepted.
    Waived,
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
    pub const ALL: [Self; 9] = [
        Self::Passed,
        Self::Failed,
        Self::Advice,
        Self::Waived,
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
            Self::Waived => "waived",
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
    /// What was accepted.
    pub waivers: Vec<Waiver>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            fail_on: [Kind::Opened, Kind::Closed, Kind::Reshaped].into(),
            level: Level::Must,
            trust_source: false,
            waivers: Vec::new(),
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
        Verdict::Skipped(
            Skip::RoleMissing { .. }
            | Skip::Untold { .. }
            | Skip::NotStated(_)
            | Skip::NoRoute(_)
            | Skip::NotApplicable(_),
        ) => Standing::NotApplicable,
        Verdict::Skipped(Skip::NotAgreed(_)) => Standing::NotAgreed,
        Verdict::Deviates(deviations) => {
            if fails(deviations.iter().map(|d| d.kind), level, origin, policy) {
                Standing::Failed
            } else {
                Standing::Advice
            }
        }
    }
}

/// Whether deviations of these kinds count.
#[must_use]
pub fn fails(
    mut kinds: impl Iterator<Item = Kind>,
    level: Level,
    origin: Origin,
    policy: &Policy,
) -> bool {
    let is_known = origin != Origin::Source || policy.trust_source;
    kinds.any(|kind| policy.fail_on.contains(&kind)) && level >= policy.level && is_known
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
            make: String::new(),
        })
    }

    /// A verdict at a level, and its standing by default and by the strictest policy.
    type Row = (Verdict, Level, Origin, Standing, Standing);

    fn check(rows: impl IntoIterator<Item = Row>) {
        let policy = Policy::default();
        let strict = Policy {
            fail_on: Kind::ALL.into(),
            level: Level::Should,
            trust_source: true,
            waivers: Vec::new(),
        };
        for (verdict, level, origin, by_default, strictly) in rows {
            let of = |policy| standing(&verdict, level, origin, policy);
            assert_eq!(of(&policy), by_default, "{verdict:?}");
            assert_eq!(of(&strict), strictly, "{verdict:?}");
        }
    }

    #[test]
    fn deviations_count_by_kind_level_and_origin() {
        use Kind::{Closed, Opened, Reshaped, Reworded};
        use Standing::{Advice, Failed};
        let must = |kinds: &[Kind]| (deviates(kinds), Level::Must, Origin::Observed);
        for kinds in [&[Opened][..], &[Closed], &[Reshaped], &[Reworded, Closed]] {
            let (verdict, level, origin) = must(kinds);
            check([(verdict, level, origin, Failed, Failed)]);
        }
        let (verdict, level, origin) = must(&[Reworded]);
        check([(verdict, level, origin, Advice, Failed)]);
        check([(
            deviates(&[Opened]),
            Level::Should,
            Origin::Observed,
            Advice,
            Failed,
        )]);
        check([(
            deviates(&[Opened]),
            Level::Must,
            Origin::Source,
            Advice,
            Failed,
        )]);
    }

    #[test]
    fn every_standing_has_a_name_of_its_own() {
        let names: BTreeSet<_> = Standing::ALL.iter().map(ToString::to_string).collect();
        assert_eq!(names.len(), Standing::ALL.len());
        assert!(!names.contains(""));
        assert_eq!(format!("{:>8}", Standing::Passed), "  passed");
    }

    #[test]
    fn what_was_not_decided_is_never_a_pass() {
        let must = |verdict, standing| (verdict, Level::Must, Origin::Observed, standing, standing);
        check([
            must(Verdict::Conforms, Standing::Passed),
            must(Verdict::Inconclusive(String::new()), Standing::Unjudged),
            must(missing(), Standing::Missing),
        ]);
        let should = Standing::NotApplicable;
        check([(missing(), Level::Should, Origin::Observed, should, should)]);
        let policy = Policy::default();
        let skipped = |skip| {
            standing(
                &Verdict::Skipped(skip),
                Level::Must,
                Origin::Observed,
                &policy,
            )
        };
        let consent = crate::spec::Consent::Writes;
        assert_eq!(skipped(Skip::NotAgreed(consent)), Standing::NotAgreed);
        let untold = Skip::Untold {
            why: String::new(),
            how: String::new(),
        };
        for skip in [Skip::NotApplicable(String::new()), untold] {
            assert_eq!(skipped(skip), Standing::NotApplicable);
        }
    }
}
