//! The `origins` table: which batch each call of a regrouped block came in, and from whom.
//! Never in what a service sends: a store writes it when it puts calls of many batches together.

use uuid::Uuid;

use super::builder::{ColumnBuilder, ColumnSource};
use super::open::{Batch, DecodeError, Table};
use super::{Column, Encoding};
use crate::batch::Resource;

/// The table's name. It has a row for each row of `calls`, in the same order.
pub(super) const TABLE: &str = "origins";

/// 32 hexadecimal digits of the batch, in a dictionary: a block has calls of few batches.
const BATCH_ID: &str = "batch_id";
/// The row that the call had in its batch.
const ROW: &str = "row";
/// The batch's resource as a JSON object, in a dictionary.
const RESOURCE: &str = "resource";

/// Origins on their way into a block.
#[derive(Debug)]
pub struct OriginsBuilder {
    batch_ids: ColumnBuilder,
    rows: ColumnBuilder,
    resources: ColumnBuilder,
    n_rows: usize,
}

impl Default for OriginsBuilder {
    fn default() -> Self {
        Self {
            batch_ids: ColumnBuilder::new(Encoding::Dict),
            rows: ColumnBuilder::new(Encoding::Varint),
            resources: ColumnBuilder::new(Encoding::Dict),
            n_rows: 0,
        }
    }
}

impl OriginsBuilder {
    /// Adds the origin of the call that was added last. `resource` is a JSON object of texts.
    pub fn push(&mut self, batch_id: Uuid, row: u64, resource: &str) {
        let mut digits = [0; 32];
        self.batch_ids.push_text(self.n_rows, batch_id.simple().encode_lower(&mut digits));
        self.rows.push_number(self.n_rows, Some(row));
        self.resources.push_text(self.n_rows, resource);
        self.n_rows += 1;
    }

    /// Forgets the origins and keeps the memory.
    pub fn clear(&mut self) {
        self.batch_ids.clear();
        self.rows.clear();
        self.resources.clear();
        self.n_rows = 0;
    }

    pub(super) fn len(&self) -> usize {
        self.n_rows
    }

    pub(super) fn columns(&self) -> impl Iterator<Item = (&'static str, &dyn ColumnSource)> {
        let columns = [(BATCH_ID, &self.batch_ids), (ROW, &self.rows), (RESOURCE, &self.resources)];
        columns.into_iter().map(|(name, column)| (name, column as &dyn ColumnSource))
    }
}

/// Where the calls of a regrouped block came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origins {
    batch_ids: Vec<Uuid>,
    batch_of: Vec<u32>,
    rows: Vec<u64>,
    resources: Vec<Resource>,
    resource_of: Vec<u32>,
}

impl Origins {
    /// The origins that a block says; `None` when it says none.
    ///
    /// # Errors
    /// When the table is damaged, or not of as many rows as the calls.
    pub fn read(batch: &Batch<'_>) -> Result<Option<Self>, DecodeError> {
        let Some(table) = batch.table(TABLE) else {
            return Ok(None);
        };
        let n_calls = batch.table("calls").map_or(0, Table::rows);
        if table.rows() != n_calls {
            let problem = format!("{} rows for {n_calls} calls", table.rows());
            return Err(table.problem(BATCH_ID, problem));
        }
        let (batch_ids, batch_of) = dictionary(table, BATCH_ID, |text| Uuid::try_parse(text).ok())?;
        let (resources, resource_of) =
            dictionary(table, RESOURCE, |text| serde_json::from_str(text).ok())?;
        let Some(Column::Numbers(rows)) = table.column(ROW)? else {
            return Err(table.problem(ROW, "missing, or no numbers"));
        };
        if rows.contains(&0) {
            return Err(table.problem(ROW, "missing in a row; every call has one"));
        }
        let rows = rows.into_iter().map(|row| row - 1).collect();
        Ok(Some(Self { batch_ids, batch_of, rows, resources, resource_of }))
    }

    /// The batch that a call came in, and its row there; `None` beyond the last call.
    #[must_use]
    pub fn place(&self, row: usize) -> Option<(Uuid, u64)> {
        let batch = *self.batch_of.get(row)? as usize;
        Some((*self.batch_ids.get(batch)?, *self.rows.get(row)?))
    }

    /// Who sent a call, as a place in [`Origins::resources`]; `None` beyond the last call.
    #[must_use]
    pub fn resource(&self, row: usize) -> Option<usize> {
        self.resource_of.get(row).map(|n| *n as usize)
    }

    /// All who sent calls of the block.
    #[must_use]
    pub fn resources(&self) -> &[Resource] {
        &self.resources
    }
}

/// The entries of a dictionary, read as what they are, and each row's entry counted from 0.
fn dictionary<T>(
    table: &Table<'_>,
    name: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<(Vec<T>, Vec<u32>), DecodeError> {
    let Some(Column::Dict { entries, rows }) = table.column(name)? else {
        return Err(table.problem(name, "missing, or no dictionary"));
    };
    let parsed: Option<Vec<T>> = entries.iter().skip(1).map(|text| parse(text)).collect();
    let parsed = parsed.ok_or_else(|| table.problem(name, "an entry is not what it should be"))?;
    let rows: Option<Vec<u32>> = rows.into_iter().map(|entry| entry.checked_sub(1)).collect();
    let rows = rows.ok_or_else(|| table.problem(name, "missing in a row; every call has one"))?;
    Ok((parsed, rows))
}
