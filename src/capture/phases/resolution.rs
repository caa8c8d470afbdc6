//! How long the resolution of one connecting's name takes, told by whoever resolves it.
//! Never resolves anything.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock::Tick;

thread_local! {
    /// The connecting that is being polled on this thread.
    pub(super) static RESOLVING: RefCell<Option<Arc<Resolution>>> = const { RefCell::new(None) };
}

/// The resolution of one connecting's name.
#[derive(Debug, Default)]
pub(crate) struct Resolution {
    started: once_cell::sync::OnceCell<Tick>,
    /// 0 while it goes on.
    ns: AtomicU64,
    found: AtomicU64,
}

impl Resolution {
    /// Begins the resolution of the connecting that is being polled, if one is.
    pub(in crate::capture) fn begin() -> Option<Arc<Self>> {
        let resolution = RESOLVING.try_with(|place| place.borrow().clone()).ok().flatten()?;
        let _ = resolution.started.set(Tick::now());
        Some(resolution)
    }

    pub(in crate::capture) fn end(&self, is_found: bool) {
        if let Some(started) = self.started.get() {
            self.ns.store(Tick::now().ns_since(*started).max(1), Ordering::Relaxed);
            self.found.store(u64::from(is_found), Ordering::Relaxed);
        }
    }

    /// How long it took, or has taken until `now`; `None` when no name was asked for.
    pub(super) fn ns(&self, now: Tick) -> Option<u64> {
        let started = *self.started.get()?;
        match self.ns.load(Ordering::Relaxed) {
            0 => Some(now.ns_since(started)),
            ns => Some(ns),
        }
    }

    /// Whether addresses were found.
    pub(super) fn found(&self) -> bool {
        self.found.load(Ordering::Relaxed) == 1
    }
}
