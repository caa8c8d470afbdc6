//! What a handler gets: the hits of a stretch of time, under an id.
//! Never changes once a handler has seen it.

use std::fmt;

use uuid::Uuid;

use super::counts::{Bounds, Counts};
use super::hit::Hit;
use super::tally::Taken;

/// Names a snapshot, among all processes (a UUIDv7). A handler that is given a snapshot again is
/// given the same hits under the same id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SnapshotId(Uuid);

impl SnapshotId {
    /// The id as a number.
    #[must_use]
    pub fn as_u128(self) -> u128 {
        self.0.as_u128()
    }
}

impl fmt::Display for SnapshotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The hits of `[from, to)`, taken in one step: each hit is in exactly one snapshot of a handler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    id: SnapshotId,
    from_unix_ns: u64,
    to_unix_ns: u64,
    counts: Counts,
}

impl Snapshot {
    pub(super) fn new(taken: Taken) -> Self {
        let Taken { counts, from_unix_ns, to_unix_ns } = taken;
        Self { id: SnapshotId(Uuid::now_v7()), from_unix_ns, to_unix_ns, counts }
    }

    /// One snapshot of both. It has an id of its own, since it is neither of them; so it is made
    /// only of snapshots that the handler has not seen.
    pub(super) fn merge(self, newer: Self, bounds: Bounds) -> Self {
        let mut counts = self.counts;
        counts.add_all(newer.counts, bounds);
        Self::new(Taken {
            counts,
            from_unix_ns: self.from_unix_ns.min(newer.from_unix_ns),
            to_unix_ns: self.to_unix_ns.max(newer.to_unix_ns),
        })
    }

    /// The snapshot's id. A handler that stores it in the same transaction as the counts, and
    /// skips a snapshot whose id it finds, counts nothing twice, whatever fails in between.
    #[must_use]
    pub fn id(&self) -> SnapshotId {
        self.id
    }

    /// When counting began, in unix nanoseconds.
    #[must_use]
    pub fn from_unix_ns(&self) -> u64 {
        self.from_unix_ns
    }

    /// When counting ended, in unix nanoseconds; later than the beginning.
    #[must_use]
    pub fn to_unix_ns(&self) -> u64 {
        self.to_unix_ns
    }

    /// Each hit and how often it came, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&Hit, u64)> {
        self.counts.iter()
    }

    /// Distinct hits.
    #[must_use]
    pub fn n_keys(&self) -> usize {
        self.counts.n_keys()
    }

    /// Hits, all keys together.
    #[must_use]
    pub fn n_hits(&self) -> u64 {
        self.counts.n_hits()
    }

    pub(super) fn n_key_bytes(&self) -> u64 {
        self.counts.n_key_bytes()
    }
}
