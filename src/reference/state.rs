//! The panel's memory: the world as requests have changed it.

use super::{
    clock,
    family::Family,
    keys,
    keys::{KeyType, StoredKey},
    limits::{Backups, Windows},
    world::{Allocation, KeyEntry, Node, Server, User, World, WorldError},
};

/// The date of everything that was there from the start: 2024-01-02T03:04:05Z.
const BEGINNING: u64 = 1_704_164_645;

/// The panel's memory.
pub(super) struct State {
    pub world: World,
    pub keys: Vec<StoredKey>,
    pub windows: Windows,
    pub backups: Backups,
}

impl State {
    /// The world at the start, with keys for all roles.
    pub(super) fn new(mut world: World, family: Family) -> Result<Self, WorldError> {
        let entries = std::mem::take(&mut world.keys);
        let settings = world.settings.clone();
        let keys = entries.into_iter().map(|entry| {
            let prefix = settings.prefix(entry.key_type, family);
            make(entry, prefix)
        });
        Ok(Self {
            keys: keys.collect::<Result<_, _>>()?,
            world,
            windows: Windows::default(),
            backups: Backups::default(),
        })
    }

    /// The keys as a world has them.
    pub(super) fn key_entries(&self) -> Vec<KeyEntry> {
        let entry = |key: &StoredKey| KeyEntry {
            role: key.role.clone(),
            user: key.owner.clone(),
            key_type: key.key_type,
            identifier: Some(key.identifier.clone()),
            secret: Some(key.secret.clone()),
            permissions: key.permissions.clone(),
            allowed_ips: key.allowed_ips.clone(),
            expired: key.expired,
        };
        self.keys.iter().map(entry).collect()
    }

    pub(super) fn user(&self, name: &str) -> Option<&User> {
        self.world.users.iter().find(|user| user.name == name)
    }

    pub(super) fn server(&self, id: u64) -> Option<&Server> {
        self.world.servers.iter().find(|server| server.id == id)
    }

    pub(super) fn node(&self, id: u64) -> Option<&Node> {
        self.world.nodes.iter().find(|node| node.id == id)
    }

    /// The allocations of a server, its default first.
    pub(super) fn allocations_of(&self, server: u64) -> Vec<&Allocation> {
        let all = self.world.allocations.iter();
        all.filter(|one| one.server == Some(server)).collect()
    }

    /// The client keys of a user, in the order in which they were made.
    pub(super) fn client_keys_of(&self, user: &str) -> Vec<&StoredKey> {
        let of_user = |key: &&StoredKey| key.owner == user && key.key_type == KeyType::Client;
        self.keys.iter().filter(of_user).collect()
    }

    /// The next free id among those in use.
    pub(super) fn next_id(used: impl Iterator<Item = u64>) -> u64 {
        used.max().unwrap_or(0) + 1
    }
}

/// The date of everything that was there from the start.
pub(super) fn beginning() -> String {
    clock::date(BEGINNING)
}

fn make(entry: KeyEntry, prefix: &str) -> Result<StoredKey, WorldError> {
    Ok(StoredKey {
        identifier: match entry.identifier {
            Some(identifier) => identifier,
            None => keys::new_identifier(prefix).map_err(no_randomness)?,
        },
        secret: match entry.secret {
            Some(secret) => secret,
            None => keys::new_secret().map_err(no_randomness)?,
        },
        description: entry.role.clone().unwrap_or_default(),
        role: entry.role,
        owner: entry.user,
        key_type: entry.key_type,
        permissions: entry.permissions,
        allowed_ips: entry.allowed_ips,
        expired: entry.expired,
        created_at: BEGINNING,
        last_used_at: None,
    })
}

fn no_randomness(error: getrandom::Error) -> WorldError {
    WorldError::Randomness(error.into())
}
