//! The one file that reads the clock.
//! It never waits: who needs a pause waits on a channel with a timeout.

/// Unix nanoseconds of now.
pub(crate) fn unix_now_ns() -> u64 {
    egret::clock::unix_now_ns()
}
