//! What is exported: all calls that match, and the rows of a summary.
//! It never leaves calls out without a word: a damaged batch ends the export, unless it may be skipped.

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde_json::Value;
use uuid::Uuid;

use super::columns::{CALLS, SUMMARY};
use super::{Format, Row};
use crate::query::{CallFilter, CallsQuery, Cursor, Queries, QueryError, SummaryQuery};

/// Calls that are read at once; each takes 2 to 4 kB meanwhile.
const PAGE: usize = 5_000;

/// An export that is not whole.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExportError {
    #[error(transparent)]
    Query(#[from] QueryError),
    #[error("cannot write what was read")]
    Write(#[from] io::Error),
    #[error("a row has no JSON form")]
    Json(#[from] serde_json::Error),
    #[error(
        "{} of the store's batches are damaged, the first of them {}; skip damaged batches to \
         export the others", .0.len(), .0.first().copied().unwrap_or_default()
    )]
    Damaged(BTreeSet<Uuid>),
}

/// What becomes of batches whose bytes are damaged on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Damaged {
    /// The export fails.
    Fails,
    /// Their calls are missing in it.
    Skipped,
}

/// What was exported.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    pub(crate) n_calls: u64,
    pub(crate) damaged_batches: BTreeSet<Uuid>,
}

/// Writes all calls that match, the newest first.
pub(crate) fn calls<W: Write + Send>(
    queries: &Queries,
    filter: CallFilter,
    damaged: Damaged,
    format: Format,
    out: W,
) -> Result<Calls, ExportError> {
    let mut sink = format.sink(CALLS, out)?;
    let mut query = CallsQuery { filter, limit: PAGE, after: None };
    let mut exported = Calls::default();
    loop {
        let page = queries.calls(&query)?;
        exported.damaged_batches.extend(page.damaged_batches);
        if damaged == Damaged::Fails && !exported.damaged_batches.is_empty() {
            return Err(ExportError::Damaged(exported.damaged_batches));
        }
        for call in page.calls {
            sink.write(row(call))?;
            exported.n_calls += 1;
        }
        query.after = page.next_cursor.as_deref().and_then(Cursor::parse);
        if query.after.is_none() {
            sink.finish()?;
            return Ok(exported);
        }
    }
}

/// Writes the rows of a summary, the most calls first; how many they are.
pub(crate) fn summary<W: Write + Send>(
    queries: &Queries,
    query: &SummaryQuery,
    format: Format,
    out: W,
) -> Result<u64, ExportError> {
    let mut sink = format.sink(SUMMARY, out)?;
    let rows = queries.summary(query)?.rows;
    let n_rows = rows.len() as u64;
    for summed in rows {
        sink.write(row(serde_json::to_value(summed)?))?;
    }
    sink.finish()?;
    Ok(n_rows)
}

fn row(value: Value) -> Row {
    match value {
        Value::Object(fields) => fields,
        other => Row::from_iter([("value".to_owned(), other)]),
    }
}
