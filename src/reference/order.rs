//! The order of checks: the first that fails decides the answer.
//!
//! Before these stand, for every path: the web server, CORS preflight, maintenance, and whether
//! the route exists (`respond`). The order is hand-written from what real panels answered
//! when two things were wrong at once (panel-facts §2; panel-observed, "Order of checks").

use super::{checks, errors::Refusal, family::Family, inquiry::Inquiry, routes::Api};

/// One check of a request that has a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Check {
    /// A browser's write needs a CSRF token: 419.
    Csrf,
    /// There must be a key, and it must be known: 401.
    Credential,
    /// JSON content must be JSON: 400.
    WellFormedJson,
    /// Two-factor authentication, where the panel demands it: 400.
    TwoFactor,
    /// The address must be among those of the key: 403.
    Address,
    /// What the path names must exist: 404.
    Binding,
    /// The key must be of the type of the API: 403.
    KeyType,
    /// The rate limit of the user: 429.
    Quota,
    /// The server must be one that the user can see: 404.
    Ownership,
    /// The server must be usable now: 409.
    ServerState,
    /// What the key or the subuser may do: 403.
    Permission,
    /// The fields of the content: 422.
    Fields,
    /// The node must answer, for routes that need it: 504.
    Daemon,
}

/// The checks of an API in their order.
const fn order(family: Family, api: Api) -> &'static [Check] {
    match (family, api) {
        (Family::V1_11, Api::Client) => &[
            Check::Csrf,           // group 11: 419 also with a valid key
            Check::Credential,     // group 06: malformed JSON without a key is 401
            Check::WellFormedJson, // group 04: before the address
            Check::TwoFactor,      // group 13: before address and key type
            Check::Address,        // group 04: before a missing server
            Check::Binding,        // group 02: a missing server is 404 to any key
            Check::KeyType,        // group 12: 403 without X-RateLimit
            Check::Quota,          // group 08: another user's server counts
            Check::Ownership,
            Check::ServerState,
            Check::Permission, // group 08: a subuser's empty content is 403
            Check::Fields,
            Check::Daemon,
        ],
        (Family::V1_11, Api::Application) => &[
            Check::Csrf,
            Check::Credential,
            Check::WellFormedJson,
            Check::TwoFactor,
            Check::Address,
            Check::Quota,   // group 12: 403 and 404 count and carry X-RateLimit
            Check::Binding, // group 03: a missing id is 404 to a key without permission
            Check::KeyType, // group 02: 403 with X-RateLimit
            Check::Permission,
            Check::Fields,
            Check::Daemon,
        ],
    }
}

/// Runs the checks of the route's API. This is the one place where faults leave checks out.
pub(super) fn examine(inquiry: &mut Inquiry<'_>, api: Api) -> Result<(), Refusal> {
    for check in order(inquiry.panel.family, api) {
        if !is_left_out(*check, inquiry) {
            run(*check, inquiry)?;
        }
    }
    Ok(())
}

/// Whoever is taken for an owner is not asked for permissions either.
fn is_left_out(check: Check, inquiry: &Inquiry<'_>) -> bool {
    let faults = &inquiry.panel.faults;
    let is_taken_for_owner = || {
        check == Check::Permission
            && faults.leave_out(Check::Ownership)
            && checks::is_stranger(inquiry)
    };
    faults.leave_out(check) || is_taken_for_owner()
}

fn run(check: Check, inquiry: &mut Inquiry<'_>) -> Result<(), Refusal> {
    match check {
        Check::Csrf => checks::csrf(inquiry),
        Check::Credential => checks::credential(inquiry),
        Check::WellFormedJson => checks::well_formed_json(inquiry),
        Check::TwoFactor => checks::two_factor(inquiry),
        Check::Address => checks::address(inquiry),
        Check::Binding => super::binding::bind(inquiry),
        Check::KeyType => checks::key_type(inquiry),
        Check::Quota => checks::quota(inquiry),
        Check::Ownership => checks::ownership(inquiry),
        Check::ServerState => checks::server_state(inquiry),
        Check::Permission => checks::permission(inquiry),
        Check::Fields => checks::fields(inquiry),
        Check::Daemon => checks::daemon(inquiry),
    }
}
