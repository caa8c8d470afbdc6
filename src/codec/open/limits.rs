//! How much of a batch is accepted, and why one is refused.
//! Never decides: `open` does.

/// How much of a batch is accepted. The defaults are a collector's for the open network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The whole batch as received. Defaults to 4 MiB.
    pub encoded_bytes: usize,
    /// The header. Defaults to 256 KiB.
    pub header_bytes: usize,
    /// A frame's window, as a power of two. Defaults to 23 (8 MiB).
    pub window_log: u32,
    /// All columns together, decompressed. Defaults to 32 MiB.
    pub decoded_bytes: usize,
    /// Rows of one table. Defaults to 100,000.
    pub rows: usize,
    /// Columns of all tables together. Defaults to 256.
    pub columns: usize,
    /// The texts of one call together. Defaults to 256 KiB. Checked by [`verify`](super::Batch::verify) alone.
    pub record_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            encoded_bytes: 4 << 20,
            header_bytes: 256 << 10,
            window_log: 23,
            decoded_bytes: 32 << 20,
            rows: 100_000,
            columns: 256,
            record_bytes: 256 << 10,
        }
    }
}

/// Why a batch was refused, and where.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The first bytes are not `EGRT`.
    #[error("not an egret batch: it must begin with `EGRT`")]
    Magic,
    /// Written by another version of the format.
    #[error("format version {found} is not supported; this reader knows versions 1 and 2")]
    Version {
        /// The version that the batch claims.
        found: u8,
    },
    /// The batch ends before its header does.
    #[error("cut short: {length} bytes end inside the {part}")]
    CutShort {
        /// Bytes received.
        length: usize,
        /// What is incomplete.
        part: &'static str,
    },
    /// A bit is not what it was when the batch was written.
    #[error("damaged: the checksum does not match")]
    Checksum,
    /// The header is not the JSON that it should be.
    #[error("header: {0}")]
    Header(serde_json::Error),
    /// The header says what cannot be.
    #[error("directory: {0}")]
    Directory(String),
    /// Larger than the limits allow.
    #[error("too large: {what} of {found} exceeds the limit of {limit}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// How large it is.
        found: u64,
        /// How large it may be.
        limit: u64,
    },
    /// One call is larger than the limits allow.
    #[error("too large: call {row} has texts of {found} bytes, which exceeds the limit of {limit}")]
    RecordTooLarge {
        /// Which one, from 1.
        row: usize,
        /// How large it is.
        found: usize,
        /// How large it may be.
        limit: usize,
    },
    /// A column's bytes are not what its encoding asks for.
    #[error("column {table}.{column}: {problem}")]
    Column {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// What is wrong with it.
        problem: String,
    },
}
