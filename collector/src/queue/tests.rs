//! The embedded queue: its bounds, its order, its end, and what it promises across restarts.
//! They never wait longer than for what is there already, or for what a thread must do.

mod damage;
mod faults;
mod faulty;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use super::embedded::DIR;
use super::*;
use faulty::Faulty;
use tempfile::TempDir;

const ROOMY: Bounds = Bounds {
    n_batches: 999,
    n_bytes: 1 << 30,
    min_free_bytes: 0,
    durability: Durability::Full,
    n_ahead_bytes: 0,
    quarantine: QuarantineBounds::NONE,
};

const START: Position = Position(0);

/// Long enough for any thread, and never waited out by what works.
const LONG: Duration = Duration::from_secs(60);

fn open_on(disk: &Arc<Faulty>, dir: &Path, bounds: Bounds, stored: Position) -> Embedded {
    let disk: Arc<dyn disk::Disk> = Arc::<Faulty>::clone(disk);
    Embedded::open_on(disk, dir, bounds, stored, Vec::new()).unwrap()
}

fn open(dir: &TempDir, stored: Position) -> Embedded {
    open_on(&Arc::default(), dir.path(), ROOMY, stored)
}

/// A batch whose bytes tell its number.
pub(crate) fn batch(n: u128, n_bytes: usize) -> Received {
    let bytes: Vec<u8> = (0..n_bytes).map(|place| (n as usize * 31 + place) as u8).collect();
    Received {
        batch_id: Uuid::from_u128(n),
        n_calls: 7,
        received_unix_ns: n as u64,
        bytes: bytes.into(),
        digest: None,
    }
}

fn put(queue: &Embedded, received: Received) -> Result<Appended, NotDurable> {
    queue.append(received).unwrap().blocking_recv().unwrap()
}

#[derive(Debug, Default, PartialEq)]
struct Drained {
    ids: Vec<u128>,
    damaged: Vec<Damaged>,
    next: Position,
}

/// Reads all that there is, and checks that every batch is what was put.
#[track_caller]
fn drain(queue: &Embedded, from: Position) -> Drained {
    queue.close();
    let mut drained = Drained { next: from, ..Drained::default() };
    let mut n_failures = 0;
    loop {
        match queue.read(drained.next, LONG) {
            Ok(Read::Some(taken)) => {
                assert!(taken.next > drained.next, "it gets on");
                for received in taken.batches {
                    let n = received.batch_id.as_u128();
                    assert_eq!(received.bytes, batch(n, received.bytes.len()).bytes);
                    assert_eq!((received.n_calls, received.received_unix_ns), (7, n as u64));
                    drained.ids.push(n);
                }
                drained.damaged.extend(taken.damaged);
                drained.next = taken.next;
            }
            Ok(Read::Closed) => return drained,
            Ok(Read::Nothing) => panic!("a closed queue has nothing to wait for"),
            Err(_) => n_failures += 1,
        }
        assert!(n_failures < 10, "an unreadable disk is given up");
    }
}

fn files(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(dir)
        .map(|entries| entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect())
        .unwrap_or_default();
    names.sort();
    names
}

#[test]
fn batches_come_out_as_and_in_the_order_in_which_they_went_in() {
    let dir = tempfile::tempdir().unwrap();
    let queue = open(&dir, START);
    for n in 0..50 {
        assert_eq!(put(&queue, batch(n, n as usize * 10)), Ok(Appended::New));
    }
    let stats = queue.stats();
    assert_eq!(stats.n_batches, 50);
    let drained = drain(&queue, START);
    assert_eq!(drained.ids, (0..50).collect::<Vec<_>>());
    assert_eq!((drained.next, drained.damaged.len()), (stats.end, 0));
}

#[test]
fn whatever_is_in_memory_every_batch_comes_out_once_and_in_order() {
    for n_ahead_bytes in [0, 150, 500, 1 << 20] {
        let dir = tempfile::tempdir().unwrap();
        let bounds = Bounds { n_ahead_bytes, ..ROOMY };
        let queue = open_on(&Arc::default(), dir.path(), bounds, START);
        let (mut ids, mut next) = (Vec::new(), START);
        for n in 0..60 {
            assert_eq!(put(&queue, batch(n, 40 + n as usize)), Ok(Appended::New));
            // What was taken is given out again when it could not be stored.
            let read = (n % 7 == 3).then(|| queue.read(next, LONG).unwrap());
            if let (Some(Read::Some(taken)), true) = (read, n % 2 == 0) {
                ids.extend(taken.batches.iter().map(|received| received.batch_id.as_u128()));
                next = taken.next;
                queue.acknowledge(next);
            }
        }
        ids.extend(drain(&queue, next).ids);
        assert_eq!(ids, (0..60).collect::<Vec<_>>(), "{n_ahead_bytes} bytes in memory");
    }
}

#[test]
fn what_is_in_memory_is_not_read_and_keeps_its_digest() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Arc::<Faulty>::default();
    let bounds = Bounds { n_ahead_bytes: 1 << 20, ..ROOMY };
    let queue = open_on(&disk, dir.path(), bounds, START);
    let digest = crate::model::Digest {
        meta: egret::batch::BatchMeta::new(Default::default(), 0),
        outline: None,
        minutes: Arc::default(),
        has_capped: true,
        n_held_bytes: 0,
    };
    let received = Received { digest: Some(Arc::new(digest)), ..batch(1, 100) };
    assert_eq!(put(&queue, received), Ok(Appended::New));
    disk.spoil(0..u64::MAX);
    let Read::Some(taken) = queue.read(START, LONG).unwrap() else { panic!("it is there") };
    assert_eq!((taken.batches.len(), taken.next), (1, queue.stats().end));
    assert!(taken.batches[0].digest.is_some());
}

#[test]
fn a_restart_goes_on_where_the_store_is() {
    let dir = tempfile::tempdir().unwrap();
    let queue = open(&dir, START);
    (0..10).for_each(|n| assert_eq!(put(&queue, batch(n, 100)), Ok(Appended::New)));
    let frame = frame::HEAD + 100;
    drain(&queue, START);
    drop(queue);
    let stored = Position(0).plus(4 * frame);
    let queue = open(&dir, stored);
    assert_eq!(queue.stats().n_batches, 6);
    assert_eq!(queue.stats().n_bytes, 6 * frame as u64);
    assert_eq!(put(&queue, batch(9, 100)), Ok(Appended::Known), "what waits is known");
    assert_eq!(put(&queue, batch(10, 100)), Ok(Appended::New));
    assert_eq!(drain(&queue, stored).ids, (4..11).collect::<Vec<_>>());
}

#[test]
fn a_position_ahead_of_the_queue_hides_nothing_that_comes_after() {
    let dir = tempfile::tempdir().unwrap();
    // As after the machine's fall with normal durability: the store has more than the queue.
    let stored = Position(1_000_000);
    let queue = open(&dir, stored);
    assert_eq!(put(&queue, batch(1, 10)), Ok(Appended::New));
    assert_eq!(drain(&queue, stored).ids, [1]);
}

#[test]
fn segments_go_when_they_are_stored() {
    let dir = tempfile::tempdir().unwrap();
    let segments = dir.path().join(DIR);
    let queue = open(&dir, START);
    (0..6).for_each(|n| assert_eq!(put(&queue, batch(n, 17 << 20)), Ok(Appended::New)));
    assert_eq!(files(&segments).len(), 3, "of 32 MiB, begun whole");
    let frame = (17 << 20) + frame::HEAD;
    queue.acknowledge(START.plus(2 * frame - 1));
    assert_eq!(files(&segments).len(), 3, "one byte is missing");
    queue.acknowledge(START.plus(2 * frame));
    assert_eq!((files(&segments).len(), queue.stats().n_batches), (2, 4));
    let end = queue.stats().end;
    queue.acknowledge(end);
    assert_eq!(queue.stats().n_bytes, 0);
    drop(queue);
    let queue = open(&dir, end);
    assert_eq!(files(&segments), [""; 0]);
    assert_eq!(drain(&queue, end).ids, [0; 0]);
}

#[test]
fn the_same_batch_at_the_same_time_is_kept_once() {
    let dir = tempfile::tempdir().unwrap();
    let queue = open(&dir, START);
    let answers: Vec<_> = (0..20).map(|_| queue.append(batch(1, 1 << 20)).unwrap()).collect();
    let answers: Vec<_> = answers.into_iter().map(|a| a.blocking_recv().unwrap()).collect();
    let n_new = answers.iter().filter(|answer| **answer == Ok(Appended::New)).count();
    assert_eq!((n_new, answers.len()), (1, 20));
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(drain(&queue, START).ids, [1]);
}

/// Puts batches of these sizes and says which were taken.
#[track_caller]
fn check_bounds(n_batches: usize, n_bytes: u64, sizes: &[usize], taken: &[bool]) {
    let dir = tempfile::tempdir().unwrap();
    let bounds = Bounds { n_batches, n_bytes, ..ROOMY };
    let queue = open_on(&Arc::default(), dir.path(), bounds, START);
    let mut were_taken = Vec::new();
    for (n, size) in sizes.iter().enumerate() {
        let offered = queue.append(batch(n as u128, *size));
        were_taken.push(offered.map(|durable| durable.blocking_recv().unwrap()).is_ok());
    }
    assert_eq!(were_taken, taken);
    let end = queue.stats().end;
    queue.acknowledge(end);
    assert_eq!(put(&queue, batch(99, 1)), Ok(Appended::New), "room again");
}

#[test]
fn what_waits_is_bounded_and_one_batch_always_fits() {
    check_bounds(2, 1_000, &[1, 1, 1], &[true, true, false]);
    check_bounds(9, 196, &[60, 40, 1], &[true, true, false]);
    check_bounds(9, 200, &[60, 150, 44], &[true, false, true]);
    check_bounds(0, 0, &[50, 1], &[true, false]);
}

#[test]
fn a_full_disk_closes_the_door_and_room_opens_it_again() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Arc::<Faulty>::default();
    let bounds = Bounds { min_free_bytes: 1_000, ..ROOMY };
    disk.free_bytes.store(999, std::sync::atomic::Ordering::SeqCst);
    let queue = open_on(&disk, dir.path(), bounds, START);
    let low = OfferError::LowDisk { free_bytes: 999, min_free_bytes: 1_000 };
    assert_eq!(queue.append(batch(1, 1)).unwrap_err(), low);
    assert_eq!(queue.stats().low_disk, Some(low));
    disk.free_bytes.store(1_000, std::sync::atomic::Ordering::SeqCst);
    // The thread looks by itself; each refused offer is a look at whether it has.
    let begin = std::time::Duration::from_nanos(crate::clock::unix_now_ns());
    let durable = loop {
        match queue.append(batch(1, 1)) {
            Ok(durable) => break durable,
            Err(error) => assert_eq!(error, low),
        }
        let now = std::time::Duration::from_nanos(crate::clock::unix_now_ns());
        assert!(now.saturating_sub(begin) < LONG, "it recovers by itself");
        std::thread::yield_now();
    };
    assert_eq!(durable.blocking_recv().unwrap(), Ok(Appended::New));
    assert_eq!(drain(&queue, START).ids, [1]);
}

#[test]
fn a_closed_queue_takes_nothing_and_gives_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    let queue = open(&dir, START);
    let durable = queue.append(batch(1, 10)).unwrap();
    queue.close();
    assert_eq!(queue.append(batch(2, 10)).unwrap_err(), OfferError::Closed);
    queue.finish();
    assert_eq!(durable.blocking_recv().unwrap(), Ok(Appended::New));
    assert_eq!(drain(&queue, START).ids, [1]);
}

#[test]
fn what_is_dropped_by_hand_is_not_given_out() {
    let dir = tempfile::tempdir().unwrap();
    let queue = open(&dir, START);
    (0..5).for_each(|n| assert_eq!(put(&queue, batch(n, 100)), Ok(Appended::New)));
    drain(&queue, START);
    drop(queue);
    let is_odd = |id: Uuid| id.as_u128() % 2 == 1;
    let dropped = drop_batches(dir.path(), START, is_odd).unwrap();
    assert_eq!(dropped, [Uuid::from_u128(1), Uuid::from_u128(3)]);
    let drained = drain(&open(&dir, START), START);
    assert_eq!((drained.ids, drained.damaged.len()), (vec![0, 2, 4], 0));
}

#[cfg(unix)]
#[test]
fn only_its_owner_can_read_the_queue() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let queue = open(&dir, START);
    assert_eq!(put(&queue, batch(1, 10)), Ok(Appended::New));
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    let segments = dir.path().join(DIR);
    assert_eq!(mode(&segments), 0o700);
    assert_eq!(mode(&segments.join(&files(&segments)[0])), 0o600);
}
