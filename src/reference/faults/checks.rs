//! In the panel: checks that are left out, answered otherwise, or put in another order.

use super::{Defect, Faults, Gate, KnownKey, Memory};
use crate::reference::{
    binding::{self, Part},
    checks::{self, Verdict},
    errors::Refusal,
    inquiry::{Caller, Inquiry},
    ip::AddressRange,
    keys::{self, IDENTIFIER_LENGTH, KeyType, SECRET_LENGTH, StoredKey},
    limits::Counted,
    lock,
    order::{self, Check},
    routes::{Api, Permission},
    session,
    settings::TwoFactorRequired,
    wording::Condition,
    world::{Access, Permissions, Resource, ServerState, User},
};

/// The longest token that a panel with `huge-token` still reads, in bytes.
const HUGE: usize = 1024;

/// The checks in the order in which a faulty panel comes to them.
pub(in crate::reference) fn ordered(faults: &Faults, checks: &[Check]) -> Vec<Check> {
    let mut ordered = checks.to_vec();
    for defect in faults.defects() {
        if let Some((moved, before)) = displaced(defect) {
            displace(&mut ordered, moved, before);
        }
    }
    ordered
}

/// Which checks come before another that they should follow.
fn displaced(defect: Defect) -> Option<(&'static [Check], &'static [Check])> {
    const TYPE: &[Check] = &[Check::KeyType, Check::Administrator];
    const BINDINGS: &[Check] = &[
        Check::Existence,
        Check::Binding(Part::All),
        Check::Binding(Part::Server),
    ];
    const PERMISSIONS: &[Check] = &[Check::Permission, Check::ActionPermission];
    const FIELDS: &[Check] = &[Check::Fields];
    const ADDRESS: &[Check] = &[Check::Address];
    const CREDENTIAL: &[Check] = &[Check::Credential];
    Some(match defect {
        Defect::JsonBeforeKey => (&[Check::WellFormedJson], CREDENTIAL),
        Defect::KeyBeforeCsrf => (CREDENTIAL, &[Check::Csrf]),
        Defect::LockBeforeJson => (ADDRESS, &[Check::WellFormedJson]),
        Defect::LockAfterKeyType => (TYPE, ADDRESS),
        Defect::TypeBeforeId => (TYPE, BINDINGS),
        Defect::TypeAfterRights => (&[Check::Ownership, Check::Permission], TYPE),
        Defect::IdBeforeKey => (BINDINGS, CREDENTIAL),
        Defect::FieldsBeforePermission => (FIELDS, PERMISSIONS),
        Defect::FieldsBeforeOwnership => (FIELDS, &[Check::Ownership]),
        Defect::FieldsBeforeType => (FIELDS, TYPE),
        Defect::LockBeforeTwoFactor => (ADDRESS, &[Check::TwoFactor]),
        Defect::TypeBeforeTwoFactor => (TYPE, &[Check::TwoFactor]),
        Defect::LimitBeforeRefusals => (&[Check::Quota], &[Check::WellFormedJson, Check::Address]),
        _ => return None,
    })
}

/// Puts checks directly before the first of others, where they come later. The order stays where
/// something would be asked of a key that is not known yet.
fn displace(ordered: &mut Vec<Check>, moved: &[Check], before: &[Check]) {
    let place = |wanted: &[Check]| ordered.iter().position(|check| wanted.contains(check));
    let Some(target) = place(before) else {
        return;
    };
    let is_known = place(&[Check::Credential]).is_some_and(|place| place < target);
    if !is_known && moved.iter().any(|check| asks_who_calls(*check)) {
        return;
    }
    let mut later = ordered.split_off(target);
    let (moving, rest): (Vec<_>, Vec<_>) = later.drain(..).partition(|check| moved.contains(check));
    ordered.extend(moving);
    ordered.extend(rest);
}

/// Whether nothing can be said without a key.
const fn asks_who_calls(check: Check) -> bool {
    matches!(
        check,
        Check::KeyType
            | Check::Administrator
            | Check::Address
            | Check::Ownership
            | Check::Permission
            | Check::ActionPermission
    )
}

/// What a faulty panel says instead of making the check; nothing if it makes it.
pub(in crate::reference) fn instead(check: Check, inquiry: &mut Inquiry<'_>) -> Option<Verdict> {
    let faults = &inquiry.panel.faults;
    let left_out = || faults.left_out().any(|one| one.is_on(inquiry.route));
    if !faults.is_empty() && left_out() {
        let gates: Vec<Gate> = faults
            .left_out()
            .filter(|one| one.is_on(inquiry.route))
            .map(|one| one.gate)
            .collect();
        for gate in gates {
            if let Some(verdict) = without(gate, check, inquiry) {
                return Some(verdict);
            }
        }
    }
    let defects: Vec<Defect> = faults.defects().collect();
    defects
        .into_iter()
        .find_map(|defect| of_defect(defect, check, inquiry))
}

/// What a faulty panel says to whoever has passed all checks.
pub(in crate::reference) fn finally(inquiry: &Inquiry<'_>) -> Verdict {
    let mut left_out = inquiry.panel.faults.left_out();
    if left_out.any(|one| one.gate == Gate::Refusal && one.is_on(inquiry.route)) {
        return Err(inquiry.refuse(Condition::NoPermission));
    }
    Ok(())
}

fn without(gate: Gate, check: Check, inquiry: &mut Inquiry<'_>) -> Option<Verdict> {
    match (gate, check) {
        (Gate::Writing, Check::Permission) => Some(Err(inquiry.refuse(Condition::NoPermission))),
        (Gate::Auth, Check::Credential) => {
            admit_anybody(inquiry);
            Some(Ok(()))
        }
        (Gate::KeyType, Check::KeyType | Check::Administrator)
        | (Gate::Permission, Check::Permission | Check::ActionPermission)
        | (Gate::Ownership, Check::Ownership) => Some(Ok(())),
        // Whoever is taken for an owner is not asked for permissions either.
        (Gate::Ownership, Check::Permission | Check::ActionPermission) => {
            checks::is_stranger(inquiry).then_some(Ok(()))
        }
        _ => None,
    }
}

/// Whoever has no good key is taken for an administrator.
fn admit_anybody(inquiry: &mut Inquiry<'_>) {
    if checks::credential(inquiry).is_err() {
        become_administrator(inquiry);
    }
}

fn become_administrator(inquiry: &mut Inquiry<'_>) {
    let Some(user) = inquiry
        .state
        .world
        .users
        .iter()
        .find(|user| user.root_admin)
    else {
        return;
    };
    let key_type = match inquiry.api() {
        Api::Client => KeyType::Client,
        Api::Application => KeyType::Application,
    };
    let (user, owner) = (user.clone(), user.name.clone());
    let key = StoredKey {
        role: None,
        identifier: String::new(),
        secret: String::new(),
        owner,
        key_type,
        permissions: Permissions::full(),
        allowed_ips: Vec::new(),
        description: String::new(),
        expired: false,
        created_at: 0,
        last_used_at: None,
    };
    inquiry.identify(Caller { user, key });
}

fn of_defect(defect: Defect, check: Check, inquiry: &mut Inquiry<'_>) -> Option<Verdict> {
    match check {
        Check::Credential => credential(defect, inquiry),
        Check::Csrf => csrf(defect, inquiry),
        Check::WellFormedJson => (defect == Defect::MalformedIgnored).then_some(Ok(())),
        Check::TwoFactor => two_factor(defect, inquiry),
        Check::Address => address(defect, inquiry),
        Check::Binding(part) => binding(defect, part, inquiry),
        Check::KeyType => key_type(defect, inquiry),
        Check::Administrator => administrator(defect, inquiry),
        Check::Quota => quota(defect, inquiry),
        Check::Ownership => ownership(defect, inquiry),
        Check::ServerState => server_state(defect, inquiry),
        Check::Permission | Check::ActionPermission => permission(defect, inquiry),
        Check::Existence | Check::RouteQuota | Check::Fields | Check::Daemon => None,
    }
}

fn csrf(defect: Defect, inquiry: &Inquiry<'_>) -> Option<Verdict> {
    let incoming = inquiry.incoming;
    let is_read = incoming.method.is_safe();
    let demanded = match defect {
        Defect::CsrfUnchecked => return Some(Ok(())),
        Defect::CsrfForReads => {
            is_read && session::is_stateful(incoming, inquiry.base_url, inquiry.traits())
        }
        Defect::CsrfForForeigners => !is_read && incoming.header("origin").is_some(),
        _ => false,
    };
    demanded.then(|| Err(inquiry.refuse(Condition::Csrf)))
}

fn credential(defect: Defect, inquiry: &mut Inquiry<'_>) -> Option<Verdict> {
    if is_unchecked(defect, inquiry) {
        admit_anybody(inquiry);
        return Some(Ok(()));
    }
    let verdict = match defect {
        Defect::EmptyToken if has_scheme_alone(inquiry) => {
            become_administrator(inquiry);
            Ok(())
        }
        Defect::DeletedKeyCached | Defect::NewKeyIsDead => {
            return remembered(defect, inquiry);
        }
        _ => token(defect, inquiry)?,
    };
    Some(verdict)
}

/// Whether the defect lets requests of this kind through.
fn is_unchecked(defect: Defect, inquiry: &Inquiry<'_>) -> bool {
    let incoming = inquiry.incoming;
    let method = match defect {
        Defect::SlashUnchecked => return incoming.path.ends_with('/'),
        Defect::OverriddenUnchecked => return incoming.method != incoming.sent_method,
        Defect::HeadUnchecked => "HEAD",
        Defect::PostUnchecked => "POST",
        Defect::PutUnchecked => "PUT",
        Defect::PatchUnchecked => "PATCH",
        Defect::DeleteUnchecked => "DELETE",
        _ => return false,
    };
    incoming.sent_method == method
}

fn has_scheme_alone(inquiry: &Inquiry<'_>) -> bool {
    let sent = inquiry.incoming.header("authorization");
    sent.is_some_and(|value| value.trim_ascii_end() == b"Bearer")
}

/// What a faulty comparison of keys says of a token.
fn token(defect: Defect, inquiry: &mut Inquiry<'_>) -> Option<Verdict> {
    let sent = keys::sent(inquiry.incoming, inquiry.traits().scheme)?;
    if breaks(defect, sent) {
        return Some(Err(Refusal::broken("QueryException")));
    }
    let is_good = |key: &&StoredKey| key.is(sent);
    let exact = inquiry.state.keys.iter().find(is_good);
    if defect == Defect::IdentifierInOneCase {
        let other = exact.is_some_and(|key| !sent.starts_with(key.identifier.as_bytes()));
        return other.then(|| Err(inquiry.refuse(Condition::UnknownKey)));
    }
    let anybodys = (defect == Defect::HugeToken && sent.len() > HUGE)
        || (defect == Defect::AnyUnprefixedKey && is_unprefixed(sent));
    if exact.is_none() && anybodys {
        become_administrator(inquiry);
        return Some(Ok(()));
    }
    if defect == Defect::DeletedOwnerAccepted {
        let key = exact?.clone();
        let mut deleted = inquiry.state.world.deleted_users.iter();
        let user = deleted.find(|user| user.name == key.owner)?.clone();
        inquiry.identify(Caller { user, key });
        return Some(Ok(()));
    }
    // The panel itself says what a key may do that is right.
    if exact.is_some_and(|key| !key.expired) {
        return None;
    }
    let fits = |key: &&StoredKey| is_taken_for(defect, key, sent);
    let key = inquiry.state.keys.iter().find(fits)?.clone();
    let user = inquiry.state.user(&key.owner)?.clone();
    inquiry.identify(Caller { user, key });
    Some(Ok(()))
}

fn is_unprefixed(sent: &[u8]) -> bool {
    sent.len() == IDENTIFIER_LENGTH + SECRET_LENGTH && sent.iter().all(u8::is_ascii_alphanumeric)
}

/// Whether the token is more than the faulty panel can stand.
fn breaks(defect: Defect, sent: &[u8]) -> bool {
    match defect {
        Defect::QuoteBreaks => sent.contains(&b'\''),
        Defect::BytesBreak => !sent.is_ascii(),
        Defect::ShortKeyBreaks => sent.len() < IDENTIFIER_LENGTH,
        _ => false,
    }
}

/// Whether the faulty panel takes a token for a key that it is not.
fn is_taken_for(defect: Defect, key: &StoredKey, sent: &[u8]) -> bool {
    if key.expired {
        return defect == Defect::ExpiredAccepted && key.is(sent);
    }
    let secret = key.secret.as_bytes();
    let rest = || key.secret_in(sent);
    match defect {
        Defect::AnySecret => rest().is_some_and(|rest| !rest.is_empty()),
        Defect::SecretByPrefix => rest().is_some_and(|r| !r.is_empty() && secret.starts_with(r)),
        Defect::EmptySecret => rest().is_some_and(<[u8]>::is_empty),
        Defect::SecretInAnyCase => rest().is_some_and(|rest| rest.eq_ignore_ascii_case(secret)),
        Defect::TokenCut => rest().is_some_and(|rest| rest.starts_with(secret)),
        Defect::SecretAlone => sent == secret,
        Defect::PrefixIgnored => {
            const PREFIX: usize = "ptlc_".len();
            let own = key.full();
            sent.len() == own.len() && sent[PREFIX..] == own.as_bytes()[PREFIX..]
        }
        _ => false,
    }
}

/// Keys as a cache knows them.
fn remembered(defect: Defect, inquiry: &mut Inquiry<'_>) -> Option<Verdict> {
    let sent = keys::sent(inquiry.incoming, inquiry.traits().scheme)?;
    let mut memory = lock(&inquiry.panel.faults.memory);
    let stored = inquiry.state.keys.iter().find(|key| key.is(sent)).cloned();
    match (defect, stored) {
        (Defect::NewKeyIsDead, Some(key)) if key.role.is_none() => {
            Some(Err(inquiry.refuse(Condition::UnknownKey)))
        }
        (Defect::DeletedKeyCached, Some(key)) => {
            remember(&mut memory, key);
            None
        }
        (Defect::DeletedKeyCached, None) => {
            let key = memory.keys.iter().find(|known| known.0.is(sent))?.0.clone();
            let user = inquiry.state.user(&key.owner)?.clone();
            drop(memory);
            inquiry.identify(Caller { user, key });
            Some(Ok(()))
        }
        _ => None,
    }
}

fn remember(memory: &mut Memory, key: StoredKey) {
    let known = memory
        .keys
        .iter()
        .any(|one| one.0.identifier == key.identifier);
    if !known {
        memory.keys.push(KnownKey(key));
    }
}

/// Takes the caller for somebody else where the defect does. What the checks before have said
/// stays.
fn take_for_another(defect: Defect, inquiry: &mut Inquiry<'_>) {
    let Ok(caller) = inquiry.caller() else {
        return;
    };
    let path = inquiry.route.path;
    let is_list = path == "/api/client";
    let with_root_admin = |root_admin| User {
        root_admin,
        ..caller.user.clone()
    };
    let user = match defect {
        Defect::AdminSeesOwn if is_list || path.contains("/{server}") => with_root_admin(false),
        Defect::ServersOfEverybody if is_list => with_root_admin(true),
        Defect::AdminAllOpen
            if is_list && inquiry.incoming.parameter("type") == Some("admin-all") =>
        {
            with_root_admin(true)
        }
        Defect::KeysOfOthersDeleted if path.ends_with("/api-keys/{identifier}") => {
            let named = inquiry.parameters.get("identifier").unwrap_or_default();
            let mut keys = inquiry.state.keys.iter();
            let owner = keys.find(|key| key.identifier == named);
            let Some(owner) = owner.and_then(|key| inquiry.state.user(&key.owner)) else {
                return;
            };
            owner.clone()
        }
        _ => return,
    };
    let key = caller.key.clone();
    inquiry.identify(Caller { user, key });
}

fn two_factor(defect: Defect, inquiry: &mut Inquiry<'_>) -> Option<Verdict> {
    let demanded = inquiry.state.world.settings.two_factor_required;
    match defect {
        Defect::IdBeforeTwoFactor if demanded != TwoFactorRequired::None => {
            binding::bind(inquiry, Part::All).err().map(Err)
        }
        Defect::TwoFactorUnenforced => Some(Ok(())),
        Defect::TwoFactorOfEverybody if demanded == TwoFactorRequired::Admins => {
            let user = &inquiry.caller().ok()?.user;
            let is_free = user.two_factor || inquiry.route.without_two_factor;
            (!is_free).then(|| Err(inquiry.refuse(Condition::TwoFactorRequired)))
        }
        Defect::TwoFactorEverywhere
            if demanded != TwoFactorRequired::None && inquiry.route.without_two_factor =>
        {
            Some(Err(inquiry.refuse(Condition::TwoFactorRequired)))
        }
        _ => None,
    }
}

fn address(defect: Defect, inquiry: &Inquiry<'_>) -> Option<Verdict> {
    let key = &inquiry.caller().ok()?.key;
    let is_range = |entry: &String| entry.contains(['/', '-', '*']);
    let opened = match defect {
        Defect::LockIgnored => true,
        Defect::LockOfApplicationIgnored => key.key_type == KeyType::Application,
        Defect::LockOnWritesOnly => inquiry.incoming.method.is_safe(),
        Defect::LockOnReadsOnly => !inquiry.incoming.method.is_safe(),
        Defect::RangeOpen => key.allowed_ips.iter().any(is_range),
        Defect::SixOpen => key.allowed_ips.iter().any(|entry| entry.contains(':')),
        Defect::FirstAddressOnly => return only(inquiry, key.allowed_ips.first().into_iter()),
        Defect::RangeAsText => {
            return only(inquiry, key.allowed_ips.iter().filter(|one| !is_range(one)));
        }
        _ => false,
    };
    opened.then_some(Ok(()))
}

/// The verdict when only these entries of the lock count.
fn only<'e>(
    inquiry: &Inquiry<'_>,
    mut entries: impl Iterator<Item = &'e String>,
) -> Option<Verdict> {
    let key = &inquiry.caller().ok()?.key;
    if key.allowed_ips.is_empty() {
        return None;
    }
    let address = inquiry.address();
    let admits = |entry: &String| AddressRange::parse(entry).is_ok_and(|one| one.contains(address));
    if entries.any(admits) {
        return Some(Ok(()));
    }
    let spoken = address.to_string();
    Some(Err(
        inquiry.refuse_with(Condition::IpRefused, &[("address", &spoken)])
    ))
}

/// What a faulty panel makes of the ids in a path.
fn binding(defect: Defect, part: Part, inquiry: &mut Inquiry<'_>) -> Option<Verdict> {
    let is_missing = |inquiry: &mut Inquiry<'_>| binding::bind(inquiry, part).is_err();
    match (defect, inquiry.api()) {
        (Defect::ServerByNumber, Api::Client) if part != Part::Unique => {
            let number: u64 = inquiry.parameters.get("server")?.parse().ok()?;
            inquiry.bound.server = Some(inquiry.state.server(number)?.id);
            Some(Ok(()))
        }
        (Defect::PermissionBeforePart, Api::Client) if is_missing(inquiry) => {
            let has_server = binding::bind(inquiry, Part::Server).is_ok();
            let is_refused = has_server
                && (checks::permission(inquiry).is_err()
                    || checks::action_permission(inquiry).is_err());
            is_refused.then(|| Err(inquiry.refuse(Condition::NoPermission)))
        }
        (Defect::MissingForbidden, Api::Client) if is_missing(inquiry) => {
            Some(Err(inquiry.refuse(Condition::NoPermission)))
        }
        (Defect::MissingBreaks, Api::Application) if is_missing(inquiry) => {
            Some(Err(Refusal::broken("ModelNotFoundException")))
        }
        _ => None,
    }
}

fn key_type(defect: Defect, inquiry: &Inquiry<'_>) -> Option<Verdict> {
    let is_head = inquiry.incoming.sent_method == "HEAD";
    (defect == Defect::HeadWithoutRights && is_head).then_some(Ok(()))
}

fn administrator(defect: Defect, inquiry: &Inquiry<'_>) -> Option<Verdict> {
    let caller = inquiry.caller().ok()?;
    let is_application = caller.key.key_type == KeyType::Application;
    let opened = match defect {
        Defect::HeadWithoutRights => inquiry.incoming.sent_method == "HEAD",
        Defect::DemotedAccepted => is_application,
        Defect::AdminKeyRefused if !is_application => {
            return Some(Err(inquiry.refuse(Condition::WrongKeyType)));
        }
        _ => false,
    };
    opened.then_some(Ok(()))
}

fn quota(defect: Defect, inquiry: &mut Inquiry<'_>) -> Option<Verdict> {
    let api = inquiry.api();
    let limit = inquiry.state.world.settings.rate(api, inquiry.panel.family);
    match defect {
        Defect::LimitPerKey => {
            let who = inquiry.caller().ok()?.key.identifier.clone();
            Some(checks::count(inquiry, Counted::Api(api), &who, limit))
        }
        Defect::LimitShared => Some(checks::count(inquiry, Counted::Api(api), "", limit)),
        Defect::LimitUnenforced => {
            let settings = &mut inquiry.state.world.settings;
            let enforced = std::mem::replace(&mut settings.enforce_limits, false);
            let verdict = order::run(Check::Quota, inquiry);
            inquiry.state.world.settings.enforce_limits = enforced;
            Some(verdict)
        }
        _ => None,
    }
}

fn ownership(defect: Defect, inquiry: &mut Inquiry<'_>) -> Option<Verdict> {
    take_for_another(defect, inquiry);
    let is_stranger = checks::is_stranger(inquiry);
    match defect {
        Defect::HiddenForbidden if is_stranger => {
            Some(Err(inquiry.refuse(Condition::NoPermission)))
        }
        Defect::HiddenAsMissing if is_stranger => {
            Some(Err(inquiry.refuse(Condition::Missing(Some("server")))))
        }
        Defect::SubuserIsStranger if !is_stranger => {
            let (server, user) = (inquiry.server().ok()?, &inquiry.caller().ok()?.user);
            let is_subuser = server.owner != user.name && !user.root_admin;
            is_subuser.then(|| Err(inquiry.refuse(Condition::Hidden)))
        }
        _ => None,
    }
}

fn server_state(defect: Defect, inquiry: &Inquiry<'_>) -> Option<Verdict> {
    let open = match defect {
        Defect::SuspendedOpen => ServerState::Suspended,
        Defect::InstallingOpen => ServerState::Installing,
        _ => return None,
    };
    (inquiry.server().ok()?.state == open).then_some(Ok(()))
}

fn permission(defect: Defect, inquiry: &Inquiry<'_>) -> Option<Verdict> {
    let caller = inquiry.caller().ok()?;
    let Permission::Resource(resource, access) = inquiry.route.permission else {
        let subuser = defect == Defect::SubuserIsOwner && inquiry.server().is_ok();
        let is_server = !matches!(
            inquiry.route.permission,
            Permission::Password(_) | Permission::Nothing
        );
        return (subuser && is_server).then_some(Ok(()));
    };
    if caller.key.key_type == KeyType::Client {
        // Such a key has no permissions; only an administrator's is not asked for any.
        let is_asked = defect == Defect::TypeAfterRights && !caller.user.root_admin;
        return is_asked.then(|| Err(inquiry.refuse(Condition::NoPermission)));
    }
    let has = |resource, access| caller.key.permissions.of(resource).covers(access);
    let granted = match defect {
        Defect::HeadWithoutRights if inquiry.incoming.sent_method == "HEAD" => true,
        Defect::ReadWrites if access == Access::Write => has(resource, Access::Read),
        Defect::NoneReads if access == Access::Read => true,
        Defect::AnyResource => caller.key.permissions.covers_somewhere(access),
        Defect::OtherResource if resource == Resource::Users => has(Resource::Locations, access),
        Defect::WriteOnlyReads if access == Access::Read => {
            has(resource, Access::Read) || has(resource, Access::Write)
        }
        Defect::ReadNeedsWrite if access == Access::Read => has(resource, Access::Write),
        Defect::ConfigurationForReaders if inquiry.route.path.ends_with("/configuration") => {
            has(resource, Access::Read)
        }
        _ => return None,
    };
    if granted {
        return Some(Ok(()));
    }
    Some(Err(inquiry.refuse(Condition::NoPermission)))
}
