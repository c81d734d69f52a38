//! Controls: roles are verified before they are believed.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::ExposeSecret;

use super::hindrance::{Hindrance, Trouble, cause_of};
use super::ids::{check_given, ids_for};
use super::record::Preparation;
use super::session::{ConfiguredOtherwise, Session};
use crate::exchange::{Body, Interest, Observation, Performed, Request};
use crate::keys::variable;
use crate::plan::{Bucket, closing};
use crate::spec::{Api, Content, Control, KeyUse, RequestPlan, Role, RoleName, Template};
use crate::verdict::shows;

/// What the controls found out about one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It is this role's key.
    Proved,
    /// It works, but it is another role's, and is used as that one.
    Other(RoleName),
    /// It could not be decided, for this reason.
    Undecided(String),
}

/// What the controls found out.
#[derive(Clone, Debug, Default)]
pub struct Controlled {
    /// The roles that were looked at, in order.
    pub findings: Vec<(RoleName, Finding)>,
    /// The limits that are not the profile's, though nobody said so.
    pub configured: Vec<ConfiguredOtherwise>,
    /// The state, if there is one, in which the target refuses everybody, so that nothing was asked.
    pub closed: Option<String>,
}

impl Controlled {
    /// What a person should know before the results.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let warning = |(role, finding): &(RoleName, Finding)| match finding {
            Finding::Proved => None,
            Finding::Other(other) => Some(format!(
                "the key given as `{role}` is a key of `{other}`, and counts as that"
            )),
            Finding::Undecided(why) => Some(format!(
                "it could not be proved that the key given as `{role}` is one: {why}"
            )),
        };
        let closed = self
            .closed
            .iter()
            .map(|state| format!("no key is verified, because the target is said to have {state}"));
        closed
            .chain(self.findings.iter().filter_map(warning))
            .collect()
    }
}

/// What one control showed.
enum Shown {
    Holds,
    IsOther(RoleName),
    Undecided(String),
    Refused(Hindrance),
}

/// Verifies the keys of the roles: asks each control once, without effect unless agreed to.
/// With no key to verify, it still asks whether somebody answers, so that a target that is not
/// there is told once and not by every case.
///
/// A key that turns out to be another role's is used as that one; its first role has no key then.
///
/// # Errors
///
/// When a key is not accepted, two roles of different users are one user's, an id that was given
/// is not there, or the target does not answer.
pub async fn control(
    session: &mut Session,
    roles: &BTreeSet<RoleName>,
) -> Result<Controlled, Trouble> {
    let mut found = Controlled::default();
    if let Some(state) = closing(session.contract(), &session.agreement().has) {
        found.closed = Some(state.clone());
        return Ok(found);
    }
    let mut users: BTreeMap<String, (Role, String)> = BTreeMap::new();
    let wanted: Vec<Role> = session
        .contract()
        .roles
        .real
        .iter()
        .filter(|r| roles.contains(&r.name.value))
        .cloned()
        .collect();
    for role in &wanted {
        if session.keys().key(&role.name.value).is_none() {
            continue;
        }
        let finding = control_role(session, role, &mut users).await?;
        found.findings.push((role.name.value.clone(), finding));
    }
    if found.findings.is_empty() {
        knock(session).await?;
    }
    reassign(session, &found);
    let given: Vec<_> = session.facts().ids.keys().cloned().collect();
    let given = check_given(session, &given).await;
    given.map_err(|why| Trouble::Key(why.into()))?;
    found.configured = session.adopt_limits();
    Ok(found)
}

/// Asks the target for anything, without a key.
async fn knock(session: &Session) -> Result<(), Trouble> {
    let request = Request {
        method: "GET".to_owned(),
        target: "/api/client".to_owned(),
        headers: vec![("Accept".to_owned(), b"application/json".to_vec())],
        body: None,
    };
    let observed = observe(session, None, &request, &Interest::default())
        .await?
        .observation;
    is_of_a_panel(session, "GET /api/client", &observed).await
}

async fn observe(
    session: &Session,
    bucket: Option<&Bucket>,
    request: &Request,
    interest: &Interest,
) -> Result<Performed, Trouble> {
    session
        .send(bucket, request, interest)
        .await
        .map_err(|error| Trouble::Target(error.to_string().into()))
}

/// An error if an answer is none that a panel gives: a sign of something else, or a success
/// without JSON.
async fn is_of_a_panel(
    session: &Session,
    asked: &str,
    observed: &Observation,
) -> Result<(), Trouble> {
    let mut signs = session.contract().signatures.iter();
    if let Some(sign) = signs.find(|sign| shows(sign, observed)) {
        let cause = cause_of(session, observed).await;
        return Err(Trouble::Target(Hindrance {
            cause: cause.map(|cause| (cause, None)),
            ..format!("the target does not answer as a panel: this is {}", sign.is).into()
        }));
    }
    let content = match &observed.body {
        Body::Json(_) => return Ok(()),
        _ if observed.status == 204 || !(200..300).contains(&observed.status) => return Ok(()),
        Body::Empty => "no content",
        Body::Text(_) => "a text that is not JSON",
        Body::Unreadable(why) => why,
    };
    Err(Trouble::Target(Hindrance {
        what: format!(
            "the target does not answer as a panel: {asked} answered {} with {content}",
            observed.status
        ),
        mend: Some(
            "check that the URL is the panel's own, with its path prefix if it has one".to_owned(),
        ),
        cause: None,
    }))
}

/// Moves keys to the roles that they turned out to be of.
fn reassign(session: &mut Session, found: &Controlled) {
    for (role, finding) in &found.findings {
        if let Finding::Other(other) = finding {
            let key = session.keys_mut().take(role);
            if session.keys().key(other).is_none()
                && let Some(key) = key
            {
                session.keys_mut().put(other.clone(), key);
            }
        }
    }
}

async fn control_role(
    session: &Session,
    role: &Role,
    users: &mut BTreeMap<String, (Role, String)>,
) -> Result<Finding, Trouble> {
    let mut undecided = None;
    for control in &role.control {
        if control
            .consent
            .is_some_and(|c| !session.agreement().consents.contains(&c))
        {
            continue;
        }
        match ask(session, role, control, users).await? {
            Shown::Holds => {}
            Shown::IsOther(other) => return Ok(Finding::Other(other)),
            Shown::Undecided(why) => undecided = Some(why),
            Shown::Refused(why) => return Err(Trouble::Key(why)),
        }
    }
    Ok(undecided.map_or(Finding::Proved, Finding::Undecided))
}

async fn ask(
    session: &Session,
    role: &Role,
    control: &Control,
    users: &mut BTreeMap<String, (Role, String)>,
) -> Result<Shown, Trouble> {
    let plan = plan_of(role, control);
    let ids = match ids_for(session, &plan).await {
        Ok(ids) => ids,
        Err(why) => return Ok(Shown::Undecided(why)),
    };
    let request = match session.render(&plan, &ids, &BTreeMap::new()) {
        Ok(request) => request,
        Err(lacking) => return Ok(Shown::Undecided(lacking.to_string())),
    };
    let interest = Interest {
        keep: control.body.keys().cloned().collect(),
        save: control.user.iter().cloned().collect(),
    };
    let performed = observe(session, session.bucket(&plan).as_ref(), &request, &interest).await?;
    session.keep(Preparation::new(&plan, &ids, &performed.observation));
    let asked = control.endpoint.to_string();
    is_of_a_panel(session, &asked, &performed.observation).await?;
    let mut shown = judge(role, control, &performed.observation);
    if let Shown::Refused(hindrance) = &mut shown {
        let cause = cause_of(session, &performed.observation).await;
        hindrance.cause = cause.map(|cause| (cause, Some(role.name.value.clone())));
    }
    let user = control.user.as_ref();
    let user = user.and_then(|pointer| performed.saved.get(pointer));
    let Some(user) = user.map(ExposeSecret::expose_secret) else {
        return Ok(shown);
    };
    let refused = match &shown {
        Shown::Holds => same_user(role, user, users),
        // One key of an administrator counts as that; as two it stands for nobody.
        Shown::IsOther(other) => same_user(role, &format!("as {other}: {user}"), users),
        Shown::Undecided(_) | Shown::Refused(_) => None,
    };
    Ok(refused.map_or(shown, |why| Shown::Refused(why.into())))
}

fn plan_of(role: &Role, control: &Control) -> RequestPlan {
    let api = Api::of_path(&control.endpoint.path);
    let key = KeyUse::Role(role.name.value.clone());
    let mut plan = RequestPlan::get(api, &control.endpoint, key);
    if control.endpoint.method != "GET" {
        plan.headers.push((
            "Content-Type".to_owned(),
            Template::text("application/json"),
        ));
        plan.content = Some(Content::Json {
            text: Template::text("{}"),
            is_empty_object: true,
        });
    }
    plan
}

fn judge(role: &Role, control: &Control, observed: &Observation) -> Shown {
    let status = observed.status;
    if status == control.status {
        return judge_body(role, control, observed);
    }
    let (name, variable) = (&role.name.value, variable(&role.name.value));
    let asked = &*control.endpoint;
    let dead = status == 401 && control.status != 401;
    if dead || (200..300).contains(&control.status) {
        Shown::Refused(Hindrance {
            what: format!(
                "the key given as `{name}` (${variable}) is not accepted: {asked} answered {status}, not {}",
                control.status
            ),
            mend: Some(format!(
                "it is revoked, mistyped, of another panel, or not of that role. To make one: {}",
                role.make
            )),
            cause: None,
        })
    } else {
        Shown::Undecided(format!(
            "{asked} answered {status}, not {}; either the key may more than the role, or the panel \
             does not refuse what it should",
            control.status
        ))
    }
}

fn judge_body(role: &Role, control: &Control, observed: &Observation) -> Shown {
    let nothing = serde_json::Value::Null;
    let document = match &observed.body {
        Body::Json(document) => document,
        _ => &nothing,
    };
    let differs = control
        .body
        .iter()
        .find(|(at, wanted)| document.pointer(at) != Some(wanted));
    match (differs, &control.otherwise) {
        (None, _) => Shown::Holds,
        (Some((pointer, _)), Some(other)) if document.pointer(pointer).is_some() => {
            Shown::IsOther(other.value.clone())
        }
        (Some((pointer, wanted)), _) => Shown::Undecided(format!(
            "{} of `{}` does not show that {pointer} is {wanted}",
            *control.endpoint, role.name.value
        )),
    }
}

/// Two roles that are said to be different users and are one: what is wrong with that.
fn same_user(
    role: &Role,
    user: &str,
    users: &mut BTreeMap<String, (Role, String)>,
) -> Option<String> {
    if let Some((other, variable_of_other)) = users.get(user)
        && other.user != role.user
    {
        return Some(format!(
            "the keys given as `{}` (${variable_of_other}) and `{}` (${}) belong to one user; \
             they must be of two. To make the second: {}",
            other.name.value,
            role.name.value,
            variable(&role.name.value),
            role.make
        ));
    }
    users
        .entry(user.to_owned())
        .or_insert_with(|| (role.clone(), variable(&role.name.value)));
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::run::tests::{profile, setup, specs};
    use crate::spec::{Consent, Endpoint};

    const PROFILE: &str = "pterodactyl-1.14";

    fn name(role: &str) -> RoleName {
        role.parse().unwrap()
    }

    fn names(roles: &[&str]) -> BTreeSet<RoleName> {
        roles.iter().map(|role| name(role)).collect()
    }

    fn role(role: &str) -> Role {
        specs().contract.roles.real(&name(role)).unwrap().clone()
    }

    fn session() -> Session {
        Session::new(setup(PROFILE, &profile(PROFILE)))
    }

    fn answer(status: u16, body: Body) -> Observation {
        Observation {
            status,
            headers: Vec::new(),
            body,
        }
    }

    #[test]
    fn what_was_not_proved_is_told() {
        let controlled = Controlled {
            findings: vec![
                (name("client-other"), Finding::Proved),
                (name("client"), Finding::Other(name("client-admin"))),
                (
                    name("client-subuser"),
                    Finding::Undecided("it was 500".to_owned()),
                ),
            ],
            closed: Some("maintenance".to_owned()),
            configured: Vec::new(),
        };
        assert_eq!(
            controlled.warnings(),
            [
                "no key is verified, because the target is said to have maintenance",
                "the key given as `client` is a key of `client-admin`, and counts as that",
                "it could not be proved that the key given as `client-subuser` is one: it was 500",
            ]
        );
    }

    #[tokio::test]
    async fn a_key_of_another_role_is_used_as_that_one() {
        let mut session = session();
        let roles = names(&["client", "client-admin"]);
        let proved = control(&mut session, &roles).await.unwrap();
        assert_eq!(proved.warnings(), [""; 0]);
        let findings = proved.findings.iter().map(|(_, finding)| finding);
        assert!(findings.eq([&Finding::Proved, &Finding::Proved]));

        let admin = session.keys_mut().take(&name("client-admin")).unwrap();
        session.keys_mut().put(name("client"), admin.clone());
        let found = control(&mut session, &roles).await.unwrap();
        let other = Finding::Other(name("client-admin"));
        assert_eq!(found.findings, [(name("client"), other)]);
        assert!(session.keys().key(&name("client")).is_none());
        let key = session.keys().key(&name("client-admin")).unwrap();
        assert_eq!(key.expose_secret(), admin.expose_secret());
    }

    #[tokio::test]
    async fn a_control_that_was_not_agreed_to_is_not_asked() {
        let real = &specs().contract.roles.real;
        let with_consent = |role: &&Role| role.control.iter().any(|one| one.consent.is_some());
        let role = real.iter().find(with_consent).unwrap();
        let free = role.control.iter().filter(|one| one.consent.is_none());
        let roles = [role.name.value.clone()].into();
        let sent = async |consents: BTreeSet<Consent>| {
            let mut setup = setup(PROFILE, &profile(PROFILE));
            setup.agreement.consents = consents;
            let mut session = Session::new(setup);
            control(&mut session, &roles).await.unwrap();
            let controls = session.preparations().len();
            assert!(session.sent() >= controls);
            session.sent()
        };
        let (without, with) = (sent(BTreeSet::new()).await, sent(Consent::ALL.into()).await);
        assert!(without < with, "{without} of {with}");
        assert!(without >= free.count());
    }

    #[tokio::test]
    async fn what_is_no_answer_of_a_panel_is_told() {
        let session = session();
        let told = async |status, body| {
            let answer = answer(status, body);
            let checked = is_of_a_panel(&session, "GET /api/client", &answer).await;
            checked.err().map(|trouble| trouble.to_string())
        };
        let text = || Body::Text("hello".to_owned());
        assert_eq!(told(200, Body::Json(json!({}))).await, None);
        for (status, body) in [
            (204, Body::Empty),
            (401, text()),
            (300, text()),
            (199, Body::Empty),
        ] {
            assert_eq!(told(status, body).await, None, "{status}");
        }
        let mend = "check that the URL is the panel's own, with its path prefix if it has one";
        for (body, content) in [
            (text(), "a text that is not JSON"),
            (Body::Empty, "no content"),
            (Body::Unreadable("too much".to_owned()), "too much"),
        ] {
            assert_eq!(
                told(200, body).await,
                Some(format!(
                    "the target does not answer as a panel: GET /api/client answered 200 with {content}; {mend}"
                ))
            );
        }
    }

    #[test]
    fn a_control_that_is_no_get_sends_an_empty_object() {
        let client = role("client");
        let of = |endpoint: &str| {
            let mut control = client.control[0].clone();
            control.endpoint.value = Endpoint::try_from(endpoint.to_owned()).unwrap();
            plan_of(&client, &control)
        };
        let get = of("GET /api/client");
        assert!(get.content.is_none() && get.headers.len() == 1);
        let post = of("POST /api/client/account/api-keys");
        assert!(matches!(
            post.content,
            Some(Content::Json {
                is_empty_object: true,
                ..
            })
        ));
        assert_eq!(post.headers[1].0, "Content-Type");
    }

    #[test]
    fn an_answer_proves_a_role_or_does_not() {
        let client = role("client");
        let shown = |control: &Control, status, body| match judge(
            &client,
            control,
            &answer(status, body),
        ) {
            Shown::Holds => "holds".to_owned(),
            Shown::IsOther(other) => format!("is {other}"),
            Shown::Undecided(why) => format!("undecided: {why}"),
            Shown::Refused(why) => why.headline(),
        };
        let account = &client.control[0];
        let of_admin = |value| Body::Json(json!({ "attributes": { "admin": value } }));
        assert_eq!(shown(account, 200, of_admin(false)), "holds");
        assert_eq!(shown(account, 200, of_admin(true)), "is client-admin");
        let undecided = "undecided: GET /api/client/account of `client` does not show that \
                         /attributes/admin is false";
        assert_eq!(shown(account, 200, Body::Json(json!({}))), undecided);
        assert_eq!(shown(account, 200, Body::Empty), undecided);
        let not_accepted = |status, due| {
            format!(
                "the key given as `client` (${}) is not accepted: GET /api/client/account answered {status}, not {due}",
                variable(&client.name.value)
            )
        };
        assert_eq!(shown(account, 403, Body::Empty), not_accepted(403, 200));
        let refusing = Control {
            status: 404,
            ..account.clone()
        };
        assert_eq!(shown(&refusing, 401, Body::Empty), not_accepted(401, 404));
        assert_eq!(
            shown(&refusing, 200, Body::Empty),
            "undecided: GET /api/client/account answered 200, not 404; either the key may more than the role, or \
             the panel does not refuse what it should"
        );
        let dead = Control {
            status: 401,
            ..account.clone()
        };
        assert!(shown(&dead, 200, Body::Empty).starts_with("undecided"));
    }
}
