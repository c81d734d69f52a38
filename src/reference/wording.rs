//! The words of refusals: the family's own, unless a profile gives others (panel-facts §4).

use std::{borrow::Cow, collections::HashMap};

use super::{family::Family, routes::Api};

/// One reason for which the panel refuses a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    NoKey,
    UnknownKey,
    WrongKeyType,
    OwnerNotAdmin,
    NoPermission,
    IpRefused,
    /// What a parameter of the path should name.
    Missing(Option<&'static str>),
    Hidden,
    RouteMissing,
    MethodNotAllowed,
    MalformedJson,
    /// The same from somebody who sends no key, where the content is looked at first.
    KeylessMalformedJson,
    InvalidBody,
    OverLimit,
    TwoFactorRequired,
    Csrf,
    Maintenance,
    Suspended,
    Installing,
    Restoring,
    Transferring,
    NodeMaintenance,
    DaemonUnreachable,
    KeyLimit,
}

impl Condition {
    /// The name that profiles use.
    pub(super) fn name(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Missing(Some(parameter)) => return Cow::Owned(format!("missing:{parameter}")),
            Self::NoKey => "no-key",
            Self::UnknownKey => "unknown-key",
            Self::WrongKeyType => "wrong-key-type",
            Self::OwnerNotAdmin => "owner-not-admin",
            Self::NoPermission => "no-permission",
            Self::IpRefused => "ip-refused",
            Self::Missing(None) => "missing",
            Self::Hidden => "hidden",
            Self::RouteMissing => "route-missing",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::MalformedJson => "malformed-json",
            Self::KeylessMalformedJson => "malformed-json:keyless",
            Self::InvalidBody => "invalid-body",
            Self::OverLimit => "over-limit",
            Self::TwoFactorRequired => "two-factor-required",
            Self::Csrf => "csrf",
            Self::Maintenance => "maintenance",
            Self::Suspended => "suspended",
            Self::Installing => "installing",
            Self::Restoring => "restoring",
            Self::Transferring => "transferring",
            Self::NodeMaintenance => "node-maintenance",
            Self::DaemonUnreachable => "daemon-unreachable",
            Self::KeyLimit => "key-limit",
        })
    }
}

/// `code` and `detail` of a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Words {
    pub code: String,
    /// May hold places to fill, such as `{address}`.
    pub detail: String,
}

impl Words {
    fn new(code: &str, detail: &str) -> Self {
        Self {
            code: code.to_owned(),
            detail: detail.to_owned(),
        }
    }
}

/// Words that replace the family's own; none by default.
///
/// A detail may use the places that the family's own uses: `{address}` (ip-refused), `{path}`
/// (route-missing), `{method}`, `{path}`, `{methods}` (method-not-allowed), `{why}`, `{number}`
/// (malformed-json) and `{message}` (invalid-body, for one error of one field).
#[derive(Clone, Debug, Default)]
pub struct Wording(HashMap<(Option<Api>, String), Words>);

impl Wording {
    /// Gives a condition other words on every API. `missing` holds for `missing:server` too,
    /// unless that has words of its own; a condition that the panel never meets changes nothing.
    pub fn set(&mut self, condition: &str, code: &str, detail: &str) {
        self.insert(None, condition, Words::new(code, detail));
    }

    /// Gives a condition other words on one API only; stronger than [`Wording::set`].
    pub fn set_for(&mut self, api: Api, condition: &str, code: &str, detail: &str) {
        self.insert(Some(api), condition, Words::new(code, detail));
    }

    fn insert(&mut self, api: Option<Api>, condition: &str, words: Words) {
        self.0.insert((api, condition.to_owned()), words);
    }

    /// The words given for a condition, or for that of which it is a kind.
    fn given(&self, api: Option<Api>, name: &str) -> Option<Words> {
        let of = |api, name: &str| self.0.get(&(api, name.to_owned()));
        let kind = name.split(':').next().unwrap_or_default();
        let found = of(api, name)
            .or_else(|| of(None, name))
            .or_else(|| of(api, kind))
            .or_else(|| of(None, kind));
        found.cloned()
    }

    /// The words in force, with their places filled.
    pub(super) fn words(
        &self,
        family: Family,
        api: Option<Api>,
        condition: Condition,
        places: &[(&str, &str)],
    ) -> Words {
        let given = self.given(api, &condition.name());
        let mut words = given.unwrap_or_else(|| own_words(family, api, condition));
        for (place, value) in places {
            words.detail = words.detail.replace(&format!("{{{place}}}"), value);
        }
        words
    }
}

/// What the family itself says (panel-facts §4, panel-observed groups 01 to 14).
fn own_words(family: Family, api: Option<Api>, condition: Condition) -> Words {
    let (code, detail) =
        former_words(family, api, condition).unwrap_or_else(|| latest_words(api, condition));
    Words::new(code, detail)
}

/// What a family says otherwise than the latest one.
fn former_words(
    family: Family,
    api: Option<Api>,
    condition: Condition,
) -> Option<(&'static str, &'static str)> {
    Some(match (family, condition) {
        (Family::V1_7, Condition::NoKey) => (
            "HttpException",
            "A bearer token or valid user session cookie must be provided to access this endpoint.",
        ),
        (Family::V1_7, Condition::UnknownKey | Condition::WrongKeyType) => {
            ("AccessDeniedHttpException", "")
        }
        (Family::V1_7, Condition::Missing(Some("identifier")))
        | (Family::V1_7 | Family::V1_8 | Family::V1_10, Condition::RouteMissing) => {
            ("NotFoundHttpException", "")
        }
        (Family::V1_7, Condition::Missing(Some("database" | "backup" | "user")))
            if api == Some(Api::Client) =>
        {
            return None;
        }
        (Family::V1_7, Condition::Missing(_)) => latest_words(api, Condition::Hidden),
        (Family::V1_7, Condition::KeylessMalformedJson) => (
            "BadRequestHttpException",
            "The JSON data passed in the request appears to be malformed. err_code: {number} err_message: \"{why}\"",
        ),
        (Family::V1_7 | Family::V1_8 | Family::V1_10, Condition::MethodNotAllowed) => (
            "MethodNotAllowedHttpException",
            "The {method} method is not supported for this route. Supported methods: {methods}.",
        ),
        (Family::Pelican, Condition::DaemonUnreachable) => (
            "ConnectionException",
            "An unexpected error was encountered while processing this request, please try again.",
        ),
        _ => return None,
    })
}

/// What the latest family says.
fn latest_words(api: Option<Api>, condition: Condition) -> (&'static str, &'static str) {
    match condition {
        Condition::NoKey | Condition::UnknownKey => ("AuthenticationException", "Unauthenticated."),
        Condition::WrongKeyType if api == Some(Api::Client) => (
            "AccessDeniedHttpException",
            "You are attempting to use an application API key on an endpoint that requires a client API key.",
        ),
        Condition::WrongKeyType | Condition::OwnerNotAdmin => (
            "AccessDeniedHttpException",
            "This account does not have permission to access the API.",
        ),
        Condition::NoPermission => ("AccessDeniedHttpException", "This action is unauthorized."),
        Condition::IpRefused => (
            "AccessDeniedHttpException",
            "This IP address ({address}) does not have permission to access the API using these credentials.",
        ),
        Condition::Missing(_) => (
            "NotFoundHttpException",
            "The requested resource could not be found on the server.",
        ),
        Condition::Hidden => (
            "NotFoundHttpException",
            "The requested resource does not exist on this server.",
        ),
        Condition::RouteMissing => (
            "NotFoundHttpException",
            "The route {path} could not be found.",
        ),
        Condition::MethodNotAllowed => (
            "MethodNotAllowedHttpException",
            "The {method} method is not supported for route {path}. Supported methods: {methods}.",
        ),
        Condition::MalformedJson | Condition::KeylessMalformedJson => (
            "BadRequestHttpException",
            "The JSON data passed in the request appears to be malformed: {why}",
        ),
        Condition::InvalidBody => ("ValidationException", "{message}"),
        Condition::OverLimit => ("ThrottleRequestsException", "Too Many Attempts."),
        Condition::TwoFactorRequired => (
            "TwoFactorAuthRequiredException",
            "Two-factor authentication is required on this account in order to access this endpoint.",
        ),
        Condition::Csrf => ("HttpException", "CSRF token mismatch."),
        Condition::Maintenance => ("HttpException", "Service Unavailable"),
        Condition::Suspended
        | Condition::Installing
        | Condition::Restoring
        | Condition::Transferring
        | Condition::NodeMaintenance => ("ServerStateConflictException", own_conflict(condition)),
        Condition::DaemonUnreachable => (
            "DaemonConnectionException",
            "Could not establish a connection to the machine running this server. Please try again.",
        ),
        Condition::KeyLimit => (
            "DisplayException",
            "You have reached the account limit for number of API keys.",
        ),
    }
}

/// Why a server cannot be used now. The first two were observed, the others have no source here.
const fn own_conflict(condition: Condition) -> &'static str {
    match condition {
        Condition::Suspended => {
            "This server is currently suspended and the functionality requested is unavailable."
        }
        Condition::Installing => {
            "This server has not yet completed its installation process, please try again later."
        }
        Condition::Restoring => "This server is being restored from a backup, try again later.",
        Condition::Transferring => "This server is being moved to another node, try again later.",
        _ => "The node of this server is under maintenance, try again later.",
    }
}

#[cfg(test)]
mod tests {
    use super::{Api, Condition, Family, Wording, Words};

    fn words(wording: &Wording, api: Api) -> Words {
        wording.words(Family::V1_11, Some(api), Condition::WrongKeyType, &[])
    }

    #[test]
    fn given_words_are_stronger_and_those_of_one_api_strongest() {
        let mut wording = Wording::default();
        assert_ne!(
            words(&wording, Api::Client),
            words(&wording, Api::Application)
        );
        wording.set("wrong-key-type", "A", "both");
        assert_eq!(words(&wording, Api::Client).detail, "both");
        wording.set_for(Api::Client, "wrong-key-type", "B", "client");
        assert_eq!(words(&wording, Api::Client).detail, "client");
        assert_eq!(words(&wording, Api::Application).detail, "both");
    }

    #[test]
    fn families_of_old_and_forks_have_their_own_words() {
        let wording = Wording::default();
        let code = |family, api, condition| wording.words(family, Some(api), condition, &[]).code;
        let missing = Condition::Missing(Some("backup"));
        let detail = |api| wording.words(Family::V1_7, Some(api), missing, &[]).detail;
        assert_eq!(
            detail(Api::Client),
            "The requested resource could not be found on the server."
        );
        assert_eq!(
            detail(Api::Application),
            "The requested resource does not exist on this server."
        );
        let unreachable = Condition::DaemonUnreachable;
        assert_eq!(
            code(Family::Pelican, Api::Client, unreachable),
            "ConnectionException"
        );
        assert_ne!(
            code(Family::V1_11, Api::Client, unreachable),
            "ConnectionException"
        );
    }

    #[test]
    fn a_kind_of_missing_can_have_words_of_its_own() {
        let mut wording = Wording::default();
        let detail = |wording: &Wording, condition| {
            let words = wording.words(Family::V1_11, Some(Api::Client), condition, &[]);
            words.detail
        };
        wording.set("missing", "A", "all");
        assert_eq!(
            detail(&wording, Condition::Missing(Some("identifier"))),
            "all"
        );
        wording.set("missing:identifier", "B", "key");
        assert_eq!(
            detail(&wording, Condition::Missing(Some("identifier"))),
            "key"
        );
        assert_eq!(detail(&wording, Condition::Missing(None)), "all");
    }

    #[test]
    fn places_are_filled() {
        let places = [("address", "::1")];
        let condition = Condition::IpRefused;
        let words = Wording::default().words(Family::V1_11, None, condition, &places);
        assert!(words.detail.contains("(::1)"), "{}", words.detail);
    }
}
