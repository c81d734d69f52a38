//! A text as it is, or with its escapes undone, where every byte still knows its place.

use std::borrow::Cow;
use std::ops::Range;

/// Bytes to search, and where they stand in the text that they were taken from.
pub(super) struct View<'a> {
    bytes: Cow<'a, [u8]>,
    /// The place of every byte and of the end; `None` where the places are the bytes' own.
    places: Option<Vec<usize>>,
}

impl<'a> View<'a> {
    /// The text itself.
    pub(super) fn raw(text: &'a str) -> Self {
        Self {
            bytes: Cow::Borrowed(text.as_bytes()),
            places: None,
        }
    }

    /// The text with percent-encoding and the escapes of JSON undone, if it has any.
    pub(super) fn unescaped(text: &'a str) -> Option<Self> {
        if !text.contains(['%', '\\']) {
            return None;
        }
        let mut bytes = Vec::with_capacity(text.len());
        let mut places = Vec::with_capacity(text.len() + 1);
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let place = text.len() - rest.len();
            let (character, length) =
                unescape(rest).unwrap_or((Unescaped::Char(first), first.len_utf8()));
            character.append_to(&mut bytes);
            places.resize(bytes.len(), place);
            rest = &rest[length..];
        }
        places.push(text.len());
        Some(Self {
            bytes: Cow::Owned(bytes),
            places: Some(places),
        })
    }

    /// What to search in.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where a range of [`bytes`](Self::bytes) stands in the text.
    pub(super) fn place(&self, range: Range<usize>) -> Range<usize> {
        match &self.places {
            Some(places) => places[range.start]..places[range.end],
            None => range,
        }
    }
}

/// What an escape stands for.
enum Unescaped {
    /// A byte: percent-encoding knows no characters.
    Byte(u8),
    /// A character.
    Char(char),
}

impl Unescaped {
    fn append_to(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Byte(byte) => bytes.push(*byte),
            Self::Char(character) => {
                bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
    }
}

/// The escape that a text begins with, and its length in bytes.
fn unescape(text: &str) -> Option<(Unescaped, usize)> {
    if let Some(digits) = text.strip_prefix('%') {
        let byte = u8::try_from(hexadecimal(digits, 2)?).ok()?;
        return Some((Unescaped::Byte(byte), 3));
    }
    if let Some(digits) = text.strip_prefix("\\u") {
        let character = char::from_u32(hexadecimal(digits, 4)?)?;
        return Some((Unescaped::Char(character), 6));
    }
    let escaped = text.strip_prefix('\\')?.chars().next()?;
    let character = match escaped {
        '"' | '\\' | '/' => escaped,
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        _ => return None,
    };
    Some((Unescaped::Char(character), 2))
}

fn hexadecimal(text: &str, digits: usize) -> Option<u32> {
    let digits = text.get(..digits)?;
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone_and_places_kept() {
        let text = r"a%62\u0063\/d%zz\q";
        let view = View::unescaped(text).unwrap();
        assert_eq!(view.bytes(), br"abc/d%zz\q");
        assert_eq!(&text[view.place(1..3)], r"%62\u0063");
        assert_eq!(&text[view.place(3..10)], r"\/d%zz\q");
    }

    #[test]
    fn every_short_escape_is_its_character() {
        let view = View::unescaped(r#"\b\f\n\r\t\"\\\/"#).unwrap();
        assert_eq!(view.bytes(), b"\x08\x0c\n\r\t\"\\/");
    }

    #[test]
    fn a_text_without_escapes_needs_no_second_look() {
        assert!(View::unescaped("plain").is_none());
    }
}
