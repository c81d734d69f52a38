//! What a run creates at its target: counted before, journalled before use, deleted after.
//!
//! Created keys are not locked to the runner's address. Only the panel knows which address it sees
//! (there may be proxies and translation in between), a wrong lock would look like a panel that
//! refuses good keys, and every scenario that creates a key states `allowed_ips` or is about its
//! absence. Their secrets are in no file, and they live as long as their case.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use secrecy::ExposeSecret;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::deletion::{delete, of_answer, target_of};
use super::listing::list;
use super::session::Session;
use crate::exchange::{Observation, Performed, Redactor, Request, Secret, TransportError};
use crate::journal::{Created, Creation, Event, Identifier, Journal, JournalError, Record};
use crate::spec::{Case, Consent, Creates, Holder, KeyUse, RequestPlan, Role, RoleName, Route};

/// What a session has created at a panel that is not its own.
#[derive(Debug)]
pub(crate) struct Creations {
    journal: Journal,
    /// What is there, as far as this session knows.
    record: Mutex<Record>,
    /// How many more keys each user may get, or why none.
    rooms: tokio::sync::Mutex<BTreeMap<String, Result<Space, String>>>,
}

/// How many keys a user may get at once.
#[derive(Clone, Debug)]
struct Space {
    size: usize,
    free: Arc<Semaphore>,
}

/// A request that may create something.
pub(crate) struct Attempt {
    creation: Creation,
    route: Arc<Route>,
    /// Whether the journal already knows of it.
    is_noted: bool,
}

impl Attempt {
    fn creates(&self) -> Option<&Creates> {
        self.route.creates.as_ref()
    }

    /// The JSON Pointers of what has to be known of the answer.
    pub(crate) fn pointers(&self) -> impl Iterator<Item = String> {
        self.creates()
            .into_iter()
            .flat_map(|creates| [creates.identifier.clone(), creates.secret.clone()])
    }
}

/// The room that a case has for its keys; it is given back when the case is over.
pub(crate) type Room = Option<OwnedSemaphorePermit>;

impl Creations {
    pub(crate) fn new(journal: Journal) -> Self {
        Self {
            journal,
            record: Mutex::default(),
            rooms: tokio::sync::Mutex::default(),
        }
    }

    /// Those of earlier runs as well.
    pub(crate) fn resumed(journal: Journal) -> Result<Self, JournalError> {
        let record = Mutex::new(journal.read()?);
        Ok(Self {
            record,
            ..Self::new(journal)
        })
    }

    fn lock(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known at this moment.
    pub(crate) fn record(&self) -> Record {
        self.lock().clone()
    }

    /// Notes that a request is about to be sent that may create something.
    ///
    /// One that is not meant to create anything is noted only if it does.
    pub(crate) fn announce(
        &self,
        session: &Session,
        request: &RequestPlan,
        maker: Option<&RoleName>,
        consent: Option<Consent>,
    ) -> Result<Option<Attempt>, JournalError> {
        let (Some(route), Some(maker)) = (&request.route, maker) else {
            return Ok(None);
        };
        if route.creates.is_none() {
            return Ok(None);
        }
        let attempt = Attempt {
            creation: Creation {
                run: session.run_name().to_owned(),
                role: maker.clone(),
                route: route.endpoint.value.clone(),
            },
            route: Arc::clone(route),
            is_noted: consent == Some(Consent::CreateKeys),
        };
        if attempt.is_noted {
            self.journal
                .note(Event::Creating, &attempt.creation, session.redactor())?;
            let mut record = self.lock();
            *record.unknown.entry(attempt.creation.clone()).or_default() += 1;
        }
        Ok(Some(attempt))
    }

    /// Notes what became of a request that may have created something, before anything is done
    /// with its answer.
    ///
    /// # Errors
    ///
    /// When something was created that must not be used: nobody could delete it after a kill.
    pub(crate) fn settle(
        &self,
        attempt: &Attempt,
        outcome: &Result<Performed, TransportError>,
        redactor: &Redactor,
        made: &mut Vec<Created>,
    ) -> Result<(), String> {
        match Outcome::of(attempt, outcome, redactor) {
            Outcome::Unknown => Ok(()),
            Outcome::Unusable => Err(UNUSABLE.to_owned()),
            Outcome::Nothing => self.nothing(attempt, redactor),
            Outcome::Created(identifier) => {
                let created = Created {
                    creation: attempt.creation.clone(),
                    identifier,
                };
                made.push(created.clone());
                self.adopt(&created, redactor).map_err(|e| e.to_string())
            }
        }
    }

    fn nothing(&self, attempt: &Attempt, redactor: &Redactor) -> Result<(), String> {
        if !attempt.is_noted {
            return Ok(());
        }
        self.lock().settle(&attempt.creation);
        self.journal
            .note(Event::NotCreated, &attempt.creation, redactor)
            .map_err(|error| error.to_string())
    }

    /// Takes the charge of something that this run has created.
    pub(crate) fn adopt(&self, created: &Created, redactor: &Redactor) -> Result<(), JournalError> {
        // Known here first: it is deleted even if it cannot be written down.
        self.lock().add_created(created.clone());
        self.journal.note(
            Event::Created(&created.identifier),
            &created.creation,
            redactor,
        )
    }

    /// Notes that something is gone. If the journal cannot say so, it is only asked for again.
    pub(crate) fn deleted(&self, created: &Created, redactor: &Redactor) {
        self.lock()
            .left
            .retain(|left| left.identifier != created.identifier);
        let _ = self.journal.note(
            Event::Deleted(&created.identifier),
            &created.creation,
            redactor,
        );
    }

    /// Notes that a request of a case has deleted something: who made it must have asked.
    pub(crate) fn observe(
        &self,
        session: &Session,
        request: &Request,
        role: Option<&RoleName>,
        observed: &Observation,
    ) {
        let gone = self.record().left.into_iter().find(|created| {
            let maker = &created.creation.role;
            role == Some(maker)
                && is_deletion(session, request, created)
                && of_answer(observed, maker.as_str()).is_ok()
        });
        if let Some(created) = gone {
            self.deleted(&created, session.redactor());
        }
    }

    /// Whether a request would delete something that is gone already.
    pub(crate) fn is_needless(&self, session: &Session, request: &Request) -> bool {
        let record = self.lock();
        let known = record.created.iter().map(|(identifier, creation)| Created {
            creation: creation.clone(),
            identifier: identifier.clone(),
        });
        known
            .filter(|created| !record.left.contains(created))
            .any(|created| is_deletion(session, request, &created))
    }

    /// Waits until a case may create what it is meant to.
    ///
    /// # Errors
    ///
    /// Why there is no room: the panel's limit is near, or cannot be compared.
    pub(crate) async fn room(&self, session: &Session, case: &Case) -> Result<Room, String> {
        match wanted(session, case) {
            Some((role, creates, wanted)) => {
                self.take(session, role, creates, wanted).await.map(Some)
            }
            None => Ok(None),
        }
    }

    /// Takes room for one key that is there until the end of the run.
    ///
    /// # Errors
    ///
    /// As [`Self::room`].
    pub(crate) async fn room_for(
        &self,
        session: &Session,
        maker: &RoleName,
        creates: &Creates,
    ) -> Result<(), String> {
        let role = session.contract().roles.real(maker);
        let role = role.ok_or_else(|| format!("there is no role `{maker}`"))?;
        self.take(session, role, creates, 1).await?.forget();
        Ok(())
    }

    async fn take(
        &self,
        session: &Session,
        role: &Role,
        creates: &Creates,
        wanted: u32,
    ) -> Result<OwnedSemaphorePermit, String> {
        let mut rooms = self.rooms.lock().await;
        if !rooms.contains_key(&role.user) {
            let room = count(session, role, creates).await;
            rooms.insert(role.user.clone(), room);
        }
        let space = rooms[&role.user].clone()?;
        drop(rooms);
        if space.size < wanted as usize {
            return Err(format!(
                "no key is created: there is room for {} and not for {wanted}",
                space.size
            ));
        }
        let taken = space.free.acquire_many_owned(wanted).await;
        taken.map_err(|_| "no key is created: an earlier one could not be deleted".to_owned())
    }

    /// Deletes what is still there of these.
    pub(crate) async fn delete_all(&self, session: &Session, made: &[Created]) {
        let left = self.record().left;
        for created in made.iter().filter(|created| left.contains(created)) {
            if delete(session, created).await.is_ok() {
                self.deleted(created, session.redactor());
            } else {
                self.close().await;
            }
        }
    }

    /// Lets nobody create anything any more.
    async fn close(&self) {
        for space in self.rooms.lock().await.values().flatten() {
            space.free.close();
        }
    }
}

/// What is told of a case whose key cannot be deleted by the identifier that the panel gave.
const UNUSABLE: &str = "the panel gave the new key an identifier that is none, or looks like a key; \
                        the key is not used, and looked for by its description";

/// What became of a request that may have created something.
enum Outcome {
    /// Nothing was created.
    Nothing,
    /// Something was, with this identifier.
    Created(Identifier),
    /// Something was, with an identifier that cannot be written down.
    Unusable,
    /// Nobody knows.
    Unknown,
}

impl Outcome {
    fn of(
        attempt: &Attempt,
        outcome: &Result<Performed, TransportError>,
        redactor: &Redactor,
    ) -> Self {
        let performed = match outcome {
            Err(error) if error.nothing_sent() => return Self::Nothing,
            Err(_) => return Self::Unknown,
            Ok(performed) => performed,
        };
        match performed.observation.status {
            200..=299 => Self::of_success(attempt, performed, redactor),
            // A panel that fails in the middle may have stored the thing before.
            500.. => Self::Unknown,
            _ => Self::Nothing,
        }
    }

    fn of_success(attempt: &Attempt, performed: &Performed, redactor: &Redactor) -> Self {
        let saved = |pointer: &str| performed.saved.get(pointer);
        let Some(creates) = attempt.creates() else {
            return Self::Nothing;
        };
        if let Some(secret) = saved(&creates.secret) {
            redactor.learn(Secret::new(secret.clone()));
        }
        let Some(text) = saved(&creates.identifier) else {
            return Self::Unknown;
        };
        match text.expose_secret().parse::<Identifier>() {
            Ok(identifier) if identifier.is_public(redactor) => Self::Created(identifier),
            _ => Self::Unusable,
        }
    }
}

fn is_deletion(session: &Session, request: &Request, created: &Created) -> bool {
    session.creates(&created.creation).is_some_and(|creates| {
        request.method == creates.deleted_by.method
            && request.target == target_of(creates, &created.identifier)
    })
}

/// The role whose user gets keys by a case, how they are listed, and how many it may get.
fn wanted<'s>(session: &'s Session, case: &'s Case) -> Option<(&'s Role, &'s Creates, u32)> {
    if case.scenario.consent != Some(Consent::CreateKeys) {
        return None;
    }
    let mut creating = case.steps.iter().map(|step| &step.request).filter_map(|r| {
        let creates = r.route.as_ref()?.creates.as_ref()?;
        let KeyUse::Role(name) = &r.key else {
            return None;
        };
        match session.contract().roles.holder(name, r.api)? {
            Holder::Real(role) => Some((role, creates)),
            Holder::Derived(..) | Holder::MadeUp(_) => None,
        }
    });
    let (role, creates) = creating.next()?;
    let others = u32::try_from(creating.count()).unwrap_or(u32::MAX);
    Some((role, creates, others.saturating_add(1)))
}

/// Asks how many keys a user has, and compares with how many there may be.
async fn count(session: &Session, role: &Role, creates: &Creates) -> Result<Space, String> {
    let name = &role.name.value;
    let listed = list(session, name, creates).await.map_err(|why| {
        format!("no key is created, because it is not known how many `{name}` has: {why}")
    })?;
    let limit = session.profile().limits.keys as usize;
    let left_to_others = left_to_others(limit);
    match limit.saturating_sub(left_to_others + listed.count) {
        0 => Err(format!(
            "no key is created: `{name}` has {} of the {limit} that it may have, and {left_to_others} are left to others",
            listed.count
        )),
        size => Ok(Space {
            size,
            free: Arc::new(Semaphore::new(size)),
        }),
    }
}

/// Of a limit of keys, how many a run never takes: the user may want one while it lasts.
pub(crate) fn left_to_others(limit: usize) -> usize {
    limit.div_ceil(10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{Body, Phase};
    use crate::run::tests::{case, profile, session};
    use crate::spec::{Endpoint, Profile};

    /// Makes a key.
    const MADE: &str = "lifecycle/keys/inside-the-range";

    fn journalled(profile: Profile) -> (Session, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path(), "http://localhost").unwrap();
        let session = session(&Arc::new(profile)).with_journal(journal);
        (session, folder)
    }

    fn usual() -> Profile {
        Profile::clone(&profile("pterodactyl-1.14"))
    }

    fn client() -> RoleName {
        "client".parse().unwrap()
    }

    fn closed() -> TransportError {
        TransportError::Closed {
            target: "a panel".to_owned(),
            reason: "reset".to_owned(),
        }
    }

    #[test]
    fn what_did_not_go_out_has_created_nothing() {
        let (session, folder) = journalled(usual());
        let creations = session.creations().unwrap();
        let request = &case(MADE).steps[0].request;
        let announce = |consent| {
            let attempt = creations.announce(&session, request, Some(&client()), consent);
            attempt.unwrap().unwrap()
        };
        let settle = |attempt: &Attempt, error| {
            let outcome = Err(error);
            let settled = creations.settle(attempt, &outcome, session.redactor(), &mut Vec::new());
            settled.unwrap();
        };
        let unknown = || {
            let written = Journal::existing(folder.path(), "http://localhost").unwrap();
            let written = written.unwrap().read().unwrap().unknown;
            assert_eq!(written, creations.record().unknown);
            written.values().sum::<usize>()
        };
        let consent = Some(Consent::CreateKeys);
        let first = announce(consent);
        assert_eq!(unknown(), 1);
        let second = announce(consent);
        assert_eq!(unknown(), 2);
        settle(&first, closed());
        assert_eq!(unknown(), 2);
        settle(
            &second,
            TransportError::Timeout {
                target: "a panel".to_owned(),
                after: std::time::Duration::from_secs(1),
                phase: Phase::Connecting,
            },
        );
        assert_eq!(unknown(), 1);
        // What is not meant to create anything is written down only if it does.
        settle(&announce(None), closed());
        assert_eq!(unknown(), 1);
    }

    #[tokio::test]
    async fn as_much_is_made_at_once_as_there_is_room_for() {
        let request = &case(MADE).steps[0].request;
        let creates = request.route.as_ref().unwrap().creates.as_ref().unwrap();
        let (session, _folder) = journalled(usual());
        let contract = session.contract();
        let role = contract.roles.real(&client()).unwrap();
        let has = list(&session, &client(), creates).await.unwrap().count;
        let mut profile = usual();
        profile.limits.keys = u32::try_from(has + 3).unwrap();
        let (session, _folder) = journalled(profile);
        let creations = session.creations().unwrap();
        let why = creations.take(&session, role, creates, 3).await;
        assert_eq!(
            why.unwrap_err(),
            "no key is created: there is room for 2 and not for 3"
        );
        drop(creations.take(&session, role, creates, 2).await.unwrap());
        // What stays until the end of the run takes its room for good.
        creations
            .room_for(&session, &client(), creates)
            .await
            .unwrap();
        let space = creations.rooms.lock().await[&role.user].clone().unwrap();
        assert_eq!((space.size, space.free.available_permits()), (2, 1));
        creations.close().await;
        let why = creations.take(&session, role, creates, 1).await;
        assert_eq!(
            why.unwrap_err(),
            "no key is created: an earlier one could not be deleted"
        );
    }

    #[test]
    fn a_thing_is_gone_when_its_maker_has_deleted_it() {
        let (session, _folder) = journalled(usual());
        let creations = session.creations().unwrap();
        let route = "POST /api/client/account/api-keys".to_owned();
        let created = Created {
            creation: Creation {
                run: session.run_name().to_owned(),
                role: client(),
                route: Endpoint::try_from(route).unwrap(),
            },
            identifier: "ptlc_0123456789a".parse().unwrap(),
        };
        creations.adopt(&created, session.redactor()).unwrap();
        let request = |method: &str, identifier: &str| Request {
            method: method.to_owned(),
            target: format!("/api/client/account/api-keys/{identifier}"),
            headers: Vec::new(),
            body: None,
        };
        let deletion = request("DELETE", "ptlc_0123456789a");
        let others = [
            request("GET", "ptlc_0123456789a"),
            request("DELETE", "ptlc_0123456789b"),
        ];
        let answer = |status| Observation {
            status,
            headers: Vec::new(),
            body: Body::Empty,
        };
        let other_role = "client-other".parse().unwrap();
        let is_left = || !creations.record().left.is_empty();
        for other in &others {
            creations.observe(&session, other, Some(&client()), &answer(204));
        }
        creations.observe(&session, &deletion, Some(&other_role), &answer(204));
        creations.observe(&session, &deletion, Some(&client()), &answer(500));
        assert!(is_left() && !creations.is_needless(&session, &deletion));
        creations.observe(&session, &deletion, Some(&client()), &answer(204));
        assert!(!is_left() && creations.is_needless(&session, &deletion));
        for other in &others {
            assert!(!creations.is_needless(&session, other));
        }
    }
}
