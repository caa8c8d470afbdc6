//! When the pipeline's thread packs roll-ups: between groups, in small steps.
//! It never lets packing take more than a small share of the thread's time while batches wait.

use std::time::Duration;

use crate::model::SECOND_NS;
use crate::store::Packed;

/// From the end of one round of packing to the beginning of the next.
const ROUND_NS: u64 = 60 * SECOND_NS;

/// Between two steps while batches come. A step takes some tens of milliseconds.
const BUSY_PAUSE_NS: u64 = SECOND_NS / 4;

/// Whether batches are waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Load {
    Idle,
    Busy,
}

/// When the next step is.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// When the last step began.
    last_ns: u64,
    /// What it said; `None` at first and after a failure.
    said: Option<Packed>,
}

impl Pace {
    /// How long to wait for batches: not at all while there is something to pack.
    pub(super) fn patience(&self, idle: Duration) -> Duration {
        if self.said == Some(Packed::More) { Duration::ZERO } else { idle }
    }

    /// Whether a step is to be taken now.
    pub(super) fn is_due(&self, load: Load, now_ns: u64) -> bool {
        let pause_ns = match (self.said, load) {
            (Some(Packed::More), Load::Idle) => 0,
            (Some(Packed::More), Load::Busy) => BUSY_PAUSE_NS,
            _ => ROUND_NS,
        };
        // A clock that was set back must not stop it.
        self.last_ns > now_ns || now_ns - self.last_ns >= pause_ns
    }

    /// Takes note of a step; `None` for one that failed.
    pub(super) fn took(&mut self, said: Option<Packed>, now_ns: u64) {
        (self.said, self.last_ns) = (said, now_ns);
    }
}
