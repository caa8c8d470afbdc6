//! Blocks that may hold calls of interest, newest first, over the files of all days.
//! It never reads a block's bytes to decide: the outlines and filters beside them suffice.

use std::collections::VecDeque;

use rusqlite::{Connection, OptionalExtension, Row, named_params};
use uuid::Uuid;

use super::Blocks;
use super::candidates::Candidates;
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
    /// Any of these bits of [`crate::rollup::kind_bit`].
    pub(crate) kinds: Option<i64>,
    pub(crate) template: Option<String>,
    pub(crate) service: Option<String>,
    pub(crate) environment: Option<String>,
    /// A call that takes at least so long.
    pub(crate) total_min_ns: Option<u64>,
    /// A call that counts as an error.
    pub(crate) has_errors: Option<bool>,
    /// A call that came in this batch.
    pub(crate) batch_id: Option<Uuid>,
    /// All of these call and trace ids.
    pub(crate) ids: Vec<[u8; 16]>,
    /// A path with this text in it.
    pub(crate) text: Option<String>,
}

impl BlockFilter {
    /// Whatever began in a range.
    pub(crate) fn within(range: TimeRange) -> Self {
        Self {
            range,
            host: None,
            statuses: None,
            outcomes: None,
            kinds: None,
            template: None,
            service: None,
            environment: None,
            total_min_ns: None,
            has_errors: None,
            batch_id: None,
            ids: Vec::new(),
            text: None,
        }
    }
}

/// Where a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct BlockRef {
    /// Its own id: of a regrouped one it is no id that a client gave.
    pub(crate) batch_id: Uuid,
    pub(crate) kind: BlockKind,
    /// The latest start in it.
    start_max_ns: u64,
    /// Index of its file.
    file: usize,
}

/// Where a block's calls came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum BlockKind {
    /// It is a batch as a client sent it.
    Received,
    /// Calls of many batches, which say their origins.
    Regrouped,
}

/// The blocks that are left to look at.
#[derive(Debug)]
pub(super) struct DayFilesBlocks {
    filter: BlockFilter,
    /// In pairs with the same connection: what was received, and what is regrouped.
    streams: Vec<Stream>,
    files: Vec<Connection>,
}

/// One table of one file.
#[derive(Debug)]
struct Stream {
    file: usize,
    kind: BlockKind,
    /// Places that were read ahead.
    ahead: VecDeque<(u64, Uuid)>,
    /// The place after which the next chunk begins; `None` when there is no further chunk.
    resume: Option<(i64, Vec<u8>)>,
    /// Of a regrouped one: which blocks of its slices the filters leave.
    candidates: Candidates,
}

impl DayFilesBlocks {
    /// All blocks that pass the filter.
    pub(super) fn open(reader: &Reader, filter: BlockFilter) -> Result<Self, ReadError> {
        let (mut files, mut streams) = (Vec::new(), Vec::new());
        for day in days(reader.dir())? {
            // A file may go between the listing and here; then its calls are gone too.
            let Some(connection) = DAY.open_readable(&day_path(reader.dir(), day))? else {
                continue;
            };
            // One view of the file for the whole question: a call that is regrouped meanwhile is
            // neither missed nor found twice.
            connection.execute_batch("BEGIN")?;
            let file = files.len();
            streams.push(Stream::new(file, BlockKind::Received, &filter));
            // A file of version 1 has none, until it is written to.
            if connection.table_exists(None, "regrouped")? {
                streams.push(Stream::new(file, BlockKind::Regrouped, &filter));
            }
            files.push(connection);
        }
        Ok(Self { filter, streams, files })
    }
}

impl Stream {
    fn new(file: usize, kind: BlockKind, filter: &BlockFilter) -> Self {
        Self {
            file,
            kind,
            ahead: VecDeque::new(),
            // Beyond the largest id there can be, which has 16 bytes.
            resume: Some((i64::MAX, vec![0xff; 17])),
            candidates: Candidates::new(filter),
        }
    }

    /// Sees to it that the next place is known, if there is one.
    fn read_ahead(&mut self, file: &Connection, filter: &BlockFilter) -> Result<(), ReadError> {
        while self.ahead.is_empty()
            && let Some((last_max_ns, last_id)) = self.resume.take()
        {
            let places = match self.kind {
                BlockKind::Received => received(file, filter, last_max_ns, &last_id)?,
                BlockKind::Regrouped => regrouped(file, filter, last_max_ns, &last_id)?,
            };
            if places.len() as i64 == CHUNK
                && let Some(last) = places.last()
            {
                self.resume = Some((last.start_max_ns, last.batch_id.as_bytes().to_vec()));
            }
            for Place { start_max_ns, batch_id, in_slice } in places {
                let may_hold = match in_slice {
                    None => true,
                    Some((slice_id, place)) => self.candidates.has(file, slice_id, place)?,
                };
                if may_hold {
                    self.ahead.push_back((start_max_ns.unsigned_abs(), batch_id));
                }
            }
        }
        Ok(())
    }
}

impl Blocks for DayFilesBlocks {
    fn next(&mut self, not_before_ns: u64) -> Result<Option<BlockRef>, ReadError> {
        let mut best: Option<(usize, BlockRef)> = None;
        for (n, stream) in self.streams.iter_mut().enumerate() {
            stream.read_ahead(&self.files[stream.file], &self.filter)?;
            if let Some(&(start_max_ns, batch_id)) = stream.ahead.front() {
                let is_better = best.is_none_or(|(_, best)| start_max_ns > best.start_max_ns);
                if is_better && start_max_ns >= not_before_ns {
                    let (kind, file) = (stream.kind, stream.file);
                    best = Some((n, BlockRef { batch_id, kind, start_max_ns, file }));
                }
            }
        }
        if let Some((n, _)) = best {
            self.streams[n].ahead.pop_front();
        }
        Ok(best.map(|(_, block)| block))
    }

    fn bytes(&self, block: &BlockRef) -> Result<Option<Vec<u8>>, ReadError> {
        let Some(file) = self.files.get(block.file) else {
            return Ok(None);
        };
        let mut select = file.prepare_cached(match block.kind {
            BlockKind::Received => "SELECT batch FROM blocks WHERE batch_id = ?1",
            BlockKind::Regrouped => "SELECT batch FROM regrouped WHERE batch_id = ?1",
        })?;
        let bytes = select.query_row([block.batch_id.as_bytes()], |row| row.get(0));
        Ok(bytes.optional()?)
    }
}

/// A block that its outline does not rule out.
struct Place {
    start_max_ns: i64,
    batch_id: Uuid,
    /// Its slice, and its place there.
    in_slice: Option<(i64, usize)>,
}

/// The next chunk of what was received. Only batches with calls of interest are opened: of their
/// templates, senders and ids nothing stands beside them, so that receiving costs no more.
fn received(
    file: &Connection,
    filter: &BlockFilter,
    last_max_ns: i64,
    last_id: &[u8],
) -> rusqlite::Result<Vec<Place>> {
    let mut select = file.prepare_cached(
        "SELECT start_max_ns, batch_id, NULL, NULL FROM blocks
         WHERE (start_max_ns, batch_id) < (:last_max_ns, :last_id)
           AND start_max_ns >= :from_ns AND start_min_ns <= :to_ns
           AND (:statuses IS NULL OR statuses & :statuses)
           AND (:outcomes IS NULL OR outcomes & :outcomes)
           AND (:host IS NULL OR hosts IS NULL OR instr(hosts, :host))
           AND (:batch_id IS NULL OR batch_id = :batch_id)
         ORDER BY start_max_ns DESC, batch_id DESC LIMIT :chunk",
    )?;
    let places = select.query_map(
        named_params! {
            ":last_max_ns": last_max_ns,
            ":last_id": last_id,
            ":from_ns": integer(filter.range.from_ns),
            ":to_ns": integer(filter.range.to_ns.saturating_sub(1)),
            ":statuses": filter.statuses,
            ":outcomes": filter.outcomes,
            ":host": line(&filter.host),
            ":batch_id": filter.batch_id.map(Uuid::into_bytes),
            ":chunk": CHUNK,
        },
        place,
    )?;
    places.collect()
}

/// The next chunk of what is regrouped.
fn regrouped(
    file: &Connection,
    filter: &BlockFilter,
    last_max_ns: i64,
    last_id: &[u8],
) -> rusqlite::Result<Vec<Place>> {
    let mut select = file.prepare_cached(
        "SELECT start_max_ns, batch_id, slice_id, place FROM regrouped
         WHERE (start_max_ns, batch_id) < (:last_max_ns, :last_id)
           AND start_max_ns >= :from_ns AND start_min_ns <= :to_ns
           AND (:statuses IS NULL OR statuses & :statuses)
           AND (:outcomes IS NULL OR outcomes & :outcomes)
           AND (:kinds IS NULL OR kinds & :kinds)
           AND (:has_errors IS NULL OR has_errors >= :has_errors)
           AND (:total_min_ns IS NULL OR total_max_ns >= :total_min_ns)
           AND (:host IS NULL OR hosts IS NULL OR instr(hosts, :host))
           AND (:template IS NULL OR templates IS NULL OR instr(templates, :template))
           AND (:service IS NULL OR services IS NULL OR instr(services, :service))
           AND (:environment IS NULL OR environments IS NULL OR instr(environments, :environment))
         ORDER BY start_max_ns DESC, batch_id DESC LIMIT :chunk",
    )?;
    let places = select.query_map(
        named_params! {
            ":last_max_ns": last_max_ns,
            ":last_id": last_id,
            ":from_ns": integer(filter.range.from_ns),
            ":to_ns": integer(filter.range.to_ns.saturating_sub(1)),
            ":statuses": filter.statuses,
            ":outcomes": filter.outcomes,
            ":kinds": filter.kinds,
            ":has_errors": filter.has_errors,
            ":total_min_ns": filter.total_min_ns.map(integer),
            ":host": line(&filter.host),
            ":template": line(&filter.template),
            ":service": line(&filter.service),
            ":environment": line(&filter.environment),
            ":chunk": CHUNK,
        },
        place,
    )?;
    places.collect()
}

fn place(row: &Row<'_>) -> rusqlite::Result<Place> {
    let (slice_id, place): (Option<i64>, Option<i64>) = (row.get(2)?, row.get(3)?);
    let place = place.and_then(|place| usize::try_from(place).ok());
    let in_slice = slice_id.map(|slice_id| (slice_id, place.unwrap_or(usize::MAX)));
    Ok(Place { start_max_ns: row.get(0)?, batch_id: Uuid::from_bytes(row.get(1)?), in_slice })
}

/// A text between newlines, as the files keep sets of texts.
fn line(text: &Option<String>) -> Option<String> {
    text.as_ref().map(|text| format!("\n{text}\n"))
}
