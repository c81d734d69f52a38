//! Fields that a route wants, and what is said when they are missing.

use serde_json::{Map, Value};

use super::{content, errors::FieldError};

/// A field that a route wants.
#[derive(Clone, Copy)]
pub(super) struct Field {
    /// Dotted name: `limits.memory`.
    name: &'static str,
    /// What messages call it, where that is not the name with spaces for underscores.
    label: Option<&'static str>,
    rule: Rule,
}

#[derive(Clone, Copy)]
enum Rule {
    /// There, and neither null nor empty.
    Required,
    /// There, whatever it is.
    Present,
    /// There, unless anything else is.
    Something,
}

/// A field that must be there and not empty.
pub(super) const fn required(name: &'static str) -> Field {
    Field {
        name,
        label: None,
        rule: Rule::Required,
    }
}

/// A field that must be there, whatever it holds.
pub(super) const fn present(name: &'static str) -> Field {
    Field {
        rule: Rule::Present,
        ..required(name)
    }
}

/// A field that stands for whatever is wanted: there must be some field.
pub(super) const fn something(name: &'static str) -> Field {
    Field {
        rule: Rule::Something,
        ..required(name)
    }
}

impl Field {
    /// Gives the field another name in messages.
    pub(super) const fn called(self, label: &'static str) -> Self {
        Self {
            label: Some(label),
            ..self
        }
    }

    fn error(&self, content: &Map<String, Value>) -> Option<FieldError> {
        let value = content::at(content, self.name);
        let (rule, demand) = match self.rule {
            Rule::Required if value.is_none_or(is_empty) => ("required", "is required"),
            Rule::Something if content.is_empty() => ("required", "is required"),
            Rule::Present if value.is_none() => ("present", "must be present"),
            _ => return None,
        };
        let label = self.label.map_or_else(|| spoken(self.name), str::to_owned);
        Some(FieldError {
            field: self.name.to_owned(),
            rule,
            message: format!("The {label} field {demand}."),
        })
    }
}

/// The errors of all fields, in the order of the fields.
pub(super) fn errors(fields: &[Field], content: &Map<String, Value>) -> Vec<FieldError> {
    fields
        .iter()
        .filter_map(|field| field.error(content))
        .collect()
}

/// What messages call a field.
pub(super) fn spoken(name: &str) -> String {
    name.replace('_', " ")
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{errors, present, required};
    use serde_json::json;

    #[test]
    fn missing_fields_are_named_in_their_order() {
        let fields = [
            required("name"),
            required("limits.memory"),
            required("short").called("Location Identifier"),
            present("feature_limits.databases"),
            present("limits.memory"),
        ];
        let content = json!({ "name": null, "limits": { "memory": 0 }, "short": [] });
        let content = content.as_object().expect("an object");
        let messages: Vec<_> = errors(&fields, content)
            .into_iter()
            .map(|error| (error.rule, error.message))
            .collect();
        assert_eq!(
            messages,
            [
                ("required", "The name field is required.".to_owned()),
                (
                    "required",
                    "The Location Identifier field is required.".to_owned()
                ),
                (
                    "present",
                    "The feature limits.databases field must be present.".to_owned()
                ),
            ]
        );
    }
}
