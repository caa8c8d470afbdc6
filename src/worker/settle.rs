//! What becomes of a batch: each verdict moves its records to where they are now.
//! Never leaves a record without a count, and never waits.

use std::hash::BuildHasher;
use std::time::{Duration, Instant};

use super::assembler::Encoded;
use super::spooling::FromSpool;
use super::{IMPATIENT_WAIT, LOG_INTERVAL, Worker};
use crate::clock::Tick;
use crate::retry::Verdict;
use crate::stats::{DropReason, Stats};

/// A collector that has not answered for this long is taken for away, as far as the spool goes.
const SLOW_ANSWER: Duration = Duration::from_secs(1);

impl Worker {
    pub(super) fn settle(&mut self, batch: Encoded, verdict: Verdict, now: Tick) {
        {
            let mut ledger = self.books.open();
            if verdict == Verdict::Delivered {
                ledger.deliver(batch.n_records, batch.bytes.len());
                ledger.sampled_out += batch.n_sampled_out;
            } else {
                ledger.recall(batch.n_records);
            }
        }
        match verdict {
            Verdict::Delivered => {
                self.backoff.reset();
                self.not_before = None;
            }
            Verdict::Unreachable => {
                self.wait_with(batch.order, now, None);
                self.pending.put_back(batch);
                self.log(now, "the collector does not answer; calls wait and will be sent later");
            }
            Verdict::Foreign => {
                self.wait_with(batch.order, now, None);
                self.pending.put_back(batch);
                self.log(now, "what answers is no collector; calls will be sent later");
            }
            Verdict::Retry { after } => {
                self.wait_with(batch.order, now, after);
                self.pending.put_back(batch);
                self.log(now, "the collector asks to wait; calls will be sent later");
            }
            Verdict::Split => match self.assembler.split(&batch) {
                Some((left, right)) => {
                    self.pending.put_back(right);
                    self.pending.put_back(left);
                }
                None => self.drop_pending(&batch, DropReason::TooLarge),
            },
            Verdict::Reject(reason) => {
                self.drop_pending(&batch, reason);
                self.log(now, refusal(reason));
            }
        }
        for batch in self.pending.evict() {
            self.let_go(&batch, DropReason::PendingBytes, now);
        }
    }

    pub(super) fn settle_spooled(&mut self, batch: &FromSpool, verdict: Verdict, now: Tick) {
        let mut ledger = self.books.open();
        match verdict {
            Verdict::Delivered => ledger.deliver(batch.n_records, batch.bytes.len()),
            Verdict::Reject(reason) => ledger.lose(reason, batch.n_records),
            // It was small enough for the wire when it was made; the collector's limit has changed.
            Verdict::Split => ledger.lose(DropReason::TooLarge, batch.n_records),
            _ => ledger.leave_spooled(batch.n_records),
        }
        drop(ledger);
        match verdict {
            Verdict::Delivered => {
                self.spooling.remove(batch.id);
                self.backoff.reset();
            }
            Verdict::Reject(_) | Verdict::Split => self.spooling.quarantine(batch.id),
            Verdict::Retry { after } => self.wait_with(batch.n_records, now, after),
            Verdict::Unreachable | Verdict::Foreign => {
                self.wait_with(batch.n_records, now, None);
                self.log(now, "the collector does not answer; calls wait and will be sent later");
            }
        }
    }

    /// Nothing is tried again before the back-off, or the collector's own wish, has passed.
    pub(super) fn wait_with(&mut self, seed: u64, now: Tick, after: Option<Duration>) {
        let random = self.random.hash_one(seed);
        let wait = after.unwrap_or_else(|| self.backoff.next_wait(random));
        // Whoever waits with a deadline is not made to sleep through it.
        let longest = if self.orders.is_empty() { wait } else { IMPATIENT_WAIT };
        self.not_before = Some(now.after(wait.min(longest)));
    }

    pub(super) fn drop_pending(&mut self, batch: &Encoded, reason: DropReason) {
        self.assembler.report_again(batch);
        let mut ledger = self.books.open();
        ledger.pending -= batch.n_records;
        ledger.dropped.add(reason, batch.n_records);
    }

    /// While the collector is away, what waits is kept where a restart does not lose it.
    pub(super) fn spool_while_down(&mut self, now: Tick) {
        let is_slow = self.in_flight.is_some()
            && now.ns_since(self.sent_at) > crate::clock::saturating_ns(SLOW_ANSWER);
        if (self.not_before.is_some() || is_slow) && !self.pending.is_empty() {
            self.spool_all(now, None);
        }
    }

    /// Stores what is pending, the oldest first, until the disk refuses or the time is over.
    pub(super) fn spool_all(&mut self, now: Tick, deadline: Option<Instant>) {
        while let Some(batch) = self.pending.pop() {
            let is_over = deadline.is_some_and(|deadline| Tick::now().instant() > deadline);
            if is_over || !self.store(&batch, now) {
                return self.pending.put_back(batch);
            }
        }
    }

    pub(super) fn store(&mut self, batch: &Encoded, now: Tick) -> bool {
        let closed_unix_ns = self.clock.unix_ns(batch.closed);
        self.spooling.store(&batch.bytes, batch.n_records, closed_unix_ns, now)
    }

    /// A pending batch that cannot stay goes to the spool, or is dropped by name.
    pub(super) fn let_go(&mut self, batch: &Encoded, reason: DropReason, now: Tick) {
        if !self.store(batch, now) {
            self.drop_pending(batch, reason);
        }
    }

    pub(super) fn log_spool(&mut self, now: Tick) {
        if let Some(trouble) = self.spooling.take_trouble() {
            tracing::debug!(target: "egret", trouble, "the spool does not work");
            self.log(now, "the spool does not work; calls wait in memory");
        }
    }

    /// At most one line a minute, whatever happens.
    pub(super) fn log(&mut self, now: Tick, message: &'static str) {
        let interval = crate::clock::saturating_ns(LOG_INTERVAL);
        if self.logged.is_some_and(|logged| now.ns_since(logged) < interval) {
            return;
        }
        self.logged = Some(now);
        let ledger = *self.books.open();
        let stats = Stats::of(&self.queue.counts(), &ledger);
        tracing::warn!(
            target: "egret",
            waiting = stats.queued,
            dropped = stats.dropped.total(),
            drops = ?stats.dropped.by_name(),
            "{message}"
        );
    }
}

/// What to do about a refusal.
fn refusal(reason: DropReason) -> &'static str {
    match reason {
        DropReason::Unauthorized => {
            "calls are dropped: the collector refuses the token (EGRET_TOKEN)"
        }
        DropReason::NotFound => {
            "calls are dropped: no collector at that address (EGRET_COLLECTOR_URL)"
        }
        _ => "calls are dropped: the collector refuses them",
    }
}
