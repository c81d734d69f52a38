//! One line of a journal.

use serde::{Deserialize, Serialize};

use super::Identifier;
use crate::moment;
use crate::spec::{Endpoint, RoleName};

/// What is created: by which run, with whose key, over which route.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Creation {
    /// The name of the run, which is also what the thing created is called.
    pub run: String,
    /// The role whose key asks.
    pub role: RoleName,
    /// The route that creates it.
    pub route: Endpoint,
}

/// What happens to a creation.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// The request is about to be sent.
    Creating,
    /// It was refused, or never sent: nothing came of it.
    NotCreated,
    /// It was granted, and the thing has this identifier.
    Created(&'a Identifier),
    /// The thing is deleted, or was gone already.
    Deleted(&'a Identifier),
}

/// The names of events in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum EventName {
    Creating,
    NotCreated,
    Created,
    Deleted,
}

/// A line as it is written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    time: String,
    event: EventName,
    target: String,
    run: String,
    role: String,
    route: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    prefix: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    identifier: Option<String>,
}

/// A line that was read.
pub(super) enum Line {
    Creating(Creation),
    NotCreated(Creation),
    Created(Creation, Identifier),
    Deleted(Identifier),
    /// Of another target that shares the file.
    Elsewhere,
}

/// The line that tells of an event now, without the line break.
pub(super) fn write(event: Event<'_>, creation: &Creation, target: &str) -> String {
    let (event, identifier) = match event {
        Event::Creating => (EventName::Creating, None),
        Event::NotCreated => (EventName::NotCreated, None),
        Event::Created(identifier) => (EventName::Created, Some(identifier)),
        Event::Deleted(identifier) => (EventName::Deleted, Some(identifier)),
    };
    let written = Written {
        time: moment::now(),
        event,
        target: target.to_owned(),
        run: creation.run.clone(),
        role: creation.role.to_string(),
        route: creation.route.to_string(),
        prefix: identifier.map(|identifier| identifier.prefix.clone()),
        identifier: identifier.map(|identifier| identifier.rest.clone()),
    };
    serde_json::to_string(&written).expect("texts are always JSON")
}

/// Reads a line of the journal of a target; nothing if it is none.
pub(super) fn read(text: &str, target: &str) -> Option<Line> {
    let written: Written = serde_json::from_str(text).ok()?;
    if written.target != target {
        return Some(Line::Elsewhere);
    }
    let identifier = match (&written.prefix, &written.identifier) {
        (Some(prefix), Some(rest)) => Some(format!("{prefix}{rest}").parse().ok()?),
        _ => None,
    };
    let creation = Creation {
        run: written.run,
        role: written.role.parse().ok()?,
        route: written.route.try_into().ok()?,
    };
    match (written.event, identifier) {
        (EventName::Creating, None) => Some(Line::Creating(creation)),
        (EventName::NotCreated, None) => Some(Line::NotCreated(creation)),
        (EventName::Created, Some(identifier)) => Some(Line::Created(creation, identifier)),
        (EventName::Deleted, Some(identifier)) => Some(Line::Deleted(identifier)),
        _ => None,
    }
}
