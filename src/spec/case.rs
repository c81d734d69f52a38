//! A case: one row of a scenario's matrix, complete but for what only a run knows.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use serde::Deserialize;

use super::checkup::Way;
use super::condition::Condition;
use super::expectation::{Basis, Expectation};
use super::name::{Api, CaseId, Consent, Level, RequirementId, RoleName};
use super::profile::Profile;
use super::relation::Beside;
use super::route::{Endpoint, Route};
use super::source::SourceFile;
use super::template::{Part, Template};

/// What is run and reported: a script of one or more steps.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its id.
    pub id: CaseId,
    /// The scenario that it is a row of.
    pub scenario: Arc<Scenario>,
    /// What is sent and expected, in order; never empty.
    pub steps: Vec<Step>,
}

/// An entry of a suite.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The suite's file.
    pub file: SourceFile,
    /// Where the entry stands in it.
    pub span: Range<usize>,
    /// The line where it begins, counted from 1.
    pub line: usize,
    /// The suite's title.
    pub suite_title: String,
    /// The clause of the page that the suite is about, if it is about one.
    pub suite_source: Option<String>,
    /// One sentence.
    pub title: String,
    /// The requirements that it checks.
    pub requires: Vec<RequirementId>,
    /// How binding it is.
    pub level: Level,
    /// What must have been agreed to.
    pub consent: Option<Consent>,
    /// States that the target must be said to have.
    pub needs: Vec<String>,
    /// States that the target must not be said to have.
    pub unless: Vec<String>,
}

/// One request and what its answer must be.
#[derive(Clone, Debug)]
pub struct Step {
    /// The name by which later steps refer to it.
    pub name: Option<String>,
    /// What is sent.
    pub request: RequestPlan,
    /// What must come back.
    pub expect: Arc<Expectation>,
    /// What later steps need of the answer.
    pub save: Vec<Save>,
    /// What undoes it, sent after the last step whatever came of it.
    pub cleanup: Option<Box<RequestPlan>>,
    /// Whether it is sent more than once.
    pub repeat: Option<Repeat>,
    /// What is waited for before it is sent.
    pub wait: Option<Wait>,
}

/// How often a step is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Repeat {
    /// As long as it succeeds, at most as often as the profile's limit allows and once more.
    UntilSpent,
}

/// What a step waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wait {
    /// As many seconds as `Retry-After` of the answer before it says.
    RetryAfter,
}

/// A value that a step saves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Save {
    /// The name by which later steps refer to it.
    pub name: String,
    /// JSON Pointers into the answer whose values are joined.
    pub pointers: Vec<String>,
    /// Whether it is a key.
    pub is_key: bool,
}

/// A request but for keys, ids and saved values.
#[derive(Clone, Debug)]
pub struct RequestPlan {
    /// The API asked.
    pub api: Api,
    /// How the target is reached.
    pub over: Way,
    /// Method and path template, for looking up routes and answers.
    pub endpoint: Endpoint,
    /// The route of the inventory, if it is one.
    pub route: Option<Arc<Route>>,
    /// The path, with its query.
    pub target: Template,
    /// Which ids the path's parameters get.
    pub ids: Ids,
    /// Whose key it carries.
    pub key: KeyUse,
    /// The value of `Authorization`; `None` when it is not sent.
    pub authorization: Option<Template>,
    /// Further header fields, in order.
    pub headers: Vec<(String, Template)>,
    /// The names of the header fields that the scenario itself names, in lower case.
    pub named_headers: BTreeSet<String>,
    /// The content.
    pub content: Option<Content>,
}

/// Which ids the parameters of a path get.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ids {
    /// Those of things that exist and that the owner of the parameter's key reaches.
    Existing,
    /// Values that name nothing.
    Missing,
}

/// Whose key a request carries.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum KeyUse {
    /// A role's, real, derived or made up.
    Role(RoleName),
    /// One that an earlier step saved.
    Saved(String),
}

/// The content of a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Content {
    /// JSON; what is filled in is escaped as JSON text needs.
    Json {
        /// The document, written compactly.
        text: Template,
        /// Whether it is `{}`.
        is_empty_object: bool,
    },
    /// Anything, as it stands.
    Raw(Template),
}

impl RequestPlan {
    /// Whether a header field holds the origin that the operator lets in.
    #[must_use]
    pub fn names_allowed_origin(&self) -> bool {
        let mut parts = self.headers.iter().flat_map(|(_, value)| &value.0);
        parts.any(|part| *part == Part::AllowedOrigin)
    }
}

impl Content {
    /// The text as it is before a run fills it.
    #[must_use]
    pub fn text(&self) -> &Template {
        match self {
            Self::Json { text, .. } | Self::Raw(text) => text,
        }
    }
}

impl Step {
    /// Every reason why the request is not simply granted, if the scenario gives reasons: those
    /// stated and those that its ids and its content imply.
    #[must_use]
    pub fn conditions(&self) -> Option<BTreeSet<Condition>> {
        let Basis::Because(stated) = &self.expect.basis else {
            return None;
        };
        Some(
            stated
                .iter()
                .cloned()
                .chain(self.request.implied_conditions())
                .collect(),
        )
    }
}

impl RequestPlan {
    /// The reasons that the ids and the content imply, whoever asks.
    #[must_use]
    pub fn implied_conditions(&self) -> BTreeSet<Condition> {
        let mut conditions = BTreeSet::new();
        if self.ids == Ids::Missing {
            conditions.extend(self.target.ids().map(Condition::missing));
        }
        let needs_members = self
            .route
            .as_ref()
            .is_some_and(|route| route.body == Some(super::route::BodyNeed::Required));
        let is_empty = matches!(
            self.content,
            Some(Content::Json {
                is_empty_object: true,
                ..
            })
        );
        if needs_members && is_empty {
            conditions.insert(Condition::invalid_body());
        }
        conditions
    }

    /// Whether a panel of that profile takes it for one that asks for JSON.
    #[must_use]
    pub fn wants_json(&self, profile: &Profile) -> bool {
        let texts: Vec<(String, String)> = self
            .headers
            .iter()
            .map(|(n, v)| (n.to_ascii_lowercase(), v.to_string()))
            .collect();
        profile.wants_json(|name| {
            texts
                .iter()
                .find(|(field, _)| field == name)
                .map(|(_, value)| value.as_str())
        })
    }

    /// Every role named in it.
    pub fn roles(&self) -> impl Iterator<Item = &RoleName> {
        let own = match &self.key {
            KeyUse::Role(role) => Some(role),
            KeyUse::Saved(_) => None,
        };
        let in_headers = self.headers.iter().flat_map(|(_, value)| value.roles());
        let in_content = self
            .content
            .iter()
            .flat_map(|content| content.text().roles());
        own.into_iter()
            .chain(self.target.roles())
            .chain(self.authorization.iter().flat_map(Template::roles))
            .chain(in_headers)
            .chain(in_content)
    }
}

impl Case {
    /// Whether it compares what the panel counts; a minute that begins between two of its steps
    /// makes such a comparison wrong.
    #[must_use]
    pub fn compares_counts(&self) -> bool {
        let mut relations = self.steps.iter().flat_map(|step| &step.expect.relations);
        relations.any(|relation| relation.to == Beside::LessThan)
    }

    /// Whether it spends a limit, so that nothing else may be asked meanwhile.
    #[must_use]
    pub fn spends_limit(&self) -> bool {
        self.scenario.consent == Some(Consent::Exhaustion)
    }

    /// Whether it needs limits that nobody else spends.
    #[must_use]
    pub fn is_apart(&self) -> bool {
        self.compares_counts() || self.spends_limit()
    }

    /// Every step's requests, those that clean up included.
    pub fn requests(&self) -> impl Iterator<Item = &RequestPlan> {
        self.steps
            .iter()
            .flat_map(|step| std::iter::once(&step.request).chain(step.cleanup.as_deref()))
    }
}
