//! Adds roll-ups up, wherever they are: minutes that just came, packed minutes, sums of half-hours.
//! It never counts one twice and never leaves one out: what is moved meanwhile is seen before or
//! after its move, and late minutes stand beside the packed ones until they are moved too.

mod plan;
mod series;

pub(crate) use series::{Series, SeriesFilter};

use std::collections::{BTreeSet, HashMap};

use egret::minute::Cell;
use rusqlite::{Connection, Row, params};

use super::kept::Kept;
use super::packed::{DAY, DaySums, Pack, Sum, WINDOW, key_range, key_time};
use super::reader::{ReadError, SummaryFilter, unsigned};
use super::sums::integer;
use plan::{Piece, Plan};
use series::Chosen;

pub(crate) use super::packed::Needs;

/// Which roll-ups are added up, and how finely.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    /// The first minute.
    pub(crate) from_minute: u64,
    /// The minute after the last.
    pub(crate) to_minute: u64,
    /// Minutes of a step, a divisor of a day; steps begin at its multiples since 1970. `None` for
    /// one step over everything.
    pub(crate) step_minutes: Option<u64>,
    pub(crate) series: SeriesFilter,
    pub(crate) needs: Needs,
}

impl Question {
    /// One sum over everything within a filter.
    pub(crate) fn summary(filter: &SummaryFilter, needs: Needs) -> Self {
        Self {
            from_minute: filter.from_minute,
            to_minute: filter.to_minute,
            step_minutes: None,
            series: filter.series.clone(),
            needs,
        }
    }
}

/// The answer to a [`Question`].
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Folded {
    /// What was really answered: earlier than asked for where only half-hours are kept.
    pub(crate) from_minute: u64,
    /// Later than asked for where only half-hours are kept.
    pub(crate) to_minute: u64,
    /// As asked for; 30 where less was asked for and only half-hours are kept.
    pub(crate) step_minutes: Option<u64>,
    /// By group and step. A group has no steps when nothing was found of it.
    pub(crate) groups: Vec<Vec<Total>>,
    /// Rows that would belong here and are damaged; what they held is not in the sums.
    pub(crate) damaged: BTreeSet<String>,
}

/// What a group adds up to in a step.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Total {
    pub(crate) cell: Cell,
    /// Those of its calls that count as errors.
    pub(crate) errors: u64,
}

/// Adds up what is asked for, in one snapshot. `group_of` puts a series into a group, by the
/// group's place, or leaves it out.
pub(super) fn fold(
    connection: &Connection,
    question: &Question,
    group_of: &mut dyn FnMut(&Series) -> Option<usize>,
) -> Result<Folded, ReadError> {
    let plan = Plan::new(question, Kept::read(connection)?.first_minute);
    let chosen = series::choose(connection, &question.series, group_of)?;
    let mut folding = Folding::new(&plan, question.needs);
    folding.add_sums(connection, &chosen)?;
    folding.add_packs(connection, &chosen)?;
    folding.add_hot(connection, &chosen)?;
    folding.name_set_aside(connection, &chosen)?;
    let groups = folding.groups.into_iter().map(|steps| steps.iter().map(Slot::total).collect());
    Ok(Folded {
        from_minute: plan.from_minute,
        to_minute: plan.to_minute,
        step_minutes: plan.step_minutes,
        groups: groups.collect(),
        damaged: folding.damaged,
    })
}

struct Folding<'p> {
    plan: &'p Plan,
    needs: Needs,
    groups: Vec<Vec<Slot>>,
    damaged: BTreeSet<String>,
}

#[derive(Debug, Clone, Default)]
struct Slot {
    sum: Sum,
    errors: u64,
}

type Added = Result<(), ReadError>;

impl Slot {
    fn total(&self) -> Total {
        Total { cell: self.sum.to_cell(), errors: self.errors }
    }
}

impl<'p> Folding<'p> {
    fn new(plan: &'p Plan, needs: Needs) -> Self {
        Self { plan, needs, groups: Vec::new(), damaged: BTreeSet::new() }
    }

    /// Lets `add` add to the sum of a series' group in a step. Only for what there is: it makes the
    /// group's steps.
    fn add(&mut self, series: &Chosen, step: usize, add: impl FnOnce(&mut Sum) -> Added) -> Added {
        if series.group >= self.groups.len() {
            self.groups.resize_with(series.group + 1, Vec::new);
        }
        let steps = &mut self.groups[series.group];
        if steps.is_empty() {
            steps.resize_with(self.plan.n_steps(), Slot::default);
        }
        let slot = steps.get_mut(step).ok_or(ReadError::Damaged)?;
        let count_before = slot.sum.count;
        add(&mut slot.sum)?;
        if series.is_error {
            slot.errors = slot.errors.saturating_add(slot.sum.count - count_before);
        }
        Ok(())
    }

    /// Sums of days, windows and half-hours that lie in a step as a whole.
    fn add_sums(&mut self, connection: &Connection, chosen: &HashMap<i64, Chosen>) -> Added {
        let Some(days) = self.plan.days() else {
            return Ok(());
        };
        let mut select = connection
            .prepare("SELECT key, sums FROM sums WHERE key >= ?1 AND key < ?2 ORDER BY key")?;
        let mut pieces = HashMap::<u64, Vec<Piece>>::new();
        for (series_id, series) in series::in_order(chosen, days.start) {
            let mut rows = select.query(key_range(series_id, days.start, days.end))?;
            while let Some(row) = rows.next()? {
                let day = key_time(row.get(0)?);
                let plan = self.plan;
                let pieces =
                    pieces.entry(day).or_insert_with(|| plan.pieces(day * DAY..(day + 1) * DAY));
                let Ok(sums) = DaySums::open(blob(row, 1)?) else {
                    self.name_damaged("sums", row.get(0)?);
                    continue;
                };
                for piece in pieces.iter() {
                    if let Piece::Whole(part, step) = *piece
                        && sums.has(part)
                    {
                        let needs = self.needs;
                        self.add(series, step, |sum| Ok(sums.add_to(sum, needs, part)?))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Packed minutes, where a step takes only a part of a half-hour.
    fn add_packs(&mut self, connection: &Connection, chosen: &HashMap<i64, Chosen>) -> Added {
        let mut select = connection
            .prepare("SELECT key, minutes FROM packs WHERE key >= ?1 AND key < ?2 ORDER BY key")?;
        let mut pieces = HashMap::<u64, Vec<Piece>>::new();
        for windows in self.plan.windows() {
            let first_day = windows.start * WINDOW / DAY;
            for (series_id, series) in series::in_order(chosen, first_day) {
                let mut rows = select.query(key_range(series_id, windows.start, windows.end))?;
                while let Some(row) = rows.next()? {
                    let window = key_time(row.get(0)?);
                    let plan = self.plan;
                    let pieces = pieces
                        .entry(window)
                        .or_insert_with(|| plan.pieces(window * WINDOW..(window + 1) * WINDOW));
                    match Pack::open(blob(row, 1)?) {
                        Ok(pack) => self.add_pieces(series, &pack, pieces)?,
                        Err(_) => self.name_damaged("packs", row.get(0)?),
                    }
                }
            }
        }
        Ok(())
    }

    fn add_pieces(&mut self, series: &Chosen, pack: &Pack<'_>, pieces: &[Piece]) -> Added {
        for piece in pieces {
            let Piece::Minutes { half_hour, range } = piece else {
                continue;
            };
            let mut minutes = pack.minutes(*half_hour, self.needs)?;
            let mut passed = Sum::default();
            while let Some(minute) = minutes.next_minute() {
                let minute = half_hour + minute;
                if minute >= range.end {
                    break;
                }
                if minute < range.start {
                    // Reading is how its columns are passed.
                    minutes.add_to(&mut passed)?;
                } else {
                    let step = self.plan.step_of(minute);
                    self.add(series, step, |sum| Ok(minutes.add_to(sum)?))?;
                }
            }
        }
        Ok(())
    }

    /// Minutes that were not packed yet, or came late for it.
    fn add_hot(&mut self, connection: &Connection, chosen: &HashMap<i64, Chosen>) -> Added {
        if series::are_few(connection, chosen)? {
            return self.add_hot_of_few(connection, chosen);
        }
        let mut select = connection.prepare(
            "SELECT minute, series_id, count, request_bytes, response_bytes, duration FROM minutes
             WHERE minute >= ?1 AND minute < ?2",
        )?;
        let mut rows =
            select.query([integer(self.plan.from_minute), integer(self.plan.to_minute)])?;
        while let Some(row) = rows.next()? {
            if let Some(series) = chosen.get(&row.get(1)?) {
                self.add_hot_row(series, row)?;
            }
        }
        Ok(())
    }

    /// The same, without a look at the series that are not asked for.
    fn add_hot_of_few(&mut self, connection: &Connection, chosen: &HashMap<i64, Chosen>) -> Added {
        let mut next = connection
            .prepare("SELECT min(minute) FROM minutes WHERE minute >= ?1 AND minute < ?2")?;
        let mut select = connection.prepare(
            "SELECT minute, series_id, count, request_bytes, response_bytes, duration FROM minutes
             WHERE minute = ?1 AND series_id = ?2",
        )?;
        let (mut from, to) = (integer(self.plan.from_minute), integer(self.plan.to_minute));
        let mut minute_from = |from| next.query_row([from, to], |row| row.get::<_, Option<i64>>(0));
        while let Some(minute) = minute_from(from)? {
            for (series_id, series) in chosen {
                let mut rows = select.query([minute, *series_id])?;
                if let Some(row) = rows.next()? {
                    self.add_hot_row(series, row)?;
                }
            }
            from = minute.saturating_add(1);
        }
        Ok(())
    }

    fn add_hot_row(&mut self, series: &Chosen, row: &Row<'_>) -> Added {
        let (step, needs) = (self.plan.step_of(unsigned(row, 0)?), self.needs);
        self.add(series, step, |sum| {
            sum.add_counts(unsigned(row, 2)?, unsigned(row, 3)?, unsigned(row, 4)?);
            if needs >= Needs::Durations {
                sum.duration.merge_sparse(blob(row, 5)?)?;
            }
            Ok(())
        })
    }

    /// Rows that were found damaged when more came for them.
    fn name_set_aside(&mut self, connection: &Connection, chosen: &HashMap<i64, Chosen>) -> Added {
        let mut select = connection.prepare("SELECT what, key FROM damaged")?;
        let mut rows = select.query(params![])?;
        while let Some(row) = rows.next()? {
            let (what, key): (String, i64) = (row.get(0)?, row.get(1)?);
            let span = if what == "packs" { WINDOW } else { DAY };
            let begin = key_time(key) * span;
            let is_in_range = begin < self.plan.to_minute && begin + span > self.plan.from_minute;
            if is_in_range && chosen.contains_key(&(key >> 24)) {
                self.name_damaged(&what, key);
            }
        }
        Ok(())
    }

    fn name_damaged(&mut self, what: &str, key: i64) {
        if self.damaged.insert(format!("{what} {key}")) {
            tracing::error!(what, key, "packed roll-ups are damaged and missing in an answer");
        }
    }
}

fn blob<'r>(row: &'r Row<'_>, column: usize) -> Result<&'r [u8], ReadError> {
    row.get_ref(column)?.as_blob().map_err(|_| ReadError::Damaged)
}
