//! The tables, and how their files are opened and brought up to date.
//! It never guesses: a file of a later version is refused by its number.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, ffi};

use super::data_dir::{make_whole, open_private};
use crate::queue::Durability;

/// How long who opens or writes a file waits for another who writes it.
const BUSY: Duration = Duration::from_secs(5);

/// One kind of file: the steps from an empty one to today's. `PRAGMA user_version` holds how many
/// of them a file has behind it. A step that was ever released does not change any more.
#[derive(Debug)]
pub(super) struct Schema {
    pub(super) steps: &'static [&'static str],
}

/// `meta.db`. Times are unix nanoseconds, minutes are counted from 1970; both in UTC.
pub(super) const META: Schema = Schema {
    steps: &[
        "
        CREATE TABLE batches (
            batch_id BLOB PRIMARY KEY,
            received_unix_ns INTEGER NOT NULL,
            service TEXT NOT NULL,
            n_calls INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX batches_by_time ON batches (received_unix_ns);
        CREATE TABLE series (
            series_id INTEGER PRIMARY KEY,
            service TEXT NOT NULL,
            environment TEXT NOT NULL,
            kind TEXT NOT NULL,
            target TEXT NOT NULL,
            method TEXT NOT NULL,
            host TEXT NOT NULL,
            template TEXT NOT NULL,
            status INTEGER NOT NULL, -- 0 when no answer came
            error_type TEXT NOT NULL,
            consumer TEXT NOT NULL,
            UNIQUE (host, method, template, status, service, environment, kind, target,
                    error_type, consumer)
        );
        CREATE TABLE minutes (
            minute INTEGER NOT NULL,
            series_id INTEGER NOT NULL,
            count INTEGER NOT NULL,
            request_bytes INTEGER NOT NULL,
            response_bytes INTEGER NOT NULL,
            duration BLOB NOT NULL, -- egret::minute::Histogram, sparse
            ttfb BLOB NOT NULL,
            PRIMARY KEY (minute, series_id)
        ) WITHOUT ROWID;
        CREATE TABLE drops (
            minute INTEGER NOT NULL, -- of receipt
            service TEXT NOT NULL,
            reason TEXT NOT NULL,
            count INTEGER NOT NULL,
            PRIMARY KEY (minute, service, reason)
        ) WITHOUT ROWID;",
        // 2: the place in the queue up to which everything is stored; one row, or none yet.
        "CREATE TABLE queue (
            only INTEGER PRIMARY KEY CHECK (only = 0),
            position INTEGER NOT NULL
        );",
        // 3: packed roll-ups, whose bytes `packed` describes; `minutes` holds only what was not
        // packed yet. The key of a row is the series' number times 2^24, plus the window of two
        // hours or the day, counted from 1970.
        "CREATE TABLE packs (key INTEGER PRIMARY KEY, minutes BLOB NOT NULL);
        CREATE TABLE sums (key INTEGER PRIMARY KEY, sums BLOB NOT NULL);
        -- One row, or none yet: from when on minutes, and half-hours, are kept.
        CREATE TABLE kept (
            only INTEGER PRIMARY KEY CHECK (only = 0),
            first_minute INTEGER NOT NULL,
            first_day INTEGER NOT NULL
        );
        -- Rows of `packs` and `sums` whose checksum was wrong when more came for them.
        CREATE TABLE damaged (
            what TEXT NOT NULL,
            key INTEGER NOT NULL,
            bytes BLOB NOT NULL,
            UNIQUE (what, key, bytes)
        );
        -- Series that were new beyond what a service may have; their calls are in `{overflow}`.
        CREATE TABLE overflows (
            minute INTEGER NOT NULL, -- of receipt
            service TEXT NOT NULL,
            n_series INTEGER NOT NULL,
            PRIMARY KEY (minute, service)
        ) WITHOUT ROWID;
        -- The last day on which the series was seen; no packed roll-up of it is later.
        ALTER TABLE series ADD COLUMN last_day INTEGER NOT NULL DEFAULT 0;
        UPDATE series SET last_day = coalesce((SELECT max(minute) / 1440 FROM minutes), 0);",
        // 4: who was seen: signs of life, and what was told at the start; `heartbeat`, `skews_ns` and
        // `startup` are JSON. And the hits that handlers have not handled.
        "CREATE TABLE instances (
            service TEXT NOT NULL,
            environment TEXT NOT NULL,
            instance TEXT NOT NULL,
            version TEXT NOT NULL,
            sdk TEXT NOT NULL,
            first_seen_ns INTEGER NOT NULL,
            last_seen_ns INTEGER NOT NULL,
            heartbeat TEXT,
            skews_ns TEXT NOT NULL,
            PRIMARY KEY (service, environment, instance)
        ) WITHOUT ROWID;
        CREATE TABLE startups (
            service TEXT NOT NULL,
            environment TEXT NOT NULL,
            instance TEXT NOT NULL,
            started_unix_ns INTEGER NOT NULL,
            startup TEXT NOT NULL,
            PRIMARY KEY (service, environment, instance)
        );
        CREATE TABLE hits_log (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT, -- none is ever used again
            n_bytes INTEGER NOT NULL,
            n_hits INTEGER NOT NULL,
            hits TEXT NOT NULL -- JSON: pairs of model::Hit and a count
        );
        CREATE TABLE hits_log_id (
            only INTEGER PRIMARY KEY CHECK (only = 0),
            id BLOB NOT NULL
        );",
    ],
};

/// `calls-YYYY-MM-DD.db`. `hosts` is each host between newlines, NULL for more than are told apart,
/// and so are other sets of texts; the masks are those of `model::Outline`. `blocks` are batches as
/// they were received, `regrouped` what `regrouping` made of them.
pub(super) const DAY: Schema = Schema {
    steps: &[
        "
        CREATE TABLE blocks (
            batch_id BLOB PRIMARY KEY,
            start_min_ns INTEGER NOT NULL,
            start_max_ns INTEGER NOT NULL,
            n_calls INTEGER NOT NULL,
            hosts TEXT,
            statuses INTEGER NOT NULL,
            outcomes INTEGER NOT NULL,
            has_errors INTEGER NOT NULL,
            batch BLOB NOT NULL
        );
        CREATE INDEX blocks_newest ON blocks
            (start_max_ns, batch_id, start_min_ns, statuses, outcomes, hosts);",
        // 2: regrouped calls. What was received keeps its table, so that receiving costs no more.
        "
        CREATE TABLE slices ( -- calls that were regrouped together
            slice_id INTEGER PRIMARY KEY,
            hour INTEGER NOT NULL, -- since 1970, of the starts
            n_calls INTEGER NOT NULL,
            n_bytes INTEGER NOT NULL,
            n_blocks INTEGER NOT NULL,
            id_drawers INTEGER NOT NULL, -- the shapes of its two filters
            id_bytes INTEGER NOT NULL,
            text_drawers INTEGER NOT NULL,
            text_bytes INTEGER NOT NULL
        );
        CREATE INDEX slices_by_hour ON slices (hour);
        CREATE TABLE drawers (
            drawer_id INTEGER PRIMARY KEY, -- slice_id * 512 + 256 for the text filter + drawer
            bytes BLOB NOT NULL
        );
        CREATE TABLE regrouped (
            batch_id BLOB PRIMARY KEY, -- the block's own: its calls came in others
            slice_id INTEGER NOT NULL,
            place INTEGER NOT NULL, -- in the slice, from 0 without gaps
            start_min_ns INTEGER NOT NULL,
            start_max_ns INTEGER NOT NULL,
            n_calls INTEGER NOT NULL,
            total_max_ns INTEGER NOT NULL, -- 0 when no call has a duration
            hosts TEXT,
            templates TEXT,
            services TEXT,
            environments TEXT,
            kinds INTEGER NOT NULL,
            statuses INTEGER NOT NULL,
            outcomes INTEGER NOT NULL,
            has_errors INTEGER NOT NULL,
            batch BLOB NOT NULL
        );
        CREATE INDEX regrouped_newest ON regrouped
            (start_max_ns, batch_id, slice_id, place, start_min_ns, total_max_ns, kinds, statuses,
             outcomes, has_errors, hosts, templates, services, environments);
        CREATE INDEX regrouped_by_slice ON regrouped (slice_id);
        CREATE TABLE taken ( -- batches whose calls are regrouped
            batch_id BLOB PRIMARY KEY
        ) WITHOUT ROWID;
        CREATE TABLE kept ( -- batches that stay as they were received: they are damaged, or of a
                            -- later format
            batch_id BLOB PRIMARY KEY
        ) WITHOUT ROWID;",
    ],
};

/// A file that cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// A later collector wrote it.
    #[error(
        "{path} has schema version {found}, but this collector knows only up to {known}; \
         start the newer collector again, or choose another data directory"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The latest version that is known.
        known: i64,
    },
    /// It was made with its tables, all at once, and has none any more.
    #[error("{path} is there, but is empty: it was cut short, or something else made it")]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// SQLite or the system cannot open it.
    #[error("cannot open {path}; it may be no database, or not be readable and writable")]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// SQLite's own words, or the system's.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Schema {
    /// The version of today's files.
    fn version(&self) -> i64 {
        self.steps.len() as i64
    }

    /// Opens a file for writing; makes it when it is not there, and brings it up to date. One that is
    /// there and empty is not ours any more.
    pub(super) fn open_writable(
        &self,
        path: &Path,
        durability: Durability,
    ) -> Result<Connection, OpenError> {
        if !path.exists() {
            self.make(path)?;
        }
        if self.open_readable(path)?.is_none() {
            return Err(OpenError::Empty { path: path.to_owned() });
        }
        self.open_there(path, durability)
    }

    /// As [`Self::open_writable`], of a file that is not ours: it may have been made empty.
    pub(super) fn open_or_fill(
        &self,
        path: &Path,
        durability: Durability,
    ) -> Result<Connection, OpenError> {
        // An empty file is an empty database; SQLite gives the files beside it the same mode.
        open_private(path).map_err(|source| sqlite(path, source))?;
        self.open_there(path, durability)
    }

    /// Makes a file with its tables, all at once, whatever ends this process: an empty file is a
    /// damaged one. Somebody else may make it at the same time.
    fn make(&self, path: &Path) -> Result<(), OpenError> {
        let made = make_whole(path, |new| {
            let mut connection = Connection::open(new)?;
            connection.execute_batch("PRAGMA page_size = 16384; PRAGMA synchronous = FULL;")?;
            self.step_up(&mut connection, 0)
        });
        made.map_err(|source| sqlite(path, source))
    }

    /// Opens a file for writing, and brings it up to date; `None` when it is not there, or not any
    /// more.
    pub(super) fn reopen_writable(
        &self,
        path: &Path,
        durability: Durability,
    ) -> Result<Option<Connection>, OpenError> {
        match self.open_there(path, durability) {
            Err(_) if !path.exists() => Ok(None),
            opened => opened.map(Some),
        }
    }

    fn open_there(&self, path: &Path, durability: Durability) -> Result<Connection, OpenError> {
        let open = || {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(path, flags)?;
            // A day's file has two writers: who stores, and who regroups, for a moment at a time.
            connection.busy_timeout(BUSY)?;
            // Holds for a file without tables only. Calls are large values: large pages keep them
            // in few pieces. And a group is written once, not also when memory runs out under it.
            connection.execute_batch("PRAGMA page_size = 16384; PRAGMA cache_size = -65536;")?;
            connection.execute_batch(match durability {
                // What leaves the queue must survive the machine's fall too.
                Durability::Full => "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;",
                Durability::Normal => "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;",
            })?;
            Ok::<_, rusqlite::Error>(connection)
        };
        let mut connection = open().map_err(|source| sqlite(path, source))?;
        let found = self.checked_version(&connection, path)?;
        self.step_up(&mut connection, found).map_err(|source| sqlite(path, source))?;
        Ok(connection)
    }

    /// Opens a file for reading; `None` when it is not there, or has no tables yet.
    pub(super) fn open_readable(&self, path: &Path) -> Result<Option<Connection>, OpenError> {
        if !path.exists() {
            return Ok(None);
        }
        let open = || {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(path, flags)?;
            connection.busy_timeout(BUSY)?;
            Ok::<_, rusqlite::Error>(connection)
        };
        let mut connection = open().map_err(|source| sqlite(path, source))?;
        if needs_rollback(&connection) {
            roll_back(path).map_err(|source| sqlite(path, source))?;
            connection = open().map_err(|source| sqlite(path, source))?;
        }
        let found = self.checked_version(&connection, path)?;
        Ok((found > 0).then_some(connection))
    }

    /// Takes the steps that the file has not taken yet, all or none.
    fn step_up(&self, connection: &mut Connection, found: i64) -> rusqlite::Result<()> {
        let n_taken = usize::try_from(found).unwrap_or(0);
        if n_taken == self.steps.len() {
            return Ok(());
        }
        let transaction = connection.transaction()?;
        for step in self.steps.iter().skip(n_taken) {
            transaction.execute_batch(step)?;
        }
        transaction.pragma_update(None, "user_version", self.version())?;
        transaction.commit()
    }

    fn checked_version(&self, connection: &Connection, path: &Path) -> Result<i64, OpenError> {
        let found = connection
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .map_err(|source| sqlite(path, source))?;
        if found > self.version() {
            let (path, known) = (path.to_owned(), self.version());
            return Err(OpenError::Newer { path, found, known });
        }
        Ok(found)
    }
}

/// Whether a kill left the file in the middle of a change, which only a writer can take back.
fn needs_rollback(connection: &Connection) -> bool {
    let version = connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0));
    let code =
        version.err().and_then(|error| error.sqlite_error().map(|error| error.extended_code));
    matches!(code, Some(ffi::SQLITE_READONLY_ROLLBACK | ffi::SQLITE_READONLY_RECOVERY))
}

/// Takes back what a kill left half done: the first look of a connection that may write does it.
fn roll_back(path: &Path) -> rusqlite::Result<()> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0)).map(drop)
}

fn sqlite(path: &Path, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> OpenError {
    OpenError::Sqlite { path: path.to_owned(), source: source.into() }
}
