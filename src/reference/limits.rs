//! Rate limits: fixed windows of one minute, one per user and API (panel-facts §7).

use std::collections::HashMap;

use super::routes::Api;

/// Length of a window in seconds, counted from its first request.
const WINDOW: u64 = 60;

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
    /// What is shown of a limit that refuses nobody.
    pub(super) fn advertised(self) -> Self {
        match self {
            Self::Left { .. } => self,
            Self::Spent { limit, .. } => Self::Left {
                limit,
                remaining: 0,
            },
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

#[derive(Clone, Copy)]
struct Window {
    closes: u64,
    hits: u32,
}

/// The open windows of all users.
#[derive(Default)]
pub(super) struct Windows(HashMap<(Api, String), Window>);

impl Windows {
    /// Counts one request of `user` at `now` (unix seconds).
    pub(super) fn hit(&mut self, api: Api, user: &str, limit: u32, now: u64) -> Quota {
        let window = self.open_window(api, user, now);
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

    fn open_window(&mut self, api: Api, user: &str, now: u64) -> &mut Window {
        let fresh = Window {
            closes: now + WINDOW,
            hits: 0,
        };
        let window = self.0.entry((api, user.to_owned())).or_insert(fresh);
        if window.closes <= now {
            *window = fresh;
        }
        window
    }
}

#[cfg(test)]
mod tests {
    use super::{Api, Quota, Windows};

    #[test]
    fn the_window_is_fixed_from_the_first_hit() {
        let mut windows = Windows::default();
        let mut hit = |now| windows.hit(Api::Client, "alice", 2, now);
        assert_eq!(
            hit(100),
            Quota::Left {
                limit: 2,
                remaining: 1
            }
        );
        assert_eq!(
            hit(150),
            Quota::Left {
                limit: 2,
                remaining: 0
            }
        );
        assert_eq!(
            hit(159),
            Quota::Spent {
                limit: 2,
                retry_after: 1,
                reset: 160
            }
        );
        assert_eq!(
            hit(160),
            Quota::Left {
                limit: 2,
                remaining: 1
            }
        );
    }

    #[test]
    fn users_and_apis_do_not_share_a_window() {
        let mut windows = Windows::default();
        windows.hit(Api::Client, "alice", 1, 0);
        for (api, user) in [(Api::Client, "bob"), (Api::Application, "alice")] {
            let quota = windows.hit(api, user, 1, 0);
            assert_eq!(
                quota,
                Quota::Left {
                    limit: 1,
                    remaining: 0
                }
            );
        }
    }
}
