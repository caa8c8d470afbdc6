//! The one file that reads the clock.
//! It never waits: who needs a pause waits on a channel with a timeout.

use std::time::Instant;

/// A reading that never runs backwards, for how long something took.
#[expect(clippy::disallowed_methods, reason = "this is the file that reads the clock")]
pub(crate) fn tick() -> Instant {
    Instant::now()
}

/// Unix nanoseconds of now.
pub(crate) fn unix_now_ns() -> u64 {
    egret::clock::unix_now_ns()
}
