//! A panel of one version judged by the contract of its neighbour deviates where the versions
//! differ, and nowhere else.
//!
//! What differs is written by hand from what is known of real panels, one file for each panel and
//! profile in `cross-profile/`; no profile is asked for it. A file is a list of blocks: the cases
//! (`*` stands for anything, `!` takes cases out again), then, indented, what is seen of each
//! (`due → observed`) and after `fact:` where that is known from.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;

use libtest_mimic::{Failed, Trial};
use ptero_conformance::reference::TwoFactorRequired;
use ptero_conformance::run::CaseResult;
use ptero_conformance::spec::{Level, Source, Specs, has_form};
use ptero_conformance::verdict::{Deviation, Verdict};

use super::stage::{Stage, world};

/// The pairs: the panel's profile, the judge's, and what differs.
const PAIRS: [(&str, &str, &str); 4] = [
    (
        "pterodactyl-1.7",
        "pterodactyl-1.8",
        include_str!("cross-profile/panel-1.7-judged-by-1.8.txt"),
    ),
    (
        "pterodactyl-1.8",
        "pterodactyl-1.7",
        include_str!("cross-profile/panel-1.8-judged-by-1.7.txt"),
    ),
    (
        "pterodactyl-1.10",
        "pterodactyl-1.11",
        include_str!("cross-profile/panel-1.10-judged-by-1.11.txt"),
    ),
    (
        "pterodactyl-1.11",
        "pterodactyl-1.10",
        include_str!("cross-profile/panel-1.11-judged-by-1.10.txt"),
    ),
];

/// The states of the panel: what is said of it, and whom it demands two-factor authentication of.
const STATES: [(&[&str], TwoFactorRequired); 3] = [
    (&[], TwoFactorRequired::None),
    (&["two-factor-required"], TwoFactorRequired::All),
    (&["two-factor-required-admins"], TwoFactorRequired::Admins),
];

pub(crate) fn trials() -> Vec<Trial> {
    let pairs = PAIRS.map(|(panel, judge, list)| {
        let name = format!("cross-profile/panel-of-{panel}/judged-by-{judge}");
        Trial::test(name, move || deviates_as_listed(panel, judge, list))
    });
    let globs = Trial::test("cross-profile/patterns", || {
        assert!(has_form("a/b/c", "a/*") && has_form("a/b/c", "a/*/c") && has_form("a", "*"));
        assert!(!has_form("b/a/c", "a/*") && !has_form("a/b", "a") && !has_form("a/b/c", "*/b"));
        Ok(())
    });
    pairs.into_iter().chain([globs]).collect()
}

fn deviates_as_listed(panel: &str, judge: &str, list: &str) -> Result<(), Failed> {
    let specs = Specs::load(&Source::Folder("specs".into())).expect("the specification");
    let profile = Arc::clone(specs.contract.profile(judge).expect("the profile"));
    let seen: Vec<_> = STATES
        .iter()
        .flat_map(|(said, demanded)| {
            let mut world = world();
            world.settings.two_factor_required = *demanded;
            Stage::new(&specs, panel, &profile, world, said).results()
        })
        .filter_map(|result| Seen::of(&result))
        .collect();
    let entries = entries(list)?;
    let deviating = seen.iter().filter(|seen| !seen.changes.is_empty()).count();
    eprintln!(
        "the panel of {panel} under {judge}: {deviating} of {} cases deviate, by {} entries",
        seen.len(),
        entries.len()
    );
    let wrong = compare(&seen, &entries);
    if wrong.is_empty() && deviating > 0 {
        Ok(())
    } else {
        Err(wrong.into())
    }
}

/// A case that was judged, and how its answers differ from what was due.
struct Seen {
    id: String,
    changes: BTreeSet<String>,
}

impl Seen {
    /// Nothing for a case that was not asked, or that is no part of a contract: what is good
    /// practice is so in every version.
    fn of(result: &CaseResult) -> Option<Self> {
        let changes = match &result.verdict {
            _ if result.case.scenario.level != Level::Must => return None,
            Ok(Verdict::Skipped(_)) => return None,
            Ok(Verdict::Conforms) => BTreeSet::new(),
            Ok(Verdict::Deviates(deviations)) => deviations.iter().filter_map(change).collect(),
            other => [format!("{other:?}")].into(),
        };
        let id = result.case.id.to_string();
        Some(Self { id, changes })
    }
}

/// A deviation in few words. Of texts, headers and shapes it counts that they are others; that the
/// content repeats the status is no change of its own.
fn change(deviation: &Deviation) -> Option<String> {
    let between =
        |from: &str, to: &str| format!("{} → {}", from.trim_matches('"'), to.trim_matches('"'));
    let values = between(&deviation.expected, &deviation.observed);
    Some(match deviation.what.as_str() {
        "status" => format!("status {values}"),
        "/errors/0/code" => format!("code {values}"),
        "/errors/0/detail" => "detail".to_owned(),
        "/errors/0/status" => return None,
        what if what.starts_with("/errors/0") => "content".to_owned(),
        what => what.to_owned(),
    })
}

/// Cases that deviate alike.
#[derive(Default)]
struct Entry {
    line: usize,
    cases: Vec<String>,
    except: Vec<String>,
    changes: BTreeSet<String>,
    fact: String,
}

impl Entry {
    fn speaks_of(&self, id: &str) -> bool {
        let any = |patterns: &[String]| patterns.iter().any(|pattern| has_form(id, pattern));
        any(&self.cases) && !any(&self.except)
    }
}

fn entries(list: &str) -> Result<Vec<Entry>, Failed> {
    let mut entries = vec![Entry::default()];
    for (number, line) in list.lines().enumerate() {
        let is_comment = line.starts_with('#');
        if line.is_empty() && !entries.last().is_some_and(|e| e.cases.is_empty()) {
            entries.push(Entry::default());
        }
        let Some(entry) = entries.last_mut() else {
            continue;
        };
        match line.strip_prefix("    ") {
            _ if is_comment || line.is_empty() => {}
            None => {
                entry.line = number + 1;
                match line.strip_prefix('!') {
                    Some(pattern) => entry.except.push(pattern.to_owned()),
                    None => entry.cases.push(line.to_owned()),
                }
            }
            Some(text) => match text.strip_prefix("fact: ") {
                Some(fact) => entry.fact.push_str(fact),
                None if !entry.fact.is_empty() => entry.fact.push_str(text),
                None => entry.changes.extend(text.split(", ").map(str::to_owned)),
            },
        }
    }
    entries.retain(|entry| !entry.cases.is_empty());
    match entries
        .iter()
        .find(|e| e.changes.is_empty() || e.fact.is_empty())
    {
        Some(entry) => Err(format!("line {}: no change, or no fact", entry.line).into()),
        None => Ok(entries),
    }
}

/// What is wrong: deviations that no entry or more than one speaks of, or of another kind than it
/// says; entries and patterns that speak of no deviation.
fn compare(seen: &[Seen], entries: &[Entry]) -> String {
    let mut wrong = String::new();
    for Seen { id, changes } in seen {
        let listed: Vec<_> = entries.iter().filter(|e| e.speaks_of(id)).collect();
        let told = || changes.iter().cloned().collect::<Vec<_>>().join(", ");
        let _ = match listed[..] {
            [] if changes.is_empty() => Ok(()),
            [] => writeln!(wrong, "not listed: {id}: {}", told()),
            [entry] if entry.changes == *changes => Ok(()),
            [entry] if changes.is_empty() => {
                writeln!(wrong, "line {}: {id} does not deviate", entry.line)
            }
            [entry] => writeln!(wrong, "line {}: {id} shows: {}", entry.line, told()),
            _ => writeln!(wrong, "listed more than once: {id}"),
        };
    }
    for entry in entries {
        let idle = |pattern: &&String| !seen.iter().any(|s| has_form(&s.id, pattern));
        for pattern in entry.cases.iter().chain(&entry.except).filter(idle) {
            let _ = writeln!(wrong, "line {}: `{pattern}` fits no case", entry.line);
        }
    }
    wrong
}
