//! The file of a run's recording: JSON lines between a header and a closing line.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::digest::sha256;
use crate::exchange::{Body, Observation};

/// The form that is written. Every form from 1 on can be read.
pub const FORMAT: u64 = 1;

/// What a run has observed.
#[derive(Clone, Debug, PartialEq)]
pub struct RunRecording {
    /// What the run was.
    pub header: Header,
    /// The exchanges that verified keys and found ids.
    pub exchanges: Vec<KeptExchange>,
    /// The cases, in the order of the plan.
    pub cases: Vec<KeptCase>,
    /// Whether every case of the plan is there.
    pub complete: bool,
}

/// What a run was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The form of the file.
    pub format: u64,
    /// The program that wrote it, with its version.
    pub tool: String,
    /// The panel, as a person knows it.
    pub target: String,
    /// Scheme, host and port of the panel.
    pub origin: String,
    /// The profile whose contract held.
    pub profile: String,
    /// The panel's version, if the operator named it.
    pub panel_version: Option<String>,
    /// SHA-256 of the suites, each as path, line end, text, in the order of their paths.
    pub suite_sha256: String,
    /// Limits of the panel that are not the profile's.
    pub limits: BTreeMap<String, u32>,
    /// The states that the panel was said to be in.
    pub has: BTreeSet<String>,
    /// The flags of the consents that were given.
    pub consents: BTreeSet<String>,
    /// The roles whose keys were in use; names only.
    pub roles: BTreeSet<String>,
}

/// An exchange that verified a key or found an id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptExchange {
    /// What was sent.
    pub request: KeptRequest,
    /// What came.
    pub answer: KeptAnswer,
    /// The ids that were found in the answer, by JSON Pointer.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ids: BTreeMap<String, String>,
}

/// What was sent, as far as the specification does not say it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptRequest {
    /// Method and path template.
    pub endpoint: String,
    /// The ids in the path.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ids: BTreeMap<String, String>,
    /// The name of the role whose key it carried, or of the step that saved it.
    pub key: String,
}

/// A case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptCase {
    /// Its id.
    pub id: String,
    /// Why nothing was sent, or why what came decides nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undecided: Option<String>,
    /// The steps that were sent, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<KeptStep>,
}

/// A step that was sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptStep {
    /// What was sent.
    pub request: KeptRequest,
    /// What came.
    pub answer: KeptAnswer,
}

/// An answer, redacted; of a success only the shape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptAnswer {
    /// The status code.
    pub status: u16,
    /// Header fields in order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The content.
    pub content: KeptContent,
}

/// The content of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeptContent {
    /// There was none.
    Empty,
    /// JSON.
    Json(Value),
    /// A text.
    Text(String),
    /// It was not kept, and why.
    LeftOut(String),
}

impl From<&Observation> for KeptAnswer {
    fn from(observed: &Observation) -> Self {
        Self {
            status: observed.status,
            headers: observed.headers.clone(),
            content: match &observed.body {
                Body::Empty => KeptContent::Empty,
                Body::Json(value) => KeptContent::Json(value.clone()),
                Body::Text(text) => KeptContent::Text(text.clone()),
                Body::Unreadable(why) => KeptContent::LeftOut(why.clone()),
            },
        }
    }
}

impl From<&KeptAnswer> for Observation {
    fn from(kept: &KeptAnswer) -> Self {
        Self {
            status: kept.status,
            headers: kept.headers.clone(),
            body: match &kept.content {
                KeptContent::Empty => Body::Empty,
                KeptContent::Json(value) => Body::Json(value.clone()),
                KeptContent::Text(text) => Body::Text(text.clone()),
                KeptContent::LeftOut(why) => Body::Unreadable(why.clone()),
            },
        }
    }
}

/// The last line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    /// How many cases there are.
    cases: usize,
    /// How many exchanges.
    exchanges: usize,
    /// Whether every case of the plan is there.
    complete: bool,
    /// SHA-256 of all lines before this one, line ends included.
    sha256: String,
}

/// A line of the file.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Line {
    Header(Header),
    Exchange(KeptExchange),
    Case(KeptCase),
    End(End),
}

/// Why a file is no recording that can be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadRecordingFile {
    /// A line is none of a recording.
    #[error("line {line}: {reason}")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// The first line is no header.
    #[error("this is no recording of a run: its first line is no header ({0})")]
    NoHeader(String),
    /// It was written by a newer program.
    #[error(
        "this recording is of format {0}, and this program reads up to {FORMAT}; take a newer one"
    )]
    Newer(u64),
    /// There is no closing line.
    #[error("this recording is cut off behind line {0}: its closing line is missing; record again")]
    CutOff(usize),
    /// The lines are not those that were written.
    #[error("this recording was changed after it was written: {0}; record again")]
    Edited(String),
}

impl RunRecording {
    /// The case of an id.
    #[must_use]
    pub fn case(&self, id: &str) -> Option<&KeptCase> {
        self.cases.iter().find(|case| case.id == id)
    }

    /// The file as text.
    ///
    /// # Errors
    ///
    /// None that a run can cause.
    pub fn to_text(&self) -> Result<String, serde_json::Error> {
        let header = std::iter::once(Line::Header(self.header.clone()));
        let exchanges = self.exchanges.iter().cloned().map(Line::Exchange);
        let cases = self.cases.iter().cloned().map(Line::Case);
        let mut text = String::new();
        for line in header.chain(exchanges).chain(cases) {
            text += &serde_json::to_string(&line)?;
            text.push('\n');
        }
        let end = Line::End(End {
            cases: self.cases.len(),
            exchanges: self.exchanges.len(),
            complete: self.complete,
            sha256: sha256([text.as_str()]),
        });
        Ok(text + &serde_json::to_string(&end)? + "\n")
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    ///
    /// When it is none, is of a newer form, was cut off or changed, or has a case twice.
    pub fn read(text: &str) -> Result<Self, BadRecordingFile> {
        let mut lines = text.split_inclusive('\n').enumerate();
        let header = lines.next().map_or("", |(_, line)| line);
        let mut reading = Reading {
            recording: Self {
                header: read_header(header)?,
                exchanges: Vec::new(),
                cases: Vec::new(),
                complete: false,
            },
            places: BTreeMap::new(),
        };
        let mut before = header.len();
        for (number, line) in lines {
            let number = number + 1;
            match read_line(line, number, text.len() == before + line.len())? {
                Line::End(end) => {
                    if before + line.len() != text.len() {
                        return Err(bad(number + 1, "behind the closing line"));
                    }
                    reading.close(&end, &text[..before])?;
                    return Ok(reading.recording);
                }
                other => reading.take(other, number)?,
            }
            before += line.len();
        }
        Err(BadRecordingFile::CutOff(text.lines().count()))
    }
}

/// A recording while it is read.
struct Reading {
    recording: RunRecording,
    /// The line of each case.
    places: BTreeMap<String, usize>,
}

impl Reading {
    fn take(&mut self, line: Line, number: usize) -> Result<(), BadRecordingFile> {
        match line {
            Line::Exchange(exchange) => self.recording.exchanges.push(exchange),
            Line::Case(case) => {
                if let Some(first) = self.places.insert(case.id.clone(), number) {
                    let reason = format!("the case `{}` stands on line {first} already", case.id);
                    return Err(bad(number, &reason));
                }
                self.recording.cases.push(case);
            }
            Line::Header(_) | Line::End(_) => return Err(bad(number, "a second header")),
        }
        Ok(())
    }

    fn close(&mut self, end: &End, before: &str) -> Result<(), BadRecordingFile> {
        let count = |what: &str, said: usize, is: usize| {
            if said == is {
                return Ok(());
            }
            Err(BadRecordingFile::Edited(format!(
                "its closing line speaks of {said} {what}, and there are {is}"
            )))
        };
        count("cases", end.cases, self.recording.cases.len())?;
        count("exchanges", end.exchanges, self.recording.exchanges.len())?;
        if end.sha256 != sha256([before]) {
            let reason = "its SHA-256 is not that of its closing line";
            return Err(BadRecordingFile::Edited(reason.to_owned()));
        }
        self.recording.complete = end.complete;
        Ok(())
    }
}

fn bad(line: usize, reason: &str) -> BadRecordingFile {
    let reason = reason.to_owned();
    BadRecordingFile::Line { line, reason }
}

/// The header; its format is looked at before its form is.
fn read_header(line: &str) -> Result<Header, BadRecordingFile> {
    let no = |reason: String| BadRecordingFile::NoHeader(reason);
    let document: Value = serde_json::from_str(line).map_err(|error| no(error.to_string()))?;
    let format = document.pointer("/header/format").and_then(Value::as_u64);
    match format {
        None | Some(0) => Err(no("it names no format".to_owned())),
        Some(format) if format > FORMAT => Err(BadRecordingFile::Newer(format)),
        Some(_) => match serde_json::from_value(document) {
            Ok(Line::Header(header)) => Ok(header),
            Ok(_) => Err(no("it is another line".to_owned())),
            Err(error) => Err(no(error.to_string())),
        },
    }
}

/// A line; the last one may be half of one, in a file that was cut off.
fn read_line(line: &str, number: usize, is_last: bool) -> Result<Line, BadRecordingFile> {
    serde_json::from_str(line).map_err(|error| {
        if is_last && error.is_eof() {
            BadRecordingFile::CutOff(number)
        } else {
            bad(number, &error.to_string())
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn half_a_line_at_the_end_is_told_from_a_wrong_one() {
        let told = |line: &str, is_last| match read_line(line, 3, is_last) {
            Err(BadRecordingFile::CutOff(line)) => format!("cut off behind {line}"),
            Err(BadRecordingFile::Line { line, .. }) => format!("line {line} is wrong"),
            _ => "something else".to_owned(),
        };
        assert_eq!(told("{\"case\":", true), "cut off behind 3");
        assert_eq!(told("{\"case\":", false), "line 3 is wrong");
        assert_eq!(told("x", true), "line 3 is wrong");
        assert_eq!(told("x", false), "line 3 is wrong");
    }

    fn recording() -> RunRecording {
        let case = |id: &str| KeptCase {
            id: id.to_owned(),
            undecided: None,
            steps: vec![KeptStep {
                request: KeptRequest {
                    endpoint: "GET /api/client".to_owned(),
                    ids: BTreeMap::new(),
                    key: "none".to_owned(),
                },
                answer: KeptAnswer {
                    status: 401,
                    headers: vec![("content-type".to_owned(), "application/json".to_owned())],
                    content: KeptContent::Json(serde_json::json!({ "errors": [] })),
                },
            }],
        };
        RunRecording {
            header: Header {
                format: FORMAT,
                tool: "ptero-conformance 0".to_owned(),
                target: "a panel".to_owned(),
                origin: "http://localhost".to_owned(),
                profile: "documented".to_owned(),
                panel_version: None,
                suite_sha256: String::new(),
                limits: BTreeMap::new(),
                has: BTreeSet::new(),
                consents: BTreeSet::new(),
                roles: BTreeSet::new(),
            },
            exchanges: Vec::new(),
            cases: vec![case("a/b"), case("a/c")],
            complete: true,
        }
    }

    fn wrong(text: &str) -> String {
        RunRecording::read(text).unwrap_err().to_string()
    }

    #[test]
    fn what_is_written_is_read() {
        let recording = recording();
        let text = recording.to_text().unwrap();
        assert_eq!(RunRecording::read(&text), Ok(recording));
        assert_eq!(text.lines().count(), 4);
    }

    #[test]
    fn a_line_that_is_cut_amid_others_is_a_bad_one() {
        let text = recording().to_text().unwrap();
        let mut lines: Vec<_> = text.lines().collect();
        lines[1] = &lines[1][..lines[1].len() / 2];
        let message = wrong(&(lines.join("\n") + "\n"));
        assert!(
            message.contains("line 2") && !message.contains("cut off"),
            "{message}"
        );
    }

    #[test]
    fn every_cut_is_noticed() {
        let text = recording().to_text().unwrap();
        for end in (0..text.len() - 1).filter(|end| text.is_char_boundary(*end)) {
            let message = wrong(&text[..end]);
            assert!(
                message.contains("cut off") || message.contains("no header"),
                "{end}: {message}"
            );
        }
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let text = recording().to_text().unwrap();
        for at in 0..text.len() - 1 {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            if let Ok(changed) = String::from_utf8(bytes) {
                assert!(RunRecording::read(&changed).is_err(), "{at}: {changed}");
            }
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let text = recording().to_text().unwrap();
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let twice = [lines[0], lines[1], lines[2], lines[1], lines[3]].concat();
        assert_eq!(
            wrong(&twice),
            "line 4: the case `a/b` stands on line 2 already"
        );
        let fewer = [lines[0], lines[1], lines[3]].concat();
        assert!(wrong(&fewer).contains("speaks of 2 cases, and there are 1"));
        let more = text.clone() + lines[1];
        assert!(wrong(&more).starts_with("line 5: behind the closing line"));
        let edited = text.replacen("401", "200", 1);
        assert!(wrong(&edited).contains("was changed after it was written"));
        let newer = text.replacen("\"format\":1", "\"format\":2", 1);
        assert!(wrong(&newer).contains("is of format 2"));
        assert!(wrong("{}\n").contains("no recording of a run"));
        assert!(wrong("").contains("no recording of a run"));
        let strange = text.replacen("\"target\"", "\"traget\"", 1);
        assert!(wrong(&strange).contains("unknown field `traget`"));
    }

    /// JSON as a panel could send it; numbers of every size.
    fn document() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 12, 4, |inner| {
            let member = (any::<String>(), inner.clone());
            prop_oneof![
                prop::collection::vec(inner, 0..4).prop_map(Value::Array),
                prop::collection::vec(member, 0..4)
                    .prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    fn answer() -> impl Strategy<Value = KeptAnswer> {
        let content = prop_oneof![
            Just(KeptContent::Empty),
            document().prop_map(KeptContent::Json),
            any::<String>().prop_map(KeptContent::Text),
            any::<String>().prop_map(KeptContent::LeftOut),
        ];
        let fields = prop::collection::vec(any::<(String, String)>(), 0..4);
        (any::<u16>(), fields, content).prop_map(|(status, headers, content)| KeptAnswer {
            status,
            headers,
            content,
        })
    }

    fn request() -> impl Strategy<Value = KeptRequest> {
        let ids = prop::collection::btree_map(any::<String>(), any::<String>(), 0..3);
        (any::<String>(), ids, any::<String>()).prop_map(|(endpoint, ids, key)| KeptRequest {
            endpoint,
            ids,
            key,
        })
    }

    fn cases() -> impl Strategy<Value = Vec<KeptCase>> {
        let step = (request(), answer()).prop_map(|(request, answer)| KeptStep { request, answer });
        let kept = (any::<Option<String>>(), prop::collection::vec(step, 0..3));
        let cases = prop::collection::btree_map(any::<String>(), kept, 0..4);
        cases.prop_map(|cases| {
            let case = |(id, (undecided, steps))| KeptCase {
                id,
                undecided,
                steps,
            };
            cases.into_iter().map(case).collect()
        })
    }

    fn exchanges() -> impl Strategy<Value = Vec<KeptExchange>> {
        let ids = prop::collection::btree_map(any::<String>(), any::<String>(), 0..3);
        let kept = (request(), answer(), ids);
        let exchange = kept.prop_map(|(request, answer, ids)| KeptExchange {
            request,
            answer,
            ids,
        });
        prop::collection::vec(exchange, 0..3)
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            exchanges in exchanges(),
            cases in cases(),
            complete: bool,
            target: String,
            limits in prop::collection::btree_map(any::<String>(), any::<u32>(), 0..3),
            has in prop::collection::btree_set(any::<String>(), 0..3),
            panel_version: Option<String>,
        ) {
            let header = Header { target, panel_version, limits, has, ..recording().header };
            let recording = RunRecording { header, exchanges, cases, complete };
            let text = recording.to_text().unwrap();
            prop_assert_eq!(RunRecording::read(&text), Ok(recording));
        }

        #[test]
        fn an_answer_is_the_observation_that_it_was(kept in answer()) {
            let observed = Observation::from(&kept);
            prop_assert_eq!(KeptAnswer::from(&observed), kept);
        }
    }
}
