//! What was accepted and is not stored yet: in memory, bounded in batches and in bytes.
//! It never blocks who offers, and never drops what it took: every entry ends in its answer.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::model::{NotStored, Received, Stored};

/// How much may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub(crate) n_batches: usize,
    pub(crate) n_bytes: usize,
}

/// What becomes of a batch. When the sending half is gone without a word, nothing was stored.
pub(crate) type Answer = Result<Stored, NotStored>;

/// A batch on its way to the store.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) received: Received,
    /// Tells the one who offered, once the batch is safe.
    pub(crate) answer: oneshot::Sender<Answer>,
}

/// Why a batch was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OfferError {
    #[error("the collector has more batches waiting than it may hold; send again later")]
    Full,
    #[error("the collector is shutting down; send again later")]
    Closed,
}

/// What [`Outlet::take`] found.
#[derive(Debug)]
pub(crate) enum Taken {
    /// Everything that waited, oldest first.
    Entries(Vec<Entry>),
    /// Nothing came within the time.
    Nothing,
    /// Nothing waits, and nothing will come.
    Closed,
}

/// The end that offers.
#[derive(Debug, Clone)]
pub(crate) struct Inlet {
    shared: Arc<Shared>,
}

/// The end that takes. When it is dropped the queue closes, and what waited goes unanswered.
#[derive(Debug)]
pub(crate) struct Outlet {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    bounds: Bounds,
    waiting: Mutex<Waiting>,
    /// Notified when an entry comes and when the queue closes.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    entries: VecDeque<Entry>,
    n_bytes: usize,
    is_closed: bool,
}

/// A queue with nothing in it.
pub(crate) fn bounded(bounds: Bounds) -> (Inlet, Outlet) {
    let shared = Arc::new(Shared { bounds, waiting: Mutex::default(), changed: Condvar::new() });
    let inlet = Inlet { shared: Arc::clone(&shared) };
    (inlet, Outlet { shared })
}

impl Inlet {
    /// Hands a batch over, or says at once why not.
    pub(crate) fn offer(
        &self,
        received: Received,
    ) -> Result<oneshot::Receiver<Answer>, OfferError> {
        let mut waiting = self.shared.lock();
        if waiting.is_closed {
            return Err(OfferError::Closed);
        }
        let n_bytes = waiting.n_bytes.saturating_add(received.bytes.len());
        let bounds = self.shared.bounds;
        // One batch always fits, so that no bound can shut the door for good.
        let is_full = waiting.entries.len() >= bounds.n_batches || n_bytes > bounds.n_bytes;
        if is_full && !waiting.entries.is_empty() {
            return Err(OfferError::Full);
        }
        let (answer, receiver) = oneshot::channel();
        waiting.n_bytes = n_bytes;
        waiting.entries.push_back(Entry { received, answer });
        drop(waiting);
        self.shared.changed.notify_one();
        Ok(receiver)
    }

    /// Takes nothing more; what waits is still taken out.
    pub(crate) fn close(&self) {
        self.shared.close();
    }

    /// Whether nothing is taken any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.shared.lock().is_closed
    }
}

impl Outlet {
    /// Waits for entries and takes all of them, so that they share one commit.
    pub(crate) fn take(&self, timeout: Duration) -> Taken {
        let is_idle = |waiting: &mut Waiting| waiting.entries.is_empty() && !waiting.is_closed;
        let waiting = self.shared.lock();
        let (mut waiting, _) = self
            .shared
            .changed
            .wait_timeout_while(waiting, timeout, is_idle)
            .unwrap_or_else(PoisonError::into_inner);
        waiting.n_bytes = 0;
        match Vec::from(std::mem::take(&mut waiting.entries)) {
            entries if !entries.is_empty() => Taken::Entries(entries),
            _ if waiting.is_closed => Taken::Closed,
            _ => Taken::Nothing,
        }
    }
}

impl Drop for Outlet {
    fn drop(&mut self) {
        self.shared.close();
        let unanswered = std::mem::take(&mut self.shared.lock().entries);
        drop(unanswered);
    }
}

impl Shared {
    fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
    }

    /// A panic elsewhere leaves the queue whole: every change of it is complete under the lock.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
