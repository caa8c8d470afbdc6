//! A store that fails before, between and after its commits, and one that refuses a batch.
//! They never accept a batch that is missing or there twice.

use std::sync::Mutex;

use super::*;
use crate::store::{Block, DamagedDay, Examiner, Group, Packed};

/// Where a write fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Nothing is written.
    Before,
    /// The day's file has the calls, `meta.db` has nothing: what a crash between the two leaves.
    Between,
    /// Everything is written, and nobody is told.
    After,
}

/// The real store, whose writes fail by a script; it works when the script is over.
#[derive(Debug)]
struct Faulty {
    writer: Writer,
    dir: std::path::PathBuf,
    script: Mutex<Vec<Fault>>,
    /// A batch that the store never takes.
    refused: Option<Uuid>,
}

fn disk_error() -> WriteError {
    rusqlite_error(rusqlite::ffi::SQLITE_FULL)
}

fn rusqlite_error(code: i32) -> WriteError {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None).into()
}

impl Store for Faulty {
    fn position(&self) -> Result<Position, WriteError> {
        self.writer.position()
    }
    fn has(&self, batch_id: Uuid) -> Result<bool, WriteError> {
        self.writer.has(batch_id)
    }
    fn latest(&self, n_ids: usize) -> Result<Vec<Uuid>, WriteError> {
        self.writer.latest(n_ids)
    }
    fn write(&mut self, group: &Group) -> Result<(), WriteError> {
        if group.blocks.iter().any(|block| Some(block.batch_id) == self.refused) {
            return Err(rusqlite_error(rusqlite::ffi::SQLITE_CONSTRAINT));
        }
        match self.script.lock().unwrap().pop() {
            None => self.writer.write(group),
            Some(Fault::Before) => Err(disk_error()),
            Some(Fault::Between) => {
                only_calls(&self.dir, &group.blocks);
                Err(disk_error())
            }
            Some(Fault::After) => {
                self.writer.write(group)?;
                Err(disk_error())
            }
        }
    }
    fn examiner(&self) -> Examiner {
        self.writer.examiner()
    }
    fn set_aside(&mut self, damaged: &[DamagedDay]) -> Result<(), WriteError> {
        self.writer.set_aside(damaged)
    }
    fn damaged(&self) -> Vec<String> {
        self.writer.damaged()
    }
    fn prune(&mut self, retention: &Retention, now_ns: u64) -> Result<(), WriteError> {
        self.writer.prune(retention, now_ns)
    }
    fn pack_minutes(&mut self, retention: &Retention, now_ns: u64) -> Result<Packed, WriteError> {
        self.writer.pack_minutes(retention, now_ns)
    }
}

fn only_calls(dir: &Path, blocks: &[Block]) {
    crate::store::write_calls_alone(dir, blocks);
}

/// Keeps the queue open until the script is over, so that the pipeline tries again.
#[track_caller]
fn check_script(script: &[Fault]) {
    let dir = tempfile::tempdir().unwrap();
    let all = [batch(), batch(), batch()];
    let queue = Embedded::open(dir.path(), BOUNDS, Position(0), Vec::new()).unwrap();
    for received in &all {
        queue.append(received.clone()).unwrap().blocking_recv().unwrap().unwrap();
    }
    let queue: Arc<dyn Queue> = Arc::new(queue);
    let store = Faulty {
        writer: writer(dir.path()),
        dir: dir.path().to_owned(),
        script: Mutex::new(script.iter().rev().copied().collect()),
        refused: None,
    };
    let end = queue.stats().end;
    let pipeline = begin(Arc::clone(&queue), Box::new(store), dir.path(), Position(0));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut progress = pipeline.progress.clone();
    let stored = progress.wait_for(|progress| progress.position == end);
    assert!(!runtime.block_on(stored).unwrap().is_failing, "it recovers by itself");
    assert_eq!(pipeline.damage.failure(), None);
    queue.close();
    assert!(pipeline.ended.blocking_recv().is_err());
    check_stored(&dir, &all.each_ref());
}

#[test]
fn a_store_that_fails_anywhere_stores_everything_once_it_works() {
    let faults = [Fault::Before, Fault::Between, Fault::After];
    for first in faults {
        check_script(&[first]);
        faults.iter().for_each(|second| check_script(&[first, *second]));
    }
}

#[test]
fn a_store_that_fails_says_why_as_long_as_it_does() {
    let dir = tempfile::tempdir().unwrap();
    let queue = Embedded::open(dir.path(), BOUNDS, Position(0), Vec::new()).unwrap();
    queue.append(batch()).unwrap().blocking_recv().unwrap().unwrap();
    let queue: Arc<dyn Queue> = Arc::new(queue);
    let store = Faulty {
        writer: writer(dir.path()),
        dir: dir.path().to_owned(),
        // More than are tried before the end.
        script: Mutex::new(vec![Fault::Before; 1_000]),
        refused: None,
    };
    let pipeline = begin(Arc::clone(&queue), Box::new(store), dir.path(), Position(0));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut progress = pipeline.progress.clone();
    runtime.block_on(progress.wait_for(|progress| progress.is_failing)).unwrap();
    let failure = pipeline.damage.failure().unwrap();
    assert!(failure.starts_with("cannot write to the store: "), "{failure}");
    queue.close();
    assert!(pipeline.ended.blocking_recv().is_err());
}

/// The pipeline dies at a fault, and another goes on after it.
#[track_caller]
fn check_death(fault: Fault) {
    let dir = tempfile::tempdir().unwrap();
    let all = [batch(), batch(), batch()];
    let store = Faulty {
        writer: writer(dir.path()),
        dir: dir.path().to_owned(),
        script: Mutex::new(vec![fault]),
        refused: None,
    };
    // A queue that is closed is not waited for: the first failure is the last.
    let queue = queue(dir.path(), Position(0), &all);
    let pipeline = begin(queue, Box::new(store), dir.path(), Position(0));
    assert!(pipeline.ended.blocking_recv().is_err());
    assert!(pipeline.progress.borrow().is_failing);
    run(&dir, &[]);
    check_stored(&dir, &all.each_ref());
}

#[test]
fn a_death_before_between_and_after_the_commits_repeats_and_loses_nothing() {
    [Fault::Before, Fault::Between, Fault::After].into_iter().for_each(check_death);
}

#[test]
fn a_batch_that_the_store_refuses_is_quarantined_and_stops_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let (first, refused, last) = (batch(), batch(), batch());
    let waiting = [first.clone(), refused.clone(), last.clone()];
    let store = Faulty {
        writer: writer(dir.path()),
        dir: dir.path().to_owned(),
        script: Mutex::default(),
        refused: Some(refused.batch_id),
    };
    let queue = queue(dir.path(), Position(0), &waiting);
    let end = queue.stats().end;
    let pipeline = begin(queue, Box::new(store), dir.path(), Position(0));
    assert!(pipeline.ended.blocking_recv().is_err());
    assert_eq!(pipeline.progress.borrow().position, end);
    check_stored(&dir, &[&first, &last]);
    assert_eq!(quarantined(&dir), [format!("{}.unstorable.egrt", refused.batch_id)]);
}

#[test]
fn a_store_that_cannot_open_its_file_goes_on_when_it_can() {
    let dir = tempfile::tempdir().unwrap();
    let received = batch();
    let in_the_way = dir.path().join(format!("calls-{}.db", Day::of(received.received_unix_ns)));
    let store = writer(dir.path());
    std::fs::create_dir(&in_the_way).unwrap();
    let waiting = queue(dir.path(), Position(0), std::slice::from_ref(&received));
    let pipeline = begin(waiting, Box::new(store), dir.path(), Position(0));
    assert!(pipeline.ended.blocking_recv().is_err());
    assert!(pipeline.progress.borrow().is_failing);
    std::fs::remove_dir(&in_the_way).unwrap();
    run(&dir, &[]);
    check_stored(&dir, &[&received]);
}
