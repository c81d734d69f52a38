//! Makes text of a stranger harmless to a terminal.

/// The text with every character that a terminal or a reader could be fooled by written as an
/// escape: control characters (and with them ANSI sequences), bidirectional overrides,
/// invisible characters. Line ends become `\n`; tabs stay.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.replace("\r\n", "\n").chars() {
        if disturbs(character) {
            safe.extend(character.escape_unicode());
        } else {
            safe.push(character);
        }
    }
    safe
}

fn disturbs(character: char) -> bool {
    match character {
        '\n' | '\t' => false,
        // Arabic letter mark; zero-width characters and marks; separators, embeddings and
        // overrides; word joiner, isolates and deprecated formats; byte order mark; interlinear
        // annotations; tags.
        '\u{61c}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => true,
        _ => character.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_stays() {
        let text = "Zugriff verweigert – 禁止 🦖\n\tnächste Zeile";
        assert_eq!(printable(text), text);
    }

    #[test]
    fn what_moves_a_cursor_or_turns_a_line_is_written_out() {
        assert_eq!(printable("\x1b[2J\x07"), r"\u{1b}[2J\u{7}");
        assert_eq!(printable("a\u{202e}b\u{9b}c"), r"a\u{202e}b\u{9b}c");
        assert_eq!(printable("over\rwritten\r\n"), "over\\u{d}written\n");
    }
}
