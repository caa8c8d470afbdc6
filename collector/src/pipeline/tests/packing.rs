//! Roll-ups that are over are packed between groups, at a pace that holds nobody up.
//! They never wait for a clock: the store says when everything is packed.

use std::sync::mpsc;

use super::*;
use crate::pipeline::packing::{Load, Pace};
use crate::store::{DamagedDay, Examiner, Group, Packed};

const SECOND_NS: u64 = crate::model::SECOND_NS;
const NOW_NS: u64 = 1_790_000_000 * SECOND_NS;

/// The real store, which says what became of each step.
#[derive(Debug)]
struct Telling {
    writer: Writer,
    said: mpsc::Sender<Packed>,
}

impl Store for Telling {
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
        self.writer.write(group)
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
        let packed = self.writer.pack_minutes(retention, now_ns)?;
        let _ = self.said.send(packed);
        Ok(packed)
    }
}

#[test]
fn what_is_over_is_packed_once_nothing_comes() {
    let dir = tempfile::tempdir().unwrap();
    let all = [batch_at(unix_now_ns() - 10_800 * SECOND_NS), batch()];
    let queue = Embedded::open(dir.path(), BOUNDS, Position(0), Vec::new()).unwrap();
    for received in &all {
        queue.append(received.clone()).unwrap().blocking_recv().unwrap().unwrap();
    }
    let queue: Arc<dyn Queue> = Arc::new(queue);
    let (said, heard) = mpsc::channel();
    let store = Telling { writer: writer(dir.path()), said };
    let pipeline = begin(Arc::clone(&queue), Box::new(store), dir.path(), Position(0));
    while heard.recv().unwrap() == Packed::More {}
    queue.close();
    assert!(pipeline.ended.blocking_recv().is_err());
    check_stored(&dir, &all.each_ref());
    let connection = rusqlite::Connection::open(dir.path().join("meta.db")).unwrap();
    let count = |table: &str| -> i64 {
        connection
            .query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))
            .unwrap()
    };
    assert_eq!((count("minutes"), count("packs"), count("sums")), (1, 1, 1));
}

#[track_caller]
fn check_pace(said: Option<Packed>, load: Load, after_ms: u64, is_due: bool) {
    let mut pace = Pace::default();
    assert!(pace.is_due(load, NOW_NS), "the first is due at once");
    pace.took(said, NOW_NS);
    assert_eq!(pace.is_due(load, NOW_NS + after_ms * 1_000_000), is_due);
    assert!(pace.is_due(load, NOW_NS - 1), "a clock that was set back stops nothing");
    let waits = said != Some(Packed::More);
    assert_eq!(pace.patience(IDLE), if waits { IDLE } else { Duration::ZERO });
}

#[test]
fn steps_follow_at_once_when_idle_and_four_a_second_when_busy() {
    check_pace(Some(Packed::More), Load::Idle, 0, true);
    check_pace(Some(Packed::More), Load::Busy, 249, false);
    check_pace(Some(Packed::More), Load::Busy, 250, true);
    check_pace(Some(Packed::All), Load::Idle, 59_999, false);
    check_pace(Some(Packed::All), Load::Busy, 60_000, true);
    // One that failed is tried again with the next round.
    check_pace(None, Load::Idle, 59_999, false);
    check_pace(None, Load::Idle, 60_000, true);
}
