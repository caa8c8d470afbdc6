//! Tells that a column's bytes are sound, without making its values.
//! Never says so wrongly; where it is not sure it says no, and decoding has the last word.

use super::Encoding;
use crate::varint;

/// Whether `bytes` surely decode into so many rows of this encoding.
pub(super) fn is_sound(encoding: Encoding, rows: usize, bytes: &[u8]) -> bool {
    match encoding {
        Encoding::Varint | Encoding::Delta => are_numbers(rows, bytes),
        Encoding::Id16 => bytes.len() == rows * 16,
        Encoding::Id8 => bytes.len() == rows * 8,
        Encoding::Dict => is_dictionary(rows, bytes).is_some(),
        Encoding::Text => are_lengths(rows, bytes).is_some_and(<[u8]>::is_ascii),
        Encoding::Bytes => are_lengths(rows, bytes).is_some(),
    }
}

/// So many numbers, none of more than nine bytes.
fn are_numbers(rows: usize, bytes: &[u8]) -> bool {
    let n_ends = bytes.iter().filter(|byte| **byte < 0x80).count();
    n_ends == rows && bytes.last().is_none_or(|byte| *byte < 0x80) && longest_run(bytes) < 9
}

/// The most bytes in a row that say that their number goes on.
fn longest_run(bytes: &[u8]) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for byte in bytes {
        run = (run + 1) * usize::from(byte >> 7);
        longest = longest.max(run);
    }
    longest
}

/// A dictionary of at most 127 texts, in letters of ASCII, whose rows are a byte each.
fn is_dictionary(rows: usize, mut bytes: &[u8]) -> Option<()> {
    let n_entries = u8::try_from(varint::read(&mut bytes)?).ok().filter(|n| *n < 0x80)?;
    for _ in 0..n_entries {
        let length = usize::try_from(varint::read(&mut bytes)?).ok()?;
        let (text, rest) = bytes.split_at_checked(length)?;
        bytes = text.is_ascii().then_some(rest)?;
    }
    let is_there = bytes.iter().fold(0, |most, byte| *byte.max(&most)) <= n_entries;
    (bytes.len() == rows && is_there).then_some(())
}

/// What is behind so many lengths, when it is as long as they say.
fn are_lengths(rows: usize, mut bytes: &[u8]) -> Option<&[u8]> {
    let mut sum = 0u64;
    for _ in 0..rows {
        sum = sum.checked_add(varint::read(&mut bytes)?)?;
    }
    (sum == bytes.len() as u64 && u32::try_from(sum).is_ok()).then_some(bytes)
}
