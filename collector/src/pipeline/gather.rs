//! Batches that will share a commit: which of them are new, and what they add up to.
//! It never writes; it asks the store only what it has already.

use std::collections::HashSet;

use egret::batch::BatchMeta;
use egret::codec::{Batch, DecodeError};
use egret::minute::MINUTE_NS;
use egret::template::Templates;
use uuid::Uuid;

use crate::model::{NotStored, Received, Source, Stored, stored_limits};
use crate::rollup::{Outline, fold};
use crate::store::{Block, Group, Writer};

/// The group that is being gathered.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    group: Group,
    batch_ids: HashSet<Uuid>,
}

impl Gathered {
    /// Adds a batch, unless it is here or in the store already. The answer holds once the group
    /// is written.
    pub(super) fn add(
        &mut self,
        received: &Received,
        writer: &Writer,
        templates: &mut Templates,
    ) -> Result<Stored, NotStored> {
        let is_stored = writer.has(received.batch_id).map_err(|error| {
            let error: &dyn std::error::Error = &error;
            tracing::error!(error, "cannot look a batch up; its sender is asked to try again");
            NotStored::StoreFailed
        })?;
        if is_stored || self.batch_ids.contains(&received.batch_id) {
            return Ok(Stored::Duplicate);
        }
        self.add_new(received, templates)
            .map_err(|error| NotStored::Unreadable(error.to_string()))?;
        self.batch_ids.insert(received.batch_id);
        Ok(Stored::New)
    }

    /// Whether there is nothing to write.
    pub(super) fn is_empty(&self) -> bool {
        self.group.blocks.is_empty()
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
        let batch = Batch::open(&received.bytes, &stored_limits())?;
        let outline = Outline::of(&batch)?;
        let minutes = fold(&batch, templates)?;
        // Nothing below can fail, so that an unreadable batch leaves no trace in the group.
        let source = Source::of(&batch.meta().resource);
        self.add_drops(received, batch.meta(), &source.service);
        self.group.blocks.push(Block {
            batch_id: received.batch_id,
            received_unix_ns: received.received_unix_ns,
            service: source.service.clone(),
            outline,
            bytes: received.bytes.clone(),
        });
        let sum = self.group.minutes.entry(source).or_default();
        minutes.iter().for_each(|(key, cell)| sum.merge(key, cell));
        Ok(())
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
