//! The bytes of a segment, and how they are read whatever happened to them.
//! It never does I/O, and never takes a batch for good whose checksum says otherwise.
//!
//! A segment is frames, one after the other. A frame is 48 bytes of head and the batch's own bytes,
//! as they were received:
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 4 | `EGQF` |
//! | 4 | 1 | version, 1 |
//! | 5 | 1 | 0, or 1 when it was dropped by hand |
//! | 6 | 2 | 0 |
//! | 8 | 4 | length of the batch |
//! | 12 | 4 | CRC-32 of the batch |
//! | 16 | 16 | batch id |
//! | 32 | 8 | time of receipt, unix nanoseconds |
//! | 40 | 4 | calls in the batch |
//! | 44 | 4 | CRC-32 of the 44 bytes before, begun with the segment's salt |
//!
//! Numbers are little-endian. The head has a checksum of its own, so that a damaged batch does not
//! hide where the next one begins; when the head itself is damaged, the next head is searched for.
//! The salt is in the segment's name: bytes within a batch, whoever sent it, are never taken for a
//! head.

use bytes::Bytes;
use uuid::Uuid;

use super::Damaged;
use crate::model::{Position, Received};

/// Bytes of a head.
pub(super) const HEAD: usize = 48;

const MAGIC: &[u8; 4] = b"EGQF";
const VERSION: u8 = 1;
const DROPPED: u8 = 1;

/// A head that is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) is_dropped: bool,
    /// Of the batch.
    pub(super) n_bytes: u32,
    checksum: u32,
    pub(super) batch_id: Uuid,
    pub(super) received_unix_ns: u64,
    pub(super) n_calls: u32,
}

/// What a stretch of a segment holds.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pub(super) batches: Vec<(Position, Received)>,
    pub(super) damaged: Vec<Damaged>,
    /// Bytes that were understood; the rest needs what comes after them.
    pub(super) n_consumed: usize,
    /// Bytes at the segment's end that were never written to their end, and so never acknowledged.
    pub(super) n_torn: usize,
}

impl Head {
    /// The head of a batch; `None` when no head could say its length.
    pub(super) fn of(received: &Received) -> Option<Self> {
        Some(Self {
            is_dropped: false,
            n_bytes: u32::try_from(received.bytes.len()).ok()?,
            checksum: crc32fast::hash(&received.bytes),
            batch_id: received.batch_id,
            received_unix_ns: received.received_unix_ns,
            n_calls: u32::try_from(received.n_calls).unwrap_or(u32::MAX),
        })
    }

    /// Bytes of head and batch.
    pub(super) fn frame_len(&self) -> usize {
        HEAD + self.n_bytes as usize
    }

    /// Whether it is the head of these bytes.
    pub(super) fn fits(&self, batch: &[u8]) -> bool {
        batch.len() == self.n_bytes as usize && crc32fast::hash(batch) == self.checksum
    }

    /// The same, dropped by hand.
    pub(super) fn dropped(self) -> Self {
        Self { is_dropped: true, ..self }
    }

    pub(super) fn write(&self, salt: u32, to: &mut Vec<u8>) {
        let begin = to.len();
        to.extend_from_slice(MAGIC);
        to.extend_from_slice(&[VERSION, u8::from(self.is_dropped), 0, 0]);
        to.extend_from_slice(&self.n_bytes.to_le_bytes());
        to.extend_from_slice(&self.checksum.to_le_bytes());
        to.extend_from_slice(self.batch_id.as_bytes());
        to.extend_from_slice(&self.received_unix_ns.to_le_bytes());
        to.extend_from_slice(&self.n_calls.to_le_bytes());
        let checksum = salted(salt, &to[begin..]);
        to.extend_from_slice(&checksum.to_le_bytes());
    }

    /// The head that bytes begin with, if it is whole.
    pub(super) fn read(salt: u32, bytes: &[u8]) -> Option<Self> {
        let head = bytes.get(..HEAD)?;
        let is_whole = head.starts_with(MAGIC)
            && head[4] == VERSION
            && salted(salt, &head[..44]) == number(&head[44..]);
        is_whole.then(|| Self {
            is_dropped: head[5] & DROPPED != 0,
            n_bytes: number(&head[8..]),
            checksum: number(&head[12..]),
            batch_id: Uuid::from_slice(&head[16..32]).unwrap_or_default(),
            received_unix_ns: u64::from(number(&head[32..])) | u64::from(number(&head[36..])) << 32,
            n_calls: number(&head[40..]),
        })
    }

    fn received(&self, bytes: Bytes) -> Received {
        Received {
            batch_id: self.batch_id,
            n_calls: self.n_calls as usize,
            received_unix_ns: self.received_unix_ns,
            bytes,
            digest: None,
        }
    }
}

/// Reads frames from bytes that begin at `begin`. `is_end` says that the segment has no more.
pub(super) fn scan(bytes: &Bytes, salt: u32, begin: Position, is_end: bool) -> Scan {
    let mut scan = Scan::default();
    while scan.n_consumed < bytes.len() {
        let at = scan.n_consumed;
        let n_understood = match Head::read(salt, &bytes[at..]) {
            Some(head) if at + head.frame_len() <= bytes.len() => {
                scan.take(&head, salt, begin.plus(at), bytes.slice(at..))
            }
            Some(_) if !is_end => break,
            // The next frame may still be there, should the file have lost bytes in its middle.
            _ => match next_head(salt, &bytes[at..]) {
                Some(n) => {
                    scan.damage(begin.plus(at), "its head is damaged", bytes.slice(at..at + n));
                    n
                }
                None if !is_end => break,
                None => scan.end(salt, begin.plus(at), bytes.slice(at..)),
            },
        };
        scan.n_consumed += n_understood;
    }
    scan
}

impl Scan {
    /// Takes the frame that bytes begin with; how many of them it is.
    fn take(&mut self, head: &Head, salt: u32, position: Position, bytes: Bytes) -> usize {
        let n_bytes = head.frame_len();
        if head.is_dropped {
            return n_bytes;
        }
        let batch = bytes.slice(HEAD..n_bytes);
        if head.fits(&batch) {
            self.batches.push((position, head.received(batch)));
            return n_bytes;
        }
        // Where bytes are missing, the next frame begins too early.
        let n_bytes = next_head(salt, &bytes).map_or(n_bytes, |next| n_bytes.min(next));
        self.damaged.push(Damaged {
            position,
            batch_id: Some(head.batch_id),
            problem: "its checksum is wrong",
            bytes: bytes.slice(HEAD.min(n_bytes)..n_bytes),
        });
        n_bytes
    }

    fn damage(&mut self, position: Position, problem: &'static str, bytes: Bytes) {
        self.damaged.push(Damaged { position, batch_id: None, problem, bytes });
    }

    /// What is left at the end of a segment: a write that was cut off, or damage.
    fn end(&mut self, salt: u32, position: Position, bytes: Bytes) -> usize {
        let n_bytes = bytes.len();
        let is_cut = Head::read(salt, &bytes).is_some() || n_bytes < HEAD;
        // A file can be longer than what was written to it when the machine falls.
        if is_cut || bytes.iter().all(|byte| *byte == 0) {
            self.n_torn = n_bytes;
        } else {
            self.damage(position, "its head is damaged", bytes);
        }
        n_bytes
    }
}

/// Where the next whole head is, not counting one at the beginning.
fn next_head(salt: u32, bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    while let Some(rest) = bytes.get(at..).filter(|rest| rest.len() >= HEAD) {
        at += rest.iter().position(|byte| *byte == MAGIC[0])?;
        if Head::read(salt, &bytes[at..]).is_some() {
            return Some(at);
        }
        at += 1;
    }
    None
}

fn salted(salt: u32, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&salt.to_le_bytes());
    hasher.update(bytes);
    hasher.finalize()
}

/// The first four bytes, which must be there.
fn number(bytes: &[u8]) -> u32 {
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}
