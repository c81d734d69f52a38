//! Ctrl-C, and the polite request to end that service managers send.

use tokio::runtime::Runtime;

use super::exit;
use crate::run::Interrupt;

/// What somebody who wants the process to end sends.
#[cfg(unix)]
pub(super) struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    /// From now on they are heard, and no longer end the process.
    pub(super) fn hear() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) {
        tokio::select! { _ = self.interrupt.recv() => {}, _ = self.terminate.recv() => {} }
    }
}

/// What somebody who wants the process to end sends.
#[cfg(not(unix))]
pub(super) struct Signals;

#[cfg(not(unix))]
impl Signals {
    /// They are heard as soon as somebody waits for one.
    #[allow(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
    pub(super) fn hear() -> std::io::Result<Self> {
        Ok(Self)
    }

    /// Waits for the next one. Without a handler there is none, and the process is ended by force.
    pub(super) async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Asks a run to end when the first signal comes, and ends the process at the second.
pub(crate) fn watch(runtime: &Runtime, interrupt: Interrupt) -> Result<(), String> {
    let _inside = runtime.enter();
    let mut signals = Signals::hear().map_err(|error| error.to_string())?;
    runtime.spawn(async move {
        signals.next().await;
        interrupt.request();
        tell!(
            "\ninterrupted: finishing what is under way, deleting what was created; \
             once more ends at once, and leaves that to `cleanup`"
        );
        signals.next().await;
        std::process::exit(i32::from(exit::INTERRUPTED));
    });
    Ok(())
}
