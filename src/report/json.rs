//! Results as JSON: written, described by a schema, and read again.

use serde::Deserialize;
use serde_json::Value;

use super::results::{Results, VERSION};
use super::told::harmless;

/// A text that is no results of a run.
#[derive(Debug, thiserror::Error)]
pub enum BadResults {
    /// It is not JSON, or not of that form.
    #[error("these are no results of a run: {0}")]
    Form(#[from] serde_json::Error),
    /// It is of another version.
    #[error("these results are of version {0}; this program reads version {VERSION}")]
    Version(u64),
}

/// The results as JSON.
///
/// # Errors
///
/// None that a run can cause.
pub fn to_json(results: &Results) -> Result<String, serde_json::Error> {
    Ok(serde_json::to_string_pretty(results)? + "\n")
}

/// Reads results; whoever has written them, they are harmless to a terminal.
///
/// # Errors
///
/// What is wrong with the text.
pub fn from_json(text: &str) -> Result<Results, BadResults> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u64,
    }
    let document: Value = serde_json::from_str(text)?;
    let Versioned { version } = Versioned::deserialize(&document)?;
    if version != u64::from(VERSION) {
        return Err(BadResults::Version(version));
    }
    Ok(Results::deserialize(harmless(&document))?)
}

/// The JSON Schema of results, as it stands in `schemas/results.json`.
///
/// # Errors
///
/// None that a run can cause.
pub fn schema() -> Result<String, serde_json::Error> {
    let schema = schemars::schema_for!(Results);
    Ok(serde_json::to_string_pretty(&schema)? + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_results_is_refused() {
        for (text, wanted) in [
            ("", "no results of a run"),
            ("[]", "no results of a run"),
            (r#"{ "version": 2 }"#, "are of version 2"),
            (r#"{ "version": 1 }"#, "missing field"),
        ] {
            let message = from_json(text).unwrap_err().to_string();
            assert!(message.contains(wanted), "{text}: {message}");
        }
    }
}
