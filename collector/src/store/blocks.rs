//! Batches that may hold calls of interest, newest first, over the files of all days.
//! It never reads a batch's bytes to decide: the outlines beside them suffice.

use std::collections::VecDeque;

use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

use super::Blocks;
use super::data_dir::{day_path, days};
use super::reader::{ReadError, Reader};
use super::schema::DAY;
use super::sums::integer;
use crate::model::TimeRange;

/// Places that are read from a file at once.
const CHUNK: i64 = 64;

/// What a block must be able to hold.
#[derive(Debug, Clone)]
pub(crate) struct BlockFilter {
    /// Starts of calls.
    pub(crate) range: TimeRange,
    pub(crate) host: Option<String>,
    /// Any of these bits of [`crate::model::StatusClass`].
    pub(crate) statuses: Option<i64>,
    /// Any of these bits of [`crate::rollup::outcome_bit`].
    pub(crate) outcomes: Option<i64>,
}

/// Where a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct BlockRef {
    pub(crate) batch_id: Uuid,
    /// The latest start in it.
    start_max_ns: u64,
    /// Index of its file.
    file: usize,
}

/// The blocks that are left to look at.
#[derive(Debug)]
pub(super) struct DayFilesBlocks {
    filter: BlockFilter,
    /// The host between newlines, as the files keep hosts.
    host: Option<String>,
    files: Vec<DayBlocks>,
}

#[derive(Debug)]
struct DayBlocks {
    connection: Connection,
    /// Places that were read ahead.
    ahead: VecDeque<(u64, Uuid)>,
    /// The place after which the next chunk begins; `None` when there is no further chunk.
    resume: Option<(i64, Vec<u8>)>,
}

impl DayFilesBlocks {
    /// All blocks that pass the filter.
    pub(super) fn open(reader: &Reader, filter: BlockFilter) -> Result<Self, ReadError> {
        let mut files = Vec::new();
        for day in days(reader.dir())? {
            // A file may go between the listing and here; then its calls are gone too.
            if let Some(connection) = DAY.open_readable(&day_path(reader.dir(), day))? {
                files.push(DayBlocks {
                    connection,
                    ahead: VecDeque::new(),
                    // Beyond the largest id there can be, which has 16 bytes.
                    resume: Some((i64::MAX, vec![0xff; 17])),
                });
            }
        }
        let host = filter.host.as_ref().map(|host| format!("\n{host}\n"));
        Ok(Self { filter, host, files })
    }

    fn read_ahead(&mut self, file: usize) -> Result<(), ReadError> {
        let filter = &self.filter;
        let file = &mut self.files[file];
        if !file.ahead.is_empty() {
            return Ok(());
        }
        let Some((last_max_ns, last_id)) = file.resume.take() else {
            return Ok(());
        };
        let mut select = file.connection.prepare_cached(
            "SELECT start_max_ns, batch_id FROM blocks
             WHERE (start_max_ns, batch_id) < (?1, ?2)
               AND start_max_ns >= ?3 AND start_min_ns <= ?4
               AND (?5 IS NULL OR statuses & ?5) AND (?6 IS NULL OR outcomes & ?6)
               AND (?7 IS NULL OR hosts IS NULL OR instr(hosts, ?7))
             ORDER BY start_max_ns DESC, batch_id DESC LIMIT ?8",
        )?;
        let mut rows = select.query((
            last_max_ns,
            last_id,
            integer(filter.range.from_ns),
            integer(filter.range.to_ns.saturating_sub(1)),
            filter.statuses,
            filter.outcomes,
            &self.host,
            CHUNK,
        ))?;
        let mut n_read = 0;
        while let Some(row) = rows.next()? {
            let (start_max_ns, id): (i64, [u8; 16]) = (row.get(0)?, row.get(1)?);
            n_read += 1;
            file.resume = Some((start_max_ns, id.to_vec()));
            let start_max_ns = start_max_ns.unsigned_abs();
            file.ahead.push_back((start_max_ns, Uuid::from_bytes(id)));
        }
        if n_read < CHUNK {
            file.resume = None;
        }
        Ok(())
    }
}

impl Blocks for DayFilesBlocks {
    fn next(&mut self, not_before_ns: u64) -> Result<Option<BlockRef>, ReadError> {
        let mut best: Option<BlockRef> = None;
        for file in 0..self.files.len() {
            self.read_ahead(file)?;
            if let Some(&(start_max_ns, batch_id)) = self.files[file].ahead.front() {
                let is_better = best.is_none_or(|best| start_max_ns > best.start_max_ns);
                if is_better && start_max_ns >= not_before_ns {
                    best = Some(BlockRef { batch_id, start_max_ns, file });
                }
            }
        }
        if let Some(best) = best {
            self.files[best.file].ahead.pop_front();
        }
        Ok(best)
    }

    fn bytes(&self, block: &BlockRef) -> Result<Option<Vec<u8>>, ReadError> {
        let Some(file) = self.files.get(block.file) else {
            return Ok(None);
        };
        let mut select =
            file.connection.prepare_cached("SELECT batch FROM blocks WHERE batch_id = ?1")?;
        let bytes = select.query_row([block.batch_id.as_bytes()], |row| row.get(0));
        Ok(bytes.optional()?)
    }
}
