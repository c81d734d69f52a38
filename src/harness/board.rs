//! Where a run that goes on beside the tests leaves its results, and where each test waits for its own.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::run::CaseResult;

/// The results of a run, by the place of the case in the plan.
#[derive(Default)]
pub(super) struct Board {
    state: Mutex<BoardState>,
    changed: Condvar,
}

#[derive(Default)]
struct BoardState {
    results: BTreeMap<usize, Arc<CaseResult>>,
    is_over: bool,
}

impl Board {
    pub(super) fn post(&self, number: usize, result: CaseResult) {
        self.lock().results.insert(number, Arc::new(result));
        self.changed.notify_all();
    }

    pub(super) fn close(&self) {
        self.lock().is_over = true;
        self.changed.notify_all();
    }

    /// Waits until a case is over; nothing: the run has ended without it.
    pub(super) fn result(&self, number: usize) -> Option<Arc<CaseResult>> {
        let mut state = self.lock();
        loop {
            if let Some(result) = state.results.get(&number) {
                return Some(Arc::clone(result));
            }
            if state.is_over {
                return None;
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// All that are over, in the order of the plan.
    pub(super) fn all(&self) -> Vec<Arc<CaseResult>> {
        self.lock().results.values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BoardState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
