//! Columns of ids: which rows have one, and those that are there, end to end.
//! Never compresses what is random.

use super::Encoding;
use super::builder::{ColumnSource, Parts};
use super::split;
use crate::varint;

/// Bytes of a UUIDv7's time.
const TIME_BYTES: usize = 6;

/// Ids on their way into a column. Their memory is used again after [`IdsBuilder::clear`].
#[derive(Debug, Default)]
pub(super) struct IdsBuilder<const N: usize> {
    /// A bit a row, the lowest first. What is absent at the end is left out.
    present: Vec<u8>,
    ids: Vec<u8>,
}

impl<const N: usize> IdsBuilder<N> {
    pub(super) fn clear(&mut self) {
        self.present.clear();
        self.ids.clear();
    }

    /// Bytes held so far.
    pub(super) fn n_bytes(&self) -> usize {
        self.present.len() + self.ids.len()
    }

    pub(super) fn push(&mut self, row: usize, id: Option<[u8; N]>) {
        if let Some(id) = id {
            if row / 8 >= self.present.len() {
                self.present.resize(row / 8 + 1, 0);
            }
            self.present[row / 8] |= 1 << (row % 8);
            self.ids.extend_from_slice(&id);
        }
    }

    /// Whether all are UUIDs that begin with a time.
    fn are_timed(&self) -> bool {
        N == 16 && self.ids.as_chunks::<N>().0.iter().all(|id| id[TIME_BYTES] >> 4 == 7)
    }

    fn write_timed(&self, n_rows: usize, parts: &mut Parts) {
        let mut numbers = std::mem::take(&mut parts.numbers);
        numbers.clear();
        numbers.resize(n_rows, 0);
        let mut last = 0;
        let ids = self.ids.as_chunks::<N>().0;
        for (row, id) in rows_of(&self.present).zip(ids) {
            let time = time_of(id);
            numbers[row] = varint::zigzag(time - last) + 1;
            last = time;
        }
        split::pack(&numbers, n_rows, true, parts);
        ids.iter().for_each(|id| parts.raw.extend_from_slice(&id[TIME_BYTES..]));
        parts.numbers = numbers;
    }
}

impl<const N: usize> ColumnSource for IdsBuilder<N> {
    fn is_used(&self) -> bool {
        !self.ids.is_empty()
    }

    fn write(&self, n_rows: usize, parts: &mut Parts) -> Encoding {
        if self.are_timed() {
            self.write_timed(n_rows, parts);
            return Encoding::Timed16;
        }
        parts.raw.extend_from_slice(&self.present);
        parts.raw.resize(parts.raw.len() + n_rows.div_ceil(8) - self.present.len(), 0);
        parts.raw.extend_from_slice(&self.ids);
        if N == 16 { Encoding::Some16 } else { Encoding::Some8 }
    }
}

fn time_of(id: &[u8]) -> i64 {
    id[..TIME_BYTES].iter().fold(0, |time, byte| time << 8 | i64::from(*byte))
}

/// The places of the bits that are set.
fn rows_of(present: &[u8]) -> impl Iterator<Item = usize> {
    present.iter().enumerate().flat_map(|(place, &byte)| {
        let mut bits = byte;
        std::iter::from_fn(move || {
            let bit = bits.trailing_zeros() as usize;
            (bits != 0).then(|| {
                bits &= bits - 1;
                place * 8 + bit
            })
        })
    })
}

/// The rows and the ids of `some16` and `some8`, when their bytes are sound.
fn parts_of<const N: usize>(rows: usize, bytes: &[u8]) -> Option<(&[u8], &[[u8; N]])> {
    let (present, ids) = bytes.split_at_checked(rows.div_ceil(8))?;
    let n_present: usize = present.iter().map(|byte| byte.count_ones() as usize).sum();
    let n_beyond = rows.next_multiple_of(8) - rows;
    let is_in_table = present.last().is_none_or(|last| last.leading_zeros() as usize >= n_beyond);
    let (ids, rest) = ids.as_chunks::<N>();
    (is_in_table && rest.is_empty() && ids.len() == n_present).then_some((present, ids))
}

/// Whether the bytes are sound.
pub(super) fn are_sound<const N: usize>(rows: usize, bytes: &[u8]) -> bool {
    parts_of::<N>(rows, bytes).is_some()
}

/// An id a row, all zero where there is none.
pub(super) fn decode<const N: usize>(rows: usize, bytes: &[u8]) -> Result<Vec<u8>, &'static str> {
    let (present, ids) =
        parts_of::<N>(rows, bytes).ok_or("ids are not as many as rows that have one")?;
    let mut out = vec![0; rows * N];
    let places = out.as_chunks_mut::<N>().0;
    for (row, id) in rows_of(present).zip(ids) {
        places[row] = *id;
    }
    Ok(out)
}

/// An id a row from `timed16`, all zero where there is none.
pub(super) fn decode_timed(rows: usize, mut bytes: &[u8]) -> Result<Vec<u8>, &'static str> {
    const N: usize = 16;
    const REST: usize = N - TIME_BYTES;
    // Each row takes a bit at least.
    if bytes.len() < rows.div_ceil(8) {
        return Err("fewer bytes than rows");
    }
    let mut out = vec![0; rows * N];
    let (mut row, mut last, mut is_right) = (0, 0i64, true);
    let mut present = Vec::new();
    split::unpack(rows, true, &mut bytes, |time| {
        if let Some(time) = time {
            last = last.wrapping_add(split::signed(time));
            is_right &= (0..1 << (8 * TIME_BYTES)).contains(&last);
            out[row * N..row * N + TIME_BYTES].copy_from_slice(&last.to_be_bytes()[2..]);
            present.push(row);
        }
        row += 1;
    })?;
    let (rests, beyond) = bytes.as_chunks::<REST>();
    if !is_right || !beyond.is_empty() || rests.len() != present.len() {
        return Err("ids are not as many as rows that have one, or of an impossible time");
    }
    for (row, rest) in present.into_iter().zip(rests) {
        out[row * N + TIME_BYTES..(row + 1) * N].copy_from_slice(rest);
    }
    Ok(out)
}
