//! Clues, kinds and findings, tried on recorded answers of real panels and on made-up ones.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde_json::{Value, json};
use url::Url;

use super::finding::{State, examine};
use super::identity::identify;
use super::report::{Commands, Report};
use super::{Answered, Outcome, Seen, evidence};
use crate::exchange::{Body, Observation, TransportError};
use crate::recording::{Exchange, Recording};
use crate::spec::{AnswerMatch, Checkup, Contract};
use crate::target::Target;

const PANEL: &str = "https://panel.example.com";

fn checkup() -> &'static Checkup {
    static CHECKUP: LazyLock<Checkup> = LazyLock::new(|| Contract::embedded().unwrap().checkup);
    &CHECKUP
}

fn nothing_of(url: &str) -> Seen {
    Seen {
        target: Target::parse(url, true).unwrap(),
        certificate_days: None,
        outcomes: BTreeMap::new(),
    }
}

impl Seen {
    fn with(mut self, probe: &str, outcome: Outcome) -> Self {
        assert!(checkup().probe(probe).is_some(), "no probe `{probe}`");
        self.outcomes.insert(probe.to_owned(), outcome);
        self
    }

    fn found(&self) -> Vec<String> {
        let checkup = checkup();
        let findings = examine(checkup, self);
        let found = findings
            .iter()
            .filter(|f| matches!(f.state, State::Found(_)));
        found
            .map(|finding| finding.concern.id.value.clone())
            .collect()
    }

    fn is_cleared(&self, id: &str) -> bool {
        let checkup = checkup();
        let mut findings = examine(checkup, self).into_iter();
        findings.any(|f| f.concern.id.value == id && matches!(f.state, State::Cleared))
    }

    fn names(&self) -> Vec<String> {
        let checkup = checkup();
        let identity = identify(checkup, self);
        identity.map_or_else(Vec::new, |identity| {
            let against: Vec<_> = identity.against.iter().map(|sign| &sign.id.value).collect();
            assert!(
                against.is_empty(),
                "{against:?} against {:?}",
                identity.names()
            );
            identity.names()
        })
    }
}

fn answer(status: u16, headers: &[(&str, &str)], body: Body) -> Outcome {
    answer_of(PANEL, status, headers, body)
}

fn answer_of(base: &str, status: u16, headers: &[(&str, &str)], body: Body) -> Outcome {
    let field = |(name, value): &(&str, &str)| (name.to_ascii_lowercase(), (*value).to_owned());
    Outcome::Answered(Answered {
        base: Url::parse(base).unwrap(),
        observation: Observation {
            status,
            headers: headers.iter().map(field).collect(),
            body,
        },
    })
}

fn envelope(status: u16, code: &str, detail: &str) -> Value {
    json!({ "errors": [{ "code": code, "status": status.to_string(), "detail": detail }] })
}

fn error(status: u16, code: &str, detail: &str) -> Outcome {
    answer(status, &[], Body::Json(envelope(status, code, detail)))
}

fn refused() -> Outcome {
    error(401, "AuthenticationException", "Unauthenticated.")
}

fn page(status: u16, title: &str) -> Outcome {
    let text = format!("<!DOCTYPE html><title>{title}</title>");
    answer(
        status,
        &[("Content-Type", "text/html; charset=UTF-8")],
        Body::Text(text),
    )
}

fn redirect(place: &str) -> Outcome {
    answer(302, &[("Location", place)], Body::Empty)
}

/// The answer to OPTIONS: the methods of a route, or that there is none.
fn options(allow: Option<&str>) -> Outcome {
    match allow {
        Some(allow) => answer(200, &[("Allow", allow)], Body::Empty),
        None => error(404, "NotFoundHttpException", ""),
    }
}

/// Which recorded exchange answers which probe.
const RECORDED: [(&str, &str); 5] = [
    ("keyless", "client:no-authorization"),
    ("made-up-key", "stateful:origin-foreign:GET:unknown"),
    ("browser", "accept:html:keyless"),
    ("daemon", "type:client-on-remote"),
    ("unknown-route", "route:unknown-client:keyless"),
];

fn recording(name: &str) -> Recording {
    let path = format!("tests/recordings/probes/{name}.jsonl");
    Recording::read(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn exchange<'r>(recording: &'r Recording, id: &str) -> &'r Exchange {
    recording
        .exchanges
        .iter()
        .find(|exchange| exchange.id == id)
        .unwrap()
}

fn host(exchange: &Exchange) -> String {
    let host = exchange
        .request
        .headers
        .iter()
        .find(|(name, _)| name == "Host")
        .unwrap();
    format!("http://{}", host.1)
}

fn outcome(exchange: &Exchange) -> Outcome {
    let response = &exchange.response;
    let headers = response
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let body = match &response.body {
        None => Body::Empty,
        Some(text) => match serde_json::from_str(text) {
            Ok(document) => Body::Json(document),
            Err(_) => Body::Text(text.clone()),
        },
    };
    let headers: Vec<_> = headers.collect();
    answer_of(&host(exchange), response.status, &headers, body)
}

/// What a real panel answered to the probes that were recorded.
fn recorded(name: &str) -> Seen {
    let recording = recording(name);
    let seen = nothing_of(&host(&recording.exchanges[0]));
    RECORDED.iter().fold(seen, |seen, (probe, id)| {
        seen.with(probe, outcome(exchange(&recording, id)))
    })
}

const LABELS: [&str; 6] = [
    "pterodactyl-1.7.0",
    "pterodactyl-1.11.8",
    "pterodactyl-develop",
    "pterodactyl-1.14.1",
    "pyrodactyl-4.5.0",
    "pelican-beta25",
];

const READ: Option<&str> = Some("GET,HEAD");
const BOTH: Option<&str> = Some("GET,HEAD,POST");
const POST: Option<&str> = Some("POST");

/// The methods that the observed tables of routes give to the probed paths, in the order
/// account-activity, server-activity, remote-activity, two-factor-disable, transfer, roles, panel-status,
/// approvals, social-logins.
fn with_routes(mut seen: Seen, allowed: [Option<&str>; 9]) -> Seen {
    let probes = [
        "account-activity",
        "server-activity",
        "remote-activity",
        "two-factor-disable",
        "transfer",
        "roles",
        "panel-status",
        "approvals",
        "social-logins",
    ];
    for (probe, allow) in probes.into_iter().zip(allowed) {
        seen = seen.with(probe, options(allow));
    }
    seen
}

#[test]
fn every_observed_panel_is_known_by_its_answers_and_routes() {
    let rows = [
        (
            "pterodactyl-1.7.0",
            [None, None, None, None, READ, None, None, None, None],
            "Pterodactyl 1.0.0 to 1.7.0",
        ),
        (
            "pterodactyl-1.11.8",
            [READ, READ, POST, POST, BOTH, None, None, None, None],
            "Pterodactyl 1.11.8 to 1.12.0",
        ),
        (
            "pterodactyl-develop",
            [READ, READ, POST, POST, BOTH, None, None, None, None],
            "Pterodactyl 1.11.8 to 1.12.0",
        ),
        (
            "pterodactyl-1.14.1",
            [READ, READ, POST, POST, POST, None, None, None, None],
            "Pterodactyl 1.14 or later",
        ),
        (
            "pyrodactyl-4.5.0",
            [READ, READ, POST, POST, BOTH, None, READ, None, None],
            "Pyrodactyl",
        ),
        (
            "pelican-beta25",
            [READ, READ, POST, None, BOTH, BOTH, None, None, None],
            "Pelican",
        ),
        // Jexactyl 3.8.0 answers in the words of 1.11.8.
        (
            "pterodactyl-1.11.8",
            [READ, READ, POST, None, BOTH, None, None, READ, None],
            "Jexactyl",
        ),
    ];
    for (name, allowed, expected) in rows {
        assert_eq!(
            with_routes(recorded(name), allowed).names(),
            [expected],
            "{name}"
        );
    }
}

/// 1.8.1 and 1.10.4 were observed to refuse in the words of 1.11.8, and to be silent on routes
/// that do not exist.
#[test]
fn older_versions_are_silent_on_unknown_routes() {
    let silent = || {
        let nothing = error(404, "NotFoundHttpException", "");
        recorded("pterodactyl-1.11.8").with("unknown-route", nothing)
    };
    let rows = [
        (
            [READ, None, None, None, READ, None, None, None, None],
            "Pterodactyl 1.8.0 to 1.8.1",
        ),
        (
            [READ, READ, POST, None, READ, None, None, None, None],
            "Pterodactyl 1.10.0 to 1.10.4",
        ),
        (
            [READ, READ, POST, None, BOTH, None, None, None, None],
            "Pterodactyl 1.11.0 to 1.11.3",
        ),
    ];
    for (allowed, expected) in rows {
        assert_eq!(with_routes(silent(), allowed).names(), [expected]);
    }
}

#[test]
fn without_the_table_of_routes_all_that_fits_is_named() {
    let rows = [
        ("pterodactyl-1.7.0", "Pterodactyl 1.0.0 to 1.7.0"),
        ("pterodactyl-1.11.8", "Pterodactyl 1.11.4 to 1.12.0"),
        ("pterodactyl-1.14.1", "Pterodactyl 1.12.1 or later"),
        ("pelican-beta25", "Pelican"),
    ];
    for (name, expected) in rows {
        let names = recorded(name).names();
        assert!(names.contains(&expected.to_owned()), "{name}: {names:?}");
    }
}

#[test]
fn real_panels_in_good_health_have_no_finding() {
    for name in LABELS {
        let expected: &[&str] = match name {
            "pterodactyl-1.7.0" => &["session-cookie"],
            _ => &[],
        };
        assert_eq!(recorded(name).found(), expected, "{name}");
    }
}

#[test]
fn recorded_troubles_are_found() {
    for name in LABELS {
        let recording = recording(name);
        let stripped = outcome(exchange(&recording, "type:no-auth-remote"));
        let found = recorded(name).with("daemon", stripped).found();
        assert!(
            found.contains(&"authorization-stripped".to_owned()),
            "{name}"
        );
        let maintenance = outcome(exchange(&recording, "down-plain:keyless"));
        let seen = nothing_of(PANEL).with("keyless", maintenance);
        assert_eq!(seen.found(), ["maintenance"], "{name}");
        assert!(seen.names().len() > 1, "nothing tells the version");
    }
}

#[test]
fn the_hole_tells_two_ranges_apart() {
    let seen = || {
        with_routes(
            recorded("pterodactyl-1.11.8"),
            [READ, READ, POST, POST, BOTH, None, None, None, None],
        )
    };
    let taken = answer(200, &[], Body::Json(json!({ "EN1": { "zz9": [] } })));
    let checked = error(
        422,
        "ValidationException",
        "The locale field format is invalid.",
    );
    assert_eq!(
        seen().with("locale", taken).names(),
        ["Pterodactyl 1.11.8 to 1.11.10"]
    );
    assert_eq!(
        seen().with("locale", checked).names(),
        ["Pterodactyl 1.11.11 to 1.12.0"]
    );
}

#[test]
fn a_panel_with_a_sign_of_another_is_none_of_them() {
    let checkup = checkup();
    let seen = recorded("pterodactyl-1.7.0").with("account-activity", options(READ));
    let identity = identify(checkup, &seen).unwrap();
    assert_eq!(identity.names(), ["Pterodactyl 1.0.0 to 1.7.0"]);
    let against: Vec<_> = identity.against.iter().map(|sign| &sign.id.value).collect();
    assert_eq!(against, ["account-activity"]);
}

#[test]
fn what_answers_everything_alike_is_no_panel() {
    let checkup = checkup();
    let answers = [
        page(200, "Shop"),
        page(404, "Not Found"),
        answer(404, &[], Body::Json(json!({ "message": "Not Found" }))),
        answer(200, &[("Allow", "GET,HEAD")], Body::Empty),
        answer(200, &[("Allow", "POST")], Body::Empty),
        answer(401, &[("WWW-Authenticate", "Basic realm=x")], Body::Empty),
        redirect("https://www.example.com/"),
        Outcome::Failed(TransportError::NotRecorded),
        Outcome::NotSent("no reason".to_owned()),
    ];
    for outcome in answers {
        let mut seen = nothing_of(PANEL);
        for probe in &checkup.probes {
            seen = seen.with(&probe.id.value, outcome.clone());
        }
        assert!(identify(checkup, &seen).is_none(), "{outcome:?}");
    }
}

/// A panel in good health, reached over TLS.
fn well() -> Seen {
    let mut seen = nothing_of(PANEL)
        .with("keyless", refused())
        .with("made-up-key", refused())
        .with("browser", redirect("https://panel.example.com/auth/login"))
        .with(
            "daemon",
            error(400, "BadRequestHttpException", "not in a valid format"),
        )
        .with(
            "unknown-route",
            error(
                404,
                "NotFoundHttpException",
                "The route x could not be found.",
            ),
        )
        .with("locale", error(422, "ValidationException", "invalid"))
        .with(
            "plain-http",
            redirect("https://panel.example.com/api/client"),
        )
        .with(
            "locked-key",
            error(
                403,
                "AccessDeniedHttpException",
                "This IP address (203.0.113.9) does not",
            ),
        );
    seen.certificate_days = Some(60);
    with_routes(seen, [READ, READ, POST, POST, BOTH, None, None, None, None])
}

#[test]
fn a_good_panel_clears_every_finding() {
    let checkup = checkup();
    let findings = examine(checkup, &well());
    for finding in &findings {
        let id = &finding.concern.id.value;
        assert!(
            matches!(finding.state, State::Cleared),
            "{id}: {:?}",
            finding.state
        );
    }
    assert_eq!(findings.len(), checkup.findings.len());
}

#[test]
fn nothing_seen_finds_and_clears_nothing_but_the_address() {
    let checkup = checkup();
    for finding in examine(checkup, &nothing_of(PANEL)) {
        let is_address = finding.concern.id.value == "plaintext-target";
        assert_eq!(matches!(finding.state, State::Undecided), !is_address);
    }
}

fn json_of(status: u16, document: Value) -> Outcome {
    answer(status, &[], Body::Json(document))
}

fn with_field(name: &str, value: &str) -> Outcome {
    let body = Body::Json(envelope(401, "AuthenticationException", "Unauthenticated."));
    answer(401, &[(name, value)], body)
}

/// For each finding, a panel that has it.
fn ill() -> Vec<(&'static str, Seen)> {
    let list = || json_of(200, json!({ "object": "list", "data": [] }));
    let mut debug = envelope(401, "AuthenticationException", "Unauthenticated.");
    debug["errors"][0]["source"] = json!({ "line": 1, "file": "/var/www/x.php" });
    let foreign = &[
        ("Access-Control-Allow-Origin", "https://doctor.invalid"),
        ("Access-Control-Allow-Credentials", "true"),
    ];
    let foreign = answer(
        401,
        foreign,
        Body::Json(envelope(401, "AuthenticationException", "")),
    );
    let challenge = answer(
        403,
        &[("cf-mitigated", "challenge")],
        Body::Text("<html>".into()),
    );
    let mut ending = well();
    ending.certificate_days = Some(13);
    let mut plaintext = well();
    plaintext.target = Target::parse("http://panel.example.com", true).unwrap();
    let seen_as = "This IP address (127.0.0.1) does not have permission";
    vec![
        ("open-without-key", well().with("keyless", list())),
        ("made-up-key-opens", well().with("made-up-key", list())),
        (
            "locale-hole",
            well().with("locale", json_of(200, json!({ "EN1": { "zz9": [] } }))),
        ),
        ("debug-mode", well().with("keyless", json_of(401, debug))),
        ("plaintext-target", plaintext),
        ("plain-http-answers", well().with("plain-http", refused())),
        ("authorization-stripped", well().with("daemon", stripped())),
        (
            "errors-replaced",
            well()
                .with("keyless", page(401, "x"))
                .with("unknown-route", page(404, "x")),
        ),
        (
            "accept-dropped",
            well().with("keyless", redirect("/auth/login")),
        ),
        ("challenged", well().with("made-up-key", challenge)),
        (
            "maintenance",
            well().with(
                "keyless",
                error(503, "HttpException", "Service Unavailable"),
            ),
        ),
        ("certificate-ends", ending),
        (
            "taken-for-http",
            well().with("browser", redirect("http://panel.example.com/auth/login")),
        ),
        (
            "other-address",
            well().with("browser", redirect("https://10.0.0.5/auth/login")),
        ),
        (
            "proxy-address",
            well().with(
                "locked-key",
                error(403, "AccessDeniedHttpException", seen_as),
            ),
        ),
        (
            "shared-cache",
            well().with("made-up-key", with_field("CF-Cache-Status", "HIT")),
        ),
        ("cors-open", well().with("made-up-key", foreign)),
        (
            "session-cookie",
            well().with(
                "keyless",
                with_field("Set-Cookie", "pterodactyl_session=[cut]; path=/"),
            ),
        ),
    ]
}

fn stripped() -> Outcome {
    let detail = "Access to this endpoint must include an Authorization header.";
    let body = Body::Json(envelope(401, "HttpException", detail));
    answer(401, &[("WWW-Authenticate", "Bearer")], body)
}

#[test]
fn every_finding_is_found_alone_where_it_is() {
    for (id, seen) in ill() {
        assert_eq!(seen.found(), [id]);
    }
    let tried: BTreeSet<_> = ill().into_iter().map(|(id, _)| id.to_owned()).collect();
    let checkup = checkup();
    let all: BTreeSet<_> = checkup
        .findings
        .iter()
        .map(|f| f.id.value.clone())
        .collect();
    assert_eq!(tried, all);
}

#[test]
fn what_could_be_something_else_is_no_finding() {
    let rows = [
        // A login page of a proxy, not the panel's word.
        (
            "authorization-stripped",
            "daemon",
            answer(401, &[("WWW-Authenticate", "Basic")], Body::Empty),
        ),
        // One page for everything.
        ("locale-hole", "locale", page(200, "Panel")),
        // JSON, but of another program.
        ("locale-hole", "locale", json_of(200, json!({ "EN1": {} }))),
        ("open-without-key", "keyless", page(200, "Panel")),
        (
            "made-up-key-opens",
            "made-up-key",
            json_of(200, json!({ "ok": true })),
        ),
        ("plain-http-answers", "plain-http", page(404, "Not Found")),
        (
            "plain-http-answers",
            "plain-http",
            Outcome::Failed(TransportError::NotRecorded),
        ),
        (
            "session-cookie",
            "keyless",
            with_field("Set-Cookie", "__cf_bm=[cut]; path=/"),
        ),
        (
            "cors-open",
            "made-up-key",
            with_field("Access-Control-Allow-Origin", "*"),
        ),
    ];
    for (id, probe, outcome) in rows {
        let found = well().with(probe, outcome).found();
        assert!(!found.contains(&id.to_owned()), "{id}: {found:?}");
    }
}

#[test]
fn a_firewall_before_the_hole_closes_it_and_an_error_says_nothing() {
    assert!(
        well()
            .with("locale", page(403, "Forbidden"))
            .is_cleared("locale-hole")
    );
    assert!(
        well()
            .with("locale", redirect("/auth/login"))
            .is_cleared("locale-hole")
    );
    let broken = well().with("locale", page(500, "Server Error"));
    assert!(!broken.is_cleared("locale-hole") && broken.found().is_empty());
}

/// The report of an examination, and what it says to type next.
fn told(seen: &Seen, with_keys: bool) -> String {
    let commands = Commands {
        target: seen.target.base.to_string(),
        with_keys,
    };
    let report = Report::new(checkup(), seen, commands);
    report.text() + &report.next()
}

#[test]
fn a_report_tells_what_was_seen_what_it_means_and_what_to_type_next() {
    let cookie = with_field("Set-Cookie", "pterodactyl_session=[cut]; path=/");
    let mut seen = well().with("keyless", cookie);
    seen.certificate_days = Some(13);
    let text = "\
https://panel.example.com: 2 findings

1. The certificate ends within 14 days
   seen   a certificate that has 13 days left
   means  After its end no client connects any more. A certificate that is
          renewed by itself should have been by now.
   fix    See why it was not renewed:
            certbot renew --dry-run

2. Refused API requests get a session cookie
   asked  GET /api/client
   came   401 AuthenticationException “Unauthenticated.”; set-cookie:
          pterodactyl_session=[cut]; path=/
   means  Every request of a program makes a session that is stored. Versions up
          to 1.7 do this by themselves.
   fix    Update to 1.8 or later; on a later version, look for what adds the
          cookie.

Panel         Pterodactyl 1.11.11 to 1.12.0 (15 signs, none against)
Sees you as   This IP address (203.0.113.9) does not
Certificate   13 days left
In order      it refuses without a key; it refuses a made-up key; CVE-2025-49132
              is closed; debug mode is off; keys are encrypted on the way; port
              80 does not answer for the panel; the Authorization header
              arrives; errors come as JSON; the Accept header arrives; no
              challenge page stands in the way; it is not in maintenance mode;
              it knows that it is reached by https; it knows the name that it is
              reached by; the panel sees clients with another address than its
              own; no cache answers for the API; foreign web sites are kept out
              by CORS.

Next
  export PTERO_KEY_CLIENT=...      # a key made at /account/api
  ptero-conformance keys check https://panel.example.com/
  # Pterodactyl 1.11.11
  ptero-conformance run https://panel.example.com/ --profile pterodactyl-1.11.9

The profile is the contract to hold the panel to, and yours to choose. Where
none is named it is `documented`: the published page, and no more.

17 requests were sent; nothing was written.
";
    assert_eq!(told(&seen, false), text);
}

#[test]
fn what_is_wrong_with_an_address_is_told_with_it() {
    let mut seen = well();
    seen.target = Target::parse("http://panel.example.com", true).unwrap();
    seen.certificate_days = None;
    let text = "\
http://panel.example.com: 1 finding

1. Keys sent to this address travel in the clear
   given  http://panel.example.com
   means  Without TLS everybody on the way can read the keys, and use them.
   fix    Give the panel a certificate, and use its https:// address.

Panel         Pterodactyl 1.11.11 to 1.12.0 (15 signs, none against)
Sees you as   This IP address (203.0.113.9) does not
In order      it refuses without a key; it refuses a made-up key; CVE-2025-49132
              is closed; debug mode is off; the Authorization header arrives;
              errors come as JSON; the Accept header arrives; no challenge page
              stands in the way; it is not in maintenance mode; it knows the
              name that it is reached by; the panel sees clients with another
              address than its own; no cache answers for the API; foreign web
              sites are kept out by CORS; API answers carry no session cookie.

Next
  # Pterodactyl 1.11.11
  ptero-conformance run http://panel.example.com/ --profile pterodactyl-1.11.9

The profile is the contract to hold the panel to, and yours to choose. Where
none is named it is `documented`: the published page, and no more.

17 requests were sent; nothing was written.
";
    assert_eq!(told(&seen, true), text);
}

#[test]
fn what_could_not_be_decided_is_told_with_what_came_instead() {
    let seen = nothing_of(PANEL)
        .with("keyless", refused())
        .with("daemon", Outcome::NotSent("so".to_owned()))
        .with("browser", Outcome::Failed(TransportError::NotRecorded));
    let text = "\
https://panel.example.com: nothing wrong was found

Panel         Pterodactyl 1.8.0 to 1.12.0 (2 signs, none against)
In order      it refuses without a key; debug mode is off; keys are encrypted on
              the way; errors come as JSON; the Accept header arrives; it is not
              in maintenance mode.

Could not be decided
  - whether an unknown key is refused (so)
  - whether CVE-2025-49132 is open (nothing tells)
  - whether port 80 is closed to API requests (nothing tells)
  - whether the Authorization header arrives at the panel (decided by `keys
    check` with a key that is known to be good)
  - whether API clients are let through to the panel (GET /api/client: 401
    AuthenticationException “Unauthenticated.”)
  - when the certificate ends (nothing tells)
  - whether the panel knows that it is reached by https (GET /api/client with
    Accept: text/html: the recording holds no answer to this request)
  - whether the panel knows the name that it is reached by (GET /api/client with
    Accept: text/html: the recording holds no answer to this request)
  - which address the panel sees clients with (decided by a key that is locked
    to 10.9.9.9, as PTERO_KEY_CLIENT_IP_LOCKED)
  - whether a cache stands before the API (nothing tells)
  - whether foreign web sites are kept out by CORS (nothing tells)
  - whether API answers carry a session cookie (GET /api/client: 401
    AuthenticationException “Unauthenticated.”)

Next
  ptero-conformance list --profiles
  ptero-conformance run https://panel.example.com/ --profile NAME

The profile is the contract to hold the panel to, and yours to choose. Where
none is named it is `documented`: the published page, and no more.

2 requests were sent; nothing was written.
";
    assert_eq!(told(&seen, true), text);
}

#[test]
fn of_what_is_no_panel_it_is_told_what_came() {
    let seen = nothing_of(PANEL).with("keyless", page(200, "Shop"));
    let text = "\
https://panel.example.com: no panel was recognised

   asked  GET /api/client
   came   200 text/html, page “Shop”

1 request was sent; nothing was written.
";
    assert_eq!(told(&seen, true), text);
}

#[test]
fn a_certificate_of_two_weeks_is_no_finding() {
    let mut seen = well();
    seen.certificate_days = Some(14);
    assert!(seen.is_cleared("certificate-ends"));
}

#[test]
fn beside_an_answer_stands_what_a_match_names_and_is_not_told_already() {
    let wanted: AnswerMatch = serde_json::from_value(json!({
        "headers": { "location": { "present": true }, "age": { "present": true }, "x-gone": { "absent": true } },
        "body": {
            "/errors/0/code": { "present": true },
            "/errors/0/meta": { "present": true },
            "/errors/0/none": { "absent": true },
        },
    }))
    .unwrap();
    let mut document = envelope(401, "AuthenticationException", "Unauthenticated.");
    let fields = [("Location", "/x"), ("Age", "7"), ("X-Gone", "here")];
    let mut came = |meta| {
        document["errors"][0]["meta"] = meta;
        evidence::came_with(&answer(401, &fields, Body::Json(document.clone())), &wanted)
    };
    let told = "401 AuthenticationException “Unauthenticated.”; age: 7; /errors/0/meta";
    assert_eq!(came(json!(["a"])), format!("{told}: 1 entry"));
    assert_eq!(came(json!([])), format!("{told}: 0 entries"));
    assert_eq!(came(json!({})), format!("{told}: there"));
    assert_eq!(came(json!(8)), format!("{told}: 8"));
}
