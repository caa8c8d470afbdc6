//! What the bytes of a text rule out, told in one pass.
//! Never decides that something is a secret: it only says where a closer look is needless.

/// Bits 0 to 25: the letters that occur, whatever their case.
const LETTERS: u32 = (1 << 26) - 1;

/// The signs of a text: the letters and the kinds of other bytes that occur in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Signs(u32);

/// A digit.
pub(super) const DIGIT: Signs = Signs(1 << 26);
/// A letter in upper case.
pub(super) const CAPITAL: Signs = Signs(1 << 27);
/// What ends a word and does nothing else, as `-`, `_` or `.`.
pub(super) const BREAK: Signs = Signs(1 << 28);
/// What can stand before a secret, or hide one: `= % : @ ; +`.
pub(super) const MARK: Signs = Signs(1 << 29);
/// What can stand around a secret in a text: blanks, quotes, a comma, control characters, and
/// whatever is not ASCII.
pub(super) const ODD: Signs = Signs(1 << 30);
/// A slash.
pub(super) const SLASH: Signs = Signs(1 << 31);

/// The sign of each byte.
const SIGNS: [u32; 256] = {
    let mut signs = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        signs[byte] = match byte as u8 {
            letter @ b'a'..=b'z' => 1 << (letter - b'a'),
            letter @ b'A'..=b'Z' => 1 << (letter - b'A') | CAPITAL.0,
            b'0'..=b'9' => DIGIT.0,
            b'=' | b'%' | b':' | b'@' | b';' | b'+' => MARK.0,
            0..=b' ' | b'"' | b'\'' | b',' | 0x80.. => ODD.0,
            b'/' => SLASH.0,
            _ => BREAK.0,
        };
        byte += 1;
    }
    signs
};

impl Signs {
    /// The signs of a whole text.
    pub(super) fn of(text: &str) -> Self {
        Self(text.bytes().fold(0, |signs, byte| signs | SIGNS[usize::from(byte)]))
    }

    /// The sign of one byte.
    #[cfg(feature = "wire")]
    pub(super) fn of_byte(byte: u8) -> Self {
        Self(SIGNS[usize::from(byte)])
    }

    /// The signs of a text up to the first `stop`, and where that stands.
    pub(super) fn until(bytes: &[u8], stop: u8) -> (Self, usize) {
        let mut signs = 0;
        for (at, byte) in bytes.iter().enumerate() {
            if *byte == stop {
                return (Self(signs), at);
            }
            signs |= SIGNS[usize::from(*byte)];
        }
        (Self(signs), bytes.len())
    }

    /// The letters of a word, in lower case.
    pub(super) const fn of_word(word: &str) -> Self {
        let (bytes, mut signs, mut at) = (word.as_bytes(), 0, 0);
        while at < bytes.len() {
            signs |= SIGNS[bytes[at] as usize];
            at += 1;
        }
        Self(signs)
    }

    /// Whether any of these occurs.
    pub(super) const fn has(self, any: Self) -> bool {
        self.0 & any.0 != 0
    }

    /// Whether all of these occur.
    pub(super) const fn has_all(self, all: Self) -> bool {
        self.0 & all.0 == all.0
    }

    /// Whether there are letters and digits alone.
    pub(super) const fn is_word(self) -> bool {
        self.0 & !(LETTERS | DIGIT.0 | CAPITAL.0) == 0
    }

    /// Whether there are small letters alone.
    pub(super) const fn is_small_word(self) -> bool {
        self.0 & !LETTERS == 0
    }

    /// What occurs in either.
    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
