//! Which kinds of characters a text is made of, seen in one pass.
//! Never judges more than what most segments are: words in small letters.

use super::words::n_rare_pairs;

const HEX_LETTER: u8 = 1;
const LETTER: u8 = 2;
const CAPITAL: u8 = 4;
const DIGIT: u8 = 8;
/// Hyphens and underscores: they part words.
const MARK: u8 = 16;
/// Everything that a segment can be taken apart by.
const STRUCTURE: u8 = 32;

const KINDS: [u8; 256] = {
    let mut kinds = [STRUCTURE; 256];
    let mut byte = 0;
    while byte < 256 {
        kinds[byte] = match byte as u8 {
            b'a'..=b'f' => HEX_LETTER,
            b'g'..=b'z' => LETTER,
            b'A'..=b'Z' => CAPITAL,
            b'0'..=b'9' => DIGIT,
            b'-' | b'_' => MARK,
            _ => STRUCTURE,
        };
        byte += 1;
    }
    kinds
};

/// The kinds of characters in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape(u8);

impl Shape {
    pub(super) fn of(text: &str) -> Self {
        Self(text.bytes().fold(0, |kinds, byte| kinds | KINDS[usize::from(byte)]))
    }

    /// Letters, digits and marks alone.
    pub(super) fn is_plain(self) -> bool {
        self.0 & STRUCTURE == 0
    }

    /// Surely a word, or several: small letters that follow each other as in words.
    pub(super) fn is_word(self, text: &str) -> bool {
        let is_small = self.0 & (CAPITAL | DIGIT | STRUCTURE) == 0;
        // Hexadecimal letters alone may be a hash.
        is_small && (text.len() < 6 || (self.0 & LETTER != 0 && n_rare_pairs(text.as_bytes()) < 2))
    }
}
