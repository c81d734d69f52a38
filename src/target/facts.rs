//! What an operator says of a target: it is agreed, and so it is no deviation.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;

use crate::spec::{Api, Contract, Profile, nearest};

/// What an operator says of a target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The states that it is in.
    pub has: BTreeSet<String>,
    /// Limits that it has instead of the profile's.
    pub limits: Limits,
    /// Foreign origins that it lets in.
    pub cors_origins: Vec<String>,
    /// Ids that exist, by API and path parameter.
    pub ids: BTreeMap<(Api, String), String>,
}

/// Limits that a target has instead of the profile's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Client API, requests per minute and user.
    #[serde(default)]
    pub client: Option<u32>,
    /// Application API, requests per minute and user.
    #[serde(default)]
    pub application: Option<u32>,
    /// Client keys that a user may have.
    #[serde(default)]
    pub keys: Option<u32>,
}

impl Limits {
    /// The limit of requests to an API, if it was said.
    #[must_use]
    pub const fn of(&self, api: Api) -> Option<u32> {
        match api {
            Api::Client => self.client,
            Api::Application => self.application,
        }
    }
}

impl Facts {
    /// The profile with what is agreed in the place of what is usual.
    #[must_use]
    pub fn agreed(&self, profile: &Arc<Profile>) -> Arc<Profile> {
        if self.limits == Limits::default() && self.cors_origins.is_empty() {
            return Arc::clone(profile);
        }
        let mut agreed = Profile::clone(profile);
        let limits = &mut agreed.limits;
        limits.client = self.limits.client.unwrap_or(limits.client);
        limits.application = self.limits.application.unwrap_or(limits.application);
        limits.keys = self.limits.keys.unwrap_or(limits.keys);
        agreed.allowed_origin = self.cors_origins.first().cloned();
        Arc::new(agreed)
    }

    /// Checks that every state and every id is one that the specification knows.
    ///
    /// # Errors
    ///
    /// Which is none, and what was perhaps meant.
    pub fn check(&self, contract: &Contract) -> Result<(), String> {
        let known = || {
            contract
                .states
                .iter()
                .map(|state| state.name.value.as_str())
        };
        if let Some(wrong) = self.has.iter().find(|name| contract.state(name).is_none()) {
            return Err(unknown("state", wrong, known()));
        }
        for (api, name) in self.ids.keys() {
            if contract.inventory.parameter(*api, name).is_none() {
                let of_api = contract.inventory.parameters.iter();
                let of_api = of_api.filter(|parameter| parameter.api == *api);
                let known = of_api.map(|parameter| parameter.name.value.as_str());
                return Err(unknown(
                    &format!("path parameter of the {api} API"),
                    name,
                    known,
                ));
            }
        }
        Ok(())
    }
}

fn unknown<'n>(what: &str, wrong: &str, known: impl Iterator<Item = &'n str>) -> String {
    let known: Vec<_> = known.collect();
    let near = nearest(wrong, known.iter().copied());
    let near = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
    format!(
        "there is no {what} `{wrong}`{near} There are: {}",
        known.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contract() -> Contract {
        Contract::embedded().unwrap()
    }

    #[test]
    fn agreed_limits_take_the_place_of_the_profiles() {
        let contract = contract();
        let profile = contract.profile("pterodactyl-1.11").unwrap();
        let facts = Facts {
            limits: Limits {
                client: Some(1200),
                ..Limits::default()
            },
            ..Facts::default()
        };
        let agreed = facts.agreed(profile);
        assert_eq!(
            (agreed.limits.client, agreed.limits.application),
            (1200, 240)
        );
        assert_eq!(Facts::default().agreed(profile).limits, profile.limits);
    }

    #[test]
    fn a_parameter_is_one_of_its_own_api() {
        let contract = contract();
        let said = |api, name: &str| {
            let facts = Facts {
                ids: [((api, name.to_owned()), "1".to_owned())].into(),
                ..Facts::default()
            };
            facts.check(&contract).err()
        };
        assert_eq!(said(Api::Application, "location"), None);
        let wrong = said(Api::Application, "locatoin").unwrap();
        assert!(
            wrong.contains("path parameter of the application API"),
            "{wrong}"
        );
        assert!(wrong.contains("did you mean `location`"), "{wrong}");
        let elsewhere = said(Api::Client, "location").unwrap();
        assert!(
            elsewhere.contains("path parameter of the client API"),
            "{elsewhere}"
        );
        assert!(
            !elsewhere.contains("did you mean `location`"),
            "{elsewhere}"
        );
    }

    #[test]
    fn the_first_origin_is_the_one_that_is_asked_with() {
        let contract = contract();
        let profile = contract.profile("pterodactyl-1.11").unwrap();
        let facts = Facts {
            cors_origins: vec![
                "https://a.example".to_owned(),
                "https://b.example".to_owned(),
            ],
            ..Facts::default()
        };
        let agreed = facts.agreed(profile);
        assert_eq!(agreed.allowed_origin.as_deref(), Some("https://a.example"));
        assert_eq!(Facts::default().agreed(profile).allowed_origin, None);
    }

    #[test]
    fn what_nobody_knows_is_refused() {
        let state = Facts {
            has: ["maintenence".to_owned()].into(),
            ..Facts::default()
        };
        let message = state.check(&contract()).unwrap_err();
        assert!(message.contains("did you mean `maintenance`?"), "{message}");
        let id = Facts {
            ids: [((Api::Client, "servr".to_owned()), "x".to_owned())].into(),
            ..Facts::default()
        };
        let message = id.check(&contract()).unwrap_err();
        assert!(message.contains("did you mean `server`?"), "{message}");
    }
}
