//! The command that does the same again, for whoever reads a report and has no other.

use super::results::Results;
use crate::spec::Level;
use crate::verdict::Policy;

/// Which cases the command is for.
pub(super) enum Cases<'r> {
    /// Those that were chosen.
    Chosen,
    /// One of them, by its id.
    One(&'r str),
}

/// The command, without the reports that it writes.
pub(super) fn command(results: &Results, cases: &Cases<'_>) -> String {
    let options = &results.options;
    let (name, target) = (&results.tool.name, results.target.argument());
    let mut words = vec![format!("{name} run {target}")];
    match cases {
        Cases::Chosen => {
            words.extend(options.filters.iter().map(|filter| word(filter)));
            words.extend(flag(options.exact, "--exact"));
        }
        Cases::One(id) => words.extend([word(id), "--exact".to_owned()]),
    }
    words.push(format!("--profile {}", results.profile.name));
    if !options.has.is_empty() {
        words.push(format!("--has {}", options.has.join(",")));
    }
    let version = options.panel_version.iter();
    words.extend(version.map(|version| format!("--panel-version {version}")));
    if !results.target.is_embedded() {
        let agreed = options.given.iter().filter(|flag| is_consent(flag));
        words.extend(options.consents.iter().chain(agreed).cloned());
    }
    words.extend(flag(options.partial, "--partial"));
    words.extend(fail_on(results));
    words.extend(flag(options.level == Level::Should, "--level should"));
    words.extend(flag(options.trust_source, "--trust-source"));
    words.join(" ")
}

/// What the command needs that no report tells, in a line: keys, paths and ids.
pub(super) fn given_with(results: &Results, roles: &[String]) -> String {
    let mut needs = Vec::new();
    if !results.target.is_embedded() && !roles.is_empty() {
        needs.push(format!("with keys for: {}", roles.join(", ")));
    }
    let given = results.options.given.iter();
    let untold = given.filter(|flag| !is_consent(flag));
    let untold: Vec<_> = untold.map(|flag| format!("`{flag}`")).collect();
    if !untold.is_empty() {
        needs.push(format!("with the same {}", untold.join(", ")));
    }
    if needs.is_empty() {
        return String::new();
    }
    format!("\n{}\n", needs.join("; and "))
}

fn flag(is_given: bool, flag: &str) -> Option<String> {
    is_given.then(|| flag.to_owned())
}

/// The kinds that fail, where they are others than usual.
fn fail_on(results: &Results) -> Option<String> {
    let kinds = &results.options.fail_on;
    let is_usual = Policy::default().fail_on.iter().eq(kinds);
    let kinds: Vec<_> = kinds.iter().map(ToString::to_string).collect();
    (!is_usual).then(|| format!("--fail-on {}", kinds.join(",")))
}

/// Whether a flag has no value that is left out.
fn is_consent(flag: &str) -> bool {
    flag.starts_with("--allow-")
}

/// A text as one word of a POSIX shell.
fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/-_.".contains(c);
    if text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use crate::verdict::{Kind, Standing};

    #[test]
    fn a_filter_is_one_word_of_a_shell() {
        assert_eq!(word("no-key/get"), "no-key/get");
        assert_eq!(word("a b;$c"), "'a b;$c'");
        assert_eq!(word("it's"), r"'it'\''s'");
    }

    /// A run of one case, with options.
    fn with(change: impl FnOnce(&mut Results)) -> Results {
        let mut results = sample::results(vec![sample::case("a/b/one", Standing::Passed)]);
        change(&mut results);
        results
    }

    #[test]
    fn a_command_has_what_is_not_usual() {
        let usual = "harness run https://panel.example.com --profile documented";
        assert_eq!(command(&with(|_| ()), &Cases::Chosen), usual);
        let results = with(|results| {
            let options = &mut results.options;
            options.fail_on = vec![Kind::Opened, Kind::Reworded];
            options.level = Level::Should;
            options.trust_source = true;
            options.partial = true;
            options.consents = vec!["--allow-writes".to_owned()];
            options.panel_version = Some("1.11.7".to_owned());
            options.filters = vec!["no-key".to_owned()];
            options.exact = true;
            options.has = vec!["maintenance".to_owned(), "https".to_owned()];
            options.given = ["--allow-production", "--keys"].map(Into::into).into();
        });
        let rest = "--profile documented --has maintenance,https --panel-version 1.11.7 \
                    --allow-writes --allow-production --partial --fail-on opened,reworded \
                    --level should --trust-source";
        let (run, one) = (
            "harness run https://panel.example.com",
            Cases::One("a/b/one"),
        );
        assert_eq!(
            command(&results, &Cases::Chosen),
            format!("{run} no-key --exact {rest}")
        );
        assert_eq!(
            command(&results, &one),
            format!("{run} a/b/one --exact {rest}")
        );
        let needs = given_with(&results, &results.roles);
        assert_eq!(
            needs,
            "\nwith keys for: client; and with the same `--keys`\n"
        );
        assert_eq!(given_with(&results, &[]), "\nwith the same `--keys`\n");
        assert_eq!(given_with(&with(|_| ()), &[]), "");
    }

    #[test]
    fn the_reference_panel_needs_no_keys_and_no_consent() {
        let results = with(|results| {
            results.target.name = "embedded reference panel".to_owned();
            results.options.consents = vec!["--allow-writes".to_owned()];
        });
        let wanted = "harness run --embedded --profile documented";
        assert_eq!(command(&results, &Cases::Chosen), wanted);
        assert_eq!(given_with(&results, &results.roles), "");
    }
}
