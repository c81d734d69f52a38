//! `explain` tells a case and a requirement so that nobody has to read the specification for it.

use libtest_mimic::{Failed, Trial};

use super::program::{program, run};

/// What is asked, and what is said of it.
type Told = (&'static str, &'static [&'static str]);

const CASES: [Told; 9] = [
    (
        "authentication/unknown-key/wrong-secret/get-api-client",
        &[
            "    Authorization: Bearer $(printf %s \"$PTERO_KEY_CLIENT\" | cut -c1-16)xxx",
            "    expects status 401, code AuthenticationException, detail “Unauthenticated.”\n",
            "      schema error-envelope\n",
            "      header www-authenticate: absent\n",
        ],
    ),
    (
        "authentication/key-elsewhere/json/post-api-application-users",
        &["    {\"token\":\"${PTERO_KEY_APPLICATION}\","],
    ),
    (
        "authentication/headers/accept-ajax/html",
        &[
            "    expects status 302, not JSON\n",
            "      header location: something that ends with `/auth/login`\n",
        ],
    ),
    (
        "lifecycle/keys/replaced",
        &[
            "\nstep 2\n  sends GET /api/client/account\n    Authorization: Bearer ${SAVED_FRESH}\n",
            "    expects status 200\n      schema created-key\n",
        ],
    ),
    (
        "authentication/ownership/like-a-missing-one/get-api-client-servers-server",
        &[
            "\nstep 1 (missing)\n",
            "\nstep 2\n",
            "      the same status, type and error as step 1 (missing)\n",
        ],
    ),
    (
        "limits/shown/new-key",
        &["      header x-ratelimit-remaining: less than that of step 1 (creation)\n"],
    ),
    (
        "hardening/caches/two-users",
        &["      content /attributes/username: something else than that of step 1 (first)\n"],
    ),
    (
        "hardening/origins/answer/client/foreign",
        &[
            "      header access-control-allow-origin: absent, or something without `evil.example` or `null`\n",
        ],
    ),
    (
        "limits/spent/client",
        &[
            "\nstep 1\n  is sent until it is refused, at most once more than the limit allows; the last \
             answer is judged\n  sends GET /api/client\n",
            "\nstep 11\n  waits as many seconds as Retry-After of the answer before it says\n  sends GET",
        ],
    ),
];

const REQUIREMENTS: [Told; 2] = [
    (
        "KEY-TYPES",
        &[
            "KEY-TYPES (MUST)\nThere are two types of key",
            "source: Authentication, introduction\n",
            " cases of ",
            "  A key of the other API reads nothing\n        specs/authentication/key-types.yaml:6\n",
            ", needs --allow-writes\n",
        ],
    ),
    (
        "APP-IP",
        &["verified by a person: No route makes application keys"],
    ),
];

/// Names that nothing has, and what may have been meant.
const MEANT: [(&str, &str); 4] = [
    ("KEY-TYPE", "did you mean `KEY-TYPES`?"),
    ("key-types", "did you mean `KEY-TYPES`?"),
    (
        "authentication/no-key/every-rout/get-api-client",
        "did you mean `authentication/no-key/every-route/get-api-client`?",
    ),
    ("zzz", "`list --ids` names all cases"),
];

pub(crate) fn trials() -> Vec<Trial> {
    let told = CASES.iter().chain(&REQUIREMENTS).map(|(subject, says)| {
        let name = format!("explained/{}", subject.to_lowercase());
        Trial::test(name, move || is_told(subject, says))
    });
    let meant = MEANT.iter().map(|(wrong, advice)| {
        Trial::test(format!("explained/meant/{wrong}"), move || {
            let said = run(program().args(["explain", wrong]));
            said.must_exit(2);
            assert!(said.stderr.contains(advice), "{}", said.stderr);
            Ok(())
        })
    });
    let counted = Trial::test("explained/every-case-is-counted", every_case_is_counted);
    told.chain(meant).chain([counted]).collect()
}

fn explain(subject: &str) -> String {
    let said = run(program().args(["explain", subject, "--profile", "pterodactyl-1.11"]));
    said.must_exit(0);
    said.stdout
}

fn is_told(subject: &str, says: &[&str]) -> Result<(), Failed> {
    let said = explain(subject);
    let lacking: Vec<_> = says.iter().filter(|text| !said.contains(**text)).collect();
    if lacking.is_empty() {
        Ok(())
    } else {
        Err(format!("{lacking:#?} is not in\n{said}").into())
    }
}

/// The scenarios of a requirement have together as many cases as the list of them.
fn every_case_is_counted() -> Result<(), Failed> {
    let list = run(program().args(["list", "--requirements"])).stdout;
    let after = list
        .split("\nKEY-TYPES (")
        .nth(1)
        .ok_or("the requirement")?;
    let own = after
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with("    "));
    let listed = own.count();
    let said = explain("KEY-TYPES");
    let line = said.lines().find(|line| line.starts_with("verified by "));
    let told = line
        .and_then(|line| line.split(' ').nth(2))
        .ok_or("a number")?;
    assert_eq!(told.parse(), Ok(listed), "{said}");
    assert!(listed > 100, "{listed}");
    Ok(())
}
