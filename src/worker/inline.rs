//! Delivery on the thread that asks for it, for programs that are over before a thread pays.
//! Never runs between two flushes: what is recorded waits in the queue, within its bounds.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::{Handle, Runtime};

use super::{Until, Worker, thread};

/// A worker without a thread.
pub(crate) struct Inline(Mutex<Option<Engine>>);

struct Engine {
    runtime: Runtime,
    worker: Worker,
}

impl Inline {
    pub(super) fn new(runtime: Runtime, worker: Worker) -> Self {
        Self(Mutex::new(Some(Engine { runtime, worker })))
    }

    /// Works off the orders that were left, and returns when none is left.
    pub(crate) fn run(self: &Arc<Self>) {
        // A runtime cannot be entered from within another one; there, a thread lends itself.
        if Handle::try_current().is_err() {
            self.work();
        } else if let Some(thread) = self.start() {
            // Its panics are caught and counted inside.
            let _ = thread.join();
        }
    }

    /// As [`Inline::run`], on a thread that ends when no order is left.
    pub(crate) fn start(self: &Arc<Self>) -> Option<std::thread::JoinHandle<()>> {
        let lent = Arc::clone(self);
        thread().spawn(move || lent.work()).ok()
    }

    fn work(&self) {
        let mut engine = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Engine { runtime, worker }) = engine.as_mut() else { return };
        if worker.run_guarded(runtime, Until::Idle) {
            worker.desk.close();
            *engine = None;
        }
    }
}
