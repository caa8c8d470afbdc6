//! The distinct texts of a column under construction, numbered from 1 as they come.
//! Never allocates for a text: all stand in one buffer, as the format writes them.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::ops::Range;

use foldhash::fast::RandomState;

use crate::varint;

/// What is known of more texts, or of longer ones, is forgotten with the batch.
const MAX_TEXTS: usize = 4_096;
const MAX_BYTES: usize = 128 << 10;

/// Texts and their numbers in the present batch. Texts of the batches before are still known, so
/// that one which comes again costs no copy, and who keeps its place no search.
#[derive(Debug, Default)]
pub(super) struct Dictionary {
    /// The entries of the batch as they are written: each a length and the text.
    data: Vec<u8>,
    /// The places of the batch's texts, in the order of their numbers.
    entries: Vec<u32>,
    /// All texts that are known, end to end.
    known: Vec<u8>,
    /// Where each text is in `known`, and its number in the batch; 0 for none.
    texts: Vec<(Range<usize>, u32)>,
    /// From a text's hash to its place. Another text under that hash sends the search on to the
    /// next one.
    places: HashMap<u64, u32, RandomState>,
    hasher: RandomState,
    /// The place of the last text: neighbours are often equal.
    last: Option<u32>,
}

impl Dictionary {
    /// The number of a text; 0 for the empty one, which is absent.
    pub(super) fn number(&mut self, text: &str) -> u32 {
        let place = self.place(text);
        self.number_at(place)
    }

    /// The place of a text, until [`Dictionary::knows_much`]; none for the empty one.
    pub(super) fn place(&mut self, text: &str) -> Option<u32> {
        if text.is_empty() {
            return None;
        }
        if self.last.is_none_or(|last| self.text(last) != text.as_bytes()) {
            self.last = Some(self.search(text));
        }
        self.last
    }

    /// The number of the text at a place.
    pub(super) fn number_at(&mut self, place: Option<u32>) -> u32 {
        let Some(place) = place else { return 0 };
        let Some((span, number)) = self.texts.get_mut(place as usize) else { return 0 };
        if *number == 0 {
            self.entries.push(place);
            *number = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
            varint::write(span.len() as u64, &mut self.data);
            self.data.extend_from_slice(self.known.get(span.clone()).unwrap_or_default());
        }
        *number
    }

    /// Number of texts in the batch.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The entries of the batch as they are written, without their number.
    pub(super) fn data(&self) -> &[u8] {
        &self.data
    }

    /// Whether the next [`Dictionary::clear`] forgets all places.
    pub(super) fn knows_much(&self) -> bool {
        self.texts.len() > MAX_TEXTS || self.known.len() > MAX_BYTES
    }

    /// Begins a batch.
    pub(super) fn clear(&mut self) {
        self.data.clear();
        if self.knows_much() {
            self.known.clear();
            self.texts.clear();
            self.places.clear();
            self.last = None;
        } else {
            for place in &self.entries {
                self.texts[*place as usize].1 = 0;
            }
        }
        self.entries.clear();
    }

    fn text(&self, place: u32) -> &[u8] {
        let span = self.texts.get(place as usize).map(|(span, _)| span.clone());
        span.and_then(|span| self.known.get(span)).unwrap_or_default()
    }

    fn search(&mut self, text: &str) -> u32 {
        let mut hash = self.hasher.hash_one(text.as_bytes());
        while let Some(&place) = self.places.get(&hash) {
            if self.text(place) == text.as_bytes() {
                return place;
            }
            hash = hash.wrapping_add(1);
        }
        let start = self.known.len();
        self.known.extend_from_slice(text.as_bytes());
        let place = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.texts.push((start..self.known.len(), 0));
        self.places.insert(hash, place);
        place
    }
}
