//! One decoded column, with every value checked.
//! Never knows what its values mean.

use super::{Encoding, ids, series, shaped, split};
use crate::varint;

/// A decoded column: every row is there and every text is UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Column {
    /// Texts, each told once. A row is an entry's number, 0 for absent; entry 0 is empty.
    Dict {
        /// All distinct texts, the empty one first.
        entries: Vec<String>,
        /// One number a row.
        rows: Vec<u32>,
    },
    /// Texts, row by row.
    Text {
        /// All texts, end to end.
        data: String,
        /// Where each row's text ends.
        ends: Vec<u32>,
    },
    /// Byte strings, row by row.
    Bytes {
        /// All of them, end to end.
        data: Vec<u8>,
        /// Where each row's ends.
        ends: Vec<u32>,
    },
    /// Numbers plus 1; 0 is absent.
    Numbers(Vec<u64>),
    /// Numbers that are always there.
    Deltas(Vec<i64>),
    /// Ids of 16 bytes, end to end.
    Id16(Vec<u8>),
    /// Ids of 8 bytes, end to end.
    Id8(Vec<u8>),
}

/// What some encodings need to know beside a column's own bytes.
#[derive(Debug, Default)]
pub(super) struct Beside<'t> {
    /// Each row's series, or its ending.
    pub(super) groups: Option<&'t [u32]>,
    /// What the column is told over.
    pub(super) parts: [Option<Column>; 2],
    /// The rows' templates.
    pub(super) template: Option<Column>,
    /// Bytes that all texts of a `shaped` column have.
    pub(super) n_shaped_bytes: usize,
}

impl Beside<'_> {
    fn entries(&self) -> Option<&[u32]> {
        match &self.template {
            Some(Column::Dict { rows, .. }) => Some(rows),
            _ => None,
        }
    }
}

impl Column {
    /// Decodes `rows` rows. The error says what is wrong.
    pub(super) fn decode(
        encoding: Encoding,
        rows: usize,
        bytes: Vec<u8>,
        beside: &Beside<'_>,
    ) -> Result<Self, &'static str> {
        match encoding {
            Encoding::Dict => decode_dict(rows, &bytes),
            Encoding::Text => {
                let (ends, data) = decode_ends(rows, &bytes)?;
                let data = std::str::from_utf8(data).map_err(|_| "text is not UTF-8")?;
                if ends.iter().any(|&end| !data.is_char_boundary(end as usize)) {
                    return Err("a row's text ends inside a character");
                }
                Ok(Self::Text { data: data.to_owned(), ends })
            }
            Encoding::Bytes => {
                let (ends, data) = decode_ends(rows, &bytes)?;
                Ok(Self::Bytes { data: data.to_vec(), ends })
            }
            Encoding::Varint => decode_numbers(rows, &bytes).map(Self::Numbers),
            Encoding::Delta => {
                let mut last = 0i64;
                let numbers = decode_numbers(rows, &bytes)?;
                let sum = |delta| {
                    last = last.wrapping_add(varint::unzigzag(delta));
                    last
                };
                Ok(Self::Deltas(numbers.into_iter().map(sum).collect()))
            }
            Encoding::Id16 if bytes.len() == rows * 16 => Ok(Self::Id16(bytes)),
            Encoding::Id8 if bytes.len() == rows * 8 => Ok(Self::Id8(bytes)),
            Encoding::Id16 | Encoding::Id8 => Err("ids are not of the table's number of rows"),
            Encoding::Some16 => ids::decode::<16>(rows, &bytes).map(Self::Id16),
            Encoding::Some8 => ids::decode::<8>(rows, &bytes).map(Self::Id8),
            Encoding::Timed16 => ids::decode_timed(rows, &bytes).map(Self::Id16),
            Encoding::Split => split::decode(rows, &bytes).map(Self::Numbers),
            Encoding::SplitDelta => split::decode_deltas(rows, &bytes).map(Self::Deltas),
            Encoding::SplitOver => {
                let part = |part: &Option<Self>, row| part.as_ref().and_then(|c| c.number(row));
                let parts = |row| [part(&beside.parts[0], row), part(&beside.parts[1], row)];
                split::decode_over(rows, &bytes, parts).map(Self::Numbers)
            }
            Encoding::Shaped => {
                shaped::decode(rows, &bytes, beside.entries(), beside.n_shaped_bytes)
            }
            Encoding::Series | Encoding::Ending => {
                let (entries, rest) = decode_texts(&bytes)?;
                let of_groups = entries_of(&series::decode_groups(rest)?, entries.len())?;
                let groups = beside.groups.ok_or("the table does not say each row's group")?;
                Ok(Self::Dict { entries, rows: series::spread(&of_groups, groups) })
            }
            Encoding::EndingVarint => {
                let of_groups = series::decode_groups(&bytes)?;
                let groups = beside.groups.ok_or("the table does not say each row's group")?;
                Ok(Self::Numbers(series::spread(&of_groups, groups)))
            }
            Encoding::Index => {
                let numbers = series::decode_index(rows, &bytes)?;
                Ok(Self::Numbers(numbers.into_iter().map(|n| u64::from(n) + 1).collect()))
            }
        }
    }

    /// The text of a row; empty for absent, and for columns that hold no texts.
    #[must_use]
    pub fn text(&self, row: usize) -> &str {
        match self {
            Self::Dict { entries, rows } => {
                rows.get(row).and_then(|&n| entries.get(n as usize)).map_or("", String::as_str)
            }
            Self::Text { data, ends } => span(ends, row).map_or("", |span| &data[span]),
            _ => "",
        }
    }

    /// Bytes of the longest text; 0 for columns that hold none.
    pub(super) fn longest_text(&self) -> usize {
        match self {
            Self::Dict { entries, .. } => entries.iter().map(String::len).max().unwrap_or(0),
            Self::Text { ends, .. } => {
                let starts = std::iter::once(&0).chain(ends);
                let lengths =
                    ends.iter().zip(starts).map(|(end, start)| end.saturating_sub(*start));
                lengths.max().unwrap_or(0) as usize
            }
            _ => 0,
        }
    }

    /// The bytes of a row.
    #[must_use]
    pub fn bytes(&self, row: usize) -> &[u8] {
        match self {
            Self::Bytes { data, ends } => span(ends, row).map_or(&[], |span| &data[span]),
            _ => self.text(row).as_bytes(),
        }
    }

    /// The number of a row.
    #[must_use]
    pub fn number(&self, row: usize) -> Option<u64> {
        match self {
            Self::Numbers(numbers) => numbers.get(row)?.checked_sub(1),
            Self::Deltas(numbers) => numbers.get(row).map(|number| number.cast_unsigned()),
            _ => None,
        }
    }

    /// The id of a row.
    #[must_use]
    pub fn id<const N: usize>(&self, row: usize) -> Option<[u8; N]> {
        let ids = match self {
            Self::Id16(ids) if N == 16 => ids,
            Self::Id8(ids) if N == 8 => ids,
            _ => return None,
        };
        let id = *ids.as_chunks::<N>().0.get(row)?;
        id.iter().any(|b| *b != 0).then_some(id)
    }
}

fn span(ends: &[u32], row: usize) -> Option<std::ops::Range<usize>> {
    let end = *ends.get(row)? as usize;
    let start = row.checked_sub(1).and_then(|before| ends.get(before)).map_or(0, |&n| n as usize);
    Some(start..end)
}

/// Each row takes at least a byte, so what is reserved never exceeds the input.
fn decode_numbers(rows: usize, mut bytes: &[u8]) -> Result<Vec<u64>, &'static str> {
    let numbers = take_numbers(rows, &mut bytes)?;
    if bytes.is_empty() { Ok(numbers) } else { Err("bytes after the last row") }
}

fn take_numbers(rows: usize, bytes: &mut &[u8]) -> Result<Vec<u64>, &'static str> {
    if bytes.len() < rows {
        return Err("fewer bytes than rows");
    }
    let (single, rest) = bytes.split_at(rows);
    // Most columns have small numbers alone, a byte each.
    if single.iter().fold(0, |all, byte| all | byte) < 0x80 {
        *bytes = rest;
        return Ok(single.iter().map(|byte| u64::from(*byte)).collect());
    }
    let mut numbers = Vec::with_capacity(rows);
    for _ in 0..rows {
        numbers.push(varint::read(bytes).ok_or("a number is cut short or too large")?);
    }
    Ok(numbers)
}

fn decode_dict(rows: usize, bytes: &[u8]) -> Result<Column, &'static str> {
    let (entries, bytes) = decode_texts(bytes)?;
    let rows = entries_of(&decode_numbers(rows, bytes)?, entries.len())?;
    Ok(Column::Dict { entries, rows })
}

fn entries_of(numbers: &[u64], n_entries: usize) -> Result<Vec<u32>, &'static str> {
    let entry = |n: &u64| u32::try_from(*n).ok().filter(|&n| (n as usize) < n_entries);
    let entries: Option<Vec<u32>> = numbers.iter().map(entry).collect();
    entries.ok_or("a row names an entry that is not there")
}

/// A dictionary's entries, the empty one first, and what is behind them.
fn decode_texts(mut bytes: &[u8]) -> Result<(Vec<String>, &[u8]), &'static str> {
    let n_entries = varint::read(&mut bytes).ok_or("the number of entries is cut short")?;
    let n_entries = usize::try_from(n_entries).map_err(|_| "too many entries")?;
    if n_entries > bytes.len() {
        return Err("fewer bytes than entries");
    }
    let mut entries = Vec::with_capacity(n_entries + 1);
    entries.push(String::new());
    for _ in 0..n_entries {
        let length = varint::read(&mut bytes).ok_or("an entry's length is cut short")?;
        let length = usize::try_from(length).map_err(|_| "an entry is too long")?;
        let (text, rest) = bytes.split_at_checked(length).ok_or("an entry is cut short")?;
        entries.push(std::str::from_utf8(text).map_err(|_| "an entry is not UTF-8")?.to_owned());
        bytes = rest;
    }
    Ok((entries, bytes))
}

fn decode_ends(rows: usize, mut bytes: &[u8]) -> Result<(Vec<u32>, &[u8]), &'static str> {
    let lengths = take_numbers(rows, &mut bytes)?;
    let mut end = 0u64;
    let mut ends = Vec::with_capacity(rows);
    for length in lengths {
        end = end.checked_add(length).ok_or("a row's length is too large")?;
        ends.push(u32::try_from(end).map_err(|_| "a row's length is too large")?);
    }
    if end == bytes.len() as u64 {
        Ok((ends, bytes))
    } else {
        Err("the rows' lengths do not add up to the bytes")
    }
}
