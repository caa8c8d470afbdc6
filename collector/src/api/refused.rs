//! How often requests are refused for their tokens, and when it is time to say so.
//! It never sees a token, and never lets refusals fill the log.

#[cfg(test)]
mod tests;

use std::sync::{Mutex, PoisonError};

use crate::model::SECOND_NS;

/// Between one line of the log and the next.
const QUIET_NS: u64 = 60 * SECOND_NS;

/// The refusals since they were last told.
#[derive(Debug, Default)]
pub(super) struct Refused(Mutex<Untold>);

#[derive(Debug, Default)]
struct Untold {
    n_refused: u64,
    /// `None` before the first time.
    told_unix_ns: Option<u64>,
}

impl Refused {
    /// Counts a refusal; the number since the last time when they are to be told now.
    pub(super) fn count(&self, now_ns: u64) -> Option<u64> {
        let mut untold = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        untold.n_refused += 1;
        // A clock that was set back must not silence the log.
        let is_quiet = |told_ns: u64| now_ns.abs_diff(told_ns) < QUIET_NS;
        if untold.told_unix_ns.is_some_and(is_quiet) {
            return None;
        }
        untold.told_unix_ns = Some(now_ns);
        Some(std::mem::take(&mut untold.n_refused))
    }
}
