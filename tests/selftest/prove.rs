//! `prove`: faults are noticed by their witnesses, and a case that cannot fail is named.

use std::fs;
use std::time::Duration;

use libtest_mimic::Trial;

use super::panel::Panel;
use super::program::{program, run_within};
use super::trials::named;

const PROFILE: &str = "pterodactyl-1.11";

/// How long a proof may take that needs few cases.
const BOUND: Duration = Duration::from_secs(120);

/// How long the proof of everything may take, in a debug build.
const PATIENCE: Duration = Duration::from_secs(900);

/// Faults of every kind: before the panel, a check left out, in another order, and behind it.
const NOTICED: [&str; 6] = [
    "key-from-cookie",
    "skip-auth@GET:/api/client/account",
    "skip-permission@POST:/api/application/users",
    "lock-before-two-factor",
    "deleted-key-cached",
    "account-secrets",
];

/// A suite of three cases: one that conforms whatever is wrong with a panel, and two that do not.
const SUITE: &str = "\
title: Cases of somebody else
scenarios:
  - id: blind
    title: A path outside of the API answers
    requires: [PANEL-ENVELOPE]
    request: { method: GET, path: /, key: none }
    expect: { status: 200 }

  - id: seeing
    title: A path inside of it wants a key
    requires: [AUTH-BEARER]
    request: { endpoint: GET /api/client, key: none }
    expect: { status: 401 }

  - id: reading
    title: A user reads the own keys
    requires: [CLIENT-SCOPE]
    request: { endpoint: GET /api/client/account/api-keys, key: client }
    expect: granted
";

pub(crate) fn trials() -> Vec<Trial> {
    let all: [(&str, fn()); 17] = [
        ("witnesses-notice", witnesses_notice),
        ("a-blind-case-is-named", a_blind_case_is_named),
        (
            "a-fault-without-witness-is-named",
            a_fault_without_witness_is_named,
        ),
        (
            "a-witness-that-sleeps-is-named",
            a_witness_that_sleeps_is_named,
        ),
        ("no-case-proves-nothing", no_case_proves_nothing),
        ("a-blunt-fault-proves-nothing", a_blunt_fault_proves_nothing),
        ("a-case-for-no-panel-is-named", a_case_for_no_panel_is_named),
        (
            "what-conforms-nowhere-is-said-with-a-reason",
            what_conforms_nowhere_is_said_with_a_reason,
        ),
        ("one-panel-judges-no-witness", one_panel_judges_no_witness),
        (
            "a-table-speaks-of-what-it-lists",
            a_table_speaks_of_what_it_lists,
        ),
        (
            "a-fault-that-nobody-notices-is-named",
            a_fault_that_nobody_notices_is_named,
        ),
        (
            "a-case-that-notices-form-alone-is-told",
            a_case_that_notices_form_alone_is_told,
        ),
        (
            "routes-of-an-inventory-are-played",
            routes_of_an_inventory_are_played,
        ),
        ("a-run-plays-the-same-routes", a_run_plays_the_same_routes),
        (
            "a-route-without-example-is-named",
            a_route_without_example_is_named,
        ),
        (
            "a-case-that-is-about-something-else-is-named",
            a_case_that_is_about_something_else_is_named,
        ),
        ("bad-input", bad_input),
    ];
    // As long as the selftests together; it is asked of a merge, and of a change by `.ci/mutants`.
    let everything: [(&str, fn()); 1] = [("everything", everything)];
    let everything = named("prove", everything).into_iter();
    let everything = everything.map(|trial| trial.with_ignored_flag(true));
    named("prove", all).into_iter().chain(everything).collect()
}

fn everything() {
    let said = run_within(PATIENCE, program().arg("prove"));
    said.must_exit(0);
    assert!(said.stdout.ends_with("\nPROVEN\n"), "{}", said.stdout);
}

fn witnesses_notice() {
    let mut command = program();
    command
        .args(["prove", "--verbose", "--profile", PROFILE])
        .args(NOTICED);
    let said = run_within(BOUND, &mut command);
    said.must_exit(0);
    assert!(said.stdout.ends_with("\nPROVEN\n"), "{}", said.stdout);
    for fault in NOTICED {
        let none = format!("{fault}: 0 cases");
        assert!(
            said.stdout.contains(&format!("{fault}: ")),
            "{}",
            said.stdout
        );
        assert!(!said.stdout.contains(&none), "{}", said.stdout);
    }
}

fn a_blind_case_is_named() {
    let said = Own::new(SUITE).prove(&["--profile", PROFILE], 1);
    let is_told = |id: &str| {
        let sentence = format!("own/suite/{id}: no fault makes it deviate");
        said.contains(&sentence)
    };
    assert!(is_told("blind"), "{said}");
    assert!(!is_told("seeing") && !is_told("reading"), "{said}");
    assert!(
        said.contains("NOT PROVEN: 1 case, and 0 claims about faults"),
        "{said}"
    );
    // Nobody has said of somebody's own cases which faults they cannot see.
    assert!(!said.contains("unseen"), "{said}");
}

/// A folder with suites of somebody's own.
struct Own(tempfile::TempDir);

impl Own {
    fn new(suite: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(folder.path().join("specs/own")).expect("a folder");
        let own = Self(folder);
        own.write("specs/own/suite.yaml", suite);
        own
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    /// What `prove` says of them.
    fn prove(&self, words: &[&str], code: i32) -> String {
        let mut command = program();
        command
            .current_dir(self.0.path())
            .args(["prove", "--specs", "specs"])
            .args(words);
        let said = run_within(BOUND, &mut command);
        said.must_exit(code);
        said.stdout
    }

    /// The same, with a table.
    fn prove_by(&self, table: &str, words: &[&str], code: i32) -> String {
        self.write("table.yaml", table);
        let words: Vec<_> = ["--table", "table.yaml"]
            .iter()
            .chain(words)
            .copied()
            .collect();
        self.prove(&words, code)
    }
}

/// Scenarios that each want an answer from one route, whoever asks.
fn suite_of(cases: &[(&str, &str, &str, &str)]) -> String {
    let mut text = "title: Cases of somebody else\nscenarios:\n".to_owned();
    for (id, endpoint, key, expect) in cases {
        text += &format!(
            "  - id: {id}\n    title: What somebody is answered\n    requires: [AUTH-BEARER]\n    \
             request: {{ endpoint: {endpoint}, key: {key} }}\n    expect: {expect}\n"
        );
    }
    text
}

const SEEING: (&str, &str, &str, &str) = ("seeing", "GET /api/client", "none", "{ status: 401 }");

/// No panel answers as it wants.
const TEAPOT: (&str, &str, &str, &str) = ("teapot", "GET /api/client", "none", "{ status: 418 }");

fn no_case_proves_nothing() {
    let folder = Own(tempfile::tempdir().expect("a folder"));
    fs::create_dir(folder.0.path().join("specs")).expect("a folder");
    let said = folder.prove(&[], 3);
    assert!(
        said.ends_with("\nNOTHING PROVEN: there is no case\n"),
        "{said}"
    );
    let said = Own::new(&suite_of(&[TEAPOT])).prove(&[], 3);
    let told = "own/suite/teapot: on pterodactyl-1.11: status: expected 418, observed 401";
    assert!(said.contains(told), "{said}");
    let told = "\nNOTHING PROVEN: no case conforms on a sound panel\n";
    assert!(said.ends_with(told), "{said}");
}

fn a_blunt_fault_proves_nothing() {
    let mut command = program();
    command.args(["prove", "--profile", PROFILE, "html-errors"]);
    let said = run_within(BOUND, &mut command);
    said.must_exit(3);
    let told = "\nNOTHING PROVEN: the faults change too many cases of the panels that were tried; \
                name sharper ones\n";
    assert!(said.stdout.ends_with(told), "{}", said.stdout);
}

fn a_case_for_no_panel_is_named() {
    let own = Own::new(&suite_of(&[SEEING, TEAPOT]));
    for words in [&[][..], &["--profile", PROFILE]] {
        let said = own.prove(words, 1);
        let told = "own/suite/teapot: on pterodactyl-1.11: status: expected 418, observed 401";
        assert!(said.contains(told), "{said}");
        assert!(said.contains("NOT PROVEN: 1 case, and 0 claims"), "{said}");
    }
    // What one panel is not asked may be for another.
    let elsewhere = (
        "elsewhere",
        "GET /api/application/mounts",
        "none",
        "{ status: 401 }",
    );
    let own = Own::new(&suite_of(&[SEEING, elsewhere]));
    let said = own.prove(&["--profile", PROFILE], 0);
    let told = "own/suite/elsewhere: not asked on pterodactyl-1.11: a route of pelican alone";
    assert!(said.contains(told), "{said}");
    assert!(!own.prove(&[], 0).contains("elsewhere:"));
    // An answer that is not due tells more than that the first panel lacks the route.
    let tea = (
        "tea",
        "GET /api/application/mounts",
        "none",
        "{ status: 418 }",
    );
    let said = Own::new(&suite_of(&[SEEING, tea])).prove(&[], 1);
    let told = "own/suite/tea: on pelican: status: expected 418, observed 401";
    assert!(said.contains(told), "{said}");
}

fn what_conforms_nowhere_is_said_with_a_reason() {
    let own = Own::new(&suite_of(&[SEEING, TEAPOT]));
    let listed = |ids: &str| format!("nowhere:\n  it is tea: [{ids}]\n");
    let said = own.prove_by(&listed("own/suite/teapot"), &["--verbose"], 0);
    let told = "cases that conform on no panel: it is tea\n  own/suite/teapot\n";
    assert!(said.contains(told), "{said}");
    let said = own.prove_by(&listed("own/suite/teapot, own/suite/seeing"), &[], 1);
    let told = "own/suite/seeing: conforms, though it is listed under `nowhere`";
    assert!(said.contains(told), "{said}");
    let said = own.prove_by(&listed("own/suite/teapot, own/suite/tea"), &[], 1);
    let told = "`own/suite/tea`: is listed under `nowhere`, and is no case";
    assert!(said.contains(told), "{said}");
}

fn one_panel_judges_no_witness() {
    const FAULT: &str = "scheme-in-any-case";
    let own = Own::new(&suite_of(&[SEEING]));
    let table = format!("faults:\n  {FAULT}: {{ witnesses: [own/suite/seeing] }}\n");
    let claim = format!("{FAULT}: its witness `own/suite/seeing` does not notice it");
    let said = own.prove_by(&table, &[FAULT], 1);
    assert!(said.contains(&claim), "{said}");
    let said = own.prove_by(&table, &[FAULT, "--profile", "pterodactyl-1.14"], 3);
    assert!(!said.contains(&claim), "{said}");
    assert!(
        said.contains("judged only where all panels are tried"),
        "{said}"
    );
}

fn a_table_speaks_of_what_it_lists() {
    let own = Own::new(&suite_of(&[SEEING]));
    let table = "faults:\n  skip-auth@GET:/api/client: { witnesses: [own/suite/seeing] }\n";
    assert!(own.prove_by(table, &[], 0).ends_with("\nPROVEN\n"));
    // A rule for every route is one for those that somebody's cases ask.
    let rule = "families:\n  skip-auth: { witnesses: [own/suite/seeing] }\n";
    assert!(own.prove_by(rule, &[], 0).ends_with("\nPROVEN\n"));
    let blind = rule.replace("skip-auth", "refuse-readers");
    let said = own.prove_by(&blind, &[], 1);
    let told = "refuse-readers@GET:/api/client: its witness `own/suite/seeing` does not notice it";
    assert!(said.contains(told), "{said}");
    let said = own.prove_by(table, &["key-from-cookie"], 1);
    let told = "key-from-cookie: the table says nothing of it";
    assert!(said.contains(told), "{said}");
    let wrong = table.replace("GET:/api/client", "GET:/api/clients");
    let said = own.prove_by(&wrong, &[], 1);
    assert!(
        said.contains("the table names `skip-auth@GET:/api/clients`"),
        "{said}"
    );
}

fn a_fault_that_nobody_notices_is_named() {
    let own = Own::new(&suite_of(&[SEEING]));
    assert!(
        own.prove(&["skip-auth@GET:/api/client"], 0)
            .ends_with("\nPROVEN\n")
    );
    let said = own.prove(
        &[
            "skip-auth@GET:/api/client",
            "skip-auth@GET:/api/client/account",
        ],
        1,
    );
    let told = "skip-auth@GET:/api/client/account: no case notices it";
    assert!(said.contains(told), "{said}");
    assert!(
        !said.contains("skip-auth@GET:/api/client: no case"),
        "{said}"
    );
}

fn a_case_that_notices_form_alone_is_told() {
    let formal = (
        "formal",
        "GET /api/client/servers/deadbeef",
        "client",
        "{ status: 404 }",
    );
    let own = Own::new(&suite_of(&[SEEING, formal]));
    let said = own.prove(&[], 0);
    let told = ": what answers look like, that a key arrives, which check comes first\n  own/suite/formal\n";
    assert!(said.contains(told), "{said}");
}

/// What `prove` says of a fault when another table than the built-in one is held to be true.
fn told_by(table: &str, fault: &str) -> String {
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(file.path(), table).expect("a file");
    let mut command = program();
    command
        .args(["prove", "--profile", PROFILE, fault, "--table"])
        .arg(file.path());
    let said = run_within(BOUND, &mut command);
    said.must_exit(1);
    said.stdout
}

fn a_fault_without_witness_is_named() {
    let table =
        "families: {}\nhardenings: {}\nfaults:\n  key-from-cookie: { violates: [HDR-AUTH] }\n";
    let said = told_by(table, "key-from-cookie");
    assert!(
        said.contains("key-from-cookie: no case is its witness"),
        "{said}"
    );
    let said = told_by(table, "key-from-form");
    assert!(
        said.contains("key-from-form: the table says nothing of it"),
        "{said}"
    );
}

fn a_case_that_is_about_something_else_is_named() {
    const WITNESS: &str = "authentication/key-elsewhere/header/get-api-client/cookie";
    let table = |touches: &str| {
        format!(
            "families: {{}}\nhardenings: {{}}\nfaults:\n  key-from-cookie: {{ violates: [KEY-TYPES], touches: [{touches}], witnesses: [{WITNESS}] }}\n"
        )
    };
    let stray = format!("key-from-cookie: its witness `{WITNESS}` cites no requirement");
    let uncited = format!("key-from-cookie: `{WITNESS}` notices it and cites ");
    let said = told_by(&table(""), "key-from-cookie");
    assert!(said.contains(&stray) && said.contains(&uncited), "{said}");
    let said = told_by(&table("HDR-AUTH"), "key-from-cookie");
    assert!(said.contains(&stray) && !said.contains(&uncited), "{said}");
}

fn a_witness_that_sleeps_is_named() {
    const SLEEPER: &str = "own/suite/seeing";
    let table = format!("faults:\n  key-from-query: {{ witnesses: [{SLEEPER}] }}\n");
    let said = Own::new(SUITE).prove_by(&table, &["key-from-query"], 1);
    let told = format!("key-from-query: its witness `{SLEEPER}` does not notice it");
    assert!(said.contains(&told), "{said}");
}

/// Routes that no panel of ours has.
const ROUTES: &str = "\
api: client
routes:
  - { route: GET /api/client/widgets, success: { status: 200, schema: widgets }, effect: none }
  - { route: 'GET /api/client/servers/{server}/widgets', success: { status: 200, schema: widgets }, permission: widget.read, effect: none }
";

const ADMIN_ROUTES: &str = "\
api: application
routes:
  - { route: GET /api/application/widgets, success: { status: 200, schema: widgets }, permission: 'widgets:read', effect: none }
";

const WIDGETS: &str = r#"{
  "$id": "widgets.json",
  "type": "object",
  "properties": { "object": { "const": "list" }, "data": { "type": "array", "items": { "$ref": "item.json" } } },
  "required": ["object", "data"],
  "examples": [{ "object": "list", "data": [{ "object": "widget", "attributes": { "id": 7 } }] }]
}"#;

const OF_SERVER: &str = "'GET /api/client/servers/{server}/widgets'";

/// Cases about these routes, which the built-in profiles let follow from their reasons.
fn widgets() -> Own {
    let read = "{ because: [granted], body: { /data/0/attributes/id: { equals: 7 } } }";
    let own = Own::new(&suite_of(&[
        ("keyless", "GET /api/client/widgets", "none", "no-key"),
        (
            "type",
            "GET /api/client/widgets",
            "application",
            "wrong-key-type",
        ),
        ("read", "GET /api/client/widgets", "client", read),
        ("stranger", OF_SERVER, "client-other", "hidden"),
        ("subuser", OF_SERVER, "client-subuser", "no-permission"),
        ("owner", OF_SERVER, "client", "granted"),
        (
            "none",
            "GET /api/application/widgets",
            "application-none",
            "no-permission",
        ),
        (
            "admin",
            "GET /api/application/widgets",
            "application-read",
            "granted",
        ),
    ]));
    own.write("specs/routes/widgets.yaml", ROUTES);
    own.write("specs/routes/widgets-admin.yaml", ADMIN_ROUTES);
    own.write("schemas/responses/widgets.json", WIDGETS);
    own
}

/// A fault on one of these routes, and the cases that notice it.
const ON_WIDGETS: [(&str, &[&str]); 7] = [
    ("skip-auth@GET:/api/client/widgets", &["keyless"]),
    ("skip-key-type@GET:/api/client/widgets", &["type"]),
    ("refuse-readers@GET:/api/client/widgets", &["read"]),
    (
        "skip-ownership@GET:/api/client/servers/{server}/widgets",
        &["stranger"],
    ),
    (
        "skip-permission@GET:/api/client/servers/{server}/widgets",
        &["subuser"],
    ),
    ("skip-permission@GET:/api/application/widgets", &["none"]),
    ("refuse-readers@GET:/api/application/widgets", &["admin"]),
];

fn routes_of_an_inventory_are_played() {
    let own = widgets();
    let said = own.prove(&[], 0);
    assert!(said.contains(" 8 cases are proven\n"), "{said}");
    assert!(!said.contains("note:"), "{said}");
    let faults = ON_WIDGETS.map(|(fault, _)| fault);
    let words: Vec<_> = faults.into_iter().chain(["--verbose"]).collect();
    let said = own.prove(&words, 0);
    for (fault, cases) in ON_WIDGETS {
        let named: String = cases
            .iter()
            .map(|id| format!("    own/suite/{id}\n"))
            .collect();
        let told = format!("{fault}: 1 case\n{named}");
        assert!(said.contains(&told), "{told}{said}");
    }
    let mut command = program();
    command.current_dir(own.0.path());
    let words = [
        "prove",
        "--specs",
        "specs",
        "skip-auth@GET:/api/client/widget",
    ];
    let said = run_within(BOUND, command.args(words));
    said.must_exit(2);
    let told = "did you mean `GET:/api/client/widgets`?";
    assert!(said.stderr.contains(told), "{}", said.stderr);
}

fn a_run_plays_the_same_routes() {
    let own = widgets();
    let mut command = program();
    command.current_dir(own.0.path());
    let words = [
        "run",
        "--embedded",
        "--specs",
        "specs",
        "--profile",
        PROFILE,
    ];
    let said = run_within(BOUND, command.args(words));
    said.must_exit(0);
    assert!(said.stdout.contains("8 cases: 8 passed"), "{}", said.stdout);
    assert!(!said.stderr.contains("not played"), "{}", said.stderr);
    let specs = own.0.path().join("specs");
    let specs = specs.to_str().expect("a path");
    let ask = |more: &[&str]| {
        let words: Vec<_> = ["--specs", specs].iter().chain(more).copied().collect();
        Panel::serve_with(PROFILE, &words).ask("GET", "/api/client/widgets", "none")
    };
    assert_eq!(ask(&[]), 401);
    assert_eq!(ask(&["--fault", "skip-auth@GET:/api/client/widgets"]), 200);
}

fn a_route_without_example_is_named() {
    let own = widgets();
    let without = WIDGETS.replace("\"examples\"", "\"$comment\"");
    let (without, _) = without.split_once("\"$comment\"").expect("an example");
    let without = format!("{}}}", without.trim_end().trim_end_matches(','));
    own.write("schemas/responses/widgets.json", &without);
    let said = own.prove(&[], 3);
    let told = "GET /api/client/widgets: its schema has no example: write `\"examples\": [...]`";
    assert!(said.contains(told), "{said}");
    let mut command = program();
    command.current_dir(own.0.path());
    let said = run_within(
        BOUND,
        command.args(["run", "--embedded", "--specs", "specs"]),
    );
    said.must_exit(1);
    assert!(
        said.stderr.contains(&format!("not played: {told}")),
        "{}",
        said.stderr
    );
    own.write(
        "schemas/responses/widgets.json",
        &WIDGETS.replace("\"list\", \"data\"", "\"lists\", \"data\""),
    );
    let mut command = program();
    command.current_dir(own.0.path());
    let said = run_within(BOUND, command.args(["prove", "--specs", "specs"]));
    said.must_exit(2);
    let told = "widgets.json: `/examples/0` does not fit the schema";
    assert!(said.stderr.contains(told), "{}", said.stderr);
}

fn bad_input() {
    for (words, told) in [
        (
            &["prove", "key-from-cooky"][..],
            "did you mean `key-from-cookie`?",
        ),
        (
            &["prove", "--profile", "pterodactyl-2"],
            "no profile that the reference panel plays",
        ),
    ] {
        let said = run_within(BOUND, program().args(words));
        said.must_exit(2);
        assert!(said.stderr.contains(told), "{}", said.stderr);
    }
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(file.path(), "witnesses: []\n").expect("a file");
    let mut command = program();
    let said = run_within(BOUND, command.args(["prove", "--table"]).arg(file.path()));
    said.must_exit(2);
    assert!(
        said.stderr.contains("unknown field `witnesses`"),
        "{}",
        said.stderr
    );
    assert_eq!(said.stderr.matches("error:").count(), 1, "{}", said.stderr);
}
