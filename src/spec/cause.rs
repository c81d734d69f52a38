//! Causes: what many failing cases have in common, and how it is mended.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::checkup::AnswerMatch;
use super::condition::ConditionInfo;
use super::diagnostic::Diagnostic;
use super::name::Origin;
use super::source::SourceFile;
use super::yaml::{Located, OneOrMany};
use crate::verdict::Kind;

/// The word for a request that nothing stands in the way of.
pub const GRANTED: &str = "granted";

/// One cause, from `specs/causes.yaml`.
///
/// `${role}` in its texts stands for the role where it is looked for role by role, and
/// `${profile}` for the other profile where it is about one.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CauseInfo {
    /// Its name in this file.
    pub id: Located<String>,
    /// What it is, as a headline.
    pub title: String,
    /// What follows from it.
    pub means: String,
    /// What to do.
    pub fix: String,
    /// Lines to paste.
    #[serde(default)]
    pub lines: Option<String>,
    /// Any of these shows it, in one step of a case that does not conform.
    pub when: Vec<CaseClue>,
    /// One of those cases must show one of these; none: whatever they show is enough.
    #[serde(default)]
    pub proof: Vec<CaseClue>,
    /// How many cases must show it.
    #[serde(default = "one")]
    pub least: usize,
    /// How many of the cases that could show it must do so, in percent.
    #[serde(default)]
    pub share: u8,
    /// How many roles must be among those cases.
    #[serde(default)]
    pub roles: usize,
    /// The cases that could show it and do not, all conform.
    #[serde(default)]
    pub rest_conforms: bool,
    /// A case with the key of another role is granted, as is due.
    #[serde(default)]
    pub others_pass: bool,
    /// It is looked for among the cases of each role alone.
    #[serde(default)]
    pub per_role: bool,
    /// How well it is known.
    pub origin: Origin,
    /// Where from.
    pub source: String,
}

fn one() -> usize {
    1
}

/// What a case must show; everything that is given must hold for one step.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CaseClue {
    /// The condition for which the request had to be refused, by its name, or `granted`.
    pub due: Option<OneOrMany<String>>,
    /// The gravest kind of its deviations.
    pub kind: Option<OneOrMany<Kind>>,
    /// Whether the request carries the key of a real role, in its own place.
    pub real_key: Option<bool>,
    /// A header field that the request has, in lower case.
    pub sends: Option<String>,
    /// Whether the request asks for JSON.
    pub asks_json: Option<bool>,
    /// What came.
    pub answer: AnswerMatch,
    /// The case conforms to another profile.
    pub other_profile: bool,
}

impl CaseClue {
    /// Whether every case that does not conform would show it.
    #[must_use]
    pub fn says_nothing(&self) -> bool {
        self.answer.says_nothing() && self.kind.is_none() && !self.other_profile
    }
}

/// `specs/causes.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CausesFile {
    pub(super) causes: Vec<CauseInfo>,
}

/// Checks names and clues.
pub(super) fn check(
    file: &SourceFile,
    causes: &[CauseInfo],
    conditions: &[ConditionInfo],
    troubles: &mut Vec<Diagnostic>,
) {
    let mut seen = BTreeSet::new();
    for cause in causes {
        let mut complain = |message| troubles.push(Diagnostic::at(file, &cause.id.span, message));
        if !seen.insert(&cause.id.value) {
            complain(format!("a cause `{}` exists already", cause.id.value));
        }
        if cause.when.is_empty()
            || cause
                .when
                .iter()
                .chain(&cause.proof)
                .any(CaseClue::says_nothing)
        {
            complain("every case that does not conform would show this cause".to_owned());
        }
        if cause.share > 100 {
            complain("`share` is a percentage".to_owned());
        }
        let dues = cause.when.iter().chain(&cause.proof);
        let dues = dues.filter_map(|clue| clue.due.as_ref());
        for due in dues.flat_map(|due| &due.0) {
            if due != GRANTED && !conditions.iter().any(|c| *c.name.value == **due) {
                complain(format!("unknown condition `{due}`"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::read_yaml;

    const GOOD: &str = "\
causes:
  - id: a
    title: A
    means: It is so.
    fix: Mend it.
    when:
      - { due: granted, answer: { status: 503 } }
    origin: observed
    source: a test
";

    fn troubles(text: &str) -> Vec<String> {
        let file = SourceFile::new("causes.yaml", "specs/causes.yaml", text);
        let mut troubles = Vec::new();
        match read_yaml::<CausesFile>(&file) {
            Ok(read) => check(&file, &read.causes, &[], &mut troubles),
            Err(trouble) => troubles.push(trouble),
        }
        troubles.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_good_file_has_no_trouble() {
        assert_eq!(troubles(GOOD), Vec::<String>::new());
    }

    #[test]
    fn a_wrong_cause_is_located() {
        for (old, new, wanted) in [
            (
                "due: granted",
                "due: grunted",
                "unknown condition `grunted`",
            ),
            (
                "answer: { status: 503 }",
                "answer: {}",
                "every case that does not conform",
            ),
            (
                "    origin",
                "    share: 101\n    origin",
                "is a percentage",
            ),
            ("means", "meens", "meens"),
        ] {
            let found = troubles(&GOOD.replacen(old, new, 1));
            assert!(
                found.len() == 1 && found[0].contains(wanted) && found[0].contains("causes.yaml:"),
                "{new}: {found:?}"
            );
        }
        let (_, entry) = GOOD.split_once("causes:\n").unwrap();
        let found = troubles(&format!("{GOOD}{entry}"));
        assert!(found[0].contains("exists already"), "{found:?}");
    }
}
