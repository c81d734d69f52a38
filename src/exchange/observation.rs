//! What a target answered.

use serde_json::Value;

/// The answer to one request, redacted, and for a success reduced to its shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// The status code (RFC 9110, section 15).
    pub status: u16,
    /// Header fields in the order received, names in lower case, values redacted. Values that
    /// are not UTF-8 are kept with replacement characters.
    pub headers: Vec<(String, String)>,
    /// The content.
    pub body: Body,
}

/// The content of an answer, as far as it could be read.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// No content at all.
    Empty,
    /// Valid JSON, whatever `Content-Type` says.
    Json(Value),
    /// UTF-8 that is not JSON, cut at a readable length.
    Text(String),
    /// Neither JSON nor UTF-8: why it could not be read.
    Unreadable(String),
}

impl Observation {
    /// The first field of that name (lower case), if it was sent.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(field, _)| field == name)
            .map(|(_, value)| value.as_str())
    }

    /// The code of the error that it tells.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.of_error("code")
    }

    /// The words of the error that it tells.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        self.of_error("detail")
    }

    fn of_error(&self, member: &str) -> Option<&str> {
        match &self.body {
            Body::Json(document) => document.pointer("/errors/0")?.get(member)?.as_str(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(body: Body) -> Observation {
        Observation {
            status: 401,
            headers: vec![
                ("a".to_owned(), "1".to_owned()),
                ("a".to_owned(), "2".to_owned()),
            ],
            body,
        }
    }

    #[test]
    fn an_error_is_told_by_the_first_of_the_list() {
        let errors = json!({ "errors": [{ "code": "A", "detail": "B" }, { "code": "C" }] });
        let told = of(Body::Json(errors));
        assert_eq!((told.code(), told.detail()), (Some("A"), Some("B")));
        let numbers = of(Body::Json(json!({ "errors": [{ "code": 1 }] })));
        assert_eq!((numbers.code(), numbers.detail()), (None, None));
        let text = of(Body::Text("A".to_owned()));
        assert_eq!((text.code(), text.detail()), (None, None));
    }

    #[test]
    fn of_several_fields_of_a_name_the_first_is_told() {
        let told = of(Body::Empty);
        assert_eq!((told.header("a"), told.header("b")), (Some("1"), None));
    }
}
