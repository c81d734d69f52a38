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

const MISTAKES: [Mistake; 11] = [
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
