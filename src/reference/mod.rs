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
mod identifiers;
mod incoming;
mod inquiry;
mod ip;
mod keys;
mod limits;
mod negotiation;
mod order;
mod respond;
mod routes;
mod session;
mod settings;
mod state;
mod traits;
mod translations;
mod validation;
mod wording;
mod world;

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::{
    Router,
    body::Body,
    extract::{Request, State as Shared},
    http::Response,
};

use incoming::Incoming;
use state::State;

pub use clock::{Clock, ManualClock, SystemClock};
pub use family::{Family, UnknownFamily};
pub use faults::{BadFault, Fault, Faults, Gate, Group, PanelState, RouteName};
pub use routes::{AddedRoutes, Addition, Api, BadAddition, Missing};
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
    /// Routes that it has beside those of its family.
    added: AddedRoutes,
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
            added: world.added.clone(),
            state: Mutex::new(State::new(world, family)?),
        })))
    }

    /// The panel as a service, to be called in process or served over TCP. Serve it with
    /// `into_make_service_with_connect_info::<SocketAddr>()`, so that it sees who calls;
    /// otherwise every caller has the address 127.0.0.1.
    pub fn router(&self) -> Router {
        Router::new().fallback(respond).with_state(self.clone())
    }

    /// Gives a world the keys that this panel has now, so that other panels have the same.
    pub fn give_keys_to(&self, world: &mut World) {
        world.keys = lock(&self.0.state).key_entries();
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
    let parts = &*panel.0;
    let mut incoming = Incoming::read(request).await;
    if let Some(caller) = lock(&parts.state).world.settings.caller {
        incoming.peer = caller;
    }
    let incoming = faults::receive(&parts.faults, incoming);
    let response = parts.respond(&incoming);
    faults::answer(parts, &incoming, response).await
}

/// Takes a lock; what a panicking holder left behind is used as it is.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
