//! Every operation of the disk fails once, in every way: nothing is lost unnamed, nothing is read
//! that was not put.

use super::faulty::{EACCES, EIO, ENOSPC, EROFS, Fault, Faulty};
use super::*;

fn open_quick(dir: &Path) -> (Spool, Adoption) {
    Spool::open_on(Box::new(Faulty::default()), dir, roomy(), NOW).unwrap()
}

/// Where every batch is, by the power of two that is its number of records.
#[derive(Debug, Default)]
struct Fate {
    n_put: u32,
    stored: u64,
    refused: u64,
    /// Removed, quarantined or reported as gone.
    done: u64,
    /// Of them, those that were delivered or refused: a death may bring them back.
    settled: u64,
}

impl Fate {
    /// Each batch is its own number of records, in decimal.
    fn put(&mut self, spool: &mut Spool, closed_unix_ns: u64) {
        let n_records = 1 << self.n_put;
        self.n_put += 1;
        match spool.put(n_records.to_string().as_bytes(), n_records, closed_unix_ns) {
            Ok(gone) => {
                self.stored |= n_records;
                gone.iter().for_each(|gone| self.lose(*gone));
            }
            Err(error) => {
                assert!(error.to_string().contains("EGRET_SPOOL"), "{error}");
                self.refused |= n_records;
                self.settled |= n_records;
            }
        }
    }

    fn lose(&mut self, gone: Gone) {
        // Only what is expired goes without its header being read: the third of the orphans.
        let n_records = gone.n_records.unwrap_or(1 << 2);
        assert_eq!(self.done & n_records, 0, "{n_records} is reported again");
        self.done |= n_records;
    }

    fn read(&mut self, spool: &mut Spool, then: fn(&mut Spool, BatchId)) {
        let Some(SpooledBatch { id, n_records }) = spool.oldest() else {
            return;
        };
        match spool.read(id) {
            Ok(batch) => {
                assert_eq!(batch, n_records.to_string().as_bytes());
                then(spool, id);
                self.done |= n_records;
                self.settled |= n_records;
            }
            Err(ReadError::Gone(gone)) => self.lose(gone),
            Err(ReadError::Disk(error)) => {
                assert!(error.to_string().contains("/spool/"), "{error}");
            }
        }
    }

    /// All that the spool was trusted with and has not reported yet.
    fn open(&self) -> u64 {
        self.stored & !self.done
    }
}

/// One of everything, in a spool that adopts at the start; `None` when it cannot be opened.
fn script(disk: &Faulty, dir: &Path, fate: &mut Fate) -> Option<Spool> {
    let bounds = SpoolBounds { bytes: 4 * 40, ..roomy() };
    let (mut spool, adoption) = Spool::open_on(Box::new(disk.clone()), dir, bounds, NOW).ok()?;
    adoption.gone.iter().for_each(|gone| fate.lose(*gone));
    for n in 0..4 {
        fate.put(&mut spool, NOW + n);
    }
    fate.read(&mut spool, Spool::remove);
    fate.read(&mut spool, Spool::quarantine);
    fate.put(&mut spool, NOW - HOUR_NS);
    spool.expire(NOW + 1).iter().for_each(|gone| fate.lose(*gone));
    spool.adopt(NOW).gone.iter().for_each(|gone| fate.lose(*gone));
    fate.put(&mut spool, NOW + 9);
    Some(spool)
}

/// Two batches of a dead process, and one that is expired.
fn orphans(dir: &Path, fate: &mut Fate) {
    let (mut spool, _) = open_quick(dir);
    for closed in [NOW, NOW + 1, NOW - HOUR_NS - 1] {
        fate.put(&mut spool, closed);
    }
    fs::write(spool.own.join(TEMPORARY), "half").unwrap();
}

/// Runs the script with the fault, and says whether the script was long enough to meet it.
#[track_caller]
fn check(range: std::ops::Range<usize>, fault: Fault) -> bool {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("spool");
    let mut fate = Fate::default();
    orphans(&dir, &mut fate);
    let disk = Faulty::default();
    disk.set(range.clone(), fault);
    let spool = script(&disk, &dir, &mut fate);
    let is_met = disk.n_done() > range.start;
    if fault != Fault::Dies {
        disk.heal();
    }
    if let Some(mut spool) = spool {
        if fault != Fault::Dies {
            // The disk is well again, and so is the spool, at once.
            let n_refused = fate.refused;
            fate.put(&mut spool, NOW + 10);
            assert_eq!(fate.refused, n_refused, "a healthy disk refused");
            assert!(spool.strays.is_empty());
        }
        assert_eq!(spool.n_records() & !fate.stored, 0, "holds what it refused");
    }
    let (mut heir, adoption) = open_quick(&dir);
    assert!(adoption.problem.is_none(), "{:?}", adoption.problem);
    let mut found = 0;
    let mut lost = 0;
    adoption.gone.iter().for_each(|gone| lost |= gone.n_records.unwrap());
    while let Some(SpooledBatch { id, n_records }) = heir.oldest() {
        assert_eq!(heir.read(id).unwrap(), n_records.to_string().as_bytes());
        assert_eq!((found | lost) & n_records, 0, "{n_records} is there twice");
        found |= n_records;
        heir.remove(id);
    }
    let left = found | lost;
    assert_eq!(fate.open() & !left, 0, "lost unnamed");
    // At-least-once: what a disk or a death did not let go of may come again, whole.
    let again = left & !fate.open();
    let excused = if fault == Fault::Dies { !0 } else { 0 };
    assert_eq!(again & !(fate.settled | excused), 0, "comes again after it was reported as gone");
    drop(heir);
    let left: Vec<_> = tree(&dir).into_iter().filter(|name| name.starts_with('*')).collect();
    assert!(left.is_empty(), "{left:?} is left");
    is_met
}

#[track_caller]
fn check_everywhere(fault: Fault, n_operations: usize) {
    let mut n = 0;
    while check(n..n.saturating_add(n_operations), fault) {
        n += 1;
    }
    assert!(n > 40, "the script is shorter than it should be: {n} operations");
}

#[test]
fn one_operation_fails_with_a_full_disk() {
    check_everywhere(Fault::Fails(ENOSPC), 1);
}

#[test]
fn one_operation_fails_with_a_broken_disk() {
    check_everywhere(Fault::Fails(EIO), 1);
}

#[test]
fn one_operation_fails_after_it_was_done() {
    check_everywhere(Fault::FailsDone(EIO), 1);
}

#[test]
fn some_operations_fail_in_a_row() {
    check_everywhere(Fault::Fails(EIO), 3);
    check_everywhere(Fault::FailsDone(EIO), 7);
}

#[test]
fn all_operations_fail_from_one_on_until_the_disk_is_well() {
    check_everywhere(Fault::Fails(ENOSPC), usize::MAX);
    check_everywhere(Fault::FailsDone(EIO), usize::MAX);
}

#[test]
fn the_process_dies_at_any_operation() {
    check_everywhere(Fault::Dies, 1);
}

/// The directory vanishes, and making it again fails at any operation: later it is ours again, and
/// locked.
#[test]
fn a_directory_that_vanished_is_made_again_by_a_disk_that_fails() {
    for fault in [Fault::Fails(EIO), Fault::FailsDone(ENOSPC)] {
        for n in 0..8 {
            let dir = tempfile::tempdir().unwrap();
            let disk = Faulty::default();
            let (mut spool, _) =
                Spool::open_on(Box::new(disk.clone()), dir.path(), roomy(), NOW).unwrap();
            fs::remove_dir_all(dir.path()).unwrap();
            disk.set(n..n + 1, fault);
            let is_first_kept = spool.put(b"a", 1, NOW).is_ok();
            disk.heal();
            spool.put(b"b", 2, NOW).unwrap();
            let (heir, adoption) = open_quick(dir.path());
            assert_eq!(adoption.n_batches, 0, "{fault:?} at {n}: a living process was adopted");
            let expected = if is_first_kept { vec!["a 1", "b 2"] } else { vec!["b 2"] };
            assert_eq!(drain(&mut spool), expected);
            drop((spool, heir));
            assert!(tree(dir.path()).is_empty());
        }
    }
}

#[test]
fn a_new_directory_that_an_adopter_removes_is_tried_under_another_name() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("spool");
    let disk = Faulty::default();
    let open_one = || Spool::open_on(Box::new(disk.clone()), &dir, roomy(), NOW);
    disk.overtake(1);
    let (mut spool, _) = open_one().unwrap();
    spool.put(b"a", 1, NOW).unwrap();
    assert_eq!(open_quick(&dir).1.n_batches, 0, "the lock that it holds is the one in place");
    drop(spool);

    disk.overtake(usize::MAX);
    let error = open_one().unwrap_err().to_string();
    assert!(error.starts_with("cannot lock "), "{error}");
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 1, "nothing of the tries is left");
}

#[test]
fn a_put_that_fails_leaves_no_file() {
    // Look for the lock; then write, rename, sync.
    for n in 1..4 {
        for fault in [Fault::Fails(ENOSPC), Fault::FailsDone(EIO)] {
            let dir = tempfile::tempdir().unwrap();
            let disk = Faulty::default();
            let (mut spool, _) =
                Spool::open_on(Box::new(disk.clone()), dir.path(), roomy(), NOW).unwrap();
            disk.set(n..n + 1, fault);
            spool.put(b"a", 1, NOW).unwrap_err();
            assert_eq!(tree(dir.path()), ["*/lock"]);
        }
    }
}

#[test]
fn a_file_that_the_disk_did_not_let_go_of_is_removed_at_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Faulty::default();
    let (mut spool, _) = Spool::open_on(Box::new(disk.clone()), dir.path(), roomy(), NOW).unwrap();
    spool.put(b"a", 1, NOW).unwrap();
    disk.set(0..1, Fault::Fails(EIO));
    spool.remove(spool.oldest().unwrap().id);
    assert_eq!((spool.n_batches(), tree(dir.path()).len()), (0, 2));
    drop(spool);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

/// A write that is cut at any byte by the death of the process leaves no batch.
#[test]
fn a_write_torn_at_any_byte_is_never_read() {
    let whole = [Header::of(b"batch", 1, NOW).encode().as_slice(), b"batch"].concat();
    for n_bytes in 0..=whole.len() {
        let dir = tempfile::tempdir().unwrap();
        let (spool, _) = open_quick(dir.path());
        fs::write(spool.own.join(TEMPORARY), &whole[..n_bytes]).unwrap();
        drop(spool);
        let (spool, adoption) = open_quick(dir.path());
        assert_eq!((adoption.n_batches, adoption.gone.len()), (0, 0));
        assert_eq!(tree(dir.path()), ["*/lock"]);
        drop(spool);
    }
}

#[test]
fn a_batch_that_cannot_be_read_steps_behind_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Faulty::default();
    let (mut spool, _) = Spool::open_on(Box::new(disk.clone()), dir.path(), roomy(), NOW).unwrap();
    spool.put(b"bad sector", 1, NOW).unwrap();
    spool.put(b"good", 2, NOW + 1).unwrap();
    disk.set(0..1, Fault::Fails(EIO));
    let bad = spool.oldest().unwrap();
    assert!(matches!(spool.read(bad.id), Err(ReadError::Disk(_))));
    assert_eq!(spool.n_records(), 3, "nothing is lost yet");
    assert_eq!(drain(&mut spool), ["good 2", "bad sector 1"]);
}

/// A sector that stays bad keeps its directory until the batch is too old, and no longer.
#[test]
fn a_header_that_cannot_be_read_waits_and_then_goes_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let (mut dead, _) = open(dir.path());
    dead.put(b"bad sector", 1, NOW).unwrap();
    drop(dead);
    let disk = Faulty::default();
    let (mut spool, _) = Spool::open_on(
        Box::new(disk.clone()),
        dir.path(),
        SpoolBounds { bytes: 0, ..roomy() },
        NOW,
    )
    .unwrap();
    for (now, expected) in [(NOW, 0), (NOW + HOUR_NS + 1, 1)] {
        // List, look for the lock, lock, list, read.
        disk.set(4..5, Fault::Fails(EIO));
        let adoption = spool.adopt(now);
        assert_eq!(adoption.gone.len(), expected);
        assert_eq!(adoption.problem.is_none(), expected == 1);
        assert!(adoption.gone.iter().all(|gone| gone.n_records.is_none()));
    }
    drop(spool);
    assert_eq!(tree(dir.path()).len(), 1, "the quarantined file");
}

/// Strays are bounded: nothing is put while the disk does not let go of what was there.
#[test]
fn a_disk_that_cannot_delete_does_not_fill_up() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Faulty::default();
    let (mut spool, _) =
        Spool::open_on(Box::new(disk.clone()), dir.path(), room_for(2), NOW).unwrap();
    spool.put(b"a", 1, NOW).unwrap();
    spool.put(b"b", 2, NOW).unwrap();
    // Look for the lock, write, rename, sync; then the eviction.
    disk.set(4..usize::MAX, Fault::Fails(EIO));
    gone(&spool.put(b"c", 4, NOW).unwrap(), &[(Some(1), GoneReason::Evicted)]);
    for _ in 0..10 {
        let error = spool.put(b"d", 8, NOW).unwrap_err().to_string();
        assert!(error.starts_with("cannot remove "), "{error}");
    }
    disk.heal();
    assert_eq!(tree(dir.path()).len(), 4, "the lock, and one batch more than the bound");
    gone(&spool.put(b"e", 16, NOW).unwrap(), &[(Some(2), GoneReason::Evicted)]);
    assert_eq!(tree(dir.path()).len(), 3);
    assert_eq!(drain(&mut spool), ["c 4", "e 16"]);
}

#[track_caller]
fn check_message(code: i32, expected: &str) {
    let disk = Faulty::default();
    disk.set(0..1, Fault::Fails(code));
    let error = Spool::open_on(Box::new(disk), Path::new("/spool"), roomy(), NOW).unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("cannot create /spool/") && text.ends_with(expected), "{text}");
    assert!(std::error::Error::source(&error).is_some());
}

#[test]
fn errors_name_the_path_and_what_to_do() {
    check_message(ENOSPC, ": the disk is full: free some space or lower EGRET_SPOOL_MAX_BYTES");
    check_message(EROFS, ": the file system is read-only: set EGRET_SPOOL_DIR to a writable one");
    check_message(
        EACCES,
        ": allow this user to write there or set EGRET_SPOOL_DIR to a directory of its own",
    );
    check_message(EIO, ": check the disk, or set EGRET_SPOOL_DIR to another one");
}
