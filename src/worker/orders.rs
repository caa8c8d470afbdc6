//! What callers ask of the worker: flush or shut down, by a deadline.
//! Never blocks whoever asks; waiting is the asker's own choice.

use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, oneshot};

use super::{Turns, thread};

/// Records that were not delivered when the deadline passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "{n_records} records were not delivered before the deadline; `stats()` says where they are"
)]
#[non_exhaustive]
pub struct Unflushed {
    /// Records that still wait, or were dropped for the deadline of a shutdown.
    pub n_records: u64,
}

/// How much longer a blocked caller waits for the worker's answer, which comes at the deadline:
/// with it the counts are final.
const GRACE: Duration = Duration::from_millis(25);

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Errand {
    /// Deliver everything that was offered until now.
    Flush,
    /// The same, and then end.
    Shutdown,
}

/// An errand on its way.
pub(super) struct Order {
    errand: Errand,
    pub(super) deadline: Instant,
    /// The order of the first batch that it need not wait for; `None` until it has been read.
    pub(super) upto: Option<u64>,
    /// Where the answer goes, if anybody waits for it.
    reply: Option<SyncSender<Result<(), Unflushed>>>,
}

impl Order {
    pub(super) fn is_shutdown(&self) -> bool {
        self.errand == Errand::Shutdown
    }

    /// Whether records that it covers may still be in the open batch.
    pub(super) fn is_unread(&self) -> bool {
        self.upto.is_none() || self.is_shutdown()
    }

    /// Whoever asked may have gone.
    pub(super) fn answer(self, result: Result<(), Unflushed>) {
        if let Some(sender) = self.reply {
            let _ = sender.try_send(result);
        }
    }
}

/// Where orders are left, and where the worker is called.
#[derive(Default)]
pub(crate) struct Desk {
    /// `None` after the worker has ended.
    orders: Mutex<Option<Vec<Order>>>,
    call: Notify,
}

impl Desk {
    /// A desk whose worker is about to start.
    pub(crate) fn open() -> Self {
        Self { orders: Mutex::new(Some(Vec::new())), call: Notify::new() }
    }

    /// Wakes the worker.
    pub(crate) fn call(&self) {
        self.call.notify_one();
    }

    /// Leaves an order and waits for its answer, at most until the deadline. `None` when there is
    /// no worker any more, or none that answers.
    pub(crate) fn ask(
        &self,
        errand: Errand,
        deadline: Instant,
        turns: &Turns,
    ) -> Option<Result<(), Unflushed>> {
        let (sender, receiver) = sync_channel(1);
        self.leave(errand, deadline, Some(sender));
        if let Turns::Inline(inline) = turns {
            inline.start();
        }
        let left = deadline.saturating_duration_since(crate::clock::Tick::now().instant());
        receiver.recv_timeout(left + GRACE).ok()
    }

    /// As [`Desk::ask`], for async callers. A thread lent for the time waits in their place: the
    /// deadline must hold on any runtime, and should the worker hang in somebody's disk.
    pub(crate) async fn ask_async(
        self: &Arc<Self>,
        errand: Errand,
        deadline: Instant,
        turns: &Turns,
    ) -> Option<Result<(), Unflushed>> {
        let (sender, receiver) = oneshot::channel();
        let (desk, turns) = (Arc::clone(self), turns.clone());
        let wait = move || {
            // Whoever asked may have gone.
            let _ = sender.send(desk.ask(errand, deadline, &turns));
        };
        thread().spawn(wait).ok()?;
        receiver.await.ok().flatten()
    }

    /// Leaves an order to which nobody waits for an answer.
    pub(crate) fn tell(&self, errand: Errand, deadline: Instant) {
        self.leave(errand, deadline, None);
    }

    fn leave(
        &self,
        errand: Errand,
        deadline: Instant,
        reply: Option<SyncSender<Result<(), Unflushed>>>,
    ) {
        let order = Order { errand, deadline, upto: None, reply };
        // Without a worker the order is dropped here, which tells whoever asked.
        if let Some(orders) = self.lock().as_mut() {
            orders.push(order);
        }
        self.call();
    }

    pub(super) fn take(&self) -> Vec<Order> {
        self.lock().as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// The worker has ended; later orders are answered at once.
    pub(super) fn close(&self) {
        *self.lock() = None;
    }

    pub(super) async fn called(&self) {
        self.call.notified().await;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Vec<Order>>> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
