//! Cases that need the same state of the panel, and what the sound panel answers to them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::exchange::{InProcess, Likeness, Request};
use crate::plan::{Agreement, Plan, Planned};
use crate::reference::{Family, ManualClock};
use crate::run::{CaseResult, Session};
use crate::spec::{Case, Consent, Contract, KeyUse, Profile, RoleName, Way};
use crate::verdict::Skip;

/// Cases that need the same state of the panel.
pub(super) struct Room {
    pub(super) needs: Vec<String>,
    /// Whether each case counts or spends limits, and must find them unspent.
    pub(super) is_apart: bool,
    pub(super) cases: BTreeMap<usize, Planned>,
    /// The session with the sound panel, from which those with faulty ones are made.
    sound: Option<Session>,
    scripts: Scripts,
}

/// The requests of cases that are known beforehand, and what tells their sound answers apart.
///
/// An answer of a faulty panel that is the same changes no verdict, so that it need not be judged.
#[derive(Default)]
struct Scripts {
    requests: Vec<(Request, Option<Likeness>)>,
    /// The numbers of each case's requests.
    of_cases: BTreeMap<usize, Vec<usize>>,
}

impl Room {
    pub(super) fn new(needs: &[String], is_apart: bool) -> Self {
        Self {
            needs: needs.to_vec(),
            is_apart,
            cases: BTreeMap::new(),
            sound: None,
            scripts: Scripts::default(),
        }
    }

    /// What is said of its panel, which plays a profile.
    pub(super) fn agreement(&self, profile: &Profile) -> Agreement {
        let family = profile.family.parse::<Family>().ok();
        Agreement {
            consents: Consent::ALL.into(),
            has: self.needs.iter().cloned().collect(),
            version: family.and_then(|family| family.version().parse().ok()),
        }
    }

    /// Decides what is due, and lets those cases go of which nothing is asked; why, by number.
    pub(super) fn plan(
        &mut self,
        contract: &Contract,
        profile: &Arc<Profile>,
        roles: &BTreeSet<RoleName>,
    ) -> Vec<(usize, Skip)> {
        let cases: Vec<_> = self
            .cases
            .values()
            .map(|one| Arc::clone(&one.case))
            .collect();
        let plan = Plan::new(contract, &cases, profile, &self.agreement(profile), roles);
        let numbers: Vec<usize> = self.cases.keys().copied().collect();
        let (mut run, mut skipped) = (BTreeMap::new(), Vec::new());
        for (number, planned) in numbers.into_iter().zip(plan.cases) {
            match &planned.due {
                Ok(_) => drop(run.insert(number, planned)),
                Err(why) => skipped.push((number, why.clone())),
            }
        }
        self.cases = run;
        skipped
    }

    /// Keeps the session with the sound panel, and asks another sound panel, `fresh`, once more, so
    /// that its answers can be compared.
    pub(super) async fn learn(&mut self, session: Session, fresh: &InProcess) {
        if !self.is_apart {
            self.scripts = Scripts::of(&session, &self.cases, fresh).await;
        }
        self.sound = Some(session);
    }

    /// A session with another panel that has the same keys and ids.
    pub(super) async fn session(
        &self,
        panel: InProcess,
        clock: Arc<ManualClock>,
    ) -> Option<Session> {
        Some(self.sound.as_ref()?.with_panel(panel, clock).await)
    }

    /// Those of the cases whose verdict a panel may have changed: it answers otherwise than the
    /// sound one, or it cannot be known beforehand what they ask.
    pub(super) async fn touched(&self, cases: &[usize], panel: &InProcess) -> Vec<usize> {
        let mut same: HashMap<usize, bool> = HashMap::new();
        let mut touched = Vec::new();
        for case in cases {
            let Some(script) = self.scripts.of_cases.get(case) else {
                touched.push(*case);
                continue;
            };
            let mut is_touched = false;
            for number in script {
                let is_same = match same.get(number) {
                    Some(known) => *known,
                    None => self.scripts.is_same(*number, panel).await,
                };
                same.insert(*number, is_same);
                is_touched |= !is_same;
            }
            if is_touched {
                touched.push(*case);
            }
        }
        touched
    }

    /// What a case says to a session.
    pub(super) async fn result(&self, number: usize, session: &Session) -> CaseResult {
        session.run_case(&self.cases[&number]).await
    }
}

impl Scripts {
    async fn of(session: &Session, cases: &BTreeMap<usize, Planned>, panel: &InProcess) -> Self {
        let mut scripts = Self::default();
        let mut shared: HashMap<Request, usize> = HashMap::new();
        for (number, planned) in cases {
            if !is_known_beforehand(&planned.case) {
                continue;
            }
            let Some(requests) = session.script(&planned.case).await else {
                continue;
            };
            let may_share = requests.len() == 1 && planned.case.scenario.consent.is_none();
            let mut script = Vec::new();
            for request in requests {
                if let Some(known) = shared.get(&request).filter(|_| may_share) {
                    script.push(*known);
                    continue;
                }
                let likeness = panel.likeness(&request).await;
                if may_share {
                    shared.insert(request.clone(), scripts.requests.len());
                }
                script.push(scripts.requests.len());
                scripts.requests.push((request, likeness));
            }
            scripts.of_cases.insert(*number, script);
        }
        scripts
    }

    async fn is_same(&self, number: usize, panel: &InProcess) -> bool {
        let (request, sound) = &self.requests[number];
        panel.likeness(request).await == *sound
    }
}

/// Whether no request of a case depends on an earlier answer.
fn is_known_beforehand(case: &Case) -> bool {
    case.steps.iter().all(|step| {
        let is_saved = matches!(step.request.key, KeyUse::Saved(_)) || !step.save.is_empty();
        let is_plain = step.cleanup.is_none() && step.repeat.is_none() && step.wait.is_none();
        !is_saved && is_plain && step.request.over == Way::Target
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{Source, Specs};

    #[test]
    fn a_panel_agrees_to_everything_and_is_of_the_version_that_is_played() {
        let specs = Specs::load(&Source::Embedded).expect("the built-in specification");
        let profile = specs
            .contract
            .profile("pterodactyl-1.11")
            .expect("a profile");
        let room = Room::new(&["maintenance".to_owned()], false);
        let agreement = room.agreement(profile);
        assert_eq!(agreement.consents, Consent::ALL.into());
        assert!(agreement.has.contains("maintenance"));
        assert_eq!(agreement.has.len(), 1);
        let version = agreement.version.expect("a version").to_string();
        assert!(version.starts_with("1.11."), "{version}");
    }

    #[test]
    fn what_a_case_asks_is_known_unless_an_answer_decides() {
        let specs = Specs::load(&Source::Embedded).expect("the built-in specification");
        let is_known = |id: &str| {
            let case = specs.cases().find(|case| case.id.as_str() == id);
            is_known_beforehand(case.expect(id))
        };
        assert!(is_known("authentication/envelopes/head/no-key"));
        let saves = |case: &&Arc<Case>| case.steps.iter().any(|step| !step.save.is_empty());
        let saving: Vec<_> = specs.cases().filter(saves).collect();
        assert!(!saving.is_empty());
        for case in saving {
            assert!(!is_known_beforehand(case), "{}", case.id);
        }
    }
}
