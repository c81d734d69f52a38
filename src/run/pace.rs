//! Pacing: no panel is asked faster than its limits and its other users allow.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::exchange::Observation;
use crate::plan::{Bucket, Pace, WINDOW};
use crate::spec::Api;

/// How many answers a median is taken of.
const SAMPLE: usize = 15;

/// Lets requests go when their time has come.
#[derive(Debug)]
pub(crate) struct Pacer {
    pace: Pace,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When the next request of any kind may go.
    next: Option<Instant>,
    windows: BTreeMap<Bucket, Window>,
    answers: Answers,
}

/// A request that may go.
#[derive(Debug)]
pub(crate) struct Admitted<'b> {
    /// The limit that it is counted in, if it is in one.
    bucket: Option<&'b Bucket>,
    /// Which of the requests of that limit's window it is, from 1.
    place: u32,
}

/// What is known of a bucket's present window.
#[derive(Debug)]
struct Window {
    opened: Instant,
    /// Requests of ours since then.
    used: u32,
    /// The least that the panel said remains.
    remaining: Option<u32>,
    /// Until when the panel told us to wait.
    closed_until: Option<Instant>,
}

impl Window {
    fn new(now: Instant) -> Self {
        Self {
            opened: now,
            used: 0,
            remaining: None,
            closed_until: None,
        }
    }

    /// When a request may go: at once, or when the window ends.
    fn free_at(&self, allowance: u32, now: Instant) -> Instant {
        let spent = self.used >= allowance || self.remaining == Some(0);
        let end = if spent { self.opened + WINDOW } else { now };
        self.closed_until.map_or(end, |until| until.max(end))
    }
}

impl Pacer {
    pub(crate) fn new(pace: Pace) -> Self {
        Self {
            pace,
            state: Mutex::default(),
        }
    }

    pub(crate) fn pace(&self) -> &Pace {
        &self.pace
    }

    /// Takes another limit for an API than the one it began with.
    pub(crate) fn set_limit(&mut self, api: Api, limit: u32) {
        self.pace.limits.insert(api, limit);
    }

    /// Waits until a request may go, and counts it.
    pub(crate) async fn admit<'b>(&self, bucket: Option<&'b Bucket>) -> Admitted<'b> {
        loop {
            match self.try_admit(bucket, Instant::now()) {
                Ok((at, place)) => {
                    sleep_until(at).await;
                    return Admitted { bucket, place };
                }
                Err(later) => sleep_until(later).await,
            }
        }
    }

    /// When the request goes and its place, if its bucket has room now; else when to ask again.
    fn try_admit(&self, bucket: Option<&Bucket>, now: Instant) -> Result<(Instant, u32), Instant> {
        let mut state = self.lock();
        let at = state.next.map_or(now, |next| next.max(now));
        let mut place = 0;
        if let Some(bucket) = bucket {
            let allowance = self.pace.allowance(bucket.api);
            let window = state
                .windows
                .entry(bucket.clone())
                .or_insert_with(|| Window::new(at));
            let free = window.free_at(allowance, at);
            if free > at {
                return Err(free);
            }
            if at >= window.opened + WINDOW {
                *window = Window::new(at);
            }
            window.used += 1;
            place = window.used;
        }
        let gap = Duration::from_secs_f64(state.answers.slowness() / self.pace.rate);
        state.next = Some(at + gap);
        Ok((at, place))
    }

    /// Learns from an answer what others have used, and how the panel fares.
    pub(crate) fn learn(&self, admitted: &Admitted<'_>, answer: &Observation, took: Duration) {
        let now = Instant::now();
        let mut state = self.lock();
        state.answers.add(took);
        let Some(window) = admitted
            .bucket
            .and_then(|bucket| state.windows.get_mut(bucket))
        else {
            return;
        };
        let number = |name: &str| {
            answer
                .header(name)
                .and_then(|value| value.parse::<u32>().ok())
        };
        if let Some(left) = number("x-ratelimit-remaining") {
            // Answers overtake each other: what went after this one may be counted already.
            let after = window.used.saturating_sub(admitted.place);
            let before = window.remaining;
            if before.is_some_and(|before| left > before.saturating_add(after)) {
                // The panel counts anew: its window began between the two answers.
                *window = Window {
                    used: 1 + after,
                    ..Window::new(now)
                };
            }
            window.remaining = Some(window.remaining.map_or(left, |least| least.min(left)));
        }
        if answer.status == 429 {
            let wait = number("retry-after").map_or(WINDOW, |s| Duration::from_secs(s.into()));
            window.closed_until = Some(now + wait);
            *window = Window {
                closed_until: window.closed_until,
                ..Window::new(now + wait)
            };
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long answers take: at first, and lately.
#[derive(Debug, Default)]
struct Answers {
    first: Vec<Duration>,
    latest: Vec<Duration>,
}

impl Answers {
    fn add(&mut self, took: Duration) {
        if self.first.len() < SAMPLE {
            self.first.push(took);
            return;
        }
        if self.latest.len() == SAMPLE {
            self.latest.remove(0);
        }
        self.latest.push(took);
    }

    /// 1 as long as the panel answers as it did at first; 2 when the median has doubled.
    fn slowness(&self) -> f64 {
        if self.latest.len() < SAMPLE {
            return 1.0;
        }
        if median(&self.latest) >= 2 * median(&self.first).max(Duration::from_millis(1)) {
            2.0
        } else {
            1.0
        }
    }
}

fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Body;
    use crate::plan::Budget;
    use crate::spec::Api;

    fn pace(rate: f64, leave: f64, limit: u32) -> Pace {
        Pace {
            rate,
            leave,
            limits: [(Api::Client, limit)].into(),
        }
    }

    fn bucket() -> Bucket {
        Bucket {
            user: "alice".into(),
            api: Api::Client,
        }
    }

    fn answer(status: u16, headers: &[(&str, u32)]) -> Observation {
        Observation {
            status,
            headers: headers
                .iter()
                .map(|(n, v)| ((*n).to_owned(), v.to_string()))
                .collect(),
            body: Body::Empty,
        }
    }

    /// A panel that counts as real ones do, and somebody else who uses it too.
    struct Panel {
        limit: u32,
        window: Option<(Instant, u32)>,
        refused: u32,
    }

    impl Panel {
        fn ask(&mut self) -> Observation {
            let now = Instant::now();
            let (opened, used) = self
                .window
                .filter(|(at, _)| now < *at + WINDOW)
                .unwrap_or((now, 0));
            if used >= self.limit {
                self.refused += 1;
                return answer(429, &[("retry-after", 60), ("x-ratelimit-remaining", 0)]);
            }
            self.window = Some((opened, used + 1));
            answer(200, &[("x-ratelimit-remaining", self.limit - used - 1)])
        }
    }

    #[tokio::test(start_paused = true)]
    async fn answers_that_overtake_each_other_open_no_window() {
        let pacer = Pacer::new(pace(100.0, 0.5, 20));
        let learn = |admitted: &Admitted<'_>, left: u32| {
            let told = answer(200, &[("x-ratelimit-remaining", left)]);
            pacer.learn(admitted, &told, Duration::ZERO);
        };
        let start = Instant::now();
        // The second is answered when eight that went later were.
        let bucket = bucket();
        learn(&pacer.admit(Some(&bucket)).await, 19);
        let second = pacer.admit(Some(&bucket)).await;
        for left in (10..18).rev() {
            learn(&pacer.admit(Some(&bucket)).await, left);
        }
        learn(&second, 18);
        assert!(start.elapsed() < Duration::from_secs(1));
        let next = pacer.admit(Some(&bucket)).await;
        assert!(start.elapsed() >= WINDOW, "ten of twenty are ours");
        learn(&next, 19);
        pacer.admit(Some(&bucket)).await;
        assert!(start.elapsed() < WINDOW + Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn requests_keep_their_distance() {
        let pacer = Pacer::new(pace(4.0, 0.0, 720));
        let start = Instant::now();
        for _ in 0..9 {
            pacer.admit(None).await;
        }
        assert_eq!(start.elapsed(), Duration::from_secs(2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_shared_limit_is_never_overrun() {
        let pace = pace(4.0, 0.5, 20);
        let budget = Budget {
            buckets: [(bucket(), 60)].into(),
            others: 0,
        };
        let bound = pace.shortest(&budget);
        assert_eq!(bound, 5 * WINDOW);
        let pacer = Pacer::new(pace);
        let mut panel = Panel {
            limit: 20,
            window: None,
            refused: 0,
        };
        // Somebody opened the window before us, and uses 8 of each.
        for _ in 0..8 {
            let _ = panel.ask();
        }
        let (start, bucket) = (Instant::now(), bucket());
        let mut minute = panel.window;
        for _ in 0..60 {
            let admitted = pacer.admit(Some(&bucket)).await;
            let seen = panel.ask();
            if panel.window.map(|w| w.0) != minute.map(|w| w.0) {
                minute = panel.window;
                for _ in 0..8 {
                    let _ = panel.ask();
                }
            }
            pacer.learn(&admitted, &seen, Duration::from_millis(50));
        }
        assert_eq!(panel.refused, 0);
        let took = start.elapsed();
        assert!(
            took >= bound.mul_f64(0.95) && took <= bound.mul_f64(1.05),
            "{took:?} of {bound:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_spent_limit_is_waited_out() {
        let pacer = Pacer::new(pace(100.0, 0.5, 20));
        let bucket = bucket();
        let admitted = pacer.admit(Some(&bucket)).await;
        let start = Instant::now();
        pacer.learn(
            &admitted,
            &answer(429, &[("retry-after", 42)]),
            Duration::ZERO,
        );
        pacer.admit(Some(&bucket)).await;
        assert!(
            start.elapsed() >= Duration::from_secs(42),
            "{:?}",
            start.elapsed()
        );
    }

    #[tokio::test(start_paused = true)]
    async fn what_others_have_spent_counts() {
        let pacer = Pacer::new(pace(100.0, 0.5, 20));
        let bucket = bucket();
        let admitted = pacer.admit(Some(&bucket)).await;
        let start = Instant::now();
        pacer.learn(
            &admitted,
            &answer(200, &[("x-ratelimit-remaining", 0)]),
            Duration::ZERO,
        );
        pacer.admit(Some(&bucket)).await;
        assert!(
            start.elapsed() >= Duration::from_secs(59),
            "{:?}",
            start.elapsed()
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_panel_that_grows_slow_is_asked_half_as_often() {
        let pacer = Pacer::new(pace(10.0, 0.0, 720));
        for took in [20; SAMPLE].into_iter().chain([50; SAMPLE]) {
            let admitted = pacer.admit(None).await;
            pacer.learn(&admitted, &answer(401, &[]), Duration::from_millis(took));
        }
        pacer.admit(None).await;
        let start = Instant::now();
        pacer.admit(None).await;
        assert_eq!(start.elapsed(), Duration::from_millis(200));
    }

    #[tokio::test(start_paused = true)]
    async fn another_limit_than_at_first_holds_from_then_on() {
        let mut pacer = Pacer::new(pace(100.0, 0.5, 720));
        pacer.set_limit(Api::Client, 4);
        assert_eq!(pacer.pace().limits, [(Api::Client, 4)].into());
        let (start, bucket) = (Instant::now(), bucket());
        for _ in 0..2 {
            pacer.admit(Some(&bucket)).await;
        }
        assert!(start.elapsed() < Duration::from_secs(1));
        pacer.admit(Some(&bucket)).await;
        assert_eq!(start.elapsed(), WINDOW, "two of four are ours");
    }

    #[tokio::test(start_paused = true)]
    async fn what_went_since_a_panel_counts_anew_is_counted_too() {
        let pacer = Pacer::new(pace(100.0, 0.5, 8));
        let learn = |admitted: &Admitted<'_>, left: u32| {
            let told = answer(200, &[("x-ratelimit-remaining", left)]);
            pacer.learn(admitted, &told, Duration::ZERO);
        };
        let (start, bucket) = (Instant::now(), bucket());
        learn(&pacer.admit(Some(&bucket)).await, 1);
        let second = pacer.admit(Some(&bucket)).await;
        let _third = pacer.admit(Some(&bucket)).await;
        // More is left than before though two went: the panel's minute began with the second.
        learn(&second, 7);
        for _ in 0..2 {
            pacer.admit(Some(&bucket)).await;
        }
        assert!(start.elapsed() < Duration::from_secs(1));
        pacer.admit(Some(&bucket)).await;
        assert!(start.elapsed() >= WINDOW, "four of eight are ours");
    }

    #[tokio::test(start_paused = true)]
    async fn one_is_closed_for_as_long_as_it_says_and_then_counts_anew() {
        let pacer = Pacer::new(pace(100.0, 0.5, 4));
        let (start, bucket) = (Instant::now(), bucket());
        let admitted = pacer.admit(Some(&bucket)).await;
        let told = answer(429, &[("retry-after", 10)]);
        pacer.learn(&admitted, &told, Duration::ZERO);
        for _ in 0..2 {
            pacer.admit(Some(&bucket)).await;
        }
        assert!(start.elapsed() < Duration::from_secs(11));
        pacer.admit(Some(&bucket)).await;
        let end = Duration::from_secs(10) + WINDOW;
        assert!(start.elapsed() >= end, "{:?}", start.elapsed());
        assert!(start.elapsed() < end + Duration::from_secs(1));
    }

    #[test]
    fn a_panel_is_slow_when_its_last_answers_take_twice_as_long_as_the_first() {
        let slowness = |first: &[u64], latest: &[u64]| {
            let mut answers = Answers::default();
            for took in first.iter().chain(latest) {
                answers.add(Duration::from_millis(*took));
            }
            assert!(answers.first.len() <= SAMPLE && answers.latest.len() <= SAMPLE);
            answers.slowness()
        };
        let (slow, usual) = (2.0_f64.to_bits(), 1.0_f64.to_bits());
        let bits = |first: &[u64], latest: &[u64]| slowness(first, latest).to_bits();
        assert_eq!(bits(&[20; SAMPLE], &[40; SAMPLE]), slow);
        assert_eq!(bits(&[20; SAMPLE], &[39; SAMPLE]), usual);
        assert_eq!(bits(&[20; SAMPLE], &[40; SAMPLE - 1]), usual, "too few");
        // The last ones count, however many there were.
        assert_eq!(
            bits(&[20; SAMPLE], &[[40; SAMPLE], [20; SAMPLE]].concat()),
            usual
        );
        assert_eq!(
            bits(&[20; SAMPLE], &[[20; SAMPLE], [40; SAMPLE]].concat()),
            slow
        );
        // What takes less than a millisecond is no measure.
        assert_eq!(bits(&[0; SAMPLE], &[1; SAMPLE]), usual);
        assert_eq!(bits(&[0; SAMPLE], &[2; SAMPLE]), slow);
    }

    #[test]
    fn a_median_stands_in_the_middle() {
        let of = |times: &[u64]| {
            let times: Vec<_> = times.iter().map(|t| Duration::from_millis(*t)).collect();
            median(&times).as_millis()
        };
        assert_eq!(of(&[9, 1, 5]), 5);
        assert_eq!(of(&[9, 1, 5, 7, 3]), 5);
        assert_eq!(of(&[9, 1, 5, 7]), 7);
        assert_eq!(of(&[]), 0);
    }
}
