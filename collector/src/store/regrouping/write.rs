//! The one commit of a step: blocks in, batches out.
//! It never leaves a call in both, or in neither.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::read::Inputs;
use super::regroup::NewBlock;
use crate::store::day_file::lines;
use crate::store::filter::{FilterKind, FilterShape, MAX_DRAWERS, TextKeys};
use crate::store::sums::integer;

/// How far a commit is: where tests look at the file as a crash would leave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Begun,
    BlockWritten,
    FiltersWritten,
    BatchGone,
    SlicesGone,
    Committed,
}

/// Puts the blocks in the place of what they were made from.
pub(super) fn commit(
    connection: &mut Connection,
    inputs: &Inputs,
    blocks: &[NewBlock],
    at: &mut dyn FnMut(Stage),
) -> rusqlite::Result<()> {
    // Nobody but us takes anything out of the file, so that what was read is still there.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    at(Stage::Begun);
    if !blocks.is_empty() {
        insert_slice(&transaction, inputs, blocks, at)?;
    }
    let mut delete = transaction.prepare_cached("DELETE FROM blocks WHERE batch_id = ?1")?;
    let mut take = transaction.prepare_cached("INSERT OR IGNORE INTO taken VALUES (?1)")?;
    for batch_id in &inputs.batches {
        delete.execute([batch_id.as_bytes()])?;
        take.execute([batch_id.as_bytes()])?;
        at(Stage::BatchGone);
    }
    let mut keep = transaction.prepare_cached("INSERT OR IGNORE INTO kept VALUES (?1)")?;
    for batch_id in &inputs.kept {
        keep.execute([batch_id.as_bytes()])?;
    }
    for slice_id in &inputs.slices {
        delete_slice(&transaction, *slice_id)?;
    }
    at(Stage::SlicesGone);
    drop((delete, take, keep));
    transaction.commit()?;
    at(Stage::Committed);
    Ok(())
}

fn insert_slice(
    transaction: &Transaction<'_>,
    inputs: &Inputs,
    blocks: &[NewBlock],
    at: &mut dyn FnMut(Stage),
) -> rusqlite::Result<()> {
    let n_ids = blocks.iter().map(|block| block.ids.len()).max().unwrap_or(0);
    let ids = FilterShape::for_keys(FilterKind::Ids, blocks.len(), n_ids);
    let n_texts = blocks.iter().map(|block| block.texts.len()).max().unwrap_or(0);
    let texts = FilterShape::for_keys(FilterKind::Text, blocks.len(), n_texts);
    let n_bytes: usize = blocks.iter().map(|block| block.bytes.len()).sum();
    transaction.execute(
        "INSERT INTO slices VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        [
            inputs.hour,
            inputs.n_calls() as u64,
            n_bytes as u64,
            blocks.len() as u64,
            ids.n_drawers as u64,
            ids.piece_bytes as u64,
            texts.n_drawers as u64,
            texts.piece_bytes as u64,
        ]
        .map(integer),
    )?;
    let slice_id = transaction.last_insert_rowid();
    for (place, block) in (0..).zip(blocks) {
        insert_block(transaction, slice_id, place, block)?;
        at(Stage::BlockWritten);
    }
    let id_drawers = ids.fill(blocks.iter().map(|block| block.ids.iter().copied()));
    let text_drawers = texts.fill(blocks.iter().map(|block| TextKeys::iter(&block.texts)));
    for (shape, drawers) in [(ids, id_drawers), (texts, text_drawers)] {
        let mut insert = transaction.prepare_cached("INSERT INTO drawers VALUES (?1, ?2)")?;
        for (n, drawer) in drawers.into_iter().enumerate() {
            insert.execute((drawer_id(slice_id, shape.kind, n), drawer))?;
        }
    }
    at(Stage::FiltersWritten);
    Ok(())
}

fn insert_block(
    transaction: &Transaction<'_>,
    slice_id: i64,
    place: i64,
    block: &NewBlock,
) -> rusqlite::Result<()> {
    let outline = &block.outline;
    let mut insert = transaction.prepare_cached(
        "INSERT INTO regrouped VALUES
             (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
    )?;
    insert.execute(rusqlite::params![
        block.batch_id.as_bytes(),
        slice_id,
        place,
        integer(outline.start_min_ns),
        integer(outline.start_max_ns),
        integer(outline.n_calls as u64),
        integer(outline.total_max_ns),
        outline.hosts.known().map(lines),
        outline.templates.known().map(lines),
        outline.services.known().map(lines),
        outline.environments.known().map(lines),
        outline.kinds,
        outline.statuses,
        outline.outcomes,
        outline.has_errors,
        block.bytes,
    ])?;
    Ok(())
}

fn delete_slice(transaction: &Transaction<'_>, slice_id: i64) -> rusqlite::Result<()> {
    transaction.prepare_cached("DELETE FROM regrouped WHERE slice_id = ?1")?.execute([slice_id])?;
    let last = drawer_id(slice_id, FilterKind::Text, MAX_DRAWERS - 1);
    transaction
        .prepare_cached("DELETE FROM drawers WHERE drawer_id BETWEEN ?1 AND ?2")?
        .execute([drawer_id(slice_id, FilterKind::Ids, 0), last])?;
    transaction.prepare_cached("DELETE FROM slices WHERE slice_id = ?1")?.execute([slice_id])?;
    Ok(())
}

/// Where a drawer is in its table.
pub(in crate::store) fn drawer_id(slice_id: i64, kind: FilterKind, drawer: usize) -> i64 {
    let half = match kind {
        FilterKind::Ids => 0,
        FilterKind::Text => MAX_DRAWERS,
    };
    slice_id * (2 * MAX_DRAWERS) as i64 + (half + drawer) as i64
}
