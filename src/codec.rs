//! The batch format, from wire to disk: a JSON header and typed columns, each its own zstd frames.
//! Never decodes more than it is asked for, and never allocates on the word of its input.
//!
//! # Layout, version 2
//!
//! Integers are little-endian; `varint` is unsigned LEB128; `zigzag` maps signed to unsigned. Bits
//! are counted from the lowest of the first byte, and zeros fill the last byte.
//!
//! | bytes | what |
//! |---|---|
//! | 4 | magic `EGRT` |
//! | 1 | version, `2` |
//! | 4 | CRC-32 (IEEE) of everything after it |
//! | 4 | length of the header |
//! | n | header: JSON, UTF-8 |
//! | ... | the columns' zstd frames, in the directory's order, nothing between or after them |
//!
//! The header holds `batch_id`, `sequence`, `resource`, `dropped`, `calls_are_all` and `tables`; a table is
//! `{"name", "rows", "columns": [[name, encoding, bytes decoded, bytes encoded], ...], "shaped"}`.
//! `shaped` has the bytes of all texts of each `shaped` column: they count against a reader's limit
//! as if they were told one by one. A column is one zstd frame or several, one behind the other;
//! their contents, end to end, are its decoded bytes. By encoding, these are:
//!
//! | encoding | bytes |
//! |---|---|
//! | `dict` | varint number of entries; each a varint length and UTF-8; then one varint a row: 0 for absent, else the entry's number from 1 |
//! | `text` | one varint length a row; then all UTF-8, end to end (an empty text is absent) |
//! | `bytes` | as `text`, without being UTF-8 |
//! | `varint` | one varint a row: 0 for absent, else the value plus 1 |
//! | `delta` | one varint a row: zigzag of the difference to the row before (the first to 0) |
//! | `id16`, `id8` | 16 or 8 raw bytes a row; all zero is absent |
//! | `split` | a unit byte; one length byte a row: 0 for absent, 1 for 0, else 1 plus the number's bits; then of each number the bits below its first, end to end |
//! | `split_delta` | as `split`, each the difference to the row before (the first to 0); 128 added to its length marks one below zero |
//! | `split_over` | as `split_delta`, each the difference to `ttfb_ns` plus `body_ns` of its row, absent ones being 0, and a sum of 2^63 or more too |
//! | `some16`, `some8` | a bit a row: whether it has an id; then those ids |
//! | `timed16` | UUIDs of version 7: their first 48 bits, big-endian, as `split_delta` to the last that is there; then the other ten bytes of each |
//! | `index` | a number of planes, from 1 to 4; then all rows' lowest bytes, then all rows' next ones: each row's group, from 0 |
//! | `series` | as `dict`, with one varint for each group of the column `series`; a group beyond them has none |
//! | `ending` | as `series`, of the column `ending` |
//! | `ending_varint` | as `varint`, of the groups of the column `ending` |
//! | `shaped` | see below |
//!
//! The unit of `split` is 1, 1000, 10^6 or 10^9, told as 0 to 3; all numbers are multiples of it and
//! are told divided by it. With 128 added to the unit, the lengths are only of the rows that are
//! there: behind the unit stands their number as a varint, then the lengths, then a bit a row.
//!
//! Calls to one place share their `series` (kind, method, scheme, host, template, protocol version,
//! vendor, consumer), and `ending` is how they went (outcomes, status, error, attempts, reuse): two
//! columns that no call has itself.
//!
//! `shaped` tells a path by its shape and its ids. It is a varint number of shapes, each a varint
//! length and its bytes; a varint length, and UTF-8 of that length; one varint a row; and the ids
//! of all rows, end to end. A row's varint is 0 for absent, 1 for the shape of the last row with the
//! same template (the entry of `url.template`; 0 where that has no dictionary), 2 for the first
//! shape that no row had with 2 before, else the shape's number from 3. A shape is UTF-8 that stands
//! for itself, but for ids:
//!
//! | shape | id |
//! |---|---|
//! | `01` | decimal digits of a number: a varint |
//! | `02 n` | n hexadecimal digits in small letters, n even: n/2 bytes |
//! | `03` | a UUID in small letters: 16 bytes |
//! | `04 n` | n of the letters `0-9A-Za-z-_`: six bits each, by their place in this order, in whole bytes |
//! | `05` | a text: its length as a varint; it stands with the UTF-8 before the rows |
//!
//! Readers skip columns and tables that they do not know, and take those that are missing as
//! absent. The tables are `calls` ([`CallColumn`]) and `minutes` ([`MinuteColumn`]). A store that
//! regroups the calls of many batches writes `calls` and `origins` ([`Origins`]).
//!
//! # Version 1
//!
//! Has the encodings from `dict` to `id8`, and one frame a column. It is read for ever; in version 2
//! these encodings are as good, for whoever writes batches without this code.

mod bits;
mod builder;
mod calls;
mod calls_builder;
mod column;
mod dictionary;
mod encode;
mod fold;
mod frame;
mod ids;
mod known;
mod minutes;
pub mod ndjson;
mod open;
mod origins;
mod series;
mod shape;
mod shaped;
mod sound;
mod split;
#[cfg(test)]
mod tests;

pub use calls::{CallColumn, Calls};
pub use calls_builder::CallsBuilder;
pub use column::Column;
pub use encode::{EncodeError, Encoder};
pub use fold::{add_up, calls_to_add_up, roll_ups};
#[cfg(feature = "client")]
pub(crate) use known::Series;
pub use minutes::{MinuteColumn, read_minutes};
pub use open::{Batch, DecodeError, Limits, Table};
pub use origins::{Origins, OriginsBuilder};

const MAGIC: &[u8; 4] = b"EGRT";
/// What is written. Version 1 is read too: it has fewer encodings, and one frame a column.
const VERSION: u8 = 2;
const READ_VERSIONS: std::ops::RangeInclusive<u8> = 1..=VERSION;

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
    /// Optional unsigned numbers, their lengths apart from their bits.
    Split,
    /// Numbers as differences, split.
    SplitDelta,
    /// Optional numbers as what they are over the sum of two other columns, split.
    SplitOver,
    /// Those ids of 16 bytes that are there.
    Some16,
    /// Those ids of 8 bytes that are there.
    Some8,
    /// Those UUIDs of version 7 that are there, their times as differences.
    Timed16,
    /// Texts by their shapes, and the ids in them.
    Shaped,
    /// Texts, each told once, of series rather than of rows.
    Series,
    /// Texts, each told once, of endings rather than of rows.
    Ending,
    /// Optional unsigned numbers of endings rather than of rows.
    EndingVarint,
    /// Each row's series, or its ending.
    Index,
}

impl Encoding {
    const ALL: [Self; 18] = [
        Self::Dict,
        Self::Text,
        Self::Bytes,
        Self::Varint,
        Self::Delta,
        Self::Id16,
        Self::Id8,
        Self::Split,
        Self::SplitDelta,
        Self::SplitOver,
        Self::Some16,
        Self::Some8,
        Self::Timed16,
        Self::Shaped,
        Self::Series,
        Self::Ending,
        Self::EndingVarint,
        Self::Index,
    ];

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
            Self::Split => "split",
            Self::SplitDelta => "split_delta",
            Self::SplitOver => "split_over",
            Self::Some16 => "some16",
            Self::Some8 => "some8",
            Self::Timed16 => "timed16",
            Self::Shaped => "shaped",
            Self::Series => "series",
            Self::Ending => "ending",
            Self::EndingVarint => "ending_varint",
            Self::Index => "index",
        }
    }

    /// The plain encoding of the same values, in which whoever writes batches may write them.
    fn plain(self) -> Self {
        match self {
            Self::Shaped | Self::Text => Self::Text,
            Self::Series | Self::Ending | Self::Dict => Self::Dict,
            Self::Split | Self::SplitOver | Self::EndingVarint => Self::Varint,
            Self::Index | Self::Varint => Self::Varint,
            Self::SplitDelta | Self::Delta => Self::Delta,
            Self::Some16 | Self::Timed16 | Self::Id16 => Self::Id16,
            Self::Some8 | Self::Id8 => Self::Id8,
            Self::Bytes => Self::Bytes,
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|encoding| encoding.as_str() == word)
    }
}
