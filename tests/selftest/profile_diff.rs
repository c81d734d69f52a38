//! `profile diff` says what the versions are known to differ in, and nothing of what they share.

use libtest_mimic::{Failed, Trial};

use super::program::{Said, program, run};

/// A pair of profiles, lines that are said of it, and texts that are not.
struct Pair {
    from: &'static str,
    to: &'static str,
    says: &'static [&'static str],
    says_not: &'static [&'static str],
}

const PAIRS: [Pair; 4] = [
    Pair {
        from: "pterodactyl-1.7",
        to: "pterodactyl-1.8",
        says: &[
            "opened: who was refused is let in",
            "an administrator is used on the Application API: refused with 403 AccessDeniedHttpException → granted",
            "If the request carries no credentials, or if ",
            "401 HttpException → 401 AuthenticationException; www-authenticate: Bearer → absent; where JSON is not asked for: 401 → 302",
            "If nobody has this key, or if ",
            "403 AccessDeniedHttpException → 401 AuthenticationException",
            "`two-factor-required` (400) is now looked at before `ip-refused` (403)",
            "6 routes new: 6 of the Client API, 0 of the Application API",
            "Client keys begin with: nothing that is always the same → `ptlc_`",
            "HARD-SESSION is now kept: An API answer to a request with a key sets no session cookie.",
        ],
        says_not: &["maintenance", "Requests a minute"],
    },
    Pair {
        from: "pterodactyl-1.11",
        to: "pterodactyl-1.14",
        says: &[
            "On the Application API, if the key may only read, and the answer holds a secret: granted → refused with 403",
            "(not-bearer:other-case): refused with 401 AuthenticationException → granted",
            "`over-limit` (429) is now looked at after `missing:server` (404), ",
            "Requests a minute on the Client API: 720 → 256",
        ],
        says_not: &["reshaped", "reworded", "begin with", "On the Client API:"],
    },
    Pair {
        from: "pterodactyl-1.10",
        to: "pterodactyl-1.11",
        says: &[
            "stated: something is said",
            "If the key was valid once",
            "2 refusals in other words",
        ],
        says_not: &["opened", "closed", "reshaped", "order", "good practice"],
    },
    Pair {
        from: "pterodactyl-1.11",
        to: "pelican",
        says: &[
            "location: something that ends with `/auth/login` → something that ends with `/login`",
            "504 DaemonConnectionException → 500 ConnectionException",
            "POST /api/client/servers/{server}/power, if the key or the subuser lacks the permission",
            "32 routes new: 2 of the Client API, 30 of the Application API",
        ],
        says_not: &["Requests a minute"],
    },
];

pub(crate) fn trials() -> Vec<Trial> {
    let pairs = PAIRS.iter().map(|pair| {
        let name = format!("profile-diff/{}/{}", pair.from, pair.to);
        Trial::test(name, move || pair.is_told())
    });
    let others = [
        Trial::test("profile-diff/itself", || {
            assert!(
                diff("pelican", "pelican", &[])
                    .stdout
                    .ends_with("compared with itself\n")
            );
            Ok(())
        }),
        Trial::test("profile-diff/verbose", || {
            let said = diff("pterodactyl-1.7", "pterodactyl-1.8", &["--verbose"]);
            let route = "    GET /api/client/account/activity\n";
            assert!(said.stdout.contains(route), "{}", said.stdout);
            assert!(!said.stdout.contains("--verbose"), "{}", said.stdout);
            Ok(())
        }),
        Trial::test("profile-diff/back", there_and_back),
        Trial::test("profile-diff/unknown", || {
            let said = run(program().args(["profile", "diff", "pelican", "pterodactil-1.14"]));
            said.must_exit(2);
            assert!(
                said.stderr.contains("did you mean `pterodactyl-1.14`?"),
                "{}",
                said.stderr
            );
            Ok(())
        }),
    ];
    pairs.chain(others).collect()
}

fn diff(from: &str, to: &str, more: &[&str]) -> Said {
    let said = run(program().args(["profile", "diff", from, to]).args(more));
    said.must_exit(0);
    said
}

impl Pair {
    fn is_told(&self) -> Result<(), Failed> {
        let said = diff(self.from, self.to, &[]).stdout;
        let lacking = self.says.iter().filter(|text| !said.contains(**text));
        let surplus = self.says_not.iter().filter(|text| said.contains(**text));
        let wrong: Vec<_> = lacking.chain(surplus).collect();
        if wrong.is_empty() {
            Ok(())
        } else {
            Err(format!("{wrong:#?} in\n{said}").into())
        }
    }
}

/// What is opened on the way there is closed on the way back.
fn there_and_back() -> Result<(), Failed> {
    let pair = ["pterodactyl-1.7", "pterodactyl-1.14"];
    let (there, back) = (diff(pair[0], pair[1], &[]), diff(pair[1], pair[0], &[]));
    let (opened, closed) = (
        section(&there.stdout, "opened"),
        section(&back.stdout, "closed"),
    );
    let turned: Vec<_> = closed
        .iter()
        .filter_map(|line| {
            let (reason, refusal) = line.split_once(": granted → ")?;
            Some(format!("{reason}: {refusal} → granted"))
        })
        .collect();
    if opened == turned && !opened.is_empty() {
        Ok(())
    } else {
        Err(format!("{opened:#?}\nand on the way back\n{closed:#?}").into())
    }
}

/// The lines below a heading.
fn section(text: &str, heading: &str) -> Vec<String> {
    let after = text.lines().skip_while(|line| !line.starts_with(heading));
    let lines = after.skip(1).take_while(|line| line.starts_with("  "));
    lines.map(str::to_owned).collect()
}
