//! One batch as a file: a small header, then the batch's own bytes.
//! Never believes a length or a count whose checksum does not match.
//!
//! # Layout, version 1
//!
//! Integers are little-endian, checksums CRC-32 (IEEE).
//!
//! | bytes | what |
//! |---|---|
//! | 4 | magic `EGSP` |
//! | 1 | version, `1` |
//! | 8 | number of records |
//! | 8 | when the batch was closed, unix ns |
//! | 8 | length of the batch in bytes |
//! | 4 | checksum of the batch |
//! | 4 | checksum of all bytes before it, so that the header can be believed without the batch |
//! | n | the batch, and nothing after it |
//!
//! The name is `<closed unix ns, 20 digits>-<sequence, 10 digits>.batch`: names sort by age.

const MAGIC: &[u8; 4] = b"EGSP";
const VERSION: u8 = 1;

/// Bytes before the batch.
pub(super) const HEADER_BYTES: usize = 37;

/// What stands before the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) n_records: u64,
    pub(super) closed_unix_ns: u64,
    batch_bytes: u64,
    checksum: u32,
}

impl Header {
    pub(super) fn of(batch: &[u8], n_records: u64, closed_unix_ns: u64) -> Self {
        let checksum = crc32fast::hash(batch);
        Self { n_records, closed_unix_ns, batch_bytes: batch.len() as u64, checksum }
    }

    /// Length of the whole file.
    pub(super) fn file_bytes(&self) -> u64 {
        self.batch_bytes.saturating_add(HEADER_BYTES as u64)
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        bytes.extend_from_slice(MAGIC);
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.n_records.to_le_bytes());
        bytes.extend_from_slice(&self.closed_unix_ns.to_le_bytes());
        bytes.extend_from_slice(&self.batch_bytes.to_le_bytes());
        bytes.extend_from_slice(&self.checksum.to_le_bytes());
        let checksum = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// Reads the header at the start of `file`; `None` when there is no whole one of this version.
    pub(super) fn decode(file: &[u8]) -> Option<Self> {
        let header = file.first_chunk::<HEADER_BYTES>()?;
        let (sealed, checksum) = header.split_last_chunk::<4>()?;
        if crc32fast::hash(sealed) != u32::from_le_bytes(*checksum) {
            return None;
        }
        let rest = sealed.strip_prefix(MAGIC)?.strip_prefix(&[VERSION])?;
        let (n_records, rest) = rest.split_first_chunk()?;
        let (closed_unix_ns, rest) = rest.split_first_chunk()?;
        let (batch_bytes, rest) = rest.split_first_chunk()?;
        let (checksum, _) = rest.split_first_chunk()?;
        Some(Self {
            n_records: u64::from_le_bytes(*n_records),
            closed_unix_ns: u64::from_le_bytes(*closed_unix_ns),
            batch_bytes: u64::from_le_bytes(*batch_bytes),
            checksum: u32::from_le_bytes(*checksum),
        })
    }
}

/// The batch in `file`; `None` unless it is whole and the one with this count and time.
pub(super) fn open(mut file: Vec<u8>, n_records: u64, closed_unix_ns: u64) -> Option<Vec<u8>> {
    let header = Header::decode(&file)?;
    let batch = file.get(HEADER_BYTES..)?;
    if header != Header::of(batch, n_records, closed_unix_ns) {
        return None;
    }
    file.drain(..HEADER_BYTES);
    Some(file)
}

pub(super) fn name(closed_unix_ns: u64, sequence: u64) -> String {
    format!("{closed_unix_ns:020}-{sequence:010}.batch")
}

/// The time and the sequence in a name that [`name`] wrote; `None` for any other.
pub(super) fn parse_name(text: &str) -> Option<(u64, u64)> {
    let (closed, sequence) = text.strip_suffix(".batch")?.split_once('-')?;
    let (closed, sequence) = (closed.parse().ok()?, sequence.parse().ok()?);
    (name(closed, sequence) == text).then_some((closed, sequence))
}
