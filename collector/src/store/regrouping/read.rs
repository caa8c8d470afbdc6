//! The calls that are regrouped together, decoded, with where each came from.
//! It never takes half a batch, and never one of which this version would lose something.

use egret::batch::Resource;
use egret::codec::{Batch, CallColumn, Calls, DecodeError, Origins};
use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

use super::SliceBounds;
use super::pick::Picked;
use crate::model::{Source, stored_limits};

/// Everything of a slice.
#[derive(Debug, Default)]
pub(super) struct Inputs {
    /// Since 1970.
    pub(super) hour: u64,
    pub(super) inputs: Vec<Input>,
    /// Batches that go, for their calls are in `inputs`.
    pub(super) batches: Vec<Uuid>,
    /// Slices that go likewise.
    pub(super) slices: Vec<i64>,
    /// Batches that stay as they are.
    pub(super) kept: Vec<Uuid>,
}

/// A batch, or a block of a slice.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) calls: Calls,
    origin: Origin,
    senders: Vec<Sender>,
}

/// A resource, as a block keeps it and as it is asked for.
#[derive(Debug)]
pub(super) struct Sender {
    pub(super) source: Source,
    pub(super) json: String,
}

#[derive(Debug)]
enum Origin {
    Batch(Uuid),
    Block(Origins),
}

/// A block of a slice that cannot be read: the slice stays as it is.
struct Unreadable;

impl Inputs {
    /// Reads what was picked; `None` when `go_on` says no.
    pub(super) fn read(
        connection: &Connection,
        picked: Picked,
        bounds: &SliceBounds,
        go_on: &dyn Fn() -> bool,
    ) -> rusqlite::Result<Option<Self>> {
        let mut read = Self { hour: picked.hour, ..Self::default() };
        let mut n_decoded_bytes = 0;
        for batch_id in picked.batches {
            if !go_on() {
                return Ok(None);
            }
            let Some(bytes) = batch(connection, batch_id)? else {
                continue;
            };
            match Input::of_batch(batch_id, &bytes) {
                Ok(Some((input, decoded_bytes))) => {
                    n_decoded_bytes += decoded_bytes;
                    read.inputs.push(input);
                    read.batches.push(batch_id);
                }
                Ok(None) => {
                    tracing::info!(%batch_id, "a batch of a later format stays as it was received");
                    read.kept.push(batch_id);
                }
                Err(error) => {
                    tracing::error!(%batch_id, %error, "a stored batch is damaged");
                    read.kept.push(batch_id);
                }
            }
            if n_decoded_bytes > bounds.n_decoded_bytes {
                // What is left, slices too, comes with the next one.
                return Ok(Some(read));
            }
        }
        for slice_id in picked.slices {
            if !go_on() {
                return Ok(None);
            }
            if let Ok((mut inputs, decoded_bytes)) = slice(connection, slice_id)? {
                n_decoded_bytes += decoded_bytes;
                if n_decoded_bytes > bounds.n_decoded_bytes {
                    break;
                }
                read.inputs.append(&mut inputs);
                read.slices.push(slice_id);
            }
        }
        Ok(Some(read))
    }

    pub(super) fn n_calls(&self) -> usize {
        self.inputs.iter().map(|input| input.calls.len()).sum()
    }
}

impl Input {
    /// A batch as it was received, and its size in memory; `None` when it holds what is not known
    /// here.
    fn of_batch(batch_id: Uuid, bytes: &[u8]) -> Result<Option<(Self, usize)>, DecodeError> {
        let batch = Batch::open(bytes, &stored_limits())?;
        if !batch.is_known_whole() {
            return Ok(None);
        }
        let input = Self {
            calls: batch.calls(CallColumn::ALL)?,
            origin: Origin::Batch(batch_id),
            senders: vec![Sender::of(&batch.meta().resource)],
        };
        Ok(Some((input, batch.decoded_bytes())))
    }

    fn of_block(bytes: &[u8]) -> Result<Option<(Self, usize)>, DecodeError> {
        let batch = Batch::open(bytes, &stored_limits())?;
        let Some(origins) = Origins::read(&batch)? else {
            return Ok(None);
        };
        let senders = origins.resources().iter().map(Sender::of).collect();
        let calls = batch.calls(CallColumn::ALL)?;
        let input = Self { calls, origin: Origin::Block(origins), senders };
        Ok(Some((input, batch.decoded_bytes())))
    }

    /// The batch that a call came in, and its row there.
    pub(super) fn place(&self, row: usize) -> (Uuid, u64) {
        match &self.origin {
            Origin::Batch(batch_id) => (*batch_id, row as u64),
            Origin::Block(origins) => origins.place(row).unwrap_or_default(),
        }
    }

    /// Who sent a call.
    pub(super) fn sender(&self, row: usize) -> Option<&Sender> {
        match &self.origin {
            Origin::Batch(_) => self.senders.first(),
            Origin::Block(origins) => self.senders.get(origins.resource(row)?),
        }
    }
}

impl Sender {
    fn of(resource: &Resource) -> Self {
        // Texts always have a JSON form.
        let json = serde_json::to_string(resource).unwrap_or_else(|_| "{}".to_owned());
        Self { source: Source::of(resource), json }
    }
}

fn batch(connection: &Connection, batch_id: Uuid) -> rusqlite::Result<Option<Vec<u8>>> {
    let mut select = connection.prepare_cached("SELECT batch FROM blocks WHERE batch_id = ?1")?;
    select.query_row([batch_id.as_bytes()], |row| row.get(0)).optional()
}

/// The blocks of a slice, all or none, and their size in memory.
fn slice(
    connection: &Connection,
    slice_id: i64,
) -> rusqlite::Result<Result<(Vec<Input>, usize), Unreadable>> {
    let mut select = connection.prepare_cached(
        "SELECT batch_id, batch FROM regrouped WHERE slice_id = ?1 ORDER BY place",
    )?;
    let mut rows = select.query([slice_id])?;
    let (mut inputs, mut n_decoded_bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let bytes: Vec<u8> = row.get(1)?;
        match Input::of_block(&bytes) {
            Ok(Some((input, decoded_bytes))) => {
                n_decoded_bytes += decoded_bytes;
                inputs.push(input);
            }
            read => {
                let batch_id = Uuid::from_bytes(row.get(0)?);
                let error = read.err().map(|error| error.to_string());
                tracing::error!(%batch_id, ?error, "a stored block is damaged");
                return Ok(Err(Unreadable));
            }
        }
    }
    Ok(Ok((inputs, n_decoded_bytes)))
}
