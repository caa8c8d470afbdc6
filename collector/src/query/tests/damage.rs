//! Promise: what is damaged is named, and costs no more than itself.
//! They never damage what they did not write.

use std::path::Path;

use rusqlite::Connection;
use serde_json::Value;
use uuid::Uuid;

use super::calls::{
    BASE_NS, HOUR_NS, MINUTE_NS, Numbers, block, open, page, pages, regroup, stored, write,
};
use crate::model::TimeRange;
use crate::query::CallFilter;
use crate::queue::Durability;
use crate::store::{Block, Regroup, Regrouper, Retention, SliceBounds, Step, Store};

const BOUNDS: SliceBounds =
    SliceBounds { block_calls: 20, n_calls: 200, n_bytes: 1 << 20, n_decoded_bytes: 1 << 22 };
const LATER_NS: u64 = BASE_NS + 5 * HOUR_NS;

/// The one file of the tests here.
fn file(dir: &Path) -> Connection {
    Connection::open(dir.join("calls-2026-09-21.db")).unwrap()
}

fn batches(numbers: &mut Numbers) -> Vec<Block> {
    (0..12).map(|_| block(numbers, BASE_NS, BASE_NS + 30 * MINUTE_NS, BASE_NS + HOUR_NS)).collect()
}

fn everything() -> CallFilter {
    CallFilter::within(TimeRange::ALL)
}

/// Changes one byte in the middle of what is stored under an id.
fn damage(file: &Connection, table: &str, id: Uuid) {
    let select = format!("SELECT batch FROM {table} WHERE batch_id = ?1");
    let mut bytes: Vec<u8> = file.query_row(&select, [id.as_bytes()], |row| row.get(0)).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    let update = format!("UPDATE {table} SET batch = ?2 WHERE batch_id = ?1");
    assert_eq!(file.execute(&update, (id.as_bytes(), bytes)).unwrap(), 1);
}

fn of_batch(call: &Value, batch_id: Uuid) -> bool {
    call["batch_id"] == batch_id.to_string()
}

/// What is left, and what is named.
#[track_caller]
fn check_left(dir: &Path, expected: &[Value], named: Uuid) {
    let answer = page(dir, &everything(), 1_000, None);
    assert_eq!(answer.calls, expected);
    assert_eq!(answer.damaged_batches.into_iter().collect::<Vec<_>>(), [named]);
}

#[test]
fn a_damaged_batch_stays_as_it_is_and_the_others_are_regrouped() {
    let mut numbers = Numbers(1);
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let blocks = batches(&mut numbers);
    let bad = blocks[4].batch_id;
    write(&mut open(dir), blocks);
    let mut all = pages(dir, &everything(), 1_000);
    damage(&file(dir), "blocks", bad);
    all.retain(|call| !of_batch(call, bad));
    check_left(dir, &all, bad);
    // It is not tried again and again: the second time there is nothing to do.
    assert!(regroup(dir, BOUNDS, LATER_NS, &mut |_| {}) > 0);
    assert_eq!(regroup(dir, BOUNDS, LATER_NS, &mut |_| {}), 0);
    check_left(dir, &all, bad);
    let n_left: i64 =
        file(dir).query_row("SELECT count(*) FROM blocks", [], |row| row.get(0)).unwrap();
    assert_eq!(n_left, 1);
}

#[test]
fn a_damaged_block_costs_its_calls_and_no_others() {
    let mut numbers = Numbers(2);
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    write(&mut open(dir), batches(&mut numbers));
    let all = pages(dir, &everything(), 1_000);
    regroup(dir, BOUNDS, LATER_NS, &mut |_| {});
    let file = file(dir);
    let bad: [u8; 16] = file
        .query_row("SELECT batch_id FROM regrouped WHERE place = 1 LIMIT 1", [], |row| row.get(0))
        .unwrap();
    let bad = Uuid::from_bytes(bad);
    damage(&file, "regrouped", bad);
    let answer = page(dir, &everything(), 1_000, None);
    assert_eq!(answer.damaged_batches.into_iter().collect::<Vec<_>>(), [bad]);
    assert_eq!(answer.calls.len(), all.len() - BOUNDS.block_calls);
    assert!(answer.calls.iter().all(|call| all.contains(call)));
    // Late calls are regrouped all the same; the damaged slice is not taken up with them.
    let late = block(&mut numbers, BASE_NS, BASE_NS + MINUTE_NS, BASE_NS + HOUR_NS);
    write(&mut open(dir), vec![late]);
    assert!(regroup(dir, BOUNDS, LATER_NS + HOUR_NS, &mut |_| {}) > 0);
    let after = page(dir, &everything(), 1_000, None);
    assert!(after.calls.len() > answer.calls.len());
    assert_eq!(after.damaged_batches.into_iter().collect::<Vec<_>>(), [bad]);
}

#[test]
fn damaged_filters_change_no_answer() {
    let mut numbers = Numbers(3);
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    write(&mut open(dir), batches(&mut numbers));
    let all = pages(dir, &everything(), 1_000);
    regroup(dir, BOUNDS, LATER_NS, &mut |_| {});
    let trace_id = super::parse_id(all[7]["trace_id"].as_str().unwrap_or(&"1".repeat(32)));
    let filters = [
        CallFilter { trace_id, ..everything() },
        CallFilter { path: Some("needle".to_owned()), ..everything() },
    ];
    let before = filters.each_ref().map(|filter| pages(dir, filter, 50));
    assert!(!before[1].is_empty());
    for change in [
        "UPDATE drawers SET bytes = zeroblob(length(bytes))",
        "UPDATE drawers SET bytes = x''",
        "DELETE FROM drawers",
        "UPDATE slices SET id_drawers = 3, text_bytes = 0",
        "DELETE FROM slices",
    ] {
        file(dir).execute_batch(change).unwrap();
        assert_eq!(filters.each_ref().map(|filter| pages(dir, filter, 50)), before, "{change}");
    }
}

/// A disk that is full, or fails: whatever SQLite says when a block is written.
#[test]
fn a_file_that_cannot_be_written_stays_as_it_was_and_holds_up_no_other() {
    let mut numbers = Numbers(5);
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let mut blocks = batches(&mut numbers);
    let next_day_ns = BASE_NS + 3 * HOUR_NS;
    blocks.push(block(&mut numbers, next_day_ns, next_day_ns + MINUTE_NS, next_day_ns));
    write(&mut open(dir), blocks);
    let all = pages(dir, &everything(), 1_000);
    let refusal = "CREATE TRIGGER refusal BEFORE INSERT ON drawers BEGIN
                       SELECT RAISE(FAIL, 'database or disk is full');
                   END";
    file(dir).execute_batch(refusal).unwrap();
    let mut regrouper = Regrouper::new(dir, Durability::Normal, BOUNDS).unwrap();
    let mut step = |now_ns| regrouper.step(now_ns, &|| true);
    step(LATER_NS).unwrap_err();
    assert!(matches!(step(LATER_NS), Ok(Step::Regrouped { .. })), "the other day's file");
    assert_eq!(step(LATER_NS).unwrap(), Step::Nothing);
    assert_eq!(pages(dir, &everything(), 1_000), all);
    // An hour later it is tried again.
    step(LATER_NS + HOUR_NS).unwrap_err();
    file(dir).execute_batch("DROP TRIGGER refusal").unwrap();
    while step(LATER_NS + 2 * HOUR_NS).unwrap() != Step::Nothing {}
    let n_left: i64 =
        file(dir).query_row("SELECT count(*) FROM blocks", [], |row| row.get(0)).unwrap();
    assert_eq!((n_left, pages(dir, &everything(), 1_000)), (0, all));
}

#[test]
fn a_file_that_became_too_old_is_not_made_again() {
    let mut numbers = Numbers(6);
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let mut writer = open(dir);
    write(&mut writer, batches(&mut numbers));
    let retention =
        Retention { calls_days: 15, minutes_days: 32, history_days: 396, batches_days: 2 };
    let mut regrouper = Regrouper::new(dir, Durability::Normal, BOUNDS).unwrap();
    let is_removed = std::cell::Cell::new(false);
    // It goes while a step has it open: between two of its batches.
    let writer = std::cell::RefCell::new(writer);
    let go_on = || {
        if !is_removed.replace(true) {
            writer.borrow_mut().prune(&retention, BASE_NS + 40 * 24 * HOUR_NS).unwrap();
        }
        true
    };
    // Whether the step notices is SQLite's affair; the file is gone for good.
    let _ = regrouper.step(LATER_NS, &go_on);
    assert!(is_removed.get());
    assert_eq!(regrouper.step(LATER_NS + HOUR_NS, &|| true).unwrap(), Step::Nothing);
    let names = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = names.filter(|name| name.to_string_lossy().starts_with("calls-")).collect();
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(pages(dir, &everything(), 1_000), [] as [Value; 0]);
}

/// The same bytes with a column that no version knows yet.
fn of_a_later_format(block: Block) -> Block {
    let bytes = block.bytes;
    let length = u32::from_le_bytes(bytes[9..13].try_into().unwrap()) as usize;
    let header = std::str::from_utf8(&bytes[13..13 + length]).unwrap();
    let header = header.replace("\"attributes\"", "\"later_name\"");
    let mut later = [&bytes[..13], header.as_bytes(), &bytes[13 + length..]].concat();
    let checksum = crc32fast::hash(&later[9..]);
    later[5..9].copy_from_slice(&checksum.to_le_bytes());
    stored(block.batch_id, later, block.received_unix_ns)
}

#[test]
fn a_batch_of_a_later_format_keeps_what_is_not_understood_here() {
    let mut numbers = Numbers(4);
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let mut blocks = batches(&mut numbers);
    let later = of_a_later_format(blocks.pop().unwrap());
    let (later_id, later_bytes) = (later.batch_id, later.bytes.to_vec());
    blocks.push(later);
    write(&mut open(dir), blocks);
    let all = pages(dir, &everything(), 1_000);
    regroup(dir, BOUNDS, LATER_NS, &mut |_| {});
    assert_eq!(pages(dir, &everything(), 1_000), all);
    let kept: (Vec<u8>, Vec<u8>) = file(dir)
        .query_row("SELECT batch_id, batch FROM blocks", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    assert_eq!(kept, (later_id.as_bytes().to_vec(), later_bytes));
}

/// A file as version 1 wrote it, dumped as SQL. It does not change any more.
const VERSION_1: &str = include_str!("day_v1.sql");

#[test]
fn a_file_of_version_1_is_read_regrouped_and_written_to() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    // As it was: without the journal mode, which the collector sets whenever it opens one.
    file(dir).execute_batch(VERSION_1).unwrap();
    let version =
        || -> i64 { file(dir).pragma_query_value(None, "user_version", |row| row.get(0)).unwrap() };
    assert_eq!(version(), 1);
    let before = pages(dir, &everything(), 7);
    assert_eq!(before.len(), 88);
    assert_eq!(version(), 1, "to read it changes nothing");
    let mut writer = open(dir);
    // A batch that it has is not written again; one that it has not is.
    let id: [u8; 16] =
        file(dir).query_row("SELECT batch_id FROM blocks LIMIT 1", [], |row| row.get(0)).unwrap();
    let new = block(&mut Numbers(9), BASE_NS, BASE_NS + MINUTE_NS, BASE_NS);
    let mut known = block(&mut Numbers(10), BASE_NS, BASE_NS + MINUTE_NS, BASE_NS);
    known.batch_id = Uuid::from_bytes(id);
    write(&mut writer, vec![new, known]);
    assert_eq!(version(), 2);
    let with_new = pages(dir, &everything(), 1_000);
    assert!(with_new.len() > before.len() && before.iter().all(|call| with_new.contains(call)));
    regroup(dir, BOUNDS, LATER_NS, &mut |_| {});
    assert_eq!(pages(dir, &everything(), 7), with_new);

    // And one that nobody writes to any more is regrouped as it is found.
    let other = tempfile::tempdir().unwrap();
    let other = other.path();
    file(other).execute_batch(VERSION_1).unwrap();
    assert!(regroup(other, BOUNDS, LATER_NS, &mut |_| {}) > 0);
    assert_eq!(pages(other, &everything(), 7), before);
}
