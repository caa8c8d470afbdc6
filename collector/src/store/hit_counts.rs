//! A user's own database of hits: counts, and in the same commit how far they are counted.
//! It never counts an entry of the log twice, whatever happens to the program in between.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

use super::ReadError;
use super::hits_log::LoggedHits;
use super::schema::Schema;
use super::sums::integer;
use crate::queue::Durability;

/// `hits` is for its reader; the cursors are ours. `params` is a JSON object, its keys in order.
const COUNTS: Schema = Schema {
    steps: &["
        CREATE TABLE hits (
            service TEXT NOT NULL,
            environment TEXT NOT NULL,
            kind TEXT NOT NULL,
            method TEXT NOT NULL,
            host TEXT NOT NULL,
            route TEXT NOT NULL,
            params TEXT NOT NULL,
            status INTEGER NOT NULL, -- 0 when no answer came
            count INTEGER NOT NULL,
            PRIMARY KEY (service, environment, kind, method, host, route, params, status)
        ) WITHOUT ROWID;
        CREATE TABLE egret_cursors (
            log_id BLOB NOT NULL,
            handler TEXT NOT NULL,
            handled INTEGER NOT NULL,
            PRIMARY KEY (log_id, handler)
        ) WITHOUT ROWID;"],
};

/// The open database.
#[derive(Debug)]
pub(crate) struct HitDatabase {
    connection: Connection,
    log_id: Uuid,
    handler: String,
}

impl HitDatabase {
    /// Opens it for a handler of a log; makes it when it is not there.
    pub(crate) fn open(path: &Path, log_id: Uuid, handler: &str) -> Result<Self, ReadError> {
        let connection = COUNTS.open_or_fill(path, Durability::Full)?;
        Ok(Self { connection, log_id, handler: handler.to_owned() })
    }

    /// The sum of all counts in a file.
    #[cfg(test)]
    pub(crate) fn sum(path: &Path) -> u64 {
        let connection = Connection::open(path).unwrap();
        let sum = "SELECT coalesce(sum(count), 0) FROM hits";
        let sum: i64 = connection.query_row(sum, [], |row| row.get(0)).unwrap();
        sum.unsigned_abs()
    }

    /// The last entry of the log that is counted; 0 for none.
    pub(crate) fn handled(&self) -> Result<u64, ReadError> {
        let found: Option<i64> = self
            .connection
            .query_row(
                "SELECT handled FROM egret_cursors WHERE log_id = ?1 AND handler = ?2",
                (self.log_id.as_bytes(), &self.handler),
                |row| row.get(0),
            )
            .optional()?;
        Ok(found.map_or(0, i64::unsigned_abs))
    }

    /// Counts entries, all or nothing.
    pub(crate) fn add(&mut self, hits: &LoggedHits) -> Result<(), ReadError> {
        let transaction = self.connection.transaction()?;
        let mut upsert = transaction.prepare_cached(
            "INSERT INTO hits VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT DO UPDATE SET count = count + excluded.count",
        )?;
        for (hit, n) in hits.counts.iter() {
            let params = serde_json::to_string(&hit.params).unwrap_or_default();
            upsert.execute((
                &hit.service,
                &hit.environment,
                &hit.kind,
                &hit.method,
                &hit.host,
                &hit.route,
                params,
                hit.status,
                integer(n),
            ))?;
        }
        drop(upsert);
        transaction.execute(
            "INSERT OR REPLACE INTO egret_cursors VALUES (?1, ?2, ?3)",
            (self.log_id.as_bytes(), &self.handler, integer(hits.last)),
        )?;
        Ok(transaction.commit()?)
    }
}
