//! A sound panel of a profile, and what the cases say of it; and the same panel made faulty.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::SystemTime;

use super::ProveError;
use super::room::Room;
use crate::exchange::InProcess;
use crate::keys::Keyring;
use crate::plan::Planned;
use crate::reference::{Clock, Family, Fault, Faults, ManualClock, Panel, World};
use crate::run::{
    ALLOWED_ORIGIN, Additions, CaseResult, EmbeddedError, Session, Setup, embedded_keys, limit,
    panel_of, put_into,
};
use crate::spec::{Case, Contract, Profile, RoleName};
use crate::target::Facts;
use crate::verdict::{Deviation, Skip, Verdict};

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
    /// What time it is for every panel.
    began: SystemTime,
    rooms: Vec<Room>,
    /// Cases of which nothing is asked here, and why.
    skipped: Misses,
}

/// Why cases do not conform on a sound panel, by their numbers.
pub(super) type Misses = BTreeMap<usize, Miss>;

/// Why a case does not conform on a sound panel.
#[derive(Clone, Debug)]
pub(super) struct Miss {
    /// How near it came to it.
    pub(super) course: Course,
    /// In a clause that names the panel.
    pub(super) why: String,
}

/// What became of a case that does not conform; the last tells most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Course {
    /// The panel lacks a route that it asks.
    NoRoute,
    /// It is not asked for another reason.
    NotAsked,
    /// The answer is another than is due, or decides nothing.
    Answered,
}

impl<'s> Baseline<'s> {
    pub(super) fn new(
        (contract, stock, additions): (&'s Arc<Contract>, &'s Arc<Contract>, &Additions),
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
            profile: in_every_state().agreed(profile),
            contract,
            stock,
            ground,
            world: World::embedded(),
            began: SystemTime::now(),
            rooms: Vec::new(),
            skipped: Misses::new(),
        };
        if let Some(own) = stock.profile(profile.name.value.as_str()) {
            baseline.world.added = additions.in_profile(own);
        }
        for (number, case) in cases.iter().enumerate() {
            baseline.place(number, case);
        }
        let roles = baseline.settle()?;
        for room in &mut baseline.rooms {
            for (number, why) in room.plan(contract, &baseline.profile, &roles) {
                let miss = Miss::skipped(&baseline.name, &why);
                baseline.skipped.insert(number, miss);
            }
        }
        Ok(baseline)
    }

    /// Lets every panel have the keys of a first one, and says whose they are.
    fn settle(&mut self) -> Result<BTreeSet<RoleName>, ProveError> {
        let (panel, keys) = self.panel(self.world.clone(), &[])?;
        panel.give_keys_to(&mut self.world);
        Ok(keys.roles())
    }

    fn panel(&self, world: World, faults: &[Fault]) -> Result<(Panel, Keyring), ProveError> {
        let (panel, _) = self.panel_with_clock(world, faults)?;
        let keys = embedded_keys(&panel, self.contract).map_err(ProveError::Keys)?;
        Ok((panel, keys))
    }

    /// A panel whose clock shows when the baseline was made, and stands still.
    fn panel_with_clock(
        &self,
        world: World,
        faults: &[Fault],
    ) -> Result<(Panel, Arc<ManualClock>), ProveError> {
        let clock = Arc::new(ManualClock::starting_at(self.began));
        let faults: Faults = faults.iter().copied().collect();
        let profile = self.profile.name.value.as_str();
        let own = Arc::clone(&clock) as Arc<dyn Clock>;
        let panel = panel_of(self.stock, profile, world, faults, own)?;
        Ok((panel, clock))
    }

    /// Puts a case into the room of its state, if there is such a state.
    fn place(&mut self, number: usize, case: &Arc<Case>) {
        let needs = &case.scenario.needs;
        if let Err(why) = put_all(needs, &mut self.world.clone()) {
            let why = Skip::NotApplicable(why.to_string());
            let miss = Miss::skipped(&self.name, &why);
            self.skipped.insert(number, miss);
            return;
        }
        let planned = Planned {
            case: Arc::clone(case),
            due: Ok(Vec::new()),
        };
        let is_apart = case.is_apart();
        let is_its = |room: &Room| room.needs == *needs && room.is_apart == is_apart;
        let place = match self.rooms.iter().position(is_its) {
            Some(place) => place,
            None => {
                self.rooms.push(Room::new(needs, is_apart));
                self.rooms.len() - 1
            }
        };
        self.rooms[place].cases.insert(number, planned);
    }

    /// Whether its panel can have a fault.
    pub(super) fn can_have(&self, fault: Fault) -> bool {
        let family = self.profile.family.parse::<Family>();
        family.is_ok_and(|family| fault.is_possible_in(family, &self.world.added))
    }

    /// What the cases say of the panel when nothing is wrong: the numbers of those that conform, and
    /// why the others do not.
    pub(super) async fn sound(&mut self) -> Result<(BTreeSet<usize>, Misses), ProveError> {
        let (mut conforming, mut misses) = (BTreeSet::new(), self.skipped.clone());
        let mut rooms = std::mem::take(&mut self.rooms);
        for room in &mut rooms {
            let session = self.first_session(room)?;
            for number in room.cases.keys().copied() {
                let result = if room.is_apart {
                    let alone = self.panel_for(room, &self.ground)?;
                    let session = session.with_panel(alone.0, alone.1).await;
                    room.result(number, &session).await
                } else {
                    room.result(number, &session).await
                };
                match self.miss(result)? {
                    Some(miss) => drop(misses.insert(number, miss)),
                    None => drop(conforming.insert(number)),
                }
            }
            let (fresh, _) = self.panel_for(room, &self.ground)?;
            room.learn(session, &fresh).await;
        }
        self.rooms = rooms;
        Ok((conforming, misses))
    }

    /// Why a case does not conform; nothing if it does.
    fn miss(&self, result: CaseResult) -> Result<Option<Miss>, ProveError> {
        let asked = |why: &str| Miss {
            course: Course::Answered,
            why: format!("on {}: {why}", self.name),
        };
        Ok(match result.verdict {
            Ok(Verdict::Conforms) => None,
            Ok(Verdict::Deviates(found)) => Some(asked(&first(&result.case, &found))),
            Ok(Verdict::Inconclusive(why)) => Some(asked(&why)),
            Ok(Verdict::Skipped(why)) => Some(Miss::skipped(&self.name, &why)),
            Err(why) => {
                let case = result.case.id.to_string();
                return Err(ProveError::Broken { case, why });
            }
        })
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
            let here: Vec<usize> = room
                .cases
                .keys()
                .copied()
                .filter(|number| cases.contains(number))
                .collect();
            if here.is_empty() {
                continue;
            }
            let (panel, _) = self.panel_for(room, &faults)?;
            let touched = room.touched(&here, &panel).await;
            let together = if room.is_apart {
                1
            } else {
                touched.len().max(1)
            };
            for some in touched.chunks(together) {
                let (panel, clock) = self.panel_for(room, &faults)?;
                let Some(session) = room.session(panel, clock).await else {
                    continue;
                };
                for number in some {
                    let result = room.result(*number, &session).await;
                    if matches!(result.verdict, Ok(Verdict::Deviates(_))) {
                        killed.insert(*number);
                    }
                }
            }
        }
        Ok(killed)
    }

    /// A panel in the state of a room, with nobody's traces.
    fn panel_for(
        &self,
        room: &Room,
        faults: &[Fault],
    ) -> Result<(InProcess, Arc<ManualClock>), ProveError> {
        let (panel, clock) = self.panel_with_clock(self.world_of(room)?, faults)?;
        Ok((InProcess::new(panel.router()), clock))
    }

    fn world_of(&self, room: &Room) -> Result<World, ProveError> {
        let mut world = self.world.clone();
        put_all(&room.needs, &mut world)?;
        if room.is_apart {
            limit(&mut world);
        } else {
            world.settings.enforce_limits = false;
        }
        Ok(world)
    }

    /// The session with the sound panel, which looks for ids.
    fn first_session(&self, room: &Room) -> Result<Session, ProveError> {
        let (panel, keys) = self.panel(self.world_of(room)?, &self.ground)?;
        let session = Session::new(Setup {
            contract: Arc::clone(self.contract),
            profile: Arc::clone(&self.profile),
            transport: InProcess::new(panel.router()).into(),
            keys,
            agreement: room.agreement(&self.profile),
            origin: "http://localhost".to_owned(),
            pace: None,
            plain: None,
            facts: Facts::default(),
        });
        Ok(session.unguarded())
    }
}

impl Miss {
    fn skipped(panel: &str, why: &Skip) -> Self {
        let course = match why {
            Skip::NoRoute(_) => Course::NoRoute,
            _ => Course::NotAsked,
        };
        Self {
            course,
            why: format!("not asked on {panel}: {why}"),
        }
    }
}

/// The first of the deviations of a case, in one line.
fn first(case: &Case, found: &[Deviation]) -> String {
    let Some(one) = found.first() else {
        return String::new();
    };
    let step = match case.steps.len() {
        1 => String::new(),
        _ => format!("step {}: ", one.step + 1),
    };
    let (what, expected, observed) = (&one.what, &one.expected, &one.observed);
    let told = format!("{step}{what}: expected {expected}, observed {observed}");
    told.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What an operator says of a panel that is in any of the states.
fn in_every_state() -> Facts {
    Facts {
        cors_origins: vec![ALLOWED_ORIGIN.to_owned()],
        ..Facts::default()
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

#[cfg(test)]
mod tests {
    use super::super::tests::specs;
    use super::*;
    use crate::run::built_in;
    use crate::spec::Specs;

    /// Does something with the sound panel of a profile.
    fn with_panel<T>(specs: &Specs, profile: &str, of: impl FnOnce(&mut Baseline<'_>) -> T) -> T {
        let stock = built_in().expect("the built-in contract");
        let cases: Vec<_> = specs.cases().map(Arc::clone).collect();
        let profile = specs.contract.profile(profile).expect("a profile");
        let told = (&specs.contract, &stock, &Additions::default());
        let baseline = Baseline::new(told, &cases, profile, Vec::new());
        of(&mut baseline.expect("a panel"))
    }

    #[test]
    fn a_panel_has_the_faults_that_its_family_can_have() {
        let specs = specs();
        let mounts = "skip-auth@GET:/api/application/mounts"
            .parse::<Fault>()
            .expect("a fault");
        let has = |profile: &str| with_panel(&specs, profile, |panel| panel.can_have(mounts));
        assert!(has("pelican"));
        assert!(!has("pterodactyl-1.11"));
    }

    #[test]
    fn cases_share_a_panel_that_need_the_same_of_it() {
        let specs = Specs::load(&crate::spec::Source::Embedded).expect("the specification");
        let all: Vec<_> = specs.cases().collect();
        with_panel(&specs, "pterodactyl-1.11", |panel| {
            let mut kinds = BTreeSet::new();
            for room in &panel.rooms {
                let needs: Vec<_> = room.needs.clone();
                assert!(kinds.insert((needs, room.is_apart)), "two rooms of a kind");
                for number in room.cases.keys() {
                    assert_eq!(all[*number].scenario.needs, room.needs);
                    assert_eq!(all[*number].is_apart(), room.is_apart);
                }
            }
            assert!(kinds.len() > 4, "{kinds:?}");
            // What this panel is not asked stands in no room.
            let placed: usize = panel.rooms.iter().map(|room| room.cases.len()).sum();
            assert_eq!(placed + panel.skipped.len(), all.len());
        });
    }

    #[test]
    fn what_is_told_of_a_case_is_what_comes_nearest() {
        let specs = specs();
        let told = |profile: &str| {
            with_panel(&specs, profile, |panel| {
                let runtime = tokio::runtime::Runtime::new().expect("a runtime");
                let (conforming, misses) = runtime.block_on(panel.sound()).expect("answers");
                let misses: Vec<_> = misses
                    .into_iter()
                    .map(|(number, miss)| (number, miss.course, miss.why))
                    .collect();
                (conforming, misses)
            })
        };
        let tea = |panel: &str| {
            let why = format!("on {panel}: status: expected 418, observed 401");
            (1, Course::Answered, why)
        };
        let none = "not asked on pterodactyl-1.11: a route of pelican alone".to_owned();
        let (conforming, misses) = told("pterodactyl-1.11");
        assert_eq!(conforming, [0, 3, 4].into());
        assert_eq!(
            misses,
            [tea("pterodactyl-1.11"), (2, Course::NoRoute, none)]
        );
        let (conforming, misses) = told("pelican");
        assert_eq!(conforming, [0, 2, 3, 4].into());
        assert_eq!(misses, [tea("pelican")]);
        let other = Skip::NotApplicable("so".to_owned());
        assert_eq!(Miss::skipped("x", &other).course, Course::NotAsked);
    }

    #[test]
    fn the_first_deviation_of_several_steps_names_its_step() {
        let two = "\
title: Two
scenarios:
  - id: steps
    title: In two steps
    requires: [AUTH-BEARER]
    steps:
      - request: { endpoint: GET /api/client, key: none }
        expect: { status: 401 }
      - request: { endpoint: GET /api/client, key: none }
        expect: { status: 418 }
";
        let specs = Specs::of_suite(two);
        with_panel(&specs, "pterodactyl-1.11", |panel| {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            let (_, misses) = runtime.block_on(panel.sound()).expect("answers");
            let told = "on pterodactyl-1.11: step 2: status: expected 418, observed 401";
            assert_eq!(misses[&0].why, told);
        });
    }

    #[test]
    fn a_change_adds_a_fault_or_takes_a_hardening_away() {
        let [one, two, three] = ["html-errors", "debug-mode", "skip-auth"]
            .map(|name| name.parse::<Fault>().expect("a fault"));
        assert_eq!(Change::With(three).of(&[one, two]), [one, two, three]);
        assert_eq!(Change::Without(one).of(&[one, two]), [two]);
    }
}
