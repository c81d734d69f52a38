//! Stops knocking at a door that does not open.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::exchange::transport::TransportError;

/// How many connections may fail in a row.
const ATTEMPTS: usize = 3;

/// Lets connections be attempted until [`ATTEMPTS`] of them failed in a row: could not be opened,
/// or brought no answer.
///
/// Every attempt holds a permit. A failed one keeps it, so failures and attempts under way
/// together are never more than [`ATTEMPTS`], however many senders there are; a success gives
/// back what failures kept. When the last permit is kept, the gate closes for good.
pub(super) struct Latch {
    gate: Semaphore,
    failures: Mutex<Failures>,
}

#[derive(Default)]
struct Failures {
    in_a_row: usize,
    first: Option<TransportError>,
}

impl Default for Latch {
    fn default() -> Self {
        Self {
            gate: Semaphore::new(ATTEMPTS),
            failures: Mutex::default(),
        }
    }
}

impl Latch {
    /// An error if the gate is closed.
    pub(super) fn check(&self) -> Result<(), TransportError> {
        if self.gate.is_closed() {
            return Err(self.unreachable());
        }
        Ok(())
    }

    /// Runs `work` when its turn has come, and counts how it ends. One that is dropped
    /// before its end counts for nothing.
    pub(super) async fn attempt<T>(
        &self,
        work: impl Future<Output = Result<T, TransportError>>,
    ) -> Result<T, TransportError> {
        let permit = self
            .gate
            .acquire()
            .await
            .map_err(|_closed| self.unreachable())?;
        let outcome = work.await;
        match &outcome {
            Ok(_) => self.succeeded(),
            Err(error) => self.failed(permit, error),
        }
        outcome
    }

    /// Notes that the target answers.
    pub(super) fn succeeded(&self) {
        let mut failures = self.lock();
        self.gate.add_permits(failures.in_a_row);
        *failures = Failures::default();
    }

    fn failed(&self, permit: SemaphorePermit<'_>, error: &TransportError) {
        let mut failures = self.lock();
        permit.forget();
        failures.in_a_row += 1;
        failures.first.get_or_insert_with(|| error.clone());
        if failures.in_a_row == ATTEMPTS {
            self.gate.close();
        }
    }

    fn unreachable(&self) -> TransportError {
        let failures = self.lock();
        let first = failures
            .first
            .clone()
            .expect("the gate closes after a failure, which is kept");
        TransportError::Unreachable {
            failures: failures.in_a_row,
            first: Box::new(first),
        }
    }

    /// The counts are whole between any two statements, so a panic elsewhere spoils nothing.
    fn lock(&self) -> MutexGuard<'_, Failures> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(reason: &str) -> TransportError {
        TransportError::Connect {
            target: "panel:80".into(),
            reason: reason.into(),
        }
    }

    async fn fail(latch: &Latch, reason: &str) -> TransportError {
        let attempt = latch.attempt(async { Err::<(), _>(failure(reason)) });
        attempt.await.unwrap_err()
    }

    #[tokio::test]
    async fn the_third_failure_closes_it() {
        let latch = Latch::default();
        for reason in ["one", "two", "three"] {
            assert!(latch.check().is_ok());
            assert!(fail(&latch, reason).await.to_string().contains(reason));
        }
        let error = latch.check().unwrap_err().to_string();
        assert!(
            error.contains("3 failed") && error.contains("one"),
            "{error}"
        );
        let never = async { panic!("a closed latch lets nobody connect") };
        let attempt: Result<(), _> = latch.attempt(never).await;
        assert!(matches!(
            attempt,
            Err(TransportError::Unreachable { failures: 3, .. })
        ));
    }

    #[tokio::test]
    async fn a_success_starts_the_count_again() {
        let latch = Latch::default();
        for _ in 0..4 {
            fail(&latch, "one").await;
            fail(&latch, "two").await;
            latch.attempt(async { Ok(()) }).await.unwrap();
        }
        assert_eq!(latch.gate.available_permits(), ATTEMPTS);
    }
}
