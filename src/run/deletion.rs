//! Deletes what was created, with the key of the role that made it.

use std::collections::BTreeMap;

use super::session::Session;
use crate::exchange::{Body, Interest, Observation};
use crate::journal::{Created, Identifier};
use crate::spec::{Api, Creates, Endpoint, KeyUse, RequestPlan};

/// How something came to be gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// It was deleted now.
    Deleted,
    /// It had been deleted before.
    Before,
}

/// Why something could not be deleted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotDeleted {
    /// The key of the role that made it was not given.
    #[error("no key for `{0}`, which made it")]
    NoKey(String),
    /// That key is not accepted.
    #[error("the key of `{0}`, which made it, is not accepted")]
    BadKey(String),
    /// The target does not do it.
    #[error("{0}")]
    Refused(String),
    /// The target does not answer, or not as a panel.
    #[error("{0}")]
    Unanswered(String),
}

impl NotDeleted {
    pub(crate) fn unknown_route(route: &Endpoint) -> Self {
        Self::Refused(format!(
            "nothing is known of `{route}`, which made it; delete it by hand"
        ))
    }
}

/// The target of the request that deletes a thing.
pub(crate) fn target_of(creates: &Creates, identifier: &Identifier) -> String {
    let template = creates.deleted_by.path.as_str();
    let parameters = creates.deleted_by.parameters();
    parameters.fold(template.to_owned(), |path, name| {
        path.replace(&format!("{{{name}}}"), &identifier.to_string())
    })
}

/// Deletes something at the target; whose own panel says that it is not there, is gone as well.
///
/// # Errors
///
/// When it is still there, or nobody knows.
pub(crate) async fn delete(session: &Session, created: &Created) -> Result<Gone, NotDeleted> {
    let role = &created.creation.role;
    let Some(creates) = session.creates(&created.creation) else {
        return Err(NotDeleted::unknown_route(&created.creation.route));
    };
    let identifier = created.identifier.to_string();
    let names = creates.deleted_by.parameters();
    let ids = names.map(|name| (name.to_owned(), identifier.clone()));
    let plan = RequestPlan::get(
        Api::of_path(&creates.deleted_by.path),
        &creates.deleted_by,
        KeyUse::Role(role.clone()),
    );
    let request = session
        .render(&plan, &ids.collect(), &BTreeMap::new())
        .map_err(|_| NotDeleted::NoKey(role.to_string()))?;
    let interest = Interest::default();
    let performed = session
        .send(session.bucket(&plan).as_ref(), &request, &interest)
        .await
        .map_err(|error| NotDeleted::Unanswered(error.to_string()))?;
    of_answer(&performed.observation, role.as_str())
}

/// What the answer to a request means that was to delete something with the key of who made it.
pub(crate) fn of_answer(observed: &Observation, role: &str) -> Result<Gone, NotDeleted> {
    let answered = |status: u16| format!("the request to delete it was answered {status}");
    match observed.status {
        200..=299 => Ok(Gone::Deleted),
        404 if is_of_a_panel(observed) => Ok(Gone::Before),
        401 if is_of_a_panel(observed) => Err(NotDeleted::BadKey(role.to_owned())),
        status if is_of_a_panel(observed) => Err(NotDeleted::Refused(answered(status))),
        status => Err(NotDeleted::Unanswered(format!(
            "{}, and not as a panel does",
            answered(status)
        ))),
    }
}

/// A proxy may say 404 too, and knows of no keys.
fn is_of_a_panel(observed: &Observation) -> bool {
    match &observed.body {
        Body::Json(document) => document.pointer("/errors/0/code").is_some(),
        Body::Empty | Body::Text(_) | Body::Unreadable(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_panel_can_say_that_it_is_gone() {
        let answer = |status, body: &str| {
            let body = match serde_json::from_str(body) {
                Ok(document) => Body::Json(document),
                Err(_) => Body::Text(body.to_owned()),
            };
            let headers = Vec::new();
            of_answer(
                &Observation {
                    status,
                    headers,
                    body,
                },
                "client",
            )
        };
        let error = r#"{"errors":[{"code":"NotFoundHttpException"}]}"#;
        assert_eq!(answer(204, ""), Ok(Gone::Deleted));
        assert_eq!(answer(404, error), Ok(Gone::Before));
        let unanswered =
            |status, body| matches!(answer(status, body), Err(NotDeleted::Unanswered(_)));
        assert!(unanswered(404, "<html>"));
        assert!(unanswered(503, "<html>") && unanswered(302, "<html>"));
        assert_eq!(answer(401, error), Err(NotDeleted::BadKey("client".into())));
        assert!(matches!(answer(500, error), Err(NotDeleted::Refused(_))));
        assert!(unanswered(401, "<html>") && unanswered(403, "{}"));
    }

    #[test]
    fn what_is_deleted_stands_in_the_path() {
        let contract = crate::run::built_in().expect("the built-in contract");
        let route = "POST /api/client/account/api-keys".to_owned();
        let route = Endpoint::try_from(route).expect("a route");
        let route = contract.inventory.route(&route).expect("a known route");
        let creates = route.creates.as_ref().expect("it creates something");
        let identifier = "ptlc_0123456789".parse().expect("an identifier");
        assert_eq!(
            target_of(creates, &identifier),
            "/api/client/account/api-keys/ptlc_0123456789"
        );
    }
}
