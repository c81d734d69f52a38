//! Ids that exist: found once per run, with the owner's key, by requests without effect.

use std::collections::BTreeMap;

use secrecy::ExposeSecret;
use tokio::sync::Mutex;

use super::record::Preparation;
use super::session::Session;
use crate::exchange::{Body, Interest, Observation};
use crate::spec::{Api, Effect, Find, Ids, KeyUse, Presence, RequestPlan, RoleName, Template};

/// The ids that were looked for: what was found, or why nothing.
#[derive(Debug, Default)]
pub(crate) struct FoundIds(Mutex<BTreeMap<(Api, String), Result<String, String>>>);

impl FoundIds {
    /// Ids that are known beforehand.
    pub(crate) fn known(ids: impl IntoIterator<Item = ((Api, String), String)>) -> Self {
        Self(Mutex::new(
            ids.into_iter()
                .map(|(name, value)| (name, Ok(value)))
                .collect(),
        ))
    }

    /// The same ids, as far as they were found by now.
    pub(crate) async fn again(&self) -> Self {
        Self(Mutex::new(self.0.lock().await.clone()))
    }
}

/// The values of a request's path parameters, or why one cannot be had.
pub(crate) async fn ids_for(
    session: &Session,
    request: &RequestPlan,
) -> Result<BTreeMap<String, String>, String> {
    let mut values = BTreeMap::new();
    for name in request.target.ids() {
        let value = match request.ids {
            Ids::Missing => missing(session, request.api, name)?,
            Ids::Existing => existing(session, request.api, name).await?,
        };
        values.insert(name.to_owned(), value);
    }
    Ok(values)
}

/// Checks that the ids that the operator gave are there for the key that would find them, where a
/// route without effect shows one of its kind.
///
/// # Errors
///
/// Which id is not there: cases about it would all deviate, or pass without reason.
pub(crate) async fn check_given(session: &Session, given: &[(Api, String)]) -> Result<(), String> {
    for (api, name) in given {
        let Some((plan, role)) = showing(session, *api, name) else {
            continue;
        };
        let Ok(ids) = ids_for(session, &plan).await else {
            continue;
        };
        let Ok(request) = session.render(&plan, &ids, &BTreeMap::new()) else {
            continue;
        };
        let (bucket, interest) = (session.bucket(&plan), Interest::default());
        let sent = session.send(bucket.as_ref(), &request, &interest).await;
        let Ok(performed) = sent else { continue };
        session.keep(Preparation::new(&plan, &ids, &performed.observation));
        let status = performed.observation.status;
        if status == 404 || status == 403 {
            let id = ids.get(name).map_or("", String::as_str);
            return Err(format!(
                "the id `{id}` that was given for `{name}` of the {api} API is none that `{role}` reaches: \
                 {} answered {status}; give one of its own",
                plan.endpoint
            ));
        }
    }
    Ok(())
}

/// The request that shows one thing of a kind, with the key that lists them, if there is one.
fn showing(session: &Session, api: Api, name: &str) -> Option<(RequestPlan, RoleName)> {
    let contract = session.contract();
    let find = &contract.inventory.parameter(api, name)?.find;
    let role = find.key.value.clone();
    session.keys().key(&role)?;
    let last = format!("/{{{name}}}");
    let mut routes = contract.inventory.routes.iter();
    let route = routes.find(|route| {
        let endpoint = &route.endpoint;
        Api::of_path(&endpoint.path) == api
            && endpoint.method == "GET"
            && route.effect == Effect::None
            && session.profile().presence(route, None) == Presence::Always
            && endpoint.path.ends_with(&last)
    })?;
    let plan = RequestPlan::get(api, &route.endpoint, KeyUse::Role(role.clone()));
    Some((plan, role))
}

fn missing(session: &Session, api: Api, name: &str) -> Result<String, String> {
    let parameter = session.contract().inventory.parameter(api, name);
    parameter
        .map(|parameter| parameter.missing.clone())
        .ok_or_else(|| unknown(name))
}

fn unknown(name: &str) -> String {
    format!("nothing is known about the path parameter `{name}`")
}

async fn existing(session: &Session, api: Api, name: &str) -> Result<String, String> {
    // The lock is held while one asks, so that each id is looked for once.
    let mut found = session.ids().0.lock().await;
    if let Some(known) = found.get(&(api, name.to_owned())) {
        return known.clone();
    }
    for (parameter, of_parents) in with_parents(session, api, name)? {
        if found.contains_key(&(api, parameter.clone())) {
            continue;
        }
        let parents = of_parents
            .iter()
            .map(|parent| match found.get(&(api, parent.clone())) {
                Some(Ok(value)) => Ok((parent.clone(), value.clone())),
                Some(Err(why)) => Err(why.clone()),
                None => Err(unknown(parent)),
            })
            .collect::<Result<BTreeMap<_, _>, String>>();
        let value = match parents {
            Ok(parents) => find(session, api, &parameter, &parents).await,
            Err(why) => Err(why),
        };
        found.insert((api, parameter), value);
    }
    found
        .get(&(api, name.to_owned()))
        .cloned()
        .unwrap_or_else(|| Err(unknown(name)))
}

/// A parameter behind all those that finding it needs, each with its own parents.
fn with_parents(
    session: &Session,
    api: Api,
    name: &str,
) -> Result<Vec<(String, Vec<String>)>, String> {
    let parameter = session
        .contract()
        .inventory
        .parameter(api, name)
        .ok_or_else(|| unknown(name))?;
    let of_find = parameter.find.endpoint.parameters();
    let parents: Vec<String> = of_find.filter(|p| *p != name).map(str::to_owned).collect();
    let mut chain = Vec::new();
    for parent in &parents {
        chain.extend(with_parents(session, api, parent)?);
    }
    chain.push((name.to_owned(), parents));
    Ok(chain)
}

async fn find(
    session: &Session,
    api: Api,
    name: &str,
    parents: &BTreeMap<String, String>,
) -> Result<String, String> {
    let inventory = &session.contract().inventory;
    let parameter = inventory
        .parameter(api, name)
        .ok_or_else(|| unknown(name))?;
    let find = &parameter.find;
    let plan = RequestPlan::get(api, &find.endpoint, KeyUse::Role(find.key.value.clone()));
    let request = session
        .render(&plan, parents, &BTreeMap::new())
        .map_err(|lacking| lacking.to_string())?;
    let interest = Interest {
        save: candidates(find)
            .into_iter()
            .map(|(_, pointer)| pointer)
            .collect(),
        keep: Vec::new(),
    };
    let performed = session
        .send(session.bucket(&plan).as_ref(), &request, &interest)
        .await
        .map_err(|error| format!("no id for `{{{name}}}`: {error}"))?;
    let status = performed.observation.status;
    let fitting = candidates(find)
        .into_iter()
        .filter(|(entry, _)| has_members(entry, find, &performed.observation))
        .find_map(|(_, pointer)| Some((performed.saved.get(&pointer)?.expose_secret(), pointer)));
    let preparation = Preparation::new(&plan, parents, &performed.observation);
    session.keep(match &fitting {
        Some((id, pointer)) => preparation.that_found(pointer, id),
        None => preparation,
    });
    match fitting {
        Some((id, _)) if status == 200 => Ok(id.to_owned()),
        _ => Err(format!(
            "no id for `{{{name}}}`: {} of `{}` has none (status {status}); make one, so that this can be tested",
            *find.endpoint, find.key.value
        )),
    }
}

/// How many entries of a list are looked at: a page of the panel has no more.
const ENTRIES: usize = 100;

/// Where an id may stand in the answer: the pointer of the entry, and its own.
fn candidates(find: &Find) -> Vec<(String, String)> {
    match &find.among {
        None => vec![(String::new(), find.pointer.clone())],
        Some(list) => (0..ENTRIES)
            .map(|number| format!("{list}/{number}"))
            .map(|entry| (entry.clone(), entry + &find.pointer))
            .collect(),
    }
}

fn has_members(entry: &str, find: &Find, answer: &Observation) -> bool {
    let Body::Json(document) = &answer.body else {
        return find.members.is_empty();
    };
    find.members.iter().all(|(pointer, wanted)| {
        let value = document.pointer(&format!("{entry}{pointer}"));
        value.and_then(serde_json::Value::as_bool) == Some(*wanted)
    })
}

impl RequestPlan {
    /// A plain `GET` that asks for JSON.
    pub(crate) fn get(api: Api, endpoint: &crate::spec::Endpoint, key: KeyUse) -> Self {
        use crate::spec::{Part, Way};
        Self {
            api,
            over: Way::Target,
            endpoint: endpoint.clone(),
            route: None,
            target: Template::text(&endpoint.path).with_ids(),
            ids: Ids::Existing,
            key,
            authorization: Some(Template(vec![
                Part::Text("Bearer ".to_owned()),
                Part::Key(None),
            ])),
            headers: vec![("Accept".to_owned(), Template::text("application/json"))],
            named_headers: std::collections::BTreeSet::new(),
            content: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::run::tests::{profile, session};
    use crate::spec::Endpoint;

    const PROFILE: &str = "pterodactyl-1.14";

    fn asking(endpoint: &str, ids: Ids) -> RequestPlan {
        let endpoint = Endpoint::try_from(endpoint.to_owned()).expect("a route");
        let key = KeyUse::Role("client".parse().expect("a role"));
        RequestPlan {
            ids,
            ..RequestPlan::get(Api::of_path(&endpoint.path), &endpoint, key)
        }
    }

    #[tokio::test]
    async fn an_id_is_looked_for_once_with_all_that_stand_before_it() {
        let session = session(&profile(PROFILE));
        let backup = "GET /api/client/servers/{server}/backups/{backup}";
        let plan = asking(backup, Ids::Existing);
        let found = ids_for(&session, &plan).await.expect("ids");
        let names: Vec<_> = found.keys().map(String::as_str).collect();
        assert_eq!(names, ["backup", "server"]);
        let sent = session.sent();
        assert_eq!(sent, 2);
        assert_eq!(session.preparations().len(), 2);
        assert_eq!(ids_for(&session, &plan).await, Ok(found.clone()));
        let again = session.ids().again().await;
        let known = again.0.lock().await;
        let server = known.get(&(Api::Client, "server".to_owned()));
        assert_eq!(server, Some(&Ok(found["server"].clone())));
        assert_eq!(session.sent(), sent);
    }

    #[tokio::test]
    async fn an_id_that_names_nothing_is_the_inventorys() {
        let session = session(&profile(PROFILE));
        let plan = asking("GET /api/client/servers/{server}", Ids::Missing);
        let parameter = session
            .contract()
            .inventory
            .parameter(Api::Client, "server");
        let missing = parameter.expect("a parameter").missing.clone();
        let ids = ids_for(&session, &plan).await;
        assert_eq!(ids, Ok([("server".to_owned(), missing)].into()));
        assert_eq!(session.sent(), 0);
        for ids in [Ids::Missing, Ids::Existing] {
            let plan = asking("GET /api/client/{wish}", ids);
            assert_eq!(
                ids_for(&session, &plan).await,
                Err("nothing is known about the path parameter `wish`".to_owned())
            );
        }
    }

    #[tokio::test]
    async fn an_id_in_an_answer_that_refuses_is_none() {
        let mut session = session(&profile(PROFILE));
        session.keys_mut().take(&"client".parse().expect("a role"));
        let plan = asking("GET /api/client/servers/{server}", Ids::Existing);
        let why = ids_for(&session, &plan).await.expect_err("no key, no id");
        assert!(why.contains("client"), "{why}");
        assert_eq!(session.sent(), 0);
    }

    #[tokio::test]
    async fn an_entry_is_known_by_its_members() {
        let session = session(&profile(PROFILE));
        let parameters = session.contract().inventory.parameters.iter();
        let mut found = parameters.filter(|parameter| !parameter.find.members.is_empty());
        let find = &found.next().expect("one that is known by its members").find;
        let mut find = find.clone();
        find.members = [("/attributes/locked".to_owned(), true)].into();
        let answer = |body| Observation {
            status: 200,
            headers: Vec::new(),
            body,
        };
        let is_known = |value: serde_json::Value| {
            let list = json!({ "data": [{}, { "attributes": { "locked": value } }] });
            has_members("/data/1", &find, &answer(Body::Json(list)))
        };
        assert!(is_known(json!(true)));
        assert!(!is_known(json!(false)) && !is_known(json!(null)));
        assert!(!has_members("/data/1", &find, &answer(Body::Empty)));
        find.members.clear();
        assert!(has_members("/data/1", &find, &answer(Body::Empty)));
    }
}
