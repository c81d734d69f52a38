//! What is asked, and why the rest is not.

use super::*;
use crate::spec::{Source, Specs};

/// The specification with one scenario alone, whose members these are.
fn specs(scenario: &str) -> Specs {
    Specs::of_suite(&format!(
        "title: T\nscenarios:\n  - {{ id: one, title: One, {scenario} }}\n"
    ))
}

/// What is decided for it where every key is given but those of some roles.
fn decided(scenario: &str, agreement: &Agreement, but: &[&str]) -> Result<Vec<Due>, Skip> {
    under(scenario, agreement, but, |_| {})
}

fn under(
    scenario: &str,
    agreement: &Agreement,
    but: &[&str],
    change: impl Fn(&mut Profile),
) -> Result<Vec<Due>, Skip> {
    let specs = specs(scenario);
    let contract = &specs.contract;
    let mut profile = Profile::clone(contract.profile("pterodactyl-1.11").unwrap());
    change(&mut profile);
    let roles = contract.roles.real.iter();
    let given = roles.map(|role| role.name.value.clone());
    let given = given.filter(|role| !but.contains(&role.as_str())).collect();
    let plan = Plan::new(
        contract,
        specs.cases(),
        &Arc::new(profile),
        agreement,
        &given,
    );
    plan.cases[0].due.clone()
}

fn agreed(consents: &[Consent], has: &[&str]) -> Agreement {
    Agreement {
        consents: consents.iter().copied().collect(),
        has: has.iter().map(|state| (*state).to_owned()).collect(),
        version: None,
    }
}

fn told(skip: Result<Vec<Due>, Skip>) -> String {
    skip.unwrap_err().to_string()
}

const PLAIN: &str = "request: { endpoint: GET /api/client, key: none }, expect: no-key";
const REFUSED_WRITE: &str = "request: { endpoint: POST /api/client/account/api-keys, key: client, body: {} }, \
     expect: invalid-body, consent: writes";

#[test]
fn what_needs_a_consent_is_asked_with_it_alone() {
    assert!(decided(PLAIN, &agreed(&[], &[]), &[]).is_ok());
    assert!(decided(REFUSED_WRITE, &agreed(&[Consent::Writes], &[]), &[]).is_ok());
    for consents in [&[][..], &[Consent::CreateKeys]] {
        let skip = decided(REFUSED_WRITE, &agreed(consents, &[]), &[]);
        assert!(matches!(skip, Err(Skip::NotAgreed(Consent::Writes))));
    }
    let some = agreed(&[Consent::Writes], &[]);
    assert!(some.allows(None) && some.allows(Some(Consent::Writes)));
    assert!(!some.allows(Some(Consent::CreateKeys)));
}

#[test]
fn a_state_has_to_be_told_and_can_close_the_panel() {
    let of = |more: &str, has: &[&str]| decided(&format!("{PLAIN}{more}"), &agreed(&[], has), &[]);
    let needs = ", needs: [trusted-proxies]";
    assert!(of(needs, &["trusted-proxies"]).is_ok());
    let missing = told(of(needs, &[]));
    assert!(missing.starts_with("the target was not said to have: trusted-proxies;"));
    assert!(missing.contains("--has trusted-proxies; how, on a staging panel: TRUSTED_PROXIES"));
    let closed = told(of(", needs: [maintenance]", &[]));
    assert!(
        closed.contains("--has maintenance in a run of its own; how"),
        "{closed}"
    );
    let unless = ", unless: [trusted-proxies]";
    assert!(of(unless, &[]).is_ok());
    assert_eq!(
        told(of(unless, &["trusted-proxies"])),
        "the target is said to have: trusted-proxies"
    );
    assert!(of("", &["trusted-proxies"]).is_ok());
    assert!(of(", needs: [maintenance]", &["maintenance"]).is_ok());
    let ordinary = told(of("", &["maintenance"]));
    assert!(
        ordinary.contains("which closes it to ordinary requests"),
        "{ordinary}"
    );
}

#[test]
fn prefixes_are_swapped_where_they_differ_alone() {
    let swapped =
        "request: { endpoint: GET /api/client, key: prefix-swapped }, expect: unknown-key";
    let nothing = agreed(&[], &[]);
    let alike = |profile: &mut Profile| {
        profile.prefixes.application = profile.prefixes.client.clone();
    };
    assert!(decided(swapped, &nothing, &[]).is_ok());
    assert!(under(PLAIN, &nothing, &[], alike).is_ok());
    assert_eq!(
        told(under(swapped, &nothing, &[], alike)),
        "the keys of both types begin alike in pterodactyl-1.11"
    );
}

#[test]
fn a_key_that_is_not_given_is_told_with_its_way() {
    let nothing = agreed(&[], &[]);
    let with = |key: &str| {
        format!("request: {{ endpoint: GET /api/client, key: {key} }}, expect: {{ status: 401 }}")
    };
    assert!(decided(&with("client"), &nothing, &["client-other"]).is_ok());
    let missing = decided(&with("client"), &nothing, &["client"]);
    assert!(matches!(missing, Err(Skip::RoleMissing { role, .. }) if role.as_str() == "client"));
    // A key that is made from another needs that.
    let made = decided(&with("wrong-secret"), &nothing, &["client"]);
    assert!(matches!(made, Err(Skip::RoleMissing { role, .. }) if role.as_str() == "client"));
    let hard = decided(&with("client-expired"), &nothing, &["client-expired"]);
    let Err(Skip::Untold { why, how }) = hard else {
        panic!("it is told");
    };
    assert!(why.starts_with("no key for `client-expired`"), "{why}");
    assert!(how.starts_with("a key that is made so: "), "{how}");
}

#[test]
fn ids_that_exist_need_the_key_that_finds_them() {
    let nothing = agreed(&[], &[]);
    let of = |more: &str| {
        let scenario = format!(
            "request: {{ endpoint: \"GET /api/client/servers/{{server}}\", key: none{more} }}, expect: no-key"
        );
        decided(&scenario, &nothing, &["client"])
    };
    assert!(matches!(of(""), Err(Skip::RoleMissing { role, .. }) if role.as_str() == "client"));
    assert!(of(", ids: missing").is_ok());
}

#[test]
fn the_budget_counts_each_exchange_once_and_no_case_that_spends() {
    let specs = Specs::load(&Source::Embedded).unwrap();
    let contract = &specs.contract;
    let profile = contract.profile("pterodactyl-1.11").unwrap();
    let given: BTreeSet<_> = contract
        .roles
        .real
        .iter()
        .map(|role| role.name.value.clone())
        .collect();
    let agreement = agreed(&[Consent::Exhaustion], &[]);
    let of = |chosen: &dyn Fn(&Case) -> bool| {
        let cases = specs.cases().filter(|case| chosen(case));
        let plan = Plan::new(contract, cases, profile, &agreement, &given);
        (plan.budget(contract, &agreement), plan.spending())
    };
    let (none, no_spending) = of(&|_| false);
    let (spent, spending) = of(&Case::spends_limit);
    assert_eq!((none, no_spending), (Budget::default(), 0));
    assert!(spending > profile.limits.client);
    let (all, _) = of(&|_| true);
    let (rest, _) = of(&|case| !case.spends_limit());
    assert_eq!(all, rest);
    assert_ne!(all, spent);
}
