//! The way of a request through the panel: what comes before any route, the route's checks, its
//! action, and what is added to every answer.

use axum::{
    body::Body,
    http::{HeaderValue, Method, Response, header},
};

use super::{
    Parts, answers,
    answers::Success,
    errors,
    errors::{Refusal, Setting},
    front,
    incoming::Incoming,
    inquiry::Inquiry,
    limits, lock, negotiation, order, routes,
    routes::{Api, Found, Parameters, Route},
    session::{self, Cookie},
    state::State,
    traits::{FrontPage, Translations},
    translations,
    wording::Condition,
};

impl Parts {
    /// The answer of web server and panel; to HEAD without content.
    pub(super) fn respond(&self, incoming: &Incoming) -> Response<Body> {
        let mut response =
            front::web_server_refusal(incoming).unwrap_or_else(|| self.panel_response(incoming));
        if incoming.sent_method == Method::HEAD {
            *response.body_mut() = Body::empty();
        }
        response
    }

    /// The answer of the panel: first what comes before any route.
    fn panel_response(&self, incoming: &Incoming) -> Response<Body> {
        let (mut state, traits) = (lock(&self.state), self.family.traits());
        let mut response = match front::preflight(incoming, traits) {
            Some(response) => response,
            None if self.is_closed(&state, incoming) => self.maintenance(&state, incoming),
            None => self.open(&mut state, incoming),
        };
        let origins = &state.world.settings.cors_origins;
        front::add_cors(incoming, traits, origins, &mut response);
        let cache_control = HeaderValue::from_static("no-cache, private");
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, cache_control);
        response
    }

    /// The answer of a panel that is not under maintenance.
    fn open(&self, state: &mut State, incoming: &Incoming) -> Response<Body> {
        let translations = self.family.traits().translations;
        let mut response = if front::is_api(incoming) {
            self.api(state, incoming)
        } else if translations::are_asked(incoming, translations) {
            self.translations(state, incoming, translations)
        } else {
            self.front_page(state, incoming)
        };
        if self.family.traits().security_headers {
            front::add_security(&mut response);
        }
        response
    }

    fn translations(
        &self,
        state: &State,
        incoming: &Incoming,
        translations: Translations,
    ) -> Response<Body> {
        let has_hole = self.faults.read_any_translation();
        if state.world.settings.translations_refused && !has_hole {
            return front::own_page(403);
        }
        let translations = if has_hole {
            Translations::Any
        } else {
            translations
        };
        translations::answer(incoming, translations).unwrap_or_else(|errors| {
            let refusal = Refusal::invalid(&self.wording, self.family, Api::Client, errors);
            self.render(&refusal, state, incoming)
        })
    }

    fn front_page(&self, state: &State, incoming: &Incoming) -> Response<Body> {
        let (mut response, cookies): (_, &[Cookie]) = match self.family.traits().front_page {
            FrontPage::Everybody => (front::page(), &[Cookie::Token, Cookie::Session]),
            FrontPage::Users => (
                self.render(&Refusal::guest(), state, incoming),
                &[Cookie::Session],
            ),
        };
        session::set_cookies(&mut response, cookies, self.family.traits());
        response
    }

    fn is_closed(&self, state: &State, incoming: &Incoming) -> bool {
        let is_open = self.faults.open_under_maintenance() && front::is_api(incoming);
        state.world.settings.maintenance && !is_open
    }

    fn maintenance(&self, state: &State, incoming: &Incoming) -> Response<Body> {
        let mut refusal = self.refusal(incoming, Condition::Maintenance, &[]);
        if let Some(seconds) = state.world.settings.maintenance_retry_after {
            refusal = refusal.with_header("retry-after", seconds.to_string());
        }
        self.render(&refusal, state, incoming)
    }

    /// An answer under `/api`: the route must exist before anything else is looked at.
    fn api(&self, state: &mut State, incoming: &Incoming) -> Response<Body> {
        let method = incoming.method.as_str();
        match routes::find(self.family, &self.added, method, &incoming.route_path()) {
            Found::Route(route, parameters) => self.route(state, incoming, (route, parameters)),
            Found::OtherMethods(allowed) if method == "OPTIONS" => {
                front::options(incoming, self.family.traits(), &allowed)
            }
            Found::OtherMethods(allowed) => {
                let allowed = allowed.join(", ");
                let path = incoming.spoken_path();
                let places = [("method", method), ("path", path), ("methods", &allowed)];
                let refusal = self.refusal(incoming, Condition::MethodNotAllowed, &places);
                self.render(&refusal.with_header("allow", allowed), state, incoming)
            }
            Found::Nothing => {
                let places = [("path", incoming.spoken_path())];
                let is_stateful = session::is_stateful(
                    incoming,
                    &base_url(state, incoming),
                    self.family.traits(),
                );
                let condition = self.faults.refused_before_route(incoming, is_stateful);
                let condition = condition.unwrap_or(Condition::RouteMissing);
                let refusal = self.refusal(incoming, condition, &places);
                self.render(&refusal, state, incoming)
            }
        }
    }

    /// The answer of a route: the checks of its API, then its action.
    fn route(
        &self,
        state: &mut State,
        incoming: &Incoming,
        target: (&'static Route, Parameters),
    ) -> Response<Body> {
        let base_url = base_url(state, incoming);
        let cookies = match target.0.api {
            Some(_) => session::cookies(incoming, &base_url, self.family.traits()),
            None => &[],
        };
        let mut inquiry = Inquiry::new(self, state, incoming, &base_url, target);
        let outcome = grant(&mut inquiry).and_then(|()| (inquiry.route.action)(&mut inquiry));
        let quota = inquiry.quota;
        let mut response = outcome.map_or_else(
            |refusal| self.render(&refusal, state, incoming),
            Success::into_response,
        );
        for (name, value) in quota.into_iter().flat_map(limits::Quota::headers) {
            errors::put_header(&mut response, name, &value);
        }
        session::set_cookies(&mut response, cookies, self.family.traits());
        response
    }

    fn render(&self, refusal: &Refusal, state: &State, incoming: &Incoming) -> Response<Body> {
        refusal.render(&Setting {
            wants_json: negotiation::wants_json(incoming),
            base_url: &base_url(state, incoming),
            referer: incoming.text("referer").map(std::borrow::Cow::into_owned),
            redirect_type: self.family.traits().redirect_type,
            login_page: self.family.traits().login_page,
            debug: state.world.settings.debug,
        })
    }

    /// A refusal before there is a route.
    fn refusal(
        &self,
        incoming: &Incoming,
        condition: Condition,
        places: &[(&str, &str)],
    ) -> Refusal {
        let api = front::api_of(incoming);
        let words = self.wording.words(self.family, api, condition, places);
        Refusal::because(self.family, condition, words)
    }
}

/// Whether the action may begin: for nodes and for keys that is decided differently.
fn grant(inquiry: &mut Inquiry<'_>) -> Result<(), Refusal> {
    match inquiry.route.api {
        Some(api) => order::examine(inquiry, api),
        None => answers::remote::authenticate(inquiry),
    }
}

/// The panel's own address: the setting, or what the client called it.
fn base_url(state: &State, incoming: &Incoming) -> String {
    let host = || incoming.text("host").unwrap_or("localhost".into());
    let setting = state.world.settings.base_url.clone();
    setting.unwrap_or_else(|| format!("http://{}", host()))
}
