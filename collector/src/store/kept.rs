//! From when on minutes and half-hours are kept.
//! It never goes back: what is gone stays gone, whatever the settings say later.

use rusqlite::{Connection, OptionalExtension};

use super::packed::{DAY, WINDOW};
use super::sums::integer;
use super::{Retention, prune};

/// The borders of what is kept. Before anything was removed both are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Kept {
    /// The first minute that is kept as a minute, the first of a window.
    pub(super) first_minute: u64,
    /// The first day whose half-hours are kept.
    pub(super) first_day: u64,
}

impl Kept {
    /// What a file says.
    pub(super) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let mut select = connection.prepare_cached("SELECT first_minute, first_day FROM kept")?;
        let found = select.query_row([], |row| {
            let number = |column| row.get::<_, i64>(column).map(i64::unsigned_abs);
            Ok(Self { first_minute: number(0)?, first_day: number(1)? })
        });
        Ok(found.optional()?.unwrap_or_default())
    }

    /// What is kept now, at the least: what was kept, without what is too old.
    pub(super) fn narrowed(self, retention: &Retention, now_ns: u64) -> Self {
        let minutes_from = prune::minute_days_ago(retention.minutes_days, now_ns);
        let days_from = prune::minute_days_ago(retention.history_days, now_ns) / DAY;
        let first_day = self.first_day.max(days_from);
        let first_minute = self.first_minute.max(minutes_from / WINDOW * WINDOW);
        Self { first_minute: first_minute.max(first_day * DAY), first_day }
    }

    pub(super) fn write(self, connection: &Connection) -> rusqlite::Result<()> {
        connection
            .prepare_cached("INSERT OR REPLACE INTO kept VALUES (0, ?1, ?2)")?
            .execute([integer(self.first_minute), integer(self.first_day)])
            .map(drop)
    }
}
