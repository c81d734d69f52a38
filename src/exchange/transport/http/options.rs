//! What can be said about the way to a target.

use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use ::http::HeaderValue;
use thiserror::Error;
use url::Url;

use crate::exchange::transport::answer::{DEFAULT_BODY_LIMIT, DEFAULT_TIMEOUT};

/// How a target is reached.
#[derive(Clone, Debug)]
pub struct HttpOptions {
    /// The time for a whole request: connecting, sending, header section and content.
    /// Default: 10 seconds.
    pub timeout: Duration,
    /// The largest content that is read, in bytes; of a larger one nothing is kept.
    /// Default: 1 MiB.
    pub body_limit: usize,
    /// PEM files with certificates of authorities to trust besides the bundled ones.
    pub ca_certs: Vec<PathBuf>,
    /// Addresses to use instead of asking DNS; the first entry for the host counts.
    pub resolve: Vec<Resolve>,
    /// Where to connect to, whatever the URL's host and port are; both stay in `Host` and in the
    /// TLS handshake.
    pub place: Option<Place>,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            timeout: DEFAULT_TIMEOUT,
            body_limit: DEFAULT_BODY_LIMIT,
            ca_certs: Vec::new(),
            resolve: Vec::new(),
            place: None,
        }
    }
}

/// Where to connect to: an address, and a port where it is not the URL's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The address.
    pub address: IpAddr,
    /// The port; none: the URL's.
    pub port: Option<u16>,
}

/// A text that is no [`Place`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is not an address, such as 192.0.2.7, 192.0.2.7:8443 or [2001:db8::7]:8443")]
pub struct PlaceParseError(String);

impl FromStr for Place {
    type Err = PlaceParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let alone = text.parse().map(|address| Self {
            address,
            port: None,
        });
        let with_port = || {
            let place: std::net::SocketAddr = text.parse().ok()?;
            Some(Self {
                address: place.ip(),
                port: Some(place.port()),
            })
        };
        alone
            .ok()
            .or_else(with_port)
            .ok_or_else(|| PlaceParseError(text.to_owned()))
    }
}

/// The address of a host, as `HOST:ADDRESS`: `panel.example.com:192.0.2.7`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolve {
    /// The name in the target's URL, in lower case.
    pub host: String,
    /// Where to connect to.
    pub address: IpAddr,
}

/// A text that is not `HOST:ADDRESS`.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is not HOST:ADDRESS, such as panel.example.com:192.0.2.7")]
pub struct ResolveParseError(String);

impl FromStr for Resolve {
    type Err = ResolveParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or_else(|| ResolveParseError(text.to_owned()))
    }
}

/// The host ends at the first colon, so an IPv6 address needs no brackets and may have them.
fn parse(text: &str) -> Option<Resolve> {
    let (host, address) = text.split_once(':')?;
    let bare = address
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(address);
    let address = bare.parse().ok()?;
    let host = host.to_ascii_lowercase();
    (!host.is_empty()).then_some(Resolve { host, address })
}

/// Why a target cannot be set up.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SetupError {
    /// Neither `http` nor `https`.
    #[error("the scheme {0:?} of the target's URL is neither http nor https")]
    Scheme(String),
    /// No host, or one that no certificate can name.
    #[error("the target's URL has no usable host")]
    Host,
    /// A user name or password in the URL. They are not repeated in the message.
    #[error("the target's URL holds a user name or password; keys are given by role instead")]
    Credentials,
    /// A query or fragment in the URL.
    #[error("the target's URL has a query or fragment; give the panel's base URL only")]
    Query,
    /// A [`Resolve`] that would never be used.
    #[error("an address is given for {given:?}, but the target's host is {host:?}")]
    ResolveUnused {
        /// The host that the address was given for.
        given: String,
        /// The host in the target's URL.
        host: String,
    },
    /// A certificate file that cannot be read.
    #[error("cannot read the certificates in {}", path.display())]
    CaCert {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Checks that a URL is the base of a panel, and returns its host.
pub(super) fn check(base: &Url) -> Result<&str, SetupError> {
    if !matches!(base.scheme(), "http" | "https") {
        return Err(SetupError::Scheme(base.scheme().to_owned()));
    }
    if !base.username().is_empty() || base.password().is_some() {
        return Err(SetupError::Credentials);
    }
    if base.query().is_some() || base.fragment().is_some() {
        return Err(SetupError::Query);
    }
    base.host_str().ok_or(SetupError::Host)
}

/// The value of `Host`: the port is there when it is not the scheme's own.
pub(super) fn host_header(base: &Url, host: &str) -> Result<HeaderValue, SetupError> {
    let value = match base.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    HeaderValue::try_from(value).map_err(|_| SetupError::Host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_given_for_a_host() {
        let resolve: Resolve = "Panel.example.com:192.0.2.7".parse().unwrap();
        assert_eq!(resolve.host, "panel.example.com");
        assert_eq!(resolve.address, IpAddr::from([192, 0, 2, 7]));
        for text in ["a:::1", "a:[::1]"] {
            let resolve: Resolve = text.parse().unwrap();
            assert_eq!(resolve.address.to_string(), "::1");
        }
    }

    #[test]
    fn a_place_may_have_a_port() {
        let place = |text: &str| {
            text.parse::<Place>()
                .map(|p| (p.address.to_string(), p.port))
        };
        assert_eq!(place("192.0.2.7"), Ok(("192.0.2.7".to_owned(), None)));
        assert_eq!(place("[::1]:81"), Ok(("::1".to_owned(), Some(81))));
        assert!(place("localhost").is_err() && place("192.0.2.7:").is_err());
    }

    #[test]
    fn what_is_no_host_and_address_is_refused() {
        for text in ["", "a", "a:", ":192.0.2.7", "a:b", "a:192.0.2.7:443"] {
            let error = text.parse::<Resolve>().unwrap_err();
            assert!(error.to_string().contains("HOST:ADDRESS"), "{error}");
        }
    }

    #[test]
    fn a_url_with_more_than_a_base_is_refused() {
        for (url, word) in [
            ("ftp://a/", "scheme"),
            ("https://name:secret@a/", "password"),
            ("https://name@a/", "password"),
            ("https://:secret@a/", "password"),
            ("https://a/?x", "query"),
            ("https://a/#x", "fragment"),
        ] {
            let error = check(&Url::parse(url).unwrap()).unwrap_err().to_string();
            assert!(
                error.contains(word) && !error.contains("secret"),
                "{url}: {error}"
            );
        }
    }

    #[test]
    fn host_has_a_port_when_the_url_needs_one() {
        for (url, expected) in [
            ("https://a/", "a"),
            ("https://a:443/", "a"),
            ("http://a:8080", "a:8080"),
            ("http://[::1]:80", "[::1]"),
        ] {
            let url = Url::parse(url).unwrap();
            assert_eq!(host_header(&url, check(&url).unwrap()).unwrap(), expected);
        }
    }
}
