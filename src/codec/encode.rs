//! Writes batches.
//! Never re-encodes: a batch is written once and travels as these bytes to the end.

use serde::Serialize;
use zstd::bulk::Compressor;

use super::column::ColumnBuilder;
use super::{CallsBuilder, MAGIC, MinuteColumn, OriginsBuilder, VERSION};
use crate::batch::BatchMeta;
use crate::minute::Minutes;

/// Fast: on batches of calls, level 3 costs twice the time for 3 % fewer bytes.
const LEVEL: i32 = 1;

/// A batch that could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The compressor failed, which takes a lack of memory.
    #[error("cannot compress a column")]
    Compress(#[source] std::io::Error),
    /// The header could not be written as JSON.
    #[error("cannot write the batch's header")]
    Header(#[source] serde_json::Error),
    /// More than 4 GiB in one part.
    #[error("a batch is larger than its format can say; send fewer records in one")]
    TooLarge,
    /// A block whose calls do not all have an origin.
    #[error("each call of a regrouped block needs its origin")]
    Origins,
}

/// Encodes batches with one compression context and one scratch buffer, used again and again.
pub struct Encoder {
    compressor: Compressor<'static>,
    scratch: Vec<u8>,
    body: Vec<u8>,
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder").finish_non_exhaustive()
    }
}

/// The header as it is written; [`super::open`] reads it.
#[derive(Serialize)]
struct Header<'a> {
    #[serde(flatten)]
    meta: &'a BatchMeta,
    tables: Vec<TableEntry>,
}

#[derive(Serialize)]
struct TableEntry {
    name: &'static str,
    rows: usize,
    columns: Vec<(&'static str, &'static str, usize, usize)>,
}

impl Encoder {
    /// A new context.
    ///
    /// # Errors
    /// When zstd cannot allocate one.
    pub fn new() -> Result<Self, EncodeError> {
        let compressor = Compressor::new(LEVEL).map_err(EncodeError::Compress)?;
        Ok(Self { compressor, scratch: Vec::new(), body: Vec::new() })
    }

    /// The bytes of a batch. Without `minutes` the reader folds the calls itself; with them, were
    /// they none, it does not.
    ///
    /// # Errors
    /// When memory runs out or a part exceeds 4 GiB.
    pub fn encode(
        &mut self,
        meta: &BatchMeta,
        calls: &CallsBuilder,
        minutes: Option<&Minutes>,
    ) -> Result<Vec<u8>, EncodeError> {
        self.body.clear();
        let mut tables = Vec::new();
        if !calls.is_empty() {
            tables.push(self.table("calls", calls.len(), calls.columns())?);
        }
        if let Some(minutes) = minutes {
            let columns = super::minutes::write_minutes(minutes);
            let named = MinuteColumn::ALL.iter().map(|column| column.as_str()).zip(&columns);
            tables.push(self.table("minutes", minutes.len(), named)?);
        }
        self.seal(meta, tables)
    }

    /// The bytes of a block of calls that came in several batches. A reader that does not know
    /// origins finds the calls alone.
    ///
    /// # Errors
    /// When memory runs out, a part exceeds 4 GiB, or there are not as many origins as calls.
    pub fn encode_regrouped(
        &mut self,
        meta: &BatchMeta,
        calls: &CallsBuilder,
        origins: &OriginsBuilder,
    ) -> Result<Vec<u8>, EncodeError> {
        if origins.len() != calls.len() {
            return Err(EncodeError::Origins);
        }
        self.body.clear();
        let tables = vec![
            self.table("calls", calls.len(), calls.columns())?,
            self.table(super::origins::TABLE, origins.len(), origins.columns())?,
        ];
        self.seal(meta, tables)
    }

    fn seal(&self, meta: &BatchMeta, tables: Vec<TableEntry>) -> Result<Vec<u8>, EncodeError> {
        let header = serde_json::to_vec(&Header { meta, tables }).map_err(EncodeError::Header)?;
        let header_length = u32::try_from(header.len()).map_err(|_| EncodeError::TooLarge)?;
        let mut out = Vec::with_capacity(13 + header.len() + self.body.len());
        out.extend_from_slice(MAGIC);
        out.push(VERSION);
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&header_length.to_le_bytes());
        out.extend_from_slice(&header);
        out.extend_from_slice(&self.body);
        let checksum = crc32fast::hash(&out[9..]);
        out[5..9].copy_from_slice(&checksum.to_le_bytes());
        Ok(out)
    }

    fn table<'c>(
        &mut self,
        name: &'static str,
        rows: usize,
        columns: impl Iterator<Item = (&'static str, &'c ColumnBuilder)>,
    ) -> Result<TableEntry, EncodeError> {
        let mut entry = TableEntry { name, rows, columns: Vec::new() };
        for (name, column) in columns.filter(|(_, column)| column.is_used()) {
            self.scratch.clear();
            column.write(&mut self.scratch);
            let before = self.body.len();
            self.body.resize(before + zstd::zstd_safe::compress_bound(self.scratch.len()), 0);
            let written = self
                .compressor
                .compress_to_buffer(&self.scratch, &mut self.body[before..])
                .map_err(EncodeError::Compress)?;
            self.body.truncate(before + written);
            entry.columns.push((name, column.encoding().as_str(), self.scratch.len(), written));
        }
        Ok(entry)
    }
}
