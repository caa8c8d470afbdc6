//! Tells that a column's bytes are sound, without making its values.
//! Never says so wrongly; where it is not sure it says nothing, and decoding has the last word.

use super::{Encoding, ids, split};
use crate::varint;

/// When `bytes` surely decode into so many rows of this encoding: the bytes of the longest text, 0
/// for values that are no texts.
pub(super) fn longest_if_sound(encoding: Encoding, rows: usize, bytes: &[u8]) -> Option<usize> {
    match encoding {
        Encoding::Varint | Encoding::Delta => are_numbers(rows, bytes).then_some(0),
        Encoding::Id16 => (bytes.len() == rows * 16).then_some(0),
        Encoding::Id8 => (bytes.len() == rows * 8).then_some(0),
        Encoding::Dict => dictionary(rows, bytes),
        Encoding::Text => {
            lengths(rows, bytes).filter(|(_, texts)| texts.is_ascii()).map(|(longest, _)| longest)
        }
        Encoding::Bytes => lengths(rows, bytes).map(|_| 0),
        Encoding::Some16 => ids::are_sound::<16>(rows, bytes).then_some(0),
        Encoding::Some8 => ids::are_sound::<8>(rows, bytes).then_some(0),
        Encoding::Split => split::are_sound(rows, false, bytes).then_some(0),
        // What it is told over is checked as a column of its own.
        Encoding::SplitOver => split::are_sound(rows, true, bytes).then_some(0),
        _ => None,
    }
}

/// So many numbers, none of more than nine bytes.
fn are_numbers(rows: usize, bytes: &[u8]) -> bool {
    let n_ends = bytes.iter().filter(|byte| **byte < 0x80).count();
    n_ends == rows
        && bytes.last().is_none_or(|byte| *byte < 0x80)
        && (!may_have_long_runs(bytes) || longest_run(bytes) < 9)
}

/// Nine bytes in a row that say that their number goes on have four among them that begin at a
/// multiple of four; few columns have such four, and to look for them is quick.
fn may_have_long_runs(bytes: &[u8]) -> bool {
    let (fours, _) = bytes.as_chunks::<4>();
    let goes_on = |four: &[u8; 4]| u32::from_le_bytes(*four) & 0x8080_8080 == 0x8080_8080;
    fours.iter().fold(false, |any, four| any | goes_on(four))
}

/// The most bytes in a row that say that their number goes on.
fn longest_run(bytes: &[u8]) -> usize {
    let (mut longest, mut run) = (0, 0);
    for byte in bytes {
        run = (run + 1) * usize::from(byte >> 7);
        longest = longest.max(run);
    }
    longest
}

/// A dictionary of at most 127 texts, in letters of ASCII, whose rows are a byte each.
fn dictionary(rows: usize, mut bytes: &[u8]) -> Option<usize> {
    let n_entries = u8::try_from(varint::read(&mut bytes)?).ok().filter(|n| *n < 0x80)?;
    let mut longest = 0;
    for _ in 0..n_entries {
        let length = usize::try_from(varint::read(&mut bytes)?).ok()?;
        let (text, rest) = bytes.split_at_checked(length)?;
        bytes = text.is_ascii().then_some(rest)?;
        longest = longest.max(length);
    }
    let most = bytes.iter().fold(0, |most, byte| *byte.max(&most));
    (bytes.len() == rows && most <= n_entries).then_some(longest)
}

/// The longest of so many lengths, and what is behind them when it is as long as they say.
fn lengths(rows: usize, mut bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (mut sum, mut longest) = (0u64, 0);
    let single = bytes.get(..rows)?;
    // Most texts are short, and their lengths a byte each.
    let n_rows = if single.iter().fold(0, |all, byte| all | byte) < 0x80 {
        sum = single.iter().map(|length| u64::from(*length)).sum();
        longest = u64::from(single.iter().copied().fold(0, u8::max));
        bytes = &bytes[rows..];
        0
    } else {
        rows
    };
    for _ in 0..n_rows {
        let length = varint::read(&mut bytes)?;
        sum = sum.checked_add(length)?;
        longest = longest.max(length);
    }
    let fits = sum == bytes.len() as u64 && u32::try_from(sum).is_ok();
    fits.then_some((usize::try_from(longest).ok()?, bytes))
}
