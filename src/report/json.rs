//! Results as JSON: written, described by a schema, and read again.

use serde::Deserialize;
use serde_json::Value;

use super::results::{Results, VERSION};
use super::told::harmless;

/// A text that is no results of a run.
#[derive(Debug, thiserror::Error)]
pub enum BadResults {
    /// It is not JSON, or not of that form.
    #[error("these are no results of a run: {0}")]
    Form(#[from] serde_json::Error),
    /// It is of another version.
    #[error("these results are of version {0}; this program reads version {VERSION}")]
    Version(u64),
}

/// The results as JSON.
///
/// # Errors
///
/// None that a run can cause.
pub fn to_json(results: &Results) -> Result<String, serde_json::Error> {
    Ok(serde_json::to_string_pretty(results)? + "\n")
}

/// Reads results; whoever has written them, they are harmless to a terminal.
///
/// # Errors
///
/// What is wrong with the text.
pub fn from_json(text: &str) -> Result<Results, BadResults> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u64,
    }
    let document: Value = serde_json::from_str(text)?;
    let Versioned { version } = Versioned::deserialize(&document)?;
    if version != u64::from(VERSION) {
        return Err(BadResults::Version(version));
    }
    Ok(Results::deserialize(harmless(&document))?)
}

/// The JSON Schema of results, as it stands in `schemas/results.json`.
///
/// # Errors
///
/// None that a run can cause.
pub fn schema() -> Result<String, serde_json::Error> {
    let schema = schemars::schema_for!(Results);
    Ok(serde_json::to_string_pretty(&schema)? + "\n")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::exchange::printable;
    use crate::report::results::{
        Answer, AnswerContent, Case, CaseVerdict, Counts, DeviationTold, Field, NotBegun,
        NotTested, Options, ProfileNamed, Reach, RequestTold, Step, TargetNamed, Tool,
    };
    use crate::spec::{Level, Origin};
    use crate::verdict::{Kind, Standing};

    #[test]
    fn what_is_no_results_is_refused() {
        for (text, wanted) in [
            ("", "no results of a run"),
            ("[]", "no results of a run"),
            (r#"{ "version": 2 }"#, "are of version 2"),
            (r#"{ "version": 1 }"#, "missing field"),
        ] {
            let message = from_json(text).unwrap_err().to_string();
            assert!(message.contains(wanted), "{text}: {message}");
        }
    }

    /// JSON as a panel could send it, harmless as results are; numbers of every size.
    fn document() -> impl Strategy<Value = Value> {
        let text = || any::<String>().prop_map(|text| printable(&text));
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<f64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            text().prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 12, 4, move |inner| {
            let member = (text(), inner.clone());
            prop_oneof![
                prop::collection::vec(inner, 0..4).prop_map(Value::Array),
                prop::collection::vec(member, 0..4)
                    .prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    fn content() -> impl Strategy<Value = AnswerContent> {
        let text = || any::<String>().prop_map(|text| printable(&text));
        prop_oneof![
            Just(AnswerContent::Empty),
            document().prop_map(|value| AnswerContent::Json { value }),
            text().prop_map(|text| AnswerContent::Text { text }),
            text().prop_map(|why| AnswerContent::LeftOut { why }),
        ]
    }

    fn verdict() -> impl Strategy<Value = CaseVerdict> {
        let text = || any::<String>().prop_map(|text| printable(&text));
        let deviation = (any::<usize>(), text(), text()).prop_map(|(step, what, observed)| {
            let (kind, expected) = (Kind::Reshaped, "401".to_owned());
            DeviationTold {
                step,
                kind,
                what,
                expected,
                observed,
            }
        });
        prop_oneof![
            Just(CaseVerdict::Conforms),
            prop::collection::vec(deviation, 1..3)
                .prop_map(|deviations| CaseVerdict::Deviates { deviations }),
            text().prop_map(|why| CaseVerdict::Inconclusive { why }),
            text().prop_map(|why| CaseVerdict::Skipped { why }),
            text().prop_map(|why| CaseVerdict::Broken { why }),
        ]
    }

    /// A run of one case.
    fn results(name: &str, verdict: CaseVerdict, content: AnswerContent) -> Results {
        let text = name.to_owned();
        let standing = Standing::Waived;
        let step = Step {
            reasons: vec![text.clone()],
            request: RequestTold {
                method: "GET".to_owned(),
                target: text.clone(),
                headers: vec![Field {
                    name: text.clone(),
                    value: text.clone(),
                }],
                content: Some(text.clone()),
            },
            answer: Answer {
                status: 401,
                headers: Vec::new(),
                content,
            },
            diff: Some(text.clone()),
            curl: text.clone(),
            curl_needs: vec![text.clone()],
        };
        let case = Case {
            id: "a/b".to_owned(),
            title: text.clone(),
            file: text.clone(),
            line: 7,
            requirements: vec![text.clone()],
            level: Level::Should,
            origin: Origin::Source,
            standing,
            kind: Some(Kind::Reworded),
            verdict,
            roles: vec![text.clone()],
            steps: vec![step],
        };
        Results {
            version: VERSION,
            tool: Tool {
                name: text.clone(),
                version: text.clone(),
            },
            started: text.clone(),
            target: TargetNamed {
                name: text.clone(),
                base: text.clone(),
            },
            profile: ProfileNamed {
                name: text.clone(),
                title: text.clone(),
                sha256: text.clone(),
            },
            contract_sha256: text.clone(),
            suites: Vec::new(),
            options: Options {
                fail_on: Kind::ALL.into(),
                level: Level::Must,
                trust_source: true,
                partial: false,
                consents: vec![text.clone()],
                panel_version: Some(text.clone()),
                filters: vec![text.clone()],
                exact: true,
                has: vec![text.clone()],
                given: vec![text.clone()],
            },
            roles: vec![text.clone()],
            specified: Some(3),
            planned: 2,
            complete: false,
            not_begun: Some(NotBegun {
                why: text.clone(),
                mend: Some(text.clone()),
                cause: None,
            }),
            stopped: Some(text.clone()),
            waivers: vec![text.clone()],
            exit_code: 3,
            outcome: text,
            counts: Counts {
                standings: Standing::ALL.into_iter().zip(1..).collect(),
                kinds: Kind::ALL.into_iter().zip(1..).collect(),
            },
            groups: Vec::new(),
            requirements: Vec::new(),
            not_tested: NotTested {
                skipped: Vec::new(),
                not_chosen: Vec::new(),
                by_a_person: Vec::new(),
            },
            reach: Reach {
                client: 1,
                application: 2,
            },
            checks_reached: Vec::new(),
            rather: None,
            cases: vec![case],
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            name in any::<String>().prop_map(|text| printable(&text)),
            verdict in verdict(),
            content in content(),
        ) {
            let results = results(&name, verdict, content);
            let text = to_json(&results).unwrap();
            prop_assert_eq!(from_json(&text).unwrap(), results);
        }
    }
}
