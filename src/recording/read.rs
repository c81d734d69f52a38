//! Reads recordings: one exchange a line, as JSON.

use serde::Deserialize;

/// One exchange with a real panel.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// A name that is unique in its recording.
    pub id: String,
    /// What it belongs to.
    pub group: String,
    /// The settings of the panel, in the recorder's words.
    pub config: String,
    /// The recorder's name for the holder of the key.
    pub role: Option<String>,
    /// What was sent; characters of header values stand for one byte each.
    pub request: Sent,
    /// What came back.
    pub response: Answered,
}

/// A recorded request.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sent {
    /// The method token.
    pub method: String,
    /// The request target.
    pub path: String,
    /// Header fields, in order.
    pub headers: Vec<(String, String)>,
    /// The content.
    pub body: Option<String>,
}

/// A recorded answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answered {
    /// The status code.
    pub status: u16,
    /// Header fields, in order.
    pub headers: Vec<(String, String)>,
    /// The content.
    pub body: Option<String>,
}

/// A recording: the exchanges with one panel, in the order they happened.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    /// The exchanges.
    pub exchanges: Vec<Exchange>,
}

/// A line that is no exchange, or a name that stands twice.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct BadRecording {
    line: usize,
    reason: String,
}

impl Recording {
    /// Reads JSON lines.
    ///
    /// # Errors
    ///
    /// The first line that is no exchange, or that repeats a name.
    pub fn read(text: &str) -> Result<Self, BadRecording> {
        let mut names = std::collections::BTreeSet::new();
        let mut exchanges = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let fail = |reason: String| BadRecording {
                line: number + 1,
                reason,
            };
            let exchange: Exchange = serde_json::from_str(line).map_err(|e| fail(e.to_string()))?;
            if !names.insert(exchange.id.clone()) {
                return Err(fail(format!("`{}` stands twice", exchange.id)));
            }
            exchanges.push(exchange);
        }
        Ok(Self { exchanges })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_line_is_named() {
        let line = r#"{"id":"a","group":"g","config":"c","role":null,"request":{"method":"GET","path":"/","headers":[],"body":null},"response":{"status":200,"headers":[],"body":null}}"#;
        assert_eq!(Recording::read(line).unwrap().exchanges.len(), 1);
        let twice = Recording::read(&format!("{line}\n{line}"))
            .unwrap_err()
            .to_string();
        assert_eq!(twice, "line 2: `a` stands twice");
        assert!(
            Recording::read("{}")
                .unwrap_err()
                .to_string()
                .starts_with("line 1: missing field")
        );
    }
}
