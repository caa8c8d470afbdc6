//! What many rows have in common, told once: each row says the number of its group alone.
//! Never more than an entry a group and a number a row.

use super::Encoding;
use super::builder::{ColumnSource, Parts};
use crate::varint;

/// The column that says each row's series: what calls of one kind to one place share.
pub(super) const SERIES: &str = "series";

/// The column that says each row's ending: how it went, but for the times and sizes.
pub(super) const ENDING: &str = "ending";

/// The numbers of the rows' groups, on their way into a batch.
#[derive(Debug, Default)]
pub(super) struct IndexBuilder {
    rows: Vec<u32>,
    n_groups: u32,
}

impl IndexBuilder {
    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.n_groups = 0;
    }

    /// The number of a group that no row had before.
    pub(super) fn new_group(&mut self) -> u32 {
        self.n_groups += 1;
        self.n_groups - 1
    }

    /// The next row's group.
    pub(super) fn push(&mut self, group: u32) {
        self.rows.push(group);
    }

    /// Bytes held so far.
    pub(super) fn n_bytes(&self) -> usize {
        self.rows.len() * 2
    }
}

impl ColumnSource for IndexBuilder {
    fn is_used(&self) -> bool {
        !self.rows.is_empty()
    }

    fn write(&self, _n_rows: usize, parts: &mut Parts) -> Encoding {
        let largest = self.n_groups.saturating_sub(1);
        let n_planes = (u32::BITS - largest.leading_zeros()).div_ceil(8).max(1);
        parts.symbols.push(n_planes as u8);
        for plane in 0..n_planes {
            parts.symbols.extend(self.rows.iter().map(|number| (number >> (8 * plane)) as u8));
        }
        Encoding::Index
    }
}

/// Each row's number, from its planes: all rows' lowest bytes, then all rows' next ones.
pub(super) fn decode_index(rows: usize, bytes: &[u8]) -> Result<Vec<u32>, &'static str> {
    let (&n_planes, planes) = bytes.split_first().ok_or("the number of planes is missing")?;
    if !(1..=4).contains(&n_planes) || planes.len() != rows * usize::from(n_planes) {
        return Err("not from one to four bytes a row");
    }
    let mut numbers = vec![0; rows];
    if rows > 0 {
        for (place, plane) in planes.chunks_exact(rows).enumerate() {
            for (number, byte) in numbers.iter_mut().zip(plane) {
                *number |= u32::from(*byte) << (8 * place);
            }
        }
    }
    Ok(numbers)
}

/// The number of each group, until the bytes' end.
pub(super) fn decode_groups(mut bytes: &[u8]) -> Result<Vec<u64>, &'static str> {
    let mut numbers = Vec::new();
    while !bytes.is_empty() {
        numbers.push(varint::read(&mut bytes).ok_or("a number is cut short or too large")?);
    }
    Ok(numbers)
}

/// What each row's group has; 0, which is absent, for a group that has nothing.
pub(super) fn spread<T: Copy + Default>(of_groups: &[T], groups: &[u32]) -> Vec<T> {
    let of = |group: &u32| of_groups.get(*group as usize).copied().unwrap_or_default();
    groups.iter().map(of).collect()
}
