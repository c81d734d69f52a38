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
    routes::{Found, Parameters, Route},
    session,
    state::State,
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
        let mut state = lock(&self.state);
        let mut response = match front::preflight(incoming) {
            Some(response) => response,
            None if state.world.settings.maintenance => self.maintenance(&state, incoming),
            None if front::is_api(incoming) => self.api(&mut state, incoming),
            None => front_page(),
        };
        front::add_cors(incoming, &mut response);
        let cache_control = HeaderValue::from_static("no-cache, private");
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, cache_control);
        response
    }

    fn maintenance(&self, state: &State, incoming: &Incoming) -> Response<Body> {
        let mut refusal = self.refusal(incoming, Condition::Maintenance, &[]);
        if let Some(seconds) = state.world.settings.maintenance_retry_after {
            refusal = refusal.with_header("retry-after", seconds.to_string());
        }
        render(&refusal, state, incoming)
    }

    /// An answer under `/api`: the route must exist before anything else is looked at.
    fn api(&self, state: &mut State, incoming: &Incoming) -> Response<Body> {
        let method = incoming.method.as_str();
        match routes::find(method, &incoming.route_path()) {
            Found::Route(route, parameters) => self.route(state, incoming, (route, parameters)),
            Found::OtherMethods(allowed) if method == "OPTIONS" => {
                front::options(incoming, &allowed)
            }
            Found::OtherMethods(allowed) => {
                let allowed = allowed.join(", ");
                let path = incoming.spoken_path();
                let places = [("method", method), ("path", path), ("methods", &allowed)];
                let refusal = self.refusal(incoming, Condition::MethodNotAllowed, &places);
                render(&refusal.with_header("allow", allowed), state, incoming)
            }
            Found::Nothing => {
                let places = [("path", incoming.spoken_path())];
                let refusal = self.refusal(incoming, Condition::RouteMissing, &places);
                render(&refusal, state, incoming)
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
        let of_api = target.0.api.is_some();
        let mut inquiry = Inquiry::new(self, state, incoming, &base_url, target);
        let outcome = grant(&mut inquiry).and_then(|()| (inquiry.route.action)(&mut inquiry));
        let quota = inquiry.quota;
        let mut response = outcome.map_or_else(
            |refusal| render(&refusal, state, incoming),
            Success::into_response,
        );
        for (name, value) in quota.into_iter().flat_map(limits::Quota::headers) {
            errors::put_header(&mut response, name, &value);
        }
        if of_api && session::is_stateful(incoming, &base_url) {
            session::set_cookies(&mut response);
        }
        response
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
        Refusal::because(condition, words)
    }
}

/// Whether the action may begin: for nodes and for keys that is decided differently.
fn grant(inquiry: &mut Inquiry<'_>) -> Result<(), Refusal> {
    match inquiry.route.api {
        Some(api) => order::examine(inquiry, api),
        None => answers::remote::authenticate(inquiry),
    }
}

fn front_page() -> Response<Body> {
    let mut response = front::page();
    session::set_cookies(&mut response);
    response
}

fn render(refusal: &Refusal, state: &State, incoming: &Incoming) -> Response<Body> {
    refusal.render(&Setting {
        wants_json: negotiation::wants_json(incoming),
        base_url: &base_url(state, incoming),
        referer: incoming.text("referer").map(std::borrow::Cow::into_owned),
        debug: state.world.settings.debug,
    })
}

/// The panel's own address: the setting, or what the client called it.
fn base_url(state: &State, incoming: &Incoming) -> String {
    let host = || incoming.text("host").unwrap_or("localhost".into());
    let setting = state.world.settings.base_url.clone();
    setting.unwrap_or_else(|| format!("http://{}", host()))
}
