//! The families of panels whose behaviour the panel can take on: versions of Pterodactyl, and forks.

use std::{fmt, str::FromStr};

/// A range of panel versions with one order of checks, one set of words and one set of routes.
///
/// Families are ordered by version, the forks behind them. What sets two of them apart stands in
/// `order` (checks), `traits` (values and ways), `wording` (words), `limits` (limits of single
/// routes) and, as `since` and `until`, at the routes. A fork is what it changes in its base.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Family {
    /// Pterodactyl 1.6.5 to 1.7, observed on 1.7.0.
    V1_7,
    /// Pterodactyl 1.8 and 1.9, observed on 1.8.1; 1.9 has the routes and addresses of 1.10.
    V1_8,
    /// Pterodactyl 1.10 to 1.11.3, observed on 1.10.4.
    V1_10,
    /// Pterodactyl 1.11.4 to 1.11.8, observed on 1.11.8.
    V1_11,
    /// Pterodactyl 1.11.9 and 1.11.10, observed on the branch `1.0-develop` of October 2024.
    V1_11_9,
    /// Pterodactyl 1.12.1 to 1.12.3, observed on 1.12.3.
    V1_12,
    /// Pterodactyl 1.14, observed on 1.14.1.
    V1_14,
    /// Jexactyl, observed on 3.8.0.
    Jexactyl,
    /// Pyrodactyl, observed on 4.5.0.
    Pyrodactyl,
    /// Pelican, observed on 1.0.0-beta25.
    Pelican,
}

impl Family {
    /// Every family of Pterodactyl, oldest first.
    pub const ALL: [Self; 7] = [
        Self::V1_7,
        Self::V1_8,
        Self::V1_10,
        Self::V1_11,
        Self::V1_11_9,
        Self::V1_12,
        Self::V1_14,
    ];

    /// The forks.
    pub const FORKS: [Self; 3] = [Self::Jexactyl, Self::Pyrodactyl, Self::Pelican];

    /// The version whose routes it has: the one that was observed.
    #[must_use]
    pub const fn version(self) -> &'static str {
        match self {
            Self::V1_7 => "1.7.0",
            Self::V1_8 => "1.8.1",
            Self::V1_10 => "1.10.4",
            Self::V1_11 => "1.11.8",
            Self::V1_11_9 => "1.11.9",
            Self::V1_12 => "1.12.3",
            Self::V1_14 => "1.14.1",
            Self::Jexactyl => "3.8.0",
            Self::Pyrodactyl => "4.5.0",
            Self::Pelican => "1.0.0-beta25",
        }
    }

    /// The name that profiles use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::V1_7 => "pterodactyl-1.7",
            Self::V1_8 => "pterodactyl-1.8",
            Self::V1_10 => "pterodactyl-1.10",
            Self::V1_11 => "pterodactyl-1.11",
            Self::V1_11_9 => "pterodactyl-1.11.9",
            Self::V1_12 => "pterodactyl-1.12",
            Self::V1_14 => "pterodactyl-1.14",
            Self::Jexactyl => "jexactyl",
            Self::Pyrodactyl => "pyrodactyl",
            Self::Pelican => "pelican",
        }
    }

    /// All of them, the forks last.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().chain(Self::FORKS)
    }

    /// The family of Pterodactyl that a fork is made from; any other is its own.
    pub(super) const fn base(self) -> Self {
        match self {
            Self::Jexactyl => Self::V1_11,
            Self::Pyrodactyl | Self::Pelican => Self::V1_11_9,
            own => own,
        }
    }
}

/// A family name that no family has.
#[derive(Debug, thiserror::Error)]
#[error("unknown family `{0}`, expected one of {expected}", expected = Family::all().map(Family::name).collect::<Vec<_>>().join(", "))]
pub struct UnknownFamily(String);

impl FromStr for Family {
    type Err = UnknownFamily;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::all()
            .find(|family| family.name() == name)
            .ok_or_else(|| UnknownFamily(name.to_owned()))
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Family;

    #[test]
    fn every_family_is_found_by_its_name() {
        for family in Family::all() {
            let found: Family = family.to_string().parse().expect("a name");
            assert_eq!(found, family);
        }
        assert!(Family::ALL.is_sorted());
        let error = "pterodactyl-1.13".parse::<Family>().expect_err("no family");
        assert!(error.to_string().ends_with("pelican"), "{error}");
    }
}
