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
