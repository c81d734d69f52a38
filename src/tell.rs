//! What is said to a person beside the output: on standard error.

/// Says a line on standard error. `eprintln!` panics where nobody reads it, as in `2>&1 | head`; a
/// run goes on then, so that what it has begun is finished.
macro_rules! tell {
    ($($words:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($words)*);
    }};
}
