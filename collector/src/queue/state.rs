//! What the threads of the embedded queue share: who waits, which segments there are, what is safe.
//! It never does I/O: its lock is held for moments.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::ahead::Ahead;
use super::disk::Disk;
use super::recent::Recent;
use super::segment::Segment;
use super::{Appended, Bounds, Durable, NotDurable, OfferError, Quarantine, Stats};
use crate::model::{Position, Received};
use tokio::sync::oneshot;

/// Batches that wait for the writing thread hold so much memory at most.
const MAX_PENDING_BYTES: u64 = 64 << 20;

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) dir: PathBuf,
    pub(super) disk: Arc<dyn Disk>,
    pub(super) bounds: Bounds,
    pub(super) quarantine: Quarantine,
    pub(super) state: Mutex<State>,
    /// Notified when there is something to write, and when the queue closes.
    pub(super) offered: Condvar,
    /// Notified when there is something to read, and when the writing thread has ended.
    pub(super) readable: Condvar,
}

/// A batch on its way to the disk.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) received: Received,
    pub(super) answer: oneshot::Sender<Result<Appended, NotDurable>>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) pending: Vec<Entry>,
    pub(super) n_pending_bytes: u64,
    /// Oldest first; the last may be the one that is written.
    pub(super) segments: VecDeque<Segment>,
    /// The base of the segment that is written.
    pub(super) active: Option<Position>,
    /// Where the next segment begins.
    pub(super) next: Position,
    /// Behind the last batch that is safe.
    pub(super) end: Position,
    /// The end and the bytes of each batch that is not acknowledged.
    pub(super) waiting: VecDeque<(Position, u64)>,
    pub(super) n_waiting_bytes: u64,
    pub(super) recent: Recent,
    pub(super) ahead: Ahead,
    /// The free bytes that were too few.
    pub(super) low_disk: Option<u64>,
    /// Somebody waits for what is here to be stored.
    pub(super) is_hurried: bool,
    pub(super) is_closed: bool,
    /// The writing thread is gone.
    pub(super) is_ended: bool,
}

impl Shared {
    /// A panic elsewhere leaves the state whole: every change of it is complete under the lock.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn append(&self, received: Received) -> Result<Durable, OfferError> {
        let (answer, durable) = oneshot::channel();
        let mut state = self.lock();
        if state.recent.has(received.batch_id) {
            // The receiver is in our hand.
            let _ = answer.send(Ok(Appended::Known));
            return Ok(durable);
        }
        let n_bytes = received.n_held_bytes();
        self.admit(&state, n_bytes)?;
        state.n_pending_bytes = state.n_pending_bytes.saturating_add(n_bytes);
        state.pending.push(Entry { received, answer });
        drop(state);
        self.offered.notify_one();
        Ok(durable)
    }

    fn admit(&self, state: &State, n_bytes: u64) -> Result<(), OfferError> {
        if state.is_closed {
            return Err(OfferError::Closed);
        }
        if let Some(free_bytes) = state.low_disk {
            return Err(self.low_disk(free_bytes));
        }
        let n_batches = state.waiting.len() + state.pending.len();
        let n_pending_bytes = state.n_pending_bytes.saturating_add(n_bytes);
        let n_all_bytes = state.n_waiting_bytes.saturating_add(n_pending_bytes);
        let is_full = n_batches >= self.bounds.n_batches
            || n_all_bytes > self.bounds.n_bytes
            || n_pending_bytes > MAX_PENDING_BYTES;
        // One batch always fits, so that no bound can shut the door for good.
        if is_full && n_batches > 0 { Err(OfferError::Full) } else { Ok(()) }
    }

    fn low_disk(&self, free_bytes: u64) -> OfferError {
        OfferError::LowDisk { free_bytes, min_free_bytes: self.bounds.min_free_bytes }
    }

    pub(super) fn stats(&self) -> Stats {
        let state = self.lock();
        Stats {
            n_batches: state.waiting.len(),
            n_bytes: state.n_waiting_bytes,
            end: state.end,
            low_disk: state.low_disk.map(|free_bytes| self.low_disk(free_bytes)),
        }
    }

    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.offered.notify_all();
        self.readable.notify_all();
    }

    /// Everything that waits to be written; `None` when nothing will come.
    pub(super) fn take_pending(&self, timeout: Duration) -> Option<Vec<Entry>> {
        let is_idle = |state: &mut State| state.pending.is_empty() && !state.is_closed;
        let waited = self.offered.wait_timeout_while(self.lock(), timeout, is_idle);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.n_pending_bytes = 0;
        let entries = std::mem::take(&mut state.pending);
        (!entries.is_empty() || !state.is_closed).then_some(entries)
    }

    /// The writing thread is gone; whoever still waits for it learns that.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        state.is_ended = true;
        state.active = None;
        let unanswered = std::mem::take(&mut state.pending);
        drop(state);
        drop(unanswered);
        self.readable.notify_all();
    }

    pub(super) fn gather(&self, n_bytes: u64, timeout: Duration) {
        let is_short = |state: &mut State| {
            state.n_waiting_bytes < n_bytes && !state.is_hurried && !state.is_closed
        };
        let waited = self.readable.wait_timeout_while(self.lock(), timeout, is_short);
        waited.unwrap_or_else(PoisonError::into_inner).0.is_hurried = false;
    }

    pub(super) fn finish(&self) {
        let is_alive = |state: &mut State| !state.is_ended;
        drop(self.readable.wait_while(self.lock(), is_alive));
    }
}

impl State {
    /// Frames were written to the active segment and are safe: the bytes and the batch of each. Of
    /// the batches, so many bytes stay in memory.
    pub(super) fn publish(&mut self, written: Vec<(u64, Received)>, n_ahead_bytes: u64) {
        let Some(segment) = self.segments.back_mut() else {
            return;
        };
        for (n_bytes, received) in written {
            let begin = segment.end();
            segment.n_bytes = segment.n_bytes.saturating_add(n_bytes);
            self.waiting.push_back((segment.end(), n_bytes));
            self.n_waiting_bytes = self.n_waiting_bytes.saturating_add(n_bytes);
            self.recent.add(received.batch_id);
            self.ahead.add(begin, segment.end(), received, n_ahead_bytes);
        }
        self.end = segment.end();
        self.next = segment.end();
    }

    /// Forgets what lies before a position; the segments that nobody needs any more.
    pub(super) fn acknowledge(&mut self, up_to: Position) -> Vec<Segment> {
        while let Some((end, n_bytes)) = self.waiting.front().copied()
            && end <= up_to
        {
            self.waiting.pop_front();
            self.n_waiting_bytes = self.n_waiting_bytes.saturating_sub(n_bytes);
        }
        let is_done =
            |segment: &&Segment| segment.end() <= up_to && Some(segment.base) != self.active;
        let n_done = self.segments.iter().take_while(is_done).count();
        self.segments.drain(..n_done).collect()
    }

    /// The first segment that has something behind a position. One in which nothing is safe yet has
    /// nothing, wherever it begins: behind a write that failed, that is further on.
    pub(super) fn segment_behind(&self, position: Position) -> Option<Segment> {
        let has_more = |segment: &&Segment| segment.n_bytes > 0 && segment.end() > position;
        self.segments.iter().find(has_more).copied()
    }
}
