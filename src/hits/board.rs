//! Who has handled what: one lane for each handler, and the rounds in which all are asked.
//! Never starts a thread, waits or reads the clock; whoever holds the board does.

use std::sync::Arc;
use std::time::Duration;

use super::pending::{Pending, PendingBounds};
use super::snapshot::Snapshot;
use super::stats::{HandlerStats, Unhandled, Why};
use crate::clock::Tick;

/// When the next round is due.
#[derive(Debug)]
pub(super) struct Schedule {
    interval: Duration,
    due: Tick,
}

impl Schedule {
    /// The first round comes one interval from now.
    pub(super) fn new(interval: Duration, now: Tick) -> Self {
        Self { interval, due: now.after(interval) }
    }

    /// Time until the next round; zero when it is due.
    pub(super) fn wait(&self, now: Tick) -> Duration {
        Duration::from_nanos(self.due.ns_since(now))
    }

    /// A round begins. Rounds keep their beat; those that were slept through are left out.
    pub(super) fn begun(&mut self, now: Tick) {
        self.due = self.due.after(self.interval);
        if self.wait(now).is_zero() {
            self.due = now.after(self.interval);
        }
    }
}

/// How a handler's run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Handled,
    Failed(String),
    Panicked(String),
}

/// Each handler's lane, in the catalog's order.
#[derive(Debug)]
pub(super) struct Board {
    bounds: PendingBounds,
    /// Counts the rounds. In each round every handler goes through what it has pending, up to the
    /// first failure.
    round: u64,
    lanes: Vec<Lane>,
}

#[derive(Debug)]
struct Lane {
    pending: Pending,
    /// The round that the present run began in.
    running: Option<u64>,
    /// The last round that the handler has been through, whether it failed or not.
    round_done: u64,
    /// The last round at whose end it had nothing pending.
    round_clean: u64,
    /// The thread has ended; nothing is handled any more.
    has_left: bool,
    stats: HandlerStats,
}

impl Board {
    pub(super) fn new(names: impl IntoIterator<Item = String>, bounds: PendingBounds) -> Self {
        let lane = |name| Lane {
            pending: Pending::default(),
            running: None,
            round_done: 0,
            round_clean: 0,
            has_left: false,
            stats: HandlerStats::new(name),
        };
        Self { bounds, round: 0, lanes: names.into_iter().map(lane).collect() }
    }

    /// Begins a round and returns its number. Without a snapshot, handlers are only asked for what
    /// they still have.
    pub(super) fn begin_round(&mut self, snapshot: Option<Snapshot>) -> u64 {
        self.round += 1;
        if let Some(snapshot) = snapshot.map(Arc::new) {
            for lane in self.lanes.iter_mut().filter(|lane| !lane.has_left) {
                lane.pending.push(Arc::clone(&snapshot), self.bounds);
            }
        }
        self.round
    }

    /// The snapshot that this handler is to handle now; `None` when it is through with the round.
    pub(super) fn begin_run(&mut self, lane: usize) -> Option<Arc<Snapshot>> {
        let round = self.round;
        let lane = self.lanes.get_mut(lane)?;
        if lane.round_done == round {
            return None;
        }
        let snapshot = lane.pending.front();
        match snapshot {
            Some(_) => lane.running = Some(round),
            None => (lane.round_done, lane.round_clean) = (round, round),
        }
        snapshot
    }

    /// The run ended. After a failure the handler is through with the round in which it began, so
    /// that it is asked again in the next one and not in a loop.
    pub(super) fn end_run(&mut self, lane: usize, outcome: Outcome) {
        let Some(lane) = self.lanes.get_mut(lane) else { return };
        let round = lane.running.take();
        lane.stats.n_runs += 1;
        let (error, is_panic) = match outcome {
            Outcome::Handled => {
                lane.stats.n_hits_handled += lane.pending.handled();
                return;
            }
            Outcome::Failed(error) => (error, false),
            Outcome::Panicked(error) => (error, true),
        };
        lane.stats.n_failures += 1;
        lane.stats.n_panics += u64::from(is_panic);
        lane.stats.last_error = Some(error);
        lane.round_done = round.unwrap_or(self.round);
    }

    /// The handler's thread is about to end.
    pub(super) fn leave(&mut self, lane: usize) {
        if let Some(lane) = self.lanes.get_mut(lane) {
            lane.has_left = true;
        }
    }

    /// Whether every handler has been through the round.
    pub(super) fn is_round_done(&self, round: u64) -> bool {
        self.lanes.iter().all(|lane| lane.has_left || lane.round_done >= round)
    }

    /// Whether every handler's thread has ended.
    pub(super) fn have_all_left(&self) -> bool {
        self.lanes.iter().all(|lane| lane.has_left)
    }

    /// The handlers that have not handled everything of the rounds up to this one.
    pub(super) fn unhandled(&self, round: u64) -> Vec<Unhandled> {
        let open = self.lanes.iter().filter(|lane| lane.round_clean < round);
        let unhandled = open.map(|lane| Unhandled {
            handler: lane.stats.name.clone(),
            n_hits: lane.pending.n_hits(),
            why: if lane.round_done < round { Why::Running } else { Why::Failed },
        });
        unhandled.collect()
    }

    pub(super) fn stats(&self) -> Vec<HandlerStats> {
        let stats = self.lanes.iter().map(|lane| HandlerStats {
            n_snapshots_pending: lane.pending.n_snapshots(),
            n_hits_pending: lane.pending.n_hits(),
            is_running: lane.running.is_some(),
            ..lane.stats.clone()
        });
        stats.collect()
    }
}
