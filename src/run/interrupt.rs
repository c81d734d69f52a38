//! A request to end a run: what is under way is finished, and nothing new is begun.

use tokio_util::sync::CancellationToken;

/// Whether somebody asked the run to end; clones share the answer.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(CancellationToken);

impl Interrupt {
    /// Asks the run to end.
    pub fn request(&self) {
        self.0.cancel();
    }

    /// Whether it was asked to.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Waits until it is asked to.
    pub async fn requested(&self) {
        self.0.cancelled().await;
    }
}
