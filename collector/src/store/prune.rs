//! How long things are kept, and their removal from `meta.db`.
//! It never touches calls: those go with the file of their day.

use rusqlite::Connection;

use super::instances;
use super::sums::integer;
use crate::model::SECOND_NS;

const MINUTE_NS: u64 = 60 * SECOND_NS;
const DAY_NS: u64 = 86_400 * SECOND_NS;

/// How long things are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Retention {
    /// Whole days of calls before today.
    pub(crate) calls_days: u32,
    /// Days of roll-ups by the minute, and of instances since they were last seen; older roll-ups are
    /// kept by the half-hour.
    pub(crate) minutes_days: u32,
    /// Days of roll-ups by the half-hour, and of drops.
    pub(crate) history_days: u32,
    /// Days within which a batch that is sent again is recognised.
    pub(crate) batches_days: u32,
}

/// The minute so many days ago.
pub(super) fn minute_days_ago(n_days: u32, now_ns: u64) -> u64 {
    ago(n_days, now_ns) / MINUTE_NS
}

/// Removes drops and batch ids that are too old, and series of which no roll-up is left. Roll-ups
/// themselves go with the packing.
pub(super) fn meta(
    connection: &mut Connection,
    retention: &Retention,
    now_ns: u64,
) -> rusqlite::Result<()> {
    let first_minute = integer(minute_days_ago(retention.history_days, now_ns));
    let first_batch = integer(ago(retention.batches_days, now_ns));
    let transaction = connection.transaction()?;
    transaction.execute("DELETE FROM drops WHERE minute < ?1", [first_minute])?;
    transaction.execute("DELETE FROM overflows WHERE minute < ?1", [first_minute])?;
    transaction.execute("DELETE FROM batches WHERE received_unix_ns < ?1", [first_batch])?;
    transaction.execute(
        "DELETE FROM series
         WHERE last_day < ?1 / 1440
           AND series_id NOT IN (SELECT series_id FROM minutes)
           AND NOT EXISTS (SELECT 1 FROM sums
                           WHERE key >= series_id << 24 AND key < (series_id + 1) << 24)",
        [first_minute],
    )?;
    instances::prune(&transaction, ago(retention.minutes_days, now_ns))?;
    transaction.commit()
}

fn ago(n_days: u32, now_ns: u64) -> u64 {
    now_ns.saturating_sub(u64::from(n_days).saturating_mul(DAY_NS))
}
