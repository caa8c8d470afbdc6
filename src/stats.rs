//! Where every record is: the counts behind `offered = delivered + ... + dropped(by reason)`.
//! Never moves a record without moving its count, under one lock.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::record::words;

words! {
    /// Why a record was dropped.
    pub DropReason {
        /// The queue held as many records as it may.
        QueueRecords = "queue_records",
        /// The queue held as many bytes as it may.
        QueueBytes = "queue_bytes",
        /// Offered after shutdown.
        Closed = "closed",
        /// Batches waiting for the collector held as many bytes as they may; the oldest went.
        PendingBytes = "pending_bytes",
        /// Batches on disk held as many bytes as they may; the oldest went.
        SpoolBytes = "spool_bytes",
        /// A file on disk was damaged or taken away.
        SpoolDamaged = "spool_damaged",
        /// Waited for the collector longer than a batch may.
        Expired = "expired",
        /// The collector refused the batch for good: malformed or not understood (400, 415, 422).
        Rejected = "rejected",
        /// The collector refused the token (401, 403).
        Unauthorized = "unauthorized",
        /// The collector wants to be paid (402).
        PaymentRequired = "payment_required",
        /// The collector has no such door (404): the address is probably wrong.
        NotFound = "not_found",
        /// A single record was larger than the collector takes (413).
        TooLarge = "too_large",
        /// Not delivered when the deadline of the shutdown passed.
        Shutdown = "shutdown",
        /// The batch could not be encoded.
        Encode = "encode",
        /// Held by the worker when it panicked.
        WorkerPanic = "worker_panic",
    }
}

words! {
    /// What the last answer of the collector, or its absence, says.
    pub CollectorState {
        /// Nothing has been sent yet.
        Unknown = "unknown",
        /// It takes what is sent.
        Reachable = "reachable",
        /// It does not answer: no connection, no answer in time, or none in HTTP.
        Unreachable = "unreachable",
        /// Somebody else answers in its place, in HTML: check `EGRET_COLLECTOR_URL` and proxies.
        Foreign = "foreign",
        /// It answers, and asks to wait (408, 429, 5xx).
        Busy = "busy",
        /// It does not know the token (401, 403): set `EGRET_TOKEN`.
        Unauthorized = "unauthorized",
        /// It wants to be paid (402).
        PaymentRequired = "payment_required",
        /// It has no such door (404): check `EGRET_COLLECTOR_URL`.
        NotFound = "not_found",
        /// It does not understand what it gets (any other 3xx or 4xx).
        Refusing = "refusing",
    }
}

words! {
    /// What the spool is doing.
    pub SpoolState {
        /// No directory is configured.
        Off = "off",
        /// Batches can be stored.
        Working = "working",
        /// The directory cannot be used; the log says why. It is tried again.
        Failing = "failing",
    }
}

#[expect(clippy::derivable_impls, reason = "the macro that makes the enum marks no default")]
impl Default for SpoolState {
    fn default() -> Self {
        Self::Off
    }
}

/// Drops by reason.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Drops([u64; DropReason::ALL.len()]);

impl std::fmt::Debug for Drops {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.by_name()).finish()
    }
}

impl Drops {
    /// Counts `n` records dropped for `reason`.
    pub fn add(&mut self, reason: DropReason, n: u64) {
        self.0[reason as usize] += n;
    }

    /// Adds all of another's.
    pub fn merge(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(sum, n)| *sum += n);
    }

    /// What came since `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let mut drops = *self;
        drops.0.iter_mut().zip(earlier.0).for_each(|(n, before)| *n = n.saturating_sub(before));
        drops
    }

    /// Drops for one reason.
    #[must_use]
    pub fn of(&self, reason: DropReason) -> u64 {
        self.0[reason as usize]
    }

    /// Drops for all reasons.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The reasons that occurred, as they travel.
    #[must_use]
    pub fn by_name(&self) -> BTreeMap<String, u64> {
        let occurred = DropReason::ALL.iter().filter(|reason| self.of(**reason) > 0);
        occurred.map(|reason| (reason.as_str().to_owned(), self.of(*reason))).collect()
    }
}

#[expect(clippy::derivable_impls, reason = "the macro that makes the enum marks no default")]
impl Default for CollectorState {
    fn default() -> Self {
        Self::Unknown
    }
}

/// Where the worker's records are. Guarded by one lock; [`Stats`] is read under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Ledger {
    /// Read from the queue, in the batch that is being built.
    pub(crate) building: u64,
    /// In encoded batches that wait for the collector.
    pub(crate) pending: u64,
    /// In the batch that is on its way.
    pub(crate) in_flight: u64,
    /// In batches on disk.
    pub(crate) spooled: u64,
    /// Acknowledged by the collector.
    pub(crate) delivered: u64,
    /// Dropped by the worker.
    pub(crate) dropped: Drops,
    /// Batches acknowledged.
    pub(crate) batches_delivered: u64,
    /// Bytes of the batches acknowledged.
    pub(crate) bytes_delivered: u64,
    /// Records whose details sampling left out.
    pub(crate) sampled_out: u64,
    /// The last answer's meaning.
    pub(crate) collector_state: CollectorState,
    /// Records taken over from the spools of dead processes.
    pub(crate) adopted: u64,
    /// What the spool is doing.
    pub(crate) spool_state: SpoolState,
    /// Files of the spool of which nobody can say how many records they held.
    pub(crate) spool_files_damaged: u64,
    /// How often the worker panicked and began anew.
    pub(crate) worker_restarts: u64,
    /// How often the wall clock was set.
    pub(crate) clock_jumps: u64,
}

impl Ledger {
    /// What was on its way arrived.
    pub(crate) fn deliver(&mut self, n_records: u64, n_bytes: usize) {
        self.in_flight -= n_records;
        self.delivered += n_records;
        self.batches_delivered += 1;
        self.bytes_delivered += n_bytes as u64;
    }

    /// What was on its way waits again, in memory.
    pub(crate) fn recall(&mut self, n_records: u64) {
        self.in_flight -= n_records;
        self.pending += n_records;
    }

    /// What was on its way waits again, on disk, where it had come from.
    pub(crate) fn leave_spooled(&mut self, n_records: u64) {
        self.in_flight -= n_records;
        self.spooled += n_records;
    }

    /// What was on its way is dropped.
    pub(crate) fn lose(&mut self, reason: DropReason, n_records: u64) {
        self.in_flight -= n_records;
        self.dropped.add(reason, n_records);
    }
}

/// The ledger behind its lock.
#[derive(Debug, Default)]
pub(crate) struct Books(Mutex<Ledger>);

impl Books {
    /// Opens the ledger; what is changed until the guard goes is seen at once or not at all.
    pub(crate) fn open(&self) -> MutexGuard<'_, Ledger> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the callers' side of the queue counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct QueueCounts {
    /// Records offered.
    pub(crate) offered: u64,
    /// Records that the worker has not read yet.
    pub(crate) waiting: u64,
    /// Records that the queue did not take.
    pub(crate) dropped: Drops,
}

/// Where every record is, at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Records handed to egret since the start.
    pub offered: u64,
    /// Records in the queue, in the open batch, or in batches that wait for the collector.
    pub queued: u64,
    /// Records in the batch that is on its way.
    pub in_flight: u64,
    /// Records in batches on disk.
    pub spooled: u64,
    /// Records that the collector acknowledged.
    pub delivered: u64,
    /// Records dropped, by reason.
    pub dropped: Drops,
    /// Batches that the collector acknowledged.
    pub batches_delivered: u64,
    /// Bytes of these batches on the wire.
    pub bytes_delivered: u64,
    /// Of all the above, those whose details sampling left out: the history counts them, a search
    /// does not find them.
    pub sampled_out: u64,
    /// What the last answer of the collector, or its absence, says.
    pub collector_state: CollectorState,
    /// Records that were found in the spools of processes that ended before they could send them.
    /// They come on top of `offered`.
    pub adopted: u64,
    /// What the spool is doing.
    pub spool_state: SpoolState,
    /// Files found in the spool that were so damaged that nobody can say how many records they held;
    /// they are in its quarantine.
    pub spool_files_damaged: u64,
    /// How often egret's thread panicked and began anew. Anything but 0 is a defect, of egret's or
    /// of a transport of your own.
    pub worker_restarts: u64,
    /// How often the machine's clock was set by more than 10 s while egret ran.
    pub clock_jumps: u64,
}

impl Stats {
    /// Puts both sides together; they must have been read under the ledger's lock.
    #[must_use]
    pub(crate) fn of(queue: &QueueCounts, ledger: &Ledger) -> Self {
        let mut dropped = queue.dropped;
        dropped.merge(&ledger.dropped);
        Self {
            offered: queue.offered,
            queued: queue.waiting + ledger.building + ledger.pending,
            in_flight: ledger.in_flight,
            spooled: ledger.spooled,
            delivered: ledger.delivered,
            dropped,
            batches_delivered: ledger.batches_delivered,
            bytes_delivered: ledger.bytes_delivered,
            sampled_out: ledger.sampled_out,
            collector_state: ledger.collector_state,
            adopted: ledger.adopted,
            spool_state: ledger.spool_state,
            spool_files_damaged: ledger.spool_files_damaged,
            worker_restarts: ledger.worker_restarts,
            clock_jumps: ledger.clock_jumps,
        }
    }

    /// Whether every record is accounted for: `offered + adopted = delivered + spooled + queued +
    /// in flight + dropped`. Holds at any moment.
    #[must_use]
    pub fn is_conserved(&self) -> bool {
        let known = self.delivered + self.spooled + self.queued + self.in_flight;
        self.offered + self.adopted == known + self.dropped.total()
    }
}
