//! A reference panel in this process, and cases that are run against it.

use std::cell::OnceCell;
use std::sync::Arc;

use ptero_conformance::exchange::InProcess;
use ptero_conformance::keys::Keyring;
use ptero_conformance::plan::{Agreement, Plan, Planned};
use ptero_conformance::reference::{Faults, Panel, World};
use ptero_conformance::run::{CaseResult, Session, Setup, embedded_panel};
use ptero_conformance::spec::{Case, Consent, Contract, Profile, Specs};
use tokio::runtime::Runtime;

/// The world of the embedded panel, whose limits are only advertised, as `run --embedded` has it.
pub(crate) fn world() -> World {
    let mut world = World::embedded();
    world.settings.enforce_limits = false;
    world
}

/// A panel that plays one profile, and cases that are judged by another or the same.
pub(crate) struct Stage {
    contract: Arc<Contract>,
    profile: Arc<Profile>,
    panel: Panel,
    keys: Keyring,
    agreement: Agreement,
    pub(crate) plan: Plan,
    /// For cases that write nothing.
    session: OnceCell<Session>,
    runtime: Runtime,
}

impl Stage {
    /// The panel of `plays`, judged by `judge`, with every key and every consent, and said to be
    /// in these states.
    pub(crate) fn new(
        specs: &Specs,
        plays: &str,
        judge: &Arc<Profile>,
        world: World,
        states: &[&str],
    ) -> Self {
        let contract = Arc::clone(&specs.contract);
        let panel = embedded_panel(plays, world, Faults::default()).expect("a panel");
        let keys = keys(&panel, &contract);
        let agreement = Agreement {
            consents: Consent::ALL.into(),
            has: states.iter().map(ToString::to_string).collect(),
            version: None,
        };
        let cases = specs
            .cases()
            .filter(|case| states.is_empty() || !case.scenario.needs.is_empty());
        let plan = Plan::new(&contract, cases, judge, &agreement, &keys.roles());
        Self {
            contract,
            profile: Arc::clone(judge),
            panel,
            keys,
            agreement,
            plan,
            session: OnceCell::new(),
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build()
                .expect("a runtime"),
        }
    }

    /// The results of all cases, in the order of the plan.
    pub(crate) fn results(&self) -> Vec<CaseResult> {
        self.plan
            .cases
            .iter()
            .map(|case| self.result(case))
            .collect()
    }

    /// What becomes of a case. One that may write has a session of its own: within one, the first
    /// request that is carried out although it had to be refused ends its kind.
    pub(crate) fn result(&self, planned: &Planned) -> CaseResult {
        let own = planned
            .case
            .scenario
            .consent
            .map(|_| self.session_for(&planned.case));
        let session = match &own {
            Some(session) => session,
            None => self
                .session
                .get_or_init(|| self.new_session(self.keys.clone())),
        };
        self.runtime.block_on(session.run_case(planned))
    }

    /// A session with the keys that a case needs.
    fn session_for(&self, case: &Arc<Case>) -> Session {
        let all = self.keys.roles();
        let alone = Plan::new(&self.contract, [case], &self.profile, &self.agreement, &all);
        let needed = alone.roles(&self.contract);
        let mut keys = self.keys.clone();
        for role in all.difference(&needed) {
            keys.take(role);
        }
        self.new_session(keys)
    }

    fn new_session(&self, keys: Keyring) -> Session {
        Session::new(Setup {
            contract: Arc::clone(&self.contract),
            profile: Arc::clone(&self.profile),
            transport: InProcess::new(self.panel.router()).into(),
            keys,
            agreement: self.agreement.clone(),
            origin: "http://localhost".to_owned(),
            pace: None,
        })
    }
}

/// The keys of the roles that the specification knows.
fn keys(panel: &Panel, contract: &Contract) -> Keyring {
    let mut keys = Keyring::default();
    for (name, key) in panel.keys() {
        let role = name.parse().expect("a role's name");
        if contract.roles.real(&role).is_some() {
            keys.add(&role, key, "the panel").expect("a key");
        }
    }
    keys
}
