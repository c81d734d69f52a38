//! The summary of several panels: a line for each, and what they came to together.

use super::exit;
use super::results::Results;

/// The exit codes, the gravest first, with what each says of a panel.
const BY_GRAVITY: [(u8, &str); 5] = [
    (exit::INTERRUPTED, "interrupted"),
    (exit::USAGE, "to be mended on this side"),
    (exit::FAILED, "failed"),
    (exit::UNDECIDED, "undecided"),
    (exit::OK, "passed"),
];

/// What came of one panel of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panel {
    /// Its name.
    name: String,
    /// Its address.
    base: String,
    /// The profile whose contract held.
    profile: String,
    /// What its run came to.
    outcome: String,
    /// The exit code that its run alone would have.
    exit_code: u8,
}

impl Panel {
    /// The panel of these results.
    #[must_use]
    pub fn of(name: &str, results: &Results) -> Self {
        let kinds = if results.exit_code == exit::FAILED {
            format!(" ({})", results.kinds())
        } else {
            String::new()
        };
        Self {
            name: name.to_owned(),
            base: results.target.base.clone(),
            profile: results.profile.name.clone(),
            outcome: format!("{}{kinds}", results.outcome),
            exit_code: results.exit_code,
        }
    }

    /// A panel about which nothing could be told, and why.
    #[must_use]
    pub fn broken(name: &str, base: &str, profile: &str, why: &str) -> Self {
        Self {
            name: name.to_owned(),
            base: base.to_owned(),
            profile: profile.to_owned(),
            outcome: format!("BROKEN: {why}"),
            exit_code: exit::USAGE,
        }
    }
}

/// What came of several panels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panels {
    /// What they were named by.
    pub list: String,
    /// In the order of the list.
    pub panels: Vec<Panel>,
}

impl Panels {
    /// The gravest of their exit codes.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        let mut codes = BY_GRAVITY.iter().map(|(code, _)| *code);
        let is_there = |code: &u8| self.panels.iter().any(|panel| panel.exit_code == *code);
        codes.find(is_there).unwrap_or_default()
    }

    /// A line for each, then how many came to what.
    #[must_use]
    pub fn text(&self) -> String {
        let widest = |text: fn(&Panel) -> &String| {
            let widths = self.panels.iter().map(|panel| text(panel).chars().count());
            widths.max().unwrap_or_default()
        };
        let (name, base, profile) = (
            widest(|panel| &panel.name),
            widest(|panel| &panel.base),
            widest(|panel| &panel.profile),
        );
        let lines = self.panels.iter().map(|panel| {
            format!(
                "  {:<name$}  {:<base$}  {:<profile$}  {}\n",
                panel.name, panel.base, panel.profile, panel.outcome
            )
        });
        let counts = BY_GRAVITY.iter().filter_map(|(code, what)| {
            let of_code = self.panels.iter().filter(|panel| panel.exit_code == *code);
            let count = of_code.count();
            (count > 0).then(|| format!("{count} {what}"))
        });
        format!(
            "{} panels of {}\n{}{}\n",
            self.panels.len(),
            self.list,
            lines.collect::<String>(),
            counts.collect::<Vec<_>>().join(" · ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panels(codes: &[u8]) -> Panels {
        let panels = codes.iter().map(|code| Panel {
            exit_code: *code,
            ..Panel::broken("one", "https://x", "documented", "y")
        });
        Panels {
            list: "panels.yaml".to_owned(),
            panels: panels.collect(),
        }
    }

    #[test]
    fn the_gravest_decides() {
        for (codes, wanted) in [
            (&[0, 0][..], 0),
            (&[0, 3], 3),
            (&[3, 1, 0], 1),
            (&[1, 2, 3], 2),
            (&[2, 130], 130),
        ] {
            assert_eq!(panels(codes).exit_code(), wanted, "{codes:?}");
        }
    }

    #[test]
    fn each_has_a_line() {
        let text = panels(&[1, 0, 1]).text();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 5, "{text}");
        assert_eq!(lines[0], "3 panels of panels.yaml");
        assert_eq!(lines[1], "  one  https://x  documented  BROKEN: y");
        assert_eq!(lines[4], "2 failed · 1 passed");
    }
}
