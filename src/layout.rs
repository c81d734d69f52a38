//! Puts texts into lines that fit a terminal.

/// The width of a line where none is known, in characters.
const WIDTH: usize = 80;

/// A paragraph: its first line begins with `first`, the others with as many spaces.
pub(crate) fn paragraph(first: &str, text: &str) -> String {
    paragraph_within(WIDTH, first, text)
}

/// A paragraph whose lines have at most `width` characters, as far as its words allow.
pub(crate) fn paragraph_within(width: usize, first: &str, text: &str) -> String {
    let margin = first.chars().count();
    let mut out = first.to_owned();
    let mut column = margin;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column > margin && column + 1 + length > width {
            out += &format!("\n{}", " ".repeat(margin));
            column = margin;
        }
        if column > margin {
            out.push(' ');
            column += 1;
        }
        out += word;
        column += length;
    }
    out.push('\n');
    out
}

/// Lines to paste, never broken.
pub(crate) fn lines(margin: usize, text: &str) -> String {
    let indented = text
        .lines()
        .map(|line| format!("{}{line}\n", " ".repeat(margin)));
    indented.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paragraph_hangs_below_its_beginning() {
        let text = paragraph("  asked: ", &"word ".repeat(30));
        assert!(
            text.lines().all(|line| line.chars().count() <= WIDTH),
            "{text}"
        );
        assert!(text.starts_with("  asked: word word"), "{text}");
        assert!(
            text.lines().nth(1).unwrap().starts_with("         word"),
            "{text}"
        );
    }

    #[test]
    fn a_line_is_filled_to_its_last_column() {
        let of = |text: &str| paragraph_within(12, "- ", text);
        assert_eq!(of("aaaa bbbbb cc"), "- aaaa bbbbb\n  cc\n");
        assert_eq!(of("aaaa bbbbbb"), "- aaaa\n  bbbbbb\n");
    }

    #[test]
    fn a_long_word_is_not_cut() {
        let url = "https://".to_owned() + &"x".repeat(100);
        assert_eq!(paragraph("- ", &url), format!("- {url}\n"));
        assert_eq!(lines(4, "a\nb"), "    a\n    b\n");
    }
}
