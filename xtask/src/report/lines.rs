//! A text by its lines and columns: each place in it is found without walking the text again.
//! It never reads a file.

use std::ops::Range;
use std::sync::Arc;

/// One remembered byte for so many characters: a place is at most that far from one.
const STRIDE: usize = 256;

/// A text that is asked for many places.
#[derive(Debug)]
pub(super) struct Lines {
    text: Arc<str>,
    /// Where each line starts, in bytes and in characters.
    starts: Vec<(usize, usize)>,
    /// The byte of every `STRIDE`th character.
    strides: Vec<usize>,
}

impl Lines {
    pub(super) fn new(text: Arc<str>) -> Self {
        let (mut starts, mut strides) = (vec![(0, 0)], Vec::new());
        for (n_before, (at, letter)) in text.char_indices().enumerate() {
            if n_before % STRIDE == 0 {
                strides.push(at);
            }
            if letter == '\n' {
                starts.push((at + 1, n_before + 1));
            }
        }
        Self { text, starts, strides }
    }

    /// The bytes of the lines from `first` to `last`, counted from 1, without the last line's end.
    /// A text that became shorter since the scan has fewer.
    pub(super) fn range(&self, first: usize, last: usize) -> Range<usize> {
        let end = self.text.len();
        let start_of = |line: usize| self.starts.get(line).map(|(byte, _)| *byte);
        let start = start_of(first.saturating_sub(1)).unwrap_or(end);
        start..start_of(last.max(1)).map_or(end, |next| next - 1).max(start)
    }

    /// The byte of a column of a line, both counted from 1; the line's end when it is shorter.
    pub(super) fn byte(&self, line: usize, column: usize) -> usize {
        let Range { end, .. } = self.range(line, line);
        let Some((_, n_before)) = self.starts.get(line.saturating_sub(1)) else { return end };
        let letter = n_before.saturating_add(column.saturating_sub(1));
        let Some(near) = self.strides.get(letter / STRIDE) else { return end };
        let at = self.text[*near..].char_indices().nth(letter % STRIDE);
        at.map_or(end, |(offset, _)| (near + offset).min(end))
    }

    /// The bytes of the path that starts at a place, or of the first character when it is no path.
    pub(super) fn span(&self, line: usize, column: usize) -> Range<usize> {
        let start = self.byte(line, column);
        let rest = &self.text[start..self.range(line, line).end.max(start)];
        let is_path = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == ':';
        let path = rest.find(|letter| !is_path(letter)).unwrap_or(rest.len());
        let first = rest.chars().next().map_or(0, char::len_utf8);
        start..start + path.max(first)
    }

    /// The text in a range whose ends stand between characters; nothing where they do not.
    pub(super) fn slice(&self, range: Range<usize>) -> &str {
        self.text.get(range).unwrap_or_default()
    }

    /// The first byte of a character at or before a byte.
    pub(super) fn boundary(&self, byte: usize) -> usize {
        let mut downwards = (0..=byte.min(self.text.len())).rev();
        downwards.find(|at| self.text.is_char_boundary(*at)).unwrap_or(0)
    }
}
