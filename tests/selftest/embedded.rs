//! The embedded panel keeps the contract of every profile that it plays; a fork with its holes
//! breaks it where it was released without a check, and nowhere else.

use std::collections::{BTreeMap, BTreeSet};

use libtest_mimic::{Failed, Trial};
use ptero_conformance::run::{ALLOWED_ORIGIN, CaseResult, put_into};
use ptero_conformance::spec::{Origin, Source, Specs};
use ptero_conformance::target::Facts;
use ptero_conformance::verdict::{Kind, Policy, Standing};

use super::stage::{Stage, world};

/// The profiles of panels that somebody has seen, or whose page says what they do.
const PROFILES: [&str; 11] = [
    "documented",
    "jexactyl",
    "pelican",
    "pterodactyl-1.7",
    "pterodactyl-1.8",
    "pterodactyl-1.10",
    "pterodactyl-1.11",
    "pterodactyl-1.11.9",
    "pterodactyl-1.12",
    "pterodactyl-1.14",
    "pyrodactyl",
];

/// What is opened on a fork as it was released, by role and route (panel-observed, "Also
/// observed"), where a case reaches it.
const HOLES: [(&str, &[(&str, &str)]); 3] = [
    (
        "jexactyl",
        &[
            ("application-none", "GET /api/application/approvals"),
            (
                "client-subuser",
                "GET /api/client/servers/{server}/analytics",
            ),
            (
                "client-subuser",
                "GET /api/client/servers/{server}/analytics/messages",
            ),
            ("client-subuser", "POST /api/client/servers/{server}/delete"),
            ("client-subuser", "POST /api/client/servers/{server}/edit"),
        ],
    ),
    ("pelican", &[]),
    (
        "pyrodactyl",
        &[
            ("application-none", "GET /api/application/panel/status"),
            ("application-users", "GET /api/application/panel/status"),
            ("client-subuser", "GET /api/client/servers/{server}/jobs"),
            (
                "client-subuser",
                "GET /api/client/servers/{server}/jobs/{job}",
            ),
            (
                "client-subuser",
                "GET /api/client/servers/{server}/operations",
            ),
            (
                "client-subuser",
                "GET /api/client/servers/{server}/operations/{operation}",
            ),
            (
                "client-subuser",
                "POST /api/client/servers/{server}/subdomain",
            ),
        ],
    ),
];

/// The states of the panel.
const STATES: [&[&str]; 5] = [
    &[],
    &["two-factor-required"],
    &["two-factor-required-admins"],
    &["cors-origins"],
    &["public-edge"],
];

pub(crate) fn trials() -> Vec<Trial> {
    let keeps = PROFILES.map(|name| {
        Trial::test(format!("embedded/{name}/keeps-its-contract"), move || {
            keeps_its_contract(name)
        })
    });
    let holes = HOLES.map(|(name, holes)| {
        Trial::test(format!("embedded/{name}/holes"), move || {
            is_open(name, holes)
        })
    });
    let all = Trial::test("embedded/every-profile-is-played", || {
        every_profile_is_played();
        Ok(())
    });
    keeps.into_iter().chain(holes).chain([all]).collect()
}

fn specs() -> Specs {
    Specs::load(&Source::Folder("specs".into())).expect("the specification")
}

/// The results of all cases of the embedded panel under its own profile.
fn results(specs: &Specs, name: &str, holes: bool) -> Vec<CaseResult> {
    let facts = Facts {
        cors_origins: vec![ALLOWED_ORIGIN.to_owned()],
        ..Facts::default()
    };
    let profile = facts.agreed(specs.contract.profile(name).expect("the profile"));
    let in_state = |said: &&[&str]| {
        let mut world = world();
        world.settings.holes = holes;
        for state in *said {
            put_into(state, &mut world).expect("a state of the reference panel");
        }
        Stage::new(specs, name, &profile, world, said).results()
    };
    STATES.iter().flat_map(in_state).collect()
}

fn keeps_its_contract(name: &str) -> Result<(), Failed> {
    let mut counts: BTreeMap<Standing, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for result in results(&specs(), name, false) {
        let standing = result.standing(&Policy::default());
        *counts.entry(standing).or_default() += 1;
        if !matches!(
            standing,
            Standing::Passed | Standing::Advice | Standing::NotApplicable
        ) {
            wrong.push(format!(
                "{standing}: {}: {:?}",
                result.case.id, result.verdict
            ));
        }
    }
    eprintln!("{name}: {counts:?}");
    let passed = counts.get(&Standing::Passed).copied().unwrap_or_default();
    if wrong.is_empty() && passed > 500 {
        Ok(())
    } else {
        Err(format!("{passed} passed\n{}", wrong.join("\n")).into())
    }
}

fn is_open(name: &str, holes: &[(&str, &str)]) -> Result<(), Failed> {
    let mut opened = BTreeSet::new();
    let mut wrong = Vec::new();
    for result in results(&specs(), name, true) {
        match result.standing(&Policy::default()) {
            Standing::Failed if result.kind() == Some(Kind::Opened) => {
                let request = &result.case.steps[0].request;
                let role = request.roles().next().expect("a role").to_string();
                opened.insert((role, request.endpoint.to_string()));
            }
            Standing::Passed | Standing::Advice | Standing::NotApplicable => {}
            other => wrong.push(format!("{other}: {}", result.case.id)),
        }
    }
    let listed: BTreeSet<_> = holes
        .iter()
        .map(|(role, route)| ((*role).to_owned(), (*route).to_owned()))
        .collect();
    if opened == listed && wrong.is_empty() {
        return Ok(());
    }
    let differing: Vec<_> = opened.symmetric_difference(&listed).collect();
    Err(format!("opened or listed, but not both: {differing:#?}\n{wrong:#?}").into())
}

/// No profile that somebody has seen a panel of is left out.
fn every_profile_is_played() {
    let specs = specs();
    let profiles = specs.contract.profiles.iter();
    let seen = profiles
        .filter(|profile| profile.origin != Origin::Source)
        .map(|profile| profile.name.value.to_string());
    let left_out: Vec<_> = seen
        .filter(|name| !PROFILES.contains(&name.as_str()))
        .collect();
    assert!(left_out.is_empty(), "not run: {left_out:?}");
}
