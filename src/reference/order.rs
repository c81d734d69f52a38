//! The order of checks: the first that fails decides the answer.
//!
//! Before these stand, for every path: the web server, CORS preflight, maintenance, and whether
//! the route exists (`respond`). The orders are hand-written from what real panels answered
//! when two things were wrong at once (panel-facts §2; panel-observed, "Order of checks").

use super::{
    binding::{self, Part},
    checks,
    errors::Refusal,
    family::Family,
    faults,
    inquiry::Inquiry,
    routes::Api,
};

/// One check of a request that has a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Check {
    /// A browser's write needs a CSRF token: 419.
    Csrf,
    /// There must be a key, and it must be known: 401, in 1.7 also 403.
    Credential,
    /// JSON content must be JSON: 400, in 1.7 also 500.
    WellFormedJson,
    /// Two-factor authentication, where the panel demands it: 400.
    TwoFactor,
    /// The address must be among those of the key: 403.
    Address,
    /// Databases, backups and users of the path must exist somewhere: 404.
    Existence,
    /// What the path names must exist: 404.
    Binding(Part),
    /// The key must be of the type of the API: 403.
    KeyType,
    /// The user must be an administrator: 403.
    Administrator,
    /// The rate limit of the API: 429.
    Quota,
    /// The limit of the single route: 429.
    RouteQuota,
    /// The server must be one that the user can see: 404.
    Ownership,
    /// The server must be usable now: 409.
    ServerState,
    /// What the key or the subuser may do: 403.
    Permission,
    /// The fields of the content: 422.
    Fields,
    /// What the subuser may do, where only the action asks for it: 403.
    ActionPermission,
    /// The node must answer, for routes that need it: 504.
    Daemon,
}

/// The checks of an API in their order.
const fn order(family: Family, api: Api) -> &'static [Check] {
    match (family.base(), api) {
        (_, Api::Client) if matches!(family, Family::Pelican) => PELICAN_CLIENT,
        (_, Api::Application) if matches!(family, Family::Pelican) => PELICAN_APPLICATION,
        (Family::V1_7, Api::Client) => V1_7_CLIENT,
        (Family::V1_7, Api::Application) => V1_7_APPLICATION,
        (Family::V1_8 | Family::V1_10 | Family::V1_11, Api::Client) => V1_8_CLIENT,
        (Family::V1_8 | Family::V1_10 | Family::V1_11 | Family::V1_11_9, Api::Application) => {
            V1_8_APPLICATION
        }
        (Family::V1_11_9, Api::Client) => V1_11_9_CLIENT,
        (_, Api::Client) => V1_12_CLIENT,
        (_, Api::Application) => V1_12_APPLICATION,
    }
}

const V1_7_CLIENT: &[Check] = &[
    Check::WellFormedJson, // group 06: before any look at the key
    Check::Quota,          // group 12: requests without a key count and get 429
    Check::RouteQuota,
    Check::Existence,  // route sweep: a missing backup is 404 without a key
    Check::Credential, // group 02: before a missing server
    Check::KeyType,    // group 04: before the address
    Check::Address,    // group 13: before two-factor authentication
    Check::TwoFactor,
    Check::Binding(Part::Server),
    Check::Ownership,
    Check::ServerState,
    Check::Binding(Part::Unique),
    Check::Permission,              // route sweep: 403 also for a missing schedule
    Check::Binding(Part::Numbered), // panel-facts §2: "FormRequest"
    Check::Fields,
    Check::ActionPermission, // route sweep: deleting a missing task is 404
    Check::Daemon,
];

const V1_7_APPLICATION: &[Check] = &[
    Check::WellFormedJson,
    Check::Quota,
    Check::RouteQuota,
    Check::Credential,
    Check::KeyType,       // group 02: an administrator's client key is 403
    Check::Administrator, // group 13: two-factor authentication is not asked for
    Check::Address,
    Check::Permission, // group 03: a missing id is 403 to a key without permission
    Check::Binding(Part::All),
    Check::Fields,
    Check::Daemon,
];

const V1_8_CLIENT: &[Check] = &[
    Check::Csrf,               // group 11: 419 also with a valid key
    Check::Credential,         // group 06: malformed JSON without a key is 401
    Check::WellFormedJson,     // group 04: before the address
    Check::TwoFactor,          // group 13: before address and key type
    Check::Address,            // group 04: before a missing server
    Check::Binding(Part::All), // group 02: a missing server is 404 to any key
    Check::KeyType,            // group 12: 403 without X-RateLimit
    Check::Quota,              // group 08: another user's server counts
    Check::RouteQuota,
    Check::Ownership,
    Check::ServerState,
    Check::Permission, // group 08: a subuser's empty content is 403
    Check::Fields,
    Check::ActionPermission,
    Check::Daemon,
];

const V1_8_APPLICATION: &[Check] = &[
    Check::Csrf,
    Check::Credential,
    Check::WellFormedJson,
    Check::TwoFactor,
    Check::Address,
    Check::Quota, // group 12: 403 and 404 count and carry X-RateLimit
    Check::RouteQuota,
    Check::Binding(Part::All), // group 03: a missing id is 404 to a key without permission
    Check::Administrator,      // group 02: 403 with X-RateLimit
    Check::Permission,
    Check::Fields,
    Check::Daemon,
];

const V1_11_9_CLIENT: &[Check] = &[
    Check::Csrf,
    Check::Credential,
    Check::WellFormedJson,
    Check::TwoFactor,
    Check::Address,
    Check::Quota, // group 12: before a missing server, 429 instead of 404
    Check::RouteQuota,
    Check::Binding(Part::All),
    Check::KeyType, // group 02: 403 with X-RateLimit
    Check::Ownership,
    Check::ServerState,
    Check::Permission,
    Check::Fields,
    Check::ActionPermission,
    Check::Daemon,
];

const V1_12_CLIENT: &[Check] = &[
    Check::Csrf,
    Check::Credential,
    Check::WellFormedJson,
    Check::TwoFactor,
    Check::Address,
    Check::Binding(Part::All),
    Check::KeyType,
    Check::Quota, // group 18: not for a missing server or an application key
    Check::Ownership,
    Check::ServerState,
    Check::RouteQuota, // group 18: a stranger's 404 does not count, a subuser's 403 does
    Check::Permission,
    Check::Fields,
    Check::ActionPermission,
    Check::Daemon,
];

const V1_12_APPLICATION: &[Check] = &[
    Check::Csrf,
    Check::Credential,
    Check::WellFormedJson,
    Check::TwoFactor,
    Check::Address,
    Check::Binding(Part::All), // group 18: a missing id is 404 without X-RateLimit
    Check::Administrator,      // group 18: 403 without X-RateLimit
    Check::Quota,              // group 18: before the permission
    Check::RouteQuota,
    Check::Permission,
    Check::Fields,
    Check::Daemon,
];

// Observed "Also observed: pelican-beta25", "order": counted and bound as soon as the key is known.
const PELICAN_CLIENT: &[Check] = &[
    Check::Csrf,
    Check::Credential,
    Check::Quota,
    Check::RouteQuota,
    Check::Binding(Part::All), // also for a key that is locked to another address
    Check::WellFormedJson,     // 404 for a missing server, whatever the content
    Check::TwoFactor,
    Check::Address,
    Check::KeyType,
    Check::Ownership,
    Check::ServerState,
    Check::Permission,
    Check::Fields,
    Check::ActionPermission,
    Check::Daemon,
];

const PELICAN_APPLICATION: &[Check] = &[
    Check::Csrf,
    Check::Credential,
    Check::Quota,
    Check::RouteQuota,
    Check::Binding(Part::All),
    Check::WellFormedJson,
    Check::TwoFactor,
    Check::Address,
    Check::Administrator,
    Check::Permission,
    Check::Fields,
    Check::Daemon,
];

/// Runs the checks of the route's API; faults change their order, and answer instead of them.
pub(super) fn examine(inquiry: &mut Inquiry<'_>, api: Api) -> Result<(), Refusal> {
    let panel = inquiry.panel;
    for check in faults::ordered(&panel.faults, order(panel.family, api)) {
        match faults::instead(check, inquiry) {
            Some(verdict) => verdict?,
            None => run(check, inquiry)?,
        }
    }
    faults::finally(inquiry)
}

/// What a check says of a request.
pub(super) fn run(check: Check, inquiry: &mut Inquiry<'_>) -> Result<(), Refusal> {
    match check {
        Check::Csrf => checks::csrf(inquiry),
        Check::Credential => checks::credential(inquiry),
        Check::WellFormedJson => checks::well_formed_json(inquiry),
        Check::TwoFactor => checks::two_factor(inquiry),
        Check::Address => checks::address(inquiry),
        Check::Existence => binding::exist(inquiry),
        Check::Binding(part) => binding::bind(inquiry, part),
        Check::KeyType => checks::key_type(inquiry),
        Check::Administrator => checks::administrator(inquiry),
        Check::Quota => checks::quota(inquiry),
        Check::RouteQuota => checks::route_quota(inquiry),
        Check::Ownership => checks::ownership(inquiry),
        Check::ServerState => checks::server_state(inquiry),
        Check::Permission => checks::permission(inquiry),
        Check::Fields => checks::fields(inquiry),
        Check::ActionPermission => checks::action_permission(inquiry),
        Check::Daemon => checks::daemon(inquiry),
    }
}
