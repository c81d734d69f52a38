//! libtest's own part: it prints while the trials run, and panics where nobody reads that.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind, set_hook, take_hook};
use std::sync::Arc;

use libtest_mimic::{Arguments, Conclusion, Trial};

use crate::run::Interrupt;

/// Runs the trials. Nothing is returned when the reader of the output went away, as `head` does:
/// the run is then asked to end, and what it has begun is finished.
pub(super) fn run(
    arguments: &Arguments,
    trials: Vec<Trial>,
    interrupt: &Interrupt,
) -> Option<Conclusion> {
    let usual = Arc::new(take_hook());
    let (others, ending) = (Arc::clone(&usual), interrupt.clone());
    set_hook(Box::new(move |panic| {
        if is_for_want_of_a_reader(panic.payload()) {
            ending.request();
        } else {
            others(panic);
        }
    }));
    let ended = catch_unwind(AssertUnwindSafe(|| libtest_mimic::run(arguments, trials)));
    set_hook(Box::new(move |panic| usual(panic)));
    match ended {
        Ok(conclusion) => Some(conclusion),
        Err(_) if interrupt.is_requested() => None,
        Err(panic) => resume_unwind(panic),
    }
}

/// libtest-mimic unwraps what writing returns, so that the message holds the error.
fn is_for_want_of_a_reader(payload: &dyn Any) -> bool {
    let message = payload.downcast_ref::<String>();
    message.is_some_and(|message| message.contains("kind: BrokenPipe"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_want_of_a_reader_ends_a_run_without_a_panic() {
        let unwrapped = |kind: &str| {
            format!("called `Result::unwrap()` on an `Err` value: Os {{ code: 32, kind: {kind} }}")
        };
        assert!(is_for_want_of_a_reader(&unwrapped("BrokenPipe")));
        assert!(!is_for_want_of_a_reader(&unwrapped("StorageFull")));
        assert!(!is_for_want_of_a_reader(&"kind: BrokenPipe"), "of another");
    }
}
