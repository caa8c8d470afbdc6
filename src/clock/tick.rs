//! The monotonic clock.
//! Never asks the system where the processor's own counter can be trusted.

use std::time::{Duration, Instant};

use super::saturating_ns;

/// One reading: a monotonic instant from which wall time is derived.
#[derive(Debug, Clone, Copy)]
pub struct Tick(quanta::Instant);

impl Tick {
    /// Reads the processor's counter (9 ns), or the monotonic clock where there is none that all
    /// cores agree on.
    #[must_use]
    pub fn now() -> Self {
        #[cfg(feature = "test-util")]
        if let Some(now) = super::manual::now() {
            return now;
        }
        Self(quanta::Instant::now())
    }

    /// As [`Tick::now`], whatever a test says about the time.
    #[cfg(feature = "client")]
    pub(super) fn real() -> Self {
        Self(quanta::Instant::now())
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
        let (now, instant) = (quanta::Instant::now(), Instant::now());
        let ahead = self.0.saturating_duration_since(now);
        let behind = now.saturating_duration_since(self.0);
        (instant + ahead).checked_sub(behind).unwrap_or(instant)
    }
}
