//! The hits since the last snapshot was taken, and the taking.
//! Never reads the clock, and never holds a hit in two snapshots or in none.

use super::counts::{Bounds, Counts, Place};

/// What is counted until it is taken. Behind the one lock that every request passes, so nothing
/// here takes longer than a look into a table.
#[derive(Debug)]
pub(super) struct Tally {
    counts: Counts,
    bounds: Bounds,
    /// When the present counts began, in unix nanoseconds.
    from_unix_ns: u64,
    /// After the last taking nobody would take a hit any more.
    is_closed: bool,
    pub(super) totals: Totals,
}

/// Hits since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Totals {
    /// Counted, under whichever key.
    pub(super) n_recorded: u64,
    /// Those of them under `{overflow}`.
    pub(super) n_overflowed: u64,
    /// Not counted, since they came after the last taking.
    pub(super) n_late: u64,
}

/// The hits of `[from, to)`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) counts: Counts,
    pub(super) from_unix_ns: u64,
    pub(super) to_unix_ns: u64,
}

impl Tally {
    pub(super) fn new(bounds: Bounds, now_unix_ns: u64) -> Self {
        Self {
            counts: Counts::default(),
            bounds,
            from_unix_ns: now_unix_ns,
            is_closed: false,
            totals: Totals::default(),
        }
    }

    pub(super) fn record(&mut self, hit: super::hit::Hit) {
        if self.is_closed {
            self.totals.n_late += 1;
            return;
        }
        self.totals.n_recorded += 1;
        let place = self.counts.add(hit, 1, self.bounds);
        self.totals.n_overflowed += u64::from(place == Place::Overflow);
    }

    /// Takes what was counted and starts anew with `fresh`.
    ///
    /// Which hits are in is decided by the lock around the tally; the times only describe it. They
    /// never run backwards, and no two windows overlap, even where the machine's clock is set back.
    pub(super) fn take(&mut self, fresh: Counts, now_unix_ns: u64) -> Taken {
        let from_unix_ns = self.from_unix_ns;
        self.from_unix_ns = now_unix_ns.max(from_unix_ns.saturating_add(1));
        let counts = std::mem::replace(&mut self.counts, fresh);
        Taken { counts, from_unix_ns, to_unix_ns: self.from_unix_ns }
    }

    /// From now on hits are late.
    pub(super) fn close(&mut self) {
        self.is_closed = true;
    }

    /// Hits that are not in a snapshot yet.
    pub(super) fn n_waiting(&self) -> u64 {
        self.counts.n_hits()
    }
}
