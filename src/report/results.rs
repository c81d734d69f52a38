//! A finished run as one value: all that any report tells, and nothing that none may tell.
//!
//! Every text of a stranger in it is harmless to a terminal (see [`crate::exchange::printable`]);
//! keys stand in it as names only, contents of successes as shapes only.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::counted::counted;
use crate::spec::{Level, Origin};
use crate::verdict::{Kind, Standing};

/// The version of the form of this value.
pub const VERSION: u32 = 1;

/// A finished run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Results {
    /// The version of this form: 1.
    pub version: u32,
    /// The program that made it.
    pub tool: Tool,
    /// When the run began (RFC 3339).
    pub started: String,
    /// The panel that was tested.
    pub target: TargetNamed,
    /// The profile whose contract held.
    pub profile: ProfileNamed,
    /// SHA-256 of the contract: every file of the specification that is no suite, in the order
    /// of their paths, each as path, line end, text.
    pub contract_sha256: String,
    /// The suites that were read.
    pub suites: Vec<SuiteNamed>,
    /// What was counted as a failure, and what was agreed to.
    pub options: Options,
    /// The roles whose keys were in use; names only.
    pub roles: Vec<String>,
    /// How many cases the specification has; not known where not every suite was read.
    pub specified: Option<usize>,
    /// How many cases were chosen.
    pub planned: usize,
    /// Whether all of them were decided; if not, the run was cut short.
    pub complete: bool,
    /// Why the run could not begin.
    #[serde(default)]
    pub not_begun: Option<NotBegun>,
    /// Why the run has ended early.
    pub stopped: Option<String>,
    /// Waivers that do not hold, each with its file and line.
    pub waivers: Vec<String>,
    /// The exit code: 130, 2, 1, 3 or 0.
    pub exit_code: u8,
    /// What it came to, in one line.
    pub outcome: String,
    /// How many cases.
    pub counts: Counts,
    /// Cases that need reading, by what they have in common; the gravest first.
    pub groups: Vec<Group>,
    /// The requirements that the cases are about.
    pub requirements: Vec<RequirementResult>,
    /// What was left out, and what would make it tested.
    pub not_tested: NotTested,
    /// How much of the panel conforming cases have touched.
    pub reach: Reach,
    /// On how many routes the checks were reached that missing ids hide.
    pub checks_reached: Vec<CheckReached>,
    /// Another profile that the panel keeps where it breaks this one.
    pub rather: Option<Rather>,
    /// The cases, in the order of the plan.
    pub cases: Vec<Case>,
}

/// The program that made it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// The panel that was tested.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetNamed {
    /// As a person knows it.
    pub name: String,
    /// Its address, without a slash at its end.
    pub base: String,
}

/// What a person knows the reference panel by that is in the process; what was recorded of it has
/// more words behind.
pub(super) const EMBEDDED: &str = "embedded reference panel";

impl TargetNamed {
    /// Whether it is the reference panel that is in the process.
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        self.name.starts_with(EMBEDDED)
    }

    /// How a run names it on its command line.
    #[must_use]
    pub fn argument(&self) -> &str {
        if self.is_embedded() {
            "--embedded"
        } else {
            &self.base
        }
    }
}

/// The profile whose contract held.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileNamed {
    /// Its name.
    pub name: String,
    /// What it speaks of.
    pub title: String,
    /// SHA-256 of its file; what it extends is part of the contract.
    pub sha256: String,
}

/// A suite that was read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SuiteNamed {
    /// Its file.
    pub file: String,
    /// Its title; none where it could not be read.
    pub title: Option<String>,
    /// SHA-256 of its file.
    pub sha256: String,
    /// What is wrong with it; then its cases are missing.
    pub troubles: Vec<String>,
}

/// What was counted as a failure, and what was agreed to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// The kinds of deviation that fail a case.
    pub fail_on: Vec<Kind>,
    /// The lowest level that fails a case.
    pub level: Level,
    /// Whether expectations fail a case that were never observed.
    pub trust_source: bool,
    /// Whether missing keys were agreed to.
    pub partial: bool,
    /// The flags of the consents that were given.
    pub consents: Vec<String>,
    /// The panel's version, if the operator named it.
    pub panel_version: Option<String>,
    /// Texts of which a chosen id has one in it; none: all cases were chosen.
    pub filters: Vec<String>,
    /// Whether a chosen id had to be one of the texts.
    pub exact: bool,
    /// The states that the panel was said to have.
    pub has: Vec<String>,
    /// Further flags that speak of the panel, without their values.
    pub given: Vec<String>,
}

/// How many cases.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// By standing.
    pub standings: BTreeMap<Standing, usize>,
    /// By the gravest kind of their deviations.
    pub kinds: BTreeMap<Kind, usize>,
}

/// Cases that have something in common: a cause, or how they deviate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// What they have in common.
    pub title: String,
    /// What every one of them means for the run.
    pub standing: Standing,
    /// The gravest kind of their deviations.
    pub kind: Option<Kind>,
    /// Where no cause is known: why the first of them had to be answered otherwise, a sentence each.
    pub reasons: Vec<String>,
    /// The likely cause, where one is known.
    pub cause: Option<Cause>,
    /// Their ids, the gravest first; the first is shown in full. Never empty.
    pub cases: Vec<String>,
}

/// A likely cause, and how it is mended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cause {
    /// Its name.
    pub id: String,
    /// What follows from it.
    pub means: String,
    /// What to do.
    pub fix: String,
    /// Lines to paste.
    pub lines: Option<String>,
    /// How well it is known.
    pub origin: Origin,
    /// Where from.
    pub source: String,
}

/// Why a run could not begin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotBegun {
    /// What was seen, with the headline of its cause where one is known.
    pub why: String,
    /// What it can be, and what to do, where no cause is known.
    pub mend: Option<String>,
    /// The likely cause, where one is known.
    pub cause: Option<Cause>,
}

impl NotBegun {
    /// What is wrong, in one line.
    #[must_use]
    pub fn in_a_line(&self) -> String {
        let mend = self.mend.as_ref();
        self.why.clone() + &mend.map_or(String::new(), |mend| format!("; {mend}"))
    }
}

/// What became of a requirement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequirementResult {
    /// Its id.
    pub id: String,
    /// How binding it is.
    pub level: Level,
    /// The clause.
    pub text: String,
    /// Where it is stated.
    pub source: String,
    /// `passed`, `failed`, `advice`, `waived`, `partial`, `undecided`, `broken` or `not tested`.
    pub outcome: String,
    /// How many cases the specification has of it; not known where not every suite was read.
    pub specified: Option<usize>,
    /// Its cases by standing.
    pub standings: BTreeMap<Standing, usize>,
}

/// What was left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotTested {
    /// Cases that were skipped, by the reason.
    pub skipped: Vec<SkippedCases>,
    /// MUST requirements of which no case was chosen.
    pub not_chosen: Vec<String>,
    /// Requirements that only a person can look at.
    pub by_a_person: Vec<ByAPerson>,
}

/// Cases that were skipped for one reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SkippedCases {
    /// The reason.
    pub reason: String,
    /// How many.
    pub count: usize,
    /// What would make them tested.
    pub to_test: Option<String>,
}

/// A requirement that only a person can look at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ByAPerson {
    /// Its id.
    pub id: String,
    /// Why.
    pub reason: String,
}

/// How much of the panel conforming cases have touched, as distinct (method, route, role).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reach {
    /// Of the Client API.
    pub client: usize,
    /// Of the Application API.
    pub application: usize,
}

/// On how many routes a check was reached: judged at an id that exists, in an answer that a good
/// key does not get.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckReached {
    /// The check: `key type`, `permission`, `ownership`.
    pub check: String,
    /// On so many routes it was reached.
    pub routes: usize,
    /// So many routes have it.
    pub of: usize,
}

/// Another profile that the panel keeps where it breaks this one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rather {
    /// Its name.
    pub profile: String,
    /// How many of the failed cases conform to it.
    pub kept: usize,
    /// How many failed.
    pub of: usize,
}

/// A case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Its id.
    pub id: String,
    /// What it checks, in one sentence.
    pub title: String,
    /// The file of its suite.
    pub file: String,
    /// The line where its scenario begins, from 1.
    pub line: usize,
    /// The requirements that it checks.
    pub requirements: Vec<String>,
    /// How binding it is.
    pub level: Level,
    /// How well its expectation is known.
    pub origin: Origin,
    /// What it means for the run.
    pub standing: Standing,
    /// The gravest kind of its deviations.
    pub kind: Option<Kind>,
    /// What it says about the panel.
    pub verdict: CaseVerdict,
    /// The roles whose keys it uses.
    pub roles: Vec<String>,
    /// What was sent and what came, in order.
    pub steps: Vec<Step>,
}

/// What a case says about the panel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "is", rename_all = "kebab-case", deny_unknown_fields)]
pub enum CaseVerdict {
    /// Every answer is what is due.
    Conforms,
    /// These are not; never empty.
    Deviates {
        /// The differences.
        deviations: Vec<DeviationTold>,
    },
    /// The answers decide nothing.
    Inconclusive {
        /// Why.
        why: String,
    },
    /// Nothing was asked.
    Skipped {
        /// Why.
        why: String,
    },
    /// The harness could not judge.
    Broken {
        /// Why.
        why: String,
    },
}

/// One difference between what is due and what came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviationTold {
    /// The number of the step, from 1.
    pub step: usize,
    /// What it means.
    pub kind: Kind,
    /// What differs: `status`, `header allow`, `/errors/0/code`.
    pub what: String,
    /// What is due.
    pub expected: String,
    /// What came.
    pub observed: String,
}

/// One request and its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Why the expectation is what it is, a sentence each.
    pub reasons: Vec<String>,
    /// What was sent.
    pub request: RequestTold,
    /// What came.
    pub answer: Answer,
    /// The nearest conforming answer against the one that came, where they differ.
    pub diff: Option<String>,
    /// A line for a POSIX shell that sends the request again; keys are variables.
    pub curl: String,
    /// What the line needs of the answers to earlier steps, as comments for a shell.
    pub curl_needs: Vec<String>,
}

/// A request as it was sent, but for keys, which are named.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestTold {
    /// The method.
    pub method: String,
    /// The path with its query.
    pub target: String,
    /// The header fields, in order.
    pub headers: Vec<Field>,
    /// The content.
    pub content: Option<String>,
}

/// A header field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its value, redacted.
    pub value: String,
}

/// An answer, redacted; of a success only the shape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The header fields, names in lower case.
    pub headers: Vec<Field>,
    /// The content.
    pub content: AnswerContent,
}

/// The content of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "is", rename_all = "kebab-case", deny_unknown_fields)]
pub enum AnswerContent {
    /// There was none.
    Empty,
    /// JSON.
    Json {
        /// The document.
        value: Value,
    },
    /// A text.
    Text {
        /// Its beginning.
        text: String,
    },
    /// It is not kept.
    LeftOut {
        /// Why.
        why: String,
    },
}

/// The flags that say where something is found, which differs between the machines of one run: what
/// is found there is compared by itself.
const WHERE_FOUND: [&str; 4] = ["--keys", "--resolve", "--ca-cert", "--specs"];

impl Options {
    /// What the parts of one run have in common.
    #[must_use]
    pub fn of_all_parts(&self) -> Self {
        let mut all = self.of_all_cases();
        all.given
            .retain(|flag| !WHERE_FOUND.contains(&flag.as_str()));
        all
    }

    /// Without which cases were chosen.
    #[must_use]
    pub fn of_all_cases(&self) -> Self {
        Self {
            filters: Vec::new(),
            exact: false,
            ..self.clone()
        }
    }
}

impl Results {
    /// How many cases have a standing.
    #[must_use]
    pub fn count(&self, standing: Standing) -> usize {
        self.counts
            .standings
            .get(&standing)
            .copied()
            .unwrap_or_default()
    }

    /// The case of an id.
    #[must_use]
    pub fn case(&self, id: &str) -> Option<&Case> {
        self.cases.iter().find(|case| case.id == id)
    }

    /// The line that names what was tested and against what.
    #[must_use]
    pub fn title(&self) -> String {
        format!(
            "target {} · profile {}",
            self.target.name, self.profile.name
        )
    }

    /// Cases by their gravest kind, `0 opened · 1 closed · 6 reshaped · 111 reworded`, and how many
    /// of them failed, where not all did.
    #[must_use]
    pub fn kinds(&self) -> String {
        let count = |kind: &Kind| self.counts.kinds.get(kind).copied().unwrap_or_default();
        let all: usize = self.counts.kinds.values().sum();
        let failed = self.count(Standing::Failed);
        let kinds = Kind::ALL.map(|kind| format!("{} {kind}", count(&kind)));
        match (all, failed) {
            (all, failed) if all == failed => kinds.join(" · "),
            (all, 0) => format!("{}, none of these {all} failed", kinds.join(" · ")),
            (all, failed) => format!("{}, {failed} of these {all} failed", kinds.join(" · ")),
        }
    }

    /// Whether a case of a kind that alarms has failed.
    #[must_use]
    pub fn has_failed_by(&self, kind: Kind) -> bool {
        let mut failed = self.cases.iter().filter(|c| c.standing == Standing::Failed);
        matches!(kind, Kind::Opened | Kind::Closed) && failed.any(|case| case.kind == Some(kind))
    }

    /// Cases by their standing; of a run that could not begin, also how many there were to be.
    #[must_use]
    pub fn standings(&self) -> String {
        let count = |standing: Standing| format!("{} {standing}", self.count(standing));
        let counts = Standing::ALL.map(count).join(" · ");
        let decided = self.decided();
        if self.not_begun.is_some() {
            format!("{decided} of {} cases: {counts}", self.planned)
        } else {
            format!("{}: {counts}", counted(decided, "case"))
        }
    }

    /// How many cases were decided.
    #[must_use]
    pub fn decided(&self) -> usize {
        self.counts.standings.values().sum()
    }
}

impl Case {
    /// What keeps it from conforming, in lines; none where it conforms.
    #[must_use]
    pub fn why(&self) -> Vec<String> {
        match &self.verdict {
            CaseVerdict::Conforms => Vec::new(),
            CaseVerdict::Deviates { deviations } => deviations
                .iter()
                .map(|deviation| {
                    let step = if self.steps.len() > 1 {
                        format!(" (step {})", deviation.step)
                    } else {
                        String::new()
                    };
                    format!("{deviation}{step}")
                })
                .collect(),
            CaseVerdict::Inconclusive { why } => vec![format!("inconclusive: {why}")],
            CaseVerdict::Skipped { why } => vec![format!("skipped: {why}")],
            CaseVerdict::Broken { why } => vec![format!("broken: {why}")],
        }
    }

    /// The steps that deviate, each with its number from 1.
    pub fn deviating_steps(&self) -> impl Iterator<Item = (usize, &Step)> {
        let deviations: &[DeviationTold] = match &self.verdict {
            CaseVerdict::Deviates { deviations } => deviations,
            _ => &[],
        };
        self.steps
            .iter()
            .enumerate()
            .map(|(number, step)| (number + 1, step))
            .filter(|(number, _)| deviations.iter().any(|d| d.step == *number))
    }
}

impl std::fmt::Display for DeviationTold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}: {}: expected {}, observed {}",
            self.kind, self.what, self.expected, self.observed
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{case, deviates, deviation, results, step};

    #[test]
    fn only_the_panel_of_the_process_is_embedded() {
        let named = |name: &str| TargetNamed {
            name: name.to_owned(),
            base: "http://localhost".to_owned(),
        };
        assert_eq!(named(EMBEDDED).argument(), "--embedded");
        let recorded = format!("{EMBEDDED}, recorded");
        assert_eq!(named(&recorded).argument(), "--embedded");
        assert_eq!(named("http://localhost").argument(), "http://localhost");
        let recorded = "http://localhost, recorded";
        assert_eq!(named(recorded).argument(), "http://localhost");
    }

    #[test]
    fn the_parts_of_a_run_may_find_things_elsewhere_and_choose_other_cases() {
        let mut options = results(Vec::new()).options;
        options.given = ["--keys", "--allow-production", "--specs"]
            .map(Into::into)
            .into();
        options.filters = vec!["no-key".to_owned()];
        options.exact = true;
        options.partial = true;
        let cases = options.of_all_cases();
        assert_eq!((&cases.filters[..], cases.exact), (&[][..], false));
        assert_eq!((&cases.given, cases.partial), (&options.given, true));
        let parts = options.of_all_parts();
        assert_eq!((&parts.filters[..], parts.exact), (&[][..], false));
        assert_eq!(parts.given, ["--allow-production"]);
        assert!(parts.partial);
    }

    #[test]
    fn kinds_say_how_many_of_them_failed_where_not_all_did() {
        use Standing::{Advice, Failed, Passed};
        let kinds = |standings: &[Standing]| {
            let cases = standings.iter().map(|standing| case("a/b/x", *standing));
            results(cases.collect()).kinds()
        };
        for (standings, wanted) in [
            (&[Passed][..], "0 reshaped · 0 reworded"),
            (&[Failed, Failed], "2 reshaped · 0 reworded"),
            (
                &[Advice, Advice],
                "0 reshaped · 2 reworded, none of these 2 failed",
            ),
            (
                &[Failed, Advice],
                "1 reshaped · 1 reworded, 1 of these 2 failed",
            ),
        ] {
            assert_eq!(kinds(standings), format!("0 opened · 0 closed · {wanted}"));
        }
    }

    #[test]
    fn what_opens_or_closes_alarms_where_it_failed() {
        let of = |standing, kind| {
            let case = Case {
                kind: Some(kind),
                ..case("a/b/one", standing)
            };
            results(vec![case])
        };
        let failed = of(Standing::Failed, Kind::Opened);
        assert!(failed.has_failed_by(Kind::Opened));
        assert!(!failed.has_failed_by(Kind::Closed));
        assert!(of(Standing::Failed, Kind::Closed).has_failed_by(Kind::Closed));
        assert!(!of(Standing::Failed, Kind::Reshaped).has_failed_by(Kind::Reshaped));
        assert!(!of(Standing::Advice, Kind::Opened).has_failed_by(Kind::Opened));
    }

    #[test]
    fn a_deviation_names_its_step_where_there_are_more() {
        let mut told = case("a/b/one", Standing::Failed);
        assert_eq!(told.why(), ["reshaped: status: expected 401, observed 403"]);
        assert_eq!(told.deviating_steps().count(), 1);
        told.steps.push(step());
        let second = DeviationTold {
            step: 2,
            ..deviation()
        };
        told.verdict = deviates(&[second]);
        let wanted = ["reshaped: status: expected 401, observed 403 (step 2)"];
        assert_eq!(told.why(), wanted);
        let steps = told.deviating_steps().map(|(number, _)| number);
        assert_eq!(steps.collect::<Vec<_>>(), [2]);
    }
}
