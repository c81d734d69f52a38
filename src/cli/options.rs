//! The flags of a run, the same for `run` and for the test harness, each with its variable.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::{Arg, Args};
use semver::Version;

use super::SpecsArguments;
use crate::exchange::{Place, Resolve};
use crate::journal::state_folder;
use crate::keys::KeysFile;
use crate::plan::{Agreement, Pace};
use crate::run::Schedule;
use crate::spec::{Api, Consent, Level, Profile, Short, nearest};
use crate::target::{
    Allowed, Facts, Listed, Target, TargetFile, Waivers, read_ids_file, read_target_file, strange,
};
use crate::verdict::{Kind, Policy};

/// The flags that say what is tested, how, and what counts.
#[derive(Args, Clone, Debug)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a flag that somebody types"
)]
pub struct RunOptions {
    /// The panel to test, such as <https://staging.example.com>
    #[arg(
        long,
        value_name = "URL",
        env = "PTERO_TARGET_URL",
        hide_env_values = true
    )]
    pub target_url: Option<String>,

    /// A file that names the panel and what is agreed about it: address, profile, keys, limits, states
    #[arg(
        long,
        value_name = "FILE",
        env = "PTERO_TARGET",
        hide_env_values = true
    )]
    pub target: Option<PathBuf>,

    /// The profile whose contract holds, `documented` by default; `list --profiles` names them
    #[arg(
        long,
        value_name = "NAME",
        env = "PTERO_PROFILE",
        hide_env_values = true
    )]
    pub profile: Option<String>,

    /// States that the panel is in, with commas; `list --states` names them. The embedded panel is put into them
    #[arg(
        long,
        value_name = "STATES",
        env = "PTERO_HAS",
        hide_env_values = true,
        value_delimiter = ','
    )]
    pub has: Vec<String>,

    /// A server of the user of `client`, by the id in its address; without it, the first that is listed
    #[arg(long, value_name = "ID", env = "PTERO_SERVER", hide_env_values = true, value_parser = id)]
    pub server: Option<String>,

    /// A file of ids to use instead of those that are listed first: `client: { server: 1a2b3c4d }`
    #[arg(long, value_name = "FILE", env = "PTERO_IDS", hide_env_values = true)]
    pub ids: Option<PathBuf>,

    /// A file that says for each role where its key is; `PTERO_KEY_<ROLE>` gives one key
    #[arg(long, value_name = "FILE", env = "PTERO_KEYS", hide_env_values = true)]
    pub keys: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) specs: SpecsArguments,

    /// The version of the panel, such as 1.11.8; without it, what differs inside the profile is skipped
    #[arg(
        long,
        value_name = "VERSION",
        env = "PTERO_PANEL_VERSION",
        hide_env_values = true
    )]
    pub panel_version: Option<Version>,

    /// How long one request may take, in seconds from 0.1 to 600
    #[arg(long, value_name = "SECONDS", env = "PTERO_TIMEOUT", hide_env_values = true, default_value = "10", value_parser = seconds)]
    pub timeout: Duration,

    /// A file of further certificate authorities to trust (PEM)
    #[arg(
        long,
        value_name = "FILE",
        env = "PTERO_CA_CERT",
        hide_env_values = true
    )]
    pub ca_cert: Option<PathBuf>,

    /// Reach the target's host at this address, as HOST:ADDRESS
    #[arg(
        long,
        value_name = "HOST:ADDRESS",
        env = "PTERO_RESOLVE",
        hide_env_values = true
    )]
    pub resolve: Option<Resolve>,

    /// Agree to missing keys: their cases do not make the run partial
    #[arg(long, env = "PTERO_PARTIAL", hide_env_values = true, value_parser = BoolishValueParser::new())]
    pub partial: bool,

    /// The kinds of deviation that fail the run, with commas: opened, closed, reshaped, reworded
    #[arg(
        long,
        value_name = "KINDS",
        env = "PTERO_FAIL_ON",
        hide_env_values = true,
        value_delimiter = ',',
        default_value = "opened,closed,reshaped"
    )]
    pub fail_on: Vec<Kind>,

    /// The lowest level that fails the run: must, or should
    #[arg(long, value_name = "LEVEL", env = "PTERO_LEVEL", hide_env_values = true, default_value = "must", value_parser = level)]
    pub level: Level,

    /// A file of deviations that are accepted, each bound to what is observed; `waive` writes entries
    #[arg(
        long,
        value_name = "FILE",
        env = "PTERO_WAIVERS",
        hide_env_values = true
    )]
    pub waivers: Option<PathBuf>,

    /// Let expectations fail the run that come from the source and were never observed
    #[arg(long, env = "PTERO_TRUST_SOURCE", hide_env_values = true, value_parser = BoolishValueParser::new())]
    pub trust_source: bool,

    /// All requests per second, refused ones too; 4 by default, and no ceiling for a panel on
    /// this machine unless one is given
    #[arg(long, value_name = "N", env = "PTERO_RATE", hide_env_values = true, value_parser = rate)]
    pub rate: Option<f64>,

    /// How much of each rate limit is left to others, in percent
    #[arg(long, value_name = "PERCENT", env = "PTERO_LEAVE", hide_env_values = true,
          default_value_t = 50, value_parser = clap::value_parser!(u8).range(0..=95))]
    pub leave: u8,

    /// Ask as fast as the panel answers, whatever others feel of it
    #[arg(long, env = "PTERO_FULL_SPEED", hide_env_values = true,
          value_parser = BoolishValueParser::new(), conflicts_with = "rate")]
    pub full_speed: bool,

    /// How many cases are run at once; 4 by default, and 2 for a panel that is not on this machine
    #[arg(long, value_name = "N", env = "PTERO_JOBS", hide_env_values = true,
          value_parser = clap::value_parser!(u8).range(1..=64))]
    pub jobs: Option<u8>,

    /// How often what opened or closed is looked at once more, half a minute later; 1 by default,
    /// and 0 for a panel on this machine
    #[arg(long, value_name = "TIMES", env = "PTERO_CONFIRM", hide_env_values = true,
          value_parser = clap::value_parser!(u8).range(0..=3))]
    pub confirm: Option<u8>,

    /// Agree to client keys being made at the target, and deleted again; a journal knows them until
    /// they are, and `cleanup` finishes what a kill has left
    #[arg(long, env = "PTERO_ALLOW_CREATE_KEYS", hide_env_values = true, value_parser = BoolishValueParser::new())]
    pub allow_create_keys: bool,

    /// Agree to writing requests whose content cannot be valid
    #[arg(long, env = "PTERO_ALLOW_WRITES", hide_env_values = true, value_parser = BoolishValueParser::new())]
    pub allow_writes: bool,

    /// Agree to the rate limit being spent at this host, which nobody else may be using; type the host out
    #[arg(
        long,
        value_name = "HOST",
        env = "PTERO_ALLOW_EXHAUSTION",
        hide_env_values = true
    )]
    pub allow_exhaustion: Option<String>,

    /// The folder of the journals, of which every target has one; by default the user's own folder for state
    #[arg(
        long,
        value_name = "DIR",
        env = "PTERO_STATE_DIR",
        hide_env_values = true
    )]
    pub state_dir: Option<PathBuf>,

    /// Agree to keys being sent without TLS to another machine
    #[arg(long, env = "PTERO_ALLOW_PLAINTEXT", hide_env_values = true, value_parser = BoolishValueParser::new())]
    pub allow_plaintext: bool,

    /// What is agreed about the target; of the files that the flags name.
    #[arg(skip)]
    pub(crate) agreed: Agreed,

    /// Where the target's host is reached, whatever its address says.
    #[arg(skip)]
    pub(crate) place: Option<Place>,
}

/// What the files that the flags name say of the target.
#[derive(Clone, Debug, Default)]
pub(crate) struct Agreed {
    /// What the operator says of it.
    pub(crate) facts: Facts,
    /// Keys that stand in the target file itself, and the file.
    pub(crate) keys: Option<(Arc<KeysFile>, PathBuf)>,
    /// What is accepted of it.
    pub(crate) waivers: Waivers,
    /// The flags whose values the target file gives.
    pub(crate) by_file: Vec<&'static str>,
}

/// Hides flags of a run that have no meaning for a command. They are taken all the same, so that a
/// script can set the same variables for all commands.
pub(super) fn hide(arg: Arg, names: &[&str]) -> Arg {
    let is_hidden =
        JUDGING.contains(&arg.get_id().as_str()) || names.contains(&arg.get_id().as_str());
    if is_hidden { arg.hide(true) } else { arg }
}

/// The flags by which cases are chosen and judged: those of no command but a run.
const JUDGING: [&str; 8] = [
    "fail_on",
    "jobs",
    "has",
    "level",
    "trust_source",
    "allow_create_keys",
    "allow_exhaustion",
    "panel_version",
];

/// All variables of the product; keys have their own, `PTERO_KEY_<ROLE>`.
const VARIABLES: [&str; 33] = [
    "PTERO_TARGET",
    "PTERO_HAS",
    "PTERO_SERVER",
    "PTERO_IDS",
    "PTERO_TARGET_URL",
    "PTERO_PROFILE",
    "PTERO_KEYS",
    "PTERO_SPECS",
    "PTERO_PANEL_VERSION",
    "PTERO_TIMEOUT",
    "PTERO_CA_CERT",
    "PTERO_RESOLVE",
    "PTERO_PARTIAL",
    "PTERO_FAIL_ON",
    "PTERO_LEVEL",
    "PTERO_TRUST_SOURCE",
    "PTERO_ALLOW_CREATE_KEYS",
    "PTERO_ALLOW_WRITES",
    "PTERO_ALLOW_EXHAUSTION",
    "PTERO_ALLOW_PLAINTEXT",
    "PTERO_STATE_DIR",
    "PTERO_EMBEDDED",
    "PTERO_DRY_RUN",
    "PTERO_JOBS",
    "PTERO_RATE",
    "PTERO_LEAVE",
    "PTERO_FULL_SPEED",
    "PTERO_CONFIRM",
    "PTERO_REPORT",
    "PTERO_VERBOSE",
    "PTERO_COLOR",
    "PTERO_RECORD",
    "PTERO_WAIVERS",
];

/// Checks the variables before anything reads them: an empty one is a mistake of the script that
/// set it, and so is one that nothing reads.
///
/// # Errors
///
/// Which variable is wrong, and how to mend it.
pub fn check_variables(names: impl IntoIterator<Item = (String, String)>) -> Result<(), String> {
    for (name, value) in names
        .into_iter()
        .filter(|(name, _)| name.starts_with("PTERO_"))
    {
        if value.is_empty() {
            return Err(format!(
                "the variable {name} is empty; give it a value, or unset it"
            ));
        }
        if !VARIABLES.contains(&name.as_str()) && !name.starts_with("PTERO_KEY_") {
            let near = nearest(&name, VARIABLES);
            let advice = near.map_or("unset it".to_owned(), |near| {
                format!("did you mean {near}?")
            });
            return Err(format!("nothing reads the variable {name}; {advice}"));
        }
    }
    Ok(())
}

impl RunOptions {
    /// Takes the target that a command's argument names; the flag or its variable may name the same.
    pub(crate) fn name_target(&mut self, url: String) -> Result<(), String> {
        match &self.target_url {
            Some(other) if *other != url => Err(format!(
                "two targets are named: the argument, and --target-url or PTERO_TARGET_URL ({}); name one",
                other.rsplit('@').next().unwrap_or_default()
            )),
            _ => {
                self.target_url = Some(url);
                Ok(())
            }
        }
    }

    /// The flags for the target that a command's argument names, completed.
    ///
    /// # Errors
    ///
    /// As [`Self::name_target`] and [`Self::complete`].
    pub(crate) fn at(&self, url: Option<&String>) -> Result<Self, String> {
        let mut options = self.clone();
        if let Some(url) = url {
            options.name_target(url.clone())?;
        }
        options.complete()?;
        Ok(options)
    }

    /// Reads the files that the flags name, and completes the flags with them: a flag or its
    /// variable goes before what a file says.
    ///
    /// # Errors
    ///
    /// When a file cannot be used, or names another target than the flags.
    pub(crate) fn complete(&mut self) -> Result<(), String> {
        if let Some(path) = self.target.clone() {
            if path.to_string_lossy().contains("://") {
                return Err(
                    "--target and PTERO_TARGET name a file; an address is given by --target-url \
                     or PTERO_TARGET_URL"
                        .to_owned(),
                );
            }
            let file = read_target_file(&path).map_err(|error| error.to_string())?;
            self.take(file, &path)?;
        }
        if let Some(path) = &self.ids {
            let ids = read_ids_file(path).map_err(|error| error.to_string())?;
            self.agreed.facts.ids.extend(ids.ids());
        }
        if let Some(server) = &self.server {
            let name = (Api::Client, "server".to_owned());
            self.agreed.facts.ids.insert(name, server.clone());
        }
        self.agreed.facts.has.extend(self.has.iter().cloned());
        if let Some(path) = &self.waivers {
            self.agreed.waivers = Waivers::read(path)?;
        }
        Ok(())
    }

    /// The flags for one panel of a list, completed.
    ///
    /// # Errors
    ///
    /// As [`Self::complete`].
    pub(crate) fn of_listed(&self, listed: &Listed) -> Result<Self, String> {
        let allows = |what| listed.allow.contains(&what);
        let mut options = Self {
            target: Some(listed.file.clone()),
            allow_create_keys: allows(Allowed::CreateKeys),
            allow_writes: allows(Allowed::Writes),
            allow_plaintext: allows(Allowed::Plaintext),
            ..self.clone()
        };
        options.complete()?;
        Ok(options)
    }

    /// The flags that speak of one panel alone, of those that were given.
    pub(crate) fn of_one_panel(&self) -> Vec<&'static str> {
        let flags = [
            ("--target-url", self.target_url.is_some()),
            ("--target", self.target.is_some()),
            ("--has", !self.has.is_empty()),
            ("--server", self.server.is_some()),
            ("--ids", self.ids.is_some()),
            ("--keys", self.keys.is_some()),
            ("--panel-version", self.panel_version.is_some()),
            ("--resolve", self.resolve.is_some()),
            ("--waivers", self.waivers.is_some()),
            ("--allow-create-keys", self.allow_create_keys),
            ("--allow-writes", self.allow_writes),
            ("--allow-plaintext", self.allow_plaintext),
            ("--allow-exhaustion", self.allow_exhaustion.is_some()),
        ];
        let given = flags.into_iter().filter(|(_, is_given)| *is_given);
        given.map(|(flag, _)| flag).collect()
    }

    fn take(&mut self, file: TargetFile, path: &Path) -> Result<(), String> {
        self.agreed.facts = file.facts();
        match &self.target_url {
            Some(named) if *named != file.url => {
                return Err(format!(
                    "two targets are named: {} in {}, and another by an argument, --target-url or \
                     PTERO_TARGET_URL; name one",
                    file.url.rsplit('@').next().unwrap_or_default(),
                    path.display()
                ));
            }
            _ => self.target_url = Some(file.url),
        }
        let by_file = [
            ("--keys", self.keys.is_none() && file.keys.is_some()),
            (
                "--resolve",
                self.resolve.is_none() && file.resolve.is_some(),
            ),
            (
                "--ca-cert",
                self.ca_cert.is_none() && file.ca_cert.is_some(),
            ),
            (
                "--waivers",
                self.waivers.is_none() && file.waivers.is_some(),
            ),
        ];
        let by_file = by_file.iter().filter(|(_, is_given)| *is_given);
        self.agreed.by_file = by_file.map(|(flag, _)| *flag).collect();
        self.profile = self.profile.take().or(file.profile);
        self.panel_version = self.panel_version.take().or(file.version);
        self.ca_cert = self.ca_cert.take().or(file.ca_cert);
        self.waivers = self.waivers.take().or(file.waivers);
        if let (None, Some(text)) = (&self.resolve, file.resolve) {
            let resolve = text.parse();
            self.resolve =
                Some(resolve.map_err(|error| format!("{}: resolve: {error}", path.display()))?);
        }
        match (&self.keys, file.keys) {
            (None, Some(Short::Name(named))) => self.keys = Some(named.into()),
            (None, Some(Short::Full(keys))) => {
                self.agreed.keys = Some((Arc::new(keys), path.to_owned()));
            }
            _ => {}
        }
        Ok(())
    }

    /// The name of the profile whose contract holds.
    pub(crate) fn profile_name(&self) -> &str {
        self.profile.as_deref().unwrap_or(DEFAULT_PROFILE)
    }

    /// How the plan is run.
    pub(crate) fn schedule(&self, target: Option<&Target>) -> Schedule {
        let is_remote = target.is_some_and(|target| !target.is_loopback());
        Schedule {
            jobs: self.jobs.unwrap_or(if is_remote { 2 } else { 4 }),
            confirm: self.confirm.unwrap_or(u8::from(is_remote)),
            policy: self.policy(),
        }
    }

    /// The folder of the journals.
    pub(crate) fn state_folder(&self) -> Result<PathBuf, String> {
        state_folder(self.state_dir.as_deref()).map_err(|error| error.to_string())
    }

    /// What counts as a failure.
    #[must_use]
    pub fn policy(&self) -> Policy {
        Policy {
            fail_on: self.fail_on.iter().copied().collect(),
            level: self.level,
            trust_source: self.trust_source,
            waivers: self.agreed.waivers.of(self.profile_name()),
        }
    }

    /// How fast the panel may be asked; nothing where nobody else can feel it.
    pub(crate) fn pace(&self, is_remote: bool, profile: &Profile) -> Option<Pace> {
        let is_paced = (is_remote || self.rate.is_some()) && !self.full_speed;
        is_paced.then(|| Pace {
            rate: self.rate.unwrap_or(DEFAULT_RATE),
            leave: f64::from(self.leave) / 100.0,
            limits: [
                (Api::Client, profile.limits.client),
                (Api::Application, profile.limits.application),
            ]
            .into(),
        })
    }

    /// What the operator agrees to; the embedded panel (no target) has every consent.
    ///
    /// # Errors
    ///
    /// When exhaustion is agreed to at another host than the target's.
    pub(crate) fn agreement(
        &self,
        target: Option<&Target>,
        facts: &Facts,
    ) -> Result<Agreement, String> {
        if let Some(host) = &self.allow_exhaustion {
            check_exhaustion(host, target)?;
        }
        let is_given = |consent: &Consent| match consent {
            Consent::CreateKeys => self.allow_create_keys,
            Consent::Writes => self.allow_writes,
            Consent::Exhaustion => self.allow_exhaustion.is_some(),
        };
        Ok(Agreement {
            consents: Consent::ALL
                .into_iter()
                .filter(|consent| target.is_none() || is_given(consent))
                .collect(),
            has: facts.has.clone(),
            version: self.panel_version.clone(),
        })
    }
}

/// The profile whose contract holds where nobody names one: the published page.
pub(crate) const DEFAULT_PROFILE: &str = "documented";

/// Requests per second to a panel that others use.
const DEFAULT_RATE: f64 = 4.0;

/// An id becomes one segment of a path.
fn id(text: &str) -> Result<String, String> {
    match strange(text) {
        _ if text.is_empty() => Err("an id has at least one character".to_owned()),
        Some(wrong) => Err(format!("an id has no `{wrong}` in it")),
        None => Ok(text.to_owned()),
    }
}

fn rate(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.parse().ok();
    number
        .filter(|n| (0.1..=1000.0).contains(n))
        .ok_or_else(|| {
            format!("`{text}` is not a number of requests per second between 0.1 and 1000")
        })
}

/// The host is typed out, so that nobody agrees for a panel that they did not mean.
fn check_exhaustion(host: &str, target: Option<&Target>) -> Result<(), String> {
    let Some(target) = target else {
        return Err(
            "--allow-exhaustion names a host, but no target is named; the embedded panel needs no consent"
                .to_owned(),
        );
    };
    if target.has_host(host) {
        return Ok(());
    }
    let wanted = target.base.host_str().unwrap_or_default();
    Err(format!(
        "--allow-exhaustion names `{host}`, but the target's host is `{wanted}`; \
         it must be typed out, without scheme and port"
    ))
}

fn seconds(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a number of seconds between 0.1 and 600");
    let number: f64 = text.parse().map_err(|_| wrong())?;
    if (0.1..=600.0).contains(&number) {
        Ok(Duration::from_secs_f64(number))
    } else {
        Err(wrong())
    }
}

fn level(text: &str) -> Result<Level, String> {
    match text {
        "must" => Ok(Level::Must),
        "should" => Ok(Level::Should),
        _ => Err("write `must` or `should`".to_owned()),
    }
}

/// The flags of a command line, for tests.
#[cfg(test)]
pub(crate) fn given(arguments: &[&str]) -> RunOptions {
    use clap::Parser;
    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        run: RunOptions,
    }
    Flags::parse_from([&["x"], arguments].concat()).run
}

#[cfg(test)]
mod tests {
    use super::given as flags;
    use super::*;
    use clap::CommandFactory;
    use std::collections::BTreeSet;

    /// A target file that says what flags can say as well.
    fn target_file(folder: &tempfile::TempDir) -> PathBuf {
        let path = folder.path().join("panel.yaml");
        let text = "url: https://panel.example.com\nkeys: own.yaml\n\
                    resolve: 'panel.example.com:192.0.2.1'\nca_cert: own.pem\nwaivers: own-waivers.yaml\n";
        std::fs::write(&path, text).unwrap();
        std::fs::write(folder.path().join("own-waivers.yaml"), "waivers: []\n").unwrap();
        path
    }

    /// What a run at that target is told by the file, where these flags are given beside it.
    fn with_file(more: &[&str]) -> Result<RunOptions, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = target_file(&folder);
        let waivers = folder.path().join("own-waivers.yaml");
        let waivers = waivers.to_str().unwrap();
        let more = more
            .iter()
            .map(|word| if *word == "WAIVERS" { waivers } else { word });
        let mut all = vec!["--target", path.to_str().unwrap()];
        all.extend(more);
        let mut options = flags(&all);
        options.complete()?;
        Ok(options)
    }

    #[test]
    fn a_flag_goes_before_the_file() {
        let by_file = |more: &[&str]| with_file(more).unwrap().agreed.by_file;
        let all = ["--keys", "--resolve", "--ca-cert", "--waivers"];
        assert_eq!(by_file(&[]), all);
        let values = ["k.yaml", "panel.example.com:192.0.2.9", "c.pem", "WAIVERS"];
        for (flag, value) in all.iter().zip(values) {
            let left: Vec<_> = all.iter().filter(|other| *other != flag).copied().collect();
            assert_eq!(by_file(&[flag, value]), left);
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bare.yaml");
        std::fs::write(&path, "url: https://panel.example.com\n").unwrap();
        let mut bare = flags(&["--target", path.to_str().unwrap()]);
        bare.complete().unwrap();
        assert_eq!(bare.agreed.by_file, [""; 0]);
    }

    #[test]
    fn one_target_may_be_named_twice() {
        let url = "https://panel.example.com";
        assert!(with_file(&["--target-url", url]).is_ok());
        let other = with_file(&["--target-url", "https://other.example.com"]);
        assert!(other.unwrap_err().starts_with("two targets are named: "));
        let mut options = flags(&["--target-url", url]);
        assert_eq!(options.name_target(url.to_owned()), Ok(()));
        let wrong = options.name_target("https://other.example.com".to_owned());
        assert!(wrong.unwrap_err().contains(&format!("({url})")));
        let mut options = flags(&[]);
        assert_eq!(options.name_target(url.to_owned()), Ok(()));
        assert_eq!(options.target_url.as_deref(), Some(url));
    }

    #[test]
    fn a_listed_panel_has_its_own_consents() {
        let folder = tempfile::tempdir().unwrap();
        let consents = |allow: &[Allowed]| {
            let listed = Listed {
                place: "panels.yaml:1".to_owned(),
                name: "panel".to_owned(),
                file: target_file(&folder),
                allow: allow.iter().copied().collect(),
            };
            let all = ["--allow-create-keys", "--allow-writes", "--allow-plaintext"];
            let options = flags(&all).of_listed(&listed).unwrap();
            [
                options.allow_create_keys,
                options.allow_writes,
                options.allow_plaintext,
            ]
        };
        assert_eq!(consents(&[]), [false, false, false]);
        assert_eq!(consents(&[Allowed::CreateKeys]), [true, false, false]);
        assert_eq!(consents(&[Allowed::Writes]), [false, true, false]);
        assert_eq!(consents(&[Allowed::Plaintext]), [false, false, true]);
    }

    #[test]
    fn flags_of_one_panel_are_those_that_were_given() {
        assert_eq!(flags(&["--partial"]).of_one_panel(), [""; 0]);
        assert_eq!(flags(&["--has", "x"]).of_one_panel(), ["--has"]);
        let options = flags(&["--keys", "k", "--server", "a", "--allow-writes"]);
        assert_eq!(
            options.of_one_panel(),
            ["--server", "--keys", "--allow-writes"]
        );
    }

    #[test]
    fn what_counts_is_what_the_flags_say() {
        let given = ["--fail-on", "reworded", "--level", "should"];
        let policy = flags(&[&given[..], &["--trust-source"]].concat()).policy();
        assert_eq!(policy.fail_on, [Kind::Reworded].into());
        assert_eq!((policy.level, policy.trust_source), (Level::Should, true));
        assert_eq!(flags(&[]).policy(), Policy::default());
    }

    /// Only others feel how fast a panel is asked; whoever gives a rate means it anywhere.
    #[test]
    fn a_pace_is_kept_for_others_or_where_one_is_given() {
        let contract = crate::spec::Contract::embedded().unwrap();
        let profile = contract.profile("pterodactyl-1.11").unwrap();
        let pace = |arguments: &[&str], is_remote| flags(arguments).pace(is_remote, profile);
        let limits = [(Api::Client, 720), (Api::Application, 240)].into();
        let kept = |rate, leave| {
            let limits = std::collections::BTreeMap::clone(&limits);
            Some(Pace {
                rate,
                leave,
                limits,
            })
        };
        assert_eq!(pace(&[], false), None);
        assert_eq!(pace(&[], true), kept(4.0, 0.5));
        assert_eq!(pace(&["--rate", "7"], false), kept(7.0, 0.5));
        assert_eq!(
            pace(&["--rate", "7", "--leave", "25"], true),
            kept(7.0, 0.25)
        );
        assert_eq!(pace(&["--full-speed"], true), None);
    }

    #[test]
    fn an_id_is_one_segment_of_a_path() {
        assert_eq!(id("1a2b3c4d"), Ok("1a2b3c4d".to_owned()));
        assert_eq!(id(""), Err("an id has at least one character".to_owned()));
        assert_eq!(id("a/b"), Err("an id has no `/` in it".to_owned()));
    }

    /// What decides on cases, and what a command names itself, means nothing to `keys check`.
    #[test]
    fn flags_without_meaning_for_a_command_are_hidden() {
        let command = super::super::Cli::command();
        let check = command.find_subcommand("keys").unwrap();
        let check = check.find_subcommand("check").unwrap();
        let hidden = check.get_arguments().filter(|arg| arg.is_hide_set());
        let hidden: BTreeSet<_> = hidden.map(|arg| arg.get_id().as_str()).collect();
        let wanted: BTreeSet<_> = JUDGING.into_iter().chain(["state_dir"]).collect();
        assert_eq!(hidden, wanted);
    }

    #[test]
    fn variables_are_checked() {
        let check =
            |name: &str, value: &str| check_variables([(name.to_owned(), value.to_owned())]);
        assert!(check("PTERO_TARGET_URL", "https://x").is_ok());
        assert!(check("PTERO_KEY_CLIENT", "x").is_ok());
        assert!(check("PATH", "").is_ok());
        assert!(
            check("PTERO_TARGET_URL", "")
                .unwrap_err()
                .contains("is empty")
        );
        let wrong = check("PTERO_TARGET_URI", "https://x").unwrap_err();
        assert!(wrong.contains("did you mean PTERO_TARGET_URL?"), "{wrong}");
    }

    /// The list above and the flags cannot drift apart.
    #[test]
    fn every_variable_belongs_to_a_flag() {
        let command = super::super::Cli::command();
        let mut read = BTreeSet::new();
        for sub in command.get_subcommands() {
            read.extend(
                sub.get_arguments()
                    .filter_map(|a| a.get_env())
                    .map(std::borrow::ToOwned::to_owned),
            );
        }
        let listed: BTreeSet<_> = VARIABLES.iter().map(std::ffi::OsString::from).collect();
        assert_eq!(read, listed);
    }

    /// A switch of a command can be thrown by its variable in every usual spelling.
    #[test]
    fn switches_take_one_as_well_as_true() {
        let command = super::super::Cli::command();
        let run = command.find_subcommand("run").unwrap();
        let switches: Vec<_> = run
            .get_arguments()
            .filter(|a| a.get_env().is_some() && !a.get_action().takes_values())
            .collect();
        assert_eq!(switches.len(), 9);
        for switch in switches {
            let mut values = switch.get_value_parser().possible_values().unwrap();
            assert!(values.any(|value| value.matches("1", true)), "{switch}");
        }
    }

    #[test]
    fn exhaustion_is_agreed_to_for_one_host() {
        let agreement = |arguments: &[&str], url: Option<&str>| {
            let target = url.map(|url| Target::parse(url, true).unwrap());
            flags(arguments).agreement(target.as_ref(), &Facts::default())
        };
        let url = Some("https://Panel.example.com:8443/x");
        let given = agreement(&["--allow-exhaustion", "panel.example.COM"], url).unwrap();
        assert_eq!(given.consents, [Consent::Exhaustion].into());
        assert_eq!(agreement(&[], url).unwrap().consents, BTreeSet::new());
        assert_eq!(agreement(&[], None).unwrap().consents, Consent::ALL.into());
        for host in [
            "example.com",
            "panel.example.com:8443",
            "https://panel.example.com",
        ] {
            let message = agreement(&["--allow-exhaustion", host], url).unwrap_err();
            assert!(
                message.contains("the target's host is `panel.example.com`"),
                "{message}"
            );
        }
        let message = agreement(&["--allow-exhaustion", "localhost"], None).unwrap_err();
        assert!(message.contains("no target is named"), "{message}");
    }

    #[test]
    fn seconds_are_bounded() {
        assert_eq!(seconds("2.5"), Ok(Duration::from_millis(2500)));
        assert!(seconds("0").is_err() && seconds("NaN").is_err() && seconds("x").is_err());
    }
}
