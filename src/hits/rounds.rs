//! The handlers' threads, and the rounds that they and the callers begin.
//! Never holds a lock while a handler runs.
//!
//! Each handler has a thread of its own, the one exception to egret's single thread: a handler is
//! somebody else's code and may hang for ever, and no thread but its own may hang with it. There is
//! no thread besides: whichever handler's thread wakes first when a round is due takes the snapshot
//! for all of them.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::board::{Board, Outcome, Schedule};
use super::counts::Counts;
use super::hit::Hit;
use super::snapshot::Snapshot;
use super::stats::{HitsStats, Unfinished};
use super::tally::Tally;
use super::{BoxedHandler, HitHandler};
use crate::clock::{Tick, unix_now_ns};
use crate::fork::Home;

/// Longest deadline that is told from "for ever".
const LONGEST_DEADLINE: Duration = Duration::from_secs(24 * 3_600);

/// What callers and handlers' threads share. Locks are taken in the order of the fields.
pub(super) struct Rounds {
    /// The process whose threads these are. A fork has none of them, and must not touch the locks:
    /// some thread of the parent may have held them at that moment.
    home: Home,
    /// Hits in a fork.
    n_forked: AtomicU64,
    state: Mutex<State>,
    /// Alone, so that a request waits for nothing but another hit or the taking.
    tally: Mutex<Tally>,
    n_unmatched: AtomicU64,
    /// Called when a round has begun: handlers' threads wait for it.
    begun: Condvar,
    /// Called when a handler is through with a round: callers wait for it.
    done: Condvar,
}

struct State {
    board: Board,
    schedule: Schedule,
    /// The last round, once it has begun.
    last_round: Option<u64>,
    /// Keys of the latest snapshot: the next is likely to need as much room.
    n_keys: usize,
}

impl Rounds {
    pub(super) fn new(board: Board, schedule: Schedule, tally: Tally) -> Self {
        Self {
            home: Home::here(),
            n_forked: AtomicU64::new(0),
            state: Mutex::new(State { board, schedule, last_round: None, n_keys: 0 }),
            tally: Mutex::new(tally),
            n_unmatched: AtomicU64::new(0),
            begun: Condvar::new(),
            done: Condvar::new(),
        }
    }

    pub(super) fn record(&self, hit: Hit) {
        if self.is_forked() {
            self.n_forked.fetch_add(1, Ordering::Relaxed);
            return;
        }
        locked(&self.tally).record(hit);
    }

    pub(super) fn record_unmatched(&self) {
        self.n_unmatched.fetch_add(1, Ordering::Relaxed);
    }

    /// Starts a handler's thread.
    pub(super) fn start(
        self: &Arc<Self>,
        lane: usize,
        name: &str,
        handler: BoxedHandler,
    ) -> std::io::Result<()> {
        let rounds = Arc::clone(self);
        let thread = std::thread::Builder::new().name(format!("egret-hits-{name}"));
        thread.spawn(move || rounds.work(lane, handler)).map(drop)
    }

    /// Begins a round and waits until every handler is through with it.
    pub(super) fn flush(&self, deadline: Duration) -> Result<(), Unfinished> {
        if self.is_forked() {
            return Ok(());
        }
        let until = deadline_of(deadline);
        let mut state = locked(&self.state);
        let round = match state.last_round {
            Some(last_round) => last_round,
            None => self.begin_round(&mut state),
        };
        self.wait(state, until, round, |board| board.is_round_done(round))
    }

    /// Begins the last round, if it has not begun, without waiting for anyone.
    pub(super) fn close(&self) {
        if !self.is_forked() {
            self.begin_last_round(&mut locked(&self.state));
        }
    }

    /// Begins the last round and waits until every handler's thread has ended.
    pub(super) fn shutdown(&self, deadline: Duration) -> Result<(), Unfinished> {
        if self.is_forked() {
            return Ok(());
        }
        let until = deadline_of(deadline);
        let mut state = locked(&self.state);
        let round = self.begin_last_round(&mut state);
        self.wait(state, until, round, Board::have_all_left)
    }

    pub(super) fn stats(&self) -> HitsStats {
        if self.is_forked() {
            let n_late = self.n_forked.load(Ordering::Relaxed);
            return HitsStats { n_late, ..HitsStats::default() };
        }
        // Both locks at once, so that no hit is on its way from one to the other.
        let state = locked(&self.state);
        let (totals, n_waiting) = {
            let tally = locked(&self.tally);
            (tally.totals, tally.n_waiting())
        };
        HitsStats {
            n_recorded: totals.n_recorded,
            n_overflowed: totals.n_overflowed,
            n_waiting,
            n_late: totals.n_late,
            n_unmatched: self.n_unmatched.load(Ordering::Relaxed),
            handlers: state.board.stats(),
        }
    }

    fn is_forked(&self) -> bool {
        self.home.is_elsewhere()
    }

    /// What a handler's thread does, until it is through with the last round.
    fn work(&self, lane: usize, mut handler: BoxedHandler) {
        let mut state = locked(&self.state);
        loop {
            let now = Tick::now();
            let wait = state.schedule.wait(now);
            if wait.is_zero() && state.last_round.is_none() {
                state.schedule.begun(now);
                self.begin_round(&mut state);
            }
            if let Some(snapshot) = state.board.begin_run(lane) {
                drop(state);
                let outcome = run(&mut *handler, &snapshot);
                state = locked(&self.state);
                state.board.end_run(lane, outcome);
                continue;
            }
            self.done.notify_all();
            if state.last_round.is_some() {
                break;
            }
            if !wait.is_zero() {
                let woken = self.begun.wait_timeout(state, wait);
                state = woken.unwrap_or_else(PoisonError::into_inner).0;
            }
        }
        drop(state);
        // A handler that is gone has closed what it held; only then may a caller rely on it.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(handler)));
        locked(&self.state).board.leave(lane);
        self.done.notify_all();
    }

    fn begin_round(&self, state: &mut State) -> u64 {
        let fresh = Counts::with_capacity(state.n_keys);
        // The time is read under the lock, so that no hit came after its snapshot's end.
        let taken = {
            let mut tally = locked(&self.tally);
            tally.take(fresh, unix_now_ns())
        };
        state.n_keys = taken.counts.n_keys();
        // Where nothing was hit there is nothing to handle, but failed handlers are asked again.
        let snapshot = (state.n_keys > 0).then(|| Snapshot::new(taken));
        let round = state.board.begin_round(snapshot);
        self.begun.notify_all();
        round
    }

    fn begin_last_round(&self, state: &mut State) -> u64 {
        if let Some(last_round) = state.last_round {
            return last_round;
        }
        // Closed before the taking: no hit may be counted that nobody will take.
        locked(&self.tally).close();
        let round = self.begin_round(state);
        state.last_round = Some(round);
        round
    }

    fn wait(
        &self,
        mut state: MutexGuard<'_, State>,
        until: Tick,
        round: u64,
        is_done: impl Fn(&Board) -> bool,
    ) -> Result<(), Unfinished> {
        while !is_done(&state.board) {
            let left = Duration::from_nanos(until.ns_since(Tick::now()));
            if left.is_zero() {
                break;
            }
            let woken = self.done.wait_timeout(state, left);
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        let handlers = state.board.unhandled(round);
        if handlers.is_empty() { Ok(()) } else { Err(Unfinished { handlers }) }
    }
}

/// One run. A handler that panics has failed; what it holds may be half done, as after an error.
fn run(handler: &mut dyn HitHandler, snapshot: &Snapshot) -> Outcome {
    // The error is read in here too: its own code may panic as well.
    let handle = || handler.handle(snapshot).map_err(|error| error.to_string());
    match catch_unwind(AssertUnwindSafe(handle)) {
        Ok(Ok(())) => Outcome::Handled,
        Ok(Err(error)) => Outcome::Failed(error),
        Err(payload) => Outcome::Panicked(text_of(&*payload)),
    }
}

fn text_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("without a text"))
}

fn deadline_of(duration: Duration) -> Tick {
    Tick::now().after(duration.min(LONGEST_DEADLINE))
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
