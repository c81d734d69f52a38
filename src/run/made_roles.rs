//! Roles that a run makes itself: where another role can make the key, and that was agreed to.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::{ExposeSecret, SecretString};

use super::session::Session;
use crate::exchange::{Interest, Performed, Secret};
use crate::plan::Agreement;
use crate::spec::{
    Api, Consent, Content, Contract, KeyUse, MadeBy, RequestPlan, RoleName, Template,
};

/// The roles of which a run can make the key itself, with the keys that were given.
#[must_use]
pub fn makeable(
    contract: &Contract,
    agreement: &Agreement,
    given: &BTreeSet<RoleName>,
) -> BTreeSet<RoleName> {
    if !agreement.consents.contains(&Consent::CreateKeys) {
        return BTreeSet::new();
    }
    let real = contract.roles.real.iter();
    let lacking = real.filter(|role| !given.contains(&role.name.value));
    let made = lacking.filter(|role| {
        let made_by = role.made_by.as_ref();
        made_by.is_some_and(|made_by| given.contains(&made_by.key.value))
    });
    made.map(|role| role.name.value.clone()).collect()
}

/// Makes the keys of these roles; they are deleted with everything else at the end of the run.
///
/// Returns why a role has none, where it could not be made.
pub(crate) async fn make(session: &mut Session, roles: &BTreeSet<RoleName>) -> Vec<String> {
    let mut troubles = Vec::new();
    for name in roles {
        match make_one(session, name).await {
            Ok(key) => session.keys_mut().put(name.clone(), key),
            Err(why) => troubles.push(format!("no key was made for `{name}`: {why}")),
        }
    }
    troubles
}

async fn make_one(session: &Session, name: &RoleName) -> Result<SecretString, String> {
    let contract = session.contract();
    let role = contract.roles.real(name).ok_or("there is no such role")?;
    let made_by = role.made_by.as_ref().ok_or("no role can make it")?;
    let plan = plan(contract, made_by)?;
    let route = plan.route.as_ref().and_then(|route| route.creates.as_ref());
    let creates = route.ok_or("the request creates nothing")?.clone();
    let request = session
        .render(&plan, &BTreeMap::new(), &BTreeMap::new())
        .map_err(|lacking| lacking.to_string())?;
    if let Some(creations) = session.creations() {
        creations
            .room_for(session, &made_by.key.value, &creates)
            .await?;
    }
    let maker = Some(&made_by.key.value);
    let announced = session
        .creations()
        .map(|creations| creations.announce(session, &plan, maker, Some(Consent::CreateKeys)))
        .transpose()
        .map_err(|error| error.to_string())?
        .flatten();
    let interest = Interest {
        keep: Vec::new(),
        save: vec![creates.identifier.clone(), creates.secret.clone()],
    };
    let outcome = session
        .send(session.bucket(&plan).as_ref(), &request, &interest)
        .await;
    if let (Some(creations), Some(attempt)) = (session.creations(), &announced) {
        creations.settle(attempt, &outcome, session.redactor(), &mut Vec::new())?;
    }
    let performed = outcome.map_err(|error| error.to_string())?;
    key(&performed, &[&creates.identifier, &creates.secret], session)
}

fn plan(contract: &Contract, made_by: &MadeBy) -> Result<RequestPlan, String> {
    let endpoint = &made_by.endpoint;
    let api = Api::of_path(&endpoint.path);
    let key = KeyUse::Role(made_by.key.value.clone());
    let mut plan = RequestPlan::get(api, endpoint, key);
    plan.headers.push((
        "Content-Type".to_owned(),
        Template::text("application/json"),
    ));
    plan.route = contract.inventory.route(endpoint).cloned();
    plan.content = Some(Content::Json {
        text: Template::parse(&made_by.body.to_string()).map_err(|error| error.to_string())?,
        is_empty_object: false,
    });
    Ok(plan)
}

/// The key in an answer: the identifier and the secret, joined.
fn key(
    performed: &Performed,
    pointers: &[&String],
    session: &Session,
) -> Result<SecretString, String> {
    let parts: Option<Vec<_>> = pointers
        .iter()
        .map(|pointer| performed.saved.get(*pointer))
        .collect();
    let Some(parts) = parts else {
        let status = performed.observation.status;
        return Err(format!("the panel answered {status}, without a key"));
    };
    let texts: Vec<_> = parts.iter().map(|part| part.expose_secret()).collect();
    let key = SecretString::from(texts.concat());
    session.redactor().learn(Secret::new(key.clone()));
    Ok(key)
}
