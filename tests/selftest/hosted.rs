//! The reference panel, served by this process: of any world, and as slow or faulty as is needed.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};

use axum::Router;
use ptero_conformance::reference::{Faults, World};
use ptero_conformance::run::embedded_panel;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use super::program::root;

/// The profile whose panel it is.
pub(crate) const PROFILE: &str = "pterodactyl-1.11";

/// Where the keys of a user are.
pub(crate) const KEYS: &str = "/api/client/account/api-keys";

/// What the names of runs begin with.
pub(crate) const RUNS: &str = "ptero-conformance-";

/// A panel; it ends with this.
pub(crate) struct Hosted {
    url: String,
    keys: BTreeMap<String, String>,
    folder: tempfile::TempDir,
    _runtime: Runtime,
}

/// A key as its user sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) identifier: String,
    pub(crate) description: String,
}

impl Hosted {
    /// Serves a panel of a world; `dress` may put something between it and the network.
    pub(crate) fn new(world: World, faults: Faults, dress: impl FnOnce(Router) -> Router) -> Self {
        let panel = embedded_panel(PROFILE, world, faults).expect("a panel");
        let runtime = Runtime::new().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"));
        let listener = listener.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let service = dress(panel.router()).into_make_service_with_connect_info::<SocketAddr>();
        runtime.spawn(async move { axum::serve(listener, service).await });
        let hosted = Self {
            url,
            keys: panel.keys().into_iter().collect(),
            folder: tempfile::tempdir().expect("a folder"),
            _runtime: runtime,
        };
        hosted.write_keys();
        hosted
    }

    /// The keys of the roles that scenarios know; a world has others as well.
    fn write_keys(&self) {
        let roles = std::fs::read_to_string(root().join("specs/roles.yaml")).expect("the roles");
        let known = self.keys.iter().filter(|(role, _)| {
            let entry = format!("- name: {role}\n");
            roles.contains(&entry)
        });
        let text: String = known
            .map(|(role, key)| format!("{role}: {key}\n"))
            .collect();
        std::fs::write(self.keys_yaml(), text).expect("the file of keys");
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn keys_yaml(&self) -> PathBuf {
        self.folder.path().join("keys.yaml")
    }

    /// A folder for the journals of the runs against it.
    pub(crate) fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// The keys of all roles.
    pub(crate) fn keys(&self) -> &BTreeMap<String, String> {
        &self.keys
    }

    /// Asks it something with the key of `client`.
    pub(crate) fn ask(&self, method: &str, target: &str, content: &Value) -> (u16, Value) {
        let host = self.url.trim_start_matches("http://");
        let content = content.to_string();
        let mut stream = TcpStream::connect(host).expect("the panel");
        write!(
            stream,
            "{method} {target} HTTP/1.1\r\nHost: {host}\r\nAccept: application/json\r\n\
             Authorization: Bearer {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{content}",
            self.keys["client"],
            content.len()
        )
        .expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let status = answer.split(' ').nth(1).expect("a status");
        let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
        (
            status.parse().expect("a number"),
            serde_json::from_str(body).unwrap_or_default(),
        )
    }

    /// Makes a key as its user would.
    pub(crate) fn make_key(&self, description: &str) -> Shown {
        let content = json!({ "description": description, "allowed_ips": [] });
        let (status, answer) = self.ask("POST", KEYS, &content);
        assert_eq!(status, 200, "{answer}");
        shown(&answer)
    }

    /// The keys of the user of `client`.
    pub(crate) fn list(&self) -> Vec<Shown> {
        let (status, answer) = self.ask("GET", KEYS, &json!({}));
        assert_eq!(status, 200, "{answer}");
        let entries = answer["data"].as_array().expect("a list");
        entries.iter().map(shown).collect()
    }

    /// Those that are called as runs call theirs.
    pub(crate) fn of_runs(&self) -> Vec<Shown> {
        let mut list = self.list();
        list.retain(|key| key.description.starts_with(RUNS));
        list
    }
}

fn shown(entry: &Value) -> Shown {
    let text = |name: &str| entry["attributes"][name].as_str().expect(name).to_owned();
    Shown {
        identifier: text("identifier"),
        description: text("description"),
    }
}

/// The world of the embedded panel, with more keys or with texts exchanged.
pub(crate) fn world(change: impl FnOnce(String) -> String) -> World {
    let path: &Path = &root().join("src/reference/world.yaml");
    let text = std::fs::read_to_string(path).expect("the world");
    let mut world = World::from_yaml(&change(text)).expect("a world");
    world.settings.enforce_limits = false;
    world
}
