//! How many there are of something, in words.

/// A number of things: `1 case`, `2 cases`.
pub(crate) fn counted(number: usize, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{plural}")
}
