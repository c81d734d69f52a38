//! SHA-256, by which somebody can tell that a text is the same.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// SHA-256 of texts, one behind another, in hexadecimal.
pub(crate) fn sha256<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let mut digest = Sha256::new();
    for text in texts {
        digest.update(text);
    }
    let mut hex = String::new();
    for byte in digest.finalize() {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}
