//! Which lines a comment speaks for.
//! It never reaches past the statement that follows the comment.

use std::ops::RangeInclusive;

use super::comments::{Comment, token_len};
use crate::findings::Place;

/// One file, prepared such that asking about each of many comments costs no more than its own
/// statement.
#[derive(Debug)]
pub(super) struct Source<'t> {
    text: &'t str,
    comments: &'t [Comment],
    /// The byte at which each line starts.
    line_starts: Vec<usize>,
    /// For each comment, the first byte of code after it.
    code_after: Vec<Option<usize>>,
}

impl<'t> Source<'t> {
    pub(super) fn new(text: &'t str, comments: &'t [Comment]) -> Self {
        let newlines = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n');
        let line_starts = std::iter::once(0).chain(newlines.map(|(at, _)| at + 1)).collect();
        let mut source =
            Self { text, comments, line_starts, code_after: vec![None; comments.len()] };
        // From the last to the first: what follows a comment may be what follows the next one.
        for index in (0..comments.len()).rev() {
            source.code_after[index] = source.next_code(comments[index].range.end);
        }
        source
    }

    /// The place of a byte.
    pub(super) fn place(&self, file: &str, at: usize) -> Place {
        let line = self.line_of(at);
        let column = self.text[self.line_starts[line - 1]..at].chars().count() + 1;
        Place::new(file, line, column)
    }

    /// The comment's own line when code stands before it there. Else the statement that follows:
    /// from its first line to the one where a `;`, a `,` at a line's end, or a brace closes or
    /// opens it.
    pub(super) fn lines_of(&self, index: usize) -> RangeInclusive<usize> {
        let start = self.comments[index].range.start;
        let own = self.line_of(start);
        if self.is_code(self.line_starts[own - 1], start) {
            return own..=own;
        }
        match self.code_after[index] {
            Some(first) => self.line_of(first)..=self.line_of(self.statement_end(first)),
            None => own..=own,
        }
    }

    /// The line of a byte, counted from 1.
    fn line_of(&self, at: usize) -> usize {
        self.line_starts.partition_point(|&start| start <= at)
    }

    /// Whether anything but comments and white space stands in a range.
    fn is_code(&self, from: usize, to: usize) -> bool {
        self.next_code(from).is_some_and(|code| code < to)
    }

    /// The first byte from `at` on that is neither white space nor in a comment.
    fn next_code(&self, at: usize) -> Option<usize> {
        let at = at + self.text[at..].find(|letter: char| !letter.is_whitespace())?;
        let index = self.comments.partition_point(|comment| comment.range.end <= at);
        match self.comments.get(index) {
            Some(comment) if comment.range.start <= at => self.code_after[index],
            _ => Some(at),
        }
    }

    /// The last byte of the statement, match arm or field that starts at `at`.
    fn statement_end(&self, mut at: usize) -> usize {
        let bytes = self.text.as_bytes();
        let mut depth = 0_usize;
        let mut last = at;
        while let Some(code) = self.next_code(at) {
            match bytes[code] {
                b'(' | b'[' => depth += 1,
                b'{' if depth > 0 => depth += 1,
                b')' | b']' | b'}' if depth > 0 => depth -= 1,
                b'{' | b';' if depth == 0 => return code,
                b',' if depth == 0 && self.ends_line(code + 1) => return code,
                // The block, call or list around it ends: what came before was the last of it.
                b')' | b']' | b'}' => return last,
                _ => {}
            }
            last = code;
            at = code + token_len(bytes, code);
        }
        last
    }

    fn ends_line(&self, at: usize) -> bool {
        let line_end = self.line_starts.get(self.line_of(at)).copied().unwrap_or(self.text.len());
        !self.is_code(at, line_end)
    }
}
