//! Where each kind of byte stands at a text's beginning, sixteen bytes at a time.
//! Never looks further than its bits reach.

use wide::u8x16;

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
    /// `?` and `#`
    pub(super) end: u64,
    /// `.` and `-`
    pub(super) joint: u64,
    /// `= % : @ ; +`: what can stand before a secret, or hide one.
    pub(super) mark: u64,
    /// What can stand around a secret in a text: blanks, quotes, a comma, control characters, and
    /// whatever is not ASCII.
    pub(super) odd: u64,
    /// Everything else.
    pub(super) other: u64,
}

impl Places {
    /// The places in the first [`MAX_BYTES`] of a text.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let bytes = &bytes[..bytes.len().min(MAX_BYTES)];
        let mut places = Self::default();
        let (blocks, rest) = bytes.as_chunks::<LANES>();
        for (n, block) in blocks.iter().enumerate() {
            places.add(n * LANES, u8x16::new(*block));
        }
        match bytes.last_chunk::<LANES>() {
            // What is seen twice has the same bits both times.
            Some(block) if !rest.is_empty() => places.add(bytes.len() - LANES, u8x16::new(*block)),
            None if !rest.is_empty() => {
                let mut block = [b'a'; LANES];
                block[..rest.len()].copy_from_slice(rest);
                places.add(0, u8x16::new(block));
            }
            _ => {}
        }
        places
    }

    fn add(&mut self, start: usize, block: u8x16) {
        let is = |byte: u8| block.simd_eq(u8x16::splat(byte));
        let within = |first: u8, last: u8| {
            let distance = block - u8x16::splat(first);
            distance.simd_le(u8x16::splat(last - first))
        };
        let digit = within(b'0', b'9');
        let capital = within(b'A', b'Z');
        let slash = is(b'/');
        let end = is(b'?') | is(b'#');
        let joint = within(b'-', b'.');
        let mark = is(b'=') | is(b'%') | within(b':', b';') | is(b'@') | is(b'+');
        let quote = is(b'"') | is(b'\'') | is(b',');
        let odd = quote | within(0, b' ') | within(0x80, 0xff);
        let known = within(b'a', b'z') | digit | capital | slash | end | joint | mark | odd;
        let at = |found: u8x16| u64::from(found.to_bitmask() & 0xffff) << start;
        self.digit |= at(digit);
        self.capital |= at(capital);
        self.slash |= at(slash);
        self.end |= at(end);
        self.joint |= at(joint);
        self.mark |= at(mark);
        self.odd |= at(odd);
        self.other |= at(!known);
    }
}

/// The bits from `start` to before `end`.
pub(super) fn range(start: usize, end: usize) -> u64 {
    below(end) & !below(start)
}

/// The first of these places from `start` on, or `end` where there is none.
pub(super) fn first(places: u64, start: usize, end: usize) -> usize {
    let found = places & !below(start);
    if found == 0 { end } else { (found.trailing_zeros() as usize).min(end) }
}

/// Behind the last of these places before `end`; `None` where there is none.
pub(super) fn after_last(places: u64, end: usize) -> Option<usize> {
    let found = places & below(end);
    (found != 0).then(|| MAX_BYTES - found.leading_zeros() as usize)
}

fn below(end: usize) -> u64 {
    if end >= MAX_BYTES { u64::MAX } else { (1 << end) - 1 }
}
