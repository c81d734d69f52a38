//! The reference panel as a target: which family, words, limits and prefixes a profile asks for.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, LazyLock};

use crate::keys::Keyring;
use crate::reference::{
    Api as PanelApi, Clock, Family, Fault, Faults, Panel, SystemClock, TwoFactorRequired, Wings,
    Wording, World, WorldError,
};
use crate::spec::{Api, Contract, Profile, Ruling};

/// Why there is no panel for a profile.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// The built-in specification has no such profile.
    #[error("the reference panel knows no profile `{0}`; it plays: {1}")]
    Profile(String, String),
    /// The profile names a family that is not played.
    #[error("the reference panel does not play the family `{0}`")]
    Family(String),
    /// The panel cannot be brought into the state.
    #[error("the reference panel cannot be put into the state `{0}`; it can into: {states}", states = STATES.join(", "))]
    State(String),
    /// The family has no such route, or the route lacks that check there.
    #[error("`{0}` is no fault of {1}, which has no such route or no such check on it")]
    Fault(Fault, Family),
    /// The world cannot be made.
    #[error(transparent)]
    World(#[from] WorldError),
    /// The built-in specification cannot be read.
    #[error("the built-in specification cannot be read: {0}")]
    Contract(String),
}

/// A panel that behaves as the profile's family does, in the profile's words.
///
/// The profile is always the built-in one of that name: what the judge is told by other files,
/// the panel never hears. Of it, only words, limits, prefixes and the family count: in which
/// order the panel checks, and what it answers, is its own. Only of routes that no panel has by
/// itself the world may tell it, by `World::added`.
///
/// # Errors
///
/// When nothing is known about the profile, or the world cannot be made.
pub fn embedded_panel(profile: &str, world: World, faults: Faults) -> Result<Panel, EmbeddedError> {
    embedded_panel_with_clock(profile, world, faults, Arc::new(SystemClock))
}

/// The same, whose rate windows and dates follow another clock.
///
/// # Errors
///
/// As [`embedded_panel`].
pub fn embedded_panel_with_clock(
    profile: &str,
    world: World,
    faults: Faults,
    clock: Arc<dyn Clock>,
) -> Result<Panel, EmbeddedError> {
    let stock = built_in()?;
    panel_of(&stock, profile, world, faults, clock)
}

/// The built-in contract, from which every panel has its words; it is read once.
pub(crate) fn built_in() -> Result<Arc<Contract>, EmbeddedError> {
    static READ: LazyLock<Result<Arc<Contract>, String>> = LazyLock::new(|| {
        Contract::embedded().map(Arc::new).map_err(|troubles| {
            let first = troubles.first().map(ToString::to_string);
            first.unwrap_or_default()
        })
    });
    READ.clone().map_err(EmbeddedError::Contract)
}

/// The built-in contract, where another was read already: that one, if no file of it is another.
pub(crate) fn built_in_beside(read: &Arc<Contract>) -> Result<Arc<Contract>, EmbeddedError> {
    if read.is_built_in() {
        Ok(Arc::clone(read))
    } else {
        built_in()
    }
}

/// The same with the built-in contract at hand, for whoever needs many panels.
pub(crate) fn panel_of(
    contract: &Contract,
    profile: &str,
    world: World,
    faults: Faults,
    clock: Arc<dyn Clock>,
) -> Result<Panel, EmbeddedError> {
    let Some(profile) = contract.profile(profile) else {
        let known: Vec<_> = contract
            .profiles
            .iter()
            .map(|p| p.name.value.as_str())
            .collect();
        return Err(EmbeddedError::Profile(profile.to_owned(), known.join(", ")));
    };
    let family: Family = profile
        .family
        .parse()
        .map_err(|_| EmbeddedError::Family(profile.family.clone()))?;
    if let Some(fault) = faults
        .iter()
        .find(|fault| !fault.is_possible_in(family, &world.added))
    {
        return Err(EmbeddedError::Fault(fault, family));
    }
    Ok(Panel::with_clock(
        family,
        with_settings(world, profile),
        wording(profile),
        faults,
        clock,
    )?)
}

/// The states that the reference panel can be in.
const STATES: [&str; 8] = [
    "two-factor-required",
    "two-factor-required-admins",
    "maintenance",
    "suspended-server",
    "trusted-proxies",
    "cors-origins",
    "public-edge",
    "daemon-unreachable",
];

/// The foreign origin that a panel in the state `cors-origins` lets in.
pub const ALLOWED_ORIGIN: &str = "https://shop.example.com";

/// An address from which nobody in a private network comes (RFC 5737, for documentation).
const PUBLIC: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7));

/// Brings a panel into a state, before it begins.
///
/// # Errors
///
/// When the reference panel has no such state.
pub fn put_into(state: &str, world: &mut World) -> Result<(), EmbeddedError> {
    let settings = &mut world.settings;
    match state {
        "two-factor-required" => settings.two_factor_required = TwoFactorRequired::All,
        "two-factor-required-admins" => settings.two_factor_required = TwoFactorRequired::Admins,
        "maintenance" => settings.maintenance = true,
        "trusted-proxies" => settings.trusted_proxies = vec!["*".to_owned()],
        "cors-origins" => settings.cors_origins = vec![ALLOWED_ORIGIN.to_owned()],
        "public-edge" => settings.caller = Some(PUBLIC),
        "daemon-unreachable" => settings.wings = Wings::Unreachable,
        // The embedded world has one from the start.
        "suspended-server" => {}
        other => return Err(EmbeddedError::State(other.to_owned())),
    }
    Ok(())
}

/// How many requests a minute a limited panel allows: what it does with the next one does not
/// depend on how many there were.
const FEW: u32 = 30;

/// Gives a panel limits that are soon spent.
pub fn limit(world: &mut World) {
    world.settings.enforce_limits = true;
    world.settings.client_rate = Some(FEW);
    world.settings.application_rate = Some(FEW);
}

/// The keys of a panel in this process that scenarios have roles for.
///
/// # Errors
///
/// When the panel names a role as no role is named, or has a key that is none.
pub fn embedded_keys(panel: &Panel, contract: &Contract) -> Result<Keyring, String> {
    let mut keys = Keyring::default();
    for (role, key) in panel.keys() {
        let role = role
            .parse()
            .map_err(|error| format!("the embedded panel: {error}"))?;
        if contract.roles.real(&role).is_some() {
            keys.add(&role, key, "the embedded panel")
                .map_err(|error| error.to_string())?;
        }
    }
    Ok(keys)
}

fn with_settings(mut world: World, profile: &Profile) -> World {
    let settings = &mut world.settings;
    // What the world says itself is not changed.
    let limits = &profile.limits;
    settings.client_rate.get_or_insert(limits.client);
    settings.application_rate.get_or_insert(limits.application);
    settings.key_limit.get_or_insert(limits.keys as usize);
    let prefixes = profile.prefixes.clone();
    settings.client_prefix.get_or_insert(prefixes.client);
    settings
        .application_prefix
        .get_or_insert(prefixes.application);
    world
}

fn wording(profile: &Profile) -> Wording {
    let mut wording = Wording::default();
    for (condition, ruling) in &profile.answers {
        if let Some((code, detail)) = words(&ruling.value) {
            wording.set(&condition.to_string(), code, &detail);
        }
    }
    for (api, panel_api) in [
        (Api::Client, PanelApi::Client),
        (Api::Application, PanelApi::Application),
    ] {
        for (condition, ruling) in &profile.api(api).answers {
            if let Some((code, detail)) = words(&ruling.value) {
                wording.set_for(panel_api, &condition.to_string(), code, &detail);
            }
        }
    }
    wording
}

/// Code and detail of an answer that states both; the places in the detail have the same names
/// at the panel, but no `$`.
fn words(ruling: &Ruling) -> Option<(&str, String)> {
    let Ruling::Refused(answer) = ruling else {
        return None;
    };
    Some((
        answer.code.as_deref()?,
        answer.detail.as_ref()?.replace("${", "{"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::tests::{profile, results, session};
    use crate::verdict::Verdict;

    #[test]
    fn a_limited_panel_says_so_on_both_apis() {
        let mut world = World::embedded();
        limit(&mut world);
        let settings = &world.settings;
        assert!(settings.enforce_limits);
        assert_eq!(settings.client_rate, Some(FEW));
        assert_eq!(settings.application_rate, Some(FEW));
    }

    #[tokio::test]
    async fn a_panel_speaks_in_the_words_of_its_profile() {
        for name in ["pterodactyl-1.7", "pterodactyl-1.14"] {
            let session = session(&profile(name));
            for id in [
                "authentication/no-key/every-route/get-api-client",
                "limits/shown/counted/wrong-key-type",
                "limits/shown/counted/missing-user",
            ] {
                let result = results(&session, &[id]).await.remove(0);
                assert_eq!(result.verdict, Ok(Verdict::Conforms), "{id} of {name}");
            }
        }
    }
}
