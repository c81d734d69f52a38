//! What sets the families apart besides order, words, routes and limits of single routes.
//!
//! Each family is written as what it changes in the one before, so that the differences between
//! two families are the entries between them.

use super::family::Family;

/// The values and ways of a family.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is something that a family has or not"
)]
pub(super) struct Traits {
    /// How a key is read from `Authorization`.
    pub scheme: Scheme,
    /// Which keys open which API.
    pub key_types: KeyTypes,
    /// Whether keys can expire.
    pub keys_expire: bool,
    /// What new client keys begin with.
    pub client_prefix: &'static str,
    /// What new application keys begin with.
    pub application_prefix: &'static str,
    /// How many client keys a user may have.
    pub key_limit: usize,
    /// What a new key may be locked to.
    pub allowed_ips: AllowedIps,
    /// Whether a new key may be locked to `null`, which is to nothing.
    pub null_is_no_address: bool,
    /// Whether an address that cannot be read breaks a request with a code of its own.
    pub address_errors: bool,
    /// Requests per minute on the Client API.
    pub client_rate: u32,
    /// Requests per minute on the Application API.
    pub application_rate: u32,
    /// Who shares a rate limit.
    pub counted_by: CountedBy,
    /// Whether a node can be under maintenance.
    pub node_maintenance: bool,
    /// Whether what happens on a server can be read.
    pub server_activity: bool,
    /// The content type of redirects.
    pub redirect_type: &'static str,
    /// How often a user may change the e-mail address within a day.
    pub email_changes: Option<u32>,
    /// Which requests get a browser session.
    pub sessions: Sessions,
    /// The name of a session's cookie.
    pub session_cookie: &'static str,
    /// Who sees the front page, to which every path outside the API leads.
    pub front_page: FrontPage,
    /// Which texts in other languages are read.
    pub translations: Translations,
    /// Whether the headers of CORS are added, and preflights answered.
    pub cors: bool,
    /// Whether browsers are told what they must not do with an answer.
    pub security_headers: bool,
    /// Whether servers and users also have ids that are encoded UUIDs.
    pub encoded_ids: bool,
    /// Whether a power request without a signal is invalid before it is forbidden.
    pub power_by_signal: bool,
    /// Where guests of the pages are sent.
    pub login_page: &'static str,
    /// Whether a node that nobody knows is missing, and not refused.
    pub unknown_node_is_missing: bool,
}

/// How a key is read from `Authorization` (panel-facts §3, group 01).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    /// All that follows `Bearer ` at the start.
    AtStart,
    /// What follows the last `Bearer `, up to a comma.
    Last,
    /// The same in any case of letters.
    LastInAnyCase,
}

/// Which keys open which API (panel-facts §3, group 02).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyTypes {
    /// Only keys that were made for the API; others count as unknown.
    Own,
    /// Client API: all but application keys. Application API: all keys of administrators.
    Lenient,
}

/// What a new key may be locked to (panel-facts §9, group 10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AllowedIps {
    /// Any number of single addresses.
    Addresses,
    /// At most 50 addresses and ranges.
    Ranges,
}

/// Who shares a rate limit (panel-facts §7, group 12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CountedBy {
    /// Everybody at one address, with a key or without.
    Address,
    /// All keys of one user.
    User,
}

/// Which requests get a browser session (panel-facts §3, group 11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sessions {
    /// All but those with a key and JSON content.
    NearlyAll,
    /// Those that look like a browser's on the panel's own pages.
    Browsers,
}

/// Who sees the front page (group 07).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrontPage {
    /// Users who are logged in, which nobody is here.
    Users,
    Everybody,
}

/// Which texts in other languages are read (source: `LocaleController`; `LocaleRequest` came with 1.11.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Translations {
    /// Nothing is known: the path leads to the front page.
    Unknown,
    /// Those that the request names, whatever it names.
    Any,
    /// Those of languages and namespaces that can be some.
    Checked,
}

impl Family {
    /// The values and ways of the family.
    pub(super) const fn traits(self) -> &'static Traits {
        match self {
            Self::V1_7 => &V1_7,
            Self::V1_8 => &V1_8,
            Self::V1_10 => &V1_10,
            Self::V1_11 => &V1_11,
            Self::V1_11_9 => &V1_11_9,
            Self::V1_12 | Self::V1_14 => &V1_12,
            Self::Jexactyl => &JEXACTYL,
            Self::Pyrodactyl => &PYRODACTYL,
            Self::Pelican => &PELICAN,
        }
    }
}

const V1_7: Traits = Traits {
    scheme: Scheme::AtStart,
    key_types: KeyTypes::Own,
    keys_expire: false,
    client_prefix: "",
    application_prefix: "",
    key_limit: 5,
    allowed_ips: AllowedIps::Addresses,
    null_is_no_address: true,
    address_errors: false,
    client_rate: 720,
    application_rate: 240,
    counted_by: CountedBy::Address,
    node_maintenance: false,
    server_activity: false,
    redirect_type: "text/html; charset=UTF-8",
    email_changes: None,
    sessions: Sessions::NearlyAll,
    session_cookie: "pterodactyl_session",
    front_page: FrontPage::Users,
    translations: Translations::Unknown,
    cors: false,
    security_headers: false,
    encoded_ids: false,
    power_by_signal: false,
    login_page: "/auth/login",
    unknown_node_is_missing: false,
};

const V1_8: Traits = Traits {
    scheme: Scheme::Last,
    key_types: KeyTypes::Lenient,
    client_prefix: "ptlc_",
    application_prefix: "ptla_",
    counted_by: CountedBy::User,
    sessions: Sessions::Browsers,
    front_page: FrontPage::Everybody,
    cors: true,
    ..V1_7
};

const V1_10: Traits = Traits {
    key_limit: 25,
    server_activity: true,
    translations: Translations::Any,
    allowed_ips: AllowedIps::Ranges,
    ..V1_8
};

const V1_11: Traits = Traits {
    keys_expire: true,
    address_errors: true,
    node_maintenance: true,
    ..V1_10
};

const V1_11_9: Traits = Traits {
    redirect_type: "text/html; charset=utf-8",
    ..V1_11
};

const V1_12: Traits = Traits {
    scheme: Scheme::LastInAnyCase,
    client_rate: 256,
    application_rate: 256,
    email_changes: Some(3),
    translations: Translations::Checked,
    security_headers: true,
    encoded_ids: true,
    ..V1_11_9
};

// Its table of keys has no column for it, and its library of addresses is that of 1.10.
const JEXACTYL: Traits = Traits {
    keys_expire: false,
    address_errors: false,
    session_cookie: "jexactyl_session",
    ..V1_11
};

const PYRODACTYL: Traits = Traits {
    client_prefix: "pyro_",
    application_prefix: "pyro_",
    ..V1_11_9
};

const PELICAN: Traits = Traits {
    scheme: Scheme::LastInAnyCase,
    client_prefix: "pacc_",
    application_prefix: "papp_",
    power_by_signal: true,
    session_cookie: "pelican_session",
    login_page: "/login",
    null_is_no_address: false,     // group 10: 422
    unknown_node_is_missing: true, // group 02: 404
    ..V1_11_9
};
