//! Batches: when they close, how they are halved, which of them must go.

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::codec::{Batch, CallColumn, Limits, read_minutes, roll_ups};
use crate::record::{Kind, Record, write_row};
use crate::redact::SafeUrl;
use crate::sample::Sampling;
use crate::stats::Drops;

const BATCHING: Batching = Batching {
    flush_interval: Duration::from_secs(1),
    records: 10,
    bytes: 1 << 20,
    pending_bytes: 1 << 20,
    expiry: Duration::from_secs(3_600),
};

fn rows(n: u64) -> Vec<u8> {
    let mut rows = Vec::new();
    for n in 0..n {
        let mut scratch = String::new();
        let raw = format!("https://h/users/{n}");
        let url = SafeUrl::parse(&raw, &mut scratch);
        write_row(&Record::new(Kind::Manual, "GET", url, n), &mut rows);
    }
    rows
}

fn assembler() -> Assembler {
    Assembler::new(Resource::new(), BATCHING, Sampling::default(), Arc::default()).unwrap()
}

fn paths(batch: &Encoded) -> Vec<String> {
    let batch = Batch::open(&batch.bytes, &Limits::default()).unwrap();
    let calls = batch.calls(CallColumn::ALL).unwrap();
    (0..calls.len()).map(|row| calls.record(row).url().path().to_owned()).collect()
}

#[test]
fn a_batch_closes_when_it_is_full_or_due() {
    let (mut assembler, now) = (assembler(), Tick::now());
    let mut sizes = Vec::new();
    let damaged = assembler.push_rows(&rows(25), 25, now, |assembler| {
        sizes.push(assembler.close(&Drops::default(), now).unwrap().n_records);
    });
    assert_eq!((damaged, sizes, assembler.n_records()), (0, vec![10, 10], 5));
    assert!(!assembler.is_due(now.after(Duration::from_millis(999))));
    assert!(assembler.is_due(now.after(Duration::from_secs(1))));
}

#[test]
fn damaged_rows_are_counted_not_invented() {
    let (mut assembler, now) = (assembler(), Tick::now());
    let rows = rows(3);
    let damaged = assembler.push_rows(&rows[..rows.len() - 1], 3, now, |_| ());
    assert_eq!((damaged, assembler.n_records()), (1, 2));
}

#[test]
fn halves_hold_every_call_once_and_the_minutes_once() {
    // Below so high a ceiling every call is kept, but nobody knows that beforehand.
    let sampling = Sampling { max_per_host_second: Some(1_000), ..Sampling::default() };
    let mut assembler =
        Assembler::new(Resource::new(), BATCHING, sampling, Arc::default()).unwrap();
    let now = Tick::now();
    assembler.push_rows(&rows(5), 5, now, |_| ());
    let whole = assembler.close(&Drops::default(), now).unwrap();
    let (left, right) = assembler.split(&whole).unwrap();
    assert_eq!((left.n_records, right.n_records), (2, 3));
    assert_eq!([paths(&left), paths(&right)].concat(), paths(&whole));
    let counts = [&left, &right].map(|half| {
        let batch = Batch::open(&half.bytes, &Limits::default()).unwrap();
        assert!(batch.table("minutes").is_some(), "a half must not be folded again");
        read_minutes(&batch).unwrap().iter().map(|(_, cell)| cell.count).sum::<u64>()
    });
    assert_eq!(counts, [5, 0]);
    let (one, _) = assembler.split(&left).unwrap();
    assert!(assembler.split(&one).is_none(), "a single call cannot be halved");
}

#[test]
fn calls_that_are_all_are_added_up_by_their_reader() {
    let (mut assembler, now) = (assembler(), Tick::now());
    assembler.push_rows(&rows(5), 5, now, |_| ());
    let whole = assembler.close(&Drops::default(), now).unwrap();
    let (left, right) = assembler.split(&whole).unwrap();
    let counts = [&whole, &left, &right].map(|batch| {
        let batch = Batch::open(&batch.bytes, &Limits::default()).unwrap();
        assert!(batch.meta().calls_are_all && batch.table("minutes").is_none());
        roll_ups(&batch).unwrap().iter().map(|(_, cell)| cell.count).sum::<u64>()
    });
    assert_eq!(counts, [5, 2, 3]);
}

#[test]
fn drops_are_reported_once_and_again_if_the_report_was_lost() {
    let (mut assembler, now) = (assembler(), Tick::now());
    let close = |assembler: &mut Assembler, drops: &Drops| {
        assembler.push_rows(&rows(1), 1, now, |_| ());
        assembler.close(drops, now).unwrap()
    };
    let reported = |batch: &Encoded| {
        let batch = Batch::open(&batch.bytes, &Limits::default()).unwrap();
        batch.meta().dropped.get("queue_records").copied().unwrap_or(0)
    };
    let mut drops = Drops::default();
    drops.add(DropReason::QueueRecords, 7);
    let first = close(&mut assembler, &drops);
    let second = close(&mut assembler, &drops);
    assert_eq!((reported(&first), reported(&second)), (7, 0));
    assembler.report_again(&first);
    drops.add(DropReason::QueueRecords, 1);
    assert_eq!(reported(&close(&mut assembler, &drops)), 8);
}

#[test]
fn beyond_their_bound_the_oldest_batches_go() {
    let (mut assembler, now) = (assembler(), Tick::now());
    let mut pending = Pending::new(3_000);
    let mut gone = Vec::new();
    for _ in 0..20 {
        assembler.push_rows(&rows(9), 9, now, |_| ());
        pending.push(assembler.close(&Drops::default(), now).unwrap());
        gone.extend(pending.evict().iter().map(|batch| batch.order));
    }
    assert!(!gone.is_empty() && gone.iter().copied().eq(0..gone.len() as u64), "{gone:?}");
    let late = now.after(Duration::from_secs(3_601));
    assert!(pending.expired(now, BATCHING.expiry).is_empty());
    assert_eq!(pending.expired(late, BATCHING.expiry).len(), 20 - gone.len());
}

#[test]
fn what_sampling_leaves_out_is_still_counted() {
    let sampling = Sampling { rate: 0.0, ..Sampling::default() };
    let mut assembler =
        Assembler::new(Resource::new(), BATCHING, sampling, Arc::default()).unwrap();
    let now = Tick::now();
    assembler.push_rows(&rows(1_000), 1_000, now, |_| panic!("nothing fills the batch"));
    let batch = assembler.close(&Drops::default(), now).unwrap();
    assert_eq!((batch.n_records, batch.n_sampled_out), (1_000, 1_000));
    let opened = Batch::open(&batch.bytes, &Limits::default()).unwrap();
    assert!(opened.table("calls").is_none());
    let counts: u64 = read_minutes(&opened).unwrap().iter().map(|(_, cell)| cell.count).sum();
    assert_eq!(counts, 1_000);
}

#[test]
fn an_hour_without_a_collector_never_exceeds_the_bound() {
    let batching = Batching { records: 200, pending_bytes: 20_000, ..BATCHING };
    let mut assembler =
        Assembler::new(Resource::new(), batching, Sampling::default(), Arc::default()).unwrap();
    let mut pending = Pending::new(batching.pending_bytes);
    let (start, rows) = (Tick::now(), rows(50));
    let (mut peak, mut n_gone, mut n_in) = (0, 0, 0);
    for second in 0..7_200 {
        let now = start.after(Duration::from_secs(second));
        assembler.push_rows(&rows, 50, now, |_| ());
        pending.push(assembler.close(&Drops::default(), now).unwrap());
        n_in += 50;
        let gone = [pending.evict(), pending.expired(now, batching.expiry)].concat();
        n_gone += gone.iter().map(|batch| batch.n_records).sum::<u64>();
        peak = peak.max(pending.n_bytes());
    }
    let left: u64 = pending.drain().iter().map(|batch| batch.n_records).sum();
    assert!(peak <= batching.pending_bytes, "{peak}");
    assert_eq!(n_in, n_gone + left);
}
