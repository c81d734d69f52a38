//! The acceptance page: a clause that was not tested is never accepted.

use libtest_mimic::Trial;

#[cfg(unix)]
use super::hosted::{Hosted, world};
use super::panel::Panel;
use super::program::{program, run};
use super::trials::named;

const PROFILE: &str = "pterodactyl-1.11";

pub(crate) fn trials() -> Vec<Trial> {
    let all: &[(&str, fn())] = &[
        ("whole", whole),
        ("filtered", filtered),
        ("exact", exact),
        #[cfg(unix)]
        ("interrupted", interrupted),
        ("without-keys", without_keys),
        ("faulty", faulty),
        ("completions", completions),
    ];
    named("accepted", all.iter().copied())
}

/// The page of a run, and the exit code that the run must have.
fn page(code: i32, arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("page.md");
    let mut command = program();
    command.arg("run").args(arguments);
    command
        .arg("--report")
        .arg(format!("acceptance={}", path.display()));
    run(&mut command).must_exit(code);
    std::fs::read_to_string(path).expect("a page")
}

fn title(page: &str) -> &str {
    page.lines().next().expect("a title")
}

/// The row of a clause.
fn row<'p>(page: &'p str, id: &str) -> &'p str {
    let start = format!("| {id} |");
    let mut rows = page.lines().filter(|line| line.starts_with(&start));
    rows.next().expect("a row")
}

fn whole() {
    let page = page(0, &["--embedded", "--profile", PROFILE]);
    assert!(row(&page, "AUTH-BEARER").contains("| ACCEPTED |"), "{page}");
    for text in [
        "- [ ] CLIENT-PAGE: ",
        "- profile: SHA-256 ",
        "- contract: SHA-256 ",
        "- specs/authentication/",
        "- roles: application, ",
        "ptero-conformance run --embedded --profile pterodactyl-1.11",
    ] {
        assert!(page.contains(text), "{text}\n{page}");
    }
    assert!(
        ["# ACCEPTED", "# PARTIAL"].contains(&title(&page)),
        "{page}"
    );
    let is_untested = page
        .lines()
        .any(|line| line.contains("| MUST | NOT TESTED |"));
    assert_eq!(title(&page) == "# ACCEPTED", !is_untested, "{page}");
}

/// Clauses of which no case was chosen are there, and are not accepted.
fn filtered() {
    let page = page(0, &["--embedded", "no-key/", "--profile", PROFILE]);
    assert_eq!(title(&page), "# PARTIAL", "{page}");
    assert!(
        row(&page, "KEY-TYPES").contains("| NOT TESTED | none was chosen |"),
        "{page}"
    );
    // Of this one some were chosen, and most were not.
    let bearer = row(&page, "AUTH-BEARER");
    assert!(bearer.contains("| PARTIAL |"), "{bearer}");
    assert!(page.contains(" cases were chosen.\n"), "{page}");
    let again = format!("run --embedded no-key/ --profile {PROFILE} ");
    assert!(page.contains(&again), "{page}");
    assert!(page.contains(" --report acceptance=FILE\n"), "{page}");
}

/// Of an exact case only the suite is read: how many others a clause has is not known.
fn exact() {
    let case = "authentication/headers/accept-published/no-key/published";
    let page = page(0, &["--embedded", case, "--exact", "--profile", PROFILE]);
    assert_eq!(title(&page), "# PARTIAL", "{page}");
    assert!(row(&page, "HDR-ACCEPT").contains("| PARTIAL |"), "{page}");
    let again = format!("run --embedded {case} --exact --profile {PROFILE} ");
    assert!(page.contains(&again), "{page}");
    assert!(page.contains("not every suite was read"), "{page}");
}

/// What was not reached before the end is not accepted, and the page says that it was not.
#[cfg(unix)]
fn interrupted() {
    use std::time::Duration;
    let (reached, many) = std::sync::mpsc::channel();
    let panel = Hosted::new(world(|t| t), std::iter::empty().collect(), |router| {
        router.layer(axum::middleware::from_fn(
            move |request: axum::extract::Request, next: axum::middleware::Next| {
                let reached = reached.clone();
                async move {
                    let _ = reached.send(());
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    next.run(request).await
                }
            },
        ))
    });
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("page.md");
    let mut command = program();
    command.args(["run", panel.url(), "--profile", PROFILE, "--jobs", "1"]);
    command.arg("--keys").arg(panel.keys_yaml()).arg("--report");
    command.arg(format!("acceptance={}", path.display()));
    command.stdout(std::process::Stdio::null());
    command.stderr(std::process::Stdio::null());
    let mut child = command.spawn().expect("the program starts");
    for _ in 0..120 {
        let is_asked = many.recv_timeout(Duration::from_secs(60));
        is_asked.expect("a request");
    }
    let told = std::process::Command::new("kill")
        .arg("-INT")
        .arg(child.id().to_string())
        .status();
    assert!(told.expect("`kill`").success());
    assert_eq!(child.wait().expect("its end").code(), Some(130));
    let page = std::fs::read_to_string(path).expect("a page");
    assert_eq!(title(&page), "# PARTIAL", "{page}");
    assert!(page.contains("\nINCOMPLETE: interrupted after "), "{page}");
    let bearer = row(&page, "AUTH-BEARER");
    assert!(bearer.contains("| PARTIAL |"), "{bearer}");
    assert!(page.contains("| NOT TESTED | none was run |"), "{page}");
}

fn without_keys() {
    let panel = Panel::serve(PROFILE);
    let url = panel.url();
    // That missing keys were agreed to makes the run pass, and nothing accepted.
    let page = page(0, &[url, "--profile", PROFILE, "--partial"]);
    assert_eq!(title(&page), "# PARTIAL", "{page}");
    assert!(row(&page, "SEC-LEAST").contains("| NOT TESTED |"), "{page}");
    let again = format!("run {url} --profile {PROFILE} --partial");
    assert!(page.contains(&again), "{page}");
}

fn faulty() {
    let panel = Panel::serve_with(PROFILE, &["--fault", "skip-permission"]);
    let keys = panel.keys_yaml().display().to_string();
    let page = page(1, &[panel.url(), "--profile", PROFILE, "--keys", &keys]);
    assert_eq!(title(&page), "# NOT ACCEPTED", "{page}");
    assert!(
        row(&page, "SEC-LEAST").contains("| NOT ACCEPTED |"),
        "{page}"
    );
    assert!(!page.contains(&panel.key("client")), "a key");
    assert!(page.contains("\nwith keys for: application, "), "{page}");
}

fn completions() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let said = run(program().args(["completions", shell]));
        said.must_exit(0);
        assert!(said.stdout.contains("ptero-conformance"), "{shell}");
        assert!(said.stdout.contains("compare"), "{shell}");
    }
    run(program().args(["completions", "dos"])).must_exit(2);
}
