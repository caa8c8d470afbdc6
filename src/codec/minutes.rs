//! The `minutes` table: roll-ups in the batch format.
//! Never merges: what a batch says twice is for the reader to add up.

use super::builder::{ColumnBuilder, ColumnSource};
use super::open::{Batch, DecodeError};
use super::{Column, Encoding};
use crate::minute::{Cell, Histogram, Minutes, SeriesKey};
use crate::record::{Kind, words};

words! {
    /// The columns of `minutes`, under the names that travel.
    pub MinuteColumn {
        /// Minutes since 1970.
        Minute = "minute",
        /// [`Kind`].
        Kind = "kind",
        /// Vendor.
        Target = "target",
        /// Request method.
        Method = "http.request.method",
        /// Host.
        Host = "server.address",
        /// Template.
        Template = "url.template",
        /// Status code; absent when no answer came.
        Status = "http.response.status_code",
        /// Error class.
        ErrorType = "error.type",
        /// Consumer.
        Consumer = "consumer",
        /// Calls.
        Count = "count",
        /// Request bytes.
        RequestBytes = "request_bytes",
        /// Response bytes.
        ResponseBytes = "response_bytes",
        /// Durations, sparse: see [`Histogram::write`].
        Duration = "duration",
        /// Times to first byte, sparse.
        Ttfb = "ttfb",
    }
}

impl MinuteColumn {
    fn encoding(self) -> Encoding {
        use MinuteColumn as M;
        match self {
            M::Minute => Encoding::Delta,
            M::Kind | M::Target | M::Method | M::Host | M::Template => Encoding::Dict,
            M::ErrorType | M::Consumer => Encoding::Dict,
            M::Status | M::Count | M::RequestBytes | M::ResponseBytes => Encoding::Varint,
            M::Duration | M::Ttfb => Encoding::Bytes,
        }
    }
}

/// The columns of a table of roll-ups under construction.
#[derive(Debug)]
pub(super) struct MinutesBuilder {
    /// In the order of [`MinuteColumn::ALL`].
    columns: Vec<ColumnBuilder>,
    sparse: Vec<u8>,
}

impl Default for MinutesBuilder {
    fn default() -> Self {
        let new = |column: &MinuteColumn| ColumnBuilder::new(column.encoding());
        Self { columns: MinuteColumn::ALL.iter().map(new).collect(), sparse: Vec::new() }
    }
}

impl MinutesBuilder {
    /// Holds these roll-ups, and no others.
    pub(super) fn fill(&mut self, minutes: &Minutes) {
        use MinuteColumn as M;
        self.columns.iter_mut().for_each(ColumnBuilder::clear);
        let Self { columns, sparse } = self;
        for (row, (key, cell)) in minutes.iter().enumerate() {
            let mut text = |column: M, text| columns[column as usize].push_text(row, text);
            text(M::Kind, key.kind.as_str());
            text(M::Target, key.target);
            text(M::Method, key.method);
            text(M::Host, key.host);
            text(M::Template, key.template);
            text(M::ErrorType, key.error_type);
            text(M::Consumer, key.consumer);
            let mut number = |column: M, n| columns[column as usize].push_number(row, n);
            number(M::Status, (key.status > 0).then_some(key.status.into()));
            number(M::Count, Some(cell.count));
            number(M::RequestBytes, Some(cell.request_bytes));
            number(M::ResponseBytes, Some(cell.response_bytes));
            columns[M::Minute as usize].push_delta(row, key.minute);
            for (column, histogram) in [(M::Duration, &cell.duration), (M::Ttfb, &cell.ttfb)] {
                sparse.clear();
                histogram.write(sparse);
                columns[column as usize].push_bytes(row, sparse);
            }
        }
    }

    pub(super) fn columns(&self) -> impl Iterator<Item = (&'static str, &dyn ColumnSource)> {
        let sources = self.columns.iter().map(|column| column as &dyn ColumnSource);
        MinuteColumn::ALL.iter().map(|column| column.as_str()).zip(sources)
    }
}

/// The roll-ups of a batch; none when it has no such table.
///
/// # Errors
/// When a column is damaged or holds what cannot be.
pub fn read_minutes(batch: &Batch<'_>) -> Result<Minutes, DecodeError> {
    let mut minutes = Minutes::default();
    let Some(table) = batch.table("minutes") else {
        return Ok(minutes);
    };
    let mut columns = Vec::with_capacity(MinuteColumn::ALL.len());
    for column in MinuteColumn::ALL {
        columns.push(table.column(column.as_str())?);
    }
    let column = |column: MinuteColumn| columns[column as usize].as_ref();
    let text = |name, row| column(name).map_or("", |column: &Column| column.text(row));
    let number = |name, row| column(name).and_then(|column: &Column| column.number(row));
    let histogram = |name: MinuteColumn, row| {
        let bytes = column(name).map_or(&[][..], |column: &Column| column.bytes(row));
        Histogram::read(bytes).ok_or_else(|| table.problem(name.as_str(), "damaged histogram"))
    };
    for row in 0..table.rows() {
        let problem = |name: MinuteColumn| table.problem(name.as_str(), "missing or out of range");
        let status = u16::try_from(number(MinuteColumn::Status, row).unwrap_or(0));
        let key = SeriesKey {
            minute: number(MinuteColumn::Minute, row)
                .filter(|minute| *minute <= u64::MAX / crate::minute::MINUTE_NS)
                .ok_or_else(|| problem(MinuteColumn::Minute))?,
            kind: Kind::from_word(text(MinuteColumn::Kind, row))
                .ok_or_else(|| problem(MinuteColumn::Kind))?,
            status: status.map_err(|_| problem(MinuteColumn::Status))?,
            target: text(MinuteColumn::Target, row),
            method: text(MinuteColumn::Method, row),
            host: text(MinuteColumn::Host, row),
            template: text(MinuteColumn::Template, row),
            error_type: text(MinuteColumn::ErrorType, row),
            consumer: text(MinuteColumn::Consumer, row),
        };
        let cell = Cell {
            count: number(MinuteColumn::Count, row).ok_or_else(|| problem(MinuteColumn::Count))?,
            request_bytes: number(MinuteColumn::RequestBytes, row).unwrap_or(0),
            response_bytes: number(MinuteColumn::ResponseBytes, row).unwrap_or(0),
            duration: histogram(MinuteColumn::Duration, row)?,
            ttfb: histogram(MinuteColumn::Ttfb, row)?,
        };
        minutes.merge(key, &cell);
    }
    Ok(minutes)
}
