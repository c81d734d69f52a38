//! A session with one target: sends the planned cases and judges the answers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::{RwLock, Semaphore};

use super::breaker::Breaker;
use super::creations::{Attempt, Creations, Room};
use super::ids::{FoundIds, ids_for};
use super::interrupt::Interrupt;
use super::pace::Pacer;
use super::record::Preparation;
use super::render::{Filling, Lacking, render};
use super::result::{CaseResult, StepResult};
use crate::exchange::{
    InProcess, Interest, Observation, Performed, Redactor, Request, Secret, Transport,
    TransportError, perform,
};
use crate::journal::{Created, Creation, Journal};
use crate::keys::Keyring;
use crate::plan::{Agreement, Bucket, Due, Pace, Plan, Planned};
use crate::reference::ManualClock;
use crate::spec::{
    Api, Case, Condition, Consent, Contract, Creates, Effect, Holder, KeyUse, Outcome, Profile,
    RequestPlan, RoleName, Save, Step, Wait, Way,
};
use crate::target::Facts;
use crate::verdict::{Judged, Kind, Skip, Verdict, judge};

/// How long a request waits before it is sent again.
const BACKOFF: Duration = Duration::from_millis(500);

/// How long is waited at most until a limit begins anew: twice the minute of every observed panel.
const LONGEST_WAIT: Duration = Duration::from_secs(120);

/// What a session is made of.
pub struct Setup {
    /// What the cases refer to.
    pub contract: Arc<Contract>,
    /// The profile whose contract holds.
    pub profile: Arc<Profile>,
    /// The way to the target.
    pub transport: Transport,
    /// The keys that were given.
    pub keys: Keyring,
    /// What the operator agreed to and told.
    pub agreement: Agreement,
    /// The way to the target without TLS, where it has TLS on its usual port.
    pub plain: Option<Transport>,
    /// Scheme, host and port of the target.
    pub origin: String,
    /// How fast it may be asked; nothing: as fast as it answers.
    pub pace: Option<Pace>,
    /// What the operator says of it; ids in it are not looked for.
    pub facts: Facts,
}

/// A session with one target.
pub struct Session {
    contract: Arc<Contract>,
    profile: Arc<Profile>,
    transport: Transport,
    keys: Keyring,
    redactor: Redactor,
    agreement: Agreement,
    plain: Option<Transport>,
    origin: String,
    run: String,
    ids: FoundIds,
    pacer: Option<Pacer>,
    breaker: Breaker,
    facts: Facts,
    /// The limits of requests that answers have named.
    limits: Mutex<BTreeMap<Api, u32>>,
    /// Requests that were sent.
    sent: AtomicUsize,
    /// Requests that were sent again, because no byte of an answer had come.
    repeated: AtomicUsize,
    /// The exchanges that verified keys and found ids, for a recording.
    preparations: Mutex<Vec<Preparation>>,
    /// Families of checks that are closed, because a request that had to be refused was carried out.
    closed: Mutex<BTreeSet<Condition>>,
    /// What it creates; `None` where nothing outlives the run: in a panel of its own, in a recording.
    creations: Option<Creations>,
    interrupt: Interrupt,
    /// Room for the requests that may be under way at once.
    room: Semaphore,
    /// Where cases that count or spend a limit are sent to instead, if they are.
    apart: Option<Box<Session>>,
    /// The target's own clock, where it has one that waits for nobody.
    clock: Option<Arc<ManualClock>>,
    /// Held by what is asked; alone by what spends a limit.
    alone: RwLock<()>,
    /// Whether nothing is closed whatever is carried out.
    unguarded: bool,
}

/// What the names of all runs begin with.
pub(crate) const RUN_NAMES: &str = "ptero-conformance-";

/// A limit that is not the profile's, though nobody said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfiguredOtherwise {
    /// The API.
    pub api: Api,
    /// Requests per minute and user, as answers name it.
    pub limit: u32,
    /// What the profile says.
    pub usual: u32,
    /// The panel's setting for it.
    pub setting: Option<String>,
}

impl std::fmt::Display for ConfiguredOtherwise {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            api, limit, usual, ..
        } = self;
        write!(
            f,
            "configured otherwise: {api} {limit}, profile says {usual}"
        )?;
        match &self.setting {
            Some(setting) => write!(f, " ({setting})"),
            None => Ok(()),
        }
    }
}

/// Why the steps of a case could not all be judged.
enum Stop {
    Skip(String),
    Inconclusive(String),
    Broken(String),
}

impl Session {
    /// A session that looks for ids at the target.
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        let secrets = setup
            .keys
            .iter()
            .map(|(role, key)| Secret::of_role(role.as_str(), key.clone()));
        let redactor = Redactor::new(secrets);
        Self {
            contract: setup.contract,
            profile: setup.profile,
            transport: setup.transport,
            keys: setup.keys,
            redactor,
            agreement: setup.agreement,
            plain: setup.plain,
            origin: setup.origin,
            run: run_name(),
            ids: FoundIds::known(setup.facts.ids.clone()),
            pacer: setup.pace.map(Pacer::new),
            breaker: Breaker::default(),
            facts: setup.facts,
            limits: Mutex::default(),
            sent: AtomicUsize::new(0),
            repeated: AtomicUsize::new(0),
            preparations: Mutex::default(),
            closed: Mutex::default(),
            creations: None,
            interrupt: Interrupt::default(),
            room: Semaphore::new(Semaphore::MAX_PERMITS),
            apart: None,
            clock: None,
            alone: RwLock::default(),
            unguarded: false,
        }
    }

    /// A session whose cases that count or spend a limit are played with another target: one that
    /// nobody else uses.
    #[must_use]
    pub fn with_apart(mut self, apart: Session) -> Self {
        self.apart = Some(Box::new(apart));
        self
    }

    /// A session with a target in this process whose clock is moved on where it would be waited.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<ManualClock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// A session that may create something at its target, and writes down what.
    ///
    /// Without a journal nothing is created over a network, whatever was agreed to.
    #[must_use]
    pub fn with_journal(mut self, journal: Journal) -> Self {
        self.creations = Some(Creations::new(journal));
        self
    }

    /// A session that has at most so many requests under way at once.
    #[must_use]
    pub fn with_jobs(mut self, jobs: u8) -> Self {
        self.room = Semaphore::new(jobs.into());
        self
    }

    /// A session with a panel that is there for this session alone: what it carries out although
    /// it had to be refused hurts nobody, so that every case is sent.
    #[must_use]
    pub fn unguarded(mut self) -> Self {
        self.unguarded = true;
        self
    }

    /// A session that begins nothing more once it was asked to end: it sends the clean-ups of
    /// what it has begun, and judges what is known.
    #[must_use]
    pub fn with_interrupt(mut self, interrupt: Interrupt) -> Self {
        self.interrupt = interrupt;
        self
    }

    /// The same session with another panel in this process, which has the same keys and the same
    /// ids: nothing is looked for again.
    pub(crate) async fn with_panel(&self, panel: InProcess, clock: Arc<ManualClock>) -> Self {
        Self {
            contract: Arc::clone(&self.contract),
            profile: Arc::clone(&self.profile),
            transport: panel.into(),
            keys: self.keys.clone(),
            redactor: self.redactor.clone(),
            agreement: self.agreement.clone(),
            plain: None,
            origin: self.origin.clone(),
            run: self.run.clone(),
            ids: self.ids.again().await,
            pacer: None,
            breaker: Breaker::default(),
            facts: self.facts.clone(),
            limits: Mutex::default(),
            preparations: Mutex::default(),
            sent: AtomicUsize::new(0),
            repeated: AtomicUsize::new(0),
            closed: Mutex::default(),
            creations: None,
            interrupt: Interrupt::default(),
            room: Semaphore::new(Semaphore::MAX_PERMITS),
            apart: None,
            clock: Some(clock),
            alone: RwLock::default(),
            unguarded: self.unguarded,
        }
    }

    /// The requests of a case's steps, if all their parts are known beforehand.
    pub(crate) async fn script(&self, case: &Case) -> Option<Vec<Request>> {
        let mut requests = Vec::new();
        for step in &case.steps {
            let ids = ids_for(self, &step.request).await.ok()?;
            let request = self.render(&step.request, &ids, &BTreeMap::new());
            requests.push(request.ok()?);
        }
        Some(requests)
    }

    /// The requests that a plan sends whose parts are all known beforehand.
    pub async fn requests(&self, plan: &Plan) -> Vec<Request> {
        let mut requests = Vec::new();
        for request in plan.run().flat_map(|planned| planned.case.requests()) {
            let Ok(ids) = ids_for(self, request).await else {
                continue;
            };
            requests.extend(self.render(request, &ids, &BTreeMap::new()));
        }
        requests
    }

    /// What the cases refer to.
    #[must_use]
    pub fn contract(&self) -> &Contract {
        &self.contract
    }

    /// The profile whose contract holds, with the limits that hold at the target.
    #[must_use]
    pub fn profile(&self) -> &Arc<Profile> {
        &self.profile
    }

    /// The keys in use.
    #[must_use]
    pub fn keys(&self) -> &Keyring {
        &self.keys
    }

    pub(crate) fn keys_mut(&mut self) -> &mut Keyring {
        &mut self.keys
    }

    pub(crate) fn agreement(&self) -> &Agreement {
        &self.agreement
    }

    /// How fast the target may be asked, if there is a pace.
    #[must_use]
    pub fn pace(&self) -> Option<&Pace> {
        self.pacer.as_ref().map(Pacer::pace)
    }

    /// Why the run has ended before its end, if it has.
    #[must_use]
    pub fn stopped(&self) -> Option<String> {
        self.breaker.stopped()
    }

    /// How many requests were sent, with those that verified keys, found ids and cleaned up.
    #[must_use]
    pub fn sent(&self) -> usize {
        let apart = self.apart.as_ref().map_or(0, |apart| apart.sent());
        self.sent.load(Ordering::Relaxed) + apart
    }

    /// How many requests were sent again, because no connection could be made for them.
    #[must_use]
    pub fn repeated(&self) -> usize {
        self.repeated.load(Ordering::Relaxed)
    }

    /// Scheme, host and port of the target.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Keeps an exchange that verified a key or found an id.
    pub(crate) fn keep(&self, preparation: Preparation) {
        if let Ok(mut preparations) = self.preparations.lock() {
            preparations.push(preparation);
        }
    }

    /// The exchanges that verified keys and found ids, in the order in which they happened.
    pub(crate) fn preparations(&self) -> Vec<Preparation> {
        let preparations = self.preparations.lock();
        preparations.map(|all| all.clone()).unwrap_or_default()
    }

    /// What the operator says of the target.
    pub(crate) fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Takes the limits that the panel has named for those that hold, and tells where nobody said
    /// that they are not the profile's.
    ///
    /// The panel in this process is not asked: it is set up as its profile says.
    pub(crate) fn adopt_limits(&mut self) -> Vec<ConfiguredOtherwise> {
        if !matches!(self.transport, Transport::Http(_)) {
            return Vec::new();
        }
        let seen = self.limits.lock().map(|seen| seen.clone());
        let mut profile = Profile::clone(&self.profile);
        let mut found = Vec::new();
        for (api, limit) in seen.unwrap_or_default() {
            let usual = profile.limits.of(api);
            if limit == usual || self.facts.limits.of(api).is_some() {
                continue;
            }
            *profile.limits.of_mut(api) = limit;
            if let Some(pacer) = &mut self.pacer {
                pacer.set_limit(api, limit);
            }
            let setting = self.contract.setting(api).map(str::to_owned);
            found.push(ConfiguredOtherwise {
                api,
                limit,
                usual,
                setting,
            });
        }
        self.profile = Arc::new(profile);
        found
    }

    /// Whose requests the panel counts together with this one; nobody's where its key is none.
    pub(crate) fn bucket(&self, plan: &RequestPlan) -> Option<Bucket> {
        Bucket::of(plan, &self.contract)
    }

    /// Sends a request when its time has come, and learns from the answer how the panel fares.
    ///
    /// A safe request for which no connection could be made is sent again, a little later; an
    /// answer is never asked for twice, but one that others' use of the limit prevented.
    pub(crate) async fn send(
        &self,
        bucket: Option<&Bucket>,
        request: &Request,
        interest: &Interest,
    ) -> Result<Performed, TransportError> {
        let first = self.send_once(bucket, request, interest).await;
        if let (Some(bucket), Ok(performed)) = (bucket, &first) {
            self.note_limit(bucket.api, &performed.observation);
        }
        match &first {
            Err(error) if self.may_repeat(request, error) => {
                self.repeated.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(BACKOFF).await;
                self.send_once(bucket, request, interest).await
            }
            Ok(performed) if self.is_spent_by_others(&performed.observation) => {
                self.send_once(bucket, request, interest).await
            }
            _ => first,
        }
    }

    async fn send_once(
        &self,
        bucket: Option<&Bucket>,
        request: &Request,
        interest: &Interest,
    ) -> Result<Performed, TransportError> {
        let paced = match &self.pacer {
            Some(pacer) => Some((pacer, pacer.admit(bucket).await)),
            None => None,
        };
        // It is never closed, so that there always is room at some time.
        let room = self.room.acquire().await;
        let sent = self.perform(&self.transport, request, interest).await;
        drop(room);
        // On this machine nobody else is hurt by a panel that is asked although it is in trouble.
        let Some((pacer, admitted)) = paced else {
            return sent;
        };
        match &sent {
            Ok(performed) => {
                self.breaker
                    .note(&performed.observation, &self.contract.signatures);
                pacer.learn(&admitted, &performed.observation, performed.elapsed);
            }
            Err(error) => self.breaker.note_error(error),
        }
        sent
    }

    /// Notes that the panel has answered as it had to, if it has.
    pub(super) fn note_due(&self, due: &Due, answer: &Observation) {
        if due.expected.status.contains(&answer.status) {
            self.breaker.was_due();
        }
    }

    /// Notes the limit that an answer names, the first time.
    fn note_limit(&self, api: Api, answer: &Observation) {
        let named = answer.header("x-ratelimit-limit");
        if let Some(limit) = named.and_then(|text| text.parse().ok())
            && let Ok(mut limits) = self.limits.lock()
        {
            limits.entry(api).or_insert(limit);
        }
    }

    /// Sends a request of a case that spends a limit: at once, and it may well be refused.
    async fn send_unpaced(
        &self,
        request: &Request,
        interest: &Interest,
    ) -> Result<Performed, TransportError> {
        self.perform(&self.transport, request, interest).await
    }

    /// Sends a request and counts it.
    async fn perform(
        &self,
        transport: &Transport,
        request: &Request,
        interest: &Interest,
    ) -> Result<Performed, TransportError> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        perform(transport, request, &self.redactor, interest).await
    }

    /// Sends a request without TLS. That nobody listens there is no trouble of the panel.
    async fn send_plain(&self, request: &Request, interest: &Interest) -> Result<Performed, Stop> {
        let Some(plain) = &self.plain else {
            return Err(Stop::Skip("the target has no TLS on port 443".to_owned()));
        };
        if let Some(pacer) = &self.pacer {
            pacer.admit(None).await;
        }
        let sent = self.perform(plain, request, interest).await;
        sent.map_err(|error| {
            if error.nothing_sent() {
                Stop::Skip(format!("nothing answers without TLS: {error}"))
            } else {
                Stop::Inconclusive(error.to_string())
            }
        })
    }

    /// Waits, or moves the target's own clock on.
    async fn wait(&self, time: Duration) {
        match &self.clock {
            Some(clock) => clock.advance(time),
            None => tokio::select! {
                () = tokio::time::sleep(time) => {}
                () = self.interrupt.requested() => {}
            },
        }
    }

    fn may_repeat(&self, request: &Request, error: &TransportError) -> bool {
        let is_safe = matches!(request.method.as_str(), "GET" | "HEAD" | "OPTIONS");
        let is_over = matches!(
            error,
            TransportError::Unreachable { .. } | TransportError::NotRecorded
        );
        self.pacer.is_some() && is_safe && error.nothing_sent() && !is_over
    }

    /// A 429 at our own pace is others' doing; the pacer waits until the panel counts anew.
    fn is_spent_by_others(&self, answer: &Observation) -> bool {
        self.pacer.is_some() && answer.status == 429
    }

    pub(crate) fn ids(&self) -> &FoundIds {
        &self.ids
    }

    /// The name of this run, by which people recognise what it made.
    pub(crate) fn run_name(&self) -> &str {
        &self.run
    }

    pub(crate) fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    pub(crate) fn creations(&self) -> Option<&Creations> {
        self.creations.as_ref()
    }

    /// What the inventory says of what was created.
    pub(crate) fn creates(&self, creation: &Creation) -> Option<&Creates> {
        let route = self.contract.inventory.route(&creation.route)?;
        route.creates.as_ref()
    }

    pub(crate) fn render(
        &self,
        plan: &RequestPlan,
        ids: &BTreeMap<String, String>,
        saved: &BTreeMap<String, SecretString>,
    ) -> Result<Request, Lacking> {
        render(
            plan,
            &Filling {
                roles: &self.contract.roles,
                profile: &self.profile,
                keys: &self.keys,
                ids,
                saved,
                run: &self.run,
                origin: &self.origin,
            },
        )
    }

    /// Sends what a case plans and judges what comes; what is to be cleaned up is cleaned up
    /// whatever came.
    ///
    /// What spends a limit waits until nothing else is asked, and is asked alone. What compares
    /// counts is played once more where it deviates: a minute may have begun at the panel.
    pub async fn run_case(&self, planned: &Planned) -> CaseResult {
        let case = &planned.case;
        if let Some(apart) = self.apart.as_ref().filter(|_| case.is_apart()) {
            return Box::pin(apart.run_case(planned)).await;
        }
        if case.spends_limit() {
            let _alone = self.alone.write().await;
            return self.play(planned).await;
        }
        let _together = self.alone.read().await;
        let result = self.play(planned).await;
        if case.compares_counts() && result.kind().is_some() {
            return self.play(planned).await;
        }
        result
    }

    async fn play(&self, planned: &Planned) -> CaseResult {
        let result = |verdict, steps| CaseResult::of(planned, verdict, steps);
        let due = match &planned.due {
            Ok(due) => due,
            Err(skip) => return result(Ok(Verdict::Skipped(skip.clone())), Vec::new()),
        };
        if let Some(why) = self.stopped() {
            return result(
                Ok(Verdict::Inconclusive(format!("not asked: {why}"))),
                Vec::new(),
            );
        }
        if let Some(why) = self.is_closed(&planned.case, due) {
            return result(Ok(Verdict::Skipped(Skip::NotApplicable(why))), Vec::new());
        }
        let room = match self.room(&planned.case).await {
            Ok(room) => room,
            Err(why) => {
                return result(Ok(Verdict::Skipped(Skip::NotApplicable(why))), Vec::new());
            }
        };
        let mut script = Script {
            session: self,
            steps: Vec::with_capacity(due.len()),
            saved: BTreeMap::new(),
            consent: planned.case.scenario.consent,
            maker: None,
            made: Vec::new(),
        };
        let stop = script.play(&planned.case, due).await;
        script.clean_up(&planned.case).await;
        drop(room);
        let verdict = match stop {
            Some(Stop::Skip(why)) => Ok(Verdict::Skipped(Skip::NotApplicable(why))),
            Some(Stop::Broken(why)) => Err(why),
            Some(Stop::Inconclusive(why)) => match self.judge(&script.steps) {
                Ok(Verdict::Conforms) => Ok(Verdict::Inconclusive(why)),
                other => other,
            },
            None => self.judge(&script.steps),
        };
        self.close_if_carried_out(&planned.case, due, &verdict);
        result(verdict, script.steps)
    }

    pub(super) fn judge(&self, steps: &[StepResult]) -> Result<Verdict, String> {
        let judged: Vec<_> = steps
            .iter()
            .map(|step| Judged {
                expected: &step.due.expected,
                observed: &step.observed,
            })
            .collect();
        judge(&judged, &self.contract)
    }

    /// The room for what a case creates; it is the case's until it is dropped.
    async fn room(&self, case: &Case) -> Result<Room, String> {
        match (&self.creations, &self.transport) {
            (Some(creations), _) => creations.room(self, case).await,
            (None, Transport::Http(_)) if case.scenario.consent == Some(Consent::CreateKeys) => {
                Err("no key is created without a journal".to_owned())
            }
            (None, _) => Ok(None),
        }
    }

    fn is_closed(&self, case: &Case, due: &[Due]) -> Option<String> {
        if self.unguarded {
            return None;
        }
        let closed = self.closed.lock().ok()?;
        let condition = family(&self.contract, case, due)?;
        closed.contains(&condition).then(|| {
            format!(
                "a request that `{condition}` had to refuse was carried out; no further one is sent"
            )
        })
    }

    /// The first success of a request with effects that had to be refused ends that family.
    fn close_if_carried_out(&self, case: &Case, due: &[Due], verdict: &Result<Verdict, String>) {
        let opened = verdict.as_ref().ok().and_then(Verdict::kind) == Some(Kind::Opened);
        if let Some(condition) = family(&self.contract, case, due).filter(|_| opened)
            && let Ok(mut closed) = self.closed.lock()
        {
            closed.insert(condition);
        }
    }
}

/// The reason for which requests with effects of a case are refused, if one is real.
///
/// Content that was to be invalid and was taken says nothing about who may write.
fn family(contract: &Contract, case: &Case, due: &[Due]) -> Option<Condition> {
    let is_past = |c: &Condition| {
        contract
            .condition(c.name())
            .is_some_and(|info| info.past_the_door)
    };
    let has_effect = |step: &Step| {
        step.request
            .route
            .as_ref()
            .is_some_and(|route| route.effect != Effect::None)
    };
    case.scenario.consent?;
    case.steps
        .iter()
        .zip(due)
        .filter(|(step, _)| has_effect(step))
        .find_map(|(_, due)| match &due.resolution.as_ref()?.outcome {
            Outcome::Refused(refusal) if !is_past(&refusal.condition) => {
                Some(refusal.condition.clone())
            }
            _ => None,
        })
}

/// The steps of one case while they are sent.
struct Script<'s> {
    session: &'s Session,
    steps: Vec<StepResult>,
    saved: BTreeMap<String, SecretString>,
    consent: Option<Consent>,
    /// Whose key made what was made; a saved key is that role's too.
    maker: Option<RoleName>,
    /// What was made.
    made: Vec<Created>,
}

/// What is told of a case that an interruption has cut short.
const INTERRUPTED: &str = "the run was interrupted before the case was over";

impl Script<'_> {
    async fn play(&mut self, case: &Case, due: &[Due]) -> Option<Stop> {
        for (step, due) in case.steps.iter().zip(due) {
            if let Err(stop) = self.send(case, step, due).await {
                return Some(stop);
            }
        }
        None
    }

    async fn send(&mut self, case: &Case, step: &Step, due: &Due) -> Result<(), Stop> {
        let session = self.session;
        if let Some(Wait::RetryAfter) = step.wait {
            self.wait_as_told().await?;
        }
        if session.interrupt.is_requested() {
            return Err(Stop::Inconclusive(INTERRUPTED.to_owned()));
        }
        let ids = ids_for(session, &step.request).await.map_err(Stop::Skip)?;
        let request = session
            .render(&step.request, &ids, &self.saved)
            .map_err(|lacking| match lacking {
                // The plan has seen that the key is there; what is left is a change without effect.
                Lacking::Key(role) => Stop::Skip(format!(
                    "the key of `{role}` would be no other than the one it is made from"
                )),
                // What an earlier step did not give is told by that step's deviation.
                Lacking::Saved(_) if !self.steps.is_empty() => {
                    Stop::Inconclusive(lacking.to_string())
                }
                other => Stop::Broken(other.to_string()),
            })?;
        if step.request.over == Way::PlainHttp {
            let sent = session.send_plain(&request, &Interest::default()).await?;
            self.note(due, sent.observation, ids);
            return Ok(());
        }
        let attempt = self.announce(&step.request)?;
        let interest = interest(case, step, attempt.as_ref());
        let bucket = session.bucket(&step.request);
        let outcome = if case.spends_limit() {
            self.send_until_spent(due, &request, &interest).await
        } else {
            session.send(bucket.as_ref(), &request, &interest).await
        };
        let settled = self.settle(attempt.as_ref(), &outcome);
        let performed = outcome.map_err(|error| Stop::Inconclusive(error.to_string()))?;
        self.observe(&step.request, &request, &performed.observation);
        session.note_due(due, &performed.observation);
        self.note(due, performed.observation, ids);
        settled?;
        for save in &step.save {
            self.save(step, save, &performed.saved);
        }
        Ok(())
    }

    fn note(&mut self, due: &Due, observed: Observation, ids: BTreeMap<String, String>) {
        self.steps.push(StepResult {
            due: due.clone(),
            observed,
            ids,
        });
    }

    /// Sends a request again as long as it succeeds, as often as is due.
    async fn send_until_spent(
        &self,
        due: &Due,
        request: &Request,
        interest: &Interest,
    ) -> Result<Performed, TransportError> {
        let session = self.session;
        let mut outcome = session.send_unpaced(request, interest).await;
        for _ in 1..due.times {
            let is_success =
                matches!(&outcome, Ok(performed) if performed.observation.status < 300);
            if !is_success || session.interrupt.is_requested() {
                break;
            }
            outcome = session.send_unpaced(request, interest).await;
        }
        outcome
    }

    /// Waits as long as `Retry-After` of the last answer says, and a moment more.
    async fn wait_as_told(&self) -> Result<(), Stop> {
        let last = self.steps.last().map(|step| &step.observed);
        let told = last.and_then(|answer| answer.header("retry-after"));
        let seconds = told.and_then(|value| value.parse::<u64>().ok());
        match seconds.map(Duration::from_secs) {
            Some(time) if time <= LONGEST_WAIT => {
                self.session.wait(time + BACKOFF).await;
                Ok(())
            }
            _ => Err(Stop::Inconclusive(format!(
                "`Retry-After` says {}, and {} s are waited at most",
                told.unwrap_or("nothing"),
                LONGEST_WAIT.as_secs()
            ))),
        }
    }

    /// The role whose key a request carries, or made the key that it carries.
    fn role(&self, request: &RequestPlan) -> Option<RoleName> {
        let KeyUse::Role(name) = &request.key else {
            return self.maker.clone();
        };
        let roles = &self.session.contract.roles;
        Some(match roles.holder(name, request.api) {
            Some(Holder::Real(role)) => role.name.value.clone(),
            _ => name.clone(),
        })
    }

    /// Writes down what is about to be created, if the request may create anything.
    fn announce(&mut self, request: &RequestPlan) -> Result<Option<Attempt>, Stop> {
        let Some(creations) = self.session.creations() else {
            return Ok(None);
        };
        let maker = self.role(request);
        let attempt = creations
            .announce(self.session, request, maker.as_ref(), self.consent)
            .map_err(|error| Stop::Broken(error.to_string()))?;
        if attempt.is_some() {
            self.maker = maker;
        }
        Ok(attempt)
    }

    /// Writes down what became of it, before the answer is used.
    fn settle(
        &mut self,
        attempt: Option<&Attempt>,
        outcome: &Result<Performed, TransportError>,
    ) -> Result<(), Stop> {
        let (Some(creations), Some(attempt)) = (self.session.creations(), attempt) else {
            return Ok(());
        };
        creations
            .settle(attempt, outcome, &self.session.redactor, &mut self.made)
            .map_err(Stop::Broken)
    }

    /// Writes down that something is gone, if the request has deleted it.
    fn observe(&self, plan: &RequestPlan, request: &Request, observed: &Observation) {
        if let Some(creations) = self.session.creations() {
            let role = self.role(plan);
            creations.observe(self.session, request, role.as_ref(), observed);
        }
    }

    fn save(&mut self, step: &Step, save: &Save, found: &BTreeMap<String, SecretString>) {
        use secrecy::ExposeSecret;
        let parts: Option<Vec<&SecretString>> = save
            .pointers
            .iter()
            .map(|pointer| found.get(pointer))
            .collect();
        let Some(parts) = parts else { return };
        if save.is_key {
            let public = identifier_pointer(step);
            let pointers = save.pointers.iter().map(String::as_str);
            let secret = pointers.zip(&parts).filter(|(at, _)| Some(*at) != public);
            secret.for_each(|(_, part)| self.session.redactor.learn(Secret::new((*part).clone())));
        }
        let texts: Vec<&str> = parts.iter().map(|part| part.expose_secret()).collect();
        let value = SecretString::from(texts.concat());
        self.saved.insert(save.name.clone(), value);
    }

    /// Sends the clean-ups of the steps that were sent, the last first, and deletes what is still
    /// there. A clean-up whose values were not saved has nothing to undo.
    async fn clean_up(&self, case: &Case) {
        let sent = case.steps.iter().take(self.steps.len());
        for plan in sent.rev().filter_map(|step| step.cleanup.as_ref()) {
            self.undo(plan).await;
        }
        if let Some(creations) = self.session.creations() {
            creations.delete_all(self.session, &self.made).await;
        }
    }

    async fn undo(&self, plan: &RequestPlan) {
        let session = self.session;
        let Ok(ids) = ids_for(session, plan).await else {
            return;
        };
        let Ok(request) = session.render(plan, &ids, &self.saved) else {
            return;
        };
        let is_needless = |creations: &Creations| creations.is_needless(session, &request);
        if session.creations().is_some_and(is_needless) {
            return;
        }
        // What it answers does not count: the case may have deleted the thing itself.
        let interest = Interest::default();
        let bucket = session.bucket(plan);
        let outcome = session.send(bucket.as_ref(), &request, &interest).await;
        if let Ok(performed) = outcome {
            self.observe(plan, &request, &performed.observation);
        }
    }
}

/// What has to be known of the answer to a step.
fn interest(case: &Case, step: &Step, attempt: Option<&Attempt>) -> Interest {
    let compared = case
        .steps
        .iter()
        .flat_map(|step| &step.expect.relations)
        .filter_map(|relation| relation.place.pointer().map(str::to_owned));
    let saved = step.save.iter().flat_map(|save| save.pointers.clone());
    Interest {
        keep: step.expect.body.keys().cloned().chain(compared).collect(),
        save: saved
            .chain(attempt.into_iter().flat_map(Attempt::pointers))
            .collect(),
    }
}

/// Where the answer to a step has the part of a key that is no secret.
fn identifier_pointer(step: &Step) -> Option<&str> {
    let creates = step.request.route.as_ref()?.creates.as_ref()?;
    Some(&creates.identifier)
}

/// A name by which people recognise what this run made, and that no other run has.
fn run_name() -> String {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    // Without random bytes, the second and the process tell runs of one machine apart.
    let unique = getrandom::u64().unwrap_or_else(|_| std::process::id().into());
    format!("{RUN_NAMES}{}-{unique:016x}", since.as_secs())
}

#[cfg(test)]
mod tests;
