//! Exit codes: what a run says to the program that started it.

/// Nothing is wrong.
pub const OK: u8 = 0;
/// The panel breaks its contract, or something is wrong with it.
pub const FAILED: u8 = 1;
/// A specification, a key or an argument is wrong.
pub const USAGE: u8 = 2;
/// Nobody can say.
pub const UNDECIDED: u8 = 3;
/// Somebody ended it, or the reader of its report went away.
pub const INTERRUPTED: u8 = 130;
