//! `doctor` as people run it: against the reference panel, and against servers that are ill.

use std::io::Write;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{Method, Response, StatusCode, header};
use axum::middleware::{self, Next};
use libtest_mimic::{Failed, Trial};
use ptero_conformance::reference::{Family, Faults, Panel, World};
use ptero_conformance::run::embedded_panel;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// A test of one trial.
type Test = fn() -> Result<(), Failed>;

pub fn trials() -> Vec<Trial> {
    let families = Family::ALL.map(|family| {
        let name = family.name();
        Trial::test(format!("doctor/family/{name}"), move || {
            recommends(name, name)
        })
    });
    let others: [(&str, Test); 17] = [
        ("the-pages-own-words", the_pages_own_words),
        (
            "asks-little-and-writes-nothing",
            asks_little_and_writes_nothing,
        ),
        ("authorization-stripped", authorization_stripped),
        ("debug-mode", debug_mode),
        ("debug-setting", debug_setting),
        ("errors-replaced", errors_replaced),
        ("accept-dropped", accept_dropped),
        ("maintenance", maintenance),
        ("hole-open", hole_open),
        ("cors-open", cors_open),
        ("challenge", challenge),
        ("nothing-there", nothing_there),
        ("one-page-for-everything", one_page_for_everything),
        ("no-http", no_http),
        ("closed-port", closed_port),
        ("keys", keys),
        ("bad-input", bad_input),
    ];
    let others = others.map(|(name, test)| Trial::test(format!("doctor/{name}"), test));
    families.into_iter().chain(others).collect()
}

/// A server on loopback that ends with this.
struct Server {
    url: String,
    _runtime: Runtime,
}

impl Server {
    fn start(router: Router) -> Self {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        runtime.spawn(async move { axum::serve(listener, service).await });
        Self {
            url,
            _runtime: runtime,
        }
    }

    fn always(status: StatusCode, fields: &'static [(&str, &str)], text: &'static str) -> Self {
        Self::start(Router::new().fallback(move || async move {
            let fields = fields.iter().map(|(n, v)| (*n, *v)).collect::<Vec<_>>();
            let fields = fields
                .into_iter()
                .fold(Response::builder().status(status), |response, (n, v)| {
                    response.header(n, v)
                });
            fields.body(Body::from(text)).unwrap()
        }))
    }

    fn doctor(&self) -> Told {
        doctor(&["doctor", &self.url])
    }
}

/// What the program said, and the code it ended with.
struct Told {
    code: i32,
    text: String,
}

impl Told {
    fn must(&self, code: i32, words: &[&str]) -> Result<(), Failed> {
        let flowing = self.text.split_whitespace().collect::<Vec<_>>().join(" ");
        let missing: Vec<_> = words
            .iter()
            .filter(|word| !flowing.contains(**word))
            .collect();
        if self.code == code && missing.is_empty() {
            return Ok(());
        }
        Err(format!(
            "code {}, not {code}; missing: {missing:?}\n{}",
            self.code, self.text
        )
        .into())
    }
}

fn doctor(arguments: &[&str]) -> Told {
    let mut command = Command::new(super::program::binary());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PTERO_")) {
        command.env_remove(name);
    }
    let output = command.args(arguments).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    Told {
        code: output.status.code().unwrap(),
        text: String::from_utf8(text).unwrap(),
    }
}

/// A panel with one deliberate defect.
fn faulty(fault: &str) -> Server {
    let faults = Faults::from_iter([fault.parse().unwrap()]);
    let panel = embedded_panel("pterodactyl-1.11", World::embedded(), faults).unwrap();
    Server::start(panel.router())
}

fn panel_of(profile: &str, world: World) -> Panel {
    embedded_panel(profile, world, Faults::default()).unwrap()
}

fn panel() -> Router {
    panel_of("pterodactyl-1.11", World::embedded()).router()
}

fn recommends(profile: &str, expected: &str) -> Result<(), Failed> {
    let server = Server::start(panel_of(profile, World::embedded()).router());
    // Where the answers leave several versions open, the profile of each is named.
    let line = format!("run {} --profile {expected} ", server.url);
    // In 1.7 every request of a program makes a session.
    let (code, found) = match profile {
        "pterodactyl-1.7" => (1, "1. Refused API requests get a session cookie"),
        _ => (0, "nothing wrong was found"),
    };
    server.doctor().must(code, &[found, "none against", &line])
}

fn the_pages_own_words() -> Result<(), Failed> {
    recommends("documented", "pterodactyl-1.11")
}

fn asks_little_and_writes_nothing() -> Result<(), Failed> {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    let record = move |request: Request, next: Next| {
        let key = request.headers().get(header::AUTHORIZATION).cloned();
        log.lock()
            .unwrap()
            .push((request.method().clone(), request.uri().to_string(), key));
        next.run(request)
    };
    let server = Server::start(panel().layer(middleware::from_fn(record)));
    let told = server.doctor();
    told.must(
        0,
        &[
            "15 requests were sent; nothing was written.",
            "export PTERO_KEY_CLIENT=",
        ],
    )?;
    assert!(!told.text.contains("\nKeys\n"), "{}", told.text);
    let asked = std::mem::take(&mut *asked.lock().unwrap());
    assert_eq!(asked.len(), 15);
    for (method, target, key) in &asked {
        assert!(
            *method == Method::GET || *method == Method::OPTIONS,
            "{method} {target}"
        );
        assert!(
            !target.contains("/auth/") && !target.contains("per_page"),
            "{target}"
        );
        let key = key.as_ref().map_or("", |key| key.to_str().unwrap());
        assert!(
            key.is_empty() || key == "Bearer probe" || key.contains("MadeUpByDoctor"),
            "{key}"
        );
    }
    // The address alone does the same.
    doctor(&[&server.url]).must(0, &["nothing wrong was found"])
}

fn authorization_stripped() -> Result<(), Failed> {
    faulty("authorization-stripped").doctor().must(
        1,
        &[
            "1 finding",
            "1. The Authorization header does not arrive at the panel",
            "asked GET /api/remote/servers with Authorization: Bearer probe",
            "came 401 HttpException",
            "fastcgi_param HTTP_AUTHORIZATION $http_authorization;",
        ],
    )
}

fn debug_mode() -> Result<(), Failed> {
    faulty("debug-mode").doctor().must(
        1,
        &[
            "1. Debug mode is on",
            "/errors/0/source/line: 42",
            "APP_DEBUG=false",
        ],
    )
}

/// The panel's own setting does the same as the defect.
fn debug_setting() -> Result<(), Failed> {
    let mut world = World::embedded();
    world.settings.debug = true;
    let server = Server::start(panel_of("pterodactyl-1.11", world).router());
    server.doctor().must(1, &["1. Debug mode is on"])
}

fn errors_replaced() -> Result<(), Failed> {
    let told = faulty("html-errors").doctor();
    told.must(
        1,
        &[
            "1. Errors come as web pages",
            "page “Oh no”",
            "intercept_errors off;",
        ],
    )?;
    told.must(
        1,
        &[
            "Could not be decided",
            "whether the Authorization header arrives",
        ],
    )
}

fn accept_dropped() -> Result<(), Failed> {
    faulty("accept-dropped").doctor().must(
        1,
        &[
            "API clients are sent to the login page",
            "proxy_set_header Accept",
        ],
    )
}

fn maintenance() -> Result<(), Failed> {
    let mut world = World::embedded();
    world.settings.maintenance = true;
    let server = Server::start(panel_of("pterodactyl-1.11", world).router());
    server.doctor().must(
        1,
        &[
            "1. The panel is in maintenance mode",
            "php artisan up",
            "1 request was sent",
        ],
    )
}

fn hole_open() -> Result<(), Failed> {
    faulty("locale-hole").doctor().must(
        1,
        &[
            "1. CVE-2025-49132 is open",
            "/EN1/zz9: 0 entries",
            "Pterodactyl 1.11.8 to 1.11.10",
        ],
    )
}

fn cors_open() -> Result<(), Failed> {
    faulty("origin-reflected")
        .doctor()
        .must(1, &["access-control-allow-origin: https://doctor.invalid"])
}

fn challenge() -> Result<(), Failed> {
    let fields = &[("cf-mitigated", "challenge"), ("content-type", "text/html")];
    let server = Server::always(
        StatusCode::FORBIDDEN,
        fields,
        "<title>Just a moment...</title>",
    );
    server.doctor().must(
        3,
        &[
            "no panel was recognised",
            "page “Just a moment...”",
            "challenge page of Cloudflare",
            "1 request was sent",
        ],
    )
}

fn nothing_there() -> Result<(), Failed> {
    let fields = &[("content-type", "text/html")];
    let server = Server::always(
        StatusCode::NOT_FOUND,
        fields,
        "<html><title>404</title></html>",
    );
    server.doctor().must(
        3,
        &["no panel was recognised", "nothing at the panel's paths"],
    )?;
    // A key is not sent to what is no panel.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.yaml");
    std::fs::write(&file, format!("client: {}\n", super::canary::CANARY)).unwrap();
    let told = doctor(&["doctor", &server.url, "--keys", file.to_str().unwrap()]);
    told.must(3, &["no panel was recognised"])?;
    assert!(!told.text.contains("\nKeys\n"), "{}", told.text);
    Ok(())
}

fn one_page_for_everything() -> Result<(), Failed> {
    let fields = &[("content-type", "text/html")];
    let server = Server::always(StatusCode::OK, fields, "<!DOCTYPE html><title>Shop</title>");
    server
        .doctor()
        .must(3, &["page “Shop”", "one page for every address"])
}

/// A server that says what it is before anybody asks.
fn no_http() -> Result<(), Failed> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let _ = (&stream).write_all(b"SSH-2.0-OpenSSH_9.6\r\n\r\n");
        }
    });
    doctor(&["doctor", &url]).must(3, &["no panel was recognised", "1 request was sent"])
}

fn closed_port() -> Result<(), Failed> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    doctor(&["doctor", &url]).must(3, &["no panel was recognised", "connection refused"])
}

fn keys() -> Result<(), Failed> {
    let panel = panel_of("pterodactyl-1.11", World::embedded());
    let keys = panel.keys();
    let server = Server::start(panel.router());
    let of = |role: &str| &keys.iter().find(|(name, _)| name == role).unwrap().1;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.yaml");
    let check = |text: String| {
        std::fs::write(&file, text).unwrap();
        doctor(&["doctor", &server.url, "--keys", file.to_str().unwrap()])
    };
    let good = format!(
        "client: {}\nclient-ip-locked: {}\n",
        of("client"),
        of("client-ip-locked")
    );
    let told = check(good);
    told.must(
        0,
        &["client: proved", "Sees you as This IP address (127.0.0.1)"],
    )?;
    let advice = "export PTERO_KEY_CLIENT=";
    assert!(!told.text.contains(advice), "one is given: {}", told.text);
    for (_, key) in &keys {
        assert!(!told.text.contains(&key[16..]), "a key is shown");
    }
    let revoked = check("client: ptlc_0000000000000000000000000000000000000000000\n".to_owned());
    revoked.must(2, &["nothing wrong was found", "is not accepted"])?;
    // Where no key arrives, a good one is not blamed.
    let server = faulty("authorization-stripped");
    let told = doctor(&["doctor", &server.url, "--keys", file.to_str().unwrap()]);
    told.must(
        1,
        &[
            "not sent: The Authorization header does not arrive",
            "whether an unknown key",
        ],
    )
}

fn bad_input() -> Result<(), Failed> {
    doctor(&["doctor"]).must(2, &["no target"])?;
    doctor(&["panel.example.com"]).must(2, &["it lacks `https://`"])?;
    doctor(&["ftp://panel.example.com"]).must(2, &["is not spoken by panels"])
}
