//! Sorts calls by host, template and time, and cuts them into blocks.
//! It never looks at a file: calls in, blocks out.

use std::collections::HashMap;

use egret::batch::{BatchMeta, Resource};
use egret::codec::{CallColumn, CallsBuilder, EncodeError, Encoder, OriginsBuilder};
use egret::record::Record;
use egret::template::heuristic;
use uuid::Uuid;

use super::read::{Input, Inputs, Sender};
use crate::model::StatusClass;
use crate::rollup::{Words, kind_bit, outcome_bit};
use crate::store::filter::{FilterKey, TextKeys};

/// A block, and what prunes it.
#[derive(Debug)]
pub(super) struct NewBlock {
    pub(super) batch_id: Uuid,
    pub(super) bytes: Vec<u8>,
    pub(super) outline: BlockOutline,
    /// Keys of its ids, each once.
    pub(super) ids: Vec<FilterKey>,
    pub(super) texts: TextKeys,
}

/// What prunes a block beside its filters.
#[derive(Debug)]
pub(super) struct BlockOutline {
    pub(super) n_calls: usize,
    pub(super) start_min_ns: u64,
    pub(super) start_max_ns: u64,
    /// The longest duration; 0 when no call has one.
    pub(super) total_max_ns: u64,
    pub(super) hosts: Words,
    pub(super) templates: Words,
    pub(super) services: Words,
    pub(super) environments: Words,
    pub(super) kinds: i64,
    pub(super) statuses: i64,
    pub(super) outcomes: i64,
    pub(super) has_errors: bool,
}

/// A call on its way into a block, in the order of the blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    host: u32,
    template: u32,
    start_ns: u64,
    /// Batches are read in the order of their time and id, so that the order is the same whenever
    /// the same are regrouped.
    input: u32,
    row: u32,
}

/// The blocks of a slice; `None` when `go_on` says no.
pub(super) fn blocks(
    inputs: &Inputs,
    encoder: &mut Encoder,
    block_calls: usize,
    go_on: &dyn Fn() -> bool,
) -> Result<Option<Vec<NewBlock>>, EncodeError> {
    let (keys, templates) = sorted(&inputs.inputs);
    let (mut calls, mut origins) = (CallsBuilder::default(), OriginsBuilder::default());
    let mut blocks = Vec::with_capacity(keys.len().div_ceil(block_calls));
    for keys in keys.chunks(block_calls) {
        if !go_on() {
            return Ok(None);
        }
        calls.clear();
        origins.clear();
        let mut contents = Contents::default();
        for key in keys {
            let (input, row) = (&inputs.inputs[key.input as usize], key.row as usize);
            let (batch_id, batch_row) = input.place(row);
            let sender = input.sender(row);
            let record = input.calls.record(row);
            calls.push(&record);
            origins.push(batch_id, batch_row, sender.map_or("{}", |sender| &sender.json));
            contents.add(&record, &templates[key.template as usize], batch_id, sender);
        }
        let meta = BatchMeta::new(Resource::new(), 0);
        let bytes = encoder.encode_regrouped(&meta, &calls, &origins)?;
        blocks.push(contents.into_block(meta.batch_id, bytes));
    }
    Ok(Some(blocks))
}

/// All calls in their order, and the templates that their keys name.
fn sorted(inputs: &[Input]) -> (Vec<Key>, Vec<String>) {
    let (mut hosts, mut templates) = (Names::default(), Names::default());
    let mut keys = Vec::with_capacity(inputs.iter().map(|input| input.calls.len()).sum());
    let mut guessed = String::new();
    for (n, Input { calls, .. }) in inputs.iter().enumerate() {
        for row in 0..calls.len() {
            let mut template = calls.text(CallColumn::Template, row);
            if template.is_empty() {
                guessed.clear();
                heuristic(calls.text(CallColumn::Path, row), &mut guessed);
                template = &guessed;
            }
            keys.push(Key {
                host: hosts.number(calls.text(CallColumn::Host, row)),
                template: templates.number(template),
                start_ns: calls.number(CallColumn::Start, row).unwrap_or(0),
                input: u32::try_from(n).unwrap_or(u32::MAX),
                row: u32::try_from(row).unwrap_or(u32::MAX),
            });
        }
    }
    let (hosts, (templates, names)) = (hosts.ranks().0, templates.ranks());
    for key in &mut keys {
        key.host = hosts[key.host as usize];
        key.template = templates[key.template as usize];
    }
    keys.sort_unstable();
    (keys, names)
}

/// Texts and their numbers, in the order in which they came.
#[derive(Debug, Default)]
struct Names(HashMap<String, u32>);

impl Names {
    fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.0.get(text) {
            return *number;
        }
        let number = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        self.0.insert(text.to_owned(), number);
        number
    }

    /// For each number the text's place in the alphabet, and the texts in it.
    fn ranks(self) -> (Vec<u32>, Vec<String>) {
        let mut names: Vec<(String, u32)> = self.0.into_iter().collect();
        names.sort_unstable();
        let mut ranks = vec![0; names.len()];
        for (rank, (_, number)) in (0..).zip(&names) {
            ranks[*number as usize] = rank;
        }
        (ranks, names.into_iter().map(|(name, _)| name).collect())
    }
}

/// What is in a block that is being filled.
#[derive(Debug)]
struct Contents {
    outline: BlockOutline,
    ids: Vec<[u8; 16]>,
    texts: TextKeys,
}

impl Default for Contents {
    fn default() -> Self {
        let outline = BlockOutline {
            n_calls: 0,
            start_min_ns: u64::MAX,
            start_max_ns: 0,
            total_max_ns: 0,
            hosts: Words::default(),
            templates: Words::default(),
            services: Words::default(),
            environments: Words::default(),
            kinds: 0,
            statuses: 0,
            outcomes: 0,
            has_errors: false,
        };
        Self { outline, ids: Vec::new(), texts: TextKeys::default() }
    }
}

impl Contents {
    fn add(
        &mut self,
        record: &Record<'_>,
        template: &str,
        batch_id: Uuid,
        sender: Option<&Sender>,
    ) {
        let outline = &mut self.outline;
        outline.n_calls += 1;
        outline.start_min_ns = outline.start_min_ns.min(record.start_unix_ns);
        outline.start_max_ns = outline.start_max_ns.max(record.start_unix_ns);
        outline.total_max_ns = outline.total_max_ns.max(record.total_ns.unwrap_or(0));
        outline.hosts.add(record.url().host());
        outline.templates.add(template);
        outline.kinds |= kind_bit(record.kind);
        outline.statuses |= StatusClass::of(record.status).bit();
        outline.outcomes |= outcome_bit(record.outcome);
        outline.has_errors |= record.is_error();
        if let Some(Sender { source, .. }) = sender {
            outline.services.add(&source.service);
            outline.environments.add(&source.environment);
        }
        self.ids.push(batch_id.into_bytes());
        self.ids.extend(record.call_id.into_iter().chain(record.trace_id));
        self.texts.add(record.url().path());
    }

    fn into_block(mut self, batch_id: Uuid, bytes: Vec<u8>) -> NewBlock {
        self.ids.sort_unstable();
        self.ids.dedup();
        let ids = self.ids.into_iter().map(FilterKey::of_id).collect();
        NewBlock { batch_id, bytes, outline: self.outline, ids, texts: self.texts }
    }
}
