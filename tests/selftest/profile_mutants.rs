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
use ptero_conformance::spec::{Answer, Api, Profile, Ruling, Source, Specs, ValueMatch};
use ptero_conformance::verdict::{Judged, Verdict, judge};

use super::replay::replay;
use super::stage::{Stage, world};

/// What goes unnoticed, and why.
const REASONS: &str = include_str!("profile-mutants/unnoticed.txt");

/// The profiles, and the recording of a panel that each describes.
const PROFILES: [(&str, Option<&str>); 9] = [
    ("jexactyl", None),
    ("pelican", Some("pelican-beta25")),
    ("pterodactyl-1.7", Some("pterodactyl-1.7.0")),
    ("pterodactyl-1.8", None),
    ("pterodactyl-1.10", None),
    ("pterodactyl-1.11", Some("pterodactyl-1.11.8")),
    ("pterodactyl-1.11.9", Some("pterodactyl-develop")),
    ("pterodactyl-1.14", Some("pterodactyl-1.14.1")),
    ("pyrodactyl", Some("pyrodactyl-4.5.0")),
];

/// The states that the reference panel is judged in.
const STATES: [&[&str]; 4] = [
    &[],
    &["two-factor-required"],
    &["two-factor-required-admins"],
    &["maintenance"],
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
    each.into_iter().chain([reasons]).collect()
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
            profiles = names.split(", ").map(str::to_owned).collect();
        } else if let Some(change) = line.strip_prefix("  ") {
            found.push((why.clone(), profiles.clone(), change.to_owned()));
        } else {
            assert!(line.is_empty(), "what is `{line}`?");
        }
    }
    found
}

/// The changes of a profile that may go unnoticed.
fn excused(name: &str) -> BTreeSet<String> {
    let mut changes = BTreeSet::new();
    for (_, profiles, change) in reasons(REASONS) {
        if profiles.iter().any(|one| one == "all" || one == name) {
            assert!(changes.insert(change.clone()), "{change}: twice");
        }
    }
    changes
}

fn reasons_are_of_profiles() -> Result<(), Failed> {
    let all = reasons(REASONS);
    assert!(!all.is_empty());
    for (why, profiles, change) in all {
        let is_known = |name: &String| name == "all" || PROFILES.iter().any(|(one, _)| one == name);
        if why.is_empty() || profiles.is_empty() || !profiles.iter().all(is_known) {
            return Err(format!("{change}: no reason, or no such profile: {profiles:?}").into());
        }
    }
    Ok(())
}

fn has_no_survivor_without_reason(name: &str, recording: Option<&str>) -> Result<(), Failed> {
    let specs = Specs::load(&Source::Folder("specs".into())).expect("the specification");
    let profile = Arc::clone(specs.contract.profile(name).expect("the profile"));
    let court = Court::new(&specs, &profile, recording);
    assert!(!court.notices(&profile), "the profile itself deviates");
    let mutants = mutants(&profile);
    // A profile has some two hundred facts; with fewer this looks at nothing.
    assert!(mutants.len() > 150, "{} changes", mutants.len());
    let survivors: BTreeSet<String> = mutants
        .iter()
        .filter(|(_, mutant)| !court.notices(mutant))
        .map(|(what, _)| what.clone())
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

/// Answers, and what is due to them.
struct Court<'s> {
    specs: &'s Specs,
    results: Vec<(CaseResult, Vec<Due>)>,
}

impl<'s> Court<'s> {
    fn new(specs: &'s Specs, profile: &Arc<Profile>, recording: Option<&str>) -> Self {
        let embedded = STATES.iter().flat_map(|said| {
            let mut world = world();
            for state in *said {
                put_into(state, &mut world).expect("a state of the panel");
            }
            Stage::new(specs, profile.name.as_str(), profile, world, said).results()
        });
        let recorded = recording.map(|name| replay(name, specs, None).results);
        let all = embedded.chain(recorded.into_iter().flatten());
        let kept = all.filter(|result| result.verdict == Ok(Verdict::Conforms));
        let with_due = kept.filter_map(|result| {
            let due = due_to(specs, &result, profile)?;
            (due.len() == result.steps.len()).then_some((result, due))
        });
        Self {
            specs,
            results: with_due.collect(),
        }
    }

    /// Whether an answer that conformed deviates from another profile.
    fn notices(&self, mutant: &Profile) -> bool {
        self.results.iter().any(|(result, before)| {
            let Some(after) = due_to(self.specs, result, mutant) else {
                return false;
            };
            let changed = after
                .iter()
                .zip(before)
                .any(|(a, b)| a.expected != b.expected);
            changed && self.deviates(result, &after)
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

/// Every profile with one fact changed, and what that is.
fn mutants(profile: &Profile) -> Vec<(String, Profile)> {
    let mut found = orders(profile);
    for place in places(profile) {
        for change in CHANGES {
            let mut mutant = profile.clone();
            let what = place.name(&mutant);
            let ruling = place.ruling(&mut mutant);
            if let Some(changed) = change.1(ruling) {
                *ruling = changed;
                found.push((format!("{what}: {}", change.0), mutant));
            }
        }
    }
    found
}

/// Neighbours in an order, exchanged.
fn orders(profile: &Profile) -> Vec<(String, Profile)> {
    let mut found = Vec::new();
    for api in [Api::Client, Api::Application] {
        let names: Vec<_> = profile
            .api(api)
            .order
            .iter()
            .map(|rank| {
                rank.value
                    .0
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join("+")
            })
            .collect();
        for at in 1..names.len() {
            let mut mutant = profile.clone();
            let rules = match api {
                Api::Client => &mut mutant.client,
                Api::Application => &mut mutant.application,
            };
            rules.order.swap(at - 1, at);
            found.push((
                format!("{api} order: {} before {}", names[at], names[at - 1]),
                mutant,
            ));
        }
    }
    found
}

/// Where a ruling stands: in which map, and the number in it.
#[derive(Clone, Copy)]
enum Place {
    Both(usize),
    Client(usize),
    Application(usize),
    Exception(usize),
}

fn places(profile: &Profile) -> Vec<Place> {
    let both = (0..profile.answers.len()).map(Place::Both);
    let client = (0..profile.client.answers.len()).map(Place::Client);
    let application = (0..profile.application.answers.len()).map(Place::Application);
    let exceptions = (0..profile.exceptions.len()).map(Place::Exception);
    both.chain(client)
        .chain(application)
        .chain(exceptions)
        .collect()
}

impl Place {
    fn name(self, profile: &Profile) -> String {
        let nth = |map: &std::collections::BTreeMap<_, _>, at| {
            let mut keys = map.keys();
            keys.nth(at)
                .map(|c: &ptero_conformance::spec::Condition| c.to_string())
                .expect("a place")
        };
        match self {
            Self::Both(at) => nth(&profile.answers, at),
            Self::Client(at) => format!("client {}", nth(&profile.client.answers, at)),
            Self::Application(at) => {
                format!("application {}", nth(&profile.application.answers, at))
            }
            Self::Exception(at) => {
                let exception = &profile.exceptions[at];
                format!("{} {}", exception.route.value, exception.condition)
            }
        }
    }

    fn ruling(self, profile: &mut Profile) -> &mut Ruling {
        let found = match self {
            Self::Both(at) => profile.answers.values_mut().nth(at),
            Self::Client(at) => profile.client.answers.values_mut().nth(at),
            Self::Application(at) => profile.application.answers.values_mut().nth(at),
            Self::Exception(at) => return &mut profile.exceptions[at].answer,
        };
        &mut found.expect("a place").value
    }
}

/// A change of a ruling, if it has what is changed.
type Change = (&'static str, fn(&Ruling) -> Option<Ruling>);

const CHANGES: [Change; 8] = [
    ("another status", |r| {
        edit(r, |a| {
            a.status = 418;
            true
        })
    }),
    ("another code", |r| {
        edit(r, |a| a.code.replace("Other".into()).is_some())
    }),
    ("another detail", |r| {
        edit(r, |a| a.detail.replace("Other.".into()).is_some())
    }),
    ("another schema", |r| {
        edit(r, |a| {
            let schema = a.schema.as_mut();
            let other = "created-key".parse().expect("a schema's name");
            schema.map(|schema| schema.value = other).is_some()
        })
    }),
    ("other headers", |r| {
        edit(r, |a| turn(a.headers.values_mut()))
    }),
    ("another status without JSON", |r| {
        edit(r, |a| {
            a.without_json
                .as_mut()
                .map(|w| w.status.0 = vec![418])
                .is_some()
        })
    }),
    ("other headers without JSON", |r| {
        edit(r, |a| {
            a.without_json
                .as_mut()
                .is_some_and(|w| turn(w.headers.values_mut()))
        })
    }),
    ("refused", |r| {
        (*r == Ruling::Granted).then(|| Ruling::Refused(Arc::new(teapot())))
    }),
];

fn teapot() -> Answer {
    Answer {
        status: 418,
        code: None,
        detail: None,
        literal_on: None,
        schema: None,
        headers: std::collections::BTreeMap::new(),
        without_json: None,
        origin: None,
    }
}

fn edit(ruling: &Ruling, change: impl Fn(&mut Answer) -> bool) -> Option<Ruling> {
    let Ruling::Refused(answer) = ruling else {
        return None;
    };
    let mut answer = Answer::clone(answer);
    change(&mut answer).then(|| Ruling::Refused(Arc::new(answer)))
}

/// Every header is to be what it is not; whether there is one.
fn turn<'h>(headers: impl Iterator<Item = &'h mut ValueMatch>) -> bool {
    let mut any = false;
    for wanted in headers {
        *wanted = match wanted {
            ValueMatch::Absent => ValueMatch::Present,
            _ => ValueMatch::Absent,
        };
        any = true;
    }
    any
}
