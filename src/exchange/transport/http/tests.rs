//! What really goes over the wire, seen from loopback servers made here.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use url::Url;

use super::*;
use crate::exchange::transport::answer::Content;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A server of one canned answer, and what it saw.
struct Server {
    url: Url,
    connections: Arc<AtomicUsize>,
    requests: mpsc::UnboundedReceiver<Vec<u8>>,
}

impl Server {
    /// Answers every request head with the same bytes.
    async fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::start("http", move |mut socket, seen| {
            let answer = answer.clone();
            async move {
                while let Some(head) = read_head(&mut socket).await {
                    let _ = seen.send(head);
                    if socket.write_all(&answer).await.is_err() {
                        return;
                    }
                }
            }
        })
        .await
    }

    async fn start<F, S>(scheme: &str, serve: F) -> Self
    where
        F: Fn(TcpStream, mpsc::UnboundedSender<Vec<u8>>) -> S + Send + 'static,
        S: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("{scheme}://{}", listener.local_addr().unwrap());
        let connections = Arc::new(AtomicUsize::new(0));
        let (seen, requests) = mpsc::unbounded_channel();
        let count = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(socket, seen.clone()));
            }
        });
        Self {
            url: Url::parse(&url).unwrap(),
            connections,
            requests,
        }
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    async fn request(&mut self) -> String {
        String::from_utf8_lossy(&self.requests.recv().await.unwrap()).into_owned()
    }
}

/// Reads to the end of a header section and of whatever content came along with it.
async fn read_head(socket: &mut (impl AsyncRead + Unpin)) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if socket.read_buf(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    Some(head)
}

fn get(target: &str) -> Request {
    Request {
        method: "GET".into(),
        target: target.into(),
        headers: Vec::new(),
        body: None,
    }
}

fn quick() -> HttpOptions {
    HttpOptions {
        timeout: Duration::from_millis(200),
        ..HttpOptions::default()
    }
}

fn http(url: &Url) -> Http {
    Http::new(url, &HttpOptions::default()).unwrap()
}

async fn failure(http: &Http) -> TransportError {
    match http.send(&get("/")).await {
        Ok(answer) => panic!("answered with {}", answer.status),
        Err(error) => error,
    }
}

fn text(answer: Answer) -> String {
    match answer.content {
        Content::Whole(bytes) => String::from_utf8(bytes).unwrap(),
        Content::MoreThan(limit) => panic!("more than {limit}"),
    }
}

/// An address that nobody listens on.
async fn closed_port() -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap()
}

#[tokio::test]
async fn a_request_arrives_as_written_with_host_and_nothing_else() {
    let mut server = Server::answering(OK).await;
    let host = server.url.authority().to_owned();
    let base = server.url.join("/panel/").unwrap();
    let request = Request {
        headers: vec![
            ("Authorization".into(), b"Bearer  \"caf\xe9\"".to_vec()),
            ("X-Twice".into(), b"1".to_vec()),
            ("X-Twice".into(), b"2".to_vec()),
        ],
        ..get("//api/client/../x?a=%zz&b")
    };
    let answer = http(&base).send(&request).await.unwrap();
    assert_eq!((answer.status, text(answer)), (200, "ok".into()));
    let expected = format!(
        "GET /panel//api/client/../x?a=%zz&b HTTP/1.1\r\nHost: {host}\r\n\
         Authorization: Bearer  \"caf\u{fffd}\"\r\nX-Twice: 1\r\nX-Twice: 2\r\n\r\n"
    );
    assert_eq!(server.request().await, expected);
}

#[tokio::test]
async fn content_has_a_length_and_post_without_content_has_zero() {
    let mut server = Server::answering(OK).await;
    let host = server.url.authority().to_owned();
    let http = http(&server.url);
    for (body, length) in [(None, 0), (Some(b"{}".to_vec()), 2)] {
        let request = Request {
            method: "POST".into(),
            body,
            ..get("/x")
        };
        http.send(&request).await.unwrap();
        let expected =
            format!("POST /x HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n");
        let head = server.request().await;
        assert!(head.starts_with(&expected), "{head}");
    }
}

#[tokio::test]
async fn a_given_host_replaces_the_targets() {
    let mut server = Server::answering(OK).await;
    let request = Request {
        headers: vec![("host".into(), b"other".to_vec())],
        ..get("/")
    };
    http(&server.url).send(&request).await.unwrap();
    assert_eq!(
        server.request().await,
        "GET / HTTP/1.1\r\nHost: other\r\n\r\n"
    );
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let server = Server::answering(OK).await;
    let http = http(&server.url);
    for _ in 0..5 {
        http.send(&get("/")).await.unwrap();
    }
    assert_eq!(server.connections(), 1);
    let target = format!("127.0.0.1:{}", server.url.port().unwrap());
    assert_eq!(format!("{http:?}"), format!("Http({target})"));
}

#[tokio::test]
async fn a_connection_that_the_server_closed_is_replaced() {
    let server = Server::start("http", |mut socket, _| async move {
        read_head(&mut socket).await;
        socket.write_all(OK).await.unwrap();
    })
    .await;
    let http = http(&server.url);
    for _ in 0..3 {
        http.send(&get("/")).await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn a_silent_server_is_a_timeout() {
    let server = Server::answering("").await;
    let http = Http::new(&server.url, &quick()).unwrap();
    let start = Instant::now();
    let error = failure(&http).await;
    assert!(start.elapsed() < Duration::from_secs(2));
    assert!(
        matches!(
            error,
            TransportError::Timeout {
                phase: Phase::Waiting,
                ..
            }
        ),
        "{error}"
    );
    assert!(error.to_string().contains("200ms"), "{error}");
}

#[tokio::test]
async fn a_trickling_body_is_a_timeout() {
    let server = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab").await;
    let http = Http::new(&server.url, &quick()).unwrap();
    let error = failure(&http).await;
    assert!(
        matches!(
            error,
            TransportError::Timeout {
                phase: Phase::Reading,
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn a_huge_body_is_cut_and_its_connection_closed() {
    let (written, mut total) = mpsc::unbounded_channel();
    let server = Server::start("http", move |mut socket, _| {
        let written = written.clone();
        async move {
            read_head(&mut socket).await;
            let head = "HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n";
            socket.write_all(head.as_bytes()).await.unwrap();
            let part = vec![b'x'; 1 << 16];
            let mut sent = 0;
            while sent < 100 << 20 && socket.write_all(&part).await.is_ok() {
                sent += part.len();
            }
            written.send(sent).unwrap();
        }
    })
    .await;
    let answer = http(&server.url).send(&get("/")).await.unwrap();
    assert!(matches!(answer.content, Content::MoreThan(1_048_576)));
    assert!(total.recv().await.unwrap() < 50 << 20);
}

#[tokio::test]
async fn what_is_not_http_is_a_protocol_error() {
    for answer in ["SSH-2.0-OpenSSH_9.6\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n"] {
        let server = Server::answering(answer).await;
        let error = failure(&http(&server.url)).await;
        assert!(matches!(error, TransportError::Protocol { .. }), "{error}");
        assert!(!error.nothing_sent());
    }
}

#[tokio::test]
async fn an_answer_that_stops_halfway_is_closed() {
    for answer in [
        "",
        "HTTP/1.1 200",
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab",
    ] {
        let server = Server::start("http", move |mut socket, _| async move {
            read_head(&mut socket).await;
            socket.write_all(answer.as_bytes()).await.unwrap();
        })
        .await;
        let error = failure(&http(&server.url)).await;
        assert!(matches!(error, TransportError::Closed { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let answer = "HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n";
    let mut server = Server::answering(answer).await;
    let answer = http(&server.url).send(&get("/")).await.unwrap();
    assert_eq!(answer.status, 302);
    server.request().await;
    assert!(server.requests.try_recv().is_err());
}

#[tokio::test]
async fn a_closed_port_says_what_to_do_and_is_left_alone_after_three() {
    let http = http(&closed_port().await);
    for _ in 0..3 {
        let error = failure(&http).await;
        assert!(matches!(error, TransportError::Connect { .. }), "{error}");
        assert!(error.nothing_sent());
        assert!(error.to_string().contains("connection refused"), "{error}");
    }
    let error = failure(&http).await;
    assert!(
        matches!(error, TransportError::Unreachable { failures: 3, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn many_senders_at_once_knock_three_times() {
    let server = Server::start("https", |socket, _| async move { drop(socket) }).await;
    let http = Arc::new(http(&server.url));
    let senders = (0..30).map(|_| {
        let http = Arc::clone(&http);
        async move { failure(&http).await }
    });
    let errors = senders.collect::<JoinSet<_>>().join_all().await;
    let unreachable = |error: &&TransportError| matches!(error, TransportError::Unreachable { .. });
    assert_eq!(errors.iter().filter(unreachable).count(), 27);
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn a_slow_handshake_counts_as_a_failed_connection() {
    let server = Server::start("https", |socket, _| async move {
        tokio::time::sleep(Duration::from_secs(5)).await;
        drop(socket);
    })
    .await;
    let http = Http::new(&server.url, &quick()).unwrap();
    for _ in 0..3 {
        let error = failure(&http).await;
        assert!(
            matches!(
                error,
                TransportError::Timeout {
                    phase: Phase::Connecting,
                    ..
                }
            ),
            "{error}"
        );
    }
    let error = failure(&http).await;
    assert!(
        matches!(error, TransportError::Unreachable { .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_name_without_an_address_is_told_apart() {
    // A label of more than 63 letters is refused without asking any server.
    let name = format!("{}.invalid", "a".repeat(64));
    let error = failure(&http(&Url::parse(&format!("http://{name}/")).unwrap())).await;
    assert!(matches!(error, TransportError::Resolve { .. }), "{error}");
    assert!(error.to_string().contains("--resolve"), "{error}");
}

#[tokio::test]
async fn a_given_address_is_used_and_the_name_kept() {
    let mut server = Server::answering(OK).await;
    let port = server.url.port().unwrap();
    let base = Url::parse(&format!("http://panel.invalid:{port}/")).unwrap();
    let options = HttpOptions {
        resolve: vec!["panel.invalid:127.0.0.1".parse().unwrap()],
        ..HttpOptions::default()
    };
    let http = Http::new(&base, &options).unwrap();
    http.send(&get("/")).await.unwrap();
    let expected = format!("GET / HTTP/1.1\r\nHost: panel.invalid:{port}\r\n\r\n");
    assert_eq!(server.request().await, expected);
}

#[test]
fn an_address_for_another_host_is_refused() {
    let options = HttpOptions {
        resolve: vec!["other.invalid:127.0.0.1".parse().unwrap()],
        ..HttpOptions::default()
    };
    let base = Url::parse("http://panel.invalid/").unwrap();
    let error = Http::new(&base, &options).unwrap_err();
    assert!(matches!(error, SetupError::ResolveUnused { .. }), "{error}");
}

/// A certificate authority made up for one test, in a file, and a server of it.
struct Private {
    server: Server,
    folder: tempfile::TempDir,
    /// The names that clients have asked for (RFC 6066, `server_name`).
    names: mpsc::UnboundedReceiver<String>,
}

impl Private {
    async fn for_name(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), authority.pem()).unwrap();
        let acceptor = acceptor(name, &authority);
        let (named, names) = mpsc::unbounded_channel();
        let server = Server::start("https", move |socket, seen| {
            let (acceptor, names) = (acceptor.clone(), named.clone());
            async move {
                if let Ok(socket) = acceptor.accept(socket).await {
                    let name = socket.get_ref().1.server_name().unwrap_or_default();
                    let _ = names.send(name.to_owned());
                    answer_once(socket, seen).await;
                }
            }
        })
        .await;
        Self {
            server,
            folder,
            names,
        }
    }

    fn ca_cert(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }
}

fn acceptor(name: &str, authority: &CertifiedIssuer<'_, KeyPair>) -> TlsAcceptor {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new([name.to_owned()])
        .unwrap()
        .signed_by(&key, authority)
        .unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

async fn answer_once(
    mut socket: impl AsyncRead + AsyncWrite + Unpin,
    seen: mpsc::UnboundedSender<Vec<u8>>,
) {
    if let Some(head) = read_head(&mut socket).await {
        let _ = seen.send(head);
        let _ = socket.write_all(OK).await;
        let _ = socket.shutdown().await;
    }
}

#[tokio::test]
async fn a_private_authority_is_trusted_when_it_is_named() {
    let private = Private::for_name("127.0.0.1").await;
    let options = HttpOptions {
        ca_certs: vec![private.ca_cert()],
        ..HttpOptions::default()
    };
    let http = Http::new(&private.server.url, &options).unwrap();
    assert!(http.certificate().is_none());
    assert_eq!(text(http.send(&get("/")).await.unwrap()), "ok");
    let left = http.certificate().unwrap().days_left(SystemTime::now());
    assert!(
        left > 365_000,
        "made to hold until the year 4096, not {left} days"
    );
}

/// Behind an edge, a server is asked for the same name, by TLS and by HTTP.
#[tokio::test]
async fn another_place_is_asked_by_the_name_of_the_url() {
    let mut private = Private::for_name("panel.invalid").await;
    let place = private.server.url.authority().parse().unwrap();
    let options = HttpOptions {
        ca_certs: vec![private.ca_cert()],
        place: Some(place),
        ..HttpOptions::default()
    };
    let http = Http::new(&Url::parse("https://panel.invalid/").unwrap(), &options).unwrap();
    assert_eq!(text(http.send(&get("/")).await.unwrap()), "ok");
    assert_eq!(private.names.recv().await.unwrap(), "panel.invalid");
    assert_eq!(
        private.server.request().await,
        "GET / HTTP/1.1\r\nHost: panel.invalid\r\n\r\n"
    );
}

#[tokio::test]
async fn an_unknown_authority_is_an_error_with_advice_and_nothing_is_sent() {
    let mut private = Private::for_name("127.0.0.1").await;
    let error = failure(&http(&private.server.url)).await;
    assert!(matches!(error, TransportError::Tls { .. }), "{error}");
    assert!(error.to_string().contains("--ca-cert"), "{error}");
    assert!(private.server.requests.try_recv().is_err());
}

#[tokio::test]
async fn a_certificate_for_another_name_is_an_error_with_advice() {
    let private = Private::for_name("panel.invalid").await;
    let options = HttpOptions {
        ca_certs: vec![private.ca_cert()],
        ..HttpOptions::default()
    };
    let http = Http::new(&private.server.url, &options).unwrap();
    let error = failure(&http).await;
    assert!(
        error
            .to_string()
            .contains("a name that the certificate is for"),
        "{error}"
    );
}

#[tokio::test]
async fn a_port_without_tls_is_an_error_with_advice() {
    let server = Server::start("https", |mut socket, _| async move {
        let _ = socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        read_head(&mut socket).await;
    })
    .await;
    let error = failure(&http(&server.url)).await;
    assert!(error.to_string().contains("speaks TLS"), "{error}");
}

#[test]
fn a_file_without_certificates_is_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let options = HttpOptions {
        ca_certs: vec![file.path().to_owned()],
        ..HttpOptions::default()
    };
    let error = Http::new(&Url::parse("https://a/").unwrap(), &options).unwrap_err();
    assert!(matches!(error, SetupError::CaCert { .. }), "{error}");
}
