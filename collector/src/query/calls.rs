//! A page of calls: the newest that match, after a given place.
//! It never looks at a block that cannot change the page any more.

use std::collections::{BTreeSet, BinaryHeap, HashMap};

use egret::codec::{Batch, CallColumn, Calls, DecodeError, ndjson};
use egret::template::heuristic;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::call_fields::CallFields;
use super::{CallsQuery, Cursor, QueryError};
use crate::model::{Source, stored_limits};
use crate::store::{BlockRef, Blocks, History};

/// A page of calls.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CallsPage {
    /// Records under the conventions' names, with `service` and `batch_id`.
    #[schema(value_type = Vec<CallFields>)]
    pub(crate) calls: Vec<Value>,
    /// What to send as `cursor` for the next page; absent on the last.
    pub(crate) next_cursor: Option<String>,
    /// Batches whose calls may be missing here, because their bytes are damaged on the disk.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) damaged_batches: BTreeSet<Uuid>,
}

pub(super) fn answer(history: &dyn History, query: &CallsQuery) -> Result<CallsPage, QueryError> {
    let mut blocks = history.blocks(block_filter(query))?;
    let mut newest = Newest { query, columns: query.filter.columns(), found: BinaryHeap::new() };
    let mut damaged_batches = BTreeSet::new();
    while let Some(block) = blocks.next(newest.not_before_ns())? {
        if let Some(bytes) = blocks.bytes(&block)?
            && let Err(error) = newest.look_at(block, &bytes)
        {
            // The others are as good as ever; this one is named, here and in the log.
            let batch_id = block.batch_id;
            tracing::error!(%batch_id, %error, "a stored batch is damaged");
            damaged_batches.insert(batch_id);
        }
    }
    let mut found = newest.found.into_sorted_vec();
    let has_more = found.len() > query.limit;
    found.truncate(query.limit);
    let last = found.last().filter(|_| has_more);
    Ok(CallsPage {
        next_cursor: last.map(|last| last.place.to_string()),
        calls: decode(&*blocks, &found)?,
        damaged_batches,
    })
}

/// A page after a place has no use for blocks that are all newer.
fn block_filter(query: &CallsQuery) -> crate::store::BlockFilter {
    let mut filter = query.filter.of_blocks();
    if let Some(after) = query.after {
        let end_ns = after.start_unix_ns().saturating_add(1);
        filter.range.to_ns = filter.range.to_ns.min(end_ns);
    }
    filter
}

/// The newest matches so far: one more than the page holds, to know whether there is a next one.
struct Newest<'q> {
    query: &'q CallsQuery,
    columns: Vec<CallColumn>,
    /// The last of them on top.
    found: BinaryHeap<Found>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Found {
    place: Cursor,
    block: BlockRef,
}

impl PartialOrd for Found {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Found {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.place.cmp(&other.place)
    }
}

impl Newest<'_> {
    /// Only calls from here on can still come onto the page.
    fn not_before_ns(&self) -> u64 {
        let from_ns = self.query.filter.range.from_ns;
        self.last_of_full().map_or(from_ns, |last| from_ns.max(last.start_unix_ns()))
    }

    fn last_of_full(&self) -> Option<Cursor> {
        let last = self.found.peek().map(|found| found.place);
        last.filter(|_| self.found.len() > self.query.limit)
    }

    fn look_at(&mut self, block: BlockRef, bytes: &[u8]) -> Result<(), DecodeError> {
        let batch = Batch::open(bytes, &stored_limits())?;
        let calls = batch.calls(&self.columns)?;
        for row in 0..calls.len() {
            let start_ns = calls.number(CallColumn::Start, row).unwrap_or(0);
            let place = Cursor::new(start_ns, block.batch_id, row);
            let is_new_enough = self.last_of_full().is_none_or(|last| place < last);
            if is_new_enough && self.is_asked_for(&calls, row, place) {
                self.found.push(Found { place, block });
                if self.found.len() > self.query.limit + 1 {
                    self.found.pop();
                }
            }
        }
        Ok(())
    }

    fn is_asked_for(&self, calls: &Calls, row: usize, place: Cursor) -> bool {
        let CallsQuery { filter, after, .. } = self.query;
        after.is_none_or(|after| place > after)
            && filter.range.contains(place.start_unix_ns())
            && filter.holds(calls, row)
    }
}

/// The calls in full, in the order of `found`. Each block is decoded once, one at a time.
fn decode(blocks: &dyn Blocks, found: &[Found]) -> Result<Vec<Value>, QueryError> {
    let mut by_block = HashMap::<BlockRef, Vec<usize>>::new();
    for (n, found) in found.iter().enumerate() {
        by_block.entry(found.block).or_default().push(n);
    }
    let mut values: Vec<Value> = vec![Value::Null; found.len()];
    for (block, places) in by_block {
        let Some(bytes) = blocks.bytes(&block)? else {
            continue;
        };
        let batch = Batch::open(&bytes, &stored_limits())?;
        let calls = batch.calls(CallColumn::ALL)?;
        let source = Source::of(&batch.meta().resource);
        for n in places {
            let row = found[n].place.row;
            values[n] = call(&calls, row, &source.service, found[n].place)?;
        }
    }
    // A block that went in between takes its calls with it.
    values.retain(|value| !value.is_null());
    Ok(values)
}

fn call(calls: &Calls, row: usize, service: &str, place: Cursor) -> serde_json::Result<Value> {
    let mut template = String::new();
    let mut record = calls.record(row);
    if record.template().is_empty() {
        heuristic(calls.text(CallColumn::Path, row), &mut template);
        record.set_template(&template);
    }
    let mut value = ndjson::to_value(&record)?;
    if let Value::Object(fields) = &mut value {
        fields.insert("service".to_owned(), service.into());
        fields.insert("batch_id".to_owned(), place.batch_id.to_string().into());
    }
    Ok(value)
}
