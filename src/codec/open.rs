//! Opens batches that may come from anyone.
//! Never trusts a length: sizes are checked against the limits before a byte is decompressed.

mod limits;
mod table;

pub use limits::{DecodeError, Limits};
pub use table::Table;

use std::collections::BTreeMap;

use serde::Deserialize;
use uuid::Uuid;

use super::{CallColumn, Calls, MAGIC, READ_VERSIONS};
use crate::batch::{BatchMeta, Heartbeat, Resource, Startup};
use table::is_known;

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
