//! The target: the address of the panel under test.

use std::net::IpAddr;

use url::{Host, Url};

/// An address that cannot be a target.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadTarget {
    /// It is empty.
    #[error(
        "the target URL is empty; write `https://panel.example.com`, or leave it out to test the embedded panel"
    )]
    Empty,
    /// It is no URL.
    #[error("`{text}` is not a URL ({reason}); write it like `https://panel.example.com`")]
    NoUrl {
        /// What was given.
        text: String,
        /// What is wrong.
        reason: String,
    },
    /// Its scheme is neither.
    #[error("`{0}://` is not spoken by panels; use `https://` or `http://`")]
    Scheme(String),
    /// It holds a user name or a password.
    #[error(
        "the target URL holds a user name or a password, which would end up in logs; leave it out"
    )]
    Credentials,
    /// It has a query or a fragment.
    #[error("the target URL has a query or a fragment; give only the address where the panel is")]
    Query,
    /// Keys would travel in the clear.
    #[error(
        "`{0}` is not on this machine, and without TLS everybody on the way can read the keys; use `https://`, or agree to it with --allow-plaintext"
    )]
    Plaintext(String),
}

/// The address of a panel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Scheme, host, port, and a path prefix if the panel has one.
    pub base: Url,
    /// What was changed in the address that was given.
    pub note: Option<String>,
}

impl Target {
    /// Reads an address as a person gives it: a pasted `/api/client` is cut off with a note.
    ///
    /// # Errors
    ///
    /// When it cannot be a panel's address, or keys would travel in the clear without consent.
    pub fn parse(text: &str, allow_plaintext: bool) -> Result<Self, BadTarget> {
        if text.is_empty() {
            return Err(BadTarget::Empty);
        }
        let mut base = read(text)?;
        if !base.username().is_empty() || base.password().is_some() {
            return Err(BadTarget::Credentials);
        }
        if base.query().is_some() || base.fragment().is_some() {
            return Err(BadTarget::Query);
        }
        let note = cut_api(&mut base);
        let target = Self { base, note };
        if target.base.scheme() == "http" && !target.is_loopback() && !allow_plaintext {
            return Err(BadTarget::Plaintext(
                target.base.host_str().unwrap_or_default().to_owned(),
            ));
        }
        Ok(target)
    }

    /// Whether it is on this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self.base.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
            Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
            None => false,
        }
    }

    /// Whether a host that a person typed is its own.
    #[must_use]
    pub fn has_host(&self, typed: &str) -> bool {
        let host = typed
            .parse()
            .map(Host::Ipv6)
            .or_else(|_| Host::parse(typed));
        host.is_ok_and(|host| self.base.host() == Some(borrowed(&host)))
    }

    /// Scheme, host and port (RFC 6454).
    #[must_use]
    pub fn origin(&self) -> String {
        self.base.origin().ascii_serialization()
    }
}

fn borrowed(host: &Host<String>) -> Host<&str> {
    match host {
        Host::Domain(name) => Host::Domain(name),
        Host::Ipv4(address) => Host::Ipv4(*address),
        Host::Ipv6(address) => Host::Ipv6(*address),
    }
}

fn read(text: &str) -> Result<Url, BadTarget> {
    let no_url = |reason: String| BadTarget::NoUrl {
        // What stands before an `@` could be a password.
        text: text.rsplit('@').next().unwrap_or_default().to_owned(),
        reason,
    };
    let url = Url::parse(text).map_err(|error| match error {
        url::ParseError::RelativeUrlWithoutBase => no_url("it lacks `https://`".to_owned()),
        other => no_url(other.to_string()),
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        // `panel.example.com:8080` reads as a scheme and a path.
        return Err(if text.contains("://") {
            BadTarget::Scheme(url.scheme().to_owned())
        } else {
            no_url("it lacks `https://`".to_owned())
        });
    }
    if url.host().is_none() {
        return Err(no_url("it has no host".to_owned()));
    }
    Ok(url)
}

/// Cuts a pasted API path off, and says so.
fn cut_api(base: &mut Url) -> Option<String> {
    let path = base.path().trim_end_matches('/').to_owned();
    let cut = ["/api/client", "/api/application", "/api"]
        .into_iter()
        .find_map(|api| path.split_once(api).map(|(before, _)| before.to_owned()));
    match cut {
        Some(before) => {
            base.set_path(&before);
            Some(format!(
                "`{}` was cut off the target URL",
                &path[before.len()..]
            ))
        }
        None => {
            base.set_path(&path);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Target, BadTarget> {
        Target::parse(text, false)
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let origin = |text: &str| parse(text).unwrap().origin();
        assert_eq!(origin("https://a.example/panel"), "https://a.example");
        assert_eq!(origin("http://127.0.0.1:81/"), "http://127.0.0.1:81");
    }

    #[test]
    fn names_of_this_machine_are_loopback() {
        for (text, wanted) in [
            ("https://localhost", true),
            ("https://panel.localhost", true),
            ("https://127.8.9.1", true),
            ("https://[::1]", true),
            ("https://notlocalhost", false),
            ("https://localhost.example", false),
            ("https://192.0.2.1", false),
        ] {
            assert_eq!(parse(text).unwrap().is_loopback(), wanted, "{text}");
        }
    }

    #[test]
    fn an_address_with_more_than_a_base_is_refused() {
        assert!(matches!(
            parse("https://a.example/?x"),
            Err(BadTarget::Query)
        ));
        assert!(matches!(
            parse("https://a.example/#x"),
            Err(BadTarget::Query)
        ));
        for text in ["https://name@a.example", "https://:word@a.example"] {
            assert!(matches!(parse(text), Err(BadTarget::Credentials)), "{text}");
        }
        assert!(matches!(
            parse("http://a.example"),
            Err(BadTarget::Plaintext(_))
        ));
        assert!(Target::parse("http://a.example", true).is_ok());
    }

    #[test]
    fn good_addresses() {
        let rows = [
            (
                "https://panel.example.com",
                "https://panel.example.com/",
                false,
            ),
            (
                "https://example.com/panel/",
                "https://example.com/panel",
                false,
            ),
            (
                "https://example.com/panel/api/client",
                "https://example.com/panel",
                true,
            ),
            (
                "http://127.0.0.1:8080/api/application/users",
                "http://127.0.0.1:8080/",
                true,
            ),
            ("http://[::1]:80", "http://[::1]/", false),
        ];
        for (text, base, noted) in rows {
            let target = parse(text).unwrap();
            assert_eq!(
                (target.base.as_str(), target.note.is_some()),
                (base, noted),
                "{text}"
            );
        }
    }

    #[test]
    fn a_host_is_known_by_any_spelling() {
        let rows = [
            (
                "https://panel.example.com:8443/x",
                "PANEL.example.com",
                true,
            ),
            ("https://panel.example.com", "panel.example.com:443", false),
            ("https://panel.example.com", "example.com", false),
            ("https://b\u{fc}cher.example", "b\u{fc}cher.example", true),
            ("http://[::1]:80", "::1", true),
            ("http://[::1]:80", "[::1]", true),
            ("http://127.0.0.1", "127.0.0.1", true),
            ("http://127.0.0.1", "", false),
        ];
        for (url, typed, wanted) in rows {
            assert_eq!(parse(url).unwrap().has_host(typed), wanted, "{url} {typed}");
        }
    }

    #[test]
    fn bad_addresses_say_how_to_mend_them() {
        let rows = [
            ("", "is empty"),
            ("panel.example.com", "it lacks `https://`"),
            ("panel.example.com:8080", "it lacks `https://`"),
            ("ftp://example.com", "`ftp://` is not spoken"),
            (
                "https://user:hunter2@example.com",
                "user name or a password",
            ),
            ("https://example.com?x=1", "query"),
            ("http://example.com", "--allow-plaintext"),
            ("https://", "host"),
        ];
        for (text, wanted) in rows {
            let message = parse(text).unwrap_err().to_string();
            assert!(message.contains(wanted), "{text}: {message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
        assert!(Target::parse("http://example.com", true).is_ok());
    }
}
