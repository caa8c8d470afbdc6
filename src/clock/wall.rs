//! Wall time by the monotonic clock.
//! Never asks for the wall clock's reading but to renew its anchor.

#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, Ordering};

use super::{Tick, unix_now_ns};

/// Turns ticks into unix nanoseconds. Cheap to read from any thread.
#[derive(Debug)]
pub struct Clock {
    origin: Tick,
    /// Unix nanoseconds of `origin`. The worker renews it, so that a service that runs for months
    /// follows the corrections that its machine's clock gets.
    origin_unix_ns: AtomicU64,
}

impl Default for Clock {
    /// The first one of a process finds out how fast the processor's counter runs: some
    /// milliseconds, at most 200.
    fn default() -> Self {
        let clock = Self { origin: Tick::real(), origin_unix_ns: AtomicU64::new(0) };
        clock.renew();
        clock
    }
}

impl Clock {
    /// Takes the wall clock's present reading as the new anchor; says whether it has jumped since
    /// the last one.
    pub fn renew(&self) -> bool {
        let elapsed = Tick::real().ns_since(self.origin);
        let anchor = unix_now_ns().saturating_sub(elapsed);
        is_jump(self.origin_unix_ns.swap(anchor, Ordering::Relaxed), anchor)
    }

    /// The wall time of a tick, in unix nanoseconds.
    #[must_use]
    pub fn unix_ns(&self, tick: Tick) -> u64 {
        let anchor = self.origin_unix_ns.load(Ordering::Relaxed);
        anchor.saturating_add(tick.ns_since(self.origin))
    }
}

/// A clock that is being adjusted drifts by milliseconds; one that was set jumps.
const JUMP_NS: u64 = 10_000_000_000;

/// The first anchor follows on none.
fn is_jump(before_unix_ns: u64, after_unix_ns: u64) -> bool {
    before_unix_ns > 0 && before_unix_ns.abs_diff(after_unix_ns) > JUMP_NS
}
