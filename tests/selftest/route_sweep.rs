//! Asks every route of the reference panel with every kind of key, and compares with what real
//! panels answered.

use std::collections::HashMap;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::Request,
};
use libtest_mimic::{Failed, Trial};
use ptero_conformance::reference::{Family, Faults, Panel, Wording, World};
use serde_json::Value;
use tower::ServiceExt;

/// The versions that were swept, with the family that plays each.
const VERSIONS: [(&str, Family); 6] = [
    ("1.7.0", Family::V1_7),
    ("1.8.1", Family::V1_8),
    ("1.10.4", Family::V1_10),
    ("1.11.8", Family::V1_11),
    ("develop", Family::V1_11_9),
    ("1.14.1", Family::V1_14),
];

/// The columns of a sweep after method and paths.
const COLUMNS: [Column; 13] = [
    column("keyless", None, None, Path::Missing),
    column("unknown-key", UNKNOWN, UNKNOWN, Path::Missing),
    column(
        "other-type-missing",
        Some("application"),
        Some("client"),
        Path::Missing,
    ),
    column(
        "other-type",
        Some("application"),
        Some("client"),
        Path::Existing,
    ),
    column("none", None, Some("application-none"), Path::Existing),
    column(
        "none-missing",
        None,
        Some("application-none"),
        Path::Missing,
    ),
    column("read", None, Some("application-read"), Path::Existing),
    column("demoted", None, Some("application-demoted"), Path::Existing),
    column(
        "admin-client-missing",
        None,
        Some("client-admin"),
        Path::Missing,
    ),
    column(
        "ip-locked",
        Some("client-ip-locked"),
        Some("application-ip-locked"),
        Path::Missing,
    ),
    column(
        "valid-missing",
        Some("client"),
        Some("application"),
        Path::Missing,
    ),
    column("stranger", Some("client-other"), None, Path::Existing),
    column("subuser", Some("client-subuser"), None, Path::Existing),
];

/// No role: a key that nobody has.
const UNKNOWN: Option<&str> = Some("unknown");

/// One column of a sweep: whose key is sent to which of the two paths.
struct Column {
    name: &'static str,
    on_client: Option<&'static str>,
    on_application: Option<&'static str>,
    path: Path,
}

#[derive(Clone, Copy)]
enum Path {
    Missing,
    Existing,
}

const fn column(
    name: &'static str,
    on_client: Option<&'static str>,
    on_application: Option<&'static str>,
    path: Path,
) -> Column {
    Column {
        name,
        on_client,
        on_application,
        path,
    }
}

pub(crate) fn trials() -> Vec<Trial> {
    let trial = |(version, family): (&'static str, Family)| {
        Trial::test(format!("route-sweep/{family}/agrees"), move || {
            agrees(version, family)
        })
    };
    VERSIONS.into_iter().map(trial).collect()
}

fn agrees(version: &str, family: Family) -> Result<(), Failed> {
    let sweep = std::fs::read_to_string(format!("tests/recordings/routes-{version}.csv"))?;
    let visit = Visit::new(family)?;
    let mut lines = sweep.lines().map(|line| line.split(',').collect());
    let header: Vec<&str> = lines.next().unwrap_or_default();
    assert_eq!(header[3..], COLUMNS.each_ref().map(|column| column.name));
    let (mut compared, mut different) = (0, Vec::new());
    for cells in lines {
        for (column, recorded) in COLUMNS.iter().zip(&cells[3..]) {
            if recorded.is_empty() {
                continue;
            }
            let asked = column.request(&cells);
            let answered = visit.ask(&asked);
            compared += 1;
            if answered != *recorded {
                different.push(format!(
                    "{asked:?}: recorded {recorded}, answered {answered}"
                ));
            }
        }
    }
    eprintln!(
        "{version}: {} of {compared} cells agree",
        compared - different.len()
    );
    if different.is_empty() && compared > 0 {
        Ok(())
    } else {
        Err(different.join("\n").into())
    }
}

/// A request of a sweep: method, path and role.
type Asked<'a> = (&'a str, &'a str, Option<&'static str>);

impl Column {
    fn request<'a>(&self, cells: &[&'a str]) -> Asked<'a> {
        let path = match self.path {
            Path::Missing => cells[1],
            Path::Existing => cells[2],
        };
        let role = if path.starts_with("/api/application") {
            self.on_application
        } else {
            self.on_client
        };
        (cells[0], path, role)
    }
}

/// A panel in the world of the recordings, and a runtime to call it in.
struct Visit {
    router: Router,
    keys: HashMap<String, String>,
    runtime: tokio::runtime::Runtime,
}

impl Visit {
    fn new(family: Family) -> Result<Self, Failed> {
        let mut world = World::from_yaml(include_str!("../recordings/panel-world.yaml"))?;
        world.settings.enforce_limits = false;
        let panel = Panel::new(family, world, Wording::default(), Faults::default())?;
        let mut keys: HashMap<_, _> = panel.keys().into_iter().collect();
        keys.insert("unknown".to_owned(), format!("ptlc_{}", "x".repeat(43)));
        Ok(Self {
            router: panel.router(),
            keys,
            runtime: tokio::runtime::Builder::new_current_thread().build()?,
        })
    }

    /// Status and first code, as a cell of a sweep has them.
    fn ask(&self, (method, path, role): &Asked<'_>) -> String {
        let mut request = Request::builder()
            .method(*method)
            .uri(*path)
            .header("accept", "application/json")
            .header("content-type", "application/json");
        if let Some(role) = role {
            let key = &self.keys[*role];
            request = request.header("authorization", format!("Bearer {key}"));
        }
        let body = if *method == "GET" { "" } else { "{}" };
        let request = request.body(Body::from(body)).expect("a request");
        self.runtime.block_on(async {
            let Ok(response) = self.router.clone().oneshot(request).await;
            let (parts, body) = response.into_parts();
            let body = to_bytes(body, usize::MAX).await.expect("a body in memory");
            let document: Value = serde_json::from_slice(&body).unwrap_or_default();
            let code = document["errors"][0]["code"].as_str().unwrap_or_default();
            format!("{} {code}", parts.status.as_u16())
                .trim()
                .to_owned()
        })
    }
}
