//! What was acknowledged and is not stored yet: where batches wait, in the order they were taken.
//! It never says that it has a batch before a crash could no longer lose it.
//!
//! The embedded queue is a directory of segment files (`frame` documents their bytes). A clustered
//! one fits behind [`Queue`] too: one message per batch, its sequence number as the position, the
//! batch id as what makes a message known, and "acknowledge all up to" as the acknowledgement.

mod ahead;
mod commit;
mod disk;
mod embedded;
mod frame;
mod inspect;
mod quarantine;
mod read;
mod recent;
mod segment;
mod state;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use embedded::{Embedded, OpenError};
pub(crate) use inspect::{Found, drop_batches, inspect};
pub(crate) use quarantine::{Quarantine, QuarantineBounds};

use std::fmt::Debug;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::model::{Position, Received};

/// How much may wait, and how it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub(crate) n_batches: usize,
    pub(crate) n_bytes: u64,
    /// With less room on the disk than this nothing is taken; 0 for no such mark.
    pub(crate) min_free_bytes: u64,
    pub(crate) durability: Durability,
    /// Of what waits, so much stays in memory too, for who reads it.
    pub(crate) n_ahead_bytes: u64,
    /// What is kept of what cannot be stored.
    pub(crate) quarantine: QuarantineBounds,
}

/// What an acknowledged batch survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// The machine's fall: every group is synced before it is acknowledged.
    Full,
    /// The process's death, not the machine's: the system writes when it likes.
    Normal,
}

/// What the queue did with a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Appended {
    /// It is safe now.
    New,
    /// It had been safe already. Not every batch that was ever stored is known here; the store
    /// knows all of them, and the pipeline asks it.
    Known,
}

/// A batch that was taken and could not be made safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the queue cannot write; the collector's log says why")]
pub(crate) struct NotDurable;

/// Resolves once a batch is safe, or cannot be. When the sending half is gone without a word, it is
/// not safe.
pub(crate) type Durable = oneshot::Receiver<Result<Appended, NotDurable>>;

/// Why a batch was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OfferError {
    #[error("the collector has more batches waiting than it may hold; send again later")]
    Full,
    #[error(
        "the collector's disk has {free_bytes} bytes left, less than the {min_free_bytes} that \
         min_free_bytes keeps free; it answers questions and takes no batches until there is room"
    )]
    LowDisk { free_bytes: u64, min_free_bytes: u64 },
    #[error("the collector is shutting down; send again later")]
    Closed,
}

/// What [`Queue::read`] found.
#[derive(Debug)]
pub(crate) enum Read {
    Some(Taken),
    /// Nothing came within the time.
    Nothing,
    /// Nothing is there, and nothing will come.
    Closed,
}

/// Batches in the order in which they were taken.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) batches: Vec<Received>,
    /// What lay between them and cannot be read any more.
    pub(crate) damaged: Vec<Damaged>,
    /// Where to read on, and what to acknowledge once all of it is stored.
    pub(crate) next: Position,
}

/// Bytes that were a batch, or several, and are not any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Damaged {
    pub(crate) position: Position,
    /// Known when only the batch is damaged, and not what stands before it.
    pub(crate) batch_id: Option<Uuid>,
    pub(crate) problem: &'static str,
    pub(crate) bytes: Bytes,
}

/// How much waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stats {
    /// Batches that are safe and not acknowledged.
    pub(crate) n_batches: usize,
    pub(crate) n_bytes: u64,
    /// Behind the last batch that is safe.
    pub(crate) end: Position,
    /// Set while nothing is taken for want of room on the disk.
    pub(crate) low_disk: Option<OfferError>,
}

/// Where batches wait. Many may append; one reads.
pub(crate) trait Queue: Debug + Send + Sync {
    /// Hands a batch over, or says at once why not.
    fn append(&self, received: Received) -> Result<Durable, OfferError>;

    /// Reads on from a position; waits when there is nothing. An error is worth another try:
    /// what stays unreadable is given out as damaged at last.
    fn read(&self, from: Position, timeout: Duration) -> io::Result<Read>;

    /// Waits for more to come, so that larger groups are stored: until so many bytes wait, the time is
    /// over, somebody is in a hurry, or nothing will come.
    fn gather(&self, n_bytes: u64, timeout: Duration);

    /// Ends the present [`Queue::gather`], or the next.
    fn hurry(&self);

    /// Everything before the position is stored and may go.
    fn acknowledge(&self, up_to: Position);

    fn stats(&self) -> Stats;

    /// Takes nothing more; what is there can still be read.
    fn close(&self);

    fn is_closed(&self) -> bool;

    /// Waits until nothing of the queue is being written any more. Only after [`Queue::close`].
    fn finish(&self);
}
