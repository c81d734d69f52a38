//! A contract with one fact changed is noticed: the embedded panel deviates from it.

use std::fs;
use std::path::Path;

use libtest_mimic::Trial;

use super::program::{program, root, run};

const PROFILE: &str = "profiles/pterodactyl-1.11.yaml";

/// A change of one file of the specification.
struct Mutant {
    name: &'static str,
    file: &'static str,
    from: &'static str,
    to: &'static str,
}

const MUTANTS: [Mutant; 5] = [
    Mutant {
        name: "status/no-key",
        file: PROFILE,
        from: "  no-key: &unauthenticated\n    status: 401\n",
        to: "  no-key: &unauthenticated\n    status: 403\n",
    },
    Mutant {
        name: "status/no-permission",
        file: PROFILE,
        from: "  no-permission:\n    status: 403\n",
        to: "  no-permission:\n    status: 404\n",
    },
    Mutant {
        name: "order/application",
        file: PROFILE,
        from: "    - no-permission\n    - [missing:external_id, missing:server_external_id]\n",
        to: "    - [missing:external_id, missing:server_external_id]\n    - no-permission\n",
    },
    Mutant {
        name: "success/client",
        file: "routes/client.yaml",
        from: "  - route: GET /api/client\n    success: { status: 200,",
        to: "  - route: GET /api/client\n    success: { status: 202,",
    },
    Mutant {
        name: "success/application",
        file: "routes/application.yaml",
        from: "  - route: GET /api/application/users\n    success: { status: 200,",
        to: "  - route: GET /api/application/users\n    success: { status: 202,",
    },
];

pub(crate) fn trials() -> Vec<Trial> {
    let mutants = MUTANTS.iter().map(|mutant| {
        Trial::test(format!("mutants/{}", mutant.name), || {
            exits(1, Some(mutant));
            Ok(())
        })
    });
    let unchanged = Trial::test("mutants/none", || {
        exits(0, None);
        Ok(())
    });
    mutants.chain([unchanged]).collect()
}

/// Runs the embedded panel against a copy of the specification, changed or not.
fn exits(code: i32, mutant: Option<&Mutant>) {
    let folder = tempfile::tempdir().expect("a folder");
    let specs = folder.path().join("specs");
    copy(&root().join("specs"), &specs);
    copy(
        &root().join("schemas/responses"),
        &folder.path().join("schemas/responses"),
    );
    if let Some(mutant) = mutant {
        change(&specs, mutant);
    }
    let mut command = program();
    command
        .args([
            "run",
            "--embedded",
            "--profile",
            "pterodactyl-1.11",
            "--specs",
        ])
        .arg(&specs);
    run(&mut command).must_exit(code);
}

fn change(specs: &Path, mutant: &Mutant) {
    let path = specs.join(mutant.file);
    let text = fs::read_to_string(&path).expect("a file");
    assert_eq!(text.matches(mutant.from).count(), 1, "{}", mutant.from);
    fs::write(path, text.replace(mutant.from, mutant.to)).expect("a file");
}

/// Copies a folder with all that is in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).expect("a file");
        }
    }
}
