//! What is kept on disk: SQLite files in one directory, whose layout is in `schema`.
//! It never decodes a batch: it keeps bytes, outlines and sums, and hands them back.
//!
//! | file | what |
//! |---|---|
//! | `lock` | held by the one collector that may write here |
//! | `meta.db` | ids of stored batches, series and their one-minute roll-ups, drops |
//! | `calls-YYYY-MM-DD.db` | batches received on that day (UTC), each with its outline |
//!
//! A batch is written to its day's file first and to `meta.db` second; its id in `meta.db` is what
//! makes it stored. After a crash in between, the sender sends it again: its bytes are found in the
//! day's file (or the day before's), and only what is missing is written.

mod blocks;
mod data_dir;
mod day_file;
mod prune;
mod reader;
mod rollups;
mod schema;
mod sums;
#[cfg(test)]
mod tests;
mod writer;

pub(crate) use blocks::{BlockFilter, BlockRef, Blocks};
pub(crate) use data_dir::{DataDir, DirError};
pub(crate) use prune::Retention;
pub(crate) use reader::{ReadError, Reader, SeriesTotal, SummaryFilter};
pub(crate) use writer::{Block, Group, WriteError, Writer};
