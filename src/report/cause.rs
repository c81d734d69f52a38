//! Groups cases that need reading by what they have in common: a known cause, or how they deviate.

use std::collections::{BTreeMap, BTreeSet};

use semver::Version;
use url::Url;

use super::results::{Cause, Group, NotBegun};
use crate::exchange::{Redactor, printable};
use crate::plan::{Due, due};
use crate::run::{CaseResult, Hindrance, StepResult};
use crate::spec::{
    CaseClue, CauseInfo, Contract, GRANTED, Holder, KeyUse, Origin, Outcome, Presence, Profile,
    RequestPlan, Role, RoleName, Step,
};
use crate::verdict::{Deviation, Judged, Policy, Standing, Verdict, is_answer, judge};

/// The most cases by which another profile is found; all are then counted.
const SAMPLE: usize = 100;

/// The most other profiles that are named.
const MOST_PROFILES: usize = 3;

/// What cases are grouped by.
pub(super) struct Grouping<'a> {
    pub(super) contract: &'a Contract,
    pub(super) profile: &'a Profile,
    pub(super) policy: &'a Policy,
    /// The address that answers are held against; without it nothing shows a cause.
    pub(super) base: Option<Url>,
}

/// The standings whose cases need reading, the gravest first.
const TOLD: [Standing; 4] = [
    Standing::Broken,
    Standing::Failed,
    Standing::Unjudged,
    Standing::Advice,
];

/// A cause that was found, with the cases that show it by their numbers.
struct Found<'a> {
    info: &'a CauseInfo,
    role: Option<RoleName>,
    profiles: Vec<String>,
    cases: BTreeSet<usize>,
}

impl Grouping<'_> {
    /// The groups of the cases that need reading, the gravest first; each case is in one of them.
    pub(super) fn groups(&self, results: &[&CaseResult]) -> Vec<Group> {
        let is_told = |r: &CaseResult| TOLD.contains(&r.standing(self.policy));
        let mut open: BTreeSet<usize> = (0..results.len())
            .filter(|number| is_told(results[*number]))
            .collect();
        let mut groups = Vec::new();
        for info in &self.contract.causes {
            for found in self.find(info, results, &open) {
                open.retain(|number| !found.cases.contains(number));
                groups.extend(self.of_cause(&found, results));
            }
        }
        groups.extend(self.alike(results, &open));
        groups.sort_by_key(|group| {
            let rank = TOLD.iter().position(|told| *told == group.standing);
            (rank, group.kind, std::cmp::Reverse(group.cases.len()))
        });
        groups
    }

    /// One group for each standing that cases of a cause have.
    fn of_cause(&self, found: &Found<'_>, results: &[&CaseResult]) -> Vec<Group> {
        let fill = |text: &str| {
            let text = found.info.about(text, found.role.as_ref());
            text.replace("${profile}", &found.profiles.join("` or `"))
        };
        // A line to paste is for one profile.
        let fill_lines = |text: &str| {
            let first = found.profiles.first();
            first.map_or_else(|| fill(text), |name| text.replace("${profile}", name))
        };
        let info = found.info;
        let cause = Cause {
            lines: info.lines.as_deref().map(fill_lines),
            ..told(info, fill)
        };
        let of = |standing: Standing| {
            let cases = found.cases.iter().map(|number| results[*number]);
            let mut cases: Vec<_> = cases
                .filter(|r| r.standing(self.policy) == standing)
                .collect();
            cases.sort_by_key(|result| result.kind());
            let kind = cases.iter().filter_map(|result| result.kind()).min();
            (!cases.is_empty()).then(|| Group {
                title: fill(&info.title),
                standing,
                kind,
                reasons: Vec::new(),
                cause: Some(cause.clone()),
                cases: cases.iter().map(|r| r.case.id.to_string()).collect(),
            })
        };
        TOLD.into_iter().filter_map(of).collect()
    }

    /// The rest: cases that deviate alike.
    fn alike(&self, results: &[&CaseResult], open: &BTreeSet<usize>) -> Vec<Group> {
        let mut groups: BTreeMap<(Standing, String), Group> = BTreeMap::new();
        for result in open.iter().map(|number| results[*number]) {
            let standing = result.standing(self.policy);
            let title = printable(&in_common(result));
            let group = groups
                .entry((standing, title.clone()))
                .or_insert_with(|| Group {
                    title,
                    standing,
                    kind: result.kind(),
                    reasons: Vec::new(),
                    cause: None,
                    cases: Vec::new(),
                });
            group.cases.push(result.case.id.to_string());
        }
        groups.into_values().collect()
    }

    /// Where a cause is found among the cases that no other cause has taken.
    fn find<'i>(
        &self,
        info: &'i CauseInfo,
        results: &[&CaseResult],
        open: &BTreeSet<usize>,
    ) -> Vec<Found<'i>> {
        let others = if info.when.iter().any(|clue| clue.other_profile) {
            self.other_profiles(results, open)
        } else {
            Vec::new()
        };
        let other = others.first().copied();
        let shows = |number: &usize| {
            let mut clues = info.when.iter().chain(&info.enough);
            clues.any(|clue| self.shows(clue, results[*number], other))
        };
        let shown: BTreeSet<usize> = open.iter().copied().filter(shows).collect();
        if shown.is_empty() || self.is_refuted(info, results) {
            return Vec::new();
        }
        let could = self.could_show(info, results);
        let scopes: Vec<Option<RoleName>> = if info.per_role {
            let roles = shown.iter().filter_map(|n| self.role(results[*n]));
            roles
                .collect::<BTreeSet<_>>()
                .into_iter()
                .map(Some)
                .collect()
        } else {
            vec![None]
        };
        let mut found = Vec::new();
        for role in scopes {
            let is_in = |n: &usize| role.is_none() || self.role(results[*n]) == role;
            let cases: BTreeSet<_> = shown.iter().copied().filter(is_in).collect();
            let could: Vec<_> = could.iter().copied().filter(is_in).collect();
            let others_pass = !info.others_pass || self.others_pass(role.as_ref(), results);
            if others_pass && self.is_proved(info, &cases, &could, results) {
                let profiles = others.iter().map(|p| p.name.value.to_string()).collect();
                found.push(Found {
                    info,
                    role,
                    profiles,
                    cases,
                });
            }
        }
        found
    }

    /// Whether a case that conforms shows that something is not the cause.
    fn is_refuted(&self, info: &CauseInfo, results: &[&CaseResult]) -> bool {
        let mut sound = results
            .iter()
            .filter(|result| result.verdict == Ok(Verdict::Conforms));
        !info.unless.is_empty()
            && sound.any(|result| {
                let mut steps = result.case.steps.iter().zip(&result.steps);
                steps.any(|(step, sent)| {
                    let mut clues = info.unless.iter();
                    clues.any(|clue| clue.is_required(result) && self.is_shown_by(clue, step, sent))
                })
            })
    }

    /// Whether so many cases show a cause, of those that could, that it is one.
    fn is_proved(
        &self,
        info: &CauseInfo,
        cases: &BTreeSet<usize>,
        could: &[usize],
        results: &[&CaseResult],
    ) -> bool {
        let roles: BTreeSet<_> = cases.iter().map(|n| self.role(results[*n])).collect();
        let conforms = |n: &usize| results[*n].verdict == Ok(Verdict::Conforms);
        let rest_conforms = || could.iter().filter(|n| !cases.contains(n)).all(conforms);
        let decides = |clue: &CaseClue| cases.iter().any(|n| self.shows(clue, results[*n], None));
        if !info.proof.is_empty() && !info.proof.iter().any(decides) {
            return false;
        }
        let is_often = || {
            cases.len() >= info.least.max(1)
                && roles.len() >= info.roles
                && cases.len() * 100 >= could.len() * usize::from(info.share)
        };
        (info.enough.iter().any(decides) || is_often()) && (!info.rest_conforms || rest_conforms())
    }

    /// The cases that could show a cause: of those that were asked, the ones with a reason that it
    /// speaks of; where it is about other profiles, all that failed, whatever else they show.
    fn could_show(&self, info: &CauseInfo, results: &[&CaseResult]) -> Vec<usize> {
        if info.when.iter().any(|clue| clue.other_profile) {
            let failed = |n: &usize| results[*n].standing(self.policy) == Standing::Failed;
            return (0..results.len()).filter(failed).collect();
        }
        let could = |result: &CaseResult| {
            let mut steps = result.case.steps.iter().zip(&result.steps);
            steps.any(|(step, sent)| {
                let mut clues = info.when.iter();
                clues.any(|clue| clue.is_due(sent) && self.is_carried(clue, &step.request))
            })
        };
        let numbers = 0..results.len();
        numbers.filter(|number| could(results[*number])).collect()
    }

    /// Whether a request carries a real key as a clue says.
    fn is_carried(&self, clue: &CaseClue, request: &RequestPlan) -> bool {
        clue.real_key
            .is_none_or(|wanted| self.carries(request).is_some() == wanted)
    }

    /// The real role whose key a request carries in the field for it.
    fn carries(&self, request: &RequestPlan) -> Option<&Role> {
        let KeyUse::Role(name) = &request.key else {
            return None;
        };
        let is_sent = request.authorization.is_some();
        match self
            .contract
            .roles
            .holder(name, request.api)
            .filter(|_| is_sent)?
        {
            Holder::Real(role) => Some(role),
            Holder::Derived(..) | Holder::MadeUp(_) => None,
        }
    }

    /// Whether a case of another role is granted, as is due.
    fn others_pass(&self, role: Option<&RoleName>, results: &[&CaseResult]) -> bool {
        let is_granted = |r: &CaseResult| {
            let mut steps = r.steps.iter();
            r.verdict == Ok(Verdict::Conforms)
                && steps.any(|s| winner(s).as_deref() == Some(GRANTED))
        };
        let is_other = |r: &CaseResult| self.role(r).is_some_and(|name| Some(&name) != role);
        results
            .iter()
            .any(|result| is_granted(result) && is_other(result))
    }

    fn shows(&self, clue: &CaseClue, result: &CaseResult, other: Option<&Profile>) -> bool {
        let kinds = clue.kind.as_ref();
        let kind_fits =
            kinds.is_none_or(|kinds| result.kind().is_some_and(|k| kinds.0.contains(&k)));
        if !kind_fits || !clue.is_required(result) {
            return false;
        }
        if clue.other_profile {
            return other.is_some_and(|other| keeps(result, self.contract, other));
        }
        let mut steps = wrong_steps(result);
        steps.any(|(step, sent)| self.is_shown_by(clue, step, sent))
    }

    fn is_shown_by(&self, clue: &CaseClue, step: &Step, sent: &StepResult) -> bool {
        clue.is_due(sent)
            && self.is_carried(clue, &step.request)
            && clue.is_sent(&step.request)
            && clue
                .asks_json
                .is_none_or(|asks| asks == step.request.wants_json(self.profile))
            && self
                .base
                .as_ref()
                .is_some_and(|base| is_answer(&clue.answer, &sent.observed, base))
    }

    /// The profiles that most of the failed cases conform to, if they do to any: those that count
    /// versions as this one does first.
    fn other_profiles(&self, results: &[&CaseResult], open: &BTreeSet<usize>) -> Vec<&Profile> {
        let failed: Vec<_> = open
            .iter()
            .map(|number| results[*number])
            .filter(|result| result.standing(self.policy) == Standing::Failed)
            .take(SAMPLE)
            .collect();
        let others = self.contract.profiles.iter();
        let counted: Vec<(usize, &Profile)> = others
            .filter(|other| other.name.value != self.profile.name.value)
            .map(|other| {
                let kept = failed.iter().filter(|r| keeps(r, self.contract, other));
                (kept.count(), &**other)
            })
            .collect();
        let most = counted.iter().map(|(kept, _)| *kept).max();
        let is_best = |(kept, _): &&(usize, &Profile)| *kept > 0 && Some(*kept) == most;
        let mut best: Vec<_> = counted.iter().filter(is_best).map(|(_, p)| *p).collect();
        let is_other_kind = |p: &Profile| p.routes.is_some() != self.profile.routes.is_some();
        // The published page is no version to look for.
        best.sort_by_key(|profile| (is_other_kind(profile), profile.origin == Origin::Documented));
        best.truncate(MOST_PROFILES);
        best
    }

    /// The real role whose key a case is about: that of its first request with one.
    fn role(&self, result: &CaseResult) -> Option<RoleName> {
        let mut steps = result.case.steps.iter();
        let role = steps.find_map(|step| self.carries(&step.request))?;
        Some(role.name.value.clone())
    }
}

/// A cause as it is told, with its texts filled in.
fn told(info: &CauseInfo, fill: impl Fn(&str) -> String) -> Cause {
    Cause {
        id: info.id.value.clone(),
        means: fill(&info.means),
        fix: fill(&info.fix),
        lines: info.lines.as_deref().map(&fill),
        origin: info.origin,
        source: info.source.clone(),
    }
}

impl NotBegun {
    /// What is told of that which keeps a run from beginning.
    #[must_use]
    pub fn of(hindrance: &Hindrance) -> Self {
        // A key that somebody typed in the wrong place is part of many messages.
        let safe = |text: &str| printable(&Redactor::default().text(text));
        let cause = hindrance.cause.as_ref();
        Self {
            why: safe(&hindrance.headline()),
            mend: hindrance.mend().map(safe),
            cause: cause.map(|(info, role)| told(info, |text| info.about(text, role.as_ref()))),
        }
    }
}

impl CaseClue {
    fn is_due(&self, step: &StepResult) -> bool {
        let dues = self.due.as_ref();
        dues.is_none_or(|dues| winner(step).is_some_and(|won| dues.0.contains(&won)))
    }

    fn is_required(&self, result: &CaseResult) -> bool {
        let mut ids = result.case.scenario.requires.iter();
        let wanted = self.requires.as_ref();
        wanted.is_none_or(|wanted| ids.any(|id| wanted.0.iter().any(|one| *one == id.to_string())))
    }

    fn is_sent(&self, request: &RequestPlan) -> bool {
        let authorization = request.authorization.as_ref().map(|_| "authorization");
        let mut names =
            (request.headers.iter().map(|(name, _)| name.as_str())).chain(authorization);
        let field = self.sends.as_ref();
        field.is_none_or(|field| names.any(|name| name.eq_ignore_ascii_case(field)))
    }
}

/// The steps that deviate, or, where nothing is decided, the last that was sent.
fn wrong_steps(result: &CaseResult) -> impl Iterator<Item = (&Step, &StepResult)> {
    let last = result.steps.len().saturating_sub(1);
    let is_wrong = move |number: usize| match &result.verdict {
        Ok(Verdict::Deviates(deviations)) => deviations.iter().any(|d| d.step == number),
        Ok(Verdict::Inconclusive(_)) => number == last,
        _ => false,
    };
    let steps = result.case.steps.iter().zip(&result.steps).enumerate();
    steps
        .filter(move |(number, _)| is_wrong(*number))
        .map(|(_, step)| step)
}

/// The name of the condition that an answer was due for, or `granted`.
pub(super) fn winner(step: &StepResult) -> Option<String> {
    match &step.due.resolution.as_ref()?.outcome {
        Outcome::Refused(refusal) => Some(refusal.condition.name().to_owned()),
        Outcome::Granted => Some(GRANTED.to_owned()),
        Outcome::Unspecified(_) => None,
    }
}

/// What cases without a known cause have in common, in one line.
fn in_common(result: &CaseResult) -> String {
    match &result.verdict {
        Err(why) | Ok(Verdict::Inconclusive(why)) => why.clone(),
        Ok(Verdict::Deviates(deviations)) => {
            let gravest = deviations.iter().min_by_key(|deviation| deviation.kind);
            gravest.map_or(String::new(), |deviation| of_deviation(result, deviation))
        }
        Ok(Verdict::Conforms | Verdict::Skipped(_)) => String::new(),
    }
}

fn of_deviation(result: &CaseResult, deviation: &Deviation) -> String {
    let (kind, what) = (deviation.kind, &deviation.what);
    let (expected, observed) = (&deviation.expected, &deviation.observed);
    // These are alike whatever was due: one proxy, one leak.
    if what == "content" {
        return format!("{kind}: {what}: expected {expected}, observed {observed}");
    }
    if what.starts_with("header ") {
        return format!("{kind}: {what}");
    }
    let due = result.steps.get(deviation.step).and_then(winner);
    let due = due.map_or(String::new(), |due| format!(" where `{due}` is due"));
    if what == "status" {
        format!("{kind}{due}: expected {expected}, observed {observed}")
    } else {
        format!("{kind}{due}: {what}")
    }
}

/// Whether the answers of a case conform to another profile; where that depends on the version, in
/// the first or the last of those that it speaks of.
pub(super) fn keeps(result: &CaseResult, contract: &Contract, profile: &Profile) -> bool {
    if let Ok(dues) = due(contract, &result.case, profile, None) {
        return is_kept(result, contract, &dues);
    }
    let versions = [&profile.versions.from, &profile.versions.to];
    versions.iter().any(
        |version| match due(contract, &result.case, profile, Some(version)) {
            Ok(dues) => is_kept(result, contract, &dues),
            Err(_) => is_of_a_lacking_route(result, profile, version),
        },
    )
}

fn is_kept(result: &CaseResult, contract: &Contract, dues: &[Due]) -> bool {
    let steps = dues.iter().zip(&result.steps);
    let judged: Vec<_> = steps
        .map(|(due, sent)| Judged {
            expected: &due.expected,
            observed: &sent.observed,
        })
        .collect();
    judged.len() == dues.len() && judge(&judged, contract) == Ok(Verdict::Conforms)
}

/// Whether a case was answered as by panels that lack its route: nothing is at the path, or
/// nothing takes the method (RFC 9110, sections 15.5.5 and 15.5.6).
fn is_of_a_lacking_route(result: &CaseResult, profile: &Profile, version: &Version) -> bool {
    let is_lacking = |request: &RequestPlan| {
        let route = request.route.as_ref();
        route.is_some_and(|route| profile.presence(route, Some(version)) == Presence::Never)
    };
    let last = result.steps.last();
    result.case.requests().any(is_lacking)
        && last.is_some_and(|step| matches!(step.observed.status, 404 | 405))
}

#[cfg(test)]
mod tests;
