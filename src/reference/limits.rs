//! Rate limits: fixed windows that begin with their first request (panel-facts §7).

use std::collections::HashMap;

use super::{
    family::Family,
    routes::{Api, Route},
};

/// A minute in seconds.
pub(super) const MINUTE: u64 = 60;

/// A day in seconds.
pub(super) const DAY: u64 = 24 * 60 * MINUTE;

/// What is left of a limit after one more request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quota {
    /// The request counts and may go on.
    Left { limit: u32, remaining: u32 },
    /// The request is one too many; it does not count.
    Spent {
        limit: u32,
        /// Seconds until the window closes.
        retry_after: u64,
        /// Unix time at which the window closes.
        reset: u64,
    },
}

impl Quota {
    /// Of an outer and an inner limit the one that is shown: that with less left, the inner one
    /// of equals.
    pub(super) fn shown(outer: Option<Self>, inner: Self) -> Self {
        match outer {
            Some(outer) if outer.remaining() < inner.remaining() => outer,
            _ => inner,
        }
    }

    fn remaining(self) -> u32 {
        match self {
            Self::Left { remaining, .. } => remaining,
            Self::Spent { .. } => 0,
        }
    }

    /// The headers that show it; reset and wait only when it is spent.
    pub(super) fn headers(self) -> Vec<(&'static str, String)> {
        match self {
            Self::Left { limit, remaining } => vec![
                ("x-ratelimit-limit", limit.to_string()),
                ("x-ratelimit-remaining", remaining.to_string()),
            ],
            Self::Spent {
                limit,
                retry_after,
                reset,
            } => vec![
                ("x-ratelimit-limit", limit.to_string()),
                ("x-ratelimit-remaining", "0".to_owned()),
                ("retry-after", retry_after.to_string()),
                ("x-ratelimit-reset", reset.to_string()),
            ],
        }
    }
}

/// How often something may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limit {
    pub times: u32,
    /// Length of a window in seconds.
    pub within: u64,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Counted {
    /// Requests to an API.
    Api(Api),
    /// Requests to one route: its method and path.
    Route(&'static str, &'static str),
    /// Changes of an e-mail address.
    EmailChanges,
}

/// Who shares the limit of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SharedBy {
    /// Those who share the limit of the API.
    Caller,
    /// All users of the server together.
    Server,
}

/// The limit of a single route.
pub(super) struct RouteLimit {
    since: Family,
    until: Family,
    method: &'static str,
    path: &'static str,
    pub limit: Limit,
    pub shared_by: SharedBy,
}

/// The limits of single routes (panel-facts §7; group 18). Before 1.12 there is one; from then on
/// servers have limits of their own.
static ROUTE_LIMITS: &[RouteLimit] = &[
    RouteLimit {
        until: Family::V1_11_9,
        ..by_caller("POST", "/api/client/servers/{server}/files/pull", 10, 5)
    },
    RouteLimit {
        since: Family::V1_12,
        ..by_caller("PUT", "/api/client/account/email", 60, 1)
    },
    of_server("GET", "/api/client/servers/{server}/websocket", 5, 1),
    of_server("POST", "/api/client/servers/{server}/databases", 2, 1),
    of_server("POST", "/api/client/servers/{server}/schedules", 2, 1),
    of_server(
        "POST",
        "/api/client/servers/{server}/network/allocations",
        2,
        1,
    ),
    of_server("POST", "/api/client/servers/{server}/users", 10, 15),
    of_server("POST", "/api/client/servers/{server}/files/pull", 5, 10),
    of_server(
        "POST",
        "/api/client/servers/{server}/backups/{backup}/restore",
        3,
        15,
    ),
];

const fn by_caller(
    method: &'static str,
    path: &'static str,
    times: u32,
    minutes: u64,
) -> RouteLimit {
    RouteLimit {
        since: Family::V1_7,
        until: Family::V1_14,
        method,
        path,
        limit: Limit {
            times,
            within: minutes * MINUTE,
        },
        shared_by: SharedBy::Caller,
    }
}

const fn of_server(
    method: &'static str,
    path: &'static str,
    times: u32,
    minutes: u64,
) -> RouteLimit {
    RouteLimit {
        since: Family::V1_12,
        shared_by: SharedBy::Server,
        ..by_caller(method, path, times, minutes)
    }
}

impl RouteLimit {
    /// The limit of a route in a family, besides that of its API.
    pub(super) fn of(family: Family, route: &Route) -> Option<&'static Self> {
        ROUTE_LIMITS.iter().find(|one| {
            (one.since..=one.until).contains(&family.base())
                && one.method == route.method
                && one.path == route.path
        })
    }

    /// What it counts.
    pub(super) fn counted(&self) -> Counted {
        Counted::Route(self.method, self.path)
    }
}

#[derive(Clone, Copy)]
struct Window {
    closes: u64,
    hits: u32,
}

/// The open windows of everybody.
#[derive(Default)]
pub(super) struct Windows(HashMap<(Counted, String), Window>);

impl Windows {
    /// Counts one more by `who` at `now` (unix seconds).
    pub(super) fn hit(&mut self, what: Counted, who: &str, limit: Limit, now: u64) -> Quota {
        let window = self.open_window(what, who, limit, now);
        let limit = limit.times;
        if window.hits >= limit {
            return Quota::Spent {
                limit,
                retry_after: window.closes - now,
                reset: window.closes,
            };
        }
        window.hits += 1;
        Quota::Left {
            limit,
            remaining: limit - window.hits,
        }
    }

    /// Lets a window be over.
    pub(super) fn close(&mut self, what: Counted, who: &str) {
        self.0.remove(&(what, who.to_owned()));
    }

    fn open_window(&mut self, what: Counted, who: &str, limit: Limit, now: u64) -> &mut Window {
        let fresh = Window {
            closes: now + limit.within,
            hits: 0,
        };
        let window = self.0.entry((what, who.to_owned())).or_insert(fresh);
        if window.closes <= now {
            *window = fresh;
        }
        window
    }
}

/// The backups that each server made lately: at most two within ten minutes, counted back from
/// the newest (panel-facts §4).
#[derive(Default)]
pub(super) struct Backups(HashMap<u64, Vec<u64>>);

impl Backups {
    pub(super) const LIMIT: Limit = Limit {
        times: 2,
        within: 10 * MINUTE,
    };

    /// Counts one more backup of `server` at `now`, or tells how many seconds to wait.
    pub(super) fn make(&mut self, server: u64, now: u64) -> Result<(), u64> {
        let made = self.0.entry(server).or_default();
        made.retain(|time| time + Self::LIMIT.within > now);
        match made.first() {
            Some(oldest) if made.len() >= Self::LIMIT.times as usize => {
                Err(oldest + Self::LIMIT.within - now)
            }
            _ => {
                made.push(now);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Api, Backups, Counted, Limit, MINUTE, Quota, Windows};

    const TWICE: Limit = Limit {
        times: 2,
        within: MINUTE,
    };
    const CLIENT: Counted = Counted::Api(Api::Client);

    const fn left(limit: u32, remaining: u32) -> Quota {
        Quota::Left { limit, remaining }
    }

    #[test]
    fn the_window_is_fixed_from_the_first_hit() {
        let mut windows = Windows::default();
        let mut hit = |now| windows.hit(CLIENT, "alice", TWICE, now);
        assert_eq!(hit(100), left(2, 1));
        assert_eq!(hit(150), left(2, 0));
        assert_eq!(
            hit(159),
            Quota::Spent {
                limit: 2,
                retry_after: 1,
                reset: 160
            }
        );
        assert_eq!(hit(160), left(2, 1));
    }

    #[test]
    fn users_apis_and_routes_do_not_share_a_window() {
        let mut windows = Windows::default();
        windows.hit(CLIENT, "alice", TWICE, 0);
        for (what, who) in [
            (CLIENT, "bob"),
            (Counted::Api(Api::Application), "alice"),
            (Counted::Route("GET", "/"), "alice"),
        ] {
            assert_eq!(windows.hit(what, who, TWICE, 0), left(2, 1));
        }
    }

    #[test]
    fn of_two_limits_the_one_with_less_left_is_shown() {
        assert_eq!(Quota::shown(None, left(5, 4)), left(5, 4));
        assert_eq!(Quota::shown(Some(left(256, 9)), left(5, 4)), left(5, 4));
        assert_eq!(Quota::shown(Some(left(256, 3)), left(5, 4)), left(256, 3));
        assert_eq!(Quota::shown(Some(left(256, 4)), left(5, 4)), left(5, 4));
    }

    #[test]
    fn backups_are_counted_back_from_now() {
        let mut backups = Backups::default();
        assert_eq!(backups.make(1, 0), Ok(()));
        assert_eq!(backups.make(1, 590), Ok(()));
        assert_eq!(backups.make(1, 599), Err(1));
        assert_eq!(backups.make(2, 599), Ok(()));
        assert_eq!(backups.make(1, 600), Ok(()));
        assert_eq!(backups.make(1, 601), Err(589));
    }
}
