//! Moves minutes into packs and sums once their half-hour is over, and removes what is too old.
//! It never holds the file long: each step is one transaction over a bounded number of rows, which
//! moves them as a whole or not at all, so that a crash anywhere repeats and loses nothing.
//!
//! There is no list of what was done: what is still in the hot table is what is left to do. Minutes
//! that come late lie there again, and the next time they are added to their pack.

mod retire;

use std::collections::BTreeMap;
use std::ops::Range;

use rusqlite::{Connection, OptionalExtension, Row, Transaction};

use super::Retention;
use super::kept::Kept;
use super::packed::{DAY, Damaged, DaySums, HALF_HOUR, HalfHour, Pack, Sum, WINDOW, key};
use super::sums::integer;
use crate::model::SECOND_NS;
use retire::Retired;

/// Minutes after the end of a half-hour for which its roll-ups still come at the usual pace.
const GRACE: u64 = 5;

/// Series of one step: with thirty minutes each it moves 3,840 rows, at 3 to 6 us each.
const N_SERIES: i64 = 128;

/// What one step did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// These are not in the hot table any more: these minutes of these series.
    Moved(Range<u64>, Range<i64>),
    /// Something that was too old is gone.
    Removed,
    /// There is nothing to do now.
    Nothing,
}

/// What is left to do that the file itself does not say.
#[derive(Debug, Default)]
pub(super) struct Packing {
    retired: Retired,
}

impl Packing {
    /// Does one step.
    pub(super) fn step(
        &mut self,
        connection: &mut Connection,
        retention: &Retention,
        now_ns: u64,
    ) -> rusqlite::Result<Step> {
        let transaction = connection.transaction()?;
        let kept = Kept::read(&transaction)?;
        if let Some(step) = self.retired.step(&transaction, kept, retention, now_ns)? {
            transaction.commit()?;
            self.retired.committed(step);
            return Ok(Step::Removed);
        }
        let Some((minutes, series)) = next(&transaction, now_ns)? else {
            return Ok(Step::Nothing);
        };
        move_rows(&transaction, kept, &minutes, &series)?;
        transaction.commit()?;
        Ok(Step::Moved(minutes, series))
    }
}

/// The half-hour to be moved, and of which series.
fn next(
    transaction: &Transaction<'_>,
    now_ns: u64,
) -> rusqlite::Result<Option<(Range<u64>, Range<i64>)>> {
    let now_minute = now_ns / (60 * SECOND_NS);
    let open = now_minute.saturating_sub(GRACE) / HALF_HOUR * HALF_HOUR;
    let first: Option<i64> = transaction
        .prepare_cached("SELECT min(minute) FROM minutes WHERE minute < ?1")?
        .query_row([integer(open)], |row| row.get(0))?;
    let Some(first) = first else {
        return Ok(None);
    };
    let begin = first.unsigned_abs() / HALF_HOUR * HALF_HOUR;
    let mut least =
        transaction.prepare_cached("SELECT min(series_id) FROM minutes WHERE minute = ?1")?;
    let mut first_series = None::<i64>;
    for minute in begin..begin + HALF_HOUR {
        let series: Option<i64> = least.query_row([integer(minute)], |row| row.get(0))?;
        first_series = first_series.into_iter().chain(series).min();
    }
    let series = first_series.map(|series| series..series + N_SERIES);
    Ok(series.map(|series| (begin..begin + HALF_HOUR, series)))
}

fn move_rows(
    transaction: &Transaction<'_>,
    kept: Kept,
    minutes: &Range<u64>,
    series: &Range<i64>,
) -> rusqlite::Result<()> {
    // What is too old to be kept at all only goes.
    if minutes.start >= kept.first_day * DAY {
        for (series_id, half_hour) in hot_rows(transaction, minutes, series)? {
            if minutes.start >= kept.first_minute {
                add_to_pack(transaction, series_id, minutes.start, &half_hour)?;
            }
            add_to_sums(transaction, series_id, minutes.start, &half_hour.total())?;
            seen(transaction, series_id, minutes.start / DAY)?;
        }
    }
    let mut delete = transaction.prepare_cached(
        "DELETE FROM minutes WHERE minute = ?1 AND series_id >= ?2 AND series_id < ?3",
    )?;
    for minute in minutes.clone() {
        delete.execute((integer(minute), series.start, series.end))?;
    }
    Ok(())
}

fn hot_rows(
    transaction: &Transaction<'_>,
    minutes: &Range<u64>,
    series: &Range<i64>,
) -> rusqlite::Result<BTreeMap<i64, HalfHour>> {
    let mut select = transaction.prepare_cached(
        "SELECT series_id, count, request_bytes, response_bytes, duration, ttfb FROM minutes
         WHERE minute = ?1 AND series_id >= ?2 AND series_id < ?3",
    )?;
    let mut found = BTreeMap::<i64, HalfHour>::new();
    for minute in minutes.clone() {
        let mut rows = select.query((integer(minute), series.start, series.end))?;
        while let Some(row) = rows.next()? {
            let series_id = row.get(0)?;
            let sum = found.entry(series_id).or_default().minute(minute);
            if add_row(sum, row)?.is_err() {
                // The counts are kept: damage must not stop what comes after it.
                tracing::error!(minute, series_id, "a stored histogram is damaged and left out");
            }
        }
    }
    Ok(found)
}

fn add_row(sum: &mut Sum, row: &Row<'_>) -> rusqlite::Result<Result<(), Damaged>> {
    let number = |column| row.get::<_, i64>(column).map(i64::unsigned_abs);
    sum.add_counts(number(1)?, number(2)?, number(3)?);
    let (duration, ttfb) = (row.get_ref(4)?.as_blob()?, row.get_ref(5)?.as_blob()?);
    Ok(sum.duration.merge_sparse(duration).and_then(|()| sum.ttfb.merge_sparse(ttfb)))
}

fn add_to_pack(
    transaction: &Transaction<'_>,
    series_id: i64,
    minute: u64,
    half_hour: &HalfHour,
) -> rusqlite::Result<()> {
    let key = key(series_id, minute / WINDOW);
    let stored = row(transaction, "SELECT minutes FROM packs WHERE key = ?1", key)?;
    let added = stored.as_deref().map(|stored| {
        let pack = Pack::open(stored)?;
        let mut whole = pack.half_hour(minute)?;
        whole.merge(half_hour);
        Ok::<_, Damaged>(pack.row_with(minute, &whole.to_bytes()))
    });
    let row = match added {
        Some(Ok(row)) => row,
        found => {
            if found.is_some() {
                set_aside(transaction, "packs", key)?;
            }
            Pack::default().row_with(minute, &half_hour.to_bytes())
        }
    };
    transaction
        .prepare_cached("INSERT OR REPLACE INTO packs VALUES (?1, ?2)")?
        .execute((key, row))
        .map(drop)
}

fn add_to_sums(
    transaction: &Transaction<'_>,
    series_id: i64,
    minute: u64,
    total: &Sum,
) -> rusqlite::Result<()> {
    let key = key(series_id, minute / DAY);
    let stored = row(transaction, "SELECT sums FROM sums WHERE key = ?1", key)?;
    let stored = stored.as_deref().map(|stored| DaySums::open(stored)?.row_plus(minute, total));
    let row = match stored {
        Some(Ok(row)) => row,
        found => {
            if found.is_some() {
                set_aside(transaction, "sums", key)?;
            }
            DaySums::default().row_plus(minute, total).unwrap_or_default()
        }
    };
    transaction
        .prepare_cached("INSERT OR REPLACE INTO sums VALUES (?1, ?2)")?
        .execute((key, row))
        .map(drop)
}

fn row(transaction: &Transaction<'_>, select: &str, key: i64) -> rusqlite::Result<Option<Vec<u8>>> {
    transaction.prepare_cached(select)?.query_row([key], |row| row.get(0)).optional()
}

/// A damaged row makes room for what comes, and is kept, and named in every answer that lacks it.
fn set_aside(transaction: &Transaction<'_>, what: &str, key: i64) -> rusqlite::Result<()> {
    tracing::error!(what, key, "packed roll-ups are damaged; they are set aside and begun anew");
    let column = if what == "packs" { "minutes" } else { "sums" };
    let copy = format!(
        "INSERT OR IGNORE INTO damaged SELECT '{what}', key, {column} FROM {what} WHERE key = ?1"
    );
    transaction.execute(&copy, [key]).map(drop)
}

/// The last day on which a series was seen only grows.
fn seen(transaction: &Transaction<'_>, series_id: i64, day: u64) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("UPDATE series SET last_day = ?2 WHERE series_id = ?1 AND last_day < ?2")?
        .execute((series_id, integer(day)))
        .map(drop)
}
