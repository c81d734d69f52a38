//! How far something is, on a terminal; nowhere else.

use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// After so many their speed says something about the rest.
const ENOUGH: usize = 20;

/// The lines of runs on one terminal; clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Bars(MultiProgress);

impl Bars {
    /// Prints a text that stays, above the lines that move.
    pub(super) fn say(&self, text: &str) {
        self.0.suspend(|| tell!("{text}"));
    }
}

/// A line on a terminal that says how far something is, and how long it will last.
pub(super) struct Progress {
    bar: ProgressBar,
    began: Instant,
    total: usize,
    /// How long it takes at least, if a pace is kept.
    at_least: Option<Duration>,
}

impl Progress {
    /// Of so many of these; a name tells it from others.
    pub(super) fn new(bars: &Bars, name: Option<&str>, total: usize, these: &str) -> Self {
        let length = total.try_into().unwrap_or(u64::MAX);
        let bar = bars.0.add(ProgressBar::new(length));
        bar.set_prefix(name.map_or(String::new(), |name| format!("{name} ")));
        let line = format!("{{prefix}}{{bar:30}} {{pos}} of {{len}} {these}{{msg}}");
        if let Ok(style) = ProgressStyle::with_template(&line) {
            bar.set_style(style);
        }
        Self {
            bar,
            began: Instant::now(),
            total,
            at_least: None,
        }
    }

    /// It takes so long at the least.
    pub(super) fn at_least(self, at_least: Option<Duration>) -> Self {
        Self { at_least, ..self }
    }

    /// So many are done.
    pub(super) fn show(&self, done: usize) {
        let left = left(self.began.elapsed(), done, self.total, self.at_least);
        self.bar.set_message(left.map_or(String::new(), |left| {
            format!(", about {} left", words(left))
        }));
        self.bar.set_position(done.try_into().unwrap_or(u64::MAX));
    }

    /// It is over; nothing of it stays.
    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

/// How long it still takes: as what is done did, but no less than the pace says.
fn left(
    elapsed: Duration,
    done: usize,
    total: usize,
    at_least: Option<Duration>,
) -> Option<Duration> {
    let rest = u32::try_from(total.saturating_sub(done)).unwrap_or(u32::MAX);
    let paced = at_least.map(|whole| whole.saturating_sub(elapsed));
    let so_far = u32::try_from(done).ok().filter(|_| done >= ENOUGH);
    let measured = so_far.map(|done| elapsed / done * rest);
    paced.max(measured)
}

fn words(left: Duration) -> String {
    match left.as_secs() {
        seconds @ 0..=89 => format!("{seconds} s"),
        seconds => format!("{} min", seconds.div_ceil(60)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_far_it_is_until_it_is_over() {
        let whole = Duration::from_secs(7200);
        let progress = Progress::new(&Bars::default(), None, 100, "cases").at_least(Some(whole));
        assert_eq!(progress.bar.length(), Some(100));
        progress.show(5);
        assert_eq!(progress.bar.position(), 5);
        assert_eq!(progress.bar.message(), ", about 120 min left");
        progress.clear();
        assert!(progress.bar.is_finished());
    }

    #[test]
    fn the_pace_is_the_least_that_is_left() {
        let seconds = Duration::from_secs;
        assert_eq!(left(seconds(1), 5, 100, None), None);
        assert_eq!(
            left(seconds(1), 5, 100, Some(seconds(300))),
            Some(seconds(299))
        );
        assert_eq!(left(seconds(50), 50, 100, None), Some(seconds(50)));
        assert_eq!(
            left(seconds(50), 50, 100, Some(seconds(60))),
            Some(seconds(50))
        );
        assert_eq!(
            left(seconds(50), 50, 100, Some(seconds(600))),
            Some(seconds(550))
        );
        assert_eq!(words(seconds(89)), "89 s");
        assert_eq!(words(seconds(299)), "5 min");
    }
}
