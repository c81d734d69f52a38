//! The traps that other test tools of this kind have fallen into, each tried here.
//!
//! What other trials show already is not tried twice: every case skipped is no pass
//! (`targets/nothing-tested-is-no-pass`), without keys a run is in part (`served/no-keys`), what
//! cannot be set up is no success (`bad-input/…`, `reports/unwritable`, `reports/not-begun`), and
//! one case is one unit of every report, however much it asserts
//! (`reports/stage/…`, `ids/listed-alike`). That certificates are checked and that no proxy is asked
//! stands at the transport (`src/exchange/transport/http/tests.rs`).

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::IntoResponse;
use libtest_mimic::Trial;
use ptero_conformance::exchange::InProcess;
use ptero_conformance::keys::Keyring;
use ptero_conformance::plan::{Agreement, Plan};
use ptero_conformance::reference::{Faults, World};
use ptero_conformance::report::{Results, from_json};
use ptero_conformance::run::{
    CaseResult, Event, Interrupt, Schedule, Session, Setup, embedded_panel,
};
use ptero_conformance::spec::{Source, Specs};
use ptero_conformance::target::Facts;
use ptero_conformance::verdict::{Policy, Standing, Verdict};

use super::canary::{CANARY, not_in_text};
use super::hosted::PROFILE;
use super::mutants::copy;
use super::program::{Said, conformance, program, root, run};
use super::server::{Habit, Script, Server, json};
use super::trials::named;
use super::witness::Witness;

pub(crate) fn trials() -> Vec<Trial> {
    let mut all: Vec<(&str, fn())> = vec![
        ("nothing-selected", nothing_selected),
        ("could-not-run", could_not_run),
        ("junit-failure", junit_failure),
        ("evaluator", evaluator),
        ("evaluator/schema", schema_that_is_none),
        ("duplicate-ids", duplicate_ids),
        ("sampled-rows", sampled_rows),
        ("redirects", redirects),
        ("retry/answer", no_answer_is_hidden),
        ("retry/second-look", no_first_answer_is_forgotten),
        ("retry/connection", a_connection_is_tried_again),
        ("one-failing-case", one_failing_case),
        ("in-trouble", in_trouble),
        ("one-broken-suite", one_broken_suite),
        ("proxies", asks_no_proxy),
    ];
    if cfg!(target_os = "linux") {
        all.push(("telemetry", no_telemetry));
    }
    named("traps", all)
}

/// Three cases, which need no key; each is one request.
const THREE: &str = r#"
title: Three
scenarios:
  - id: no-key
    title: A request without a key is refused
    requires: [ERR-401]
    matrix:
      endpoint: [GET /api/client, GET /api/client/account, GET /api/application/users]
    request: { endpoint: "${endpoint}", key: none }
    expect: no-key
"#;

/// The refusal that is due to them.
fn refusal() -> String {
    let content = r#"{"errors":[{"code":"AuthenticationException","status":"401","detail":"Unauthenticated."}]}"#;
    json(401, "", content)
}

/// A server that answers the knock at its door, and then the cases, as they are written.
fn playing(answer: impl Fn(usize) -> Option<String> + Send + Sync + 'static) -> Server {
    Server::new(Habit::Plays(Script::new(move |number| {
        if number == 1 {
            Some(refusal())
        } else {
            answer(number - 1)
        }
    })))
}

/// Suites in a folder, and what a run of them leaves there.
struct Suites(tempfile::TempDir);

impl Suites {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (path, text) in files {
            let path = folder.path().join("specs").join(path);
            let parent = path.parent().expect("a folder");
            std::fs::create_dir_all(parent).expect("a folder");
            std::fs::write(path, text).expect("a suite");
        }
        Self(folder)
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("specs")
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.path().join(name)).expect("a report")
    }

    /// A run of them, one case after the other.
    fn command(&self, server: &Server) -> Command {
        let mut command = program();
        command.args(["run", server.url(), "--profile", PROFILE, "--jobs", "1"]);
        command.arg("--specs").arg(self.path());
        for (format, name) in [("json", "results.json"), ("junit", "junit.xml")] {
            let path = self.0.path().join(name);
            command
                .arg("--report")
                .arg(format!("{format}={}", path.display()));
        }
        command
    }

    /// The conformance tests of them.
    fn tests(&self, server: &Server) -> Command {
        let mut command = conformance();
        command.args(["--target-url", server.url(), "--profile", PROFILE]);
        command.arg("--specs").arg(self.path());
        command
    }

    /// What a run has left; nothing that was planned is missing in it.
    fn results(&self) -> Results {
        let results = from_json(&self.read("results.json")).expect("results");
        let counted: usize = results.counts.standings.values().sum();
        assert_eq!(results.planned, results.cases.len());
        assert_eq!(results.planned, counted);
        results
    }
}

fn standings(results: &Results) -> Vec<Standing> {
    results.cases.iter().map(|case| case.standing).collect()
}

#[track_caller]
fn has(said: &Said, text: &str) {
    assert!(said.all().contains(text), "no `{text}` in\n{}", said.all());
}

/// Whoever mistypes a filter has tested nothing, and is told so.
fn nothing_selected() {
    let no_id = "authentication/errors/no-such-case";
    for filter in [&[no_id][..], &["--exact", "no-key"]] {
        let said = run(program().args(["run", "--embedded"]).args(filter));
        said.must_exit(2);
        has(&said, "no case has ");
        let said = run(conformance().args(filter));
        said.must_exit(2);
        has(&said, "no case is chosen");
        // A list of nothing is a list.
        let said = run(conformance().arg("--list").args(filter));
        said.must_exit(0);
        assert!(!said.stdout.contains(": test"), "{}", said.stdout);
    }
    run(program().args(["list", no_id])).must_exit(2);
}

/// A panel that goes away is not one that keeps its contract.
fn could_not_run() {
    for pace in [&[][..], &["--rate", "50"]] {
        let suites = Suites::new(&[("three.yaml", THREE)]);
        let server = playing(|_| None);
        let said = run(suites.command(&server).args(pace));
        said.must_exit(3);
        has(&said, "UNDECIDED: 3 cases");
        let results = suites.results();
        assert_eq!(standings(&results), [Standing::Unjudged; 3]);
        let junit = suites.read("junit.xml");
        let read = quick_junit::Report::deserialize_from_str(&junit).expect("JUnit");
        assert_eq!((read.tests, read.failures, read.errors), (3, 0, 3));
        // What may have arrived is not sent again.
        assert_eq!(server.connections(), 4);
    }
    let suites = Suites::new(&[("three.yaml", THREE)]);
    let server = playing(|_| None);
    let said = run(&mut suites.tests(&server));
    said.must_exit(3);
    has(&said, "0 passed; 3 failed");
}

/// The first case fails, the second is not decided, the third conforms.
fn one_of_each() -> (Suites, Server) {
    let server = playing(|number| match number {
        1 => Some(json(200, "", "{}")),
        2 => None,
        _ => Some(refusal()),
    });
    (Suites::new(&[("three.yaml", THREE)]), server)
}

/// Readers of `JUnit` look for elements, not for a word in an attribute.
fn junit_failure() {
    let (suites, server) = one_of_each();
    run(&mut suites.command(&server)).must_exit(1);
    let results = suites.results();
    let text = suites.read("junit.xml");
    let document = roxmltree::Document::parse(&text).expect("XML");
    let tests = document.descendants();
    let tests: Vec<_> = tests.filter(|node| node.has_tag_name("testcase")).collect();
    assert_eq!(tests.len(), results.cases.len());
    for (test, case) in tests.iter().zip(&results.cases) {
        assert_eq!(test.attribute("name"), Some(case.id.as_str()));
        let children: Vec<_> = test
            .children()
            .filter(roxmltree::Node::is_element)
            .collect();
        let names: Vec<_> = children.iter().map(|node| node.tag_name().name()).collect();
        let wanted: &[&str] = match case.standing {
            Standing::Failed => &["failure"],
            Standing::Unjudged => &["error"],
            Standing::Passed => &[],
            other => panic!("{other}"),
        };
        assert_eq!(names, wanted, "{}", case.id);
        for child in children {
            let message = child.attribute("message").unwrap_or_default();
            assert_eq!(message, case.why()[0]);
            let text = child.text().unwrap_or_default();
            assert!(text.contains(&case.title), "{text}");
        }
    }
    let root = document.root_element();
    let count = |name: &str| root.attribute(name).expect("a count").to_owned();
    assert_eq!(
        (count("failures"), count("errors")),
        ("1".into(), "1".into())
    );
}

/// One failing case stops no other, neither of the file nor of the run.
fn one_failing_case() {
    let (suites, server) = one_of_each();
    let said = run(&mut suites.command(&server));
    said.must_exit(1);
    let wanted = [Standing::Failed, Standing::Unjudged, Standing::Passed];
    assert_eq!(standings(&suites.results()), wanted);
    let (suites, server) = one_of_each();
    let said = run(suites.tests(&server).args(["--jobs", "1"]));
    said.must_exit(1);
    has(&said, "1 passed; 2 failed");
}

/// A suite that cannot be read is in error, and the others are run.
fn one_broken_suite() {
    let suites = Suites::new(&[("broken.yaml", "title: [\n"), ("three.yaml", THREE)]);
    let server = playing(|_| Some(refusal()));
    let said = run(&mut suites.command(&server));
    said.must_exit(2);
    has(&said, "broken.yaml:");
    assert_eq!(standings(&suites.results()), [Standing::Passed; 3]);
    let junit = suites.read("junit.xml");
    let read = quick_junit::Report::deserialize_from_str(&junit).expect("JUnit");
    assert_eq!((read.tests, read.errors), (4, 1));
}

/// Each compares something that is not there: with a value, with `null`, with its like.
const COMPARES: &str = r"
title: Comparisons
scenarios:
  - id: is-null
    title: An absent member is not null
    request: { endpoint: GET /api/client, key: none }
    expect: { status: 401, body: { /errors/0/meta: null } }

  - id: less
    title: Nothing is not less than nothing
    steps:
      - { name: first, request: { endpoint: GET /api/client, key: none }, expect: { status: 401 } }
      - request: { endpoint: GET /api/client, key: none }
        expect: { status: 401, less_than: { x-ratelimit-remaining: first } }

  - id: differs
    title: Nothing does not differ from nothing
    steps:
      - { name: first, request: { endpoint: GET /api/client, key: none }, expect: { status: 401 } }
      - request: { endpoint: GET /api/client, key: none }
        expect: { status: 401, differs_from: { /attributes/username: first } }

  - id: header
    title: A header that is not there has no value
    request: { endpoint: GET /api/client, key: none }
    expect: { status: 401, headers: { x-request-id: { contains: '' } } }
";

/// What is compared with nothing never holds, and what cannot be told never passes.
fn evaluator() {
    let suites = Suites::new(&[("compares.yaml", COMPARES)]);
    let server = playing(|_| Some(refusal()));
    run(&mut suites.command(&server)).must_exit(1);
    let results = suites.results();
    for case in &results.cases {
        assert_eq!(
            case.standing,
            Standing::Failed,
            "{}: {:?}",
            case.id,
            case.verdict
        );
    }
    assert_eq!(results.cases.len(), 4);
    // A text that is no JSON has no members to compare either.
    let suites = Suites::new(&[("compares.yaml", COMPARES)]);
    let server = playing(|_| Some(refusal().replace("{\"errors\"", "<\"errors\"")));
    run(&mut suites.command(&server)).must_exit(1);
    assert_eq!(standings(&suites.results()), [Standing::Failed; 4]);
}

/// A schema that cannot be used is the harness's matter: its case is broken, or nothing is sent.
fn schema_that_is_none() {
    let suite = "title: Shape\nscenarios:\n  - { id: shape, title: A shape, request: { endpoint: GET \
                 /api/client, key: none }, expect: { status: 401, schema: odd } }\n";
    for schema in ["{ \"type\": 5 }", "{", "{ \"$ref\": \"nowhere\" }"] {
        let suites = Suites::new(&[("shape.yaml", suite)]);
        let schemas = suites.path().with_file_name("schemas").join("responses");
        copy(&root().join("schemas/responses"), &schemas);
        std::fs::write(schemas.join("odd.json"), schema).expect("a schema");
        let server = playing(|_| Some(refusal()));
        let said = run(&mut suites.command(&server));
        said.must_exit(2);
        has(&said, "odd");
        if said.stdout.contains("1 case is broken") {
            assert_eq!(standings(&suites.results()), [Standing::Broken]);
        } else {
            assert_eq!(server.connections(), 0, "{}", said.all());
        }
    }
}

const ONE: &str = r#"
title: One
scenarios:
  - id: b
    title: One
    matrix: { endpoint: [GET /api/client] }
    request: { endpoint: "${endpoint}", key: none }
    expect: no-key
"#;

const THE_OTHER: &str = r"
title: The other
scenarios:
  - { id: get-api-client, title: The other, request: { endpoint: GET /api/client, key: none }, expect: no-key }
";

/// Two files that give one id: neither takes the place of the other unseen.
fn duplicate_ids() {
    let suites = Suites::new(&[("a.yaml", ONE), ("a/b.yaml", THE_OTHER)]);
    let message = "a case `a/b/get-api-client` exists already in ";
    let said = run(program().arg("check").arg(suites.path()));
    said.must_exit(2);
    has(&said, message);
    let server = playing(|_| Some(refusal()));
    let said = run(&mut suites.command(&server));
    said.must_exit(2);
    has(&said, message);
    let said = run(&mut suites.tests(&server));
    said.must_exit(2);
    has(&said, message);
}

/// Every row of a matrix is a case, in every run.
fn sampled_rows() {
    let suite = THREE.replace(
        "    request:",
        "      accept: [application/json, Application/vnd.pterodactyl.v1+json]\n    request:",
    );
    // Equal requests would be one.
    let suite = suite.replace(
        "key: none }",
        "key: none, headers: { Accept: \"${accept}\" } }",
    );
    let suites = Suites::new(&[("three.yaml", &suite)]);
    let ids = || {
        let said = run(program()
            .args(["list", "--ids", "--specs"])
            .arg(suites.path()));
        said.must_exit(0);
        said.stdout
    };
    assert_eq!(ids().lines().count(), 6);
    assert_eq!(ids(), ids());
    let server = playing(|_| Some(refusal()));
    run(&mut suites.command(&server)).must_exit(0);
    assert_eq!(standings(&suites.results()), [Standing::Passed; 6]);
    assert_eq!(server.connections(), 7);
}

/// Where an answer points to is an answer; nobody goes there, least of all with a key.
fn redirects() {
    let elsewhere = Server::new(Habit::Closes);
    let field = format!("Location: {}/auth/login\r\n", elsewhere.url());
    let away = move || Some(json(302, &field, ""));
    let to_all = away.clone();
    let suites = Suites::new(&[("three.yaml", THREE)]);
    let server = playing(move |_| away());
    run(&mut suites.command(&server)).must_exit(1);
    for case in &suites.results().cases {
        assert_eq!(case.steps[0].answer.status, 302, "{}", case.id);
        assert_eq!(case.standing, Standing::Failed);
    }
    assert_eq!(server.connections(), 4);
    let server = Server::new(Habit::Plays(Script::new(move |_| to_all())));
    for words in [&["run"][..], &["doctor"], &["keys", "check"], &["cleanup"]] {
        let mut command = program();
        command.args(words).arg(server.url());
        let said = run(command.env("PTERO_KEY_CLIENT", CANARY));
        not_in_text(CANARY, &words.join(" "), &said.all());
    }
    assert!(server.connections() > 3, "{}", server.connections());
    assert_eq!(elsewhere.connections(), 0);
}

/// A case that was answered wrongly has failed, whatever it would be answered a second time.
fn no_answer_is_hidden() {
    for (status, paced) in [(500, false), (500, true), (200, true), (403, true)] {
        let suites = Suites::new(&[("three.yaml", THREE)]);
        let server = playing(move |number| {
            Some(match number {
                1 => json(status, "", "{}"),
                _ => refusal(),
            })
        });
        let mut command = suites.command(&server);
        if paced {
            command.args(["--rate", "50"]);
        }
        run(&mut command).must_exit(1);
        let results = suites.results();
        let wanted = [Standing::Failed, Standing::Passed, Standing::Passed];
        assert_eq!(standings(&results), wanted, "{status}");
        assert_eq!(results.cases[0].steps[0].answer.status, status);
        assert_eq!(server.connections(), 4, "each is sent once");
    }
}

/// A second look takes nothing back: two different answers decide nothing, and say both.
fn no_first_answer_is_forgotten() {
    let unstable = looked_at_twice(1);
    assert_eq!(unstable.standing(&Policy::default()), Standing::Unjudged);
    let Ok(Verdict::Inconclusive(why)) = &unstable.verdict else {
        panic!("{:?}", unstable.verdict);
    };
    assert!(why.starts_with("unstable: first "), "{why}");
    assert!(
        why.contains("expected 401, observed 200") && why.ends_with("it conforms"),
        "{why}"
    );
    let steady = looked_at_twice(2);
    assert_eq!(steady.standing(&Policy::default()), Standing::Failed);
}

/// A case that is let in so many times, and only then refused; and that is looked at twice.
fn looked_at_twice(lets_in: usize) -> CaseResult {
    let suites = Suites::new(&[("the.yaml", THE_OTHER)]);
    let specs = Specs::load(&Source::Folder(suites.path())).expect("a suite");
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let panel = embedded_panel(PROFILE, World::embedded(), Faults::default()).expect("a panel");
    let router = panel
        .router()
        .layer(from_fn(move |request: Request, next: Next| {
            let number = count.fetch_add(1, Ordering::SeqCst);
            async move {
                if number < lets_in {
                    ([("content-type", "application/json")], "{}").into_response()
                } else {
                    next.run(request).await
                }
            }
        }));
    let profile = specs.contract.profile(PROFILE).expect("a profile");
    let agreement = Agreement::default();
    let plan = Plan::new(
        &specs.contract,
        specs.cases(),
        profile,
        &agreement,
        &Keyring::default().roles(),
    );
    let session = Session::new(Setup {
        contract: Arc::clone(&specs.contract),
        profile: Arc::clone(profile),
        transport: InProcess::new(router).into(),
        keys: Keyring::default(),
        agreement,
        origin: "http://localhost".to_owned(),
        pace: None,
        plain: None,
        facts: Facts::default(),
    });
    let schedule = Schedule {
        jobs: 1,
        confirm: 1,
        policy: Policy::default(),
    };
    // Half a minute passes at once.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let mut results = Vec::new();
    let mut tell = |event| {
        if let Event::Over(_, result) = event {
            results.push(*result);
        }
    };
    let interrupt = Interrupt::default();
    runtime.block_on(schedule.play(&Arc::new(session), &plan, &interrupt, &mut tell));
    assert_eq!(asked.load(Ordering::SeqCst), 2, "it is asked twice");
    assert_eq!(results.len(), 1);
    results.remove(0)
}

/// Where nothing was sent, it is sent again, and that is told.
fn a_connection_is_tried_again() {
    use std::net::TcpListener;
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let url = format!("http://{address}");
    let serving = std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a connection");
        // Nobody listens for less than the program waits before it tries again.
        drop(listener);
        answer(stream);
        std::thread::sleep(Duration::from_millis(400));
        let listener = TcpListener::bind(address).expect("the same port");
        for _ in 0..3 {
            answer(listener.accept().expect("a connection").0);
        }
    });
    let suites = Suites::new(&[("three.yaml", THREE)]);
    let mut command = program();
    command.args(["run", &url, "--profile", PROFILE, "--jobs", "1"]);
    command.args(["--rate", "50", "--specs"]).arg(suites.path());
    let said = run(&mut command);
    said.must_exit(0);
    has(
        &said,
        "note: 1 request was sent again after a connection failed",
    );
    serving.join().expect("a server");
}

/// Reads a request and refuses it.
fn answer(mut stream: std::net::TcpStream) {
    use std::io::{Read, Write};
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
        head.push(byte[0]);
    }
    stream.write_all(refusal().as_bytes()).expect("an answer");
}

/// A panel in trouble is left alone, and what was not asked is no pass.
fn in_trouble() {
    let more = "GET /api/client/permissions, GET /api/client/account/api-keys, \
                GET /api/application/nodes, GET /api/application/locations]";
    let seven = THREE.replace("users]", &format!("users, {more}"));
    let suites = Suites::new(&[("seven.yaml", &seven)]);
    let server = playing(|_| Some(json(500, "", "{}")));
    let said = run(suites.command(&server).args(["--rate", "50"]));
    said.must_exit(1);
    let stopped = said
        .stderr
        .lines()
        .find_map(|line| line.strip_prefix("stopped: "));
    let why = stopped.unwrap_or_else(|| panic!("{}", said.stderr));
    has(&said, &format!("2 cases are unjudged: not asked: {why}\n"));
    let results = suites.results();
    assert_eq!(results.stopped.as_deref(), Some(why));
    assert_eq!(server.connections(), 1 + 5);
}

/// The variables of proxies are those of other programs.
fn asks_no_proxy() {
    let proxy = Server::new(Habit::Closes);
    let suites = Suites::new(&[("three.yaml", THREE)]);
    let server = playing(|_| Some(refusal()));
    let mut command = suites.command(&server);
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        command.env(name, proxy.url());
        command.env(name.to_lowercase(), proxy.url());
    }
    run(&mut command).must_exit(0);
    assert_eq!((server.connections(), proxy.connections()), (4, 0));
}

/// A run asks the target and nobody else, however short; without a target nobody is asked.
fn no_telemetry() {
    let witness = Witness::new();
    let suites = Suites::new(&[("three.yaml", THREE)]);
    let server = playing(|_| Some(refusal()));
    let target = server.url().trim_start_matches("http://").to_owned();
    run(witness.watch(&mut suites.command(&server))).must_exit(0);
    // One for each that came in, so none is missed.
    assert_eq!(witness.seen(), vec![target; server.connections()]);
    let one = "authentication/envelopes/head/no-key";
    for words in [&["run", "--embedded", one][..], &["list"], &["check"]] {
        run(witness.watch(program().args(words))).must_exit(0);
        assert_eq!(witness.seen(), [""; 0], "{words:?}");
    }
}
