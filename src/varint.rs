//! Unsigned LEB128 and zigzag.
//! Never reads past its input and never takes more than ten bytes for a number.

/// Bytes of the longest number.
const MAX_BYTES: usize = 10;

/// Appends `value`.
pub(crate) fn write(mut value: u64, out: &mut Vec<u8>) {
    if value < 0x80 {
        return out.push(value as u8);
    }
    // Copied at its full length, which is known, and then cut: half the time of byte by byte.
    let (mut bytes, mut length) = ([0; MAX_BYTES], 0);
    while value >= 0x80 {
        bytes[length] = (value as u8) | 0x80;
        value >>= 7;
        length += 1;
    }
    bytes[length] = value as u8;
    let end = out.len() + length + 1;
    out.extend_from_slice(&bytes);
    out.truncate(end);
}

/// Takes a number off `bytes`; `None` when it is cut short or does not fit 64 bits.
pub(crate) fn read(bytes: &mut &[u8]) -> Option<u64> {
    const GOES_ON: u64 = 0x8080_8080_8080_8080;
    if let Some(word) = bytes.first_chunk() {
        let word = u64::from_le_bytes(*word);
        let ends = !word & GOES_ON;
        if ends != 0 {
            *bytes = bytes.get(ends.trailing_zeros() as usize / 8 + 1..)?;
            // Up to the first end; then groups of 7 bits become groups of 14, 28 and 56.
            let groups = word & (ends ^ (ends - 1)) & !GOES_ON;
            let groups = groups & 0x007f_007f_007f_007f | (groups & 0x7f00_7f00_7f00_7f00) >> 1;
            let groups = groups & 0x0000_3fff_0000_3fff | (groups & 0x3fff_0000_3fff_0000) >> 2;
            return Some(groups & 0x0fff_ffff | (groups & 0x0fff_ffff_0000_0000) >> 4);
        }
    }
    read_long(bytes)
}

/// The same, byte by byte.
fn read_long(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        if shift == 63 && byte > 1 {
            return None;
        }
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

/// Small numbers of either sign become small numbers.
pub(crate) fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

/// The inverse of [`zigzag`].
pub(crate) fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

#[cfg(test)]
mod tests {
    //! What is read at once is what is read byte by byte.

    use super::*;

    #[test]
    fn numbers_are_read_at_once_as_they_are_byte_by_byte() {
        let mut seed = 1u64;
        for n in 0..200_000u32 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(n.into());
            let mut bytes = (seed ^ seed >> 29).to_le_bytes().repeat(2);
            bytes[..12].iter_mut().for_each(|byte| *byte |= (seed >> 40) as u8 & 0x80);
            bytes.truncate(n as usize % 17);
            let (mut at_once, mut by_byte) = (bytes.as_slice(), bytes.as_slice());
            let read = read(&mut at_once);
            assert_eq!(read, read_long(&mut by_byte), "{bytes:?}");
            assert!(read.is_none() || at_once == by_byte, "{bytes:?}");
            bytes.clear();
            write(seed >> (n % 64), &mut bytes);
            bytes.resize(16, 0x80);
            assert_eq!(super::read(&mut bytes.as_slice()), Some(seed >> (n % 64)));
        }
    }
}
