//! Roles that a run makes itself: where another role can make the key, and that was agreed to.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::{ExposeSecret, SecretString};

use super::session::Session;
use crate::exchange::{Interest, Performed, Secret};
use crate::plan::Agreement;
use crate::spec::{
    Api, Consent, Content, Contract, Creates, KeyUse, MadeBy, RequestPlan, RoleName, Template,
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
    key(&performed, &creates, session)
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
///
/// The secret alone is hidden from then on: the identifier is what the journal calls the key, also
/// when it is deleted.
fn key(
    performed: &Performed,
    creates: &Creates,
    session: &Session,
) -> Result<SecretString, String> {
    let saved = |pointer: &String| performed.saved.get(pointer);
    let (Some(identifier), Some(secret)) = (saved(&creates.identifier), saved(&creates.secret))
    else {
        let status = performed.observation.status;
        return Err(format!("the panel answered {status}, without a key"));
    };
    session.redactor().learn(Secret::new(secret.clone()));
    let key = [identifier.expose_secret(), secret.expose_secret()].concat();
    Ok(SecretString::from(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Journal;
    use crate::run::tests::{agreed, profile, session, specs};

    const PROFILE: &str = "pterodactyl-1.14";

    fn names(roles: &[&str]) -> BTreeSet<RoleName> {
        roles.iter().map(|role| role.parse().unwrap()).collect()
    }

    #[test]
    fn what_was_agreed_to_and_whose_maker_is_given_can_be_made() {
        let contract = &specs().contract;
        let made = names(&["client-ip-locked"]);
        let of =
            |agreement: &Agreement, given: &[&str]| makeable(contract, agreement, &names(given));
        assert_eq!(of(&agreed(), &["client"]), made);
        assert_eq!(of(&agreed(), &["client-other"]), names(&[]));
        let given = ["client", "client-ip-locked"];
        assert_eq!(of(&agreed(), &given), names(&[]), "it is given already");
        assert_eq!(of(&Agreement::default(), &["client"]), names(&[]));
    }

    #[tokio::test]
    async fn a_key_that_is_made_is_in_use_and_in_the_journal() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path(), "http://localhost").unwrap();
        let mut session = session(&profile(PROFILE)).with_journal(journal);
        let role = "client-ip-locked".parse().unwrap();
        session.keys_mut().take(&role);
        let troubles = make(&mut session, &names(&["client-ip-locked"])).await;
        assert_eq!(troubles, [""; 0]);
        let key = session.keys().key(&role).unwrap().expose_secret();
        let record = session.creations().unwrap().record();
        let left: Vec<_> = record.left.iter().map(|one| &one.identifier).collect();
        assert_eq!(left.len(), 1);
        let identifier = left[0].to_string();
        assert!(key.starts_with(&identifier));
        let secret = &key[identifier.len()..];
        let hidden = session.redactor().text(key);
        assert!(
            !hidden.contains(secret) && hidden.contains("[redacted]"),
            "{hidden}"
        );
        assert_eq!(record.unknown, [].into());
        // At the end it is deleted, and the journal says so.
        assert_eq!(session.finish().await.troubles().count(), 0);
        let journal = Journal::existing(folder.path(), "http://localhost").unwrap();
        assert_eq!(journal.unwrap().read().unwrap().left, []);
    }

    #[tokio::test]
    async fn what_cannot_be_made_is_told() {
        let mut session = session(&profile(PROFILE));
        let troubles = make(&mut session, &names(&["client-expired", "nobody"])).await;
        assert_eq!(
            troubles,
            [
                "no key was made for `client-expired`: no role can make it",
                "no key was made for `nobody`: there is no such role",
            ]
        );
        session.keys_mut().take(&"client".parse().unwrap());
        let troubles = make(&mut session, &names(&["client-ip-locked"])).await;
        assert_eq!(
            troubles,
            ["no key was made for `client-ip-locked`: no key for `client`"]
        );
    }
}
