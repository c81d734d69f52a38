//! From flags to a session: the target, its keys, the plan.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use semver::Version;
use url::Url;

use super::options::RunOptions;
use super::voice::Voice;
use crate::exchange::{Http, HttpOptions, InProcess, Transport};
use crate::journal::Journal;
use crate::keys::{Keyring, read_keys_file};
use crate::plan::{Plan, Selection};
use crate::reference::{Clock, Family, Faults, ManualClock, SystemClock, World};
use crate::report::{Access, Finished, Forecast, Heading, Told};
use crate::run::{
    ALLOWED_ORIGIN, Additions, Interrupt, Schedule, Session, Setup, Trouble, built_in_beside,
    control, embedded_keys, limit, make, makeable, panel_of, put_into,
};
use crate::spec::{Contract, Origin, Profile, RoleName, Specs};
use crate::target::{Facts, Target};

/// How long port 80 may take: firewalls often leave such requests without any answer.
const PLAIN_TIMEOUT: Duration = Duration::from_secs(2);

/// Where the cases are sent.
#[derive(Clone, Debug)]
pub(crate) enum Aim {
    /// To the reference panel in this process.
    Embedded,
    /// To a panel at an address.
    Panel(Target),
}

/// A run that is ready to begin.
pub(crate) struct Prepared {
    pub(crate) profile: Arc<Profile>,
    pub(crate) session: Session,
    pub(crate) plan: Plan,
    pub(crate) selection: Selection,
    /// Flags that speak of the panel, whose values no report tells.
    given: Vec<&'static str>,
    pub(crate) heading: Heading,
    pub(crate) schedule: Schedule,
    pub(crate) voice: Voice,
}

impl Aim {
    /// The target that the flags name; nothing: the embedded panel.
    pub(crate) fn of(options: &RunOptions) -> Result<Self, String> {
        match &options.target_url {
            None => Ok(Self::Embedded),
            Some(url) => {
                let target =
                    Target::parse(url, options.allow_plaintext).map_err(|e| e.to_string())?;
                Ok(Self::Panel(target))
            }
        }
    }

    /// The panel at an address, if it is one.
    pub(crate) fn target(&self) -> Option<&Target> {
        match self {
            Self::Embedded => None,
            Self::Panel(target) => Some(target),
        }
    }

    fn heading(&self) -> Heading {
        match self {
            Self::Embedded => Heading::embedded(),
            Self::Panel(target) => {
                let base = target.base.as_str().trim_end_matches('/').to_owned();
                Heading {
                    target: base.clone(),
                    base,
                    origin: target.origin(),
                    access: Access::default(),
                }
            }
        }
    }
}

/// Refuses a version of which the profile does not speak, or that the reference panel does not play.
fn check_version(
    version: &Version,
    aim: &Aim,
    profile: &Profile,
    contract: &Contract,
) -> Result<(), String> {
    let (name, versions) = (&profile.name.value, &profile.versions);
    // The page speaks of no version.
    if profile.origin != Origin::Documented && !versions.hold(version) {
        let of_another = contract.profiles.iter().find(|p| p.versions.hold(version));
        let instead = of_another.map_or(String::new(), |p| {
            format!("; `--profile {}` does", p.name.value)
        });
        return Err(format!(
            "the profile {name} speaks of {} to {}, not of {version}{instead}",
            versions.from, versions.to
        ));
    }
    let played = profile.family.parse().map(Family::version).ok();
    match played.filter(|played| matches!(aim, Aim::Embedded) && *played != version.to_string()) {
        Some(played) => Err(format!(
            "the reference panel plays {played} for {name}, not {version}; leave --panel-version out"
        )),
        None => Ok(()),
    }
}

/// Reads keys, chooses cases, and opens the way to the target without asking it anything.
pub(crate) fn prepare(
    options: &RunOptions,
    aim: &Aim,
    specs: &Specs,
    selection: &Selection,
) -> Result<Prepared, String> {
    let name = options.profile_name();
    let profile = super::profile(&specs.contract, name)?;
    let mut facts = options.agreed.facts.clone();
    if matches!(aim, Aim::Embedded) && facts.has.contains("cors-origins") {
        facts.cors_origins = vec![ALLOWED_ORIGIN.to_owned()];
    }
    facts.check(&specs.contract)?;
    let profile = &facts.agreed(profile);
    let agreement = options.agreement(aim.target(), &facts)?;
    if let Some(version) = &agreement.version {
        check_version(version, aim, profile, &specs.contract)?;
    }
    let (transport, keys) = match aim {
        Aim::Embedded => embedded(name, &facts, specs, &Embedded::Open)?,
        Aim::Panel(target) => (open(options, target)?, keys(options, target, specs)?),
    };
    let plain = match aim.target() {
        Some(target) => plain(options, target)?.map(|(transport, _)| transport),
        None => None,
    };
    let chosen = specs.cases().filter(|case| selection.chooses(&case.id));
    let mut given = keys.roles();
    given.extend(makeable(&specs.contract, &agreement, &given));
    let plan = Plan::new(&specs.contract, chosen, profile, &agreement, &given);
    let heading = aim
        .heading()
        .reached(options.ca_cert.clone(), options.resolve.clone());
    let schedule = options.schedule(aim.target());
    let setup = |transport, plain, keys, pace| Setup {
        contract: Arc::clone(&specs.contract),
        profile: Arc::clone(profile),
        transport,
        keys,
        agreement: agreement.clone(),
        plain,
        origin: heading.origin.clone(),
        pace,
        facts: facts.clone(),
    };
    let is_remote = aim.target().is_some_and(|target| !target.is_loopback());
    let pace = options.pace(is_remote, profile);
    let mut session = Session::new(setup(transport, plain, keys, pace)).with_jobs(schedule.jobs);
    if matches!(aim, Aim::Embedded) && plan.run().any(|planned| planned.case.is_apart()) {
        let clock = Arc::new(ManualClock::starting_at(SystemTime::now()));
        let limited = Embedded::Limited(Arc::clone(&clock));
        let (transport, keys) = embedded(name, &facts, specs, &limited)?;
        let apart = Session::new(setup(transport, None, keys, None)).with_clock(clock);
        session = session.with_apart(apart);
    }
    Ok(Prepared {
        profile: Arc::clone(profile),
        session,
        plan,
        selection: selection.clone(),
        given: given_flags(options),
        heading,
        schedule,
        voice: Voice::default(),
    })
}

/// The flags that reports name without their values: those may be paths, addresses and ids. What a
/// target file gives is not named beside it.
fn given_flags(options: &RunOptions) -> Vec<&'static str> {
    let told = [
        "--target",
        "--server",
        "--ids",
        "--waivers",
        "--allow-plaintext",
        "--keys",
        "--resolve",
        "--ca-cert",
        "--specs",
    ];
    let mut given = options.of_one_panel();
    given.extend(options.ca_cert.as_ref().map(|_| "--ca-cert"));
    given.extend(options.specs.specs.as_ref().map(|_| "--specs"));
    let by_file = &options.agreed.by_file;
    given.retain(|flag| told.contains(flag) && !by_file.contains(flag));
    given
}

impl Prepared {
    /// What the run will do.
    ///
    /// # Errors
    ///
    /// When there is no folder for the journal.
    pub(crate) fn forecast<'a>(
        &'a self,
        contract: &'a Contract,
        options: &RunOptions,
        aim: &Aim,
    ) -> Result<Forecast<'a>, String> {
        Ok(Forecast {
            plan: &self.plan,
            contract,
            target: &self.heading.target,
            pace: self.session.pace(),
            agreement: self.session.agreement(),
            made: self.to_make(contract),
            journal: self.journal(options, aim)?,
        })
    }

    /// Where what is created will be known until it is deleted, in words.
    fn journal(&self, options: &RunOptions, aim: &Aim) -> Result<String, String> {
        if aim.target().is_none() || !self.may_create() {
            return Ok("in a panel of this process alone".to_owned());
        }
        let path = Journal::path_in(&options.state_folder()?, &self.heading.base);
        Ok(format!("known until then in {}", path.display()))
    }

    /// Verifies the keys, tells what a person should know beforehand, and decides the plan again
    /// with what is known then.
    ///
    /// # Errors
    ///
    /// What keeps the run from beginning.
    pub(crate) async fn verify(&mut self, contract: &Contract) -> Result<(), Trouble> {
        let made = self.to_make(contract);
        let mut roles = self.plan.roles(contract);
        roles.extend(makers(contract, &made));
        let mut controlled = control(&mut self.session, &roles).await?;
        for trouble in make(&mut self.session, &made).await {
            self.voice.say(&format!("warning: {trouble}"));
        }
        if !made.is_empty() {
            let of_made = control(&mut self.session, &made).await?;
            controlled.findings.extend(of_made.findings);
        }
        for warning in controlled.warnings() {
            self.voice.say(&format!("warning: {warning}"));
        }
        for limit in &controlled.configured {
            let advice = "`limits` in a target file agrees to it";
            self.voice.say(&format!("note: {limit}; {advice}"));
        }
        self.profile = Arc::clone(self.session.profile());
        self.plan = self.plan.again(
            contract,
            &self.profile,
            self.session.agreement(),
            &self.session.keys().roles(),
        );
        Ok(())
    }

    /// The run before anything is known of it, as reports tell it.
    pub(crate) fn finished<'r>(
        &self,
        specs: &'r Specs,
        started: String,
        partial: bool,
    ) -> Finished<'r> {
        Finished {
            specs,
            profile: Arc::clone(&self.profile),
            heading: self.heading.clone(),
            policy: self.schedule.policy.clone(),
            partial,
            agreement: self.session.agreement().clone(),
            selection: self.selection.clone(),
            given: self.given.clone(),
            roles: self.session.keys().roles(),
            started,
            planned: Some(self.plan.cases.len()),
            interrupted: false,
            stopped: None,
            not_begun: None,
            has_broken_suite: !specs.broken.is_empty(),
            results: Vec::new(),
            told: Told::All,
        }
    }

    /// The roles whose keys the run makes itself.
    fn to_make(&self, contract: &Contract) -> BTreeSet<RoleName> {
        let needed = self.plan.roles(contract);
        needed
            .difference(&self.session.keys().roles())
            .cloned()
            .collect()
    }

    fn may_create(&self) -> bool {
        self.plan.may_create() || !self.to_make(self.session.contract()).is_empty()
    }

    /// Gives the session its journal if something may be created at a panel that is not our own,
    /// and a way to be interrupted.
    pub(crate) fn guard(
        self,
        options: &RunOptions,
        aim: &Aim,
        interrupt: &Interrupt,
    ) -> Result<Self, String> {
        let creates = self.may_create();
        let mut session = self.session.with_interrupt(interrupt.clone());
        if aim.target().is_some() && creates {
            let journal = Journal::open(&options.state_folder()?, &self.heading.base);
            session = session.with_journal(journal.map_err(|error| error.to_string())?);
        }
        Ok(Self { session, ..self })
    }
}

/// Which reference panel a run has in its process.
enum Embedded {
    /// One that refuses nobody for having asked too often: a run asks much.
    Open,
    /// One with limits, soon spent, and a clock that is moved on instead of being waited for.
    Limited(Arc<ManualClock>),
}

/// The roles whose keys make others.
fn makers<'c>(
    contract: &'c Contract,
    made: &BTreeSet<RoleName>,
) -> impl Iterator<Item = RoleName> + use<'c> {
    let made: Vec<_> = made
        .iter()
        .filter_map(|role| contract.roles.real(role))
        .collect();
    let makers = made.into_iter().filter_map(|role| role.made_by.as_ref());
    makers.map(|made_by| made_by.key.value.clone())
}

fn embedded(
    profile: &str,
    facts: &Facts,
    specs: &Specs,
    kind: &Embedded,
) -> Result<(Transport, Keyring), String> {
    let mut world = World::embedded();
    for state in &facts.has {
        put_into(state, &mut world).map_err(|error| error.to_string())?;
    }
    let clock: Arc<dyn Clock> = match kind {
        Embedded::Open => {
            world.settings.enforce_limits = false;
            Arc::new(SystemClock)
        }
        Embedded::Limited(clock) => {
            limit(&mut world);
            Arc::clone(clock) as Arc<dyn Clock>
        }
    };
    let stock = built_in_beside(&specs.contract).map_err(|e| e.to_string())?;
    let own = stock
        .profile(profile)
        .filter(|_| !Arc::ptr_eq(&stock, &specs.contract));
    if let Some(own) = own {
        let additions = Additions::of(&specs.contract);
        if matches!(kind, Embedded::Open) {
            additions
                .unplayed
                .iter()
                .for_each(|one| tell!("not played: {one}"));
        }
        world.added = additions.in_profile(own);
    }
    let panel = panel_of(&stock, profile, world, Faults::default(), clock);
    let panel = panel.map_err(|e| e.to_string())?;
    let keys = embedded_keys(&panel, &specs.contract)?;
    Ok((InProcess::new(panel.router()).into(), keys))
}

/// The way to a target; nothing is sent yet.
pub(crate) fn open(options: &RunOptions, target: &Target) -> Result<Transport, String> {
    let http = HttpOptions {
        timeout: options.timeout,
        ca_certs: options.ca_cert.iter().cloned().collect(),
        resolve: options.resolve.iter().cloned().collect(),
        place: options.place,
        ..HttpOptions::default()
    };
    Http::new(&target.base, &http)
        .map(Into::into)
        .map_err(|error| error.to_string())
}

/// The way to port 80 of a target that has TLS on its usual port, and the address there; nothing is
/// sent yet.
pub(crate) fn plain(
    options: &RunOptions,
    target: &Target,
) -> Result<Option<(Transport, Url)>, String> {
    let mut base = target.base.clone();
    if base.scheme() != "https" || base.port().is_some() || base.set_scheme("http").is_err() {
        return Ok(None);
    }
    let mut options = options.clone();
    options.timeout = options.timeout.min(PLAIN_TIMEOUT);
    let target = Target {
        base: base.clone(),
        note: None,
    };
    Ok(Some((open(&options, &target)?, base)))
}

/// The keys of the variables and of the file; a role that both give must be given the same.
pub(crate) fn keys(
    options: &RunOptions,
    target: &Target,
    specs: &Specs,
) -> Result<Keyring, String> {
    use secrecy::ExposeSecret;
    let roles = &specs.contract.roles;
    let mut keys = Keyring::from_variables(variables()?, roles).map_err(|e| e.to_string())?;
    let (from_file, path) = match (&options.keys, &options.agreed.keys) {
        (Some(path), _) => (read_keys_file(path, roles, target.is_loopback()), path),
        (None, Some((inline, path))) => {
            let shown = path.display().to_string();
            (inline.ring(&shown, roles, target.is_loopback()), path)
        }
        (None, None) => return Ok(keys),
    };
    let from_file = from_file.map_err(|error| error.to_string())?;
    for (role, key) in from_file.iter() {
        if keys
            .key(role)
            .is_some_and(|other| other.expose_secret() != key.expose_secret())
        {
            return Err(format!(
                "{} and {} give different keys for `{role}`; drop one of them",
                crate::keys::variable(role),
                path.display()
            ));
        }
        keys.put(role.clone(), key.clone());
    }
    Ok(keys)
}

/// The environment; a variable of ours that is not UTF-8 is an error.
pub(crate) fn variables() -> Result<Vec<(String, String)>, String> {
    let mut found = Vec::new();
    for (name, value) in std::env::vars_os() {
        let Some(name) = name.to_str().filter(|name| name.starts_with("PTERO_")) else {
            continue;
        };
        match value.into_string() {
            Ok(value) => found.push((name.to_owned(), value)),
            Err(_) => return Err(format!("the variable {name} is not UTF-8")),
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::options::given;
    use crate::cli::outcome::not_begun;
    use crate::spec::Source;

    fn prepared(options: &RunOptions, filter: &str) -> (Prepared, Aim) {
        let specs = Specs::load(&Source::Embedded).unwrap();
        let selection = Selection {
            filters: vec![filter.to_owned()],
            exact: false,
        };
        let aim = Aim::of(options).unwrap();
        let prepared = prepare(options, &aim, &specs, &selection).unwrap();
        (prepared, aim)
    }

    /// A panel at an address, where `client` has a key; nothing is sent to it.
    fn elsewhere(folder: &tempfile::TempDir, more: &[&str]) -> RunOptions {
        let keys = folder.path().join("keys.yaml");
        let key = "Zk3".repeat(14);
        std::fs::write(&keys, format!("client: ptlc_{key}Z\n")).unwrap();
        let (keys, state) = (keys.to_str().unwrap(), folder.path().to_str().unwrap());
        let flags = [
            "--target-url",
            "http://127.0.0.1:9",
            "--profile",
            "pterodactyl-1.11",
        ];
        let files = ["--keys", keys, "--state-dir", state];
        given(&[&flags[..], &files, more].concat())
    }

    #[test]
    fn a_journal_is_kept_where_what_is_created_outlives_the_run() {
        const HERE: &str = "in a panel of this process alone";
        let folder = tempfile::tempdir().unwrap();
        let of = |options: &RunOptions| {
            let (prepared, aim) = prepared(options, "ip-locks/reading/get-api-client-account");
            let made = prepared.to_make(prepared.session.contract());
            let made: Vec<_> = made.iter().map(ToString::to_string).collect();
            let journal = prepared.journal(options, &aim).unwrap();
            let guarded = prepared
                .guard(options, &aim, &Interrupt::default())
                .unwrap();
            (made, journal, guarded.session.creations().is_some())
        };
        let without = of(&elsewhere(&folder, &[]));
        assert_eq!(without, (vec![], HERE.to_owned(), false));
        let (made, journal, is_kept) = of(&elsewhere(&folder, &["--allow-create-keys"]));
        assert_eq!(made, ["client-ip-locked"]);
        let wanted = format!("known until then in {}", folder.path().display());
        assert!(journal.starts_with(&wanted), "{journal}");
        assert!(is_kept);
        let (ours, aim) = prepared(&given(&[]), "lifecycle/keys");
        assert!(ours.may_create());
        assert_eq!(ours.journal(&given(&[]), &aim).unwrap(), HERE);
    }

    #[test]
    fn the_embedded_panel_answers_origins_that_it_is_said_to_answer() {
        let origins = |options: &RunOptions| {
            let (prepared, _) = prepared(options, "hardening/origins");
            prepared.session.facts().cors_origins.clone()
        };
        assert_eq!(origins(&given(&[])), [""; 0]);
        let mut options = given(&["--has", "cors-origins"]);
        options.complete().unwrap();
        assert_eq!(origins(&options), [ALLOWED_ORIGIN]);
    }

    /// Somebody has ended it before there was anything to judge.
    #[test]
    fn a_run_that_was_ended_before_it_began_is_interrupted() {
        let (prepared, _) = prepared(&given(&[]), "envelopes/head/no-key");
        let specs = Specs::load(&Source::Embedded).unwrap();
        let finished = prepared.finished(&specs, crate::moment::now(), false);
        let results = not_begun(finished, None);
        assert_eq!(results.exit_code, crate::report::exit::INTERRUPTED);
    }

    #[test]
    fn port_80_is_that_of_a_panel_with_tls_on_its_usual_port() {
        let plain = |url| {
            let target = Target::parse(url, true).unwrap();
            let way = plain(&given(&[]), &target).unwrap();
            way.map(|(_, base)| base.to_string())
        };
        let url = Some("http://panel.example.com/under".to_owned());
        assert_eq!(plain("https://panel.example.com/under/"), url);
        assert_eq!(plain("https://panel.example.com:8443"), None);
        assert_eq!(plain("http://panel.example.com"), None);
    }

    #[test]
    fn a_file_of_authorities_is_read() {
        let target = Target::parse("https://panel.example.com", false).unwrap();
        let path = "/no/such/authorities.pem";
        let message = open(&given(&["--ca-cert", path]), &target).err().unwrap();
        assert!(message.contains(path), "{message}");
    }
}
