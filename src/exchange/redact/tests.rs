//! No part of a key survives, and nothing else goes.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};
use percent_encoding::percent_decode_str;
use proptest::prelude::*;
use serde_json::json;

use super::*;

const KEY: &str = "ptlc_Ab3dE6gH9jKmN2pQrS5tUvWxYz7aB1cD4eF8gH0jKlM";

fn redactor(secret: &str) -> Redactor {
    Redactor::new([Secret::of_role("client-other", secret.into())])
}

fn knowing_nothing(text: &str) -> String {
    Redactor::default().text(text)
}

#[test]
fn a_known_key_leaves_its_variable_behind() {
    let text = redactor(KEY).text(&format!("key={KEY}&x"));
    assert_eq!(text, "key=[redacted: $PTERO_KEY_CLIENT_OTHER]&x");
}

#[test]
fn a_clone_knows_the_same_and_learns_by_itself() {
    let one = redactor(KEY);
    assert_eq!(format!("{one:?}"), "Redactor(…)", "no secret");
    let other = one.clone();
    let marker = "[redacted: $PTERO_KEY_CLIENT_OTHER]";
    assert_eq!(
        (one.text(KEY).as_str(), other.text(KEY).as_str()),
        (marker, marker)
    );
    assert!(!format!("{one:?}").contains(&KEY[5..]));
}

#[test]
fn parts_of_a_known_key_go_and_shorter_ones_stay() {
    let redactor = redactor(KEY);
    let marker = "[redacted: $PTERO_KEY_CLIENT_OTHER]";
    assert_eq!(redactor.text(&KEY[..16]), marker);
    assert_eq!(redactor.text(&KEY[16..]), marker);
    assert_eq!(redactor.text(&KEY[20..28].to_lowercase()), marker);
    assert_eq!(redactor.text(&KEY[20..27]), &KEY[20..27]);
}

/// Every client key begins with `ptlc_`, and some with three letters more that another one has.
#[test]
fn a_key_that_begins_like_a_known_one_is_not_that_one() {
    let redactor = Redactor::new([Secret::of_role("client", "ptlc_abcdefghijk0123".into())]);
    for text in ["ptlc_abc", "ptlc_abcdefg", "ptlc_abc45678"] {
        assert!(redactor.text(text).starts_with("ptlc_"), "{text}");
    }
    for text in ["ptlc_abcdefgh", "tlc_abcdefgh", "bcdefghi"] {
        assert_eq!(redactor.text(text), "[redacted: $PTERO_KEY_CLIENT]");
    }
}

/// Two keys whose identifiers begin alike share parts; each is named by its own.
#[test]
fn of_keys_that_begin_alike_the_one_with_the_most_parts_is_named() {
    let (one, other) = ("ptlc_Test000000111", "ptlc_Test000000222");
    let redactor = Redactor::new([
        Secret::of_role("client", one.into()),
        Secret::of_role("client-other", other.into()),
    ]);
    assert_eq!(redactor.text(one), "[redacted: $PTERO_KEY_CLIENT]");
    assert_eq!(redactor.text(other), "[redacted: $PTERO_KEY_CLIENT_OTHER]");
    // What both have in common is as much the one's as the other's.
    assert_eq!(
        redactor.text("ptlc_Test000000"),
        "[redacted: $PTERO_KEY_CLIENT]"
    );
}

#[test]
fn an_unknown_key_goes_by_its_prefix() {
    assert_eq!(
        knowing_nothing("a peli_0123456789a, b"),
        "a peli_[redacted], b"
    );
    assert_eq!(knowing_nothing("ptla%5F0123456789ab"), "ptla%5F[redacted]");
    assert_eq!(knowing_nothing("ptlc_0123456789"), "ptlc_0123456789");
}

#[test]
fn what_stands_behind_bearer_goes_when_it_looks_like_a_token() {
    for (text, expected) in [
        ("Bearer eyJhbGciOiJIUzI1NiJ9.e30.x", "Bearer [redacted]"),
        ("\"bearer 12|abcdefgh==\"", "\"bearer [redacted]\""),
        ("Bearer%20abcdefg1", "Bearer%20[redacted]"),
    ] {
        assert_eq!(knowing_nothing(text), expected);
    }
    for text in [
        "Bearer realm=\"panel\", error_description=\"x1\"",
        "Bearer error_description=\"none given\"",
        "Bearer authentication is required",
        "the bearer 1234567",
    ] {
        assert_eq!(knowing_nothing(text), text);
    }
}

#[test]
fn other_long_tokens_stay() {
    let text = "0b1f6f3e-2c4d-4b7a-9c1e-8f0a2b3c4d5e cf-ray 8a1b2c3d4e5f6a7b";
    assert_eq!(redactor(KEY).text(text), text);
}

#[test]
fn a_learned_secret_goes_from_then_on() {
    let redactor = redactor(KEY);
    assert_eq!(redactor.text("s3cr3t-t0k3n"), "s3cr3t-t0k3n");
    redactor.learn(Secret::new("s3cr3t-t0k3n".into()));
    assert_eq!(redactor.text("s3cr3t-t0k3n"), "[redacted]");
    assert!(!redactor.text(KEY).contains(&KEY[..8]));
}

#[test]
fn strings_and_member_names_of_json_are_redacted() {
    let document = json!({ KEY: [KEY, 1, null, { "a": KEY }] });
    let marker = "[redacted: $PTERO_KEY_CLIENT_OTHER]";
    assert_eq!(
        redactor(KEY).json(&document),
        json!({ marker: [marker, 1, null, { "a": marker }] })
    );
}

#[test]
fn debug_shows_no_secret() {
    let secret = Secret::new(KEY.into());
    let shown = format!("{secret:?} {:?}", redactor(KEY));
    assert!(!shown.contains(&KEY[5..13]), "{shown}");
}

/// A way to write a secret down.
#[derive(Clone, Copy, Debug)]
enum Writing {
    Plain,
    Upper,
    Lower,
    Percent,
    PercentSome,
    Json,
    /// JSON with short escapes, and `/` escaped.
    Php,
    Base64,
    Base64Url,
    Hex,
}

const WRITINGS: [Writing; 10] = [
    Writing::Plain,
    Writing::Upper,
    Writing::Lower,
    Writing::Percent,
    Writing::PercentSome,
    Writing::Json,
    Writing::Php,
    Writing::Base64,
    Writing::Base64Url,
    Writing::Hex,
];

impl Writing {
    fn write(self, text: &str) -> String {
        let each = |write: fn(usize, u8) -> String| {
            let bytes = text.bytes().enumerate();
            bytes.map(|(at, byte)| write(at, byte)).collect()
        };
        match self {
            Self::Plain => text.to_owned(),
            Self::Upper => text.to_ascii_uppercase(),
            Self::Lower => text.to_ascii_lowercase(),
            Self::Percent => each(|_, byte| format!("%{byte:02X}")),
            Self::PercentSome => each(|at, byte| match at % 3 {
                0 => format!("%{byte:02x}"),
                _ => char::from(byte).to_string(),
            }),
            Self::Json => each(|_, byte| format!("\\u{byte:04x}")),
            Self::Php => {
                let text = json!(text).to_string().replace('/', "\\/");
                text[1..text.len() - 1].to_owned()
            }
            Self::Base64 => BASE64_STANDARD.encode(text),
            Self::Base64Url => BASE64_URL_SAFE.encode(text),
            Self::Hex => each(|_, byte| format!("{byte:02X}")),
        }
    }

    /// Everything that a reader could make of what is left.
    fn read(self, text: &str) -> Vec<String> {
        match self {
            Self::Base64 | Self::Base64Url => text
                .split(|c: char| !(c.is_ascii_alphanumeric() || "+/-_".contains(c)))
                .flat_map(|piece| (0..4).map(move |skip| decode(piece, skip)))
                .collect(),
            Self::Json | Self::Php => {
                let text = serde_json::from_str(&format!("\"{text}\""));
                vec![text.expect("no escape is cut in two")]
            }
            Self::Percent | Self::PercentSome => {
                vec![percent_decode_str(text).decode_utf8_lossy().into_owned()]
            }
            Self::Plain | Self::Upper | Self::Lower | Self::Hex => vec![text.to_ascii_lowercase()],
        }
    }
}

/// As much of a piece of base64 as can be decoded behind `skip` characters.
fn decode(piece: &str, skip: usize) -> String {
    let mut bits = Vec::new();
    for letter in piece.bytes().skip(skip) {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' | b'-' => 62,
            _ => 63,
        };
        bits.extend((0..6).rev().map(|bit| value >> bit & 1));
    }
    let bytes: Vec<u8> = bits
        .chunks_exact(8)
        .map(|byte| byte.iter().fold(0, |byte, bit| byte << 1 | bit))
        .collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

proptest! {
    #[test]
    fn no_part_of_a_secret_survives_alone_or_in_it(
        secret in "[!-~]{8,48}|[\\x00-\\x1f\"/a-z]{8,48}|ptl[ac]_[A-Za-z0-9]{43}",
        before in "[ -~]{0,9}|[\\x00-\\x1f\\x7f]{0,9}",
        after in "[ -~]{0,9}|[\\x00-\\x1f\\x7f]{0,9}",
        writing in prop::sample::select(&WRITINGS[..]),
        piece in prop::option::of((0_usize..41, 8_usize..49)),
    ) {
        // Escapes around the secret would make other text of it than the one written here.
        let [before, secret, after] =
            [before, secret, after].map(|text| text.replace(['%', '\\'], "."));
        let (start, length) = piece.unwrap_or((0, secret.len()));
        let start = start.min(secret.len() - 8);
        let end = secret.len().min(start + length);
        // The last digit of an escape before a piece could be what stands before it in the secret.
        let dot = if piece.is_some() { "." } else { "" };
        let text = writing.write(&format!("{before}{dot}{}{after}", &secret[start..end]));
        let left = redactor(&secret).text(&text);
        let left = left.replace("[redacted: $PTERO_KEY_CLIENT_OTHER]", "\u{fffd}");
        for read in writing.read(&left) {
            let start = start.max(super::public(&secret)).min(end);
            for part in secret.as_bytes()[start..end].windows(8) {
                let part = String::from_utf8_lossy(part).to_ascii_lowercase();
                let part = match writing {
                    Writing::Hex => Writing::Hex.write(&part),
                    _ => part,
                };
                prop_assert!(
                    !read.to_ascii_lowercase().contains(&part.to_ascii_lowercase()),
                    "{part:?} is left in {left:?}"
                );
            }
        }
    }

    #[test]
    fn any_text_can_be_redacted(text in any::<String>(), secret in any::<String>()) {
        let redactor = redactor(&secret);
        for text in [&text, &format!("{text}%{secret}\\{text}")] {
            prop_assert_eq!(redactor.text(text), redactor.bytes(text.as_bytes()));
        }
    }
}
