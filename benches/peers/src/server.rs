//! A server that answers every request alike, and counts.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

use crate::suite::{CASES, CONTENT};

/// What was asked since the last look.
#[derive(Clone, Copy, Debug)]
pub struct Counts {
    pub requests: usize,
    /// Those that a case of the suite asks for; what looks whether a panel is there is no case.
    pub cases: usize,
    /// The most requests that were under way at once.
    pub at_once: usize,
}

/// A server that runs as long as this is kept.
pub struct Server {
    pub url: String,
    counter: Arc<Counter>,
    _runtime: Runtime,
}

#[derive(Default)]
struct Counter {
    requests: AtomicUsize,
    cases: AtomicUsize,
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Server {
    /// Starts a server whose answers take so long.
    pub fn start(latency: Duration, port: u16) -> Result<Self, String> {
        let runtime = Runtime::new().map_err(|error| error.to_string())?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let listener = runtime
            .block_on(TcpListener::bind(address))
            .map_err(|error| error.to_string())?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let counter = Arc::<Counter>::default();
        runtime.spawn(accept(listener, Arc::clone(&counter), latency));
        Ok(Self {
            url: format!("http://{address}"),
            counter,
            _runtime: runtime,
        })
    }

    /// What was asked since this was last called.
    pub fn counts(&self) -> Counts {
        Counts {
            requests: self.counter.requests.swap(0, Ordering::Relaxed),
            cases: self.counter.cases.swap(0, Ordering::Relaxed),
            at_once: self.counter.most.swap(0, Ordering::Relaxed),
        }
    }
}

/// Serves until it is ended from outside.
pub fn stay(latency_ms: u64, port: u16) -> Result<(), String> {
    let server = Server::start(Duration::from_millis(latency_ms), port)?;
    println!("{}", server.url);
    loop {
        std::thread::sleep(Duration::from_secs(1));
        let counts = server.counts();
        if counts.requests > 0 {
            println!("{counts:?}");
        }
    }
}

async fn accept(listener: TcpListener, counter: Arc<Counter>, latency: Duration) {
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        tokio::spawn(serve(stream, Arc::clone(&counter), latency));
    }
}

async fn serve(stream: TcpStream, counter: Arc<Counter>, latency: Duration) {
    let answer = service_fn(async |request: Request<Incoming>| {
        counter.begin(request.uri().path());
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        counter.now.fetch_sub(1, Ordering::Relaxed);
        let mut response = Response::new(Full::new(Bytes::from_static(CONTENT.as_bytes())));
        let json = hyper::header::HeaderValue::from_static("application/json");
        let headers = response.headers_mut();
        headers.insert(hyper::header::CONTENT_TYPE, json);
        Ok::<_, Infallible>(response)
    });
    // A client that goes away is no trouble of the server.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), answer)
        .await;
}

impl Counter {
    fn begin(&self, path: &str) {
        if path.starts_with(CASES) {
            self.cases.fetch_add(1, Ordering::Relaxed);
        }
        self.requests.fetch_add(1, Ordering::Relaxed);
        let now = self.now.fetch_add(1, Ordering::Relaxed) + 1;
        self.most.fetch_max(now, Ordering::Relaxed);
    }
}
