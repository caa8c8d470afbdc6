//! How far the pipeline is, for those who ask about what was just acknowledged.
//! It never holds anything up: it is a value that others may watch.

use crate::model::Position;

/// How far the pipeline is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Everything before it is stored.
    pub(crate) position: Position,
    /// The last attempt to store failed.
    pub(crate) is_failing: bool,
}

impl Progress {
    /// Whether there is nothing to wait for: the position is reached, or not soon.
    pub(crate) fn is_worth_no_wait(&self, position: Position) -> bool {
        self.is_failing || self.position >= position
    }
}
