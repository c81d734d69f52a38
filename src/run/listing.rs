//! Lists what a user has of the things that runs create.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};

use super::session::Session;
use crate::exchange::{Body, Interest};
use crate::spec::{Api, Creates, KeyUse, RequestPlan, RoleName};

/// Entries that are looked at; an observation keeps no more.
const MOST: usize = 200;

/// What a user has.
#[derive(Debug)]
pub(crate) struct Listing {
    /// How many entries there are.
    pub(crate) count: usize,
    pub(crate) entries: Vec<Entry>,
}

/// One thing that a user has; others may have made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) identifier: String,
    pub(crate) description: String,
}

/// Asks for the list with a role's key; descriptions are for comparison, and leave no trace.
///
/// # Errors
///
/// Why there is no list.
pub(crate) async fn list(
    session: &Session,
    role: &RoleName,
    creates: &Creates,
) -> Result<Listing, String> {
    let endpoint = &*creates.listed_by;
    let api = Api::of_path(&endpoint.path);
    let plan = RequestPlan::get(api, endpoint, KeyUse::Role(role.clone()));
    let request = session
        .render(&plan, &BTreeMap::new(), &BTreeMap::new())
        .map_err(|lacking| lacking.to_string())?;
    let members = [&creates.identifier, &creates.description];
    let interest = Interest {
        keep: Vec::new(),
        save: (0..MOST)
            .flat_map(|n| members.map(|member| format!("/data/{n}{member}")))
            .collect(),
    };
    let performed = session
        .send(session.bucket(&plan).as_ref(), &request, &interest)
        .await
        .map_err(|error| error.to_string())?;
    let observed = &performed.observation;
    let count = match &observed.body {
        Body::Json(document) if observed.status == 200 => {
            document.pointer("/data").and_then(|data| data.as_array())
        }
        _ => None,
    };
    let Some(count) = count.map(Vec::len) else {
        return Err(format!(
            "{endpoint} was answered {}, without a list",
            observed.status
        ));
    };
    let text = |pointer: String| {
        let saved = performed
            .saved
            .get(&pointer)
            .map(SecretString::expose_secret);
        saved.unwrap_or_default().to_owned()
    };
    let entry = |n: usize| Entry {
        identifier: text(format!("/data/{n}{}", creates.identifier)),
        description: text(format!("/data/{n}{}", creates.description)),
    };
    Ok(Listing {
        count,
        entries: (0..count).map(entry).collect(),
    })
}
