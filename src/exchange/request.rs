//! A request exactly as it goes over the wire.

use std::fmt;

/// A request with every key already in place. It holds secrets: it has no `Debug` of its
/// contents and no serialisation; reports print the symbolic form that `plan` keeps.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Request {
    /// The method token as sent, such as `GET` or `PROPFIND` (RFC 9110, section 9).
    pub method: String,
    /// The request target in origin form, unfolded and unescaped: `/api//client?x=1`.
    pub target: String,
    /// Header fields in the order they are sent; fields of one name stay together, and names,
    /// which have no case (RFC 9110, section 5.1), go out as `Content-Type` is written.
    ///
    /// The transport adds `Host`, and `Content-Length` when there is content or the method
    /// expects some; both only where they are not given here. It adds nothing else (no
    /// `Accept`, no `User-Agent`).
    pub headers: Vec<(String, Vec<u8>)>,
    /// The content, if any.
    pub body: Option<Vec<u8>>,
}

impl Request {
    /// Whether it gives a header field of that name itself, in any case of letters.
    pub(super) fn has_header(&self, name: &str) -> bool {
        self.headers
            .iter()
            .any(|(given, _)| given.eq_ignore_ascii_case(name))
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({} …)", self.method)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_a_request_in_debugging_has_no_key() {
        let request = Request {
            method: "GET".to_owned(),
            target: "/api/client?key=ptlc_Canary".to_owned(),
            headers: vec![("Authorization".to_owned(), b"Bearer ptlc_Canary".to_vec())],
            body: Some(b"ptlc_Canary".to_vec()),
        };
        assert_eq!(format!("{request:?}"), "Request(GET …)");
    }
}
