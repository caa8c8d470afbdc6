//! Bits in a row, the lowest first: what is random in numbers.
//! Never reads past its input.

/// Appends bits to bytes.
pub(super) struct BitWriter<'b> {
    out: &'b mut Vec<u8>,
    /// Bits that are no whole word yet.
    pending: u64,
    n_pending: u32,
}

impl<'b> BitWriter<'b> {
    pub(super) fn new(out: &'b mut Vec<u8>) -> Self {
        Self { out, pending: 0, n_pending: 0 }
    }

    /// The lowest `n_bits` of `bits`; those above them are zero, and there are at most 64.
    #[inline]
    pub(super) fn push(&mut self, bits: u64, n_bits: u32) {
        if n_bits > 32 {
            self.push_word(bits & 0xffff_ffff, 32);
            self.push_word(bits >> 32, n_bits - 32);
        } else {
            self.push_word(bits, n_bits);
        }
    }

    /// At most 32 bits, beside the at most 31 that are pending.
    #[inline]
    fn push_word(&mut self, bits: u64, n_bits: u32) {
        self.pending |= bits << self.n_pending;
        self.n_pending += n_bits;
        if self.n_pending >= 32 {
            self.out.extend_from_slice(&(self.pending as u32).to_le_bytes());
            self.pending >>= 32;
            self.n_pending -= 32;
        }
    }

    /// Writes what is pending, with zeros up to the byte's end.
    pub(super) fn finish(self) {
        let n_bytes = self.n_pending.div_ceil(8) as usize;
        self.out.extend_from_slice(&self.pending.to_le_bytes()[..n_bytes]);
    }
}

/// Takes bits off bytes; behind their end there are zeros.
pub(super) struct BitReader<'b> {
    bytes: &'b [u8],
    /// Place of the next bit.
    at: usize,
}

impl<'b> BitReader<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// At most 64 bits.
    #[inline]
    pub(super) fn take(&mut self, n_bits: u32) -> u64 {
        if n_bits > 56 {
            return self.take_word(32) | self.take_word(n_bits - 32) << 32;
        }
        self.take_word(n_bits)
    }

    /// At most 56 bits: with the seven that may stand before them they fit a word.
    #[inline]
    fn take_word(&mut self, n_bits: u32) -> u64 {
        let rest = self.bytes.get(self.at / 8..).unwrap_or_default();
        let word = match rest.first_chunk() {
            Some(word) => u64::from_le_bytes(*word),
            None => rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
        };
        let bits = (word >> (self.at % 8)) & ((1 << n_bits) - 1);
        self.at += n_bits as usize;
        bits
    }
}
