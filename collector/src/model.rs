//! The values that travel between the collector's parts.
//! They never do anything: no I/O, no clock, no locks.

mod digest;
mod hit;
mod sighting;
#[cfg(test)]
mod tests;
mod token;

pub(crate) use digest::{Digest, Outline};
pub(crate) use hit::{Hit, HitCounts};
pub(crate) use sighting::{Instance, Sighting, median_ns};
pub(crate) use token::{Quotas, Scope, StoredToken};

use std::sync::Arc;

use bytes::Bytes;
use egret::batch::Resource;
use egret::codec::Limits;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use uuid::Uuid;

/// Nanoseconds of a second.
pub(crate) const SECOND_NS: u64 = 1_000_000_000;

/// A batch that was checked and may be stored.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    /// What makes it the same batch when it is sent again.
    pub(crate) batch_id: Uuid,
    /// Rows of its `calls` table.
    pub(crate) n_calls: usize,
    /// When it came; decides the day whose file holds it.
    pub(crate) received_unix_ns: u64,
    /// The batch itself, as the store keeps it.
    pub(crate) bytes: Bytes,
    /// What the door put together of it, while that is in memory; else whoever needs it reads the
    /// batch again.
    pub(crate) digest: Option<Arc<Digest>>,
}

impl Received {
    /// Bytes of memory that it takes.
    pub(crate) fn n_held_bytes(&self) -> u64 {
        let n_digest_bytes = self.digest.as_ref().map_or(0, |digest| digest.n_held_bytes);
        self.bytes.len().saturating_add(n_digest_bytes) as u64
    }
}

/// A place in the queue: everything before it was read. It only ever grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Position(pub(crate) u64);

impl Position {
    /// So many bytes further on.
    pub(crate) fn plus(self, n_bytes: usize) -> Self {
        Self(self.0.saturating_add(n_bytes as u64))
    }
}

/// Who sent: what of a resource every series is kept for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Source {
    /// `service.name`; empty when not told.
    pub(crate) service: String,
    /// `deployment.environment.name`; empty when not told.
    pub(crate) environment: String,
}

impl Source {
    /// The source that a resource names.
    pub(crate) fn of(resource: &Resource) -> Self {
        let text = |key: &str| resource.get(key).cloned().unwrap_or_default();
        Self { service: text("service.name"), environment: text("deployment.environment.name") }
    }
}

/// A span of time: `from_ns` is in it, `to_ns` is not. Both are unix nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimeRange {
    pub(crate) from_ns: u64,
    pub(crate) to_ns: u64,
}

impl Default for TimeRange {
    fn default() -> Self {
        Self::ALL
    }
}

impl TimeRange {
    /// All of time.
    pub(crate) const ALL: Self = Self { from_ns: 0, to_ns: u64::MAX };

    /// Whether a moment is in it.
    pub(crate) fn contains(&self, unix_ns: u64) -> bool {
        (self.from_ns..self.to_ns).contains(&unix_ns)
    }
}

/// A day of UTC: calls are kept in one file per day on which they were received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Day(Date);

impl Day {
    /// The day of a moment.
    pub(crate) fn of(unix_ns: u64) -> Self {
        Self(timestamp(unix_ns).to_zoned(TimeZone::UTC).date())
    }

    /// The day that its text form names.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let day = Self(text.parse().ok()?);
        (day.to_string() == text).then_some(day)
    }

    /// The day so many days ago; the first day there is when that is too many.
    pub(crate) fn minus(self, n_days: u32) -> Self {
        let span = Span::new().try_days(n_days);
        Self(span.map_or(Date::MIN, |span| self.0.saturating_sub(span)))
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A moment for people: RFC 3339 in UTC. The last moment there is stands for any after it.
pub(crate) fn timestamp(unix_ns: u64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(unix_ns)).unwrap_or(Timestamp::MAX)
}

/// Status codes by their hundreds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum StatusClass {
    /// No answer came.
    None,
    /// 100 to 199.
    Informational,
    /// 200 to 299.
    Success,
    /// 300 to 399.
    Redirection,
    /// 400 to 499.
    ClientError,
    /// 500 to 599.
    ServerError,
    /// An answer with a code that HTTP does not know.
    Other,
}

impl StatusClass {
    /// Every class, in the order of its bit.
    pub(crate) const ALL: [Self; 7] = [
        Self::None,
        Self::Informational,
        Self::Success,
        Self::Redirection,
        Self::ClientError,
        Self::ServerError,
        Self::Other,
    ];

    /// The class of a status.
    pub(crate) fn of(status: Option<u16>) -> Self {
        match status.map(|status| status / 100) {
            None => Self::None,
            Some(1) => Self::Informational,
            Some(2) => Self::Success,
            Some(3) => Self::Redirection,
            Some(4) => Self::ClientError,
            Some(5) => Self::ServerError,
            Some(_) => Self::Other,
        }
    }

    /// The word for people and for parameters.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Informational => "1xx",
            Self::Success => "2xx",
            Self::Redirection => "3xx",
            Self::ClientError => "4xx",
            Self::ServerError => "5xx",
            Self::Other => "other",
        }
    }

    /// The class of a word.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == word)
    }

    /// Its bit in a block's mask. Stored: the order of [`Self::ALL`] must not change.
    pub(crate) fn bit(self) -> i64 {
        1 << (self as u8)
    }
}

/// For batches that the door has let in: they are as large as it allowed then, whatever it allows
/// now, and their checksum says whether they are still the same.
pub(crate) fn stored_limits() -> Limits {
    let mut limits = Limits::default();
    limits.encoded_bytes = usize::MAX;
    limits.header_bytes = usize::MAX;
    limits.decoded_bytes = usize::MAX - 1;
    limits.rows = usize::MAX;
    limits.columns = usize::MAX;
    limits.record_bytes = usize::MAX;
    limits
}
