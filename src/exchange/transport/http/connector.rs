//! Opens connections to one target: name, socket, TLS.

use std::error::Error;
use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::vec;

use ::http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tower::{Service, ServiceExt};
use url::{Host, Url};

use super::certificate::Certificate;
use super::options::{HttpOptions, SetupError};
use crate::exchange::transport::TransportError;

/// An open stream, encrypted or not.
pub(super) type Stream = Box<dyn ReadWrite>;

/// What HTTP needs of a stream.
pub(super) trait ReadWrite: hyper::rt::Read + hyper::rt::Write + Send + Unpin {}

impl<T: hyper::rt::Read + hyper::rt::Write + Send + Unpin> ReadWrite for T {}

/// Connects to one target.
pub(super) struct Connector {
    tcp: HttpConnector<Resolver>,
    address: Uri,
    host: String,
    target: String,
    tls: Option<Tls>,
}

impl Connector {
    /// A connector to the `host` of `base`. TLS is set up for `https` only.
    pub(super) fn new(base: &Url, host: &str, options: &HttpOptions) -> Result<Self, SetupError> {
        let port = base.port_or_known_default().ok_or(SetupError::Host)?;
        let place = match (options.place, address(host, options)?) {
            (Some(place), _) => {
                SocketAddr::new(place.address, place.port.unwrap_or(port)).to_string()
            }
            (None, Some(address)) => SocketAddr::new(address, port).to_string(),
            (None, None) => format!("{host}:{port}"),
        };
        let mut tcp = HttpConnector::new_with_resolver(Resolver);
        tcp.set_nodelay(true);
        // Shared among the addresses of a name, so that one dead address does not use it up.
        tcp.set_connect_timeout(Some(options.timeout));
        Ok(Self {
            tcp,
            address: Uri::try_from(format!("http://{place}/")).map_err(|_| SetupError::Host)?,
            host: host.to_owned(),
            target: format!("{host}:{port}"),
            tls: (base.scheme() == "https")
                .then(|| Tls::new(base, options))
                .transpose()?,
        })
    }

    /// The target in errors: `host:port`.
    pub(super) fn target(&self) -> &str {
        &self.target
    }

    /// The certificate that the server showed first, if there was a TLS handshake.
    pub(super) fn certificate(&self) -> Option<Certificate> {
        self.tls.as_ref()?.shown.get().copied()
    }

    /// Opens a connection.
    pub(super) async fn connect(&self) -> Result<Stream, TransportError> {
        let tcp = self
            .tcp
            .clone()
            .oneshot(self.address.clone())
            .await
            .map_err(|error| self.not_connected(&error))?;
        match &self.tls {
            None => Ok(Box::new(tcp)),
            Some(tls) => tls
                .connect(tcp.into_inner())
                .await
                .map_err(|error| self.not_trusted(&error)),
        }
    }

    fn not_connected(&self, error: &(dyn Error + 'static)) -> TransportError {
        let reason = reason(error);
        if chain(error).any(<dyn Error>::is::<Unresolved>) {
            return TransportError::Resolve {
                host: self.host.clone(),
                reason,
            };
        }
        TransportError::Connect {
            target: self.target.clone(),
            reason,
        }
    }

    fn not_trusted(&self, error: &io::Error) -> TransportError {
        TransportError::Tls {
            target: self.target.clone(),
            reason: reason(error),
            advice: advice(error),
        }
    }
}

/// The address given for the host. One given for another host would do nothing: an error.
fn address(host: &str, options: &HttpOptions) -> Result<Option<IpAddr>, SetupError> {
    if let Some(unused) = options.resolve.iter().find(|entry| entry.host != host) {
        return Err(SetupError::ResolveUnused {
            given: unused.host.clone(),
            host: host.to_owned(),
        });
    }
    Ok(options.resolve.first().map(|entry| entry.address))
}

/// The TLS side of a connector.
struct Tls {
    connector: TlsConnector,
    name: ServerName<'static>,
    shown: OnceLock<Certificate>,
}

impl Tls {
    fn new(base: &Url, options: &HttpOptions) -> Result<Self, SetupError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring has cipher suites for TLS 1.2 and 1.3")
            .with_root_certificates(roots(options)?)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            connector: TlsConnector::from(Arc::new(config)),
            name: server_name(base)?,
            shown: OnceLock::new(),
        })
    }

    async fn connect(&self, tcp: TcpStream) -> io::Result<Stream> {
        let stream = self.connector.connect(self.name.clone(), tcp).await?;
        let shown = stream.get_ref().1.peer_certificates();
        if let Some(certificate) = shown.and_then(|chain| Certificate::read(chain.first()?)) {
            let _ = self.shown.set(certificate);
        }
        Ok(Box::new(TokioIo::new(stream)))
    }
}

fn server_name(base: &Url) -> Result<ServerName<'static>, SetupError> {
    match base.host().ok_or(SetupError::Host)? {
        Host::Domain(name) => ServerName::try_from(name.to_owned()).map_err(|_| SetupError::Host),
        Host::Ipv4(address) => Ok(ServerName::from(IpAddr::from(address))),
        Host::Ipv6(address) => Ok(ServerName::from(IpAddr::from(address))),
    }
}

fn roots(options: &HttpOptions) -> Result<RootCertStore, SetupError> {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    for path in &options.ca_certs {
        add(&mut roots, path).map_err(|source| SetupError::CaCert {
            path: path.clone(),
            source,
        })?;
    }
    Ok(roots)
}

fn add(roots: &mut RootCertStore, path: &Path) -> io::Result<()> {
    let pem = fs::read(path)?;
    let before = roots.len();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(invalid)?;
        roots.add(certificate).map_err(invalid)?;
    }
    if roots.len() == before {
        return Err(invalid("it holds no PEM certificate"));
    }
    Ok(())
}

fn invalid(error: impl Into<Box<dyn Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// What to do about a failed handshake.
fn advice(error: &io::Error) -> &'static str {
    let Some(error) = chain(error).find_map(<dyn Error>::downcast_ref::<rustls::Error>) else {
        return "check that this port speaks TLS";
    };
    match error {
        rustls::Error::InvalidCertificate(certificate) => advice_on_certificate(certificate),
        rustls::Error::InvalidMessage(_) => {
            "check that this port speaks TLS: an http:// address may be meant"
        }
        _ => "check which TLS versions and cipher suites the server allows",
    }
}

fn advice_on_certificate(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::UnknownIssuer => {
            "if the panel has a private certificate authority, name its certificate with --ca-cert"
        }
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => {
            "renew the certificate, or set this machine's clock"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "use a name that the certificate is for, with --resolve where DNS does not know it"
        }
        _ => "check the certificate that the server sends",
    }
}

/// An error and what caused it.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| cause(*error))
}

/// What caused an error. An `io::Error` hides the error that it wraps from `source`.
fn cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

/// The message at the root of an error, the way errors are written here.
pub(super) fn reason(error: &(dyn Error + 'static)) -> String {
    let text = chain(error)
        .last()
        .map_or_else(String::new, ToString::to_string);
    let mut letters = text.chars();
    match letters.next() {
        Some(first)
            if letters
                .as_str()
                .starts_with(|next: char| next.is_lowercase()) =>
        {
            first.to_lowercase().chain(letters).collect()
        }
        _ => text,
    }
}

/// Asks the system for the addresses of a name, and marks its errors.
#[derive(Clone, Debug)]
struct Resolver;

/// An error of name resolution.
#[derive(Debug, thiserror::Error)]
#[error("name resolution failed")]
struct Unresolved(#[source] io::Error);

impl Service<Name> for Resolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = Unresolved;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Unresolved>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Unresolved>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await;
            let addresses: Vec<_> = found.map_err(Unresolved)?.collect();
            Ok(addresses.into_iter())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_trouble_with_a_certificate_has_its_own_advice() {
        for (trouble, advice) in [
            (CertificateError::UnknownIssuer, "--ca-cert"),
            (CertificateError::Expired, "renew the certificate"),
            (CertificateError::NotValidYet, "this machine's clock"),
            (CertificateError::NotValidForName, "--resolve"),
            (CertificateError::Revoked, "check the certificate"),
        ] {
            let told = advice_on_certificate(&trouble);
            assert!(told.contains(advice), "{trouble:?}: {told}");
        }
    }

    #[test]
    fn a_reason_begins_small_unless_it_is_a_name() {
        let told = |text: &str| reason(&io::Error::other(text.to_owned()));
        assert_eq!(told("Connection refused"), "connection refused");
        assert_eq!(told("DNS is away"), "DNS is away");
        assert_eq!(told("x"), "x");
        assert_eq!(told(""), "");
    }

    #[test]
    fn the_root_of_an_error_is_found_below_what_wraps_it() {
        let inner = io::Error::other("Inner trouble");
        let outer = io::Error::other(io::Error::other(inner));
        assert_eq!(reason(&outer), "inner trouble");
    }
}
