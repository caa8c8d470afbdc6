//! Adds roll-ups to those that are stored.
//! It never asks SQLite twice for what it remembers: the numbers of series, and the roll-ups of the
//! minutes that are being written.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use egret::minute::{Cell, Histogram, Minutes, SeriesKey};
use foldhash::fast::RandomState;
use rusqlite::{Connection, OptionalExtension};

use super::guard::{self, Guard, SeriesLimits};
use super::sums::{integer, write_sparse};
use crate::model::Source;

/// Most series that are remembered; at about 200 bytes each. Beyond it all are forgotten.
const MAX_REMEMBERED: usize = 100_000;

/// Most roll-ups that are remembered, at one or two thousand bytes each.
const MAX_CELLS: usize = 20_000;

/// The series and roll-ups that were written lately.
#[derive(Debug, Default)]
pub(super) struct SeriesIds {
    known: HashMap<Box<[u8]>, i64, RandomState>,
    /// What is stored, by minute and series: adding to it here is cheaper than in SQL.
    cells: HashMap<(u64, i64), Cell, RandomState>,
    /// Those of `cells` that the present transaction added to and has not written.
    changed: HashSet<(u64, i64), RandomState>,
    guard: Guard,
    /// The key of the present series; kept, so that its memory is used again.
    key: Vec<u8>,
}

impl SeriesIds {
    /// Sets what a service may have.
    pub(super) fn limit(&mut self, limits: SeriesLimits) {
        self.guard.limits = limits;
    }

    /// What comes next was received at this minute.
    pub(super) fn received(&mut self, minute: u64) {
        self.guard.received(minute);
    }

    /// Adds a source's roll-ups, inside the caller's transaction, which ends with
    /// [`Self::write`].
    pub(super) fn add(
        &mut self,
        connection: &Connection,
        source: &Source,
        minutes: &Minutes,
    ) -> rusqlite::Result<()> {
        for (series, added) in minutes.iter() {
            let place = (series.minute, self.id(connection, source, series)?);
            let cell = match self.cells.entry(place) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) => entry.insert(stored(connection, place)?),
            };
            cell.merge(added);
            self.changed.insert(place);
        }
        Ok(())
    }

    /// Writes each roll-up that was added to, once.
    pub(super) fn write(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let mut replace = connection
            .prepare_cached("INSERT OR REPLACE INTO minutes VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
        // In the order of the table, so that neighbours share a page.
        let mut changed: Vec<(u64, i64)> = self.changed.drain().collect();
        changed.sort_unstable();
        let (mut durations, mut ttfbs) = (Vec::new(), Vec::new());
        for (minute, series_id) in changed {
            let Some(cell) = self.cells.get(&(minute, series_id)) else {
                continue;
            };
            let Cell { count, request_bytes, response_bytes, duration, ttfb } = cell;
            write_sparse(duration, &mut durations);
            write_sparse(ttfb, &mut ttfbs);
            replace.execute((
                integer(minute),
                series_id,
                integer(*count),
                integer(*request_bytes),
                integer(*response_bytes),
                &durations,
                &ttfbs,
            ))?;
        }
        if self.cells.len() > MAX_CELLS {
            self.cells.clear();
        }
        self.guard.write(connection)
    }

    /// Forgets these minutes of these series: they are not where they were.
    pub(super) fn forget_moved(&mut self, minutes: &Range<u64>, series: &Range<i64>) {
        self.cells.retain(|(minute, id), _| !(minutes.contains(minute) && series.contains(id)));
    }

    /// Forgets everything: it may not be in the database any more, or not like that.
    pub(super) fn forget(&mut self) {
        self.guard.forget();
        self.known.clear();
        self.cells.clear();
        self.changed.clear();
    }

    /// The number of a series; a new one when it has none.
    pub(super) fn id(
        &mut self,
        connection: &Connection,
        source: &Source,
        series: SeriesKey<&str>,
    ) -> rusqlite::Result<i64> {
        self.write_key(source, series);
        if let Some(id) = self.known.get(self.key.as_slice()) {
            return Ok(*id);
        }
        if let Some(id) = self.guard.refused(&self.key) {
            return Ok(id);
        }
        let id = match find(connection, source, series)? {
            Some(id) => id,
            None if self.guard.admit(connection, &source.service)? => {
                insert(connection, source, series, self.guard.day())?
            }
            None => return self.overflow(connection, source, series),
        };
        if self.known.len() >= MAX_REMEMBERED {
            self.known.clear();
        }
        self.known.insert(self.key.as_slice().into(), id);
        Ok(id)
    }

    /// The series that counts what a refused one would.
    fn overflow(
        &mut self,
        connection: &Connection,
        source: &Source,
        series: SeriesKey<&str>,
    ) -> rusqlite::Result<i64> {
        let (service, day) = (&source.service, self.guard.day());
        let with_host = guard::with_host(series);
        let id = match find(connection, source, with_host)? {
            Some(id) => id,
            None if self.guard.admit_overflow(connection, service)? => {
                insert(connection, source, with_host, day)?
            }
            None => {
                let (source, series) = guard::without_host(source, series);
                match find(connection, &source, series)? {
                    Some(id) => id,
                    None => insert(connection, &source, series, day)?,
                }
            }
        };
        self.guard.refuse(&self.key, service, id);
        Ok(id)
    }

    /// All that tells series apart but the minute, each text after its length.
    fn write_key(&mut self, source: &Source, series: SeriesKey<&str>) {
        self.key.clear();
        self.key.extend(series.status.to_le_bytes());
        let texts = [
            series.host,
            series.method,
            series.template,
            &source.service,
            &source.environment,
            series.kind.as_str(),
            series.target,
            series.error_type,
            series.consumer,
        ];
        for text in texts {
            self.key.extend(text.len().to_le_bytes());
            self.key.extend(text.as_bytes());
        }
    }
}

/// A roll-up as it is stored; an empty one when it is not.
fn stored(connection: &Connection, (minute, series_id): (u64, i64)) -> rusqlite::Result<Cell> {
    let mut select = connection.prepare_cached(
        "SELECT count, request_bytes, response_bytes, duration, ttfb FROM minutes
         WHERE minute = ?1 AND series_id = ?2",
    )?;
    let found = select.query_row((integer(minute), series_id), |row| {
        let number = |column| row.get::<_, i64>(column).map(i64::unsigned_abs);
        let histogram = |column| -> rusqlite::Result<Histogram> {
            let read = row.get_ref(column)?.as_blob().ok().and_then(Histogram::read);
            Ok(read.unwrap_or_else(|| {
                // The counts are kept, and what comes is stored: damage must not stop it.
                tracing::error!(minute, series_id, "a stored histogram is damaged and begun anew");
                Histogram::default()
            }))
        };
        Ok(Cell {
            count: number(0)?,
            request_bytes: number(1)?,
            response_bytes: number(2)?,
            duration: histogram(3)?,
            ttfb: histogram(4)?,
        })
    });
    Ok(found.optional()?.unwrap_or_default())
}

fn find(
    connection: &Connection,
    source: &Source,
    series: SeriesKey<&str>,
) -> rusqlite::Result<Option<i64>> {
    let mut select = connection.prepare_cached(
        "SELECT series_id FROM series
         WHERE service = ?1 AND environment = ?2 AND kind = ?3 AND target = ?4 AND method = ?5
           AND host = ?6 AND template = ?7 AND status = ?8 AND error_type = ?9 AND consumer = ?10",
    )?;
    let values = (
        &source.service,
        &source.environment,
        series.kind.as_str(),
        series.target,
        series.method,
        series.host,
        series.template,
        series.status,
        series.error_type,
        series.consumer,
    );
    select.query_row(values, |row| row.get(0)).optional()
}

fn insert(
    connection: &Connection,
    source: &Source,
    series: SeriesKey<&str>,
    day: u64,
) -> rusqlite::Result<i64> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO series (service, environment, kind, target, method, host, template, status,
                             error_type, consumer, last_day)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    insert.insert((
        &source.service,
        &source.environment,
        series.kind.as_str(),
        series.target,
        series.method,
        series.host,
        series.template,
        series.status,
        series.error_type,
        series.consumer,
        integer(day),
    ))
}
