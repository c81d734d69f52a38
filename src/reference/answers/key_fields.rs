//! What a new key says of itself, and what is wrong with it (panel-facts §9, group 10).

use std::net::IpAddr;

use serde_json::{Map, Value};

use super::super::{
    errors::{FieldError, Refusal},
    ip::{AddressRange, RangeError},
    traits::{AllowedIps, Traits},
};

/// The most entries that `allowed_ips` of one key may have, where they may be ranges.
const ALLOWED_IPS_LIMIT: usize = 50;

/// The longest description of a key, in characters.
const DESCRIPTION_LIMIT: usize = 500;

/// The addresses that a key is locked to.
pub(super) fn allowed_ips(fields: &Map<String, Value>) -> Vec<String> {
    let entries = fields.get("allowed_ips").and_then(Value::as_array);
    let texts = entries.into_iter().flatten().filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}

/// The errors of the fields of a new key, or what breaks the request.
pub(super) fn errors(
    fields: &Map<String, Value>,
    traits: &Traits,
) -> Result<Vec<FieldError>, Refusal> {
    let mut errors: Vec<_> = description_error(fields).into_iter().collect();
    errors.extend(match (traits.allowed_ips, fields.get("allowed_ips")) {
        (_, None) => Vec::new(),
        (_, Some(Value::Null)) if traits.null_is_no_address => Vec::new(),
        (AllowedIps::Addresses, Some(value)) => address_errors(value),
        (AllowedIps::Ranges, Some(value)) => range_errors(value, traits)?,
    });
    Ok(errors)
}

fn description_error(fields: &Map<String, Value>) -> Option<FieldError> {
    let (rule, message) = match fields.get("description") {
        None | Some(Value::Null) => ("required", "The description field is required.".to_owned()),
        Some(Value::String(text)) if text.chars().count() > DESCRIPTION_LIMIT => (
            "max",
            format!("The description may not be greater than {DESCRIPTION_LIMIT} characters."),
        ),
        Some(Value::String(_)) => return None,
        Some(_) => ("string", "The description must be a string.".to_owned()),
    };
    Some(error("description", rule, message))
}

/// Each entry must be one address, and nothing else is looked at.
fn address_errors(value: &Value) -> Vec<FieldError> {
    let Some(entries) = value.as_array() else {
        let message = "All of the IP addresses entered must be valid IPv4 addresses.".to_owned();
        return vec![error("allowed_ips", "array", message)];
    };
    let is_address = |entry: &Value| {
        let text = entry.as_str().unwrap_or_default();
        text.parse::<IpAddr>().is_ok()
    };
    let wrong = entries
        .iter()
        .enumerate()
        .filter(|(_, entry)| !is_address(entry));
    let each = wrong.map(|(position, _)| {
        let field = format!("allowed_ips.{position}");
        let message = format!("The {field} must be a valid IP address.");
        error(&field, "ip", message)
    });
    each.collect()
}

/// There is a limit of entries, and each must be an address or a range.
fn range_errors(value: &Value, traits: &Traits) -> Result<Vec<FieldError>, Refusal> {
    let Some(entries) = value.as_array() else {
        let message = "The allowed ips must be an array.".to_owned();
        return Ok(vec![error("allowed_ips", "array", message)]);
    };
    let mut errors = Vec::new();
    if entries.len() > ALLOWED_IPS_LIMIT {
        let message = format!("The allowed ips may not have more than {ALLOWED_IPS_LIMIT} items.");
        errors.push(error("allowed_ips", "max", message));
    }
    for (position, entry) in entries.iter().enumerate() {
        errors.extend(entry_errors(position, entry, traits)?);
    }
    Ok(errors)
}

/// An entry must be a text and an address or a range; a prefix length that does not fit, and an
/// entry that is no single value, break the request.
fn entry_errors(
    position: usize,
    entry: &Value,
    traits: &Traits,
) -> Result<Vec<FieldError>, Refusal> {
    let field = format!("allowed_ips.{position}");
    let mut errors = Vec::new();
    let text = match entry {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Array(_) | Value::Object(_) => return Err(Refusal::broken("ErrorException")),
        Value::Bool(_) | Value::Number(_) => entry.to_string(),
    };
    if !entry.is_string() {
        let message = format!("The {field} must be a string.");
        errors.push(error(&field, "string", message));
    }
    match AddressRange::parse(&text) {
        Ok(_) => {}
        Err(RangeError::Address) => {
            let message = format!("\"{text}\" is not a valid IP address or CIDR range.");
            errors.push(error(&field, "", message));
        }
        Err(broken) => return Err(Refusal::broken(broken.code(traits))),
    }
    Ok(errors)
}

fn error(field: &str, rule: &'static str, message: String) -> FieldError {
    FieldError {
        field: field.to_owned(),
        rule,
        message,
    }
}
