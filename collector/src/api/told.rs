//! How often something happened that the log should tell, and when it is time to tell it.
//! It never knows what happened, and never lets it fill the log.

#[cfg(test)]
mod tests;

use std::sync::{Mutex, PoisonError};

use crate::model::SECOND_NS;

/// Between one line of the log and the next.
const QUIET_NS: u64 = 60 * SECOND_NS;

/// What happened since it was last told.
#[derive(Debug, Default)]
pub(super) struct Told(Mutex<Untold>);

#[derive(Debug, Default)]
struct Untold {
    n: u64,
    /// `None` before the first time.
    told_unix_ns: Option<u64>,
}

impl Told {
    /// Counts one; the number since the last time when it is to be told now.
    pub(super) fn count(&self, now_ns: u64) -> Option<u64> {
        self.add(1, now_ns)
    }

    /// Counts so many. Nothing is to be told of none.
    pub(super) fn add(&self, n: u64, now_ns: u64) -> Option<u64> {
        let mut untold = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        untold.n = untold.n.saturating_add(n);
        // A clock that was set back must not silence the log.
        let is_quiet = |told_ns: u64| now_ns.abs_diff(told_ns) < QUIET_NS;
        if untold.n == 0 || untold.told_unix_ns.is_some_and(is_quiet) {
            return None;
        }
        untold.told_unix_ns = Some(now_ns);
        Some(std::mem::take(&mut untold.n))
    }
}
