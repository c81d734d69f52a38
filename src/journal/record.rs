//! What a journal says in the end: what is still there, and what nobody knows.

use std::collections::BTreeMap;

use super::line::{self, Line};
use super::{Creation, Identifier};

/// Something that was created.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Created {
    /// By whom, and how.
    pub creation: Creation,
    /// What it is known by at the target.
    pub identifier: Identifier,
}

/// What a journal says of its target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// What was created and not deleted, in order.
    pub left: Vec<Created>,
    /// Creations whose answer never came, and how many there are of each.
    pub unknown: BTreeMap<Creation, usize>,
    /// Everything that was ever created.
    pub created: BTreeMap<Identifier, Creation>,
    /// Lines that cannot be read.
    pub unreadable: usize,
}

impl Record {
    pub(super) fn of(text: &str, target: &str) -> Self {
        let mut record = Self::default();
        for text in text.lines().filter(|text| !text.is_empty()) {
            match line::read(text, target) {
                Some(line) => record.add(line),
                None => record.unreadable += 1,
            }
        }
        record
    }

    fn add(&mut self, line: Line) {
        match line {
            Line::Elsewhere => {}
            Line::Creating(creation) => *self.unknown.entry(creation).or_default() += 1,
            Line::NotCreated(creation) => self.settle(&creation),
            Line::Created(creation, identifier) => self.add_created(Created {
                creation,
                identifier,
            }),
            Line::Deleted(identifier) => {
                self.left.retain(|created| created.identifier != identifier);
            }
        }
    }

    /// Something was created, and is there.
    pub(crate) fn add_created(&mut self, created: Created) {
        self.settle(&created.creation);
        self.created
            .insert(created.identifier.clone(), created.creation.clone());
        self.left.push(created);
    }

    /// What became of a creation is no longer unknown.
    pub(crate) fn settle(&mut self, creation: &Creation) {
        if let Some(count) = self.unknown.get_mut(creation) {
            *count = count.saturating_sub(1);
        }
        self.unknown.retain(|_, count| *count > 0);
    }
}
