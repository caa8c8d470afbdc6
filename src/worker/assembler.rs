//! From rows to batches: folds exact minutes, fills columns, encodes.
//! Never sends and never reads the clock.

use std::borrow::Cow;
use std::sync::Arc;

use crate::batch::{BatchMeta, Resource};
use crate::clock::{Tick, saturating_ns};
use crate::codec::{Batch, CallColumn, CallsBuilder, EncodeError, Encoder, Limits, read_minutes};
use crate::config::Batching;
use crate::minute::Minutes;
use crate::record::{Record, read_row};
use crate::sample::{Sampler, Sampling};
use crate::stats::Drops;
use crate::template::Templates;

/// Series that close a batch; each may hold some kilobytes of histogram.
const MAX_SERIES: usize = 2_000;

/// A batch as it travels.
#[derive(Debug, Clone)]
pub(super) struct Encoded {
    /// Counts the batches in the order of their closing; a flush waits for those before it.
    pub(super) order: u64,
    pub(super) bytes: Arc<[u8]>,
    pub(super) n_records: u64,
    pub(super) closed: Tick,
    /// Of these, the calls whose details sampling left out.
    pub(super) n_sampled_out: u64,
    /// The drops that this batch reports. They are reported again if it does not arrive.
    reported: Drops,
}

/// The open batch and what it takes to close it.
pub(super) struct Assembler {
    batching: Batching,
    resource: Resource,
    sampler: Sampler,
    calls: CallsBuilder,
    /// Records in the open batch: those in `calls`, and those that sampling left out.
    n_records: u64,
    minutes: Minutes,
    templates: Templates,
    encoder: Encoder,
    opened: Option<Tick>,
    next_order: u64,
    /// Drops that some batch has reported, or is about to.
    reported: Drops,
}

impl Assembler {
    pub(super) fn new(
        resource: Resource,
        batching: Batching,
        sampling: Sampling,
    ) -> Result<Self, EncodeError> {
        Ok(Self {
            batching,
            resource,
            sampler: Sampler::new(sampling),
            calls: CallsBuilder::default(),
            n_records: 0,
            minutes: Minutes::default(),
            templates: Templates::default(),
            encoder: Encoder::new()?,
            opened: None,
            next_order: 0,
            reported: Drops::default(),
        })
    }

    /// Records in the open batch.
    pub(super) fn len(&self) -> u64 {
        self.n_records
    }

    /// The order of the batch that is closed next.
    pub(super) fn next_order(&self) -> u64 {
        self.next_order
    }

    /// Adds rows; calls `close` whenever the batch is full. Returns how many were unreadable.
    pub(super) fn push_rows(
        &mut self,
        mut rows: &[u8],
        n_records: u32,
        now: Tick,
        mut close: impl FnMut(&mut Self),
    ) -> u64 {
        let mut n_read = 0;
        while let Ok(Some(mut record)) = read_row(&mut rows) {
            n_read += 1;
            self.push(&mut record, now);
            if self.is_full() {
                close(self);
            }
        }
        u64::from(n_records) - n_read
    }

    fn push(&mut self, record: &mut Record<'_>, now: Tick) {
        let (host, path) = (record.url.host, record.url.path);
        if !(host.is_empty() && path.is_empty() && record.template.is_empty()) {
            let template = self.templates.admit(host, &record.template, path);
            if template != record.template {
                record.template = Cow::Owned(template.to_owned());
            }
        }
        self.minutes.fold(record);
        self.n_records += 1;
        if self.sampler.keeps(record) {
            self.calls.push(record);
        }
        self.opened.get_or_insert(now);
    }

    fn is_full(&self) -> bool {
        self.calls.len() >= self.batching.records
            || self.calls.n_bytes() >= self.batching.bytes
            || self.minutes.len() >= MAX_SERIES
    }

    /// Whether the open batch has waited long enough.
    pub(super) fn is_due(&self, now: Tick) -> bool {
        let interval = saturating_ns(self.batching.flush_interval);
        self.opened.is_some_and(|opened| now.ns_since(opened) >= interval)
    }

    /// Encodes the open batch and opens the next. `drops` is everything dropped so far.
    pub(super) fn close(&mut self, drops: &Drops, now: Tick) -> Result<Encoded, EncodeError> {
        let n_records = self.len();
        let unreported = drops.since(&self.reported);
        let result = self.encode_open(unreported, n_records, now);
        if result.is_ok() {
            self.reported = *drops;
        }
        self.reset();
        result
    }

    /// Forgets the open batch.
    pub(super) fn reset(&mut self) {
        self.n_records = 0;
        self.calls.clear();
        self.minutes.clear();
        self.opened = None;
    }

    /// A batch did not arrive: what it reported is reported by another one.
    pub(super) fn report_again(&mut self, batch: &Encoded) {
        self.reported = self.reported.since(&batch.reported);
    }

    /// Two halves of a batch that was too large; `None` when there is nothing to halve.
    pub(super) fn split(&mut self, batch: &Encoded) -> Option<(Encoded, Encoded)> {
        let opened = Batch::open(&batch.bytes, &Limits::default()).ok()?;
        let calls = opened.calls(CallColumn::ALL).ok()?;
        let minutes = read_minutes(&opened).ok()?;
        if calls.len() < 2 {
            return None;
        }
        let middle = calls.len() / 2;
        let mut half = |rows: std::ops::Range<usize>, minutes: &Minutes, reported: Drops| {
            let mut builder = CallsBuilder::default();
            let n_records = rows.len() as u64;
            rows.for_each(|row| builder.push(&calls.record(row)));
            let mut meta = BatchMeta::new(self.resource.clone(), self.next_order);
            meta.dropped = reported.by_name();
            let bytes = self.encoder.encode(&meta, &builder, Some(minutes)).ok()?.into();
            let (order, closed) = (batch.order, batch.closed);
            Some(Encoded { order, bytes, n_records, n_sampled_out: 0, closed, reported })
        };
        // The roll-ups are of all calls, so they go with one half; the other brings an empty table
        // of them, so that it is not folded again. What sampling left out goes with the roll-ups.
        let mut left = half(0..middle, &minutes, batch.reported)?;
        let right = half(middle..calls.len(), &Minutes::default(), Drops::default())?;
        left.n_records = batch.n_records - right.n_records;
        left.n_sampled_out = batch.n_sampled_out;
        Some((left, right))
    }

    fn encode_open(
        &mut self,
        unreported: Drops,
        n_records: u64,
        now: Tick,
    ) -> Result<Encoded, EncodeError> {
        let mut meta = BatchMeta::new(self.resource.clone(), self.next_order);
        meta.dropped = unreported.by_name();
        let bytes = self.encoder.encode(&meta, &self.calls, Some(&self.minutes))?.into();
        let order = self.next_order;
        self.next_order += 1;
        let n_sampled_out = n_records - self.calls.len() as u64;
        let reported = unreported;
        Ok(Encoded { order, bytes, n_records, n_sampled_out, closed: now, reported })
    }
}
