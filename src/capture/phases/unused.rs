//! Connections of one client that have been made, and of which no answer has told a use yet.
//! Never holds a connection, only the addresses by which it is known.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Addresses;

/// A connection that is closed unused leaves its addresses here; the oldest are forgotten first.
const MAX_UNUSED: usize = 4_096;

/// The unused connections of one client.
#[derive(Debug, Default)]
pub(in crate::capture) struct Unused {
    all: Mutex<All>,
    /// How many there are: often none, and then no answer needs the lock. A connection is entered
    /// before its maker lets go of it, so the answer that comes over it finds it.
    n: AtomicUsize,
}

#[derive(Debug, Default)]
struct All {
    /// Each with its place in the order of their making.
    known: HashMap<Addresses, (u64, Past)>,
    n_made: u64,
}

/// What is known of a connection's past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::capture) enum Past {
    /// It has served nobody.
    None,
    /// It may have carried a call that has no answer or no record.
    Unclear,
}

impl Unused {
    /// Enters a connection. The system gives the addresses of a closed one to a new one.
    pub(super) fn add(&self, addresses: Addresses, past: Past) {
        let mut all = self.lock();
        all.n_made += 1;
        let place = all.n_made;
        all.known.insert(addresses, (place, past));
        if all.known.len() > MAX_UNUSED {
            let oldest = all.known.iter().min_by_key(|(_, (place, _))| *place);
            let oldest = oldest.map(|(addresses, _)| *addresses);
            oldest.and_then(|oldest| all.known.remove(&oldest));
        }
        self.n.store(all.known.len(), Ordering::Release);
    }

    /// The past of a connection, unless an answer has told of its use already.
    pub(in crate::capture) fn take(&self, addresses: Addresses) -> Option<Past> {
        if self.n.load(Ordering::Acquire) == 0 {
            return None;
        }
        let mut all = self.lock();
        let (_, past) = all.known.remove(&addresses)?;
        self.n.store(all.known.len(), Ordering::Release);
        Some(past)
    }

    /// A call that has no answer may have gone over the connection.
    pub(super) fn doubt(&self, addresses: Addresses) {
        if let Some((_, past)) = self.lock().known.get_mut(&addresses) {
            *past = Past::Unclear;
        }
    }

    fn lock(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
