//! The budget: how many requests a plan sends, of whose limit, and how long that takes at least.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::spec::{Api, Contract, Holder, Ids, KeyUse, RequestPlan, RoleName};

/// How long a panel counts requests before it begins anew: a fixed window from the first request
/// (observed on 1.7.0 to 1.14.1).
pub(crate) const WINDOW: Duration = Duration::from_secs(60);

/// Whose requests a panel counts together: a user's on one API.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bucket {
    /// The user, as roles name users.
    pub user: String,
    /// The API.
    pub api: Api,
}

/// The ids that are looked for, each once.
#[derive(Default)]
pub(super) struct WantedIds(BTreeSet<(Api, String)>);

impl WantedIds {
    pub(super) fn of_requests(&mut self, requests: &[&RequestPlan], contract: &Contract) {
        for request in requests.iter().filter(|r| r.ids == Ids::Existing) {
            for name in request.target.ids() {
                self.add(contract, request.api, name);
            }
        }
    }

    /// Adds a path parameter, and those that finding it needs.
    pub(super) fn add(&mut self, contract: &Contract, api: Api, name: &str) {
        if !self.0.insert((api, name.to_owned())) {
            return;
        }
        if let Some(parameter) = contract.inventory.parameter(api, name) {
            for parent in parameter.find.endpoint.parameters() {
                self.add(contract, api, parent);
            }
        }
    }

    /// Counts the requests that find them.
    pub(super) fn count(&self, contract: &Contract, budget: &mut Budget) {
        for (api, name) in &self.0 {
            if let Some(parameter) = contract.inventory.parameter(*api, name) {
                budget.add(contract, &parameter.find.key.value, *api);
            }
        }
    }
}

/// How fast a run may be.
#[derive(Clone, Debug, PartialEq)]
pub struct Pace {
    /// All requests per second, also refused ones: firewalls count them.
    pub rate: f64,
    /// The part of each limit that is left to others, from 0 to 1.
    pub leave: f64,
    /// Requests per minute and user, by API.
    pub limits: BTreeMap<Api, u32>,
}

impl Pace {
    /// How many requests of a bucket one window may have.
    #[must_use]
    pub fn allowance(&self, api: Api) -> u32 {
        let limit = self.limits.get(&api).copied().unwrap_or(u32::MAX);
        let own = f64::from(limit) * (1.0 - self.leave);
        // Limits are small whole numbers, and the product is not larger.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let own = own.floor() as u32;
        own.max(1)
    }

    /// The least time that these requests take, by bucket, under this pace.
    #[must_use]
    pub fn shortest(&self, budget: &Budget) -> Duration {
        let windows = budget.buckets.iter().map(|(bucket, count)| {
            let allowance = self.allowance(bucket.api) as usize;
            count.div_ceil(allowance).saturating_sub(1)
        });
        let waits = windows.max().unwrap_or_default();
        let all = budget.others + budget.buckets.values().sum::<usize>();
        #[allow(clippy::cast_precision_loss)]
        let by_rate = Duration::from_secs_f64(all.saturating_sub(1) as f64 / self.rate);
        by_rate.max(WINDOW * u32::try_from(waits).unwrap_or(u32::MAX))
    }
}

/// The requests of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// Those that count towards a user's limit, by bucket.
    pub buckets: BTreeMap<Bucket, usize>,
    /// Those that are refused before any limit counts, or whose key is made by the run.
    pub others: usize,
}

impl Budget {
    /// Counts requests.
    #[must_use]
    pub fn of(requests: &[&RequestPlan], contract: &Contract) -> Self {
        let mut budget = Self::default();
        for request in requests {
            match Bucket::of(request, contract) {
                Some(bucket) => *budget.buckets.entry(bucket).or_default() += 1,
                None => budget.others += 1,
            }
        }
        budget
    }
}

impl Budget {
    /// Counts one more request with the key of a role.
    pub(super) fn add(&mut self, contract: &Contract, role: &RoleName, api: Api) {
        match Bucket::of_role(contract, role, api) {
            Some(bucket) => *self.buckets.entry(bucket).or_default() += 1,
            None => self.others += 1,
        }
    }
}

impl Bucket {
    /// Whose requests the panel counts together with this one; nobody's where its key is none.
    #[must_use]
    pub fn of(request: &RequestPlan, contract: &Contract) -> Option<Self> {
        let KeyUse::Role(name) = &request.key else {
            return None;
        };
        Self::of_role(contract, name, request.api)
    }

    fn of_role(contract: &Contract, name: &RoleName, api: Api) -> Option<Self> {
        let Holder::Real(role) = contract.roles.holder(name, api)? else {
            return None;
        };
        let user = role.user.clone();
        Some(Self { user, api })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{Source, Specs};

    /// Requests with keys of three users, and with keys of nobody.
    const SUITE: &str = "
title: Requests
scenarios:
  - id: own
    title: A user reads the own account, twice
    steps:
      - { request: { endpoint: GET /api/client/account, key: client }, expect: granted }
      - { request: { endpoint: GET /api/client, key: client }, expect: granted }
  - id: refused
    title: Nobody is let in
    matrix: { key: [none, wrong-secret, unknown] }
    request: { endpoint: GET /api/client, key: \"${key}\" }
    expect: { status: 401 }
  - id: there
    title: A database of a server
    request: { endpoint: \"GET /api/client/servers/{server}/schedules/{schedule}\", key: client-other }
    expect: granted
  - id: nowhere
    title: A user who is not there
    request: { endpoint: \"GET /api/application/users/{user}\", ids: missing, key: application }
    expect: \"missing:user\"
";

    fn specs() -> Specs {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("requests.yaml"), SUITE).unwrap();
        Specs::load(&Source::Folder(folder.path().to_owned())).unwrap()
    }

    fn bucket(user: &str, api: Api) -> Bucket {
        let user = user.to_owned();
        Bucket { user, api }
    }

    fn requests(specs: &Specs) -> Vec<&RequestPlan> {
        specs.cases().flat_map(|case| case.requests()).collect()
    }

    #[test]
    fn requests_count_with_the_limit_of_their_user() {
        let specs = specs();
        let contract = &specs.contract;
        let user = |role: &str| {
            let role = contract.roles.real(&role.parse().unwrap());
            role.unwrap().user.clone()
        };
        let budget = Budget::of(&requests(&specs), contract);
        let buckets = BTreeMap::from([
            (bucket(&user("client"), Api::Client), 2),
            (bucket(&user("client-other"), Api::Client), 1),
            (bucket(&user("application"), Api::Application), 1),
        ]);
        // Nobody's: they are refused before anything is counted.
        let others = 3;
        assert_eq!(budget, Budget { buckets, others });
    }

    #[test]
    fn requests_are_added_one_by_one() {
        let specs = specs();
        let mut budget = Budget::default();
        for role in ["client", "none", "client", "none"] {
            budget.add(&specs.contract, &role.parse().unwrap(), Api::Client);
        }
        assert_eq!(budget.buckets.values().collect::<Vec<_>>(), [&2]);
        assert_eq!(budget.others, 2);
    }

    #[test]
    fn what_exists_is_looked_for_once_and_what_does_not_is_not() {
        let specs = specs();
        let mut wanted = WantedIds::default();
        wanted.of_requests(&requests(&specs), &specs.contract);
        let mut found = Budget::default();
        wanted.count(&specs.contract, &mut found);
        // The server and its schedule; who does not exist is not looked for.
        assert_eq!(found.buckets.values().sum::<usize>(), 2);
    }

    #[test]
    fn an_id_needs_those_that_stand_before_it_in_the_path_that_finds_it() {
        let specs = specs();
        let mut wanted = WantedIds::default();
        let mut count = |name| {
            wanted.add(&specs.contract, Api::Client, name);
            let mut found = Budget::default();
            wanted.count(&specs.contract, &mut found);
            found.buckets.values().sum::<usize>()
        };
        // A task is one of a schedule, and that one of a server.
        assert_eq!(count("task"), 3);
        assert_eq!(count("schedule"), 3);
        assert_eq!(count("database"), 4);
    }

    fn pace(rate: f64, leave: f64, client: u32) -> Pace {
        Pace {
            rate,
            leave,
            limits: [(Api::Client, client)].into(),
        }
    }

    #[test]
    fn a_part_of_each_limit_is_left_to_others_but_one_request_is_ours() {
        let allowance = |leave, limit| pace(4.0, leave, limit).allowance(Api::Client);
        assert_eq!(allowance(0.5, 720), 360);
        assert_eq!(allowance(0.0, 720), 720);
        assert_eq!(allowance(0.25, 10), 7);
        assert_eq!(allowance(0.9, 1), 1);
        let unlimited = pace(4.0, 0.0, 1).allowance(Api::Application);
        assert_eq!(unlimited, u32::MAX);
    }

    #[test]
    fn a_run_takes_as_long_as_its_rate_and_its_fullest_bucket() {
        let shortest = |rate, client, application, others| {
            let buckets = BTreeMap::from([
                (bucket("a", Api::Client), client),
                (bucket("b", Api::Application), application),
            ]);
            let budget = Budget { buckets, others };
            pace(rate, 0.0, 10).shortest(&budget)
        };
        // 25 requests need three windows; the last is not waited for.
        assert_eq!(shortest(2.0, 25, 5, 11), Duration::from_secs(120));
        assert_eq!(shortest(2.0, 20, 5, 11), Duration::from_secs(60));
        // 41 requests have 40 gaps.
        assert_eq!(shortest(0.25, 25, 5, 11), Duration::from_secs(160));
        assert_eq!(shortest(0.25, 0, 0, 0), Duration::from_secs(0));
    }
}
