//! The reading end of the store: roll-ups and drops.
//! It never writes: its connections are read-only, and each lives for one question.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use egret::minute::MINUTE_NS;
use rusqlite::{Connection, OptionalExtension, Row};

use super::blocks::{BlockFilter, DayFilesBlocks};
use super::data_dir::meta_path;
use super::fold::{self, Folded, Question, Series, SeriesFilter};
use super::packed::Damaged;
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
    #[error(
        "an earlier collector wrote the store; start this one once with the same data directory, \
         which brings it up to date"
    )]
    Older,
}

/// Which roll-ups are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SummaryFilter {
    /// The first minute.
    pub(crate) from_minute: u64,
    /// The minute after the last.
    pub(crate) to_minute: u64,
    pub(crate) series: SeriesFilter,
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
    fn fold(
        &self,
        question: &Question,
        group_of: &mut dyn FnMut(&Series) -> Option<usize>,
    ) -> Result<Folded, ReadError> {
        let Some(connection) = self.meta()? else {
            let Question { from_minute, to_minute, step_minutes, .. } = *question;
            return Ok(Folded { from_minute, to_minute, step_minutes, ..Folded::default() });
        };
        if !connection.table_exists(None, "packs")? {
            return Err(ReadError::Older);
        }
        // One snapshot for everything, so that nothing is moved in between.
        let connection = connection.unchecked_transaction()?;
        fold::fold(&connection, question, group_of)
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
        let mut rows = select.query((from, to, &filter.series.service))?;
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

    fn overflows(&self, filter: &SummaryFilter) -> Result<u64, ReadError> {
        let Some(connection) = self.meta()? else {
            return Ok(0);
        };
        let mut select = connection.prepare(
            "SELECT coalesce(sum(n_series), 0) FROM overflows
             WHERE minute >= ?1 AND minute < ?2 AND (?3 IS NULL OR service = ?3)",
        )?;
        let (from, to) = (integer(filter.from_minute), integer(filter.to_minute));
        let n_series = (from, to, &filter.series.service);
        Ok(select.query_row(n_series, |row| unsigned(row, 0))?)
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
            series: SeriesFilter::default(),
        }
    }
}

impl From<Damaged> for ReadError {
    fn from(_: Damaged) -> Self {
        Self::Damaged
    }
}

pub(super) fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::unsigned_abs)
}
