//! From an expectation as written to one whose every name is known.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::{Builder, Built};
use crate::spec::condition::{BadCondition, Condition};
use crate::spec::expectation::{Basis, Expectation, ValueMatch};
use crate::spec::matrix::MatrixRow;
use crate::spec::name::SchemaName;
use crate::spec::relation::{Beside, Place, Relation};
use crate::spec::suite_file::ExpectFile;
use crate::spec::template::{self, Part, Template};
use crate::spec::yaml::{Located, OneOrMany, Short};

impl Builder<'_> {
    pub(super) fn expectation(
        &mut self,
        row: &MatrixRow,
        written: &Located<Short<ExpectFile>>,
        named: &[String],
    ) -> Built<Expectation> {
        let full = match &written.value {
            Short::Name(name) => {
                let reason = Located {
                    value: name.clone(),
                    span: written.span.clone(),
                };
                let reasons = self.reasons(row, std::slice::from_ref(&reason))?;
                let basis = Basis::Because(reasons);
                return Some(Expectation {
                    basis,
                    schema: None,
                    headers: BTreeMap::new(),
                    body: BTreeMap::new(),
                    absent: Vec::new(),
                    same_as: None,
                    relations: Vec::new(),
                    shows_limit: false,
                });
            }
            Short::Full(full) => full,
        };
        let expectation = Expectation {
            basis: self.basis(row, full, &written.span)?,
            schema: self.schema(row, full.schema.as_ref())?,
            headers: self.matches(row, &full.headers, &written.span)?,
            body: self.matches(row, &full.body, &written.span)?,
            absent: full.absent.clone(),
            same_as: full
                .same_as
                .as_ref()
                .map_or(Some(None), |step| self.earlier_step(step, named).map(Some))?,
            relations: self.relations(full, named)?,
            shows_limit: full.shows_limit,
        };
        self.check_expectation(&expectation, &written.span)?;
        Some(expectation)
    }

    fn basis(&mut self, row: &MatrixRow, full: &ExpectFile, span: &Range<usize>) -> Built<Basis> {
        match (&full.because, &full.status, &full.error) {
            (Some(reasons), None, None) => {
                Some(Basis::Because(self.reasons(row, &reasons.names())?))
            }
            (None, status, error) => Some(Basis::Stated {
                status: self.statuses(status.as_ref())?,
                error: error.as_ref().map(|error| error.value.clone()),
            }),
            (Some(_), _, _) => {
                self.advise(
                    span,
                    "`because` does not go together with `status` or `error`",
                    "the scenario says why, the profile says what: leave `status` and `error` out",
                );
                None
            }
        }
    }

    fn statuses(&mut self, written: Option<&Located<OneOrMany<u16>>>) -> Built<Vec<u16>> {
        let Some(Located { value, span }) = written else {
            return Some(Vec::new());
        };
        if let Some(wrong) = value.0.iter().find(|code| !(100..600).contains(*code)) {
            self.note(span, format!("`{wrong}` is not a status code"));
            return None;
        }
        Some(value.0.clone())
    }

    fn reasons(
        &mut self,
        row: &MatrixRow,
        written: &[Located<String>],
    ) -> Built<BTreeSet<Condition>> {
        let mut conditions = BTreeSet::new();
        for reason in written {
            let text = self.fill(row, reason)?;
            if text == "granted" {
                continue;
            }
            let condition: Condition = match text.parse() {
                Ok(condition) => condition,
                Err(error) => {
                    let error: BadCondition = error;
                    self.note(&reason.span, error.to_string());
                    return None;
                }
            };
            let known = self.names.conditions;
            if !known
                .iter()
                .any(|info| *info.name.value == *condition.name())
            {
                let names = known
                    .iter()
                    .map(|info| info.name.value.as_str())
                    .chain(["granted"]);
                self.unknown(&reason.span, "condition", condition.name(), names);
                return None;
            }
            conditions.insert(condition);
        }
        Some(conditions)
    }

    fn schema(
        &mut self,
        row: &MatrixRow,
        written: Option<&Located<String>>,
    ) -> Built<Option<SchemaName>> {
        let Some(written) = written else {
            return Some(None);
        };
        let text = self.fill(row, written)?;
        let schemas = self.names.schemas;
        match schemas.name(&text) {
            Some(name) => Some(Some(name.clone())),
            None => {
                self.unknown(
                    &written.span,
                    "schema",
                    &text,
                    schemas.names().map(SchemaName::as_str),
                );
                None
            }
        }
    }

    fn matches(
        &mut self,
        row: &MatrixRow,
        written: &BTreeMap<String, ValueMatch>,
        span: &Range<usize>,
    ) -> Built<BTreeMap<String, ValueMatch>> {
        let mut matches = BTreeMap::new();
        for (name, value) in written {
            match value.try_map(&|text: &str| match_text(text, row)) {
                Ok(filled) => matches.insert(name.clone(), filled),
                Err(error) => {
                    self.note(span, error.to_string());
                    return None;
                }
            };
        }
        Some(matches)
    }

    fn relations(&mut self, full: &ExpectFile, named: &[String]) -> Built<Vec<Relation>> {
        let less = full.less_than.iter().map(|one| (Beside::LessThan, one));
        let other = full.differs_from.iter();
        let all = less.chain(other.map(|one| (Beside::DiffersFrom, one)));
        all.map(|(to, (place, step))| {
            Some(Relation {
                place: Place::read(place),
                to,
                step: self.earlier_step(step, named)?,
            })
        })
        .collect()
    }

    fn earlier_step(&mut self, written: &Located<String>, named: &[String]) -> Built<String> {
        if named.contains(&written.value) {
            return Some(written.value.clone());
        }
        let names = named.iter().map(String::as_str);
        self.unknown(&written.span, "earlier step", &written.value, names);
        None
    }

    fn check_expectation(&mut self, expectation: &Expectation, span: &Range<usize>) -> Built<()> {
        if expectation.accepts_everything() {
            self.advise(
                span,
                "this expectation accepts everything, so the case could not fail",
                "state a condition, or a status, an error, a schema, headers or members",
            );
            return None;
        }
        if expectation.shows_limit && !matches!(expectation.basis, Basis::Because(_)) {
            self.advise(
                span,
                "`shows_limit` is what the profile says of a reason, and there is none",
                "give reasons with `because`, or match `x-ratelimit-limit` in `headers`",
            );
            return None;
        }
        let pointers = expectation.body.keys().chain(&expectation.absent);
        if let Some(bad) = pointers
            .into_iter()
            .find(|p| !p.starts_with('/') && !p.is_empty())
        {
            self.advise(
                span,
                format!("`{bad}` is not a JSON Pointer"),
                "it begins with `/`",
            );
            return None;
        }
        Some(())
    }
}

/// A text to match: the row is filled in, and of the rest only what the profile and its target are agreed to have
/// may stand in it: prefixes, limits, an origin.
fn match_text(text: &str, row: &MatrixRow) -> Result<String, template::BadTemplate> {
    let filled = template::fill(text, &row.values)?;
    if !filled.contains("${") {
        return Ok(filled);
    }
    let read = template::parse(&filled, &[])?;
    let is_agreed = |part: &&Part| {
        let fact = matches!(part, Part::Limit | Part::AllowedOrigin);
        fact || matches!(part, Part::Text(_) | Part::Prefix(Some(_)))
    };
    let other = read.0.iter().find(|part| !is_agreed(part));
    match other {
        None => Ok(filled),
        Some(part) => Err(template::BadTemplate::Unknown(
            Template(vec![part.clone()])
                .to_string()
                .trim_matches(['$', '{', '}'])
                .to_owned(),
        )),
    }
}
