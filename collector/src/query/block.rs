//! A stored block that is being looked at, column by column.
//! It never decodes a column before it is asked for, nor where calls came from before one is found.

use std::cell::OnceCell;

use egret::batch::Resource;
use egret::codec::{Batch, CallColumn, Calls, Column, DecodeError, Origins};
use uuid::Uuid;

use crate::model::stored_limits;
use crate::store::{BlockKind, BlockRef};

/// An opened block.
#[derive(Debug)]
pub(super) struct OpenBlock<'b> {
    block: BlockRef,
    batch: Batch<'b>,
    origins: OnceCell<Origins>,
}

impl<'b> OpenBlock<'b> {
    pub(super) fn open(block: BlockRef, bytes: &'b [u8]) -> Result<Self, DecodeError> {
        let batch = Batch::open(bytes, &stored_limits())?;
        Ok(Self { block, batch, origins: OnceCell::new() })
    }

    /// Number of calls.
    pub(super) fn n_calls(&self) -> usize {
        self.batch.table("calls").map_or(0, egret::codec::Table::rows)
    }

    /// These columns of all calls.
    pub(super) fn calls(&self, columns: &[CallColumn]) -> Result<Calls, DecodeError> {
        self.batch.calls(columns)
    }

    /// Keeps the rows whose text the test wants. Each text of a dictionary is tested once.
    pub(super) fn keep_texts(
        &self,
        column: CallColumn,
        rows: &mut Vec<usize>,
        mut is_wanted: impl FnMut(&str) -> bool,
    ) -> Result<(), DecodeError> {
        let calls = self.calls(&[column])?;
        match calls.column(column) {
            None => {
                if !is_wanted("") {
                    rows.clear();
                }
            }
            Some(Column::Dict { entries, rows: of }) => {
                let wanted: Vec<bool> = entries.iter().map(|text| is_wanted(text)).collect();
                rows.retain(|row| of.get(*row).is_some_and(|entry| wanted[*entry as usize]));
            }
            Some(texts) => rows.retain(|row| is_wanted(texts.text(*row))),
        }
        Ok(())
    }

    /// Keeps the rows whose number the test wants.
    pub(super) fn keep_numbers(
        &self,
        column: CallColumn,
        rows: &mut Vec<usize>,
        is_wanted: impl Fn(Option<u64>) -> bool,
    ) -> Result<(), DecodeError> {
        let calls = self.calls(&[column])?;
        rows.retain(|row| is_wanted(calls.number(column, *row)));
        Ok(())
    }

    /// Keeps the rows with this id.
    pub(super) fn keep_id(
        &self,
        column: CallColumn,
        rows: &mut Vec<usize>,
        wanted: [u8; 16],
    ) -> Result<(), DecodeError> {
        let calls = self.calls(&[column])?;
        let id = |row| calls.column(column).and_then(|column| column.id::<16>(row));
        rows.retain(|row| id(*row) == Some(wanted));
        Ok(())
    }

    /// Keeps the calls of senders that the test wants.
    pub(super) fn keep_senders(
        &self,
        rows: &mut Vec<usize>,
        is_wanted: impl Fn(&Resource) -> bool,
    ) -> Result<(), DecodeError> {
        let Some(origins) = self.origins()? else {
            if !is_wanted(&self.batch.meta().resource) {
                rows.clear();
            }
            return Ok(());
        };
        let wanted: Vec<bool> = origins.resources().iter().map(is_wanted).collect();
        rows.retain(|row| origins.resource(*row).is_some_and(|sender| wanted[sender]));
        Ok(())
    }

    /// The batch that a call came in, and its row there.
    pub(super) fn place(&self, row: usize) -> Result<(Uuid, u64), DecodeError> {
        match self.origins()? {
            Some(origins) => Ok(origins.place(row).unwrap_or_default()),
            None => Ok((self.block.batch_id, row as u64)),
        }
    }

    /// Who sent a call.
    pub(super) fn resource(&self, row: usize) -> Result<&Resource, DecodeError> {
        let resource = match self.origins()? {
            Some(origins) => origins.resource(row).and_then(|n| origins.resources().get(n)),
            None => None,
        };
        Ok(resource.unwrap_or(&self.batch.meta().resource))
    }

    /// Where the calls came from; `None` of a batch as it was received, whatever it says itself.
    fn origins(&self) -> Result<Option<&Origins>, DecodeError> {
        if self.block.kind == BlockKind::Received {
            return Ok(None);
        }
        if let Some(origins) = self.origins.get() {
            return Ok(Some(origins));
        }
        let origins = Origins::read(&self.batch)?.ok_or_else(|| {
            DecodeError::Directory("a regrouped block without its origins".to_owned())
        })?;
        Ok(Some(self.origins.get_or_init(|| origins)))
    }
}
