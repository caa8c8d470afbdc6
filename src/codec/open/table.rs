//! A table of an opened batch, and how its columns are decompressed and decoded.
//! Never allocates beyond what the directory promises, which is within the limits.

use std::cell::RefCell;
use std::sync::OnceLock;

use zstd::zstd_safe::DCtx;

use super::super::column::Beside;
use super::super::series::{self, ENDING, SERIES};
use super::super::sound::longest_if_sound;
use super::super::{CallColumn, Calls, Column, Encoding, MinuteColumn};
use super::{DecodeError, TableEntry};

/// A table of an opened batch.
#[derive(Debug)]
pub struct Table<'a> {
    pub(super) name: String,
    pub(super) rows: usize,
    pub(super) columns: Vec<Frame<'a>>,
    pub(super) window_log: u32,
    /// Each row's series and ending, once a column has asked for them.
    pub(super) groups: [OnceLock<Vec<u32>>; GROUPS.len()],
}

#[derive(Debug)]
pub(super) struct Frame<'a> {
    pub(super) name: String,
    /// `None` for an encoding of a later version: such a column is skipped.
    pub(super) encoding: Option<Encoding>,
    pub(super) decoded_bytes: usize,
    /// Bytes of its texts, where they are told by their shapes.
    pub(super) n_shaped_bytes: usize,
    pub(super) bytes: &'a [u8],
}

impl<'a> Table<'a> {
    pub(super) fn open(
        mut entry: TableEntry,
        body: &mut &'a [u8],
        window_log: u32,
    ) -> Result<Self, DecodeError> {
        let mut columns: Vec<Frame<'a>> = Vec::with_capacity(entry.columns.len());
        for (name, encoding, decoded_bytes, encoded_bytes) in std::mem::take(&mut entry.columns) {
            if columns.iter().any(|column| column.name == name) {
                return Err(DecodeError::Directory(format!("column {name:?} twice")));
            }
            let Some((bytes, rest)) = body.split_at_checked(encoded_bytes) else {
                let problem = format!("column {name:?} reaches beyond the batch's end");
                return Err(DecodeError::Directory(problem));
            };
            *body = rest;
            let encoding = Encoding::from_word(&encoding);
            let n_shaped_bytes = entry.shaped.get(&name).copied().unwrap_or(0);
            columns.push(Frame { name, encoding, decoded_bytes, n_shaped_bytes, bytes });
        }
        let TableEntry { name, rows, .. } = entry;
        Ok(Self { name, rows, columns, window_log, groups: Default::default() })
    }

    /// Rows of this table.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    #[cfg(test)]
    pub(in crate::codec) fn encodings(&self) -> Vec<Encoding> {
        self.columns.iter().filter_map(|frame| frame.encoding).collect()
    }

    /// Decodes one column; `None` when the batch has it not, or in an encoding of a later version.
    ///
    /// # Errors
    /// When its bytes are not what the directory says.
    pub fn column(&self, name: &str) -> Result<Option<Column>, DecodeError> {
        match self.columns.iter().find(|frame| frame.name == name) {
            Some(frame) => self.decode(frame),
            None => Ok(None),
        }
    }

    /// An error about one of this table's columns.
    pub(in crate::codec) fn problem(
        &self,
        column: &str,
        problem: impl Into<String>,
    ) -> DecodeError {
        let (table, column) = (self.name.clone(), column.to_owned());
        DecodeError::Column { table, column, problem: problem.into() }
    }

    /// Bytes of the column's longest text.
    pub(super) fn verify_call(
        &self,
        frame: &Frame<'_>,
        column: CallColumn,
    ) -> Result<usize, DecodeError> {
        if frame.encoding.is_some_and(|encoding| column.takes_any(encoding)) {
            return self.verify(frame);
        }
        let column = Calls::decode_column(self, column)?;
        Ok(column.map_or(0, |column| column.longest_text()))
    }

    /// Bytes of the column's longest text.
    pub(super) fn verify(&self, frame: &Frame<'_>) -> Result<usize, DecodeError> {
        let Some(encoding) = frame.encoding else {
            return Ok(0);
        };
        let longest = SCRATCH.with_borrow_mut(|scratch| {
            decompress(frame, self.window_log, scratch)?;
            let longest = longest_if_sound(encoding, self.rows, scratch);
            scratch.clear();
            scratch.shrink_to(MAX_SCRATCH_BYTES);
            Ok(longest)
        });
        match longest.map_err(|problem: String| self.problem(&frame.name, problem))? {
            Some(longest) => Ok(longest),
            None => Ok(self.decode(frame)?.map_or(0, |column| column.longest_text())),
        }
    }

    fn decode(&self, frame: &Frame<'_>) -> Result<Option<Column>, DecodeError> {
        let Some(encoding) = frame.encoding else {
            return Ok(None);
        };
        let bytes = self.decompressed(frame)?;
        let beside = self.beside(frame, encoding)?;
        Column::decode(encoding, self.rows, bytes, &beside)
            .map(Some)
            .map_err(|problem| self.problem(&frame.name, problem))
    }

    fn decompressed(&self, frame: &Frame<'_>) -> Result<Vec<u8>, DecodeError> {
        let mut bytes = Vec::new();
        decompress(frame, self.window_log, &mut bytes)
            .map_err(|problem| self.problem(&frame.name, problem))?;
        Ok(bytes)
    }

    /// What the encoding needs to know beside the column's own bytes. What it is told over, and
    /// what stands for a template, needs nothing but series in its turn.
    fn beside(&self, frame: &Frame<'_>, encoding: Encoding) -> Result<Beside<'_>, DecodeError> {
        let mut beside = Beside { n_shaped_bytes: frame.n_shaped_bytes, ..Beside::default() };
        match encoding {
            Encoding::Series => beside.groups = self.groups(0)?,
            Encoding::Ending | Encoding::EndingVarint => beside.groups = self.groups(1)?,
            Encoding::SplitOver => {
                for (part, column) in beside.parts.iter_mut().zip(OVER) {
                    *part = self.column_of(column, &[Encoding::Split, Encoding::Varint])?;
                }
            }
            Encoding::Shaped => {
                let encodings = [Encoding::Series, Encoding::Dict];
                beside.template = self.column_of(CallColumn::Template, &encodings)?;
            }
            _ => {}
        }
        Ok(beside)
    }

    /// A column, if it is there in one of these encodings.
    fn column_of(
        &self,
        column: CallColumn,
        encodings: &[Encoding],
    ) -> Result<Option<Column>, DecodeError> {
        let frame = self.columns.iter().find(|frame| frame.name == column.as_str());
        match frame.filter(|frame| frame.encoding.is_some_and(|e| encodings.contains(&e))) {
            Some(frame) => self.decode(frame),
            None => Ok(None),
        }
    }

    /// Each row's series or ending; `None` when the table does not say.
    fn groups(&self, place: usize) -> Result<Option<&[u32]>, DecodeError> {
        let (name, known) = (GROUPS[place], &self.groups[place]);
        if let Some(groups) = known.get() {
            return Ok(Some(groups));
        }
        let frame = self.columns.iter().find(|frame| frame.name == name);
        let Some(frame) = frame.filter(|frame| frame.encoding == Some(Encoding::Index)) else {
            return Ok(None);
        };
        let bytes = self.decompressed(frame)?;
        let groups = series::decode_index(self.rows, &bytes);
        let groups = groups.map_err(|problem| self.problem(name, problem))?;
        Ok(Some(known.get_or_init(|| groups)))
    }
}

/// The columns that say each row's group.
const GROUPS: [&str; 2] = [SERIES, ENDING];

/// What [`Encoding::SplitOver`] is told over.
const OVER: [CallColumn; 2] = [CallColumn::Ttfb, CallColumn::Body];

/// Memory of a thread that is kept for the next column.
const MAX_SCRATCH_BYTES: usize = 1 << 20;

thread_local! {
    /// Creating one costs more than decompressing a column with it.
    static CONTEXT: RefCell<DCtx<'static>> = RefCell::new(DCtx::create());
    /// For columns that are only looked at.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Whether a table's own reader decodes the column.
pub(super) fn is_known(table: &str, column: &str) -> bool {
    match table {
        "calls" => GROUPS.contains(&column) || CallColumn::from_word(column).is_some(),
        "minutes" => MinuteColumn::from_word(column).is_some(),
        _ => false,
    }
}

/// Decompresses into exactly the bytes that the directory promised; they are within the limits.
fn decompress(frame: &Frame<'_>, window_log: u32, out: &mut Vec<u8>) -> Result<(), String> {
    use zstd::zstd_safe::{self, DParameter};
    let fail = |code| format!("not a zstd frame: {}", zstd_safe::get_error_name(code));
    // A frame that promises more than the directory is refused before it is unpacked.
    match zstd_safe::get_frame_content_size(frame.bytes) {
        Ok(Some(size)) if size > frame.decoded_bytes as u64 => {
            return Err(format!("its frame holds {size} bytes, not {}", frame.decoded_bytes));
        }
        Ok(_) => {}
        Err(_) => return Err("not a zstd frame".to_owned()),
    }
    // One byte more than promised, so that too much is told from exactly enough.
    out.clear();
    out.reserve_exact(frame.decoded_bytes + 1);
    CONTEXT.with_borrow_mut(|context| {
        context.set_parameter(DParameter::WindowLogMax(window_log)).map_err(fail)?;
        context.decompress(out, frame.bytes).map_err(fail)
    })?;
    if out.len() == frame.decoded_bytes {
        Ok(())
    } else {
        Err(format!("{} bytes where the directory says {}", out.len(), frame.decoded_bytes))
    }
}
