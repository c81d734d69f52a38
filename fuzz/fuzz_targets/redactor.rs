//! A key, or a piece of one, in any text and however it is written, does not get out.

#![no_main]

use base64::Engine;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use libfuzzer_sys::fuzz_target;
use ptero_conformance::exchange::{Redactor, Secret};

/// What keys are made of.
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The longest key, and the shortest of which every part is promised to go.
const LONGEST: usize = 48;
const SHORTEST: usize = 8;

fuzz_target!(|data: &[u8]| {
    let Some((&[writing, length, skip, start, end], rest)) = data.split_first_chunk() else {
        return;
    };
    let length = SHORTEST + usize::from(length) % (LONGEST - SHORTEST + 1);
    let Some((key, around)) = rest.split_at_checked(length) else {
        return;
    };
    let key: String = key
        .iter()
        .map(|byte| char::from(LETTERS[usize::from(byte % 64)]))
        .collect();
    // An escape that begins before the key would make another text of it.
    let around = String::from_utf8_lossy(around).replace(['%', '\\'], ".");
    let middle = (0..=around.len() / 2)
        .rev()
        .find(|at| around.is_char_boundary(*at));
    let (before, after) = around.split_at(middle.unwrap_or(0));
    let start = usize::from(start) % (length - SHORTEST + 1);
    let end = length - usize::from(end) % (length - start - SHORTEST + 1);
    let written = write(writing, usize::from(skip) % 3, &key[start..end]);
    let text = format!("{before}{}{after}", written.text);
    let left = Redactor::new([Secret::of_role("client", key.into())]).text(&text);
    let left = left
        .replace("[redacted: $PTERO_KEY_CLIENT]", "\n")
        .replace("[redacted]", "\n");
    for part in written.parts() {
        assert!(
            !left.contains(part),
            "{part:?} is left in {left:?} of {text:?}"
        );
    }
});

/// A key, or a piece of one, as it is written down.
struct Written {
    text: String,
    /// Where of the text only the key speaks.
    place: std::ops::Range<usize>,
    /// How far one part begins behind another, and how long they are.
    step: usize,
    length: usize,
}

impl Written {
    /// Everything that eight characters of the key can be read from.
    fn parts(&self) -> impl Iterator<Item = &str> {
        let text = &self.text[self.place.clone()];
        let last = text.len().saturating_sub(self.length);
        (0..=last)
            .step_by(self.step)
            .filter_map(|at| text.get(at..at + self.length))
    }
}

fn write(writing: u8, skip: usize, key: &str) -> Written {
    let each = |width: usize, write: &dyn Fn(u8) -> String| {
        let text: String = key.bytes().map(write).collect();
        Written {
            place: 0..text.len(),
            text,
            step: width,
            length: width * SHORTEST,
        }
    };
    // Eight bytes stand whole in twelve letters of base64, wherever they begin.
    let base64 = |engine: &dyn Fn(&[u8]) -> String| {
        let mut bytes = vec![b'.'; skip];
        bytes.extend(key.bytes());
        Written {
            text: engine(&bytes),
            place: (skip * 8).div_ceil(6)..bytes.len() * 8 / 6,
            step: 1,
            length: 12,
        }
    };
    match writing % 9 {
        0 => each(1, &|byte| char::from(byte).to_string()),
        1 => each(1, &|byte| char::from(byte.to_ascii_uppercase()).to_string()),
        2 => each(1, &|byte| char::from(byte.to_ascii_lowercase()).to_string()),
        3 => each(3, &|byte| format!("%{byte:02X}")),
        4 => each(6, &|byte| format!("\\u{byte:04x}")),
        5 => each(2, &|byte| format!("{byte:02x}")),
        6 => each(2, &|byte| format!("{byte:02X}")),
        7 => base64(&|bytes| BASE64_STANDARD_NO_PAD.encode(bytes)),
        _ => base64(&|bytes| BASE64_URL_SAFE_NO_PAD.encode(bytes)),
    }
}
