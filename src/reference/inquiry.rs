//! One request under examination, and what the checks have found out about it.

use std::net::IpAddr;

use serde_json::{Map, Value};

use super::{
    Parts, clock, content,
    errors::{FieldError, Refusal},
    incoming::Incoming,
    ip,
    keys::StoredKey,
    limits::Quota,
    routes::{Api, Parameters, Route},
    state::State,
    traits::Traits,
    wording::Condition,
    world::{Server, User},
};

/// Who asks, and with which key.
#[derive(Clone)]
pub(super) struct Caller {
    pub user: User,
    pub key: StoredKey,
}

/// The things that the path names, all of which exist.
#[derive(Clone, Debug, Default)]
pub(super) struct Bound {
    pub server: Option<u64>,
    /// Name of a user.
    pub user: Option<String>,
    pub node: Option<u64>,
    pub location: Option<u64>,
    pub nest: Option<u64>,
    pub egg: Option<u64>,
    pub allocation: Option<u64>,
    pub database: Option<u64>,
    pub schedule: Option<u64>,
    pub task: Option<u64>,
    pub backup: Option<String>,
}

/// One request under examination.
pub(super) struct Inquiry<'a> {
    pub panel: &'a Parts,
    pub state: &'a mut State,
    pub incoming: &'a Incoming,
    pub route: &'static Route,
    pub parameters: Parameters,
    pub base_url: &'a str,
    /// The fields of content and query.
    pub fields: Map<String, Value>,
    pub bound: Bound,
    /// What is left of the rate limit, once it was looked at.
    pub quota: Option<Quota>,
    caller: Option<Caller>,
}

impl<'a> Inquiry<'a> {
    pub(super) fn new(
        panel: &'a Parts,
        state: &'a mut State,
        incoming: &'a Incoming,
        base_url: &'a str,
        (route, parameters): (&'static Route, Parameters),
    ) -> Self {
        Self {
            panel,
            state,
            incoming,
            route,
            parameters,
            base_url,
            fields: content::fields(incoming),
            bound: Bound::default(),
            quota: None,
            caller: None,
        }
    }

    /// The API that the route belongs to; the routes of nodes count as neither.
    pub(super) fn api(&self) -> Api {
        self.route.api.unwrap_or(Api::Application)
    }

    /// The values and ways of the panel's family.
    pub(super) fn traits(&self) -> &'static Traits {
        self.panel.family.traits()
    }

    /// The refusal for a condition.
    pub(super) fn refuse(&self, condition: Condition) -> Refusal {
        self.refuse_with(condition, &[])
    }

    /// The refusal for a condition, with the places in its words filled.
    pub(super) fn refuse_with(&self, condition: Condition, places: &[(&str, &str)]) -> Refusal {
        let (family, api) = (self.panel.family, self.route.api);
        let words = self.panel.wording.words(family, api, condition, places);
        Refusal::because(family, condition, words)
    }

    /// The refusal of invalid content.
    pub(super) fn invalid(&self, errors: Vec<FieldError>) -> Refusal {
        let panel = self.panel;
        Refusal::invalid(&panel.wording, panel.family, self.api(), errors)
    }

    /// Notes who asks.
    pub(super) fn identify(&mut self, caller: Caller) {
        self.caller = Some(caller);
    }

    /// Who asks.
    pub(super) fn caller(&self) -> Result<&Caller, Refusal> {
        self.caller
            .as_ref()
            .ok_or_else(|| self.refuse(Condition::NoKey))
    }

    /// The server that the path names.
    pub(super) fn server(&self) -> Result<&Server, Refusal> {
        let server = self.bound.server.and_then(|id| self.state.server(id));
        self.found(server)
    }

    /// What the last parameter of the path names, or the refusal because it is not there.
    pub(super) fn found<T>(&self, sought: Option<T>) -> Result<T, Refusal> {
        let parameter = self.parameters.iter().last().map(|(name, _)| name);
        sought.ok_or_else(|| self.refuse(Condition::Missing(parameter)))
    }

    /// A text field of the content.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        content::at(&self.fields, name)?.as_str().map(str::to_owned)
    }

    /// The address that the request counts as.
    pub(super) fn address(&self) -> IpAddr {
        ip::caller(self.incoming, &self.state.world.settings.trusted_proxies)
    }

    /// Now, in unix seconds.
    pub(super) fn now(&self) -> u64 {
        clock::unix_seconds(self.panel.clock.now())
    }
}
