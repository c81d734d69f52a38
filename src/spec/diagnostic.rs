//! What is wrong in a specification file, where, and how to mend it.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::source::SourceFile;

/// One trouble in a specification, with its place.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// The file as a person knows it.
    pub file: String,
    /// What is wrong, lower case, without a full stop.
    pub message: String,
    /// How to mend it.
    pub help: Option<String>,
    place: Option<Box<Place>>,
}

#[derive(Clone, Debug)]
struct Place {
    file: SourceFile,
    span: Range<usize>,
}

impl Diagnostic {
    /// A trouble with a file as a whole.
    #[must_use]
    pub fn of_file(file: &str, message: &str) -> Self {
        Self {
            file: file.to_owned(),
            message: message.to_owned(),
            help: None,
            place: None,
        }
    }

    /// A trouble at a byte span of a file.
    #[must_use]
    pub fn at(file: &SourceFile, span: &Range<usize>, message: impl Into<String>) -> Self {
        let end = file.text.len();
        let span = span.start.min(end)..span.end.clamp(span.start.min(end), end);
        Self {
            file: file.shown.to_string(),
            message: message.into(),
            help: None,
            place: Some(Box::new(Place {
                file: file.clone(),
                span,
            })),
        }
    }

    /// The same trouble with an advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same trouble with "did you mean …" when one of `known` is near `wrong`.
    #[must_use]
    pub fn did_you_mean<'a>(self, wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        match nearest(wrong, known) {
            Some(name) => self.help(format!("did you mean `{name}`?")),
            None => self,
        }
    }

    /// The line, counted from 1, if the trouble has a place.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.place
            .as_ref()
            .map(|place| line_column(&place.file.text, place.span.start).0)
    }

    /// The text without `error` before it, for a message that somebody else puts that before.
    #[must_use]
    pub fn message(&self) -> String {
        let text = self.to_string();
        let bare = text.strip_prefix("error: ").map(str::to_owned);
        bare.unwrap_or(text)
    }

    /// `file:line:column`, or the file alone.
    #[must_use]
    pub fn location(&self) -> String {
        match &self.place {
            None => self.file.clone(),
            Some(place) => {
                let (line, column) = line_column(&place.file.text, place.span.start);
                format!("{}:{line}:{column}", self.file)
            }
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(place) = &self.place else {
            write!(f, "error: {}: {}", self.file, self.message)?;
            return self
                .help
                .iter()
                .try_for_each(|help| write!(f, "\n  = help: {help}"));
        };
        let snippet = Snippet::source(&*place.file.text)
            .path(&*place.file.shown)
            .annotation(AnnotationKind::Primary.span(place.span.clone()));
        let mut group = Level::ERROR
            .primary_title(self.message.as_str())
            .element(snippet);
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        f.write_str(&Renderer::plain().render(&[group]))
    }
}

/// The name among `known` that a person most likely meant, if one is near enough.
#[must_use]
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(wrong, name), name))
        .filter(|(score, _)| *score > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, name)| name)
}

/// Where the lines of a text begin, for looking up many.
#[derive(Debug)]
pub(super) struct Lines(Vec<usize>);

impl Lines {
    pub(super) fn of_text(text: &str) -> Self {
        let ends = text.match_indices('\n').map(|(end, _)| end + 1);
        Self(std::iter::once(0).chain(ends).collect())
    }

    /// The line of a byte offset, counted from 1.
    pub(super) fn of(&self, offset: usize) -> usize {
        self.0.partition_point(|start| *start <= offset)
    }
}

/// Line and column, both counted from 1, of a byte offset; the column in characters.
#[must_use]
pub(crate) fn line_column(text: &str, offset: usize) -> (usize, usize) {
    let end = (0..=offset.min(text.len()))
        .rev()
        .find(|end| text.is_char_boundary(*end));
    let before = &text[..end.unwrap_or(0)];
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_place_and_the_advice() {
        let file = SourceFile::new("a.yaml", "specs/a.yaml", "one: 1\nkey: clent\n");
        let found = Diagnostic::at(&file, &(12..17), "unknown role `clent`")
            .did_you_mean("clent", ["application", "client"]);
        let shown = found.to_string();
        assert!(shown.contains("specs/a.yaml:2:6"), "{shown}");
        assert!(shown.contains("did you mean `client`?"), "{shown}");
        assert_eq!(found.location(), "specs/a.yaml:2:6");
    }

    #[test]
    fn a_line_is_counted_from_one() {
        let text = "one\n\nthree\n";
        let lines = Lines::of_text(text);
        let of = |offset| (lines.of(offset), line_column(text, offset).0);
        assert_eq!(
            [0, 3, 4, 5, 9].map(of),
            [(1, 1), (1, 1), (2, 2), (3, 3), (3, 3)]
        );
        let file = SourceFile::new("a.yaml", "a.yaml", text);
        assert_eq!(Diagnostic::at(&file, &(6..7), "x").line(), Some(3));
        assert_eq!(Diagnostic::of_file("a.yaml", "x").line(), None);
    }

    #[test]
    fn of_near_names_the_nearest_is_advised() {
        assert_eq!(nearest("clent", ["clients", "client"]), Some("client"));
        assert_eq!(nearest("", ["client"]), None);
    }

    #[test]
    fn a_far_name_is_no_advice() {
        assert_eq!(nearest("zzz", ["client"]), None);
    }
}
