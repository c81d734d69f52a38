//! Results as `JUnit` XML, for pages of CI services: standings as the table of the README says.

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use super::case::in_full;
use super::results::{Case, CaseVerdict, Results};
use super::terminal::clauses;
use super::terminal::in_vain;
use crate::verdict::Standing;

/// The results as `JUnit` XML.
///
/// # Errors
///
/// None that a run can cause.
pub fn junit(results: &Results) -> Result<String, quick_junit::SerializeError> {
    let mut report = Report::new(results.title());
    let mut suites: Vec<TestSuite> = Vec::new();
    for case in &results.cases {
        let name = suite_of(case);
        if suites
            .last()
            .is_none_or(|suite| suite.name.as_str() != name)
        {
            suites.push(suite(results, name));
        }
        if let Some(suite) = suites.last_mut() {
            suite.add_test_case(test_case(results, case));
        }
    }
    if !results.complete || results.stopped.is_some() {
        suites.push(incomplete(results));
    }
    if !results.waivers.is_empty() {
        suites.push(waivers(results));
    }
    for broken in results.suites.iter().filter(|s| !s.troubles.is_empty()) {
        let mut suite = suite(results, &broken.file);
        let text = broken.troubles.join("\n\n");
        suite.add_test_case(error(&broken.file, "the suite cannot be read", &text));
        suites.push(suite);
    }
    report.add_test_suites(suites);
    report.to_string()
}

fn suite(results: &Results, name: &str) -> TestSuite {
    let mut suite = TestSuite::new(name);
    for (name, value) in [
        ("target", &results.target.name),
        ("profile", &results.profile.name),
        ("started", &results.started),
        ("outcome", &results.outcome),
    ] {
        suite.add_property(Property::new(name, value.as_str()));
    }
    suite
}

/// That the run is not whole, as a test that is in error: no page must take it for a whole one.
fn incomplete(results: &Results) -> TestSuite {
    let mut suite = suite(results, "run");
    let text = match &results.not_begun {
        Some(not_begun) => in_vain(not_begun),
        None => results.outcome.clone(),
    };
    suite.add_test_case(error("complete", &results.outcome, &text));
    suite
}

/// The waivers that do not hold, each as a test that is in error: the run is no pass.
fn waivers(results: &Results) -> TestSuite {
    let mut suite = suite(results, "waivers");
    for waiver in &results.waivers {
        let place = waiver.split(": ").next().unwrap_or(waiver);
        suite.add_test_case(error(place, waiver, waiver));
    }
    suite
}

fn error(name: &str, message: &str, text: &str) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_message(message);
    status.set_type("broken");
    status.set_description(text);
    TestCase::new(name, status)
}

/// The suite that a case's id begins with.
fn suite_of(case: &Case) -> &str {
    let file = case.file.trim_end_matches(".yaml");
    let mut ends = case.id.match_indices('/').map(|(at, _)| &case.id[..at]);
    ends.rfind(|part| file.ends_with(part))
        .unwrap_or(case.id.as_str())
}

fn test_case(results: &Results, case: &Case) -> TestCase {
    let mut test = TestCase::new(case.id.as_str(), status(results, case));
    test.set_classname(suite_of(case).replace('/', "."));
    test.extra.insert("file".into(), case.file.as_str().into());
    test.extra
        .insert("line".into(), case.line.to_string().into());
    test
}

fn status(results: &Results, case: &Case) -> TestCaseStatus {
    let mut status = match case.standing {
        Standing::Passed => return TestCaseStatus::success(),
        Standing::Failed => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Standing::Unjudged | Standing::Broken => TestCaseStatus::non_success(NonSuccessKind::Error),
        Standing::Advice
        | Standing::Waived
        | Standing::Missing
        | Standing::NotAgreed
        | Standing::NotApplicable => TestCaseStatus::skipped(),
    };
    status.set_message(case.why().first().cloned().unwrap_or_default());
    let kind = case
        .kind
        .map_or(case.standing.to_string(), |k| k.to_string());
    status.set_type(kind);
    if !matches!(case.verdict, CaseVerdict::Skipped { .. }) {
        let text = in_full(case, &results.title(), &clauses(results), None);
        status.set_description(text);
    }
    status
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{case, results};

    /// The suites of a report with their cases, by name.
    fn suites(results: &Results) -> Vec<(String, Vec<String>)> {
        let text = junit(results).unwrap();
        let report = Report::deserialize_from_str(&text).unwrap();
        let suites = report.test_suites.iter().map(|suite| {
            let cases = suite.test_cases.iter().map(|case| case.name.to_string());
            (suite.name.to_string(), cases.collect())
        });
        suites.collect()
    }

    fn suite(name: &str, cases: &[&str]) -> (String, Vec<String>) {
        let cases = cases.iter().map(|case| (*case).to_owned());
        (name.to_owned(), cases.collect())
    }

    #[test]
    fn the_cases_of_a_suite_stand_together() {
        let mut other = case("a/c/one", Standing::Failed);
        other.file = "specs/a/c.yaml".to_owned();
        let mut results = results(vec![
            case("a/b/one/GET", Standing::Passed),
            case("a/b/two/GET", Standing::Missing),
            other,
        ]);
        let mut wanted = vec![
            suite("a/b", &["a/b/one/GET", "a/b/two/GET"]),
            suite("a/c", &["a/c/one"]),
        ];
        assert_eq!(suites(&results), wanted);
        results.waivers = vec!["w.yaml:3: x".to_owned()];
        wanted.push(suite("waivers", &["w.yaml:3"]));
        assert_eq!(suites(&results), wanted);
    }

    #[test]
    fn a_run_that_is_not_whole_is_an_error() {
        let of = |complete, stopped: Option<&str>| {
            let mut results = results(vec![case("a/b/one", Standing::Passed)]);
            results.complete = complete;
            results.stopped = stopped.map(ToOwned::to_owned);
            suites(&results)
        };
        let whole = [suite("a/b", &["a/b/one"])];
        assert_eq!(of(true, None), whole);
        let [ended] = whole;
        let ended = [ended, suite("run", &["complete"])];
        for (complete, stopped) in [(false, None), (true, Some("gone")), (false, Some("gone"))] {
            assert_eq!(of(complete, stopped), ended);
        }
    }

    #[test]
    fn a_case_whose_file_is_named_otherwise_is_a_suite_by_itself() {
        let mut other = case("a/b/one", Standing::Passed);
        assert_eq!(suite_of(&other), "a/b");
        other.file = "elsewhere.yaml".to_owned();
        assert_eq!(suite_of(&other), "a/b/one");
    }
}
