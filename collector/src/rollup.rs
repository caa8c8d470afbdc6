//! What is kept of a batch beside its own bytes: roll-ups and an outline that prunes.
//! It never stores anything: it is pure, a batch in and values out.

mod fleet;
mod hits;
mod outline;
#[cfg(test)]
mod tests;

pub(crate) use fleet::{Durations, Fleet};
pub(crate) use hits::hits;
pub(crate) use outline::{Words, kind_bit, outcome_bit};

use std::sync::Arc;

use egret::batch::BatchMeta;
use egret::codec::{Batch, Calls, DecodeError, add_up, calls_to_add_up, read_minutes};
use egret::minute::{Minutes, SeriesKey};
use egret::template::{OVERFLOW, Templates};
use outline::OUTLINED;

use crate::model::{Digest, Outline};

/// Memory of a roll-up beside its texts and buckets, about; and of a bucket.
const CELL_BYTES: usize = 300;
const BUCKET_BYTES: usize = 16;

impl Digest {
    /// The calls of a batch, with the columns that its digest takes.
    pub(crate) fn calls(batch: &Batch<'_>) -> Result<Calls, DecodeError> {
        match batch.table("minutes") {
            Some(_) => batch.calls(OUTLINED),
            None => calls_to_add_up(batch),
        }
    }

    /// The digest of a batch.
    pub(crate) fn of(batch: &Batch<'_>) -> Result<Self, DecodeError> {
        Self::of_calls(batch, &Self::calls(batch)?)
    }

    /// The digest of a batch whose [`Self::calls`] these are.
    pub(crate) fn of_calls(batch: &Batch<'_>, calls: &Calls) -> Result<Self, DecodeError> {
        let is_folded = batch.table("minutes").is_some();
        let minutes = if is_folded { read_minutes(batch)? } else { add_up(calls) };
        let meta = batch.meta().clone();
        Ok(Self {
            outline: Outline::of_calls(calls),
            has_capped: is_capped(&meta, is_folded),
            n_held_bytes: n_held_bytes(&minutes),
            minutes: Arc::new(minutes),
            meta,
        })
    }

    /// The roll-ups, with the templates of each host bounded, unless the sender has done it.
    pub(crate) fn capped(&self, templates: &mut Templates) -> Arc<Minutes> {
        let capped = if self.has_capped { None } else { capped(&self.minutes, templates) };
        capped.map_or_else(|| Arc::clone(&self.minutes), Arc::new)
    }
}

fn n_held_bytes(minutes: &Minutes) -> usize {
    let cells = minutes.iter().map(|(key, cell)| {
        let texts = [key.template, key.host, key.target, key.error_type, key.consumer];
        let n_text_bytes: usize = texts.iter().map(|text| text.len()).sum();
        let n_buckets = cell.duration.buckets().count() + cell.ttfb.buckets().count();
        CELL_BYTES + n_text_bytes + n_buckets * BUCKET_BYTES
    });
    cells.sum()
}

/// Who adds up calls, or says that the reader may, has capped their templates.
fn is_capped(meta: &BatchMeta, is_folded: bool) -> bool {
    is_folded || meta.calls_are_all
}

/// `None` when all are admitted as they are.
fn capped(minutes: &Minutes, templates: &mut Templates) -> Option<Minutes> {
    let mut admits = |key: SeriesKey<&str>| {
        let is_named = !(key.host.is_empty() && key.template.is_empty());
        !is_named || templates.admits(key.host, key.template)
    };
    if minutes.iter().all(|(key, _)| admits(key)) {
        return None;
    }
    let mut capped = Minutes::default();
    for (key, cell) in minutes.iter() {
        let template = if admits(key) { key.template } else { OVERFLOW };
        capped.merge(SeriesKey { template, ..key }, cell);
    }
    Some(capped)
}
