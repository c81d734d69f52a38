//! Causes: what many failing cases have in common, and how it is mended.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::checkup::{AnswerMatch, Checkup, Clue, Way};
use super::condition::ConditionInfo;
use super::diagnostic::Diagnostic;
use super::name::{Origin, RoleName};
use super::requirement::Requirement;
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
    /// No case that conforms shows one of these, in any step.
    #[serde(default)]
    pub unless: Vec<CaseClue>,
    /// One case that shows one of these is enough.
    #[serde(default)]
    pub enough: Vec<CaseClue>,
    /// Whether a key that is refused before the run begins may be refused for this.
    #[serde(default)]
    pub keeps_out: Option<KeepsOut>,
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

/// By what it is known that a key is refused for a cause.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeepsOut {
    /// The answer to the key shows the cause.
    Shown,
    /// And `doctor` finds this as well, by its name in `specs/doctor.yaml`.
    Finding(Located<String>),
}

fn one() -> usize {
    1
}

impl CauseInfo {
    /// A text of it, about a role.
    #[must_use]
    pub fn about(&self, text: &str, role: Option<&RoleName>) -> String {
        text.replace("${role}", role.map_or("", RoleName::as_str))
    }

    fn clues(&self) -> impl Iterator<Item = &CaseClue> {
        let shows = self.when.iter().chain(&self.proof);
        shows.chain(&self.enough).chain(&self.unless)
    }
}

/// What a case must show; everything that is given must hold for one step.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CaseClue {
    /// The condition for which the request had to be refused, by its name, or `granted`.
    pub due: Option<OneOrMany<String>>,
    /// A requirement that the case is about.
    pub requires: Option<OneOrMany<String>>,
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

    /// Whether it asks for more of an answer than its status.
    fn needs_content(&self) -> bool {
        let rest = AnswerMatch {
            status: None,
            ..self.answer.clone()
        };
        !rest.says_nothing()
    }
}

/// `specs/causes.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CausesFile {
    pub(super) causes: Vec<CauseInfo>,
}

/// What the file may refer to outside itself.
pub(super) struct Names<'a> {
    pub(super) conditions: &'a [ConditionInfo],
    pub(super) requirements: &'a [Requirement],
    pub(super) checkup: &'a Checkup,
}

impl Names<'_> {
    fn has_condition(&self, name: &str) -> bool {
        let mut conditions = self.conditions.iter();
        name == GRANTED || conditions.any(|condition| *condition.name.value == *name)
    }

    fn has_requirement(&self, id: &str) -> bool {
        let mut requirements = self.requirements.iter();
        requirements.any(|requirement| requirement.id.value.as_str() == id)
    }
}

/// Checks names and clues.
pub(super) fn check(
    file: &SourceFile,
    causes: &[CauseInfo],
    names: &Names<'_>,
    troubles: &mut Vec<Diagnostic>,
) {
    let mut seen = BTreeSet::new();
    for cause in causes {
        let mut complain = |message| troubles.push(Diagnostic::at(file, &cause.id.span, message));
        if !seen.insert(&cause.id.value) {
            complain(format!("a cause `{}` exists already", cause.id.value));
        }
        if cause.when.is_empty() || cause.clues().any(CaseClue::says_nothing) {
            complain("every case that does not conform would show this cause".to_owned());
        }
        if cause.unless.iter().any(CaseClue::needs_content) {
            complain("of a case that conforms only the status is kept for `unless`".to_owned());
        }
        if cause.share > 100 {
            complain("`share` is a percentage".to_owned());
        }
        let dues = cause.clues().filter_map(|clue| clue.due.as_ref());
        unknown("condition", dues, |due| names.has_condition(due)).for_each(&mut complain);
        let required = cause.clues().filter_map(|clue| clue.requires.as_ref());
        unknown("requirement", required, |id| names.has_requirement(id)).for_each(&mut complain);
        if let Some(KeepsOut::Finding(named)) = &cause.keeps_out {
            troubles.extend(wrong_finding(file, named, names.checkup));
        }
    }
}

/// A complaint for each name that nothing has.
fn unknown<'c>(
    what: &'c str,
    named: impl Iterator<Item = &'c OneOrMany<String>>,
    is_known: impl Fn(&str) -> bool,
) -> impl Iterator<Item = String> {
    let names = named.flat_map(|names| &names.0);
    let unknown = names.filter(move |name| !is_known(name));
    unknown.map(move |name| format!("unknown {what} `{name}`"))
}

/// What is wrong with the finding of a cause: it must be there, and be decided by answers that
/// anybody can ask for.
fn wrong_finding(
    file: &SourceFile,
    named: &Located<String>,
    checkup: &Checkup,
) -> Option<Diagnostic> {
    let name = &named.value;
    let mut findings = checkup.findings.iter();
    let Some(finding) = findings.find(|finding| finding.id.value == *name) else {
        let known = checkup.findings.iter().map(|f| f.id.value.as_str());
        let unknown = Diagnostic::at(file, &named.span, format!("unknown finding `{name}`"));
        return Some(unknown.did_you_mean(name, known));
    };
    let is_open = |clue: &Clue| {
        let mut probes = clue.answers.0.iter();
        clue.rests_on_answers()
            && probes.all(|(probe, _)| {
                let probe = checkup.probe(&probe.value);
                probe.is_none_or(|probe| probe.key.is_none() && probe.over == Way::Target)
            })
    };
    let is_decided = finding.found.iter().all(is_open);
    (!is_decided).then(|| {
        let message = format!("the finding `{name}` needs more than answers without a key");
        Diagnostic::at(file, &named.span, message)
    })
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

    const CHECKUP: &str = "\
probes:
  - { id: one, request: GET /api/client }
  - { id: two, request: GET /api/client, key: client }
panel: []
stops: []
signs: []
kinds: []
findings:
  - id: well
    gravity: trouble
    title: T
    about: whether
    fine: fine
    means: M
    fix: F
    found: [{ answers: { one: { status: 401 } } }]
    cleared: []
    origin: observed
    source: a test
  - id: locked
    gravity: trouble
    title: T
    about: whether
    fine: fine
    means: M
    fix: F
    found: [{ answers: { two: { status: 401 } } }]
    cleared: []
    origin: observed
    source: a test
readings: []
strangers: []
";

    fn checkup() -> Checkup {
        read_yaml(&SourceFile::new(
            "doctor.yaml",
            "specs/doctor.yaml",
            CHECKUP,
        ))
        .unwrap()
    }

    fn troubles(text: &str) -> Vec<String> {
        let file = SourceFile::new("causes.yaml", "specs/causes.yaml", text);
        let mut troubles = Vec::new();
        match read_yaml::<CausesFile>(&file) {
            Ok(read) => {
                let names = Names {
                    conditions: &[],
                    requirements: &[],
                    checkup: &checkup(),
                };
                check(&file, &read.causes, &names, &mut troubles);
            }
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
            (
                "    origin",
                "    unless:\n      - answer: { status: 401, content: json }\n    origin",
                "only the status is kept",
            ),
            (
                "    origin",
                "    keeps_out: { finding: wels }\n    origin",
                "unknown finding `wels`",
            ),
            (
                "    origin",
                "    keeps_out: { finding: locked }\n    origin",
                "needs more than answers without a key",
            ),
            (
                "    origin",
                "    enough:\n      - { requires: NOBODY, answer: { status: 401 } }\n    origin",
                "unknown requirement `NOBODY`",
            ),
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
