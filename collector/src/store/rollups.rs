//! Adds roll-ups to those that are stored.
//! It never asks SQLite twice for the number of a series while it remembers it.

use std::collections::HashMap;

use egret::minute::{Cell, Minutes, SeriesKey};
use rusqlite::{Connection, OptionalExtension};

use super::sums::{integer, sparse};
use crate::model::Source;

/// Most series that are remembered; at about 200 bytes each. Beyond it all are forgotten.
const MAX_REMEMBERED: usize = 100_000;

/// The numbers of the series that were written lately.
#[derive(Debug, Default)]
pub(super) struct SeriesIds {
    known: HashMap<Box<[u8]>, i64>,
    /// The key of the present series; kept, so that its memory is used again.
    key: Vec<u8>,
}

impl SeriesIds {
    /// Adds a source's roll-ups, inside the caller's transaction.
    pub(super) fn add(
        &mut self,
        connection: &Connection,
        source: &Source,
        minutes: &Minutes,
    ) -> rusqlite::Result<()> {
        let mut upsert = connection.prepare_cached(
            "INSERT INTO minutes VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT DO UPDATE SET
                count = egret_add(count, excluded.count),
                request_bytes = egret_add(request_bytes, excluded.request_bytes),
                response_bytes = egret_add(response_bytes, excluded.response_bytes),
                duration = egret_merge(duration, excluded.duration),
                ttfb = egret_merge(ttfb, excluded.ttfb)",
        )?;
        for (series, cell) in minutes.iter() {
            let series_id = self.id(connection, source, series)?;
            let Cell { count, request_bytes, response_bytes, duration, ttfb } = cell;
            upsert.execute((
                integer(series.minute),
                series_id,
                integer(*count),
                integer(*request_bytes),
                integer(*response_bytes),
                sparse(duration),
                sparse(ttfb),
            ))?;
        }
        Ok(())
    }

    /// Forgets all numbers: they may not be in the database any more.
    pub(super) fn forget(&mut self) {
        self.known.clear();
    }

    fn id(
        &mut self,
        connection: &Connection,
        source: &Source,
        series: SeriesKey<&str>,
    ) -> rusqlite::Result<i64> {
        self.write_key(source, series);
        if let Some(id) = self.known.get(self.key.as_slice()) {
            return Ok(*id);
        }
        let id = find_or_insert(connection, source, series)?;
        if self.known.len() >= MAX_REMEMBERED {
            self.known.clear();
        }
        self.known.insert(self.key.as_slice().into(), id);
        Ok(id)
    }

    /// All that tells series apart but the minute, each text after its length.
    fn write_key(&mut self, source: &Source, series: SeriesKey<&str>) {
        self.key.clear();
        self.key.extend(series.status.to_le_bytes());
        let texts = [
            series.host,
            series.method,
            series.template,
            &source.service,
            &source.environment,
            series.kind.as_str(),
            series.target,
            series.error_type,
            series.consumer,
        ];
        for text in texts {
            self.key.extend(text.len().to_le_bytes());
            self.key.extend(text.as_bytes());
        }
    }
}

fn find_or_insert(
    connection: &Connection,
    source: &Source,
    series: SeriesKey<&str>,
) -> rusqlite::Result<i64> {
    let values = (
        &source.service,
        &source.environment,
        series.kind.as_str(),
        series.target,
        series.method,
        series.host,
        series.template,
        series.status,
        series.error_type,
        series.consumer,
    );
    let mut select = connection.prepare_cached(
        "SELECT series_id FROM series
         WHERE service = ?1 AND environment = ?2 AND kind = ?3 AND target = ?4 AND method = ?5
           AND host = ?6 AND template = ?7 AND status = ?8 AND error_type = ?9 AND consumer = ?10",
    )?;
    if let Some(id) = select.query_row(values, |row| row.get(0)).optional()? {
        return Ok(id);
    }
    let mut insert = connection.prepare_cached(
        "INSERT INTO series (service, environment, kind, target, method, host, template, status,
                             error_type, consumer)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    insert.insert(values)
}
