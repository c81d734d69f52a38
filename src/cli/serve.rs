//! `serve`: the reference panel over HTTP, its keys in files that vanish with it.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use axum::Router;
use axum::response::{IntoResponse, Response};
use clap::Args;
use tokio::net::TcpListener;

use super::options::DEFAULT_PROFILE;
use super::signals::Signals;
use super::{SpecsArguments, exit, fail, record, say};
use crate::exchange::Request;
use crate::keys::variable;
use crate::private::private;
use crate::reference::{AddedRoutes, Fault, Faults, Panel, World};
use crate::report::counted;
use crate::run::{Additions, Rejudge, StandIn, built_in, embedded_panel, put_into};
use crate::spec::{Source, Specs};

#[derive(Args)]
pub(super) struct Arguments {
    /// The profile whose panel is played, `documented` by default; `list --profiles` names them
    #[arg(
        long,
        value_name = "NAME",
        env = "PTERO_PROFILE",
        hide_env_values = true
    )]
    profile: Option<String>,
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,
    /// A file with the users, keys, servers and settings of the panel
    #[arg(long, value_name = "FILE")]
    world: Option<PathBuf>,
    /// An existing folder for the files of keys; without it, a new temporary one
    #[arg(long, value_name = "DIR")]
    keys_out: Option<PathBuf>,
    /// States that the panel is put into, with commas; `list --states` names them
    #[arg(long, value_name = "STATES", value_delimiter = ',')]
    has: Vec<String>,
    /// Refuse requests over the rate limit; without it, limits are only advertised
    #[arg(long)]
    enforce_limits: bool,
    /// A deliberate defect, see --list-faults; can be given several times
    #[arg(long = "fault", value_name = "NAME")]
    faults: Vec<String>,
    /// Serve a recording in the place of the reference panel: what `run --record FILE` has written
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["world", "has", "enforce_limits", "faults", "list_faults"]
    )]
    replay: Option<PathBuf>,
    #[command(flatten)]
    specs: SpecsArguments,
    /// List the deliberate defects
    #[arg(long)]
    list_faults: bool,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    if arguments.list_faults {
        return say(&list_of_faults());
    }
    match serve(arguments) {
        Ok(()) => ExitCode::from(exit::OK),
        Err(message) => fail(&message),
    }
}

/// The faults by what they are about, each with its sentence.
fn list_of_faults() -> String {
    let width = Fault::all().map(|fault| fault.to_string().len()).max();
    let width = width.unwrap_or_default();
    let mut text = String::new();
    let mut group = None;
    for fault in Fault::all() {
        if group != Some(fault.group()) {
            group = Some(fault.group());
            text += &format!("\n{}\n", fault.group().title());
        }
        let state = fault
            .state()
            .map_or(String::new(), |state| format!(" ({state})"));
        text += &format!("  {fault:width$}  {}{state}\n", fault.description());
    }
    text
}

fn serve(arguments: &Arguments) -> Result<(), String> {
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    if let Some(path) = &arguments.replay {
        return runtime.block_on(replay(arguments, path));
    }
    let profile = arguments.profile.as_deref().unwrap_or(DEFAULT_PROFILE);
    let mut world = world(arguments)?;
    world.added = added(arguments, profile)?;
    let faults = arguments.faults.iter();
    let faults = faults.map(|name| super::fault(name, &world.added));
    let faults: Faults = faults.collect::<Result<_, _>>()?;
    let panel = embedded_panel(profile, world, faults).map_err(|e| e.to_string())?;
    let keys = keys_of_roles(&panel)?;
    runtime.block_on(async {
        let (listener, _) = bind(arguments).await?;
        listen(arguments, listener, &keys, panel.router()).await
    })
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
    for state in &arguments.has {
        put_into(state, &mut world).map_err(|error| error.to_string())?;
    }
    world.settings.enforce_limits = arguments.enforce_limits;
    Ok(world)
}

/// The routes of somebody's own inventory that the reference panel does not have by itself.
fn added(arguments: &Arguments, profile: &str) -> Result<AddedRoutes, String> {
    if arguments.specs.source() == Source::Embedded {
        return Ok(AddedRoutes::default());
    }
    let additions = Additions::of(&specs(arguments)?.contract);
    for unplayed in &additions.unplayed {
        tell!("not played: {unplayed}");
    }
    let stock = built_in().map_err(|error| error.to_string())?;
    let profile = stock.profile(profile);
    Ok(profile.map_or_else(AddedRoutes::default, |profile| {
        additions.in_profile(profile)
    }))
}

fn specs(arguments: &Arguments) -> Result<Specs, String> {
    Specs::load(&arguments.specs.source()).map_err(|troubles| {
        let trouble = troubles.first().map(ToString::to_string);
        trouble.unwrap_or_default()
    })
}

/// Serves what a recording has.
async fn replay(arguments: &Arguments, path: &Path) -> Result<(), String> {
    let specs = specs(arguments)?;
    let recording = record::read(path)?;
    let rejudge =
        Rejudge::new(&specs, &recording).map_err(|error| format!("{}: {error}", path.display()))?;
    let recorded = &recording.header.profile;
    if let Some(other) = arguments.profile.as_ref().filter(|name| *name != recorded) {
        return Err(format!(
            "{}: this is a recording of a panel of `{recorded}`, and cannot be played as `{other}`; \
             leave --profile out",
            path.display()
        ));
    }
    let profile = record::profile(&specs.contract, &recording, &path.display().to_string())?;
    let profile = rejudge.agreed(profile);
    if !recording.complete {
        tell!(
            "INCOMPLETE: {} is of a run that was cut short after {}; what was not asked is answered with 501",
            path.display(),
            counted(recording.cases.len(), "case")
        );
    }
    let (listener, origin) = bind(arguments).await?;
    let stand_in = Arc::new(StandIn::new(&rejudge, &profile, &origin)?);
    let keys = stand_in.keys();
    let router = Router::new().fallback(move |request: axum::extract::Request| {
        let stand_in = Arc::clone(&stand_in);
        async move { play(&stand_in, request).await }
    });
    listen(arguments, listener, &keys, router).await
}

/// The recorded answer to a request.
async fn play(stand_in: &StandIn, request: axum::extract::Request) -> Response {
    let (head, body) = request.into_parts();
    let content = axum::body::to_bytes(body, usize::MAX).await;
    let fields = head.headers.iter();
    let asked = Request {
        method: head.method.to_string(),
        target: head.uri.to_string(),
        headers: fields
            .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
            .collect(),
        body: content.ok().map(|bytes| bytes.to_vec()),
    };
    let Some(played) = stand_in.answer(&asked) else {
        let why = "the recording holds no answer to this request\n";
        return (http::StatusCode::NOT_IMPLEMENTED, why).into_response();
    };
    let mut response = Response::new(played.content.into());
    if let Ok(status) = http::StatusCode::from_u16(played.status) {
        *response.status_mut() = status;
    }
    for (name, value) in played.headers {
        if let (Ok(name), Ok(value)) = (
            http::HeaderName::from_bytes(name.as_bytes()),
            http::HeaderValue::from_bytes(value.as_bytes()),
        ) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

/// A port that is listened at, and its origin.
async fn bind(arguments: &Arguments) -> Result<(TcpListener, String), String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.port));
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| format!("port {}: {error}; choose another --port", arguments.port))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    Ok((listener, format!("http://{address}")))
}

async fn listen(
    arguments: &Arguments,
    listener: TcpListener,
    keys: &[(String, String)],
    router: Router,
) -> Result<(), String> {
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    // Heard before the address is told: whoever reads it can end the panel without leaving keys.
    let mut signals = Signals::hear().map_err(|error| error.to_string())?;
    let files = KeyFiles::write(arguments.keys_out.as_deref(), keys)?;
    let told = format!(
        "http://{address}\nkeys for --keys:  {}\nkeys to source:   {}\n",
        files.yaml.display(),
        files.env.display()
    );
    let mut output = std::io::stdout();
    output
        .write_all(told.as_bytes())
        .and_then(|()| output.flush())
        .map_err(|error| error.to_string())?;
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::select! {
        served = axum::serve(listener, service) => served.map_err(|error| error.to_string()),
        () = signals.next() => Ok(()),
    }
}

/// The panel's keys that a run can be given: a world may hold others, which no role stands for.
fn keys_of_roles(panel: &Panel) -> Result<Vec<(String, String)>, String> {
    let contract = built_in().map_err(|error| error.to_string())?;
    let is_role = |name: &str| {
        name.parse()
            .is_ok_and(|role| contract.roles.real(&role).is_some())
    };
    let keys = panel.keys().into_iter();
    Ok(keys.filter(|(role, _)| is_role(role)).collect())
}

/// The two files of keys; they are removed when this goes.
struct KeyFiles {
    yaml: PathBuf,
    env: PathBuf,
    /// Those that are there, and ours.
    written: Vec<PathBuf>,
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
        let mut files = Self {
            yaml: root.join("keys.yaml"),
            env: root.join("keys.env"),
            written: Vec::new(),
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
        files.put(&files.yaml.clone(), &yaml)?;
        files.put(&files.env.clone(), &env)?;
        Ok(files)
    }

    /// Writes a new file that nobody else can read, to be removed with this.
    fn put(&mut self, path: &Path, text: &str) -> Result<(), String> {
        let told = |error: std::io::Error| match error.kind() {
            ErrorKind::AlreadyExists => format!(
                "{} exists, perhaps of another panel that is served; remove it, or choose another --keys-out",
                path.display()
            ),
            ErrorKind::NotFound | ErrorKind::NotADirectory => {
                let folder = path.parent().unwrap_or(path).display();
                format!(
                    "{folder} is no folder; make it, or leave --keys-out away for a new temporary one"
                )
            }
            _ => format!("{}: {error}", path.display()),
        };
        let mut new = OpenOptions::new();
        let mut file = private(new.write(true).create_new(true))
            .open(path)
            .map_err(told)?;
        self.written.push(path.to_owned());
        file.write_all(text.as_bytes()).map_err(told)
    }
}

impl Drop for KeyFiles {
    fn drop(&mut self) {
        for path in &self.written {
            let _ = std::fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_listed_once_with_its_sentence() {
        let list = list_of_faults();
        let named = |fault: &Fault| {
            let lines = list.lines().filter(|line| {
                let mut words = line.split_whitespace();
                line.starts_with("  ") && words.next() == Some(&fault.to_string())
            });
            lines.collect::<Vec<_>>()
        };
        for fault in Fault::all() {
            let [line] = named(&fault)[..] else {
                panic!("{fault}: {:?}", named(&fault));
            };
            assert!(line.contains(fault.description()), "{line}");
        }
        let groups: std::collections::BTreeSet<_> =
            Fault::all().map(|fault| fault.group().title()).collect();
        for title in groups {
            let heads = list.lines().filter(|line| *line == title);
            assert_eq!(heads.count(), 1, "{title}");
        }
    }
}
