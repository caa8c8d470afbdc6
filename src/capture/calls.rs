//! One logical call and its attempts, where a retry stands between the two.
//! Never lets two attempts claim the call's end: the last one held when the call ends has it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::Extensions;

use super::flight::Attempt;
use super::recorder::Recorder;
use super::spares::Spares;
use crate::clock::Tick;
use crate::record::Outcome;

/// A call that is known to consist of attempts. Travels in the request's extensions.
pub(super) struct LogicalCall {
    id: [u8; 16],
    started: Tick,
    recorder: Recorder,
    progress: Mutex<Progress>,
}

/// Travels with an attempt under way: layers of ours further in let it pass, for it is seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flying;

thread_local! {
    /// Extensions that hold the mark and nothing else.
    static MARKED: Spares<Extensions> = const { Spares::new() };
}

impl Flying {
    /// Marks the attempt. Most requests have no extensions, and those that are made for the mark
    /// are used again.
    pub(super) fn mark(extensions: &mut Extensions) {
        if extensions.is_empty()
            && let Some(marked) = Spares::take(&MARKED)
        {
            *extensions = marked;
            return;
        }
        extensions.insert(Self);
    }

    /// Takes the mark off.
    pub(super) fn unmark(extensions: &mut Extensions) {
        if extensions.len() == 1 && extensions.get::<Self>().is_some() {
            Spares::give(&MARKED, std::mem::take(extensions));
        } else {
            extensions.remove::<Self>();
        }
    }
}

#[derive(Default)]
struct Progress {
    n_attempts: u32,
    /// The attempt that ended last. Whether another follows is only known when it begins, or when
    /// the call ends.
    held: Option<Box<Attempt>>,
    /// How the call ended, once it has; of an answer, that it came.
    ended: Option<Outcome>,
    /// Whether an attempt has told the call's end.
    is_told: bool,
}

/// What the last attempt of a call tells of the whole.
#[derive(Debug, Clone, Copy)]
pub(super) struct CallEnd {
    pub(super) outcome: Outcome,
    pub(super) total_ns: u64,
}

impl LogicalCall {
    pub(super) fn begin(recorder: Recorder) -> Arc<Self> {
        Arc::new(Self {
            id: uuid::Uuid::now_v7().into_bytes(),
            started: Tick::now(),
            recorder,
            progress: Mutex::default(),
        })
    }

    pub(super) fn id(&self) -> [u8; 16] {
        self.id
    }

    /// The number of the attempt that begins now, from 1.
    pub(super) fn next_attempt(&self) -> u32 {
        let mut progress = self.progress();
        progress.n_attempts = progress.n_attempts.saturating_add(1);
        let (number, before) = (progress.n_attempts, progress.held.take());
        drop(progress);
        self.record(before, None);
        number
    }

    pub(super) fn n_attempts(&self) -> u32 {
        self.progress().n_attempts
    }

    /// Whether the layer that saw the whole call has seen its end.
    pub(super) fn has_ended(&self) -> bool {
        self.progress().ended.is_some()
    }

    /// Takes an attempt that has ended: it is recorded when it is known whether it was the last.
    pub(super) fn land(&self, attempt: Box<Attempt>) {
        let mut progress = self.progress();
        if progress.ended.is_none() {
            let before = progress.held.replace(attempt);
            drop(progress);
            return self.record(before, None);
        }
        let is_told = std::mem::replace(&mut progress.is_told, true);
        drop(progress);
        // The call's answer came, and with this attempt's body all of it has.
        let end = (!is_told).then(|| self.end_now(attempt.outcome()));
        self.record(Some(attempt), end);
    }

    /// The call has ended, or its answer's head has come.
    pub(super) fn end(&self, outcome: Outcome) {
        let mut progress = self.progress();
        progress.ended = Some(outcome);
        let last = progress.held.take();
        progress.is_told |= last.is_some();
        drop(progress);
        self.record(last, Some(self.end_now(outcome)));
    }

    fn end_now(&self, outcome: Outcome) -> CallEnd {
        CallEnd { outcome, total_ns: Tick::now().ns_since(self.started) }
    }

    fn record(&self, attempt: Option<Box<Attempt>>, end: Option<CallEnd>) {
        if let Some(attempt) = attempt {
            attempt.record_and_retire(&self.recorder, end);
        }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
