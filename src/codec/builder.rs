//! One column under construction.
//! Never knows what its values mean, and never spends anything on a row without one before the
//! first that has one.

use super::Encoding;
use super::dictionary::Dictionary;
use crate::varint;

/// A column under construction. Its memory is used again after [`ColumnBuilder::clear`].
///
/// A row is told by its number, counted from 0: rows that were left out before it are absent, and
/// are written as such once there is a value behind them. [`ColumnBuilder::write`] is told how many
/// there are in all.
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

    pub(super) fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Whether any row has a value; a column without one is not written.
    pub(super) fn is_used(&self) -> bool {
        self.n_rows > 0
    }

    /// Bytes held so far.
    pub(super) fn n_bytes(&self) -> usize {
        self.rows.len() + self.data.len() + self.dictionary.data().len()
    }

    /// The number of a text in a `dict` column; 0 for an empty one.
    pub(super) fn entry(&mut self, text: &str) -> u32 {
        self.dictionary.number(text)
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
        if self.encoding == Encoding::Dict {
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

    /// A row of an id column.
    pub(super) fn push_id<const N: usize>(&mut self, row: usize, id: Option<[u8; N]>) {
        if let Some(id) = id {
            self.catch_up(row);
            self.rows.extend_from_slice(&id);
        }
    }

    /// Appends the column's decoded bytes, for so many rows.
    pub(super) fn write(&self, n_rows: usize, out: &mut Vec<u8>) {
        if self.encoding == Encoding::Dict {
            varint::write(self.dictionary.len() as u64, out);
            out.extend_from_slice(self.dictionary.data());
        }
        out.extend_from_slice(&self.rows);
        out.resize(out.len() + n_rows.saturating_sub(self.n_rows) * self.absent_bytes(), 0);
        out.extend_from_slice(&self.data);
    }

    /// What was left out before a row is absent; the row itself comes next.
    fn catch_up(&mut self, row: usize) {
        if row > self.n_rows {
            let n_bytes = (row - self.n_rows) * self.absent_bytes();
            self.rows.resize(self.rows.len() + n_bytes, 0);
        }
        self.n_rows = row + 1;
    }

    /// Zeros that say that a row is absent.
    fn absent_bytes(&self) -> usize {
        match self.encoding {
            Encoding::Id16 => 16,
            Encoding::Id8 => 8,
            _ => 1,
        }
    }
}
