//! The hand-off's promises: bounds, order per thread, exact counts, nothing lost at the close.

use std::collections::HashMap;
use std::sync::atomic::AtomicUsize;

use super::*;
use crate::record::{Kind, read_row};
use crate::redact::SafeUrl;
use crate::stats::Stats;

fn record(start: u64) -> Record<'static> {
    Record::new(Kind::Manual, "GET", SafeUrl::default(), start)
}

fn offer(queue: &Queue, start: u64) {
    queue.offer(&record(start)).unwrap();
}

fn queue(records: u32, bytes: u64) -> (Queue, Drain) {
    Queue::new(QueueBounds { records, bytes }, || ())
}

/// The start times of all that waits.
fn starts(drain: &mut Drain, books: &Books) -> Vec<u64> {
    let mut starts = Vec::new();
    drain.take(books, usize::MAX, |mut rows, _| {
        while let Some(record) = read_row(&mut rows).unwrap() {
            starts.push(record.start_unix_ns);
        }
    });
    starts
}

/// Joined, so that the thread's tail is gone too; a scope would not wait for that.
fn on_another_thread(queue: &Queue, act: impl FnOnce(Queue) + Send + 'static) {
    let queue = queue.clone();
    let thread = std::thread::Builder::new().spawn(move || act(queue)).unwrap();
    thread.join().unwrap();
}

#[test]
fn beyond_its_bound_in_records_the_newest_are_dropped_and_counted() {
    let (queue, mut drain) = queue(100, 1 << 20);
    (0..250).for_each(|n| offer(&queue, n));
    assert_eq!(queue.counts().dropped.of(DropReason::QueueRecords), 150);
    assert_eq!(starts(&mut drain, &Books::default()), (0..100).collect::<Vec<_>>());
    offer(&queue, 7);
    assert_eq!(starts(&mut drain, &Books::default()), [7], "there is room again");
}

#[test]
fn beyond_its_bound_in_bytes_the_newest_are_dropped_and_counted() {
    let (queue, mut drain) = queue(1 << 20, 10_000);
    (0..1_000).for_each(|n| offer(&queue, n));
    let counts = queue.counts();
    assert!((100..=500).contains(&counts.waiting), "{counts:?}");
    assert_eq!(counts.waiting + counts.dropped.of(DropReason::QueueBytes), 1_000);
    assert_eq!(starts(&mut drain, &Books::default()).len() as u64, counts.waiting);
}

#[test]
fn threads_keep_their_order_and_counts_hold_at_any_moment() {
    const PER_THREAD: u64 = 50_000;
    let (queue, mut drain) = queue(1 << 20, 1 << 30);
    let books = Books::default();
    let mut last: HashMap<u64, u64> = HashMap::new();
    let mut seen = 0;
    std::thread::scope(|scope| {
        for thread in 1..=4u64 {
            let queue = queue.clone();
            scope.spawn(move || (0..PER_THREAD).for_each(|n| offer(&queue, thread << 32 | n)));
        }
        while seen < 4 * PER_THREAD {
            for start in starts(&mut drain, &books) {
                seen += 1;
                let before = last.insert(start >> 32, start);
                assert!(before.is_none_or(|before| before < start), "a record was overtaken");
            }
            let ledger = books.open();
            let stats = Stats::of(&queue.counts(), &ledger);
            assert!(stats.is_conserved(), "{stats:?}");
        }
    });
    assert!(drain.is_empty());
}

#[test]
fn ended_threads_leave_their_counts_and_their_records() {
    let (queue, mut drain) = queue(1 << 20, 1 << 30);
    for n in 0..50 {
        on_another_thread(&queue, move |queue| offer(&queue, n));
    }
    assert_eq!(starts(&mut drain, &Books::default()).len(), 50);
    starts(&mut drain, &Books::default());
    assert_eq!(lock(&queue.0.tails).live.len(), 0);
    assert_eq!((queue.counts().offered, queue.counts().waiting), (50, 0));
}

#[test]
fn what_threads_reserve_ahead_comes_back() {
    let (queue, mut drain) = queue(1_000, 1 << 20);
    for _ in 0..20 {
        // Each thread that has logged once would otherwise hold room for ever.
        on_another_thread(&queue, |queue| offer(&queue, 1));
        offer(&queue, 1);
        assert_eq!(starts(&mut drain, &Books::default()).len(), 2);
        assert!(drain.is_empty());
    }
    (0..1_001).for_each(|n| offer(&queue, n));
    assert_eq!(queue.counts().dropped.of(DropReason::QueueRecords), 1);
}

#[test]
fn a_thread_that_comes_and_goes_while_the_worker_drains_leaves_nothing_reserved() {
    let (queue, mut drain) = queue(1_000, 1 << 20);
    let fill_a_chunk = |queue: Queue| {
        let attribute = "x".repeat(12_000);
        let mut record = record(1);
        record.set_attributes([("a", attribute.as_str()), ("b", attribute.as_str())]);
        queue.offer(&record).unwrap();
    };
    on_another_thread(&queue, fill_a_chunk);
    let mut n_chunks = 0;
    drain.take(&Books::default(), usize::MAX, |_, _| {
        n_chunks += 1;
        // Its tail has not been noted, and its chunk is found in the channel.
        if n_chunks == 1 {
            on_another_thread(&queue, fill_a_chunk);
        }
    });
    assert_eq!(n_chunks, 2);
    assert!(drain.is_empty());
}

#[test]
fn large_records_are_taken_up_to_the_bound_too() {
    let (queue, _drain) = queue(1_000, 1 << 20);
    let path = "x".repeat(300);
    let url = SafeUrl { path: &path, ..SafeUrl::default() };
    let record = Record::new(Kind::Manual, "GET", url, 1);
    (0..1_000).for_each(|_| queue.offer(&record).unwrap());
    assert_eq!((queue.counts().waiting, queue.counts().dropped.total()), (1_000, 0));
}

#[test]
fn many_threads_together_stay_within_the_bound() {
    for bound in [32, 64, 1_000] {
        let (queue, _drain) = queue(bound, 1 << 20);
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| (0..250).for_each(|n| offer(&queue, n)));
            }
        });
        let counts = queue.counts();
        assert_eq!(counts.waiting + counts.dropped.of(DropReason::QueueRecords), 4_000);
        // What is reserved ahead and not used is below half.
        let bound = u64::from(bound);
        assert!((bound / 2..=bound).contains(&counts.waiting), "{bound}: {counts:?}");
    }
}

#[test]
fn after_the_close_nothing_is_taken_and_nothing_is_lost() {
    let (queue, mut drain) = queue(1 << 20, 1 << 30);
    offer(&queue, 1);
    queue.close();
    offer(&queue, 2);
    on_another_thread(&queue, |queue| offer(&queue, 3));
    assert_eq!(starts(&mut drain, &Books::default()), [1]);
    assert_eq!(queue.counts().dropped.of(DropReason::Closed), 2);
}

#[test]
fn the_worker_is_woken_once_past_half_and_not_before() {
    static WAKES: AtomicUsize = AtomicUsize::new(0);
    let bounds = QueueBounds { records: 100, bytes: 1 << 20 };
    let (queue, mut drain) = Queue::new(bounds, || {
        WAKES.fetch_add(1, Ordering::Relaxed);
    });
    (0..50).for_each(|n| offer(&queue, n));
    assert_eq!(WAKES.load(Ordering::Relaxed), 0);
    (0..50).for_each(|n| offer(&queue, n));
    assert_eq!(WAKES.load(Ordering::Relaxed), 1);
    starts(&mut drain, &Books::default());
    (0..100).for_each(|n| offer(&queue, n));
    assert_eq!(WAKES.load(Ordering::Relaxed), 2);
}

#[test]
fn a_portion_ends_before_the_tails_and_nothing_is_lost() {
    let (queue, mut drain) = queue(1 << 20, 1 << 30);
    (0..5_000).for_each(|n| offer(&queue, n));
    let (mut portions, mut seen) = (0, Vec::new());
    let mut is_emptied = false;
    while !is_emptied {
        portions += 1;
        is_emptied = drain.take(&Books::default(), 1, |mut rows, _| {
            while let Some(record) = read_row(&mut rows).unwrap() {
                seen.push(record.start_unix_ns);
            }
        });
    }
    assert!(portions > 5, "{portions}");
    assert!(seen.into_iter().eq(0..5_000));
}
