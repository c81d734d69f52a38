//! Looks for keys where no key may be: in what was printed, and in files.

use std::collections::BTreeSet;
use std::path::Path;

/// A key that no panel knows, spelled like one.
pub(crate) const CANARY: &str = "ptlc_Q7wZr3Xk9Vb2Nc8Mh4Tj6Ly1Pd5Sf0GaUeIoRtYqWxK";

/// The shortest part of a key that may not be seen.
const PART: usize = 8;

/// Whether a part of a key stands in a text.
pub(crate) fn shows(key: &str, text: &str) -> bool {
    let parts: BTreeSet<_> = key.as_bytes().windows(PART).collect();
    text.as_bytes()
        .windows(PART)
        .any(|part| parts.contains(part))
}

/// Fails if a part of a key stands in a text.
pub(crate) fn not_in_text(key: &str, place: &str, text: &str) {
    assert!(!shows(key, text), "a part of the key stands in {place}");
}

/// Fails if a part of one of many keys stands in a file of a folder; each file is read once, so
/// that it may be large.
pub(crate) fn none_in_folder(keys: &[String], folder: &Path) {
    let parts: BTreeSet<_> = keys
        .iter()
        .flat_map(|key| key.as_bytes().windows(PART))
        .collect();
    let finder = aho_corasick::AhoCorasick::new(&parts).expect("an automaton");
    assert!(
        keys.iter().all(|key| finder.is_match(key)),
        "it finds what it looks for"
    );
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let content = std::fs::read(&path).expect("a file");
        let place = path.display();
        assert!(
            !finder.is_match(&content),
            "a part of a key stands in {place}"
        );
    }
}

/// Fails if a part of a key stands in a file of a folder, or in the name of one.
pub(crate) fn not_in_folder(key: &str, folder: &Path) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let place = path.display().to_string();
        not_in_text(key, "the name of a file", &place);
        if path.is_dir() {
            not_in_folder(key, &path);
        } else {
            let content = std::fs::read(&path).expect("a file");
            not_in_text(key, &place, &String::from_utf8_lossy(&content));
        }
    }
}
