//! Which case makes which check on which route, as CSV (RFC 4180).

use crate::spec::{Row, Specs, coverage};

/// The table, one line for each route and check, with a line of names before them.
#[must_use]
pub fn coverage_table(specs: &Specs) -> String {
    let head = "route,check,case,why not\n".to_owned();
    head + &coverage(specs).iter().map(line).collect::<String>()
}

fn line(row: &Row<'_>) -> String {
    let case = row.case.map_or("", |case| case.id.as_str());
    format!(
        "{},{},{case},{}\n",
        *row.route.endpoint,
        row.check.name.value,
        quoted(row.reason.unwrap_or_default())
    )
}

/// A text as a field; in quotes where it would not be one otherwise.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
