//! Numbers and checksums in packed rows.
//! They never read past the bytes they are given.

use super::Damaged;

/// Appends a varint.
pub(super) fn write(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push((number as u8) | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Takes a varint off the front.
pub(super) fn read(bytes: &mut &[u8]) -> Result<u64, Damaged> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first().ok_or(Damaged)?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(number);
        }
    }
    Err(Damaged)
}

/// Takes so many bytes off the front.
pub(super) fn take<'b>(bytes: &mut &'b [u8], n_bytes: u64) -> Result<&'b [u8], Damaged> {
    let n_bytes = usize::try_from(n_bytes).map_err(|_| Damaged)?;
    let (taken, rest) = bytes.split_at_checked(n_bytes).ok_or(Damaged)?;
    *bytes = rest;
    Ok(taken)
}

/// Takes so many bytes off the front, as many as a number has.
pub(super) fn take_array<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], Damaged> {
    let (taken, rest) = bytes.split_first_chunk().ok_or(Damaged)?;
    *bytes = rest;
    Ok(*taken)
}

/// A row: the checksum of its content, and the content, which begins behind four bytes.
pub(super) fn seal(mut row: Vec<u8>) -> Vec<u8> {
    if let Some((checksum, content)) = row.split_first_chunk_mut::<4>() {
        *checksum = crc32fast::hash(content).to_le_bytes();
    }
    row
}

/// The content of a row.
pub(super) fn open(mut row: &[u8]) -> Result<&[u8], Damaged> {
    let checksum: [u8; 4] = take_array(&mut row)?;
    if crc32fast::hash(row) == u32::from_le_bytes(checksum) { Ok(row) } else { Err(Damaged) }
}
