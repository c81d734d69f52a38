//! Refusals and the three forms they take: JSON, a page, a redirect (panel-facts §5 and §6).

use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
};
use serde::Serialize;
use serde_json::{Value, json, ser::PrettyFormatter};

use super::{
    family::Family,
    routes::Api,
    wording::{Condition, Wording, Words},
};

/// How a refusal is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// Pretty-printed JSON, or a page with the same status.
    Plain,
    /// Compact JSON, or a redirect to the login page.
    Login,
    /// Compact JSON, or a redirect to where the client came from.
    Back,
}

/// One member of `errors`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Item {
    words: Words,
    /// Field and rule of a validation error.
    meta: Option<(String, String)>,
}

/// Why a request got no success.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    status: u16,
    /// The status that the content names.
    spoken_status: u16,
    manner: Manner,
    items: Vec<Item>,
    headers: Vec<(&'static str, String)>,
}

/// An error of one field of the content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FieldError {
    /// Where it is: `allowed_ips.0`.
    pub field: String,
    /// The rule that failed; empty for checks that are no rules.
    pub rule: &'static str,
    pub message: String,
}

/// What an error looks like besides its words.
pub(super) struct Setting<'a> {
    pub wants_json: bool,
    /// `http://panel.example`, without a slash at the end.
    pub base_url: &'a str,
    pub referer: Option<String>,
    /// The content type of redirects.
    pub redirect_type: &'static str,
    /// Where guests are sent.
    pub login_page: &'static str,
    pub debug: bool,
}

impl Refusal {
    /// The refusal that belongs to a condition.
    pub(super) fn because(family: Family, condition: Condition, words: Words) -> Self {
        let refusal = Self {
            status: status(family, condition),
            spoken_status: status(family, condition),
            manner: manner(family, condition),
            items: vec![Item { words, meta: None }],
            headers: Vec::new(),
        };
        match (family, condition) {
            (Family::V1_7, Condition::NoKey) => refusal.with_header("www-authenticate", "Bearer"),
            _ => refusal,
        }
    }

    /// An answer of its own with a page as its other form.
    pub(super) fn plain(status: u16, code: &str, detail: &str) -> Self {
        Self::single(status, Manner::Plain, code, detail)
    }

    /// A page that only users see, as 1.7 refuses it: the content names another status (group 07).
    pub(super) fn guest() -> Self {
        let broken = Self::broken("AuthenticationException");
        Self {
            status: 401,
            manner: Manner::Login,
            ..broken
        }
    }

    /// A refusal by the rules of the business, such as a location that is still in use.
    pub(super) fn display(code: &str, detail: &str) -> Self {
        Self::single(400, Manner::Back, code, detail)
    }

    /// Something broke inside the panel.
    pub(super) fn broken(code: &str) -> Self {
        let detail =
            "An unexpected error was encountered while processing this request, please try again.";
        Self::plain(500, code, detail)
    }

    /// Invalid content: one member of `errors` for each error.
    pub(super) fn invalid(
        wording: &Wording,
        family: Family,
        api: Api,
        errors: Vec<FieldError>,
    ) -> Self {
        let condition = Condition::InvalidBody;
        let item = |error: FieldError| Item {
            words: wording.words(family, Some(api), condition, &[("message", &error.message)]),
            meta: Some((error.field, error.rule.to_owned())),
        };
        Self {
            status: status(family, condition),
            spoken_status: status(family, condition),
            manner: manner(family, condition),
            items: errors.into_iter().map(item).collect(),
            headers: Vec::new(),
        }
    }

    /// Adds a header to every form of the refusal.
    pub(super) fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn single(status: u16, manner: Manner, code: &str, detail: &str) -> Self {
        let words = Words {
            code: code.to_owned(),
            detail: detail.to_owned(),
        };
        Self {
            status,
            spoken_status: status,
            manner,
            items: vec![Item { words, meta: None }],
            headers: Vec::new(),
        }
    }

    /// The form that the client gets.
    pub(super) fn render(&self, setting: &Setting) -> Response<Body> {
        let mut response = match self.manner {
            _ if setting.wants_json => self.json(setting.debug),
            Manner::Plain => page(self.status),
            Manner::Login => {
                let target = format!("{}{}", setting.base_url, setting.login_page);
                redirect(setting, &target)
            }
            Manner::Back => {
                let target = setting.referer.as_deref().unwrap_or(setting.base_url);
                redirect(setting, target)
            }
        };
        for (name, value) in &self.headers {
            put_header(&mut response, name, value);
        }
        response
    }

    fn json(&self, debug: bool) -> Response<Body> {
        let errors: Vec<Value> = self
            .items
            .iter()
            .map(|item| self.member(item, debug))
            .collect();
        let document = json!({ "errors": errors });
        let text = match self.manner {
            Manner::Plain => pretty(&document),
            Manner::Login | Manner::Back => document.to_string(),
        };
        answer(self.status, "application/json", text)
    }

    fn member(&self, item: &Item, debug: bool) -> Value {
        let mut member = json!({
            "code": item.words.code,
            "status": self.spoken_status.to_string(),
            "detail": item.words.detail,
        });
        if debug {
            member["source"] = json!({ "line": 1, "file": "/app/Reference.php" });
            member["meta"] = json!({ "trace": [], "previous": [] });
        }
        if let Some((field, rule)) = &item.meta {
            member["meta"]["source_field"] = json!(field);
            member["meta"]["rule"] = json!(rule);
        }
        member
    }
}

/// The status that belongs to a condition (panel-facts §4).
const fn status(family: Family, condition: Condition) -> u16 {
    match condition {
        Condition::UnknownKey if matches!(family, Family::V1_7) => 403,
        Condition::NoKey | Condition::UnknownKey => 401,
        Condition::WrongKeyType
        | Condition::OwnerNotAdmin
        | Condition::NoPermission
        | Condition::IpRefused => 403,
        Condition::Missing(_) | Condition::Hidden | Condition::RouteMissing => 404,
        Condition::MethodNotAllowed => 405,
        Condition::MalformedJson
        | Condition::KeylessMalformedJson
        | Condition::TwoFactorRequired
        | Condition::KeyLimit => 400,
        Condition::Suspended
        | Condition::Installing
        | Condition::Restoring
        | Condition::Transferring
        | Condition::NodeMaintenance => 409,
        Condition::Csrf => 419,
        Condition::InvalidBody => 422,
        Condition::OverLimit => 429,
        Condition::Maintenance => 503,
        Condition::DaemonUnreachable if matches!(family, Family::Pelican) => 500,
        Condition::DaemonUnreachable => 504,
    }
}

/// How a refusal is written (panel-facts §6): 1.7 leads nobody to the login page.
const fn manner(family: Family, condition: Condition) -> Manner {
    match condition {
        Condition::NoKey | Condition::UnknownKey if matches!(family, Family::V1_7) => Manner::Plain,
        Condition::NoKey | Condition::UnknownKey => Manner::Login,
        Condition::InvalidBody | Condition::KeyLimit | Condition::DaemonUnreachable => Manner::Back,
        _ => Manner::Plain,
    }
}

/// A response with content.
pub(super) fn answer(status: u16, content_type: &'static str, content: String) -> Response<Body> {
    let mut response = Response::new(Body::from(content));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let value = HeaderValue::from_static(content_type);
    response.headers_mut().insert(header::CONTENT_TYPE, value);
    response
}

/// Sets a header; a value that no header can carry is left out.
pub(super) fn put_header(response: &mut Response<Body>, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().append(name, value);
    }
}

/// The content type of all pages.
pub(super) const HTML: &str = "text/html; charset=UTF-8";

/// A page that says the status and no more.
fn page(status: u16) -> Response<Body> {
    let reason = StatusCode::from_u16(status).ok();
    let title = match (status, reason.and_then(|code| code.canonical_reason())) {
        (_, Some(reason)) => reason,
        (419, None) => "Page Expired",
        _ => "Error",
    };
    let text = format!("<!DOCTYPE html>\n<title>{title}</title>\n<p>{status} {title}</p>\n");
    answer(status, HTML, text)
}

fn redirect(setting: &Setting, target: &str) -> Response<Body> {
    let mut response = answer(
        302,
        setting.redirect_type,
        "<!DOCTYPE html>\n<title>Redirecting</title>\n".into(),
    );
    put_header(&mut response, "location", target);
    response
}

fn pretty(document: &Value) -> String {
    let mut text = Vec::new();
    let formatter = PrettyFormatter::with_indent(b"    ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut text, formatter);
    match document.serialize(&mut serializer) {
        Ok(()) => String::from_utf8_lossy(&text).into_owned(),
        Err(_) => document.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_its_status() {
        let text = |status| {
            let page = page(status);
            assert_eq!(page.status().as_u16(), status);
            let runtime = tokio::runtime::Builder::new_current_thread().build();
            let body = axum::body::to_bytes(page.into_body(), usize::MAX);
            let bytes = runtime.expect("a runtime").block_on(body).expect("a body");
            String::from_utf8(bytes.to_vec()).expect("a text")
        };
        assert!(text(404).contains("<p>404 Not Found</p>"));
        assert!(text(419).contains("<p>419 Page Expired</p>"));
        assert!(text(599).contains("<p>599 Error</p>"));
    }
}
