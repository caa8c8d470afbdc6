//! A clock that stands still until it is told otherwise, for users' tests.
//! Never touches another thread's clock.

use std::cell::Cell;
use std::time::Duration;

use super::Tick;

thread_local! {
    static NOW: Cell<Option<Tick>> = const { Cell::new(None) };
}

pub(super) fn now() -> Option<Tick> {
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
        NOW.set(Some(Tick::now()));
        Self(())
    }

    /// Lets time pass.
    pub fn advance(&self, duration: Duration) {
        NOW.set(now().map(|now| now.after(duration)));
    }
}

impl Drop for ManualClock {
    fn drop(&mut self) {
        NOW.set(None);
    }
}
