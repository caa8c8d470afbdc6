//! One batch, several ways out.
//! Never sends a batch again to who has it: only those that failed are tried again.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Sending, Transport};
use crate::retry::Verdict;

/// Sends each batch to all of its transports. It is delivered when all of them have it; while one
/// fails, it is tried again there, and the others wait with it.
pub struct SeveralTransports {
    transports: Vec<Arc<dyn Transport>>,
    /// The batch that was sent last, and who has it.
    progress: Arc<Mutex<Option<Progress>>>,
}

struct Progress {
    batch: Arc<[u8]>,
    settled: Vec<bool>,
}

impl SeveralTransports {
    /// The transports, in the order in which they are tried.
    #[must_use]
    pub fn new(transports: Vec<Box<dyn Transport>>) -> Self {
        let transports = transports.into_iter().map(Arc::from).collect();
        Self { transports, progress: Arc::default() }
    }
}

impl std::fmt::Debug for SeveralTransports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SeveralTransports").field("n", &self.transports.len()).finish()
    }
}

impl Transport for SeveralTransports {
    fn send(&self, batch: Arc<[u8]>) -> Sending {
        let transports = self.transports.clone();
        let progress = Arc::clone(&self.progress);
        Box::pin(async move {
            let mut settled = {
                let last = progress.lock().unwrap_or_else(PoisonError::into_inner).take();
                let same = last.filter(|last| Arc::ptr_eq(&last.batch, &batch));
                same.map_or_else(|| vec![false; transports.len()], |same| same.settled)
            };
            let mut worst = Verdict::Delivered;
            for (transport, settled) in transports.iter().zip(&mut settled).filter(|(_, is)| !**is)
            {
                let verdict = transport.send(Arc::clone(&batch)).await;
                // What was refused for good is settled too: no retry would change it.
                *settled = matches!(verdict, Verdict::Delivered | Verdict::Reject(_));
                if verdict != Verdict::Delivered && (worst == Verdict::Delivered || !*settled) {
                    worst = verdict;
                }
            }
            let progress_now = Progress { batch, settled };
            *progress.lock().unwrap_or_else(PoisonError::into_inner) = Some(progress_now);
            worst
        })
    }
}
