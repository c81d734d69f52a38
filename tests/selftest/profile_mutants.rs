//! A profile with one fact changed, for the judge alone: a case of the embedded panel or a recorded
//! exchange must deviate, or `profile-mutants/unnoticed.txt` says why none does. It takes minutes:
//! run with `--ignored`, as CI does.
//!
//! Panel and recording are asked once; each changed profile judges the same answers again.

use std::collections::BTreeSet;
use std::sync::Arc;

use libtest_mimic::{Failed, Trial};
use ptero_conformance::plan::{Due, due};
use ptero_conformance::run::{CaseResult, put_into};
use ptero_conformance::spec::{Profile, Source, Specs, Step};
use ptero_conformance::verdict::{Judged, Verdict, judge};

use super::profile_changes::{Change, changes};
use super::replay::replay;
use super::stage::{Stage, world};

/// What goes unnoticed, and why.
const REASONS: &str = include_str!("profile-mutants/unnoticed.txt");

/// All profiles, and the recording of a panel that each describes.
const PROFILES: [(&str, Option<&str>); 12] = [
    // No panel has the words of the page; what it says of other routes, this one keeps.
    ("documented", Some("pterodactyl-1.11.8")),
    ("jexactyl", None),
    ("pelican", Some("pelican-beta25")),
    ("pterodactyl-1.7", Some("pterodactyl-1.7.0")),
    ("pterodactyl-1.8", None),
    ("pterodactyl-1.10", None),
    ("pterodactyl-1.11", Some("pterodactyl-1.11.8")),
    ("pterodactyl-1.11.9", Some("pterodactyl-develop")),
    ("pterodactyl-1.12", None),
    ("pterodactyl-1.14", Some("pterodactyl-1.14.1")),
    ("pyrodactyl", Some("pyrodactyl-4.5.0")),
    ("reviactyl", None),
];

/// The states that the reference panel is judged in.
const STATES: [&[&str]; 5] = [
    &[],
    &["two-factor-required"],
    &["two-factor-required-admins"],
    &["maintenance"],
    &["daemon-unreachable"],
];

pub(crate) fn trials() -> Vec<Trial> {
    let each = PROFILES.map(|(name, recording)| {
        let trial = Trial::test(format!("profile-mutants/{name}"), move || {
            has_no_survivor_without_reason(name, recording)
        });
        trial.with_ignored_flag(true)
    });
    let reasons = Trial::test(
        "profile-mutants/reasons-are-of-profiles",
        reasons_are_of_profiles,
    );
    let all = Trial::test(
        "profile-mutants/every-profile-is-tried",
        every_profile_is_tried,
    );
    each.into_iter().chain([reasons, all]).collect()
}

/// Why changes of profiles go unnoticed: the reason, the profiles, and the change.
type Reason = (String, Vec<String>, String);

/// Reads the reasons: blocks of `why:`, `in:` and indented changes.
fn reasons(text: &str) -> Vec<Reason> {
    let (mut why, mut profiles) = (String::new(), Vec::new());
    let mut found = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some(text) = line.strip_prefix("why: ") {
            (why, profiles) = (text.to_owned(), Vec::new());
        } else if let Some(names) = line.strip_prefix("in: ") {
            profiles = named(names);
        } else if let Some(change) = line.strip_prefix("  ") {
            found.push((why.clone(), profiles.clone(), change.to_owned()));
        } else {
            assert!(line.is_empty(), "what is `{line}`?");
        }
    }
    found
}

/// The profiles of a line: `all`, `all but` some, or those that it names.
fn named(text: &str) -> Vec<String> {
    let split = |names: &str| names.split(", ").map(str::to_owned).collect::<Vec<_>>();
    let left_out = match text.strip_prefix("all but ") {
        Some(names) => split(names),
        None if text == "all" => Vec::new(),
        None => return split(text),
    };
    let is_known = |name: &String| PROFILES.iter().any(|(one, _)| one == name);
    assert!(
        left_out.iter().all(is_known),
        "which profiles are `{text}`?"
    );
    let all = PROFILES.iter().map(|(name, _)| (*name).to_owned());
    all.filter(|name| !left_out.contains(name)).collect()
}

/// The changes of a profile that may go unnoticed.
fn excused(name: &str) -> BTreeSet<String> {
    let mut changes = BTreeSet::new();
    for (_, profiles, change) in reasons(REASONS) {
        if profiles.iter().any(|one| one == name) {
            assert!(changes.insert(change.clone()), "{change}: twice");
        }
    }
    changes
}

fn reasons_are_of_profiles() -> Result<(), Failed> {
    let all = reasons(REASONS);
    assert!(!all.is_empty());
    for (why, profiles, change) in all {
        let is_known = |name: &String| PROFILES.iter().any(|(one, _)| one == name);
        if why.is_empty() || profiles.is_empty() || !profiles.iter().all(is_known) {
            return Err(format!("{change}: no reason, or no such profile: {profiles:?}").into());
        }
    }
    Ok(())
}

fn every_profile_is_tried() -> Result<(), Failed> {
    let specs = Specs::load(&Source::Folder("specs".into())).expect("the specification");
    let profiles = specs.contract.profiles.iter();
    let there: BTreeSet<_> = profiles.map(|profile| profile.name.as_str()).collect();
    let tried: BTreeSet<_> = PROFILES.iter().map(|(name, _)| *name).collect();
    if there == tried {
        return Ok(());
    }
    Err(format!("tried are {tried:?}, of {there:?}: see `PROFILES`").into())
}

fn has_no_survivor_without_reason(name: &str, recording: Option<&str>) -> Result<(), Failed> {
    let specs = Specs::load(&Source::Folder("specs".into())).expect("the specification");
    let profile = Arc::clone(specs.contract.profile(name).expect("the profile"));
    let court = Court::new(&specs, &profile, recording);
    assert!(
        !court.notices(&unchanged(&profile)),
        "the profile itself deviates"
    );
    let mutants = changes(&profile);
    // The page states least; with fewer this looks at nothing.
    assert!(mutants.len() > 60, "{} changes", mutants.len());
    let names: BTreeSet<_> = mutants.iter().map(|change| &change.what).collect();
    assert_eq!(names.len(), mutants.len(), "two changes have one name");
    let survivors: BTreeSet<String> = mutants
        .iter()
        .filter(|change| !court.notices(change))
        .map(|change| change.what.clone())
        .collect();
    eprintln!(
        "{name}: {} of {} changes are noticed, by {} answers",
        mutants.len() - survivors.len(),
        mutants.len(),
        court.results.len(),
    );
    let excused = excused(name);
    let listed = |one: &BTreeSet<String>, other: &BTreeSet<String>| {
        let lines = one.difference(other).map(|change| format!("\n  {change}"));
        lines.collect::<String>()
    };
    let (unexplained, idle) = (listed(&survivors, &excused), listed(&excused, &survivors));
    if unexplained.is_empty() && idle.is_empty() {
        return Ok(());
    }
    Err(format!(
        "unnoticed, without a reason:{unexplained}\nwith a reason, but noticed or no change:{idle}"
    )
    .into())
}

/// The profile as it is.
fn unchanged(profile: &Profile) -> Change {
    Change {
        what: "none".to_owned(),
        about: None,
        profile: profile.clone(),
    }
}

/// Answers, and what is due to them.
struct Court<'s> {
    specs: &'s Specs,
    results: Vec<Heard>,
}

/// Answers that conform.
struct Heard {
    result: CaseResult,
    due: Vec<Due>,
    /// The reasons why anything is due, without their arguments.
    reasons: BTreeSet<String>,
}

impl Heard {
    fn new(specs: &Specs, result: CaseResult, profile: &Profile) -> Option<Self> {
        let due = due_to(specs, &result, profile)?;
        let steps = result.case.steps.iter();
        let conditions = steps.filter_map(Step::conditions).flatten();
        let reasons = conditions.map(|c| c.name().to_owned()).collect();
        (due.len() == result.steps.len()).then_some(Self {
            result,
            due,
            reasons,
        })
    }

    /// Whether a change can make another answer due: it is looked at no further where not, as most
    /// cases are about few reasons.
    fn is_concerned(&self, change: &Change) -> bool {
        let about = change.about.as_ref();
        about.is_none_or(|reason| self.reasons.contains(reason))
    }
}

impl<'s> Court<'s> {
    fn new(specs: &'s Specs, profile: &Arc<Profile>, recording: Option<&str>) -> Self {
        let embedded = STATES.iter().flat_map(|said| {
            let mut world = world();
            for state in *said {
                put_into(state, &mut world).expect("a state of the panel");
            }
            let last = Some(profile.versions.to.clone());
            Stage::of_version(specs, profile.name.as_str(), profile, world, said, last).results()
        });
        let recorded =
            recording.map(|name| replay(name, specs, Some(profile.name.as_str())).results);
        let all = embedded.chain(recorded.into_iter().flatten());
        let kept = all.filter(|result| result.verdict == Ok(Verdict::Conforms));
        let heard = kept.filter_map(|result| Heard::new(specs, result, profile));
        Self {
            specs,
            results: heard.collect(),
        }
    }

    /// Whether an answer that conformed deviates from another profile.
    fn notices(&self, change: &Change) -> bool {
        let mut concerned = self.results.iter().filter(|h| h.is_concerned(change));
        concerned.any(|heard| {
            let Some(after) = due_to(self.specs, &heard.result, &change.profile) else {
                return false;
            };
            let mut steps = after.iter().zip(&heard.due);
            let changed = steps.any(|(a, b)| a.expected != b.expected);
            changed && self.deviates(&heard.result, &after)
        })
    }

    fn deviates(&self, result: &CaseResult, due: &[Due]) -> bool {
        let steps = due.iter().zip(&result.steps);
        let judged: Vec<_> = steps
            .map(|(due, sent)| Judged {
                expected: &due.expected,
                observed: &sent.observed,
            })
            .collect();
        matches!(
            judge(&judged, &self.specs.contract),
            Ok(Verdict::Deviates(_))
        )
    }
}

fn due_to(specs: &Specs, result: &CaseResult, profile: &Profile) -> Option<Vec<Due>> {
    let last = &profile.versions.to;
    due(&specs.contract, &result.case, profile, Some(last)).ok()
}
