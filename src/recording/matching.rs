//! Which recorded exchange answers a request: the transport that asks nobody.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::read::{Exchange, Recording, Sent};
use super::world::RecordedWorld;
use crate::exchange::Request;
use crate::spec::{Api, Endpoint, Inventory, Profile};

/// What matching needs besides the recording.
#[derive(Clone)]
pub struct ReplayContext {
    /// Who is who.
    pub world: Arc<RecordedWorld>,
    /// The routes, so that ids can be told from other parts of a path.
    pub inventory: Arc<Inventory>,
    /// The profile that says when JSON is asked for.
    pub profile: Arc<Profile>,
    /// The states that the panel was in; only exchanges recorded in exactly these count.
    pub states: BTreeSet<String>,
}

/// A recording that answers requests.
///
/// A recorded exchange answers a request when method, path (with ids that stand for the same),
/// credentials, kind of content and the wish for JSON agree, and neither has a further header
/// field that the other lacks.
#[derive(Clone)]
pub struct Replay {
    recording: Arc<Recording>,
    context: ReplayContext,
    /// What counts of each recorded request; nothing where it was recorded in another state.
    counting: Arc<Vec<Option<Read>>>,
    /// Which of several matching exchanges answers, from 0.
    nth: usize,
    used: Arc<Mutex<BTreeSet<usize>>>,
}

impl std::fmt::Debug for Replay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Replay({} exchanges)", self.recording.exchanges.len())
    }
}

/// Header fields that every client sends in its own way; what counts of them is compared apart.
const USUAL: [&str; 6] = [
    "accept",
    "authorization",
    "content-type",
    "content-length",
    "host",
    "x-requested-with",
];

impl Replay {
    /// A transport that answers from a recording.
    #[must_use]
    pub fn new(recording: Arc<Recording>, context: ReplayContext) -> Self {
        let counting = recording.exchanges.iter().map(|exchange| {
            context
                .counts(&exchange.config)
                .then(|| context.read(&exchange.request))
        });
        let counting = Arc::new(counting.collect());
        Self {
            recording,
            context,
            counting,
            nth: 0,
            used: Arc::default(),
        }
    }

    /// The same, answering with the `nth` matching exchange; what was used is noted together.
    #[must_use]
    pub fn nth(&self, nth: usize) -> Self {
        Self {
            nth,
            ..self.clone()
        }
    }

    /// The exchange that answers a request, if one does.
    #[must_use]
    pub fn find(&self, request: &Request) -> Option<&Exchange> {
        let wanted = self.context.read_request(request);
        let matching = self.counting.iter().enumerate().filter(|(_, recorded)| {
            recorded
                .as_ref()
                .is_some_and(|recorded| self.context.matches(&wanted, recorded))
        });
        let (number, _) = matching.into_iter().nth(self.nth)?;
        if let Ok(mut used) = self.used.lock() {
            used.insert(number);
        }
        self.recording.exchanges.get(number)
    }

    /// How many exchanges have answered.
    #[must_use]
    pub fn used(&self) -> usize {
        self.used.lock().map(|used| used.len()).unwrap_or_default()
    }

    /// The exchanges recorded in the states that count which have answered nothing, by the reason.
    #[must_use]
    pub fn unused(&self, requests: &[Request]) -> BTreeMap<String, Vec<&str>> {
        let used = self
            .used
            .lock()
            .map(|used| used.clone())
            .unwrap_or_default();
        let sent: Vec<_> = requests
            .iter()
            .map(|request| self.context.read_request(request))
            .collect();
        let mut reasons: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        let exchanges = self
            .recording
            .exchanges
            .iter()
            .zip(self.counting.iter())
            .enumerate();
        for (_, (exchange, recorded)) in exchanges.filter(|(number, _)| !used.contains(number)) {
            let Some(recorded) = recorded else { continue };
            let states = if self.context.states.is_empty() {
                String::new()
            } else {
                format!(" ({})", exchange.config)
            };
            let reason = format!("{}{states}", self.context.why_unused(recorded, &sent));
            reasons.entry(reason).or_default().push(&exchange.id);
        }
        reasons
    }
}

impl ReplayContext {
    /// Whether what was recorded under a configuration counts.
    fn counts(&self, config: &str) -> bool {
        let states = self.world.configurations.get(config);
        states.is_some_and(|states| {
            states.len() == self.states.len() && states.iter().all(|s| self.states.contains(s))
        })
    }

    fn why_unused(&self, recorded: &Read, sent: &[Read]) -> &'static str {
        let same_path: Vec<_> = sent
            .iter()
            .filter(|read| self.same_place(read, recorded))
            .collect();
        if same_path.is_empty() {
            "no case asks this method and path"
        } else if !same_path
            .iter()
            .any(|read| read.authorization == recorded.authorization)
        {
            "no case asks it with these credentials"
        } else if !same_path.iter().any(|read| read.others == recorded.others) {
            "no case sends these header fields with it"
        } else {
            "no case asks it with this content or this wish for JSON"
        }
    }

    fn matches(&self, wanted: &Read, recorded: &Read) -> bool {
        self.same_place(wanted, recorded)
            && wanted.authorization == recorded.authorization
            && wanted.content == recorded.content
            && wanted.wants_json == recorded.wants_json
            && wanted.others == recorded.others
    }

    /// Whether method and path agree, the path's ids as far as they stand for the same.
    fn same_place(&self, one: &Read, two: &Read) -> bool {
        one.method == two.method
            && (one.target == two.target || (one.query == two.query && self.same_route(one, two)))
    }

    fn same_route(&self, one: &Read, two: &Read) -> bool {
        let (Some(a), Some(b)) = (&one.place, &two.place) else {
            return false;
        };
        a.route == b.route
            && a.ids
                .iter()
                .zip(&b.ids)
                .all(|((name, x), (_, y))| self.world.are_alike(a.api, name, x, y))
    }

    fn read_request(&self, request: &Request) -> Read {
        let latin = |bytes: &[u8]| {
            bytes
                .iter()
                .map(|byte| char::from(*byte))
                .collect::<String>()
        };
        self.read(&Sent {
            method: request.method.clone(),
            path: request.target.clone(),
            headers: request
                .headers
                .iter()
                .map(|(n, v)| (n.clone(), latin(v)))
                .collect(),
            body: request
                .body
                .as_ref()
                .map(|body| String::from_utf8_lossy(body).into_owned()),
        })
    }

    fn read(&self, sent: &Sent) -> Read {
        let fields = |name: &str| {
            let of_name = sent
                .headers
                .iter()
                .filter(move |(n, _)| n.eq_ignore_ascii_case(name));
            of_name.map(|(_, value)| value.as_str()).collect::<Vec<_>>()
        };
        let field = |name: &str| fields(name).first().copied();
        let others = sent
            .headers
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
            .filter(|(name, _)| !USUAL.contains(&name.as_str()));
        let (path, query) = split_query(&sent.path);
        Read {
            method: sent.method.clone(),
            target: sent.path.clone(),
            query: query.map(str::to_owned),
            place: self.place(&sent.method, path),
            authorization: fields("authorization")
                .into_iter()
                .map(str::to_owned)
                .collect(),
            content: kind(
                sent.body.as_deref(),
                field("content-type").unwrap_or_default(),
            ),
            wants_json: self.profile.wants_json(field),
            others: others.collect(),
        }
    }

    /// Where in the inventory a path belongs.
    fn place(&self, method: &str, path: &str) -> Option<Place> {
        let endpoint = Endpoint {
            method: method.to_owned(),
            path: path.to_owned(),
        };
        let route = self.inventory.route_of(&endpoint)?;
        let ids = route.endpoint.match_path(path)?;
        Some(Place {
            route: route.endpoint.path.clone(),
            api: route.api(),
            ids: ids
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect(),
        })
    }
}

fn split_query(target: &str) -> (&str, Option<&str>) {
    match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    }
}

/// What counts of a request when it is compared.
struct Read {
    method: String,
    target: String,
    query: Option<String>,
    /// Where in the inventory the path belongs.
    place: Option<Place>,
    authorization: Vec<String>,
    content: Kind,
    wants_json: bool,
    /// Further header fields, names in lower case.
    others: BTreeSet<(String, String)>,
}

/// A path template, and the ids that a path has in it.
struct Place {
    route: String,
    api: Api,
    ids: Vec<(String, String)>,
}

/// What kind of content a request has.
#[derive(Debug, PartialEq)]
enum Kind {
    None,
    /// JSON, and said to be.
    Json(Value),
    /// JSON that is said to be something else, so nobody reads it as JSON.
    Undeclared,
    /// Text that is not JSON, although it is said to be.
    Malformed,
    /// Anything else, with what it is said to be.
    Other(String, String),
}

fn kind(body: Option<&str>, content_type: &str) -> Kind {
    let Some(body) = body.filter(|body| !body.is_empty()) else {
        return Kind::None;
    };
    let says_json = content_type.contains("/json") || content_type.contains("+json");
    match serde_json::from_str(body) {
        Ok(value) if says_json => Kind::Json(value),
        Ok(_) => Kind::Undeclared,
        Err(_) if says_json => Kind::Malformed,
        Err(_) => Kind::Other(content_type.to_owned(), body.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::RecordedWorld;
    use crate::spec::{Source, SourceFile, Specs};

    const WORLD: &str = "\
origin: made up
address: http://panel.example
version: 1.11.8
profile: pterodactyl-1.11
roles:
  client: { recorded: alice, key: ptlc_one }
  client-other: { recorded: bob, key: ptlc_two }
ids:
  client: { server: { existing: [a1, a2], others: [b1] } }
configurations: { plain: [], down: [maintenance] }
";

    /// An exchange by its id, its configuration, and its request.
    fn exchange(id: &str, config: &str, request: &serde_json::Value) -> String {
        let response = serde_json::json!({ "status": 200, "headers": [], "body": null });
        serde_json::json!({
            "id": id, "group": "g", "config": config, "role": null,
            "request": request, "response": response,
        })
        .to_string()
    }

    fn recorded(path: &str, headers: &[[&str; 2]]) -> serde_json::Value {
        serde_json::json!({ "method": "GET", "path": path, "headers": headers, "body": null })
    }

    fn replay(lines: &[String], states: &[&str]) -> Replay {
        let world = SourceFile::new("world.yaml", "world.yaml", WORLD);
        let specs = Specs::load(&Source::Embedded).unwrap();
        let context = ReplayContext {
            world: Arc::new(RecordedWorld::read(&world).unwrap()),
            inventory: Arc::new(specs.contract.inventory.clone()),
            profile: Arc::clone(specs.contract.profile("pterodactyl-1.11").unwrap()),
            states: states.iter().map(|state| (*state).to_owned()).collect(),
        };
        let recording = Recording::read(&lines.join("\n")).unwrap();
        Replay::new(Arc::new(recording), context)
    }

    fn request(target: &str, headers: &[(&str, &str)]) -> Request {
        Request {
            method: "GET".to_owned(),
            target: target.to_owned(),
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
                .collect(),
            body: None,
        }
    }

    const JSON: [&str; 2] = ["accept", "application/json"];
    const ALICE: [&str; 2] = ["authorization", "Bearer ptlc_one"];
    const BOB: [&str; 2] = ["authorization", "Bearer ptlc_two"];

    fn sent(target: &str, headers: &[[&str; 2]]) -> Request {
        let pairs: Vec<_> = headers
            .iter()
            .map(|[name, value]| (*name, *value))
            .collect();
        request(target, &pairs)
    }

    #[test]
    fn what_has_answered_nothing_is_told_by_the_reason() {
        let lines = [
            exchange("used", "plain", &recorded("/api/client", &[JSON, ALICE])),
            exchange(
                "path",
                "plain",
                &recorded("/api/client/account", &[JSON, ALICE]),
            ),
            exchange("key", "plain", &recorded("/api/client", &[JSON, BOB])),
            exchange(
                "field",
                "plain",
                &recorded("/api/client", &[JSON, ALICE, ["x-odd", "1"]]),
            ),
            exchange(
                "wish",
                "plain",
                &recorded("/api/client", &[["accept", "text/html"], ALICE]),
            ),
            exchange("state", "down", &recorded("/api/client", &[JSON, ALICE])),
        ];
        let replay = replay(&lines, &[]);
        let asked = sent("/api/client", &[JSON, ALICE]);
        assert_eq!(replay.find(&asked).map(|one| one.id.as_str()), Some("used"));
        assert_eq!(replay.used(), 1);
        assert_eq!(format!("{replay:?}"), "Replay(6 exchanges)", "no content");
        let unused = replay.unused(std::slice::from_ref(&asked));
        let told: Vec<_> = unused
            .iter()
            .map(|(why, ids)| (why.as_str(), ids.clone()))
            .collect();
        assert_eq!(
            told,
            [
                ("no case asks it with these credentials", vec!["key"]),
                (
                    "no case asks it with this content or this wish for JSON",
                    vec!["wish"]
                ),
                ("no case asks this method and path", vec!["path"]),
                ("no case sends these header fields with it", vec!["field"]),
            ]
        );
        assert_eq!(replay.unused(&[]).len(), 1, "nothing was asked at all");
    }

    #[test]
    fn only_what_was_recorded_in_the_states_counts() {
        let lines = [
            exchange("plain", "plain", &recorded("/api/client", &[JSON])),
            exchange("down", "down", &recorded("/api/client", &[JSON])),
            exchange("other", "down", &recorded("/api/client", &[JSON, BOB])),
        ];
        let replay = replay(&lines, &["maintenance"]);
        let asked = sent("/api/client", &[JSON]);
        assert_eq!(replay.find(&asked).map(|one| one.id.as_str()), Some("down"));
        assert!(replay.nth(1).find(&asked).is_none());
        let unused = replay.unused(&[asked]);
        let told = "no case asks it with these credentials (down)";
        assert_eq!(unused.get(told), Some(&vec!["other"]));
        assert_eq!(unused.len(), 1);
    }

    #[test]
    fn ids_that_stand_for_the_same_are_alike() {
        let path = |id: &str| format!("/api/client/servers/{id}");
        let lines = [exchange(
            "one",
            "plain",
            &recorded(&path("a2"), &[JSON, ALICE]),
        )];
        let replay = replay(&lines, &[]);
        let finds = |id: &str| replay.find(&sent(&path(id), &[JSON, ALICE])).is_some();
        assert!(finds("a1") && finds("a2"));
        assert!(!finds("b1") && !finds("c1"));
    }
}
