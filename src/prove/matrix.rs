//! Which fault makes which case deviate.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tokio::runtime::{Builder, Runtime};

use super::baseline::{Baseline, Change, Misses};
use super::table::{Claim, Table};
use super::{Options, Progress, ProveError};
use crate::reference::{Family, Fault, Gate, RouteName};
use crate::spec::{Case, Contract, Endpoint, Origin, Profile, Row, Specs, coverage};

/// Of a hundred cases, how many a fault may change without being blunt.
const MOST: usize = 5;

/// How many cases a fault may change in any case: of few cases, five of a hundred are none.
const FEW: usize = 10;

/// The profile whose panel comes first; most faults are told by it alone.
const FIRST: &str = "pterodactyl-1.11";

/// The profile whose panel is hardened.
const LATEST: &str = "pterodactyl-1.14";

/// What makes the panel keep every SHOULD.
const HARDENINGS: [&str; 3] = [
    "json-for-everybody",
    "admin-key-refused",
    "hidden-as-missing",
];

/// Everything that was found out.
pub struct Matrix {
    /// What is conforming where nothing is wrong.
    pub(super) figures: Vec<Figures>,
    /// What each fault has changed, in the order of the faults.
    pub(super) faults: Vec<FaultResult>,
    /// Numbers of the cases that conform somewhere.
    pub(super) conforming: BTreeSet<usize>,
    /// Numbers of the cases that a fault has killed which is not blunt, and which they are about.
    pub(super) proven: BTreeSet<usize>,
    /// Why the cases do not conform that conform nowhere.
    pub(super) misses: Misses,
    /// Numbers of the cases that notice more than a change of form.
    pub(super) seeing: BTreeSet<usize>,
    /// Numbers of the cases that ask a route of which a check could be left out.
    pub(super) checked: BTreeSet<usize>,
}

impl Matrix {
    /// Keeps why cases do not conform, of each what tells most.
    fn miss(&mut self, misses: Misses) {
        for (number, miss) in misses {
            match self.misses.get(&number) {
                Some(known) if known.course >= miss.course => {}
                _ => drop(self.misses.insert(number, miss)),
            }
        }
        self.misses.retain(|one, _| !self.conforming.contains(one));
    }
}

/// How many cases conform on a sound panel.
#[derive(Clone, Debug)]
pub struct Figures {
    /// The profile, or `hardened`.
    pub name: String,
    /// How many conform.
    pub conforming: usize,
}

/// What a fault has changed.
#[derive(Clone, Debug)]
pub struct FaultResult {
    /// Its name.
    pub name: String,
    /// What it is claimed to violate, and who must notice.
    pub(super) claim: Option<Claim>,
    /// Numbers of the cases that deviate, on whichever panel.
    pub(super) killed: BTreeSet<usize>,
    /// Numbers of those that deviate on a panel of which it changes few cases.
    pub(super) sharply: BTreeSet<usize>,
    /// Numbers of its witnesses that conform on a panel on which it was tried.
    pub(super) asked: BTreeSet<usize>,
    /// Whether it leaves out no check, see `Group::is_of_form`.
    is_of_form: bool,
}

/// One fault on its way through the panels.
struct Suspect {
    change: Change,
    /// The cases that it can change; all if it is on no single route.
    reach: Option<BTreeSet<usize>>,
    result: FaultResult,
}

/// Runs the cases against all panels.
pub(super) fn fill(
    specs: &Specs,
    stock: &Arc<Contract>,
    cases: &[Arc<Case>],
    table: &Table,
    options: &Options,
    progress: Progress<'_>,
) -> Result<Matrix, ProveError> {
    let contract = &specs.contract;
    let mut matrix = Matrix {
        figures: Vec::new(),
        faults: Vec::new(),
        conforming: BTreeSet::new(),
        proven: BTreeSet::new(),
        misses: Misses::new(),
        seeing: BTreeSet::new(),
        checked: BTreeSet::new(),
    };
    let gaps = coverage(specs);
    let table = options.has_table().then_some(table);
    let mut suspects = suspects(cases, table, &gaps, options);
    let reached = suspects.iter().flat_map(|suspect| &suspect.reach);
    matrix.checked = reached.flatten().copied().collect();
    let counter = Counter::new(progress);
    for profile in profiles(contract, stock, options)? {
        let told = (contract, stock, &options.additions);
        let mut baseline = Baseline::new(told, cases, profile, Vec::new())?;
        let trial = (&mut baseline, cases);
        try_on(trial, &mut suspects, &mut matrix, options, &counter)?;
    }
    if options.faults.is_empty() && options.profiles.is_empty() {
        suspects.extend(harden(
            specs,
            stock,
            cases,
            table,
            options,
            &counter,
            &mut matrix,
        )?);
    }
    matrix.faults = suspects.into_iter().map(|suspect| suspect.result).collect();
    Ok(matrix)
}

/// The profiles that somebody has seen and that the reference panel plays, the first one first.
fn profiles<'s>(
    contract: &'s Contract,
    stock: &Contract,
    options: &Options,
) -> Result<Vec<&'s Arc<Profile>>, ProveError> {
    let is_played = |profile: &Profile| {
        let own = stock.profile(profile.name.value.as_str());
        own.is_some_and(|own| own.family.parse::<Family>().is_ok())
    };
    let mut all: Vec<_> = contract.profiles.iter().filter(|p| is_played(p)).collect();
    all.sort_by_key(|profile| profile.name.value.as_str() != FIRST);
    for name in &options.profiles {
        if !all
            .iter()
            .any(|profile| profile.name.value.as_str() == name)
        {
            let names: Vec<_> = all.iter().map(|p| p.name.value.as_str()).collect();
            return Err(ProveError::Profile(name.clone(), names.join(", ")));
        }
    }
    all.retain(|profile| match options.profiles.as_slice() {
        [] => profile.origin == Origin::Observed,
        names => names.iter().any(|name| name == profile.name.value.as_str()),
    });
    Ok(all)
}

fn suspects(
    cases: &[Arc<Case>],
    table: Option<&Table>,
    gaps: &[Row<'_>],
    options: &Options,
) -> Vec<Suspect> {
    let faults: Vec<Fault> = if options.faults.is_empty() {
        let on_routes: BTreeSet<Fault> = Gate::ALL
            .into_iter()
            .flat_map(|gate| Family::all().map(move |family| (gate, family)))
            .flat_map(|(gate, family)| Fault::on_routes(gate, family))
            .collect();
        let on_added = Fault::on_added(options.additions.all());
        Fault::all().chain(on_routes).chain(on_added).collect()
    } else {
        options.faults.clone()
    };
    let mut on_routes: BTreeMap<RouteName, BTreeSet<usize>> = BTreeMap::new();
    let mut reach = |route: RouteName| {
        let reached = on_routes.entry(route);
        reached.or_insert_with(|| on_route(cases, route)).clone()
    };
    let suspect = |fault: Fault| Suspect {
        change: Change::With(fault),
        reach: fault.route().map(&mut reach),
        result: FaultResult {
            is_of_form: fault.group().is_of_form(),
            ..FaultResult::new(
                fault.to_string(),
                table.and_then(|table| table.claim(fault, cases, gaps)),
            )
        },
    };
    faults.into_iter().map(suspect).collect()
}

impl FaultResult {
    pub(super) fn new(name: String, claim: Option<Claim>) -> Self {
        Self {
            name,
            claim,
            killed: BTreeSet::new(),
            sharply: BTreeSet::new(),
            asked: BTreeSet::new(),
            is_of_form: false,
        }
    }

    /// Whether it changes too many cases of every panel to prove any.
    pub(super) fn is_blunt(&self) -> bool {
        self.sharply.is_empty() && !self.killed.is_empty()
    }

    /// The cases that it proves: those that cite a requirement which it violates, if it is known
    /// what it violates.
    fn proves<'r>(
        &'r self,
        cases: &'r [Arc<Case>],
        options: &Options,
    ) -> impl Iterator<Item = usize> + 'r {
        let claim = self.claim.as_ref();
        let claim = claim.filter(|claim| claim.is_by_citation(options));
        let is_about = move |number: &usize| match claim {
            Some(claim) => claim.violates_one_of(&cases[*number].scenario.requires),
            None => true,
        };
        self.sharply.iter().copied().filter(is_about)
    }

    /// Whether it is claimed that nothing can notice it.
    pub(super) fn is_unseen(&self) -> bool {
        let claim = self.claim.as_ref();
        claim.is_some_and(|claim| claim.unseen.is_some())
    }

    fn witnesses(&self) -> impl Iterator<Item = usize> {
        let claim = self.claim.iter();
        claim.flat_map(|claim| claim.witnesses.iter().copied())
    }
}

/// The cases with a request that a route answers.
fn on_route(cases: &[Arc<Case>], route: RouteName) -> BTreeSet<usize> {
    let template = Endpoint {
        method: route.method.to_owned(),
        path: route.path.to_owned(),
    };
    let is_on = |case: &Case| {
        case.requests().any(|request| {
            let method = match request.endpoint.method.as_str() {
                "HEAD" => "GET",
                other => other,
            };
            method == route.method && template.match_path(&request.endpoint.path).is_some()
        })
    };
    let numbered = cases.iter().enumerate();
    numbered
        .filter(|(_, case)| is_on(case))
        .map(|(number, _)| number)
        .collect()
}

/// How many of the cases that conform a fault may change and prove something.
fn most(conforming: usize) -> usize {
    FEW.max(conforming * MOST / 100)
}

/// Tries every fault on one panel. One that has changed nothing yet is tried with all cases it
/// can change; others with what is still open, and with the rest if they change some of that, so
/// that it is known how blunt they are on this panel.
fn try_on(
    (baseline, cases): (&mut Baseline<'_>, &[Arc<Case>]),
    suspects: &mut [Suspect],
    matrix: &mut Matrix,
    options: &Options,
    counter: &Counter<'_>,
) -> Result<(), ProveError> {
    let (conforming, misses) = runtime()?.block_on(baseline.sound())?;
    matrix.figures.push(Figures {
        name: baseline.name.clone(),
        conforming: conforming.len(),
    });
    matrix.conforming.extend(&conforming);
    matrix.miss(misses);
    let most = most(conforming.len());
    let open: BTreeSet<usize> = conforming.difference(&matrix.proven).copied().collect();
    let blind = conforming.difference(&matrix.seeing).copied();
    let unseeing: BTreeSet<usize> = blind.chain(open.iter().copied()).collect();
    let left = |suspect: &Suspect| {
        if options.foreign && !suspect.result.is_of_form {
            &unseeing
        } else {
            &open
        }
    };
    let possible = |(_, suspect): &(usize, &Suspect)| suspect.is_possible_on(baseline);
    let possible = suspects.iter().enumerate().filter(possible);
    let jobs: Vec<Job> = possible
        .map(|(number, suspect)| {
            let cases = suspect.cases(&conforming, left(suspect));
            (number, suspect.change, cases)
        })
        .filter(|(_, _, cases)| !cases.is_empty())
        .collect();
    let mut killed = work(baseline, &jobs, options, counter)?;
    let rest = |((number, change, tried), killed): (&Job, &BTreeSet<usize>)| {
        let proves = killed.len() <= most && !killed.is_disjoint(&open);
        let rest = proves.then(|| suspects[*number].rest(&conforming, tried));
        (*number, *change, rest.unwrap_or_default())
    };
    let rest: Vec<Job> = jobs.iter().zip(&killed).map(rest).collect();
    let more = work(baseline, &rest, options, counter)?;
    for (killed, more) in killed.iter_mut().zip(more) {
        killed.extend(more);
    }
    for ((number, _, cases), killed) in jobs.iter().zip(killed) {
        suspects[*number].note(&killed, cases, most);
    }
    for suspect in suspects.iter() {
        let result = &suspect.result;
        matrix.proven.extend(result.proves(cases, options));
        if !result.is_of_form {
            matrix.seeing.extend(&result.killed);
        }
    }
    Ok(())
}

impl Suspect {
    fn is_possible_on(&self, baseline: &Baseline<'_>) -> bool {
        match self.change {
            Change::With(fault) => baseline.can_have(fault),
            Change::Without(_) => true,
        }
    }

    /// Those of the cases that it can change.
    fn within(&self, all: &BTreeSet<usize>) -> BTreeSet<usize> {
        match &self.reach {
            None => all.clone(),
            Some(reach) => all.intersection(reach).copied().collect(),
        }
    }

    fn cases(&self, conforming: &BTreeSet<usize>, open: &BTreeSet<usize>) -> BTreeSet<usize> {
        if self.result.killed.is_empty() {
            return self.within(conforming);
        }
        let survivors = self.result.witnesses();
        let survivors = survivors.filter(|one| !self.result.killed.contains(one));
        let wanted = open.iter().copied().chain(survivors);
        self.within(&wanted.filter(|one| conforming.contains(one)).collect())
    }

    /// Those that it can change and was not tried with.
    fn rest(&self, conforming: &BTreeSet<usize>, tried: &BTreeSet<usize>) -> BTreeSet<usize> {
        self.within(conforming).difference(tried).copied().collect()
    }

    /// Keeps what it has changed on a panel; `most` is how much of that proves anything.
    fn note(&mut self, killed: &BTreeSet<usize>, tried: &BTreeSet<usize>, most: usize) {
        let result = &mut self.result;
        let asked: Vec<_> = result
            .witnesses()
            .filter(|one| tried.contains(one))
            .collect();
        result.asked.extend(asked);
        result.killed.extend(killed);
        if killed.len() <= most {
            result.sharply.extend(killed);
        }
    }
}

/// The latest panel with every SHOULD kept, then without one hardening after the other.
fn harden(
    specs: &Specs,
    stock: &Arc<Contract>,
    cases: &[Arc<Case>],
    table: Option<&Table>,
    options: &Options,
    counter: &Counter<'_>,
    matrix: &mut Matrix,
) -> Result<Vec<Suspect>, ProveError> {
    let Some(profile) = specs.contract.profile(LATEST) else {
        return Ok(Vec::new());
    };
    let ground: Vec<Fault> = HARDENINGS
        .iter()
        .filter_map(|name| name.parse().ok())
        .collect();
    let mut suspects: Vec<_> = ground
        .iter()
        .map(|hardening| {
            let name = hardening.to_string();
            let claim = table.and_then(|table| table.hardenings.get(&name));
            let claim = claim.map(|entry| entry.claim(cases));
            Suspect {
                change: Change::Without(*hardening),
                reach: None,
                result: FaultResult::new(format!("hardened without {name}"), claim),
            }
        })
        .collect();
    let told = (&specs.contract, stock, &options.additions);
    let mut baseline = Baseline::new(told, cases, profile, ground)?;
    let trial = (&mut baseline, cases);
    try_on(trial, &mut suspects, matrix, options, counter)?;
    Ok(suspects)
}

/// A fault on a panel with the cases that are tried.
type Job = (usize, Change, BTreeSet<usize>);

/// Does the jobs, some at once; what each has killed, in their order.
fn work(
    baseline: &Baseline<'_>,
    jobs: &[Job],
    options: &Options,
    counter: &Counter<'_>,
) -> Result<Vec<BTreeSet<usize>>, ProveError> {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let workers = if options.jobs == 0 {
        processors
    } else {
        options.jobs
    };
    let (next, done) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    counter.expect(jobs.len());
    let worker = || -> Result<(), ProveError> {
        let runtime = runtime()?;
        while let Some((number, (_, change, cases))) = take(&next, jobs) {
            let killed = runtime.block_on(baseline.killed(*change, cases))?;
            done.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(number, killed);
            counter.done();
        }
        Ok(())
    };
    thread::scope(|scope| {
        let running: Vec<_> = (0..workers).map(|_| scope.spawn(worker)).collect();
        running.into_iter().try_for_each(|one| match one.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })?;
    let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(done.into_values().collect())
}

fn take<'j>(next: &AtomicUsize, jobs: &'j [Job]) -> Option<(usize, &'j Job)> {
    let number = next.fetch_add(1, Ordering::Relaxed);
    Some((number, jobs.get(number)?))
}

fn runtime() -> Result<Runtime, ProveError> {
    let runtime = Builder::new_current_thread().enable_time().build();
    runtime.map_err(ProveError::Runtime)
}

/// Counts what is done.
struct Counter<'p> {
    done: AtomicUsize,
    of: AtomicUsize,
    progress: Progress<'p>,
}

impl<'p> Counter<'p> {
    fn new(progress: Progress<'p>) -> Self {
        Self {
            done: AtomicUsize::new(0),
            of: AtomicUsize::new(0),
            progress,
        }
    }

    fn expect(&self, more: usize) {
        self.of.fetch_add(more, Ordering::Relaxed);
    }

    fn done(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        (self.progress)(done, self.of.load(Ordering::Relaxed));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use super::super::tests::{faults, options, specs};
    use super::{
        Baseline, Change, Claim, Counter, Fault, FaultResult, LATEST, Matrix, Options, Suspect,
        fill, harden, most, on_route, suspects, try_on,
    };
    use crate::prove::table::Table;
    use crate::reference::Gate;
    use crate::run::built_in;
    use crate::spec::{Source, Specs};

    #[test]
    fn the_hardened_panel_is_of_the_newest_version() {
        let specs = Specs::load(&Source::Embedded).expect("the built-in specification");
        let version = |name: &str| -> Option<Vec<u32>> {
            let parts = name.strip_prefix("pterodactyl-")?.split('.');
            parts.map(|part| part.parse().ok()).collect()
        };
        let names = specs
            .contract
            .profiles
            .iter()
            .map(|one| one.name.value.as_str());
        let newest = names.max_by_key(|name| version(name));
        assert_eq!(newest, Some(LATEST));
    }

    #[test]
    fn five_of_a_hundred_cases_are_few_and_ten_of_less() {
        assert_eq!(
            [0, 60, 200, 219, 220, 2000].map(most),
            [10, 10, 10, 10, 11, 100]
        );
    }

    #[test]
    fn a_route_is_asked_by_its_own_requests_and_by_head() {
        let suite = "\
title: Routes
scenarios:
  - { id: get, title: x, requires: [ERR-401], request: { endpoint: GET /api/client, key: none }, expect: no-key }
  - { id: head, title: x, requires: [ERR-401], request: { method: HEAD, path: /api/client, key: none }, expect: { status: 401 } }
  - { id: post, title: x, requires: [ERR-401], request: { method: POST, path: /api/client, key: none }, expect: { status: 405 } }
  - { id: other, title: x, requires: [ERR-401], request: { endpoint: GET /api/client/account, key: none }, expect: no-key }
  - { id: server, title: x, requires: [ERR-401], request: { endpoint: GET /api/client/servers/ffffffff, key: none }, expect: no-key }
";
        let specs = Specs::of_suite(suite);
        let cases: Vec<_> = specs.cases().map(Arc::clone).collect();
        let on = |fault: &str| {
            let route = faults(&[fault])[0].route().expect("a route");
            on_route(&cases, route)
        };
        assert_eq!(on("skip-auth@GET:/api/client"), [0, 1].into());
        assert_eq!(on("skip-auth@GET:/api/client/account"), [3].into());
        assert_eq!(on("skip-auth@GET:/api/client/servers/{server}"), [4].into());
        assert_eq!(on("skip-auth@GET:/api/application/users"), [].into());
    }

    #[test]
    fn a_suspect_reaches_the_cases_of_its_route_and_is_of_form_or_not() {
        let specs = specs();
        let cases: Vec<_> = specs.cases().map(Arc::clone).collect();
        let names = ["html-errors", "skip-auth", "skip-auth@GET:/api/client"];
        let told = |options: &Options| -> Vec<_> {
            let suspects = suspects(&cases, None, &[], options).into_iter();
            suspects
                .map(|one| (one.result.name, one.reach, one.result.is_of_form))
                .collect()
        };
        let expected = [
            (names[0].to_owned(), None, true),
            (names[1].to_owned(), None, false),
            (names[2].to_owned(), Some([0, 1].into()), false),
        ];
        assert_eq!(told(&options(&names)), expected);
        let all = told(&options(&[]));
        let single = all.iter().filter(|(_, reach, _)| reach.is_none()).count();
        assert_eq!(single, Fault::all().count());
        assert!(all.len() > 4 * single, "{} of {single}", all.len());
    }

    /// What comes of faults on the panel of one profile.
    fn tried(specs: &Specs, options: &Options) -> Matrix {
        let stock = built_in().expect("the built-in contract");
        let cases: Vec<_> = specs.cases().map(Arc::clone).collect();
        let table = Table::read().expect("a table");
        fill(specs, &stock, &cases, &table, options, &|_, _| ()).expect("a matrix")
    }

    #[test]
    fn what_is_known_of_the_cases_is_what_the_panels_have_shown() {
        let names = ["login-redirect", "skip-auth@GET:/api/client", "missing-403"];
        let matrix = tried(&specs(), &options(&names));
        let killed: Vec<_> = matrix.faults.iter().map(|one| one.killed.clone()).collect();
        assert_eq!(killed, [[0].into(), [0].into(), [4].into()]);
        assert_eq!(matrix.conforming, [0, 3, 4].into());
        assert_eq!(matrix.proven, [0, 4].into());
        assert_eq!(matrix.seeing, [0].into());
        assert_eq!(matrix.checked, [0, 1].into());
        assert_eq!(matrix.misses.keys().copied().collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn the_hardened_panel_is_tried_without_each_of_its_hardenings() {
        let (specs, options) = (specs(), options(&[]));
        let stock = built_in().expect("the built-in contract");
        let cases: Vec<_> = specs.cases().map(Arc::clone).collect();
        let mut matrix = tried(&specs, &self::options(&["html-errors"]));
        let counter = Counter::new(&|_, _| ());
        let tried = harden(
            &specs,
            &stock,
            &cases,
            None,
            &options,
            &counter,
            &mut matrix,
        );
        let names: Vec<_> = tried
            .expect("suspects")
            .into_iter()
            .map(|one| one.result.name)
            .collect();
        let told = [
            "hardened without json-for-everybody",
            "hardened without admin-key-refused",
            "hardened without hidden-as-missing",
        ];
        assert_eq!(names, told);
        let panels: Vec<_> = matrix.figures.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(panels, ["pterodactyl-1.11", "hardened"]);
    }

    /// A fault that has proved something on a panel is tried there with all it could change, so
    /// that it is known whether that is little.
    #[test]
    fn on_a_further_panel_a_fault_is_tried_with_what_is_open_and_if_it_proves_with_the_rest() {
        let specs = specs();
        let stock = built_in().expect("the built-in contract");
        let cases: Vec<_> = specs.cases().map(Arc::clone).collect();
        let options = options(&["login-redirect"]);
        let mut matrix = tried(&specs, &options);
        let mut suspects = suspects(&cases, None, &[], &options);
        suspects[0].result.killed.extend([0]);
        let pelican = specs.contract.profile("pelican").expect("a profile");
        let told = (&specs.contract, &stock, &options.additions);
        let mut baseline = Baseline::new(told, &cases, pelican, Vec::new()).expect("a panel");
        let done = std::sync::Mutex::new(0);
        let progress = |count, _| *done.lock().expect("a number") = count;
        let counter = Counter::new(&progress);
        let trial = (&mut baseline, cases.as_slice());
        try_on(trial, &mut suspects, &mut matrix, &options, &counter).expect("answers");
        assert_eq!(suspects[0].result.killed, [0, 2].into());
        assert_eq!(suspects[0].result.sharply, [0, 2].into());
        assert_eq!(matrix.proven, [0, 2].into());
        assert_eq!(*done.lock().expect("a number"), 2);
    }

    fn suspect(claim: Option<Claim>) -> Suspect {
        Suspect {
            change: Change::With(Fault::everywhere(Gate::Auth)),
            reach: Some((0..9).collect()),
            result: FaultResult::new("fault".to_owned(), claim),
        }
    }

    #[test]
    fn what_a_fault_changes_on_a_panel_proves_only_if_it_is_little_there() {
        let mut suspect = suspect(None);
        let tried: BTreeSet<usize> = (0..9).collect();
        suspect.note(&[0, 1, 2].into(), &tried, 2);
        assert!(suspect.result.is_blunt());
        suspect.note(&[2, 3].into(), &tried, 2);
        assert!(!suspect.result.is_blunt());
        assert_eq!(suspect.result.killed, [0, 1, 2, 3].into());
        let proven: Vec<usize> = suspect.result.proves(&[], &Options::default()).collect();
        assert_eq!(proven, [2, 3]);
    }

    #[test]
    fn a_fault_that_has_changed_something_is_tried_with_what_is_open_and_then_with_the_rest() {
        let mut suspect = suspect(None);
        let (conforming, open) = ((3..12).collect(), [4, 11].into());
        assert_eq!(suspect.cases(&conforming, &open), (3..9).collect());
        suspect.note(&[0].into(), &[0].into(), 2);
        let tried = suspect.cases(&conforming, &open);
        assert_eq!(tried, [4].into());
        assert_eq!(suspect.rest(&conforming, &tried), [3, 5, 6, 7, 8].into());
    }

    #[test]
    fn a_fault_proves_the_cases_that_cite_what_it_violates() {
        let specs = Specs::load(&Source::Embedded).expect("the built-in specification");
        let cases: Vec<_> = specs.cases().map(Arc::clone).collect();
        let violates = cases[0].scenario.requires.clone();
        let cites = |number: &usize| {
            let mut cited = cases[*number].scenario.requires.iter();
            cited.any(|id| violates.contains(id))
        };
        let other = (0..cases.len()).find(|number| !cites(number));
        let other = other.expect("a case about something else");
        let touches = cases[other].scenario.requires.clone();
        let claim = |violates| Claim {
            violates,
            touches: touches.clone(),
            ..Claim::default()
        };
        let mut suspect = suspect(Some(claim(violates.clone())));
        suspect.note(&[0, other].into(), &[0, other].into(), 10);
        let proven: Vec<usize> = suspect.result.proves(&cases, &Options::default()).collect();
        assert_eq!(proven, [0]);
    }
}
