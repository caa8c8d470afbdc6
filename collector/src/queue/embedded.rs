//! The queue on this machine's disk: a directory of segments, one thread that writes to it.
//! It never appends to a segment that an earlier process wrote: what it left is only read.

use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use uuid::Uuid;

use super::commit::{self, Committer};
use super::disk::{Disk, Storage};
use super::frame::{HEAD, Head};
use super::read::{READ_BYTES, Reading};
use super::segment::{self, Segment};
use super::state::{Shared, State};
use super::{Bounds, Durable, OfferError, Quarantine, Queue, Read, Stats, Taken};
use crate::model::{Position, Received};

/// The queue's place within the data directory.
pub(super) const DIR: &str = "queue";

/// A queue that cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("cannot use the queue in {dir}; it must be a directory that we may write to")]
    Io {
        dir: std::path::PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("cannot start a thread")]
    Thread(#[source] io::Error),
}

/// A directory of segments.
#[derive(Debug)]
pub(crate) struct Embedded {
    shared: Arc<Shared>,
    reading: Reading,
    /// Segments that nobody needs and that could not be removed; tried again with the next ones.
    left_over: Mutex<Vec<Segment>>,
}

impl Embedded {
    /// Opens the queue of a data directory that we own. Everything before `stored` is stored;
    /// `known` are ids of batches that were stored lately.
    pub(crate) fn open(
        data_dir: &Path,
        bounds: Bounds,
        stored: Position,
        known: Vec<Uuid>,
    ) -> Result<Self, OpenError> {
        Self::open_on(Arc::new(Storage), data_dir, bounds, stored, known)
    }

    pub(super) fn open_on(
        disk: Arc<dyn Disk>,
        data_dir: &Path,
        bounds: Bounds,
        stored: Position,
        known: Vec<Uuid>,
    ) -> Result<Self, OpenError> {
        let dir = data_dir.join(DIR);
        let failed = |source| OpenError::Io { dir: dir.clone(), source };
        disk.create_dir(&dir).and_then(|()| disk.sync_dir(data_dir)).map_err(failed)?;
        let segments = segment::list(&*disk, &dir).map_err(failed)?;
        let quarantine = Quarantine::on(Arc::clone(&disk), data_dir).within(bounds.quarantine);
        let shared = Arc::new(Shared {
            dir: dir.clone(),
            disk,
            bounds,
            quarantine,
            state: Mutex::new(State { next: stored, end: stored, ..State::default() }),
            offered: Condvar::new(),
            readable: Condvar::new(),
        });
        known.into_iter().for_each(|id| shared.lock().recent.add(id));
        let queue = Self { shared, reading: Reading::default(), left_over: Mutex::default() };
        queue.take_over(segments, stored);
        commit::look_at_disk(&queue.shared);
        let (shared, committer) = (Arc::clone(&queue.shared), Committer::new(queue.shared.clone()));
        let thread = std::thread::Builder::new().name("egret-queue".to_owned());
        let started = thread.spawn(move || {
            // Also when it panics: nobody waits for an answer that does not come.
            let _end = End(shared);
            committer.run();
        });
        started.map(|_| queue).map_err(OpenError::Thread)
    }

    /// What an earlier process left.
    fn take_over(&self, segments: Vec<Segment>, stored: Position) {
        let (done, left): (Vec<Segment>, Vec<Segment>) = segments
            .into_iter()
            .partition(|segment| segment.n_bytes == 0 || segment.end() <= stored);
        self.remove(done);
        for segment in left {
            let waiting = waiting(&self.shared, segment, stored);
            let mut state = self.shared.lock();
            for (end, head) in waiting {
                let n_bytes = head.frame_len() as u64;
                state.waiting.push_back((end, n_bytes));
                state.n_waiting_bytes = state.n_waiting_bytes.saturating_add(n_bytes);
                state.recent.add(head.batch_id);
            }
            state.next = state.next.max(segment.end());
            state.end = state.end.max(segment.end());
            state.segments.push_back(segment);
        }
    }

    fn remove(&self, segments: Vec<Segment>) {
        let mut left_over = self.left_over.lock().unwrap_or_else(PoisonError::into_inner);
        let all: Vec<Segment> = left_over.drain(..).chain(segments).collect();
        for segment in all {
            let path = segment.path(&self.shared.dir);
            let removed = match segment.is_kept {
                true => self.shared.quarantine.take_in(&path),
                false => self.shared.disk.remove(&path),
            };
            match removed {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    let name = segment.name();
                    tracing::warn!(%error, name, "cannot remove a segment; tried again later");
                    left_over.push(segment);
                }
                _ => {}
            }
        }
    }
}

impl Queue for Embedded {
    fn append(&self, received: Received) -> Result<Durable, OfferError> {
        self.shared.append(received)
    }

    fn read(&self, from: Position, timeout: Duration) -> io::Result<Read> {
        let is_idle = |state: &mut State| state.segment_behind(from).is_none() && !state.is_ended;
        let waited = self.shared.readable.wait_timeout_while(self.shared.lock(), timeout, is_idle);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let Some(segment) = state.segment_behind(from) else {
            return Ok(if state.is_ended { Read::Closed } else { Read::Nothing });
        };
        let from = from.max(segment.base);
        let (batches, next) = state.ahead.take(from, READ_BYTES);
        if !batches.is_empty() {
            return Ok(Read::Some(Taken { batches, damaged: Vec::new(), next }));
        }
        let until = state.ahead.begin(from);
        drop(state);
        let taken = self.reading.read(&self.shared, segment, from, until)?;
        if !taken.damaged.is_empty() {
            // One of those that are gone may be sent again.
            self.shared.lock().recent.clear();
        }
        Ok(Read::Some(taken))
    }

    fn gather(&self, n_bytes: u64, timeout: Duration) {
        self.shared.gather(n_bytes, timeout);
    }

    fn hurry(&self) {
        self.shared.lock().is_hurried = true;
        self.shared.readable.notify_all();
    }

    fn acknowledge(&self, up_to: Position) {
        let done = self.shared.lock().acknowledge(up_to);
        self.remove(done);
    }

    fn stats(&self) -> Stats {
        self.shared.stats()
    }

    fn close(&self) {
        self.shared.close();
    }

    fn is_closed(&self) -> bool {
        self.shared.lock().is_closed
    }

    fn finish(&self) {
        self.shared.finish();
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.shared.close();
    }
}

struct End(Arc<Shared>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// The heads from a position on whose batches are whole, with the end of each frame, up to the first
/// head that is damaged. What the machine's fall left half written must not count as known: its
/// sender never heard of it, and sends it again.
fn waiting(shared: &Shared, segment: Segment, from: Position) -> Vec<(Position, Head)> {
    let mut found = Vec::new();
    let Ok(file) = shared.disk.open(&segment.path(&shared.dir)) else {
        return found;
    };
    let read = |at: Position, n_bytes: usize| {
        shared.disk.read_at(&file, at.0 - segment.base.0, n_bytes).unwrap_or_default()
    };
    let mut at = from.max(segment.base);
    while let Some(head) = Head::read(segment.salt, &read(at, HEAD)) {
        let is_whole = head.fits(&read(at.plus(HEAD), head.n_bytes as usize));
        at = at.plus(head.frame_len());
        if is_whole && !head.is_dropped {
            found.push((at, head));
        }
    }
    found
}
