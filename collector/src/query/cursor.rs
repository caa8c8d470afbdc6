//! A call's place among all calls, and its text form between two pages.
//! It never depends on what else is stored: new calls move no place.

use std::cmp::Reverse;

use uuid::Uuid;

/// The place of a call. The newest comes first; batch id and row break ties, so that no two calls
/// share a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Cursor {
    start_unix_ns: Reverse<u64>,
    pub(super) batch_id: Uuid,
    pub(super) row: usize,
}

impl Cursor {
    pub(super) fn new(start_unix_ns: u64, batch_id: Uuid, row: usize) -> Self {
        Self { start_unix_ns: Reverse(start_unix_ns), batch_id, row }
    }

    pub(super) fn start_unix_ns(&self) -> u64 {
        self.start_unix_ns.0
    }

    /// The place that a text names.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        let start = u64::from_str_radix(parts.next()?, 16).ok()?;
        let batch_id = Uuid::try_parse(parts.next()?).ok()?;
        let row = usize::from_str_radix(parts.next()?, 16).ok()?;
        Some(Self::new(start, batch_id, row))
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (start, row) = (self.start_unix_ns.0, self.row);
        write!(f, "{start:x}.{}.{row:x}", self.batch_id.simple())
    }
}
