//! The report: findings first, then the panel, what could not be decided, and what to type next.

use super::finding::{Finding, State, examine};
use super::identity::{Identity, identify};
use super::{Outcome, Seen, clue, evidence};
use crate::layout::{lines, paragraph};
use crate::spec::{Checkup, Clue, Concern, Reading, Stranger};
use crate::verdict::member;

/// The width of the labels in the table of facts.
const LABEL: usize = 14;

/// How many profiles are named, where several fit.
const MAX_PROFILES: usize = 3;

/// What a profile is.
const CHOICE: &str = "The profile is the contract to hold the panel to, and yours to choose. \
    Where none is named it is `documented`: the published page, and no more.";

/// What an examination comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Diagnosis {
    /// A panel, and nothing wrong with it.
    Well,
    /// A panel with findings.
    Ill,
    /// No panel was recognised.
    NoPanel,
}

/// How the next commands are written.
pub(crate) struct Commands {
    /// The address, and the flags that are needed to reach it.
    pub(crate) target: String,
    /// Whether keys are given already.
    pub(crate) with_keys: bool,
}

/// What was found out about a target.
pub(crate) struct Report<'c> {
    checkup: &'c Checkup,
    seen: &'c Seen,
    identity: Option<Identity<'c>>,
    findings: Vec<Finding<'c>>,
    commands: Commands,
}

impl<'c> Report<'c> {
    /// What the answers mean.
    pub(crate) fn new(checkup: &'c Checkup, seen: &'c Seen, commands: Commands) -> Self {
        Self {
            checkup,
            seen,
            identity: identify(checkup, seen),
            findings: examine(checkup, seen),
            commands,
        }
    }

    /// What it comes to.
    pub(crate) fn diagnosis(&self) -> Diagnosis {
        if self.identity.is_none() {
            Diagnosis::NoPanel
        } else if self.found().next().is_some() {
            Diagnosis::Ill
        } else {
            Diagnosis::Well
        }
    }

    /// Why no key can be judged, if something found keeps good ones from being accepted.
    pub(crate) fn hides_keys(&self) -> Option<&'c str> {
        let mut hiding = self.found().filter(|(concern, _)| concern.hides_keys);
        hiding.next().map(|(concern, _)| concern.title.as_str())
    }

    /// What was found out, as text.
    pub(crate) fn text(&self) -> String {
        match &self.identity {
            Some(identity) => self.of_panel(identity),
            None => self.of_stranger(),
        }
    }

    fn of_panel(&self, identity: &Identity<'_>) -> String {
        let mut text = self.headline();
        for (number, (concern, clue)) in self.found().enumerate() {
            text += &self.finding(number + 1, concern, clue);
        }
        text += &self.facts(identity);
        text += &self.in_order();
        text + &self.undecided()
    }

    fn found(&self) -> impl Iterator<Item = (&'c Concern, &'c Clue)> {
        self.findings
            .iter()
            .filter_map(|finding| match finding.state {
                State::Found(clue) => Some((finding.concern, clue)),
                State::Cleared | State::Undecided => None,
            })
    }

    fn headline(&self) -> String {
        let count = match self.found().count() {
            0 => "nothing wrong was found".to_owned(),
            1 => "1 finding".to_owned(),
            count => format!("{count} findings"),
        };
        format!("{}: {count}\n", address(self.seen))
    }

    fn finding(&self, number: usize, concern: &Concern, clue: &Clue) -> String {
        let mut text = format!("\n{number}. {}\n", concern.title);
        for (probe, wanted) in &clue.answers.0 {
            let Some(outcome) = self.seen.outcome(&probe.value) else {
                continue;
            };
            text += &self.asked(&probe.value);
            text += &paragraph("   came   ", &evidence::came_with(outcome, wanted));
        }
        text += &self.circumstances(clue);
        text += &paragraph("   means  ", &concern.means);
        text += &paragraph("   fix    ", &concern.fix);
        text += &lines(12, concern.lines.as_deref().unwrap_or_default());
        text
    }

    fn asked(&self, probe: &str) -> String {
        let probe = self.checkup.probe(probe);
        probe.map_or_else(String::new, |p| {
            paragraph("   asked  ", &evidence::asked(p))
        })
    }

    /// What a clue rests on besides answers.
    fn circumstances(&self, clue: &Clue) -> String {
        let mut text = String::new();
        if clue.target.is_some() {
            text += &paragraph("   given  ", &address(self.seen));
        }
        if let (Some(_), Some(days)) = (clue.certificate_days_below, self.seen.certificate_days) {
            text += &paragraph(
                "   seen   ",
                &format!("a certificate that has {days} days left"),
            );
        }
        text
    }

    /// What is known of the panel and of what stands before it.
    fn facts(&self, identity: &Identity<'_>) -> String {
        let mut text = "\n".to_owned();
        text += &fact("Panel", &kind(identity));
        let readings = self.checkup.readings.iter();
        for (reading, value) in readings.filter_map(|r| Some((r, self.reading(r)?))) {
            text += &fact(&reading.label, &value);
        }
        if let Some(days) = self.seen.certificate_days {
            text += &fact("Certificate", &format!("{days} days left"));
        }
        text
    }

    fn reading(&self, reading: &Reading) -> Option<String> {
        let outcome = self.seen.outcome(&reading.probe.value)?;
        let Outcome::Answered(answered) = outcome else {
            return None;
        };
        if reading
            .when
            .as_ref()
            .is_some_and(|when| !clue::fits(when, outcome))
        {
            return None;
        }
        let observed = &answered.observation;
        let header = reading
            .header
            .as_deref()
            .and_then(|name| observed.header(name));
        let member = reading
            .pointer
            .as_deref()
            .and_then(|at| member(observed, at));
        header
            .or(member.and_then(|value| value.as_str()))
            .map(evidence::short)
    }

    fn in_order(&self) -> String {
        let cleared = self
            .findings
            .iter()
            .filter(|f| matches!(f.state, State::Cleared));
        let fine: Vec<_> = cleared
            .map(|finding| finding.concern.fine.as_str())
            .collect();
        if fine.is_empty() {
            return String::new();
        }
        fact("In order", &format!("{}.", fine.join("; ")))
    }

    fn undecided(&self) -> String {
        let undecided = self
            .findings
            .iter()
            .filter(|f| matches!(f.state, State::Undecided));
        let open: Vec<_> = undecided
            .map(|finding| self.open(finding.concern))
            .collect();
        if open.is_empty() {
            return String::new();
        }
        format!("\nCould not be decided\n{}", open.concat())
    }

    fn open(&self, concern: &Concern) -> String {
        let why = match &concern.decided_by {
            Some(what) => format!("decided by {what}"),
            None => self.why_open(concern),
        };
        paragraph("  - ", &format!("{} ({why})", concern.about))
    }

    /// What came instead of an answer that decides.
    fn why_open(&self, concern: &Concern) -> String {
        let clues = concern.found.iter().chain(&concern.cleared);
        let mut probes = clues.flat_map(|clue| &clue.answers.0);
        let told = probes.find_map(|(probe, _)| {
            let asked = self.checkup.probe(&probe.value)?;
            let outcome = self.seen.outcome(&probe.value)?;
            Some(match outcome {
                Outcome::NotSent(why) => why.clone(),
                _ => format!("{}: {}", evidence::asked(asked), evidence::came(outcome)),
            })
        });
        told.unwrap_or_else(|| "nothing tells".to_owned())
    }

    /// What to type next, and what the visit cost; of what is no panel, the cost alone.
    pub(crate) fn next(&self) -> String {
        let commands = self.identity.as_ref().map(|identity| self.run(identity));
        format!("{}\n{}", commands.unwrap_or_default(), self.cost())
    }

    fn run(&self, identity: &Identity<'_>) -> String {
        let target = &self.commands.target;
        let mut text = "\nNext\n".to_owned();
        if !self.commands.with_keys {
            text += "  export PTERO_KEY_CLIENT=...      # a key made at /account/api\n";
            text += &format!("  ptero-conformance keys check {target}\n");
        }
        let profiles = identity.profiles();
        let run = format!("  ptero-conformance run {target} --profile");
        if profiles.is_empty() || profiles.len() > MAX_PROFILES {
            let list = "  ptero-conformance list --profiles\n";
            return format!("{text}{list}{run} NAME\n\n{}", paragraph("", CHOICE));
        }
        for (profile, kinds) in profiles {
            text += &format!("  # {kinds}\n{run} {profile}\n");
        }
        format!("{text}\n{}", paragraph("", CHOICE))
    }

    /// What the examination cost the panel.
    fn cost(&self) -> String {
        let sent = self.seen.sent();
        let what = if sent == 1 {
            "request was"
        } else {
            "requests were"
        };
        format!("{sent} {what} sent; nothing was written.\n")
    }

    fn of_stranger(&self) -> String {
        let mut text = format!("{}: no panel was recognised\n\n", address(self.seen));
        if let Some(outcome) = self.first_outcome() {
            text += &self.asked(&self.checkup.probes[0].id.value);
            text += &paragraph("   came   ", &evidence::came(outcome));
        }
        if let Some(stranger) = self.stranger() {
            text += &paragraph("   is     ", &format!("it looks like {}", stranger.is));
            text += &paragraph("   try    ", &stranger.advice);
            text += &lines(12, stranger.lines.as_deref().unwrap_or_default());
        }
        text
    }

    fn first_outcome(&self) -> Option<&Outcome> {
        self.seen.outcome(&self.checkup.probes.first()?.id.value)
    }

    fn stranger(&self) -> Option<&'c Stranger> {
        let looks = |stranger: &&Stranger| {
            stranger
                .when
                .iter()
                .any(|when| clue::holds(when, self.seen))
        };
        self.checkup.strangers.iter().find(looks)
    }
}

fn address(seen: &Seen) -> String {
    seen.target.base.as_str().trim_end_matches('/').to_owned()
}

fn fact(label: &str, value: &str) -> String {
    paragraph(&format!("{label:<LABEL$}"), value)
}

fn kind(identity: &Identity<'_>) -> String {
    let names = identity.names().join(", or ");
    if let [_, ..] = identity.against[..] {
        let against: Vec<_> = identity
            .against
            .iter()
            .map(|sign| sign.about.as_str())
            .collect();
        return format!(
            "unknown; nearest to {names}, but for {}",
            against.join(" and ")
        );
    }
    match identity.agreeing {
        0 => "of the Pterodactyl family; nothing tells its version".to_owned(),
        1 => format!("{names} (1 sign)"),
        agreeing => format!("{names} ({agreeing} signs, none against)"),
    }
}
