//! Requests that nobody can feel: they read, and they are small.

use std::fmt;

use serde::Deserialize;

/// A request without effect, small enough for a panel at work.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct HarmlessRequest {
    /// `GET`, `HEAD` or `OPTIONS`.
    pub method: String,
    /// The request target in origin form.
    pub target: String,
}

/// A text that is no harmless request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotHarmless {
    /// It is no method and target.
    #[error("`{0}` is not a method and a target, such as `GET /api/client`")]
    Form(String),
    /// It could have an effect.
    #[error("{0} can have effects; a probe is GET, HEAD or OPTIONS (RFC 9110, section 9.2.1)")]
    Method(String),
    /// It costs a panel more than it should.
    #[error("a probe neither logs in nor asks for pages of a size: `{0}`")]
    Target(String),
}

impl TryFrom<String> for HarmlessRequest {
    type Error = NotHarmless;

    fn try_from(text: String) -> Result<Self, NotHarmless> {
        let Some((method, target)) = text.split_once(' ').filter(|(_, t)| t.starts_with('/'))
        else {
            return Err(NotHarmless::Form(text));
        };
        if !matches!(method, "GET" | "HEAD" | "OPTIONS") {
            return Err(NotHarmless::Method(method.to_owned()));
        }
        if target.contains("per_page") || target.starts_with("/auth/") {
            return Err(NotHarmless::Target(target.to_owned()));
        }
        Ok(Self {
            method: method.to_owned(),
            target: target.to_owned(),
        })
    }
}

impl fmt::Display for HarmlessRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.target)
    }
}

/// How the target is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// As its address says.
    #[default]
    Target,
    /// Without TLS, on port 80 of the same host; only where the target has TLS on port 443.
    PlainHttp,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<HarmlessRequest, NotHarmless> {
        text.to_owned().try_into()
    }

    #[test]
    fn what_reads_is_harmless() {
        let request = read("OPTIONS /api/client?x=1").unwrap();
        assert_eq!(request.to_string(), "OPTIONS /api/client?x=1");
    }

    #[test]
    fn what_writes_logs_in_or_asks_for_much_is_not() {
        for (text, word) in [
            ("/api/client", "is not a method"),
            ("GET api/client", "is not a method"),
            ("POST /api/client", "can have effects"),
            ("DELETE /api/client", "can have effects"),
            ("GET /auth/login", "neither logs in"),
            ("GET /api/application/users?per_page=1000", "nor asks"),
        ] {
            let message = read(text).unwrap_err().to_string();
            assert!(message.contains(word), "{text}: {message}");
        }
    }
}
