//! Removes packs and sums that are older than they may get, some series at a time.
//! It never removes what an answer still shows: the borders in `kept` are moved first.

use rusqlite::{OptionalExtension, Transaction};

use crate::store::Retention;
use crate::store::kept::Kept;
use crate::store::packed::{WINDOW, key_range};

/// Series of one step. A series loses a pack every two hours, and a day's sums every day; more only
/// after the settings were changed.
const N_SERIES: usize = 128;

/// Rows after which a step ends, whatever is left.
const N_ROWS: usize = 1_000;

/// How far the removal is.
#[derive(Debug, Default)]
pub(super) struct Retired {
    /// Up to where everything is removed. Not known at the start: then all series are looked at.
    upto: Option<Kept>,
    /// The next series that is looked at.
    next_series: i64,
}

/// What a step changes here once it is committed.
#[derive(Debug, Clone, Copy)]
pub(super) enum RetireStep {
    /// The borders were moved.
    Narrowed,
    /// Series before this one were looked at.
    Before(i64),
    /// All series were.
    All(Kept),
}

impl Retired {
    /// Does one step; `None` when there is nothing to remove.
    pub(super) fn step(
        &self,
        transaction: &Transaction<'_>,
        kept: Kept,
        retention: &Retention,
        now_ns: u64,
    ) -> rusqlite::Result<Option<RetireStep>> {
        let narrowed = kept.narrowed(retention, now_ns);
        // A pass ends before the next border is drawn, so that none is left half done for long.
        let is_passing = self.upto != Some(kept);
        if !is_passing && narrowed != kept {
            narrowed.write(transaction)?;
            return Ok(Some(RetireStep::Narrowed));
        }
        if !is_passing {
            return Ok(None);
        }
        self.remove(transaction, kept).map(Some)
    }

    /// Takes note of a step that is committed.
    pub(super) fn committed(&mut self, step: RetireStep) {
        match step {
            RetireStep::Narrowed => self.next_series = 0,
            RetireStep::Before(series_id) => self.next_series = series_id,
            RetireStep::All(kept) => (self.upto, self.next_series) = (Some(kept), 0),
        }
    }

    fn remove(&self, transaction: &Transaction<'_>, kept: Kept) -> rusqlite::Result<RetireStep> {
        let mut select = transaction
            .prepare_cached("SELECT series_id FROM series WHERE series_id >= ?1 LIMIT 1")?;
        let mut delete_packs =
            transaction.prepare_cached("DELETE FROM packs WHERE key >= ?1 AND key < ?2")?;
        let mut delete_sums =
            transaction.prepare_cached("DELETE FROM sums WHERE key >= ?1 AND key < ?2")?;
        let (mut next, mut n_rows) = (self.next_series, 0);
        for _ in 0..N_SERIES {
            let series_id = select.query_row([next], |row| row.get::<_, i64>(0)).optional()?;
            let Some(series_id) = series_id else {
                return Ok(RetireStep::All(kept));
            };
            let windows = key_range(series_id, 0, kept.first_minute / WINDOW);
            n_rows += delete_packs.execute(windows)?;
            n_rows += delete_sums.execute(key_range(series_id, 0, kept.first_day))?;
            next = series_id + 1;
            if n_rows >= N_ROWS {
                break;
            }
        }
        Ok(RetireStep::Before(next))
    }
}
