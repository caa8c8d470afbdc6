//! A column's zstd frames: compressed, or stored where compressing gains nothing.
//! Never writes what another zstd could not read: a stored frame is a frame of raw blocks.

use zstd::bulk::Compressor;
use zstd::zstd_safe::{CParameter, ParamSwitch, Strategy};

use super::EncodeError;
use super::builder::Parts;

/// Fast: on batches of calls, level 3 costs twice the time for 3 % fewer bytes.
const LEVEL: i32 = 1;

/// Below so many bytes the tables of a compressed block cost more time than they save bytes: some 10 us
/// for half a thousand bytes of a thousand symbols.
const MIN_SYMBOLS: usize = 1_200;
const MIN_TEXTS: usize = 256;

/// So few bytes of texts are no frame of their own.
const MIN_TEXTS_FRAME: usize = 64;

/// So many batches a part stays stored after compressing it gained nothing.
const STORED_FOR: u8 = 15;

/// What is longer is never stored: its length would need eight bytes.
const MAX_STORED_BYTES: usize = u32::MAX as usize;

/// What a block may hold.
const MAX_BLOCK_BYTES: usize = 128 << 10;

/// A shorter run costs as much as its bytes.
const MIN_RUN: usize = 8;

/// Symbols are compressed by how often each comes, and no more: matches among them are chance, and
/// looking for them costs twice as much as all else. Steps as wide as a block find none.
const SYMBOLS: [CParameter; 4] = [
    CParameter::Strategy(Strategy::ZSTD_fast),
    CParameter::TargetLength(MAX_BLOCK_BYTES as u32),
    CParameter::HashLog(6),
    // Wide steps alone would switch this off.
    CParameter::LiteralCompressionMode(ParamSwitch::Enable),
];

/// Writes frames with two contexts, used again and again.
pub(super) struct FrameWriter {
    texts: Compressor<'static>,
    symbols: Compressor<'static>,
}

/// What is known of a column from the batches before: how often each part is still stored unseen.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Habit {
    texts: u8,
    symbols: u8,
}

impl FrameWriter {
    pub(super) fn new() -> Result<Self, EncodeError> {
        let new = || {
            let mut symbols = Compressor::new(LEVEL)?;
            for parameter in SYMBOLS {
                symbols.set_parameter(parameter)?;
            }
            Ok(Self { texts: Compressor::new(LEVEL)?, symbols })
        };
        new().map_err(EncodeError::Compress)
    }

    /// Appends the frames of a column to `out`, one for each part that is not empty.
    pub(super) fn write_parts(
        &mut self,
        parts: &mut Parts,
        habit: &mut Habit,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        let Parts { texts, symbols, raw, .. } = parts;
        if texts.len() < MIN_TEXTS_FRAME && !symbols.is_empty() {
            symbols.splice(..0, texts.drain(..));
        }
        if !texts.is_empty() || (symbols.is_empty() && raw.is_empty()) {
            Self::write(&mut self.texts, MIN_TEXTS, texts, &mut habit.texts, out)?;
        }
        if !symbols.is_empty() {
            Self::write(&mut self.symbols, MIN_SYMBOLS, symbols, &mut habit.symbols, out)?;
        }
        // Also a table of 100,000 rows has far less than 4 GiB of it; see `EncodeError::TooLarge`.
        if raw.len() > MAX_STORED_BYTES {
            return Err(EncodeError::TooLarge);
        }
        if !raw.is_empty() {
            store(raw, 0, out);
        }
        Ok(())
    }

    /// Appends the frame of `bytes` to `out`.
    fn write(
        compressor: &mut Compressor<'static>,
        least: usize,
        bytes: &[u8],
        habit: &mut u8,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        let n_same = same_at_end(bytes);
        let is_stored = bytes.len() - n_same < least || *habit > 0;
        if is_stored && bytes.len() <= MAX_STORED_BYTES {
            *habit = habit.saturating_sub(1);
            store(bytes, n_same, out);
            return Ok(());
        }
        let start = out.len();
        out.resize(start + zstd::zstd_safe::compress_bound(bytes.len()), 0);
        let written = compressor.compress_to_buffer(bytes, &mut out[start..]);
        let written = written.map_err(EncodeError::Compress)?;
        out.truncate(start + written);
        // Less than one byte in 64 is not worth what it costs to look.
        if written + bytes.len() / 64 >= bytes.len() {
            *habit = STORED_FOR;
        }
        Ok(())
    }
}

/// How many bytes at the end are all the same.
fn same_at_end(bytes: &[u8]) -> usize {
    let Some(last) = bytes.last() else { return 0 };
    bytes.iter().rev().take_while(|byte| *byte == last).count()
}

/// A frame of raw blocks, with a run at its end as one (RFC 8878, 3.1.1).
fn store(bytes: &[u8], n_same: usize, out: &mut Vec<u8>) {
    const RAW: u32 = 0;
    const RUN: u32 = 1;
    out.extend_from_slice(&[0x28, 0xb5, 0x2f, 0xfd]);
    // One segment, no checksum, no dictionary; the content's size in 1, 2 or 4 bytes.
    match bytes.len() {
        length @ 0..256 => out.extend_from_slice(&[0x20, length as u8]),
        length @ 256..65_792 => {
            out.push(0x60);
            out.extend_from_slice(&((length - 256) as u16).to_le_bytes());
        }
        length => {
            out.push(0xa0);
            out.extend_from_slice(&(length as u32).to_le_bytes());
        }
    }
    let n_same = if n_same < MIN_RUN { 0 } else { n_same };
    let (raw, run) = bytes.split_at(bytes.len() - n_same);
    let mut block = |kind: u32, length: usize, is_last: bool, content: &[u8]| {
        let head = (length as u32) << 3 | kind << 1 | u32::from(is_last);
        out.extend_from_slice(&head.to_le_bytes()[..3]);
        out.extend_from_slice(content);
    };
    let n_blocks = raw.len().div_ceil(MAX_BLOCK_BYTES) + run.len().div_ceil(MAX_BLOCK_BYTES);
    if n_blocks == 0 {
        return block(RAW, 0, true, &[]);
    }
    let mut n_left = n_blocks;
    for part in raw.chunks(MAX_BLOCK_BYTES) {
        n_left -= 1;
        block(RAW, part.len(), n_left == 0, part);
    }
    for part in run.chunks(MAX_BLOCK_BYTES) {
        n_left -= 1;
        block(RUN, part.len(), n_left == 0, &part[..1]);
    }
}

#[cfg(test)]
mod tests {
    //! Whatever is stored is read by zstd itself.

    use super::*;

    #[track_caller]
    fn check(bytes: &[u8]) {
        let mut out = Vec::new();
        store(bytes, same_at_end(bytes), &mut out);
        assert_eq!(zstd::bulk::decompress(&out, bytes.len() + 1).unwrap(), bytes);
        let size = zstd::zstd_safe::get_frame_content_size(&out);
        assert_eq!(size.ok().flatten(), Some(bytes.len() as u64));
    }

    #[test]
    fn stored_frames_are_read_by_zstd() {
        let counted: Vec<u8> = (0..400_000u32).map(|n| (n.wrapping_mul(n) >> 3) as u8).collect();
        for length in [0, 1, 7, 39, 255, 256, 257, 65_791, 65_792, 131_072, 131_073, 400_000] {
            check(&counted[..length]);
            let mut with_run = counted[..length].to_vec();
            with_run.resize(length + 1_000, 7);
            check(&with_run);
            with_run.resize(length + 300_000, 7);
            check(&with_run);
            check(&vec![1; length]);
        }
    }

    #[test]
    fn what_does_not_shrink_is_stored_for_a_while_and_tried_again() {
        let mut writer = FrameWriter::new().unwrap();
        let (mut habit, mut seed) = (0, 1u64);
        let random: Vec<u8> = (0..10_000)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (seed >> 56) as u8
            })
            .collect();
        FrameWriter::write(&mut writer.texts, MIN_TEXTS, &random, &mut habit, &mut Vec::new())
            .unwrap();
        let text = b"/v1/charges/".repeat(100);
        let sizes: Vec<usize> = (0..=STORED_FOR)
            .map(|_| {
                let mut out = Vec::new();
                FrameWriter::write(&mut writer.texts, MIN_TEXTS, &text, &mut habit, &mut out)
                    .unwrap();
                out.len()
            })
            .collect();
        let (last, stored) = sizes.split_last().unwrap();
        assert!(stored.iter().all(|size| *size > text.len()) && *last < text.len() / 10);
    }
}
