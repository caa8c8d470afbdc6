//! A page of calls: the newest that match, after a given place.
//! It never looks at a block that cannot change the page any more.

use std::collections::{BTreeSet, BinaryHeap, HashMap};

use egret::batch::Resource;
use egret::codec::{CallColumn, Calls, DecodeError, ndjson};
use egret::template::heuristic;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::block::OpenBlock;
use super::call_fields::CallFields;
use super::{CallsQuery, Cursor, QueryError};
use crate::model::Source;
use crate::store::{BlockFilter, BlockRef, Blocks, History};

/// A page of calls.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CallsPage {
    /// Records under the conventions' names, with `id`, `service`, `environment` and `batch_id`.
    #[schema(value_type = Vec<CallFields>)]
    pub(crate) calls: Vec<Value>,
    /// What to send as `cursor` for the next page; absent on the last.
    pub(crate) next_cursor: Option<String>,
    /// Batches whose calls may be missing here, because their bytes are damaged on the disk. Where
    /// calls of many batches were regrouped, it is the id of their block.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) damaged_batches: BTreeSet<Uuid>,
}

pub(super) fn answer(history: &dyn History, query: &CallsQuery) -> Result<CallsPage, QueryError> {
    let mut newest = Newest::of(query);
    let mut blocks = newest.read(history, block_filter(query))?;
    let mut found = newest.found.into_sorted_vec();
    let has_more = found.len() > query.limit;
    found.truncate(query.limit);
    let last = found.last().filter(|_| has_more);
    let next_cursor = last.map(|last| last.place.to_string());
    let calls = decode(&mut *blocks, &found, &mut newest.damaged, &in_page)?;
    Ok(CallsPage { calls, next_cursor, damaged_batches: newest.damaged })
}

/// A page after a place has no use for blocks that are all newer.
fn block_filter(query: &CallsQuery) -> BlockFilter {
    let mut filter = query.filter.of_blocks();
    if let Some(after) = query.after {
        let end_ns = after.start_unix_ns().saturating_add(1);
        filter.range.to_ns = filter.range.to_ns.min(end_ns);
    }
    filter
}

/// The newest matches so far: one more than the page holds, to know whether there is a next one.
pub(super) struct Newest<'q> {
    query: &'q CallsQuery,
    /// The last of them on top.
    pub(super) found: BinaryHeap<Found>,
    pub(super) damaged: BTreeSet<Uuid>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) place: Cursor,
    block: BlockRef,
    /// In the block.
    row: usize,
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

impl<'q> Newest<'q> {
    pub(super) fn of(query: &'q CallsQuery) -> Self {
        Self { query, found: BinaryHeap::new(), damaged: BTreeSet::new() }
    }

    /// Looks at blocks until none can change what was found.
    pub(super) fn read(
        &mut self,
        history: &dyn History,
        filter: BlockFilter,
    ) -> Result<Box<dyn Blocks>, QueryError> {
        let mut blocks = history.blocks(filter)?;
        while let Some(block) = blocks.next(self.not_before_ns())? {
            if let Some(bytes) = blocks.bytes(&block)?
                && let Err(error) = self.look_at(block, &bytes)
            {
                // The others are as good as ever; this one is named, here and in the log.
                name_damaged(block.batch_id, &error, &mut self.damaged);
            }
        }
        Ok(blocks)
    }

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
        let opened = OpenBlock::open(block, bytes)?;
        let starts = opened.calls(&[CallColumn::Start])?;
        let start_ns = |row| starts.number(CallColumn::Start, row).unwrap_or(0);
        let mut rows: Vec<usize> = (0..opened.n_calls()).collect();
        let (range, not_before_ns) = (self.query.filter.range, self.not_before_ns());
        let not_after_ns = self.query.after.map_or(u64::MAX, |after| after.start_unix_ns());
        rows.retain(|row| {
            range.contains(start_ns(*row))
                && (not_before_ns..=not_after_ns).contains(&start_ns(*row))
        });
        self.query.filter.keep(&opened, &mut rows)?;
        for row in rows {
            let (batch_id, batch_row) = opened.place(row)?;
            self.add(Found { place: Cursor::new(start_ns(row), batch_id, batch_row), block, row });
        }
        Ok(())
    }

    fn add(&mut self, found: Found) {
        let is_asked_for = self.query.after.is_none_or(|after| found.place > after);
        let is_new_enough = self.last_of_full().is_none_or(|last| found.place < last);
        if is_asked_for && is_new_enough {
            self.found.push(found);
            if self.found.len() > self.query.limit + 1 {
                self.found.pop();
            }
        }
    }
}

pub(super) fn name_damaged(batch_id: Uuid, error: &DecodeError, damaged: &mut BTreeSet<Uuid>) {
    tracing::error!(%batch_id, %error, "a stored batch is damaged");
    damaged.insert(batch_id);
}

/// What an answer says of a call beside its record.
pub(super) type Describe = dyn Fn(&mut serde_json::Map<String, Value>, &Resource);

/// The calls in full, in the order of `found`. Each block is decoded once, one at a time.
pub(super) fn decode(
    blocks: &mut dyn Blocks,
    found: &[Found],
    damaged: &mut BTreeSet<Uuid>,
    describe: &Describe,
) -> Result<Vec<Value>, QueryError> {
    let mut by_block = HashMap::<BlockRef, Vec<usize>>::new();
    for (n, found) in found.iter().enumerate() {
        by_block.entry(found.block).or_default().push(n);
    }
    let mut values: Vec<Value> = vec![Value::Null; found.len()];
    for (block, places) in by_block {
        let Some(bytes) = blocks.bytes(&block)? else {
            continue;
        };
        let opened = OpenBlock::open(block, &bytes);
        match opened.and_then(|opened| Ok((opened.calls(CallColumn::ALL)?, opened))) {
            Ok((calls, opened)) => {
                for n in places {
                    let resource = opened.resource(found[n].row)?;
                    values[n] = call(&calls, &found[n], resource, describe)?;
                }
            }
            Err(error) => name_damaged(block.batch_id, &error, damaged),
        }
    }
    // A block that went in between takes its calls with it.
    values.retain(|value| !value.is_null());
    Ok(values)
}

fn call(
    calls: &Calls,
    found: &Found,
    resource: &Resource,
    describe: &Describe,
) -> serde_json::Result<Value> {
    let mut template = String::new();
    let mut record = calls.record(found.row);
    if record.template().is_empty() {
        heuristic(calls.text(CallColumn::Path, found.row), &mut template);
        record.set_template(&template);
    }
    let mut value = ndjson::to_value(&record)?;
    if let Value::Object(fields) = &mut value {
        fields.insert("id".to_owned(), found.place.to_string().into());
        fields.insert("batch_id".to_owned(), found.place.batch_id.to_string().into());
        describe(fields, resource);
    }
    Ok(value)
}

/// What a call of a page says of its sender.
pub(super) fn in_page(fields: &mut serde_json::Map<String, Value>, resource: &Resource) {
    let source = Source::of(resource);
    fields.insert("service".to_owned(), source.service.into());
    if !source.environment.is_empty() {
        fields.insert("environment".to_owned(), source.environment.into());
    }
}
