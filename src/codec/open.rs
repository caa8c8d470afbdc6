//! Opens batches that may come from anyone.
//! Never trusts a length: sizes are checked against the limits before a byte is decompressed.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;
use uuid::Uuid;
use zstd::zstd_safe::DCtx;

use super::column::Beside;
use super::series::{self, ENDING, SERIES};
use super::sound::longest_if_sound;
use super::{CallColumn, Calls, Column, Encoding, MAGIC, READ_VERSIONS};
use crate::batch::{BatchMeta, Heartbeat, Resource, Startup};

/// How much of a batch is accepted. The defaults are a collector's for the open network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The whole batch as received. Defaults to 4 MiB.
    pub encoded_bytes: usize,
    /// The header. Defaults to 256 KiB.
    pub header_bytes: usize,
    /// A frame's window, as a power of two. Defaults to 23 (8 MiB).
    pub window_log: u32,
    /// All columns together, decompressed. Defaults to 32 MiB.
    pub decoded_bytes: usize,
    /// Rows of one table. Defaults to 100,000.
    pub rows: usize,
    /// Columns of all tables together. Defaults to 256.
    pub columns: usize,
    /// The texts of one call together. Defaults to 256 KiB. Checked by [`Batch::verify`] alone.
    pub record_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            encoded_bytes: 4 << 20,
            header_bytes: 256 << 10,
            window_log: 23,
            decoded_bytes: 32 << 20,
            rows: 100_000,
            columns: 256,
            record_bytes: 256 << 10,
        }
    }
}

/// Why a batch was refused, and where.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The first bytes are not `EGRT`.
    #[error("not an egret batch: it must begin with `EGRT`")]
    Magic,
    /// Written by another version of the format.
    #[error("format version {found} is not supported; this reader knows versions 1 and 2")]
    Version {
        /// The version that the batch claims.
        found: u8,
    },
    /// The batch ends before its header does.
    #[error("cut short: {length} bytes end inside the {part}")]
    CutShort {
        /// Bytes received.
        length: usize,
        /// What is incomplete.
        part: &'static str,
    },
    /// A bit is not what it was when the batch was written.
    #[error("damaged: the checksum does not match")]
    Checksum,
    /// The header is not the JSON that it should be.
    #[error("header: {0}")]
    Header(serde_json::Error),
    /// The header says what cannot be.
    #[error("directory: {0}")]
    Directory(String),
    /// Larger than the limits allow.
    #[error("too large: {what} of {found} exceeds the limit of {limit}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// How large it is.
        found: u64,
        /// How large it may be.
        limit: u64,
    },
    /// One call is larger than the limits allow.
    #[error("too large: call {row} has texts of {found} bytes, which exceeds the limit of {limit}")]
    RecordTooLarge {
        /// Which one, from 1.
        row: usize,
        /// How large it is.
        found: usize,
        /// How large it may be.
        limit: usize,
    },
    /// A column's bytes are not what its encoding asks for.
    #[error("column {table}.{column}: {problem}")]
    Column {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// [`BatchMeta`] and the tables side by side: flattened, every value would be made twice.
#[derive(Deserialize)]
struct Header {
    batch_id: Uuid,
    sequence: u64,
    #[serde(default)]
    resource: Resource,
    #[serde(default)]
    dropped: BTreeMap<String, u64>,
    #[serde(default)]
    calls_are_all: bool,
    #[serde(default)]
    startup: Option<Startup>,
    #[serde(default)]
    heartbeat: Option<Heartbeat>,
    tables: Vec<TableEntry>,
}

impl Header {
    fn split(self) -> (BatchMeta, Vec<TableEntry>) {
        let Self {
            batch_id,
            sequence,
            resource,
            dropped,
            calls_are_all,
            startup,
            heartbeat,
            tables,
        } = self;
        let meta =
            BatchMeta { batch_id, sequence, resource, dropped, calls_are_all, startup, heartbeat };
        (meta, tables)
    }
}

#[derive(Deserialize)]
struct TableEntry {
    name: String,
    rows: usize,
    columns: Vec<(String, String, usize, usize)>,
    #[serde(default)]
    shaped: BTreeMap<String, usize>,
}

/// An opened batch: header and directory are valid, columns are still compressed.
#[derive(Debug)]
pub struct Batch<'a> {
    meta: BatchMeta,
    tables: Vec<Table<'a>>,
    record_bytes: usize,
}

/// A table of an opened batch.
#[derive(Debug)]
pub struct Table<'a> {
    name: String,
    rows: usize,
    columns: Vec<Frame<'a>>,
    window_log: u32,
    /// Each row's series and ending, once a column has asked for them.
    groups: [OnceLock<Vec<u32>>; GROUPS.len()],
}

#[derive(Debug)]
struct Frame<'a> {
    name: String,
    /// `None` for an encoding of a later version: such a column is skipped.
    encoding: Option<Encoding>,
    decoded_bytes: usize,
    /// Bytes of its texts, where they are told by their shapes.
    n_shaped_bytes: usize,
    bytes: &'a [u8],
}

impl<'a> Batch<'a> {
    /// Checks everything but the columns' contents.
    ///
    /// # Errors
    /// When the bytes are no batch of this version, damaged, or beyond the limits.
    pub fn open(bytes: &'a [u8], limits: &Limits) -> Result<Self, DecodeError> {
        at_most("a batch in bytes", bytes.len(), limits.encoded_bytes)?;
        let (header, mut body) = split(bytes, limits)?;
        let header: Header = serde_json::from_slice(header).map_err(DecodeError::Header)?;
        let (meta, table_entries) = header.split();
        let entries = table_entries.iter().flat_map(|table| &table.columns);
        at_most("the number of columns", entries.clone().count(), limits.columns)?;
        let decoded = entries.fold(0usize, |sum, column| sum.saturating_add(column.2));
        let shaped = table_entries.iter().flat_map(|table| table.shaped.values());
        let decoded = shaped.fold(decoded, |sum, n_bytes| sum.saturating_add(*n_bytes));
        at_most("decompressed bytes", decoded, limits.decoded_bytes)?;
        let mut tables: Vec<Table<'a>> = Vec::new();
        for entry in table_entries {
            if tables.iter().any(|table| table.name == entry.name) {
                return Err(DecodeError::Directory(format!("table {:?} twice", entry.name)));
            }
            at_most("rows of a table", entry.rows, limits.rows)?;
            tables.push(Table::open(entry, &mut body, limits.window_log)?);
        }
        if !body.is_empty() {
            let problem = format!("{} bytes after the last column", body.len());
            return Err(DecodeError::Directory(problem));
        }
        Ok(Self { meta, tables, record_bytes: limits.record_bytes })
    }

    /// Identity, resource and drops.
    #[must_use]
    pub fn meta(&self) -> &BatchMeta {
        &self.meta
    }

    /// A table by its name.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&Table<'a>> {
        self.tables.iter().find(|table| table.name == name)
    }

    /// Bytes of all columns together, decompressed.
    #[must_use]
    pub fn decoded_bytes(&self) -> usize {
        let columns = self.tables.iter().flat_map(|table| &table.columns);
        let n_bytes =
            columns.map(|column| column.decoded_bytes.saturating_add(column.n_shaped_bytes));
        n_bytes.fold(0, usize::saturating_add)
    }

    /// Whether the batch has calls or roll-ups, each in columns and encodings that this reader
    /// knows, and nothing else: who writes it anew loses nothing.
    #[must_use]
    pub fn is_known_whole(&self) -> bool {
        self.tables.iter().all(|table| {
            let mut columns = table.columns.iter();
            columns.all(|frame| frame.encoding.is_some() && is_known(&table.name, &frame.name))
        })
    }

    /// The calls, with the columns that are asked for.
    ///
    /// # Errors
    /// When one of these columns is damaged or holds what cannot be.
    pub fn calls(&self, wanted: &[CallColumn]) -> Result<Calls, DecodeError> {
        match self.table("calls") {
            Some(table) => Calls::decode(table, wanted),
            None => Ok(Calls::default()),
        }
    }

    /// The same calls, with one column more.
    pub(super) fn with_call_column(
        &self,
        calls: Calls,
        wanted: CallColumn,
    ) -> Result<Calls, DecodeError> {
        match self.table("calls") {
            Some(table) => calls.with(table, wanted),
            None => Ok(calls),
        }
    }

    /// Checks every column of every table, so that whoever acknowledges the batch knows that it
    /// can be read.
    ///
    /// # Errors
    /// The first defect.
    pub fn verify(&self) -> Result<(), DecodeError> {
        self.verify_others(&Calls::default())?;
        super::read_minutes(self).map(drop)
    }

    /// Checks what the caller does not decode itself: all but the roll-ups and these columns of the
    /// calls. Most values are only told to be sound, which is cheaper than to have them.
    ///
    /// # Errors
    /// The first defect.
    pub fn verify_others(&self, decoded: &Calls) -> Result<(), DecodeError> {
        let mut longest = decoded.longest_texts();
        for table in &self.tables {
            let is_calls = table.name == "calls";
            for frame in &table.columns {
                match CallColumn::from_word(&frame.name).filter(|_| is_calls) {
                    Some(column) if decoded.column(column).is_some() => {}
                    Some(column) => {
                        longest = longest.saturating_add(table.verify_call(frame, column)?);
                    }
                    None if is_known(&table.name, &frame.name) && !is_calls => {}
                    None => drop(table.verify(frame)?),
                }
            }
        }
        let is_decoded = |column: &CallColumn| decoded.column(*column).is_some();
        let required: Vec<_> =
            CallColumn::REQUIRED.iter().copied().filter(|column| !is_decoded(column)).collect();
        self.calls(&required)?;
        // The longest texts of all columns bound every call; seldom has one to be looked at.
        if longest > self.record_bytes {
            self.calls(CallColumn::ALL)?.at_most(self.record_bytes)?;
        }
        Ok(())
    }
}

impl<'a> Table<'a> {
    fn open(
        mut entry: TableEntry,
        body: &mut &'a [u8],
        window_log: u32,
    ) -> Result<Self, DecodeError> {
        let mut columns: Vec<Frame<'a>> = Vec::with_capacity(entry.columns.len());
        for (name, encoding, decoded_bytes, encoded_bytes) in std::mem::take(&mut entry.columns) {
            if columns.iter().any(|column| column.name == name) {
                return Err(DecodeError::Directory(format!("column {name:?} twice")));
            }
            let Some((bytes, rest)) = body.split_at_checked(encoded_bytes) else {
                let problem = format!("column {name:?} reaches beyond the batch's end");
                return Err(DecodeError::Directory(problem));
            };
            *body = rest;
            let encoding = Encoding::from_word(&encoding);
            let n_shaped_bytes = entry.shaped.get(&name).copied().unwrap_or(0);
            columns.push(Frame { name, encoding, decoded_bytes, n_shaped_bytes, bytes });
        }
        let TableEntry { name, rows, .. } = entry;
        Ok(Self { name, rows, columns, window_log, groups: Default::default() })
    }

    /// Rows of this table.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    #[cfg(test)]
    pub(super) fn encodings(&self) -> Vec<Encoding> {
        self.columns.iter().filter_map(|frame| frame.encoding).collect()
    }

    /// Decodes one column; `None` when the batch has it not, or in an encoding of a later version.
    ///
    /// # Errors
    /// When its bytes are not what the directory says.
    pub fn column(&self, name: &str) -> Result<Option<Column>, DecodeError> {
        match self.columns.iter().find(|frame| frame.name == name) {
            Some(frame) => self.decode(frame),
            None => Ok(None),
        }
    }

    /// An error about one of this table's columns.
    pub(super) fn problem(&self, column: &str, problem: impl Into<String>) -> DecodeError {
        let (table, column) = (self.name.clone(), column.to_owned());
        DecodeError::Column { table, column, problem: problem.into() }
    }

    /// Bytes of the column's longest text.
    fn verify_call(&self, frame: &Frame<'_>, column: CallColumn) -> Result<usize, DecodeError> {
        if frame.encoding.is_some_and(|encoding| column.takes_any(encoding)) {
            return self.verify(frame);
        }
        let column = Calls::decode_column(self, column)?;
        Ok(column.map_or(0, |column| column.longest_text()))
    }

    /// Bytes of the column's longest text.
    fn verify(&self, frame: &Frame<'_>) -> Result<usize, DecodeError> {
        let Some(encoding) = frame.encoding else {
            return Ok(0);
        };
        let longest = SCRATCH.with_borrow_mut(|scratch| {
            decompress(frame, self.window_log, scratch)?;
            let longest = longest_if_sound(encoding, self.rows, scratch);
            scratch.clear();
            scratch.shrink_to(MAX_SCRATCH_BYTES);
            Ok(longest)
        });
        match longest.map_err(|problem: String| self.problem(&frame.name, problem))? {
            Some(longest) => Ok(longest),
            None => Ok(self.decode(frame)?.map_or(0, |column| column.longest_text())),
        }
    }

    fn decode(&self, frame: &Frame<'_>) -> Result<Option<Column>, DecodeError> {
        let Some(encoding) = frame.encoding else {
            return Ok(None);
        };
        let bytes = self.decompressed(frame)?;
        let beside = self.beside(frame, encoding)?;
        Column::decode(encoding, self.rows, bytes, &beside)
            .map(Some)
            .map_err(|problem| self.problem(&frame.name, problem))
    }

    fn decompressed(&self, frame: &Frame<'_>) -> Result<Vec<u8>, DecodeError> {
        let mut bytes = Vec::new();
        decompress(frame, self.window_log, &mut bytes)
            .map_err(|problem| self.problem(&frame.name, problem))?;
        Ok(bytes)
    }

    /// What the encoding needs to know beside the column's own bytes. What it is told over, and
    /// what stands for a template, needs nothing but series in its turn.
    fn beside(&self, frame: &Frame<'_>, encoding: Encoding) -> Result<Beside<'_>, DecodeError> {
        let mut beside = Beside { n_shaped_bytes: frame.n_shaped_bytes, ..Beside::default() };
        match encoding {
            Encoding::Series => beside.groups = self.groups(0)?,
            Encoding::Ending | Encoding::EndingVarint => beside.groups = self.groups(1)?,
            Encoding::SplitOver => {
                for (part, column) in beside.parts.iter_mut().zip(OVER) {
                    *part = self.column_of(column, &[Encoding::Split, Encoding::Varint])?;
                }
            }
            Encoding::Shaped => {
                let encodings = [Encoding::Series, Encoding::Dict];
                beside.template = self.column_of(CallColumn::Template, &encodings)?;
            }
            _ => {}
        }
        Ok(beside)
    }

    /// A column, if it is there in one of these encodings.
    fn column_of(
        &self,
        column: CallColumn,
        encodings: &[Encoding],
    ) -> Result<Option<Column>, DecodeError> {
        let frame = self.columns.iter().find(|frame| frame.name == column.as_str());
        match frame.filter(|frame| frame.encoding.is_some_and(|e| encodings.contains(&e))) {
            Some(frame) => self.decode(frame),
            None => Ok(None),
        }
    }

    /// Each row's series or ending; `None` when the table does not say.
    fn groups(&self, place: usize) -> Result<Option<&[u32]>, DecodeError> {
        let (name, known) = (GROUPS[place], &self.groups[place]);
        if let Some(groups) = known.get() {
            return Ok(Some(groups));
        }
        let frame = self.columns.iter().find(|frame| frame.name == name);
        let Some(frame) = frame.filter(|frame| frame.encoding == Some(Encoding::Index)) else {
            return Ok(None);
        };
        let bytes = self.decompressed(frame)?;
        let groups = series::decode_index(self.rows, &bytes);
        let groups = groups.map_err(|problem| self.problem(name, problem))?;
        Ok(Some(known.get_or_init(|| groups)))
    }
}

/// The columns that say each row's group.
const GROUPS: [&str; 2] = [SERIES, ENDING];

/// What [`Encoding::SplitOver`] is told over.
const OVER: [CallColumn; 2] = [CallColumn::Ttfb, CallColumn::Body];

/// Memory of a thread that is kept for the next column.
const MAX_SCRATCH_BYTES: usize = 1 << 20;

thread_local! {
    /// Creating one costs more than decompressing a column with it.
    static CONTEXT: RefCell<DCtx<'static>> = RefCell::new(DCtx::create());
    /// For columns that are only looked at.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Whether a table's own reader decodes the column.
fn is_known(table: &str, column: &str) -> bool {
    match table {
        "calls" => GROUPS.contains(&column) || CallColumn::from_word(column).is_some(),
        "minutes" => super::MinuteColumn::from_word(column).is_some(),
        _ => false,
    }
}

/// Decompresses into exactly the bytes that the directory promised; they are within the limits.
fn decompress(frame: &Frame<'_>, window_log: u32, out: &mut Vec<u8>) -> Result<(), String> {
    use zstd::zstd_safe::{self, DParameter};
    let fail = |code| format!("not a zstd frame: {}", zstd_safe::get_error_name(code));
    // A frame that promises more than the directory is refused before it is unpacked.
    match zstd_safe::get_frame_content_size(frame.bytes) {
        Ok(Some(size)) if size > frame.decoded_bytes as u64 => {
            return Err(format!("its frame holds {size} bytes, not {}", frame.decoded_bytes));
        }
        Ok(_) => {}
        Err(_) => return Err("not a zstd frame".to_owned()),
    }
    // One byte more than promised, so that too much is told from exactly enough.
    out.clear();
    out.reserve_exact(frame.decoded_bytes + 1);
    CONTEXT.with_borrow_mut(|context| {
        context.set_parameter(DParameter::WindowLogMax(window_log)).map_err(fail)?;
        context.decompress(out, frame.bytes).map_err(fail)
    })?;
    if out.len() == frame.decoded_bytes {
        Ok(())
    } else {
        Err(format!("{} bytes where the directory says {}", out.len(), frame.decoded_bytes))
    }
}

fn split<'a>(bytes: &'a [u8], limits: &Limits) -> Result<(&'a [u8], &'a [u8]), DecodeError> {
    let cut = |part| DecodeError::CutShort { length: bytes.len(), part };
    let Some(rest) = bytes.strip_prefix(MAGIC.as_slice()) else {
        return Err(DecodeError::Magic);
    };
    let (&version, rest) = rest.split_first().ok_or_else(|| cut("version"))?;
    if !READ_VERSIONS.contains(&version) {
        return Err(DecodeError::Version { found: version });
    }
    let (checksum, summed) = rest.split_first_chunk().ok_or_else(|| cut("checksum"))?;
    let (length, rest) = summed.split_first_chunk().ok_or_else(|| cut("header's length"))?;
    let length = u32::from_le_bytes(*length) as usize;
    at_most("a header in bytes", length, limits.header_bytes)?;
    let parts = rest.split_at_checked(length).ok_or_else(|| cut("header"))?;
    if crc32fast::hash(summed) != u32::from_le_bytes(*checksum) {
        return Err(DecodeError::Checksum);
    }
    Ok(parts)
}

fn at_most(what: &'static str, found: usize, limit: usize) -> Result<(), DecodeError> {
    if found <= limit {
        return Ok(());
    }
    Err(DecodeError::TooLarge { what, found: found as u64, limit: limit as u64 })
}
