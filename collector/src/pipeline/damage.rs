//! What is known of damaged files, between those who meet them, the one who looks for them and the
//! one who may move them.
//! It never holds anybody up but who looks: that one is asleep most of the time.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::store::{DamagedDay, Examined};

/// Shared by the pipeline, those who ask, and who looks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Damage(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    known: Mutex<Known>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Known {
    is_suspected: bool,
    /// Nobody looks any more.
    is_over: bool,
    /// Found, and to be moved aside.
    found: Vec<DamagedDay>,
    /// Out of the way.
    names: Vec<String>,
    is_history_damaged: bool,
    /// Why nothing can be stored; `None` as long as it can.
    failure: Option<String>,
}

impl Damage {
    /// Somebody met what may be a damaged file: it is looked for soon.
    pub(crate) fn suspect(&self) {
        self.lock().is_suspected = true;
        self.0.changed.notify_all();
    }

    /// The files that were moved aside; what was in them is missing in answers.
    pub(crate) fn names(&self) -> Vec<String> {
        self.lock().names.clone()
    }

    pub(super) fn set_names(&self, names: Vec<String>) {
        self.lock().names = names;
    }

    pub(super) fn found(&self, found: Examined) {
        let mut known = self.lock();
        known.found.extend(found.days);
        known.is_history_damaged = found.is_history_damaged;
    }

    /// Whether the history is damaged: nothing can be stored, or some of it cannot be told.
    pub(crate) fn is_history_damaged(&self) -> bool {
        self.lock().is_history_damaged
    }

    /// Why nothing can be stored, when nothing can.
    pub(crate) fn failure(&self) -> Option<String> {
        self.lock().failure.clone()
    }

    pub(super) fn set_failure(&self, failure: Option<String>) {
        self.lock().failure = failure;
    }

    /// What is to be moved aside.
    pub(super) fn to_move(&self) -> Vec<DamagedDay> {
        self.lock().found.clone()
    }

    /// It was, or cannot be, and these are out of the way now.
    pub(super) fn moved(&self, names: Vec<String>) {
        let mut known = self.lock();
        known.names = names;
        known.found.clear();
        self.0.changed.notify_all();
    }

    /// Waits until somebody suspects something, at most so long; whether it goes on then.
    pub(super) fn wait(&self, timeout: Duration) -> bool {
        let calm = |known: &mut Known| !known.is_suspected && !known.is_over;
        let waited = self.0.changed.wait_timeout_while(self.lock(), timeout, calm);
        let mut known = waited.map_or_else(|poisoned| poisoned.into_inner().0, |waited| waited.0);
        known.is_suspected = false;
        !known.is_over
    }

    /// Waits so long, whatever is suspected, and until what was found is out of the way: else it
    /// would be found a second time, in place of the file that comes after it. Whether it goes on
    /// then.
    pub(super) fn rest(&self, timeout: Duration) -> bool {
        let goes_on = |known: &mut Known| !known.is_over;
        let waited = self.0.changed.wait_timeout_while(self.lock(), timeout, goes_on);
        let known = waited.map_or_else(|poisoned| poisoned.into_inner().0, |waited| waited.0);
        let is_full = |known: &mut Known| !known.is_over && !known.found.is_empty();
        let waited = self.0.changed.wait_while(known, is_full);
        !waited.unwrap_or_else(PoisonError::into_inner).is_over
    }

    /// Nobody looks any more.
    pub(super) fn end(&self) {
        self.lock().is_over = true;
        self.0.changed.notify_all();
    }

    pub(super) fn is_over(&self) -> bool {
        self.lock().is_over
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
