//! A call's place among all calls: what it is told by, and where a page ends.
//! It never depends on what else is stored: neither new calls nor regrouping move a place.

use std::cmp::Reverse;

use uuid::Uuid;

/// The place of a call. The newest comes first; batch id and row break ties, so that no two calls
/// share a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Cursor {
    start_unix_ns: Reverse<u64>,
    pub(super) batch_id: Uuid,
    /// In the batch, as it was received.
    pub(super) row: u64,
}

impl Cursor {
    pub(super) fn new(start_unix_ns: u64, batch_id: Uuid, row: u64) -> Self {
        Self { start_unix_ns: Reverse(start_unix_ns), batch_id, row }
    }

    pub(super) fn start_unix_ns(&self) -> u64 {
        self.start_unix_ns.0
    }

    /// The last place that could be before this one, of the same moment.
    pub(super) fn before(&self) -> Option<Self> {
        let same_moment = |batch_id, row| Self { start_unix_ns: self.start_unix_ns, batch_id, row };
        let other_batch = || self.batch_id.as_u128().checked_sub(1).map(Uuid::from_u128);
        match self.row.checked_sub(1) {
            Some(row) => Some(same_moment(self.batch_id, row)),
            None => other_batch().map(|batch_id| same_moment(batch_id, u64::MAX)),
        }
    }

    /// The place that a text names.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        let start = u64::from_str_radix(parts.next()?, 16).ok()?;
        let batch_id = Uuid::try_parse(parts.next()?).ok()?;
        let row = u64::from_str_radix(parts.next()?, 16).ok()?;
        Some(Self::new(start, batch_id, row))
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (start, row) = (self.start_unix_ns.0, self.row);
        write!(f, "{start:x}.{}.{row:x}", self.batch_id.simple())
    }
}
