//! Which batches are regrouped next, and which slices are taken up with them.
//! It never reads a batch: sizes and times suffice.

use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

use super::{HOUR_NS, SliceBounds};
use crate::store::sums::integer;

/// What becomes a slice.
#[derive(Debug)]
pub(super) struct Picked {
    /// Since 1970.
    pub(super) hour: u64,
    /// The earliest first; at least one.
    pub(super) batches: Vec<Uuid>,
    /// Slices of the same hour that are small enough to be taken up.
    pub(super) slices: Vec<i64>,
}

/// The earliest batches whose calls all began before `closed_ns`; `None` when there is none.
pub(super) fn slice(
    connection: &Connection,
    closed_ns: u64,
    bounds: &SliceBounds,
) -> rusqlite::Result<Option<Picked>> {
    let mut earliest = connection.prepare_cached(
        "SELECT start_max_ns FROM blocks
         WHERE start_max_ns < ?1 AND batch_id NOT IN (SELECT batch_id FROM kept)
         ORDER BY start_max_ns LIMIT 1",
    )?;
    let earliest: Option<i64> =
        earliest.query_row([integer(closed_ns)], |row| row.get(0)).optional()?;
    let Some(earliest) = earliest else {
        return Ok(None);
    };
    let hour = earliest.unsigned_abs() / HOUR_NS;
    let end_ns = closed_ns.min((hour + 1).saturating_mul(HOUR_NS));
    let (batches, n_calls, n_bytes) = batches(connection, earliest, integer(end_ns), bounds)?;
    let mut picked = Picked { hour, batches, slices: Vec::new() };
    picked.slices = small_slices(connection, hour, n_calls, n_bytes, bounds)?;
    Ok(Some(picked))
}

/// Batches from a start on, their calls and their bytes.
fn batches(
    connection: &Connection,
    from_ns: i64,
    end_ns: i64,
    bounds: &SliceBounds,
) -> rusqlite::Result<(Vec<Uuid>, u64, u64)> {
    let mut select = connection.prepare_cached(
        "SELECT batch_id, n_calls, length(batch) FROM blocks
         WHERE start_max_ns >= ?1 AND start_max_ns < ?2
           AND batch_id NOT IN (SELECT batch_id FROM kept)
         ORDER BY start_max_ns, batch_id",
    )?;
    let mut rows = select.query([from_ns, end_ns])?;
    let (mut ids, mut n_calls, mut n_bytes) = (Vec::new(), 0, 0);
    while let Some(row) = rows.next()? {
        let (calls, bytes): (i64, i64) = (row.get(1)?, row.get(2)?);
        let (with_calls, with_bytes) =
            (n_calls + calls.unsigned_abs(), n_bytes + bytes.unsigned_abs());
        let is_too_much = with_calls > bounds.n_calls || with_bytes > bounds.n_bytes;
        if is_too_much && !ids.is_empty() {
            break;
        }
        ids.push(Uuid::from_bytes(row.get(0)?));
        (n_calls, n_bytes) = (with_calls, with_bytes);
    }
    Ok((ids, n_calls, n_bytes))
}

/// The smallest slices of the hour, while each is at most twice of what there is without it.
fn small_slices(
    connection: &Connection,
    hour: u64,
    mut n_calls: u64,
    mut n_bytes: u64,
    bounds: &SliceBounds,
) -> rusqlite::Result<Vec<i64>> {
    let mut select = connection.prepare_cached(
        "SELECT slice_id, n_calls, n_bytes FROM slices WHERE hour = ?1 ORDER BY n_calls, slice_id",
    )?;
    let mut rows = select.query([integer(hour)])?;
    let mut slices = Vec::new();
    while let Some(row) = rows.next()? {
        let (calls, bytes): (i64, i64) = (row.get(1)?, row.get(2)?);
        let (calls, bytes) = (calls.unsigned_abs(), bytes.unsigned_abs());
        let fits = n_calls + calls <= bounds.n_calls && n_bytes + bytes <= bounds.n_bytes;
        if !fits || calls > 2 * n_calls {
            break;
        }
        slices.push(row.get(0)?);
        (n_calls, n_bytes) = (n_calls + calls, n_bytes + bytes);
    }
    Ok(slices)
}
