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
use super::sharing::run_group;
use crate::plan::{Bucket, Group, Plan, Planned, groups};
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
        let together = groups(together);
        let doubtful = self.together(session, together, interrupt, tell).await;
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
    /// They begin in the order of the plan, those that share an exchange with the first of them.
    /// Where a pace is kept, each bucket has a lane of its own, so that a spent limit keeps nobody
    /// else waiting; how many requests are under way at once is the session's to say.
    async fn together(
        &self,
        session: &Arc<Session>,
        groups: Vec<Group<'_>>,
        interrupt: &Interrupt,
        tell: &mut (dyn FnMut(Event) + Send),
    ) -> Vec<(usize, CaseResult)> {
        let mut lanes = Lanes::of(session, groups);
        let mut running = JoinSet::new();
        let mut begun = HashMap::new();
        let mut doubtful = Vec::new();
        loop {
            while !interrupt.is_requested()
                && let Some((lane, group)) = lanes.next(self.jobs)
            {
                let session = Arc::clone(session);
                let cases: Vec<_> = group.iter().map(|(_, case)| Planned::clone(case)).collect();
                let task = running.spawn(async move { run_group(&session, &cases).await });
                begun.insert(task.id(), (lane, group));
            }
            let (id, joined) = match running.join_next_with_id().await {
                None => return doubtful,
                Some(Ok((id, results))) => (id, Ok(results)),
                Some(Err(error)) => (error.id(), Err(error)),
            };
            let Some((lane, group)) = begun.remove(&id) else {
                continue;
            };
            lanes.leave(lane);
            let results = joined.unwrap_or_else(|error| panicked(&group, &error));
            for ((number, _), result) in group.into_iter().zip(results) {
                if self.confirm > 0 && wants_a_second_look(&result, &self.policy) {
                    doubtful.push((number, result));
                } else {
                    tell(Event::Over(number, Box::new(result)));
                }
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

/// Groups of cases that wait, by the bucket of their first request where a pace is kept.
struct Lanes<'p>(Vec<Lane<'p>>);

#[derive(Default)]
struct Lane<'p> {
    waiting: VecDeque<Group<'p>>,
    running: u8,
}

impl<'p> Lanes<'p> {
    fn of(session: &Session, groups: Vec<Group<'p>>) -> Self {
        let is_paced = session.pace().is_some();
        let mut lanes: BTreeMap<Option<Bucket>, Lane<'p>> = BTreeMap::new();
        for group in groups {
            let first = group.first().filter(|(_, case)| is_paced && case.is_run());
            let first = first.and_then(|(_, planned)| planned.case.steps.first());
            let bucket = first.and_then(|step| session.bucket(&step.request));
            let lane = lanes.entry(bucket).or_default();
            lane.waiting.push_back(group);
        }
        Self(lanes.into_values().collect())
    }

    /// The first group that waits in a lane with room, and the lane before it.
    fn next(&mut self, room: u8) -> Option<(usize, Group<'p>)> {
        let lanes = self.0.iter_mut().enumerate();
        let free = lanes.filter(|(_, lane)| lane.running < room);
        let first = |lane: &Lane<'_>| Some(lane.waiting.front()?.first()?.0);
        let (index, lane) = free
            .filter(|(_, lane)| !lane.waiting.is_empty())
            .min_by_key(|(_, lane)| first(lane))?;
        let group = lane.waiting.pop_front()?;
        lane.running += 1;
        Some((index, group))
    }

    fn leave(&mut self, lane: usize) {
        if let Some(lane) = self.0.get_mut(lane) {
            lane.running -= 1;
        }
    }
}

/// A panic in a case is the harness's fault; the others go on.
fn panicked(group: &Group<'_>, error: &JoinError) -> Vec<CaseResult> {
    let why = format!("the case could not be run: {error}");
    let cases = group.iter();
    cases
        .map(|(_, planned)| CaseResult::of(planned, Err(why.clone()), Vec::new()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Pace;
    use crate::run::Setup;
    use crate::run::tests::{plan, profile, session, setup};
    use crate::spec::Api;
    use crate::verdict::Kind;

    /// Asked with a key of `root`.
    const ADMIN: &str = "authentication/admin-client-key/reading/get-api-application-users";
    /// Asked with no key.
    const NO_KEY: &str = "authentication/no-key/every-route/get-api-client";
    /// Asked with a key of `alice`.
    const COUNTED: &str = "limits/shown/counted/client";
    /// No route of this panel.
    const FORK: &str = "authentication/admin-client-key/reading/get-api-application-approvals";

    /// What is told of a run whose first case opens.
    async fn told(confirm: u8) -> Vec<String> {
        let session = Session::new(setup("pterodactyl-1.14", &profile("pterodactyl-1.7")));
        let plan = plan(&session, &[ADMIN, FORK]);
        let schedule = Schedule {
            jobs: 1,
            confirm,
            policy: Policy::default(),
        };
        let mut told = Vec::new();
        let mut tell = |event| {
            told.push(match event {
                Event::Over(number, result) => format!("{number}: {:?}", result.kind()),
                Event::LookingAgain { cases, wait } => format!("{cases} in {wait:?}"),
            });
        };
        let interrupt = Interrupt::default();
        schedule
            .play(&Arc::new(session), &plan, &interrupt, &mut tell)
            .await;
        told
    }

    #[tokio::test(start_paused = true)]
    async fn what_opens_is_looked_at_as_often_as_is_wished() {
        let opened = format!("0: {:?}", Some(Kind::Opened));
        assert_eq!(told(0).await, [opened.as_str(), "1: None"]);
        assert_eq!(told(1).await, ["1: None", "1 in 30s", opened.as_str()]);
        assert_eq!(
            told(2).await,
            ["1: None", "1 in 30s", "1 in 30s", opened.as_str()]
        );
    }

    /// The places in the plan of the cases that begin, each lane's first one, and how many lanes there are.
    fn begun(pace: Option<Pace>, room: u8) -> (Vec<usize>, usize) {
        let profile = profile("pterodactyl-1.14");
        let session = Session::new(Setup {
            pace,
            ..setup("pterodactyl-1.14", &profile)
        });
        let plan = plan(&session, &[COUNTED, NO_KEY, ADMIN, FORK]);
        let mut lanes = Lanes::of(&session, groups(plan.cases.iter().enumerate()));
        let count = lanes.0.len();
        let mut begun = Vec::new();
        while let Some((_, group)) = lanes.next(room) {
            begun.extend(group.iter().map(|(number, _)| *number));
        }
        (begun, count)
    }

    #[test]
    fn a_paced_run_has_a_lane_for_each_limit() {
        let pace = Pace {
            rate: 10.0,
            leave: 0.5,
            limits: [(Api::Client, 720)].into(),
        };
        // What is not asked counts in nobody's limit, like what has no key.
        assert_eq!(begun(Some(pace.clone()), 1), (vec![0, 1, 2], 3));
        assert_eq!(begun(Some(pace), 2), (vec![0, 1, 2, 3], 3));
        assert_eq!(begun(None, 1), (vec![0], 1));
        assert_eq!(begun(None, 3), (vec![0, 1, 2], 1));
    }

    #[tokio::test]
    async fn a_case_that_could_not_be_run_is_told_all_the_same() {
        let session = session(&profile("pterodactyl-1.14"));
        let plan = plan(&session, &[NO_KEY, ADMIN]);
        let task = tokio::spawn(std::future::pending::<()>());
        task.abort();
        let error = task.await.expect_err("it was aborted");
        let group: Group<'_> = plan.cases.iter().enumerate().collect();
        let results = panicked(&group, &error);
        let told: Vec<_> = results
            .iter()
            .map(|result| (result.case.id.as_str(), result.verdict.is_err()))
            .collect();
        assert_eq!(told, [(NO_KEY, true), (ADMIN, true)]);
    }
}
