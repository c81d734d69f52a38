//! The only file that knows the YAML library: text in, values with their places out.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, Range};

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{DeserializeOwned, IgnoredAny, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_saphyr::{Location, Options, Spanned};

use super::diagnostic::Diagnostic;
use super::source::SourceFile;

/// A value and the bytes of the file that it was written in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// The byte span in the file; empty at 0 where it is not known.
    pub span: Range<usize>,
}

impl<T> Deref for Located<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Located<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<T>::deserialize(deserializer)?;
        Ok(Self {
            span: byte_span(&spanned.referenced),
            value: spanned.value,
        })
    }
}

/// A string written short, or a mapping written in full: `expect: no-key` or `expect: { … }`.
#[derive(Clone, Debug, PartialEq)]
pub enum Short<T> {
    /// The short form.
    Name(String),
    /// The full form.
    Full(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Short<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ShortVisitor(PhantomData))
    }
}

struct ShortVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ShortVisitor<T> {
    type Value = Short<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or a mapping")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Short::Name(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Short::Full)
    }
}

/// A list, or a mapping that stands for one.
#[derive(Clone, Debug, PartialEq)]
pub enum ListOr<T, M> {
    /// The list.
    List(Vec<T>),
    /// The mapping.
    Mapping(M),
}

impl<'de, T: Deserialize<'de>, M: Deserialize<'de>> Deserialize<'de> for ListOr<T, M> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListOrVisitor(PhantomData))
    }
}

struct ListOrVisitor<T, M>(PhantomData<(T, M)>);

impl<'de, T: Deserialize<'de>, M: Deserialize<'de>> Visitor<'de> for ListOrVisitor<T, M> {
    type Value = ListOr<T, M>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list or a mapping")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(seq)).map(ListOr::List)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        M::deserialize(MapAccessDeserializer::new(map)).map(ListOr::Mapping)
    }
}

/// A name, or a list of names with their places.
#[derive(Clone, Debug, PartialEq)]
pub enum NameOrList {
    /// One name.
    Name(String),
    /// The list.
    List(Vec<Located<String>>),
}

impl<'de> Deserialize<'de> for NameOrList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NameOrListVisitor)
    }
}

struct NameOrListVisitor;

impl<'de> Visitor<'de> for NameOrListVisitor {
    type Value = NameOrList;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name or a list of names")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(NameOrList::Name(name.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(seq)).map(NameOrList::List)
    }
}

impl Located<NameOrList> {
    /// The names, each with its place.
    pub(super) fn names(&self) -> Vec<Located<String>> {
        match &self.value {
            NameOrList::List(names) => names.clone(),
            NameOrList::Name(name) => vec![Located {
                value: name.clone(),
                span: self.span.clone(),
            }],
        }
    }
}

/// A mapping whose order counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Ordered<T>(pub Vec<(Located<String>, T)>);

impl<T> Default for Ordered<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Ordered<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OrderedVisitor(PhantomData))
    }
}

struct OrderedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OrderedVisitor<T> {
    type Value = Ordered<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Ordered(entries))
    }
}

/// One value, or a list of them.
#[derive(Clone, Debug, PartialEq)]
pub struct OneOrMany<T>(pub Vec<T>);

impl<T: fmt::Display> fmt::Display for OneOrMany<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let each: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&each.join(" or "))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrManyVisitor(PhantomData))
    }
}

struct OneOrManyVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OneOrManyVisitor<T> {
    type Value = OneOrMany<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or a list of values")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        T::deserialize(text.into_deserializer()).map(|one| OneOrMany(vec![one]))
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Self::Value, E> {
        T::deserialize(number.into_deserializer()).map(|one| OneOrMany(vec![one]))
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Self::Value, E> {
        T::deserialize(number.into_deserializer()).map(|one| OneOrMany(vec![one]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut many = Vec::new();
        while let Some(one) = seq.next_element()? {
            many.push(one);
        }
        Ok(OneOrMany(many))
    }
}

/// Reads a whole file as one value.
pub(crate) fn read<T: DeserializeOwned>(file: &SourceFile) -> Result<T, Diagnostic> {
    read_text(&file.text).map_err(|error| diagnose(file, &error))
}

/// Reads a mapping of a file whose text is `text`: the same positions, other parts blanked.
pub(super) fn read_part<T: DeserializeOwned>(
    file: &SourceFile,
    text: &str,
) -> Result<T, Diagnostic> {
    read_text(text).map_err(|error| diagnose(file, &error))
}

/// Where each scenario of a suite stands, when the file is YAML at all. One in braces is left out:
/// where it ends, only the library knows.
pub(super) fn scenario_places(file: &SourceFile) -> Vec<Range<usize>> {
    #[derive(Deserialize)]
    struct Outline {
        #[serde(default)]
        scenarios: Vec<Located<IgnoredAny>>,
    }
    let Ok(outline) = read_text::<Outline>(&file.text) else {
        return Vec::new();
    };
    let starts: Vec<_> = outline.scenarios.iter().map(|s| s.span.start).collect();
    let ends = starts.iter().skip(1).copied().chain([file.text.len()]);
    let places = starts.iter().zip(ends);
    places
        .map(|(start, end)| *start..block_end(&file.text, *start, end))
        .filter(|place| !file.text[place.clone()].starts_with('{'))
        .collect()
}

/// Where the block that begins at `start` ends: before the dash of the next entry at `end`, or
/// before a line that stands further to the left.
fn block_end(text: &str, start: usize, end: usize) -> usize {
    let block = text[start..end].trim_end_matches([' ', '-']);
    let outer = block.match_indices('\n').find(|(at, _)| {
        let line = &block[at + 1..];
        line.starts_with(|first: char| !first.is_whitespace() && first != '#' && first != '-')
    });
    start + outer.map_or(block.len(), |(at, _)| at + 1)
}

fn read_text<T: DeserializeOwned>(text: &str) -> Result<T, serde_saphyr::Error> {
    serde_saphyr::from_str_with_options(text, options())
}

/// Strict YAML 1.2: no merge surprises, no duplicate keys, `yes` is a string; the library's
/// budget bounds aliases, depth and size, so that no file can explode.
fn options() -> Options {
    serde_saphyr::options! {
        strict_booleans: true,
        with_snippet: false,
    }
}

fn diagnose(file: &SourceFile, error: &serde_saphyr::Error) -> Diagnostic {
    let message = error.render_with_options(serde_saphyr::render_options! {
        snippets: serde_saphyr::SnippetMode::Off,
    });
    let message = message
        .split(" at line ")
        .next()
        .unwrap_or(&message)
        .trim()
        .to_owned();
    let message = match message.as_str() {
        "expected sequence start" => "here must stand a list: `[one, another]`".to_owned(),
        "expected mapping start" => "here must stand a mapping: `name: value`".to_owned(),
        _ => message,
    };
    let found = match error.location() {
        Some(place) => Diagnostic::at(file, &place_in(&file.text, &place), &*message),
        None => Diagnostic::of_file(&file.shown, &message),
    };
    match unknown(&message) {
        Some((wrong, known)) => found.did_you_mean(wrong, known),
        None => found,
    }
}

/// The name in a message that is not known, and those that are.
fn unknown(message: &str) -> Option<(&str, impl Iterator<Item = &str>)> {
    let rest = message.strip_prefix("unknown field `");
    let rest = rest.or_else(|| message.strip_prefix("unknown variant `"))?;
    let (wrong, known) = rest.split_once("`, expected ")?;
    let known = known.strip_prefix("one of ").unwrap_or(known);
    Some((wrong, known.split(", ").map(|name| name.trim_matches('`'))))
}

/// The place of an error. Where the text is no YAML, the library knows its line and column only.
fn place_in(text: &str, place: &Location) -> Range<usize> {
    if place.span().byte_offset().is_some() {
        return byte_span(place);
    }
    let before = |number: u64| usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
    let lines = text.split_inclusive('\n').take(before(place.line()));
    let line: usize = lines.map(str::len).sum();
    let column = text[line..].chars().take(before(place.column()));
    let start = line + column.map(char::len_utf8).sum::<usize>();
    start..start + text[start..].chars().next().map_or(1, char::len_utf8)
}

fn byte_span(place: &Location) -> Range<usize> {
    let span = place.span();
    match (span.byte_offset(), span.byte_len()) {
        (Some(start), length) => {
            let start = usize::try_from(start).unwrap_or_default();
            start
                ..start
                    + length
                        .and_then(|l| usize::try_from(l).ok())
                        .unwrap_or(1)
                        .max(1)
        }
        _ => 0..0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Thing {
        expect: Located<Short<Full>>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Full {
        status: Located<u16>,
    }

    fn file(text: &str) -> SourceFile {
        SourceFile::new("a.yaml", "specs/a.yaml", text)
    }

    #[test]
    fn reads_both_forms_with_their_places() {
        let short: Thing = read(&file("expect: no-key\n")).unwrap();
        assert_eq!(short.expect.value, Short::Name("no-key".into()));
        assert_eq!(short.expect.span, 8..14);
        let text = "expect: { status: 401 }\n";
        let full: Thing = read(&file(text)).unwrap();
        let Short::Full(full) = full.expect.value else {
            panic!("short")
        };
        assert_eq!(&text[full.status.span], "401");
    }

    #[test]
    fn an_unknown_field_is_located() {
        let found = read::<Thing>(&file("expect: { stats: 401 }\n")).unwrap_err();
        assert!(found.location().starts_with("specs/a.yaml:1:1"), "{found}");
        assert!(found.message.contains("stats"), "{found}");
        assert_eq!(found.help.as_deref(), Some("did you mean `status`?"));
        let found = read::<Thing>(&file("expect: { zzz: 401 }\n")).unwrap_err();
        assert_eq!(found.help, None);
    }

    #[test]
    fn a_value_of_the_wrong_form_is_told_which_form_it_has() {
        fn message<T: DeserializeOwned>(text: &str) -> String {
            let Err(found) = read::<T>(&file(text)) else {
                panic!("{text} is read");
            };
            found.message.clone()
        }
        for (found, form) in [
            (message::<Short<Full>>("[a]\n"), "a string or a mapping"),
            (
                message::<ListOr<String, Full>>("a\n"),
                "a list or a mapping",
            ),
            (
                message::<NameOrList>("{ a: b }\n"),
                "a name or a list of names",
            ),
            (
                message::<OneOrMany<u16>>("{ a: b }\n"),
                "a value or a list of values",
            ),
        ] {
            assert!(found.ends_with(&format!("expected {form}")), "{found}");
        }
        let found = message::<Ordered<String>>("[a]\n");
        assert_eq!(found, "here must stand a mapping: `name: value`");
        let found = message::<Vec<String>>("a\n");
        assert_eq!(found, "here must stand a list: `[one, another]`");
    }

    #[test]
    fn text_that_is_no_yaml_is_told_where_it_ceases_to_be() {
        for (text, place) in [
            ("title: é\nlist: [\n", "specs/a.yaml:2:7"),
            ("title: é\nlist: { id: {server} }}\n", "specs/a.yaml:2:23"),
            ("ä: \"open\n", "specs/a.yaml:1:4"),
        ] {
            let found = read::<serde_json::Value>(&file(text)).unwrap_err();
            assert_eq!(found.location(), place, "{found}");
        }
    }

    #[test]
    fn aliases_that_explode_are_refused() {
        let mut text = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
        for i in 1..12 {
            let before = format!("*a{}", i - 1);
            let row = [before.as_str(); 9].join(",");
            text.push_str(&format!("a{i}: &a{i} [{row}]\n"));
        }
        assert!(
            read::<std::collections::BTreeMap<String, serde_json::Value>>(&file(&text)).is_err()
        );
    }

    #[test]
    fn finds_every_scenario() {
        let text = "scenarios:\n  - id: a\n    title: A\n  - id: b\n  - { id: c }\ntitle: x\n";
        let file = file(text);
        let found: Vec<_> = scenario_places(&file)
            .into_iter()
            .map(|place| text[place].trim_end())
            .collect();
        assert_eq!(found, ["id: a\n    title: A", "id: b"]);
    }
}
