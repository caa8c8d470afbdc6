//! Regroups the calls of closed hours: from batches as they came into blocks by host, template and time.
//! It never changes a call or what it is told by, and never holds up who stores: it has a connection
//! of its own, and writes for a moment at a time.
//!
//! One step takes a *slice*: batches of one file whose calls began in one hour, the earliest first,
//! as many as fit its bounds. Their calls are sorted and cut into blocks, and one commit puts the
//! blocks in and takes the batches out: a crash leaves the file as it was before the step or after
//! it. A call is told by its batch and its row there, which a block carries along for each
//! (`egret::codec::Origins`), so that places between two pages stay right.
//!
//! Slices, not hours, are sorted, because a busy hour does not fit into memory, and because a page of
//! the newest calls then looks at the blocks of a moment instead of an hour's.
//!
//! Calls that come late, for an hour that is regrouped already, wait in their batches for the next
//! full hour and become a slice of their own; small slices of that hour are taken up into it. A slice
//! is taken up only into one that is at least half as large again, so that no call is rewritten more
//! than some twenty times however late calls trickle in.
//!
//! A batch that is damaged, or holds what this version does not know, stays as it was received.

mod pick;
mod read;
mod regroup;
mod write;

pub(crate) use write::Stage;
pub(super) use write::drawer_id;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use egret::codec::{EncodeError, Encoder};

use super::data_dir::{day_path, days};
use super::schema::DAY;
use super::{Regroup, Step, WriteError};
use crate::model::{Day, SECOND_NS};
use crate::queue::Durability;
use read::Inputs;

pub(super) const HOUR_NS: u64 = 3_600 * SECOND_NS;

/// How long after its end an hour counts as closed. Senders deliver within seconds; what comes later
/// has waited for a collector that was away, and is as well regrouped an hour later.
const LATE_NS: u64 = 600 * SECOND_NS;

/// How much is regrouped at once, and into what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SliceBounds {
    /// Calls of a block.
    pub(crate) block_calls: usize,
    /// Calls of a slice, unless one batch has more.
    pub(crate) n_calls: u64,
    /// Bytes of its batches, as they are stored.
    pub(crate) n_bytes: u64,
    /// Bytes of its batches, decompressed.
    pub(crate) n_decoded_bytes: usize,
}

/// A page decodes some ten or twenty blocks: larger blocks would cost it more than they save room.
/// With larger slices, pages of one template would look at fewer blocks and pages of everything at
/// more. A slice takes some 100 MB of memory and a quarter of a second of one core.
pub(crate) const BOUNDS: SliceBounds = SliceBounds {
    block_calls: 4_096,
    n_calls: 1 << 18,
    n_bytes: 24 << 20,
    n_decoded_bytes: 128 << 20,
};

/// Regroups the files of one directory.
#[derive(Debug)]
pub(crate) struct Regrouper {
    dir: PathBuf,
    durability: Durability,
    bounds: SliceBounds,
    encoder: Encoder,
    /// Up to which start the calls of a file are regrouped.
    closed: HashMap<Day, u64>,
}

impl Regrouper {
    /// For the store in a directory.
    pub(crate) fn new(
        dir: &Path,
        durability: Durability,
        bounds: SliceBounds,
    ) -> Result<Self, EncodeError> {
        let (dir, encoder) = (dir.to_owned(), Encoder::new()?);
        Ok(Self { dir, durability, bounds, encoder, closed: HashMap::new() })
    }

    /// Takes a slice of a file; whether there was one.
    fn slice(
        &mut self,
        day: Day,
        closed_ns: u64,
        go_on: &dyn Fn() -> bool,
        at: &mut dyn FnMut(Stage),
    ) -> Result<Step, WriteError> {
        let path = day_path(&self.dir, day);
        // It may have become too old in the meantime; it is not made again.
        let Some(mut connection) = DAY.reopen_writable(&path, self.durability)? else {
            return Ok(Step::Nothing);
        };
        let Some(picked) = pick::slice(&connection, closed_ns, &self.bounds)? else {
            return Ok(Step::Nothing);
        };
        let Some(inputs) = Inputs::read(&connection, picked, &self.bounds, go_on)? else {
            return Ok(Step::Stopped);
        };
        let encoder = &mut self.encoder;
        let Some(blocks) = regroup::blocks(&inputs, encoder, self.bounds.block_calls, go_on)?
        else {
            return Ok(Step::Stopped);
        };
        write::commit(&mut connection, &inputs, &blocks, at)?;
        Ok(Step::Regrouped { n_calls: inputs.n_calls() })
    }
}

impl Regroup for Regrouper {
    fn step(&mut self, now_ns: u64, go_on: &dyn Fn() -> bool) -> Result<Step, WriteError> {
        self.step_past(now_ns, go_on, &mut |_| {})
    }
}

impl Regrouper {
    /// A step that says how far its commit is.
    pub(crate) fn step_past(
        &mut self,
        now_ns: u64,
        go_on: &dyn Fn() -> bool,
        at: &mut dyn FnMut(Stage),
    ) -> Result<Step, WriteError> {
        let closed_ns = now_ns.saturating_sub(LATE_NS) / HOUR_NS * HOUR_NS;
        let days = days(&self.dir)?;
        self.closed.retain(|day, _| days.contains(day));
        for day in days {
            if self.closed.get(&day) == Some(&closed_ns) {
                continue;
            }
            let step = self.slice(day, closed_ns, go_on, at);
            if matches!(step, Ok(Step::Nothing) | Err(_)) {
                // A file that fails is tried again when the next hour closes: the others go on.
                self.closed.insert(day, closed_ns);
            }
            if !matches!(step, Ok(Step::Nothing)) {
                return step;
            }
        }
        Ok(Step::Nothing)
    }
}
