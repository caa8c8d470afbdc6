//! Delivery without a standing thread, for programs that are over before one pays.
//! Never runs between two flushes: what is recorded waits in the queue, within its bounds.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Runtime;

use super::{Until, Worker, thread};

/// A worker that is lent a thread while somebody flushes or shuts down.
pub(crate) struct Inline(Mutex<Option<Engine>>);

struct Engine {
    runtime: Runtime,
    worker: Worker,
}

impl Inline {
    pub(super) fn new(runtime: Runtime, worker: Worker) -> Self {
        Self(Mutex::new(Some(Engine { runtime, worker })))
    }

    /// Lends a thread until no order is left. The asker only waits for its answer: its deadline
    /// must not depend on what the worker does, nor on whom it works for.
    pub(crate) fn start(self: &Arc<Self>) {
        let lent = Arc::clone(self);
        // Without a thread the order is not worked off, and the asker's deadline says so.
        let _ = thread().spawn(move || lent.work());
    }

    /// Waits its turn behind other lent threads; an order that came too late for them is its own.
    fn work(&self) {
        let mut engine = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Engine { runtime, worker }) = engine.as_mut() else { return };
        if worker.run_guarded(runtime, Until::Idle) {
            worker.desk.close();
            *engine = None;
        }
    }
}

impl Drop for Inline {
    /// A runtime that is dropped inside another one panics, unless it is told not to wait.
    fn drop(&mut self) {
        let engine = self.0.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(engine) = engine {
            engine.runtime.shutdown_background();
        }
    }
}
