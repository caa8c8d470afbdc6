//! How far the pipeline is, for those who ask about what was just acknowledged.
//! It never holds anything up: it is a value that others may watch.

use crate::model::{Position, Received};

/// How far the pipeline is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Everything before it is stored.
    pub(crate) position: Position,
    /// The last attempt to store failed.
    pub(crate) is_failing: bool,
    /// What was done since the start.
    pub(crate) done: Done,
}

/// What the pipeline did since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Done {
    pub(crate) n_batches: u64,
    pub(crate) n_calls: u64,
    /// Batches, whole or damaged, that cannot be stored and were set aside.
    pub(crate) n_quarantined: u64,
    /// When the last batch that was stored had been received; 0 before the first.
    pub(crate) received_unix_ns: u64,
}

impl Done {
    /// A new batch that is stored.
    pub(super) fn add(&mut self, received: &Received) {
        self.n_batches += 1;
        self.n_calls += received.n_calls as u64;
        self.received_unix_ns = self.received_unix_ns.max(received.received_unix_ns);
    }
}

impl Progress {
    /// Whether there is nothing to wait for: the position is reached, or not soon.
    pub(crate) fn is_worth_no_wait(&self, position: Position) -> bool {
        self.is_failing || self.position >= position
    }
}
