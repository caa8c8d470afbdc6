//! Writes batches.
//! Never re-encodes: a batch is written once and travels as these bytes to the end.

use std::collections::BTreeMap;

use serde::Serialize;

use super::builder::{ColumnSource, Parts};
use super::frame::{FrameWriter, Habit};
use super::minutes::MinutesBuilder;
use super::{CallsBuilder, Encoding, MAGIC, OriginsBuilder, VERSION};
use crate::batch::BatchMeta;
use crate::minute::Minutes;

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
    frames: FrameWriter,
    /// By column: the calls' and the roll-ups'.
    habits: [Vec<Habit>; 2],
    minutes: MinutesBuilder,
    parts: Parts,
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
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    shaped: BTreeMap<&'static str, usize>,
}

impl Encoder {
    /// A new context.
    ///
    /// # Errors
    /// When zstd cannot allocate one.
    pub fn new() -> Result<Self, EncodeError> {
        let (habits, minutes, parts, body) = Default::default();
        Ok(Self { frames: FrameWriter::new()?, habits, minutes, parts, body })
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
            let mut builder = std::mem::take(&mut self.minutes);
            builder.fill(minutes);
            let table = self.table("minutes", minutes.len(), builder.columns());
            self.minutes = builder;
            tables.push(table?);
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
        columns: impl Iterator<Item = (&'static str, &'c dyn ColumnSource)>,
    ) -> Result<TableEntry, EncodeError> {
        let (written, shaped) = (Vec::with_capacity(40), BTreeMap::new());
        let mut entry = TableEntry { name, rows, columns: written, shaped };
        let habits = &mut self.habits[usize::from(name != "calls")];
        for (place, (name, column)) in columns.enumerate() {
            if habits.len() == place {
                habits.push(Habit::default());
            }
            if !column.is_used() {
                continue;
            }
            self.parts.clear();
            let encoding = column.write(rows, &mut self.parts);
            let before = self.body.len();
            if encoding == Encoding::Shaped {
                entry.shaped.insert(name, column.n_shaped_bytes());
            }
            let n_bytes = self.parts.n_bytes();
            self.frames.write_parts(&mut self.parts, &mut habits[place], &mut self.body)?;
            let written = self.body.len() - before;
            entry.columns.push((name, encoding.as_str(), n_bytes, written));
        }
        Ok(entry)
    }
}
