//! What calls of one kind to one place have in common, and what is known of it from before.
//! Never mistakes one for another: texts are compared, whatever their hashes say.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;

use super::CallColumn;
use crate::record::{Kind, Record};

/// What calls share that are of one series, each a text.
pub(super) const SHARED: [CallColumn; 8] = [
    CallColumn::Template,
    CallColumn::Host,
    CallColumn::Method,
    CallColumn::Scheme,
    CallColumn::ProtocolVersion,
    CallColumn::Target,
    CallColumn::Consumer,
    CallColumn::Kind,
];

/// All but the kind, which is no text of the record.
const N_TEXTS: usize = SHARED.len() - 1;

/// More are forgotten with the batch.
const MAX_KNOWN: usize = 2_048;

/// A series: a place in [`Known`], until [`Known::clear`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Series(u32);

impl Series {
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// The series of this batch and of those before, and what the batch's columns know of each.
#[derive(Debug)]
pub(super) struct Known<T> {
    /// From a key's hash to its place. A foreign key in that place sends the search on to the next
    /// hash.
    places: HashMap<u64, u32, RandomState>,
    entries: Vec<(Key, T)>,
    hasher: RandomState,
}

/// Texts end to end: one place in memory to look at, not seven.
#[derive(Debug)]
struct Key {
    kind: Kind,
    lengths: [u32; N_TEXTS],
    texts: Box<str>,
}

impl<T> Default for Known<T> {
    fn default() -> Self {
        let (places, entries, hasher) = Default::default();
        Self { places, entries, hasher }
    }
}

impl<T> Known<T> {
    /// The series of a record, if it is known.
    #[cfg(feature = "client")]
    pub(super) fn find(&self, record: &Record<'_>) -> Option<Series> {
        self.search(record).ok()
    }

    /// The series of a record, with what `new` makes of it if it was not known.
    pub(super) fn enter(&mut self, record: &Record<'_>, new: impl FnOnce() -> T) -> Series {
        match self.search(record) {
            Ok(series) => series,
            Err(free) => {
                let place = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
                self.places.insert(free, place);
                self.entries.push((Key::of(record), new()));
                Series(place)
            }
        }
    }

    pub(super) fn of(&mut self, series: Series) -> Option<&mut T> {
        self.entries.get_mut(series.index()).map(|(_, of)| of)
    }

    /// Whether so many are known that they are better forgotten.
    pub(super) fn is_large(&self) -> bool {
        self.entries.len() > MAX_KNOWN
    }

    pub(super) fn clear(&mut self) {
        self.places.clear();
        self.entries.clear();
    }

    /// The series of a record, or the hash under which it would be found.
    fn search(&self, record: &Record<'_>) -> Result<Series, u64> {
        let mut hash = self.hash(record);
        loop {
            match self.places.get(&hash) {
                Some(&place) => match self.entries.get(place as usize) {
                    Some((key, _)) if key.is(record) => return Ok(Series(place)),
                    _ => hash = hash.wrapping_add(1),
                },
                None => return Err(hash),
            }
        }
    }

    /// Of the words that come in few forms only what tells those apart.
    fn hash(&self, record: &Record<'_>) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        hasher.write(record.template.as_bytes());
        hasher.write(record.url.host.as_bytes());
        for text in [&record.target, &record.consumer] {
            if !text.is_empty() {
                hasher.write(text.as_bytes());
            }
        }
        let first = |text: &str| text.as_bytes().first().map_or(0, |byte| u64::from(*byte));
        let words = [record.method, record.url.scheme, record.protocol_version];
        let words = words.map(|text| first(text) << 8 | (text.len() as u64 & 0xff));
        let words = words.into_iter().fold(record.kind as u64, |all, word| all << 16 | word);
        hasher.write_u64(words);
        hasher.finish()
    }
}

fn texts<'r>(record: &'r Record<'_>) -> [&'r str; N_TEXTS] {
    [
        &record.template,
        record.url.host,
        record.method,
        record.url.scheme,
        record.protocol_version,
        &record.target,
        &record.consumer,
    ]
}

impl Key {
    fn of(record: &Record<'_>) -> Self {
        let texts = texts(record);
        let lengths = texts.map(|text| u32::try_from(text.len()).unwrap_or(u32::MAX));
        Self { kind: record.kind, lengths, texts: texts.concat().into() }
    }

    fn is(&self, record: &Record<'_>) -> bool {
        let mut rest = self.texts.as_bytes();
        self.kind == record.kind
            && texts(record).into_iter().zip(self.lengths).all(|(text, length)| {
                text.len() == length as usize
                    && (text.is_empty()
                        || rest.split_off(..text.len()).is_some_and(|own| own == text.as_bytes()))
            })
    }
}
