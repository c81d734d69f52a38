//! Trials that are named functions.

use libtest_mimic::Trial;

/// A trial for each function, called `GROUP/NAME`.
pub(crate) fn named<'n>(group: &str, all: impl IntoIterator<Item = (&'n str, fn())>) -> Vec<Trial> {
    let trial = |(name, test): (&str, fn())| {
        Trial::test(format!("{group}/{name}"), move || {
            test();
            Ok(())
        })
    };
    all.into_iter().map(trial).collect()
}
