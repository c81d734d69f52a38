//! The reference panel: answers like a real panel as far as authentication, key types,
//! permissions, ids and validation go.
//!
//! It decides by its state, in hand-written checks; it knows nothing of suites and profiles. Its
//! facts were taken from the source and the answers of real panels; comments name the section.

mod answers;
mod binding;
mod checks;
mod clock;
mod content;
mod errors;
mod family;
mod faults;
mod front;
mod incoming;
mod inquiry;
mod ip;
mod keys;
mod limits;
mod negotiation;
mod order;
mod routes;
mod session;
mod settings;
mod state;
mod validation;
mod wording;
mod world;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::{
    Router,
    body::Body,
    extract::{Request, State as Shared},
    http::{HeaderValue, Method, Response, header},
};

use answers::Success;
use errors::{Refusal, Setting};
use incoming::Incoming;
use inquiry::Inquiry;
use routes::{Found, Parameters, Route};
use state::State;
use wording::Condition;

pub use clock::{Clock, ManualClock, SystemClock};
pub use family::{Family, UnknownFamily};
pub use faults::{Fault, Faults, UnknownFault};
pub use routes::Api;
pub use settings::{Settings, TwoFactorRequired, Wings};
pub use wording::Wording;
pub use world::{World, WorldError};

/// A panel in memory; clones share it.
#[derive(Clone)]
pub struct Panel(Arc<Parts>);

/// What a panel is made of.
struct Parts {
    family: Family,
    wording: Wording,
    faults: Faults,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

impl Panel {
    /// A panel with new keys for all roles of the world that have none.
    ///
    /// # Errors
    ///
    /// The operating system gives no random bytes.
    pub fn new(
        family: Family,
        world: World,
        wording: Wording,
        faults: Faults,
    ) -> Result<Self, WorldError> {
        Self::with_clock(family, world, wording, faults, Arc::new(SystemClock))
    }

    /// A panel whose rate windows and dates follow another clock.
    ///
    /// # Errors
    ///
    /// The operating system gives no random bytes.
    pub fn with_clock(
        family: Family,
        world: World,
        wording: Wording,
        faults: Faults,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, WorldError> {
        Ok(Self(Arc::new(Parts {
            family,
            wording,
            faults,
            clock,
            state: Mutex::new(State::new(world)?),
        })))
    }

    /// The panel as a service, to be called in process or served over TCP. Serve it with
    /// `into_make_service_with_connect_info::<SocketAddr>()`, so that it sees who calls;
    /// otherwise every caller has the address 127.0.0.1.
    pub fn router(&self) -> Router {
        Router::new().fallback(respond).with_state(self.clone())
    }

    /// The keys at the start, by role, in the order of the world.
    #[must_use]
    pub fn keys(&self) -> Vec<(String, String)> {
        let state = lock(&self.0.state);
        let with_role = |key: &keys::StoredKey| Some((key.role.clone()?, key.full()));
        state.keys.iter().filter_map(with_role).collect()
    }
}

async fn respond(Shared(panel): Shared<Panel>, request: Request) -> Response<Body> {
    let incoming = Incoming::read(request).await;
    let mut response = panel.0.respond(&incoming);
    if incoming.sent_method == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    response
}

impl Parts {
    /// The answer of web server and panel: first what comes before any route.
    fn respond(&self, incoming: &Incoming) -> Response<Body> {
        if let Some(response) = front::web_server_refusal(incoming) {
            return response;
        }
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
        let mut refusal = self.refusal(Condition::Maintenance, &[]);
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
                let places = [("method", method), ("path", path), ("allowed", &allowed)];
                let refusal = self.refusal(Condition::MethodNotAllowed, &places);
                render(&refusal.with_header("allow", allowed), state, incoming)
            }
            Found::Nothing => {
                let places = [("path", incoming.spoken_path())];
                render(
                    &self.refusal(Condition::RouteMissing, &places),
                    state,
                    incoming,
                )
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

    fn refusal(&self, condition: Condition, places: &[(&str, &str)]) -> Refusal {
        let words = self.wording.words(self.family, None, condition, places);
        Refusal::because(condition, words)
    }
}

/// Whether the action may begin: the checks passed and, where it is needed, the node answers.
fn grant(inquiry: &mut Inquiry<'_>) -> Result<(), Refusal> {
    if inquiry.route.api.is_none() {
        return answers::remote::authenticate(inquiry);
    }
    order::examine(inquiry)?;
    if inquiry.route.daemon && inquiry.state.world.settings.wings == Wings::Unreachable {
        return Err(inquiry.refuse(Condition::DaemonUnreachable));
    }
    Ok(())
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

/// Takes a lock; what a panicking holder left behind is used as it is.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
