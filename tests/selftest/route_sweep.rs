//! Asks every route of the reference panel with every kind of key, and compares with what real
//! panels answered.

use std::collections::{BTreeSet, HashMap};

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
const VERSIONS: [(&str, Family); 9] = [
    ("1.7.0", Family::V1_7),
    ("1.8.1", Family::V1_8),
    ("1.10.4", Family::V1_10),
    ("1.11.8", Family::V1_11),
    ("develop", Family::V1_11_9),
    ("1.14.1", Family::V1_14),
    ("jexactyl-3.8.0", Family::Jexactyl),
    ("pyrodactyl-4.5.0", Family::Pyrodactyl),
    ("pelican-beta25", Family::Pelican),
];

/// What a fork's sweep shows that the reference panel does not play: the version, what the recorded
/// cell begins with, and why. Who got through in the recording must get through all the same.
const UNPLAYED: [(&str, &str, &str); 7] = [
    (
        "jexactyl-3.8.0",
        "500 ",
        "controllers that fail where no shop is set up",
    ),
    ("jexactyl-3.8.0", "400 DisplayException", "the same"),
    (
        "jexactyl-3.8.0",
        "429 ",
        "limits of single routes, spent by the sweep",
    ),
    ("pyrodactyl-4.5.0", "429 ", "the same"),
    (
        "pyrodactyl-4.5.0",
        "500 TypeError",
        "a controller that fails on empty content",
    ),
    ("pyrodactyl-4.5.0", "404", "an answer without the envelope"),
    (
        "pelican-beta25",
        "500 UniqueConstraintViolationException",
        "a second nameless mount",
    ),
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
        Path::Existing,
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
    let (mut compared, mut unplayed, mut different) = (0, BTreeSet::new(), Vec::new());
    for cells in lines {
        for (column, recorded) in COLUMNS.iter().zip(&cells[3..]) {
            if recorded.is_empty() {
                continue;
            }
            let asked = column.request(&cells);
            let answered = visit.ask(&asked);
            compared += 1;
            if answered == *recorded {
                continue;
            }
            if let Some(why) = is_unplayed(version, recorded, &answered) {
                unplayed.insert(why);
            } else {
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
    let listed = UNPLAYED.iter().filter(|(of, ..)| *of == version).count();
    assert_eq!(unplayed.len(), listed, "an exception that excepts nothing");
    if different.is_empty() && compared > 0 {
        Ok(())
    } else {
        Err(different.join("\n").into())
    }
}

/// The number of the exception that speaks of a difference, if one does.
fn is_unplayed(version: &str, recorded: &str, answered: &str) -> Option<usize> {
    let is_refused = |cell: &str| cell.starts_with("401") || cell.starts_with("403");
    let stops = is_refused(answered) && !recorded.starts_with("429");
    UNPLAYED
        .iter()
        .position(|(of, cell, _)| *of == version && begins(recorded, cell) && !stops)
}

/// Whether a cell begins so; a status alone has to be the whole cell.
fn begins(cell: &str, beginning: &str) -> bool {
    cell == beginning || (beginning.len() > 3 && cell.starts_with(beginning))
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
        world.settings.holes = true;
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
