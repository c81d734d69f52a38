//! The conformance tests as they are run from an archive: in a folder without this checkout, as
//! nextest starts them, one process for a test.

use libtest_mimic::Trial;

use super::program::{Said, conformance, run};

const CASE: &str = "authentication/envelopes/head/no-key";

pub(crate) fn trials() -> Vec<Trial> {
    let trial = Trial::test("elsewhere/the-specification-is-inside", || {
        the_specification_is_inside();
        Ok(())
    });
    vec![trial]
}

fn the_specification_is_inside() {
    let folder = tempfile::tempdir().expect("a folder");
    let elsewhere = |arguments: &[&str]| -> Said {
        let mut command = conformance();
        command.current_dir(folder.path()).env("NEXTEST", "1");
        let said = run(command.args(arguments));
        said.must_exit(0);
        said
    };
    let list = ["--list", "--format", "terse"];
    let listed = elsewhere(&list).stdout;
    assert!(listed.lines().count() > 1500, "{listed}");
    let here = run(conformance().env("NEXTEST", "1").args(list)).stdout;
    assert_eq!(listed, here);
    let said = elsewhere(&[CASE, "--exact", "--nocapture"]);
    assert!(said.stdout.contains("1 passed"), "{}", said.stdout);
    // What a checkout says goes before what is inside.
    let specs = folder.path().join("specs");
    std::fs::create_dir(&specs).expect("a folder");
    std::fs::write(specs.join("requirements.yaml"), "x").expect("a file");
    let mut command = conformance();
    let said = run(command.current_dir(folder.path()).args(list));
    assert!(said.all().contains("requirements.yaml"), "{}", said.all());
}
