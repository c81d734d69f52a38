//! Contract files with a mistake, and where `check` says it is.

use std::fs;

use libtest_mimic::{Failed, Trial};

use super::program::{program, root, run};

/// A mistake: text that is put at the end of a file of the checkout, or into a new one.
struct Mistake {
    name: &'static str,
    file: &'static str,
    text: &'static str,
    /// The messages, each with the place that it names: the line of the text, from 1, and the column.
    says: &'static [(&'static str, usize, usize)],
    /// What is advised.
    advice: &'static str,
}

const MISTAKES: [Mistake; 28] = [
    Mistake {
        name: "clause-that-is-none",
        file: "profiles/own.yaml",
        text: "name: own\nextends: pelican\ntitle: t\nversions: { from: 1.0.0, to: 1.0.0 }\norigin: source\nsource: s\nunkept: [HARD-SESION]\n",
        says: &[("unknown requirement `HARD-SESION`", 7, 10)],
        advice: "did you mean `HARD-SESSION`?",
    },
    Mistake {
        name: "must-that-nobody-keeps",
        file: "profiles/own.yaml",
        text: "name: own\nextends: pelican\ntitle: t\nversions: { from: 1.0.0, to: 1.0.0 }\norigin: source\nsource: s\nunkept: [ERR-401]\n",
        says: &[("`ERR-401` is no clause of good practice, but a MUST", 7, 10)],
        advice: "say in `answers` what the panel does instead",
    },
    Mistake {
        name: "parameter-that-nothing-fills",
        file: "routes/own.yaml",
        text: "api: client\nroutes:\n  - { route: \"GET /api/client/things/{servre}\", success: { status: 200 }, effect: none }\n",
        says: &[(
            "nothing fills the path parameter `servre` of the client API",
            3,
            14,
        )],
        advice: "did you mean `server`?",
    },
    Mistake {
        name: "profile-that-extends-itself",
        file: "profiles/own.yaml",
        text: "name: own\nextends: own\ntitle: t\nversions: { from: 1.0.0, to: 1.0.0 }\norigin: source\nsource: s\n",
        says: &[("`own` extends itself", 2, 10)],
        advice: "own -> own",
    },
    Mistake {
        name: "profiles-that-extend-each-other",
        file: "profiles/pterodactyl-1.11.yaml",
        text: "extends: pterodactyl-1.14\n",
        says: &[("`pterodactyl-1.11` extends itself", 1, 10)],
        advice: "pterodactyl-1.11 -> pterodactyl-1.14 -> pterodactyl-1.11",
    },
    Mistake {
        name: "condition-that-no-profile-answers",
        file: "conditions.yaml",
        text: "  - { name: moon-phase, means: the moon is full }\n",
        says: &[("no profile says what becomes of `moon-phase`", 1, 13)],
        advice: "give it an answer in a profile",
    },
    Mistake {
        name: "two-profiles-of-one-name",
        file: "profiles/second.yaml",
        text: "name: pelican\nextends: pterodactyl-1.11\ntitle: t\nversions: { from: 1.0.0, to: 1.0.0 }\norigin: source\nsource: s\n",
        says: &[("a profile `pelican` exists already", 1, 7)],
        advice: "the other is in specs/profiles/pelican.yaml",
    },
    Mistake {
        name: "role-that-nobody-can-make",
        file: "roles.yaml",
        text: "", // see `roles`
        says: &[(
            "nobody can obtain a key for `ghost`: `make` says nothing",
            2,
            11,
        )],
        advice: "say how such a key is made",
    },
    Mistake {
        name: "role-that-nothing-proves",
        file: "roles.yaml",
        text: "",
        says: &[("nothing proves that a key is one of `ghost`", 2, 11)],
        advice: "give it a `control`",
    },
    Mistake {
        name: "role-of-an-unknown-kind",
        file: "roles.yaml",
        text: "",
        says: &[("unknown variant `never`", 7, 17)],
        advice: "database-only",
    },
    Mistake {
        name: "derived-from-what-nobody-has",
        file: "roles.yaml",
        text: "",
        says: &[(
            "nobody can obtain a key for `ghost`: `truncated` is no role that somebody has a key for",
            2,
            26,
        )],
        advice: "",
    },
    Mistake {
        name: "answer-to-what-is-no-condition",
        file: "profiles/own.yaml",
        text: "name: own\nextends: pelican\ntitle: t\nversions: { from: 1.0.0, to: 1.0.0 }\norigin: source\nsource: s\nanswers:\n  no-kye: { status: 401 }\n",
        says: &[("unknown condition `no-kye`", 8, 11)],
        advice: "did you mean `no-key`?",
    },
    Mistake {
        name: "answer-for-what-is-no-parameter",
        file: "profiles/own.yaml",
        text: "name: own\nextends: pelican\ntitle: t\nversions: { from: 1.0.0, to: 1.0.0 }\norigin: source\nsource: s\nanswers:\n  missing:servre: { status: 404 }\n",
        says: &[("unknown path parameter `servre`", 8, 19)],
        advice: "did you mean `server`?",
    },
    Mistake {
        name: "answer-with-a-schema-that-is-none",
        file: "profiles/own.yaml",
        text: "name: own\nextends: pelican\ntitle: t\nversions: { from: 1.0.0, to: 1.0.0 }\norigin: source\nsource: s\nanswers:\n  no-key: { status: 401, schema: eror }\n",
        says: &[("unknown schema `eror`", 8, 34)],
        advice: "",
    },
    Mistake {
        name: "refusal-with-a-status-of-success",
        file: "profiles/own.yaml",
        text: "name: own\nextends: pelican\ntitle: t\nversions: { from: 1.0.0, to: 1.0.0 }\norigin: source\nsource: s\nanswers:\n  no-key: { status: 200 }\n",
        says: &[(
            "an answer of status 200 is no refusal; write `granted`",
            8,
            11,
        )],
        advice: "",
    },
    Mistake {
        name: "exception-on-no-route",
        file: "profiles/own.yaml",
        text: "name: own\nextends: pelican\ntitle: t\nversions: { from: 1.0.0, to: 1.0.0 }\norigin: source\nsource: s\nexceptions:\n  - { route: GET /api/client/nothing, condition: no-key, answer: granted }\n",
        says: &[("no route `GET /api/client/nothing` in the inventory", 8, 14)],
        advice: "",
    },
    Mistake {
        name: "profile-of-an-unknown-parent",
        file: "profiles/own.yaml",
        text: "name: own\nextends: pelikan\ntitle: t\nversions: { from: 1.0.0, to: 1.0.0 }\norigin: source\nsource: s\n",
        says: &[("unknown profile `pelikan`", 2, 10)],
        advice: "did you mean `pelican`?",
    },
    Mistake {
        name: "profile-that-lacks-a-part",
        file: "profiles/own.yaml",
        text: "name: own\ntitle: t\nversions: { from: 1.0.0, to: 1.0.0 }\norigin: source\nsource: s\n",
        says: &[("a profile needs `", 1, 7)],
        advice: "",
    },
    Mistake {
        name: "route-of-the-other-api",
        file: "routes/own.yaml",
        text: "api: client\nroutes:\n  - { route: GET /api/application/things, success: { status: 200 }, effect: none }\n",
        says: &[(
            "`GET /api/application/things` is no route of the client API",
            3,
            14,
        )],
        advice: "",
    },
    Mistake {
        name: "route-that-exists-already",
        file: "routes/own.yaml",
        text: "api: client\nroutes:\n  - { route: GET /api/client/account, success: { status: 200 }, effect: none }\n",
        says: &[("a route `GET /api/client/account` exists already", 3, 14)],
        advice: "",
    },
    Mistake {
        name: "routes-of-an-unknown-panel",
        file: "routes/own.yaml",
        text: "api: client\nonly: [pelikan]\nroutes:\n  - { route: GET /api/client/things, success: { status: 200 }, effect: none }\n",
        says: &[("unknown profile `pelikan`", 2, 8)],
        advice: "did you mean `pelican`?",
    },
    Mistake {
        name: "routes-of-a-panel-that-counts-otherwise",
        file: "routes/own.yaml",
        text: "api: client\nonly: [pelican]\nroutes:\n  - { route: GET /api/client/things, success: { status: 200 }, effect: none, until: 1.9.0 }\n",
        says: &[("`since` and `until` speak of Pterodactyl", 4, 14)],
        advice: "",
    },
    Mistake {
        name: "creation-that-nothing-lists",
        file: "routes/own.yaml",
        text: "api: client\nroutes:\n  - route: POST /api/client/things\n    success: { status: 201 }\n    effect: writes\n    creates: { listed_by: GET /api/client/things, identifier: /attributes/id, description: /attributes/description, secret: /meta/secret_token, deleted_by: \"DELETE /api/client/things/{server}\" }\n  - { route: GET /api/client/thing, success: { status: 200 }, effect: none }\n  - { route: \"DELETE /api/client/things/{server}\", success: { status: 204 }, effect: writes }\n",
        says: &[(
            "`GET /api/client/things` is no route of this file with 0 parameters",
            6,
            27,
        )],
        advice: "",
    },
    Mistake {
        name: "check-that-is-none",
        file: "coverage.yaml",
        text: "  - checks: [ownrship]\n    why: x\n",
        says: &[("unknown check `ownrship`", 1, 14)],
        advice: "did you mean `ownership`?",
    },
    Mistake {
        name: "state-that-exists-already",
        file: "states.yaml",
        text: "",
        says: &[("a state `maintenance` exists already", 11, 11)],
        advice: "",
    },
    Mistake {
        name: "words-on-no-route",
        file: "profiles/own.yaml",
        text: "name: own\nextends: pelican\ntitle: t\nversions: { from: 1.0.0, to: 1.0.0 }\norigin: source\nsource: s\nanswers:\n  no-key: { status: 401, literal_on: [GET /api/clint] }\n",
        says: &[("no route `GET /api/clint` in the inventory", 8, 11)],
        advice: "did you mean `GET /api/client`?",
    },
    Mistake {
        name: "check-for-an-unknown-condition",
        file: "coverage.yaml",
        text: "",
        says: &[("unknown condition `no-kye`", 2, 36)],
        advice: "did you mean `no-key`?",
    },
    Mistake {
        name: "check-with-an-unknown-role",
        file: "coverage.yaml",
        text: "",
        says: &[("unknown role `nobdy`", 2, 49)],
        advice: "",
    },
];

pub(crate) fn trials() -> Vec<Trial> {
    let each = MISTAKES.iter().map(|mistake| {
        Trial::test(format!("corpus/contract/{}", mistake.name), move || {
            is_located(mistake)
        })
    });
    each.collect()
}

/// Where the roles of the checkout get another one: after this line.
fn ghost(name: &str) -> Option<(&'static str, String)> {
    let real = |make: &str, control: &str, obtainable: &str| {
        format!(
            "  - name: ghost\n    key_type: client\n    user: ghost\n    may: nothing\n    make: \"{make}\"\n    obtainable: {obtainable}\n    control: [{control}]\n"
        )
    };
    let control = "{ endpoint: GET /api/client, status: 200 }";
    Some(match name {
        "role-that-nobody-can-make" => ("\nreal:\n", real(" ", control, "database-only")),
        "role-that-nothing-proves" => ("\nreal:\n", real("somehow", "", "database-only")),
        "role-of-an-unknown-kind" => ("\nreal:\n", real("somehow", control, "never")),
        "derived-from-what-nobody-has" => (
            "\nderived:\n",
            "  - { name: ghost, from: truncated }\n".to_owned(),
        ),
        "state-that-exists-already" => (
            "\nstates:\n",
            "  - { name: maintenance, means: x, how: y }\n".to_owned(),
        ),
        "check-for-an-unknown-condition" => (
            "\nchecks:\n",
            "  - { name: odd, asks: x, because: no-kye, key: none }\n".to_owned(),
        ),
        "check-with-an-unknown-role" => (
            "\nchecks:\n",
            "  - { name: odd, asks: x, because: no-key, key: nobdy }\n".to_owned(),
        ),
        _ => return None,
    })
}

/// The file with the mistake, and the number of lines before it.
fn with_mistake(mistake: &Mistake) -> (String, usize) {
    let found = fs::read_to_string(root().join("specs").join(mistake.file));
    let text = found.unwrap_or_default();
    match ghost(mistake.name) {
        None => (format!("{text}{}", mistake.text), text.lines().count()),
        Some((after, role)) => {
            let at = text.find(after).expect("the place") + after.len();
            let (before, rest) = text.split_at(at);
            (format!("{before}{role}{rest}"), before.lines().count() - 1)
        }
    }
}

fn is_located(mistake: &Mistake) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("specs").join(mistake.file);
    fs::create_dir_all(path.parent().expect("a folder"))?;
    let (text, before) = with_mistake(mistake);
    fs::write(&path, text)?;
    let said = run(program()
        .args(["check", "specs"])
        .current_dir(folder.path()));
    said.must_exit(2);
    for (message, line, column) in mistake.says {
        let place = format!("{}:{}:{column}", mistake.file, before + line);
        if !said.stderr.contains(message) || !said.stderr.contains(&place) {
            return Err(format!("`{message}` at {place} is not in\n{}", said.stderr).into());
        }
    }
    assert!(said.stderr.contains(mistake.advice), "{}", said.stderr);
    Ok(())
}
