//! Conditions: the reasons why a request is not simply granted.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer};

use super::name::is_kebab;
use super::yaml::Located;

/// One reason why a request is not simply granted: `no-key`, `missing:server`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Condition {
    name: Arc<str>,
    argument: Option<Arc<str>>,
}

impl Condition {
    /// The condition that an id in the path names nothing.
    #[must_use]
    pub fn missing(parameter: &str) -> Self {
        Self {
            name: "missing".into(),
            argument: Some(parameter.into()),
        }
    }

    /// The condition that the content cannot be valid.
    #[must_use]
    pub fn invalid_body() -> Self {
        Self {
            name: "invalid-body".into(),
            argument: None,
        }
    }

    /// The condition that the requests of this minute are spent.
    #[must_use]
    pub fn over_limit() -> Self {
        Self {
            name: "over-limit".into(),
            argument: None,
        }
    }

    /// The condition that the machine behind a server cannot be reached.
    #[must_use]
    pub fn daemon_unreachable() -> Self {
        Self {
            name: "daemon-unreachable".into(),
            argument: None,
        }
    }

    /// The name without its argument.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The path parameter that it is about, if it is about one.
    #[must_use]
    pub fn parameter(&self) -> Option<&str> {
        self.argument
            .as_deref()
            .filter(|_| &*self.name == "missing")
    }

    /// The same condition without its argument.
    #[must_use]
    pub fn general(&self) -> Self {
        Self {
            name: self.name.clone(),
            argument: None,
        }
    }

    /// Whether a rule written for this condition speaks of `other`: a rule without an argument
    /// speaks of every argument.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.name == other.name && (self.argument.is_none() || self.argument == other.argument)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.argument {
            None => f.pad(&self.name),
            Some(argument) => f.pad(&format!("{}:{argument}", self.name)),
        }
    }
}

impl FromStr for Condition {
    type Err = BadCondition;

    fn from_str(text: &str) -> Result<Self, BadCondition> {
        let (name, argument) = match text.split_once(':') {
            Some((name, argument)) => (name, Some(argument)),
            None => (text, None),
        };
        let argument_is_good = argument.is_none_or(|a| is_kebab(&a.replace('_', "-")));
        if is_kebab(name) && argument_is_good {
            Ok(Self {
                name: name.into(),
                argument: argument.map(Into::into),
            })
        } else {
            Err(BadCondition(text.to_owned()))
        }
    }
}

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// A text that is no condition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a condition: a name such as `no-key`, or a name and what it is about such as `missing:server`"
)]
pub struct BadCondition(String);

/// What a condition means; from `specs/conditions.yaml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConditionInfo {
    /// Its name, without an argument.
    pub name: Located<String>,
    /// What it says about a request, as the end of "because …".
    pub means: String,
    /// An answer for this reason is given only to somebody whom the panel has already let
    /// through: seen where a refusal was due, the refusal did not happen.
    #[serde(default)]
    pub past_the_door: bool,
}

/// `specs/conditions.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConditionsFile {
    pub(super) conditions: Vec<ConditionInfo>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(text: &str) -> Condition {
        text.parse().unwrap()
    }

    #[test]
    fn a_general_rule_covers_every_argument() {
        assert!(condition("missing").covers(&condition("missing:server")));
        assert!(condition("missing:server").covers(&condition("missing:server")));
        assert!(!condition("missing:user").covers(&condition("missing:server")));
        assert!(!condition("missing:server").covers(&condition("missing")));
    }

    #[test]
    fn reads_and_shows_itself() {
        assert_eq!(
            condition("missing:external_id").to_string(),
            "missing:external_id"
        );
        assert!("".parse::<Condition>().is_err());
        assert!("missing:".parse::<Condition>().is_err());
        assert!("No-Key".parse::<Condition>().is_err());
    }
}
