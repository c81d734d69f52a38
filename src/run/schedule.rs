//! The schedule of a run: some cases at once, those that spend a limit apart, and a second look at
//! what opened or closed.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinError, JoinSet};

use super::interrupt::Interrupt;
use super::result::CaseResult;
use super::second_look::{LATER, look_again, wants_a_second_look};
use super::session::Session;
use crate::plan::{Bucket, Plan, Planned};
use crate::verdict::Policy;

/// How a plan is run.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// How many cases are run at once; where a pace is kept, of one bucket.
    pub jobs: u8,
    /// How often what opened or closed is looked at once more.
    pub confirm: u8,
    /// What counts as a failure.
    pub policy: Policy,
}

/// What happens in a run.
#[derive(Debug)]
pub enum Event {
    /// A case is over; its number is its place in the plan.
    Over(usize, Box<CaseResult>),
    /// Some cases are looked at again after a time.
    LookingAgain {
        /// How many.
        cases: usize,
        /// How long until then.
        wait: Duration,
    },
}

impl Schedule {
    /// Runs the cases of a plan and tells of each when it is over; what is not begun when the run
    /// is interrupted is never told of.
    pub async fn play(
        &self,
        session: &Arc<Session>,
        plan: &Plan,
        interrupt: &Interrupt,
        tell: &mut (dyn FnMut(Event) + Send),
    ) {
        let all = plan.cases.iter().enumerate();
        let (apart, together): (Vec<_>, Vec<_>) =
            all.partition(|(_, planned)| planned.case.spends_limit());
        let doubtful = self.together(session, &together, interrupt, tell).await;
        if !doubtful.is_empty() {
            self.look_again(session, plan, doubtful, interrupt, tell)
                .await;
        }
        for (number, planned) in apart {
            if interrupt.is_requested() {
                return;
            }
            let result = session.run_case(planned).await;
            tell(Event::Over(number, Box::new(result)));
        }
    }

    /// Runs cases some at once, and returns those that are to be looked at again.
    ///
    /// They begin in the order of the plan. Where a pace is kept, each bucket has a lane of its own,
    /// so that a spent limit keeps nobody else waiting; how many requests are under way at once is
    /// the session's to say.
    async fn together(
        &self,
        session: &Arc<Session>,
        cases: &[(usize, &Planned)],
        interrupt: &Interrupt,
        tell: &mut (dyn FnMut(Event) + Send),
    ) -> Vec<(usize, CaseResult)> {
        let mut lanes = Lanes::of(session, cases);
        let mut running = JoinSet::new();
        let mut begun = HashMap::new();
        let mut doubtful = Vec::new();
        loop {
            while !interrupt.is_requested()
                && let Some((lane, number, planned)) = lanes.next(self.jobs)
            {
                let (session, case) = (Arc::clone(session), Planned::clone(planned));
                let task = running.spawn(async move { session.run_case(&case).await });
                begun.insert(task.id(), (lane, number, planned));
            }
            let (id, joined) = match running.join_next_with_id().await {
                None => return doubtful,
                Some(Ok((id, result))) => (id, Ok(result)),
                Some(Err(error)) => (error.id(), Err(error)),
            };
            let Some((lane, number, planned)) = begun.remove(&id) else {
                continue;
            };
            lanes.leave(lane);
            let result = joined.unwrap_or_else(|error| panicked(planned, &error));
            if self.confirm > 0 && wants_a_second_look(&result, &self.policy) {
                doubtful.push((number, result));
            } else {
                tell(Event::Over(number, Box::new(result)));
            }
        }
    }

    async fn look_again(
        &self,
        session: &Arc<Session>,
        plan: &Plan,
        mut doubtful: Vec<(usize, CaseResult)>,
        interrupt: &Interrupt,
        tell: &mut (dyn FnMut(Event) + Send),
    ) {
        doubtful.sort_by_key(|(number, _)| *number);
        let planned = |number: usize| plan.cases.get(number);
        for _ in 0..self.confirm {
            tell(Event::LookingAgain {
                cases: doubtful.len(),
                wait: LATER,
            });
            // What creates something is never looked at again, so that this can end at any moment.
            tokio::select! {
                () = interrupt.requested() => break,
                () = look_again(session, &planned, &self.policy, &mut doubtful) => {}
            }
        }
        for (number, result) in doubtful {
            tell(Event::Over(number, Box::new(result)));
        }
    }
}

/// Cases that wait, by the bucket of their first request where a pace is kept.
struct Lanes<'p>(Vec<Lane<'p>>);

#[derive(Default)]
struct Lane<'p> {
    waiting: VecDeque<(usize, &'p Planned)>,
    running: u8,
}

impl<'p> Lanes<'p> {
    fn of(session: &Session, cases: &[(usize, &'p Planned)]) -> Self {
        let is_paced = session.pace().is_some();
        let mut lanes: BTreeMap<Option<Bucket>, Lane<'p>> = BTreeMap::new();
        for (number, planned) in cases {
            let first = planned.case.steps.first();
            let first = first.filter(|_| is_paced && planned.is_run());
            let bucket = first.and_then(|step| session.bucket(&step.request));
            let lane = lanes.entry(bucket).or_default();
            lane.waiting.push_back((*number, planned));
        }
        Self(lanes.into_values().collect())
    }

    /// The first case that waits in a lane with room, and its lane.
    fn next(&mut self, room: u8) -> Option<(usize, usize, &'p Planned)> {
        let lanes = self.0.iter_mut().enumerate();
        let free = lanes.filter(|(_, lane)| lane.running < room);
        let first = |lane: &Lane<'_>| lane.waiting.front().map(|(number, _)| *number);
        let (index, lane) = free
            .filter(|(_, lane)| !lane.waiting.is_empty())
            .min_by_key(|(_, lane)| first(lane))?;
        let (number, planned) = lane.waiting.pop_front()?;
        lane.running += 1;
        Some((index, number, planned))
    }

    fn leave(&mut self, lane: usize) {
        if let Some(lane) = self.0.get_mut(lane) {
            lane.running -= 1;
        }
    }
}

/// A panic in a case is the harness's fault; the others go on.
fn panicked(planned: &Planned, error: &JoinError) -> CaseResult {
    let why = format!("the case could not be run: {error}");
    CaseResult::of(planned, Err(why), Vec::new())
}
