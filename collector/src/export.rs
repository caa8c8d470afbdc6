//! Answers as files: CSV, JSON lines and Parquet, written row by row.
//! It never holds more than one page and one row group, however long the answer is.
//!
//! | format | rows | values |
//! |---|---|---|
//! | CSV | RFC 4180, a header first | a text that a spreadsheet would take for a formula begins with `'` |
//! | NDJSON | one object a line | as the API answers them |
//! | Parquet | in groups of at most 20,000, zstd | typed columns, absent is null |

mod columns;
mod csv;
mod ndjson;
mod parquet;
mod source;
#[cfg(test)]
mod tests;

pub(crate) use source::{Damaged, ExportError, calls, summary};

use std::io::{self, Write};

use serde_json::{Map, Value};

use columns::Column;

/// A row: a JSON object.
type Row = Map<String, Value>;

/// What an export is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Csv,
    Ndjson,
    Parquet,
}

impl Format {
    pub(crate) const ALL: [Self; 3] = [Self::Csv, Self::Ndjson, Self::Parquet];

    /// The word for parameters, and the ending of files.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
        }
    }

    /// The format of a word.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == word)
    }

    /// Its media type, without parameters.
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv",
            Self::Ndjson => "application/x-ndjson",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }

    /// A sink of this format for rows that have these columns.
    fn sink<'w, W: Write + Send + 'w>(
        self,
        columns: &'static [Column],
        out: W,
    ) -> io::Result<Box<dyn Sink + 'w>> {
        Ok(match self {
            Self::Csv => Box::new(csv::Csv::new(columns, out)?),
            Self::Ndjson => Box::new(ndjson::Ndjson::new(out)),
            Self::Parquet => Box::new(parquet::Parquet::new(columns, out)?),
        })
    }
}

/// Where rows go.
trait Sink {
    fn write(&mut self, row: Row) -> io::Result<()>;

    /// Without it what was written is not whole.
    fn finish(self: Box<Self>) -> io::Result<()>;
}
