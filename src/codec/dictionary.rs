//! The distinct texts of a column under construction, numbered from 1 as they come.
//! Never allocates for a text: all stand in one buffer, as the format writes them.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::ops::Range;

use foldhash::fast::RandomState;

use crate::varint;

/// Texts and their numbers. Its memory is used again after [`Dictionary::clear`].
#[derive(Debug, Default)]
pub(super) struct Dictionary {
    /// The entries as they are written: each a length and the text.
    data: Vec<u8>,
    /// Where each text is in `data`.
    spans: Vec<Range<usize>>,
    /// From a text's hash to its number. Another text under that hash sends the search on to the
    /// next one.
    numbers: HashMap<u64, u32, RandomState>,
    hasher: RandomState,
    /// The number of the last text: neighbours are often equal.
    last: u32,
}

impl Dictionary {
    /// The number of a text; 0 for the empty one, which is absent.
    pub(super) fn number(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            return 0;
        }
        if self.last == 0 || self.text(self.last) != text.as_bytes() {
            self.last = self.search(text);
        }
        self.last
    }

    /// Number of texts.
    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }

    /// The entries as they are written, without their number.
    pub(super) fn data(&self) -> &[u8] {
        &self.data
    }

    pub(super) fn clear(&mut self) {
        self.data.clear();
        self.spans.clear();
        self.numbers.clear();
        self.last = 0;
    }

    fn text(&self, number: u32) -> &[u8] {
        let span = self.spans.get((number as usize).wrapping_sub(1)).cloned();
        span.and_then(|span| self.data.get(span)).unwrap_or_default()
    }

    fn search(&mut self, text: &str) -> u32 {
        let mut hash = self.hasher.hash_one(text.as_bytes());
        while let Some(&number) = self.numbers.get(&hash) {
            if self.text(number) == text.as_bytes() {
                return number;
            }
            hash = hash.wrapping_add(1);
        }
        varint::write(text.len() as u64, &mut self.data);
        let start = self.data.len();
        self.data.extend_from_slice(text.as_bytes());
        self.spans.push(start..self.data.len());
        let number = u32::try_from(self.spans.len()).unwrap_or(u32::MAX);
        self.numbers.insert(hash, number);
        number
    }
}
