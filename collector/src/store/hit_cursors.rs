//! How far each handler of hits is: `handlers.db`.
//! It never moves a cursor back.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

use super::schema::Schema;
use super::sums::integer;
use super::{ReadError, mend};
use crate::queue::Durability;

/// `handlers.db`: apart from `meta.db`, which one thread alone writes.
const CURSORS: Schema = Schema {
    steps: &["
        CREATE TABLE cursors (
            handler TEXT PRIMARY KEY,
            handled INTEGER NOT NULL, -- the last entry of the log that is handled
            attempt INTEGER           -- the last entry that it tries to handle now
        ) WITHOUT ROWID;
        CREATE TABLE log ( -- whose entries these are
            only INTEGER PRIMARY KEY CHECK (only = 0),
            id BLOB NOT NULL
        );"],
};

/// The file's name without `.db`.
const STEM: &str = "handlers";

/// Where a handler is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HitCursor {
    /// The last entry of the log that is handled.
    pub(crate) handled: u64,
    /// What is tried is tried again with the same entries, so that who was told of them once knows
    /// them again.
    pub(crate) attempt: Option<u64>,
}

/// The open file.
#[derive(Debug)]
pub(crate) struct HitCursors {
    connection: Connection,
}

impl HitCursors {
    /// Opens the cursors of a data directory.
    pub(crate) fn open(dir: &Path) -> Result<Self, ReadError> {
        let connection =
            CURSORS.open_writable(&dir.join(format!("{STEM}.db")), Durability::Full)?;
        Ok(Self { connection })
    }

    /// Opens the cursors of a data directory; such as are damaged are moved aside, and begin anew.
    pub(crate) fn open_or_begin(dir: &Path) -> Result<Self, ReadError> {
        let problem = match Self::open(dir) {
            Ok(cursors) => match mend::check(&cursors.connection)? {
                None => return Ok(cursors),
                Some(problem) => problem,
            },
            Err(ReadError::Open(error)) if mend::is_damage_at_open(&error) => error.to_string(),
            Err(error) => return Err(error),
        };
        let aside = mend::set_aside(dir, STEM)?;
        tracing::error!(
            problem,
            aside = %aside.display(),
            "how far the handlers of hits are, handlers.db, is damaged, and moved aside; they begin \
             anew from the end of the log: what they had not handled yet they never count"
        );
        Self::open(dir)
    }

    /// Forgets all handlers: nobody handles hits. Nothing of the file is looked at.
    pub(crate) fn forget(dir: &Path) -> Result<(), ReadError> {
        for suffix in ["-wal", "-shm", ""] {
            match std::fs::remove_file(dir.join(format!("{STEM}.db{suffix}"))) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error.into());
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Begins with these handlers alone: one that was not here before begins behind this entry, and
    /// of one that is not here now nothing is remembered. Of another log nothing is either.
    pub(crate) fn begin(
        &mut self,
        handlers: &[&str],
        log_id: Uuid,
        last: u64,
    ) -> Result<(), ReadError> {
        let transaction = self.connection.transaction()?;
        let known_id: Option<[u8; 16]> =
            transaction.query_row("SELECT id FROM log", [], |row| row.get(0)).optional()?;
        if known_id.map(Uuid::from_bytes) != Some(log_id) {
            transaction.execute("DELETE FROM cursors", [])?;
            transaction
                .execute("INSERT OR REPLACE INTO log VALUES (0, ?1)", [log_id.as_bytes()])?;
        }
        let known: Vec<String> = {
            let mut select = transaction.prepare("SELECT handler FROM cursors")?;
            let names = select.query_map([], |row| row.get(0))?;
            names.collect::<Result<_, _>>()?
        };
        for gone in known.iter().filter(|known| !handlers.contains(&known.as_str())) {
            transaction.execute("DELETE FROM cursors WHERE handler = ?1", [gone])?;
        }
        for handler in handlers {
            transaction.execute(
                "INSERT OR IGNORE INTO cursors VALUES (?1, ?2, NULL)",
                (handler, integer(last)),
            )?;
        }
        Ok(transaction.commit()?)
    }

    /// Where a handler is.
    pub(crate) fn of(&self, handler: &str) -> Result<HitCursor, ReadError> {
        let found = self.connection.query_row(
            "SELECT handled, attempt FROM cursors WHERE handler = ?1",
            [handler],
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?)),
        );
        let (handled, attempt) = found.optional()?.unwrap_or_default();
        Ok(HitCursor { handled: handled.unsigned_abs(), attempt: attempt.map(i64::unsigned_abs) })
    }

    /// A handler begins to handle up to this entry.
    pub(crate) fn attempt(&self, handler: &str, last: u64) -> Result<(), ReadError> {
        self.connection.execute(
            "UPDATE cursors SET attempt = ?2 WHERE handler = ?1",
            (handler, integer(last)),
        )?;
        Ok(())
    }

    /// A handler has handled up to this entry.
    pub(crate) fn handled(&self, handler: &str, last: u64) -> Result<(), ReadError> {
        self.connection.execute(
            "UPDATE cursors SET handled = max(handled, ?2), attempt = NULL WHERE handler = ?1",
            (handler, integer(last)),
        )?;
        Ok(())
    }
}
