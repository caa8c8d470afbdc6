//! What happens to batches that wait together.
//! They never depend on timing: everything is offered before the thread starts.

use super::*;
use crate::model::{Received, Stored, TimeRange};
use crate::queue::{Bounds, Inlet, bounded};
use crate::store::{DataDir, Reader, SummaryFilter};
use bytes::Bytes;
use egret::batch::{BatchMeta, Resource};
use egret::codec::{CallsBuilder, Encoder};
use egret::record::{Kind, Record};
use egret::redact::SafeUrl;
use tempfile::TempDir;
use uuid::Uuid;

const RETENTION: Retention = Retention { calls_days: 15, minutes_days: 32, batches_days: 2 };

fn batch() -> Received {
    let now_ns = unix_now_ns();
    let mut calls = CallsBuilder::default();
    let mut scratch = String::new();
    let url = SafeUrl::parse("https://a.com/x", &mut scratch);
    calls.push(&Record::new(Kind::Client, "GET", url, now_ns));
    let meta = BatchMeta::new(Resource::new(), 0);
    let bytes = Encoder::new().unwrap().encode(&meta, &calls, None).unwrap();
    Received { batch_id: meta.batch_id, n_calls: 1, received_unix_ns: now_ns, bytes: bytes.into() }
}

fn again(received: &Received) -> Received {
    Received { bytes: received.bytes.clone(), ..*received }
}

fn unreadable() -> Received {
    Received { batch_id: Uuid::now_v7(), bytes: Bytes::from_static(b"EGRT"), ..batch() }
}

/// Offers all, then runs the pipeline to its end; what each was answered.
fn run(dir: &TempDir, offered: Vec<Received>) -> Vec<Answer> {
    let (inlet, outlet): (Inlet, Outlet) = bounded(Bounds { n_batches: 99, n_bytes: 1 << 20 });
    let answers: Vec<_> =
        offered.into_iter().map(|received| inlet.offer(received).unwrap()).collect();
    inlet.close();
    let writer = Writer::open(DataDir::open(dir.path()).unwrap()).unwrap();
    let ended = start(outlet, writer, RETENTION).unwrap();
    assert!(ended.blocking_recv().is_err());
    answers.into_iter().map(|answer| answer.blocking_recv().unwrap()).collect()
}

fn n_calls(dir: &TempDir) -> u64 {
    let range = TimeRange::ALL;
    let filter = SummaryFilter::touching(range.from_ns, range.to_ns);
    let totals = Reader::new(dir.path().to_owned()).totals(&filter).unwrap();
    totals.iter().map(|total| total.cell.count).sum()
}

#[test]
fn the_same_batch_twice_in_one_group_is_stored_once() {
    let dir = tempfile::tempdir().unwrap();
    let (first, other) = (batch(), batch());
    let answers = run(&dir, vec![again(&first), again(&first), other, again(&first)]);
    let (new, duplicate) = (Ok(Stored::New), Ok(Stored::Duplicate));
    assert_eq!(answers, [new.clone(), duplicate.clone(), new, duplicate.clone()]);
    assert_eq!(run(&dir, vec![first]), [duplicate]);
    assert_eq!(n_calls(&dir), 2);
}

#[test]
fn an_unreadable_batch_stops_nobody_else() {
    let dir = tempfile::tempdir().unwrap();
    let answers = run(&dir, vec![batch(), unreadable(), batch()]);
    assert!(matches!(
        answers.as_slice(),
        [Ok(Stored::New), Err(NotStored::Unreadable(_)), Ok(Stored::New)]
    ));
    assert_eq!(n_calls(&dir), 2);
}

#[test]
fn a_store_that_cannot_write_says_so_and_stores_the_batch_later() {
    let dir = tempfile::tempdir().unwrap();
    let received = batch();
    // A directory in the place of the day's file.
    let in_the_way = dir.path().join(format!("calls-{}.db", Day::of(received.received_unix_ns)));
    let writer = Writer::open(DataDir::open(dir.path()).unwrap()).unwrap();
    std::fs::create_dir(&in_the_way).unwrap();
    let (inlet, outlet) = bounded(Bounds { n_batches: 9, n_bytes: 1 << 20 });
    let answer = inlet.offer(again(&received)).unwrap();
    inlet.close();
    assert!(start(outlet, writer, RETENTION).unwrap().blocking_recv().is_err());
    assert_eq!(answer.blocking_recv().unwrap(), Err(NotStored::StoreFailed));
    assert_eq!(n_calls(&dir), 0);
    std::fs::remove_dir(&in_the_way).unwrap();
    assert_eq!(run(&dir, vec![received]), [Ok(Stored::New)]);
    assert_eq!(n_calls(&dir), 1);
}
