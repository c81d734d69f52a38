//! Which cases of a plan share an exchange: those that send the same and change nothing.

use std::collections::HashMap;

use super::Planned;
use crate::spec::{Content, Ids, KeyUse, RequestPlan, Template, Way};

/// Cases that share an exchange, each with its place in the plan; most cases have one of their own.
pub(crate) type Group<'p> = Vec<(usize, &'p Planned)>;

/// What goes over the wire, and what is to be known of the answer.
#[derive(PartialEq, Eq, Hash)]
struct Exchange<'p> {
    over: Way,
    method: &'p str,
    target: &'p Template,
    ids: Ids,
    key: &'p KeyUse,
    authorization: Option<&'p Template>,
    headers: &'p [(String, Template)],
    content: Option<&'p Content>,
    /// The members whose values are kept: no case is told more of a success than it asks for.
    kept: Vec<&'p str>,
}

/// Groups cases by their exchange; the groups are in the order of their first cases.
pub(crate) fn groups<'p>(cases: impl IntoIterator<Item = (usize, &'p Planned)>) -> Vec<Group<'p>> {
    let mut groups: Vec<Group<'p>> = Vec::new();
    let mut known: HashMap<Exchange<'p>, usize> = HashMap::new();
    for (number, planned) in cases {
        let place =
            exchange(planned).map(|exchange| *known.entry(exchange).or_insert(groups.len()));
        match place.and_then(|place| groups.get_mut(place)) {
            Some(group) => group.push((number, planned)),
            None => groups.push(vec![(number, planned)]),
        }
    }
    groups
}

/// The exchange of a case that may share it: one request that changes nothing and counts nothing.
fn exchange(planned: &Planned) -> Option<Exchange<'_>> {
    let case = &planned.case;
    let [step] = case.steps.as_slice() else {
        return None;
    };
    let request = &step.request;
    let is_alone = step.save.is_empty() && step.repeat.is_none() && step.cleanup.is_none();
    let may_share = planned.is_run()
        && is_alone
        && is_safe(request)
        && case.scenario.consent.is_none()
        && !case.is_apart();
    may_share.then(|| Exchange {
        over: request.over,
        method: &request.endpoint.method,
        target: &request.target,
        ids: request.ids,
        key: &request.key,
        authorization: request.authorization.as_ref(),
        headers: &request.headers,
        content: request.content.as_ref(),
        kept: step.expect.body.keys().map(String::as_str).collect(),
    })
}

/// Whether asking twice would be the same as asking once (RFC 9110, section 9.2.1).
fn is_safe(request: &RequestPlan) -> bool {
    matches!(request.endpoint.method.as_str(), "GET" | "HEAD" | "OPTIONS")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Agreement, Plan};
    use crate::spec::{Consent, Source, Specs};

    #[test]
    fn only_what_reads_the_same_is_asked_once() {
        let specs = Specs::load(&Source::Embedded).unwrap();
        let contract = &specs.contract;
        let profile = contract.profile("pterodactyl-1.11").unwrap();
        let agreement = Agreement {
            consents: [Consent::CreateKeys, Consent::Writes].into(),
            ..Agreement::default()
        };
        let given = contract
            .roles
            .real
            .iter()
            .map(|role| role.name.value.clone());
        let plan = Plan::new(
            contract,
            specs.cases(),
            profile,
            &agreement,
            &given.collect(),
        );
        let groups = groups(plan.cases.iter().enumerate());
        let told: usize = groups.iter().map(Vec::len).sum();
        assert_eq!(told, plan.cases.len());
        let shared: Vec<_> = groups.iter().filter(|group| group.len() > 1).collect();
        assert!(!shared.is_empty());
        for group in shared {
            let mut asked: Vec<_> = group.iter().map(|(_, case)| asked(case)).collect();
            asked.dedup();
            assert_eq!(asked.len(), 1, "{asked:?}");
        }
    }

    /// What a case that may share asks, as text.
    fn asked(planned: &Planned) -> String {
        let case = &planned.case;
        assert!(
            planned.is_run() && case.scenario.consent.is_none(),
            "{}",
            case.id
        );
        let [step] = case.steps.as_slice() else {
            panic!("{} has several steps", case.id)
        };
        let request = &step.request;
        let method = request.endpoint.method.as_str();
        assert!(["GET", "HEAD", "OPTIONS"].contains(&method), "{}", case.id);
        let kept: Vec<_> = step.expect.body.keys().collect();
        let (key, headers) = (&request.key, &request.headers);
        format!("{method} {} {key:?} {headers:?} {kept:?}", request.target)
    }
}
