//! Where each kind of byte stands at a text's beginning, sixteen bytes at a time.
//! Never looks further than its bits reach.

use wide::i8x16;

/// So many bytes have a bit each.
pub(super) const MAX_BYTES: usize = 64;

const LANES: usize = 16;

/// A bit for each of a text's first bytes, the first byte's lowest. A byte that is in none of them is a
/// small letter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Places {
    pub(super) digit: u64,
    pub(super) capital: u64,
    /// `/`
    pub(super) slash: u64,
    /// `.`, `-` and `_`
    pub(super) joint: u64,
    /// Everything else. There are so few in a text that each is looked at by itself.
    pub(super) special: u64,
}

impl Places {
    /// The places in the first [`MAX_BYTES`] of a text. All lengths take the same way: texts differ, and a
    /// branch that is foretold wrongly costs more than what it saves.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut places = Self::default();
        match bytes.first_chunk::<MAX_BYTES>() {
            Some(whole) => places.add_all(whole),
            None => {
                let mut padded = [b'a'; MAX_BYTES];
                padded[..bytes.len()].copy_from_slice(bytes);
                places.add_all(&padded);
            }
        }
        places
    }

    #[inline]
    fn add_all(&mut self, bytes: &[u8; MAX_BYTES]) {
        for (n, block) in bytes.as_chunks().0.iter().enumerate() {
            self.add(n * LANES, block);
        }
    }

    #[inline]
    fn add(&mut self, start: usize, block: &[u8; LANES]) {
        let block = i8x16::new(block.map(u8::cast_signed));
        let is = |byte: u8| block.simd_eq(i8x16::splat(byte.cast_signed()));
        let small = within(block, b'a', b'z');
        let digit = within(block, b'0', b'9');
        let capital = within(block, b'A', b'Z');
        let slash = is(b'/');
        let joint = within(block, b'-', b'.') | is(b'_');
        let at = |found: i8x16| u64::from(found.to_bitmask() & 0xffff) << start;
        self.digit |= at(digit);
        self.capital |= at(capital);
        self.slash |= at(slash);
        self.joint |= at(joint);
        self.special |= at(!(small | digit | capital | slash | joint));
    }
}

/// Which bytes are from `first` to `last`. The range is moved to the lowest numbers of a signed byte,
/// where one comparison tells.
#[inline]
fn within(block: i8x16, first: u8, last: u8) -> i8x16 {
    let lowest = i8x16::splat(i8::MIN.wrapping_sub(first.cast_signed()));
    let behind = i8::MIN.wrapping_add((last - first).cast_signed()).wrapping_add(1);
    (block + lowest).simd_lt(i8x16::splat(behind))
}

/// The bits from `start` to before `end`.
pub(super) fn range(start: usize, end: usize) -> u64 {
    below(end) & !below(start)
}

/// The first of these places from `start` on, or `end` where there is none.
pub(super) fn first(places: u64, start: usize, end: usize) -> usize {
    let found = places & !below(start);
    // Without any it is 64.
    (found.trailing_zeros() as usize).min(end)
}

/// Behind the last of these places before `end`; `None` where there is none.
pub(super) fn after_last(places: u64, end: usize) -> Option<usize> {
    let found = places & below(end);
    (found != 0).then(|| MAX_BYTES - found.leading_zeros() as usize)
}

/// The bits before `end`.
pub(super) fn below(end: usize) -> u64 {
    !u64::MAX.unbounded_shl(u32::try_from(end).unwrap_or(u32::MAX))
}
