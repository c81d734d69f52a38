//! `serve`: the reference panel over HTTP, its keys in files that vanish with it.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use tokio::net::TcpListener;

use super::{exit, fail};
use crate::keys::variable;
use crate::reference::{Fault, Faults, Panel, World};
use crate::run::embedded_panel;

#[derive(Args)]
pub(super) struct Arguments {
    /// The profile whose panel is played
    #[arg(
        long,
        value_name = "NAME",
        default_value = "pterodactyl-1.11",
        env = "PTERO_PROFILE"
    )]
    profile: String,
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,
    /// A file with the users, keys, servers and settings of the panel
    #[arg(long, value_name = "FILE")]
    world: Option<PathBuf>,
    /// An existing folder for the files of keys; without it, a new temporary one
    #[arg(long, value_name = "DIR")]
    keys_out: Option<PathBuf>,
    /// Refuse requests over the rate limit; without it, limits are only advertised
    #[arg(long)]
    enforce_limits: bool,
    /// A deliberate defect; can be given several times
    #[arg(long = "fault", value_name = "NAME")]
    faults: Vec<Fault>,
    /// List the deliberate defects
    #[arg(long)]
    list_faults: bool,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    if arguments.list_faults {
        for fault in Fault::ALL {
            println!("{fault}");
        }
        return ExitCode::from(exit::OK);
    }
    match serve(arguments) {
        Ok(()) => ExitCode::from(exit::OK),
        Err(message) => fail(&message),
    }
}

fn serve(arguments: &Arguments) -> Result<(), String> {
    let world = world(arguments)?;
    let faults: Faults = arguments.faults.iter().copied().collect();
    let panel = embedded_panel(&arguments.profile, world, faults).map_err(|e| e.to_string())?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    runtime.block_on(listen(arguments, &panel))
}

fn world(arguments: &Arguments) -> Result<World, String> {
    let mut world = match &arguments.world {
        None => World::embedded(),
        Some(path) => {
            let text =
                std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
            World::from_yaml(&text).map_err(|e| format!("{}: {e}", path.display()))?
        }
    };
    world.settings.enforce_limits = arguments.enforce_limits;
    Ok(world)
}

async fn listen(arguments: &Arguments, panel: &Panel) -> Result<(), String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.port));
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| format!("port {}: {error}; choose another --port", arguments.port))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let files = KeyFiles::write(arguments.keys_out.as_deref(), &panel.keys())?;
    println!("http://{address}");
    println!("keys for --keys:  {}", files.yaml.display());
    println!("keys to source:   {}", files.env.display());
    std::io::stdout()
        .flush()
        .map_err(|error| error.to_string())?;
    let service = panel
        .router()
        .into_make_service_with_connect_info::<SocketAddr>();
    tokio::select! {
        served = axum::serve(listener, service) => served.map_err(|error| error.to_string()),
        () = interrupted() => Ok(()),
    }
}

/// Ends at Ctrl-C, and at a polite request to end.
async fn interrupted() {
    let ctrl_c = async {
        // Without a handler there is nothing to wait for, and the panel is ended by force.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! { () = ctrl_c => {}, () = terminated() => {} }
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            terminate.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}

/// The two files of keys; they are removed when this goes.
struct KeyFiles {
    yaml: PathBuf,
    env: PathBuf,
    /// The temporary folder, if they are in one.
    _folder: Option<tempfile::TempDir>,
}

impl KeyFiles {
    fn write(folder: Option<&Path>, keys: &[(String, String)]) -> Result<Self, String> {
        let temporary = match folder {
            Some(_) => None,
            None => Some(
                tempfile::Builder::new()
                    .prefix("ptero-keys-")
                    .tempdir()
                    .map_err(|e| e.to_string())?,
            ),
        };
        let root = folder
            .or(temporary.as_ref().map(tempfile::TempDir::path))
            .unwrap_or(Path::new("."));
        let files = Self {
            yaml: root.join("keys.yaml"),
            env: root.join("keys.env"),
            _folder: temporary,
        };
        let yaml: String = keys
            .iter()
            .map(|(role, key)| format!("{role}: {key}\n"))
            .collect();
        let env: String = keys
            .iter()
            .filter_map(|(role, key)| {
                Some(format!("export {}={key}\n", variable(&role.parse().ok()?)))
            })
            .collect();
        put(&files.yaml, &yaml)?;
        put(&files.env, &env)?;
        Ok(files)
    }
}

impl Drop for KeyFiles {
    fn drop(&mut self) {
        for path in [&self.yaml, &self.env] {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Writes a new file that nobody else can read.
fn put(path: &Path, text: &str) -> Result<(), String> {
    let written = open_private(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(unix)]
fn open_private(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

/// Elsewhere a new file is as private as the folder it is in.
#[cfg(not(unix))]
fn open_private(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}
