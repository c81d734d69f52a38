//! What a run says to a person while it goes on. Where there are several at once, each line names
//! its panel.

use std::time::Duration;

use super::progress::{Bars, Progress};

/// Who speaks, and on which terminal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Voice {
    /// The panel's name, where there are several.
    name: Option<String>,
    bars: Bars,
}

impl Voice {
    /// The voice of one run of several, which share a terminal.
    pub(super) fn among(name: &str, bars: &Bars) -> Self {
        Self {
            name: Some(name.to_owned()),
            bars: bars.clone(),
        }
    }

    /// Says something; every line of it is by this one.
    pub(crate) fn say(&self, text: &str) {
        let Some(name) = &self.name else {
            return self.bars.say(text);
        };
        let lines = text.lines().filter(|line| !line.is_empty());
        let lines: Vec<_> = lines.map(|line| format!("{name}: {line}")).collect();
        self.bars.say(&lines.join("\n"));
    }

    /// Shows how far a run of so many cases is, which takes so long at the least.
    pub(super) fn progress(&self, total: usize, at_least: Option<Duration>) -> Progress {
        Progress::new(&self.bars, self.name.as_deref(), total, "cases").at_least(at_least)
    }
}
