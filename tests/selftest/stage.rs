//! A reference panel in this process, and cases that are run against it.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::SystemTime;

use ptero_conformance::exchange::InProcess;
use ptero_conformance::plan::{Agreement, Plan, Planned};
use ptero_conformance::reference::{Clock, Faults, ManualClock, Panel, World};
use ptero_conformance::run::{
    CaseResult, Session, Setup, embedded_keys, embedded_panel, embedded_panel_with_clock, limit,
};
use ptero_conformance::spec::{Consent, Contract, Profile, Specs};
use ptero_conformance::target::Facts;
use ptero_conformance::verdict::Kind;
use semver::Version;
use tokio::runtime::Runtime;

/// The world of the embedded panel, whose limits are only advertised, as `run --embedded` has it.
pub(crate) fn world() -> World {
    let mut world = World::embedded();
    world.settings.enforce_limits = false;
    world
}

/// A panel that plays one profile, and cases that are judged by another or the same.
pub(crate) struct Stage {
    setup: Parts,
    pub(crate) plan: Plan,
    /// The session of the cases, until one of them ends a kind of request for it.
    session: RefCell<Session>,
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
        Self::of_version(specs, plays, judge, world, states, None)
    }

    /// The same, of a panel whose operator named its version.
    pub(crate) fn of_version(
        specs: &Specs,
        plays: &str,
        judge: &Arc<Profile>,
        world: World,
        states: &[&str],
        version: Option<Version>,
    ) -> Self {
        let contract = Arc::clone(&specs.contract);
        let panel = embedded_panel(plays, world.clone(), Faults::default()).expect("a panel");
        let keys = embedded_keys(&panel, &contract).expect("the keys");
        let agreement = Agreement {
            consents: Consent::ALL.into(),
            has: states.iter().map(ToString::to_string).collect(),
            version,
        };
        let cases = specs
            .cases()
            .filter(|case| states.is_empty() || !case.scenario.needs.is_empty());
        let plan = Plan::new(&contract, cases, judge, &agreement, &keys.roles());
        let setup = Parts {
            contract,
            profile: Arc::clone(judge),
            panel,
            plays: plays.to_owned(),
            world,
            agreement,
        };
        Self {
            session: RefCell::new(setup.session()),
            setup,
            plan,
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

    /// What becomes of a case, whatever became of others: within one session, the first request
    /// that is carried out although it had to be refused ends its kind.
    pub(crate) fn result(&self, planned: &Planned) -> CaseResult {
        let mut session = self.session.borrow_mut();
        let result = self.runtime.block_on(session.run_case(planned));
        if result.kind() == Some(Kind::Opened) {
            *session = self.setup.session();
        }
        result
    }
}

/// What its sessions are made of.
struct Parts {
    contract: Arc<Contract>,
    profile: Arc<Profile>,
    panel: Panel,
    /// The profile that the panel plays, and its world.
    plays: String,
    world: World,
    agreement: Agreement,
}

impl Parts {
    /// A session whose cases that count or spend a limit meet a panel of their own, as those of
    /// `run --embedded` do.
    fn session(&self) -> Session {
        let clock = Arc::new(ManualClock::starting_at(SystemTime::now()));
        let mut world = self.world.clone();
        limit(&mut world);
        let limited = Arc::clone(&clock) as Arc<dyn Clock>;
        let faults = Faults::default();
        let panel = embedded_panel_with_clock(&self.plays, world, faults, limited);
        let apart = self
            .session_with(&panel.expect("a panel"))
            .with_clock(clock);
        self.session_with(&self.panel).with_apart(apart)
    }

    fn session_with(&self, panel: &Panel) -> Session {
        Session::new(Setup {
            contract: Arc::clone(&self.contract),
            profile: Arc::clone(&self.profile),
            transport: InProcess::new(panel.router()).into(),
            keys: embedded_keys(panel, &self.contract).expect("the keys"),
            agreement: self.agreement.clone(),
            origin: "http://localhost".to_owned(),
            pace: None,
            facts: Facts::default(),
            plain: None,
        })
    }
}
