//! What an OTLP backend has of batches that it has not in whole, and when points begin.
//! Never grows: it remembers as many batches as may wait, and some processes.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use crate::batch::BatchMeta;
use crate::minute::{MINUTE_NS, Minutes};
use crate::retry::Verdict;

/// Batches whose spans are settled and whose metrics are not.
const MAX_BATCHES: usize = 4_096;

/// Processes whose last point is remembered: this one, and those whose spools it adopted.
const MAX_PROCESSES: usize = 64;

const MILLISECOND_NS: u64 = 1_000_000;

/// From when to when the calls of a point were made, in unix nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) start_unix_ns: u64,
    pub(super) end_unix_ns: u64,
}

#[derive(Debug, Default)]
pub(super) struct Progress(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    spans: VecDeque<(Uuid, Verdict)>,
    /// When the last point of a process ended, by its instance.
    ends: HashMap<String, u64>,
}

impl Progress {
    /// What became of the spans of a batch that comes again.
    pub(super) fn settled(&self, batch: Uuid) -> Option<Verdict> {
        let state = self.open();
        state.spans.iter().find(|(known, _)| *known == batch).map(|(_, verdict)| *verdict)
    }

    /// The spans are settled, the metrics come again.
    pub(super) fn keep(&self, batch: Uuid, spans: Verdict) {
        let mut state = self.open();
        if state.spans.iter().all(|(known, _)| *known != batch) {
            state.spans.push_back((batch, spans));
        }
        if state.spans.len() > MAX_BATCHES {
            state.spans.pop_front();
        }
    }

    /// All of the batch is settled; the next point of its process begins where its points ended.
    pub(super) fn done(&self, meta: &BatchMeta, window: Window) {
        let mut state = self.open();
        state.spans.retain(|(known, _)| *known != meta.batch_id);
        if state.ends.len() >= MAX_PROCESSES {
            state.ends.clear();
        }
        let end = state.ends.entry(instance(meta)).or_default();
        *end = window.end_unix_ns.max(*end);
    }

    /// Points of one series must not overlap: each begins where the last one ended, the first one
    /// with the minute of its first call.
    pub(super) fn window(&self, meta: &BatchMeta, minutes: &Minutes) -> Window {
        let created = created_unix_ns(meta.batch_id);
        let last = self.open().ends.get(&instance(meta)).copied().unwrap_or(0);
        if last >= created && last - created < MILLISECOND_NS {
            // Closed within the same millisecond, which is all that an id tells.
            return Window { start_unix_ns: last, end_unix_ns: last + 1 };
        }
        // A batch that was overtaken by later ones keeps its own minutes.
        let last = if last < created { last } else { 0 };
        let first = minutes.iter().map(|(key, _)| key.minute).min().unwrap_or(0);
        let start_unix_ns = first.saturating_mul(MINUTE_NS).max(last).min(created);
        Window { start_unix_ns, end_unix_ns: created }
    }

    fn open(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn instance(meta: &BatchMeta) -> String {
    meta.resource.get("service.instance.id").cloned().unwrap_or_default()
}

/// A batch's id tells when it was closed, to the millisecond (UUIDv7).
pub(super) fn created_unix_ns(batch: Uuid) -> u64 {
    let (seconds, nanoseconds) = batch.get_timestamp().map_or((0, 0), |time| time.to_unix());
    seconds.saturating_mul(1_000_000_000).saturating_add(u64::from(nanoseconds))
}
