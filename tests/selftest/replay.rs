//! Judges the recordings of real panels: the one check that cannot flatter itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use libtest_mimic::{Failed, Trial};
use ptero_conformance::recording::{RecordedWorld, Recording};
use ptero_conformance::run::{CaseResult, Replayed, judge_recording};
use ptero_conformance::spec::{Level, Source, SourceFile, Specs};
use ptero_conformance::verdict::{Kind, Verdict};

use super::mutants::copy;

/// The recordings and the least number of exchanges that must be judged of each.
const RECORDINGS: [(&str, usize); 6] = [
    ("pterodactyl-1.7.0", 531),
    ("pterodactyl-1.11.8", 547),
    ("pterodactyl-develop", 547),
    ("pterodactyl-1.14.1", 580),
    ("pyrodactyl-4.5.0", 585),
    ("pelican-beta25", 578),
];

/// Conditions that a recording does not show, of one recording or of all, and why.
const UNSEEN: [(Option<&str>, &str, &str); 5] = [
    (
        None,
        "odd-addresses",
        "the recorded keys have other descriptions than those that cases make",
    ),
    (
        None,
        "node-token-unknown",
        "the recorded token is of a node that exists, with another secret",
    ),
    (
        None,
        "over-limit",
        "a recording holds no script that spends a limit; `fidelity` compares its 429",
    ),
    (
        None,
        "daemon-unreachable",
        "all was recorded without a daemon, which is no state of its own there; `fidelity` compares its 504",
    ),
    (
        Some("pterodactyl-1.7.0"),
        "expired-key",
        "keys of this version do not expire",
    ),
];

pub fn trials() -> Vec<Trial> {
    let conforming = RECORDINGS.iter().map(|(name, least)| {
        Trial::test(
            format!("replay/{name}/conforms-to-its-profile"),
            move || conforms(name, *least),
        )
    });
    conforming
        .chain([
            Trial::test(
                "replay/pterodactyl-1.11.8/deviates-from-the-page",
                deviates_from_the_page,
            ),
            Trial::test(
                "replay/pterodactyl-1.11.8/notices-a-changed-status",
                notices_a_changed_status,
            ),
            Trial::test(
                "replay/pterodactyl-1.11.8/notices-a-changed-order",
                notices_a_changed_order,
            ),
        ])
        .collect()
}

/// Judges a recording under a profile of a specification.
pub fn replay(name: &str, specs: &Specs, profile: Option<&str>) -> Replayed {
    let folder = Path::new("tests/recordings");
    let text = std::fs::read_to_string(folder.join(format!("{name}.jsonl"))).unwrap();
    let recording = Arc::new(Recording::read(&text).unwrap());
    let world = folder.join(format!("{name}.world.yaml"));
    let shown = world.display().to_string();
    let file = SourceFile::new(&shown, &shown, &std::fs::read_to_string(&world).unwrap());
    let world = Arc::new(RecordedWorld::read(&file).unwrap());
    let profile = profile.unwrap_or(world.profile.as_str()).to_owned();
    let profile = Arc::clone(specs.contract.profile(&profile).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime
        .block_on(judge_recording(specs, &profile, &recording, &world))
        .unwrap()
}

fn conforms(name: &str, least: usize) -> Result<(), Failed> {
    let specs = Specs::load(&Source::Folder("specs".into())).unwrap();
    let replayed = replay(name, &specs, None);
    print_figures(name, &replayed);
    let failing: Vec<_> = replayed.results.iter().filter_map(deviation).collect();
    if !failing.is_empty() {
        return Err(format!(
            "{} judged exchanges deviate:\n{}",
            failing.len(),
            failing.join("\n")
        )
        .into());
    }
    if replayed.judged < least {
        return Err(format!("only {} exchanges are judged, not {least}", replayed.judged).into());
    }
    let mut unseen = unseen_conditions(&specs, &replayed);
    for (_, condition, _) in UNSEEN
        .iter()
        .filter(|(of, ..)| of.is_none_or(|of| of == name))
    {
        if !unseen.remove(*condition) {
            return Err(format!("`{condition}` is seen: take it out of UNSEEN").into());
        }
    }
    if unseen.is_empty() {
        Ok(())
    } else {
        Err(format!("no exchange shows what a MUST case expects because of {unseen:?}").into())
    }
}

fn print_figures(name: &str, replayed: &Replayed) {
    let unmapped: usize = replayed.unmapped.values().map(Vec::len).sum();
    eprintln!(
        "{name}: {} exchanges judged by {} cases, {unmapped} unmapped",
        replayed.judged,
        replayed.results.len()
    );
    for (reason, ids) in &replayed.unmapped {
        eprintln!("  {:>4} {reason}", ids.len());
    }
}

fn deviation(result: &CaseResult) -> Option<String> {
    match &result.verdict {
        Ok(Verdict::Deviates(deviations)) if result.case.scenario.level == Level::Must => {
            let each: Vec<_> = deviations.iter().map(ToString::to_string).collect();
            Some(format!("{}: {}", result.case.id, each.join("; ")))
        }
        Err(why) => Some(format!("{}: {why}", result.case.id)),
        _ => None,
    }
}

/// The conditions that MUST cases expect an answer for, and that no judged exchange shows.
fn unseen_conditions(specs: &Specs, replayed: &Replayed) -> BTreeSet<String> {
    let stated = |case: &ptero_conformance::spec::Case| -> Vec<String> {
        case.steps
            .iter()
            .filter_map(|step| match &step.expect.basis {
                ptero_conformance::spec::Basis::Because(conditions) => Some(conditions),
                ptero_conformance::spec::Basis::Stated { .. } => None,
            })
            .flatten()
            .map(|condition| condition.name().to_owned())
            .collect()
    };
    let must = specs
        .cases()
        .filter(|case| case.scenario.level == Level::Must);
    let wanted: BTreeSet<String> = must.flat_map(|case| stated(case)).collect();
    let seen: BTreeSet<String> = replayed
        .results
        .iter()
        .flat_map(|r| stated(&r.case))
        .collect();
    wanted.difference(&seen).cloned().collect()
}

/// No real panel ever answers with the codes of the published page.
fn deviates_from_the_page() -> Result<(), Failed> {
    let specs = Specs::load(&Source::Folder("specs".into())).unwrap();
    let replayed = replay("pterodactyl-1.11.8", &specs, Some("documented"));
    let mut kinds: BTreeMap<Kind, usize> = BTreeMap::new();
    for kind in replayed.results.iter().filter_map(CaseResult::kind) {
        *kinds.entry(kind).or_default() += 1;
    }
    eprintln!(
        "against the page: {kinds:?} of {} judged",
        replayed.results.len()
    );
    let names_published_code = |result: &CaseResult| {
        deviation(result).is_some_and(|text| text.contains("InvalidCredentialsException"))
    };
    if replayed.results.iter().any(names_published_code) {
        Ok(())
    } else {
        Err("no exchange deviates from the published 401".into())
    }
}

/// Judges with an edited profile: something must deviate.
fn notices(edit: impl Fn(&str) -> String) -> Result<(), Failed> {
    let folder = tempfile::tempdir().unwrap();
    let specs = folder.path().join("specs");
    copy(Path::new("specs"), &specs);
    copy(Path::new("schemas"), &folder.path().join("schemas"));
    let path = specs.join("profiles/pterodactyl-1.11.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    let edited = edit(&text);
    assert_ne!(text, edited, "the edit changes nothing");
    std::fs::write(&path, edited).unwrap();
    let specs = Specs::load(&Source::Folder(specs)).unwrap();
    let replayed = replay("pterodactyl-1.11.8", &specs, None);
    let deviating = replayed.results.iter().filter_map(deviation).count();
    eprintln!("{deviating} judged exchanges deviate");
    if deviating > 0 {
        Ok(())
    } else {
        Err("the change goes unnoticed".into())
    }
}

fn notices_a_changed_status() -> Result<(), Failed> {
    notices(|text| text.replacen("status: 401", "status: 403", 1))
}

fn notices_a_changed_order() -> Result<(), Failed> {
    notices(|text| {
        text.replacen(
            "    - two-factor-required\n    - ip-refused\n",
            "    - ip-refused\n    - two-factor-required\n",
            1,
        )
    })
}
