//! What an administrator of the panel sets.

use serde::Deserialize;

/// Settings of a panel; the defaults are those of a fresh 1.11.8 with a daemon.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Address of the panel itself, without a slash at the end; by default what `Host` says.
    pub base_url: Option<String>,
    /// Whether nodes answer the panel.
    pub wings: Wings,
    /// Whether errors show where they come from.
    pub debug: bool,
    /// Who must have two-factor authentication.
    pub two_factor_required: TwoFactorRequired,
    /// Whether everything is answered with 503.
    pub maintenance: bool,
    /// `Retry-After` during maintenance, in seconds; none by default.
    pub maintenance_retry_after: Option<u32>,
    /// Proxies that may name the caller in `X-Forwarded-For`: addresses, ranges, or `*`.
    pub trusted_proxies: Vec<String>,
    /// Requests per minute and user on the Client API; 720 by default.
    pub client_rate: u32,
    /// Requests per minute and user on the Application API; 240 by default.
    pub application_rate: u32,
    /// Whether a spent limit refuses; if not, it is only advertised, and what remains stops at 0.
    /// True by default.
    pub enforce_limits: bool,
    /// How many client keys a user may have; 25 by default.
    pub key_limit: usize,
    /// What new client keys begin with; `ptlc_` by default.
    pub client_prefix: String,
    /// What new application keys begin with; `ptla_` by default.
    pub application_prefix: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            base_url: None,
            wings: Wings::Reachable,
            debug: false,
            two_factor_required: TwoFactorRequired::None,
            maintenance: false,
            maintenance_retry_after: None,
            trusted_proxies: Vec::new(),
            client_rate: 720,
            application_rate: 240,
            enforce_limits: true,
            key_limit: 25,
            client_prefix: "ptlc_".to_owned(),
            application_prefix: "ptla_".to_owned(),
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
