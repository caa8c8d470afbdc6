//! The worker's path by itself: rows in, finished batches out. For benches and tests of sizes.
//! Never sends, and never starts a thread.

use std::sync::Arc;
use std::time::Duration;

use super::assembler::Assembler;
use crate::batch::Resource;
use crate::clock::Tick;
use crate::codec::EncodeError;
use crate::config::Batching;
use crate::record::{Record, write_row};
use crate::sample::Sampling;
use crate::stats::Drops;

/// Rows as callers hand them over.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    bytes: Vec<u8>,
    n_records: u32,
}

impl Rows {
    /// Adds a record.
    pub fn push(&mut self, record: &Record<'_>) {
        write_row(record, &mut self.bytes);
        self.n_records += 1;
    }
}

/// What the worker does with rows before it posts: fold, sample, encode, compress.
pub struct Assembly {
    assembler: Assembler,
    now: Tick,
}

impl std::fmt::Debug for Assembly {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Assembly").finish_non_exhaustive()
    }
}

impl Assembly {
    /// Batches of so many records, with every call kept.
    ///
    /// # Errors
    /// When no compression context can be allocated.
    pub fn new(resource: Resource, records: usize) -> Result<Self, EncodeError> {
        let batching = Batching {
            flush_interval: Duration::from_secs(1),
            records,
            bytes: usize::MAX,
            pending_bytes: usize::MAX,
            expiry: Duration::from_secs(3_600),
        };
        let assembler = Assembler::new(resource, batching, Sampling::default(), Arc::default())?;
        Ok(Self { assembler, now: Tick::now() })
    }

    /// Adds rows; `each` is given every batch that is full. What is left waits for more.
    pub fn push(&mut self, rows: &Rows, mut each: impl FnMut(Arc<[u8]>)) {
        let now = self.now;
        self.assembler.push_rows(&rows.bytes, rows.n_records, now, |assembler| {
            if let Ok(batch) = assembler.close(&Drops::default(), now) {
                each(batch.bytes);
            }
        });
    }
}
