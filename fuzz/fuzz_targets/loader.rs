//! Whatever a suite's file is made of: it is read or refused, and where it is wrong is told.

#![no_main]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use ptero_conformance::spec::{Source, Specs};

/// A folder with nothing but one suite; what else there is to a specification is built in.
static FOLDER: LazyLock<tempfile::TempDir> =
    LazyLock::new(|| tempfile::tempdir().expect("a folder"));

fuzz_target!(|data: &[u8]| {
    let file: PathBuf = FOLDER.path().join("suite.yaml");
    std::fs::write(&file, data).expect("a file");
    let source = Source::Folder(FOLDER.path().to_owned());
    let specs = match Specs::load(&source) {
        Ok(specs) => specs,
        // What is no text at all is known before anything is read.
        Err(troubles) => {
            assert!(std::str::from_utf8(data).is_err() && !troubles.is_empty());
            return;
        }
    };
    assert_eq!(
        specs.suites.len() + specs.broken.len(),
        1,
        "it is read or refused"
    );
    for broken in &specs.broken {
        assert!(!broken.diagnostics.is_empty(), "refused for no reason");
        let lines = broken.file.text.split('\n').count();
        for diagnostic in &broken.diagnostics {
            let told = diagnostic.to_string();
            assert!(told.contains("suite.yaml"), "{told}");
            assert!(
                diagnostic
                    .line()
                    .is_none_or(|line| (1..=lines).contains(&line)),
                "{told}"
            );
        }
    }
    let mut ids = BTreeSet::new();
    for case in specs.cases() {
        assert!(case.id.as_str().starts_with("suite/"), "{}", case.id);
        assert!(ids.insert(case.id.clone()), "{} stands twice", case.id);
    }
});
