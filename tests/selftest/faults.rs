//! A panel with a check left out is noticed: every case that the check decides is *opened*.

use std::cell::OnceCell;
use std::fmt;
use std::sync::Arc;

use libtest_mimic::{Failed, Trial};
use ptero_conformance::exchange::InProcess;
use ptero_conformance::keys::Keyring;
use ptero_conformance::plan::{Agreement, Plan, Planned};
use ptero_conformance::reference::{Fault, Gate, Panel, World};
use ptero_conformance::run::{Session, Setup, embedded_keys, embedded_panel};
use ptero_conformance::spec::{Consent, Contract, Ids, Outcome, Profile, Source, Specs};
use ptero_conformance::target::Facts;
use ptero_conformance::verdict::{Kind, Verdict};

const PROFILE: &str = "pterodactyl-1.11";

/// Each check, and the condition that it tells.
const GATES: [(Gate, &str); 3] = [
    (Gate::KeyType, "wrong-key-type"),
    (Gate::Permission, "no-permission"),
    (Gate::Ownership, "hidden"),
];

pub(crate) fn trials() -> Vec<Trial> {
    let each = GATES.map(|(gate, condition)| {
        let fault = Fault::everywhere(gate);
        Trial::test(format!("faults/{fault}"), move || opens(fault, condition))
    });
    each.into()
}

/// Without the fault none of the cases is opened; with it all of them are.
fn opens(fault: Fault, condition: &str) -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let (sound, faulty) = (Stage::new(None), Stage::new(Some(fault)));
    let mut seen = Seen::default();
    for planned in sound.plan.run().filter(|p| is_decided_by(p, condition)) {
        let without = runtime.block_on(sound.verdict(planned));
        let with = runtime.block_on(faulty.verdict(planned));
        seen.note(planned, &without, &with);
    }
    println!("{fault}: {seen}");
    if seen.wrong.is_empty() && seen.opened > 0 {
        return Ok(());
    }
    Err(seen.to_string().into())
}

/// What became of the cases.
#[derive(Default)]
struct Seen {
    opened: usize,
    /// At ids that name nothing, so that nothing can be opened: the answer deviates.
    noticed: usize,
    /// Whose ids are not to be had, with the fault or without.
    skipped: usize,
    wrong: Vec<String>,
}

impl Seen {
    fn note(&mut self, planned: &Planned, without: &Verdict, with: &Verdict) {
        match (without, with.kind()) {
            (Verdict::Conforms, Some(Kind::Opened)) => self.opened += 1,
            (Verdict::Conforms, Some(_)) if is_about_nothing(planned) => self.noticed += 1,
            (Verdict::Skipped(_), None) => self.skipped += 1,
            _ => {
                let id = &planned.case.id;
                self.wrong
                    .push(format!("{id}: {without:?}, with the fault {with:?}"));
            }
        }
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (opened, noticed, skipped) = (self.opened, self.noticed, self.skipped);
        write!(
            f,
            "{opened} opened, {noticed} noticed at ids that name nothing, {skipped} skipped"
        )?;
        self.wrong
            .iter()
            .try_for_each(|wrong| write!(f, "\n{wrong}"))
    }
}

fn is_about_nothing(planned: &Planned) -> bool {
    planned
        .case
        .requests()
        .all(|request| request.ids == Ids::Missing)
}

/// Whether a case is refused for a reason; one that has further reasons is refused also without.
fn is_decided_by(planned: &Planned, condition: &str) -> bool {
    let mut cited = planned.case.scenario.requires.iter();
    if cited.any(|id| id.as_str() == "PANEL-ORDER") {
        return false;
    }
    let due = planned.due.iter().flatten();
    due.filter_map(|due| due.resolution.as_ref())
        .any(|resolution| match &resolution.outcome {
            Outcome::Refused(refusal) => refusal.condition.name() == condition,
            Outcome::Granted | Outcome::Unspecified(_) => false,
        })
}

/// A panel in this process, and what is planned for it.
struct Stage {
    contract: Arc<Contract>,
    profile: Arc<Profile>,
    panel: Panel,
    keys: Keyring,
    plan: Plan,
    /// For cases that write nothing.
    session: OnceCell<Session>,
}

impl Stage {
    fn new(fault: Option<Fault>) -> Self {
        let specs = Specs::load(&Source::Embedded).expect("the built-in specification");
        let contract = Arc::clone(&specs.contract);
        let profile = Arc::clone(contract.profile(PROFILE).expect("the profile"));
        let mut world = World::embedded();
        world.settings.enforce_limits = false;
        let panel = embedded_panel(PROFILE, world, fault.into_iter().collect()).expect("a panel");
        let keys = embedded_keys(&panel, &contract).expect("the keys");
        let plan = Plan::new(
            &contract,
            specs.cases(),
            &profile,
            &agreement(),
            &keys.roles(),
        );
        Self {
            contract,
            profile,
            panel,
            keys,
            plan,
            session: OnceCell::new(),
        }
    }

    /// What a case says. One that writes has a session of its own: within one, the first request
    /// that is carried out although it had to be refused ends its kind.
    async fn verdict(&self, planned: &Planned) -> Verdict {
        let own = planned
            .case
            .scenario
            .consent
            .map(|_| self.session_for(planned));
        let session = match &own {
            Some(session) => session,
            None => self
                .session
                .get_or_init(|| self.new_session(self.keys.clone())),
        };
        session.run_case(planned).await.verdict.expect("a verdict")
    }

    /// A session with the keys that a case needs.
    fn session_for(&self, planned: &Planned) -> Session {
        let alone = Plan {
            profile: Arc::clone(&self.profile),
            cases: vec![planned.clone()],
        };
        let needed = alone.roles(&self.contract);
        let mut keys = self.keys.clone();
        for role in keys.roles().difference(&needed) {
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
            agreement: agreement(),
            plain: None,
            origin: "http://localhost".to_owned(),
            pace: None,
            facts: Facts::default(),
        })
    }
}

fn agreement() -> Agreement {
    Agreement {
        consents: [Consent::CreateKeys, Consent::Writes].into(),
        ..Agreement::default()
    }
}
