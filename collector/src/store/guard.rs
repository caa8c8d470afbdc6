//! How many series a service may have, and where the calls of those beyond go.
//! It never loses a call: what is over the limit is counted in an `{overflow}` series, of which there
//! are only so many by construction.

use std::collections::HashMap;

use egret::minute::SeriesKey;
use rusqlite::Connection;

use super::sums::integer;
use crate::model::Source;

/// What stands for the parts of a series that are not told apart any more.
pub(super) const OVERFLOW: &str = "{overflow}";

/// Days before today of which a series must have been seen to count as live.
const LIVE_DAYS: u64 = 1;

/// Most `{overflow}` series of a service that keep their host.
const MAX_OVERFLOW_SERIES: u64 = 1_000;

/// Most refused series that are remembered in a minute, so that each is counted once.
const MAX_REFUSED: usize = 100_000;

/// What a service may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SeriesLimits {
    /// New series in a minute of receipt.
    pub(crate) new_per_minute: u64,
    /// Series that were seen today or yesterday.
    pub(crate) live: u64,
}

impl Default for SeriesLimits {
    fn default() -> Self {
        Self { new_per_minute: 10_000, live: 100_000 }
    }
}

/// Counts series, by service.
#[derive(Debug, Default)]
pub(super) struct Guard {
    pub(super) limits: SeriesLimits,
    /// The minute that is counted for: the latest in which anything was received.
    minute: u64,
    /// Not known until it is asked for.
    counts: Option<HashMap<String, Count>>,
    /// Series that were refused in this minute, by their key, and where their calls go.
    refused: HashMap<Box<[u8]>, i64>,
    /// Series that were refused and are not written to `overflows` yet, by service.
    unwritten: HashMap<String, u64>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Count {
    live: u64,
    overflow: u64,
    new: u64,
}

impl Guard {
    /// Another group was received, at this minute; a new minute has its own new series.
    pub(super) fn received(&mut self, minute: u64) {
        if minute > self.minute {
            self.minute = minute;
            self.refused.clear();
            for count in self.counts.iter_mut().flat_map(HashMap::values_mut) {
                count.new = 0;
            }
        }
    }

    /// The day of the minute that is counted for.
    pub(super) fn day(&self) -> u64 {
        self.minute / 1_440
    }

    /// Where the calls of a series go that was refused in this minute.
    pub(super) fn refused(&self, key: &[u8]) -> Option<i64> {
        self.refused.get(key).copied()
    }

    /// Whether a service may have one more series; then it is counted.
    pub(super) fn admit(
        &mut self,
        connection: &Connection,
        service: &str,
    ) -> rusqlite::Result<bool> {
        let limits = self.limits;
        let count = self.count(connection, service)?;
        let is_admitted = count.new < limits.new_per_minute && count.live < limits.live;
        if is_admitted {
            count.new += 1;
            count.live += 1;
        }
        Ok(is_admitted)
    }

    /// Whether a service may have one more `{overflow}` series with a host; then it is counted.
    pub(super) fn admit_overflow(
        &mut self,
        connection: &Connection,
        service: &str,
    ) -> rusqlite::Result<bool> {
        let count = self.count(connection, service)?;
        let is_admitted = count.overflow < MAX_OVERFLOW_SERIES;
        count.overflow += u64::from(is_admitted);
        Ok(is_admitted)
    }

    /// Notes that a series was refused, and where its calls go in this minute.
    pub(super) fn refuse(&mut self, key: &[u8], service: &str, series_id: i64) {
        if self.refused.len() >= MAX_REFUSED {
            self.refused.clear();
        }
        self.refused.insert(key.into(), series_id);
        *self.unwritten.entry(service.to_owned()).or_default() += 1;
    }

    /// Writes how many were refused since the last time.
    pub(super) fn write(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        if self.unwritten.is_empty() {
            return Ok(());
        }
        let mut upsert = connection.prepare_cached(
            "INSERT INTO overflows VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET n_series = egret_add(n_series, excluded.n_series)
             RETURNING n_series = ?3",
        )?;
        for (service, n_series) in self.unwritten.drain() {
            let values = (integer(self.minute), &service, integer(n_series));
            let is_first: bool = upsert.query_row(values, |row| row.get(0))?;
            if is_first {
                tracing::warn!(
                    service,
                    n_series,
                    "has more series than it may; their calls are counted as {OVERFLOW}; told \
                     once a minute"
                );
            }
        }
        Ok(())
    }

    /// Forgets what may not be so any more.
    pub(super) fn forget(&mut self) {
        self.counts = None;
        self.refused.clear();
        self.unwritten.clear();
    }

    fn count(&mut self, connection: &Connection, service: &str) -> rusqlite::Result<&mut Count> {
        let counts = match &mut self.counts {
            Some(counts) => counts,
            none => none.insert(counts(connection, self.minute / 1_440)?),
        };
        Ok(counts.entry(service.to_owned()).or_default())
    }
}

fn counts(connection: &Connection, today: u64) -> rusqlite::Result<HashMap<String, Count>> {
    let mut select = connection.prepare(
        "SELECT service, count(*), sum(template = ?2) FROM series WHERE last_day >= ?1
         GROUP BY service",
    )?;
    let first_day = integer(today.saturating_sub(LIVE_DAYS));
    let rows = select.query_map((first_day, OVERFLOW), |row| {
        let number = |column| row.get::<_, i64>(column).map(i64::unsigned_abs);
        let count = Count { live: number(1)?, overflow: number(2)?, new: 0 };
        Ok((row.get(0)?, count))
    })?;
    rows.collect()
}

/// A series in whose stead others are counted: the host and what is known of the answer stay, what
/// came with the request does not.
pub(super) fn with_host(series: SeriesKey<&str>) -> SeriesKey<&str> {
    SeriesKey { template: OVERFLOW, consumer: "", ..series }
}

/// The last resort: of these there are at most some thousands for a service, whoever sends what.
/// Errors stay errors, and status codes that HTTP knows stay as they are.
pub(super) fn without_host<'s>(
    source: &Source,
    series: SeriesKey<&'s str>,
) -> (Source, SeriesKey<&'s str>) {
    let source = Source { environment: OVERFLOW.to_owned(), ..source.clone() };
    let status = match series.status {
        0 | 100..600 => series.status,
        1..100 => 99,
        600.. => 999,
    };
    let error_type = if series.error_type.is_empty() { "" } else { "_OTHER" };
    let key = SeriesKey {
        minute: series.minute,
        kind: series.kind,
        status,
        target: "",
        method: "_OTHER",
        host: OVERFLOW,
        template: OVERFLOW,
        error_type,
        consumer: "",
    };
    (source, key)
}
