//! The batch format, from wire to disk: a JSON header and typed columns, each its own zstd frame.
//! Never decodes more than it is asked for, and never allocates on the word of its input.
//!
//! # Layout, version 1
//!
//! Integers are little-endian; `varint` is unsigned LEB128; `zigzag` maps signed to unsigned.
//!
//! | bytes | what |
//! |---|---|
//! | 4 | magic `EGRT` |
//! | 1 | version, `1` |
//! | 4 | CRC-32 (IEEE) of everything after it |
//! | 4 | length of the header |
//! | n | header: JSON, UTF-8 |
//! | ... | the columns' zstd frames, in the directory's order, nothing between or after them |
//!
//! The header holds `batch_id`, `sequence`, `resource`, `dropped`, `calls_are_all` and `tables`; a table is
//! `{"name", "rows", "columns": [[name, encoding, bytes decoded, bytes encoded], ...]}`.
//! A column's decoded bytes, by its encoding:
//!
//! | encoding | bytes |
//! |---|---|
//! | `dict` | varint number of entries; each a varint length and UTF-8; then one varint a row: 0 for absent, else the entry's number from 1 |
//! | `text` | one varint length a row; then all UTF-8, end to end (an empty text is absent) |
//! | `bytes` | as `text`, without being UTF-8 |
//! | `varint` | one varint a row: 0 for absent, else the value plus 1 |
//! | `delta` | one varint a row: zigzag of the difference to the row before (the first to 0) |
//! | `id16`, `id8` | 16 or 8 raw bytes a row; all zero is absent |
//!
//! Readers skip columns and tables that they do not know, and take those that are missing as
//! absent. The tables are `calls` ([`CallColumn`]) and `minutes` ([`MinuteColumn`]). A store that
//! regroups the calls of many batches writes `calls` and `origins` ([`Origins`]).

mod builder;
mod calls;
mod calls_builder;
mod column;
mod dictionary;
mod encode;
mod fold;
mod frame;
mod minutes;
pub mod ndjson;
mod open;
mod origins;
mod sound;
#[cfg(test)]
mod tests;

pub use calls::{CallColumn, Calls};
pub use calls_builder::CallsBuilder;
pub use column::Column;
pub use encode::{EncodeError, Encoder};
pub use fold::{add_up, calls_to_add_up, roll_ups};
pub use minutes::{MinuteColumn, read_minutes};
pub use open::{Batch, DecodeError, Limits, Table};
pub use origins::{Origins, OriginsBuilder};

const MAGIC: &[u8; 4] = b"EGRT";
const VERSION: u8 = 1;

/// How the values of a column are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Encoding {
    /// Texts, each told once.
    Dict,
    /// Texts, row by row.
    Text,
    /// Byte strings, row by row.
    Bytes,
    /// Optional unsigned numbers.
    Varint,
    /// Numbers as differences.
    Delta,
    /// Ids of 16 bytes.
    Id16,
    /// Ids of 8 bytes.
    Id8,
}

impl Encoding {
    const ALL: [Self; 7] =
        [Self::Dict, Self::Text, Self::Bytes, Self::Varint, Self::Delta, Self::Id16, Self::Id8];

    /// The word in the directory.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dict => "dict",
            Self::Text => "text",
            Self::Bytes => "bytes",
            Self::Varint => "varint",
            Self::Delta => "delta",
            Self::Id16 => "id16",
            Self::Id8 => "id8",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|encoding| encoding.as_str() == word)
    }
}
