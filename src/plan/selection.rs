//! Which cases a run is about.

use crate::spec::CaseId;

/// A choice of cases by their ids.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Texts of which an id has at least one in it; none: every id is chosen.
    pub filters: Vec<String>,
    /// Whether an id must be one of the texts, not only have it in it.
    pub exact: bool,
}

impl Selection {
    /// Whether a case is chosen.
    #[must_use]
    pub fn chooses(&self, id: &CaseId) -> bool {
        let fits = |filter: &String| {
            if self.exact {
                id.as_str() == filter
            } else {
                id.as_str().contains(filter.as_str())
            }
        };
        self.filters.is_empty() || self.filters.iter().any(fits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_filters_mean_or() {
        let id: CaseId = "authentication/no-key/get-api-client".parse().unwrap();
        let chooses = |filters: &[&str], exact| {
            Selection {
                filters: filters.iter().map(ToString::to_string).collect(),
                exact,
            }
            .chooses(&id)
        };
        assert!(chooses(&[], false));
        assert!(chooses(&["nothing", "no-key"], false));
        assert!(!chooses(&["nothing"], false));
        assert!(!chooses(&["no-key"], true));
        assert!(chooses(&[id.as_str()], true));
    }
}
