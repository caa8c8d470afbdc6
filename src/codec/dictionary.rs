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
    /// The last text as a number, when it is a short one; 0 otherwise.
    last_short: u64,
}

impl Dictionary {
    /// The number of a text; 0 for the empty one, which is absent.
    pub(super) fn number(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            return 0;
        }
        let short = short(text.as_bytes());
        let is_last = match short {
            0 => self.last > 0 && self.text(self.last) == text.as_bytes(),
            short => self.last_short == short,
        };
        if !is_last {
            self.last = self.search(text);
            self.last_short = short;
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
        (self.last, self.last_short) = (0, 0);
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

/// A text of one to seven bytes as a number of its own; 0 for any other.
fn short(text: &[u8]) -> u64 {
    if text.len() > 7 {
        return 0;
    }
    text.iter().fold(text.len() as u64, |number, byte| number << 8 | u64::from(*byte))
}
