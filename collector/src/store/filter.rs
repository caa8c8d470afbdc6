//! Filters beside the blocks of a slice: which of them may hold an id, or a text in a path.
//! It never says no of a block that holds it: a filter may keep too much, never too little.
//!
//! # Layout
//!
//! Each block has a bitmap, and all bitmaps of a slice have one size. They are cut into as many
//! pieces, and the n-th pieces of all blocks lie together in the slice's n-th drawer, in the order
//! of the blocks, with a CRC-32 (little-endian) behind them. A key's hash says its drawer by its
//! highest bits and its bits in the piece by the rest. So a question reads one small drawer of a
//! slice, not the bitmaps of all its blocks; and a drawer that is damaged rules out nothing.
//!
//! | kind | keys | bits a key |
//! |---|---|---|
//! | ids | call ids, trace ids and the ids of the batches that calls came in | 10, six set |
//! | text | each 5 neighbouring bytes of a path, as one of 131,072 | 4, one set; at most 131,072 in all |
//!
//! Random letters of 4,096 paths fill nearly half of the largest bitmap for texts; what is asked for
//! is at least five bytes long, and a text of sixteen has twelve keys that must all be there.

#[cfg(test)]
mod tests;

/// Drawers of a slice, at most.
pub(super) const MAX_DRAWERS: usize = 256;

/// Four drawers of this size share a page of the file.
const DRAWER_BYTES: usize = 4_000;

/// Bytes of the checksum behind a drawer.
const CHECKSUM_BYTES: usize = 4;

/// Values that neighbouring bytes of a path are told apart by.
const TEXT_KEYS: usize = 1 << TEXT_BITS;
const TEXT_BITS: u32 = 17;

/// Neighbouring bytes that are a key together: enough to tell apart the ids that vendors give.
const KEY_BYTES: usize = 5;

/// Keys of a text that are asked for; more would read more and rule out little.
const MAX_ASKED: usize = 12;

/// What keys are made of, and how many bits they get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum FilterKind {
    Ids,
    Text,
}

/// Where a key is in the filter. Stored: how it is computed must not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct FilterKey(u64);

/// How a slice's filter is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FilterShape {
    pub(super) kind: FilterKind,
    pub(super) n_blocks: usize,
    /// A power of two.
    pub(super) n_drawers: usize,
    /// Of one block in one drawer.
    pub(super) piece_bytes: usize,
}

/// The keys of one block's paths, each once.
#[derive(Debug)]
pub(super) struct TextKeys(Vec<u64>);

impl FilterKind {
    fn bits_a_key(self) -> usize {
        match self {
            Self::Ids => 10,
            Self::Text => 4,
        }
    }

    fn n_set(self) -> u32 {
        match self {
            Self::Ids => 6,
            Self::Text => 1,
        }
    }

    fn most_bits(self) -> usize {
        match self {
            Self::Ids => usize::MAX,
            Self::Text => TEXT_KEYS,
        }
    }
}

impl FilterKey {
    /// The key of a call id, a trace id or a batch id.
    pub(super) fn of_id(id: [u8; 16]) -> Self {
        let id = u128::from_le_bytes(id);
        Self(mixed(mixed(id as u64) ^ (id >> 64) as u64))
    }

    /// Keys that a path has when it has this text in it; none for a text that is too short to tell.
    pub(super) fn of_text(text: &str) -> Vec<Self> {
        let keys: Vec<Self> = text.as_bytes().windows(KEY_BYTES).map(Self::of_bytes).collect();
        let step = keys.len().div_ceil(MAX_ASKED).max(1);
        keys.into_iter().step_by(step).collect()
    }

    fn of_bytes(bytes: &[u8]) -> Self {
        let packed = bytes.iter().fold(bytes.len() as u64, |sum, byte| sum << 8 | u64::from(*byte));
        Self::of_text_place((mixed(packed) >> (64 - TEXT_BITS)) as usize)
    }

    fn of_text_place(place: usize) -> Self {
        Self((place as u64) << (64 - TEXT_BITS))
    }

    fn text_place(self) -> usize {
        (self.0 >> (64 - TEXT_BITS)) as usize
    }
}

impl Default for TextKeys {
    fn default() -> Self {
        Self(vec![0; TEXT_KEYS / 64])
    }
}

impl TextKeys {
    pub(super) fn add(&mut self, path: &str) {
        for bytes in path.as_bytes().windows(KEY_BYTES) {
            let place = FilterKey::of_bytes(bytes).text_place();
            self.0[place / 64] |= 1 << (place % 64);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = FilterKey> {
        let is_set = |place: &usize| self.0[place / 64] >> (place % 64) & 1 == 1;
        (0..TEXT_KEYS).filter(is_set).map(FilterKey::of_text_place)
    }
}

impl FilterShape {
    /// Room for blocks of which none has more keys than this.
    pub(super) fn for_keys(kind: FilterKind, n_blocks: usize, n_keys: usize) -> Self {
        let n_bits = n_keys.saturating_mul(kind.bits_a_key()).clamp(8, kind.most_bits());
        let n_bytes = n_blocks.saturating_mul(n_bits / 8);
        let n_drawers = (n_bytes / DRAWER_BYTES).max(1).next_power_of_two().min(MAX_DRAWERS);
        Self { kind, n_blocks, n_drawers, piece_bytes: n_bits.div_ceil(n_drawers).div_ceil(8) }
    }

    /// All drawers, of the keys of each block in the blocks' order.
    pub(super) fn fill<K: IntoIterator<Item = FilterKey>>(
        &self,
        blocks: impl IntoIterator<Item = K>,
    ) -> Vec<Vec<u8>> {
        let mut drawers = vec![vec![0; self.n_blocks * self.piece_bytes]; self.n_drawers];
        for (block, keys) in blocks.into_iter().enumerate() {
            for key in keys {
                let drawer = &mut drawers[self.drawer(key)];
                for bit in self.bits(key) {
                    drawer[block * self.piece_bytes + bit / 8] |= 1 << (bit % 8);
                }
            }
        }
        for drawer in &mut drawers {
            drawer.extend(crc32fast::hash(drawer).to_le_bytes());
        }
        drawers
    }

    /// Whether a slice can have a filter of this shape: what a damaged file says may be none.
    pub(super) fn is_possible(&self) -> bool {
        let has_drawers = self.n_drawers.is_power_of_two() && self.n_drawers <= MAX_DRAWERS;
        has_drawers && (1..=TEXT_KEYS).contains(&self.n_blocks) && self.piece_bytes > 0
    }

    /// The drawer that has to be read for a key.
    pub(super) fn drawer(&self, key: FilterKey) -> usize {
        // Shifted twice, for one drawer leaves no bit to shift.
        (key.0 >> 1 >> (63 - self.n_drawers.trailing_zeros())) as usize
    }

    /// Rules out the blocks that do not have the key, by what is in its drawer.
    pub(super) fn narrow(&self, key: FilterKey, drawer: &[u8], may_have: &mut [bool]) {
        let Some((pieces, checksum)) = drawer.split_last_chunk::<CHECKSUM_BYTES>() else {
            return;
        };
        let is_whole = pieces.len() == self.n_blocks * self.piece_bytes
            && crc32fast::hash(pieces) == u32::from_le_bytes(*checksum);
        if !is_whole {
            tracing::error!("a filter of stored calls is damaged; their blocks are all looked at");
            return;
        }
        let bits: Vec<usize> = self.bits(key).collect();
        for (piece, may_have) in pieces.chunks_exact(self.piece_bytes).zip(may_have) {
            *may_have &= bits.iter().all(|bit| piece[bit / 8] >> (bit % 8) & 1 == 1);
        }
    }

    /// Places of a key's bits in a piece.
    fn bits(&self, key: FilterKey) -> impl Iterator<Item = usize> + use<> {
        let rest = key.0 << self.n_drawers.trailing_zeros();
        let (first, step) = ((rest >> 32) as u32, mixed(rest) as u32 | 1);
        let n_bits = (self.piece_bytes * 8) as u64;
        (0..self.kind.n_set()).map(move |n| {
            let spread = first.wrapping_add(step.wrapping_mul(n));
            ((u64::from(spread) * n_bits) >> 32) as usize
        })
    }
}

/// Every bit of the outcome depends on every bit of the number (splitmix64).
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}
