//! `compare`: what the step from one contract to the other says is told apart from what it does not.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};

use libtest_mimic::Trial;

use super::panel::Panel;
use super::program::{Said, program, run};
use super::recorded::Recorded;
use super::server::closed_port;
use super::trials::named;

const BEFORE: &str = "pterodactyl-1.10";
const AFTER: &str = "pterodactyl-1.11";

pub(crate) fn trials() -> Vec<Trial> {
    let all: [(&str, fn()); 17] = [
        ("as-expected", as_expected),
        ("in-the-words-of-the-contract", in_the_words_of_the_contract),
        ("a-fault-is-not-expected", a_fault_is_not_expected),
        ("newly-stated", newly_stated),
        ("newly-stated-and-not-kept", newly_stated_and_not_kept),
        ("no-longer-stated", no_longer_stated),
        ("routes-come-and-go", routes_come_and_go),
        ("known-not-to-be-kept", known_not_to_be_kept),
        ("one-cause-one-sentence", one_cause_one_sentence),
        ("every-step-of-sound-panels", every_step_of_sound_panels),
        ("the-same-twice", the_same_twice),
        ("did-not-happen", did_not_happen),
        ("cut-short", cut_short),
        ("with-a-panel", with_a_panel),
        ("with-nobody", with_nobody),
        ("an-edge", an_edge),
        ("bad-files", bad_files),
    ];
    named("upgrades", all)
}

/// Records a served panel.
fn recording_of(panel: &Panel, profile: &str, folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    let mut command = program();
    command.args(["run", panel.url(), "--profile", profile, "--allow-writes"]);
    command.arg("--keys").arg(panel.keys_yaml());
    command.arg("--record").arg(&path);
    run(&mut command);
    assert!(path.exists(), "{} is not there", path.display());
    path
}

fn compare(before: &Path, after: &Path, more: &[&str]) -> Said {
    run(program().arg("compare").args([before, after]).args(more))
}

/// The lines below a heading.
fn section<'t>(text: &'t str, heading: &str) -> Vec<&'t str> {
    let after = text.lines().skip_while(|line| *line != heading);
    after
        .skip(1)
        .take_while(|line| line.starts_with("  "))
        .collect()
}

fn as_expected() {
    let folder = tempfile::tempdir().expect("a folder");
    let [before, after] = [BEFORE, AFTER]
        .map(|profile| recording_of(&Panel::serve(profile), profile, folder.path(), profile));
    let said = compare(&before, &after, &[]);
    said.must_exit(0);
    assert_eq!(
        section(&said.stdout, "not expected"),
        [""; 0],
        "{}",
        said.stdout
    );
    let reworded = section(&said.stdout, "reworded");
    assert!(
        reworded[0].ends_with("cases in other words: expected"),
        "{}",
        said.stdout
    );
    let wordings = [
        "If no route has this path: “” → “The route ${path} could not be found.” (",
        "If the path exists, but not for this method: “The ${method} method is not supported for this route. ",
    ];
    for (line, wanted) in reworded[1..].iter().zip(wordings) {
        assert!(line.contains(wanted), "{wanted}\n{}", said.stdout);
    }
    assert_eq!(reworded.len(), 3, "{}", said.stdout);
    assert!(said.stdout.lines().count() <= 18, "{}", said.stdout);
    assert!(
        said.stdout.contains("\nAS EXPECTED: of "),
        "{}",
        said.stdout
    );
}

fn in_the_words_of_the_contract() {
    let [before, after] =
        ["pterodactyl-1.7", "pterodactyl-1.8"].map(|profile| Recorded::new(profile, &[]));
    let said = compare(&before.path(), &after.path(), &[]);
    said.must_exit(0);
    for text in [
        "On the Application API, if a client key of an administrator is used on the Application API: \
         refused with 403 AccessDeniedHttpException → granted (",
        "header www-authenticate: Bearer → absent",
        "expected by the contract, though good practice is another",
    ] {
        assert!(said.stdout.contains(text), "{text}\n{}", said.stdout);
    }
    assert_eq!(
        section(&said.stdout, "not expected"),
        [""; 0],
        "{}",
        said.stdout
    );
    // On the way back nothing is what the new contract says; the gravest is told first.
    let back = compare(
        &after.path(),
        &before.path(),
        &[
            "--from-profile",
            "pterodactyl-1.8",
            "--to-profile",
            "pterodactyl-1.8",
        ],
    );
    back.must_exit(1);
    let found = section(&back.stdout, "not expected");
    assert!(
        found
            .iter()
            .any(|line| line.contains(": granted → refused with 403")),
        "{}",
        back.stdout
    );
}

fn a_fault_is_not_expected() {
    let folder = tempfile::tempdir().expect("a folder");
    let before = recording_of(&Panel::serve(BEFORE), BEFORE, folder.path(), "before");
    let faulty = Panel::serve_with(AFTER, &["--fault", "skip-permission"]);
    let after = recording_of(&faulty, AFTER, folder.path(), "after");
    let said = compare(&before, &after, &[]);
    said.must_exit(1);
    let found = section(&said.stdout, "not expected");
    assert!(
        found[0].contains("lacks the permission") && found[0].contains(" → granted"),
        "{}",
        said.stdout
    );
    assert!(
        found[0].contains("pterodactyl-1.11 says: refused with 403"),
        "{}",
        said.stdout
    );
    assert!(found.len() <= 10, "{}", said.stdout);
    let place = |text: &str| said.stdout.find(text).expect("a heading");
    assert!(place("\nnot expected\n") < place("\nreworded\n"));
    assert!(said.stdout.contains("\nCHANGED: of "), "{}", said.stdout);
    // What was so before is no change.
    let said = compare(&after, &after, &["--from-profile", AFTER]);
    said.must_exit(0);
    assert!(said.stdout.contains("NOTHING CHANGED"), "{}", said.stdout);
}

/// What only the new contract speaks of, and the panel keeps.
fn newly_stated() {
    let folder = tempfile::tempdir().expect("a folder");
    let [before, after] = [BEFORE, AFTER]
        .map(|profile| recording_of(&Panel::serve(profile), profile, folder.path(), profile));
    let said = compare(&before, &after, &[]);
    said.must_exit(0);
    let wanted = "  If the key was valid once: refused with 401 AuthenticationException, as \
                  pterodactyl-1.11 newly says; it was not asked before (8 cases)";
    let found = section(&said.stdout, "expected");
    assert_eq!(found[0], wanted, "{}", said.stdout);
    assert!(
        found[1].starts_with("  On the Client API, where JSON is not asked for, if the key was "),
        "{}",
        said.stdout
    );
    assert_eq!(found.len(), 2, "{}", said.stdout);
    assert!(!said.stdout.contains("says nothing"), "{}", said.stdout);
    // On the way back it is stated no longer, and nobody can say whether it is so.
    let back = compare(&after, &before, &[]);
    back.must_exit(0);
    let found = section(&back.stdout, "no longer stated, and so not judged");
    let wanted = "  If the key was valid once: refused with 401 AuthenticationException; \
                  pterodactyl-1.10 says nothing of it, and it was not asked (8 cases)";
    assert_eq!(found[0], wanted, "{}", back.stdout);
    assert!(
        back.stdout
            .ends_with(" in other words, 9 no longer stated\n"),
        "{}",
        back.stdout
    );
}

/// Who is let in against the new contract is not expected, though nobody knows how it was before.
fn newly_stated_and_not_kept() {
    let before = Recorded::new(BEFORE, &["expired", "no-key/"]);
    let folder = tempfile::tempdir().expect("a folder");
    let faulty = Panel::serve_with(AFTER, &["--fault", "expired-accepted"]);
    let after = recording_of(&faulty, AFTER, folder.path(), "after");
    let said = compare(&before.path(), &after, &[]);
    said.must_exit(1);
    let found = section(&said.stdout, "not expected");
    let wanted = "  If the key was valid once: granted; pterodactyl-1.11 says: refused with 401 \
                  AuthenticationException or 302; pterodactyl-1.10 says nothing of it (7 cases on 6 routes)";
    assert_eq!(found[0], wanted, "{}", said.stdout);
    assert_eq!(section(&said.stdout, "expected"), [""; 0]);
}

/// What was asked all the same is told as it was seen.
fn no_longer_stated() {
    let folder = tempfile::tempdir().expect("a folder");
    let old = Panel::serve(BEFORE);
    let after = recording_of(&old, AFTER, folder.path(), "after");
    let before = Recorded::new(AFTER, &["expired/refused"]);
    let said = compare(&before.path(), &after, &["--to-profile", BEFORE]);
    said.must_exit(0);
    let found = section(&said.stdout, "no longer stated, and so not judged");
    let wanted = "  If the key was valid once: refused with 401 AuthenticationException → granted; \
                  pterodactyl-1.10 says nothing of it (6 cases)";
    assert_eq!(found, [wanted], "{}", said.stdout);
    // The same answer is no change, whatever is said of it.
    let said = compare(
        &after,
        &after,
        &["--from-profile", AFTER, "--to-profile", BEFORE],
    );
    said.must_exit(0);
    assert_eq!(
        section(&said.stdout, "no longer stated, and so not judged"),
        [""; 0],
        "{}",
        said.stdout
    );
}

/// A recording of the embedded panel, which is said to be of a version.
fn of_version(version: &str, profile: &str, folder: &Path) -> PathBuf {
    let path = folder.join(version);
    let mut command = program();
    command.args(["run", "--embedded", "--profile", profile, "--record"]);
    let said = run(command.arg(&path).args(["--panel-version", version]));
    said.must_exit(0);
    path
}

fn routes_come_and_go() {
    let folder = tempfile::tempdir().expect("a folder");
    let before = of_version("1.10.4", BEFORE, folder.path());
    let after = of_version("1.11.8", AFTER, folder.path());
    let come = "New in pterodactyl-1.11, and answered as it says: \
                `POST /api/client/account/two-factor/disable` (6 cases)";
    let gone = "Gone in pterodactyl-1.11: `DELETE /api/client/account/two-factor` (3 cases)";
    let said = compare(&before, &after, &[]);
    said.must_exit(0);
    let found = |heading| section(&said.stdout, heading).join("\n");
    assert!(found("expected").contains(come), "{}", said.stdout);
    let left = found("no longer stated, and so not judged");
    assert!(left.contains(gone), "{}", said.stdout);
    // A new route that lets everybody in is nothing that the new contract says.
    let open = "skip-auth@POST:/api/client/account/two-factor/disable";
    let panel = Panel::serve_with(AFTER, &["--fault", open]);
    let mut command = program();
    command.arg("compare").arg(&before).arg(panel.url());
    command.args(["--to-profile", AFTER, "--panel-version", "1.11.8"]);
    command.arg("--keys").arg(panel.keys_yaml());
    let said = run(command.arg("--allow-writes"));
    said.must_exit(1);
    let found = section(&said.stdout, "not expected");
    assert!(
        found[0].contains("POST /api/client/account/two-factor/disable, if ")
            && found[0].contains("; pterodactyl-1.10 has no such route ("),
        "{}",
        said.stdout
    );
}

/// What panels of a version are known for is no surprise, and what others break is one.
fn known_not_to_be_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let old = of_version("1.8.1", "pterodactyl-1.8", folder.path());
    let new = of_version("1.10.4", BEFORE, folder.path());
    let heading = "expected by the contract, though good practice is another";
    let said = compare(&old, &new, &[]);
    said.must_exit(0);
    let found = section(&said.stdout, heading);
    let wanted = "  On the Client API, “A range that cannot be one is refused as invalid”: refused with \
                  422 ValidationException → refused with 500 Exception (2 cases)";
    assert_eq!(found, [wanted], "{}", said.stdout);
    let told = section(&said.stdout, "expected").join("\n");
    let wanted =
        "written in a way that not every version takes: granted, as pterodactyl-1.10 newly says";
    assert!(told.contains(wanted), "{}", said.stdout);
    compare(&new, &old, &[]).must_exit(0);
    // Within one contract nothing is known of a step.
    compare(&old, &new, &["--to-profile", "pterodactyl-1.8"]).must_exit(1);
}

/// No step between two versions surprises anybody where both panels keep their contracts.
fn every_step_of_sound_panels() {
    let versions = ["1.8", "1.10", "1.11", "1.14"];
    let recorded = versions.map(|version| {
        let profile = format!("pterodactyl-{version}");
        Recorded::new(&profile, &[])
    });
    for pair in recorded.windows(2) {
        let [older, newer] = [pair[0].path(), pair[1].path()];
        for (before, after) in [(&older, &newer), (&newer, &older)] {
            let said = compare(before, after, &[]);
            said.must_exit(0);
            for heading in ["not expected", "expected, but did not happen"] {
                assert_eq!(section(&said.stdout, heading), [""; 0], "{}", said.stdout);
            }
            assert!(said.stdout.contains("AS EXPECTED: of 1"), "{}", said.stdout);
        }
    }
    // Routes of both APIs come with a fork, in one line.
    let fork = Recorded::new("pelican", &[]);
    let said = compare(&recorded[2].path(), &fork.path(), &[]);
    said.must_exit(0);
    let new = said.stdout.matches("New in pelican").count();
    assert_eq!(new, 1, "{}", said.stdout);
}

/// One defect is told once, though it has many answers: what lets somebody in first.
fn one_cause_one_sentence() {
    let before = Recorded::new(AFTER, &[]);
    let folder = tempfile::tempdir().expect("a folder");
    for (fault, first, most) in [
        (
            "skip-key-type",
            "If the key is made for the other API, or if the owner of the application key is no \
             administrator (any longer): refused with 403 AccessDeniedHttpException → granted or \
             refused with 422 ValidationException; ",
            3,
        ),
        (
            "skip-key-type@GET:/api/client/account",
            "GET /api/client/account, if the key is made for the other API: refused with 403 ",
            2,
        ),
        (
            "skip-auth",
            "If the request carries no credentials, or if ",
            7,
        ),
        (
            "key-from-query",
            "If the key stands elsewhere than in the Authorization field: refused with 401 \
             AuthenticationException or 302 → granted; ",
            1,
        ),
        ("limit-untold", "If nothing stands in the way, or if ", 1),
    ] {
        let panel = Panel::serve_with(AFTER, &["--fault", fault]);
        let after = recording_of(&panel, AFTER, folder.path(), "after");
        let said = compare(&before.path(), &after, &[]);
        said.must_exit(1);
        let found = section(&said.stdout, "not expected");
        let told: Vec<_> = found.chunks(2).map(|lines| lines[0].trim()).collect();
        assert!(told[0].starts_with(first), "{fault}: {}", said.stdout);
        assert!(
            told[0].contains(" → granted") || told[0].contains(": present → absent"),
            "{fault}: {}",
            said.stdout
        );
        assert!(told.len() <= most, "{fault}: {}", said.stdout);
        let refused = told.iter().position(|line| !line.contains("granted"));
        let granted = told.iter().rposition(|line| line.contains(" → granted"));
        assert!(
            refused.is_none_or(|refused| granted < Some(refused)),
            "{fault}: {}",
            said.stdout
        );
    }
}

fn the_same_twice() {
    let folder = tempfile::tempdir().expect("a folder");
    let panel = Panel::serve(AFTER);
    let [before, after] =
        ["before", "after"].map(|name| recording_of(&panel, AFTER, folder.path(), name));
    let said = compare(&before, &after, &[]);
    said.must_exit(0);
    assert!(
        said.stdout.contains("\nNOTHING CHANGED in "),
        "{}",
        said.stdout
    );
    for heading in [
        "not expected",
        "expected",
        "expected, but did not happen",
        "reworded",
    ] {
        assert!(section(&said.stdout, heading).is_empty(), "{}", said.stdout);
    }
}

fn did_not_happen() {
    let recorded = Recorded::new(AFTER, &[]);
    let path = recorded.path();
    let said = compare(&path, &path, &["--to-profile", "pterodactyl-1.14"]);
    said.must_exit(0);
    let found = section(&said.stdout, "expected, but did not happen").join("\n");
    assert!(
        found.contains(
            "still refused with 401 AuthenticationException; pterodactyl-1.14 says: granted"
        ),
        "{}",
        said.stdout
    );
}

/// Nobody can say what the cases that were never asked would have come to.
fn cut_short() {
    let recorded = Recorded::new(AFTER, &["no-key/"]);
    let (whole, part) = (recorded.path(), recorded.cut_short());
    compare(&whole, &whole, &[]).must_exit(0);
    let told = format!("INCOMPLETE: {} is of a run", part.display());
    for (before, after, lines) in [(&whole, &part, 1), (&part, &whole, 1), (&part, &part, 2)] {
        let said = compare(before, after, &[]);
        said.must_exit(3);
        for line in [said.stdout.lines().next(), said.stdout.lines().last()] {
            assert!(
                line.is_some_and(|line| line.starts_with(&told)),
                "{}",
                said.stdout
            );
        }
        assert_eq!(said.stdout.matches(&told).count(), 2 * lines);
    }
    // What is not expected is found in a part as well.
    let old = Recorded::new("pterodactyl-1.7", &["no-key/"]);
    let said = compare(&old.path(), &part, &["--to-profile", "pterodactyl-1.7"]);
    said.must_exit(1);
    assert!(said.stdout.starts_with(&told), "{}", said.stdout);
}

fn with_a_panel() {
    let folder = tempfile::tempdir().expect("a folder");
    let before = recording_of(&Panel::serve(AFTER), AFTER, folder.path(), "before");
    let compare = |panel: &Panel| {
        let mut command = program();
        command.arg("compare").arg(&before).arg(panel.url());
        command.arg("--keys").arg(panel.keys_yaml());
        run(command.arg("--allow-writes"))
    };
    let said = compare(&Panel::serve(AFTER));
    said.must_exit(0);
    assert!(
        said.stdout.contains("\nNOTHING CHANGED in "),
        "{}",
        said.stdout
    );
    let said = compare(&Panel::serve_with(AFTER, &["--fault", "skip-ownership"]));
    said.must_exit(1);
    assert!(
        section(&said.stdout, "not expected")[0].contains(" → granted"),
        "{}",
        said.stdout
    );
}

/// Of no case there is nothing to count.
fn with_nobody() {
    let recorded = Recorded::new(AFTER, &["envelopes/head/no-key"]);
    let mut command = program();
    command
        .arg("compare")
        .arg(recorded.path())
        .arg(closed_port());
    let said = run(command.env("PTERO_KEY_CLIENT", format!("ptlc_{}", "a".repeat(43))));
    said.must_exit(3);
    assert!(!said.stderr.contains(" a case"), "{}", said.stderr);
}

/// What a proxy adds is its own doing, and not the panel's.
fn an_edge() {
    let panel = Panel::serve(AFTER);
    let edge = Edge::before(&panel);
    let direct = panel.url().trim_start_matches("http://").to_owned();
    let mut command = program();
    command.args(["compare", &edge, "--origin", &direct, "--profile", AFTER]);
    command
        .args(["--jobs", "1", "--keys"])
        .arg(panel.keys_yaml());
    let said = run(&mut command);
    said.must_exit(1);
    let last = said.stdout.lines().last().expect("a line");
    let (edge, panel) = last
        .strip_prefix("made by the edge: ")
        .and_then(|rest| rest.split_once(" · made by the panel: "))
        .expect("both counts");
    assert!(
        edge.parse::<usize>().expect("a number") > 10,
        "{}",
        said.stdout
    );
    assert_eq!(panel, "0", "{}", said.stdout);
    assert!(
        said.stdout.contains("\nmade by the edge\n"),
        "{}",
        said.stdout
    );
}

/// A proxy that takes the Authorization field away.
struct Edge;

impl Edge {
    fn before(panel: &Panel) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let behind = panel.url().trim_start_matches("http://").to_owned();
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let behind = behind.clone();
                std::thread::spawn(move || pass_on(client, &behind).ok());
            }
        });
        url
    }
}

/// Passes one request on, and closes the connection.
fn pass_on(mut client: TcpStream, behind: &str) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") && client.read(&mut byte)? == 1 {
        bytes.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&bytes);
    let of = |name: &str| {
        let mut lines = head.lines();
        let line = lines.find(|line| line.to_ascii_lowercase().starts_with(name))?;
        line.split_once(": ").map(|(_, value)| value.to_owned())
    };
    let length = of("content-length")
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    let mut content = vec![0; length];
    client.read_exact(&mut content)?;
    let is_control = head.starts_with("GET /api/client/account ")
        || head.starts_with("GET /api/application/users ")
        || head.starts_with("GET /api/client ");
    let kept = head.trim_end().lines().filter(|line| {
        let name = line
            .split(':')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        name != "connection" && (name != "content-type" || is_control)
    });
    let kept = kept.collect::<Vec<_>>().join("\r\n");
    let mut panel = TcpStream::connect(behind)?;
    write!(panel, "{kept}\r\nConnection: close\r\n\r\n")?;
    panel.write_all(&content)?;
    let mut answer = Vec::new();
    panel.read_to_end(&mut answer)?;
    let text = String::from_utf8_lossy(&answer);
    let changed = text.replacen(
        "content-type: application/json\r\n",
        "content-type: text/plain\r\n",
        1,
    );
    client.write_all(changed.as_bytes())
}

fn bad_files() {
    let recorded = Recorded::new(AFTER, &["envelopes/head/no-key"]);
    let other = Recorded::new(AFTER, &["headers/accept-published"]);
    let text = recorded.text();
    let half = recorded.beside("half", &text[..text.len() / 2]);
    let edited = recorded.beside("edited", &text.replacen("401", "500", 1));
    let suite = text.replacen("\"suite_sha256\":\"", "\"suite_sha256\":\"0", 1);
    let suite = recorded.beside("suite", &suite);
    let good = recorded.path();
    let rows: [(&Path, &Path, &[&str], &str); 6] = [
        (&good, &half, &[], "half: this recording is cut off"),
        (&edited, &good, &[], "edited: this recording was changed"),
        (&good, &suite, &[], "suite: this recording was changed"),
        (&good, &other.path(), &[], "there is nothing to compare"),
        (
            &good,
            &good,
            &["--to-profile", "pterodactyl-2"],
            "there is no profile",
        ),
        (&good, Path::new("/no/such/file"), &[], "/no/such/file"),
    ];
    for (before, after, more, wanted) in rows {
        let said = compare(before, after, more);
        said.must_exit(2);
        assert!(said.stderr.contains(wanted), "{wanted}: {}", said.stderr);
    }
    let said = compare(Path::new("https://panel.invalid"), &good, &[]);
    said.must_exit(2);
    let wanted = format!("`compare {} https://panel.invalid`", good.display());
    assert!(said.stderr.contains(&wanted), "{}", said.stderr);
    let said = compare(&good, Path::new("panel.invalid"), &[]);
    said.must_exit(2);
    let wanted = "; the URL of a panel begins with https:// or http://";
    assert!(said.stderr.contains(wanted), "{}", said.stderr);
    let said = compare(&good, &good, &["--to-profile", "1.10"]);
    said.must_exit(2);
    let wanted = "did you mean `pterodactyl-1.10`?";
    assert!(said.stderr.contains(wanted), "{}", said.stderr);
    let good = good.display().to_string();
    for (alone, wanted) in [
        (
            &*good,
            "name a second recording behind it, or the URL of the panel",
        ),
        (
            "https://panel.invalid",
            "name a recording before it: `compare BEFORE.jsonl URL`",
        ),
    ] {
        let said = run(program().args(["compare", alone]));
        said.must_exit(2);
        assert!(said.stderr.contains(wanted), "{}", said.stderr);
        assert!(said.stderr.contains(alone), "{}", said.stderr);
    }
}
