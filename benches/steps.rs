//! What the steps of a run cost without a panel: loading, resolving, judging, repairing.
//!
//! `cargo bench` runs them; `cargo bench -- judging` those with that in their name.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use ptero_conformance::exchange::{Body, Observation};
use ptero_conformance::plan::{Agreement, Plan};
use ptero_conformance::spec::{RoleName, Source, Specs};
use ptero_conformance::verdict::{ErrorWords, Expected, Judged, Wording, judge, nearest};
use serde_json::json;

/// How many cases the suites that are made have.
const CASES: usize = 1000;

criterion_group!(steps, loading, resolving, judging, repairing);
criterion_main!(steps);

fn loading(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    write_suites(folder.path());
    let source = Source::Folder(folder.path().to_path_buf());
    let id = ["file-9/from-900/get-api-client".to_owned()];
    let found = Specs::load_for(&source, &id).expect("the suites");
    assert_eq!(found.suites.len(), 1);
    criterion.bench_function("loading/built-in", |bencher| {
        bencher.iter(|| Specs::load(&Source::Embedded).expect("the specification"));
    });
    criterion.bench_function("loading/1000-cases", |bencher| {
        bencher.iter(|| Specs::load(&source).expect("the suites"));
    });
    criterion.bench_function("loading/one-exact-id", |bencher| {
        bencher.iter(|| Specs::load_for(&source, &id).expect("the suite"));
    });
}

/// Suites of a hundred scenarios each.
fn write_suites(folder: &Path) {
    for file in 0..CASES / 100 {
        let mut text = String::from("title: Cases\nscenarios:\n");
        for number in file * 100..(file + 1) * 100 {
            let _ = write!(
                text,
                "  - id: from-{number}\n    title: It is answered\n    matrix:\n      endpoint: [GET /api/client]\n    request: {{ endpoint: \"${{endpoint}}\", key: none, query: n={number} }}\n    expect: {{ status: 401, schema: error-envelope }}\n"
            );
        }
        let path = folder.join(format!("file-{file}.yaml"));
        std::fs::write(path, text).expect("a file that can be written");
    }
}

/// What is due for every case of the built-in suites.
fn resolving(criterion: &mut Criterion) {
    let specs = Specs::load(&Source::Embedded).expect("the specification");
    let contract = &specs.contract;
    let real = contract.roles.real.iter();
    let given: BTreeSet<RoleName> = real.map(|role| role.name.value.clone()).collect();
    let agreement = Agreement::default();
    for name in ["documented", "pterodactyl-1.11"] {
        let profile = contract.profile(name).expect("the profile");
        criterion.bench_function(&format!("resolving/{name}"), |bencher| {
            bencher.iter(|| Plan::new(contract, specs.cases(), profile, &agreement, &given));
        });
    }
}

fn judging(criterion: &mut Criterion) {
    let contract = Specs::load(&Source::Embedded)
        .expect("the specification")
        .contract;
    for (name, expected, observed) in [
        (
            "a-refusal",
            refusal(),
            answer("This action is unauthorized."),
        ),
        ("other-words", refusal(), answer("No.")),
    ] {
        let step = Judged {
            expected: &expected,
            observed: &observed,
        };
        criterion.bench_function(&format!("judging/{name}"), |bencher| {
            bencher.iter(|| judge(black_box(&[step]), &contract).expect("a verdict"));
        });
    }
}

/// The nearest conforming answer to one that has another detail and lacks the code.
fn repairing(criterion: &mut Criterion) {
    let contract = Specs::load(&Source::Embedded)
        .expect("the specification")
        .contract;
    let expected = refusal();
    let mut observed = answer("No.");
    observed.body = Body::Json(json!({ "errors": [{ "status": "403", "detail": "No." }] }));
    assert_ne!(nearest(&expected, &observed, &contract), observed);
    criterion.bench_function("repairing/a-refusal", |bencher| {
        bencher.iter(|| nearest(black_box(&expected), black_box(&observed), &contract));
    });
}

fn refusal() -> Expected {
    Expected {
        status: vec![403],
        error: Some(ErrorWords {
            code: Some("InsufficientPermissionsException".to_owned()),
            detail: Some(Wording {
                shown: "This action is unauthorized.".to_owned(),
                pattern: None,
            }),
        }),
        schemas: vec!["error-envelope".parse().expect("a name")],
        ..Expected::default()
    }
}

fn answer(detail: &str) -> Observation {
    let error = json!({
        "code": "InsufficientPermissionsException",
        "status": "403",
        "detail": detail,
    });
    Observation {
        status: 403,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: Body::Json(json!({ "errors": [error] })),
    }
}
