//! What changes between two contracts, in sentences, the gravest first.

use std::fmt::Write;

use super::counted::counted;
use crate::spec::{
    Answer, Api, Comparison, Condition, Contract, OrderChange, Profile, RequirementId, Route,
    Ruling, RulingChange, Shift, WithoutJson, differing,
};

/// The headings of what single reasons are answered.
const SHIFTS: [(Shift, &str); 5] = [
    (Shift::Opened, "opened: who was refused is let in"),
    (Shift::Closed, "closed: who was let in is refused"),
    (Shift::Reshaped, "reshaped: refused in another way"),
    (
        Shift::Stated,
        "stated: something is said of which nothing was said",
    ),
    (Shift::Unstated, "no longer stated"),
];

/// What changes from one profile to another, as text.
///
/// With `verbose`, routes and changes of wording are listed, not only counted.
#[must_use]
pub fn compare_profiles(
    contract: &Contract,
    before: &Profile,
    after: &Profile,
    verbose: bool,
) -> String {
    let writer = Writer {
        contract,
        before,
        after,
        verbose,
    };
    let comparison = Comparison::new(contract, before, after);
    let mut text = writer.head();
    for part in [
        writer.rulings(&comparison),
        writer.orders(&comparison.orders),
        writer.routes(&comparison),
        writer.values(),
        writer.practice(&comparison),
        writer.words(&comparison),
    ] {
        text += &part;
    }
    text
}

struct Writer<'p> {
    contract: &'p Contract,
    before: &'p Profile,
    after: &'p Profile,
    verbose: bool,
}

impl Writer<'_> {
    fn head(&self) -> String {
        let line = |word: &str, profile: &Profile| {
            format!(
                "{word} {}: {}, {}\n",
                profile.name.value, profile.title, profile.origin
            )
        };
        line("from", self.before) + &line("to  ", self.after)
    }

    fn rulings(&self, comparison: &Comparison<'_>) -> String {
        let mut text = String::new();
        for (shift, heading) in SHIFTS {
            let changes = comparison.rulings.iter().filter(|c| c.shift == shift);
            text += &section(heading, &self.sentences(changes));
        }
        text
    }

    /// One sentence for all reasons with the same place and the same change.
    fn sentences<'c>(&self, changes: impl Iterator<Item = &'c RulingChange<'c>>) -> Vec<String> {
        let mut told: Vec<(String, Vec<String>, String)> = Vec::new();
        for change in changes {
            let (place, what) = (place(change), in_words(change));
            let reason = format!("if {}", reason_in_words(self.contract, &change.condition));
            match told.iter_mut().find(|(p, _, w)| *p == place && *w == what) {
                Some((_, reasons, _)) => reasons.push(reason),
                None => told.push((place, vec![reason], what)),
            }
        }
        let sentence = |(place, reasons, what): (String, Vec<String>, String)| {
            capitalised(&format!("{place}{}: {what}", reasons.join(", or ")))
        };
        told.into_iter().map(sentence).collect()
    }

    fn orders(&self, orders: &[OrderChange]) -> String {
        let sentences: Vec<_> = orders.iter().map(|change| self.order(change)).collect();
        section(
            "order: of two reasons that hold together, another one is answered",
            &sentences,
        )
    }

    fn order(&self, change: &OrderChange) -> String {
        let others: Vec<_> = change
            .others
            .iter()
            .map(|other| self.with_answer(change.api, other))
            .collect();
        let place = if change.wins { "before" } else { "after" };
        let sentence = format!(
            "{}: {} is now looked at {place} {}",
            api_in_words(change.api),
            self.with_answer(change.api, &change.condition),
            others.join(", ")
        );
        capitalised(&sentence)
    }

    fn with_answer(&self, api: Api, condition: &Condition) -> String {
        let endpoint = published(api);
        let said = endpoint.and_then(|e| self.after.ruling(api, &e, condition));
        match said {
            Some(Ruling::Refused(answer)) => format!("`{condition}` ({})", answer.status),
            _ => format!("`{condition}`"),
        }
    }

    fn routes(&self, comparison: &Comparison<'_>) -> String {
        let mut sentences = Vec::new();
        for (routes, word) in [(&comparison.come, "new"), (&comparison.gone, "gone")] {
            if routes.is_empty() {
                continue;
            }
            let of = |api: Api| routes.iter().filter(|route| route.api() == api).count();
            sentences.push(format!(
                "{} {word}: {} of the Client API, {} of the Application API",
                counted(routes.len(), "route"),
                of(Api::Client),
                of(Api::Application)
            ));
            sentences.extend(self.listed(routes));
        }
        if !sentences.is_empty() && !self.verbose {
            sentences.push("--verbose lists them".to_owned());
        }
        section("routes", &sentences)
    }

    fn listed(&self, routes: &[&Route]) -> Vec<String> {
        let shown = routes.iter().filter(|_| self.verbose);
        shown
            .map(|route| format!("  {}", *route.endpoint))
            .collect()
    }

    /// Limits, prefixes, and when JSON is wanted.
    fn values(&self) -> String {
        let (b, a) = (self.before, self.after);
        let prefix = |profile: &Profile, api| match profile.prefix(api) {
            "" => "nothing that is always the same".to_owned(),
            prefix => format!("`{prefix}`"),
        };
        let values = [
            (
                "requests a minute on the Client API",
                b.limits.client.to_string(),
                a.limits.client.to_string(),
            ),
            (
                "requests a minute on the Application API",
                b.limits.application.to_string(),
                a.limits.application.to_string(),
            ),
            (
                "client keys of a user",
                b.limits.keys.to_string(),
                a.limits.keys.to_string(),
            ),
            (
                "client keys begin with",
                prefix(b, Api::Client),
                prefix(a, Api::Client),
            ),
            (
                "application keys begin with",
                prefix(b, Api::Application),
                prefix(a, Api::Application),
            ),
            ("JSON is wanted if", json_wanted(b), json_wanted(a)),
        ];
        let differing = values
            .into_iter()
            .filter(|(_, before, after)| before != after);
        let sentences: Vec<_> = differing
            .map(|(what, before, after)| capitalised(&format!("{what}: {before} → {after}")))
            .collect();
        section("limits and prefixes", &sentences)
    }

    /// What no contract says, though panels are known for it.
    fn practice(&self, comparison: &Comparison<'_>) -> String {
        let told = |clauses: &[&RequirementId], word: &str| -> Vec<String> {
            let known = clauses
                .iter()
                .filter_map(|id| self.contract.requirement(id));
            known
                .map(|clause| format!("{} is {word}: {}", clause.id.value, clause.text))
                .collect()
        };
        let mut sentences = told(&comparison.dropped, "no longer kept");
        sentences.extend(told(&comparison.taken_up, "now kept"));
        section("good practice", &sentences)
    }

    fn words(&self, comparison: &Comparison<'_>) -> String {
        let changes = comparison.rulings.iter();
        let reworded: Vec<_> = changes.filter(|c| c.shift == Shift::Reworded).collect();
        if reworded.is_empty() {
            return String::new();
        }
        let mut sentences = vec![format!(
            "{} in other words",
            counted(reworded.len(), "refusal")
        )];
        if self.verbose {
            sentences.extend(reworded.into_iter().map(|change| {
                let (before, after) = (detail(change.before), detail(change.after));
                format!("  `{}`: {before} → {after}", change.condition)
            }));
        }
        section("reworded", &sentences)
    }
}

/// A reason as the end of "if …".
pub(super) fn reason_in_words(contract: &Contract, condition: &Condition) -> String {
    let info = contract.condition(condition.name());
    let means = info.map_or(condition.name(), |info| info.means.as_str());
    if *condition == condition.general() {
        means.to_owned()
    } else {
        format!("{means} ({condition})")
    }
}

pub(super) fn section(heading: &str, sentences: &[String]) -> String {
    if sentences.is_empty() {
        return String::new();
    }
    let lines: String = sentences.iter().map(|s| format!("  {s}\n")).collect();
    format!("\n{heading}\n{lines}")
}

pub(super) fn api_in_words(api: Api) -> &'static str {
    match api {
        Api::Client => "on the Client API",
        Api::Application => "on the Application API",
    }
}

/// The endpoint of an API by which the published page shows its refusals.
fn published(api: Api) -> Option<crate::spec::Endpoint> {
    let text = match api {
        Api::Client => "GET /api/client",
        Api::Application => "GET /api/application/users",
    };
    text.to_owned().try_into().ok()
}

/// Where a change holds, as the beginning of a sentence.
fn place(change: &RulingChange<'_>) -> String {
    match (change.route, &change.apis[..]) {
        (Some(route), _) => format!("{route}, "),
        (None, [api]) => format!("{}, ", api_in_words(*api)),
        (None, _) => String::new(),
    }
}

/// What was answered and what is, with the headers that differ.
fn in_words(change: &RulingChange<'_>) -> String {
    let (Ruling::Refused(before), Ruling::Refused(after)) = (change.before, change.after) else {
        return format!("{} → {}", said(change.before), said(change.after));
    };
    let mut text = match (in_short(before), in_short(after)) {
        (one, other) if one == other => one,
        (one, other) => format!("{one} → {other}"),
    };
    for (name, before, after) in differing(&before.headers, &after.headers) {
        let _ = write!(text, "; {name}: {before} → {after}");
    }
    if let (Some(before), Some(after)) = (&before.without_json, &after.without_json) {
        text += &without_json(before, after);
    }
    text
}

fn without_json(before: &WithoutJson, after: &WithoutJson) -> String {
    let mut text = String::new();
    if before.status != after.status {
        let _ = write!(text, " {} → {}", before.status, after.status);
    }
    for (name, before, after) in differing(&before.headers, &after.headers) {
        let _ = write!(text, " {name}: {before} → {after}");
    }
    if text.is_empty() {
        return text;
    }
    format!("; where JSON is not asked for:{text}")
}

fn said(ruling: &Ruling) -> String {
    match ruling {
        Ruling::Granted => "granted".to_owned(),
        Ruling::Unspecified => "nothing said".to_owned(),
        Ruling::Refused(answer) => format!("refused with {}", in_short(answer)),
    }
}

fn in_short(answer: &Answer) -> String {
    match &answer.code {
        Some(code) => format!("{} {code}", answer.status),
        None => answer.status.to_string(),
    }
}

fn detail(ruling: &Ruling) -> String {
    match ruling {
        Ruling::Refused(answer) => match &answer.detail {
            Some(text) => format!("“{text}”"),
            None => "any".to_owned(),
        },
        Ruling::Granted | Ruling::Unspecified => String::new(),
    }
}

fn json_wanted(profile: &Profile) -> String {
    let wanted = &profile.json_wanted;
    let texts = wanted.first_accept_contains.join("` or `");
    let ajax = if wanted.ajax {
        ", or the request is a script's"
    } else {
        ""
    };
    format!("the first entry of Accept has `{texts}` in it{ajax}")
}

pub(super) fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::report::made_up::SPECS;
    use crate::spec::{Exception, Located, Origin, RouteList};

    /// What a change of one profile makes another, without the two lines at the head.
    fn changed(verbose: bool, change: impl FnOnce(&mut Profile, &mut Profile)) -> String {
        let profile = SPECS.contract.profile("pterodactyl-1.11").unwrap();
        let mut before = Profile::clone(profile);
        before.title = "a contract".to_owned();
        before.origin = Origin::Observed;
        before.routes = Some(RouteList {
            like: before.versions.to.clone(),
            with: Vec::new(),
            without: Vec::new(),
        });
        let mut after = before.clone();
        after.title = "another".to_owned();
        change(&mut before, &mut after);
        let text = compare_profiles(&SPECS.contract, &before, &after, verbose);
        let head = "from pterodactyl-1.11: a contract, observed\n\
                    to   pterodactyl-1.11: another, observed\n";
        let rest = text.strip_prefix(head);
        rest.expect("two lines at the head").to_owned()
    }

    fn endpoint(text: &str) -> Located<crate::spec::Endpoint> {
        Located {
            value: text.to_owned().try_into().unwrap(),
            span: 0..0,
        }
    }

    /// On one route, a request without a key is refused in these words.
    fn refuse(profile: &mut Profile, detail: &str, language: &str) {
        let answer = serde_json::json!({
            "status": 401,
            "code": "A",
            "detail": detail,
            "headers": { "content-language": language },
        });
        profile.exceptions.push(Exception {
            route: endpoint("GET /api/client/one"),
            condition: "no-key".parse().unwrap(),
            answer: Ruling::Refused(Arc::new(serde_json::from_value(answer).unwrap())),
        });
    }

    #[test]
    fn what_is_alike_is_not_told() {
        assert_eq!(changed(false, |_, _| ()), "");
        assert_eq!(changed(true, |_, _| ()), "");
    }

    #[test]
    fn a_client_that_asks_for_json_is_told_by_its_fields() {
        let told = changed(false, |before, after| {
            before.json_wanted.first_accept_contains = vec!["/json".to_owned(), "+json".to_owned()];
            before.json_wanted.ajax = true;
            after.json_wanted.first_accept_contains = vec!["/json".to_owned()];
            after.json_wanted.ajax = false;
        });
        let wanted = "
limits and prefixes
  JSON is wanted if: the first entry of Accept has `/json` or `+json` in it, or the request is a script's → \
the first entry of Accept has `/json` in it
";
        assert_eq!(told, wanted);
    }

    #[test]
    fn a_refusal_that_stays_is_told_once_with_the_headers_that_differ() {
        let told = changed(false, |before, after| {
            refuse(before, "old", "en");
            refuse(after, "old", "de");
        });
        let wanted = "
reshaped: refused in another way
  GET /api/client/one, if the request carries no credentials: 401 A; content-language: en → de
";
        assert_eq!(told, wanted);
    }

    #[test]
    fn words_and_routes_are_counted_and_listed_on_demand() {
        let change = |before: &mut Profile, after: &mut Profile| {
            refuse(before, "old", "en");
            refuse(after, "new", "en");
            let routes = after.routes.as_mut().expect("routes");
            routes.without.push(endpoint("GET /api/client/account"));
        };
        let wanted = "
routes
  1 route gone: 1 of the Client API, 0 of the Application API
  --verbose lists them

reworded
  1 refusal in other words
";
        assert_eq!(changed(false, change), wanted);
        let wanted = "
routes
  1 route gone: 1 of the Client API, 0 of the Application API
    GET /api/client/account

reworded
  1 refusal in other words
    `no-key`: “old” → “new”
";
        assert_eq!(changed(true, change), wanted);
    }
}
