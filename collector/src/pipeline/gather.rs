//! Batches that will share a commit: which of them are new, and what they add up to.
//! It never writes; it asks the store only what it has already.

use std::collections::HashSet;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use egret::batch::BatchMeta;
use egret::codec::{Batch, DecodeError};
use egret::minute::MINUTE_NS;
use egret::template::Templates;
use uuid::Uuid;

use crate::model::{
    Digest, HitCounts, Instance, Position, Received, Sighting, Source, stored_limits,
};
use crate::rollup::hits;
use crate::store::{Block, Group, LogBounds, Store, WriteError};

/// The group that is being gathered.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    group: Group,
    batch_ids: HashSet<Uuid>,
    logs_hits: bool,
}

/// What became of a batch.
#[derive(Debug)]
pub(super) enum Added {
    New,
    /// It is stored, or in the group.
    Known,
    /// Nothing of it is in the group.
    Unreadable(String),
}

impl Gathered {
    /// A group behind which the queue is stored up to here. Without bounds no hits are logged, and
    /// none stay in the log: nobody handles them.
    pub(super) fn up_to(position: Position, log_bounds: Option<LogBounds>) -> Self {
        let logs_hits = log_bounds.is_some();
        let log_bounds = log_bounds.unwrap_or(LogBounds { handled: u64::MAX, n_bytes: 0 });
        let group = Group { position, log_bounds, ..Group::default() };
        Self { group, batch_ids: HashSet::new(), logs_hits }
    }

    /// Adds a batch, unless it is here or in the store already.
    pub(super) fn add(
        &mut self,
        received: &Received,
        store: &dyn Store,
        templates: &mut Templates,
    ) -> Result<Added, WriteError> {
        if self.batch_ids.contains(&received.batch_id) || store.has(received.batch_id)? {
            return Ok(Added::Known);
        }
        if let Err(error) = self.add_new(received, templates) {
            return Ok(Added::Unreadable(error.to_string()));
        }
        self.batch_ids.insert(received.batch_id);
        Ok(Added::New)
    }

    /// What is to be written.
    pub(super) fn group(&self) -> &Group {
        &self.group
    }

    fn add_new(
        &mut self,
        received: &Received,
        templates: &mut Templates,
    ) -> Result<(), DecodeError> {
        let open = || Batch::open(&received.bytes, &stored_limits());
        let digest = match &received.digest {
            Some(digest) => Arc::clone(digest),
            None => Arc::new(Digest::of(&open()?)?),
        };
        let minutes = digest.capped(templates);
        let source = Source::of(&digest.meta.resource);
        let hits = match self.logs_hits {
            true => hits(&open()?, &minutes, &source, templates)?,
            false => HitCounts::default(),
        };
        // Nothing below can fail, so that an unreadable batch leaves no trace in the group.
        self.group.hits.add_all(hits);
        self.add_drops(received, &digest.meta, &source.service);
        self.add_sighting(received, &digest.meta);
        self.group.blocks.push(Block {
            batch_id: received.batch_id,
            received_unix_ns: received.received_unix_ns,
            service: source.service.clone(),
            outline: digest.outline.clone(),
            bytes: received.bytes.clone(),
        });
        self.group.minutes.push((source, minutes));
        Ok(())
    }

    fn add_sighting(&mut self, received: &Received, meta: &BatchMeta) {
        let seen = Sighting::of(meta, received.received_unix_ns);
        match self.group.sightings.entry(Instance::of(meta)) {
            Entry::Occupied(mut entry) => entry.get_mut().add(seen),
            Entry::Vacant(entry) => drop(entry.insert(seen)),
        }
    }

    fn add_drops(&mut self, received: &Received, meta: &BatchMeta, service: &str) {
        let minute = received.received_unix_ns / MINUTE_NS;
        for (reason, count) in &meta.dropped {
            let key = (minute, service.to_owned(), reason.clone());
            let sum = self.group.drops.entry(key).or_default();
            *sum = sum.saturating_add(*count);
        }
    }
}
