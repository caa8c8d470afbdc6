//! The `minutes` table: roll-ups in the batch format.
//! Never merges: what a batch says twice is for the reader to add up.

use super::column::ColumnBuilder;
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

/// The columns of a table of roll-ups, in the order of [`MinuteColumn::ALL`].
pub(super) fn write_minutes(minutes: &Minutes) -> Vec<ColumnBuilder> {
    let mut columns: Vec<_> =
        MinuteColumn::ALL.iter().map(|column| ColumnBuilder::new(column.encoding())).collect();
    let mut sparse = Vec::new();
    for (key, cell) in minutes.iter() {
        for &column in MinuteColumn::ALL {
            push(&mut columns[column as usize], column, key, cell, &mut sparse);
        }
    }
    columns
}

fn push(
    builder: &mut ColumnBuilder,
    column: MinuteColumn,
    key: SeriesKey<&str>,
    cell: &Cell,
    sparse: &mut Vec<u8>,
) {
    use MinuteColumn as M;
    sparse.clear();
    match column {
        M::Minute => builder.push_number(Some(key.minute)),
        M::Kind => builder.push_text(key.kind.as_str()),
        M::Target => builder.push_text(key.target),
        M::Method => builder.push_text(key.method),
        M::Host => builder.push_text(key.host),
        M::Template => builder.push_text(key.template),
        M::Status => builder.push_number((key.status > 0).then_some(key.status.into())),
        M::ErrorType => builder.push_text(key.error_type),
        M::Consumer => builder.push_text(key.consumer),
        M::Count => builder.push_number(Some(cell.count)),
        M::RequestBytes => builder.push_number(Some(cell.request_bytes)),
        M::ResponseBytes => builder.push_number(Some(cell.response_bytes)),
        M::Duration => {
            cell.duration.write(sparse);
            builder.push_bytes(sparse);
        }
        M::Ttfb => {
            cell.ttfb.write(sparse);
            builder.push_bytes(sparse);
        }
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
