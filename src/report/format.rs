//! The formats that results can be written in.

use std::fmt;
use std::str::FromStr;

use super::acceptance::acceptance;
use super::github::github;
use super::html::{PageError, html};
use super::json::to_json;
use super::junit::junit;
use super::markdown::markdown;
use super::results::Results;

/// A format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// All that is known, for programs.
    Json,
    /// `JUnit` XML, for pages of CI services.
    Junit,
    /// Markdown of a bounded size, for comments.
    Markdown,
    /// Annotations of a GitHub workflow.
    Github,
    /// One page, for people.
    Html,
    /// A page by which a panel is accepted or not, in Markdown.
    Acceptance,
}

/// A format that could not be written.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// As JSON.
    #[error("JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// As `JUnit` XML.
    #[error("JUnit: {0}")]
    Junit(#[from] quick_junit::SerializeError),
    /// As a page.
    #[error("HTML: {0}")]
    Html(#[from] PageError),
}

impl Format {
    /// Every format there is.
    pub const ALL: [Self; 6] = [
        Self::Json,
        Self::Junit,
        Self::Markdown,
        Self::Github,
        Self::Html,
        Self::Acceptance,
    ];

    /// The results in this format.
    ///
    /// # Errors
    ///
    /// None that a run can cause.
    pub fn render(self, results: &Results) -> Result<String, FormatError> {
        Ok(match self {
            Self::Json => to_json(results)?,
            Self::Junit => junit(results)?,
            Self::Markdown => markdown(results),
            Self::Github => github(results),
            Self::Html => html(results)?,
            Self::Acceptance => acceptance(results),
        })
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Json => "json",
            Self::Junit => "junit",
            Self::Markdown => "markdown",
            Self::Github => "github",
            Self::Html => "html",
            Self::Acceptance => "acceptance",
        })
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|format| format.to_string() == text)
            .ok_or_else(|| {
                let all = Self::ALL.map(|format| format.to_string()).join(", ");
                format!("there is no report `{text}`; there are: {all}")
            })
    }
}
