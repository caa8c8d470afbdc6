//! The log of hits, in `meta.db`: what each commit brought, until every handler is past it.
//! It never grows without bound: beyond it the oldest go, and it says how many hits went with them.

use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

use super::data_dir::meta_path;
use super::schema::META;
use super::sums::integer;
use super::{ReadError, Reader};
use crate::model::{Hit, HitCounts};

/// Most entries, and about the most bytes, that are read at once.
const MAX_ENTRIES: i64 = 1_000;
const MAX_BYTES: usize = 4 << 20;

/// What is to be kept of the log from a commit on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LogBounds {
    /// Every handler is past this entry.
    pub(crate) handled: u64,
    /// Beyond so many bytes the oldest entries go.
    pub(crate) n_bytes: u64,
}

impl Default for LogBounds {
    fn default() -> Self {
        Self { handled: 0, n_bytes: u64::MAX }
    }
}

/// The log as the writer knows it.
#[derive(Debug)]
pub(super) struct HitsLog {
    /// What is in it.
    n_bytes: u64,
    /// Up to here it was trimmed.
    trimmed: u64,
}

/// Entries of the log, read together.
#[derive(Debug, Clone, Default)]
pub(crate) struct LoggedHits {
    /// Number of the first and the last entry; entries have numbers without gaps.
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) counts: HitCounts,
}

impl HitsLog {
    pub(super) fn open(connection: &Connection) -> rusqlite::Result<Self> {
        connection.execute(
            "INSERT OR IGNORE INTO hits_log_id VALUES (0, ?1)",
            [Uuid::now_v7().as_bytes()],
        )?;
        let n_bytes: i64 =
            connection.query_row("SELECT coalesce(sum(n_bytes), 0) FROM hits_log", [], |row| {
                row.get(0)
            })?;
        Ok(Self { n_bytes: n_bytes.unsigned_abs(), trimmed: 0 })
    }

    /// Adds an entry and trims, inside the caller's transaction. Returns what the log is once that
    /// is committed.
    pub(super) fn write(
        &self,
        connection: &Connection,
        counts: &HitCounts,
        bounds: LogBounds,
    ) -> rusqlite::Result<Self> {
        let mut n_bytes = self.n_bytes;
        if !counts.is_empty() {
            let entries: Vec<(&Hit, u64)> = counts.iter().collect();
            // These types have a JSON form always.
            let hits = serde_json::to_string(&entries).unwrap_or_default();
            connection
                .prepare_cached("INSERT INTO hits_log (n_bytes, n_hits, hits) VALUES (?1, ?2, ?3)")?
                .execute((integer(hits.len() as u64), integer(counts.n_hits()), &hits))?;
            n_bytes += hits.len() as u64;
        }
        let mut trimmed = self.trimmed;
        if bounds.handled > trimmed {
            n_bytes = n_bytes.saturating_sub(sum(connection, bounds.handled)?.0);
            delete(connection, bounds.handled)?;
            trimmed = bounds.handled;
        }
        if n_bytes > bounds.n_bytes {
            n_bytes -= drop_oldest(connection, n_bytes - bounds.n_bytes)?.min(n_bytes);
        }
        Ok(Self { n_bytes, trimmed })
    }
}

/// Removes the oldest entries until so many bytes are gone; how many are.
fn drop_oldest(connection: &Connection, n_bytes: u64) -> rusqlite::Result<u64> {
    let mut select =
        connection.prepare_cached("SELECT sequence, n_bytes FROM hits_log ORDER BY sequence")?;
    let mut rows = select.query([])?;
    let (mut last, mut n_found) = (0, 0);
    while let Some(row) = rows.next()? {
        last = row.get::<_, i64>(0)?.unsigned_abs();
        n_found += row.get::<_, i64>(1)?.unsigned_abs();
        if n_found >= n_bytes {
            break;
        }
    }
    drop(rows);
    let (n_gone, n_hits) = sum(connection, last)?;
    delete(connection, last)?;
    tracing::error!(
        n_hits,
        "the log of hits is full and its oldest were removed; some handler is behind and will \
         never count them; see hits_log_bytes"
    );
    Ok(n_gone)
}

/// Bytes and hits up to an entry.
fn sum(connection: &Connection, last: u64) -> rusqlite::Result<(u64, u64)> {
    let mut select = connection.prepare_cached(
        "SELECT coalesce(sum(n_bytes), 0), coalesce(sum(n_hits), 0) FROM hits_log
         WHERE sequence <= ?1",
    )?;
    let number = |row: &rusqlite::Row<'_>, column| row.get::<_, i64>(column).map(i64::unsigned_abs);
    select.query_row([integer(last)], |row| Ok((number(row, 0)?, number(row, 1)?)))
}

fn delete(connection: &Connection, last: u64) -> rusqlite::Result<usize> {
    connection.prepare_cached("DELETE FROM hits_log WHERE sequence <= ?1")?.execute([integer(last)])
}

impl Reader {
    /// What tells this log from any other, and the number of its last entry, 0 before the first.
    pub(crate) fn hits_log(&self) -> Result<(Uuid, u64), ReadError> {
        let Some(connection) = META.open_readable(&meta_path(self.dir()))? else {
            return Ok((Uuid::nil(), 0));
        };
        let id = connection
            .query_row("SELECT id FROM hits_log_id", [], |row| row.get(0).map(Uuid::from_bytes))
            .optional()?;
        let last: Option<i64> = connection
            .query_row("SELECT seq FROM sqlite_sequence WHERE name = 'hits_log'", [], |row| {
                row.get(0)
            })
            .optional()?;
        Ok((id.unwrap_or_default(), last.map_or(0, i64::unsigned_abs)))
    }

    /// What was logged after an entry, up to and with another: not all of it when it is much.
    pub(crate) fn hits_after(
        &self,
        sequence: u64,
        last: u64,
    ) -> Result<Option<LoggedHits>, ReadError> {
        let Some(connection) = META.open_readable(&meta_path(self.dir()))? else {
            return Ok(None);
        };
        let mut select = connection.prepare(
            "SELECT sequence, hits FROM hits_log WHERE sequence > ?1 AND sequence <= ?2
             ORDER BY sequence LIMIT ?3",
        )?;
        let mut rows = select.query((integer(sequence), integer(last), MAX_ENTRIES))?;
        let mut found: Option<LoggedHits> = None;
        let mut n_bytes = 0;
        while let Some(row) = rows.next()? {
            let number = row.get::<_, i64>(0)?.unsigned_abs();
            let text = row.get_ref(1)?.as_str().map_err(|_| ReadError::Damaged)?;
            n_bytes += text.len();
            if n_bytes > MAX_BYTES && found.is_some() {
                break;
            }
            let hits: Vec<(Hit, u64)> =
                serde_json::from_str(text).map_err(|_| ReadError::Damaged)?;
            let all =
                found.get_or_insert_with(|| LoggedHits { first: number, ..LoggedHits::default() });
            all.last = number;
            hits.into_iter().for_each(|(hit, n)| all.counts.insert(hit, n));
        }
        Ok(found)
    }
}
