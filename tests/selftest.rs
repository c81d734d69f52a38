//! Tests the harness itself, unless a target is named: then that is tested, and nothing else.

mod selftest {
    pub(crate) mod accepted;
    pub(crate) mod bad_input;
    pub(crate) mod canary;
    pub(crate) mod corpus;
    pub(crate) mod corpus_contract;
    pub(crate) mod coverage;
    pub(crate) mod created;
    pub(crate) mod cross_profile;
    pub(crate) mod curl;
    pub(crate) mod doctor;
    pub(crate) mod elsewhere;
    pub(crate) mod embedded;
    pub(crate) mod examples;
    pub(crate) mod explained;
    pub(crate) mod fault_changes;
    pub(crate) mod faults;
    pub(crate) mod fidelity;
    pub(crate) mod fleet;
    pub(crate) mod hosted;
    pub(crate) mod ids;
    pub(crate) mod ill;
    pub(crate) mod merged;
    pub(crate) mod mutants;
    pub(crate) mod pacing;
    pub(crate) mod panel;
    pub(crate) mod presented;
    pub(crate) mod privacy;
    pub(crate) mod profile_changes;
    pub(crate) mod profile_diff;
    pub(crate) mod profile_mutants;
    pub(crate) mod program;
    pub(crate) mod prove;
    pub(crate) mod recorded;
    pub(crate) mod replay;
    pub(crate) mod reports;
    pub(crate) mod route_sweep;
    pub(crate) mod served;
    pub(crate) mod server;
    pub(crate) mod sharing;
    pub(crate) mod stage;
    pub(crate) mod targets;
    pub(crate) mod traps;
    pub(crate) mod trials;
    pub(crate) mod upgrades;
    pub(crate) mod waived;
    pub(crate) mod witness;
}

use std::process::ExitCode;

use ptero_conformance::harness;
use selftest::{
    accepted, bad_input, corpus, corpus_contract, coverage, created, cross_profile, curl, doctor,
    elsewhere, embedded, examples, explained, fault_changes, faults, fidelity, fleet, ids, merged,
    mutants, pacing, presented, privacy, profile_diff, profile_mutants, program, prove, recorded,
    replay, reports, route_sweep, served, sharing, targets, traps, upgrades, waived,
};

fn main() -> ExitCode {
    if program::plays_conformance() {
        return harness::conformance();
    }
    if harness::a_target_is_named() {
        eprintln!("not run: a target was named");
        return ExitCode::SUCCESS;
    }
    let trials = [
        accepted::trials(),
        bad_input::trials(),
        corpus::trials(),
        corpus_contract::trials(),
        coverage::trials(),
        created::trials(),
        cross_profile::trials(),
        curl::trials(),
        doctor::trials(),
        elsewhere::trials(),
        embedded::trials(),
        examples::trials(),
        explained::trials(),
        fault_changes::trials(),
        faults::trials(),
        fidelity::trials(),
        fleet::trials(),
        ids::trials(),
        merged::trials(),
        mutants::trials(),
        pacing::trials(),
        presented::trials(),
        privacy::trials(),
        profile_diff::trials(),
        profile_mutants::trials(),
        prove::trials(),
        recorded::trials(),
        replay::trials(),
        reports::trials(),
        route_sweep::trials(),
        served::trials(),
        sharing::trials(),
        targets::trials(),
        traps::trials(),
        upgrades::trials(),
        waived::trials(),
    ];
    let trials = trials.into_iter().flatten().collect();
    libtest_mimic::run(&harness::libtest_arguments(), trials).exit_code()
}
