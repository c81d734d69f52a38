//! `doctor`: a few harmless questions to a panel, what is wrong, and how to mend it.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use url::Url;

use super::options::{RunOptions, hide};
use super::outcome::tell_trouble;
use super::prepare::{Aim, Prepared, open, plain, prepare};
use super::{exit, fail, keys, say};
use crate::doctor::{Commands, Diagnosis, Prober, Report};
use crate::exchange::{Redactor, Secret, Transport};
use crate::plan::Selection;
use crate::run::{Session, Trouble, control};
use crate::spec::{Contract, Specs};
use crate::target::Target;

#[derive(Args)]
#[command(
    mut_args(|arg| hide(arg, &["profile", "partial", "leave", "confirm", "allow_writes", "state_dir"]))
)]
pub(super) struct Arguments {
    /// The panel to look at, such as <https://panel.example.com>
    url: Option<String>,
    #[command(flatten)]
    options: RunOptions,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    begin(arguments).unwrap_or_else(|message| fail(&message))
}

fn begin(arguments: &Arguments) -> Result<ExitCode, String> {
    let options = arguments.options.at(arguments.url.as_ref())?;
    let target = target(&options)?;
    if let Some(note) = &target.note {
        tell!("note: {note}");
    }
    let specs = match options.specs.load() {
        Ok(specs) => specs,
        Err(code) => return Ok(code),
    };
    let aim = Aim::Panel(target.clone());
    let Prepared { session, .. } = prepare(&options, &aim, &specs, &Selection::default())?;
    let ways = Ways::to(&target, &options, &session)?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    let visit = Visit {
        may_send_keys: options.allow_plaintext || !is_readable(&target),
        options,
        target,
        specs,
        session,
        ways,
    };
    Ok(runtime.block_on(visit.make()))
}

/// The target, also without TLS: nothing that is sent without consent has to be kept secret.
fn target(options: &RunOptions) -> Result<Target, String> {
    let Some(url) = &options.target_url else {
        return Err("no target: name a panel, `doctor https://panel.example.com`".to_owned());
    };
    Target::parse(url, true).map_err(|error| error.to_string())
}

/// Whether everybody on the way can read what is sent.
fn is_readable(target: &Target) -> bool {
    target.base.scheme() == "http" && !target.is_loopback()
}

/// The ways of the probes: not those of a run, which would ask again what was not answered.
struct Ways {
    target: Transport,
    /// To port 80 of the same host, where the target has TLS on its usual port.
    plain: Option<(Transport, Url)>,
    redactor: Redactor,
    pause: Duration,
}

impl Ways {
    fn to(target: &Target, options: &RunOptions, session: &Session) -> Result<Self, String> {
        let keys = session.keys().iter();
        let secrets = keys.map(|(role, key)| Secret::of_role(role.as_str(), key.clone()));
        let pause = session
            .pace()
            .map(|pace| Duration::from_secs_f64(1.0 / pace.rate));
        Ok(Self {
            target: open(options, target)?,
            plain: plain(options, target)?,
            redactor: Redactor::new(secrets),
            pause: pause.unwrap_or_default(),
        })
    }
}

/// One visit at a panel.
struct Visit {
    options: RunOptions,
    target: Target,
    specs: Specs,
    session: Session,
    ways: Ways,
    may_send_keys: bool,
}

impl Visit {
    async fn make(mut self) -> ExitCode {
        let contract = Arc::clone(&self.specs.contract);
        let seen = self.prober(&contract).ask(tell).await;
        untell();
        let report = Report::new(&contract.checkup, &seen, self.commands());
        let said = say(&report.text());
        if said != ExitCode::from(exit::OK) {
            return said;
        }
        let keys = self.check_keys(&report).await;
        let said = say(&format!("{}{}", keys.text, report.next()));
        if said != ExitCode::from(exit::OK) {
            return said;
        }
        match keys.refused {
            Some(trouble) => ExitCode::from(tell_trouble(&trouble)),
            None => ExitCode::from(code(report.diagnosis())),
        }
    }

    fn prober<'a>(&'a self, contract: &'a Contract) -> Prober<'a> {
        Prober {
            checkup: &contract.checkup,
            target: &self.target,
            transport: &self.ways.target,
            plain: self.ways.plain.as_ref(),
            redactor: &self.ways.redactor,
            pause: self.ways.pause,
            keys: self.may_send_keys.then(|| self.session.keys()),
        }
    }

    fn commands(&self) -> Commands {
        let mut target = self.target.base.as_str().trim_end_matches('/').to_owned();
        if let Some(file) = &self.options.ca_cert {
            target += &format!(" --ca-cert {}", file.display());
        }
        if let Some(resolve) = &self.options.resolve {
            target += &format!(" --resolve {}:{}", resolve.host, resolve.address);
        }
        Commands {
            target,
            with_keys: !self.session.keys().roles().is_empty(),
        }
    }

    /// What `keys check` says of the keys that were given.
    async fn check_keys(&mut self, report: &Report<'_>) -> Keys {
        let given = self.session.keys().roles();
        if given.is_empty() || report.diagnosis() == Diagnosis::NoPanel {
            return Keys::default();
        }
        if !self.may_send_keys {
            return Keys::told("not sent: without TLS everybody on the way can read them\n");
        }
        if let Some(why) = report.hides_keys() {
            return Keys::told(&format!("not sent: {why}\n"));
        }
        match control(&mut self.session, &given).await {
            Ok(controlled) => Keys::told(&keys::table(&self.specs.contract, &controlled)),
            Err(Trouble::Target(why)) => Keys::told(&format!("not decided: {why}\n")),
            Err(trouble @ Trouble::Key(_)) => Keys {
                refused: Some(trouble),
                ..Keys::default()
            },
        }
    }
}

/// What there is to say of keys.
#[derive(Default)]
struct Keys {
    text: String,
    /// Why one of them is not accepted.
    refused: Option<Trouble>,
}

impl Keys {
    fn told(text: &str) -> Self {
        Self {
            text: format!("\nKeys\n{text}"),
            refused: None,
        }
    }
}

fn code(diagnosis: Diagnosis) -> u8 {
    match diagnosis {
        Diagnosis::Well => exit::OK,
        Diagnosis::Ill => exit::FAILED,
        Diagnosis::NoPanel => exit::UNDECIDED,
    }
}

/// Says on a terminal how far it is.
fn tell(number: usize, of: usize) {
    let mut err = std::io::stderr();
    if err.is_terminal() {
        // Nobody is harmed by progress that cannot be shown.
        let _ = write!(err, "\r\x1b[Kasking, {number} of {of}");
    }
}

fn untell() {
    let mut err = std::io::stderr();
    if err.is_terminal() {
        let _ = write!(err, "\r\x1b[K");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::options::given;
    use crate::spec::Source;

    #[test]
    fn without_tls_everybody_on_the_way_can_read() {
        let is_readable = |url| is_readable(&Target::parse(url, true).unwrap());
        assert!(is_readable("http://panel.example.com"));
        assert!(!is_readable("https://panel.example.com"));
        assert!(!is_readable("http://127.0.0.1:8080"));
    }

    /// A visit is no faster than a run would be.
    #[test]
    fn a_visit_keeps_the_pace() {
        let pause = |url, more: &[&str]| {
            let options = given(&[&["--target-url", url], more].concat());
            let target = target(&options).unwrap();
            let specs = Specs::load(&Source::Embedded).unwrap();
            let aim = Aim::Panel(target.clone());
            let prepared = prepare(&options, &aim, &specs, &Selection::default()).unwrap();
            Ways::to(&target, &options, &prepared.session)
                .unwrap()
                .pause
        };
        let elsewhere = "https://panel.example.com";
        assert_eq!(pause(elsewhere, &[]), Duration::from_millis(250));
        assert_eq!(pause(elsewhere, &["--rate", "0.5"]), Duration::from_secs(2));
        assert_eq!(pause("http://127.0.0.1:8080", &[]), Duration::ZERO);
    }
}
