//! The texts of the front page in other languages, which anybody may read
//! (GHSA-24wv-6c99-f843, CVE-2025-49132).

use axum::{body::Body, http::Response};
use serde_json::json;

use super::{
    errors::{self, FieldError},
    incoming::Incoming,
    traits::Translations,
};

/// Whether a request asks for texts.
pub(super) fn are_asked(incoming: &Incoming, translations: Translations) -> bool {
    let reads = incoming.method.is_safe() && incoming.path == "/locales/locale.json";
    reads && translations != Translations::Unknown
}

/// The texts that a request names. Of languages and namespaces there are none here, so that each is
/// empty; that it is answered at all shows that the names would have been looked up on the disk.
pub(super) fn answer(
    incoming: &Incoming,
    translations: Translations,
) -> Result<Response<Body>, Vec<FieldError>> {
    let parameter = |name| incoming.parameter(name).unwrap_or_default();
    let (locale, namespace) = (parameter("locale"), parameter("namespace"));
    if translations == Translations::Checked {
        let wrong = [
            ("locale", is_locale(locale)),
            ("namespace", is_namespace(namespace)),
        ];
        let errors: Vec<_> = wrong
            .into_iter()
            .filter(|(_, is_good)| !is_good)
            .map(|(field, _)| format_error(field))
            .collect();
        if !errors.is_empty() {
            return Err(errors);
        }
    }
    let texts = json!({ locale: { namespace: [] } });
    Ok(errors::answer(200, "application/json", texts.to_string()))
}

/// Two small letters.
fn is_locale(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_lowercase())
}

fn is_namespace(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase())
}

fn format_error(field: &str) -> FieldError {
    FieldError {
        field: field.to_owned(),
        rule: "regex",
        message: format!("The {field} format is invalid."),
    }
}

#[cfg(test)]
mod tests {
    use super::{is_locale, is_namespace};

    #[test]
    fn a_locale_is_two_small_letters_and_a_namespace_any_number() {
        let are = |is: fn(&str) -> bool| ["en", "EN", "e", "eng", "e1", ""].map(is);
        assert_eq!(are(is_locale), [true, false, false, false, false, false]);
        assert_eq!(are(is_namespace), [true, false, true, true, false, false]);
    }
}
