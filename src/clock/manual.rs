//! A clock that stands still until it is told otherwise, for users' tests.
//! Never touches another thread's clock.

#![expect(clippy::disallowed_methods, reason = "a part of the file that reads the clock")]

use std::cell::Cell;
use std::time::{Duration, Instant};

thread_local! {
    static NOW: Cell<Option<Instant>> = const { Cell::new(None) };
}

pub(super) fn now() -> Option<Instant> {
    NOW.try_with(Cell::get).ok().flatten()
}

/// While it lives, time on this thread passes only by [`ManualClock::advance`]: durations that
/// egret measures here are exact.
///
/// ```
/// use std::time::Duration;
///
/// let clock = egret::ManualClock::start();
/// let ((), calls) = egret::captured(|| {
///     egret::observe("maps", || clock.advance(Duration::from_millis(50)));
/// });
/// assert_eq!(calls[0]["total_ns"], 50_000_000);
/// ```
#[derive(Debug)]
#[must_use = "the clock runs again when this is dropped"]
pub struct ManualClock(());

impl ManualClock {
    /// Stops this thread's clock.
    pub fn start() -> Self {
        NOW.set(Some(Instant::now()));
        Self(())
    }

    /// Lets time pass.
    pub fn advance(&self, duration: Duration) {
        NOW.set(now().and_then(|now| now.checked_add(duration)));
    }
}

impl Drop for ManualClock {
    fn drop(&mut self) {
        NOW.set(None);
    }
}
