//! Rows as CSV (RFC 4180).
//! It never writes a cell that a spreadsheet would run: what begins like a formula gets a `'` first.

use std::borrow::Cow;
use std::io::{self, Write};

use csv::{Terminator, Writer, WriterBuilder};
use serde_json::Value;

use super::columns::{Column, Kind};
use super::{Row, Sink};

/// What a spreadsheet takes for the beginning of a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

pub(super) struct Csv<W: Write> {
    columns: &'static [Column],
    out: Writer<W>,
}

impl<W: Write> Csv<W> {
    /// Writes the header.
    pub(super) fn new(columns: &'static [Column], out: W) -> io::Result<Self> {
        let mut out = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out);
        out.write_record(columns.iter().map(|column| column.name))?;
        Ok(Self { columns, out })
    }
}

impl<W: Write> Sink for Csv<W> {
    fn write(&mut self, row: Row) -> io::Result<()> {
        let cells = self.columns.iter().map(|column| match row.get(column.name) {
            None | Some(Value::Null) => Cow::Borrowed(""),
            Some(Value::String(text)) if column.kind == Kind::Text => guarded(text),
            Some(value) => Cow::Owned(value.to_string()),
        });
        let cells: Vec<Cow<'_, str>> = cells.collect();
        Ok(self.out.write_record(cells.iter().map(|cell| cell.as_bytes()))?)
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.out.flush()
    }
}

fn guarded(text: &str) -> Cow<'_, str> {
    if text.starts_with(FORMULA) { format!("'{text}").into() } else { text.into() }
}
