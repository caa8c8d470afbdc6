//! The hand-off from callers to the worker: rows in each thread's own chunk, whole chunks over a
//! bounded channel. Never blocks a caller, never wakes the worker but once past half of its bound.
//!
//! A caller appends its row to its thread's *tail*, behind a mutex that only this thread and the
//! worker ever take, and the worker only to swap the chunk out. A full chunk goes over the channel;
//! the worker polls, so no caller pays for a wake-up (6.5 us, against 20 to 50 ns).

mod load;
#[cfg(test)]
mod tests;

pub(crate) use load::QueueBounds;

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use load::{Fill, Load, Size};

use crate::fork::Home;
use crate::record::{Record, write_row};
use crate::stats::{Books, DropReason, Drops, QueueCounts};

/// A chunk of this size goes over the channel: large enough that the channel's cost per record
/// vanishes, small enough to stay in the caller's cache.
const CHUNK_BYTES: usize = 16 * 1024;

/// Room for the row that fills a chunk.
const MARGIN_BYTES: usize = 1024;

/// Spent chunks kept for the callers to use again.
const MAX_SPARE_CHUNKS: usize = 64;

/// The process is a fork of the one that the queue belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Forked;

/// The callers' end. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Queue(Arc<Shared>);

/// The worker's end.
pub(crate) struct Drain {
    shared: Arc<Shared>,
    full_chunks: flume::Receiver<Chunk>,
}

struct Shared {
    id: u64,
    /// The process whose worker reads this queue. A fork has none.
    home: Home,
    load: Load,
    full_chunks: flume::Sender<Chunk>,
    tails: Mutex<Tails>,
    spare_chunks: Mutex<Vec<Vec<u8>>>,
    is_closed: AtomicBool,
    /// Whether the worker has been woken since it last drained.
    is_woken: AtomicBool,
    wake: Box<dyn Fn() + Send + Sync>,
}

#[derive(Default)]
struct Tails {
    live: Vec<Arc<Tail>>,
    /// What the tails of ended threads had counted.
    retired: QueueCounts,
}

/// One thread's end of one queue.
#[derive(Default)]
struct Tail(Mutex<TailState>);

#[derive(Default)]
struct TailState {
    chunk: Vec<u8>,
    /// What the worker has read of an unfilled chunk and given back, so that a thread that logs
    /// little allocates nothing either.
    spare: Vec<u8>,
    n_records: u32,
    /// Reserved for records to come.
    credit: Size,
    /// Counts the chunks of this tail, so that the worker can tell whether the one it noted is
    /// still the same.
    sequence: u64,
    counts: QueueCounts,
    is_closed: bool,
}

struct Chunk {
    tail: Arc<Tail>,
    rows: Vec<u8>,
    n_records: u32,
}

thread_local! {
    /// This thread's tails by their queue's id; one or two in practice.
    static TAILS: RefCell<Vec<(u64, Arc<Tail>)>> = const { RefCell::new(Vec::new()) };
}

impl Queue {
    /// A queue whose worker is woken by `wake`, once, when it passes half of its bounds.
    pub(crate) fn new(
        bounds: QueueBounds,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> (Self, Drain) {
        static NEXT_ID: AtomicU64 = AtomicU64::new(0);
        // Every chunk in the channel holds at least CHUNK_BYTES that the bound has admitted.
        let capacity = usize::try_from(bounds.bytes).unwrap_or(usize::MAX) / CHUNK_BYTES + 1;
        let (sender, receiver) = flume::bounded(capacity);
        let shared = Arc::new(Shared {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            home: Home::here(),
            load: Load::new(bounds),
            full_chunks: sender,
            tails: Mutex::default(),
            spare_chunks: Mutex::default(),
            is_closed: AtomicBool::new(false),
            is_woken: AtomicBool::new(false),
            wake: Box::new(wake),
        });
        (Self(Arc::clone(&shared)), Drain { shared, full_chunks: receiver })
    }

    /// Takes the record, or counts why not.
    ///
    /// # Errors
    /// In a process that was forked from the queue's own: nobody would ever read the record.
    pub(crate) fn offer(&self, record: &Record<'_>) -> Result<(), Forked> {
        let cached = TAILS.try_with(|tails| {
            let tails = tails.try_borrow().ok()?;
            let (_, tail) = tails.iter().find(|(id, _)| *id == self.0.id)?;
            Some(self.0.append(tail, record))
        });
        match cached {
            Ok(Some(result)) => result,
            _ => self.offer_first(record),
        }
    }

    /// The first record of a thread, or one that comes while the thread ends.
    #[cold]
    fn offer_first(&self, record: &Record<'_>) -> Result<(), Forked> {
        if self.0.home.is_elsewhere() {
            return Err(Forked);
        }
        let tail = Arc::new(Tail::default());
        let mut all = lock(&self.0.tails);
        tail.lock().is_closed = self.0.is_closed.load(Ordering::SeqCst);
        all.live.push(Arc::clone(&tail));
        drop(all);
        let result = self.0.append(&tail, record);
        // A thread that is ending has no place for its tail any more; the worker reads it once
        // and lets it go.
        let _ = TAILS.try_with(|tails| {
            if let Ok(mut tails) = tails.try_borrow_mut() {
                // One that the worker holds at this moment is of use; one that a worker held when
                // this process was forked from its own is held for ever.
                tails.retain(|(_, tail)| tail.0.try_lock().map_or(true, |tail| !tail.is_closed));
                tails.push((self.0.id, tail));
            }
        });
        result
    }

    /// Its bound in bytes.
    pub(crate) fn max_bytes(&self) -> u64 {
        self.0.load.max_bytes()
    }

    /// Refuses every later record. When this returns, all that was taken can be drained.
    pub(crate) fn close(&self) {
        self.0.is_closed.store(true, Ordering::SeqCst);
        for tail in &lock(&self.0.tails).live {
            tail.lock().is_closed = true;
        }
    }

    /// What was offered, is waiting and was refused. Exact against the ledger when the caller
    /// holds the ledger's lock.
    #[must_use]
    pub(crate) fn counts(&self) -> QueueCounts {
        let tails = lock(&self.0.tails);
        tails.live.iter().fold(tails.retired, |sum, tail| add(sum, &tail.lock().counts))
    }
}

impl Shared {
    fn append(&self, tail: &Arc<Tail>, record: &Record<'_>) -> Result<(), Forked> {
        // In a fork the worker that may hold the lock does not exist.
        if self.home.is_elsewhere() {
            return Err(Forked);
        }
        let mut state = tail.lock();
        state.counts.offered += 1;
        if state.is_closed {
            state.counts.dropped.add(DropReason::Closed, 1);
            return Ok(());
        }
        let before = state.chunk.len();
        state.make_room();
        write_row(record, &mut state.chunk);
        let size = Size::of(1, (state.chunk.len() - before) as u64);
        let reserved = self.load.reserve(size, &mut state.credit);
        if let Err(reason) = reserved {
            state.chunk.truncate(before);
            state.counts.dropped.add(reason, 1);
            return Ok(());
        }
        state.n_records += 1;
        state.counts.waiting += 1;
        if state.chunk.len() >= CHUNK_BYTES {
            self.send(tail, &mut state);
        }
        drop(state);
        if reserved == Ok(Fill::PastHalf) && !self.is_woken.swap(true, Ordering::Relaxed) {
            (self.wake)();
        }
        Ok(())
    }

    fn send(&self, tail: &Arc<Tail>, state: &mut TailState) {
        let spare = self.spare_chunks.try_lock().ok().and_then(|mut spare| spare.pop());
        let chunk = state.take(tail, spare.unwrap_or_default());
        if let Err(refused) = self.full_chunks.try_send(chunk) {
            // No place in the channel: the tail keeps its chunk and grows within the bound.
            let chunk = refused.into_inner();
            (state.chunk, state.n_records) = (chunk.rows, chunk.n_records);
            state.sequence -= 1;
        }
    }
}

impl Drain {
    /// Hands everything that waits to `each`, every thread's rows in their order. Their count goes
    /// from the queue to `ledger.building` at the same moment.
    ///
    /// The order of the steps matters: a tail is read only if it still holds the chunk that it
    /// held before the channel was emptied. Otherwise rows could overtake older ones.
    ///
    /// Stops after `max_bytes` or little more; says whether it came to the end.
    pub(crate) fn take(
        &mut self,
        books: &Books,
        max_bytes: usize,
        mut each: impl FnMut(&[u8], u32),
    ) -> bool {
        let mut n_bytes = 0;
        self.shared.is_woken.store(false, Ordering::Relaxed);
        let noted: Vec<(Arc<Tail>, u64)> = lock(&self.shared.tails)
            .live
            .iter()
            .map(|tail| (Arc::clone(tail), tail.lock().sequence))
            .collect();
        while let Ok(chunk) = self.full_chunks.try_recv() {
            n_bytes += chunk.rows.len();
            let rows = self.receive(chunk, books, &mut each);
            self.keep(rows);
            if n_bytes >= max_bytes {
                return false;
            }
        }
        for (tail, sequence) in &noted {
            let mut state = tail.lock();
            self.shared.load.release(std::mem::take(&mut state.credit));
            if state.sequence == *sequence && state.n_records > 0 {
                let spare = std::mem::take(&mut state.spare);
                let chunk = state.take(tail, spare);
                drop(state);
                let rows = self.receive(chunk, books, &mut each);
                if rows.capacity() <= CHUNK_BYTES + MARGIN_BYTES {
                    tail.lock().spare = rows;
                }
            }
        }
        drop(noted);
        lock(&self.shared.tails).reap(&self.shared.load);
        true
    }

    /// Whether nothing waits.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.shared.load.is_empty()
    }

    /// Reads a chunk and gives back its memory.
    fn receive(&self, chunk: Chunk, books: &Books, each: &mut impl FnMut(&[u8], u32)) -> Vec<u8> {
        {
            let mut ledger = books.open();
            chunk.tail.lock().counts.waiting -= u64::from(chunk.n_records);
            ledger.building += u64::from(chunk.n_records);
        }
        let size = Size::of(chunk.n_records.into(), chunk.rows.len() as u64);
        self.shared.load.release(size);
        each(&chunk.rows, chunk.n_records);
        let mut rows = chunk.rows;
        rows.clear();
        rows
    }

    /// For a caller whose chunk is full.
    fn keep(&self, rows: Vec<u8>) {
        let mut spare = lock(&self.shared.spare_chunks);
        if spare.len() < MAX_SPARE_CHUNKS && rows.capacity() <= CHUNK_BYTES + MARGIN_BYTES {
            spare.push(rows);
        }
    }
}

impl Drop for Drain {
    /// Without a worker nothing is taken any more, and nothing waits in vain.
    fn drop(&mut self) {
        Queue(Arc::clone(&self.shared)).close();
    }
}

impl Tails {
    /// Lets go of the tails of ended threads and of what they had reserved, and keeps what they
    /// counted.
    fn reap(&mut self, load: &Load) {
        let retired = &mut self.retired;
        self.live.retain(|tail| {
            let mut state = tail.lock();
            let is_ended = Arc::strong_count(tail) == 1 && state.counts.waiting == 0;
            if is_ended {
                load.release(std::mem::take(&mut state.credit));
                *retired = add(*retired, &state.counts);
            }
            !is_ended
        });
    }
}

impl Tail {
    fn lock(&self) -> MutexGuard<'_, TailState> {
        lock(&self.0)
    }
}

impl TailState {
    /// A thread that logs little keeps a small chunk; one that logs much gets a whole one at once,
    /// for a vector that doubles would hold twice what the bound counts.
    fn make_room(&mut self) {
        const WHOLE: usize = CHUNK_BYTES + MARGIN_BYTES;
        let (used, capacity) = (self.chunk.len(), self.chunk.capacity());
        if used > CHUNK_BYTES / 4 && capacity < WHOLE && capacity - used < MARGIN_BYTES {
            self.chunk.reserve_exact(WHOLE - used);
        }
    }

    /// Takes the chunk out and leaves `fresh` in its place.
    fn take(&mut self, tail: &Arc<Tail>, fresh: Vec<u8>) -> Chunk {
        self.sequence += 1;
        let rows = std::mem::replace(&mut self.chunk, fresh);
        Chunk { tail: Arc::clone(tail), rows, n_records: std::mem::take(&mut self.n_records) }
    }
}

fn add(mut sum: QueueCounts, counts: &QueueCounts) -> QueueCounts {
    sum.offered += counts.offered;
    sum.waiting += counts.waiting;
    Drops::merge(&mut sum.dropped, &counts.dropped);
    sum
}

/// A lock that a panic elsewhere does not spoil: the guarded values are whole after every step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
