//! What is on disk after crashes, days and later versions.
//! They never go through HTTP: they write to the store as the pipeline does.

mod migrations;
mod mixture;
mod packing;
mod series_limits;

use std::collections::BTreeSet;
use std::path::Path;

use super::schema::DAY;
use super::*;
use crate::model::Outline;
use crate::model::{Day, Position, SECOND_NS, Source, TimeRange};
use crate::queue::Durability;
use egret::minute::{Cell, Minutes, SeriesKey};
use egret::record::Kind;
use tempfile::TempDir;
use uuid::Uuid;

/// 2026-09-21, 23:59:59 UTC.
const LATE_NS: u64 = 1_790_035_199 * SECOND_NS;
const DAY_NS: u64 = 86_400 * SECOND_NS;

const RETENTION: Retention =
    Retention { calls_days: 15, minutes_days: 32, history_days: 396, batches_days: 2 };

fn open(dir: &TempDir) -> Writer {
    Writer::open(DataDir::open(dir.path()).unwrap(), Durability::Full).unwrap()
}

fn block(batch_id: u128, received_unix_ns: u64) -> Block {
    let outline = Outline {
        n_calls: 1,
        start_min_ns: received_unix_ns,
        start_max_ns: received_unix_ns,
        hosts: Some(BTreeSet::from(["a.com".to_owned()])),
        statuses: 1,
        outcomes: 1,
        has_errors: false,
    };
    Block {
        batch_id: Uuid::from_u128(batch_id),
        received_unix_ns,
        service: "shop".to_owned(),
        outline: Some(outline),
        bytes: batch_id.to_be_bytes().to_vec().into(),
    }
}

fn group(blocks: Vec<Block>) -> Group {
    let mut group = Group::default();
    for block in &blocks {
        let key = SeriesKey {
            minute: block.received_unix_ns / (60 * SECOND_NS),
            kind: Kind::Client,
            status: 200,
            target: "",
            method: "GET",
            host: "a.com",
            template: "/",
            error_type: "",
            consumer: "",
        };
        let mut cell = Cell { count: 1, request_bytes: u64::MAX, ..Cell::default() };
        cell.duration.record(1_000_000);
        let mut minutes = Minutes::default();
        minutes.merge(key, &cell);
        group.minutes.push((Source::default(), minutes.into()));
    }
    group.blocks = blocks;
    group
}

/// Ids of all blocks, and the count of all roll-ups.
fn content(dir: &Path) -> (Vec<u128>, u64) {
    let reader = Reader::new(dir.to_owned());
    let filter = BlockFilter::within(TimeRange::ALL);
    let mut blocks = reader.blocks(filter).unwrap();
    let mut ids = Vec::new();
    while let Some(block) = blocks.next(0).unwrap() {
        assert_eq!(blocks.bytes(&block).unwrap().unwrap(), block.batch_id.as_bytes());
        ids.push(block.batch_id.as_u128());
    }
    let totals = reader.totals(&SummaryFilter::touching(0, u64::MAX)).unwrap();
    (ids, totals.iter().map(|total| total.cell.count).sum())
}

/// What a crash between the two commits leaves.
pub(crate) fn write_calls_alone(dir: &Path, blocks: &[Block]) {
    day_file::DayFiles::new(dir, Durability::Full).write(blocks).unwrap();
}

#[test]
fn a_batch_that_crashed_between_the_commits_at_midnight_is_stored_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = open(&dir);
    // The first commit alone, as a crash before the second leaves it.
    write_calls_alone(dir.path(), &[block(1, LATE_NS)]);
    assert!(!writer.has(Uuid::from_u128(1)).unwrap());
    writer.write(&group(vec![block(1, LATE_NS + 2 * SECOND_NS)])).unwrap();
    assert!(writer.has(Uuid::from_u128(1)).unwrap());
    assert_eq!(content(dir.path()), (vec![1], 1));
}

#[test]
fn a_group_over_midnight_goes_into_both_days() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = open(&dir);
    writer.write(&group(vec![block(1, LATE_NS), block(2, LATE_NS + SECOND_NS)])).unwrap();
    let days = data_dir::days(dir.path()).unwrap();
    assert_eq!(days, [Day::of(LATE_NS), Day::of(LATE_NS + SECOND_NS)]);
    assert_eq!(content(dir.path()), (vec![2, 1], 2));
}

#[test]
fn sums_that_exceed_the_largest_integer_stay_there() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = open(&dir);
    writer.write(&group(vec![block(1, LATE_NS)])).unwrap();
    writer.write(&group(vec![block(2, LATE_NS)])).unwrap();
    let reader = Reader::new(dir.path().to_owned());
    let totals = reader.totals(&SummaryFilter::touching(0, u64::MAX)).unwrap();
    let [total] = totals.as_slice() else { panic!("{totals:?}") };
    assert_eq!(total.cell.request_bytes, i64::MAX.unsigned_abs());
    assert_eq!(total.cell.duration.count(), 2);
}

#[test]
fn what_is_too_old_goes_and_the_rest_stays() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = open(&dir);
    let blocks = [0, 14, 15, 16, 40].map(|days| block(days, LATE_NS - days as u64 * DAY_NS));
    writer.write(&group(blocks.into())).unwrap();
    writer.prune(&RETENTION, LATE_NS).unwrap();
    // The roll-ups stay: they are kept by the half-hour, for longer.
    assert_eq!(content(dir.path()), (vec![0, 14, 15], 5));
    assert!(writer.has(Uuid::from_u128(0)).unwrap());
    assert!(!writer.has(Uuid::from_u128(14)).unwrap());
    // The series numbers that the writer remembered went with the roll-ups.
    writer.write(&group(vec![block(50, LATE_NS)])).unwrap();
    assert_eq!(content(dir.path()).1, 6);
}

#[track_caller]
fn check_newer_is_refused(file: &str) {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = open(&dir);
    writer.write(&group(vec![block(1, LATE_NS)])).unwrap();
    drop(writer);
    let connection = rusqlite::Connection::open(dir.path().join(file)).unwrap();
    connection.pragma_update(None, "user_version", 9).unwrap();
    drop(connection);
    let error = Writer::open(DataDir::open(dir.path()).unwrap(), Durability::Full).unwrap_err();
    let message = std::error::Error::source(&error).unwrap().to_string();
    assert!(message.contains(file), "{message}");
    assert!(message.contains("schema version 9"), "{message}");
}

#[test]
fn files_of_a_later_version_are_refused_at_the_start() {
    check_newer_is_refused("meta.db");
    check_newer_is_refused("calls-2026-09-21.db");
}

#[test]
fn a_directory_has_one_owner() {
    let dir = tempfile::tempdir().unwrap();
    let first = DataDir::open(dir.path()).unwrap();
    let error = DataDir::open(dir.path()).unwrap_err();
    assert!(error.to_string().contains("in use by another egret-collector"), "{error}");
    drop(first);
    DataDir::open(dir.path()).unwrap();
}

#[test]
fn blocks_come_newest_first_over_days_and_chunks() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = open(&dir);
    let blocks: Vec<Block> =
        (0..300).map(|n| block(n, LATE_NS - (n as u64 % 7) * DAY_NS)).collect();
    let mut expected: Vec<(u64, u128)> =
        blocks.iter().map(|block| (block.received_unix_ns, block.batch_id.as_u128())).collect();
    writer.write(&group(blocks)).unwrap();
    expected.sort_unstable_by(|a, b| b.cmp(a));
    let expected: Vec<u128> = expected.into_iter().map(|(_, id)| id).collect();
    assert_eq!(content(dir.path()), (expected, 300));
}

#[cfg(unix)]
#[test]
fn only_its_owner_can_read_the_data() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data");
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    let mut writer = Writer::open(DataDir::open(&path).unwrap(), Durability::Full).unwrap();
    writer.write(&group(vec![block(1, LATE_NS)])).unwrap();
    assert_eq!(mode(&path), 0o700);
    let mut n_beside = 0;
    for entry in std::fs::read_dir(&path).unwrap() {
        let file = entry.unwrap().path();
        n_beside += usize::from(file.to_string_lossy().contains(".db-"));
        assert_eq!(mode(&file), 0o600, "{file:?}");
    }
    assert_eq!(n_beside, 4, "-wal and -shm of two files");
}

#[test]
fn the_place_in_the_queue_is_stored_with_its_group() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = open(&dir);
    assert_eq!(writer.position().unwrap(), Position(0));
    writer.write(&Group { position: Position(70), ..group(vec![block(1, LATE_NS)]) }).unwrap();
    writer.write(&Group { position: Position(99), ..Group::default() }).unwrap();
    assert_eq!(writer.latest(9).unwrap(), [Uuid::from_u128(1)]);
    // A group that cannot be stored does not move it on: its batch is stored already.
    let again = Group { position: Position(200), ..group(vec![block(1, LATE_NS)]) };
    let error = writer.write(&again).unwrap_err();
    assert!(error.blames_the_batch(), "{error:?}");
    drop(writer);
    assert_eq!(Reader::new(dir.path().to_owned()).queue_position().unwrap(), Position(99));
    assert_eq!(open(&dir).position().unwrap(), Position(99));
}

/// A process that is killed while SQLite changes a file leaves a journal that only a writer can take
/// back.
#[test]
fn a_file_that_a_kill_left_half_changed_is_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let (whole, killed) = (dir.path().join("whole.db"), dir.path().join("killed.db"));
    drop(DAY.open_writable(&whole, Durability::Full).unwrap());
    let connection = rusqlite::Connection::open(&whole).unwrap();
    connection
        .execute_batch(
            "PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1; BEGIN IMMEDIATE;
             CREATE TABLE much AS
                 WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
                 SELECT i, randomblob(400) FROM n;",
        )
        .unwrap();
    std::fs::copy(&whole, &killed).unwrap();
    let journal = |path: &Path| path.with_extension("db-journal");
    std::fs::copy(journal(&whole), journal(&killed)).unwrap();
    let read = DAY.open_readable(&killed).unwrap().unwrap();
    let n_tables: i64 = read
        .query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'much'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(n_tables, 0, "what was not committed is gone");
}
