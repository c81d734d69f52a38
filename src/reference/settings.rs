//! What an administrator of the panel sets.

use std::net::IpAddr;

use serde::Deserialize;

use super::{
    family::Family,
    keys::KeyType,
    limits::{Limit, MINUTE},
    routes::Api,
};

/// Settings of a panel; the defaults are those of a fresh one with a daemon.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent switches of an administrator"
)]
pub struct Settings {
    /// Address of the panel itself, without a slash at the end; by default what `Host` says.
    pub base_url: Option<String>,
    /// Whether nodes answer the panel.
    pub wings: Wings,
    /// Whether a fork leaves out the checks that it left out when it was released.
    pub holes: bool,
    /// Whether errors show where they come from.
    pub debug: bool,
    /// Who must have two-factor authentication.
    pub two_factor_required: TwoFactorRequired,
    /// Whether everything is answered with 503.
    pub maintenance: bool,
    /// `Retry-After` during maintenance, in seconds; none by default.
    pub maintenance_retry_after: Option<u32>,
    /// Whether the web server refuses the route of translations, as the advisory has it done on
    /// panels that are not updated (GHSA-24wv-6c99-f843).
    pub translations_refused: bool,
    /// Proxies that may name the caller in `X-Forwarded-For`: addresses, ranges, or `*`.
    pub trusted_proxies: Vec<String>,
    /// Foreign origins that may read answers (`APP_CORS_ALLOWED_ORIGINS`).
    pub cors_origins: Vec<String>,
    /// The address from which every request comes; by default that of the connection.
    pub caller: Option<IpAddr>,
    /// Requests per minute on the Client API; by default as many as the family allows.
    pub client_rate: Option<u32>,
    /// Requests per minute on the Application API; by default as many as the family allows.
    pub application_rate: Option<u32>,
    /// Whether a spent limit refuses; if not, it is only advertised, and counted anew when it is spent.
    /// True by default.
    pub enforce_limits: bool,
    /// Whether users may give their servers allocations themselves. True by default.
    pub auto_allocation: bool,
    /// How many client keys a user may have; by default as many as the family allows.
    pub key_limit: Option<usize>,
    /// What new client keys begin with; by default what the family begins them with.
    pub client_prefix: Option<String>,
    /// What new application keys begin with; by default what the family begins them with.
    pub application_prefix: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            base_url: None,
            wings: Wings::Reachable,
            holes: false,
            debug: false,
            two_factor_required: TwoFactorRequired::None,
            maintenance: false,
            maintenance_retry_after: None,
            translations_refused: false,
            trusted_proxies: Vec::new(),
            cors_origins: Vec::new(),
            caller: None,
            client_rate: None,
            application_rate: None,
            enforce_limits: true,
            auto_allocation: true,
            key_limit: None,
            client_prefix: None,
            application_prefix: None,
        }
    }
}

impl Settings {
    /// What new keys of a type begin with.
    pub(super) fn prefix(&self, key_type: KeyType, family: Family) -> &str {
        let (set, own) = match key_type {
            KeyType::Client => (&self.client_prefix, family.traits().client_prefix),
            KeyType::Application | KeyType::Legacy => {
                (&self.application_prefix, family.traits().application_prefix)
            }
        };
        set.as_deref().unwrap_or(own)
    }

    /// The limit of requests to an API.
    pub(super) fn rate(&self, api: Api, family: Family) -> Limit {
        let (set, own) = match api {
            Api::Client => (self.client_rate, family.traits().client_rate),
            Api::Application => (self.application_rate, family.traits().application_rate),
        };
        Limit {
            times: set.unwrap_or(own),
            within: MINUTE,
        }
    }
}

/// Whether nodes answer the panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wings {
    /// Routes that need the node succeed.
    Reachable,
    /// Routes that need the node answer 504.
    Unreachable,
}

/// Who must have two-factor authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TwoFactorRequired {
    /// Nobody.
    None,
    /// Administrators.
    Admins,
    /// Everybody.
    All,
}
