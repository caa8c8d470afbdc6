//! How much waits, against the bounds: the one number that all threads share.
//! Never exceeds its bounds, and is changed for few records while it is far from them.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::stats::DropReason;

/// How much may wait for the worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct QueueBounds {
    /// Records, at most 2^24.
    pub(crate) records: u32,
    /// Bytes of their rows.
    pub(crate) bytes: u64,
}

/// What is reserved. Exact where it matters: with nothing but what waits past half of the bounds.
pub(super) struct Load {
    bounds: QueueBounds,
    /// What waits, and every thread's credit; a [`Size`].
    reserved: AtomicU64,
}

/// Records in the upper 24 bits and bytes in the lower 40, so that one addition counts both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Size(u64);

/// How full the queue is with a record that it has taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fill {
    BelowHalf,
    PastHalf,
}

/// What a thread reserves beyond its record while the queue is not half full.
const CREDIT: Size = Size::of(31, 4 * 1024);

impl Size {
    pub(super) const fn of(records: u64, bytes: u64) -> Self {
        Self(records << 40 | bytes)
    }

    fn records(self) -> u64 {
        self.0 >> 40
    }

    fn bytes(self) -> u64 {
        self.0 & ((1 << 40) - 1)
    }

    fn plus(self, other: Self) -> Self {
        Self(self.0.wrapping_add(other.0))
    }

    /// What is left; `None` when it does not suffice.
    fn less(self, other: Self) -> Option<Self> {
        let suffices = self.records() >= other.records() && self.bytes() >= other.bytes();
        suffices.then(|| Self(self.0 - other.0))
    }
}

impl Load {
    pub(super) fn new(bounds: QueueBounds) -> Self {
        Self { bounds, reserved: AtomicU64::new(0) }
    }

    pub(super) fn max_bytes(&self) -> u64 {
        self.bounds.bytes
    }

    /// Makes room for a record: of its thread's credit, or of what all threads share.
    #[inline]
    pub(super) fn reserve(&self, size: Size, credit: &mut Size) -> Result<Fill, DropReason> {
        if let Some(rest) = credit.less(size) {
            *credit = rest;
            return Ok(Fill::BelowHalf);
        }
        self.reserve_shared(size, credit)
    }

    fn reserve_shared(&self, size: Size, credit: &mut Size) -> Result<Fill, DropReason> {
        let with_credit = size.plus(CREDIT);
        let before = Size(self.reserved.load(Ordering::Relaxed));
        if !self.is_half_full(before.plus(with_credit)) {
            self.reserved.fetch_add(with_credit.0, Ordering::Relaxed);
            *credit = credit.plus(CREDIT);
            return Ok(Fill::BelowHalf);
        }
        let load = Size(self.reserved.fetch_add(size.0, Ordering::Relaxed)).plus(size);
        if let Some(reason) = self.excess(load) {
            self.release(size);
            return Err(reason);
        }
        Ok(if self.is_half_full(load) { Fill::PastHalf } else { Fill::BelowHalf })
    }

    pub(super) fn release(&self, size: Size) {
        self.reserved.fetch_sub(size.0, Ordering::Relaxed);
    }

    pub(super) fn is_empty(&self) -> bool {
        Size(self.reserved.load(Ordering::Relaxed)).records() == 0
    }

    fn excess(&self, load: Size) -> Option<DropReason> {
        if load.records() > u64::from(self.bounds.records) {
            Some(DropReason::QueueRecords)
        } else if load.bytes() > self.bounds.bytes {
            Some(DropReason::QueueBytes)
        } else {
            None
        }
    }

    fn is_half_full(&self, load: Size) -> bool {
        load.records() * 2 > u64::from(self.bounds.records) || load.bytes() * 2 > self.bounds.bytes
    }
}
