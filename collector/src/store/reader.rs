//! The reading end of the store: roll-ups and drops.
//! It never writes: its connections are read-only, and each lives for one question.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use egret::minute::{Cell, Histogram, MINUTE_NS};
use egret::record::Kind;
use rusqlite::{Connection, OptionalExtension, Row};

use super::blocks::{BlockFilter, DayFilesBlocks};
use super::data_dir::meta_path;
use super::schema::{META, OpenError};
use super::size::{self, StoreSize};
use super::sums::integer;
use super::{Blocks, History, instances};
use crate::model::{Instance, Position, Sighting};

/// What the store could not answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("cannot open a file of the store")]
    Open(#[from] OpenError),
    #[error("cannot read from the store")]
    Sqlite(#[from] rusqlite::Error),
    #[error("cannot list the store's files")]
    List(#[from] std::io::Error),
    #[error("a roll-up in the store is damaged")]
    Damaged,
}

/// Which roll-ups are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SummaryFilter {
    /// The first minute.
    pub(crate) from_minute: u64,
    /// The minute after the last.
    pub(crate) to_minute: u64,
    pub(crate) service: Option<String>,
    pub(crate) kind: Option<Kind>,
}

/// One series over all minutes that were asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SeriesTotal {
    pub(crate) kind: Kind,
    pub(crate) target: String,
    pub(crate) method: String,
    pub(crate) host: String,
    pub(crate) template: String,
    pub(crate) status: Option<u16>,
    pub(crate) error_type: String,
    /// Empty when not told.
    pub(crate) consumer: String,
    /// The first and the last minute that has a call.
    pub(crate) seen: (u64, u64),
    /// Without its times to the first byte: nobody asks for them yet.
    pub(crate) cell: Cell,
}

/// Opens the store's files to read.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    dir: Arc<Path>,
}

impl Reader {
    /// Reads the store in a directory.
    pub(crate) fn new(dir: PathBuf) -> Self {
        Self { dir: dir.into() }
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Up to where the queue is stored.
    pub(crate) fn queue_position(&self) -> Result<Position, ReadError> {
        let Some(connection) = self.meta()? else {
            return Ok(Position::default());
        };
        // A file of an earlier version has no such table until a collector opens it.
        if !connection.table_exists(None, "queue")? {
            return Ok(Position::default());
        }
        let mut select = connection.prepare("SELECT position FROM queue")?;
        let found: Option<i64> = select.query_row([], |row| row.get(0)).optional()?;
        Ok(Position(found.map_or(0, i64::unsigned_abs)))
    }

    fn meta(&self) -> Result<Option<Connection>, OpenError> {
        META.open_readable(&meta_path(&self.dir))
    }
}

impl History for Reader {
    fn totals(&self, filter: &SummaryFilter) -> Result<Vec<SeriesTotal>, ReadError> {
        let Some(connection) = self.meta()? else {
            return Ok(Vec::new());
        };
        // One snapshot for both questions, so that no series is removed in between.
        let connection = connection.unchecked_transaction()?;
        let cells = cells(&connection, filter)?;
        let mut select = connection.prepare(
            "SELECT kind, target, method, host, template, status, error_type, consumer
             FROM series WHERE series_id = ?1",
        )?;
        let mut totals = Vec::with_capacity(cells.len());
        for (series_id, (seen, cell)) in cells {
            totals.push(select.query_row([series_id], |row| series_total(row, seen, cell))?);
        }
        Ok(totals)
    }

    fn drops(&self, filter: &SummaryFilter) -> Result<BTreeMap<String, u64>, ReadError> {
        let Some(connection) = self.meta()? else {
            return Ok(BTreeMap::new());
        };
        let mut select = connection.prepare(
            "SELECT reason, count FROM drops
             WHERE minute >= ?1 AND minute < ?2 AND (?3 IS NULL OR service = ?3)",
        )?;
        let (from, to) = (integer(filter.from_minute), integer(filter.to_minute));
        let mut rows = select.query((from, to, &filter.service))?;
        let mut drops = BTreeMap::<String, u64>::new();
        while let Some(row) = rows.next()? {
            let sum = drops.entry(row.get(0)?).or_default();
            *sum = sum.saturating_add(unsigned(row, 1)?);
        }
        Ok(drops)
    }

    fn drops_of_services(
        &self,
        filter: &SummaryFilter,
    ) -> Result<BTreeMap<String, BTreeMap<String, u64>>, ReadError> {
        let Some(connection) = self.meta()? else {
            return Ok(BTreeMap::new());
        };
        let mut select = connection.prepare(
            "SELECT service, reason, count FROM drops WHERE minute >= ?1 AND minute < ?2",
        )?;
        let mut rows = select.query((integer(filter.from_minute), integer(filter.to_minute)))?;
        let mut drops = BTreeMap::<String, BTreeMap<String, u64>>::new();
        while let Some(row) = rows.next()? {
            let sum = drops.entry(row.get(0)?).or_default().entry(row.get(1)?).or_default();
            *sum = sum.saturating_add(unsigned(row, 2)?);
        }
        Ok(drops)
    }

    fn instances(&self, service: Option<&str>) -> Result<Vec<(Instance, Sighting)>, ReadError> {
        match self.meta()? {
            Some(connection) => instances::read(&connection, service),
            None => Ok(Vec::new()),
        }
    }

    fn size(&self) -> Result<StoreSize, ReadError> {
        Ok(size::size(&self.dir)?)
    }

    fn blocks(&self, filter: BlockFilter) -> Result<Box<dyn Blocks>, ReadError> {
        Ok(Box::new(DayFilesBlocks::open(self, filter)?))
    }
}

impl SummaryFilter {
    /// Everything in the minutes that touch a range of unix nanoseconds.
    pub(crate) fn touching(from_ns: u64, to_ns: u64) -> Self {
        Self {
            from_minute: from_ns / MINUTE_NS,
            to_minute: to_ns.div_ceil(MINUTE_NS),
            service: None,
            kind: None,
        }
    }
}

/// The sum of each series, and its first and last minute.
type Cells = HashMap<i64, ((u64, u64), Cell)>;

fn cells(connection: &Connection, filter: &SummaryFilter) -> Result<Cells, ReadError> {
    let mut select = connection.prepare(
        "SELECT m.series_id, m.count, m.request_bytes, m.response_bytes, m.duration,
                m.minute
         FROM minutes m JOIN series s ON s.series_id = m.series_id
         WHERE m.minute >= ?1 AND m.minute < ?2
           AND (?3 IS NULL OR s.service = ?3) AND (?4 IS NULL OR s.kind = ?4)",
    )?;
    let mut rows = select.query((
        integer(filter.from_minute),
        integer(filter.to_minute),
        &filter.service,
        filter.kind.map(Kind::as_str),
    ))?;
    let mut cells = Cells::new();
    while let Some(row) = rows.next()? {
        let duration = row.get_ref(4)?.as_blob().map_err(|_| ReadError::Damaged)?;
        let minute = unsigned(row, 5)?;
        let (seen, cell) =
            cells.entry(row.get(0)?).or_insert_with(|| ((minute, minute), Cell::default()));
        *seen = (seen.0.min(minute), seen.1.max(minute));
        cell.merge(&Cell {
            count: unsigned(row, 1)?,
            request_bytes: unsigned(row, 2)?,
            response_bytes: unsigned(row, 3)?,
            duration: Histogram::read(duration).ok_or(ReadError::Damaged)?,
            ttfb: Histogram::default(),
        });
    }
    Ok(cells)
}

fn series_total(row: &Row<'_>, seen: (u64, u64), cell: Cell) -> rusqlite::Result<SeriesTotal> {
    let kind: String = row.get(0)?;
    let status: u16 = row.get(5)?;
    Ok(SeriesTotal {
        // A later collector may have written a kind that is not known here.
        kind: Kind::from_word(&kind).unwrap_or(Kind::Manual),
        target: row.get(1)?,
        method: row.get(2)?,
        host: row.get(3)?,
        template: row.get(4)?,
        status: (status > 0).then_some(status),
        error_type: row.get(6)?,
        consumer: row.get(7)?,
        seen,
        cell,
    })
}

fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::unsigned_abs)
}
