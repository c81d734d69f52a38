//! Cleans up: deletes what a journal knows, and shows what only looks like it.

use std::collections::BTreeSet;

use super::creations::Creations;
use super::deletion::{Gone, NotDeleted, delete};
use super::listing::{Entry, list};
use super::session::{RUN_NAMES, Session};
use crate::exchange::printable;
use crate::journal::{Created, Creation, Journal, JournalError, Record};
use crate::spec::{Api, RoleName};

/// The longest description that is shown, in characters.
const LONGEST: usize = 80;

/// What a clean-up did.
#[derive(Debug, Default)]
pub struct Cleanup {
    /// What was created, and what became of it.
    pub created: Vec<(Created, Result<Gone, NotDeleted>)>,
    /// Creations whose answer got lost and of which nothing can be said, and why.
    pub unknown: Vec<(Creation, NotDeleted)>,
    /// Things of which nobody knows that a run from here made them; they were not touched.
    pub look_alikes: Vec<LookAlike>,
}

/// Something that is called as if a run had made it, but stands in no journal here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookAlike {
    /// With whose key it was found.
    pub role: RoleName,
    /// What the panel knows it by, safe to print.
    pub identifier: String,
    /// What it is called, redacted and safe to print.
    pub description: String,
}

impl Cleanup {
    /// Why things are still there, or may be.
    pub fn troubles(&self) -> impl Iterator<Item = &NotDeleted> {
        let left = self
            .created
            .iter()
            .filter_map(|(_, gone)| gone.as_ref().err());
        left.chain(self.unknown.iter().map(|(_, why)| why))
    }

    async fn delete(&mut self, session: &Session, creations: &Creations, created: Created) {
        let gone = delete(session, &created).await;
        if gone.is_ok() {
            creations.deleted(&created, session.redactor());
        }
        self.created.push((created, gone));
    }
}

impl Session {
    /// Deletes what the cases of this session have left behind, for whatever reason.
    pub async fn finish(&self) -> Cleanup {
        match self.creations() {
            Some(creations) => delete_left(self, creations).await,
            None => Cleanup::default(),
        }
    }
}

/// Deletes what the journal of the target says was created there and is not deleted yet.
///
/// Then it looks through the lists of all roles that were given. A thing that the journal knows
/// is deleted there too, in case another user's key once said that it was gone.
///
/// # Errors
///
/// When the journal cannot be read.
pub async fn clean_up(
    session: &Session,
    journal: Option<Journal>,
) -> Result<Cleanup, JournalError> {
    let creations = journal.map(Creations::resumed).transpose()?;
    let mut cleanup = match &creations {
        Some(creations) => delete_left(session, creations).await,
        None => Cleanup::default(),
    };
    look_around(session, creations.as_ref(), &mut cleanup).await;
    Ok(cleanup)
}

async fn delete_left(session: &Session, creations: &Creations) -> Cleanup {
    let record = creations.record();
    let mut cleanup = Cleanup::default();
    for created in record.left.clone() {
        cleanup.delete(session, creations, created).await;
    }
    for (creation, count) in &record.unknown {
        match find_lost(session, creation, *count, &record).await {
            Ok(found) => {
                for created in found {
                    // What cannot be written down is deleted all the same.
                    let _ = creations.adopt(&created, session.redactor());
                    cleanup.delete(session, creations, created).await;
                }
            }
            Err(why) => cleanup.unknown.push((creation.clone(), why)),
        }
    }
    cleanup
}

/// Finds what was created although its answer never came.
///
/// It is known by the name of its run, which no other run has and which was in the journal before
/// the request was sent; of a name, no more is taken than the journal misses.
async fn find_lost(
    session: &Session,
    creation: &Creation,
    missing: usize,
    record: &Record,
) -> Result<Vec<Created>, NotDeleted> {
    let creates = session
        .creates(creation)
        .ok_or_else(|| NotDeleted::unknown_route(&creation.route))?;
    if session.keys().key(&creation.role).is_none() {
        return Err(NotDeleted::NoKey(creation.role.to_string()));
    }
    let listing = list(session, &creation.role, creates).await;
    let listing = listing.map_err(NotDeleted::Unanswered)?;
    let is_lost = |entry: &&Entry| {
        let identifier = entry.identifier.parse();
        entry.description == creation.run
            && identifier.is_ok_and(|identifier| !record.created.contains_key(&identifier))
    };
    let lost = listing.entries.iter().filter(is_lost).filter_map(|entry| {
        Some(Created {
            creation: creation.clone(),
            identifier: entry.identifier.parse().ok()?,
        })
    });
    let lost: Vec<_> = lost.collect();
    if lost.len() > missing {
        return Err(NotDeleted::Refused(format!(
            "{} keys have the run's name, but only {missing} can be its own; delete by hand those that are",
            lost.len()
        )));
    }
    Ok(lost)
}

/// Looks through what every user has whose key was given, once per user.
async fn look_around(session: &Session, creations: Option<&Creations>, cleanup: &mut Cleanup) {
    let contract = session.contract();
    let routes = contract.inventory.routes.iter();
    for creates in routes.filter_map(|route| route.creates.as_ref()) {
        let api = Api::of_path(&creates.listed_by.path);
        let mut seen = BTreeSet::new();
        for role in contract.roles.real.iter().filter(|r| r.key_type == api) {
            let name = &role.name.value;
            if seen.contains(&role.user) || session.keys().key(name).is_none() {
                continue;
            }
            // Some roles are there to be refused; their user may have another.
            if let Ok(listing) = list(session, name, creates).await {
                seen.insert(role.user.clone());
                sort_out(session, creations, cleanup, name, listing.entries).await;
            }
        }
    }
}

/// Tells apart what a user has: what the journal knows, what looks like it, and what is nobody's
/// business here.
async fn sort_out(
    session: &Session,
    creations: Option<&Creations>,
    cleanup: &mut Cleanup,
    role: &RoleName,
    entries: Vec<Entry>,
) {
    let record = creations.map(Creations::record).unwrap_or_default();
    for entry in entries {
        let known = entry.identifier.parse().ok().and_then(|identifier| {
            let creation = record.created.get(&identifier)?.clone();
            Some(Created {
                creation: Creation {
                    role: role.clone(),
                    ..creation
                },
                identifier,
            })
        });
        match (known, creations) {
            (Some(created), Some(creations)) => {
                let is_told = |(other, _): &(Created, _)| other.identifier == created.identifier;
                if !cleanup.created.iter().any(is_told) {
                    cleanup.delete(session, creations, created).await;
                }
            }
            _ if entry.description.starts_with(RUN_NAMES) => {
                cleanup.look_alikes.push(look_alike(session, role, &entry));
            }
            _ => {}
        }
    }
}

fn look_alike(session: &Session, role: &RoleName, entry: &Entry) -> LookAlike {
    let description: String = entry.description.chars().take(LONGEST).collect();
    LookAlike {
        role: role.clone(),
        identifier: printable(&entry.identifier.chars().take(LONGEST).collect::<String>()),
        description: printable(&session.redactor().text(&description)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Event;
    use crate::run::make;
    use crate::run::tests::{profile, session};

    const PROFILE: &str = "pterodactyl-1.14";
    const TARGET: &str = "http://localhost";

    fn name(role: &str) -> RoleName {
        role.parse().unwrap()
    }

    /// A session that has made so many keys and has not deleted them, and its journal's folder.
    async fn made(keys: usize) -> (Session, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path(), TARGET).unwrap();
        let mut session = session(&profile(PROFILE)).with_journal(journal);
        for _ in 0..keys {
            let troubles = make(&mut session, &[name("client-ip-locked")].into()).await;
            assert_eq!(troubles, [""; 0]);
        }
        (session, folder)
    }

    fn journal(folder: &tempfile::TempDir) -> Option<Journal> {
        Journal::existing(folder.path(), TARGET).unwrap()
    }

    /// A journal that knows of a request by this run, and of no answer to it, as often as that.
    fn half_a_journal(session: &Session, times: usize) -> (tempfile::TempDir, Option<Journal>) {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path(), TARGET).unwrap();
        let creation = session.creations().unwrap().record().left[0]
            .creation
            .clone();
        for _ in 0..times {
            let noted = journal.note(Event::Creating, &creation, session.redactor());
            noted.unwrap();
        }
        (folder, Some(journal))
    }

    #[tokio::test]
    async fn what_the_journal_knows_is_deleted_once() {
        let (session, folder) = made(2).await;
        let cleanup = clean_up(&session, journal(&folder)).await.unwrap();
        let gone: Vec<_> = cleanup.created.iter().map(|(_, gone)| gone).collect();
        assert_eq!(gone, [&Ok(Gone::Deleted), &Ok(Gone::Deleted)]);
        assert_eq!(cleanup.look_alikes, []);
        assert_eq!(cleanup.troubles().count(), 0);
        let again = clean_up(&session, journal(&folder)).await.unwrap();
        assert_eq!((again.created, again.unknown), (Vec::new(), Vec::new()));
    }

    #[tokio::test]
    async fn what_no_journal_knows_is_shown_and_not_touched() {
        let (mut session, _folder) = made(1).await;
        // Another role of the same user may list its keys as well.
        let key = session.keys().key(&name("client")).unwrap().clone();
        session.keys_mut().put(name("client-ip-locked"), key);
        let identifier = |session: &Session| {
            let record = session.creations().unwrap().record();
            record.left[0].identifier.to_string()
        };
        for _ in 0..2 {
            let cleanup = clean_up(&session, None).await.unwrap();
            assert_eq!(cleanup.created, []);
            let look_alike = LookAlike {
                role: name("client"),
                identifier: identifier(&session),
                description: session.run_name().to_owned(),
            };
            assert_eq!(cleanup.look_alikes, [look_alike]);
        }
    }

    #[tokio::test]
    async fn what_was_made_without_an_answer_is_found_by_the_name_of_its_run() {
        let (session, _folder) = made(2).await;
        // Of two, only one can be that of the journal.
        let (_half, journal) = half_a_journal(&session, 1);
        let cleanup = clean_up(&session, journal).await.unwrap();
        assert_eq!(cleanup.created, []);
        let troubles: Vec<_> = cleanup.troubles().map(ToString::to_string).collect();
        assert_eq!(
            troubles,
            [
                "2 keys have the run's name, but only 1 can be its own; delete by hand those that are"
            ]
        );
        assert_eq!(cleanup.look_alikes.len(), 2);
        // Two of two are.
        let (_half, journal) = half_a_journal(&session, 2);
        let cleanup = clean_up(&session, journal).await.unwrap();
        assert_eq!(cleanup.created.len(), 2);
        assert_eq!(cleanup.troubles().count(), 0);
        // And of none there may be three.
        let (_half, journal) = half_a_journal(&session, 3);
        let cleanup = clean_up(&session, journal).await.unwrap();
        assert_eq!(cleanup.created, []);
        assert_eq!(cleanup.troubles().count(), 0);
    }

    #[tokio::test]
    async fn what_the_key_of_another_role_made_is_told_as_left() {
        let (mut session, folder) = made(1).await;
        // The role that made it has no key any longer; another one of the same user has.
        let key = session.keys_mut().take(&name("client")).unwrap();
        session.keys_mut().put(name("client-ip-locked"), key);
        let cleanup = clean_up(&session, journal(&folder)).await.unwrap();
        let by: Vec<_> = cleanup
            .created
            .iter()
            .map(|(created, gone)| (created.creation.role.as_str(), gone.is_ok()))
            .collect();
        assert_eq!(by[0], ("client", false));
    }
}
