//! Keys made from other keys: by the harness, and the same way in a shell.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::spec::Change;

/// What the keys of the two types start with: of the key at hand, and of the other type.
#[derive(Clone, Copy, Debug)]
pub struct PrefixPair<'a> {
    /// The prefix of this type of key.
    pub own: &'a str,
    /// The prefix of the other type.
    pub other: &'a str,
}

/// Changes a key.
#[must_use]
pub fn change(key: &str, change: &Change, prefixes: PrefixPair<'_>) -> String {
    let mut characters: Vec<char> = key.chars().collect();
    if let Some(kept) = change.keep_first {
        characters.truncate(kept);
    }
    if let Some(dropped) = change.drop_last {
        characters.truncate(characters.len().saturating_sub(dropped));
    }
    let upper = change
        .upper_first
        .map(|n| 0..n)
        .or(change.upper_after.map(|n| n..usize::MAX));
    let lower = change.lower_first.map(|n| 0..n);
    for (place, character) in characters.iter_mut().enumerate() {
        if upper.as_ref().is_some_and(|range| range.contains(&place)) {
            character.make_ascii_uppercase();
        }
        if lower.as_ref().is_some_and(|range| range.contains(&place)) {
            character.make_ascii_lowercase();
        }
    }
    let mut text: String = characters.into_iter().collect();
    if change.swap_prefix
        && let Some(rest) = text.strip_prefix(prefixes.own)
    {
        text = format!("{}{rest}", prefixes.other);
    }
    if change.percent_encode {
        text = text.replace('_', "%5F");
    }
    let text = format!("{}{text}{}", change.prepend, change.append);
    if change.base64 {
        return BASE64_STANDARD.encode(text);
    }
    text
}

/// The same change as text for the inside of a double-quoted word of a POSIX shell; `variable`
/// holds the key.
#[must_use]
pub fn in_shell(variable: &str, change: &Change, prefixes: PrefixPair<'_>) -> String {
    let filters = shell_filters(change, prefixes);
    let inner = match (change.drop_last, filters.is_empty()) {
        (Some(dropped), true) => format!("${{{variable}%{}}}", "?".repeat(dropped)),
        (None, true) => format!("${{{variable}}}"),
        (_, false) => format!("$(printf %s \"${variable}\" | {})", filters.join(" | ")),
    };
    let text = format!(
        "{}{inner}{}",
        escaped(&change.prepend),
        escaped(&change.append)
    );
    if change.base64 {
        // Some `base64` break their lines.
        return format!("$(printf %s \"{text}\" | base64 | tr -d '\\n')");
    }
    text
}

fn shell_filters(change: &Change, prefixes: PrefixPair<'_>) -> Vec<String> {
    let mut filters = Vec::new();
    filters.extend(change.keep_first.map(|n| format!("cut -c1-{n}")));
    let cased =
        |range: &str, what: &str| format!("awk '{{ print {} }}'", range.replace("CASE", what));
    filters.extend(change.upper_first.map(|n| {
        cased(
            &format!("CASE(substr($0, 1, {n})) substr($0, {})", n + 1),
            "toupper",
        )
    }));
    filters.extend(change.lower_first.map(|n| {
        cased(
            &format!("CASE(substr($0, 1, {n})) substr($0, {})", n + 1),
            "tolower",
        )
    }));
    filters.extend(change.upper_after.map(|n| {
        cased(
            &format!("substr($0, 1, {n}) CASE(substr($0, {}))", n + 1),
            "toupper",
        )
    }));
    if change.swap_prefix {
        filters.push(format!("sed 's/^{}/{}/'", prefixes.own, prefixes.other));
    }
    if change.percent_encode {
        filters.push("sed 's/_/%5F/g'".to_owned());
    }
    filters
}

/// Text as it stands inside double quotes of a POSIX shell.
#[must_use]
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if matches!(c, '"' | '\\' | '$' | '`') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ptlc_Ab3dE6gH9jKmN2pQrS5tUvWxYz7aB1cD4eF8gH0jKlM";
    const PREFIXES: PrefixPair<'_> = PrefixPair {
        own: "ptlc_",
        other: "ptla_",
    };

    fn changes() -> Vec<(Change, String)> {
        let of = |set: fn(&mut Change)| {
            let mut change = Change::default();
            set(&mut change);
            change
        };
        vec![
            (of(|_| ()), KEY.to_owned()),
            (of(|c| c.keep_first = Some(16)), KEY[..16].to_owned()),
            (
                of(|c| c.drop_last = Some(1)),
                KEY[..KEY.len() - 1].to_owned(),
            ),
            (of(|c| c.append = "x".into()), format!("{KEY}x")),
            (of(|c| c.prepend = "\"".into()), format!("\"{KEY}")),
            (
                of(|c| c.upper_first = Some(16)),
                KEY[..16].to_uppercase() + &KEY[16..],
            ),
            (
                of(|c| c.lower_first = Some(16)),
                KEY[..16].to_lowercase() + &KEY[16..],
            ),
            (
                of(|c| c.upper_after = Some(16)),
                KEY[..16].to_owned() + &KEY[16..].to_uppercase(),
            ),
            (of(|c| c.swap_prefix = true), KEY.replace("ptlc_", "ptla_")),
            (of(|c| c.percent_encode = true), KEY.replace('_', "%5F")),
            (
                of(|c| {
                    c.append = ":".into();
                    c.base64 = true;
                }),
                "cHRsY19BYjNkRTZnSDlqS21OMnBRclM1dFV2V3hZejdhQjFjRDRlRjhnSDBqS2xNOg==".into(),
            ),
            (
                of(|c| {
                    c.keep_first = Some(16);
                    c.prepend = "\"$".into();
                    c.base64 = true;
                }),
                "IiRwdGxjX0FiM2RFNmdIOWpL".into(),
            ),
        ]
    }

    #[test]
    fn keys_are_changed_as_said() {
        for (how, wanted) in changes() {
            assert_eq!(change(KEY, &how, PREFIXES), wanted, "{how:?}");
        }
    }

    /// A shell derives the same key that the harness sends.
    #[cfg(unix)]
    #[test]
    fn a_shell_derives_the_same() {
        for (how, wanted) in changes() {
            let script = format!("printf %s \"{}\"", in_shell("KEY", &how, PREFIXES));
            let output = std::process::Command::new("sh")
                .args(["-c", &script])
                .env("KEY", KEY)
                .output()
                .unwrap();
            assert_eq!(
                String::from_utf8(output.stdout).unwrap(),
                wanted,
                "{script}"
            );
        }
    }
}
