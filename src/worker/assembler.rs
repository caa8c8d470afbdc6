//! From rows to batches: folds exact minutes, fills columns, encodes.
//! Never sends and never reads the clock.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use crate::batch::{BatchMeta, Heartbeat, Resource, Startup};
use crate::clock::{Tick, saturating_ns};
use crate::codec::{
    Batch, CallColumn, CallsBuilder, EncodeError, Encoder, Limits, Series, read_minutes,
};
use crate::config::Batching;
use crate::minute::Minutes;
use crate::record::{Record, read_row};
use crate::redact;
use crate::sample::{Sampler, Sampling};
use crate::stats::Drops;
use crate::template::{Naming, OVERFLOW, Templates, heuristic};

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
    /// The start-up message that this batch brings, to be brought again if it does not arrive.
    startup: Option<Box<Startup>>,
    /// The drops that this batch reports. They are reported again if it does not arrive.
    reported: Drops,
}

/// Texts of the present record that are not in its row.
#[derive(Default)]
struct Scratch {
    /// The path, when the table of routes says what of it is secret.
    masked: String,
    /// The heuristic's template.
    guess: String,
}

/// The open batch and what it takes to close it.
pub(super) struct Assembler {
    batching: Batching,
    resource: Resource,
    sampler: Sampler,
    /// Whether nothing is ever left out. Then the calls say all that roll-ups would, and batches
    /// have none: whoever reads them adds the calls up.
    keeps_all: bool,
    calls: CallsBuilder,
    /// Records in the open batch: those in `calls`, and those that sampling left out.
    n_records: u64,
    minutes: Minutes,
    naming: Arc<Naming>,
    templates: Templates,
    /// Kept, so that its memory is used again.
    scratch: Scratch,
    encoder: Encoder,
    opened: Option<Tick>,
    next_order: u64,
    /// Drops that some batch has reported, or is about to.
    reported: Drops,
    /// To be told with the next batch.
    startup: Option<Startup>,
    heartbeat: Option<Heartbeat>,
}

impl Assembler {
    pub(super) fn new(
        resource: Resource,
        batching: Batching,
        sampling: Sampling,
        naming: Arc<Naming>,
    ) -> Result<Self, EncodeError> {
        let sampler = Sampler::new(sampling);
        Ok(Self {
            batching,
            resource,
            keeps_all: sampler.keeps_all(),
            sampler,
            calls: CallsBuilder::default(),
            n_records: 0,
            minutes: Minutes::default(),
            naming,
            templates: Templates::default(),
            scratch: Scratch::default(),
            encoder: Encoder::new()?,
            opened: None,
            next_order: 0,
            reported: Drops::default(),
            startup: None,
            heartbeat: None,
        })
    }

    /// The next batch tells what the service is made of.
    pub(super) fn tell_startup(&mut self, startup: Startup) {
        self.startup = Some(startup);
    }

    /// The next batch tells that the service is alive.
    pub(super) fn tell_heartbeat(&mut self, heartbeat: Heartbeat) {
        self.heartbeat = Some(heartbeat);
    }

    /// Whether there is nothing to send: neither records nor messages.
    pub(super) fn is_empty(&self) -> bool {
        self.n_records == 0 && self.startup.is_none() && self.heartbeat.is_none()
    }

    /// Records in the open batch.
    pub(super) fn n_records(&self) -> u64 {
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
        let naming = Arc::clone(&self.naming);
        let mut scratch = std::mem::take(&mut self.scratch);
        while let Ok(Some(record)) = read_row(&mut rows) {
            n_read += 1;
            self.push(record, &naming, &mut scratch);
            self.opened.get_or_insert(now);
            if self.is_full() {
                close(self);
            }
        }
        self.scratch = scratch;
        u64::from(n_records) - n_read
    }

    /// In its only place: a record is half a kilobyte to move.
    #[inline(always)]
    fn push<'r>(&mut self, mut record: Record<'r>, naming: &'r Naming, scratch: &'r mut Scratch) {
        let (host, path) = (record.url.host, record.url.path);
        if let Some(target) = naming.target(host).filter(|_| record.target.is_empty()) {
            record.target = Cow::Borrowed(target);
        }
        // What the call says of itself goes before the table, and the table before the guess.
        if record.template.is_empty()
            && let Some(template) = naming.template(host, record.method, path)
        {
            record.template = Cow::Borrowed(template);
            if let Some(path) = redact::path_by_template(path, template) {
                scratch.masked = path;
                record.url.path = &scratch.masked;
            }
        }
        if record.template.is_empty() {
            scratch.guess.clear();
            heuristic(record.url.path, &mut scratch.guess);
            record.template = Cow::Borrowed(&scratch.guess);
        }
        let series = self.series(&mut record);
        self.n_records += 1;
        if !self.keeps_all {
            self.minutes.fold(&record);
            if !self.sampler.keeps(&record) {
                return;
            }
        }
        self.calls.push_of(&record, series);
    }

    /// The record's series; its template is one that the host may have.
    fn series(&mut self, record: &mut Record<'_>) -> Series {
        if let Some(series) = self.calls.known(record) {
            // The template of a series that is known was admitted when it came first.
            return series;
        }
        let host = record.url.host;
        let is_named = !(host.is_empty() && record.template.is_empty());
        if is_named && !self.templates.admits(host, &record.template) {
            record.template = Cow::Borrowed(OVERFLOW);
        }
        self.calls.enter(record)
    }

    fn is_full(&mut self) -> bool {
        self.calls.len() >= self.batching.records
            || self.calls.holds(self.batching.bytes)
            || self.minutes.n_known() >= MAX_SERIES
    }

    /// Whether the open batch has waited long enough.
    pub(super) fn is_due(&self, now: Tick) -> bool {
        let interval = saturating_ns(self.batching.flush_interval);
        self.opened.is_some_and(|opened| now.ns_since(opened) >= interval)
    }

    /// Encodes the open batch and opens the next. `drops` is everything dropped so far.
    pub(super) fn close(&mut self, drops: &Drops, now: Tick) -> Result<Encoded, EncodeError> {
        let n_records = self.n_records();
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
        self.startup = self.startup.take().or_else(|| batch.startup.as_deref().cloned());
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
        let is_folded = opened.table("minutes").is_some();
        let mut half = |rows: Range<usize>, minutes: &Minutes, reported, startup| {
            let reported: Drops = reported;
            let mut builder = CallsBuilder::default();
            let n_records = rows.len() as u64;
            rows.for_each(|row| builder.push(&calls.record(row)));
            let mut meta = BatchMeta::new(self.resource.clone(), opened.meta().sequence);
            meta.dropped = reported.by_name();
            meta.startup = startup;
            meta.calls_are_all = opened.meta().calls_are_all;
            let minutes = is_folded.then_some(minutes);
            let bytes = self.encoder.encode(&meta, &builder, minutes).ok()?.into();
            let (order, closed) = (batch.order, batch.closed);
            let (n_sampled_out, startup) = (0, None);
            Some(Encoded { order, bytes, n_records, n_sampled_out, closed, startup, reported })
        };
        // Roll-ups, if there are any, are of all calls, so they go with one half; the other brings an empty table
        // of them, so that it is not folded again. What sampling left out goes with the roll-ups.
        let mut left =
            half(0..middle, &minutes, batch.reported, batch.startup.as_deref().cloned())?;
        let right = half(middle..calls.len(), &Minutes::default(), Drops::default(), None)?;
        left.n_records = batch.n_records - right.n_records;
        left.n_sampled_out = batch.n_sampled_out;
        left.startup = batch.startup.clone();
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
        meta.startup = self.startup.take();
        meta.heartbeat = self.heartbeat.take();
        meta.calls_are_all = self.keeps_all;
        let minutes = (!self.keeps_all).then_some(&self.minutes);
        let bytes = self.encoder.encode(&meta, &self.calls, minutes)?.into();
        let order = self.next_order;
        self.next_order += 1;
        let n_sampled_out = n_records - self.calls.len() as u64;
        let reported = unreported;
        let startup = meta.startup.map(Box::new);
        Ok(Encoded { order, bytes, n_records, n_sampled_out, closed: now, startup, reported })
    }
}
