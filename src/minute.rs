//! Exact per-minute roll-ups: counts, bytes and durations per series.
//! Never samples and never rounds a count; only durations are rounded, to a histogram's bucket.

mod histogram;
#[cfg(test)]
mod tests;

pub use histogram::Histogram;

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use crate::record::{Kind, Outcome, Record};

/// Nanoseconds of a minute.
pub const MINUTE_NS: u64 = 60_000_000_000;

/// What a roll-up is kept for. Texts are empty when absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SeriesKey<T> {
    /// Minutes since 1970 (UTC).
    pub minute: u64,
    /// Where the calls come from.
    pub kind: Kind,
    /// Status code; 0 when no answer came.
    pub status: u16,
    /// Vendor.
    pub target: T,
    /// Request method.
    pub method: T,
    /// Host.
    pub host: T,
    /// Template.
    pub template: T,
    /// Error class.
    pub error_type: T,
    /// Consumer.
    pub consumer: T,
}

impl<T: AsRef<str>> SeriesKey<T> {
    /// The same key, borrowed.
    pub fn as_ref(&self) -> SeriesKey<&str> {
        SeriesKey {
            minute: self.minute,
            kind: self.kind,
            status: self.status,
            target: self.target.as_ref(),
            method: self.method.as_ref(),
            host: self.host.as_ref(),
            template: self.template.as_ref(),
            error_type: self.error_type.as_ref(),
            consumer: self.consumer.as_ref(),
        }
    }

    /// Whether the calls of this series count as errors.
    pub fn is_error(&self) -> bool {
        let status = (self.status > 0).then_some(self.status);
        crate::record::is_error(self.kind, Outcome::Completed, status, self.error_type.as_ref())
    }
}

impl SeriesKey<&str> {
    fn to_owned(self) -> SeriesKey<Box<str>> {
        SeriesKey {
            minute: self.minute,
            kind: self.kind,
            status: self.status,
            target: self.target.into(),
            method: self.method.into(),
            host: self.host.into(),
            template: self.template.into(),
            error_type: self.error_type.into(),
            consumer: self.consumer.into(),
        }
    }
}

/// The key of a record's roll-up.
#[must_use]
pub fn series_key<'r>(record: &'r Record<'_>) -> SeriesKey<&'r str> {
    let unnamed_failure = record.outcome == Outcome::Failed && record.error_type.is_empty();
    SeriesKey {
        minute: record.start_unix_ns / MINUTE_NS,
        kind: record.kind,
        status: record.status.unwrap_or(0),
        target: &record.target,
        method: record.method,
        host: record.url.host,
        template: &record.template,
        error_type: if unnamed_failure { "_OTHER" } else { record.error_type },
        consumer: &record.consumer,
    }
}

/// What is known of one series in one minute. Cells add up in any order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cell {
    /// Calls.
    pub count: u64,
    /// Sum of request body sizes that are known.
    pub request_bytes: u64,
    /// Sum of response body sizes that are known.
    pub response_bytes: u64,
    /// Whole durations.
    pub duration: Histogram,
    /// Times to the first byte.
    pub ttfb: Histogram,
}

impl Cell {
    fn add(&mut self, record: &Record<'_>) {
        self.count += 1;
        let sum = |sum: u64, bytes: Option<u64>| sum.saturating_add(bytes.unwrap_or(0));
        self.request_bytes = sum(self.request_bytes, record.request_body_bytes);
        self.response_bytes = sum(self.response_bytes, record.response_body_bytes);
        record.total_ns.into_iter().for_each(|ns| self.duration.record(ns));
        record.ttfb_ns.into_iter().for_each(|ns| self.ttfb.record(ns));
    }

    /// Adds another cell of the same series.
    pub fn merge(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.request_bytes = self.request_bytes.saturating_add(other.request_bytes);
        self.response_bytes = self.response_bytes.saturating_add(other.response_bytes);
        self.duration.merge(&other.duration);
        self.ttfb.merge(&other.ttfb);
    }
}

/// Cells by series, in the order in which the series came first.
#[derive(Debug, Default)]
pub struct Minutes {
    /// From a key's hash to its place in `cells`. A foreign key in that place sends the search on
    /// to the next hash, so that looking up costs no owned key.
    index: HashMap<u64, usize>,
    cells: Vec<(SeriesKey<Box<str>>, Cell)>,
    hasher: RandomState,
}

impl Minutes {
    /// Adds a record.
    pub fn fold(&mut self, record: &Record<'_>) {
        self.cell(series_key(record)).add(record);
    }

    /// Adds a cell.
    pub fn merge(&mut self, key: SeriesKey<&str>, cell: &Cell) {
        self.cell(key).merge(cell);
    }

    /// Number of series.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether nothing was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Series and their cells.
    pub fn iter(&self) -> impl Iterator<Item = (SeriesKey<&str>, &Cell)> {
        self.cells.iter().map(|(key, cell)| (key.as_ref(), cell))
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.index.clear();
        self.cells.clear();
    }

    fn cell(&mut self, key: SeriesKey<&str>) -> &mut Cell {
        let mut hash = self.hasher.hash_one(key);
        let place = loop {
            match self.index.get(&hash) {
                Some(&place) if self.cells[place].0.as_ref() == key => break place,
                Some(_) => hash = hash.wrapping_add(1),
                None => {
                    self.index.insert(hash, self.cells.len());
                    self.cells.push((key.to_owned(), Cell::default()));
                    break self.cells.len() - 1;
                }
            }
        };
        &mut self.cells[place].1
    }
}
