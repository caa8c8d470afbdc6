//! What is kept on disk: SQLite files in one directory, whose layout is in `schema`.
//! It never decodes a batch to store or find it: it keeps bytes, outlines and sums, and hands them
//! back; only `regrouping` does, behind the back of both.
//!
//! | file | what |
//! |---|---|
//! | `lock` | held by the one collector that may write here |
//! | `meta.db` | ids of stored batches, series and their roll-ups, drops, instances, hits to be handled, the place in the queue |
//! | `calls-YYYY-MM-DD.db` | calls received on that day (UTC): of the last hour as batches, each with its outline; of closed hours regrouped, see `regrouping` |
//! | `handlers.db` | how far each handler of hits is |
//! | `damaged/` | files of days that were damaged |
//! | `tokens.db` | hashes of the tokens that were made with `token create` |
//!
//! A group of batches is written to its days' files first and to `meta.db` second, in one
//! transaction with the place in the queue; that one is what makes it stored. After a crash in
//! between, the queue gives out the same batches again: their bytes are found in the day's file (or
//! the day before's), and only what is missing is written.
//!
//! Roll-ups are written as rows of one minute and series, which is fast, and moved into packs of two
//! hours and sums of half-hours later, which are small: `packing` says when, `packed` how. An
//! answer adds up whatever is in either place.
//!
//! What the pipeline needs is [`Store`], and what queries need is [`History`], so that another store
//! fits: one that takes a group at once and is idempotent by its batch ids, such as a columnar one
//! with a deduplication token, and that gives calls back as batches.

mod blocks;
mod candidates;
mod data_dir;
mod day_file;
mod error;
mod filter;
mod fold;
mod guard;
mod hit_counts;
mod hit_cursors;
mod hits_log;
mod instances;
mod kept;
mod load;
mod mend;
mod packed;
mod packing;
mod prune;
mod reader;
mod regrouping;
mod rollups;
mod schema;
mod size;
mod sums;
#[cfg(test)]
pub(crate) mod tests;
mod tokens;
mod writer;

pub(crate) use blocks::{BlockFilter, BlockKind, BlockRef};
pub(crate) use data_dir::{DataDir, DirError};
pub(crate) use error::WriteError;
pub(crate) use fold::{Folded, Needs, Question, Series, SeriesFilter, Total};
pub(crate) use guard::SeriesLimits;
pub(crate) use hit_counts::HitDatabase;
pub(crate) use hit_cursors::HitCursors;
pub(crate) use hits_log::{LogBounds, LoggedHits};
pub(crate) use mend::{DamagedDay, Examined, Examiner, HISTORY_REMEDY};
pub(crate) use prune::Retention;
pub(crate) use reader::{ReadError, Reader, SummaryFilter};
pub(crate) use size::StoreSize;
pub(crate) use tokens::{TokenFile, TokenFileError};
pub(crate) use writer::{Block, Group, Writer};

#[cfg(test)]
pub(crate) use regrouping::{Regrouper, SliceBounds, Stage};
#[cfg(test)]
pub(crate) use tests::write_calls_alone;

use std::collections::BTreeMap;
use std::fmt::Debug;

use uuid::Uuid;

use crate::model::{Instance, Position, Sighting};

/// The writing end of a store, as the pipeline needs it. It has one user.
pub(crate) trait Store: Debug + Send {
    /// Up to where the queue is stored.
    fn position(&self) -> Result<Position, WriteError>;

    /// Whether a batch is stored.
    fn has(&self, batch_id: Uuid) -> Result<bool, WriteError>;

    /// The ids of batches that were stored lately, the latest last, and no more than so many.
    fn latest(&self, n_ids: usize) -> Result<Vec<Uuid>, WriteError>;

    /// Stores a group and the place in the queue behind it, all or nothing as far as anybody can
    /// see. When this returns, the machine may fall. After an error the same batches may be
    /// written again.
    fn write(&mut self, group: &Group) -> Result<(), WriteError>;

    /// Who puts what is stored into an order that is better to search, while this end goes on
    /// writing; `None` for a store that does so by itself.
    fn regrouper(&self) -> Result<Option<Box<dyn Regroup>>, WriteError> {
        Ok(None)
    }

    /// What looks for damage beside the writer.
    fn examiner(&self) -> Examiner;

    /// Moves damaged files out of the way, and tells the log.
    fn set_aside(&mut self, damaged: &[DamagedDay]) -> Result<(), WriteError>;

    /// The names of all files that are out of the way.
    fn damaged(&self) -> Vec<String>;

    /// Removes what is older than it may get.
    fn prune(&mut self, retention: &Retention, now_ns: u64) -> Result<(), WriteError>;

    /// Does one bounded step, of some tens of milliseconds, towards packing what is over. Changes no
    /// answer. After an error the same step may be done again.
    fn pack_minutes(&mut self, retention: &Retention, now_ns: u64) -> Result<Packed, WriteError>;
}

/// Whether a step of packing was the last for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packed {
    /// There may be more to do.
    More,
    /// Everything that is over is packed.
    All,
}

/// Puts what is stored into an order that is better to search. It has one user.
pub(crate) trait Regroup: Debug + Send {
    /// One bounded piece of work, all or nothing. It ends early, undone, when `go_on` says no.
    fn step(&mut self, now_ns: u64, go_on: &dyn Fn() -> bool) -> Result<Step, WriteError>;
}

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// There may be more to do.
    Regrouped { n_calls: usize },
    /// There is nothing to do for now.
    Nothing,
    /// It ended early.
    Stopped,
}

/// The reading end of a store, as queries need it.
pub(crate) trait History: Debug + Send + Sync {
    /// Adds roll-ups up by group and step. `group_of` puts a series into a group, by the group's
    /// place, or leaves it out.
    fn fold(
        &self,
        question: &Question,
        group_of: &mut dyn FnMut(&Series) -> Option<usize>,
    ) -> Result<Folded, ReadError>;

    /// The sum of every series within the filter that has any.
    #[cfg(test)]
    fn totals(&self, filter: &SummaryFilter) -> Result<Vec<Total>, ReadError> {
        let question = Question::summary(filter, Needs::Durations);
        let mut n_series = 0;
        let folded = self.fold(&question, &mut |_| {
            n_series += 1;
            Some(n_series - 1)
        })?;
        Ok(folded.groups.into_iter().flatten().collect())
    }

    /// How many series were new beyond what their service may have: see [`SeriesLimits`].
    fn overflows(&self, filter: &SummaryFilter) -> Result<u64, ReadError>;

    /// What was dropped before it was received, by reason.
    fn drops(&self, filter: &SummaryFilter) -> Result<BTreeMap<String, u64>, ReadError>;

    /// The same, by service and reason; the filter's service is not looked at.
    fn drops_of_services(
        &self,
        filter: &SummaryFilter,
    ) -> Result<BTreeMap<String, BTreeMap<String, u64>>, ReadError>;

    /// Who was seen, of one service or of all; the last seen first.
    fn instances(&self, service: Option<&str>) -> Result<Vec<(Instance, Sighting)>, ReadError>;

    /// How much of the disk it takes.
    fn size(&self) -> Result<StoreSize, ReadError>;

    /// All blocks that pass the filter.
    fn blocks(&self, filter: BlockFilter) -> Result<Box<dyn Blocks>, ReadError>;
}

/// Blocks of calls that may be of interest, the one with the latest call first.
pub(crate) trait Blocks {
    /// Of the blocks that are left, the one whose latest call is the latest; `None` when there is
    /// none, or it is earlier than `not_before_ns`.
    fn next(&mut self, not_before_ns: u64) -> Result<Option<BlockRef>, ReadError>;

    /// A block's bytes: a batch; `None` when it is gone.
    fn bytes(&self, block: &BlockRef) -> Result<Option<Vec<u8>>, ReadError>;
}
