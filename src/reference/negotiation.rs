//! Whether a client gets its errors as JSON or as pages (panel-facts §6).

use super::incoming::Incoming;

/// Whether errors are answered as JSON: by the most preferred media type of `Accept`, or by
/// `X-Requested-With: XMLHttpRequest` when `Accept` leaves the choice open.
pub(super) fn wants_json(incoming: &Incoming) -> bool {
    let accept = incoming.text("accept").unwrap_or_default();
    match preferred(&accept) {
        Some(media_type) if is_json(&media_type) => true,
        None => is_script(incoming),
        Some(media_type) => media_type == "*/*" && is_script(incoming),
    }
}

/// Whether a media type says JSON: `application/json`, `application/vnd.pterodactyl.v1+json`.
pub(super) fn is_json(media_type: &str) -> bool {
    media_type.contains("/json") || media_type.contains("+json")
}

fn is_script(incoming: &Incoming) -> bool {
    incoming.text("x-requested-with").as_deref() == Some("XMLHttpRequest")
}

/// The media type with the highest weight in lower case, the earlier one of equals. A weight of
/// zero only comes last, it does not exclude.
fn preferred(accept: &str) -> Option<String> {
    let mut best: Option<(f32, &str)> = None;
    for item in accept.split(',') {
        let mut parts = item.split(';').map(str::trim);
        let media_type = parts.next().unwrap_or_default();
        if media_type.is_empty() {
            continue;
        }
        let weight = parts.find_map(weight).unwrap_or(1.0);
        if best.is_none_or(|(highest, _)| weight > highest) {
            best = Some((weight, media_type));
        }
    }
    best.map(|(_, media_type)| media_type.to_ascii_lowercase())
}

fn weight(parameter: &str) -> Option<f32> {
    parameter.strip_prefix("q=")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Incoming, wants_json};

    fn wants(headers: &[(&str, &str)]) -> bool {
        wants_json(&Incoming::for_tests("GET", "/api/client", headers, ""))
    }

    #[test]
    fn the_first_of_the_most_preferred_types_decides() {
        for (accept, json) in [
            ("application/json", true),
            ("Application/vnd.pterodactyl.v1+json", true),
            ("application/json, text/plain, */*", true),
            ("application/json;q=0", true),
            ("text/html;q=0.5, application/json", true),
            ("text/html;q=0.1, application/json;q=0.2", true),
            ("text/html;q=0.2, application/json;q=0.1", false),
            ("text/html;q=0.2, application/json;q=0.2", false),
            ("text/html, application/json", false),
            ("*/*", false),
            ("text/plain", false),
            ("application/xml", false),
            ("", false),
        ] {
            assert_eq!(wants(&[("accept", accept)]), json, "{accept}");
        }
        assert!(!wants(&[]));
    }

    #[test]
    fn a_script_gets_json_unless_it_asks_for_something_else() {
        let script = ("x-requested-with", "XMLHttpRequest");
        assert!(wants(&[script]));
        assert!(wants(&[("accept", "*/*"), script]));
        assert!(!wants(&[("accept", "text/html"), script]));
    }
}
