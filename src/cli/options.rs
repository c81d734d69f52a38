//! The flags of a run, the same for `run` and for the test harness, each with its variable.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::BoolishValueParser;
use semver::Version;

use super::SpecsArguments;
use crate::exchange::Resolve;
use crate::journal::state_folder;
use crate::plan::{Agreement, Pace};
use crate::run::Target;
use crate::spec::{Api, Consent, Level, Profile, nearest};
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

    /// The profile whose contract holds; `list --profiles` names them
    #[arg(
        long,
        value_name = "NAME",
        env = "PTERO_PROFILE",
        hide_env_values = true,
        default_value = "documented"
    )]
    pub profile: String,

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
}

/// All variables of the product; keys have their own, `PTERO_KEY_<ROLE>`.
const VARIABLES: [&str; 24] = [
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
    pub(crate) fn agreement(&self, target: Option<&Target>) -> Result<Agreement, String> {
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
            has: BTreeSet::new(),
            version: self.panel_version.clone(),
        })
    }
}

/// Requests per second to a panel that others use.
const DEFAULT_RATE: f64 = 4.0;

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

#[cfg(test)]
mod tests {
    use super::*;

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
        let wrong = check("PTERO_TARGET", "https://x").unwrap_err();
        assert!(wrong.contains("did you mean PTERO_TARGET_URL?"), "{wrong}");
    }

    /// The list above and the flags cannot drift apart.
    #[test]
    fn every_variable_belongs_to_a_flag() {
        use clap::CommandFactory;
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
        use clap::CommandFactory;
        let command = super::super::Cli::command();
        let run = command.find_subcommand("run").unwrap();
        let switches: Vec<_> = run
            .get_arguments()
            .filter(|a| a.get_env().is_some() && !a.get_action().takes_values())
            .collect();
        assert_eq!(switches.len(), 8);
        for switch in switches {
            let mut values = switch.get_value_parser().possible_values().unwrap();
            assert!(values.any(|value| value.matches("1", true)), "{switch}");
        }
    }

    #[test]
    fn exhaustion_is_agreed_to_for_one_host() {
        use clap::Parser;
        #[derive(Parser)]
        struct Flags {
            #[command(flatten)]
            run: RunOptions,
        }
        let agreement = |arguments: &[&str], url: Option<&str>| {
            let flags = Flags::parse_from([&["x"], arguments].concat());
            let target = url.map(|url| Target::parse(url, true).unwrap());
            flags.run.agreement(target.as_ref())
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
