//! Texts with `${…}` in them: filled from the matrix when read, from the run when sent.

use std::collections::BTreeMap;
use std::fmt;

use super::name::{Api, RoleName};

/// A text that is complete but for what only a run knows: keys, ids, saved values.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Template(pub Vec<Part>);

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Text as it stands.
    Text(String),
    /// `${key}`: the key of the request; `${key:ROLE}`: that of a role.
    Key(Option<RoleName>),
    /// `${prefix}`: what keys of the API asked start with; `${prefix:API}`: of that API.
    Prefix(Option<Api>),
    /// `${limit}`: how many requests a minute the profile allows at the API asked.
    Limit,
    /// `${run}`: a text that names this run.
    Run,
    /// `${origin}`: scheme, host and port of the target.
    Origin,
    /// `${allowed-origin}`: a foreign origin that the operator says is let in.
    AllowedOrigin,
    /// `{server}` in a path: an id.
    Id(String),
    /// `${NAME}`: a value that an earlier step saved.
    Saved(String),
}

/// What is wrong in a text with `${…}`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTemplate {
    /// No closing brace.
    #[error("`${{` without a closing `}}`")]
    Open,
    /// A name that nothing fills.
    #[error("nothing fills `${{{0}}}`")]
    Unknown(String),
}

/// The fields of one matrix row, `axis` or `axis.field`, with their texts.
pub(super) type Row = BTreeMap<String, String>;

/// Fills in what the matrix row knows and leaves the rest.
pub(super) fn fill(text: &str, row: &Row) -> Result<String, BadTemplate> {
    if !text.contains("${") {
        return Ok(text.to_owned());
    }
    let mut out = String::new();
    for piece in pieces(text)? {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Name(name) => match row.get(name) {
                Some(value) => out.push_str(value),
                None => out.push_str(&format!("${{{name}}}")),
            },
        }
    }
    Ok(out)
}

/// Reads a text whose matrix variables are filled; `saved` are the names that steps save.
pub(super) fn parse(text: &str, saved: &[&str]) -> Result<Template, BadTemplate> {
    let pieces = pieces(text)?;
    let mut parts = Vec::with_capacity(pieces.len());
    for piece in pieces {
        parts.push(match piece {
            Piece::Text(text) => Part::Text(text.to_owned()),
            Piece::Name(name) => {
                variable(name, saved).ok_or_else(|| BadTemplate::Unknown(name.to_owned()))?
            }
        });
    }
    Ok(Template(parts))
}

fn variable(name: &str, saved: &[&str]) -> Option<Part> {
    let (head, argument) = match name.split_once(':') {
        Some((head, argument)) => (head, Some(argument)),
        None => (name, None),
    };
    match (head, argument) {
        ("key", None) => Some(Part::Key(None)),
        ("key", Some(role)) => role.parse().ok().map(|role| Part::Key(Some(role))),
        ("prefix", None) => Some(Part::Prefix(None)),
        ("prefix", Some("client")) => Some(Part::Prefix(Some(Api::Client))),
        ("prefix", Some("application")) => Some(Part::Prefix(Some(Api::Application))),
        ("limit", None) => Some(Part::Limit),
        ("run", None) => Some(Part::Run),
        ("origin", None) => Some(Part::Origin),
        ("allowed-origin", None) => Some(Part::AllowedOrigin),
        _ if saved.contains(&name) => Some(Part::Saved(name.to_owned())),
        _ => None,
    }
}

enum Piece<'t> {
    Text(&'t str),
    Name(&'t str),
}

fn pieces(text: &str) -> Result<Vec<Piece<'_>>, BadTemplate> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let end = rest[start..].find('}').ok_or(BadTemplate::Open)? + start;
        found.push(Piece::Text(&rest[..start]));
        found.push(Piece::Name(&rest[start + 2..end]));
        rest = &rest[end + 1..];
    }
    found.push(Piece::Text(rest));
    found.retain(|piece| !matches!(piece, Piece::Text("")));
    Ok(found)
}

impl Template {
    /// Reads a text whose `${…}` only a run can fill.
    ///
    /// # Errors
    ///
    /// When nothing fills one.
    pub fn parse(text: &str) -> Result<Self, BadTemplate> {
        parse(text, &[])
    }

    /// A template of plain text.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self(vec![Part::Text(text.to_owned())])
    }

    /// Splits `{parameter}` out of the plain parts: what a path needs.
    #[must_use]
    pub(crate) fn with_ids(self) -> Self {
        let mut parts = Vec::with_capacity(self.0.len());
        for part in self.0 {
            match part {
                Part::Text(text) if !text.contains('{') => parts.push(Part::Text(text)),
                Part::Text(text) => split_ids(&text, &mut parts),
                other => parts.push(other),
            }
        }
        Self(parts)
    }

    /// The path parameters that stand in it.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Id(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// The roles whose keys stand in it.
    pub fn roles(&self) -> impl Iterator<Item = &RoleName> {
        self.0.iter().filter_map(|part| match part {
            Part::Key(Some(role)) => Some(role),
            _ => None,
        })
    }
}

fn split_ids(text: &str, into: &mut Vec<Part>) {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, behind)) = after.split_once('}') else {
            break;
        };
        if !before.is_empty() {
            into.push(Part::Text(before.to_owned()));
        }
        into.push(Part::Id(name.to_owned()));
        rest = behind;
    }
    if !rest.is_empty() {
        into.push(Part::Text(rest.to_owned()));
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| match part {
            Part::Text(text) => f.write_str(text),
            Part::Key(None) => f.write_str("${key}"),
            Part::Key(Some(role)) => write!(f, "${{key:{role}}}"),
            Part::Prefix(None) => f.write_str("${prefix}"),
            Part::Prefix(Some(api)) => write!(f, "${{prefix:{api}}}"),
            Part::Limit => f.write_str("${limit}"),
            Part::Run => f.write_str("${run}"),
            Part::Origin => f.write_str("${origin}"),
            Part::AllowedOrigin => f.write_str("${allowed-origin}"),
            Part::Id(name) => write!(f, "{{{name}}}"),
            Part::Saved(name) => write!(f, "${{{name}}}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_the_row_and_leaves_the_run() {
        let row = Row::from([("spelling.value".to_owned(), "bearer ${key}".to_owned())]);
        let filled = fill("${spelling.value}, ${run}", &row).unwrap();
        assert_eq!(filled, "bearer ${key}, ${run}");
        assert_eq!(fill("${open", &row), Err(BadTemplate::Open));
    }

    #[test]
    fn reads_what_a_run_fills() {
        let read = parse("a ${key} ${key:client-other}${id}", &["id"]).unwrap();
        assert_eq!(read.to_string(), "a ${key} ${key:client-other}${id}");
        assert_eq!(
            read.roles().map(RoleName::as_str).collect::<Vec<_>>(),
            ["client-other"]
        );
        assert_eq!(
            parse("${nobody}", &[]),
            Err(BadTemplate::Unknown("nobody".into()))
        );
    }

    #[test]
    fn every_part_is_written_as_it_was_read() {
        let text = "${key}${key:client}${prefix}${prefix:client}${prefix:application}${limit}${run}\
                    ${origin}${allowed-origin}${mine}";
        let read = parse(text, &["mine"]).unwrap();
        assert_eq!(read.to_string(), text);
        assert_eq!(read.0.len(), 10);
        for wrong in [
            "${prefix:nobody}",
            "${run:1}",
            "${limit:client}",
            "${origin:x}",
        ] {
            assert!(parse(wrong, &[]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn text_without_an_id_stays_one_part() {
        let path = parse("/api/client", &[]).unwrap().with_ids();
        assert_eq!(path.0, [Part::Text("/api/client".into())]);
    }

    #[test]
    fn finds_ids_in_paths() {
        let path = parse("/api/client/servers/{server}/users/{user}?x=1", &[])
            .unwrap()
            .with_ids();
        let ids: Vec<_> = path.0.iter().filter(|p| matches!(p, Part::Id(_))).collect();
        assert_eq!(ids, [&Part::Id("server".into()), &Part::Id("user".into())]);
    }
}
