//! What an answer of the collector means, and how long to wait before the next try.
//! Never reads a clock and never sends.

#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::stats::{CollectorState, DropReason};

/// First wait after a failure.
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// Longest wait between two tries.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What became of a batch that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The collector has it.
    Delivered,
    /// Nobody answered; it is sent again later.
    Unreachable,
    /// Somebody answered who is no collector (a proxy, a captive portal); it is sent again later.
    Foreign,
    /// The collector answered that it may take it later: not before `after`, if it said so.
    Retry {
        /// The collector's own wish.
        after: Option<Duration>,
    },
    /// Too large: halves of it may pass.
    Split,
    /// Refused for good; sending it again would change nothing.
    Reject(DropReason),
}

impl Verdict {
    /// What the verdict says of the collector; `None` for what says nothing.
    pub(crate) fn state(self) -> Option<CollectorState> {
        match self {
            Self::Delivered => Some(CollectorState::Reachable),
            Self::Unreachable => Some(CollectorState::Unreachable),
            Self::Foreign => Some(CollectorState::Foreign),
            Self::Retry { .. } => Some(CollectorState::Busy),
            Self::Reject(DropReason::Unauthorized) => Some(CollectorState::Unauthorized),
            Self::Reject(DropReason::PaymentRequired) => Some(CollectorState::PaymentRequired),
            Self::Reject(DropReason::NotFound) => Some(CollectorState::NotFound),
            Self::Reject(_) => Some(CollectorState::Refusing),
            Self::Split => None,
        }
    }
}

/// The verdict on a status code.
#[must_use]
pub(crate) fn verdict(status: u16, retry_after: Option<Duration>) -> Verdict {
    match status {
        200..=299 => Verdict::Delivered,
        408 | 425 | 429 | 500..=599 => Verdict::Retry { after: retry_after },
        413 => Verdict::Split,
        // A captive portal, a login page: somebody else's answer, and perhaps not for long.
        300..=399 => Verdict::Foreign,
        402 => Verdict::Reject(DropReason::PaymentRequired),
        401 | 403 => Verdict::Reject(DropReason::Unauthorized),
        404 => Verdict::Reject(DropReason::NotFound),
        _ => Verdict::Reject(DropReason::Rejected),
    }
}

/// `Retry-After` in seconds, at most [`LONGEST_WAIT`]; a date is answered with the longest wait,
/// for it would need the two clocks to agree.
#[must_use]
pub(crate) fn retry_after(header: &str) -> Option<Duration> {
    let header = header.trim();
    if header.is_empty() {
        return None;
    }
    Some(header.parse().map_or(LONGEST_WAIT, Duration::from_secs).min(LONGEST_WAIT))
}

/// Exponential back-off with jitter: the n-th wait lies between a half and the whole of
/// `200 ms * 2^n`, at most 60 s, so that a fleet does not come back in step.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Backoff {
    n_failures: u32,
}

impl Backoff {
    /// The wait after one more failure. `random` is any number.
    pub(crate) fn next_wait(&mut self, random: u64) -> Duration {
        let whole = FIRST_WAIT.saturating_mul(1 << self.n_failures.min(16)).min(LONGEST_WAIT);
        self.n_failures = self.n_failures.saturating_add(1);
        let share = (random % 1_000) as f64 / 1_000.0;
        whole.mul_f64(0.5 + share / 2.0)
    }

    /// After a success the next failure waits shortly again.
    pub(crate) fn reset(&mut self) {
        self.n_failures = 0;
    }
}
