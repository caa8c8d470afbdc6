//! The one writer: a group of batches becomes durable in two commits, whatever its size.
//! It never stores a batch twice, and never half: `meta.db` is written last and all at once, with
//! the place in the queue up to which everything is stored.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use egret::minute::{Cell, Minutes, SeriesKey};
use rusqlite::{Connection, OptionalExtension, Transaction};
use uuid::Uuid;

use super::data_dir::{self, DataDir, meta_path};
use super::day_file::DayFiles;
use super::guard::SeriesLimits;
use super::hits_log::{HitsLog, LogBounds};
use super::load;
use super::packing::{Packing, Step};
use super::prune;
use super::regrouping::{self, Regrouper};
use super::rollups::SeriesIds;
use super::schema::META;
use super::sums::{self, integer};
use super::{DamagedDay, Examiner, Packed, Regroup, Retention, Store, WriteError, instances, mend};
use crate::model::{Day, HitCounts, Instance, Outline, Position, SECOND_NS, Sighting, Source};
use crate::queue::Durability;

/// A batch to be kept.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) batch_id: Uuid,
    pub(crate) received_unix_ns: u64,
    pub(crate) service: String,
    /// `None` when the batch has no calls, only roll-ups or drops.
    pub(crate) outline: Option<Outline>,
    pub(crate) bytes: Bytes,
}

/// What becomes durable together. No batch in it is in the store already.
#[derive(Debug, Default)]
pub(crate) struct Group {
    pub(crate) blocks: Vec<Block>,
    /// Each batch's roll-ups, and whose they are.
    pub(crate) minutes: Vec<(Source, Arc<Minutes>)>,
    /// The sum of all batches' drops, by (minute of receipt, service, reason).
    pub(crate) drops: BTreeMap<(u64, String, String), u64>,
    /// Who sent, and what was said of them.
    pub(crate) sightings: BTreeMap<Instance, Sighting>,
    /// For the handlers of hits; empty when there are none.
    pub(crate) hits: HitCounts,
    pub(crate) log_bounds: LogBounds,
    /// Behind the last batch of the queue that is in the group, or needs not be.
    pub(crate) position: Position,
}

/// The writing end of the store.
#[derive(Debug)]
pub(crate) struct Writer {
    // Connections are declared, and so closed, before the directory that may be removed with them.
    meta: Connection,
    days: DayFiles,
    series: SeriesIds,
    durability: Durability,
    packing: Packing,
    hits: HitsLog,
    dir: DataDir,
}

impl Writer {
    /// Opens the store in a directory.
    pub(crate) fn open(dir: DataDir, durability: Durability) -> Result<Self, WriteError> {
        let meta = META.open_writable(&meta_path(dir.path()), durability);
        let meta = meta.map_err(|error| match mend::is_damage_at_open(&error) {
            true => WriteError::History(error),
            false => error.into(),
        })?;
        sums::register(&meta)?;
        let mut days = DayFiles::new(dir.path(), durability);
        days.check_all()?;
        let hits = HitsLog::open(&meta)?;
        let (series, packing) = (SeriesIds::default(), Packing::default());
        Ok(Self { meta, days, series, durability, packing, hits, dir })
    }

    /// Sets how many series a service may have. Defaults to [`SeriesLimits::default`].
    pub(crate) fn with_series_limits(mut self, limits: SeriesLimits) -> Self {
        self.series.limit(limits);
        self
    }

    /// Writes the past of a series, packed: for benches.
    pub(crate) fn load(
        &mut self,
        source: &Source,
        series: SeriesKey<&str>,
        cells: &mut dyn Iterator<Item = (u64, Cell)>,
    ) -> Result<(), WriteError> {
        let series_id = self.series.id(&self.meta, source, series)?;
        Ok(load::load(&mut self.meta, series_id, cells)?)
    }

    /// Where the store is.
    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    fn write_meta(&mut self, group: &Group) -> rusqlite::Result<()> {
        let transaction = self.meta.transaction()?;
        insert_batches(&transaction, &group.blocks)?;
        let received_ns = group.blocks.iter().map(|block| block.received_unix_ns).max();
        self.series.received(received_ns.unwrap_or(0) / (60 * SECOND_NS));
        // Those of one source one after the other: their roll-ups are at hand then.
        let mut minutes: Vec<_> = group.minutes.iter().collect();
        minutes.sort_by(|(a, _), (b, _)| {
            (&a.service, &a.environment).cmp(&(&b.service, &b.environment))
        });
        for (source, minutes) in minutes {
            self.series.add(&transaction, source, minutes)?;
        }
        self.series.write(&transaction)?;
        add_drops(&transaction, &group.drops)?;
        instances::add(&transaction, &group.sightings)?;
        let hits = self.hits.write(&transaction, &group.hits, group.log_bounds)?;
        transaction
            .prepare_cached("INSERT OR REPLACE INTO queue (only, position) VALUES (0, ?1)")?
            .execute([integer(group.position.0)])?;
        transaction.commit()?;
        self.hits = hits;
        Ok(())
    }
}

impl Store for Writer {
    fn position(&self) -> Result<Position, WriteError> {
        let mut select = self.meta.prepare_cached("SELECT position FROM queue")?;
        let found: Option<i64> = select.query_row([], |row| row.get(0)).optional()?;
        Ok(Position(found.map_or(0, i64::unsigned_abs)))
    }

    fn has(&self, batch_id: Uuid) -> Result<bool, WriteError> {
        let mut select = self.meta.prepare_cached("SELECT 1 FROM batches WHERE batch_id = ?1")?;
        let found = select.query_row([batch_id.as_bytes()], |_| Ok(()));
        Ok(found.optional()?.is_some())
    }

    fn latest(&self, n_ids: usize) -> Result<Vec<Uuid>, WriteError> {
        let mut select = self
            .meta
            .prepare("SELECT batch_id FROM batches ORDER BY received_unix_ns DESC LIMIT ?1")?;
        let ids = select.query_map([integer(n_ids as u64)], |row| row.get(0).map(Uuid::from_bytes));
        let mut ids = ids?.collect::<Result<Vec<Uuid>, _>>()?;
        ids.reverse();
        Ok(ids)
    }

    fn write(&mut self, group: &Group) -> Result<(), WriteError> {
        self.days.write(&group.blocks)?;
        let written = self.write_meta(group);
        if written.is_err() {
            // Numbers that were given out in the transaction are gone with it.
            self.series.forget();
        }
        Ok(written?)
    }

    fn regrouper(&self) -> Result<Option<Box<dyn Regroup>>, WriteError> {
        let regrouper = Regrouper::new(self.dir.path(), self.durability, regrouping::BOUNDS)?;
        Ok(Some(Box::new(regrouper)))
    }

    fn examiner(&self) -> Examiner {
        Examiner::new(self.dir.path())
    }

    fn set_aside(&mut self, damaged: &[DamagedDay]) -> Result<(), WriteError> {
        damaged.iter().try_for_each(|found| self.days.set_aside(found))
    }

    fn damaged(&self) -> Vec<String> {
        // A directory that cannot be listed has other troubles.
        mend::names(self.dir.path()).unwrap_or_default()
    }

    fn prune(&mut self, retention: &Retention, now_ns: u64) -> Result<(), WriteError> {
        let first_day = Day::of(now_ns).minus(retention.calls_days);
        let days = data_dir::days(self.dir.path())?;
        for day in days.into_iter().filter(|day| *day < first_day) {
            self.days.close(day);
            data_dir::remove_day(self.dir.path(), day)?;
        }
        mend::prune(self.dir.path(), first_day)?;
        prune::meta(&mut self.meta, retention, now_ns)?;
        self.series.forget();
        Ok(())
    }

    fn pack_minutes(&mut self, retention: &Retention, now_ns: u64) -> Result<Packed, WriteError> {
        match self.packing.step(&mut self.meta, retention, now_ns) {
            Ok(Step::Moved(minutes, series)) => {
                self.series.forget_moved(&minutes, &series);
                Ok(Packed::More)
            }
            Ok(Step::Removed) => Ok(Packed::More),
            Ok(Step::Nothing) => Ok(Packed::All),
            Err(error) => {
                // Whether its commit came through is not known.
                self.series.forget();
                Err(error.into())
            }
        }
    }
}

fn insert_batches(transaction: &Transaction<'_>, blocks: &[Block]) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare_cached("INSERT INTO batches VALUES (?1, ?2, ?3, ?4)")?;
    for block in blocks {
        let n_calls = block.outline.as_ref().map_or(0, |outline| outline.n_calls);
        insert.execute((
            block.batch_id.as_bytes(),
            integer(block.received_unix_ns),
            &block.service,
            integer(n_calls as u64),
        ))?;
    }
    Ok(())
}

fn add_drops(
    transaction: &Transaction<'_>,
    drops: &BTreeMap<(u64, String, String), u64>,
) -> rusqlite::Result<()> {
    let mut upsert = transaction.prepare_cached(
        "INSERT INTO drops VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET count = egret_add(count, excluded.count)",
    )?;
    for ((minute, service, reason), count) in drops {
        upsert.execute((integer(*minute), service, reason, integer(*count)))?;
    }
    Ok(())
}
