//! The function that SQLite adds sums up with, and the forms in which it keeps numbers.
//! They never overflow: a sum that reaches the largest number stays there.

use egret::minute::Histogram;
use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, Result};

/// Makes `egret_add(a, b)` known to a connection.
pub(super) fn register(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_DIRECTONLY;
    connection.create_scalar_function("egret_add", 2, flags, |context| {
        let (a, b): (i64, i64) = (context.get(0)?, context.get(1)?);
        Ok(a.saturating_add(b))
    })
}

/// A histogram as the store keeps it, in place of what was in `bytes`; an empty one takes none.
pub(super) fn write_sparse(histogram: &Histogram, bytes: &mut Vec<u8>) {
    bytes.clear();
    if histogram.middles().next().is_some() {
        histogram.write(bytes);
    }
}

/// The same, as bytes of its own.
pub(super) fn sparse(histogram: &Histogram) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_sparse(histogram, &mut bytes);
    bytes
}

/// SQLite's integers end at half of ours.
pub(super) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
