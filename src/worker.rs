//! The one thread of ours: polls the queue, builds batches, sends them, settles every record.
//! Never knows where records come from, and never runs on a runtime of the service.

mod assembler;
#[cfg(feature = "bench-util")]
mod assembly;
mod inline;
mod notices;
mod orders;
mod pending;
mod settle;
mod spooling;
#[cfg(test)]
mod tests;

#[cfg(feature = "bench-util")]
pub use assembly::{Assembly, Rows};
pub use orders::Unflushed;
pub(crate) use orders::{Desk, Errand};

use std::hash::RandomState;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use crate::batch::Resource;
use crate::clock::{Clock, Tick};
use crate::codec::EncodeError;
use crate::config::Batching;
use crate::queue::{Drain, Queue};
use crate::retry::{Backoff, Verdict};
use crate::sample::Sampling;
use crate::stats::{Books, CollectorState, DropReason, Stats};
use crate::template::Naming;
use crate::transport::{Sending, Transport};
use assembler::{Assembler, Encoded};
pub(crate) use inline::Inline;
use notices::Notices;
pub(crate) use notices::Wraps;
use orders::Order;
use pending::Pending;
pub(crate) use spooling::SpoolPlace;
use spooling::{FromSpool, Spooling};

/// How soon a record is read while records come in.
const SHORTEST_POLL: Duration = Duration::from_millis(5);

/// How soon a record is read after a pause. The runtime's timer wakes twice for a sleep of this
/// length, so that an idle service sees eight wake-ups a second.
const LONGEST_POLL: Duration = Duration::from_millis(250);

/// Longest wait between two tries while a flush or a shutdown is waiting.
const IMPATIENT_WAIT: Duration = Duration::from_millis(200);

/// How much of a deadline is kept for storing what could not be sent.
const STORE_MARGIN: Duration = Duration::from_millis(50);

/// Bytes of rows that are read before room is made for the batches that they became.
const PORTION_BYTES: usize = 2 << 20;

/// One line of log about an unreachable collector per this time.
const LOG_INTERVAL: Duration = Duration::from_secs(60);

/// A thread or a runtime that could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The operating system gave no thread.
    #[error("cannot start egret's thread")]
    Thread(#[source] std::io::Error),
    /// The operating system gave no event queue or timer.
    #[error("cannot start the runtime of egret's thread")]
    Runtime(#[source] std::io::Error),
    /// No compression context could be allocated.
    #[error("cannot start egret's encoder")]
    Encoder(#[source] EncodeError),
}

/// What the worker is made from.
pub(crate) struct Parts {
    pub(crate) queue: Queue,
    pub(crate) drain: Drain,
    pub(crate) books: Arc<Books>,
    pub(crate) clock: Arc<Clock>,
    pub(crate) desk: Arc<Desk>,
    pub(crate) resource: Resource,
    pub(crate) batching: Batching,
    pub(crate) sampling: Sampling,
    pub(crate) naming: Arc<Naming>,
    pub(crate) spool: Option<SpoolPlace>,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) wraps: Arc<Wraps>,
}

/// What is on its way.
enum Sent {
    Live(Encoded),
    /// Still on disk, until it is settled.
    Spooled(FromSpool),
}

struct Worker {
    queue: Queue,
    drain: Drain,
    books: Arc<Books>,
    clock: Arc<Clock>,
    desk: Arc<Desk>,
    batching: Batching,
    transport: Arc<dyn Transport>,
    assembler: Assembler,
    notices: Notices,
    pending: Pending,
    spooling: Spooling,
    in_flight: Option<(Sent, Sending)>,
    sent_at: Tick,
    /// Whether the last batch came from the spool: old and new data take turns.
    was_spooled: bool,
    orders: Vec<Order>,
    backoff: Backoff,
    /// Nothing is sent before, unless a flush is waiting for it.
    not_before: Option<Tick>,
    /// Portions of a queue that is full and not being filled meanwhile.
    max_portions: u64,
    poll: Duration,
    logged: Option<Tick>,
    random: RandomState,
}

/// How the worker gets its turns.
#[derive(Clone)]
pub(crate) enum Turns {
    /// On a thread of its own.
    Background,
    /// On a thread that is lent while somebody flushes or shuts down.
    Inline(Arc<Inline>),
}

/// Makes the worker, and starts its thread if it is to have one. The thread ends after a shutdown
/// order.
pub(crate) fn start(parts: Parts, is_inline: bool) -> Result<Turns, StartError> {
    let mut worker = Worker {
        notices: Notices::new(
            parts.wraps,
            Arc::clone(&parts.naming),
            parts.batching.flush_interval,
        ),
        assembler: Assembler::new(parts.resource, parts.batching, parts.sampling, parts.naming)
            .map_err(StartError::Encoder)?,
        pending: Pending::new(parts.batching.pending_bytes),
        spooling: Spooling::new(parts.spool, Arc::clone(&parts.books)),
        was_spooled: false,
        max_portions: parts.queue.max_bytes() / PORTION_BYTES as u64 + 1,
        queue: parts.queue,
        drain: parts.drain,
        books: parts.books,
        clock: parts.clock,
        desk: parts.desk,
        batching: parts.batching,
        transport: parts.transport,
        in_flight: None,
        sent_at: Tick::now(),
        orders: Vec::new(),
        backoff: Backoff::default(),
        not_before: None,
        poll: SHORTEST_POLL,
        logged: None,
        random: RandomState::new(),
    };
    if is_inline {
        return Ok(Turns::Inline(Arc::new(Inline::new(runtime()?, worker))));
    }
    // The runtime lives and dies on the thread: it must not be dropped inside the service's own.
    let (sender, started) = sync_channel(1);
    let body = move || match runtime() {
        Ok(runtime) => {
            let _ = sender.send(Ok(Turns::Background));
            worker.run_guarded(&runtime, Until::Shutdown);
            worker.desk.close();
        }
        Err(error) => drop(sender.send(Err(error))),
    };
    thread().spawn(body).map_err(StartError::Thread)?;
    started.recv().unwrap_or_else(|gone| Err(StartError::Thread(std::io::Error::other(gone))))
}

fn runtime() -> Result<Runtime, StartError> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().map_err(StartError::Runtime)
}

/// The one name under which a thread of egret's is seen.
fn thread() -> std::thread::Builder {
    std::thread::Builder::new().name("egret".to_owned())
}

/// How long the worker runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    /// Until a shutdown order is settled.
    Shutdown,
    /// Until no order is left.
    Idle,
}

impl Worker {
    /// Runs, and begins anew after a panic. Says whether it ended by a shutdown.
    fn run_guarded(&mut self, runtime: &Runtime, until: Until) -> bool {
        loop {
            let run = AssertUnwindSafe(|| runtime.block_on(self.run(until)));
            match catch_unwind(run) {
                Ok(is_shut_down) => return is_shut_down,
                Err(_) => self.recover(),
            }
        }
    }

    async fn run(&mut self, until: Until) -> bool {
        loop {
            let now = Tick::now();
            self.accept_orders();
            self.spooling.tend(now, self.clock.unix_ns(now));
            self.read(now);
            self.spool_while_down(now);
            self.log_spool(now);
            self.assign_orders();
            self.send(now);
            if self.settle_orders(now) {
                return true;
            }
            if until == Until::Idle && self.orders.is_empty() {
                return false;
            }
            self.wait(now).await;
        }
    }

    /// Reads all that waits and closes the batches that are due. What waits is read in portions,
    /// and room is made after each: callers may fill the queue faster than it is emptied.
    fn read(&mut self, now: Tick) {
        let mut n_read = 0;
        for n_portions in 1.. {
            let is_emptied = self.read_portion(now, &mut n_read);
            self.make_room(now);
            let is_closing = self.orders.iter().any(Order::is_shutdown) && !self.drain.is_empty();
            let is_enough = is_emptied || n_portions > self.max_portions;
            if is_enough && !is_closing {
                break;
            }
        }
        self.notices.tell(now, &self.clock, &mut self.assembler);
        let only_tells = !self.assembler.is_empty() && self.assembler.n_records() == 0;
        let is_told = only_tells && self.pending.is_empty();
        if self.assembler.is_due(now) || is_told || self.orders.iter().any(Order::is_unread) {
            let Self { assembler, pending, books, queue, .. } = self;
            close(assembler, pending, books, queue, now);
        }
        self.make_room(now);
        self.poll = if n_read > 0 { SHORTEST_POLL } else { self.slower_poll() };
        if self.clock.renew() {
            self.books.open().clock_jumps += 1;
            self.log(now, "the machine's clock was set; calls are recorded by its new time");
        }
    }

    /// What is read late is sent late, so polls stay well within the flush interval.
    fn slower_poll(&self) -> Duration {
        let longest = (self.batching.flush_interval / 4).clamp(SHORTEST_POLL, LONGEST_POLL);
        (self.poll * 2).min(longest)
    }

    fn read_portion(&mut self, now: Tick, n_read: &mut u64) -> bool {
        let Self { drain, assembler, pending, books, queue, .. } = self;
        drain.take(books, PORTION_BYTES, |rows, n_records| {
            *n_read += u64::from(n_records);
            let n_damaged = assembler.push_rows(rows, n_records, now, |assembler| {
                close(assembler, pending, books, queue, now);
            });
            let mut ledger = books.open();
            ledger.building -= n_damaged;
            ledger.dropped.add(DropReason::Encode, n_damaged);
        })
    }

    /// What is too old or too much goes to the spool, or is dropped by name.
    fn make_room(&mut self, now: Tick) {
        for batch in self.pending.expired(now, self.batching.expiry) {
            self.let_go(&batch, DropReason::Expired, now);
        }
        for batch in self.pending.evict() {
            self.let_go(&batch, DropReason::PendingBytes, now);
        }
    }

    fn accept_orders(&mut self) {
        for order in self.desk.take() {
            if order.is_shutdown() {
                self.queue.close();
            }
            self.orders.push(order);
        }
    }

    /// An order covers all that was read until now; everything read is in batches by now.
    fn assign_orders(&mut self) {
        let next = self.assembler.next_order();
        let mut is_new = false;
        for order in self.orders.iter_mut().filter(|order| order.upto.is_none()) {
            order.upto = Some(next);
            is_new = true;
        }
        if is_new {
            // Whoever waits with a deadline wants a try now, whatever the last one gave.
            self.not_before = None;
        }
    }

    /// Answers the orders that are fulfilled or out of time; says whether to end.
    fn settle_orders(&mut self, now: Tick) -> bool {
        let in_flight = self.in_flight.iter().filter_map(|(sent, _)| match sent {
            Sent::Live(batch) => Some(batch.order),
            // What is on disk is safe; nobody waits for it.
            Sent::Spooled(_) => None,
        });
        let oldest = in_flight.chain(self.pending.oldest()).min().unwrap_or(u64::MAX);
        let margin = self.store_margin();
        let is_over = |order: &Order| order.deadline <= now.instant() + margin;
        let is_settled = |order: &Order| order.upto.is_some_and(|upto| oldest >= upto);
        let ends = |order: &Order| order.is_shutdown() && (is_settled(order) || is_over(order));
        let ends = self.orders.iter().filter(|order| ends(order)).map(|order| order.deadline).max();
        if let Some(deadline) = ends {
            self.abandon(now, deadline);
        }
        let ends = ends.is_some();
        let n_left = self.n_undelivered();
        for n in (0..self.orders.len()).rev() {
            let order = &self.orders[n];
            if ends || is_settled(order) || is_over(order) {
                let order = self.orders.swap_remove(n);
                // What went to disk at the last moment is safe too.
                let is_safe = is_settled(&order) || (ends && n_left == 0);
                let result = if is_safe { Ok(()) } else { Err(Unflushed { n_records: n_left }) };
                order.answer(result);
            }
        }
        ends
    }

    fn n_undelivered(&self) -> u64 {
        let ledger = self.books.open();
        let stats = Stats::of(&self.queue.counts(), &ledger);
        stats.queued + stats.in_flight + ledger.dropped.of(DropReason::Shutdown)
    }

    /// What is left at the end of a shutdown is dropped by name.
    fn abandon(&mut self, now: Tick, deadline: Instant) {
        let in_flight = self.in_flight.take();
        let was_waiting = in_flight.is_some();
        match in_flight {
            Some((Sent::Live(batch), _)) => {
                self.books.open().recall(batch.n_records);
                self.pending.put_back(batch);
            }
            Some((Sent::Spooled(batch), _)) => self.books.open().leave_spooled(batch.n_records),
            None => {}
        }
        self.spool_all(now, Some(deadline));
        let _ = self.pending.drain();
        let mut ledger = self.books.open();
        if was_waiting && ledger.collector_state == CollectorState::Unknown {
            ledger.collector_state = CollectorState::Unreachable;
        }
        let left = ledger.building + ledger.pending + ledger.in_flight;
        (ledger.building, ledger.pending, ledger.in_flight) = (0, 0, 0);
        ledger.dropped.add(DropReason::Shutdown, left);
        drop(ledger);
        if left > 0 {
            tracing::warn!(target: "egret", dropped = left, "shut down before all calls were sent");
        }
    }

    /// Puts the oldest batch on its way, if none is and if it is time.
    fn send(&mut self, now: Tick) {
        let must_wait = self.not_before.is_some_and(|at| at.ns_since(now) > 0);
        if self.in_flight.is_some() || must_wait {
            return;
        }
        self.not_before = None;
        let sent = if self.was_spooled {
            self.next_live().or_else(|| self.next_spooled(now))
        } else {
            self.next_spooled(now).or_else(|| self.next_live())
        };
        let Some(sent) = sent else { return };
        self.was_spooled = matches!(sent, Sent::Spooled(_));
        let bytes = Arc::clone(match &sent {
            Sent::Live(batch) => &batch.bytes,
            Sent::Spooled(batch) => &batch.bytes,
        });
        // Begun when it is awaited: should the transport panic, the batch is where it is looked for.
        let transport = Arc::clone(&self.transport);
        let sending: Sending = Box::pin(async move { transport.send(bytes).await });
        self.in_flight = Some((sent, sending));
        self.sent_at = now;
    }

    fn next_live(&mut self) -> Option<Sent> {
        let batch = self.pending.pop()?;
        let mut ledger = self.books.open();
        ledger.pending -= batch.n_records;
        ledger.in_flight += batch.n_records;
        Some(Sent::Live(batch))
    }

    fn next_spooled(&mut self, now: Tick) -> Option<Sent> {
        self.spooling.next(now).map(Sent::Spooled)
    }

    /// Until the next poll, the next try, an order, or the answer to what is on its way.
    async fn wait(&mut self, now: Tick) {
        let until = self.next_wake(now);
        let Self { in_flight, desk, .. } = self;
        let verdict = tokio::select! {
            biased;
            verdict = answer(in_flight) => Some(verdict),
            () = desk.called() => None,
            () = tokio::time::sleep_until(until.into()) => None,
        };
        if let Some(verdict) = verdict
            && let Some((sent, _)) = self.in_flight.take()
        {
            let now = Tick::now();
            if let Some(state) = verdict.state() {
                self.books.open().collector_state = state;
            }
            match sent {
                Sent::Live(batch) => self.settle(batch, verdict, now),
                Sent::Spooled(batch) => self.settle_spooled(&batch, verdict, now),
            }
        }
    }

    /// Storing what is left takes time too, and belongs to the deadline.
    fn store_margin(&self) -> Duration {
        let is_live = matches!(self.in_flight, Some((Sent::Live(_), _)));
        let must_store = self.spooling.is_wanted() && (is_live || !self.pending.is_empty());
        if must_store { STORE_MARGIN } else { Duration::ZERO }
    }

    fn next_wake(&self, now: Tick) -> Instant {
        let margin = self.store_margin();
        let before = |deadline: Instant| deadline.checked_sub(margin).unwrap_or(deadline);
        let deadlines = self.orders.iter().map(|order| before(order.deadline));
        let retry = self
            .not_before
            .filter(|_| !self.pending.is_empty() || !self.spooling.is_empty())
            .map(Tick::instant);
        let poll = now.instant() + self.poll;
        deadlines.chain(retry).fold(poll, Instant::min)
    }

    /// After a panic: the open batch is suspect and goes, by name; encoded ones are whole.
    fn recover(&mut self) {
        self.assembler.reset();
        // What panicked once may panic again at once; a pause keeps that from burning a core.
        self.not_before = Some(Tick::now().after(IMPATIENT_WAIT));
        let mut ledger = self.books.open();
        ledger.worker_restarts += 1;
        let suspect = std::mem::take(&mut ledger.building);
        ledger.dropped.add(DropReason::WorkerPanic, suspect);
        match self.in_flight.take() {
            Some((Sent::Live(batch), _)) => {
                ledger.recall(batch.n_records);
                self.pending.put_back(batch);
            }
            Some((Sent::Spooled(batch), _)) => ledger.leave_spooled(batch.n_records),
            None => {}
        }
    }
}

/// Closes the open batch, if it holds anything.
fn close(
    assembler: &mut Assembler,
    pending: &mut Pending,
    books: &Books,
    queue: &Queue,
    now: Tick,
) {
    let n_records = assembler.n_records();
    if assembler.is_empty() {
        return;
    }
    let mut drops = queue.counts().dropped;
    drops.merge(&books.open().dropped);
    let result = assembler.close(&drops, now);
    let mut ledger = books.open();
    ledger.building -= n_records;
    match result {
        Ok(batch) => {
            ledger.pending += n_records;
            pending.push(batch);
        }
        Err(_) => ledger.dropped.add(DropReason::Encode, n_records),
    }
}

/// The answer to what is on its way; never, when nothing is.
async fn answer(in_flight: &mut Option<(Sent, Sending)>) -> Verdict {
    match in_flight {
        Some((_, sending)) => sending.await,
        None => std::future::pending().await,
    }
}
