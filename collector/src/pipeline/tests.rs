//! What becomes of what waits, when batches are bad, when the store fails, and when it all dies.
//! They never depend on timing: everything is in the queue before the thread starts.

mod faults;
mod packing;

use std::path::Path;

use super::*;
use crate::model::TimeRange;
use crate::queue::{Bounds, Durability, Embedded, QuarantineBounds};
use crate::store::{BlockFilter, DataDir, History, Reader, SummaryFilter, Writer};
use bytes::Bytes;
use egret::batch::{BatchMeta, Resource};
use egret::codec::{CallsBuilder, Encoder};
use egret::record::{Kind, Record};
use egret::redact::SafeUrl;
use tempfile::TempDir;
use uuid::Uuid;

const RETENTION: Retention =
    Retention { calls_days: 15, minutes_days: 32, history_days: 396, batches_days: 2 };

const BOUNDS: Bounds = Bounds {
    n_batches: 99,
    n_bytes: 1 << 20,
    min_free_bytes: 0,
    durability: Durability::Normal,
    n_ahead_bytes: 0,
    quarantine: QuarantineBounds::NONE,
};

fn batch() -> Received {
    batch_at(unix_now_ns())
}

/// A batch of one call that began at this moment.
fn batch_at(start_ns: u64) -> Received {
    let now_ns = unix_now_ns();
    let mut calls = CallsBuilder::default();
    let mut scratch = String::new();
    let url = SafeUrl::parse("https://a.com/x", &mut scratch);
    calls.push(&Record::new(Kind::Client, "GET", url, start_ns));
    let meta = BatchMeta::new(Resource::new(), 0);
    let bytes = Encoder::new().unwrap().encode(&meta, &calls, None).unwrap();
    Received {
        batch_id: meta.batch_id,
        n_calls: 1,
        received_unix_ns: now_ns,
        bytes: bytes.into(),
        digest: None,
    }
}

fn unreadable() -> Received {
    Received { batch_id: Uuid::now_v7(), bytes: Bytes::from_static(b"EGRT"), ..batch() }
}

fn writer(dir: &Path) -> Writer {
    Writer::open(DataDir::open(dir).unwrap(), Durability::Normal).unwrap()
}

/// A queue over a directory in which these wait, and which takes no more.
fn queue(dir: &Path, position: Position, waiting: &[Received]) -> Arc<dyn Queue> {
    let queue = Embedded::open(dir, BOUNDS, position, Vec::new()).unwrap();
    for received in waiting {
        queue.append(received.clone()).unwrap().blocking_recv().unwrap().unwrap();
    }
    queue.close();
    Arc::new(queue)
}

/// Puts all into the queue, then runs the pipeline to its end.
fn run(dir: &TempDir, waiting: &[Received]) {
    let writer = writer(dir.path());
    let position = writer.position().unwrap();
    let queue = queue(dir.path(), position, waiting);
    let end = queue.stats().end;
    let pipeline = begin(queue, Box::new(writer), dir.path(), position);
    assert!(pipeline.ended.blocking_recv().is_err());
    let Progress { position, is_failing, .. } = *pipeline.progress.borrow();
    assert_eq!((position, is_failing), (end, false));
}

fn begin(queue: Arc<dyn Queue>, store: Box<dyn Store>, dir: &Path, position: Position) -> Pipeline {
    start(queue, store, Quarantine::of(dir), RETENTION, position, None, None).unwrap()
}

/// The ids of all blocks in order, and the count of all roll-ups.
fn content(dir: &Path) -> (Vec<Uuid>, u64) {
    let reader = Reader::new(dir.to_owned());
    let range = TimeRange::ALL;
    let totals = reader.totals(&SummaryFilter::touching(range.from_ns, range.to_ns)).unwrap();
    let filter = BlockFilter::within(range);
    let mut blocks = reader.blocks(filter).unwrap();
    let mut ids = Vec::new();
    while let Some(block) = blocks.next(0).unwrap() {
        ids.push(block.batch_id);
    }
    ids.sort();
    (ids, totals.iter().map(|total| total.cell.count).sum())
}

#[track_caller]
fn check_stored(dir: &TempDir, expected: &[&Received]) {
    let mut ids: Vec<Uuid> = expected.iter().map(|received| received.batch_id).collect();
    ids.sort();
    assert_eq!(content(dir.path()), (ids, expected.len() as u64));
}

fn quarantined(dir: &TempDir) -> Vec<String> {
    Quarantine::of(dir.path()).list().unwrap().into_iter().map(|(name, _)| name).collect()
}

#[test]
fn what_is_stored_is_not_stored_again() {
    let dir = tempfile::tempdir().unwrap();
    let (first, other) = (batch(), batch());
    run(&dir, &[first.clone(), other.clone()]);
    // The queue is told of nothing here: the store alone knows.
    run(&dir, &[first.clone(), other.clone()]);
    run(&dir, &[]);
    check_stored(&dir, &[&first, &other]);
    assert_eq!(quarantined(&dir), [""; 0]);
}

#[test]
fn an_unreadable_batch_is_quarantined_and_stops_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let (first, poison, last) = (batch(), unreadable(), batch());
    run(&dir, &[first.clone(), poison.clone(), last.clone()]);
    check_stored(&dir, &[&first, &last]);
    let name = format!("{}.unreadable.egrt", poison.batch_id);
    assert_eq!(quarantined(&dir).as_slice(), std::slice::from_ref(&name));
    let kept = std::fs::read(Quarantine::of(dir.path()).dir().join(name)).unwrap();
    assert_eq!(kept, poison.bytes);
}

#[test]
fn damage_in_the_queue_is_quarantined_and_stops_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let (first, damaged, last) = (batch(), batch(), batch());
    let all = [first.clone(), damaged.clone(), last.clone()];
    queue(dir.path(), Position(0), &all).finish();
    let segment = std::fs::read_dir(dir.path().join("queue")).unwrap().next().unwrap().unwrap();
    let mut bytes = std::fs::read(segment.path()).unwrap();
    let end = bytes.len() - last.bytes.len() - 48;
    bytes[end - 1] ^= 1;
    std::fs::write(segment.path(), bytes).unwrap();
    run(&dir, &[]);
    check_stored(&dir, &[&first, &last]);
    assert_eq!(quarantined(&dir), [format!("{}.damaged.bin", damaged.batch_id)]);
    // Its sender did not learn of it; but whoever sends it again is heard.
    run(&dir, std::slice::from_ref(&damaged));
    check_stored(&dir, &[&first, &damaged, &last]);
}
