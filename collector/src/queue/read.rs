//! Reads segments, whatever became of them.
//! It never gives up what can still be read, and never waits for ever for what cannot.

use std::fs::File;
use std::io;
use std::sync::Mutex;
use std::sync::PoisonError;

use bytes::Bytes;

use super::frame::{self, Scan};
use super::segment::Segment;
use super::state::Shared;
use super::{Damaged, Taken};
use crate::model::Position;

/// Bytes that are read at once, unless a single batch is larger. They share a commit: when much
/// waits, large groups are what makes the pipeline catch up.
pub(super) const READ_BYTES: u64 = 32 << 20;

/// So often a read may fail before what can be read is read block by block, without the rest.
const MAX_FAILURES: u32 = 3;

const BLOCK_BYTES: usize = 4_096;

/// The reading end's memory.
#[derive(Debug, Default)]
pub(super) struct Reading(Mutex<Memory>);

#[derive(Debug, Default)]
struct Memory {
    /// The file that was read last, by its segment's base.
    file: Option<(Position, File)>,
    /// Where reading failed, and how often in a row.
    failed: Option<(Position, u32)>,
}

impl Reading {
    /// What a segment has behind a position in it, or the beginning of that. From `until` on it need
    /// not be read.
    pub(super) fn read(
        &self,
        shared: &Shared,
        segment: Segment,
        from: Position,
        until: Option<Position>,
    ) -> io::Result<Taken> {
        let n_needed = until.map_or(u64::MAX, |until| until.0.saturating_sub(from.0));
        let mut n_bytes = READ_BYTES.min(n_needed);
        loop {
            let n_left = segment.end().0 - from.0;
            let n_wanted = usize::try_from(n_bytes.min(n_left)).unwrap_or(usize::MAX);
            let bytes = self.bytes(shared, segment, from, n_wanted)?;
            let is_short = bytes.len() < n_wanted;
            let is_end = is_short || n_wanted as u64 == n_left;
            let scan = frame::scan(&bytes, segment.salt, from, is_end);
            if scan.n_consumed > 0 || is_end {
                let gone = is_short.then(|| from.plus(bytes.len()));
                return Ok(taken(scan, from, is_end.then(|| segment.end()), gone));
            }
            n_bytes = n_bytes.saturating_mul(4);
        }
    }

    fn bytes(
        &self,
        shared: &Shared,
        segment: Segment,
        from: Position,
        n_bytes: usize,
    ) -> io::Result<Bytes> {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let offset = from.0 - segment.base.0;
        let read = memory
            .open(shared, segment)
            .and_then(|file| shared.disk.read_at(file, offset, n_bytes));
        let error = match read {
            Ok(bytes) => {
                memory.failed = None;
                return Ok(bytes.into());
            }
            Err(error) => error,
        };
        memory.file = None;
        let n_failures = match memory.failed {
            Some((position, n)) if position == from => n + 1,
            _ => 1,
        };
        memory.failed = Some((from, n_failures));
        if n_failures < MAX_FAILURES && error.kind() != io::ErrorKind::NotFound {
            return Err(error);
        }
        memory.failed = None;
        let name = segment.name();
        tracing::error!(%error, name, offset, "a segment of the queue cannot be read; what can be \
                                               read of it is, and the file is kept");
        keep(shared, segment);
        Ok(salvage(memory.open(shared, segment).ok(), shared, offset, n_bytes).into())
    }
}

impl Memory {
    fn open(&mut self, shared: &Shared, segment: Segment) -> io::Result<&File> {
        let file = match self.file.take() {
            Some((base, file)) if base == segment.base => file,
            _ => shared.disk.open(&segment.path(&shared.dir))?,
        };
        Ok(&self.file.insert((segment.base, file)).1)
    }
}

/// Blocks that cannot be read are zeros; nothing, when the file cannot be opened.
fn salvage(file: Option<&File>, shared: &Shared, offset: u64, n_bytes: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let Some(file) = file else {
        return bytes;
    };
    while bytes.len() < n_bytes {
        let n_wanted = BLOCK_BYTES.min(n_bytes - bytes.len());
        match shared.disk.read_at(file, offset + bytes.len() as u64, n_wanted) {
            Ok(block) => {
                bytes.extend_from_slice(&block);
                if block.len() < n_wanted {
                    break;
                }
            }
            Err(_) => bytes.resize(bytes.len() + n_wanted, 0),
        }
    }
    bytes
}

fn keep(shared: &Shared, segment: Segment) {
    let mut state = shared.lock();
    let found = state.segments.iter_mut().find(|other| other.base == segment.base);
    if let Some(found) = found {
        found.is_kept = true;
    }
}

fn taken(scan: Scan, from: Position, end: Option<Position>, gone: Option<Position>) -> Taken {
    let Scan { batches, mut damaged, n_consumed, n_torn } = scan;
    if n_torn > 0 {
        let position = from.plus(n_consumed - n_torn).0;
        tracing::info!(
            position,
            n_torn,
            "a write to the queue was cut off before it was \
                                          acknowledged; its sender sends it again"
        );
    }
    damaged.extend(gone.map(|position| Damaged {
        position,
        batch_id: None,
        problem: "the rest of its segment is gone",
        bytes: Bytes::new(),
    }));
    Taken {
        batches: batches.into_iter().map(|(_, received)| received).collect(),
        damaged,
        next: end.unwrap_or(from.plus(n_consumed)),
    }
}
