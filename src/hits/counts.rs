//! How often each hit came, in a table of bounded size.
//! Never loses a hit: what finds no room is counted under `{overflow}`.

use std::collections::HashMap;
use std::collections::hash_map;

use super::hit::Hit;

/// How large a table may become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    /// Distinct hits.
    pub(super) keys: usize,
    /// Bytes of their keys: parameters are whatever a client writes into a path.
    pub(super) key_bytes: u64,
}

impl Bounds {
    /// The share of it that hits with this status may fill. Failures get half: whoever asks for
    /// ten thousand names that do not exist must not push the successes out of the table.
    fn share(self, status: u16) -> Self {
        match status {
            400.. => Self { keys: self.keys / 2, key_bytes: self.key_bytes / 2 },
            _ => self,
        }
    }
}

/// Where a hit was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Under its own key.
    Own,
    /// Under `{overflow}` and its status.
    Overflow,
}

/// A table of hits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Counts {
    table: HashMap<Hit, u64>,
    /// Keys of `{overflow}`, one for each status; they are not held against the bounds.
    n_overflow_keys: usize,
    n_key_bytes: u64,
    n_hits: u64,
}

impl Counts {
    /// An empty table with room for so many hits, so that it need not grow while others wait.
    pub(super) fn with_capacity(n_keys: usize) -> Self {
        Self { table: HashMap::with_capacity(n_keys), ..Self::default() }
    }

    pub(super) fn add(&mut self, hit: Hit, n: u64, bounds: Bounds) -> Place {
        self.n_hits += n;
        if let Some(count) = self.table.get_mut(&hit) {
            *count += n;
            return if hit.is_overflow() { Place::Overflow } else { Place::Own };
        }
        let n_bytes = hit.n_bytes();
        if !hit.is_overflow() && self.has_room(n_bytes, bounds.share(hit.status())) {
            self.n_key_bytes += n_bytes;
            self.table.insert(hit, n);
            return Place::Own;
        }
        let count = self.table.entry(Hit::overflow(hit.status()));
        self.n_overflow_keys += usize::from(matches!(count, hash_map::Entry::Vacant(_)));
        *count.or_default() += n;
        Place::Overflow
    }

    pub(super) fn add_all(&mut self, other: Self, bounds: Bounds) {
        for (hit, n) in other.table {
            self.add(hit, n, bounds);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Hit, u64)> {
        self.table.iter().map(|(hit, n)| (hit, *n))
    }

    /// Distinct keys, those of `{overflow}` included.
    pub(super) fn n_keys(&self) -> usize {
        self.table.len()
    }

    pub(super) fn n_key_bytes(&self) -> u64 {
        self.n_key_bytes
    }

    pub(super) fn n_hits(&self) -> u64 {
        self.n_hits
    }

    fn has_room(&self, n_bytes: u64, bounds: Bounds) -> bool {
        self.table.len() - self.n_overflow_keys < bounds.keys
            && self.n_key_bytes + n_bytes <= bounds.key_bytes
    }
}
