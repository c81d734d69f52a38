//! A sound panel of a profile, and what the cases say of it; and the same panel made faulty.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::SystemTime;

use super::ProveError;
use crate::exchange::InProcess;
use crate::keys::Keyring;
use crate::plan::{Agreement, Plan, Planned};
use crate::reference::{Clock, Fault, Faults, ManualClock, Panel, SystemClock, World};
use crate::run::{EmbeddedError, Session, Setup, embedded_keys, limit, panel_of, put_into};
use crate::spec::{Case, Consent, Contract, Profile, RoleName};
use crate::target::Facts;
use crate::verdict::Verdict;

/// A panel that the cases are run against before anything is wrong with it.
pub(super) struct Baseline<'s> {
    /// What it is called: its profile, or `hardened`.
    pub(super) name: String,
    profile: Arc<Profile>,
    contract: &'s Arc<Contract>,
    stock: &'s Arc<Contract>,
    /// What sets it apart from the panel of its profile.
    ground: Vec<Fault>,
    /// The world of every panel, but for its settings.
    world: World,
    rooms: Vec<Room>,
}

/// Cases that need the same state of the panel.
struct Room {
    needs: Vec<String>,
    /// Whether each case counts or spends limits, and must find them unspent.
    is_apart: bool,
    cases: BTreeMap<usize, Planned>,
}

impl<'s> Baseline<'s> {
    pub(super) fn new(
        (contract, stock): (&'s Arc<Contract>, &'s Arc<Contract>),
        cases: &[Arc<Case>],
        profile: &Arc<Profile>,
        ground: Vec<Fault>,
    ) -> Result<Self, ProveError> {
        let name = match ground.len() {
            0 => profile.name.value.to_string(),
            _ => "hardened".to_owned(),
        };
        let mut baseline = Self {
            name,
            profile: Arc::clone(profile),
            contract,
            stock,
            ground,
            world: World::embedded(),
            rooms: Vec::new(),
        };
        for (number, case) in cases.iter().enumerate() {
            baseline.place(number, case);
        }
        let roles = baseline.roles()?;
        for room in &mut baseline.rooms {
            room.plan(contract, profile, &roles);
        }
        Ok(baseline)
    }

    /// The roles that the panel has keys for.
    fn roles(&self) -> Result<BTreeSet<RoleName>, ProveError> {
        let clock = Arc::new(SystemClock);
        Ok(self.panel(self.world.clone(), &[], clock)?.1.roles())
    }

    fn panel(
        &self,
        world: World,
        faults: &[Fault],
        clock: Arc<dyn Clock>,
    ) -> Result<(Panel, Keyring), ProveError> {
        let faults: Faults = faults.iter().copied().collect();
        let profile = self.profile.name.value.as_str();
        let panel = panel_of(self.stock, profile, world, faults, clock)?;
        let keys = embedded_keys(&panel, self.contract).map_err(ProveError::Keys)?;
        Ok((panel, keys))
    }

    /// Puts a case into the room of its state, if there is such a state.
    fn place(&mut self, number: usize, case: &Arc<Case>) {
        let needs = &case.scenario.needs;
        if put_all(needs, &mut self.world.clone()).is_err() {
            return;
        }
        let planned = Planned {
            case: Arc::clone(case),
            due: Ok(Vec::new()),
        };
        let is_apart = case.is_apart();
        let is_its = |room: &&mut Room| room.needs == *needs && room.is_apart == is_apart;
        match self.rooms.iter_mut().find(is_its) {
            Some(room) => {
                room.cases.insert(number, planned);
            }
            None => self.rooms.push(Room {
                needs: needs.clone(),
                is_apart,
                cases: [(number, planned)].into(),
            }),
        }
    }

    /// The profile that it plays.
    pub(super) fn profile(&self) -> &Profile {
        &self.profile
    }

    /// What the cases say of the panel when nothing is wrong: the numbers of those that conform.
    pub(super) async fn sound(&self) -> Result<BTreeSet<usize>, ProveError> {
        let mut conforming = BTreeSet::new();
        for room in &self.rooms {
            let all: Vec<usize> = room.cases.keys().copied().collect();
            for (number, verdict) in self.play(room, &self.ground, &all).await? {
                match verdict {
                    Ok(Verdict::Conforms) => {
                        conforming.insert(number);
                    }
                    Ok(_) => {}
                    Err(why) => {
                        let case = room.cases[&number].case.id.to_string();
                        return Err(ProveError::Broken { case, why });
                    }
                }
            }
        }
        Ok(conforming)
    }

    /// The numbers of those of the cases that deviate when something is wrong.
    pub(super) async fn killed(
        &self,
        change: Change,
        cases: &BTreeSet<usize>,
    ) -> Result<BTreeSet<usize>, ProveError> {
        let faults = change.of(&self.ground);
        let mut killed = BTreeSet::new();
        for room in &self.rooms {
            let here = room.cases.keys().copied();
            let here: Vec<usize> = here.filter(|number| cases.contains(number)).collect();
            for (number, verdict) in self.play(room, &faults, &here).await? {
                if matches!(verdict, Ok(Verdict::Deviates(_))) {
                    killed.insert(number);
                }
            }
        }
        Ok(killed)
    }

    async fn play(
        &self,
        room: &Room,
        faults: &[Fault],
        cases: &[usize],
    ) -> Result<Vec<(usize, Result<Verdict, String>)>, ProveError> {
        let together = if room.is_apart { 1 } else { cases.len().max(1) };
        let mut verdicts = Vec::with_capacity(cases.len());
        for some in cases.chunks(together) {
            let session = self.session(room, faults)?;
            for number in some {
                let result = session.run_case(&room.cases[number]).await;
                verdicts.push((*number, result.verdict));
            }
        }
        Ok(verdicts)
    }

    fn session(&self, room: &Room, faults: &[Fault]) -> Result<Session, ProveError> {
        let mut world = self.world.clone();
        put_all(&room.needs, &mut world)?;
        let clock = Arc::new(ManualClock::starting_at(SystemTime::now()));
        if room.is_apart {
            limit(&mut world);
        } else {
            world.settings.enforce_limits = false;
        }
        let (panel, keys) = self.panel(world, faults, Arc::clone(&clock) as Arc<dyn Clock>)?;
        let session = Session::new(Setup {
            contract: Arc::clone(self.contract),
            profile: Arc::clone(&self.profile),
            transport: InProcess::new(panel.router()).into(),
            keys,
            agreement: room.agreement(),
            origin: "http://localhost".to_owned(),
            pace: None,
            plain: None,
            facts: Facts::default(),
        });
        Ok(session.with_clock(clock).unguarded())
    }
}

impl Room {
    fn agreement(&self) -> Agreement {
        Agreement {
            consents: Consent::ALL.into(),
            has: self.needs.iter().cloned().collect(),
            version: None,
        }
    }

    /// Decides what is due, and lets those cases go of which nothing is asked.
    fn plan(&mut self, contract: &Contract, profile: &Arc<Profile>, roles: &BTreeSet<RoleName>) {
        let cases: Vec<_> = self
            .cases
            .values()
            .map(|one| Arc::clone(&one.case))
            .collect();
        let plan = Plan::new(contract, &cases, profile, &self.agreement(), roles);
        let numbers: Vec<usize> = self.cases.keys().copied().collect();
        let planned = numbers.into_iter().zip(plan.cases);
        self.cases = planned.filter(|(_, planned)| planned.is_run()).collect();
    }
}

/// Brings a panel into the states that cases need.
fn put_all(needs: &[String], world: &mut World) -> Result<(), EmbeddedError> {
    needs.iter().try_for_each(|state| put_into(state, world))
}

/// What is wrong with a panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// It has this fault.
    With(Fault),
    /// It lacks this hardening.
    Without(Fault),
}

impl Change {
    fn of(self, ground: &[Fault]) -> Vec<Fault> {
        let ground = ground.iter().copied();
        match self {
            Self::With(fault) => ground.chain([fault]).collect(),
            Self::Without(fault) => ground.filter(|one| *one != fault).collect(),
        }
    }
}
