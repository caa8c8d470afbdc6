//! How much waits, against the bounds: the one number that all threads share.
//! Never exceeds its bounds, and is changed for few records while it is far from them.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::stats::DropReason;

/// How much may wait for the worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct QueueBounds {
    /// Records, at most 2^23: a record beyond them still fits into the 24 bits that count them.
    pub(crate) records: u32,
    /// Bytes of their rows.
    pub(crate) bytes: u64,
}

/// What is reserved: what waits, and what threads have reserved ahead below half of the bounds.
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
    /// Or was, when the thread reserved ahead.
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

    fn minus(self, part: Self) -> Self {
        Self(self.0.wrapping_sub(part.0))
    }

    /// What is left; `None` when it does not suffice.
    fn less(self, other: Self) -> Option<Self> {
        let suffices = self.records() >= other.records() && self.bytes() >= other.bytes();
        suffices.then(|| self.minus(other))
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
        // Never more than one credit, of which what is left is a part.
        let topped_up = size.plus(CREDIT.minus(*credit));
        if !self.is_half_full(self.reserved().plus(topped_up)) {
            let load = self.add(topped_up);
            if !self.is_half_full(load) {
                *credit = CREDIT;
                return Ok(Fill::BelowHalf);
            }
            // Others were faster.
            self.release(topped_up);
        }
        // From here on every record counts by itself.
        self.release(std::mem::take(credit));
        let load = self.add(size);
        if let Some(reason) = self.excess(load) {
            self.release(size);
            return Err(reason);
        }
        Ok(if self.is_half_full(load) { Fill::PastHalf } else { Fill::BelowHalf })
    }

    /// What is reserved with this.
    fn add(&self, size: Size) -> Size {
        Size(self.reserved.fetch_add(size.0, Ordering::Relaxed)).plus(size)
    }

    fn reserved(&self) -> Size {
        Size(self.reserved.load(Ordering::Relaxed))
    }

    pub(super) fn release(&self, size: Size) {
        self.reserved.fetch_sub(size.0, Ordering::Relaxed);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.reserved().records() == 0
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
