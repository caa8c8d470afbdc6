//! Columns under construction, and how every one of them is written.
//! Never knows what its values mean, and never spends anything on a row without one before the
//! first that has one.

use super::Encoding;
use super::dictionary::Dictionary;
use crate::varint;

/// A column's decoded bytes: these parts, one behind the other.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// Where the same strings come again and again.
    pub(super) texts: Vec<u8>,
    /// A byte a row, of which some are more frequent than others, and no more.
    pub(super) symbols: Vec<u8>,
    /// What is random, as far as anyone knows.
    pub(super) raw: Vec<u8>,
    /// For who needs numbers on the way; kept, so that its memory is used again.
    pub(super) numbers: Vec<u64>,
}

impl Parts {
    pub(super) fn clear(&mut self) {
        self.texts.clear();
        self.symbols.clear();
        self.raw.clear();
    }

    /// Bytes of all parts.
    pub(super) fn n_bytes(&self) -> usize {
        self.texts.len() + self.symbols.len() + self.raw.len()
    }
}

/// What a column is written from.
pub(super) trait ColumnSource {
    /// Whether any row has a value; a column without one is not written.
    fn is_used(&self) -> bool;

    /// Bytes of all its texts, where they are not told as they are.
    fn n_shaped_bytes(&self) -> usize {
        0
    }

    /// Appends the column's decoded bytes for so many rows, and says how they are laid out.
    fn write(&self, n_rows: usize, parts: &mut Parts) -> Encoding;
}

/// A column of texts or small numbers under construction. Its memory is used again after [`ColumnBuilder::clear`].
///
/// A row is told by its number, counted from 0: rows that were left out before it are absent, and
/// are written as such once there is a value behind them. Whoever writes is told how many there are
/// in all.
#[derive(Debug)]
pub(super) struct ColumnBuilder {
    encoding: Encoding,
    /// The rows' part of the decoded bytes.
    rows: Vec<u8>,
    /// Rows that `rows` holds.
    n_rows: usize,
    /// `text`, `bytes`: the bytes' part.
    data: Vec<u8>,
    /// `dict`: the entries.
    dictionary: Dictionary,
    last_number: i64,
}

impl ColumnBuilder {
    pub(super) fn new(encoding: Encoding) -> Self {
        Self {
            encoding,
            rows: Vec::new(),
            n_rows: 0,
            data: Vec::new(),
            dictionary: Dictionary::default(),
            last_number: 0,
        }
    }

    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.n_rows = 0;
        self.data.clear();
        self.dictionary.clear();
        self.last_number = 0;
    }

    /// What is told by groups is absent behind the last group that has it.
    fn is_of_rows(&self) -> bool {
        let of_groups = [Encoding::Series, Encoding::Ending, Encoding::EndingVarint];
        !of_groups.contains(&self.encoding)
    }

    fn is_dictionary(&self) -> bool {
        matches!(self.encoding, Encoding::Dict | Encoding::Series | Encoding::Ending)
    }

    /// Bytes held so far.
    pub(super) fn n_bytes(&self) -> usize {
        self.rows.len() + self.data.len() + self.dictionary.data().len()
    }

    /// The number of a text in a `dict` column; 0 for an empty one.
    pub(super) fn entry(&mut self, text: &str) -> u32 {
        self.dictionary.number(text)
    }

    /// Where a text is known in a `dict` column; see [`ColumnBuilder::knows_much`].
    pub(super) fn place(&mut self, text: &str) -> Option<u32> {
        self.dictionary.place(text)
    }

    /// The number of the text that is known at a place.
    pub(super) fn entry_at(&mut self, place: Option<u32>) -> u32 {
        self.dictionary.number_at(place)
    }

    /// Whether the next [`ColumnBuilder::clear`] forgets where texts are known.
    pub(super) fn knows_much(&self) -> bool {
        self.dictionary.knows_much()
    }

    /// A row of a `dict` column, by the number of its text; 0 is absent.
    pub(super) fn push_entry(&mut self, row: usize, entry: u32) {
        if entry > 0 {
            self.catch_up(row);
            varint::write(u64::from(entry), &mut self.rows);
        }
    }

    /// A row of a `dict` or `text` column; empty is absent.
    pub(super) fn push_text(&mut self, row: usize, text: &str) {
        if self.is_dictionary() {
            let entry = self.entry(text);
            self.push_entry(row, entry);
        } else {
            self.push_bytes(row, text.as_bytes());
        }
    }

    /// A row of a `bytes` column; empty is absent.
    pub(super) fn push_bytes(&mut self, row: usize, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.catch_up(row);
            varint::write(bytes.len() as u64, &mut self.rows);
            self.data.extend_from_slice(bytes);
        }
    }

    /// A row of a `varint` column. The two largest values fall on the third largest.
    pub(super) fn push_number(&mut self, row: usize, value: Option<u64>) {
        if let Some(value) = value {
            self.catch_up(row);
            varint::write(value.saturating_add(1), &mut self.rows);
        }
    }

    /// A row of a `delta` column, which always has a value.
    pub(super) fn push_delta(&mut self, row: usize, value: u64) {
        self.catch_up(row);
        let value = value.cast_signed();
        let delta = value.wrapping_sub(self.last_number);
        self.last_number = value;
        varint::write(varint::zigzag(delta), &mut self.rows);
    }

    /// What was left out before a row is absent; the row itself comes next.
    fn catch_up(&mut self, row: usize) {
        if row > self.n_rows {
            self.rows.resize(self.rows.len() + row - self.n_rows, 0);
        }
        self.n_rows = row + 1;
    }
}

impl ColumnSource for ColumnBuilder {
    fn is_used(&self) -> bool {
        self.n_rows > 0
    }

    fn write(&self, n_rows: usize, parts: &mut Parts) -> Encoding {
        let n_absent = if self.is_of_rows() { n_rows.saturating_sub(self.n_rows) } else { 0 };
        if self.is_dictionary() {
            varint::write(self.dictionary.len() as u64, &mut parts.texts);
            parts.texts.extend_from_slice(self.dictionary.data());
            parts.symbols.extend_from_slice(&self.rows);
            parts.symbols.resize(parts.symbols.len() + n_absent, 0);
        } else {
            parts.texts.extend_from_slice(&self.rows);
            parts.texts.resize(parts.texts.len() + n_absent, 0);
            parts.texts.extend_from_slice(&self.data);
        }
        self.encoding
    }
}
