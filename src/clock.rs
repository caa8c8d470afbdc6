//! The one file that reads the clock.
//! Never hands out a time that runs backwards within a process: wall time is an anchor plus a
//! monotonic distance.

#![expect(clippy::disallowed_methods, reason = "this is the file that reads the clock")]

#[cfg(feature = "test-util")]
mod manual;
#[cfg(test)]
mod tests;

#[cfg(feature = "test-util")]
pub use manual::ManualClock;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// One reading: a monotonic instant from which wall time is derived.
#[derive(Debug, Clone, Copy)]
pub struct Tick(Instant);

impl Tick {
    /// Reads the monotonic clock (20 to 25 ns).
    #[must_use]
    pub fn now() -> Self {
        #[cfg(feature = "test-util")]
        if let Some(now) = manual::now() {
            return Self(now);
        }
        Self(Instant::now())
    }

    /// Nanoseconds from `earlier` to `self`; 0 when the order is the other way round.
    #[must_use]
    pub fn ns_since(self, earlier: Self) -> u64 {
        saturating_ns(self.0.saturating_duration_since(earlier.0))
    }

    /// The tick so much later; unchanged when the clock cannot count that far.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.checked_add(duration).unwrap_or(self.0))
    }

    /// The instant, for deadlines on a runtime's timer.
    #[must_use]
    pub fn instant(self) -> Instant {
        self.0
    }
}

/// Turns ticks into unix nanoseconds. Cheap to read from any thread.
#[derive(Debug)]
pub struct Clock {
    origin: Instant,
    /// Unix nanoseconds of `origin`. The worker renews it, so that a service that runs for months
    /// follows the corrections that its machine's clock gets.
    origin_unix_ns: AtomicU64,
}

impl Default for Clock {
    fn default() -> Self {
        let clock = Self { origin: Instant::now(), origin_unix_ns: AtomicU64::new(0) };
        clock.renew();
        clock
    }
}

impl Clock {
    /// Takes the wall clock's present reading as the new anchor; says whether it has jumped since
    /// the last one.
    pub fn renew(&self) -> bool {
        let elapsed = saturating_ns(self.origin.elapsed());
        let anchor = unix_now_ns().saturating_sub(elapsed);
        is_jump(self.origin_unix_ns.swap(anchor, Ordering::Relaxed), anchor)
    }

    /// The wall time of a tick, in unix nanoseconds.
    #[must_use]
    pub fn unix_ns(&self, tick: Tick) -> u64 {
        let since_origin = saturating_ns(tick.0.saturating_duration_since(self.origin));
        self.origin_unix_ns.load(Ordering::Relaxed).saturating_add(since_origin)
    }
}

/// A clock that is being adjusted drifts by milliseconds; one that was set jumps.
const JUMP_NS: u64 = 10_000_000_000;

/// The first anchor follows on none.
fn is_jump(before_unix_ns: u64, after_unix_ns: u64) -> bool {
    before_unix_ns > 0 && before_unix_ns.abs_diff(after_unix_ns) > JUMP_NS
}

/// The wall clock, in unix nanoseconds; 0 on a machine that believes to be before 1970.
#[must_use]
pub fn unix_now_ns() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, saturating_ns)
}

/// A duration as nanoseconds; the longest that fits (584 years) for anything longer.
#[must_use]
pub fn saturating_ns(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
