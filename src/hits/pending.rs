//! The snapshots that one handler has not handled yet, oldest first.
//! Never holds more than its bounds, and never lets a hit go before it is handled.

use std::collections::VecDeque;
use std::sync::Arc;

use super::counts::Bounds;
use super::snapshot::Snapshot;

/// How much may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PendingBounds {
    /// Snapshots that were not tried yet.
    pub(super) snapshots: usize,
    /// Of each snapshot; `key_bytes` also of all that were not tried, together.
    pub(super) table: Bounds,
}

/// A handler's own queue.
#[derive(Debug, Default)]
pub(super) struct Pending {
    /// The one that the handler has seen, or is looking at. It may have been stored although the
    /// handler failed, so it stays as it is, under its id, until it is handled.
    tried: Option<Arc<Snapshot>>,
    /// What the handler has never seen, so that it may still be merged.
    untried: VecDeque<Arc<Snapshot>>,
}

impl Pending {
    /// Adds the newest. Beyond the bounds the two oldest that were not tried become one.
    pub(super) fn push(&mut self, snapshot: Arc<Snapshot>, bounds: PendingBounds) {
        self.untried.push_back(snapshot);
        while self.untried.len() > 1 && self.is_over(bounds) {
            if let (Some(oldest), Some(next)) = (self.untried.pop_front(), self.untried.pop_front())
            {
                let next = Arc::unwrap_or_clone(next);
                let merged = Arc::unwrap_or_clone(oldest).merge(next, bounds.table);
                self.untried.push_front(Arc::new(merged));
            }
        }
    }

    /// The snapshot to try now: the one that failed last, else the oldest.
    pub(super) fn front(&mut self) -> Option<Arc<Snapshot>> {
        self.tried = self.tried.take().or_else(|| self.untried.pop_front());
        self.tried.clone()
    }

    /// The snapshot that was tried is handled. Returns its hits.
    pub(super) fn handled(&mut self) -> u64 {
        self.tried.take().map_or(0, |snapshot| snapshot.n_hits())
    }

    pub(super) fn n_snapshots(&self) -> usize {
        self.iter().count()
    }

    pub(super) fn n_hits(&self) -> u64 {
        self.iter().map(|snapshot| snapshot.n_hits()).sum()
    }

    fn is_over(&self, bounds: PendingBounds) -> bool {
        let n_bytes: u64 = self.untried.iter().map(|snapshot| snapshot.n_key_bytes()).sum();
        self.untried.len() > bounds.snapshots || n_bytes > bounds.table.key_bytes
    }

    fn iter(&self) -> impl Iterator<Item = &Arc<Snapshot>> {
        self.tried.iter().chain(&self.untried)
    }
}
