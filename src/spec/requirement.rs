//! Requirements: the clauses that a panel is held to.

use serde::Deserialize;

use super::name::{Level, RequirementId};
use super::yaml::{Located, Short};

/// One clause, from `specs/requirements.yaml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// Its id.
    pub id: Located<RequirementId>,
    /// How binding it is.
    pub level: Level,
    /// The clause in our words.
    pub text: String,
    /// Where it is stated.
    pub source: String,
    /// What shows that it is kept.
    pub verified_by: VerifiedBy,
    /// It is about which of two reasons is answered: a good key may well get the same answer.
    #[serde(default)]
    pub of_order: bool,
}

/// What shows that a requirement is kept.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Short<Manual>")]
pub enum VerifiedBy {
    /// Cases of the suites.
    Cases,
    /// A person; the API cannot show it, for this reason.
    Manual(String),
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manual {
    manual: String,
}

impl TryFrom<Short<Manual>> for VerifiedBy {
    type Error = String;

    fn try_from(written: Short<Manual>) -> Result<Self, String> {
        match written {
            Short::Name(name) if name == "cases" => Ok(Self::Cases),
            Short::Name(name) => Err(format!(
                "`{name}`: write `cases`, or `{{ manual: REASON }}`"
            )),
            Short::Full(manual) => Ok(Self::Manual(manual.manual)),
        }
    }
}

/// The whole of `specs/requirements.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequirementsFile {
    pub(super) requirements: Vec<Requirement>,
}
