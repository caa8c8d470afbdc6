//! Rows as Parquet: typed columns, compressed, a group of rows at a time.
//! It never holds more than one group, which is bounded in rows and in bytes.

use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::Type;
use serde_json::Value;

use super::columns::{Column, Kind};
use super::{Row, Sink};

/// Most rows of a group, and most bytes of its texts. Each group costs the footer about 100 bytes a
/// column.
const GROUP_ROWS: usize = 20_000;
const GROUP_BYTES: usize = 16 << 20;

pub(super) struct Parquet<W: Write + Send> {
    out: SerializedFileWriter<W>,
    columns: Vec<Gathered>,
    n_rows: usize,
    n_bytes: usize,
}

/// A column of the group that is being gathered.
struct Gathered {
    column: Column,
    /// Of rows that have one.
    values: Values,
    /// One a row: 1 where there is a value.
    levels: Vec<i16>,
}

enum Values {
    Texts(Vec<ByteArray>),
    Numbers(Vec<i64>),
    Floats(Vec<f64>),
    Flags(Vec<bool>),
}

impl<W: Write + Send> Parquet<W> {
    /// Writes the magic bytes.
    pub(super) fn new(columns: &'static [Column], out: W) -> io::Result<Self> {
        let columns: Vec<Gathered> = columns.iter().copied().map(Gathered::new).collect();
        let out = open(&columns, out).map_err(io_error)?;
        Ok(Self { out, columns, n_rows: 0, n_bytes: 0 })
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        (self.n_rows, self.n_bytes) = (0, 0);
        let mut group = self.out.next_row_group()?;
        for gathered in &mut self.columns {
            let Some(mut writer) = group.next_column()? else {
                break;
            };
            gathered.write(&mut writer)?;
            writer.close()?;
        }
        group.close()?;
        Ok(())
    }
}

impl<W: Write + Send> Sink for Parquet<W> {
    fn write(&mut self, row: Row) -> io::Result<()> {
        let add = |gathered: &mut Gathered| gathered.add(row.get(gathered.column.name));
        self.n_bytes += self.columns.iter_mut().map(add).sum::<usize>();
        self.n_rows += 1;
        let is_full = self.n_rows >= GROUP_ROWS || self.n_bytes >= GROUP_BYTES;
        if is_full { self.write_group().map_err(io_error) } else { Ok(()) }
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        if self.n_rows > 0 {
            self.write_group().map_err(io_error)?;
        }
        self.out.into_inner().map_err(io_error)?.flush()
    }
}

impl Gathered {
    fn new(column: Column) -> Self {
        let values = match column.kind {
            Kind::Text | Kind::Json => Values::Texts(Vec::new()),
            Kind::Count | Kind::Time => Values::Numbers(Vec::new()),
            Kind::Float => Values::Floats(Vec::new()),
            Kind::Flag => Values::Flags(Vec::new()),
        };
        Self { column, values, levels: Vec::new() }
    }

    /// Adds a row's value, or that it has none; the bytes of a text.
    fn add(&mut self, value: Option<&Value>) -> usize {
        let value = value.filter(|value| !value.is_null());
        let mut n_bytes = 0;
        let is_present = match (&mut self.values, value) {
            (_, None) => false,
            (Values::Texts(texts), Some(value)) => {
                let text = match value {
                    Value::String(text) if self.column.kind == Kind::Text => text.clone(),
                    other => other.to_string(),
                };
                n_bytes = text.len();
                push(texts, Some(ByteArray::from(text.into_bytes())))
            }
            // The bits are the unsigned number's, as the logical type says.
            (Values::Numbers(numbers), Some(value)) => {
                push(numbers, value.as_u64().map(u64::cast_signed))
            }
            (Values::Floats(floats), Some(value)) => push(floats, value.as_f64()),
            (Values::Flags(flags), Some(value)) => push(flags, value.as_bool()),
        };
        self.levels.push(i16::from(is_present));
        n_bytes
    }

    fn write(&mut self, writer: &mut SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        let levels = std::mem::take(&mut self.levels);
        let levels = Some(levels.as_slice());
        match &mut self.values {
            Values::Texts(texts) => {
                writer.typed::<ByteArrayType>().write_batch(&std::mem::take(texts), levels, None)
            }
            Values::Numbers(numbers) => {
                writer.typed::<Int64Type>().write_batch(&std::mem::take(numbers), levels, None)
            }
            Values::Floats(floats) => {
                writer.typed::<DoubleType>().write_batch(&std::mem::take(floats), levels, None)
            }
            Values::Flags(flags) => {
                writer.typed::<BoolType>().write_batch(&std::mem::take(flags), levels, None)
            }
        }?;
        Ok(())
    }
}

fn push<T>(values: &mut Vec<T>, value: Option<T>) -> bool {
    let n_before = values.len();
    values.extend(value);
    values.len() > n_before
}

fn open<W: Write + Send>(
    columns: &[Gathered],
    out: W,
) -> Result<SerializedFileWriter<W>, ParquetError> {
    let fields: Result<Vec<_>, _> =
        columns.iter().map(|gathered| field(gathered.column).map(Arc::new)).collect();
    let schema = Type::group_type_builder("rows").with_fields(fields?).build()?;
    let properties =
        WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default()));
    SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties.build()))
}

fn field(column: Column) -> Result<Type, ParquetError> {
    let (physical, logical) = match column.kind {
        Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Json => (Physical::BYTE_ARRAY, Some(LogicalType::Json)),
        Kind::Count => (Physical::INT64, Some(LogicalType::integer(64, false))),
        Kind::Time => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::NANOS))),
        Kind::Float => (Physical::DOUBLE, None),
        Kind::Flag => (Physical::BOOLEAN, None),
    };
    Type::primitive_type_builder(column.name, physical)
        .with_logical_type(logical)
        .with_repetition(Repetition::OPTIONAL)
        .build()
}

fn io_error(error: ParquetError) -> io::Error {
    match error {
        // What the output itself said.
        ParquetError::External(error) => match error.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(error) => io::Error::other(error),
        },
        other => io::Error::other(other),
    }
}
