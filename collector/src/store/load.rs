//! Writes a series' whole past at once, packed as the packing would have packed it.
//! It never looks at what is there: it is for an empty store, which a bench fills.

use egret::minute::Cell;
use rusqlite::Connection;

use super::packed::{DAY, Damaged, DaySums, HALF_HOUR, HalfHour, Pack, Sum, WINDOW, key};
use super::sums::{integer, sparse};

/// Packs a series' roll-ups, which come in the order of their minutes.
pub(super) fn load(
    connection: &mut Connection,
    series_id: i64,
    cells: &mut dyn Iterator<Item = (u64, Cell)>,
) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    let mut packing = Packing { connection: &transaction, series_id, halves: Vec::new() };
    let mut pack = (0, Vec::new());
    let mut half = (0, HalfHour::default());
    for (minute, cell) in cells {
        let begin = minute / HALF_HOUR * HALF_HOUR;
        if begin != half.0 {
            packing.end_half_hour(
                &mut pack,
                std::mem::replace(&mut half, (begin, HalfHour::default())),
            )?;
        }
        let sum = half.1.minute(minute);
        sum.add_counts(cell.count, cell.request_bytes, cell.response_bytes);
        let durations = sum.duration.merge_sparse(&sparse(&cell.duration));
        durations.and_then(|()| sum.ttfb.merge_sparse(&sparse(&cell.ttfb))).map_err(unreadable)?;
    }
    packing.end_half_hour(&mut pack, half)?;
    packing.write_pack(&pack)?;
    packing.write_day()?;
    transaction.commit()
}

struct Packing<'c> {
    connection: &'c Connection,
    series_id: i64,
    /// The half-hours of the present day.
    halves: Vec<(u64, Sum)>,
}

impl Packing<'_> {
    /// Adds a half-hour to its pack and its day; writes those before it.
    fn end_half_hour(
        &mut self,
        pack: &mut (u64, Vec<u8>),
        (minute, half_hour): (u64, HalfHour),
    ) -> rusqlite::Result<()> {
        let total = half_hour.total();
        if total.count == 0 {
            return Ok(());
        }
        if minute / WINDOW != pack.0 {
            self.write_pack(pack)?;
            *pack = (minute / WINDOW, Vec::new());
        }
        if self.halves.last().is_some_and(|(last, _)| last / DAY != minute / DAY) {
            self.write_day()?;
        }
        let before = if pack.1.is_empty() { Ok(Pack::default()) } else { Pack::open(&pack.1) };
        let row = before.map_err(unreadable)?.row_with(minute, &half_hour.to_bytes());
        pack.1 = row;
        self.halves.push((minute, total));
        Ok(())
    }

    fn write_pack(&self, (window, row): &(u64, Vec<u8>)) -> rusqlite::Result<()> {
        if row.is_empty() {
            return Ok(());
        }
        self.connection
            .prepare_cached("INSERT INTO packs VALUES (?1, ?2)")?
            .execute((key(self.series_id, *window), row))
            .map(drop)
    }

    fn write_day(&mut self) -> rusqlite::Result<()> {
        let Some((minute, _)) = self.halves.first() else {
            return Ok(());
        };
        let day = minute / DAY;
        self.connection
            .prepare_cached("INSERT INTO sums VALUES (?1, ?2)")?
            .execute((key(self.series_id, day), DaySums::row_of(&self.halves)))?;
        self.connection
            .prepare_cached("UPDATE series SET last_day = ?2 WHERE series_id = ?1")?
            .execute((self.series_id, integer(day)))?;
        self.halves.clear();
        Ok(())
    }
}

fn unreadable(damaged: Damaged) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(Box::new(damaged))
}
