//! One batch, several ways out.
//! Never sends a batch again to who has settled it: only those that failed are tried again.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Sending, Transport};
use crate::retry::Verdict;
use crate::stats::DropReason;

/// Batches whose progress is remembered: those that may wait on disk while others are tried.
const MAX_REMEMBERED: usize = 4_096;

/// Sends each batch to all of its transports. It is delivered when all of them have it; while one
/// fails, it is tried again there, and the others wait with it. Where one refuses it for good, its
/// records count as dropped, whoever else has them.
pub struct SeveralTransports {
    transports: Vec<Arc<dyn Transport>>,
    memory: Arc<Memory>,
}

/// What each transport made of the batches that some of them have still to take.
#[derive(Default)]
struct Memory {
    progress: Mutex<VecDeque<(u64, Vec<Option<Verdict>>)>>,
    hasher: RandomState,
}

impl Memory {
    /// By content: a batch that comes back from disk is not the same allocation.
    fn key(&self, batch: &[u8]) -> u64 {
        self.hasher.hash_one(batch)
    }

    fn take(&self, key: u64) -> Option<Vec<Option<Verdict>>> {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let place = progress.iter().position(|(known, _)| *known == key)?;
        progress.remove(place).map(|(_, settled)| settled)
    }

    fn keep(&self, key: u64, settled: Vec<Option<Verdict>>) {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        progress.push_back((key, settled));
        if progress.len() > MAX_REMEMBERED {
            progress.pop_front();
        }
    }
}

impl SeveralTransports {
    /// The transports, in the order in which they are tried.
    #[must_use]
    pub fn new(transports: Vec<Box<dyn Transport>>) -> Self {
        let transports = transports.into_iter().map(Arc::from).collect();
        Self { transports, memory: Arc::default() }
    }
}

impl std::fmt::Debug for SeveralTransports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SeveralTransports").field("n", &self.transports.len()).finish()
    }
}

impl Transport for SeveralTransports {
    fn send(&self, batch: Arc<[u8]>) -> Sending {
        let (transports, memory) = (self.transports.clone(), Arc::clone(&self.memory));
        Box::pin(async move {
            let key = memory.key(&batch);
            let mut settled = memory.take(key).unwrap_or_else(|| vec![None; transports.len()]);
            let mut retry = None;
            for (n, transport) in transports.iter().enumerate() {
                if settled[n].is_some() {
                    continue;
                }
                match transport.send(Arc::clone(&batch)).await {
                    verdict @ (Verdict::Delivered | Verdict::Reject(_)) => {
                        settled[n] = Some(verdict)
                    }
                    // Halves would be new batches to those who have the whole.
                    Verdict::Split if settled.iter().any(Option::is_some) => {
                        settled[n] = Some(Verdict::Reject(DropReason::TooLarge));
                    }
                    Verdict::Split => return Verdict::Split,
                    verdict => retry = retry.or(Some(verdict)),
                }
            }
            if let Some(verdict) = retry {
                memory.keep(key, settled);
                return verdict;
            }
            let refusal =
                settled.into_iter().flatten().find(|verdict| *verdict != Verdict::Delivered);
            refusal.unwrap_or(Verdict::Delivered)
        })
    }
}
