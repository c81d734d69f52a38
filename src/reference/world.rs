//! The users, keys, servers and settings of a panel, as data.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{keys::KeyType, routes::AddedRoutes, settings::Settings};

/// The users, keys, servers and settings of a panel.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct World {
    /// What an administrator sets.
    #[serde(default)]
    pub settings: Settings,
    /// Routes that the panel has beside its own.
    #[serde(skip)]
    pub added: AddedRoutes,
    #[serde(default)]
    pub(super) users: Vec<User>,
    /// Users who were deleted; nobody but keys names them.
    #[serde(default)]
    pub(super) deleted_users: Vec<User>,
    #[serde(default)]
    pub(super) keys: Vec<KeyEntry>,
    #[serde(default)]
    pub(super) locations: Vec<Location>,
    #[serde(default)]
    pub(super) nodes: Vec<Node>,
    #[serde(default)]
    pub(super) nests: Vec<Nest>,
    #[serde(default)]
    pub(super) eggs: Vec<Egg>,
    #[serde(default)]
    pub(super) allocations: Vec<Allocation>,
    #[serde(default)]
    pub(super) servers: Vec<Server>,
    /// Numbers of the mounts that Pelican has.
    #[serde(default)]
    pub(super) mounts: Vec<u64>,
    /// Numbers of the hosts of databases that Pelican has.
    #[serde(default)]
    pub(super) database_hosts: Vec<u64>,
}

/// Why a world is none.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorldError {
    /// The text is not YAML or has another shape.
    #[error("the world cannot be read")]
    Yaml(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Something is named that the world does not have.
    #[error("{holder} names {kind} `{name}`, which the world does not have")]
    Unknown {
        /// What names it.
        holder: String,
        /// What kind of thing is missing.
        kind: &'static str,
        /// Its name or number.
        name: String,
    },
    /// Two things of one kind have the same name.
    #[error("the world has {kind} `{name}` twice")]
    Duplicate {
        /// What kind of thing it is.
        kind: &'static str,
        /// Its name or number.
        name: String,
    },
    /// The operating system gives no random bytes for new keys.
    #[error("no random bytes for new keys")]
    Randomness(#[source] Box<dyn std::error::Error + Send + Sync>),
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct User {
    /// The name by which the world knows the user; never changes.
    pub name: String,
    pub id: u64,
    pub uuid: String,
    pub external_id: Option<String>,
    pub username: String,
    pub email: String,
    pub first_name: String,
    pub last_name: String,
    #[serde(default = "no_password")]
    pub password: String,
    #[serde(default)]
    pub root_admin: bool,
    #[serde(default)]
    pub two_factor: bool,
    #[serde(default)]
    pub ssh_keys: Vec<SshKey>,
    /// Numbers of the tickets that the user has opened, of Jexactyl.
    #[serde(default)]
    pub tickets: Vec<u64>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SshKey {
    pub name: String,
    /// SHA-256 in base 64; the id of the key.
    pub fingerprint: String,
    pub public_key: String,
}

/// A password that nobody can guess is not needed: it opens nothing here.
fn no_password() -> String {
    "password".to_owned()
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyEntry {
    /// The role that scenarios know it by.
    pub role: Option<String>,
    /// Name of the user it belongs to.
    pub user: String,
    #[serde(rename = "type")]
    pub key_type: KeyType,
    /// Identifier with its prefix; random by default.
    pub identifier: Option<String>,
    /// Random by default.
    pub secret: Option<String>,
    /// What it may do on the Application API.
    #[serde(default)]
    pub permissions: Permissions,
    #[serde(default)]
    pub allowed_ips: Vec<String>,
    #[serde(default)]
    pub expired: bool,
}

/// What a key may do with a resource of the Application API: two independent bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Access {
    #[default]
    None,
    Read,
    Write,
    ReadWrite,
}

impl Access {
    /// Whether this holds all that is needed.
    pub const fn covers(self, needed: Self) -> bool {
        self.bits() & needed.bits() == needed.bits()
    }

    const fn bits(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Read => 1,
            Self::Write => 2,
            Self::ReadWrite => 3,
        }
    }
}

/// A resource that an application key has permissions for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Resource {
    Servers,
    Nodes,
    Allocations,
    Users,
    Locations,
    Nests,
    Eggs,
    DatabaseHosts,
    ServerDatabases,
    /// Of Pelican.
    Mounts,
    /// Of Pelican.
    Roles,
    /// One that no panel has by itself.
    #[serde(skip)]
    Other,
}

/// The permissions of an application key.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Permissions {
    /// For every resource that is not named.
    all: Access,
    only: BTreeMap<Resource, Access>,
}

impl Permissions {
    /// Whatever a key may do.
    pub fn full() -> Self {
        Self {
            all: Access::ReadWrite,
            only: BTreeMap::new(),
        }
    }

    /// What the key may do with a resource.
    pub fn of(&self, resource: Resource) -> Access {
        self.only.get(&resource).copied().unwrap_or(self.all)
    }

    /// Whether the key may do this with some resource.
    pub fn covers_somewhere(&self, access: Access) -> bool {
        let mut all = self.only.values().chain([&self.all]);
        all.any(|one| one.covers(access))
    }
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Location {
    pub id: u64,
    pub short: String,
    pub long: String,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Node {
    pub id: u64,
    pub uuid: String,
    pub name: String,
    pub location: u64,
    pub fqdn: String,
    /// Port of the daemon.
    pub daemon_port: u16,
    pub token_id: String,
    pub token: String,
    #[serde(default)]
    pub maintenance: bool,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nest {
    pub id: u64,
    pub uuid: String,
    pub name: String,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Egg {
    pub id: u64,
    pub uuid: String,
    pub name: String,
    pub nest: u64,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Allocation {
    pub id: u64,
    pub node: u64,
    pub ip: String,
    pub port: u16,
    /// The server that uses it; the first one of a server is its default.
    pub server: Option<u64>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Server {
    pub id: u64,
    pub uuid: String,
    pub external_id: Option<String>,
    pub name: String,
    /// Name of the user it belongs to.
    pub owner: String,
    pub node: u64,
    pub egg: u64,
    #[serde(default)]
    pub state: ServerState,
    #[serde(default)]
    pub subusers: Vec<Subuser>,
    #[serde(default)]
    pub databases: Vec<Database>,
    #[serde(default)]
    pub backups: Vec<Backup>,
    #[serde(default)]
    pub schedules: Vec<Schedule>,
    /// Ids of the jobs that Pyrodactyl has for it.
    #[serde(default)]
    pub jobs: Vec<String>,
    /// Ids of the operations that Pyrodactyl has for it.
    #[serde(default)]
    pub operations: Vec<String>,
}

impl Server {
    /// Whether a user sees the server: its owner, its subusers and administrators do.
    pub fn is_seen_by(&self, user: &User) -> bool {
        self.owner == user.name || user.root_admin || self.subuser(user).is_some()
    }

    /// Whether a user may do something with it: owner and administrators may do everything,
    /// subusers what their permissions name.
    pub fn allows(&self, user: &User, permission: &str) -> bool {
        let named = |subuser: &Subuser| subuser.permissions.contains(permission);
        self.owner == user.name || user.root_admin || self.subuser(user).is_some_and(named)
    }

    /// What a user is on the server besides its owner.
    pub fn subuser(&self, user: &User) -> Option<&Subuser> {
        self.subusers.iter().find(|one| one.user == user.name)
    }

    /// The first eight characters of the UUID, the id in the Client API.
    pub fn short_id(&self) -> &str {
        self.uuid.get(..8).unwrap_or(&self.uuid)
    }
}

/// What keeps a server from being used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ServerState {
    #[default]
    Ready,
    Suspended,
    Installing,
    Restoring,
    Transferring,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Subuser {
    /// Name of the user.
    pub user: String,
    pub permissions: BTreeSet<String>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Database {
    /// The id in the Application API.
    pub id: u64,
    /// The id in the Client API.
    pub hash: String,
    pub name: String,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Backup {
    pub uuid: String,
    pub name: String,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Schedule {
    pub id: u64,
    pub name: String,
    #[serde(default)]
    pub tasks: Vec<Task>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Task {
    pub id: u64,
    pub action: String,
}

impl World {
    /// Reads a world and checks that everything it names exists.
    ///
    /// # Errors
    ///
    /// The text is not YAML of that shape, or a name does not fit.
    pub fn from_yaml(text: &str) -> Result<Self, WorldError> {
        let world: Self =
            serde_saphyr::from_str(text).map_err(|error| WorldError::Yaml(error.into()))?;
        world.check()?;
        Ok(world)
    }

    /// The world of the embedded panel: every role, and something of every kind.
    ///
    /// # Panics
    ///
    /// Never: a test reads the same text.
    #[must_use]
    pub fn embedded() -> Self {
        Self::from_yaml(include_str!("world.yaml"))
            .expect("the embedded world is checked by a test")
    }

    /// Takes the key of a role away, as if nobody had made one; false if there was none.
    pub fn without_role(&mut self, role: &str) -> bool {
        let before = self.keys.len();
        self.keys.retain(|key| key.role.as_deref() != Some(role));
        self.keys.len() < before
    }

    fn check(&self) -> Result<(), WorldError> {
        self.check_unique()?;
        let names = |users: &'_ [User]| users.iter().map(|user| user.name.clone()).collect();
        let mut users: BTreeSet<String> = names(&self.users);
        for (holder, name) in self.owners_of_servers() {
            known(&users, name, "user", &holder)?;
        }
        users.append(&mut names(&self.deleted_users));
        for (holder, name) in self.owners_of_keys() {
            known(&users, name, "user", &holder)?;
        }
        for (holder, kind, id, all) in self.ids_named() {
            known(&all, &id, kind, &holder)?;
        }
        Ok(())
    }

    fn check_unique(&self) -> Result<(), WorldError> {
        let users = self.users.iter().chain(&self.deleted_users);
        unique("user", users.map(|user| user.name.clone()))?;
        unique("role", self.keys.iter().filter_map(|key| key.role.clone()))?;
        let identifiers = self.keys.iter().filter_map(|key| key.identifier.clone());
        unique("identifier", identifiers)?;
        unique("user number", ids(&self.users, |user| user.id))?;
        unique("location", ids(&self.locations, |location| location.id))?;
        unique("node", ids(&self.nodes, |node| node.id))?;
        unique("nest", ids(&self.nests, |nest| nest.id))?;
        unique("egg", ids(&self.eggs, |egg| egg.id))?;
        unique("allocation", ids(&self.allocations, |one| one.id))?;
        unique("server", ids(&self.servers, |server| server.id))
    }

    fn owners_of_keys(&self) -> impl Iterator<Item = (String, &str)> {
        let of_key = |key: &KeyEntry| match (&key.role, &key.identifier) {
            (Some(name), _) | (None, Some(name)) => format!("key `{name}`"),
            (None, None) => "a key".to_owned(),
        };
        self.keys.iter().map(move |key| (of_key(key), &*key.user))
    }

    /// Who owns a server or is a subuser of it.
    fn owners_of_servers(&self) -> impl Iterator<Item = (String, &str)> {
        self.servers.iter().flat_map(|server| {
            let holder = format!("server {}", server.id);
            let subusers = server.subusers.iter().map(|subuser| &*subuser.user);
            std::iter::once(&*server.owner)
                .chain(subusers)
                .map(move |user| (holder.clone(), user))
        })
    }

    fn ids_named(&self) -> Vec<(String, &'static str, String, BTreeSet<String>)> {
        let locations: BTreeSet<_> = ids(&self.locations, |one| one.id).collect();
        let nodes: BTreeSet<_> = ids(&self.nodes, |one| one.id).collect();
        let nests: BTreeSet<_> = ids(&self.nests, |one| one.id).collect();
        let eggs: BTreeSet<_> = ids(&self.eggs, |one| one.id).collect();
        let servers: BTreeSet<_> = ids(&self.servers, |one| one.id).collect();
        let mut named = Vec::new();
        let mut name = |holder: String, kind, id: u64, all: &BTreeSet<String>| {
            named.push((holder, kind, id.to_string(), all.clone()));
        };
        for one in &self.nodes {
            name(
                format!("node {}", one.id),
                "location",
                one.location,
                &locations,
            );
        }
        for one in &self.eggs {
            name(format!("egg {}", one.id), "nest", one.nest, &nests);
        }
        for one in &self.allocations {
            let holder = format!("allocation {}", one.id);
            name(holder.clone(), "node", one.node, &nodes);
            if let Some(server) = one.server {
                name(holder, "server", server, &servers);
            }
        }
        for one in &self.servers {
            name(format!("server {}", one.id), "node", one.node, &nodes);
            name(format!("server {}", one.id), "egg", one.egg, &eggs);
        }
        named
    }
}

fn ids<T>(all: &[T], id: fn(&T) -> u64) -> impl Iterator<Item = String> {
    all.iter().map(move |one| id(one).to_string())
}

fn known<T: AsRef<str> + Ord + std::borrow::Borrow<str>>(
    all: &BTreeSet<T>,
    name: &str,
    kind: &'static str,
    holder: &str,
) -> Result<(), WorldError> {
    if all.contains(name) {
        return Ok(());
    }
    Err(WorldError::Unknown {
        holder: holder.to_owned(),
        kind,
        name: name.to_owned(),
    })
}

fn unique(kind: &'static str, names: impl Iterator<Item = String>) -> Result<(), WorldError> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name.clone()) {
            return Err(WorldError::Duplicate { kind, name });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{World, WorldError};

    #[test]
    fn the_embedded_world_is_one() {
        World::from_yaml(include_str!("world.yaml")).expect("a world");
    }

    #[test]
    fn an_unknown_user_is_named() {
        let text = "keys: [{ role: client, user: nobody, type: client }]";
        match World::from_yaml(text) {
            Err(WorldError::Unknown { holder, name, .. }) => {
                assert_eq!((holder.as_str(), name.as_str()), ("key `client`", "nobody"));
            }
            _ => panic!("a world with an unknown user"),
        }
    }

    #[test]
    fn a_deleted_user_has_keys_and_no_servers() {
        let erin = "deleted_users: [{ name: erin, id: 6, uuid: '', username: erin, email: '', first_name: '', last_name: '' }]";
        let key = "keys: [{ role: client, user: erin, type: client }]";
        World::from_yaml(&format!("{erin}\n{key}")).expect("a world");
        let server = "servers: [{ id: 1, uuid: '', name: '', owner: erin, node: 1, egg: 1 }]";
        match World::from_yaml(&format!("{erin}\n{server}")) {
            Err(WorldError::Unknown { name, .. }) => assert_eq!(name, "erin"),
            _ => panic!("a world with a server of nobody"),
        }
    }

    #[test]
    fn whatever_is_named_by_its_id_has_to_be_there() {
        for (wrong, (holder, kind)) in [
            (("location: 1", "location: 99"), ("node 1", "location")),
            (("nest: 1", "nest: 99"), ("egg 1", "nest")),
            (
                ("{ id: 1, node: 1", "{ id: 1, node: 99"),
                ("allocation 1", "node"),
            ),
            (("server: 1", "server: 99"), ("allocation 1", "server")),
            (("    node: 1", "    node: 99"), ("server 1", "node")),
            (("    egg: 2", "    egg: 99"), ("server 2", "egg")),
        ] {
            let text = include_str!("world.yaml").replacen(wrong.0, wrong.1, 1);
            match World::from_yaml(&text) {
                Err(WorldError::Unknown {
                    holder: h,
                    kind: k,
                    name,
                }) => {
                    assert_eq!((h.as_str(), k, name.as_str()), (holder, kind, "99"));
                }
                Err(other) => panic!("{other}"),
                Ok(_) => panic!("a world with {}", wrong.1),
            }
        }
    }

    #[test]
    fn what_has_a_name_or_a_number_has_it_alone() {
        for ((other, same), kind) in [
            (("name: bob,", "name: alice,"), "user"),
            (("name: erin,", "name: alice,"), "user"),
            (("role: client-other", "role: client"), "role"),
            (("name: alice, id: 2", "name: alice, id: 1"), "user number"),
            (("id: 2, short", "id: 1, short"), "location"),
            (("id: 2, uuid: 20000000", "id: 1, uuid: 20000000"), "node"),
            (("id: 2, uuid: 40000000", "id: 1, uuid: 40000000"), "egg"),
            (("id: 2, node", "id: 1, node"), "allocation"),
            (("- id: 2", "- id: 1"), "server"),
        ] {
            let text = include_str!("world.yaml").replacen(other, same, 1);
            match World::from_yaml(&text) {
                Err(WorldError::Duplicate { kind: found, .. }) => assert_eq!(found, kind),
                Err(error) => panic!("{same}: {error}"),
                Ok(_) => panic!("a world with {same} twice"),
            }
        }
    }

    #[test]
    fn a_mistyped_field_is_refused() {
        assert!(matches!(
            World::from_yaml("settings: { wing: reachable }"),
            Err(WorldError::Yaml(_))
        ));
    }

    #[test]
    fn roles_can_be_missing() {
        let mut world = World::embedded();
        assert!(world.without_role("client-admin"));
        assert!(!world.without_role("client-admin"));
    }
}
