//! Exact per-minute roll-ups: counts, bytes and durations per series.
//! Never samples and never rounds a count; only durations are rounded, to a histogram's bucket.

mod bulk;
mod histogram;
#[cfg(test)]
mod tests;

pub(crate) use bulk::Addends;
pub use histogram::Histogram;

use std::collections::HashMap;
use std::hash::BuildHasher;

use foldhash::fast::RandomState;

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

/// A key with its texts end to end: one place in memory to look at, not six.
#[derive(Debug)]
struct OwnedKey {
    minute: u64,
    kind: Kind,
    status: u16,
    texts: Box<str>,
    /// Where in `texts` each text ends, in the order of [`texts`].
    ends: [usize; N_TEXTS],
}

const N_TEXTS: usize = 6;

fn texts<'t>(key: &SeriesKey<&'t str>) -> [&'t str; N_TEXTS] {
    [key.template, key.host, key.method, key.target, key.error_type, key.consumer]
}

impl OwnedKey {
    fn of(key: SeriesKey<&str>) -> Self {
        let texts = texts(&key);
        let mut end = 0;
        let ends = texts.map(|text| {
            end += text.len();
            end
        });
        let SeriesKey { minute, kind, status, .. } = key;
        Self { minute, kind, status, texts: texts.concat().into(), ends }
    }

    /// Whether it is this key. What is absent, as much often is, is not compared.
    fn is(&self, key: SeriesKey<&str>) -> bool {
        let mut start = 0;
        (self.minute, self.kind, self.status) == (key.minute, key.kind, key.status)
            && texts(&key).into_iter().zip(self.ends).all(|(text, end)| {
                let own = start..end;
                start = end;
                own.len() == text.len()
                    && (text.is_empty() || self.texts.as_bytes().get(own) == Some(text.as_bytes()))
            })
    }

    fn key(&self) -> SeriesKey<&str> {
        let mut start = 0;
        let texts = self.ends.map(|end| {
            let text = self.texts.get(start..end).unwrap_or_default();
            start = end;
            text
        });
        let [template, host, method, target, error_type, consumer] = texts;
        let Self { minute, kind, status, .. } = *self;
        SeriesKey { minute, kind, status, target, method, host, template, error_type, consumer }
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

/// What a call adds to its cell; absent is not known.
#[derive(Debug, Clone, Copy)]
struct Addend {
    request_bytes: Option<u64>,
    response_bytes: Option<u64>,
    total_ns: Option<u64>,
    ttfb_ns: Option<u64>,
}

impl Addend {
    fn of(record: &Record<'_>) -> Self {
        Self {
            request_bytes: record.request_body_bytes,
            response_bytes: record.response_body_bytes,
            total_ns: record.total_ns,
            ttfb_ns: record.ttfb_ns,
        }
    }
}

impl Cell {
    fn add(&mut self, addend: Addend) {
        self.count += 1;
        let sum = |sum: u64, bytes: Option<u64>| sum.saturating_add(bytes.unwrap_or(0));
        self.request_bytes = sum(self.request_bytes, addend.request_bytes);
        self.response_bytes = sum(self.response_bytes, addend.response_bytes);
        addend.total_ns.into_iter().for_each(|ns| self.duration.record(ns));
        addend.ttfb_ns.into_iter().for_each(|ns| self.ttfb.record(ns));
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

/// Series that are remembered when the cells are cleared, so that the next batch makes none anew.
const MAX_KEPT: usize = 1_024;

/// The place of a series in [`Minutes`], until they are cleared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place(usize);

/// Cells by series, in the order in which the series came first.
#[derive(Debug, Default)]
pub struct Minutes {
    /// From a key's hash to its place in `entries`. A foreign key in that place sends the search on
    /// to the next hash, so that looking up costs no owned key.
    index: HashMap<u64, usize, RandomState>,
    /// Also of series that were only there before the last [`Minutes::clear`].
    entries: Vec<Entry>,
    /// Places in `entries` of the series that are there now.
    present: Vec<usize>,
    hasher: RandomState,
}

#[derive(Debug)]
struct Entry {
    key: OwnedKey,
    cell: Cell,
    is_present: bool,
}

#[cfg_attr(not(feature = "client"), allow(dead_code, reason = "only the worker counts series"))]
impl Minutes {
    /// Adds a record; says where.
    pub fn fold(&mut self, record: &Record<'_>) -> Place {
        let place = self.place(series_key(record));
        self.cell(place).add(Addend::of(record));
        Place(place)
    }

    /// Number of series whose keys are held, also of those that nothing was added to.
    pub(crate) fn n_known(&self) -> usize {
        self.entries.len()
    }

    /// Adds a cell.
    pub fn merge(&mut self, key: SeriesKey<&str>, cell: &Cell) {
        let place = self.place(key);
        self.cell(place).merge(cell);
    }

    /// Number of series.
    #[must_use]
    pub fn len(&self) -> usize {
        self.present.len()
    }

    /// Whether nothing was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.present.is_empty()
    }

    /// Series and their cells.
    pub fn iter(&self) -> impl Iterator<Item = (SeriesKey<&str>, &Cell)> {
        let entries = self.present.iter().filter_map(|place| self.entries.get(*place));
        entries.map(|entry| (entry.key.key(), &entry.cell))
    }

    /// Forgets all cells. The series' keys are kept while they are not too many.
    pub fn clear(&mut self) {
        if self.entries.len() > MAX_KEPT {
            self.index.clear();
            self.entries.clear();
        } else {
            for place in &self.present {
                self.entries[*place].reset();
            }
        }
        self.present.clear();
    }

    fn cell(&mut self, place: usize) -> &mut Cell {
        let entry = &mut self.entries[place];
        if !entry.is_present {
            entry.is_present = true;
            self.present.push(place);
        }
        &mut entry.cell
    }

    fn place(&mut self, key: SeriesKey<&str>) -> usize {
        match self.search(key) {
            Ok(place) => place,
            Err(free) => {
                self.index.insert(free, self.entries.len());
                let (key, cell) = (OwnedKey::of(key), Cell::default());
                self.entries.push(Entry { key, cell, is_present: false });
                self.entries.len() - 1
            }
        }
    }

    /// The place of a key, or the hash under which it would be found.
    fn search(&self, key: SeriesKey<&str>) -> Result<usize, u64> {
        let mut hash = self.hasher.hash_one(key);
        loop {
            match self.index.get(&hash) {
                Some(&place) if self.entries[place].key.is(key) => return Ok(place),
                Some(_) => hash = hash.wrapping_add(1),
                None => return Err(hash),
            }
        }
    }
}

impl Entry {
    fn reset(&mut self) {
        self.is_present = false;
        let Cell { count, request_bytes, response_bytes, duration, ttfb } = &mut self.cell;
        (*count, *request_bytes, *response_bytes) = (0, 0, 0);
        duration.reset();
        ttfb.reset();
    }
}
