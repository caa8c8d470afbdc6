//! The files of calls, one per day of receipt, as the writer sees them.
//! It never writes a batch into a second file when an earlier attempt left it in a first.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::data_dir::{day_path, days};
use super::schema::DAY;
use super::sums::integer;
use super::writer::Block;
use super::{DamagedDay, WriteError, mend};
use crate::model::Day;
use crate::queue::Durability;

/// Files that are open at once: today's, the day before's, and one for late groups.
const MAX_OPEN: usize = 3;

/// The files that were written lately, the latest first.
#[derive(Debug)]
pub(super) struct DayFiles {
    dir: PathBuf,
    durability: Durability,
    open: Vec<(Day, Connection)>,
}

impl DayFiles {
    pub(super) fn new(dir: &Path, durability: Durability) -> Self {
        Self { dir: dir.to_owned(), durability, open: Vec::new() }
    }

    /// Fails when any file is of a later version: better at the start than at the first query. One
    /// that cannot even be opened, because it is damaged, is moved aside.
    pub(super) fn check_all(&mut self) -> Result<(), WriteError> {
        for day in days(&self.dir)? {
            match DAY.open_readable(&day_path(&self.dir, day)) {
                Ok(None) => {
                    self.set_aside(&DamagedDay { day, problem: mend::EMPTY.to_owned() })?;
                }
                Err(error) if mend::is_damage_at_open(&error) => {
                    self.set_aside(&DamagedDay { day, problem: error.to_string() })?;
                }
                opened => drop(opened?),
            }
        }
        Ok(())
    }

    /// Moves a day's file aside, unless it is gone by now.
    pub(super) fn set_aside(&mut self, found: &DamagedDay) -> Result<(), WriteError> {
        let DamagedDay { day, problem } = found;
        self.close(*day);
        if !day_path(&self.dir, *day).exists() {
            return Ok(());
        }
        let aside = mend::set_aside(&self.dir, &format!("calls-{day}"))?;
        tracing::error!(
            day = %day,
            problem,
            aside = %aside.display(),
            "a day's calls are damaged, and moved aside; they are missing in answers, the history \
             has them all the same"
        );
        Ok(())
    }

    /// Makes the blocks durable, one commit per day.
    pub(super) fn write(&mut self, blocks: &[Block]) -> Result<(), WriteError> {
        let mut days: Vec<Day> = blocks.iter().map(day_of).collect();
        days.sort_unstable();
        days.dedup();
        for day in days {
            let of_day = blocks.iter().filter(|block| day_of(block) == day);
            let mut missing = Vec::new();
            for block in of_day.filter(|block| block.outline.is_some()) {
                if !self.day_before_has(day, block)? {
                    missing.push(block);
                }
            }
            if !missing.is_empty() {
                insert(self.file(day)?, &missing)?;
            }
        }
        Ok(())
    }

    /// Lets go of a day's file.
    pub(super) fn close(&mut self, day: Day) {
        self.open.retain(|(open, _)| *open != day);
    }

    /// A fall of the machine between the two commits, just before midnight, can leave a batch in
    /// yesterday's file that is not in the queue any more (when its durability is not full), and
    /// whose sender sends it again today.
    fn day_before_has(&mut self, day: Day, block: &Block) -> Result<bool, WriteError> {
        let before = day.minus(1);
        if !day_path(&self.dir, before).exists() {
            return Ok(false);
        }
        let mut select = self.file(before)?.prepare_cached(
            "SELECT 1 FROM blocks WHERE batch_id = ?1
             UNION ALL SELECT 1 FROM taken WHERE batch_id = ?1",
        )?;
        let found = select.query_row([block.batch_id.as_bytes()], |_| Ok(()));
        Ok(found.optional()?.is_some())
    }

    fn file(&mut self, day: Day) -> Result<&mut Connection, WriteError> {
        let place = match self.open.iter().position(|(open, _)| *open == day) {
            Some(place) => place,
            None => {
                let connection = DAY.open_writable(&day_path(&self.dir, day), self.durability)?;
                self.open.truncate(MAX_OPEN - 1);
                self.open.insert(0, (day, connection));
                0
            }
        };
        Ok(&mut self.open[place].1)
    }
}

fn day_of(block: &Block) -> Day {
    Day::of(block.received_unix_ns)
}

fn insert(connection: &mut Connection, blocks: &[&Block]) -> rusqlite::Result<()> {
    // Also its first look at the file is a writer's: nobody else can come in between.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // What an attempt before this one left here may be regrouped by now.
    let mut insert = transaction.prepare_cached(
        "INSERT OR IGNORE INTO blocks SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9
         WHERE NOT EXISTS (SELECT 1 FROM taken WHERE batch_id = ?1)",
    )?;
    for block in blocks {
        let Some(outline) = &block.outline else {
            continue;
        };
        let hosts = outline.hosts.as_ref().map(lines);
        insert.execute((
            block.batch_id.as_bytes(),
            integer(outline.start_min_ns),
            integer(outline.start_max_ns),
            integer(outline.n_calls as u64),
            hosts,
            outline.statuses,
            outline.outcomes,
            outline.has_errors,
            block.bytes.as_ref(),
        ))?;
    }
    drop(insert);
    transaction.commit()
}

/// A set of texts as the files keep it: each between newlines.
pub(super) fn lines(texts: &BTreeSet<String>) -> String {
    let lines = texts.iter().map(|text| format!("{text}\n"));
    std::iter::once("\n".to_owned()).chain(lines).collect()
}
