//! Disks that fail at every operation there is: nothing that was acknowledged is lost.
//! They never hang: what cannot be written is answered, what cannot be read is given up.

use super::faulty::{EIO, ENOSPC, Fault};
use super::*;

/// Puts batches one after the other; the numbers of those that were acknowledged.
fn put_all(queue: &Embedded, numbers: std::ops::Range<u128>) -> Vec<u128> {
    let taken = |n: &u128| put(queue, batch(*n, 200)).is_ok();
    numbers.filter(taken).collect()
}

/// With a fault at operations `from..from + n`: what was acknowledged comes out, in this process
/// and in the next, and nothing comes out that was not put. The number of operations.
#[track_caller]
fn check_fault(from: usize, n: usize, fault: Fault) -> usize {
    let dir = tempfile::tempdir().unwrap();
    let disk = Arc::<Faulty>::default();
    let queue = open_on(&disk, dir.path(), ROOMY, START);
    disk.set(from..from.saturating_add(n), fault);
    let mut acknowledged = put_all(&queue, 0..6);
    let n_done = disk.n_done();
    disk.heal();
    acknowledged.extend(put_all(&queue, 6..8));
    assert!(acknowledged.ends_with(&[6, 7]), "a disk that is well again is used again");
    assert_eq!(drain(&queue, START).ids, acknowledged, "fault at {from}");
    drop(queue);
    let drained = drain(&open_on(&disk, dir.path(), ROOMY, START), START);
    let missing: Vec<_> = acknowledged.iter().filter(|n| !drained.ids.contains(n)).collect();
    assert!(missing.is_empty(), "fault at {from}: {missing:?} are lost after a restart");
    n_done
}

#[test]
fn a_disk_that_fails_once_anywhere_loses_nothing() {
    for fault in [Fault::Fails(EIO), Fault::FailsDone(EIO), Fault::Fails(ENOSPC)] {
        let mut at = 0;
        while at < check_fault(at, 1, fault) {
            at += 1;
        }
        assert!(at > 12, "there are operations to fail: {at}");
    }
}

#[test]
fn a_disk_that_fails_for_a_while_loses_nothing() {
    for fault in [Fault::Fails(ENOSPC), Fault::FailsDone(ENOSPC), Fault::Fails(EIO)] {
        for at in 0..14 {
            check_fault(at, usize::MAX, fault);
        }
    }
}

#[test]
fn a_read_that_fails_for_a_moment_is_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Arc::<Faulty>::default();
    let queue = open_on(&disk, dir.path(), ROOMY, START);
    assert_eq!(put_all(&queue, 0..5).len(), 5);
    queue.close();
    queue.finish();
    for at in 0..2 {
        disk.set(at..at + 2, Fault::Fails(EIO));
        let drained = drain(&queue, START);
        assert_eq!((drained.ids.len(), drained.damaged.len()), (5, 0));
    }
}

#[test]
fn blocks_that_cannot_be_read_cost_what_lies_in_them_and_the_file_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Arc::<Faulty>::default();
    let queue = open_on(&disk, dir.path(), ROOMY, START);
    for n in 0..20 {
        assert_eq!(put(&queue, batch(n, 2_000)), Ok(Appended::New));
    }
    // The third block of 4,096 bytes: the frames from the fifth to the seventh touch it.
    disk.spoil(8_192..12_288);
    queue.close();
    let drained = drain(&queue, START);
    let expected: Vec<u128> = (0..4).chain(6..20).collect();
    assert_eq!(drained.ids, expected);
    assert!(!drained.damaged.is_empty());
    assert_eq!(drained.next, queue.stats().end);
    queue.acknowledge(drained.next);
    assert_eq!(files(&dir.path().join("quarantine")).len(), 1);
    assert_eq!(files(&dir.path().join(DIR)), [""; 0]);
}
