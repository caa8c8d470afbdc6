//! Numbers split into their lengths, which compress, and the bits below their first, which do not.
//! Never loses a bit; absent numbers cost a length alone.

use super::Encoding;
use super::bits::{BitReader, BitWriter};
use super::builder::{ColumnSource, Parts};
use crate::varint;

/// The units that all numbers of a column may be whole multiples of, the finest first.
const UNITS: [u64; 4] = [1, 1_000, 1_000_000, 1_000_000_000];

/// So many rows tell whether a column's numbers repeat.
const N_SAMPLED: usize = 512;

/// Marks the unit of a column that tells its present rows by bits, and their lengths alone.
const SPARSE: u8 = 0x80;

/// Of so many rows less than one is present in such a column.
const MIN_SPARSE: usize = 8;

/// Marks the length of a number below zero.
const NEGATIVE: u8 = 0x80;

/// Numbers on their way into a column. Their memory is used again after [`SplitBuilder::clear`].
#[derive(Debug)]
pub(super) struct SplitBuilder {
    encoding: Encoding,
    /// A number a row, in the form of [`pack`]. What is absent at the end is left out.
    numbers: Vec<u64>,
    last: u64,
}

impl SplitBuilder {
    /// For one of the split encodings.
    pub(super) fn new(encoding: Encoding) -> Self {
        Self { encoding, numbers: Vec::new(), last: 0 }
    }

    pub(super) fn clear(&mut self) {
        self.numbers.clear();
        self.last = 0;
    }

    /// Bytes held so far.
    pub(super) fn n_bytes(&self) -> usize {
        self.numbers.len() * 4
    }

    /// A row; the two largest numbers fall on the third largest.
    pub(super) fn push(&mut self, row: usize, number: Option<u64>) {
        if let Some(number) = number {
            self.put(row, number.saturating_add(1));
        }
    }

    /// A row as its difference to the last one that was there.
    pub(super) fn push_delta(&mut self, row: usize, number: u64) {
        self.push_over(row, number, self.last);
        self.last = number;
    }

    /// A row as its difference to the sum of its parts.
    pub(super) fn push_whole(&mut self, row: usize, number: u64, parts: [Option<u64>; 2]) {
        // As the reader will have them: the largest number falls on the one before it.
        let parts = parts.map(|part| part.map(|part| part.min(u64::MAX - 1)));
        self.push_over(row, number, sum_of(parts));
    }

    /// A row as its difference to another number; 2^63 falls on what is 1 less.
    fn push_over(&mut self, row: usize, number: u64, base: u64) {
        let difference = number.wrapping_sub(base).cast_signed();
        self.put(row, varint::zigzag(difference).saturating_add(1));
    }

    fn put(&mut self, row: usize, number: u64) {
        if row > self.numbers.len() {
            self.numbers.resize(row, 0);
        }
        self.numbers.push(number);
    }
}

impl ColumnSource for SplitBuilder {
    fn is_used(&self) -> bool {
        !self.numbers.is_empty()
    }

    fn write(&self, n_rows: usize, parts: &mut Parts) -> Encoding {
        let is_signed = self.encoding != Encoding::Split;
        if !is_signed && repeats(&self.numbers) {
            self.numbers.iter().for_each(|number| varint::write(*number, &mut parts.texts));
            let n_absent = n_rows.saturating_sub(self.numbers.len());
            parts.texts.resize(parts.texts.len() + n_absent, 0);
            return Encoding::Varint;
        }
        pack(&self.numbers, n_rows, is_signed, parts);
        self.encoding
    }
}

/// Whether most of the first numbers came before: then a compressor finds them again as they are,
/// which takes fewer bytes than their bits.
fn repeats(numbers: &[u64]) -> bool {
    let mut seen = [0; 256];
    let (mut n_present, mut n_repeated) = (0, 0);
    for &number in numbers.iter().take(N_SAMPLED).filter(|number| **number > 0) {
        let place = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56;
        let last = std::mem::replace(&mut seen[place as usize], number);
        n_present += 1;
        n_repeated += usize::from(last == number);
    }
    n_repeated * 2 > n_present
}

/// Appends numbers plus 1, 0 being absent; signed ones as zigzag. Rows behind them are absent.
pub(super) fn pack(numbers: &[u64], n_rows: usize, is_signed: bool, parts: &mut Parts) {
    match is_signed {
        true => pack_by(numbers, n_rows, parts, |number| {
            let number = varint::unzigzag(number - 1);
            (number.unsigned_abs(), (number < 0).into())
        }),
        false => pack_by(numbers, n_rows, parts, |number| (number - 1, 0)),
    }
}

/// `split` tells a number's size, and 1 if it is below zero.
fn pack_by(
    numbers: &[u64],
    n_rows: usize,
    parts: &mut Parts,
    split: impl Fn(u64) -> (u64, u8) + Copy,
) {
    let is_multiple = |number: u64, unit| {
        let size = if number == 0 { 0 } else { split(number).0 };
        size == 0 || size % unit == 0
    };
    let is_unit = |unit: &u64| numbers.iter().all(|number| is_multiple(*number, *unit));
    // Most columns are told not to be of any but the first unit by their first number.
    let place = UNITS[1..].iter().rposition(is_unit).map_or(0, |place| place + 1);
    let unit = UNITS[place];
    let Parts { symbols, raw, .. } = parts;
    let n_present = numbers.iter().filter(|number| **number > 0).count();
    let is_sparse = n_present < n_rows / MIN_SPARSE;
    symbols.push(place as u8 | if is_sparse { SPARSE } else { 0 });
    if is_sparse {
        varint::write(n_present as u64, symbols);
        let bits = |rows: &[u64]| rows.iter().rev().fold(0, |b, n| b << 1 | u8::from(*n > 0));
        raw.extend(numbers.chunks(8).map(bits));
        raw.resize(raw.len() + n_rows.div_ceil(8) - numbers.len().div_ceil(8), 0);
    }
    let mut bits = BitWriter::new(raw);
    let mut length = |number| {
        let (mut size, sign) = split(number);
        if unit > 1 && size > 0 {
            size /= unit;
        }
        let n_bits = u64::BITS - size.leading_zeros();
        let n_raw = n_bits.saturating_sub(1);
        bits.push(size & !(u64::MAX << n_raw), n_raw);
        (n_bits as u8 + 1) | sign << 7
    };
    if is_sparse {
        symbols.extend(numbers.iter().filter(|number| **number > 0).map(|number| length(*number)));
        bits.finish();
        return;
    }
    symbols.reserve(n_rows);
    symbols.extend(numbers.iter().map(|&number| if number == 0 { 0 } else { length(number) }));
    bits.finish();
    symbols.resize(symbols.len() + n_rows.saturating_sub(numbers.len()), 0);
}

/// Takes what [`pack`] wrote for so many rows off `bytes`; `each` is given every row's number, and
/// whether it is below zero.
pub(super) fn unpack(
    rows: usize,
    is_signed: bool,
    bytes: &mut &[u8],
    mut each: impl FnMut(Option<(u64, bool)>),
) -> Result<(), &'static str> {
    const CUT: &str = "fewer bytes than rows";
    let place = *bytes.split_off_first().ok_or("the unit is missing")?;
    let unit = *UNITS.get(usize::from(place & !SPARSE)).ok_or("an unknown unit")?;
    let is_sparse = place & SPARSE != 0;
    let n_lengths = match is_sparse {
        true => varint::read(bytes).and_then(|n| usize::try_from(n).ok()).ok_or(CUT)?,
        false => rows,
    };
    let lengths = bytes.split_off(..n_lengths).ok_or(CUT)?;
    let present = if is_sparse { bytes.split_off(..rows.div_ceil(8)).ok_or(CUT)? } else { &[] };
    let bits = bytes.split_off(..n_bits(lengths, is_signed)?.div_ceil(8));
    let mut bits = BitReader::new(bits.ok_or("bits are cut short")?);
    let mut number = |length: u8| -> Result<_, &'static str> {
        let size = match length & !NEGATIVE {
            0 => return Ok(None),
            1 => 0,
            length => {
                let n_raw = u32::from(length) - 2;
                1 << n_raw | bits.take(n_raw)
            }
        };
        let size = if unit == 1 { Some(size) } else { size.checked_mul(unit) };
        Ok(Some((size.ok_or(TOO_LARGE)?, length & NEGATIVE != 0)))
    };
    if !is_sparse {
        for &length in lengths {
            each(number(length)?);
        }
        return Ok(());
    }
    let n_present: usize = present.iter().map(|byte| byte.count_ones() as usize).sum();
    let mut lengths = lengths.iter();
    for row in 0..rows {
        match present[row / 8] >> (row % 8) & 1 {
            0 => each(None),
            _ => each(number(*lengths.next().ok_or(CUT)?)?),
        }
    }
    if n_present == n_lengths && lengths.len() == 0 { Ok(()) } else { Err("more than its rows") }
}

/// Whether [`unpack`] surely takes just these bytes, so many rows. Numbers in larger units may be too
/// large, so that nothing is said of them.
pub(super) fn are_sound(rows: usize, is_signed: bool, bytes: &[u8]) -> bool {
    let are_sound = || {
        let (&0, rest) = bytes.split_first()? else { return None };
        let (lengths, bits) = rest.split_at_checked(rows)?;
        Some(n_bits(lengths, is_signed).ok()?.div_ceil(8) == bits.len())
    };
    are_sound().unwrap_or(false)
}

const TOO_LARGE: &str = "a number of more than 64 bits";

/// Bits of all numbers below their first ones.
fn n_bits(lengths: &[u8], is_signed: bool) -> Result<usize, &'static str> {
    let mask = if is_signed { !NEGATIVE } else { u8::MAX };
    let (mut n_bits, mut longest) = (0, 0);
    for length in lengths.iter().map(|length| length & mask) {
        longest = length.max(longest);
        n_bits += usize::from(length.saturating_sub(2));
    }
    if longest <= 65 { Ok(n_bits) } else { Err(TOO_LARGE) }
}

/// Numbers plus 1, 0 being absent.
pub(super) fn decode(rows: usize, mut bytes: &[u8]) -> Result<Vec<u64>, &'static str> {
    let mut numbers = Vec::with_capacity(rows.min(bytes.len()));
    unpack(rows, false, &mut bytes, |number| {
        numbers.push(number.map_or(0, |(number, _)| number.saturating_add(1)));
    })?;
    if bytes.is_empty() { Ok(numbers) } else { Err("bytes after the last row") }
}

/// Numbers that are always there, from their differences.
pub(super) fn decode_deltas(rows: usize, mut bytes: &[u8]) -> Result<Vec<i64>, &'static str> {
    let mut numbers = Vec::with_capacity(rows.min(bytes.len()));
    let (mut last, mut is_whole) = (0i64, true);
    unpack(rows, true, &mut bytes, |number| {
        is_whole &= number.is_some();
        last = last.wrapping_add(signed(number.unwrap_or_default()));
        numbers.push(last);
    })?;
    match (bytes, is_whole) {
        ([], true) => Ok(numbers),
        ([], false) => Err("a number is missing"),
        _ => Err("bytes after the last row"),
    }
}

/// What a whole is told over: the sum of its parts, unless that is beyond all that is measured.
pub(super) fn sum_of([one, other]: [Option<u64>; 2]) -> u64 {
    let sum = one.unwrap_or(0).checked_add(other.unwrap_or(0));
    sum.filter(|sum| i64::try_from(*sum).is_ok()).unwrap_or(0)
}

/// Numbers plus 1, from their differences to the sums of their parts, which `parts` tells by row.
pub(super) fn decode_over(
    rows: usize,
    mut bytes: &[u8],
    parts: impl Fn(usize) -> [Option<u64>; 2],
) -> Result<Vec<u64>, &'static str> {
    let mut numbers = Vec::with_capacity(rows.min(bytes.len()));
    unpack(rows, true, &mut bytes, |number| {
        let base = sum_of(parts(numbers.len()));
        let whole = |number| base.wrapping_add_signed(signed(number));
        numbers.push(number.map_or(0, |number| whole(number).saturating_add(1)));
    })?;
    if bytes.is_empty() { Ok(numbers) } else { Err("bytes after the last row") }
}

/// A number from its size and its sign.
pub(super) fn signed((size, is_negative): (u64, bool)) -> i64 {
    let number = size.cast_signed();
    if is_negative { number.wrapping_neg() } else { number }
}
