//! How long things are kept, and their removal from `meta.db`.
//! It never touches calls: those go with the file of their day.

use rusqlite::Connection;

use super::instances;
use super::sums::integer;
use crate::model::SECOND_NS;

const MINUTE_SECONDS: u64 = 60;
const DAY_NS: u64 = 86_400 * SECOND_NS;

/// How long things are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Retention {
    /// Whole days of calls before today.
    pub(crate) calls_days: u32,
    /// Days of roll-ups and drops, and of instances since they were last seen.
    pub(crate) minutes_days: u32,
    /// Days within which a batch that is sent again is recognised.
    pub(crate) batches_days: u32,
}

/// Removes roll-ups, drops and batch ids that are too old, and series without roll-ups.
pub(super) fn meta(
    connection: &mut Connection,
    retention: &Retention,
    now_ns: u64,
) -> rusqlite::Result<()> {
    let ago = |n_days: u32| now_ns.saturating_sub(u64::from(n_days).saturating_mul(DAY_NS));
    let first_minute = integer(ago(retention.minutes_days) / (MINUTE_SECONDS * SECOND_NS));
    let first_batch = integer(ago(retention.batches_days));
    let transaction = connection.transaction()?;
    let deleted = transaction.execute("DELETE FROM minutes WHERE minute < ?1", [first_minute])?;
    transaction.execute("DELETE FROM drops WHERE minute < ?1", [first_minute])?;
    transaction.execute("DELETE FROM batches WHERE received_unix_ns < ?1", [first_batch])?;
    if deleted > 0 {
        transaction.execute(
            "DELETE FROM series WHERE series_id NOT IN (SELECT series_id FROM minutes)",
            [],
        )?;
    }
    instances::prune(&transaction, ago(retention.minutes_days))?;
    transaction.commit()
}
