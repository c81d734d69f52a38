//! What an answer must be: by reasons, or stated inline.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::condition::Condition;
use super::name::SchemaName;
use super::relation::Relation;

/// What one value must be: a header field's, or a member's of the content.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub enum ValueMatch {
    /// Exactly this.
    Equals(Value),
    /// A text that begins so.
    StartsWith(String),
    /// A text that ends so.
    EndsWith(String),
    /// A text that has this in it.
    Contains(String),
    /// There, and with none of these in it; what is no text is looked through as JSON.
    Lacks(Vec<String>),
    /// A text of digits, and nothing else.
    WholeNumber,
    /// What one of these accepts.
    AnyOf(Vec<ValueMatch>),
    /// There, whatever it is.
    Present,
    /// Not there.
    Absent,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenMatch {
    #[serde(default)]
    equals: Option<Value>,
    #[serde(default)]
    starts_with: Option<String>,
    #[serde(default)]
    ends_with: Option<String>,
    #[serde(default)]
    contains: Option<String>,
    #[serde(default)]
    lacks: Vec<String>,
    #[serde(default)]
    any_of: Vec<ValueMatch>,
    #[serde(default)]
    whole_number: bool,
    #[serde(default)]
    absent: bool,
    #[serde(default)]
    present: bool,
}

/// A match as it is written: a bare value, or a mapping that says how it is compared.
enum Written {
    Value(Value),
    Full(WrittenMatch),
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WrittenVisitor)
    }
}

struct WrittenVisitor;

impl<'de> Visitor<'de> for WrittenVisitor {
    type Value = Written;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value, or a mapping such as `{ starts_with: TEXT }`")
    }

    fn visit_str<E>(self, text: &str) -> Result<Written, E> {
        Ok(Written::Value(text.into()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Written, E> {
        Ok(Written::Value(value.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Written, E> {
        Ok(Written::Value(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Written, E> {
        Ok(Written::Value(number.into()))
    }

    fn visit_unit<E>(self) -> Result<Written, E> {
        Ok(Written::Value(Value::Null))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Written, A::Error> {
        WrittenMatch::deserialize(MapAccessDeserializer::new(map)).map(Written::Full)
    }
}

impl TryFrom<Written> for ValueMatch {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let full = match written {
            Written::Value(value) => return Ok(Self::Equals(value)),
            Written::Full(full) => full,
        };
        let mut found = Vec::new();
        found.extend(full.equals.map(Self::Equals));
        found.extend(full.starts_with.map(Self::StartsWith));
        found.extend(full.ends_with.map(Self::EndsWith));
        found.extend(full.contains.map(Self::Contains));
        found.extend((!full.lacks.is_empty()).then_some(Self::Lacks(full.lacks)));
        found.extend((!full.any_of.is_empty()).then_some(Self::AnyOf(full.any_of)));
        found.extend(full.whole_number.then_some(Self::WholeNumber));
        found.extend(full.absent.then_some(Self::Absent));
        found.extend(full.present.then_some(Self::Present));
        match <[Self; 1]>::try_from(found) {
            Ok([one]) => Ok(one),
            Err(_) => Err(
                "write one of `equals`, `starts_with`, `ends_with`, `contains`, `lacks`, `any_of`, \
                 `whole_number: true`, `present: true`, `absent: true`",
            ),
        }
    }
}

impl ValueMatch {
    /// Whether an observed value is what it must be; `None` stands for a value that is not there.
    #[must_use]
    pub fn holds(&self, observed: Option<&Value>) -> bool {
        let text = observed.and_then(Value::as_str);
        match self {
            Self::Equals(wanted) => observed == Some(wanted),
            Self::StartsWith(start) => text.is_some_and(|t| t.starts_with(start.as_str())),
            Self::EndsWith(end) => text.is_some_and(|t| t.ends_with(end.as_str())),
            Self::Contains(part) => text.is_some_and(|t| t.contains(part.as_str())),
            Self::Lacks(parts) => observed.is_some_and(|value| {
                let text = value
                    .as_str()
                    .map_or_else(|| value.to_string().into(), Cow::from);
                !parts.iter().any(|part| text.contains(part.as_str()))
            }),
            Self::WholeNumber => {
                text.is_some_and(|t| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit()))
            }
            Self::AnyOf(matches) => matches.iter().any(|one| one.holds(observed)),
            Self::Present => observed.is_some(),
            Self::Absent => observed.is_none(),
        }
    }

    /// A value that holds, for showing; `None` when it must not be there.
    #[must_use]
    pub fn example(&self) -> Option<Value> {
        match self {
            Self::Equals(value) => Some(value.clone()),
            Self::StartsWith(start) => Some(Value::String(format!("{start}…"))),
            Self::EndsWith(end) => Some(Value::String(format!("…{end}"))),
            Self::Contains(part) => Some(Value::String(format!("…{part}…"))),
            Self::Lacks(_) => Some(Value::String("<anything else>".to_owned())),
            Self::WholeNumber => Some(Value::String("<a whole number>".to_owned())),
            Self::AnyOf(matches) => matches.iter().find_map(Self::example),
            Self::Present => Some(Value::String("<anything>".to_owned())),
            Self::Absent => None,
        }
    }

    /// The same with every text changed by `change`.
    pub(crate) fn try_map<E>(
        &self,
        change: &impl Fn(&str) -> Result<String, E>,
    ) -> Result<Self, E> {
        Ok(match self {
            Self::Equals(Value::String(text)) => Self::Equals(Value::String(change(text)?)),
            Self::StartsWith(text) => Self::StartsWith(change(text)?),
            Self::EndsWith(text) => Self::EndsWith(change(text)?),
            Self::Contains(text) => Self::Contains(change(text)?),
            Self::Lacks(parts) => Self::Lacks(
                parts
                    .iter()
                    .map(|part| change(part))
                    .collect::<Result<_, _>>()?,
            ),
            Self::AnyOf(matches) => {
                let changed = matches.iter().map(|one| one.try_map(change));
                Self::AnyOf(changed.collect::<Result<_, _>>()?)
            }
            Self::Equals(_) | Self::WholeNumber | Self::Present | Self::Absent => self.clone(),
        })
    }
}

impl fmt::Display for ValueMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equals(Value::String(text)) => f.write_str(text),
            Self::Equals(value) => write!(f, "{value}"),
            Self::StartsWith(start) => write!(f, "something that begins with `{start}`"),
            Self::EndsWith(end) => write!(f, "something that ends with `{end}`"),
            Self::Contains(part) => write!(f, "something with `{part}` in it"),
            Self::Lacks(parts) => {
                let quoted: Vec<_> = parts.iter().map(|part| format!("`{part}`")).collect();
                write!(f, "something without {}", quoted.join(" or "))
            }
            Self::WholeNumber => f.write_str("a whole number"),
            Self::AnyOf(matches) => {
                let each: Vec<_> = matches.iter().map(ToString::to_string).collect();
                f.write_str(&each.join(", or "))
            }
            Self::Present => f.write_str("present"),
            Self::Absent => f.write_str("absent"),
        }
    }
}

/// What the first entry of `errors` must be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ErrorMatch {
    /// Its `code`.
    pub code: Option<String>,
    /// Its `detail`.
    pub detail: Option<String>,
}

/// What the answer to one step must be.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// What status and error are due.
    pub basis: Basis,
    /// The schema of the content.
    pub schema: Option<SchemaName>,
    /// Header fields.
    pub headers: BTreeMap<String, ValueMatch>,
    /// Members of the content, by JSON Pointer.
    pub body: BTreeMap<String, ValueMatch>,
    /// JSON Pointers that must lead nowhere.
    pub absent: Vec<String>,
    /// The step whose answer this one must equal in status, content type and error.
    pub same_as: Option<String>,
    /// Values beside those of earlier steps.
    pub relations: Vec<Relation>,
    /// Whether the answer must show the rate limit exactly if the profile counts the request.
    pub shows_limit: bool,
}

/// What status and error an answer must have.
#[derive(Clone, Debug, PartialEq)]
pub enum Basis {
    /// Those that the profile gives to these reasons; none: the route's success.
    Because(BTreeSet<Condition>),
    /// Those stated here; empty: nothing about them.
    Stated {
        /// The status codes that are right; empty: any.
        status: Vec<u16>,
        /// The error.
        error: Option<ErrorMatch>,
    },
}

impl Expectation {
    /// Whether it would be content with every answer.
    #[must_use]
    pub fn accepts_everything(&self) -> bool {
        let says_nothing = match &self.basis {
            Basis::Because(_) => false,
            Basis::Stated { status, error } => {
                status.is_empty() && error.as_ref().is_none_or(|e| *e == ErrorMatch::default())
            }
        };
        says_nothing
            && self.schema.is_none()
            && self.headers.is_empty()
            && self.body.is_empty()
            && self.absent.is_empty()
            && self.same_as.is_none()
            && self.relations.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn lacks(parts: &[&str]) -> ValueMatch {
        ValueMatch::Lacks(parts.iter().map(|part| (*part).to_owned()).collect())
    }

    #[test]
    fn a_match_that_is_a_list_is_told_which_form_it_has() {
        let found = Written::deserialize(json!(["a"])).err().unwrap();
        assert!(
            found
                .to_string()
                .ends_with("expected a value, or a mapping such as `{ starts_with: TEXT }`"),
            "{found}"
        );
    }

    #[test]
    fn every_match_accepts_and_rejects() {
        let rows = [
            (ValueMatch::Equals(json!("a")), json!("a"), json!("ab")),
            (ValueMatch::Equals(json!(1)), json!(1), json!("1")),
            (ValueMatch::StartsWith("a".into()), json!("ab"), json!("ba")),
            (ValueMatch::EndsWith("a".into()), json!("ba"), json!("ab")),
            (ValueMatch::Contains("b".into()), json!("abc"), json!("ac")),
            (lacks(&["b", "c"]), json!("ad"), json!("ac")),
            (ValueMatch::WholeNumber, json!("60"), json!("60.5")),
            (lacks(&["b"]), json!({ "a": 1 }), json!({ "b": 1 })),
            (
                ValueMatch::AnyOf(vec![ValueMatch::Equals(json!("a")), lacks(&["a"])]),
                json!("a"),
                json!("ba"),
            ),
        ];
        for (matcher, good, bad) in rows {
            assert!(matcher.holds(Some(&good)), "{matcher}");
            assert!(!matcher.holds(Some(&bad)), "{matcher}");
            assert!(!matcher.holds(None), "{matcher}");
        }
        assert!(ValueMatch::Present.holds(Some(&json!(null))));
        assert!(!ValueMatch::Present.holds(None));
        assert!(ValueMatch::Absent.holds(None));
        let open = ValueMatch::AnyOf(vec![ValueMatch::Absent, ValueMatch::Equals(json!(1))]);
        assert!(open.holds(None) && open.holds(Some(&json!(1))) && !open.holds(Some(&json!(2))));
        assert!(!ValueMatch::Absent.holds(Some(&json!(null))));
    }

    #[test]
    fn an_expectation_without_a_word_accepts_everything() {
        let mut expectation = Expectation {
            basis: Basis::Stated {
                status: Vec::new(),
                error: Some(ErrorMatch::default()),
            },
            schema: None,
            headers: BTreeMap::new(),
            body: BTreeMap::new(),
            absent: Vec::new(),
            same_as: None,
            relations: Vec::new(),
            shows_limit: false,
        };
        assert!(expectation.accepts_everything());
        expectation.basis = Basis::Because(BTreeSet::new());
        assert!(!expectation.accepts_everything());
    }
}
