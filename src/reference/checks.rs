//! The checks themselves; their order is in [`super::order`].

use super::{
    content,
    errors::Refusal,
    inquiry::{Caller, Inquiry},
    ip::AddressRange,
    keys::{self, KeyType},
    limits::{Counted, Limit, Quota, RouteLimit, SharedBy},
    routes::{Api, OpenTo, Permission},
    session,
    settings::{TwoFactorRequired, Wings},
    traits::{CountedBy, KeyTypes},
    validation,
    wording::Condition,
    world::{Access, Resource, Server, ServerState},
};

/// What a check says of a request.
pub(super) type Verdict = Result<(), Refusal>;

/// Logging in is not part of this panel, so no browser session has a token: every write of a
/// browser is refused.
pub(super) fn csrf(inquiry: &mut Inquiry<'_>) -> Verdict {
    let incoming = inquiry.incoming;
    let writes = !incoming.method.is_safe();
    if writes && session::is_stateful(incoming, inquiry.base_url, inquiry.traits()) {
        return Err(inquiry.refuse(Condition::Csrf));
    }
    Ok(())
}

pub(super) fn credential(inquiry: &mut Inquiry<'_>) -> Verdict {
    let Some(sent) = keys::sent(inquiry.incoming, inquiry.traits().scheme) else {
        return Err(inquiry.refuse(Condition::NoKey));
    };
    let (now, keys_expire) = (inquiry.now(), inquiry.traits().keys_expire);
    let found = keys::find(&mut inquiry.state.keys, sent);
    let valid = found.filter(|key| !(key.expired && keys_expire));
    let key = valid.map(|key| {
        key.last_used_at = Some(now);
        key.clone()
    });
    let caller = key.and_then(|key| {
        let user = inquiry.state.user(&key.owner)?.clone();
        Some(Caller { user, key })
    });
    match caller {
        Some(caller) => inquiry.identify(caller),
        None => return Err(inquiry.refuse(Condition::UnknownKey)),
    }
    Ok(())
}

pub(super) fn well_formed_json(inquiry: &mut Inquiry<'_>) -> Verdict {
    let Some(malformed) = content::malformed(inquiry.incoming) else {
        return Ok(());
    };
    if session::is_missed(inquiry.incoming, inquiry.traits()) {
        return Err(Refusal::broken("RuntimeException"));
    }
    let number = malformed.number.to_string();
    let places = [("why", malformed.reason), ("number", &number)];
    let keyless = keys::sent(inquiry.incoming, inquiry.traits().scheme).is_none();
    let condition = if keyless {
        Condition::KeylessMalformedJson
    } else {
        Condition::MalformedJson
    };
    Err(inquiry.refuse_with(condition, &places))
}

pub(super) fn two_factor(inquiry: &mut Inquiry<'_>) -> Verdict {
    let user = &inquiry.caller()?.user;
    let demanded = match inquiry.state.world.settings.two_factor_required {
        TwoFactorRequired::None => false,
        TwoFactorRequired::Admins => user.root_admin,
        TwoFactorRequired::All => true,
    };
    if demanded && !user.two_factor && !inquiry.route.without_two_factor {
        return Err(inquiry.refuse(Condition::TwoFactorRequired));
    }
    Ok(())
}

/// An entry that is no range breaks the request, unless an earlier one admits the address.
pub(super) fn address(inquiry: &mut Inquiry<'_>) -> Verdict {
    let allowed = &inquiry.caller()?.key.allowed_ips;
    if allowed.is_empty() {
        return Ok(());
    }
    let address = inquiry.address();
    for entry in allowed {
        match AddressRange::parse(entry) {
            Ok(range) if range.contains(address) => return Ok(()),
            Ok(_) => {}
            Err(error) => return Err(Refusal::broken(error.code(inquiry.traits()))),
        }
    }
    let spoken = address.to_string();
    Err(inquiry.refuse_with(Condition::IpRefused, &[("address", &spoken)]))
}

pub(super) fn key_type(inquiry: &mut Inquiry<'_>) -> Verdict {
    let (key_type, api) = (inquiry.caller()?.key.key_type, inquiry.api());
    let fits = match inquiry.traits().key_types {
        KeyTypes::Own => key_type.is_for(api),
        KeyTypes::Lenient => api == Api::Application || key_type != KeyType::Application,
    };
    if fits {
        return Ok(());
    }
    Err(inquiry.refuse(Condition::WrongKeyType))
}

/// Whatever key a user has who is no administrator, it was not made for administration.
pub(super) fn administrator(inquiry: &mut Inquiry<'_>) -> Verdict {
    let Caller { user, key } = inquiry.caller()?;
    let condition = match key.key_type {
        _ if user.root_admin => return Ok(()),
        KeyType::Application => Condition::OwnerNotAdmin,
        KeyType::Client | KeyType::Legacy => Condition::WrongKeyType,
    };
    Err(inquiry.refuse(condition))
}

/// The limit of the API, for all who share it.
pub(super) fn quota(inquiry: &mut Inquiry<'_>) -> Verdict {
    let api = inquiry.api();
    let limit = inquiry.state.world.settings.rate(api, inquiry.panel.family);
    let who = counted_as(inquiry)?;
    count(inquiry, Counted::Api(api), &who, limit)
}

/// The limit of the route, if it has one of its own.
pub(super) fn route_quota(inquiry: &mut Inquiry<'_>) -> Verdict {
    let Some(own) = RouteLimit::of(inquiry.panel.family, inquiry.route) else {
        return Ok(());
    };
    let who = match own.shared_by {
        SharedBy::Caller => counted_as(inquiry)?,
        SharedBy::Server => inquiry.server()?.uuid.clone(),
    };
    count(inquiry, own.counted(), &who, own.limit)
}

/// Whose requests a request is counted with.
fn counted_as(inquiry: &Inquiry<'_>) -> Result<String, Refusal> {
    Ok(match inquiry.traits().counted_by {
        CountedBy::Address => inquiry.address().to_string(),
        CountedBy::User => inquiry.caller()?.user.uuid.clone(),
    })
}

/// Counts one more request of somebody.
pub(super) fn count(inquiry: &mut Inquiry<'_>, what: Counted, who: &str, limit: Limit) -> Verdict {
    let now = inquiry.now();
    let is_enforced = inquiry.state.world.settings.enforce_limits;
    let windows = &mut inquiry.state.windows;
    let mut quota = windows.hit(what, who, limit, now);
    if matches!(quota, Quota::Spent { .. }) && !is_enforced {
        windows.close(what, who);
        quota = windows.hit(what, who, limit, now);
    }
    inquiry.quota = Some(Quota::shown(inquiry.quota, quota));
    match quota {
        Quota::Left { .. } => Ok(()),
        Quota::Spent { .. } => Err(inquiry.refuse(Condition::OverLimit)),
    }
}

/// A server that the user cannot see does not exist.
pub(super) fn ownership(inquiry: &mut Inquiry<'_>) -> Verdict {
    if is_stranger(inquiry) {
        return Err(inquiry.refuse(Condition::Hidden));
    }
    Ok(())
}

/// Whether the request is about a server that its user may not see.
pub(super) fn is_stranger(inquiry: &Inquiry<'_>) -> bool {
    match (inquiry.server(), inquiry.caller()) {
        (Ok(server), Ok(caller)) => !server.is_seen_by(&caller.user),
        _ => false,
    }
}

pub(super) fn server_state(inquiry: &mut Inquiry<'_>) -> Verdict {
    if inquiry.bound.server.is_none() {
        return Ok(());
    }
    let Some(conflict) = conflict(inquiry, inquiry.server()?) else {
        return Ok(());
    };
    let grave = matches!(conflict, Condition::Suspended | Condition::NodeMaintenance);
    let open = match inquiry.route.open_to {
        OpenTo::Everybody => true,
        OpenTo::Administrators => inquiry.caller()?.user.root_admin && !grave,
        OpenTo::Nobody => false,
    };
    if open {
        return Ok(());
    }
    Err(inquiry.refuse(conflict))
}

/// What keeps a server from being used now.
fn conflict(inquiry: &Inquiry<'_>, server: &Server) -> Option<Condition> {
    let node = inquiry.state.node(server.node);
    match server.state {
        ServerState::Suspended => Some(Condition::Suspended),
        _ if inquiry.traits().node_maintenance && node.is_some_and(|node| node.maintenance) => {
            Some(Condition::NodeMaintenance)
        }
        ServerState::Ready => None,
        ServerState::Installing => Some(Condition::Installing),
        ServerState::Restoring => Some(Condition::Restoring),
        ServerState::Transferring => Some(Condition::Transferring),
    }
}

pub(super) fn permission(inquiry: &mut Inquiry<'_>) -> Verdict {
    let granted = match inquiry.route.permission {
        _ if is_left_open(inquiry) => true,
        Permission::Nothing | Permission::Action(_) => true,
        Permission::Server(permission) => may_on_server(inquiry, permission)?,
        Permission::Power if lacks_signal(inquiry) => true,
        Permission::Power => may_on_server(inquiry, power_permission(inquiry))?,
        Permission::Resource(resource, access) => may_administer(inquiry, resource, access)?,
        Permission::Password(field) => return password(inquiry, field),
    };
    if granted {
        return Ok(());
    }
    Err(inquiry.refuse(Condition::NoPermission))
}

/// What the action itself asks for, when all else is well.
pub(super) fn action_permission(inquiry: &mut Inquiry<'_>) -> Verdict {
    match inquiry.route.permission {
        Permission::Action(permission) if !may_on_server(inquiry, permission)? => {
            Err(inquiry.refuse(Condition::NoPermission))
        }
        _ => Ok(()),
    }
}

/// Whether the fork, as it was released, does not ask for the permission of this route.
fn is_left_open(inquiry: &Inquiry<'_>) -> bool {
    inquiry.route.left_open && inquiry.state.world.settings.holes
}

/// Whether the family asks for the permission of a signal only, and there is none.
fn lacks_signal(inquiry: &Inquiry<'_>) -> bool {
    inquiry.traits().power_by_signal && inquiry.text("signal").is_none()
}

/// The permission for a power signal; nobody is given the one for unknown signals.
fn power_permission(inquiry: &Inquiry<'_>) -> &'static str {
    match inquiry.text("signal").as_deref() {
        Some("start") => "control.start",
        Some("stop" | "kill") => "control.stop",
        Some("restart") => "control.restart",
        _ => "",
    }
}

fn may_on_server(inquiry: &Inquiry<'_>, permission: &str) -> Result<bool, Refusal> {
    Ok(inquiry
        .server()?
        .allows(&inquiry.caller()?.user, permission))
}

/// A client key is not asked for permissions: its owner is an administrator by now.
fn may_administer(
    inquiry: &Inquiry<'_>,
    resource: Resource,
    access: Access,
) -> Result<bool, Refusal> {
    let key = &inquiry.caller()?.key;
    Ok(key.key_type == KeyType::Client || key.permissions.of(resource).covers(access))
}

fn password(inquiry: &Inquiry<'_>, field: &str) -> Verdict {
    let expected = &inquiry.caller()?.user.password;
    if inquiry.text(field).as_ref() == Some(expected) {
        return Ok(());
    }
    let code = "InvalidPasswordProvidedException";
    Err(Refusal::display(
        code,
        "The password provided was invalid for this account.",
    ))
}

pub(super) fn fields(inquiry: &mut Inquiry<'_>) -> Verdict {
    let errors = validation::errors(inquiry.route.fields, &inquiry.fields);
    if errors.is_empty() {
        return Ok(());
    }
    Err(inquiry.invalid(errors))
}

pub(super) fn daemon(inquiry: &mut Inquiry<'_>) -> Verdict {
    if inquiry.route.daemon && inquiry.state.world.settings.wings == Wings::Unreachable {
        return Err(inquiry.refuse(Condition::DaemonUnreachable));
    }
    Ok(())
}
