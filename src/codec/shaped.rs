//! Columns of paths and queries: each text's shape, most often that of the last one with the same
//! template, and its ids.
//! Never makes more text than its reader allows, whatever a batch says.

use std::collections::HashMap;
use std::hash::BuildHasher;

use foldhash::fast::RandomState;

use super::builder::{ColumnSource, Parts};
use super::known::Series;
use super::shape::{Part, TEXT, parts_of, put_together, shape_of, take_apart};
use super::{Column, Encoding};
use crate::varint;

/// What stands for a row: no text, the shape of the last row with the same template, or the first of
/// the batch's shapes that no row had before; one that some row had is its number from here.
const ABSENT: u8 = 0;
const AS_BEFORE: u8 = 1;
const NEXT: u8 = 2;
const FIRST_SHAPE: u64 = 3;

/// Texts of more shapes are told as they are, and with the batch all are forgotten.
const MAX_SHAPES: usize = 4_096;

/// Texts on their way into a column. Its memory is used again after [`ShapedBuilder::clear`], and
/// shapes of the batches before are still known.
#[derive(Debug, Default)]
pub(super) struct ShapedBuilder {
    codes: Vec<u8>,
    n_rows: usize,
    shapes: Shapes,
    places: HashMap<u64, u32, RandomState>,
    hasher: RandomState,
    /// The number of each known shape in the batch, plus 1; 0 for none yet.
    numbers: Vec<u32>,
    /// The batch's shapes, in the order of their numbers.
    in_batch: Vec<u32>,
    /// The shape of the batch's last text, plus 1, by its template's entry; 0 for none yet.
    last: Vec<u32>,
    /// What the shape was the last time, plus 1, by the series. A guess, and no more.
    guesses: Vec<u32>,
    ids: Vec<u8>,
    texts: Vec<u8>,
    n_text_bytes: usize,
    scratch: Vec<u8>,
}

/// A row's text and what is known beside it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shaped<'r> {
    pub(super) text: &'r str,
    /// Of the text, if it has one.
    pub(super) template: &'r str,
    /// What stands for the call's template in its column.
    pub(super) entry: u32,
    pub(super) series: Series,
}

/// Distinct shapes, and what they are made of.
#[derive(Debug, Default)]
struct Shapes {
    /// End to end.
    bytes: Vec<u8>,
    parts: Vec<Part>,
    /// Where each shape ends in `bytes` and in `parts`.
    ends: Vec<(u32, u32)>,
}

impl Shapes {
    fn clear(&mut self) {
        self.bytes.clear();
        self.parts.clear();
        self.ends.clear();
    }

    /// `None` when the bytes are no shape.
    fn push(&mut self, shape: &[u8]) -> Option<()> {
        let n_parts = self.parts.len();
        if parts_of(shape, self.bytes.len(), &mut self.parts).is_none() {
            self.parts.truncate(n_parts);
            return None;
        }
        self.bytes.extend_from_slice(shape);
        let ends = (u32::try_from(self.bytes.len()).ok()?, u32::try_from(self.parts.len()).ok()?);
        self.ends.push(ends);
        Some(())
    }

    fn start(&self, shape: usize) -> (usize, usize) {
        let before = shape.checked_sub(1).and_then(|before| self.ends.get(before));
        before.map_or((0, 0), |(bytes, parts)| (*bytes as usize, *parts as usize))
    }

    fn bytes_of(&self, shape: usize) -> &[u8] {
        let end = self.ends.get(shape).map_or(0, |ends| ends.0 as usize);
        self.bytes.get(self.start(shape).0..end).unwrap_or_default()
    }

    fn parts_of(&self, shape: usize) -> &[Part] {
        let end = self.ends.get(shape).map_or(0, |ends| ends.1 as usize);
        self.parts.get(self.start(shape).1..end).unwrap_or_default()
    }
}

impl ShapedBuilder {
    pub(super) fn clear(&mut self) {
        self.codes.clear();
        self.n_rows = 0;
        if self.shapes.ends.len() >= MAX_SHAPES {
            self.shapes.clear();
            self.places.clear();
            self.numbers.clear();
            self.guesses.clear();
        } else {
            self.in_batch.iter().for_each(|shape| self.numbers[*shape as usize] = 0);
        }
        self.in_batch.clear();
        self.last.clear();
        self.ids.clear();
        self.texts.clear();
        self.n_text_bytes = 0;
    }

    /// Bytes that a reader has to hold.
    pub(super) fn n_bytes(&self) -> usize {
        self.n_text_bytes + self.codes.len()
    }

    /// A row's text; empty is absent.
    pub(super) fn push(&mut self, row: usize, shaped: Shaped<'_>) {
        if shaped.text.is_empty() {
            return;
        }
        if row > self.n_rows {
            self.codes.resize(self.codes.len() + row - self.n_rows, ABSENT);
        }
        self.n_rows = row + 1;
        self.n_text_bytes += shaped.text.len();
        let (entry, series) = (shaped.entry as usize, shaped.series.index());
        if entry >= self.last.len() {
            self.last.resize(entry + 1, 0);
        }
        if series >= self.guesses.len() {
            self.guesses.resize(series + 1, 0);
        }
        let last = self.last[entry];
        let guess = if last > 0 { last } else { self.guesses[series] };
        let shape = if guess > 0 && self.put(guess - 1, shaped.text) {
            guess
        } else {
            self.shape(shaped.text, shaped.template) + 1
        };
        if shape == last {
            return self.codes.push(AS_BEFORE);
        }
        (self.last[entry], self.guesses[series]) = (shape, shape);
        let number = &mut self.numbers[shape as usize - 1];
        if *number > 0 {
            varint::write(u64::from(*number - 1) + FIRST_SHAPE, &mut self.codes);
        } else {
            self.in_batch.push(shape - 1);
            *number = u32::try_from(self.in_batch.len()).unwrap_or(u32::MAX);
            self.codes.push(NEXT);
        }
    }

    /// Writes a text's ids, if it is of the shape.
    fn put(&mut self, shape: u32, text: &str) -> bool {
        let (n_ids, n_texts) = (self.ids.len(), self.texts.len());
        let parts = self.shapes.parts_of(shape as usize);
        let (ids, texts) = (&mut self.ids, &mut self.texts);
        let is_of_it = take_apart(parts, &self.shapes.bytes, text.as_bytes(), ids, texts);
        if !is_of_it {
            self.ids.truncate(n_ids);
            self.texts.truncate(n_texts);
        }
        is_of_it
    }

    /// The place of a text's own shape, whose ids it writes.
    fn shape(&mut self, text: &str, template: &str) -> u32 {
        let mut shape = std::mem::take(&mut self.scratch);
        shape.clear();
        if self.shapes.ends.len() < MAX_SHAPES {
            shape_of(text, template, &mut shape);
        }
        let own = if shape.is_empty() { None } else { Some(self.place(&shape)) };
        self.scratch = shape;
        match own {
            Some(place) if self.put(place, text) => place,
            _ => {
                let place = self.place(&[TEXT]);
                self.put(place, text);
                place
            }
        }
    }

    fn place(&mut self, shape: &[u8]) -> u32 {
        let mut hash = self.hasher.hash_one(shape);
        while let Some(&place) = self.places.get(&hash) {
            if self.shapes.bytes_of(place as usize) == shape {
                return place;
            }
            hash = hash.wrapping_add(1);
        }
        let place = u32::try_from(self.shapes.ends.len()).unwrap_or(u32::MAX);
        if self.shapes.push(shape).is_none() {
            return self.place(&[TEXT]);
        }
        self.numbers.push(0);
        self.places.insert(hash, place);
        place
    }
}

impl ColumnSource for ShapedBuilder {
    fn is_used(&self) -> bool {
        self.n_rows > 0
    }

    fn n_shaped_bytes(&self) -> usize {
        self.n_text_bytes
    }

    fn write(&self, n_rows: usize, parts: &mut Parts) -> Encoding {
        let out = &mut parts.texts;
        varint::write(self.in_batch.len() as u64, out);
        for shape in &self.in_batch {
            let bytes = self.shapes.bytes_of(*shape as usize);
            varint::write(bytes.len() as u64, out);
            out.extend_from_slice(bytes);
        }
        varint::write(self.texts.len() as u64, out);
        out.extend_from_slice(&self.texts);
        parts.symbols.extend_from_slice(&self.codes);
        parts.symbols.resize(parts.symbols.len() + n_rows.saturating_sub(self.n_rows), ABSENT);
        parts.raw.extend_from_slice(&self.ids);
        Encoding::Shaped
    }
}

/// Texts from their shapes, of so many bytes in all; `entries` are the entries of the rows'
/// templates, of which there may be none.
pub(super) fn decode(
    rows: usize,
    mut bytes: &[u8],
    entries: Option<&[u32]>,
    n_text_bytes: usize,
) -> Result<Column, &'static str> {
    let shapes = decode_shapes(&mut bytes)?;
    let length = varint::read(&mut bytes).and_then(|length| usize::try_from(length).ok());
    let texts = length.and_then(|length| bytes.split_off(..length)).ok_or("texts are cut short")?;
    let mut texts = std::str::from_utf8(texts).map_err(|_| "text is not UTF-8")?;
    let mut codes = Vec::with_capacity(rows.min(bytes.len()));
    for _ in 0..rows {
        codes.push(varint::read(&mut bytes).ok_or("a row's shape is cut short")?);
    }
    let mut ids = bytes;
    let mut last: Vec<u32> = Vec::new();
    let mut n_seen = 0;
    // Paths are rarely more than a few times as long as what they are told by.
    let mut data = Vec::with_capacity(n_text_bytes.min(8 * (ids.len() + rows)));
    let mut ends = Vec::with_capacity(rows);
    for (row, code) in codes.into_iter().enumerate() {
        if code != u64::from(ABSENT) {
            let entry = entries.and_then(|entries| entries.get(row)).copied().unwrap_or(0) as usize;
            if entry >= last.len() {
                last.resize(entry + 1, 0);
            }
            if code != u64::from(AS_BEFORE) {
                let is_next = code == u64::from(NEXT);
                let shape = if is_next { Some(n_seen) } else { code.checked_sub(FIRST_SHAPE) };
                n_seen += u64::from(is_next);
                let shape = shape.and_then(|shape| u32::try_from(shape).ok());
                let shape = shape.filter(|shape| (*shape as usize) < shapes.ends.len());
                last[entry] = shape.ok_or("a row names a shape that is not there")? + 1;
            }
            let shape = last[entry].checked_sub(1).ok_or("no row before has a shape")?;
            let parts = shapes.parts_of(shape as usize);
            put_together(parts, &shapes.bytes, &mut ids, &mut texts, &mut data)
                .ok_or("an id is cut short")?;
            if data.len() > n_text_bytes {
                return Err("its texts are longer than the directory says");
            }
        }
        ends.push(u32::try_from(data.len()).map_err(|_| "a row's text is too long")?);
    }
    if data.len() != n_text_bytes || !ids.is_empty() || !texts.is_empty() {
        return Err("its texts are not as long as the directory says");
    }
    let data = String::from_utf8(data).map_err(|_| "text is not UTF-8")?;
    if ends.iter().any(|end| !data.is_char_boundary(*end as usize)) {
        return Err("a row's text ends inside a character");
    }
    Ok(Column::Text { data, ends })
}

fn decode_shapes(bytes: &mut &[u8]) -> Result<Shapes, &'static str> {
    let n_shapes = varint::read(bytes).ok_or("the number of shapes is cut short")?;
    let mut shapes = Shapes::default();
    for _ in 0..n_shapes {
        let length = varint::read(bytes).and_then(|length| usize::try_from(length).ok());
        let shape = length.and_then(|length| bytes.split_off(..length)).ok_or("a shape is cut")?;
        std::str::from_utf8(shape).map_err(|_| "a shape is not UTF-8")?;
        shapes.push(shape).ok_or("a shape has a part that is not known")?;
    }
    Ok(shapes)
}
