//! The shape of a path or query: what of it is always so, and of which form its ids are.
//! Never guesses when it reads: a shape and its ids give back the very text, byte by byte.

use super::bits::{BitReader, BitWriter};
use crate::template::segments;
use crate::varint;

/// The bytes of a shape that stand for an id. All others stand for themselves, and none of them is
/// below a space.
const INT: u8 = 1;
const HEX: u8 = 2;
const UUID: u8 = 3;
const WORD: u8 = 4;
pub(super) const TEXT: u8 = 5;
const FIRST_LITERAL: u8 = 0x20;

/// Bytes of a UUID as text, and where its hyphens are.
const UUID_CHARS: usize = 36;
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// Shorter ids are no cheaper than their text.
const MIN_ID: usize = 6;

/// The most letters of an id that are counted: as a byte of UTF-8, a shape being text.
const MAX_CHARS: u8 = 0x7f;

/// Part of a shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The bytes of the shape from here to there.
    Literal { start: u32, end: u32 },
    /// A number below 2^64 in decimal digits, without zeros before it: a varint.
    Int,
    /// So many hexadecimal digits in small letters, an even number of them: two a byte.
    Hex(u8),
    /// A UUID in small letters with its hyphens: its 16 bytes.
    Uuid,
    /// So many letters, digits, hyphens and underscores: six bits each.
    Word(u8),
    /// Anything: its length as a varint. The bytes are elsewhere.
    Text,
}

/// Takes a shape apart; `start` is where it begins among others. `None` when it is none.
pub(super) fn parts_of(shape: &[u8], start: usize, out: &mut Vec<Part>) -> Option<()> {
    let mut at = 0;
    while let Some(&byte) = shape.get(at) {
        let count = || shape.get(at + 1).copied().filter(|count| *count > 0);
        let (part, length) = match byte {
            INT => (Part::Int, 1),
            HEX => (Part::Hex(count().filter(|count| count % 2 == 0)?), 2),
            UUID => (Part::Uuid, 1),
            WORD => (Part::Word(count()?), 2),
            TEXT => (Part::Text, 1),
            FIRST_LITERAL.. => {
                let literal = &shape[at..];
                let length = literal.iter().take_while(|byte| **byte >= FIRST_LITERAL).count();
                let place = |at: usize| u32::try_from(start + at).ok();
                (Part::Literal { start: place(at)?, end: place(at + length)? }, length)
            }
            _ => return None,
        };
        out.push(part);
        at += length;
    }
    Some(())
}

/// Writes a text's ids, if it is of the shape; says whether it was. Otherwise what it appended is
/// of no use.
pub(super) fn take_apart(
    parts: &[Part],
    literals: &[u8],
    mut text: &[u8],
    ids: &mut Vec<u8>,
    texts: &mut Vec<u8>,
) -> bool {
    for (place, part) in parts.iter().enumerate() {
        let rest = match *part {
            Part::Literal { start, end } => {
                literals.get(start as usize..end as usize).and_then(|own| text.strip_prefix(own))
            }
            Part::Int => take_int(text, ids),
            Part::Hex(n) => take_hex(text, usize::from(n), ids),
            Part::Uuid => take_uuid(text, ids),
            Part::Word(n) => take_word(text, usize::from(n), ids),
            Part::Text => {
                let next = match parts.get(place + 1) {
                    Some(Part::Literal { start, .. }) => literals.get(*start as usize),
                    _ => None,
                };
                let end = next.and_then(|next| text.iter().position(|byte| byte == next));
                let (own, rest) = text.split_at(end.unwrap_or(text.len()));
                varint::write(own.len() as u64, ids);
                texts.extend_from_slice(own);
                Some(rest)
            }
        };
        match rest {
            Some(rest) => text = rest,
            None => return false,
        }
    }
    text.is_empty()
}

/// Appends the text of a shape and its ids, which are taken off `ids` and `texts`.
pub(super) fn put_together(
    parts: &[Part],
    literals: &[u8],
    ids: &mut &[u8],
    texts: &mut &str,
    out: &mut Vec<u8>,
) -> Option<()> {
    for part in parts {
        match *part {
            Part::Literal { start, end } => {
                out.extend_from_slice(literals.get(start as usize..end as usize)?);
            }
            Part::Int => put_int(varint::read(ids)?, out),
            Part::Hex(n) => {
                let own = ids.split_off(..usize::from(n) / 2)?;
                let start = out.len();
                out.resize(start + usize::from(n), 0);
                for (digits, byte) in out[start..].as_chunks_mut().0.iter_mut().zip(own) {
                    *digits = hex_of(*byte);
                }
            }
            Part::Uuid => {
                let mut text = [b'-'; UUID_CHARS];
                let own: &[u8; 16] = ids.split_off(..16)?.first_chunk()?;
                for (byte, at) in own.iter().zip(UUID_PLACES) {
                    text[at..at + 2].copy_from_slice(&hex_of(*byte));
                }
                out.extend_from_slice(&text);
            }
            Part::Word(n) => {
                let mut bits = BitReader::new(ids.split_off(..(usize::from(n) * 6).div_ceil(8))?);
                out.extend((0..n).map(|_| LETTERS[bits.take(6) as usize]));
            }
            Part::Text => {
                let length = usize::try_from(varint::read(ids)?).ok()?;
                let (own, rest) = texts.split_at_checked(length)?;
                out.extend_from_slice(own.as_bytes());
                *texts = rest;
            }
        }
    }
    Some(())
}

/// Appends the shape of a text. What its template calls a placeholder is an id, what it names is
/// none; without a template, looks decide.
pub(super) fn shape_of(text: &str, template: &str, out: &mut Vec<u8>) {
    if text.bytes().any(|byte| byte < FIRST_LITERAL) {
        return out.push(TEXT);
    }
    let n_segments = |text: &str| text.bytes().filter(|byte| *byte == b'/').count();
    let is_guided = template.starts_with('/') && n_segments(text) == n_segments(template);
    let mut names = segments(template);
    for (place, segment) in segments(text).enumerate() {
        if place > 0 {
            out.push(b'/');
        }
        match names.next().filter(|_| is_guided) {
            Some(name) if name == segment => out.extend_from_slice(segment.as_bytes()),
            Some(_) => shape_of_segment(segment, true, out),
            None => shape_of_segment(segment, false, out),
        }
    }
}

/// Ids stand between whatever cannot be in one.
fn shape_of_segment(segment: &str, is_id: bool, out: &mut Vec<u8>) {
    for run in segment.as_bytes().chunk_by(|a, b| letter(*a).is_some() == letter(*b).is_some()) {
        match run.first() {
            Some(first) if letter(*first).is_some() => shape_of_run(run, is_id, out),
            _ => out.extend_from_slice(run),
        }
    }
}

fn shape_of_run(run: &[u8], is_id: bool, out: &mut Vec<u8>) {
    let mut ids = Vec::new();
    let has_digit = run.iter().any(u8::is_ascii_digit);
    let is = |rest: Option<&[u8]>| rest.is_some_and(<[u8]>::is_empty);
    let n = u8::try_from(run.len()).unwrap_or(MAX_CHARS);
    if run.len() > usize::from(MAX_CHARS) {
        out.push(TEXT);
    } else if is(take_int(run, &mut ids)) {
        out.push(INT);
    } else if is(take_uuid(run, &mut ids)) {
        out.push(UUID);
    } else if run.len() < MIN_ID || !(is_id || has_digit) {
        match is_id {
            true => out.push(TEXT),
            false => out.extend_from_slice(run),
        }
    } else if has_digit && n % 2 == 0 && is(take_hex(run, n.into(), &mut ids)) {
        out.extend_from_slice(&[HEX, n]);
    } else {
        // `cus_9xKd2mQpR7`: what stands before the mark is the same in the next one.
        let is_mark = |byte: &u8| matches!(byte, b'_' | b'-');
        let n_before = run.iter().rposition(is_mark).map_or(0, |place| place + 1);
        let (before, word) = run.split_at(if run.len() - n_before < MIN_ID { 0 } else { n_before });
        out.extend_from_slice(before);
        let has_capital = word.iter().any(u8::is_ascii_uppercase);
        match has_digit || has_capital {
            true => out.extend_from_slice(&[WORD, word.len() as u8]),
            // A name, most likely.
            false => out.push(TEXT),
        }
    }
}

fn take_int<'t>(text: &'t [u8], ids: &mut Vec<u8>) -> Option<&'t [u8]> {
    // Nineteen digits always fit.
    let (mut number, mut n_digits) = (0u64, 0);
    for byte in text.iter().take(19) {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        number = number * 10 + u64::from(digit);
        n_digits += 1;
    }
    if n_digits == 0 || (text[0] == b'0' && n_digits > 1) {
        return None;
    }
    varint::write(number, ids);
    Some(&text[n_digits..])
}

fn put_int(mut number: u64, out: &mut Vec<u8>) {
    let (mut digits, mut at) = ([0; 20], 20);
    while at == 20 || number > 0 {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
    }
    out.extend_from_slice(&digits[at..]);
}

fn take_hex<'t>(text: &'t [u8], n: usize, ids: &mut Vec<u8>) -> Option<&'t [u8]> {
    let (own, rest) = text.split_at_checked(n)?;
    let mut all = 0;
    ids.extend(own.as_chunks::<2>().0.iter().map(|[high, low]| {
        let (high, low) = (DIGITS[usize::from(*high)], DIGITS[usize::from(*low)]);
        all |= high | low;
        high << 4 | low & 15
    }));
    (all < 16).then_some(rest)
}

fn take_uuid<'t>(text: &'t [u8], ids: &mut Vec<u8>) -> Option<&'t [u8]> {
    let (own, rest) = text.split_first_chunk::<UUID_CHARS>()?;
    if HYPHENS.iter().any(|at| own[*at] != b'-') {
        return None;
    }
    let mut all = 0;
    let bytes = UUID_PLACES.map(|at| {
        let (high, low) = (DIGITS[usize::from(own[at])], DIGITS[usize::from(own[at + 1])]);
        all |= high | low;
        high << 4 | low & 15
    });
    ids.extend_from_slice(&bytes);
    (all < 16).then_some(rest)
}

fn take_word<'t>(text: &'t [u8], n: usize, ids: &mut Vec<u8>) -> Option<&'t [u8]> {
    let (own, rest) = text.split_at_checked(n)?;
    let mut all = 0;
    let mut bits = BitWriter::new(ids);
    for byte in own {
        let number = NUMBERS[usize::from(*byte)];
        all |= number;
        bits.push(u64::from(number & 63), 6);
    }
    bits.finish();
    (all < 64).then_some(rest)
}

/// Where in a UUID's text each of its bytes begins.
const UUID_PLACES: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

/// The letters of a word, by their six bits.
const LETTERS: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";

/// The six bits of a letter; 64 for what is none.
const NUMBERS: [u8; 256] = inverse(LETTERS, 64);

/// The value of a hexadecimal digit in small letters; 16 for what is none.
const DIGITS: [u8; 256] = inverse(b"0123456789abcdef", 16);

const fn inverse(letters: &[u8], none: u8) -> [u8; 256] {
    let mut values = [none; 256];
    let mut value = 0;
    while value < letters.len() {
        values[letters[value] as usize] = value as u8;
        value += 1;
    }
    values
}

fn letter(byte: u8) -> Option<u8> {
    Some(NUMBERS[usize::from(byte)]).filter(|number| *number < 64)
}

fn hex_of(byte: u8) -> [u8; 2] {
    const HEX_DIGITS: &[u8; 16] = b"0123456789abcdef";
    [byte >> 4, byte & 15].map(|digit| HEX_DIGITS[usize::from(digit)])
}
