//! What parts of a secret look like when they are encoded.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};

/// The shortest part that is taken for a part, in characters.
const PART: usize = 8;

/// The shortest secret that is looked for at all, in characters.
const SHORTEST: usize = 4;

/// Every part of [`PART`] characters in every encoding that a [`View`](super::View) does not
/// undo. Longer parts are runs of these. What the first `public` bytes say is no secret, and does
/// not count: else every key would have parts of all that begin like it.
pub(super) fn parts(secret: &str, public: usize) -> impl Iterator<Item = Vec<u8>> {
    windows(secret, public).flat_map(|part| {
        let base64 = (0..3).flat_map(move |offset| base64(part, offset));
        [part.as_bytes().to_vec(), hexadecimal(part)]
            .into_iter()
            .chain(base64)
    })
}

/// The parts of a secret; of a short one itself, of a very short one nothing.
fn windows(secret: &str, public: usize) -> impl Iterator<Item = &str> {
    let mut bounds: Vec<usize> = secret.char_indices().map(|(at, _)| at).collect();
    bounds.push(secret.len());
    let length = bounds.len() - 1;
    let public = secret[..public].chars().count();
    let size = (length - public).min(PART);
    let count = if length < SHORTEST {
        0
    } else {
        length - size + 1
    };
    (0..count).map(move |start| &secret[bounds[start]..bounds[start.max(public) + size]])
}

fn hexadecimal(part: &str) -> Vec<u8> {
    part.bytes()
        .flat_map(|byte| format!("{byte:02x}").into_bytes())
        .collect()
}

/// The characters of base64 that depend on the part alone when `offset` bytes (modulo 3) stand
/// before it, in both alphabets if they differ.
fn base64(part: &str, offset: usize) -> Vec<Vec<u8>> {
    let mut bytes = vec![0; offset];
    bytes.extend_from_slice(part.as_bytes());
    let own = (8 * offset).div_ceil(6)..8 * bytes.len() / 6;
    let mut texts: Vec<_> = [BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD]
        .iter()
        .map(|alphabet| alphabet.encode(&bytes).as_bytes()[own.clone()].to_vec())
        .collect();
    texts.dedup();
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_secret_has_all_its_parts_and_a_short_one_itself() {
        let windows = |secret| super::windows(secret, 0).collect::<Vec<_>>();
        assert_eq!(windows("abcdefghi"), ["abcdefgh", "bcdefghi"]);
        assert_eq!(windows("abcd"), ["abcd"]);
        assert_eq!(windows("äöüß"), ["äöüß"]);
        assert!(windows("abc").is_empty());
        assert!(windows("").is_empty());
    }

    #[test]
    fn what_is_public_makes_no_part() {
        let windows: Vec<_> = windows("ab_123456789", 3).collect();
        let wanted = [
            "ab_12345678",
            "b_12345678",
            "_12345678",
            "12345678",
            "23456789",
        ];
        assert_eq!(windows, wanted);
    }

    #[test]
    fn base64_is_found_at_every_offset() {
        for before in ["", "x", "xy", "xyz"] {
            let text = BASE64_STANDARD_NO_PAD.encode(format!("{before}ptlc_abcd!"));
            let own = base64("ptlc_abc", before.len() % 3);
            assert_eq!(own.len(), 1);
            assert!(
                text.contains(std::str::from_utf8(&own[0]).unwrap()),
                "{before:?}"
            );
        }
    }
}
