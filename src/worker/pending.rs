//! Encoded batches that wait for the collector, bounded in bytes.
//! Never keeps more than its bound beyond the call that tells it to evict.

use std::collections::VecDeque;
use std::time::Duration;

use super::assembler::Encoded;
use crate::clock::{Tick, saturating_ns};

/// Batches in the order in which they are to be sent.
#[derive(Debug)]
pub(super) struct Pending {
    batches: VecDeque<Encoded>,
    n_bytes: usize,
    max_bytes: usize,
}

impl Pending {
    pub(super) fn new(max_bytes: usize) -> Self {
        Self { batches: VecDeque::new(), n_bytes: 0, max_bytes }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    /// The order of the oldest batch.
    pub(super) fn oldest(&self) -> Option<u64> {
        self.batches.iter().map(|batch| batch.order).min()
    }

    /// Bytes held.
    #[cfg(test)]
    pub(super) fn n_bytes(&self) -> usize {
        self.n_bytes
    }

    /// Adds the newest.
    pub(super) fn push(&mut self, batch: Encoded) {
        self.n_bytes += batch.bytes.len();
        self.batches.push_back(batch);
    }

    /// Adds what is to be sent next.
    pub(super) fn put_back(&mut self, batch: Encoded) {
        self.n_bytes += batch.bytes.len();
        self.batches.push_front(batch);
    }

    /// Takes the batch to be sent next.
    pub(super) fn pop(&mut self) -> Option<Encoded> {
        let batch = self.batches.pop_front()?;
        self.n_bytes -= batch.bytes.len();
        Some(batch)
    }

    /// Takes the oldest until the bound holds.
    pub(super) fn evict(&mut self) -> Vec<Encoded> {
        let mut evicted = Vec::new();
        while self.n_bytes > self.max_bytes {
            evicted.extend(self.pop());
        }
        evicted
    }

    /// Takes those that have waited longer than `expiry`.
    pub(super) fn expired(&mut self, now: Tick, expiry: Duration) -> Vec<Encoded> {
        let mut expired = Vec::new();
        let is_old = |batch: &Encoded| now.ns_since(batch.closed) > saturating_ns(expiry);
        while self.batches.front().is_some_and(is_old) {
            expired.extend(self.pop());
        }
        expired
    }

    /// Takes everything.
    pub(super) fn drain(&mut self) -> Vec<Encoded> {
        self.n_bytes = 0;
        self.batches.drain(..).collect()
    }
}
