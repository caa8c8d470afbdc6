//! The one place that reads the clock.
//! Never hands out a time that runs backwards within a process: wall time is an anchor plus a
//! monotonic distance.

#![expect(clippy::disallowed_methods, reason = "this is the place that reads the clock")]

#[cfg(feature = "test-util")]
mod manual;
#[cfg(any(feature = "client", feature = "hits"))]
mod tick;
#[cfg(feature = "client")]
mod wall;

#[cfg(feature = "test-util")]
pub use manual::ManualClock;
#[cfg(any(feature = "client", feature = "hits"))]
pub use tick::Tick;
#[cfg(feature = "client")]
pub use wall::Clock;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

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
